"""Runs a package in the box, one phase at a time, and says what it could reach.

Nothing that is decided rests on what is said here: it runs beside the package, which can forge it. It tells how much of
the package was run. Lines go to descriptor 3: "module NAME ok", "module NAME failed WHY", "stub NAME", ...
"""
import os
import sys

OUT = 3
HOME = "/home/dev"
GROUP = 200
SECONDS = 10


def say(*words):
    text = " ".join(str(w) for w in words)
    try:
        os.write(OUT, text.encode("utf-8", "backslashreplace").replace(b"\n", b" ")[:500] + b"\n")
    except OSError:
        pass


def site():
    v = "python%d.%d" % sys.version_info[:2]
    return os.path.join(HOME, "venv", "lib", v, "site-packages")


# ---- what is in the package ----

def identifier(name):
    return name.isidentifier()


def modules(root, prefix=""):
    """Every module below root by file name, shallow ones first; nothing of the package is run."""
    found = []
    queue = [(root, prefix)]
    while queue and len(found) < 20000:
        where, prefix = queue.pop(0)
        try:
            names = sorted(os.listdir(where))
        except OSError:
            continue
        for name in names:
            path = os.path.join(where, name)
            if os.path.isdir(path):
                if identifier(name) and not name.startswith("__pycache__"):
                    if any(n.endswith((".py", ".so", ".pyc")) for n in listdir(path)):
                        found.append(prefix + name)
                    queue.append((path, prefix + name + "."))
                continue
            stem, dot, end = name.partition(".")
            if dot and identifier(stem) and stem not in ("__init__", "__main__") and \
                    (end in ("py", "pyc", "so", "abi3.so") or (end.startswith("cpython-") and end.endswith(".so"))):
                found.append(prefix + stem)
    return sorted(set(found), key=lambda m: (m.count("."), m))


