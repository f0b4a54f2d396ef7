"""What LiteLLM's clients and configurations rely on: the same requests had the same effect in LiteLLM 1.99.4."""
# Proves T-04.
import json
import unittest

from harness import MASTER, GateTest, deployments, events, wait_for


class Requests(GateTest):
    NAMES = ("good", "status-500", "status-400", "never")
    ROUTER = {"num_retries": 0, "disable_cooldowns": True}

    def sent(self, count=1):
        return [r["body"] for r in self.provider.requests() if "method" in r][-count:]

    def test_what_is_for_the_gate_stays_here(self):
        ours = {"tags": ["a"], "litellm_metadata": {"k": "v"}, "metadata": {"generation": {"name": "x"}},
                "litellm_session_id": "s", "litellm_trace_id": "t", "guardrails": ["g"], "cache": {"no-cache": True},
                "no-log": True, "num_retries": 0, "max_retries": 0, "request_timeout": 20, "stream_timeout": 20,
                "allowed_openai_params": ["seed"], "drop_params": True, "langfuse_secret_key": "sk-lf-1"}
        for up in ("openai", "anthropic", "gemini"):
            for stream in (False, True):
                with self.subTest(up=up, stream=stream):
                    status, _, data = self.gate.chat(up + "-good", stream=stream, **ours)
                    self.assertEqual(status, 200, data)
                    self.assertEqual(set(self.sent()[0]) & set(ours), set())
        status, _, data = self.gate.request(
            "POST", "/v1/messages", {"model": "anthropic-good", "max_tokens": 5, "tags": ["a"],
                                     "metadata": {"user_id": "u"}, "messages": [{"role": "user", "content": "x"}]},
            {"x-api-key": MASTER})
        self.assertEqual(status, 200, data)
        self.assertEqual(self.sent()[0]["metadata"], {"user_id": "u"})
        self.assertNotIn("tags", self.sent()[0])

    def test_metadata_of_a_stored_call_is_the_providers(self):
        self.assertEqual(self.gate.chat("openai-good", store=True, metadata={"k": "v"})[0], 200)
        self.assertEqual(self.sent()[0]["metadata"], {"k": "v"})

    def test_drop_params(self):
        self.assertEqual(self.gate.chat("anthropic-good", seed=1)[0], 400)
        self.assertEqual(self.gate.chat("anthropic-good", seed=1, drop_params=True)[0], 200)

    def test_additional_drop_params(self):
        for up, has in (("openai", lambda r: "seed" in r or "user" in r), ("gemini", lambda r: "seed" in repr(r)),
                        ("anthropic", lambda r: "metadata" in r)):
            with self.subTest(up=up):
                status, _, data = self.gate.chat(up + "-good", seed=1, user="u", drop_params=True,
                                                 additional_drop_params=["se\u0065d", "user", "nope", "model", "stream"])
                self.assertEqual(status, 200, data)
                self.assertFalse(has(self.sent()[0]), self.sent()[0])
        self.assertIn("model", self.sent(3)[0])
        for bad in ("seed", [str(n) for n in range(17)]):
            self.assertEqual(self.gate.chat("openai-good", additional_drop_params=bad)[0], 400)

    def test_retries_and_timeout(self):
        before = len(self.provider.requests())
        self.assertEqual(self.gate.chat("openai-status-500", num_retries=2)[0], 500)
        self.assertEqual(len(self.provider.requests()) - before, 3)
        body = {"model": "openai-never", "messages": [{"role": "user", "content": "hi"}]}
        for more, headers in (({"timeout": 0.5}, {}), ({"stream": True, "stream_timeout": 0.5}, {}),
                              ({"stream": True}, {"x-litellm-stream-timeout": "0.5"})):
            status, _, data = self.gate.request("POST", "/v1/chat/completions", dict(body, **more),
                                                {"authorization": "Bearer " + MASTER, **headers})
            self.assertEqual(status, 504, data)

    def test_fallbacks_of_the_client(self):
        for name in ("status-500", "status-400"):
            status, headers, data = self.gate.chat("openai-" + name, fallbacks=["nope", {"model": "gemini-good"}])
            self.assertEqual((status, headers.get("x-litellm-attempted-fallbacks")), (200, "1"), data)
        key = self.gate.key(models=["openai-status-500", "anthropic-good"])
        self.assertEqual(self.gate.chat("openai-status-500", key, fallbacks=["gemini-good"])[0], 500)
        self.assertEqual(self.gate.chat("openai-status-500", key, fallbacks=["gemini-good", "anthropic-good"])[0], 200)


    def test_names_of_tools_that_a_provider_refuses(self):
        for name in ("a.b/c " + "x" * 60, "\u00fcber"):
            schema = {"type": "object", "properties": {}}
            forms = {"openai": ("/v1/chat/completions", {"tools": [{"type": "function", "function": {
                         "name": name, "parameters": schema}}], "messages": [{"role": "user", "content": "x"}]}),
                     "anthropic": ("/v1/messages", {"max_tokens": 9, "tools": [{"name": name, "input_schema": schema}],
                                                    "messages": [{"role": "user", "content": "x"}]}),
                     "gemini": (None, {"tools": [{"functionDeclarations": [{"name": name, "parametersJsonSchema": schema}]}],
                                       "contents": [{"role": "user", "parts": [{"text": "x"}]}]})}
            for client, (path, body) in forms.items():
                for up in forms:
                    for stream in (False, True):
                        if up == client:
                            continue
                        to = path or "/v1beta/models/%s-good:%s" % (up, "streamGenerateContent?alt=sse" if stream else "generateContent")
                        more = {"model": up + "-good", "stream": stream} if path else {}
                        status, _, data = self.gate.request("POST", to, {**body, **more}, {"authorization": "Bearer " + MASTER})
                        self.assertEqual(status, 200, data)
                        said = json.dumps(self.provider.requests()[-1]["body"], ensure_ascii=False)
                        self.assertNotIn(name, said)
                        self.assertRegex(said, r'"name": "[a-zA-Z0-9_.-]{0,55}_[0-9a-f]{8}"' if up != "anthropic" else
                                         r'"name": "[a-zA-Z0-9_-]{0,119}_[0-9a-f]{8}"')
                        self.assertIn('"name":"%s"' % name, data.decode().replace("\\u00fc", "\u00fc"), (client, up, stream))

    def test_headers(self):
        status, headers, _ = self.gate.chat("openai-good")
        self.assertEqual(status, 200)
        got = {k: v for k, v in headers.items() if k.startswith("x-litellm-")}
        self.assertEqual((got["x-litellm-model-group"], got["x-litellm-attempted-retries"],
                          got["x-litellm-attempted-fallbacks"]), ("openai-good", "0", "0"))
        self.assertIn("x-litellm-call-id", got)

    def test_places_of_a_key(self):
        key = self.gate.key()
        for headers in ({"x-litellm-api-key": key}, {"x-litellm-api-key": "Bearer " + key, "authorization": "Bearer x"},
                        {"Ocp-Apim-Subscription-Key": key}, {"api-key": key}):
            self.assertEqual(self.gate.request("GET", "/v1/models", headers=headers)[0], 200, headers)
            status = self.gate.request("GET", "/key/info", headers=headers, port=self.gate.admin_port)[0]
            self.assertEqual(status, 401 if "Ocp-Apim-Subscription-Key" in headers else 200)


    def test_a_whole_form_of_a_key(self):
        """Clients made from LiteLLM's schema send every member, most of them empty."""
        empty = {n: None for n in ("budget_limits", "budget_fallbacks", "mcp_rpm_limit", "tag_rpm_limit", "router_settings",
                                   "disable_global_guardrails", "max_budget", "team_id", "guardrails", "of_a_later_release")}
        form = dict(empty, models=["openai-good"], key_type="default", auto_rotate=False, allowed_routes=[], config={})
        status, reply = self.gate.admin("POST", "/key/generate", form)
        self.assertEqual(status, 200, reply)
        self.assertEqual(self.gate.admin("POST", "/key/update", dict(empty, key=reply["key"]))[0], 200)
        self.assertEqual(self.gate.admin("POST", "/key/generate", {"of_a_later_release": 1})[0], 400)


