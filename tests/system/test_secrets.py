"""No provider's key is in any process but egress; no virtual key is kept in plain text."""
# Proves T-01, T-02.
import json
import os
import pathlib
import re
import signal
import unittest

from harness import BUILD, MASTER, GateTest, deployments, wait_for

PLANTED = {"openai": "sk-planted-openai-Zq81mXw72Kp", "anthropic": "sk-ant-planted-Lw93nVb46Ty",
           "gemini": "AIza-planted-Rk27cQz58Hd"}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def memory(pid):
    """Every readable byte of a process, piece by piece."""
    try:
        maps = read("/proc/%d/maps" % pid).decode()
        mem = open("/proc/%d/mem" % pid, "rb", 0)
    except OSError:
        return
    with mem:
        for line in maps.splitlines():
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if not m or "[vvar]" in line or "[vsyscall]" in line:
                continue
            at, end = int(m[1], 16), int(m[2], 16)
            while at < end:
                n = min(end - at, 1 << 22)
                try:
                    mem.seek(at)
                    got = mem.read(n)
                except (OSError, ValueError, OverflowError):
                    got = b""  # secret memory answers with EIO, which is what it is for
                yield got
                at += n


class Secrets(GateTest):
    NAMES = ("good", "status-500", "status-401", "never")
    KEYS = {d: "os.environ/%s_API_KEY" % d.upper() for d in PLANTED}
    ENV = {"%s_API_KEY" % d.upper(): k for d, k in PLANTED.items()}
    ROUTER = {"num_retries": 0, "timeout": 1}

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root may read the memory of the gate's processes")
        super().setUpClass()
        cls.key = cls.gate.key(key_alias="planted", models=[])
        for up in PLANTED:
            for name in cls.NAMES:
                for stream in (False, True):
                    cls.gate.chat("%s-%s" % (up, name), cls.key, stream=stream)
        cls.gate.chat("nope", cls.key)
        cls.gate.chat("echo", "sk-wrong")
        cls.gate.cli("reload")
        for up in PLANTED:
            cls.gate.chat("%s-good" % up, cls.key)

    def test_the_calls_carried_the_keys(self):
        seen = json.dumps([r.get("headers") for r in self.provider.requests()])
        for key in PLANTED.values():
            self.assertIn(key, seen)

    def test_memory_of_every_process(self):
        if BUILD.name == "asan":
            self.skipTest("the sanitizer's own maps are terabytes of nothing")
        wanted = [k.encode() for k in PLANTED.values()]
        roles = dict(self.gate.children())
        roles[self.gate.process.pid] = "keeper"
        self.assertLessEqual({"keeper", "ingress", "egress", "admin"}, set(roles.values()))
        for pid, role in roles.items():
            if role == "egress":
                continue
            tail = b""
            total = 0
            for piece in memory(pid):
                total += len(piece)
                for w in wanted:
                    self.assertNotIn(w, tail + piece, "%s (%d) holds a provider's key" % (role, pid))
                tail = piece[-64:]
            self.assertGreater(total, 100000, "memory of %s could not be read" % role)

    def test_the_test_can_fail(self):
        """This process holds the keys, so the search must find them here."""
        self.assertTrue(any(PLANTED["openai"].encode() in p for p in memory(os.getpid())))

    def test_environ_and_cmdline(self):
        for pid in [self.gate.process.pid, *self.gate.children()]:
            for name in ("environ", "cmdline"):
                data = read("/proc/%d/%s" % (pid, name))
                for secret in [*PLANTED.values(), self.key]:
                    self.assertNotIn(secret.encode(), data)

    def test_files_and_logs(self):
        for path in pathlib.Path(self.tmp.name).rglob("*"):
            if not path.is_file() or path == self.provider.log:
                continue
            data = path.read_bytes()
            for secret in [*PLANTED.values(), self.key]:
                self.assertNotIn(secret.encode(), data, str(path))
            if path != self.gate.config:
                self.assertNotIn(MASTER.encode(), data, str(path))

    def test_no_core(self):
        for pid in [self.gate.process.pid, *self.gate.children()]:
            limits = read("/proc/%d/limits" % pid).decode()
            # 1 where it may be: too small for a file, and it keeps a core_pattern that is a program away
            self.assertRegex(limits, r"Max core file size\s+([01])\s+\1\s")
        for role in ("egress", "ingress"):
            pid = self.gate.pid_of(role)
            where = os.readlink("/proc/%d/cwd" % pid)
            before = set(os.listdir(where))
            os.kill(pid, signal.SIGABRT)
            wait_for("a new " + role, lambda: role in [r for p, r in self.gate.children().items() if p != pid], 5)
            new = [n for n in set(os.listdir(where)) - before if "core" in n]
            self.assertEqual(new, [])
        self.assertEqual(self.gate.chat("openai-good", self.key)[0], 200)


if __name__ == "__main__":
    unittest.main()
