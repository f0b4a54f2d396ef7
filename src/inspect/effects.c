/*
 * inspect/effects.c - tables of functions by dotted name, sorted. Input: own. Runs in: checker.
 */
#include "inspect/effects.h"

/* What a row says, in a word: capabilities, the taint of what it gives, and its sink. */
#define SENDS	    CAP_NET, T_FETCHED, SINK_SEND /* what is given leaves, what comes is fetched */
#define CONNECTS    CAP_NET, T_FETCHED, SINK_NONE /* what it makes sends and receives */
#define SAVES	    CAP_NET, T_FETCHED, SINK_SAVE /* fetches into a file */
#define LOOKS_UP    CAP_DNS, T_FETCHED, SINK_LOOKUP   /* asks for a name and gives the answer */
#define SPAWNS	    CAP_EXEC, 0, SINK_SPAWN	      /* starts a program */
#define SHELLS	    CAP_EXEC, 0, SINK_SHELL	      /* starts a shell */
#define RUNS	    CAP_EVAL, 0, SINK_CODE	      /* runs a text as code */
#define LOADS	    CAP_EVAL, 0, SINK_LOAD	      /* runs a file as code */
#define IMPORTS	    0, 0, SINK_MODULE		      /* makes a module of its name */
#define DECODES	    CAP_DECODE, T_DECODED, SINK_NONE  /* gives what nobody can read in the text */
#define READS	    0, T_FILE, SINK_OPEN	      /* gives a file's content */
#define WRITES	    CAP_WRITE, 0, SINK_WRITE	      /* writes to a file */
#define COPIES	    CAP_WRITE, 0, SINK_COPY	      /* puts a file elsewhere */
#define DELETES	    0, 0, SINK_DELETE		      /* removes a file */
#define TEXTS	    0, 0, SINK_TEXT		      /* makes anything a text */
#define HOST	    CAP_HOST, T_HOST, SINK_NONE	      /* names host or user */
#define ENVIRONMENT CAP_ENV, T_ENV_ALL, SINK_NONE     /* all variables */
#define SITE	    0, T_SITE, SINK_NONE	      /* where packages are installed */
#define INPUT	    CAP_CLIPBOARD, T_INPUT, SINK_NONE /* reads the clipboard */
#define KNOWN	    0, 0, SINK_NONE		      /* only a name that the folder knows */