class Models(GateTest):
    @classmethod
    def config(cls):
        base = {"api_base": "http://127.0.0.1:%d/v1" % cls.provider.port, "api_key": "sk-x"}
        return {"model_list": [
                    {"model_name": "mini", "litellm_params": {"model": "openai/gpt-4o-mini", **base},
                     "model_info": {"id": "mini-1", "base_model": "gpt-4o-mini", "supports_vision": True, "owner": {"team": "a"}}},
                    {"model_name": "mine/*", "litellm_params": {"model": "openai/*", "api_key": "sk-x"}},
                    {"model_name": "mine/gpt-4o", "litellm_params": {"model": "openai/gpt-4o", "api_key": "sk-x"}},
                    {"model_name": "claude-*", "litellm_params": {"model": "anthropic/claude-*", "api_key": "sk-x"}},
                    {"model_name": "g/*", "litellm_params": {"model": "gemini/*", "api_key": "sk-x"}}],
                "router_settings": {"model_group_alias": {"small": "mini"}},
                "general_settings": {"master_key": MASTER}, "yett": {"admin_on_inference": False}}

    def get(self, path, key=MASTER):
        status, _, data = self.gate.request("GET", path, headers={"authorization": "Bearer " + key})
        self.assertEqual(status, 200, data)
        return json.loads(data)["data"]

    def test_a_wildcard_is_listed_with_the_models_it_leads_to(self):
        names = [m["id"] for m in self.get("/v1/models/")]
        self.assertEqual(len(names), len(set(names)))
        for name in ("mini", "small", "mine/*", "mine/gpt-4o", "mine/gpt-4o-mini", "claude-haiku-4-5", "g/gemini-2.5-pro"):
            self.assertIn(name, names)
        for name in ("mine/claude-haiku-4-5", "claude-claude-haiku-4-5", "g/gpt-4o", "mine/gemini/gemini-2.5-pro"):
            self.assertNotIn(name, names)
        key = self.gate.key(models=["mine/gpt-4o-mini", "claude-*"])
        names = [m["id"] for m in self.get("/v1/models", key)]
        self.assertIn("mine/gpt-4o-mini", names)
        self.assertEqual([n for n in names if not n.startswith(("claude-", "mine/gpt-4o-mini"))], [])

    def test_information_for_keys(self):
        rows = self.get("/v1/model/info", self.gate.key(models=["mini", "mine/gpt-4o-mini"]))
        self.assertEqual([r["model_name"] for r in rows], ["mini", "mine/gpt-4o-mini", "small"])
        for row in rows:
            self.assertEqual(row["litellm_params"]["model"], "openai/gpt-4o-mini")
            info = row["model_info"]
            self.assertEqual((info["max_tokens"], info["max_input_tokens"], info["mode"]), (16384, 128000, "chat"))
            self.assertEqual(info["input_cost_per_token"], 1.5e-07)
        self.assertEqual((rows[0]["model_info"]["supports_vision"], rows[0]["model_info"]["owner"]), (True, {"team": "a"}))
        self.assertEqual([r["model_name"] for r in self.get("/model/info?litellm_model_id=mini%2D1")], ["mini", "small"])
        self.assertEqual(self.gate.request("GET", "/model/info", headers={"authorization": "Bearer sk-no"})[0], 401)
        status, _, _ = self.gate.request("GET", "/model/info?litellm_model_id=x", headers={"authorization": "Bearer " + MASTER})
        self.assertEqual(status, 404)


