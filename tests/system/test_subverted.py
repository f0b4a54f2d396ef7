"""An ingress that somebody else has taken over tries all that its descriptors and its jail allow; and an egress.

tests/system/subverted is put in ingress's place in a copy of the build. Each of its acts runs in a worker of its
own, once; after that the worker is the real ingress, so the gate must heal. What the provider saw, what the log
says and what is left of the gate decide.
"""
# Proves T-03, T-33.
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import MASTER, Gate, Provider, deployments, wait_for

KEYS = {"openai": "sk-openai-planted-9f3aQz", "anthropic": "sk-ant-planted-8Lw2Kd", "gemini": "AIza-planted-7Xc1Vb"}
ROUND = 21  # acts a gate; each is a worker

# What must come of an act. KILLED: keeper ends it for what it said to keeper. BLAMED: egress found the
# protocol broken, and it is the ingress that is ended. JAIL: dead by the system call filter. Else: the words.
KILLED, BLAMED, JAIL = "killed", "blamed", "jail"
REFUSED = "the call is not allowed for this upstream"
ANY = "any"  # that it harms nobody else is judged for the whole round
WANT = {
    "head-back": BLAMED, "head-far": BLAMED, "head-wraps": BLAMED, "head-odd": BLAMED, "frame-4g": BLAMED,
    "frame-past-head": BLAMED, "frame-empty": BLAMED, "frame-head": BLAMED, "frame-data": BLAMED,
    "frame-end": BLAMED, "frame-unknown": BLAMED, "frame-long-credit": BLAMED, "frame-large": BLAMED,
    "tail-forward": BLAMED, "tail-odd": BLAMED, "scribble-answers": "scribbled", "flags-spin": "complete",
    "wake-overflow": ANY,
    "honest": "complete", "every-upstream": r"refused \d+ allowed \d+", "upstream-65535": REFUSED,
    "generation-wrong": REFUSED, "models": r"(\d+) of \1 ended", "field-crlf": BLAMED, "field-lf": BLAMED,
    "field-nul": BLAMED, "field-unknown": BLAMED, "field-far": BLAMED, "field-twice": BLAMED, "fields-lie": BLAMED,
    "segments-lie": BLAMED, "model-lies": BLAMED, "path-lies": BLAMED, "segment-past-arena": BLAMED,
    "segment-wraps": BLAMED, "segment-4g": BLAMED, "segment-inline-lies": BLAMED, "segment-kind": BLAMED,
    "body-smuggles": ANY, "body-sum": BLAMED, "id-twice": BLAMED, "times-zero": "complete|the provider did not answer in time",
    "times-forever": "complete", "credit-overflow": "complete", "flood": BLAMED, "swap-upstream": r"ok \d+ refused \d+",
    "swap-field": ANY,
    "key-create": KILLED, "reload": KILLED, "stop": KILLED, "status": KILLED, "key-list": KILLED,
    "spend-logs": KILLED, "policy-said": KILLED, "reply-said": KILLED, "unknown": KILLED, "drained": KILLED,
    "ready-again": KILLED, "ready-long": KILLED, "handoff-none": KILLED, "handoff-two": KILLED,
    "handoff-others": ANY, "handoff-flood": "nothing", "usage-head": KILLED, "usage-sequence": KILLED,
    "usage-record": "stored", "counters-scribbled": "scribbled",
    "voice-flood": ANY,
    "files": "0 opened", "socket": JAIL, "connect": JAIL, "sendto": "0 sent", "exec": JAIL, "fork": JAIL,
    "process-vm-readv": JAIL, "pidfd-open": JAIL, "ptrace": JAIL, "ftruncate": JAIL, "io-uring": JAIL,
    "exec-memory": JAIL, "policy-write": "mmap refused, write -1, mprotect refused", "search": "found 0 control 1",
}