static const struct effect python[] = {
	{ SC("Crypto.Cipher.AES.new"), DECODES },
	{ SC("Cryptodome.Cipher.AES.new"), DECODES },
	{ SC("PIL.ImageGrab.grab"), CAP_KEYS, T_INPUT, SINK_NONE },
	{ SC("__file__"), 0, T_SELF, SINK_NONE },
	{ SC("__import__"), IMPORTS },
	{ SC("_posixsubprocess.fork_exec"), SPAWNS },
	{ SC("aiohttp.ClientSession"), CONNECTS },
	{ SC("aiohttp.request"), SENDS },
	{ SC("ast.literal_eval"), KNOWN },
	{ SC("asyncio.create_subprocess_exec"), SPAWNS },
	{ SC("asyncio.create_subprocess_shell"), SHELLS },
	{ SC("asyncio.open_connection"), SENDS },
	{ SC("base64.a85decode"), DECODES },
	{ SC("base64.b16decode"), DECODES },
	{ SC("base64.b32decode"), DECODES },
	{ SC("base64.b32hexdecode"), DECODES },
	{ SC("base64.b64decode"), DECODES },
	{ SC("base64.b85decode"), DECODES },
	{ SC("base64.decodebytes"), DECODES },
	{ SC("base64.decodestring"), DECODES },
	{ SC("base64.standard_b64decode"), DECODES },
	{ SC("base64.urlsafe_b64decode"), DECODES },
	{ SC("base64.z85decode"), DECODES },
	{ SC("bdb.Bdb.run"), RUNS },
	{ SC("bdb.Bdb.runctx"), RUNS },
	{ SC("binascii.a2b_base64"), DECODES },
	{ SC("binascii.a2b_hex"), DECODES },
	{ SC("binascii.a2b_qp"), DECODES },
	{ SC("binascii.a2b_uu"), DECODES },
	{ SC("binascii.unhexlify"), DECODES },
	{ SC("boto3.client"), CONNECTS },
	{ SC("bytearray.fromhex"), DECODES },
	{ SC("bytes.fromhex"), DECODES },
	{ SC("bz2.decompress"), DECODES },
	{ SC("cProfile.Profile.run"), RUNS },
	{ SC("cProfile.Profile.runctx"), RUNS },
	{ SC("cProfile.run"), RUNS },
	{ SC("cProfile.runctx"), RUNS },
	{ SC("clipboard.paste"), INPUT },
	{ SC("cloudpickle.loads"), CAP_UNPICKLE, 0, SINK_UNPICKLE },
	{ SC("code.InteractiveInterpreter"), CAP_EVAL, 0, SINK_NONE },
	{ SC("codecs.decode"), DECODES },
	{ SC("compile"), CAP_EVAL, 0, SINK_NONE },
	{ SC("cryptography.fernet.Fernet"), DECODES },
	{ SC("ctypes.CDLL"), CAP_NATIVE, 0, SINK_LOAD },
	{ SC("ctypes.PyDLL"), CAP_NATIVE, 0, SINK_LOAD },
	{ SC("ctypes.WinDLL"), CAP_NATIVE, 0, SINK_LOAD },
	{ SC("ctypes.cdll.LoadLibrary"), CAP_NATIVE, 0, SINK_LOAD },
	{ SC("ctypes.pythonapi.PyRun_SimpleString"), RUNS },
	{ SC("dill.loads"), CAP_UNPICKLE, 0, SINK_UNPICKLE },
	{ SC("distutils.sysconfig.get_python_lib"), SITE },
	{ SC("dns.resolver.query"), LOOKS_UP },
	{ SC("dns.resolver.resolve"), LOOKS_UP },
	{ SC("doctest.debug_src"), RUNS },
	{ SC("eval"), RUNS },
	{ SC("exec"), RUNS },
	{ SC("execfile"), CAP_EVAL, 0, SINK_NONE },
	{ SC("flask.request.args.get"), 0, T_FETCHED, SINK_NONE },
	{ SC("ftplib.FTP"), CONNECTS },
	{ SC("ftplib.FTP_TLS"), CONNECTS },
	{ SC("getattr"), KNOWN },
	{ SC("getpass.getuser"), HOST },
	{ SC("globals"), KNOWN },
	{ SC("gzip.decompress"), DECODES },
	{ SC("http.client.HTTPConnection"), SENDS },
	{ SC("http.client.HTTPSConnection"), SENDS },
	{ SC("httpx.AsyncClient"), CONNECTS },
	{ SC("httpx.Client"), CONNECTS },
	{ SC("httpx.get"), SENDS },
	{ SC("httpx.post"), SENDS },
	{ SC("httpx.put"), SENDS },
	{ SC("httpx.request"), SENDS },
	{ SC("httpx.stream"), SENDS },
	{ SC("imaplib.IMAP4"), CONNECTS },
	{ SC("imaplib.IMAP4_SSL"), CONNECTS },
	{ SC("imp.load_source"), LOADS },
	{ SC("importlib.import_module"), IMPORTS },
	{ SC("importlib.machinery.SourceFileLoader"), LOADS },
	{ SC("importlib.machinery.SourcelessFileLoader"), LOADS },
	{ SC("importlib.util.spec_from_file_location"), 0, 0, SINK_LOAD },
	{ SC("json.dumps"), TEXTS },
	{ SC("locals"), KNOWN },
	{ SC("logging.handlers.DatagramHandler"), SENDS },
	{ SC("logging.handlers.HTTPHandler"), SENDS },
	{ SC("logging.handlers.SMTPHandler"), SENDS },
	{ SC("logging.handlers.SocketHandler"), SENDS },
	{ SC("logging.handlers.SysLogHandler"), SENDS },
	{ SC("lzma.decompress"), DECODES },
	{ SC("marshal.loads"), CAP_UNPICKLE, T_DECODED, SINK_NONE },
	{ SC("nacl.secret.SecretBox"), DECODES },
	{ SC("nt.system"), SHELLS },
	{ SC("open"), READS },
	{ SC("os.chmod"), 0, 0, SINK_CHMOD },
	{ SC("os.dup2"), 0, 0, SINK_WIRE },
	{ SC("os.environ"), ENVIRONMENT },
	{ SC("os.environ.copy"), ENVIRONMENT },
	{ SC("os.environ.get"), CAP_ENV, T_ENV, SINK_NONE },
	{ SC("os.environ.items"), ENVIRONMENT },
	{ SC("os.environ.setdefault"), 0, 0, SINK_VARIABLE },
	{ SC("os.environb"), ENVIRONMENT },
	{ SC("os.execl"), SPAWNS },
	{ SC("os.execle"), SPAWNS },
	{ SC("os.execlp"), SPAWNS },
	{ SC("os.execlpe"), SPAWNS },
	{ SC("os.execv"), SPAWNS },
	{ SC("os.execve"), SPAWNS },
	{ SC("os.execvp"), SPAWNS },
	{ SC("os.execvpe"), SPAWNS },
	{ SC("os.fork"), CAP_EXEC, 0, SINK_NONE },
	{ SC("os.getenv"), CAP_ENV, T_ENV, SINK_NONE },
	{ SC("os.getlogin"), HOST },
	{ SC("os.memfd_create"), CAP_NATIVE, T_MEMORY, SINK_NONE },
	{ SC("os.popen"), SHELLS },
	{ SC("os.posix_spawn"), SPAWNS },
	{ SC("os.posix_spawnp"), SPAWNS },
	{ SC("os.putenv"), 0, 0, SINK_VARIABLE },
	{ SC("os.remove"), DELETES },
	{ SC("os.spawnl"), SPAWNS },
	{ SC("os.spawnle"), SPAWNS },
	{ SC("os.spawnlp"), SPAWNS },
	{ SC("os.spawnlpe"), SPAWNS },
	{ SC("os.spawnv"), SPAWNS },
	{ SC("os.spawnve"), SPAWNS },
	{ SC("os.spawnvp"), SPAWNS },
	{ SC("os.spawnvpe"), SPAWNS },
	{ SC("os.startfile"), SPAWNS },
	{ SC("os.system"), SHELLS },
	{ SC("os.uname"), HOST },
	{ SC("os.unlink"), DELETES },
	{ SC("pdb.Pdb.run"), RUNS },
	{ SC("pdb.Pdb.runctx"), RUNS },
	{ SC("pdb.run"), RUNS },
	{ SC("pdb.runeval"), RUNS },
	{ SC("pexpect.spawn"), SHELLS },
	{ SC("pickle.dumps"), TEXTS },
	{ SC("pickle.loads"), CAP_UNPICKLE, 0, SINK_UNPICKLE },
	{ SC("pip._internal.cli.main.main"), CAP_EXEC, 0, SINK_NONE },
	{ SC("pip._internal.main"), CAP_EXEC, 0, SINK_NONE },
	{ SC("pip.main"), CAP_EXEC, 0, SINK_NONE },
	{ SC("pkgutil.get_data"), READS },
	{ SC("platform.node"), HOST },
	{ SC("platform.uname"), HOST },
	{ SC("poplib.POP3"), CONNECTS },
	{ SC("poplib.POP3_SSL"), CONNECTS },
	{ SC("posix.execv"), SPAWNS },
	{ SC("posix.execve"), SPAWNS },
	{ SC("posix.posix_spawn"), SPAWNS },
	{ SC("posix.system"), SHELLS },
	{ SC("pprint.pformat"), TEXTS },
	{ SC("profile.Profile.run"), RUNS },
	{ SC("profile.Profile.runctx"), RUNS },
	{ SC("profile.run"), RUNS },
	{ SC("profile.runctx"), RUNS },
	{ SC("pty.spawn"), SPAWNS },
	{ SC("pymongo.MongoClient"), CONNECTS },
	{ SC("pynput.keyboard.Listener"), CAP_KEYS, T_INPUT, SINK_NONE },
	{ SC("pyperclip.copy"), CAP_CLIPBOARD, 0, SINK_NONE },
	{ SC("pyperclip.paste"), INPUT },
	{ SC("quopri.decodestring"), DECODES },
	{ SC("redis.Redis"), CONNECTS },
	{ SC("redis.from_url"), CONNECTS },
	{ SC("repr"), TEXTS },
	{ SC("requests.Request"), CAP_NET, 0, SINK_SEND },
	{ SC("requests.Session"), CONNECTS },
	{ SC("requests.delete"), SENDS },
	{ SC("requests.get"), SENDS },
	{ SC("requests.head"), SENDS },
	{ SC("requests.patch"), SENDS },
	{ SC("requests.post"), SENDS },
	{ SC("requests.put"), SENDS },
	{ SC("requests.request"), SENDS },
	{ SC("requests.session"), CONNECTS },
	{ SC("runpy.run_path"), LOADS },
	{ SC("shutil.copy"), COPIES },
	{ SC("shutil.copy2"), COPIES },
	{ SC("shutil.copyfile"), COPIES },
	{ SC("shutil.move"), COPIES },
	{ SC("shutil.rmtree"), DELETES },
	{ SC("site.getsitepackages"), SITE },
	{ SC("site.getusersitepackages"), SITE },
	{ SC("smtplib.SMTP"), SENDS },
	{ SC("smtplib.SMTP_SSL"), SENDS },
	{ SC("socket.create_connection"), SENDS },
	{ SC("socket.getaddrinfo"), CAP_DNS, 0, SINK_LOOKUP },
	{ SC("socket.getfqdn"), HOST },
	{ SC("socket.gethostbyname"), CAP_DNS, 0, SINK_LOOKUP },
	{ SC("socket.gethostbyname_ex"), CAP_DNS, 0, SINK_LOOKUP },
	{ SC("socket.gethostname"), HOST },
	{ SC("socket.socket"), CONNECTS },
	{ SC("ssl.get_server_certificate"), SENDS },
	{ SC("subprocess.Popen"), SPAWNS },
	{ SC("subprocess.call"), SPAWNS },
	{ SC("subprocess.check_call"), SPAWNS },
	{ SC("subprocess.check_output"), SPAWNS },
	{ SC("subprocess.getoutput"), SHELLS },
	{ SC("subprocess.getstatusoutput"), SHELLS },
	{ SC("subprocess.run"), SPAWNS },
	{ SC("sys.path.append"), 0, 0, SINK_LOAD },
	{ SC("sys.path.insert"), 0, 0, SINK_LOAD },
	{ SC("sysconfig.get_path"), SITE },
	{ SC("sysconfig.get_paths"), SITE },
	{ SC("telnetlib.Telnet"), CONNECTS },
	{ SC("time.sleep"), 0, 0, SINK_SLEEP },
	{ SC("timeit.Timer"), RUNS },
	{ SC("timeit.repeat"), RUNS },
	{ SC("timeit.timeit"), RUNS },
	{ SC("trace.Trace.run"), RUNS },
	{ SC("trace.Trace.runctx"), RUNS },
	{ SC("types.FunctionType"), RUNS },
	{ SC("types.LambdaType"), RUNS },
	{ SC("urllib.parse.urlencode"), TEXTS },
	{ SC("urllib.request.Request"), CAP_NET, 0, SINK_SEND },
	{ SC("urllib.request.build_opener"), CONNECTS },
	{ SC("urllib.request.urlopen"), SENDS },
	{ SC("urllib.request.urlretrieve"), SAVES },
	{ SC("urllib.urlopen"), SENDS },
	{ SC("urllib.urlretrieve"), SAVES },
	{ SC("urllib2.urlopen"), SENDS },
	{ SC("urllib3.PoolManager"), CONNECTS },
	{ SC("urllib3.request"), SENDS },
	{ SC("uuid.getnode"), HOST },
	{ SC("vars"), KNOWN },
	{ SC("webbrowser.open"), CAP_EXEC | CAP_NET, 0, SINK_SEND },
	{ SC("webbrowser.open_new"), CAP_EXEC | CAP_NET, 0, SINK_SEND },
	{ SC("webbrowser.open_new_tab"), CAP_EXEC | CAP_NET, 0, SINK_SEND },
	{ SC("websocket.create_connection"), SENDS },
	{ SC("wget.download"), SAVES },
	{ SC("winreg.SetValueEx"), CAP_PERSIST, 0, SINK_NONE },
	{ SC("xmlrpc.client.ServerProxy"), CONNECTS },
	{ SC("zlib.decompress"), DECODES },
	{ SC("zlib.decompressobj"), DECODES },
};

