"""The wall clock jumps an hour forth and back: nobody is locked out, nothing stops, no record is lost."""
import json
import os
import pathlib
import shutil
import struct
import tempfile
import threading
import time
import unittest

import harness
from harness import MASTER, Gate, GateTest, Provider, deployments, events, wait_for

HOUR = 3600


class Clock(GateTest):
    NAMES = ("good", "trickle")
    WORKERS = 2
    ROLES = ("keeper", "ingress", "egress", "admin")

    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory(prefix="yett-test-")
        cls.addClassCleanup(cls.tmp.cleanup)
        shifted = harness.build_extra(*["shifted/" + r for r in cls.ROLES]) / "shifted"
        lib = harness.build_tree(cls.tmp.name, None)
        for role in cls.ROLES:
            shutil.copy2(shifted / role, lib / role)
        cls.file = lib / "shift"
        cls.file.write_bytes(bytes(8))
        cls.provider = Provider(cls.tmp.name)
        cls.addClassCleanup(cls.provider.stop)
        config = cls.config()
        for d in deployments(cls.provider.port, ["good", "status-429"], cls.KEYS, dialects=("openai",)):
            config["model_list"].append(dict(d, model_name="pair"))
        config["router_settings"] = {"num_retries": 2, "cooldown_time": 1, "allowed_fails": 0}
        cls.gate = Gate(cls.tmp.name, config, workers=cls.WORKERS)
        cls.gate.args[0] = cls.tmp.name + "/bin/yett"
        cls.gate.start()
        cls.addClassCleanup(cls.gate.stop)
        cls.pids = set(cls.gate.children())

    def shift(self, seconds):
        with open(self.file, "r+b") as f:
            f.write(struct.pack("<q", int(seconds * 1e9)))
        time.sleep(0.05)

    def setUp(self):
        self.addCleanup(self.shift, 0)

    def tearDown(self):
        self.assertEqual(set(self.gate.children()), self.pids, "a process ended:\n" + self.gate.said())

    def statuses(self, key, n, model="echo"):
        return [self.gate.chat(model, key)[0] for _ in range(n)]

    def test_the_clock_can_be_set(self):
        self.shift(-HOUR)
        self.gate.chat("echo")

        def newest():
            rows = self.gate.admin("GET", "/spend/logs")[1]
            return min(r["startTime"] for r in rows) if rows else None
        started = wait_for("the call", newest, 3)
        ago = time.time() - time.mktime(time.strptime(started[:19], "%Y-%m-%dT%H:%M:%S")) + time.timezone
        self.assertGreater(ago, HOUR - 60)

    def test_rate_windows_recover(self):
        for jump in (-HOUR, HOUR):
            with self.subTest(jump):
                key = self.gate.key(rpm_limit=3)
                self.shift(0)
                self.assertIn(429, self.statuses(key, 8))
                self.shift(jump)
                self.assertEqual(self.gate.chat("echo", key)[0], 200)
                self.assertIn(429, self.statuses(key, 8))
                self.shift(0)
                # Here again: the minute may still be the one that was spent, never an hour.
                seconds = wait_for("the window", lambda: self.gate.chat("echo", key)[1].get("retry-after", "0"), 3)
                self.assertLessEqual(int(seconds), 60)

    def test_parallel_calls_and_streams(self):
        key = self.gate.key(max_parallel_requests=1)
        for jump in (-HOUR, HOUR, -24 * HOUR):
            results = []
            t = threading.Thread(target=lambda: results.append(self.gate.chat("openai-trickle", key, stream=True)))
            t.start()
            time.sleep(0.12)
            self.shift(jump)
            t.join()
            self.assertEqual((results[0][0], events(results[0][2])[-1]), (200, "[DONE]"))
            self.assertEqual(self.gate.chat("openai-good", key)[0], 200)
            self.shift(0)
            self.assertEqual(self.gate.chat("openai-good", key)[0], 200)

    def failing(self):
        """One call to the model with a good and a bad deployment; how often the bad one has been asked so far."""
        self.assertEqual(self.gate.chat("pair")[0], 200)
        return sum(r.get("body", {}).get("model") == "status-429" for r in self.provider.requests())

    def test_cooldown_does_not_last_for_the_jump(self):
        for jump in (-HOUR, HOUR):
            with self.subTest(jump):
                before = self.failing()
                cooled = wait_for("a failure", lambda: max(self.failing(), before) - before, 5) + before
                self.assertEqual([self.failing() for _ in range(10)], [cooled] * 10)
                self.shift(jump)
                wait_for("the end of the cooldown", lambda: self.failing() > cooled, 4)
                self.shift(0)
                time.sleep(1.2)

    def test_keys_expire_by_the_clock_and_only_so(self):
        key = self.gate.key(duration="2h")
        for jump, want in ((0, 200), (HOUR, 200), (3 * HOUR, 401), (0, 200), (-HOUR, 200)):
            self.shift(jump)
            wait_for("%d" % want, lambda: self.gate.chat("echo", key)[0] == want, 3)
        self.shift(0)

    def test_budgets_are_reset_but_never_forgotten_for_good(self):
        key = self.gate.key(max_budget=1.0, budget_duration="30m")
        for jump in (0, HOUR, 0, -HOUR, 0):
            self.shift(jump)
            time.sleep(0.2)
            self.assertEqual(self.gate.chat("echo", key)[0], 200)

    def test_records_and_log(self):
        def count():
            rows = json.loads(self.gate.cli("usage", "--by", "model", "--json").stdout)
            return sum(int(r["calls"]) for r in rows if r["model"].endswith("good"))
        before, n = count(), 0
        for jump in (0, HOUR, -HOUR, 48 * HOUR, 0, -HOUR, 0):
            self.shift(jump)
            for _ in range(5):
                n += self.gate.chat("gemini-good")[0] == 200
        self.assertEqual(n, 35)
        wait_for("all records", lambda: count() - before == n, 4)
        time.sleep(1.2)
        self.gate.cli("audit", "verify")
        self.gate.cli("reload")
        self.assertEqual(self.gate.chat("openai-good")[0], 200)


if __name__ == "__main__":
    unittest.main()
