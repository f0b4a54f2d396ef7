"""Providers that are reached only through an HTTP proxy: HTTPS_PROXY as LiteLLM takes it, and yett.proxy."""
# Proves T-01, T-10, T-11, for a proxy's password and behind a proxy.
import base64
import os
import pathlib
import shutil
import socket
import tempfile
import threading
import time
import unittest

from harness import MASTER, Gate, Provider, free_port, wait_for
from test_secrets import memory, read
from test_upstreams import make_ca, make_cert

PASSWORD = "planted-Proxy@7Wm2"
USER = "Basic " + base64.b64encode(("gate:" + PASSWORD).encode()).decode()
URL = "gate:planted-Proxy%407Wm2@"


class Proxy:
    """Does as CONNECT asks, if the names are known to it; asked has every head."""

    def __init__(self, names, user=None, answer=b"HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n"):
        self.names, self.user, self.answer, self.asked = names, user, answer, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(s,), daemon=True).start()

    def one(self, s):
        with s:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                more = s.recv(4096)
                if not more:
                    return
                head += more
            self.asked.append(head.decode())
            lines = head.decode().split("\r\n")
            if self.user and "proxy-authorization: " + self.user not in lines:
                s.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
                return
            to = self.names.get(lines[0].split(" ")[1])
            if to is None:
                s.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
                return
            with socket.create_connection(("127.0.0.1", to)) as out:
                try:
                    for i in range(len(self.answer)):  # every byte alone
                        s.sendall(self.answer[i:i + 1])
                        time.sleep(0.001)
                except OSError:
                    return
                threading.Thread(target=self.copy, args=(out, s), daemon=True).start()
                self.copy(s, out)

    @staticmethod
    def copy(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class ThroughAProxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("openssl") is None:
            raise unittest.SkipTest("no openssl command to make certificates with")
        tmp = tempfile.TemporaryDirectory(prefix="yett-test-")
        cls.addClassCleanup(tmp.cleanup)
        cls.home = pathlib.Path(tmp.name)
        os.chmod(cls.home, 0o755)
        make_ca(cls.home)
        cls.provider = Provider(cls.home, "--tls", *make_cert(cls.home, "good", "DNS:provider.invalid"))
        cls.addClassCleanup(cls.provider.stop)
        cls.names = {"provider.invalid:443": cls.provider.port, "impostor.invalid:443": cls.provider.port,
                     "house.invalid:443": cls.provider.port}

    def gate(self, env=None, **yett):
        config = {"model_list": [{"model_name": name, "litellm_params": {
                      "model": "openai/good", "api_key": "sk-up", "api_base": "https://%s/v1" % host}}
                      for name, host in {"good": "provider.invalid", "impostor": "impostor.invalid",
                                         "unknown": "unknown.invalid", "house": "house.invalid",
                                         "metadata": "169.254.169.254", "private": "10.0.0.1"}.items()],
                  "router_settings": {"num_retries": 0, "timeout": 8, "disable_cooldowns": True},
                  "general_settings": {"master_key": MASTER},
                  "yett": {"ca": {h: str(self.home / "ca.pem") for h in ("provider.invalid", "impostor.invalid")},
                           "private_upstreams": ["house.invalid"], "connect_timeout": 2, **yett}}
        g = Gate(tempfile.mkdtemp(dir=self.home), config, env=env)
        os.chmod(g.dir, 0o755)
        g.start()
        self.addCleanup(g.stop)
        return g

    @staticmethod
    def says(g, what):
        wait_for("'%s' in the log" % what, lambda: what in g.said(), 30)

    def proxy(self, **more):
        p = Proxy(self.names, **more)
        self.addCleanup(p.listener.close)
        return p

    def test_the_variable_is_honoured(self):
        p = self.proxy(user=USER)
        g = self.gate(env={"HTTPS_PROXY": "http://%s127.0.0.1:%d/" % (URL, p.port)})
        for stream in (False, True):
            self.assertEqual(g.chat("good", stream=stream)[0], 200)
        self.assertEqual(p.asked, ["CONNECT provider.invalid:443 HTTP/1.1\r\nhost: provider.invalid:443\r\n"
                                   "proxy-authorization: %s\r\n\r\n" % USER])  # the second call took the same way
        self.assertEqual(g.chat("impostor")[0], 502)  # whose certificate names another
        self.assertEqual(g.chat("unknown")[0], 502)
        self.says(g, "the proxy refused: 403")
        self.says(g, "through the proxy at 127.0.0.1:%d" % p.port)
        asked = len(p.asked)
        # Of the house, or where no provider is: the proxy hears nothing of it.
        for model in ("house", "metadata", "private"):
            self.assertIn(g.chat(model)[0], (502, 504), model)
        self.assertEqual(len(p.asked), asked)
        self.nobody_has(g, PASSWORD.encode(), USER[6:].encode())

    def nobody_has(self, g, *secrets):
        for secret in secrets:
            self.assertNotIn(secret.decode(), g.said())
            for path in g.data.rglob("*"):
                if path.is_file():
                    self.assertNotIn(secret, path.read_bytes(), path)
        if os.geteuid() != 0:
            return
        for pid, role in {g.process.pid: "keeper", **g.children()}.items():
            self.assertNotIn(b"HTTPS_PROXY", read("/proc/%d/environ" % pid))
            for secret in secrets:
                found = any(secret in piece for piece in memory(pid))
                self.assertFalse(found and role != "egress", (role, secret))

    def test_no_proxy_and_the_file(self):
        p, other = self.proxy(), self.proxy()
        env = {"HTTPS_PROXY": "http://127.0.0.1:%d" % other.port, "NO_PROXY": ".invalid"}
        g = self.gate(env=env)
        self.assertEqual(g.chat("good")[0], 502)
        self.assertEqual(other.asked, [])
        g = self.gate(env=env, proxy="http://127.0.0.1:%d" % p.port, no_proxy=["impostor.invalid"])
        self.assertEqual(g.chat("good")[0], 200)
        self.assertEqual(g.chat("impostor")[0], 502)
        self.assertEqual((len(p.asked), other.asked), (1, []))
        said = g.cli("config", "explain", str(g.config), "good").stdout
        self.assertIn("through the proxy at 127.0.0.1:%d" % p.port, said)

    def test_what_a_proxy_can_do_wrong(self):
        for answer, why in ((b"HTTP/1.1 407 No\r\n\r\n", "wants other credentials"), (b"220 smtp\r\n\r\n", "not HTTP/1.1"),
                            (b"HTTP/1.1 301 Go\r\nlocation: http://evil/\r\n\r\n", "refused: 301"),
                            (b"", "closed the connection"),
                            (b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "TLS")):
            p = self.proxy(answer=answer)
            if not answer:
                p.one = lambda s: s.close()
            g = self.gate(proxy="http://127.0.0.1:%d" % p.port)
            self.assertEqual(g.chat("good")[0], 502, answer)
            self.says(g, why)
            g.stop()
        self.assertEqual(self.gate(proxy="http://127.0.0.1:%d" % free_port()).chat("good")[0], 502)

    def test_others_are_named(self):
        g = self.gate(env={"ALL_PROXY": "socks5://127.0.0.1:1"})
        self.assertIn("ALL_PROXY: unsupported: the variable is no http:// proxy", g.said())


if __name__ == "__main__":
    unittest.main()
