"""A key of little worth, and what it gets for nothing."""
# Proves T-13, T-43.
import json
import socket
import unittest

from harness import GateTest, wait_for

LONG = "all work and no play makes jack a dull boy " * 40  # 430 tokens, as the gate guesses


class Greedy(GateTest):
    NAMES = ("slow", "trickle")
    PARAMS = {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-3}

    def call_of(self, key):
        return wait_for("the record", lambda: self.gate.admin("GET", "/spend/logs?api_key=" + key)[1])[0]

    def test_leaving_before_the_last_words_pays_for_the_words(self):
        """Anthropic's first event says one token of output, its last but one how many there were."""
        for path in ("/v1/messages", "/v1/chat/completions"):
            key = self.gate.key()
            body = json.dumps({"model": "anthropic-trickle", "max_tokens": 100, "stream": True,
                               "messages": [{"role": "user", "content": "hi"}]})
            with socket.create_connection(("127.0.0.1", self.gate.port), timeout=30) as s:
                s.sendall(("POST %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s" %
                           (path, key, len(body), body)).encode())
                got = b""
                while b"provider" not in got:
                    got += s.recv(65536)
            call = self.call_of(key)
            self.assertTrue(call["metadata"]["client_gone"], call)
            self.assertTrue(call["metadata"]["estimated"], call)
            self.assertGreater(call["completion_tokens"], 3)
            self.assertEqual(call["prompt_tokens"], 11)

    def test_impatience_is_paid_for(self):
        """The client's own timeout: each attempt has been read by a provider."""
        key = self.gate.key(max_budget=1.0)
        status, _, _ = self.gate.chat("openai-slow", key, headers={"x-litellm-timeout": "0.05"}, num_retries=1,
                                      messages=[{"role": "user", "content": LONG}])
        self.assertEqual(status, 504)
        call = self.call_of(key)
        self.assertEqual(call["metadata"]["attempts"], 2)
        self.assertGreater(call["prompt_tokens"], 2 * 430)
        self.assertAlmostEqual(call["spend"], call["prompt_tokens"] * 1e-6)
        self.assertGreater(self.gate.admin("GET", "/key/info?key=" + key)[1]["info"]["spend"], 0)

    def test_what_is_refused_counts_and_what_is_too_much_is_not_recorded(self):
        """Otherwise a key of one request a minute fills the records, and the disk, as fast as it can send."""
        key = self.gate.key(rpm_limit=2)
        bad = [self.gate.request("POST", "/v1/chat/completions", body, {"authorization": "Bearer " + key})[0]
               for body in ({"model": "no-such"}, "{", {"model": "no-such"}, "{")]
        self.assertEqual(bad, [404, 400, 429, 429])
        wait_for("both records", lambda: len(self.gate.admin("GET", "/spend/logs?api_key=" + key)[1]) == 2)
        self.assertEqual(self.gate.chat("openai-slow", key)[0], 429)
        self.gate.chat("openai-slow", other := self.gate.key())  # records are in order
        self.call_of(other)
        self.assertEqual(len(self.gate.admin("GET", "/spend/logs?api_key=" + key)[1]), 2)


if __name__ == "__main__":
    unittest.main()