class Configuration(GateTest):
    @classmethod
    def config(cls):
        port = cls.provider.port
        models = deployments(port, ("good", "status-500"), cls.KEYS)
        models.append({"model_name": "patient", "litellm_params": {
            "model": "openai/status-500", "api_base": "http://127.0.0.1:%d/v1" % port, "api_key": "sk-x",
            "num_retries": 2}})
        for up, more in (("gemini", {"reasoning_effort": "low", "safety_settings": [{"category": "A", "threshold": "B"}]}),
                         ("anthropic", {"stop": "X", "tool_choice": "auto", "additional_drop_params": ["seed", "n"]})):
            models.append(deployments(port, ("good",), cls.KEYS, (up,), **more)[0])
            models[-1]["model_name"] = "set-" + up
        return {"model_list": models, "router_settings": {"num_retries": 0, "disable_cooldowns": True},
                "general_settings": {"master_key": MASTER, "always_include_stream_usage": True, "user_header_mappings": [
                    {"header_name": "X-Staff", "litellm_user_role": "internal_user"},
                    {"header_name": "X-OpenWebUI-User-Email", "litellm_user_role": "customer"}], "user_header_name": "X-Old"},
                "litellm_settings": {"require_auth_for_metrics_endpoint": True}}

    def test_who_the_end_user_is(self):
        key = self.gate.key()
        said = {"x-staff": "s", "x-old": "o"}
        for headers in (said, {**said, "x-openwebui-user-email": "e"}, {"x-openwebui-user-email": "e", "x-litellm-customer-id": "c"}):
            self.assertEqual(self.gate.chat("openai-good", key, user="body", headers=headers)[0], 200)

        def users():
            status, rows = self.gate.admin("GET", "/spend/logs?api_key=" + key)
            return status == 200 and sorted(r["end_user"] for r in rows) == ["body", "c", "e"]
        wait_for("three end users", users, 30)

    def test_retries_of_a_deployment(self):
        for model, tries in (("patient", 3), ("openai-status-500", 1)):
            before = len(self.provider.requests())
            self.assertEqual(self.gate.chat(model)[0], 500)
            self.assertEqual(len(self.provider.requests()) - before, tries)

    def test_parameters_of_a_deployment(self):
        """They are OpenAI's, whatever the provider speaks: LiteLLM sets them before it translates."""
        self.assertEqual(self.gate.chat("set-gemini")[0], 200)
        body = self.provider.requests()[-1]["body"]
        self.assertEqual(body["generationConfig"]["thinkingConfig"]["thinkingBudget"], 1024)
        self.assertEqual(body["safetySettings"], [{"category": "A", "threshold": "B"}])
        self.assertEqual(self.gate.chat("set-anthropic", seed=1, n=3)[0], 200)
        self.assertEqual(self.provider.requests()[-1]["body"]["stop_sequences"], ["X"])
        body = {"model": "set-anthropic", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
        self.assertEqual(self.gate.request("POST", "/v1/messages", body, {"x-api-key": MASTER})[0], 200)
        self.assertEqual(self.provider.requests()[-1]["body"], {**body, "model": "good", "stop_sequences": ["X"]})

    def test_metrics_say_what_they_are(self):
        text = ""
        for port in (self.gate.port, self.gate.admin_port):
            text = self.gate.request("GET", "/metrics", headers={"authorization": "Bearer " + MASTER}, port=port)[2].decode() + text
        lines = text.splitlines()
        for n, line in enumerate(lines):
            if line.startswith("# TYPE "):
                name = line.split()[2]
                self.assertTrue(lines[n - 1].startswith("# HELP %s " % name), line)
                self.assertRegex(lines[n + 1], r'^%s(\{([a-z0-9_]+="[^"]*",?)+\})? \d+$' % name)
        self.assertRegex(text, r'yett_deployment_cooling\{deployment="[^"]+",model="good"\} 0')

    def test_metrics_ask_for_a_key(self):
        key = self.gate.key()
        for port, who in ((self.gate.port, {MASTER: 200, key: 200, "sk-no": 401}),
                          (self.gate.admin_port, {MASTER: 200, key: 401})):
            self.assertEqual(self.gate.request("GET", "/metrics", port=port)[0], 401)
            for sent, want in who.items():
                got = self.gate.request("GET", "/metrics", headers={"authorization": "Bearer " + sent}, port=port)[0]
                self.assertEqual(got, want)

    def test_streams_always_end_with_their_usage(self):
        for up in ("openai", "anthropic", "gemini"):
            status, _, data = self.gate.chat(up + "-good", stream=True)
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(events(data)[-2])["usage"]["total_tokens"], 18, up)


if __name__ == "__main__":
    unittest.main()
