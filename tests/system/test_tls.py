"""The inference listener with a certificate of its own."""
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import unittest

from harness import MASTER, GateTest, events, wait_for


class Tls(GateTest):
    NAMES = ("good", "flood")

    @classmethod
    def config(cls):
        cls.cert, cls.private = os.path.join(cls.tmp.name, "cert.pem"), os.path.join(cls.tmp.name, "key.pem")
        cls.make()
        return {**super().config(), "yett": {"tls": {"certificate": cls.cert, "key": cls.private}}}

    @classmethod
    def make(cls):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", cls.private, "-out", cls.cert, "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)

    @classmethod
    def setUpClass(cls):
        from harness import Gate
        def request(gate, method, path, body=None, headers=None, port=None, timeout=30):
            if port:
                return plain(gate, method, path, body, headers, port, timeout)
            ctx = ssl.create_default_context(cafile=cls.cert)
            c = http.client.HTTPSConnection("127.0.0.1", gate.port, timeout=timeout, context=ctx)
            try:
                data = json.dumps(body) if isinstance(body, (dict, list)) else body
                c.request(method, path, body=data, headers={"content-type": "application/json", **(headers or {})})
                r = c.getresponse()
                return r.status, {k.lower(): v for k, v in r.getheaders()}, r.read()
            finally:
                c.close()
        plain = Gate.request
        Gate.request = request
        cls.addClassCleanup(setattr, Gate, "request", plain)
        super().setUpClass()

    def test_calls(self):
        for up in ("openai", "anthropic", "gemini"):
            for stream in (False, True):
                status, _, data = self.gate.chat(up + "-good", stream=stream)
                self.assertEqual(status, 200, data)
                self.assertIn(b"Hello", data)

    def test_large_bodies_both_ways(self):
        status, _, _ = self.gate.request("POST", "/v1/chat/completions", {
            "model": "openai-good", "messages": [{"role": "user", "content": "x" * 3_000_000}]},
            {"authorization": "Bearer " + MASTER})
        self.assertEqual(status, 200)
        status, _, data = self.gate.chat("openai-flood", stream=True)
        self.assertEqual(events(data)[-1], "[DONE]")

    def test_plain_text_is_refused(self):
        self.assertNotIn(b"200", self.raw(b"GET /health/liveliness HTTP/1.1\r\nHost: g\r\n\r\n", timeout=2)[:20])
        self.assertEqual(self.gate.chat("openai-good")[0], 200)

    def test_a_new_certificate_at_reload_and_a_bad_one(self):
        before = pathlib.Path(self.cert).read_text()
        self.make()
        self.gate.cli("reload")
        self.assertNotEqual(before, pathlib.Path(self.cert).read_text())
        wait_for("the new certificate", lambda: self.gate.chat("openai-good")[0] == 200, 5)
        good = pathlib.Path(self.private).read_text()
        with open(self.private, "w") as f:
            f.write("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        r = self.gate.cli("reload", ok=False)
        self.assertNotEqual(r.returncode, 0, "a broken key must not be taken")
        self.assertEqual(self.gate.chat("openai-good")[0], 200)
        with open(self.private, "w") as f:
            f.write(good)
        self.gate.cli("reload")


if __name__ == "__main__":
    unittest.main()
