"""What lies in the data directory is damaged, put back to an older copy, or changed by two at once."""
# Proves T-16.
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from harness import BUILD, MASTER, Gate, GateTest, wait_for


def yett(*args, stdin=None):
    return subprocess.run([str(BUILD / "bin/yett"), *map(str, args)], input=stdin, capture_output=True, text=True,
                          errors="replace", timeout=60, start_new_session=True)


class Log(unittest.TestCase):
    """A log of one full tile and an edge, from a gate that has ended; each test has its own copy."""

    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory(prefix="yett-datadir-")
        cls.addClassCleanup(cls.tmp.cleanup)
        cls.home = pathlib.Path(cls.tmp.name)
        cls.gate = Gate(cls.home, {"model_list": [{"model_name": "echo", "litellm_params": {"model": "echo/openai"}}],
                                   "general_settings": {"master_key": MASTER}}).start()
        cls.addClassCleanup(cls.gate.stop)
        for _ in range(300):
            cls.gate.chat("echo")
        cls.older = cls.snapshot("older", 300)
        cls.gate.chat("echo")
        cls.newer = cls.snapshot("newer", 301)
        cls.gate.stop()
        cls.whole = cls.home / "whole"
        shutil.copytree(cls.gate.data, cls.whole)

    @classmethod
    def snapshot(cls, name, size):
        audit = cls.gate.data / "audit"
        wait_for("the checkpoint", lambda: (audit / "checkpoint").read_text().split("\n")[1] == str(size), 30)
        shutil.copytree(audit, cls.home / name)
        return cls.home / name

    def copy(self, of=None):
        shutil.rmtree(self.home / "audit", ignore_errors=True)
        return pathlib.Path(shutil.copytree(of or self.newer, self.home / "audit"))

    def verify(self, audit, status, words):
        for verb in ("verify", "export"):
            for key in ((), ("--key", self.newer / "audit.pub")):
                r = yett("audit", verb, *key, audit)
                self.assertEqual(r.returncode, status, r.stderr)
                self.assertIn(words, r.stderr)

    def test_what_was_changed_is_named(self):
        def entries(path, change):
            data, out = path.read_bytes(), []
            while data:
                n = 2 + int.from_bytes(data[:2], "big")
                out.append(data[:n])
                data = data[n:]
            path.write_bytes(b"".join(change(out)))

        bundle, edge = "tile/entries/000", "tile/entries/001.p/45"
        changed = "'tile/0/000' does not belong to the entries: one of them was changed"
        for name, change, words in (
                (bundle, lambda e: e[:5] + e[6:], "'%s' is cut short" % bundle),
                (bundle, lambda e: [e[1], e[0], *e[2:]], changed),
                (bundle, lambda e: [*e, b"\0\0"], "'%s' holds more than it should" % bundle),
                (edge, lambda e: e[:-1], "'%s' is cut short" % edge),
                (edge, lambda e: [e[1], e[0], *e[2:]], "'tile/0/001.p/45' does not belong")):
            with self.subTest(words):
                audit = self.copy()
                entries(audit / name, change)
                self.verify(audit, 77, words)
        for name in (bundle, edge, "tile/0/000", "tile/0/001.p/45", "tile/1/000.p/1"):
            with self.subTest(name):
                audit = self.copy()
                (audit / name).unlink()
                self.verify(audit, 77, "'%s' of the audit log is missing" % name)
        audit = self.copy()
        (audit / "tile/0/000").write_bytes(bytes(9000))
        self.verify(audit, 77, "'tile/0/000' is larger than")
        audit = self.copy()
        text = (audit / "checkpoint").read_text()
        (audit / "checkpoint").write_text(text.replace("\n301\n", "\n300\n"))
        self.verify(audit, 77, "the checkpoint's signature is wrong")
        self.verify(self.home / "nowhere", 66, "there is no audit log at")

    def test_a_gate_that_signs_meanwhile_is_no_damage(self):
        """Its partial tiles come and go with each checkpoint; there are two of them here, by turns."""
        audit, end = self.copy(self.older), threading.Event()

        def sign(old, new):
            for f in new.rglob("*.p/*"):
                to = audit / f.relative_to(new)
                if not to.exists():
                    to.parent.mkdir(exist_ok=True)
                    shutil.copy(f, to)
            shutil.copy(new / "checkpoint", audit / "next")
            os.rename(audit / "next", audit / "checkpoint")
            for f in old.rglob("*.p/*"):
                if not (new / f.relative_to(old)).exists():
                    (audit / f.relative_to(old)).unlink()

        def run():
            while not end.is_set():
                sign(self.older, self.newer)
                time.sleep(0.002)
                sign(self.newer, self.older)
                time.sleep(0.002)

        t = threading.Thread(target=run)
        t.start()
        try:
            seen = {(r.returncode, r.stderr) for r in (yett("audit", "verify", audit) for _ in range(250))}
        finally:
            end.set()
            t.join()
        self.assertEqual({s for s in seen if s[0]}, set())


