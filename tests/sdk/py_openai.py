"""The official `openai` package, with its own helpers (stream, parse), its async client and its Azure client."""
import asyncio
import gzip
import json
import time

import httpx
import openai
from pydantic import BaseModel

from kit import (ARGS, BASE, BOTH, CLAUDE, ECHO, FAKE, KEY, MASTER, PARAMS, PNG, RESULTS, SCHEMA, STREAM,
                 SYSTEM, TEXT, URL, WHOLE, holds, main, raises, run, same, scripted)

TOOLS = [{"type": "function", "function": {"name": "weather", "description": "the weather", "parameters": PARAMS}}]
ERRORS = {400: openai.BadRequestError, 429: openai.RateLimitError, 500: openai.InternalServerError}


class Person(BaseModel):
    name: str
    age: int
    tags: list[str]


def user(text):
    return {"role": "user", "content": text}


class Client:
    def __init__(self):
        self.c = openai.OpenAI(base_url=BASE + "/v1", api_key=KEY, max_retries=0, timeout=20)

    def text(self, up, stream, nonce):
        args = dict(model=up, messages=[{"role": "system", "content": SYSTEM}, user(nonce)], temperature=0.25,
                    max_tokens=99, stop=["END", "###"])
        if not stream:
            r = self.c.chat.completions.create(**args)
            text, usage, reason = r.choices[0].message.content, r.usage, r.choices[0].finish_reason
            same(r.object, "chat.completion", "object")
        else:
            text, usage, reason, pieces = "", None, None, 0
            for chunk in self.c.chat.completions.create(stream=True, stream_options={"include_usage": True}, **args):
                same(chunk.object, "chat.completion.chunk", "object")
                usage = chunk.usage or usage
                for choice in chunk.choices:
                    pieces += bool(choice.delta.content)
                    text += choice.delta.content or ""
                    reason = choice.finish_reason or reason
            holds(pieces > 1 or up in ECHO, "%d pieces of text" % pieces)
        same(reason, "stop", "finish_reason")
        if up in ECHO:
            holds(nonce in text, text)
            holds(usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0, usage)
            return None
        same(text, TEXT, "text")
        same((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (11, 7, 18), "usage")
        same(usage.prompt_tokens_details.cached_tokens, 3, "cached")
        if not up.startswith("anthropic"):
            same(usage.completion_tokens_details.reasoning_tokens, 2, "reasoning")
        return {"system": SYSTEM, "temperature": 0.25, "max_tokens": 99, "stop": ["END", "###"]}

    def ask(self, up, stream, messages, **more):
        """One turn, as a message with content and tool_calls."""
        if not stream:
            r = self.c.chat.completions.create(model=up, messages=messages, **more)
            return r.choices[0].message, r.choices[0].finish_reason
        with self.c.chat.completions.stream(model=up, messages=messages, **more) as s:
            for _ in s:
                pass
            r = s.get_final_completion()
        return r.choices[0].message, r.choices[0].finish_reason

    def tools(self, up, stream, nonce):
        ask = 'call weather %s' % json.dumps(ARGS) if up in ECHO else "Two towns, please"
        messages = [user(nonce + " " + ask)]
        msg, reason = self.ask(up, stream, messages, tools=TOOLS)
        same(reason, "tool_calls", "finish_reason")
        calls = msg.tool_calls
        same(len(calls), 1 if up in ECHO else 2, "calls")
        same([json.loads(c.function.arguments) for c in calls], [ARGS] * len(calls), "arguments")
        same({c.function.name for c in calls}, {"weather"}, "names")
        same(len({c.id for c in calls}), len(calls), "different ids")
        messages.append(msg.model_dump(exclude_none=True, exclude={"parsed", "refusal"}))
        for c, text in zip(calls, RESULTS):
            messages.append({"role": "tool", "tool_call_id": c.id, "content": text})
        msg, reason = self.ask(up, stream, messages, tools=TOOLS)
        same(reason, "stop", "second finish_reason")
        if up in ECHO:
            holds(RESULTS[0] in msg.content, msg.content)
            return None
        same(msg.content, TEXT, "answer")
        messages += [{"role": "assistant", "content": msg.content}, user("and now?")]
        same(self.ask(up, stream, messages, tools=TOOLS)[0].content, TEXT, "third turn")
        return {"calls": [ARGS, ARGS], "results": RESULTS, "tools": {"weather": PARAMS}, "last": "and now?"}

    def tool_choice(self, up, stream, nonce):
        self.ask(up, stream, [user(nonce)], tools=TOOLS,
                 tool_choice={"type": "function", "function": {"name": "weather"}})
        return {"choice": "weather"}

    def cannot(self, up, stream, nonce):
        """What the provider's dialect has no word for is refused by name."""
        second = {"type": "function", "function": {"name": "time", "parameters": PARAMS}}
        raises(openai.BadRequestError, lambda: self.ask(up, stream, [user(nonce)], tools=TOOLS + [second],
                                                        parallel_tool_calls=False), param="parallel_tool_calls")

    def forced_schema(self, up, stream, nonce):
        """A Claude that knows no schema gets a forced tool, whose input is the answer."""
        kind = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA, "strict": True}}
        msg, reason = self.ask(up, stream, [user(nonce)], response_format=kind)
        holds(json.dumps(ARGS) in msg.content and not msg.tool_calls, msg)
        same(reason, "stop", "finish_reason")

    def schema(self, up, stream, nonce):
        if up in ECHO:
            args = dict(model=up, messages=[user(nonce)], response_format=Person)
            if stream:
                with self.c.chat.completions.stream(**args) as s:
                    r = s.get_final_completion()
            else:
                r = self.c.chat.completions.parse(**args)
            holds(isinstance(r.choices[0].message.parsed, Person), r)
            return None
        kind = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA, "strict": True}}
        same(self.c.chat.completions.create(model=up, messages=[user(nonce)],
                                            response_format=kind).choices[0].message.content, TEXT, "text")
        return {"schema": SCHEMA}

    def images(self, up, stream, nonce):
        parts = [{"type": "text", "text": nonce},
                 {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
                 {"type": "image_url", "image_url": {"url": URL}}]
        same(self.ask(up, stream, [user(parts)])[0].content, TEXT, "text")
        return {"images": [["image/png", PNG], ["url", URL]]}

    def failure(self, up, stream, nonce):
        status = int(up.rsplit("-", 1)[1])
        cls, want = ERRORS[status], status
        e = raises(cls, lambda: self.c.chat.completions.create(model=up, messages=[user(nonce)], stream=stream),
                   status_code=range(500, 600) if want == 500 else want)
        holds("scripted failure" in str(e), e)

    def refusals(self, up, stream, nonce):
        def call(c, model=up):
            return lambda: c.chat.completions.create(model=model, messages=[user(nonce)], stream=stream)
        bad = self.c.with_options(api_key="sk-of-nobody")
        e = raises(openai.AuthenticationError, call(bad), status_code=401)
        holds(e.type and e.message, "type and message of %r" % e.body)
        raises(openai.NotFoundError, call(self.c, "no-such-model"), status_code=404, code="model_not_found")
        if not up.startswith("openai"):
            raises(openai.BadRequestError, lambda: self.c.chat.completions.create(
                model=up, messages=[user(nonce)], stream=stream, extra_body={"messages": 7}), status_code=400)

    def mid_error(self, up, stream, nonce):
        text = ""

        def call():
            nonlocal text
            for chunk in self.c.chat.completions.create(model=up, messages=[user(nonce)], stream=True):
                text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        raises(openai.APIError, call)
        holds(text and TEXT.startswith(text), "what came before the error: %r" % text)

    def timeout(self, up, stream, nonce):
        c = self.c.with_options(timeout=0.4)
        raises(openai.APITimeoutError, lambda: c.chat.completions.create(model=up, messages=[user(nonce)],
                                                                          stream=stream))
        return {"gone": True}

    def leave(self, up, stream, nonce):
        s = self.c.chat.completions.create(model=up, messages=[user(nonce)], stream=True)
        for chunk in s:
            if chunk.choices and chunk.choices[0].delta.content:
                break
        s.close()
        return {"gone": True}

    def models(self, up, stream, nonce):
        ids = [m.id for m in self.c.models.list()]
        holds(up in ids, ids)
        same(self.c.models.retrieve(up).id, up, "retrieved")
        raises(openai.NotFoundError, lambda: self.c.models.retrieve("no-such-model"), status_code=404)

    def use_async(self, up, stream, nonce):
        async def one(c, n):
            if not stream:
                r = await c.chat.completions.create(model=up, messages=[user(nonce)])
                return r.choices[0].message.content
            s = await c.chat.completions.create(model=up, messages=[user(nonce)], stream=True)
            return "".join([k.choices[0].delta.content or "" async for k in s if k.choices])

        async def go():
            async with openai.AsyncOpenAI(base_url=BASE + "/v1", api_key=KEY, max_retries=0) as c:
                return await asyncio.gather(*(one(c, n) for n in range(16)))
        same(set(run(go())), {TEXT}, "sixteen at once")

    def headers(self, up, stream, nonce):
        azure = openai.AzureOpenAI(azure_endpoint=BASE, api_key=KEY, api_version="2024-10-21", max_retries=0)
        bare = openai.OpenAI(base_url=BASE, api_key=MASTER, max_retries=0)
        for c in (azure, bare):
            same(c.chat.completions.create(model=up, messages=[user(nonce)]).choices[0].message.content, TEXT, "text")
        raw = self.c.chat.completions.with_raw_response.create(model=up, messages=[user(nonce)])
        holds(raw.headers.get("x-litellm-call-id"), dict(raw.headers))
        same(raw.parse().choices[0].message.content, TEXT, "raw")

    def litellm_habits(self, up, stream, nonce):
        """What applications tell LiteLLM's proxy through this SDK: none of it may disturb the provider."""
        messages = [dict(user("before"), name="bob"), {"role": "assistant", "content": "yes", "name": "agent"}, user(nonce)]
        got = self.ask(up, stream, messages, user="u-1", metadata={"generation_name": "x"}, extra_body={
            "tags": ["a"], "litellm_metadata": {"k": {"v": 1}}, "litellm_session_id": "s", "guardrails": ["pii"],
            "cache": {"no-cache": True}, "num_retries": 1, "fallbacks": ["echo-openai"], "drop_params": True},
            seed=7, extra_headers={"x-litellm-tags": "a,b", "x-litellm-timeout": "20", "x-litellm-spend-logs-metadata": "{}"})
        same(got[0].content, TEXT, "text")
        failed = up.split("-")[0] + "-status-400"
        got = self.ask(failed, stream, messages, extra_body={"fallbacks": ["no-such-model", up]})
        same(got[0].content, TEXT, "text of the fallback")
        return {"last": nonce}

    def retried(self, up, stream, nonce):
        """The SDK waits as long as the provider asks, and tries again by itself."""
        start = time.monotonic()
        raises(openai.RateLimitError, lambda: self.c.with_options(max_retries=1).chat.completions.create(
            model=up, messages=[user(nonce)], extra_headers={"x-litellm-num-retries": "0"}), status_code=429)
        holds(time.monotonic() - start >= 1, "the second attempt came too early")

    def compressed(self, up, stream, nonce):
        """As behind a transport that compresses, which httpx has no option for."""
        class Packing(httpx.HTTPTransport):
            def handle_request(self, request):
                body = gzip.compress(request.read())
                head = {k: v for k, v in request.headers.items() if k != "content-length"}
                return super().handle_request(httpx.Request(
                    request.method, request.url, headers={**head, "content-encoding": "gzip"}, content=body))

        plain = self.c
        self.c = openai.OpenAI(base_url=BASE + "/v1", api_key=KEY, max_retries=0,
                               http_client=httpx.Client(transport=Packing()))
        try:
            return self.text(up, stream, nonce)
        finally:
            self.c = plain

    def thinking(self, up, stream, nonce):
        args = dict(model=up, messages=[user(nonce)], reasoning_effort="low")
        if stream:
            said = ""
            for k in self.c.chat.completions.create(stream=True, **args):
                said += (getattr(k.choices[0].delta, "reasoning_content", None) or "") if k.choices else ""
        else:
            said = getattr(self.c.chat.completions.create(**args).choices[0].message, "reasoning_content", None)
        holds(said, "no reasoning_content")


if __name__ == "__main__":
    main("openai", Client(), [
        ("text", FAKE + ECHO, BOTH), ("tools", FAKE + ECHO, BOTH), ("tool_choice", FAKE, WHOLE),
        ("cannot", FAKE[2:], WHOLE), ("forced_schema", FAKE[1:2], BOTH),
        ("schema", CLAUDE, WHOLE), ("schema", ECHO, BOTH), ("images", FAKE, BOTH),
        *(("failure", scripted("status-%d" % s), BOTH) for s in ERRORS),
        ("refusals", FAKE + ECHO[:1], BOTH), ("mid_error", scripted("mid-error"), STREAM),
        ("timeout", scripted("never"), BOTH), ("leave", scripted("trickle"), STREAM),
        ("models", FAKE + ECHO, WHOLE), ("use_async", FAKE, BOTH), ("headers", FAKE, WHOLE),
        ("litellm_habits", FAKE, BOTH), ("retried", scripted("status-429")[:1], WHOLE),
        ("compressed", FAKE, BOTH), ("thinking", ECHO, BOTH)])
