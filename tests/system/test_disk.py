"""A data directory on a disk that is full: calls go on while they can be recorded, then are refused with a reason;
nothing that was answered is lost, and all is well again without a restart once there is space."""
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time
import unittest

from harness import MASTER, Gate, Provider, deployments, wait_for

USAGE_MAX = 15360


class Mounted(unittest.TestCase):
    SIZE = "24m"  # the usage file of one worker takes 7 MB, in full, at the start

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root may mount the small disk that is to be filled")
        cls.tmp = tempfile.TemporaryDirectory(prefix="yett-disk-")
        cls.addClassCleanup(cls.tmp.cleanup)
        home = pathlib.Path(cls.tmp.name)
        (home / "data").mkdir()
        r = subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700,size=" + cls.SIZE, "tmpfs", str(home / "data")],
                           capture_output=True, text=True)
        if r.returncode != 0:
            raise unittest.SkipTest("no disk can be mounted here: " + r.stderr.strip())
        cls.addClassCleanup(subprocess.run, ["umount", "-l", str(home / "data")])
        cls.provider = Provider(cls.tmp.name)
        cls.addClassCleanup(cls.provider.stop)
        keys = {"openai": "sk-openai-planted-1"}
        cls.config = {"model_list": deployments(cls.provider.port, ["good"], keys, dialects=("openai",)) +
                      [{"model_name": "echo", "litellm_params": {"model": "echo/openai"}}],
                      "general_settings": {"master_key": MASTER}}
        cls.gate = Gate(cls.tmp.name, cls.config).start()
        cls.addClassCleanup(cls.gate.stop)

    def fill(self):
        """Leaves no block free."""
        path = self.gate.data / "ballast"
        with open(path, "wb", 0) as f:
            for size in (1 << 20, 4096, 512, 1):
                try:
                    while True:
                        f.write(b"\1" * size)
                except OSError:
                    pass
        return path

    def many(self, n):
        """n calls on connections that are kept; statuses and how many there were of each."""
        import http.client
        body = json.dumps({"model": "echo", "messages": [{"role": "user", "content": "hi"}]})
        seen, text = {}, {}
        c = http.client.HTTPConnection("127.0.0.1", self.gate.port, timeout=20)
        try:
            for _ in range(n):
                c.request("POST", "/v1/chat/completions", body, {"authorization": "Bearer " + MASTER})
                r = c.getresponse()
                data = r.read()
                seen[r.status] = seen.get(r.status, 0) + 1
                text[r.status] = data
                if r.status != 200:
                    break
        finally:
            c.close()
        return seen, text

    def recorded(self):
        db = sqlite3.connect("file:%s?mode=ro" % (self.gate.data / "yett.db"), uri=True)
        try:
            return db.execute("SELECT count(*) FROM call").fetchone()[0]
        finally:
            db.close()

    def test_full_disk(self):
        answered = self.many(200)[0][200]
        key = self.gate.key(key_alias="before")
        wait_for("records", lambda: self.recorded() == answered, 5)
        ballast = self.fill()
        # Calls go on: there is room in the file that was taken in full at the start.
        seen, _ = self.many(2000)
        self.assertEqual(seen, {200: 2000})
        answered += 2000
        time.sleep(1.2)
        self.assertLess(self.recorded(), answered, "the disk was not full: this test proves nothing")
        # It is told, and what must be written is refused with a reason.
        status = json.loads(self.gate.cli("status", "--json").stdout)
        self.assertRegex(json.dumps(status), "finished calls wait")
        for args in (("key", "create", "--alias", "while"), ("key", "block", key)):
            r = self.gate.cli(*args, ok=False)
            self.assertNotEqual(r.returncode, 0, args)
            self.assertRegex(r.stderr, "(?i)full|space", args)
        code, reply = self.gate.admin("POST", "/key/generate", {})
        self.assertGreaterEqual(code, 500)
        self.assertIn("error", reply)
        # A reload needs no disk; what is known goes on being served.
        self.gate.cli("reload")
        self.assertEqual(self.gate.chat("echo", key)[0], 200)
        answered += 1
        # Then the file is full, too: refused with what to do, and health says so.
        seen, text = self.many(USAGE_MAX + 10)
        answered += seen[200]
        self.assertEqual(seen.get(503), 1, seen)
        self.assertIn(b"free disk space", text[503])
        self.assertEqual(self.gate.request("GET", "/health/readiness")[0], 503)
        self.assertEqual(self.gate.request("GET", "/health/liveliness")[0], 200)
        # With space again nothing was lost, and nobody had to start anything.
        ballast.unlink()
        wait_for("all records", lambda: self.recorded() == answered, 15)
        wait_for("calls", lambda: self.gate.chat("echo", key)[0] == 200, 5)
        wait_for("health", lambda: self.gate.request("GET", "/health/readiness")[0] == 200, 5)
        self.gate.cli("key", "create", "--alias", "after")
        time.sleep(1.2)
        self.gate.cli("audit", "verify")
        self.assertNotRegex(self.gate.cli("status", "--json").stdout, "finished calls wait")
        self.assertNotIn("ingress 0 ended", self.gate.said())

    def test_vault_on_a_full_disk(self):
        """What cannot be written leaves what was there as it was."""
        key_file = ("--key-file", self.tmp.name + "/vault.key")
        self.gate.cli("vault", "init", *key_file)
        self.gate.cli("vault", "add", "first", *key_file, stdin="sk-first")
        ballast = self.fill()
        try:
            r = self.gate.cli("vault", "add", "second", *key_file, ok=False, stdin="sk-second" * 1000)
            self.assertNotEqual(r.returncode, 0)
            self.assertRegex(r.stderr, "(?i)space")
            self.assertNotIn("sk-second", r.stderr)
        finally:
            ballast.unlink()
        names = self.gate.cli("vault", "list", *key_file).stdout
        self.assertIn("first", names)
        self.assertNotIn("second", names)
        self.gate.cli("vault", "add", "second", *key_file, stdin="sk-second")
        self.assertEqual([f.name for f in self.gate.data.iterdir() if "tmp" in f.name or "new" in f.name], [])


if __name__ == "__main__":
    unittest.main()