class Told(unittest.TestCase):
    """What happened to the data directory of a gate, while it was down or while it serves, is in its log."""

    def setUp(self):
        tmp = tempfile.TemporaryDirectory(prefix="yett-datadir-")
        self.addCleanup(tmp.cleanup)
        self.home = pathlib.Path(tmp.name)
        self.data, self.at = self.home / "data", 0
        self.run_gate().gate.chat("echo")
        self.gate.stop()
        self.addCleanup(lambda: self.gate.stop())

    def run_gate(self):
        self.gate = Gate(self.home, {"model_list": [{"model_name": "echo",
                                                     "litellm_params": {"model": "echo/openai"}}],
                                     "general_settings": {"master_key": MASTER}})
        self.at = len(self.gate.said())
        self.gate.start()
        return self

    def said(self, words):
        return words in self.gate.said()[self.at:]

    def again(self, words):
        self.run_gate()
        self.assertTrue(self.said(words), self.gate.said())
        self.gate.chat("echo")
        self.gate.stop()
        self.assertEqual(yett("audit", "verify", "--data", self.data).returncode, 0)

    def test_at_the_start(self):
        older = self.home / "older"
        shutil.copytree(self.data, older)
        self.run_gate()
        self.assertFalse(self.said("the audit log "), self.gate.said())
        self.gate.chat("echo")
        self.gate.stop()
        shutil.rmtree(self.data / "audit")
        shutil.copytree(older / "audit", self.data / "audit")
        self.again("the audit log ends at 1, the database has 2 records")
        next((self.data / "audit/tile/0").glob("*/*")).unlink()
        self.again("the audit log's last tiles were damaged or missing")
        shutil.rmtree(self.data / "audit")
        self.again("the audit log is not there or ends at 0, the database has 4 records")
        shutil.copy(older / "yett.db", self.data / "yett.db")
        self.again("the database has 1 records, the audit log 5: it is an older copy")

    def test_while_it_serves(self):
        self.run_gate()
        for name, words in (("data/audit", "the audit log was moved"), ("data", "the data directory or its lock"),
                            ("data/lock", "the data directory or its lock")):
            with self.subTest(name):
                os.rename(self.home / name, self.home / "away")
                wait_for("a word", lambda: self.said("]: " + words), 30)
                if name == "data/audit":
                    self.assertIn(words, self.gate.cli("status").stdout)
                self.assertEqual(self.gate.chat("echo")[0], 200)
                os.rename(self.home / "away", self.home / name)
                wait_for("a word", lambda: self.said("the audit log is written again"), 30)
                self.at = len(self.gate.said())

    def test_a_link_leads_to_it(self):
        os.rename(self.data, self.home / "real")
        self.data.symlink_to("real")
        self.run_gate()
        self.assertEqual(self.gate.chat("echo")[0], 200)
        self.gate.cli("status")


class Texts(GateTest):
    """What a client or a file names does not drive the terminal of who looks at it."""

    def test_nothing_hidden_reaches_a_terminal(self):
        told, hidden = "a\u202eb", re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]")
        for control in ("\u009b31m", "\x1b[31m", "a\nb"):
            self.assertEqual(self.gate.admin("POST", "/key/generate", {"key_alias": control})[0], 400)
            self.assertEqual(self.gate.chat("echo", user=control)[0], 200)
        key = self.gate.key(key_alias=told, user_id=told, models=[told, "echo"])
        self.assertEqual(self.gate.chat("echo", key)[0], 200)
        shown = [self.gate.cli(*args).stdout for args in (("key", "list"), ("key", "show", told), ("usage", "--by", "key"))]
        self.assertEqual([s for s in shown if "a\\u{202e}b" not in s], [])
        shown.append(self.gate.cli("key", "show", "a\x1b]0;b\x07\u009b", ok=False).stderr)
        shown.append(self.gate.cli("audit", "verify", "a\x1b]0;b\x07\u009b\nc", ok=False).stderr)
        wait_for("the log", lambda: self.gate.cli("audit", "export").stdout.count('"user":') >= 3, 30)
        self.assertEqual([s for s in shown if hidden.search(s)], [])
        self.assertNotRegex(self.gate.cli("audit", "export").stdout, "[\x80-\x9f]")


class Vault(unittest.TestCase):
    def test_commands_at_once_lose_nothing(self):
        with tempfile.TemporaryDirectory() as d:
            data = ("--data", d + "/data")
            self.assertEqual(yett("vault", "init", "--key-file", d + "/key", *data).returncode, 0)
            names = ["name%d" % i for i in range(8)]
            adds = [subprocess.Popen([str(BUILD / "bin/yett"), "vault", "add", n, *data], stdin=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
                    for n in names]
            for p in adds:
                p.stdin.write(b"sk-something")
                p.stdin.close()
            self.assertEqual({p.wait(60) for p in adds}, {0})
            listed = yett("vault", "list", *data).stdout
            self.assertEqual([line.split()[0] for line in listed.splitlines()], names)


if __name__ == "__main__":
    unittest.main()
