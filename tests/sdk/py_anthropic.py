"""The official `anthropic` package, with its own helpers (stream, parse), its async client and both ways of auth."""
import asyncio
import json

import anthropic
from pydantic import BaseModel

from kit import (ARGS, BASE, BOTH, CLAUDE, ECHO, FAKE, KEY, PARAMS, PNG, RESULTS, SCHEMA, STREAM, SYSTEM,
                 TEXT, URL, WHOLE, holds, main, raises, run, same, scripted)

TOOLS = [{"name": "weather", "description": "the weather", "input_schema": PARAMS}]
ERRORS = {400: anthropic.BadRequestError, 429: anthropic.RateLimitError, 500: anthropic.InternalServerError}


class Person(BaseModel):
    name: str
    age: int
    tags: list[str]


def user(content):
    return {"role": "user", "content": content}


class Client:
    def __init__(self):
        self.c = anthropic.Anthropic(base_url=BASE, api_key=KEY, max_retries=0, timeout=20)

    def ask(self, up, stream, messages, **more):
        """One turn, as the SDK's Message, which its stream helper builds from the events."""
        args = dict(model=up, max_tokens=99, messages=messages, **more)
        if not stream:
            return self.c.messages.create(**args)
        with self.c.messages.stream(**args) as s:
            for _ in s:
                pass
            return s.get_final_message()

    def text(self, up, stream, nonce):
        r = self.ask(up, stream, [user(nonce)], system=SYSTEM, stop_sequences=["END", "###"],
                     extra_body={"temperature": 0.25})
        same((r.type, r.role, r.stop_reason), ("message", "assistant", "end_turn"), "type, role, stop_reason")
        same([b.type for b in r.content], ["text"], "blocks")
        if up in ECHO:
            holds(nonce in r.content[0].text and r.usage.input_tokens > 0 and r.usage.output_tokens > 0, r)
            return None
        same(r.content[0].text, TEXT, "text")
        same((r.usage.input_tokens, r.usage.cache_read_input_tokens, r.usage.output_tokens), (8, 3, 7), "usage")
        return {"system": SYSTEM, "temperature": 0.25, "max_tokens": 99, "stop": ["END", "###"]}

    def events(self, up, stream, nonce):
        """The raw events, in the order the API promises."""
        kinds = [e.type for e in self.c.messages.create(model=up, max_tokens=99, messages=[user(nonce)], stream=True)
                 if e.type != "ping"]
        same(kinds[:2], ["message_start", "content_block_start"], "first events")
        same(kinds[-3:], ["content_block_stop", "message_delta", "message_stop"], "last events")
        same(set(kinds[2:-3]), {"content_block_delta"}, "between them")

    def tools(self, up, stream, nonce):
        ask = "call weather %s" % json.dumps(ARGS) if up in ECHO else "Two towns, please"
        messages = [user(nonce + " " + ask)]
        r = self.ask(up, stream, messages, tools=TOOLS)
        same(r.stop_reason, "tool_use", "stop_reason")
        calls = [b for b in r.content if b.type == "tool_use"]
        same([(c.name, c.input) for c in calls], [("weather", ARGS)] * (1 if up in ECHO else 2), "calls")
        same(len({c.id for c in calls}), len(calls), "different ids")
        messages += [{"role": "assistant", "content": r.content},
                     user([{"type": "tool_result", "tool_use_id": c.id, "content": t}
                           for c, t in zip(calls, RESULTS)])]
        r = self.ask(up, stream, messages, tools=TOOLS)
        same(r.stop_reason, "end_turn", "second stop_reason")
        if up in ECHO:
            holds(RESULTS[0] in r.content[0].text, r.content)
            return None
        same(r.content[0].text, TEXT, "answer")
        messages += [{"role": "assistant", "content": r.content}, user("and now?")]
        same(self.ask(up, stream, messages, tools=TOOLS).content[0].text, TEXT, "third turn")
        return {"calls": [ARGS, ARGS], "results": RESULTS, "tools": {"weather": PARAMS}, "last": "and now?"}

    def tool_choice(self, up, stream, nonce):
        self.ask(up, stream, [user(nonce)], tools=TOOLS, tool_choice={"type": "tool", "name": "weather"})
        return {"choice": "weather"}

    def schema(self, up, stream, nonce):
        if up in ECHO:
            args = dict(model=up, max_tokens=99, messages=[user(nonce)], output_format=Person)
            if stream:
                with self.c.messages.stream(**args) as s:
                    r = s.get_final_message()
            else:
                r = self.c.messages.parse(**args)
            holds(isinstance(r.parsed_output, Person), r)
            return None
        form = {"format": {"type": "json_schema", "schema": SCHEMA}}
        same(self.ask(up, stream, [user(nonce)], output_config=form).content[0].text, TEXT, "text")
        return {"schema": SCHEMA}

    def images(self, up, stream, nonce):
        parts = [{"type": "text", "text": nonce},
                 {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
                 {"type": "image", "source": {"type": "url", "url": URL}}]
        same(self.ask(up, stream, [user(parts)]).content[0].text, TEXT, "text")
        return {"images": [["image/png", PNG], ["url", URL]]}

    def failure(self, up, stream, nonce):
        status = int(up.rsplit("-", 1)[1])
        e = raises(ERRORS[status], lambda: self.c.messages.create(model=up, max_tokens=9, messages=[user(nonce)],
                                                                   stream=stream),
                   status_code=range(500, 600) if status == 500 else status)
        holds("scripted failure" in str(e) and e.body["error"]["type"], e)

    def refusals(self, up, stream, nonce):
        def call(c, model=up, **more):
            return lambda: c.messages.create(model=model, max_tokens=9, messages=[user(nonce)], stream=stream, **more)
        e = raises(anthropic.AuthenticationError, call(self.c.with_options(api_key="sk-of-nobody")), status_code=401)
        same(e.body["error"]["type"], "authentication_error", "type")
        e = raises(anthropic.NotFoundError, call(self.c, "no-such-model"), status_code=404)
        same((e.body["type"], e.body["error"]["type"]), ("error", "not_found_error"), "types")
        if not up.startswith("anthropic"):
            e = raises(anthropic.BadRequestError, call(self.c, extra_body={"messages": 7}), status_code=400)
            same(e.body["error"]["type"], "invalid_request_error", "type")

    def mid_error(self, up, stream, nonce):
        text = ""

        def call():
            nonlocal text
            with self.c.messages.stream(model=up, max_tokens=9, messages=[user(nonce)]) as s:
                for t in s.text_stream:
                    text += t
        raises(anthropic.APIStatusError, call)
        holds(text and TEXT.startswith(text), "what came before the error: %r" % text)

    def timeout(self, up, stream, nonce):
        raises(anthropic.APITimeoutError, lambda: self.c.with_options(timeout=0.4).messages.create(
            model=up, max_tokens=9, messages=[user(nonce)], stream=stream))
        return {"gone": True}

    def leave(self, up, stream, nonce):
        with self.c.messages.stream(model=up, max_tokens=9, messages=[user(nonce)]) as s:
            next(iter(s.text_stream))
        return {"gone": True}

    def models(self, up, stream, nonce):
        page = self.c.models.list(limit=1000)
        found = [m for m in page if m.id == up]
        same(len(found), 1, "found in %r" % page)
        holds(found[0].type == "model" and found[0].display_name and found[0].created_at, found[0])
        got = self.c.models.retrieve(up)
        same((got.id, got.type), (up, "model"), "retrieved")
        e = raises(anthropic.NotFoundError, lambda: self.c.models.retrieve("no-such-model"), status_code=404)
        same(e.body.get("type"), "error", "shape of the error")

    def count(self, up, stream, nonce):
        n = self.c.messages.count_tokens(model=up, messages=[user(nonce)], tools=TOOLS, system=SYSTEM).input_tokens
        holds(n == 42 if up == "anthropic-good" else n > 0, n)

    def use_async(self, up, stream, nonce):
        async def one(c):
            args = dict(model=up, max_tokens=9, messages=[user(nonce)])
            if not stream:
                return (await c.messages.create(**args)).content[0].text
            async with c.messages.stream(**args) as s:
                return "".join([t async for t in s.text_stream])

        async def go():
            async with anthropic.AsyncAnthropic(base_url=BASE, api_key=KEY, max_retries=0) as c:
                return await asyncio.gather(*(one(c) for _ in range(16)))
        same(set(run(go())), {TEXT}, "sixteen at once")

    def headers(self, up, stream, nonce):
        c = anthropic.Anthropic(base_url=BASE, auth_token=KEY, max_retries=0)
        raw = c.messages.with_raw_response.create(model=up, max_tokens=9, messages=[user(nonce)])
        holds(raw.headers.get("x-litellm-call-id"), dict(raw.headers))
        same(raw.parse().content[0].text, TEXT, "text")

    def betas(self, up, stream, nonce):
        """The beta methods: their header is for Anthropic alone."""
        args = dict(model=up, max_tokens=9, messages=[user(nonce)], betas=["fine-grained-tool-streaming-2025-05-14"],
                    metadata={"user_id": "u-1"}, extra_headers={"x-litellm-api-key": "Bearer " + KEY},
                    extra_body={"litellm_metadata": {"tags": ["a"]}})
        c = anthropic.Anthropic(base_url=BASE, api_key="sk-of-another-house", max_retries=0)
        if stream:
            with c.beta.messages.stream(**args) as s:
                same("".join(s.text_stream), TEXT, "text")
        else:
            same(c.beta.messages.create(**args).content[0].text, TEXT, "text")
        return {"last": nonce}

    def thinking(self, up, stream, nonce):
        """Thinking comes with a signature, and goes back unchanged in the next turn."""
        args = dict(thinking={"type": "enabled", "budget_tokens": 1024})
        messages = [user(nonce)]
        r = self.ask(up, stream, messages, **args, extra_body={"max_tokens": 4096})
        same([b.type for b in r.content], ["thinking", "text"], "blocks")
        holds(r.content[0].thinking, r.content[0])
        messages += [{"role": "assistant", "content": r.content}, user("again")]
        r = self.ask(up, stream, messages, **args, extra_body={"max_tokens": 4096})
        holds("again" in r.content[-1].text, r.content)


if __name__ == "__main__":
    main("anthropic", Client(), [
        ("text", FAKE + ECHO, BOTH), ("events", FAKE + ECHO, STREAM), ("tools", FAKE + ECHO, BOTH),
        ("tool_choice", FAKE, WHOLE), ("schema", CLAUDE + ECHO, BOTH), ("images", FAKE, BOTH),
        *(("failure", scripted("status-%d" % s), BOTH) for s in ERRORS),
        ("refusals", FAKE + ECHO[:1], BOTH), ("mid_error", scripted("mid-error"), STREAM),
        ("timeout", scripted("never"), BOTH), ("leave", scripted("trickle"), STREAM),
        ("models", FAKE + ECHO, WHOLE), ("count", FAKE + ECHO, WHOLE), ("use_async", FAKE, BOTH),
        ("headers", FAKE, WHOLE), ("betas", FAKE, BOTH), ("thinking", ECHO, BOTH)])