class Subverted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = harness.build_extra("subverted") / "subverted"
        cls.acts = subprocess.run([cls.program], capture_output=True, text=True, check=True).stdout.split()

    def test_every_act_has_a_row(self):
        self.assertEqual(sorted(self.acts), sorted(WANT))

    def tree(self, top, offset):
        """A copy of the build with another ingress, which the roles' users may reach."""
        lib = harness.build_tree(top, "ingress")
        shutil.copy2(self.program, lib / "ingress")
        (lib / "lives").mkdir()
        (lib / "lives").chmod(0o777)
        (lib / "offset").write_text(str(offset))
        (lib / "needle").write_bytes(bytes(b ^ 0x5a for b in KEYS["openai"].encode()))

    def run_round(self, offset):
        acts = self.acts[offset:offset + ROUND]
        with tempfile.TemporaryDirectory(prefix="yett-subverted-") as tmp:
            tmp = pathlib.Path(tmp)
            self.tree(tmp, offset)
            provider, other = Provider(tmp), Provider(tmp)
            config = {"model_list": deployments(provider.port, ["good", "never"], KEYS) +
                      [{"model_name": "echo", "litellm_params": {"model": "echo/openai"}}],
                      "general_settings": {"master_key": MASTER}}
            gate = Gate(tmp, config, workers=len(acts) + 1)
            gate.args[0] = str(tmp / "bin/yett")
            try:
                gate.start()
                self.wait_for_all(gate, acts)
                self.judge(gate, acts)
                self.healed(gate, len(acts) + 1)
                if "voice-flood" in acts:
                    self.judge_voice(gate, acts.index("voice-flood") + 1)
                self.judge_provider(provider)
                self.assertEqual(other.requests(), [])
                gate.cli("audit", "verify")
            finally:
                try:
                    gate.stop()
                finally:
                    provider.stop()
                    other.stop()

    def wait_for_all(self, gate, acts):
        """Each act has ended when its worker was started again."""
        def ended():
            log = gate.log_path.read_text(errors="replace")
            return all(re.search(r"ingress %d ended" % (i + 1), log) for i in range(len(acts)))
        try:
            wait_for("all acts", ended, 60)
        except AssertionError:
            raise AssertionError("not all acts ended:\n" + gate.log_path.read_text(errors="replace"))

    def judge(self, gate, acts):
        log = gate.log_path.read_text(errors="replace")
        for i, act in enumerate(acts):
            with self.subTest(act):
                lines = [line for line in log.splitlines() if re.search(r"gress %d |act %s: " % (i + 1, act), line)]
                said = [line.split("act %s: " % act)[1] for line in lines if "act %s: " % act in line]
                about = "\n".join(lines)
                want = WANT[act]
                self.assertNotIn("failed", " ".join(said), about)
                if want == KILLED:
                    self.assertRegex(about, r"ingress %d is killed: " % (i + 1))
                elif want == BLAMED:
                    self.assertRegex(about, r"ingress %d is killed: .*egress" % (i + 1))
                elif want == JAIL:
                    self.assertRegex(about, r"ingress %d ended \(killed by SIGSYS\)" % (i + 1))
                elif want != ANY:
                    self.assertTrue(said, about)
                    self.assertRegex(said[0], "^" + want + "$", about)
                for key in KEYS.values():
                    self.assertNotIn(key, log)

    def judge_voice(self, gate, worker):
        """What it shouted is bounded, printable, and not in keeper's name."""
        log = gate.log_path.read_text(errors="replace")
        self.assertNotIn("\033", log)
        self.assertNotRegex(log, r"(?m)^error keeper\[1\]")
        said = re.findall(r"(?m)^warning keeper\[\d+\]: ingress %d says: error keeper\[1\]: forged \\x1b\[2J$" % worker, log)
        self.assertTrue(100 < len(said) < 400, len(said))
        self.assertRegex(log, r"\d+ lines of ingress %d were not shown" % worker)

    def healed(self, gate, workers):
        """Every worker is the real thing again and serves; admin lives; nothing became a key or a reload."""
        def all_back():
            roles = list(gate.children().values())
            return roles.count("ingress.real") + roles.count("ingress") == workers and roles.count("egress") == workers
        wait_for("all workers", all_back, 20)
        for _ in range(3 * workers):
            self.assertEqual(gate.chat("openai-good", timeout=20)[0], 200)
        # Admin may still be closing what a flood of handed over sockets brought it.
        status, reply = wait_for("admin", lambda: self.ask_admin(gate), 5)
        self.assertEqual((status, reply.get("total_count", 0)), (200, 0))
        self.assertNotIn("admin 0 ended", gate.log_path.read_text(errors="replace"))
        self.assertNotIn("draining", gate.log_path.read_text(errors="replace"))

    @staticmethod
    def ask_admin(gate):
        try:
            return gate.admin("GET", "/key/list")
        except OSError:
            return None

    def judge_provider(self, provider):
        paths = re.compile(r"^/v1/chat/completions$|^/v1/messages(/count_tokens)?$|^/messages(/count_tokens)?$"
                           r"|^(/v1beta)?/models/[^/?#]*:(generateContent|streamGenerateContent\?alt=sse|countTokens)$")
        for r in provider.requests():
            if r.get("gone"):
                continue
            self.assertRegex(r["target"], paths)
            self.assertEqual(r["method"], "POST")
            self.assertEqual(r["headers"]["host"], "127.0.0.1:%d" % provider.port)
            self.assertNotIn("x-evil", r["headers"])
            # Each key only where it belongs.
            text = json.dumps(r)
            for dialect, key in KEYS.items():
                if key in text:
                    where = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key"}[dialect]
                    self.assertIn(key, r["headers"].get(where, ""))
                    self.assertEqual(text.count(key), 1)