static const struct effect javascript[] = {
	{ SC("$.ajax"), SENDS },
	{ SC("Buffer.from"), KNOWN },
	{ SC("Bun.env"), ENVIRONMENT },
	{ SC("Bun.spawn"), SPAWNS },
	{ SC("Bun.spawnSync"), SPAWNS },
	{ SC("Deno.Command"), SPAWNS },
	{ SC("Deno.run"), SPAWNS },
	{ SC("EventSource"), SENDS },
	{ SC("Function"), RUNS },
	{ SC("Function.constructor"), RUNS },
	{ SC("JSON.stringify"), TEXTS },
	{ SC("URLSearchParams"), TEXTS },
	{ SC("WebSocket"), SENDS },
	{ SC("XMLHttpRequest"), CONNECTS },
	{ SC("__dirname"), KNOWN },
	{ SC("__filename"), 0, T_SELF, SINK_NONE },
	{ SC("atob"), DECODES },
	{ SC("axios"), SENDS },
	{ SC("axios.get"), SENDS },
	{ SC("axios.post"), SENDS },
	{ SC("axios.put"), SENDS },
	{ SC("axios.request"), SENDS },
	{ SC("child_process.exec"), SHELLS },
	{ SC("child_process.execFile"), SPAWNS },
	{ SC("child_process.execFileSync"), SPAWNS },
	{ SC("child_process.execSync"), SHELLS },
	{ SC("child_process.fork"), SPAWNS },
	{ SC("child_process.spawn"), SPAWNS },
	{ SC("child_process.spawnSync"), SPAWNS },
	{ SC("clipboardy.read"), INPUT },
	{ SC("clipboardy.readSync"), INPUT },
	{ SC("cross-spawn"), SPAWNS },
	{ SC("crypto.createDecipher"), DECODES },
	{ SC("crypto.createDecipheriv"), DECODES },
	{ SC("dgram.createSocket"), CONNECTS },
	{ SC("dns.lookup"), LOOKS_UP },
	{ SC("dns.promises.resolve"), LOOKS_UP },
	{ SC("dns.promises.resolveTxt"), LOOKS_UP },
	{ SC("dns.resolve"), LOOKS_UP },
	{ SC("dns.resolve4"), LOOKS_UP },
	{ SC("dns.resolveTxt"), LOOKS_UP },
	{ SC("eval"), RUNS },
	{ SC("execa"), SPAWNS },
	{ SC("execa.execa"), SPAWNS },
	{ SC("execa.execaCommand"), SHELLS },
	{ SC("execa.execaCommandSync"), SHELLS },
	{ SC("fetch"), SENDS },
	{ SC("fs.appendFile"), WRITES },
	{ SC("fs.appendFileSync"), WRITES },
	{ SC("fs.chmod"), 0, 0, SINK_CHMOD },
	{ SC("fs.chmodSync"), 0, 0, SINK_CHMOD },
	{ SC("fs.copyFile"), COPIES },
	{ SC("fs.copyFileSync"), COPIES },
	{ SC("fs.createReadStream"), READS },
	{ SC("fs.createWriteStream"), WRITES },
	{ SC("fs.promises.appendFile"), WRITES },
	{ SC("fs.promises.readFile"), READS },
	{ SC("fs.promises.rm"), DELETES },
	{ SC("fs.promises.unlink"), DELETES },
	{ SC("fs.promises.writeFile"), WRITES },
	{ SC("fs.readFile"), READS },
	{ SC("fs.readFileSync"), READS },
	{ SC("fs.rename"), COPIES },
	{ SC("fs.renameSync"), COPIES },
	{ SC("fs.rm"), DELETES },
	{ SC("fs.rmSync"), DELETES },
	{ SC("fs.unlink"), DELETES },
	{ SC("fs.unlinkSync"), DELETES },
	{ SC("fs.writeFile"), WRITES },
	{ SC("fs.writeFileSync"), WRITES },
	{ SC("fs/promises.appendFile"), WRITES },
	{ SC("fs/promises.readFile"), READS },
	{ SC("fs/promises.rm"), DELETES },
	{ SC("fs/promises.unlink"), DELETES },
	{ SC("fs/promises.writeFile"), WRITES },
	{ SC("got"), SENDS },
	{ SC("got.get"), SENDS },
	{ SC("got.post"), SENDS },
	{ SC("http.get"), SENDS },
	{ SC("http.request"), SENDS },
	{ SC("http2.connect"), SENDS },
	{ SC("https.get"), SENDS },
	{ SC("https.request"), SENDS },
	{ SC("import"), IMPORTS },
	{ SC("jsqr"), DECODES },
	{ SC("module._load"), IMPORTS },
	{ SC("module.require"), IMPORTS },
	{ SC("navigator.clipboard.readText"), INPUT },
	{ SC("navigator.sendBeacon"), CAP_NET, 0, SINK_SEND },
	{ SC("needle.get"), SENDS },
	{ SC("net.Socket"), CONNECTS },
	{ SC("net.connect"), SENDS },
	{ SC("net.createConnection"), SENDS },
	{ SC("node-fetch"), SENDS },
	{ SC("os.hostname"), HOST },
	{ SC("os.networkInterfaces"), HOST },
	{ SC("os.userInfo"), HOST },
	{ SC("process.binding"), CAP_NATIVE, 0, SINK_NONE },
	{ SC("process.dlopen"), CAP_NATIVE, 0, SINK_LOAD },
	{ SC("process.env"), ENVIRONMENT },
	{ SC("process.mainModule.require"), IMPORTS },
	{ SC("process.report.getReport"), ENVIRONMENT },
	{ SC("process_wrap.Process.spawn"), SPAWNS },
	{ SC("querystring.stringify"), TEXTS },
	{ SC("request"), SENDS },
	{ SC("request.get"), SENDS },
	{ SC("request.post"), SENDS },
	{ SC("require"), IMPORTS },
	{ SC("require.resolve"), SITE },
	{ SC("setInterval"), 0, 0, SINK_SLEEP },
	{ SC("setTimeout"), 0, 0, SINK_SLEEP },
	{ SC("shelljs.exec"), SHELLS },
	{ SC("socket.io-client"), SENDS },
	{ SC("socket.io-client.connect"), SENDS },
	{ SC("socket.io-client.io"), SENDS },
	{ SC("spawn_sync.spawn"), SPAWNS },
	{ SC("tls.connect"), SENDS },
	{ SC("undici.fetch"), SENDS },
	{ SC("undici.request"), SENDS },
	{ SC("util.inspect"), TEXTS },
	{ SC("v8.serialize"), TEXTS },
	{ SC("vm.Script"), RUNS },
	{ SC("vm.compileFunction"), RUNS },
	{ SC("vm.runInContext"), RUNS },
	{ SC("vm.runInNewContext"), RUNS },
	{ SC("vm.runInThisContext"), RUNS },
	{ SC("worker_threads.Worker"), RUNS },
	{ SC("ws"), SENDS },
	{ SC("zlib.brotliDecompressSync"), DECODES },
	{ SC("zlib.gunzipSync"), DECODES },
	{ SC("zlib.inflateRawSync"), DECODES },
	{ SC("zlib.inflateSync"), DECODES },
	{ SC("zlib.unzipSync"), DECODES },
};

