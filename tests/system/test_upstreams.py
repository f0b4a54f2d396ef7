"""What can be wrong between the gate and a provider: certificates, protocol versions, names, addresses, and a
process that has no descriptors left. Each is a clear error, none a key in a wrong place."""
import concurrent.futures
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from unittest import mock

from harness import MASTER, Gate, GateTest, Provider, build_extra, build_tree, deployments, events, free_port, wait_for

KEY = "sk-upstream-planted-4Hj7"


def openssl(*args, cwd):
    r = subprocess.run(["openssl", *args], cwd=cwd, capture_output=True, text=True)
    if r.returncode != 0:
        raise AssertionError("openssl %s: %s" % (" ".join(args), r.stderr))


def make_ca(home):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=test roots", "-days", "2", cwd=home)


def make_cert(home, name, san, days="2", extra=()):
    """NAME.pem and NAME.key, signed by the CA."""
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out",
            name + ".csr", "-subj", "/CN=" + name, cwd=home)
    (home / (name + ".ext")).write_text("subjectAltName=" + san + "\n")
    if days == "expired":
        (home / "index.txt").write_text("")
        (home / "serial").write_text("77\n")
        (home / "ca.cnf").write_text("[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=.\ndatabase=index.txt\nserial=serial\n"
                                     "certificate=ca.pem\nprivate_key=ca.key\ndefault_md=sha256\npolicy=p\n"
                                     "[p]\ncommonName=supplied\n")
        openssl("ca", "-batch", "-config", "ca.cnf", "-in", name + ".csr", "-out", name + ".pem", "-notext",
                "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-extfile", name + ".ext", cwd=home)
    else:
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                days, "-extfile", name + ".ext", "-out", name + ".pem", cwd=home)
    return str(home / (name + ".pem")), str(home / (name + ".key"))


