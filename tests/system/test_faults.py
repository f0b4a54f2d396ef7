"""kill -9 of each process under load, reload, drain, a full disk, descriptors used up."""
# Proves T-14, T-15, T-18, T-19, T-20.
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest

from harness import MASTER, Gate, GateTest, deployments, events, wait_for


class Faults(GateTest):
    NAMES = ("good", "trickle", "slow")
    ROUTER = {"num_retries": 2}
    WORKERS = 2

    def load(self, seconds):
        """Calls in a loop; gives how many were answered with 200 and what else came."""
        ok, other, end = [0], [], time.monotonic() + seconds
        def run():
            while time.monotonic() < end:
                try:
                    status, _, said = self.gate.chat("openai-good", timeout=10)
                except OSError as e:
                    status, said = type(e).__name__, b""
                if status == 200:
                    ok[0] += 1
                else:
                    other.append((status, said))
        threads = [threading.Thread(target=run) for _ in range(4)]
        for t in threads:
            t.start()
        return threads, ok, other

    def count_logged(self):
        return sum(int(r["calls"]) for r in json.loads(self.gate.cli("usage", "--by", "model", "--json").stdout)
                   if r["model"].endswith("good"))

    def kill_under_load(self, role):
        before = self.count_logged()
        threads, ok, other = self.load(2.0)
        time.sleep(0.5)
        pid = self.gate.pid_of(role)
        os.kill(pid, signal.SIGKILL)
        for t in threads:
            t.join()
        wait_for(role + " to be back", lambda: role in [r for p, r in self.gate.children().items() if p != pid], 5)
        self.assertEqual(self.gate.chat("openai-good")[0], 200)
        self.assertGreater(ok[0], 20)
        time.sleep(0.3)
        # What the client got an answer for is recorded; a call cut off by the kill may be, too.
        logged = self.count_logged() - before
        self.assertGreaterEqual(logged, ok[0] + 1)
        self.assertLessEqual(logged, ok[0] + 1 + len(other) + 4)
        return other

    def test_kill_ingress(self):
        self.assertLessEqual(len(self.kill_under_load("ingress")), 8)

    def test_kill_egress(self):
        self.assertEqual(self.kill_under_load("egress"), [])  # calls in flight are tried again

    def test_kill_admin(self):
        self.assertEqual(self.kill_under_load("admin"), [])
        wait_for("admin", lambda: self.gate.admin("GET", "/key/list")[0] == 200, 5)
        self.assertRegex(self.gate.cli("status").stdout, r"(?m)^  admin 0 .* 1 restart, killed by SIGKILL$")

    def test_a_reload_while_egress_is_away(self):
        """Calls that wait for its next start go by a table which that one never had: they are tried by the new one."""
        def egress():
            return [p for p, r in self.gate.children().items() if r == "egress"]

        def count(n):
            return lambda: len(egress()) == n

        for _ in range(5):  # the time before the next start doubles
            wait_for("egress", count(2), 20)
            for p in egress():
                os.kill(p, signal.SIGKILL)
            wait_for("its end", lambda: len(egress()) < 2)
        results = []
        calls = [threading.Thread(target=lambda: results.append(self.gate.chat("openai-good")[0])) for _ in range(8)]
        for t in calls:
            t.start()
        time.sleep(0.2)
        self.gate.cli("reload")
        for t in calls:
            t.join()
        self.assertEqual(results, [200] * 8)

    def test_the_last_of_many_signals_counts(self):
        """A file that is written while a reload reads the one before is in force when its own SIGHUP was served."""
        def back():
            self.gate.write(self.config())
            wait_for("no reload to be under way", lambda: self.gate.cli("reload", ok=False).returncode == 0)

        self.addCleanup(back)
        for i in range(40):
            config = self.config()
            config["model_list"][-1]["model_name"] = last = "echo-%d" % i
            new = self.gate.config.with_suffix(".new")
            new.write_text(json.dumps(config))
            new.rename(self.gate.config)
            self.gate.process.send_signal(signal.SIGHUP)
            time.sleep(0.003)
        wait_for("the last file", lambda: self.gate.chat(last)[0] == 200, 30)

    def test_reload_swaps_or_changes_nothing(self):
        config = self.config()
        config["model_list"] += deployments(self.provider.port, ["good"], self.KEYS, dialects=("openai",))
        config["model_list"][-1]["model_name"] = "added"
        self.assertEqual(self.gate.chat("added")[0], 404)
        results = []
        stream = threading.Thread(target=lambda: results.append(self.gate.chat("openai-trickle", stream=True)))
        stream.start()
        time.sleep(0.1)
        self.gate.write(config)
        self.gate.cli("reload")
        self.assertEqual(self.gate.chat("added")[0], 200)
        stream.join()
        self.assertEqual(events(results[0][2])[-1], "[DONE]")
        self.gate.config.write_text("model_list: [}")
        r = self.gate.cli("reload", ok=False)
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("config.yaml", r.stderr + r.stdout)
        self.assertEqual(self.gate.chat("added")[0], 200)
        self.gate.write(self.config())
        self.gate.process.send_signal(signal.SIGHUP)
        wait_for("the old configuration", lambda: self.gate.chat("added")[0] == 404, 5)


    def test_reload_ends_the_use_of_what_it_removes(self):
        """A request that is still being tried goes by the new file; what was removed is not asked again."""
        config = self.config()
        gone = deployments(self.provider.port, ["status-429"], self.KEYS, dialects=("openai",))[0]
        here = deployments(self.provider.port, ["good"], self.KEYS, dialects=("anthropic",))[0]
        gone["model_name"] = here["model_name"] = "moved"
        config["model_list"].append(gone)
        self.gate.write(config)
        self.gate.cli("reload")

        def asked():
            return [r for r in self.provider.requests() if r.get("body", {}).get("model") == "status-429"]

        def call(results, model):
            results.append(self.gate.chat(model, headers={"x-litellm-num-retries": "10"}, timeout=120))

        for left, want in ((True, 200), (False, 404)):
            results, before = [], len(asked())
            t = threading.Thread(target=call, args=(results, "moved"))
            t.start()
            wait_for("the first try", lambda: len(asked()) > before)
            config["model_list"][-1] = here
            self.gate.write(config if left else self.config())
            self.gate.cli("reload")
            seen = len(asked())
            t.join()
            self.assertEqual(results[0][0], want, results)
            self.assertLessEqual(len(asked()), seen + 1)  # one may have been on its way
            config["model_list"][-1] = gone
            self.gate.write(config)
            self.gate.cli("reload")