struct module_row {
	struct str name;
	uint32_t caps;
};

static const struct module_row python_modules[] = {
	{ SC("aiohttp"), CAP_NET },	   { SC("asyncssh"), CAP_NET },
	{ SC("base64"), CAP_DECODE },	   { SC("binascii"), CAP_DECODE },
	{ SC("ctypes"), CAP_NATIVE },	   { SC("ftplib"), CAP_NET },
	{ SC("http.client"), CAP_NET },	   { SC("httpx"), CAP_NET },
	{ SC("marshal"), CAP_UNPICKLE },   { SC("paramiko"), CAP_NET },
	{ SC("pickle"), CAP_UNPICKLE },	   { SC("pty"), CAP_EXEC },
	{ SC("pynput"), CAP_KEYS },	   { SC("pyperclip"), CAP_CLIPBOARD },
	{ SC("requests"), CAP_NET },	   { SC("smtplib"), CAP_NET },
	{ SC("socket"), CAP_NET },	   { SC("subprocess"), CAP_EXEC },
	{ SC("urllib.request"), CAP_NET }, { SC("urllib3"), CAP_NET },
	{ SC("websocket"), CAP_NET },	   { SC("websockets"), CAP_NET },
	{ SC("zlib"), CAP_DECODE },
};

static const struct module_row javascript_modules[] = {
	{ SC("axios"), CAP_NET },
	{ SC("child_process"), CAP_EXEC },
	{ SC("clipboardy"), CAP_CLIPBOARD },
	{ SC("cluster"), CAP_EXEC },
	{ SC("dgram"), CAP_NET },
	{ SC("dns"), CAP_NET },
	{ SC("execa"), CAP_EXEC },
	{ SC("got"), CAP_NET },
	{ SC("http"), CAP_NET },
	{ SC("http2"), CAP_NET },
	{ SC("https"), CAP_NET },
	{ SC("net"), CAP_NET },
	{ SC("node-fetch"), CAP_NET },
	{ SC("request"), CAP_NET },
	{ SC("shelljs"), CAP_EXEC },
	{ SC("tls"), CAP_NET },
	{ SC("undici"), CAP_NET },
	{ SC("vm"), CAP_EVAL },
	{ SC("ws"), CAP_NET },
	{ SC("zlib"), CAP_DECODE },
};

