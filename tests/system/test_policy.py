"""Keys, limits, budgets, retries, cooldowns and fallbacks."""
# Proves T-13, T-16.
import concurrent.futures
import json
import socket
import time
import unittest

from harness import MASTER, GateTest, deployments, events, wait_for


class Keys(GateTest):
    NAMES = ("good", "slow")
    PARAMS = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.002}

    def test_models_of_a_key(self):
        key = self.gate.key(models=["openai-good"])
        self.assertEqual(self.gate.chat("openai-good", key)[0], 200)
        status, _, data = self.gate.chat("gemini-good", key)
        self.assertEqual(status, 403)
        self.assertEqual(json.loads(data)["error"]["param"], "model")
        status, _, data = self.gate.request("GET", "/v1/models", headers={"authorization": "Bearer " + key})
        self.assertEqual([m["id"] for m in json.loads(data)["data"]], ["openai-good"])

    def test_names_of_its_own_for_models(self):
        key = self.gate.key(models=["openai-good"], aliases={"gpt-4": "openai-good", "cheap": "gemini-good", "openai-good": "x"})
        self.assertEqual(self.gate.chat("gpt-4", key)[0], 200)
        self.assertEqual(self.provider.requests()[-1]["body"]["model"], "good")
        status, headers, _ = self.gate.chat("gpt-4", key, stream=True)
        self.assertEqual((status, headers["x-litellm-model-group"]), (200, "openai-good"))
        self.assertEqual(self.gate.chat("cheap", key)[0], 403)
        self.assertEqual(self.gate.chat("openai-good", key)[0], 404)  # that is its name for another
        body = {"contents": [{"parts": [{"text": "x"}]}]}
        status, _, data = self.gate.request("POST", "/v1beta/models/gpt-4:generateContent", body, {"x-goog-api-key": key})
        self.assertEqual(status, 200, data)
        self.assertEqual(self.gate.chat("gpt-4", MASTER)[0], 404)
        self.assertEqual(self.gate.admin("POST", "/key/update", {"key": key, "aliases": {}})[0], 200)
        wait_for("the change", lambda: self.gate.chat("gpt-4", key)[0] == 404, 30)

    def test_expiry_block_delete(self):
        key = self.gate.key(duration="1s")
        self.assertEqual(self.gate.chat("echo", key)[0], 200)
        wait_for("expiry", lambda: self.gate.chat("echo", key)[0] == 401, 4)
        key = self.gate.key()
        self.assertEqual(self.gate.admin("POST", "/key/block", {"key": key})[0], 200)
        wait_for("the block", lambda: self.gate.chat("echo", key)[0] == 401, 1)
        self.assertEqual(self.gate.admin("POST", "/key/unblock", {"key": key})[0], 200)
        wait_for("the unblock", lambda: self.gate.chat("echo", key)[0] == 200, 1)
        self.assertEqual(self.gate.admin("POST", "/key/delete", {"keys": [key]})[0], 200)
        wait_for("the deletion", lambda: self.gate.chat("echo", key)[0] == 401, 1)

    def test_requests_per_minute(self):
        key = self.gate.key(rpm_limit=3)
        if time.time() % 60 > 55:
            time.sleep(6)  # the window is a fixed minute
        got = [self.gate.chat("echo", key) for _ in range(4)]
        self.assertEqual([g[0] for g in got], [200, 200, 200, 429])
        self.assertEqual(got[0][1]["x-ratelimit-limit-requests"], "3")
        self.assertEqual(got[0][1]["x-ratelimit-remaining-requests"], "2")
        self.assertTrue(1 <= int(got[3][1]["retry-after"]) <= 60)
        body = {"model": "echo", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
        status, _, data = self.gate.request("POST", "/v1/messages", body, {"x-api-key": key})
        self.assertEqual((status, json.loads(data)["error"]["type"]), (429, "rate_limit_error"))
        status, _, data = self.gate.request("POST", "/v1beta/models/echo:generateContent",
                                            {"contents": [{"parts": [{"text": "x"}]}]}, {"x-goog-api-key": key})
        self.assertEqual((status, json.loads(data)["error"]["status"]), (429, "RESOURCE_EXHAUSTED"))

    def test_tokens_per_minute(self):
        key = self.gate.key(tpm_limit=10)
        if time.time() % 60 > 55:
            time.sleep(6)
        self.assertEqual(self.gate.chat("openai-good", key)[0], 200)  # uses 18
        self.assertEqual(self.gate.chat("openai-good", key)[0], 429)

    def test_budget_and_spend(self):
        key = self.gate.key(max_budget=0.04)
        for want in (200, 200, 429):  # 11 * 0.001 + 7 * 0.002 = 0.025 each
            status, headers, data = self.gate.chat("openai-good", key)
            self.assertEqual(status, want, data)
        self.assertIn("budget", json.loads(data)["error"]["message"])
        def spent():
            status, info = self.gate.admin("GET", "/key/info?key=" + key)
            return status == 200 and abs(info["info"]["spend"] - 0.05) < 1e-9
        wait_for("the spend to be recorded", spent, 2)
        def logged():
            status, rows = self.gate.admin("GET", "/spend/logs?api_key=" + key)
            return status == 200 and [r for r in rows if r["spend"] > 0]
        rows = wait_for("the spend logs", logged, 2)
        self.assertEqual(len(rows), 2)
        self.assertEqual((rows[0]["prompt_tokens"], rows[0]["completion_tokens"]), (11, 7))

    def test_spend_of_a_user(self):
        mine, other = self.gate.key(user_id="ann", team_id="red"), self.gate.key(user_id="bob")
        for key in (mine, other, mine):
            self.assertEqual(self.gate.chat("echo", key)[0], 200)
        rows = wait_for("two rows", lambda: len(r := self.gate.admin("GET", "/spend/logs?user_id=ann")[1]) == 2 and r, 30)
        self.assertEqual([(r["user"], r["team_id"]) for r in rows], [("ann", "red")] * 2)
        self.assertEqual(self.gate.admin("GET", "/spend/logs?user_id=nobody")[1], [])

    def test_spend_logs_say_where_they_go_on(self):
        key = self.gate.key()
        for _ in range(3):
            self.assertEqual(self.gate.chat("echo", key)[0], 200)
        ask = lambda more: self.gate.request("GET", "/spend/logs?" + more, headers={"authorization": "Bearer " + MASTER},
                                             port=self.gate.admin_port)
        rows = wait_for("three rows", lambda: len(r := json.loads(ask("api_key=" + key)[2])) == 3 and r, 30)
        numbers = [r["metadata"]["log_entry"] for r in rows]
        self.assertNotIn("x-yett-next", ask("api_key=" + key)[1])
        status, headers, data = ask("api_key=%s&limit=2" % key)
        self.assertEqual((status, headers["x-yett-next"]), (200, str(numbers[1])))
        self.assertEqual([r["metadata"]["log_entry"] for r in json.loads(data)], numbers[:2])
        left = json.loads(ask("api_key=%s&before=%s" % (key, headers["x-yett-next"]))[2])
        self.assertEqual([r["metadata"]["log_entry"] for r in left], numbers[2:])
        for wrong in ("before=x", "limit=0", "limit=9999999"):
            self.assertEqual(ask(wrong)[0], 400)

    def test_parallel_requests(self):
        import threading
        key = self.gate.key(max_parallel_requests=1)
        got = []
        threads = [threading.Thread(target=lambda: got.append(self.gate.chat("openai-slow", key)[0]))
                   for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(sorted(got), [200, 429, 429])
        self.assertEqual(self.gate.chat("openai-good", key)[0], 200)

    def test_parallel_calls_do_not_outrun_a_budget(self):
        import threading
        key = self.gate.key(max_budget=0.1)
        got = []
        threads = [threading.Thread(target=lambda: got.append(self.gate.chat("openai-slow", key, max_tokens=20)))
                   for _ in range(6)]  # each may cost some 25 * 0.001 + 20 * 0.002
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(sorted(status for status, _, _ in got), [200, 200, 429, 429, 429, 429])
        _, headers, data = next(r for r in got if r[0] == 429)
        self.assertEqual(headers["retry-after"], "1")
        self.assertIn("under way", json.loads(data)["error"]["message"])
        self.assertEqual(self.gate.chat("openai-good", key)[0], 200)  # they cost 0.025 each

    def test_parallel_calls_do_not_outrun_the_tokens_of_a_minute(self):
        key = self.gate.key(tpm_limit=100)
        if time.time() % 60 > 50:
            time.sleep(11)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:  # each asks for some 25, and may have 20 more
            got = list(pool.map(lambda _: self.gate.chat("openai-slow", key, max_tokens=20), range(8)))
        self.assertIn(sum(status == 200 for status, _, _ in got), (3, 4, 5))  # more as early ones end, which used 18 each
        _, headers, data = next(r for r in got if r[0] == 429)
        self.assertEqual(headers["retry-after"], "1")
        self.assertIn("under way", json.loads(data)["error"]["message"])

    def test_who_leaves_before_the_answer_pays_for_the_question(self):
        key = self.gate.key()
        body = json.dumps({"model": "openai-slow", "messages": [{"role": "user", "content": "x" * 4000}]})
        before = len(self.provider.requests())
        with socket.create_connection(("127.0.0.1", self.gate.port), timeout=5) as s:
            s.sendall(("POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer %s\r\n"
                       "Content-Length: %d\r\n\r\n%s" % (key, len(body), body)).encode())
            wait_for("the provider to have it", lambda: len(self.provider.requests()) > before, 5)
        def spent():
            return 1 <= self.gate.admin("GET", "/key/info?key=" + key)[1]["info"]["spend"] < 1.1
        wait_for("its price", spent, 5)

    def test_key_info_is_for_its_owner(self):
        mine, other = self.gate.key(), self.gate.key()
        self.assertEqual(self.gate.admin("GET", "/key/info", key=mine)[0], 200)
        self.assertEqual(self.gate.admin("GET", "/key/info?key=" + other, key=mine)[0], 403)
        self.assertIn(self.gate.admin("POST", "/key/generate", {}, key=mine)[0], (401, 403))

    def test_cost_header(self):
        _, headers, _ = self.gate.chat("openai-good")
        self.assertAlmostEqual(float(headers["x-litellm-response-cost"]), 0.025)

    def test_usage_command_and_audit(self):
        self.gate.chat("openai-good")
        time.sleep(0.3)
        self.assertIn("good", self.gate.cli("usage", "--by", "model").stdout)
        self.gate.cli("audit", "verify")


class Fallbacks(GateTest):
    NAMES = ("good", "status-500", "status-429", "early-stop", "early-error", "never", "status-400")
    ROUTER = {"num_retries": 0, "timeout": 1, "stream_timeout": 1, "cooldown_time": 2,
              "fallbacks": [{"%s-%s" % (d, n): ["anthropic-good"]}
                            for d in ("openai", "anthropic", "gemini")
                            for n in ("status-500", "status-429", "early-stop", "early-error", "never", "status-400")]}

    def test_another_model_takes_over(self):
        for name in ("status-500", "status-429", "early-stop", "early-error", "never", "status-400"):
            for up in ("openai", "gemini", "anthropic"):
                for stream in (False, True):
                    if "early" in name and not stream:
                        continue
                    with self.subTest(name=name, up=up, stream=stream):
                        status, headers, data = self.gate.chat("%s-%s" % (up, name), stream=stream)
                        self.assertEqual(status, 200, data)
                        self.assertEqual(headers["x-litellm-attempted-fallbacks"], "1")
                        self.assertIn(b"Hello", data)


class Routing(GateTest):
    @classmethod
    def config(cls):
        port = cls.provider.port
        models = []
        for name, weight in (("status-500", 1), ("good", 1)):
            m = deployments(port, [name], cls.KEYS, dialects=("openai",), weight=weight)[0]
            m["model_name"] = "mixed"
            models.append(m)
        return {"model_list": models + [{"model_name": "wild/*", "litellm_params": {
                    "model": "openai/*", "api_base": "http://127.0.0.1:%d/v1" % port, "api_key": "sk-x"}}],
                "router_settings": {"num_retries": 2, "cooldown_time": 30, "allowed_fails": 1,
                                    "model_group_alias": {"alias": "mixed"}},
                "general_settings": {"master_key": MASTER}}

    def test_retry_on_the_other_deployment_and_cooldown(self):
        for _ in range(20):
            self.assertEqual(self.gate.chat("mixed")[0], 200)
        failed = [r for r in self.provider.requests() if r.get("body", {}).get("model") == "status-500"]
        self.assertLess(len(failed), 8)  # after two failures it cools down
        self.assertEqual(self.gate.chat("alias")[0], 200)

    def test_wildcard(self):
        self.assertEqual(self.gate.chat("wild/good")[0], 200)
        self.assertEqual(self.provider.requests()[-1]["body"]["model"], "good")
        self.assertEqual(self.gate.chat("tame/good")[0], 404)


if __name__ == "__main__":
    unittest.main()
