"""Calls of every dialect to every dialect, streamed and not."""
import gzip
import json
import time
import unittest
import zlib

from harness import MASTER, GateTest, events

TEXT = "Hello from the fake provider. \u00e9\U0001f600"


class Calls(GateTest):
    NAMES = ("good", "status-429")
    ROUTER = {"num_retries": 0}

    def openai(self, up, stream):
        status, headers, body = self.gate.chat(up + "-good", stream=stream)
        self.assertEqual(status, 200, body)
        self.assertIn("x-litellm-call-id", headers)
        if not stream:
            r = json.loads(body)
            self.assertEqual(r["usage"]["prompt_tokens"], 11)
            self.assertEqual(r["usage"]["completion_tokens"], 7)
            return r["choices"][0]["message"]["content"]
        data = events(body)
        self.assertEqual(data[-1], "[DONE]")
        chunks = [json.loads(d) for d in data[:-1]]
        self.assertTrue(all(c["choices"] for c in chunks), "a usage chunk that was not asked for")
        self.assertEqual(chunks[-1]["choices"][0]["finish_reason"], "stop")
        return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks)

    def anthropic(self, up, stream):
        body = {"model": up + "-good", "max_tokens": 64, "stream": stream,
                "messages": [{"role": "user", "content": "hi"}]}
        status, _, data = self.gate.request("POST", "/v1/messages", body,
                                            {"x-api-key": MASTER, "anthropic-version": "2023-06-01"})
        self.assertEqual(status, 200, data)
        if not stream:
            r = json.loads(data)
            self.assertEqual(r["stop_reason"], "end_turn")
            self.assertEqual(r["usage"]["output_tokens"], 7)
            return "".join(b.get("text", "") for b in r["content"])
        got = [json.loads(d) for d in events(data)]
        self.assertEqual([got[0]["type"], got[-1]["type"]], ["message_start", "message_stop"])
        return "".join(e["delta"].get("text", "") for e in got if e["type"] == "content_block_delta")

    def gemini(self, up, stream):
        path = "/v1beta/models/%s-good:%s" % (up, "streamGenerateContent?alt=sse" if stream else "generateContent")
        status, _, data = self.gate.request("POST", path, {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
                                            {"x-goog-api-key": MASTER})
        self.assertEqual(status, 200, data)
        got = [json.loads(d) for d in events(data)] if stream else [json.loads(data)]
        self.assertEqual(got[-1]["candidates"][0]["finishReason"], "STOP")
        self.assertEqual(got[-1]["usageMetadata"]["promptTokenCount"], 11)
        return "".join(p.get("text", "") for g in got for c in g["candidates"]
                       for p in c.get("content", {}).get("parts", []))

    def test_all_pairs(self):
        for client in ("openai", "anthropic", "gemini"):
            for up in ("openai", "anthropic", "gemini"):
                for stream in (False, True):
                    with self.subTest(client=client, up=up, stream=stream):
                        self.assertEqual(getattr(self, client)(up, stream), TEXT)

    def test_provider_sees_its_own_key_only(self):
        for d in ("openai", "anthropic", "gemini"):
            self.openai(d, False)
        for r in self.provider.requests():
            if "headers" not in r:
                continue
            text = json.dumps(r)
            self.assertNotIn(MASTER, text)
            want = ("anthropic" if r["target"].startswith("/v1/messages") else
                    "gemini" if "/models/" in r["target"] else "openai")
            self.assertIn(self.KEYS[want], text)
            for other in set(self.KEYS) - {want}:
                self.assertNotIn(self.KEYS[other], text)

    def test_splice_keeps_what_it_does_not_know(self):
        body = ('{"model":"openai-good", "future_field": {"b":1.50,"a":[1e3]},'
                '"messages":[{"role":"user","content":"caf\\u00e9","x":null}]}')
        status, _, data = self.gate.request("POST", "/v1/chat/completions", body,
                                            {"authorization": "Bearer " + MASTER})
        self.assertEqual(status, 200, data)
        sent = self.provider.requests()[-1]["body"]
        self.assertEqual(sent["future_field"], {"b": 1.5, "a": [1000.0]})
        self.assertEqual(sent["model"], "good")

    def test_echo_needs_no_key(self):
        status, _, data = self.gate.chat("echo")
        self.assertEqual(status, 200, data)
        self.assertIn("hi", json.loads(data)["choices"][0]["message"]["content"])
        times = [json.loads(data)["created"]]
        times += [json.loads(d)["created"] for d in events(self.gate.chat("echo", stream=True)[2])[:-1]]
        self.assertTrue(all(abs(t - time.time()) < 60 for t in times), times)

    def test_large_bodies(self):
        for size in (20_000, 70_000, 1_500_000, 9_000_000):
            for up in ("openai", "anthropic"):
                with self.subTest(size=size, up=up):
                    body = {"model": up + "-good", "messages": [{"role": "user", "content": "x" * size}]}
                    status, _, data = self.gate.request("POST", "/v1/chat/completions", body,
                                                        {"authorization": "Bearer " + MASTER})
                    self.assertEqual(status, 200, data[:300])
                    self.assertIn("x" * size, json.dumps(self.provider.requests()[-1]["body"]))

    def packed(self, coding, data, chunked=False, path="/v1/chat/completions", **headers):
        body = (data[i:i + 1000] for i in range(0, len(data), 1000)) if chunked else data
        return self.gate.request("POST", path, body,
                                 {"authorization": "Bearer " + MASTER, "content-encoding": coding, **headers})

    def test_compressed_bodies(self):
        """A body that the client compressed is inflated, and what goes on is plain."""
        for size in (10, 100_000, 3_000_000):
            text = "".join("%07d %s " % (i * i * 7919 % 9999991, "words" * 4) for i in range(size // 29 + 1))
            body = json.dumps({"model": "openai-good", "messages": [{"role": "user", "content": text}]}).encode()
            for coding, pack in (("gzip", gzip.compress), ("X-Gzip", gzip.compress), ("deflate", zlib.compress)):
                for chunked in (False, True):
                    with self.subTest(size=size, coding=coding, chunked=chunked):
                        status, _, data = self.packed(coding, pack(body), chunked)
                        self.assertEqual(status, 200, data[:300])
                        sent = self.provider.requests()[-1]
                        self.assertEqual(sent["body"]["messages"][0]["content"], text)
                        self.assertNotIn("content-encoding", {k.lower() for k in sent["headers"]})
        body = json.dumps({"model": "gemini-good", "max_tokens": 9, "stream": True,
                           "messages": [{"role": "user", "content": "hi"}]}).encode()
        status, _, data = self.packed("gzip", gzip.compress(body), path="/v1/messages")
        self.assertEqual((status, json.loads(events(data)[-1])["type"]), (200, "message_stop"))

    def test_compressed_bodies_refused(self):
        """In the error shape of the client's dialect, saying what to do."""
        whole = gzip.compress(b'{"model":"echo","messages":[]}')
        bomb = gzip.compress(gzip.compress(b"\0" * (64 << 20)))
        bad = [("br", b"x", 415, "'gzip' or 'deflate'"), ("zstd", b"x", 415, "'gzip' or 'deflate'"),
               ("gzip, gzip", whole, 415, "'gzip' or 'deflate'"), ("gzip", whole[:-1], 400, "whole gzip stream"),
               ("gzip", whole + b"x", 400, "whole gzip stream"), ("deflate", whole, 400, "zlib"),
               ("gzip", gzip.compress(b"\0" * (20 << 20)), 413, "send it uncompressed"),
               ("gzip", bomb, 400, "not valid JSON")]
        for coding, data, want, says in bad:
            with self.subTest(coding=coding, want=want):
                status, _, got = self.packed(coding, data)
                self.assertEqual((status, json.loads(got)["error"]["type"]),
                                 (want, "request_too_large" if want == 413 else "invalid_request_error"), got)
                self.assertIn(says, json.loads(got)["error"]["message"])
                status, _, got = self.packed(coding, data, path="/v1/messages")
                self.assertEqual((status, json.loads(got)["type"]), (want, "error"))
                status, _, got = self.packed(coding, data, path="/v1beta/models/echo:generateContent")
                self.assertEqual((status, json.loads(got)["error"]["code"]), (want, want))
        self.assertEqual(self.gate.chat("echo")[0], 200)

    def test_errors_keep_their_words(self):
        """What a refusal says outlives the call that it is about."""
        for up in ("openai", "anthropic", "gemini"):
            with self.subTest(up=up):
                body = {"model": up + "-status-429", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
                status, headers, data = self.gate.request("POST", "/v1/messages", body, {"x-api-key": MASTER})
                self.assertEqual((status, headers["retry-after"]), (429, "1"))
                said = json.loads(data)
                self.assertEqual(said["error"]["message"], "scripted failure 429")
                self.assertTrue(headers["x-litellm-call-id"])
                if up != "anthropic":  # whose own words go through as they are
                    self.assertEqual(said["request_id"], headers["x-litellm-call-id"])

    def test_models(self):
        status, _, data = self.gate.request("GET", "/v1/models", headers={"authorization": "Bearer " + MASTER})
        self.assertEqual(status, 200)
        self.assertIn("anthropic-good", [m["id"] for m in json.loads(data)["data"]])
        status, _, data = self.gate.request("GET", "/v1beta/models?key=" + MASTER)
        self.assertIn("models/gemini-good", [m["name"] for m in json.loads(data)["models"]])
        status, _, data = self.gate.request("GET", "/v1/models", headers={"x-goog-api-key": MASTER})
        self.assertIn("models/gemini-good", [m["name"] for m in json.loads(data)["models"]])
        status, _, data = self.gate.request("GET", "/v1/models", headers={"x-api-key": MASTER,
                                                                        "anthropic-version": "2023-06-01"})
        self.assertIn("gemini-good", [m["id"] for m in json.loads(data)["data"] if m["type"] == "model"])

    def test_count_tokens(self):
        body = {"model": "anthropic-good", "messages": [{"role": "user", "content": "hi"}]}
        for up, want in (("anthropic", 42), ("openai", None), ("gemini", None)):
            body["model"] = up + "-good"
            status, _, data = self.gate.request("POST", "/v1/messages/count_tokens", body, {"x-api-key": MASTER})
            self.assertEqual(status, 200, data)
            n = json.loads(data)["input_tokens"]
            self.assertTrue(n == want if want else n > 0)


if __name__ == "__main__":
    unittest.main()