enum {
	PYTHON_N = sizeof python / sizeof python[0],
	JAVASCRIPT_N = sizeof javascript / sizeof javascript[0],
};

static const struct effect *search(const struct effect *rows, size_t n, struct str path)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		int order = str_cmp(rows[at].path, path);
		if (order == 0)
			return &rows[at];
		if (order < 0)
			low = at + 1;
		else
			high = at;
	}
	return NULL;
}

struct str effect_path(struct str path)
{
	static const struct str roots[] = {
		SC("builtins."),   SC("__builtins__."), SC("__builtin__."),
		SC("globalThis."), SC("global."),	SC("window."),
		SC("self."),	   SC("node:"),		SC("six.moves."),
		SC("pip._vendor."),
	};

	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
		if (path.n > 0 && path.p[0] == roots[i].p[0] && str_has_prefix(path, roots[i]))
			return str_tail(path, roots[i].n);
	}
	return path;
}

const struct effect *effect_find(enum language lang, struct str path)
{
	path = effect_path(path);
	return lang == LANG_PYTHON ? search(python, PYTHON_N, path)
				   : search(javascript, JAVASCRIPT_N, path);
}

uint32_t effect_module(enum language lang, struct str module)
{
	const struct module_row *rows = lang == LANG_PYTHON ? python_modules : javascript_modules;
	size_t n = lang == LANG_PYTHON ? sizeof python_modules / sizeof python_modules[0]
				       : sizeof javascript_modules / sizeof javascript_modules[0];

	module = effect_path(module);
	for (size_t i = 0; i < n; i++) {
		if (str_eq(rows[i].name, module))
			return rows[i].caps;
	}
	return 0;
}

void effects_words(struct words *w, enum language lang)
{
	static const struct str others[] = { SC("constructor"), SC("runcode"),	  SC("runsource"),
					     SC("_compile"),	SC("module"),	  SC("globalThis"),
					     SC("write_text"),	SC("write_bytes") };
	const struct effect *rows = lang == LANG_PYTHON ? python : javascript;
	size_t n = lang == LANG_PYTHON ? PYTHON_N : JAVASCRIPT_N;

	for (size_t i = 0; i < n; i++)
		words_add(w, str_last(rows[i].path, '.'), W_EFFECT);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		words_add(w, others[i], W_EFFECT);
}

bool effects_ordered(void)
{
	for (size_t i = 1; i < PYTHON_N; i++) {
		if (str_cmp(python[i - 1].path, python[i].path) >= 0)
			return false;
	}
	for (size_t i = 1; i < JAVASCRIPT_N; i++) {
		if (str_cmp(javascript[i - 1].path, javascript[i].path) >= 0)
			return false;
	}
	return true;
}