def private_name():
    """This machine's name leads to an address that no provider has."""
    try:
        return socket.gethostbyname(socket.gethostname()).startswith(("127.", "10.", "192.168.", "172."))
    except OSError:
        return False


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("openssl") is None:
            raise unittest.SkipTest("no openssl command to make certificates with")
        cls.tmp = tempfile.TemporaryDirectory(prefix="yett-test-")
        cls.addClassCleanup(cls.tmp.cleanup)
        home = pathlib.Path(cls.tmp.name)
        make_ca(home)
        certs = {"good": make_cert(home, "good", "DNS:localhost"),
                 "other": make_cert(home, "other", "DNS:other.example"),
                 "expired": make_cert(home, "expired", "DNS:localhost", days="expired")}
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "self.key",
                "-out", "self.pem", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", cwd=home)
        certs["self"] = (str(home / "self.pem"), str(home / "self.key"))
        cls.providers = {name: Provider(home, "--tls", *pair) for name, pair in certs.items()}
        for p in cls.providers.values():
            cls.addClassCleanup(p.stop)
        ports = {name: p.port for name, p in cls.providers.items()}
        ports["plain"] = cls.plain_port()
        ports["tls11"] = cls.old_tls(home, certs["good"])
        config = {"model_list": [cls.deployment(name, "https://localhost:%d/v1" % port) for name, port in ports.items()] +
                  [cls.deployment("rebound", "https://%s:%d/v1" % (socket.gethostname(), ports["good"])),
                   cls.deployment("name", "http://no-such-host.invalid/v1"),
                   cls.deployment("metadata", "https://169.254.169.254/v1"),
                   cls.deployment("closed", "http://127.0.0.1:%d/v1" % free_port()),
                   {"model_name": "echo", "litellm_params": {"model": "echo/openai"}}],
                  "router_settings": {"num_retries": 0, "timeout": 8, "disable_cooldowns": True},
                  "general_settings": {"master_key": MASTER},
                  "yett": {"ca": {"localhost": str(home / "ca.pem")}, "private_upstreams": ["localhost"]}}
        cls.gate = Gate(home, config).start()
        cls.addClassCleanup(cls.gate.stop)

    @staticmethod
    def deployment(name, base):
        return {"model_name": name, "litellm_params": {"model": "openai/good", "api_base": base, "api_key": KEY}}

    @classmethod
    def plain_port(cls):
        """A server that answers TLS with something else."""
        listener = socket.create_server(("127.0.0.1", 0))
        cls.heard = b""

        def serve():
            while True:
                try:
                    s, _ = listener.accept()
                except OSError:
                    return
                with s:
                    s.settimeout(2)
                    try:
                        cls.heard += s.recv(65536)
                        s.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
                    except OSError:
                        pass
        threading.Thread(target=serve, daemon=True).start()
        cls.addClassCleanup(listener.close)
        return listener.getsockname()[1]

    @classmethod
    def old_tls(cls, home, pair):
        port = free_port()
        p = subprocess.Popen(["openssl", "s_server", "-quiet", "-accept", "127.0.0.1:%d" % port, "-tls1_1", "-cipher",
                              "ALL:@SECLEVEL=0", "-cert", pair[0], "-key", pair[1]], cwd=home,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(p.wait)
        cls.addClassCleanup(p.kill)

        def listens():
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return True
            except OSError:
                return False
        wait_for("s_server", listens, 5)
        return port

    def test_configured_roots_are_trusted(self):
        self.assertEqual(self.gate.chat("good")[0], 200)
        status, _, data = self.gate.chat("good", stream=True)
        self.assertEqual((status, events(data)[-1]), (200, "[DONE]"))
        sent = self.providers["good"].requests()[0]["headers"]
        self.assertEqual(sent["authorization"], "Bearer " + KEY)
        self.assertEqual(sent["host"], "localhost:%d" % self.providers["good"].port)

    def test_errors_are_clear(self):
        want = {"other": "certificate is not valid", "expired": "certificate is not valid",
                "self": "certificate is not valid", "plain": "TLS with the provider failed",
                "tls11": "TLS with the provider failed", "name": "does not resolve|did not answer in time",
                "metadata": "address is not allowed",
                "closed": "cannot connect"}
        if private_name():
            want["rebound"] = "address is not allowed"
        for name, text in want.items():
            for stream in (False, True):
                with self.subTest(name, stream=stream):
                    status, _, data = self.gate.chat(name, stream=stream, timeout=15)
                    self.assertIn(status, (502, 504) if name == "name" else (502,), data)
                    self.assertRegex(json.loads(data)["error"]["message"], text)
                    self.assertNotIn(KEY.encode(), data)
        for name in ("other", "expired", "self"):
            self.assertEqual(self.providers[name].requests(), [], "a key was sent to " + name)
        self.assertNotIn(KEY.encode(), self.heard)
        log = self.gate.log_path.read_text(errors="replace")
        self.assertNotIn(KEY, log)
        self.assertRegex(log, r"upstream '[^']+' at [a-z0-9.]+:\d+: cannot connect to the provider")
        self.assertEqual(self.gate.chat("good")[0], 200)


class EgressExhausted(GateTest):
    """Egress has few descriptors, everybody else has enough."""
    NAMES = ("good", "slow")
    LIMIT = 36

    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory(prefix="yett-test-")
        cls.addClassCleanup(cls.tmp.cleanup)
        lib = build_tree(cls.tmp.name, "egress")
        shutil.copy2(build_extra("subverted") / "subverted", lib / "egress")
        (lib / "descriptors").write_text(str(cls.LIMIT))
        cls.provider = Provider(cls.tmp.name)
        cls.addClassCleanup(cls.provider.stop)
        config = cls.config()
        config["router_settings"] = {"num_retries": 0, "disable_cooldowns": True}
        cls.gate = Gate(cls.tmp.name, config)
        cls.gate.args[0] = cls.tmp.name + "/bin/yett"
        cls.gate.start()
        cls.addClassCleanup(cls.gate.stop)

    def test_egress_without_descriptors(self):
        self.assertEqual(self.gate.chat("openai-good")[0], 200)
        pids = set(self.gate.children())
        start = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            got = list(pool.map(lambda _: self.gate.chat("openai-slow", timeout=20)[0], range(40)))
        # Calls of a second each wait for one another, and none fails for it.
        self.assertEqual(got, [200] * 40)
        self.assertGreater(time.monotonic() - start, 2.5, "the limit was not reached: this test proves nothing")
        # Connections that are kept for one provider make room for another's.
        for dialect in ("anthropic", "gemini"):
            self.assertEqual(self.gate.chat(dialect + "-good")[0], 200)
        self.assertEqual(set(self.gate.children()), pids)


class IngressExhausted(GateTest):
    """Nobody has more descriptors than the gate needs for itself and a few clients."""
    LIMIT = 60

    @classmethod
    def setUpClass(cls):
        start = Gate.start

        def limited(gate):
            gate.args = ["/bin/sh", "-c", 'ulimit -n %d; exec "$0" "$@"' % cls.LIMIT, *gate.args]
            return start(gate)
        with mock.patch.object(Gate, "start", limited):
            super().setUpClass()

    def test_ingress_without_descriptors(self):
        pid = self.gate.pid_of("ingress")
        socks = []
        try:
            socks = [socket.create_connection(("127.0.0.1", self.gate.port)) for _ in range(self.LIMIT + 40)]
            time.sleep(0.3)
            before = ticks(pid)
            time.sleep(0.5)
            self.assertLess(ticks(pid) - before, 15, "it spins while nobody can be accepted")  # of 50
        finally:
            for s in socks:
                s.close()
        wait_for("an answer", lambda: self.gate.chat("openai-good", timeout=3)[0] == 200, 10)
        self.assertEqual(self.gate.pid_of("ingress"), pid)


def ticks(pid):
    """CPU time of a process in hundredths of a second."""
    with open("/proc/%d/stat" % pid) as f:
        return sum(int(n) for n in f.read().rsplit(")", 1)[1].split()[11:13])


class NameServer:
    """Answers each question for an IPv4 address with 127.0.0.1, and has none of another kind."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.asked = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                q, who = self.sock.recvfrom(512)
            except OSError:
                return
            self.asked += 1
            end = q.index(b"\0", 12) + 5
            is_a = q[end - 3] == 1
            self.sock.sendto(q[:2] + b"\x81\x80" + q[4:6] + bytes([0, is_a, 0, 0, 0, 0]) + q[12:end] +
                             (b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if is_a else b""), who)

    def line(self):
        return "nameserver [127.0.0.1]:%d\n" % self.sock.getsockname()[1]


def own_resolv_conf():
    """This user may have a resolv.conf of its own."""
    return subprocess.run(["unshare", "-m", "mount", "--bind", "/dev/null", "/etc/resolv.conf"], capture_output=True).returncode == 0


@unittest.skipUnless(own_resolv_conf(), "resolv.conf cannot be replaced for one process here")
class NameServers(unittest.TestCase):
    def test_reload_takes_other_name_servers(self):
        with tempfile.TemporaryDirectory(prefix="yett-test-") as tmp:
            provider = Provider(tmp)
            self.addCleanup(provider.stop)
            first, second = NameServer(), NameServer()
            self.addCleanup(first.sock.close)
            self.addCleanup(second.sock.close)
            conf = pathlib.Path(tmp) / "resolv.conf"
            conf.write_text(first.line())
            models = [{"model_name": name, "litellm_params": {"model": "openai/good", "api_key": KEY,
                                                              "api_base": "http://%s.test:%d/v1" % (name, provider.port)}}
                      for name in ("one", "two")]
            gate = Gate(tmp, {"model_list": models, "general_settings": {"master_key": MASTER}})
            gate.args = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(conf), *gate.args]
            gate.start()
            self.addCleanup(gate.stop)
            self.assertEqual(gate.chat("one")[0], 200)
            asked = first.asked
            self.assertGreater(asked, 0)
            conf.write_text(second.line())
            gate.cli("reload")
            self.assertEqual(gate.chat("two")[0], 200)
            self.assertGreater(second.asked, 0)
            self.assertEqual(first.asked, asked)


if __name__ == "__main__":
    unittest.main()