# An egress. BLAMED: ingress found the protocol broken and ends, and so does that egress.
EGRESS_WANT = {
    "two-heads": BLAMED, "data-first": BLAMED, "data-of-nobody": BLAMED, "end-twice": BLAMED, "credit-back": BLAMED,
    "empty-frame": BLAMED, "long-head": BLAMED, "length-lies": BLAMED, "index-far": BLAMED, "index-back": BLAMED,
    "changes": r"\d+ events", "arena-write": "mmap refused, mprotect refused, write refused",
}


class SubvertedEgress(unittest.TestCase):
    """Every worker has an egress that answers its first call with an act."""

    def test_acts(self):
        program = harness.build_extra("subverted") / "subverted"
        acts = subprocess.run([program, "egress"], capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual(sorted(acts), sorted(EGRESS_WANT))
        with tempfile.TemporaryDirectory(prefix="yett-subverted-") as tmp:
            tmp = pathlib.Path(tmp)
            lib = harness.build_tree(tmp, "egress")
            shutil.copy2(program, lib / "egress")
            (lib / "lives").mkdir()
            (lib / "lives").chmod(0o777)
            provider = Provider(tmp)
            config = {"model_list": deployments(provider.port, ["good"], KEYS), "general_settings": {"master_key": MASTER}}
            gate = Gate(tmp, config, workers=len(acts))
            gate.args[0] = str(tmp / "bin/yett")
            try:
                gate.start()
                self.ask_all(gate, len(acts))
                self.judge(gate, acts)
                wait_for("all workers", lambda: self.back(gate, len(acts)), 20)
                for _ in range(3 * len(acts)):
                    self.assertEqual(gate.chat("openai-good", timeout=20)[0], 200)
            finally:
                try:
                    gate.stop()
                finally:
                    provider.stop()

    @staticmethod
    def back(gate, workers):
        roles = list(gate.children().values())
        return roles.count("ingress") == workers and roles.count("egress.real") + roles.count("egress") == workers

    @staticmethod
    def ask_all(gate, n):
        """Streams that have to be translated, until each egress has had a call: connections go where they like."""
        body = json.dumps({"model": "openai-good", "stream": True, "max_tokens": 9,
                           "messages": [{"role": "user", "content": "hi"}]})

        def ask():
            try:
                gate.request("POST", "/v1/messages", body, {"authorization": "Bearer " + MASTER}, timeout=20)
            except (OSError, http.client.HTTPException):
                pass  # its ingress ended

        def ended():
            clients = [threading.Thread(target=ask) for _ in range(n)]
            for c in clients:
                c.start()
            for c in clients:
                c.join()
            log = gate.log_path.read_text(errors="replace")
            return all(re.search(r"egress %d ended" % i, log) for i in range(n))
        wait_for("all acts", ended, 60)

    def judge(self, gate, acts):
        log = gate.log_path.read_text(errors="replace")
        for i, act in enumerate(acts):
            with self.subTest(act):
                lines = [line for line in log.splitlines() if re.search(r"gress %d |act %s: " % (i, act), line)]
                about = "\n".join(lines)
                blamed = re.search(r"egress %d is killed: .*ingress" % i, about)
                if EGRESS_WANT[act] == BLAMED:
                    self.assertTrue(blamed, about)
                else:
                    self.assertFalse(blamed, about)
                    self.assertRegex(about, "act %s: %s\n" % (act, EGRESS_WANT[act]))
                self.assertNotRegex(about, r"ingress %d ended \(killed by" % i)


def add_round(offset):
    def test(self):
        self.run_round(offset)
    setattr(Subverted, "test_acts_from_%02d" % offset, test)


for first in range(0, len(WANT), ROUND):
    add_round(first)

if __name__ == "__main__":
    unittest.main()
