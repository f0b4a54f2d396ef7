/*
 * inspect/effects.c - tables of functions by dotted name, sorted. Input: own. Runs in: checker.
 */
#include "inspect/effects.h"

static const struct effect python[] = {
	{ SC("Crypto.Cipher.AES.new"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("Cryptodome.Cipher.AES.new"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("PIL.ImageGrab.grab"), CAP_KEYS, T_INPUT, SINK_NONE },
	{ SC("__file__"), 0, T_SELF, SINK_NONE },
	{ SC("__import__"), 0, 0, SINK_MODULE },
	{ SC("_posixsubprocess.fork_exec"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("aiohttp.ClientSession"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("aiohttp.request"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("ast.literal_eval"), 0, 0, SINK_NONE },
	{ SC("asyncio.create_subprocess_exec"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("asyncio.create_subprocess_shell"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("asyncio.open_connection"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("base64.a85decode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.b16decode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.b32decode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.b32hexdecode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.b64decode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.b85decode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.decodebytes"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.decodestring"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.standard_b64decode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.urlsafe_b64decode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("base64.z85decode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("bdb.Bdb.run"), CAP_EVAL, 0, SINK_CODE },
	{ SC("bdb.Bdb.runctx"), CAP_EVAL, 0, SINK_CODE },
	{ SC("binascii.a2b_base64"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("binascii.a2b_hex"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("binascii.a2b_qp"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("binascii.a2b_uu"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("binascii.unhexlify"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("bytearray.fromhex"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("bytes.fromhex"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("bz2.decompress"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("cProfile.Profile.run"), CAP_EVAL, 0, SINK_CODE },
	{ SC("cProfile.Profile.runctx"), CAP_EVAL, 0, SINK_CODE },
	{ SC("cProfile.run"), CAP_EVAL, 0, SINK_CODE },
	{ SC("cProfile.runctx"), CAP_EVAL, 0, SINK_CODE },
	{ SC("clipboard.paste"), CAP_CLIPBOARD, T_INPUT, SINK_NONE },
	{ SC("cloudpickle.loads"), CAP_UNPICKLE, 0, SINK_UNPICKLE },
	{ SC("code.InteractiveInterpreter"), CAP_EVAL, 0, SINK_NONE },
	{ SC("codecs.decode"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("compile"), CAP_EVAL, 0, SINK_NONE },
	{ SC("cryptography.fernet.Fernet"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("ctypes.CDLL"), CAP_NATIVE, 0, SINK_OPEN },
	{ SC("ctypes.PyDLL"), CAP_NATIVE, 0, SINK_OPEN },
	{ SC("ctypes.WinDLL"), CAP_NATIVE, 0, SINK_OPEN },
	{ SC("ctypes.cdll.LoadLibrary"), CAP_NATIVE, 0, SINK_OPEN },
	{ SC("ctypes.pythonapi.PyRun_SimpleString"), CAP_EVAL, 0, SINK_CODE },
	{ SC("dill.loads"), CAP_UNPICKLE, 0, SINK_UNPICKLE },
	{ SC("distutils.sysconfig.get_python_lib"), 0, T_SITE, SINK_NONE },
	{ SC("dns.resolver.query"), CAP_DNS, T_FETCHED, SINK_LOOKUP },
	{ SC("dns.resolver.resolve"), CAP_DNS, T_FETCHED, SINK_LOOKUP },
	{ SC("doctest.debug_src"), CAP_EVAL, 0, SINK_CODE },
	{ SC("eval"), CAP_EVAL, 0, SINK_CODE },
	{ SC("exec"), CAP_EVAL, 0, SINK_CODE },
	{ SC("execfile"), CAP_EVAL, 0, SINK_NONE },
	{ SC("ftplib.FTP"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("ftplib.FTP_TLS"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("getattr"), 0, 0, SINK_NONE },
	{ SC("getpass.getuser"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("globals"), 0, 0, SINK_NONE },
	{ SC("gzip.decompress"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("http.client.HTTPConnection"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("http.client.HTTPSConnection"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("httpx.AsyncClient"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("httpx.Client"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("httpx.get"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("httpx.post"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("httpx.put"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("httpx.request"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("httpx.stream"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("imp.load_source"), CAP_EVAL, 0, SINK_LOAD },
	{ SC("importlib.import_module"), 0, 0, SINK_MODULE },
	{ SC("importlib.machinery.SourceFileLoader"), CAP_EVAL, 0, SINK_LOAD },
	{ SC("importlib.machinery.SourcelessFileLoader"), CAP_EVAL, 0, SINK_LOAD },
	{ SC("importlib.util.spec_from_file_location"), 0, 0, SINK_LOAD },
	{ SC("json.dumps"), 0, 0, SINK_TEXT },
	{ SC("locals"), 0, 0, SINK_NONE },
	{ SC("logging.handlers.DatagramHandler"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("logging.handlers.HTTPHandler"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("logging.handlers.SMTPHandler"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("logging.handlers.SocketHandler"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("logging.handlers.SysLogHandler"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("lzma.decompress"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("marshal.loads"), CAP_UNPICKLE, T_DECODED, SINK_NONE },
	{ SC("nacl.secret.SecretBox"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("nt.system"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("open"), 0, T_FILE, SINK_OPEN },
	{ SC("os.chmod"), 0, 0, SINK_CHMOD },
	{ SC("os.dup2"), 0, 0, SINK_WIRE },
	{ SC("os.environ"), CAP_ENV, T_ENV_ALL, SINK_NONE },
	{ SC("os.environ.copy"), CAP_ENV, T_ENV_ALL, SINK_NONE },
	{ SC("os.environ.get"), CAP_ENV, T_ENV, SINK_NONE },
	{ SC("os.environ.items"), CAP_ENV, T_ENV_ALL, SINK_NONE },
	{ SC("os.environb"), CAP_ENV, T_ENV_ALL, SINK_NONE },
	{ SC("os.execl"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.execle"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.execlp"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.execlpe"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.execv"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.execve"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.execvp"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.execvpe"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.fork"), CAP_EXEC, 0, SINK_NONE },
	{ SC("os.getenv"), CAP_ENV, T_ENV, SINK_NONE },
	{ SC("os.getlogin"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("os.popen"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("os.posix_spawn"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.posix_spawnp"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.remove"), 0, 0, SINK_DELETE },
	{ SC("os.spawnl"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.spawnle"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.spawnlp"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.spawnlpe"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.spawnv"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.spawnve"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.spawnvp"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.spawnvpe"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.startfile"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("os.system"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("os.uname"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("os.unlink"), 0, 0, SINK_DELETE },
	{ SC("pdb.Pdb.run"), CAP_EVAL, 0, SINK_CODE },
	{ SC("pdb.Pdb.runctx"), CAP_EVAL, 0, SINK_CODE },
	{ SC("pdb.run"), CAP_EVAL, 0, SINK_CODE },
	{ SC("pdb.runeval"), CAP_EVAL, 0, SINK_CODE },
	{ SC("pexpect.spawn"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("pickle.dumps"), 0, 0, SINK_TEXT },
	{ SC("pickle.loads"), CAP_UNPICKLE, 0, SINK_UNPICKLE },
	{ SC("pip._internal.main"), CAP_EXEC, 0, SINK_NONE },
	{ SC("pip.main"), CAP_EXEC, 0, SINK_NONE },
	{ SC("pkgutil.get_data"), 0, T_FILE, SINK_OPEN },
	{ SC("platform.node"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("platform.uname"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("posix.execv"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("posix.execve"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("posix.posix_spawn"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("posix.system"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("pprint.pformat"), 0, 0, SINK_TEXT },
	{ SC("profile.Profile.run"), CAP_EVAL, 0, SINK_CODE },
	{ SC("profile.Profile.runctx"), CAP_EVAL, 0, SINK_CODE },
	{ SC("profile.run"), CAP_EVAL, 0, SINK_CODE },
	{ SC("profile.runctx"), CAP_EVAL, 0, SINK_CODE },
	{ SC("pty.spawn"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("pynput.keyboard.Listener"), CAP_KEYS, T_INPUT, SINK_NONE },
	{ SC("pyperclip.copy"), CAP_CLIPBOARD, 0, SINK_NONE },
	{ SC("pyperclip.paste"), CAP_CLIPBOARD, T_INPUT, SINK_NONE },
	{ SC("quopri.decodestring"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("repr"), 0, 0, SINK_TEXT },
	{ SC("requests.Session"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("requests.delete"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("requests.get"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("requests.head"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("requests.patch"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("requests.post"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("requests.put"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("requests.request"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("requests.session"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("runpy.run_path"), CAP_EVAL, 0, SINK_LOAD },
	{ SC("shutil.copy"), CAP_WRITE, 0, SINK_COPY },
	{ SC("shutil.copy2"), CAP_WRITE, 0, SINK_COPY },
	{ SC("shutil.copyfile"), CAP_WRITE, 0, SINK_COPY },
	{ SC("shutil.move"), CAP_WRITE, 0, SINK_COPY },
	{ SC("shutil.rmtree"), 0, 0, SINK_DELETE },
	{ SC("site.getsitepackages"), 0, T_SITE, SINK_NONE },
	{ SC("site.getusersitepackages"), 0, T_SITE, SINK_NONE },
	{ SC("smtplib.SMTP"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("smtplib.SMTP_SSL"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("socket.create_connection"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("socket.getaddrinfo"), CAP_DNS, 0, SINK_LOOKUP },
	{ SC("socket.getfqdn"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("socket.gethostbyname"), CAP_DNS, 0, SINK_LOOKUP },
	{ SC("socket.gethostbyname_ex"), CAP_DNS, 0, SINK_LOOKUP },
	{ SC("socket.gethostname"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("socket.socket"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("subprocess.Popen"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("subprocess.call"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("subprocess.check_call"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("subprocess.check_output"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("subprocess.getoutput"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("subprocess.getstatusoutput"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("subprocess.run"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("sys.path.append"), 0, 0, SINK_LOAD },
	{ SC("sys.path.insert"), 0, 0, SINK_LOAD },
	{ SC("sysconfig.get_path"), 0, T_SITE, SINK_NONE },
	{ SC("sysconfig.get_paths"), 0, T_SITE, SINK_NONE },
	{ SC("telnetlib.Telnet"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("time.sleep"), 0, 0, SINK_SLEEP },
	{ SC("timeit.Timer"), CAP_EVAL, 0, SINK_CODE },
	{ SC("timeit.repeat"), CAP_EVAL, 0, SINK_CODE },
	{ SC("timeit.timeit"), CAP_EVAL, 0, SINK_CODE },
	{ SC("trace.Trace.run"), CAP_EVAL, 0, SINK_CODE },
	{ SC("trace.Trace.runctx"), CAP_EVAL, 0, SINK_CODE },
	{ SC("types.FunctionType"), CAP_EVAL, 0, SINK_CODE },
	{ SC("types.LambdaType"), CAP_EVAL, 0, SINK_CODE },
	{ SC("urllib.parse.urlencode"), 0, 0, SINK_TEXT },
	{ SC("urllib.request.Request"), CAP_NET, 0, SINK_SEND },
	{ SC("urllib.request.build_opener"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("urllib.request.urlopen"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("urllib.request.urlretrieve"), CAP_NET, T_FETCHED, SINK_SAVE },
	{ SC("urllib.urlopen"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("urllib.urlretrieve"), CAP_NET, T_FETCHED, SINK_SAVE },
	{ SC("urllib2.urlopen"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("urllib3.PoolManager"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("urllib3.request"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("uuid.getnode"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("vars"), 0, 0, SINK_NONE },
	{ SC("webbrowser.open"), CAP_EXEC | CAP_NET, 0, SINK_SEND },
	{ SC("webbrowser.open_new"), CAP_EXEC | CAP_NET, 0, SINK_SEND },
	{ SC("webbrowser.open_new_tab"), CAP_EXEC | CAP_NET, 0, SINK_SEND },
	{ SC("websocket.create_connection"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("wget.download"), CAP_NET, T_FETCHED, SINK_SAVE },
	{ SC("winreg.SetValueEx"), CAP_PERSIST, 0, SINK_NONE },
	{ SC("xmlrpc.client.ServerProxy"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("zlib.decompress"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("zlib.decompressobj"), CAP_DECODE, T_DECODED, SINK_NONE },
};

static const struct effect javascript[] = {
	{ SC("$.ajax"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("Buffer.from"), 0, 0, SINK_NONE },
	{ SC("Bun.spawn"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("Bun.spawnSync"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("Deno.Command"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("Deno.run"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("EventSource"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("Function"), CAP_EVAL, 0, SINK_CODE },
	{ SC("JSON.stringify"), 0, 0, SINK_TEXT },
	{ SC("URLSearchParams"), 0, 0, SINK_TEXT },
	{ SC("WebSocket"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("XMLHttpRequest"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("__dirname"), 0, 0, SINK_NONE },
	{ SC("__filename"), 0, T_SELF, SINK_NONE },
	{ SC("atob"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("axios"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("axios.get"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("axios.post"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("axios.put"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("axios.request"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("child_process.exec"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("child_process.execFile"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("child_process.execFileSync"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("child_process.execSync"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("child_process.fork"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("child_process.spawn"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("child_process.spawnSync"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("clipboardy.read"), CAP_CLIPBOARD, T_INPUT, SINK_NONE },
	{ SC("clipboardy.readSync"), CAP_CLIPBOARD, T_INPUT, SINK_NONE },
	{ SC("cross-spawn"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("crypto.createDecipher"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("crypto.createDecipheriv"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("dgram.createSocket"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("dns.lookup"), CAP_DNS, T_FETCHED, SINK_LOOKUP },
	{ SC("dns.promises.resolve"), CAP_DNS, T_FETCHED, SINK_LOOKUP },
	{ SC("dns.promises.resolveTxt"), CAP_DNS, T_FETCHED, SINK_LOOKUP },
	{ SC("dns.resolve"), CAP_DNS, T_FETCHED, SINK_LOOKUP },
	{ SC("dns.resolve4"), CAP_DNS, T_FETCHED, SINK_LOOKUP },
	{ SC("dns.resolveTxt"), CAP_DNS, T_FETCHED, SINK_LOOKUP },
	{ SC("eval"), CAP_EVAL, 0, SINK_CODE },
	{ SC("execa"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("execa.execa"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("execa.execaCommand"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("execa.execaCommandSync"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("fetch"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("fs.appendFile"), CAP_WRITE, 0, SINK_WRITE },
	{ SC("fs.appendFileSync"), CAP_WRITE, 0, SINK_WRITE },
	{ SC("fs.chmod"), 0, 0, SINK_CHMOD },
	{ SC("fs.chmodSync"), 0, 0, SINK_CHMOD },
	{ SC("fs.copyFile"), CAP_WRITE, 0, SINK_COPY },
	{ SC("fs.copyFileSync"), CAP_WRITE, 0, SINK_COPY },
	{ SC("fs.createReadStream"), 0, T_FILE, SINK_OPEN },
	{ SC("fs.createWriteStream"), CAP_WRITE, 0, SINK_WRITE },
	{ SC("fs.promises.appendFile"), CAP_WRITE, 0, SINK_WRITE },
	{ SC("fs.promises.readFile"), 0, T_FILE, SINK_OPEN },
	{ SC("fs.promises.rm"), 0, 0, SINK_DELETE },
	{ SC("fs.promises.unlink"), 0, 0, SINK_DELETE },
	{ SC("fs.promises.writeFile"), CAP_WRITE, 0, SINK_WRITE },
	{ SC("fs.readFile"), 0, T_FILE, SINK_OPEN },
	{ SC("fs.readFileSync"), 0, T_FILE, SINK_OPEN },
	{ SC("fs.rename"), CAP_WRITE, 0, SINK_COPY },
	{ SC("fs.renameSync"), CAP_WRITE, 0, SINK_COPY },
	{ SC("fs.rm"), 0, 0, SINK_DELETE },
	{ SC("fs.rmSync"), 0, 0, SINK_DELETE },
	{ SC("fs.unlink"), 0, 0, SINK_DELETE },
	{ SC("fs.unlinkSync"), 0, 0, SINK_DELETE },
	{ SC("fs.writeFile"), CAP_WRITE, 0, SINK_WRITE },
	{ SC("fs.writeFileSync"), CAP_WRITE, 0, SINK_WRITE },
	{ SC("fs/promises.appendFile"), CAP_WRITE, 0, SINK_WRITE },
	{ SC("fs/promises.readFile"), 0, T_FILE, SINK_OPEN },
	{ SC("fs/promises.rm"), 0, 0, SINK_DELETE },
	{ SC("fs/promises.unlink"), 0, 0, SINK_DELETE },
	{ SC("fs/promises.writeFile"), CAP_WRITE, 0, SINK_WRITE },
	{ SC("got"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("got.get"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("got.post"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("http.get"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("http.request"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("http2.connect"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("https.get"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("https.request"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("import"), 0, 0, SINK_MODULE },
	{ SC("module._load"), 0, 0, SINK_MODULE },
	{ SC("module.require"), 0, 0, SINK_MODULE },
	{ SC("navigator.clipboard.readText"), CAP_CLIPBOARD, T_INPUT, SINK_NONE },
	{ SC("navigator.sendBeacon"), CAP_NET, 0, SINK_SEND },
	{ SC("needle.get"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("net.Socket"), CAP_NET, T_FETCHED, SINK_NONE },
	{ SC("net.connect"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("net.createConnection"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("node-fetch"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("os.hostname"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("os.networkInterfaces"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("os.userInfo"), CAP_HOST, T_HOST, SINK_NONE },
	{ SC("process.binding"), CAP_NATIVE, 0, SINK_NONE },
	{ SC("process.dlopen"), CAP_NATIVE, 0, SINK_NONE },
	{ SC("process.env"), CAP_ENV, T_ENV_ALL, SINK_NONE },
	{ SC("process.mainModule.require"), 0, 0, SINK_MODULE },
	{ SC("process_wrap.Process.spawn"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("querystring.stringify"), 0, 0, SINK_TEXT },
	{ SC("request"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("request.get"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("request.post"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("require"), 0, 0, SINK_MODULE },
	{ SC("setInterval"), 0, 0, SINK_SLEEP },
	{ SC("setTimeout"), 0, 0, SINK_SLEEP },
	{ SC("shelljs.exec"), CAP_EXEC, 0, SINK_SHELL },
	{ SC("spawn_sync.spawn"), CAP_EXEC, 0, SINK_SPAWN },
	{ SC("tls.connect"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("undici.fetch"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("undici.request"), CAP_NET, T_FETCHED, SINK_SEND },
	{ SC("util.inspect"), 0, 0, SINK_TEXT },
	{ SC("v8.serialize"), 0, 0, SINK_TEXT },
	{ SC("vm.Script"), CAP_EVAL, 0, SINK_CODE },
	{ SC("vm.compileFunction"), CAP_EVAL, 0, SINK_CODE },
	{ SC("vm.runInContext"), CAP_EVAL, 0, SINK_CODE },
	{ SC("vm.runInNewContext"), CAP_EVAL, 0, SINK_CODE },
	{ SC("vm.runInThisContext"), CAP_EVAL, 0, SINK_CODE },
	{ SC("worker_threads.Worker"), CAP_EVAL, 0, SINK_CODE },
	{ SC("zlib.brotliDecompressSync"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("zlib.gunzipSync"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("zlib.inflateRawSync"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("zlib.inflateSync"), CAP_DECODE, T_DECODED, SINK_NONE },
	{ SC("zlib.unzipSync"), CAP_DECODE, T_DECODED, SINK_NONE },
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

	for (size_t i = 0; i < n; i++) {
		struct str s = rows[i].path;
		size_t at = s.n;
		while (at > 0 && s.p[at - 1] != '.')
			at--;
		words_add(w, str_tail(s, at), W_EFFECT);
	}
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
