"""A provider that repeats the gate's key in an error inside of a stream: no client sees it, in whatever form it comes."""
# Proves T-06.
import itertools
import json
import unittest

from harness import MASTER, GateTest, events

DIALECTS = ("openai", "anthropic", "gemini")
FORMS = ("own", "named", "typed", "words", "bare")


class EchoedKeys(GateTest):
    NAMES = tuple("%s-echo-%s" % (when, form) for when in ("early", "mid") for form in FORMS)
    ROUTER = {"num_retries": 0, "disable_cooldowns": True}

    def ask(self, client, model):
        said = [{"role": "user", "content": "hi"}]
        if client == "openai":
            return self.gate.chat(model, stream=True)
        if client == "anthropic":
            return self.gate.request("POST", "/v1/messages", {"model": model, "max_tokens": 9, "stream": True, "messages": said},
                                     {"x-api-key": MASTER})
        return self.gate.request("POST", "/v1beta/models/%s:streamGenerateContent?alt=sse" % model,
                                 {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}, {"x-goog-api-key": MASTER})

    def each(self, forms, look):
        for client, up in itertools.product(DIALECTS, DIALECTS):
            for when, form in itertools.product(("early", "mid"), forms):
                with self.subTest(client=client, up=up, when=when, form=form):
                    status, _, data = self.ask(client, "%s-%s-echo-%s" % (up, when, form))
                    if when == "mid":
                        self.assertEqual(status, 200)
                    self.assertNotIn(b"planted", data)
                    look(events(data) if status == 200 else [data])  # before the content it is no stream

    def test_an_error_in_its_own_form_is_told_without_the_key(self):
        def look(said):
            error = json.loads(said[-1])["error"]
            self.assertEqual(error["message"], "it broke for key [key removed] here")
        self.each(("own",), look)

    def test_no_other_form_lets_the_key_through(self):
        self.each(FORMS[1:], lambda said: self.assertNotEqual(said, []))


if __name__ == "__main__":
    unittest.main()
