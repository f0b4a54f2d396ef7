"""bench/proxies.py - what is compared: how each proxy is started, spoken to, weighed and stopped.

Every proxy runs in its own session, pinned to CPU 0. Its cost is that of all its processes together:
the one started here and all that descend from it.
"""
import json
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.realpath(os.path.join(ROOT, "build", "bench")) # SQLite takes no path with a link in it
PEERS = os.path.join(ROOT, "bench", "peers")
PROXY_CPU, LOAD_CPU = 0, 1
FILES = min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
MASTER = "sk-bench-0123456789abcdefghijklmnopqrstuvwxyz"


def fill(name, out, **words):
    """Copies a template of bench/peers to the work directory with its @WORDS@ filled in."""
    with open(os.path.join(PEERS, name)) as f:
        text = f.read()
    for word, value in dict(words, W=WORK, FILES=FILES).items():
        text = text.replace("@%s@" % word, str(value))
    path = os.path.join(WORK, out)
    with open(path, "w") as f:
        f.write(text)
    return path


def spawn(cmd, log, cpu, env=None):
    """Starts cmd pinned to one CPU, in a session of its own."""
    def prepare():
        os.sched_setaffinity(0, {cpu})
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    with open(os.path.join(WORK, log), "ab") as out:
        return subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=WORK,
                                env=dict(os.environ, **(env or {})), preexec_fn=prepare,
                                start_new_session=True)