def listdir(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def roots():
    """Where the package's modules are: site-packages, or a source tree."""
    source = os.path.join(HOME, "app", "source")
    if os.path.isdir(source):
        src = os.path.join(source, "src")
        return [src] if os.path.isdir(src) else [source]
    return [site()]


def entry_points(root):
    found = []
    for name in sorted(listdir(root)):
        path = os.path.join(root, name, "entry_points.txt")
        if not name.endswith((".dist-info", ".egg-info")) or not os.path.isfile(path):
            continue
        section = ""
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                line = line.strip()
                if line.startswith("["):
                    section = line.strip("[]").strip()
                elif "=" in line and section in ("console_scripts", "gui_scripts"):
                    script, _, target = line.partition("=")
                    found.append((script.strip(), target.split("[")[0].strip()))
    return found


# ---- modules that are not there ----

# Names of HTTP clients. Who lacks one still gets through to the network.
CLIENTS = ("requests", "httpx", "urllib3", "aiohttp")


class Response:
    def __init__(self, content, status):
        self.content, self.status_code, self.status, self.ok = content, status, status, status < 400
        self.headers, self.encoding, self.url, self.reason = {}, "utf-8", "", ""
        self.text = content.decode("utf-8", "replace")
        self.data = content

    def json(self, **more):
        import json
        try:
            return json.loads(self.content)
        except ValueError:
            return {}

    def raise_for_status(self):
        pass

    def iter_content(self, *args, **more):
        return iter([self.content])

    def read(self):
        return self.content

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False


def fetch(method, url, params=None, data=None, json=None, headers=None, files=None, content=None, body=None, fields=None,
          **more):
    """What any of the clients would send, near enough."""
    import json as writer
    import urllib.error
    import urllib.parse
    import urllib.request
    if params:
        url = str(url) + "?" + urllib.parse.urlencode(params, doseq=True)
    data = next((d for d in (data, content, body, fields) if d is not None), None)
    if json is not None:
        data = writer.dumps(json, default=str)
    elif isinstance(data, dict):
        data = urllib.parse.urlencode(data, doseq=True)
    if files:
        parts = files.values() if isinstance(files, dict) else [f[1] for f in files]
        parts = [p[1] if isinstance(p, tuple) else p for p in parts]
        parts = [p.read() if hasattr(p, "read") else p for p in parts]
        data = b"\r\n".join([as_bytes(data)] + [as_bytes(p) for p in parts])
    wanted = urllib.request.Request(str(url), data=None if data is None else as_bytes(data), method=method.upper(),
                                    headers={str(k): str(v) for k, v in dict(headers or {}).items()})
    try:
        with urllib.request.urlopen(wanted, timeout=5) as got:
            return Response(got.read(), got.status)
    except urllib.error.HTTPError as e:
        return Response(e.read(), e.code)


def as_bytes(data):
    if hasattr(data, "read"):
        data = data.read()
    return bytes(data) if isinstance(data, (bytes, bytearray, memoryview)) else str(data or "").encode()


def give_client(module):
    """Makes a stand-in for an HTTP client send what it is asked to."""
    def verb(method):
        return lambda self_or_url, *args, **more: fetch(method, self_or_url, *args, **more)

    class Client:
        def __init__(self, *args, **more):
            self.headers = {}

        def request(self, method, url, *args, **more):
            return fetch(method, url, *args, **more)

        def __enter__(self):
            return self

        def __exit__(self, *args):
            return False

        def close(self):
            pass

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *args, **more: None

    for method in ("get", "post", "put", "patch", "delete", "head", "options"):
        setattr(module, method, verb(method))
        setattr(Client, method, lambda self, url, *args, _method=method, **more: fetch(_method, url, *args, **more))
    module.request = fetch
    for name in ("Session", "session", "Client", "PoolManager"):
        setattr(module, name, Client)


def stubs():
    """A stand-in for missing modules: whatever is asked of it is there, and does nothing."""
    import importlib.abc
    import functools
    import importlib.machinery
    import types
    import typing

    class Anything(type):
        def __new__(mcs, name, bases, space, **kwargs):
            return super().__new__(mcs, name, bases, space)

        def __init__(cls, name, bases, space, **kwargs):
            super().__init__(name, bases, space)

        def __getattr__(cls, name):
            if name.startswith("__") and name.endswith("__"):
                raise AttributeError(name)
            return make(name)

        def __iter__(cls):
            return iter(())

        def __or__(cls, other):
            return cls
        __ror__ = __or__

        def __getitem__(cls, key):
            return cls

        def __call__(cls, *args, **kwargs):
            if cls.__dict__.get("stub"):
                return decorated(args, kwargs)
            return super().__call__(*args, **kwargs)

    def make(name):
        return Anything(name, (Base,), {"stub": True, "__module__": "stub"})

    class Decorated:
        """A function that a decorator of a missing module was put on: callable as before, and with attributes."""

        def __init__(self, f):
            functools.update_wrapper(self, f)

        def __call__(self, *args, **kwargs):
            return self.__wrapped__(*args, **kwargs)

        def __get__(self, it, owner=None):
            return self if it is None else types.MethodType(self, it)

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return decorated

    def decorated(args=(), kwargs=None, *more, **rest):
        it = args[0] if isinstance(args, tuple) and len(args) == 1 and not kwargs else args
        if isinstance(it, (types.FunctionType, Decorated)):
            return Decorated(it)
        return it if isinstance(it, type) else Value("1")

    class Version(str):
        """Whatever it is compared with is what was wanted."""

        def __eq__(self, other):
            return True

        def __ne__(self, other):
            return False

        __hash__ = str.__hash__

    class Base(metaclass=Anything):
        def __init_subclass__(cls, **kwargs):
            pass

        def __init__(self, *args, **kwargs):
            pass

        def __call__(self, *args, **kwargs):
            return decorated(args, kwargs)

        def __getattr__(self, name):
            if name.startswith("__") and name.endswith("__"):
                raise AttributeError(name)
            return Value("1")

        def __iter__(self):
            return iter(())

        def __enter__(self):
            return self

        def __exit__(self, *args):
            return False

        def __getitem__(self, key):
            return Value("1")

        def __setitem__(self, key, value):
            pass

        def __len__(self):
            return 0

        def __bool__(self):
            return False

        def __lt__(self, other):
            return False
        __gt__ = __le__ = __ge__ = __lt__

    class Value(str, metaclass=Anything):
        """What comes of a call or an attribute: a text, to who wants one."""

        def __new__(cls, text="1", *args, **kwargs):
            return str.__new__(cls, text if isinstance(text, str) else "1")

    for name in ("__init__", "__init_subclass__", "__call__", "__getattr__", "__iter__", "__enter__", "__exit__",
                 "__getitem__", "__setitem__", "__len__", "__bool__"):
        setattr(Value, name, Base.__dict__[name])

    class Fields(dict):
        def __init_subclass__(cls, **kwargs):
            pass

    class Mapped:
        """A TypedDict that takes arguments of later versions."""

        def __mro_entries__(self, bases):
            return (Fields,)

        def __call__(self, name, *args, **kwargs):
            return type(name, (Fields,), {})

    class Module(types.ModuleType):
        __version__ = Version("2.0.0")

        def __getattr__(self, name):
            if name.startswith("__") and name.endswith("__"):
                raise AttributeError(name)
            if self.__name__ == "typing_extensions" and hasattr(typing, name):
                it = getattr(typing, name)
                if name == "TypedDict":
                    return Mapped()
                if name in ("TypeVar", "ParamSpec", "TypeVarTuple"):  # with arguments of later versions
                    return lambda n, *args, default=None, infer_variance=None, **kwargs: it(n, *args, **kwargs)
                return it
            return Exception if name.endswith(("Error", "Exception", "Warning")) else make(name)

    class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def __init__(self):
            self.names = set()

        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in self.names:
                return importlib.machinery.ModuleSpec(name, self, is_package=True)
            return None

        def create_module(self, spec):
            module = Module(spec.name)
            if spec.name in CLIENTS:
                give_client(module)
            return module

        def exec_module(self, module):
            module.__path__ = []

    finder = Finder()
    sys.meta_path.append(finder)
    return finder


def missing(e):
    """What could not be found, also where that was put into other words: pandas names its dependencies in its own."""
    for _ in range(8):
        if isinstance(e, ModuleNotFoundError) and e.name:
            return e.name.split(".")[0]
        e = e and (e.__cause__ or e.__context__)
    return ""


def bring_in(name, own, finder):
    """Imports a module; what it lacks is stubbed, one name after the other."""
    import importlib
    for _ in range(64):
        try:
            return importlib.import_module(name)
        except ImportError as e:
            top = missing(e)
            if not top or top in own or top in finder.names:
                raise
            finder.names.add(top)
            say("stub", top)
            forget(own)
    raise ImportError("too much is missing")


before = set()


def forget(own):
    """The package is loaded anew, now that more is there; not where native code would refuse that."""
    loaded = {n: m for n, m in sys.modules.items() if n.split(".")[0] in own and n not in before}
    if not any(str(getattr(m, "__file__", "")).endswith(".so") for m in loaded.values()):
        for name in loaded:
            del sys.modules[name]


# ---- processes: one crash costs little ----

def alarm(seconds):
    import signal
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)


