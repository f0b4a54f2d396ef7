"""A short run through everything a gate does, told to accept an honest error and nothing else."""
import http.client
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from harness import MASTER, deployments, events  # noqa: E402

KEYS = {"openai": "sk-openai-planted-111", "anthropic": "sk-ant-planted-222"}
TEXT = "Hello from the fake provider. \u00e9\U0001f600"
PATIENCE = 20  # seconds; who is never answered was forgotten


class Wrong(Exception):
    """Neither the right answer nor an honest error."""


def config(provider, added):
    models = deployments(provider.port, ["good"], KEYS, dialects=("openai", "anthropic"))
    if added:
        models += [{**models[0], "model_name": "added"}]
    return {"model_list": models, "router_settings": {"num_retries": 1, "disable_cooldowns": True},
            "general_settings": {"master_key": MASTER}}


class Scenario:
    """done: ids of calls whose whole answer came. secrets: what no log may hold."""

    def __init__(self, gate, provider):
        self.gate, self.provider, self.added = gate, provider, False
        self.done, self.secrets = [], [MASTER, *KEYS.values()]

    def ask(self, path, body, port=None, key=MASTER):
        """(status, headers, body), with no status when the connection broke."""
        try:
            return self.gate.request("POST" if body is not None else "GET", path, body, {"authorization": "Bearer " + key},
                                     port=port, timeout=PATIENCE)
        except TimeoutError:
            raise Wrong("%s was not answered in %d s" % (path, PATIENCE)) from None
        except (OSError, http.client.HTTPException):
            return None, {}, b""

    def call(self, model, stream=False, path="/v1/chat/completions", key=MASTER, text="hi"):
        """True when the right answer came."""
        body = {"model": model, "stream": stream, "max_tokens": 99, "messages": [{"role": "user", "content": text}]}
        status, headers, data = self.ask(path, body, key=key)
        if status is None:
            return False
        what = "%s %s%s: %s %r" % (path, model, " stream" if stream else "", status, data[-300:])
        if status != 200:
            self.honest(status, data, what)
            return False
        whole = self.streamed(path, data, what) if stream else self.unary(path, data, what)
        if whole and "x-litellm-call-id" in headers:
            self.done.append(headers["x-litellm-call-id"])
        return whole

    def honest(self, status, data, what):
        try:
            message = json.loads(data)["error"]["message"]
        except (ValueError, KeyError, TypeError):
            raise Wrong("an error of no dialect: " + what) from None
        if status < 400 or not message:
            raise Wrong("an error that says nothing: " + what)

    def unary(self, path, data, what):
        try:
            reply = json.loads(data)
            text = (reply["content"][0]["text"] if path.endswith("messages")
                    else reply["choices"][0]["message"]["content"])
        except (ValueError, KeyError, IndexError, TypeError):
            raise Wrong("no answer: " + what) from None
        if text != TEXT:
            raise Wrong("another answer: " + what)
        return True

    def streamed(self, path, data, what):
        """A stream may break off; what came of it is the beginning of the right one."""
        text, end, error = "", False, False
        for line in events(data if data.endswith(b"\n\n") else data[:data.rfind(b"\n\n") + 2]):
            if line == "[DONE]":
                end = True
                continue
            e = json.loads(line)
            if end:
                raise Wrong("events after the last: " + what)
            if "error" in e:
                error = True
            elif path.endswith("messages"):
                end = e["type"] == "message_stop"
                text += e.get("delta", {}).get("text", "")
            elif e["choices"]:
                text += e["choices"][0]["delta"].get("content") or ""
        if not TEXT.startswith(text) or (end and not error and text != TEXT):
            raise Wrong("another stream: " + what)
        return end and not error

    def new_key(self):
        status, _, data = self.ask("/key/generate", {"max_budget": 5}, port=self.gate.admin_port)
        if status is None:
            return None
        if status != 200:
            self.honest(status, data, "/key/generate: %s %r" % (status, data))
            return None
        key = json.loads(data)["key"]
        self.secrets.append(key)
        return key

    def reload(self):
        """Adds a model or takes it away; true when the gate says that it did."""
        self.gate.write(config(self.provider, not self.added))
        try:
            r = self.gate.cli("reload", ok=False)
        except subprocess.TimeoutExpired:
            raise Wrong("yett reload has no end") from None
        if r.returncode < 0 or (r.returncode != 0 and not r.stderr.strip()):
            raise Wrong("yett reload: %d %r" % (r.returncode, r.stderr))
        if r.returncode == 0:
            self.added = not self.added
        return r.returncode == 0

    def run(self):
        """All of it once. What was promised on the way holds at the end: a key that was given, a file that was taken."""
        self.call("openai-good")
        self.call("openai-good", text="long " * 60000)
        self.call("openai-good", stream=True)
        self.call("anthropic-good", stream=True)
        self.call("anthropic-good", path="/v1/messages")
        key = self.new_key()
        taken = self.reload()
        self.ask("/key/list", None, port=self.gate.admin_port)
        return key, taken

    def well(self, key, taken):
        """All that must be so again soon after; the reason why it is not yet, or None."""
        if not (self.call("openai-good") and self.call("anthropic-good", stream=True)):
            return "calls are refused"
        status, _, _ = self.ask("/key/list", None, port=self.gate.admin_port)
        if status != 200:
            return "admin does not answer (%s)" % status
        if key and not self.call("openai-good", key=key):
            return "a key that was given is not taken"
        if taken and self.call("added") != self.added:
            return "a reload that was done has no effect"
        return None
