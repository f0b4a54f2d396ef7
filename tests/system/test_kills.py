"""kill -9 of every process again and again under load: nothing finished is lost or counted twice, nothing leaks.

YETT_HEAVY=1 kills each role 20 times.
"""
import collections
import http.client
import json
import os
import random
import re
import signal
import sqlite3
import threading
import time
import unittest

from harness import MASTER, Gate, GateTest, wait_for

HEAVY = os.environ.get("YETT_HEAVY") == "1"
REQUEST_ID = re.compile(rb"[a-s]{22}")  # in a packed record
KILLS = 20 if HEAVY else 6  # of each role, over two workers: keeper waits longer before each new start


class Load:
    """Clients in threads. done holds the ids of calls whose whole answer came, cut those that broke off."""

    def __init__(self, gate, keys):
        self.gate, self.done, self.cut, self.refused, self.lock = gate, [], [], collections.Counter(), threading.Lock()
        self.ending = False
        self.threads = [threading.Thread(target=self.run, args=(key, i % 2 == 1)) for i, key in enumerate(keys)]
        for t in self.threads:
            t.start()

    def stop(self):
        self.ending = True
        for t in self.threads:
            t.join()

    def run(self, key, stream):
        model = "openai-trickle" if stream else "anthropic-good"
        # Too large to be copied into a frame: it lies in the memory that the pair shares.
        body = json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi" * 10000}]})
        headers = {"authorization": "Bearer " + key, "content-type": "application/json"}
        while not self.ending:
            c = http.client.HTTPConnection("127.0.0.1", self.gate.port, timeout=10)
            call = None
            try:
                c.request("POST", "/v1/chat/completions", body, headers)
                r = c.getresponse()
                call = r.getheader("x-litellm-call-id")
                data = r.read()
                with self.lock:
                    if r.status != 200:
                        self.refused[r.status] += 1
                    elif stream and not data.endswith(b"data: [DONE]\n\n"):
                        self.cut.append(call)
                    else:
                        self.done.append(call)
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.cut.append(call)
                time.sleep(0.02)
            finally:
                c.close()


def rows(gate):
    """request_id -> how many rows."""
    db = sqlite3.connect("file:%s?mode=ro" % (gate.data / "yett.db"), uri=True)
    try:
        return collections.Counter(REQUEST_ID.search(r[0])[0].decode() for r in db.execute("SELECT rec FROM call"))
    finally:
        db.close()


class Kills(GateTest):
    NAMES = ("good", "trickle")
    ROUTER = {"num_retries": 2, "disable_cooldowns": True}
    WORKERS = 2

    def setUp(self):
        random.seed(self.id())
        self.before = rows(self.gate)

    def kill_often(self, role, kills=KILLS):
        narrow = self.gate.key(max_parallel_requests=1)
        load = Load(self.gate, [MASTER, MASTER, MASTER, narrow])
        last = None
        try:
            for _ in range(kills):
                time.sleep(random.uniform(0.03, 0.25))
                last = wait_for(role, lambda: [p for p, r in self.gate.children().items() if r == role], 25)
                os.kill(random.choice(last), signal.SIGKILL)
            time.sleep(0.2)
        finally:
            load.stop()
        want = 1 if role == "admin" else 2
        wait_for("all of " + role, lambda: list(self.gate.children().values()).count(role) == want, 25)
        self.assertGreater(len(load.done), kills)
        # One call at a time was allowed and none runs now: a counter that leaked would refuse this one.
        self.tries = 0
        for _ in range(6):
            wait_for("the narrow key", lambda: self.narrow_call(narrow), 3)
        self.compare(load)
        return load

    def narrow_call(self, key):
        self.tries += 1
        return self.gate.chat("openai-good", key)[0] == 200

    def compare(self, load):
        missing = wait_for_rows(self.gate, load.done)
        found = rows(self.gate) - self.before
        self.assertEqual(missing, [], "finished, and not recorded")
        self.assertEqual([i for i, n in found.items() if n != 1], [], "recorded twice")
        # What is there beside them was cut off at the client or refused, or are calls with the narrow key above.
        self.assertLessEqual(len(found) - len(load.done), len(load.cut) + sum(load.refused.values()) + 6 + self.tries)
        self.gate.cli("audit", "verify")

    def test_ingress(self):
        self.kill_often("ingress")

    def test_egress(self):
        load = self.kill_often("egress")
        # A call that has no content yet is tried again; only streams that had some can break off.
        self.assertEqual(set(load.refused) - {429}, set(), load.refused)

    def test_admin(self):
        load = self.kill_often("admin")
        self.assertEqual(load.cut, [])
        wait_for("admin", lambda: self.gate.admin("GET", "/key/list")[0] == 200, 5)

    def test_keeper(self):
        """With keeper all ends; what was finished is there after the next start."""
        for _ in range(KILLS // 3):
            load = Load(self.gate, [MASTER] * 4)
            time.sleep(random.uniform(0.2, 0.6))
            children = list(self.gate.children())
            os.kill(self.gate.process.pid, signal.SIGKILL)
            self.gate.process.wait()
            time.sleep(0.1)
            load.stop()
            wait_for("the children to end", lambda: not [p for p in children if os.path.exists("/proc/%d" % p)], 5)
            self.gate.start()
            self.assertEqual(wait_for_rows(self.gate, load.done), [], "finished, and not recorded")
            found = rows(self.gate)
            self.assertEqual([i for i, n in found.items() if n != 1], [], "recorded twice")
            self.gate.cli("audit", "verify")


def wait_for_rows(gate, ids):
    """The ids that did not get a row within two seconds."""
    end = time.monotonic() + 2
    while True:
        have = rows(gate)
        missing = [i for i in ids if i not in have]
        if not missing or time.monotonic() > end:
            return missing
        time.sleep(0.1)


if __name__ == "__main__":
    unittest.main()