class Ends(GateTest):
    NAMES = ("good", "trickle")

    def test_drain_finishes_streams(self):
        results = []
        t = threading.Thread(target=lambda: results.append(self.gate.chat("openai-trickle", stream=True)))
        t.start()
        wait_for("the stream to begin", self.provider.requests)
        time.sleep(0.1)
        for pid in (self.gate.process.pid, *self.gate.children()):  # all of them, as systemd does
            os.kill(pid, signal.SIGTERM)
        t.join()
        self.assertEqual(events(results[0][2])[-1], "[DONE]")
        self.assertEqual(self.gate.process.wait(10), 0)
        self.assertIn("no new clients, 30 s for those", self.gate.said())

    def test_kill_keeper_loses_no_finished_call(self):
        home = os.path.join(self.tmp.name, "two")
        os.mkdir(home)
        gate = Gate(home, self.config()).start()
        try:
            done = 0
            for _ in range(50):
                done += gate.chat("echo")[0] == 200
            children = list(gate.children())
            os.kill(gate.process.pid, signal.SIGKILL)
            gate.process.wait()
            wait_for("the children to end", lambda: not [p for p in children if os.path.exists("/proc/%d" % p)], 5)
            gate.start()
            time.sleep(0.3)
            rows = json.loads(gate.cli("usage", "--by", "model", "--json").stdout)
            self.assertEqual(sum(int(r["calls"]) for r in rows), done)
            gate.cli("audit", "verify")
        finally:
            gate.stop()


class Descriptors(GateTest):
    LIMIT = 150

    @classmethod
    def setUpClass(cls):
        cls.before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (cls.LIMIT, cls.before[1]))
        try:
            super().setUpClass()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, cls.before)

    def test_descriptors_used_up(self):
        socks = [socket.create_connection(("127.0.0.1", self.gate.port)) for _ in range(self.LIMIT + 50)]
        time.sleep(0.5)
        for s in socks:
            s.close()
        wait_for("an answer", lambda: self.gate.chat("echo")[0] == 200, 5)


class Listeners(unittest.TestCase):
    def test_weak_master_key_is_for_loopback_only(self):
        import tempfile
        with tempfile.TemporaryDirectory() as d:
            gate = Gate(d, {"model_list": [{"model_name": "echo", "litellm_params": {"model": "echo/openai"}}],
                            "general_settings": {"master_key": "sk-1234"}})
            for option, port in (("--listen", gate.port), ("--admin", gate.admin_port)):
                args = list(gate.args)
                args[args.index(option) + 1] = "0.0.0.0:%d" % port
                r = subprocess.run(args, env=gate.env, capture_output=True, text=True, timeout=20)
                self.assertEqual(r.returncode, 78, option)
                self.assertIn("'0.0.0.0:%d' can be reached by others, and the master key is weak" % port, r.stderr)
                self.assertNotIn("sk-1234", r.stderr)
            gate.log.close()


if __name__ == "__main__":
    unittest.main()
