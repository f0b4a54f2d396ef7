"""Calls to a provider that speaks HTTP/2: nghttpx in front of the scripted provider."""
import concurrent.futures
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import MASTER, Gate, Provider, events, free_port, wait_for
from test_upstreams import KEY, make_ca, make_cert

NAMES = ("good", "slow", "flood", "status-500", "mid-stop", "trickle")


class Http2(unittest.TestCase):
    """One worker, so that one connection must do."""

    @classmethod
    def setUpClass(cls):
        for tool in ("openssl", "nghttpx"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest("no %s" % tool)
        cls.tmp = tempfile.TemporaryDirectory(prefix="yett-test-")
        cls.addClassCleanup(cls.tmp.cleanup)
        home = pathlib.Path(cls.tmp.name)
        make_ca(home)
        cert, key = make_cert(home, "good", "DNS:localhost")
        cls.provider = Provider(home)
        cls.addClassCleanup(cls.provider.stop)
        cls.front(home, cert, key)
        base = "https://localhost:%d/v1" % cls.port
        config = {"model_list": [{"model_name": n, "litellm_params": {"model": "openai/" + n, "api_base": base,
                                                                      "api_key": KEY}} for n in NAMES],
                  "router_settings": {"num_retries": 0, "timeout": 30, "disable_cooldowns": True},
                  "general_settings": {"master_key": MASTER},
                  "yett": {"ca": {"localhost": str(home / "ca.pem")}, "private_upstreams": ["localhost"], "http2": ["localhost"]}}
        cls.gate = Gate(home, config).start()
        cls.addClassCleanup(cls.gate.stop)

    @classmethod
    def front(cls, home, cert, key):
        cls.port, cls.log = free_port(), home / "access.log"
        (home / "nghttpx.conf").write_text("")
        p = subprocess.Popen(["nghttpx", "--conf=" + str(home / "nghttpx.conf"), "--single-process", "--workers=1",
                              "--no-ocsp", "--frontend=127.0.0.1,%d" % cls.port,
                              "--backend=127.0.0.1,%d" % cls.provider.port, "--accesslog-file=" + str(cls.log),
                              "--accesslog-format=$alpn $status $remote_port",
                              "--errorlog-file=" + str(home / "nghttpx.log"), key, cert],
                             cwd=home, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(p.wait)
        cls.addClassCleanup(p.kill)

        def listens():
            try:
                socket.create_connection(("127.0.0.1", cls.port), timeout=1).close()
                return True
            except OSError:
                return False
        wait_for("nghttpx", listens, 30)

    def rows(self):
        return [r.split() for r in self.log.read_text().splitlines()]

    def test_calls_and_streams(self):
        self.assertEqual(self.gate.chat("good")[0], 200)
        status, _, data = self.gate.chat("good", stream=True)
        self.assertEqual((status, events(data)[-1]), (200, "[DONE]"))
        # An earlier test's client that left may be noticed only now: that is no request.
        sent = [r for r in self.provider.requests() if not r.get("gone")][-1]["headers"]
        self.assertEqual(sent["authorization"], "Bearer " + KEY)
        wait_for("nghttpx's log", lambda: len(self.rows()) >= 2, 30)
        self.assertEqual({r[0] for r in self.rows()}, {"h2"})

    def test_many_calls_share_a_connection(self):
        self.assertEqual(self.gate.chat("good")[0], 200)
        before = len(self.rows())
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            got = list(pool.map(lambda _: self.gate.chat("slow", timeout=60)[0], range(30)))
        self.assertEqual(got, [200] * 30)
        wait_for("nghttpx's log", lambda: len(self.rows()) >= before + 30, 30)
        self.assertEqual({r[0] for r in self.rows()}, {"h2"})
        self.assertEqual(len({r[2] for r in self.rows()[before:]}), 1, "one worker needs one connection")

    def test_large_bodies_both_ways(self):
        status, _, _ = self.gate.request("POST", "/v1/chat/completions", {
            "model": "good", "messages": [{"role": "user", "content": "x" * 3_000_000}]},
            {"authorization": "Bearer " + MASTER}, timeout=60)
        self.assertEqual(status, 200)
        status, _, data = self.gate.chat("flood", stream=True, timeout=60)
        self.assertEqual((status, events(data)[-1]), (200, "[DONE]"))

    def test_errors_and_broken_streams_leave_the_connection_alone(self):
        self.assertEqual(self.gate.chat("status-500")[0], 500)
        status, _, data = self.gate.chat("mid-stop", stream=True)
        self.assertNotIn(b"[DONE]", data)
        self.assertEqual(self.gate.chat("good")[0], 200)

    def test_a_client_that_leaves_ends_its_call_only(self):
        body = b'{"model":"trickle","stream":true,"messages":[{"role":"user","content":"hi"}]}'
        with socket.create_connection(("127.0.0.1", self.gate.port), timeout=30) as s:
            s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer %s\r\n"
                      b"content-length: %d\r\n\r\n" % (MASTER.encode(), len(body)) + body)
            self.assertIn(b"200 OK", s.recv(65536))
        self.assertEqual(self.gate.chat("good")[0], 200)


if __name__ == "__main__":
    unittest.main()