def descendants(root):
    """root and every process below it."""
    below = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            below.setdefault(parent, []).append(int(name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += below.get(pid, [])
    return found


def cpu_ns(pids):
    """User and system time of all threads of pids, to the nanosecond."""
    total = 0
    for pid in pids:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
                total += int(f.read().split()[0])
    return total


def pss_kb(pids):
    """Memory of pids, shared pages divided among those that share them."""
    total = 0
    for pid in pids:
        with open("/proc/%d/smaps_rollup" % pid) as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total


def load_cmd(args):
    return [os.path.join(WORK, "load")] + [str(a) for a in args]


def load(args, cpu=LOAD_CPU):
    """Runs the generator; its line of JSON as a dict."""
    p = subprocess.run(load_cmd(args), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                       preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    if not p.stdout:
        raise RuntimeError("load %s: exit %d" % (" ".join(map(str, args)), p.returncode))
    return json.loads(p.stdout)


class Proxy:
    """A competitor. self.ways: for each way of calling it, the generator's arguments.
    A slow one takes no turns with the others: it is started once, after them, and gets few requests."""
    slow, warm_n = False, 0

    def __init__(self, name):
        self.name, self.process, self.env = name, None, {}

    def missing(self):
        """Why it cannot take part, or None."""
        need = self.needs()
        return None if os.path.exists(need) else "%s is not there" % os.path.relpath(need, ROOT)

    def start(self):
        self.began_ns = time.time_ns()
        self.process = spawn(self.command(), self.name + ".out", PROXY_CPU, self.env)
        answer = self.first_answer()
        time.sleep(0.3)
        if self.process.poll() is not None: # then somebody else has answered at its port
            self.process = None
            raise RuntimeError("%s has ended; is its port taken? See build/bench/%s.out" % (self.name, self.name))
        return answer

    def first_answer(self):
        """Milliseconds from the start to the first answer of the provider through this proxy."""
        for way in ("plain", "translate"):
            if way in self.ways:
                args = self.ways[way] + ["-w", self.began_ns, "-t", 90]
                p = subprocess.run(load_cmd(args), stdout=subprocess.PIPE,
                                   preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CPU}))
                if p.returncode != 0:
                    self.stop()
                    raise RuntimeError("%s does not answer; see build/bench/%s.out" % (self.name, self.name))
                return json.loads(p.stdout)["first_ms"]
        return 0

    def pids(self):
        return descendants(self.process.pid)

    def stop(self):
        if self.process is None:
            return
        pids = self.pids()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            pass
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None


class Direct(Proxy):
    """No proxy: what the provider and the generator take by themselves."""
    ways = {"plain": ["-p", 9000]}

    def missing(self):
        return None

    def start(self):
        return 0


class Relay(Proxy):
    ways = {"plain": ["-p", 9800], "trickle": ["-p", 9800], "translate": ["-p", 9800]}

    def needs(self):
        return os.path.join(WORK, "relay")

    def command(self):
        return [self.needs(), "9800", "9000"]


class Nginx(Proxy):
    def __init__(self, name, prefix, env):
        super().__init__(name)
        self.prefix, self.env = prefix, env
        self.ways = {"plain": ["-p", prefix + "01"], "trickle": ["-p", prefix + "02"],
                     "tls": ["-p", prefix + "03"], "translate": ["-p", prefix + "01"]}

    def needs(self):
        return os.path.join(WORK, "root/usr/sbin/nginx")

    def command(self):
        conf = fill("nginx.conf", "nginx-%s.conf" % self.prefix, P=self.prefix)
        return [self.needs(), "-c", conf, "-p", WORK]


class Haproxy(Proxy):
    ways = {"plain": ["-p", 8101], "trickle": ["-p", 8101], "tls": ["-p", 8103]}

    def __init__(self, name):
        super().__init__(name)
        self.env = {"LD_LIBRARY_PATH": os.path.join(WORK, "root/usr/lib/x86_64-linux-gnu")}

    def needs(self):
        return os.path.join(WORK, "root/usr/sbin/haproxy")

    def command(self):
        return [self.needs(), "-f", fill("haproxy.cfg", "haproxy.cfg"), "-db"]


class Yett(Proxy):
    """Everything on: a virtual key with limits and a budget, so authentication, limits, metering, audit."""

    def __init__(self, name, program, prefix):
        super().__init__(name)
        self.program, self.prefix = program, prefix
        self.data = os.path.join(WORK, name + "-data")
        self.key, self.ways = None, {}

    def needs(self):
        return self.program

    def command(self):
        conf = fill("yett.yaml", self.name + ".yaml")
        return [self.program, "serve", "--config", conf, "--data", self.data, "--workers", "1",
                "--listen", "127.0.0.1:%s00" % self.prefix, "--admin", "127.0.0.1:%s01" % self.prefix]

    def start(self):
        if self.key is None:
            os.makedirs(self.data, mode=0o700, exist_ok=True)
            self.began_ns = time.time_ns()
            self.process = spawn(self.command(), self.name + ".out", PROXY_CPU)
            self.key = self.key_generate()
            to = ["-p", self.prefix + "00", "-k", self.key]
            self.ways = {"plain": to, "trickle": to, "tls": to + ["-m", "gpt-4o-mini-tls"],
                         "translate": to + ["-m", "claude"]}
            self.stop()
        return super().start()

    def key_generate(self):
        body = json.dumps({"key_alias": "bench-%d" % time.time_ns(), "rpm_limit": 1000000000,
                           "tpm_limit": 1000000000000, "max_budget": 1000000}).encode()
        request = urllib.request.Request(
            "http://127.0.0.1:%s01/key/generate" % self.prefix, body,
            {"Authorization": "Bearer " + MASTER, "Content-Type": "application/json"})
        for _ in range(100):
            try:
                with urllib.request.urlopen(request, timeout=5) as r:
                    return json.load(r)["key"]
            except urllib.error.HTTPError as e:
                last = "%d %s" % (e.code, e.read().decode())
                break
            except OSError as e:
                last = e
                time.sleep(0.05)
        self.stop()
        raise RuntimeError("%s: /key/generate: %s" % (self.name, last))


class LiteLLM(Proxy):
    slow, warm_n = True, 200
    ways = {"plain": ["-p", 8700, "-k", MASTER], "translate": ["-p", 8700, "-k", MASTER, "-m", "claude"]}

    def __init__(self, name):
        super().__init__(name)
        self.env = {"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "DISABLE_ADMIN_UI": "True",
                    "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_DOCS": "True"}

    def needs(self):
        return os.path.join(WORK, "venv/bin/litellm")

    def command(self):
        return [self.needs(), "--config", fill("litellm.yaml", "litellm.yaml"), "--host", "127.0.0.1",
                "--port", "8700", "--num_workers", "1", "--telemetry", "False"]


class Portkey(Proxy):
    slow, warm_n = True, 3000 # its compiler needs them
    ways = {"plain": ["-p", 8201, "-H", "x-portkey-provider: openai",
                      "-H", "x-portkey-custom-host: http://127.0.0.1:9000/v1"],
            "translate": ["-p", 8201, "-H", "x-portkey-provider: anthropic",
                          "-H", "x-portkey-custom-host: http://127.0.0.1:9000/v1"]}

    def __init__(self, name):
        super().__init__(name)
        self.env = {"TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost", "NODE_ENV": "production"}

    def needs(self):
        return os.path.join(WORK, "npm/node_modules/@portkey-ai/gateway/build/start-server.js")

    def command(self):
        return ["node", self.needs(), "--port=8201", "--headless"]


class Mock:
    """The scripted provider: one process, plain on 9000 and TLS on 9443."""

    def __init__(self):
        cert, key = os.path.join(WORK, "cert.pem"), os.path.join(WORK, "key.pem")
        if not os.path.exists(cert):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert, "-days",
                            "365", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                           check=True, stderr=subprocess.DEVNULL)
        self.process = spawn([os.path.join(WORK, "mock"), "-p", "9000", "-t", "9443", "-c", cert, "-k", key],
                             "mock.out", LOAD_CPU)
        for _ in range(100):
            if self.process.poll() is not None:
                break # another one may answer at its port: that would be the wrong provider
            try:
                self.script()
                time.sleep(0.1)
                if self.process.poll() is None:
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the provider does not start; see build/bench/mock.out")

    def script(self, events=100, every_us=0, hold=0):
        url = "http://127.0.0.1:9000/set?events=%d&every_us=%d&hold=%d" % (events, every_us, hold)
        with urllib.request.urlopen(url, timeout=5) as r:
            return json.load(r)

    def pin(self, cpu):
        os.sched_setaffinity(self.process.pid, {cpu})

    def stop(self):
        self.process.kill()
        self.process.wait()


def everyone(yett, before):
    """All competitors, fast ones first. before: another build of yett to compare with, or None."""
    malloc = {"MALLOC_TRIM_THRESHOLD_": "536870912", "MALLOC_MMAP_THRESHOLD_": "33554432",
              "MALLOC_TOP_PAD_": "67108864"}
    all_of = [Direct("direct"), Relay("relay"), Nginx("nginx", "80", {}),
              Nginx("nginx-malloc", "84", malloc), Haproxy("haproxy"), Yett("yett", yett, "86")]
    if before:
        all_of.append(Yett("yett-before", before, "88"))
    all_of += [LiteLLM("litellm"), Portkey("portkey")]
    for p in all_of:
        why = p.missing()
        if why:
            print("bench: without %s: %s" % (p.name, why), file=sys.stderr)
    return [p for p in all_of if not p.missing()]
