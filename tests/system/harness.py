"""What the whole-program tests share: a gate with its own data directory, scripted providers, raw HTTP.

Everything is on loopback, on ports that the kernel gives. Standard library only.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("YETT_BUILD", ROOT / "build"))
MASTER = "sk-master-0123456789abcdef"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, check, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = check()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError("waited %.0f s in vain for %s" % (seconds, what))


class Provider:
    """tests/fake/provider.py in a process of its own."""

    def __init__(self, directory, *args, port=0):
        self.log = pathlib.Path(directory) / ("provider-%d.log" % time.monotonic_ns())
        self.process = subprocess.Popen(
            ["python3", str(ROOT / "tests/fake/provider.py"), "--port", str(port), "--log", str(self.log), *args],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.split()[1])

    def requests(self):
        if not self.log.exists():
            return []
        whole, _, _ = self.log.read_text().rpartition("\n")  # a long line is written in pieces
        return [json.loads(line) for line in whole.splitlines()]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def deployments(provider_port, names, keys, dialects=("openai", "anthropic", "gemini"), **more):
    """model_list entries <dialect>-<name> whose model at the provider is <name>."""
    out = []
    for d in dialects:
        base = "http://127.0.0.1:%d" % provider_port + ("/v1" if d == "openai" else "")
        for n in names:
            out.append({"model_name": "%s-%s" % (d, n),
                        "litellm_params": {"model": "%s/%s" % (d, n), "api_base": base, "api_key": keys[d], **more}})
    return out


class Gate:
    """`yett serve` with a configuration (a dict; JSON is YAML)."""

    def __init__(self, directory, config, env=None, workers=1, args=()):
        self.dir = pathlib.Path(directory)
        self.data = self.dir / "data"
        self.port, self.admin_port = free_port(), free_port()
        self.config = self.dir / "config.yaml"
        self.write(config)
        self.log_path = self.dir / "gate.log"
        self.log = open(self.log_path, "ab")
        self.args = [str(BUILD / "bin/yett"), "serve", "--config", str(self.config), "--data", str(self.data),
                     "--listen", "127.0.0.1:%d" % self.port, "--admin", "127.0.0.1:%d" % self.admin_port,
                     "--workers", str(workers), *args]
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.dir), **(env or {})}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.process = None

    def write(self, config):
        self.config.write_text(json.dumps(config, indent=1))

    def start(self):
        self.process = subprocess.Popen(self.args, env=self.env, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log)
        wait_for("the gate", self.ready, 20)
        return self

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError("the gate ended with %d:\n%s" % (self.process.returncode, self.said()))
        try:
            return self.request("GET", "/health/readiness")[0] == 200
        except OSError:
            return False

    def stop(self, sig=signal.SIGTERM, seconds=40):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("the gate did not stop:\n" + self.said())
        self.log.close()

    def said(self):
        return self.log_path.read_text(errors="replace")[-6000:]

    def cli(self, *args, ok=True, stdin=None):
        r = subprocess.run([str(BUILD / "bin/yett"), *args, "--data", str(self.data)], env=self.env, input=stdin,
                           capture_output=True, text=True, timeout=30)
        if ok and r.returncode != 0:
            raise AssertionError("yett %s: %d\n%s%s" % (" ".join(args), r.returncode, r.stdout, r.stderr))
        return r

    def request(self, method, path, body=None, headers=None, port=None, timeout=30):
        c = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        try:
            data = json.dumps(body) if isinstance(body, (dict, list)) else body
            h = {"content-type": "application/json", **(headers or {})}
            c.request(method, path, body=data, headers=h)
            r = c.getresponse()
            return r.status, {k.lower(): v for k, v in r.getheaders()}, r.read()
        finally:
            c.close()

    def admin(self, method, path, body=None, key=MASTER):
        status, _, data = self.request(method, path, body, {"authorization": "Bearer " + key}, port=self.admin_port)
        return status, json.loads(data)

    def key(self, **fields):
        status, reply = self.admin("POST", "/key/generate", fields)
        if status != 200:
            raise AssertionError("key/generate: %d %r" % (status, reply))
        return reply["key"]

    def chat(self, model, key=MASTER, stream=False, timeout=30, headers=None, **more):
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream, **more}
        return self.request("POST", "/v1/chat/completions", body,
                            {"authorization": "Bearer " + key, **(headers or {})}, timeout=timeout)

    def children(self):
        """pid -> role of the processes below the gate."""
        out = {}
        for line in subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True).stdout.splitlines():
            m = re.match(r"\s*(\d+)\s+(\d+)\s+(\S+)", line)
            if m and (int(m[2]) == self.process.pid or int(m[2]) in out):
                out[int(m[1])] = pathlib.Path(m[3]).name
        return out

    def pid_of(self, role):
        return next(p for p, r in self.children().items() if r == role)


def build_tree(top, replace):
    """A copy of the build below top in which the program of one role is called ROLE.real, so that a test can put
    another in its place. The roles' users must be able to get there."""
    top = pathlib.Path(top)
    top.chmod(0o755)
    lib = top / "libexec/yett"
    lib.mkdir(parents=True)
    (top / "bin").mkdir()
    shutil.copy2(BUILD / "bin/yett", top / "bin/yett")
    for name in ("keeper", "ingress", "egress", "admin"):
        shutil.copy2(BUILD / "libexec/yett" / name, lib / (name + ".real" if name == replace else name))
    return lib


def build_extra(*names):
    """Programs for tests alone, of the same kind of build: their directory."""
    mode = BUILD.name if BUILD.name in ("asan", "debug") else "release"
    where = "build/system" if mode == "release" else "build/%s/system" % mode
    subprocess.run(["make", "-s", "MODE=" + mode, *["%s/%s" % (where, n) for n in names]], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)
    return ROOT / where


class GateTest(unittest.TestCase):
    """One gate and one provider for all tests of a class."""

    NAMES = ("good",)
    KEYS = {"openai": "sk-openai-planted-111", "anthropic": "sk-ant-planted-222", "gemini": "AIza-planted-333"}
    ROUTER = {}
    ENV = {}
    WORKERS = 1
    PARAMS = {}

    @classmethod
    def config(cls):
        return {"model_list": deployments(cls.provider.port, cls.NAMES, cls.KEYS, **cls.PARAMS) +
                [{"model_name": "echo", "litellm_params": {"model": "echo/openai"}}],
                "router_settings": cls.ROUTER, "general_settings": {"master_key": MASTER}}

    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory(prefix="yett-test-")
        cls.addClassCleanup(cls.tmp.cleanup)
        cls.provider = Provider(cls.tmp.name)
        cls.addClassCleanup(cls.provider.stop)
        cls.gate = Gate(cls.tmp.name, cls.config(), env=cls.ENV, workers=cls.WORKERS).start()
        cls.addClassCleanup(cls.gate.stop)

    def raw(self, data, port=None, timeout=5, half_close=False):
        """Sends bytes as they are and gives everything that comes back until the end or the timeout."""
        with socket.create_connection(("127.0.0.1", port or self.gate.port), timeout=timeout) as s:
            s.sendall(data)
            if half_close:
                s.shutdown(socket.SHUT_WR)
            out = b""
            try:
                while True:
                    got = s.recv(65536)
                    if not got:
                        break
                    out += got
            except (socket.timeout, ConnectionResetError):
                pass
            return out


def events(body):
    """The data of the events of a stream."""
    return [line[6:] for line in body.decode().split("\n") if line.startswith("data: ")]
