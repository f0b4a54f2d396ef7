"""What the Python clients of tests/sdk share: the table of cases, and how a case says what it saw.

A client is a class with one method per feature, `feature(self, up, stream, nonce)`. Nonce is put into the
prompt; what the method gives back is what the provider must have received with it, and run.py compares that
with the provider's own log. Each case becomes one line of JSON on stdout.
"""
import asyncio
import base64
import json
import os
import sys
import traceback

BASE = os.environ.get("YETT_SDK_BASE", "")
KEY = os.environ.get("YETT_SDK_KEY", "")
MASTER = os.environ.get("YETT_SDK_MASTER", "")
loop = None
ONLY = os.environ.get("YETT_SDK_ONLY", "")

TEXT = "Hello from the fake provider. \u00e9\U0001f600"
ARGS = {"city": "Paris", "note": 'a "quoted" \\ line\n'}
SYSTEM = "You answer in one word \u2014 always."
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
PNG_BYTES = base64.b64decode(PNG)
URL = "https://images.example.com/a%20cat.png?x=1&y=2"
PARAMS = {"type": "object", "properties": {"city": {"type": "string", "description": "a town"},
                                           "note": {"type": "string"}}, "required": ["city"]}
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"},
                                           "tags": {"type": "array", "items": {"type": "string"}}},
          "required": ["name", "age", "tags"], "additionalProperties": False}
RESULTS = ["18 degrees \u2600", "19 degrees"]

FAKE = ("openai-good", "anthropic-good", "gemini-good")
ECHO = ("echo-openai", "echo-anthropic", "echo-gemini")
BOTH = (False, True)
WHOLE = (False,)
STREAM = (True,)
CLAUDE = ("openai-good", "anthropic-claude-sonnet-4-5", "gemini-good")  # that Claude takes a schema


def scripted(what):
    """The deployments whose model at the provider has this name."""
    return tuple("%s-%s" % (d, what) for d in ("openai", "anthropic", "gemini"))


def same(got, want, what):
    if got != want:
        raise AssertionError("%s: got %r, want %r" % (what, got, want))


def holds(cond, what):
    if not cond:
        raise AssertionError(what)


def raises(cls, call, **attrs):
    """Calls, and gives the exception, which must be of this very class and carry these attributes."""
    try:
        got = call()
    except cls as e:
        for name, want in attrs.items():
            have = getattr(e, name, None)
            holds(have in want if isinstance(want, (tuple, range)) else have == want,
                  "%s of %s: got %r, want %r: %s" % (name, type(e).__name__, have, want, e))
        return e
    except Exception as e:
        raise AssertionError("raised %s, want %s: %s" % (type(e).__name__, cls.__name__, str(e)[:300])) from e
    raise AssertionError("%s was not raised: %r" % (cls.__name__, got))


def run(coroutine):
    """asyncio.run with one loop for all cases: SDKs keep clients, which belong to a loop."""
    global loop
    loop = loop or asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(asyncio.sleep(0.01))  # for the generators that were left half read


def main(name, client, table):
    """table: rows of (feature, upstreams, streams)."""
    n = 0
    for feature, ups, streams in table:
        for up in ups:
            for stream in streams:
                case = "%s %s %s %s" % (name, feature, up, "stream" if stream else "whole")
                if ONLY and ONLY not in case:
                    continue
                n += 1
                nonce = "nonce-%s-%d-" % (name.replace(" ", "-"), n)
                line = {"case": case, "ok": True, "up": up, "nonce": nonce}
                try:
                    line["sent"] = getattr(client, feature)(up, stream, nonce)
                except AssertionError as e:
                    line.update(ok=False, why=str(e))
                except Exception:
                    line.update(ok=False, why=traceback.format_exc(limit=-2)[-700:])
                print(json.dumps(line), flush=True)
    sys.stdout.flush()
