// What looks like it and is done everywhere.
const fs = require('fs'), path = require('path'), https = require('https');
const { version } = require('./package.json');
const template = fs.readFileSync(path.join(__dirname, 'template.txt'), 'utf8');
const { Worker } = require('worker_threads');
const worker = new Worker('./worker.js');
function inherit(a) { Base.call(this, a); return Array.prototype.slice.call(arguments, 1); }
const text = JSON.stringify({ version, home: process.env.HOME });
for (const [name, value] of Object.entries({ a: 1 })) console.log(name, value);
https.get.bind(null, 'https://example.org/' + version);
module.exports = { inherit, text, url: new URL('https://example.org/') };
const make = new Function('a', 'return a + 1');