def in_child(work, *args):
    """Runs work in a process of its own. False: it did not come to its end."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            alarm(SECONDS)
            work(*args)
            status = 0
        except BaseException as e:
            say("note", type(e).__name__, e)
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


def import_group(names, own, done):
    finder = stubs()
    for name in names:
        alarm(SECONDS)
        os.write(done, b".")
        try:
            bring_in(name, own, finder)
            say("module", name, "ok")
        except BaseException as e:
            say("module", name, "failed", type(e).__name__, e)


def in_groups(names, own, work):
    """work on groups of names; after a crash the one at fault is left out."""
    rest = list(names)
    while rest:
        r, w = os.pipe()
        group = rest[:GROUP]
        ok = in_child(work, group, own, w)
        os.close(w)
        n = 0
        while True:
            got = os.read(r, 4096)
            if not got:
                break
            n += len(got)
        os.close(r)
        if ok:
            rest = rest[len(group):]
            continue
        n = max(1, min(n, len(group)))
        say("module", group[n - 1], "failed", "crashed or took too long")
        rest = rest[n:]


# ---- phases ----

def phase_import():
    for root in roots():
        if root not in sys.path:
            sys.path.insert(0, root)
        names = modules(root)
        own = {n.split(".")[0] for n in names}
        skip = {"setup"} if root != site() else set()
        names = [n for n in names if n not in skip]
        say("modules", len(names))
        in_groups(names, own, import_group)


def phase_entry():
    def call(script, target, own):
        finder = stubs()
        name, _, attribute = target.partition(":")
        sys.argv = [script, "--help"]
        what = bring_in(name.strip(), own, finder)
        for part in attribute.split("."):
            what = getattr(what, part.strip()) if part.strip() else what
        try:
            what()
        except SystemExit:
            pass
        say("entry", script, "ok")

    for root in roots():
        if root not in sys.path:
            sys.path.insert(0, root)
        own = {n.split(".")[0] for n in modules(root)}
        for script, target in entry_points(root)[:50]:
            if not in_child(call, script, target, own):
                say("entry", script, "failed")
        for name in sorted(listdir(root)):  # scripts that are files
            scripts = os.path.join(root, name, "scripts")
            if name.endswith(".data"):
                for script in sorted(listdir(scripts))[:20]:
                    say("entry", script, run([sys.executable, os.path.join(scripts, script), "--help"]))


def run(argv, cwd=None):
    import subprocess
    try:
        # The clock of the box skips waits: only a timer of the kernel's is of use here.
        done = subprocess.run(["/usr/bin/timeout", "-s", "KILL", str(SECONDS)] + argv, cwd=cwd, stdin=subprocess.DEVNULL)
        return "ok" if done.returncode == 0 else "failed %d" % done.returncode
    except (OSError, subprocess.SubprocessError) as e:
        return "failed " + type(e).__name__


def dummy(parameter):
    """An argument that a constructor may take for what it wants."""
    kind, name = parameter.annotation, parameter.name.lower()
    values = {int: 1, float: 1.0, bool: False, str: "x", bytes: b"x", list: [], dict: {}, tuple: (), set: set()}
    if kind in values:
        return values[kind]
    # No planted secret: a client is meant to send its own service what it was given.
    if any(word in name for word in ("key", "token", "secret", "password", "auth")):
        return "k" * 32
    if any(word in name for word in ("url", "host", "endpoint")):
        return "https://api.example/"
    return "x"


def construct(module, said):
    import inspect
    for name, cls in sorted(vars(module).items(), key=lambda kv: str(kv[0])):
        if not inspect.isclass(cls) or getattr(cls, "__module__", "") != module.__name__:
            continue
        if issubclass(cls, BaseException) or len(said) > 400:
            continue
        said.append(name)
        try:
            wanted = [p for p in inspect.signature(cls).parameters.values()
                      if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        except (TypeError, ValueError):
            wanted = []
        args = [dummy(p) for p in wanted if p.kind != p.KEYWORD_ONLY]
        kwargs = {p.name: dummy(p) for p in wanted if p.kind == p.KEYWORD_ONLY}
        try:
            cls(*args, **kwargs)
            say("class", module.__name__ + "." + name, "ok")
        except BaseException as e:
            say("class", module.__name__ + "." + name, "failed", type(e).__name__)


def construct_group(names, own, done):
    finder = stubs()
    said = []
    for name in names:
        alarm(SECONDS)
        os.write(done, b".")
        try:
            module = bring_in(name, own, finder)
        except BaseException:
            continue  # the import phase said so
        construct(module, said)


def phase_construct():
    for root in roots():
        if root not in sys.path:
            sys.path.insert(0, root)
        names = [n for n in modules(root) if n != "setup"]
        in_groups(names[:400], {n.split(".")[0] for n in names}, construct_group)


def fake_setup():
    """A setuptools that keeps what setup() is called with and runs the commands that the package brings along."""
    finder = stubs()
    for name in ("setuptools", "distutils", "pkg_resources", "wheel", "Cython"):
        try:
            __import__(name)
        except ImportError:
            finder.names.add(name)
    import importlib
    seen = []

    def setup(*args, **kwargs):
        seen.append(kwargs)

    for name in ("setuptools", "distutils.core"):
        try:
            importlib.import_module(name).setup = setup
        except (ImportError, AttributeError):
            pass
    return seen


def run_setup(path):
    import runpy
    seen = fake_setup()
    sys.argv = ["setup.py", "install"]
    runpy.run_path(path, run_name="__main__")
    say("script", "setup.py", "ok")
    for kwargs in seen:
        for name, command in sorted((kwargs.get("cmdclass") or {}).items()):
            alarm(SECONDS)
            try:
                it = command.__new__(command)
                it.__dict__.update(distribution=None, verbose=0)
                it.run()
                say("script", "setup.py " + name, "ok")
            except BaseException as e:
                say("script", "setup.py " + name, "failed", type(e).__name__, e)


def backend(text):
    """What pyproject.toml says of its build backend: name and where it is, for one that lies in the tree."""
    name, paths = "", []
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "build-backend":
            name = value.strip().strip("\"'")
        if key.strip() == "backend-path":
            paths = [p.strip().strip("\"'") for p in value.strip().strip("[]").split(",") if p.strip()]
    return name, paths


def run_backend(source, name, paths):
    import importlib
    sys.path[:0] = [os.path.join(source, p) for p in paths]
    stubs()
    module, _, attribute = name.partition(":")
    it = importlib.import_module(module)
    for part in attribute.split(".") if attribute else []:
        it = getattr(it, part)
    for hook, args in (("get_requires_for_build_wheel", ({},)), ("prepare_metadata_for_build_wheel", ("/tmp",)),
                       ("build_wheel", ("/tmp",)), ("build_sdist", ("/tmp",))):
        if hasattr(it, hook):
            try:
                getattr(it, hook)(*args)
                say("script", name + " " + hook, "ok")
            except BaseException as e:
                say("script", name + " " + hook, "failed", type(e).__name__, e)


def phase_install():
    source = os.path.join(HOME, "app", "source")
    if not os.path.isdir(source):
        return
    os.chdir(source)
    sys.path.insert(0, source)
    if os.path.isfile("setup.py") and not in_child(run_setup, "setup.py"):
        say("script", "setup.py", "failed")
    if os.path.isfile("pyproject.toml"):
        with open("pyproject.toml", encoding="utf-8", errors="replace") as f:
            name, paths = backend(f.read())
        if paths and not in_child(run_backend, source, name, paths):
            say("script", name, "failed")


PHASES = {"install": phase_install, "import": phase_import, "entry": phase_entry, "construct": phase_construct}

if __name__ == "__main__":
    phase = sys.argv[1]
    sys.argv = [""]
    sys.path[:] = [p for p in sys.path if p != "/opt/lib"]
    before.update(sys.modules)
    PHASES[phase]()
