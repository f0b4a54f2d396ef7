"""`litellm` as a client, speaking each dialect to the gate: its own proxy's, OpenAI's, Anthropic's, Gemini's."""
import asyncio
import json
import sys

import litellm

from kit import (ARGS, BASE, BOTH, CLAUDE, ECHO, FAKE, KEY, PARAMS, PNG, RESULTS, SCHEMA, STREAM, SYSTEM,
                 TEXT, URL, WHOLE, holds, main, raises, run, same, scripted)

litellm.telemetry = False
litellm.suppress_debug_info = True
litellm.turn_off_message_logging = True
# What litellm otherwise finds in its list of models, and without which it leaves these words to the prompt.
litellm.register_model({"gemini/" + m: {"litellm_provider": "gemini", "mode": "chat", "max_tokens": 8192,
                                        "supports_system_messages": True, "supports_response_schema": True,
                                        "input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
                        for m in {*FAKE, *CLAUDE, *ECHO}})

TOOLS = [{"type": "function", "function": {"name": "weather", "description": "the weather", "parameters": PARAMS}}]
BASES = {"litellm_proxy": BASE, "openai": BASE + "/v1", "anthropic": BASE, "gemini": BASE + "/v1beta"}
ERRORS = {400: litellm.BadRequestError, 429: litellm.RateLimitError, 500: litellm.InternalServerError}


def user(content):
    return {"role": "user", "content": content}


class Client:
    def __init__(self, route):
        self.route = route

    def args(self, up, messages, **more):
        return {"model": self.route + "/" + up, "api_base": BASES[self.route], "api_key": KEY, "messages": messages,
                "num_retries": 0, "max_retries": 0, "timeout": 20, **more}

    def ask(self, up, stream, messages, **more):
        """One turn as a ModelResponse."""
        if not stream:
            return litellm.completion(**self.args(up, messages, **more))
        chunks = list(litellm.completion(stream=True, stream_options={"include_usage": True},
                                         **self.args(up, messages, **more)))
        return litellm.stream_chunk_builder(chunks, messages=messages)

    def text(self, up, stream, nonce):
        r = self.ask(up, stream, [{"role": "system", "content": SYSTEM}, user(nonce)], temperature=0.25,
                     max_tokens=99, stop=["END", "###"])
        same(r.choices[0].finish_reason, "stop", "finish_reason")
        if up in ECHO:
            holds(nonce in r.choices[0].message.content, r)
            return None
        same(r.choices[0].message.content, TEXT, "text")
        same((r.usage.prompt_tokens, r.usage.completion_tokens), (11, 7), "usage")
        return {"system": SYSTEM, "temperature": 0.25, "max_tokens": 99, "stop": ["END", "###"]}

    def tools(self, up, stream, nonce):
        words = "call weather %s" % json.dumps(ARGS) if up in ECHO else "Two towns, please"
        messages = [user(nonce + " " + words)]
        r = self.ask(up, stream, messages, tools=TOOLS)
        same(r.choices[0].finish_reason, "tool_calls", "finish_reason")
        calls = r.choices[0].message.tool_calls
        same([json.loads(c.function.arguments) for c in calls], [ARGS] * (1 if up in ECHO else 2), "arguments")
        messages.append(r.choices[0].message.model_dump(exclude_none=True))
        messages += [{"role": "tool", "tool_call_id": c.id, "name": "weather", "content": t}
                     for c, t in zip(calls, RESULTS)]
        r = self.ask(up, stream, messages, tools=TOOLS)
        if up in ECHO:
            holds(r.choices[0].message.content.startswith("echo: result"), r)
            return None
        same(r.choices[0].message.content, TEXT, "answer")
        if self.route == "gemini":  # which spells results as objects
            return {"calls": [ARGS, ARGS], "json_results": [{"content": t} for t in RESULTS]}
        return {"calls": [ARGS, ARGS], "results": RESULTS, "tools": {"weather": PARAMS}}

    def schema(self, up, stream, nonce):
        kind = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA, "strict": True}}
        r = self.ask(up, stream, [user(nonce)], response_format=kind)
        if up in ECHO:
            same(set(json.loads(r.choices[0].message.content)), {"name", "age", "tags"}, "members")
            return None
        if self.route == "anthropic":  # litellm makes it a forced tool, whose input is the answer
            same(json.loads(r.choices[0].message.content), ARGS, "the tool's input")
            return {"choice": "json_tool_call", "tools": {"json_tool_call": SCHEMA}}
        same(r.choices[0].message.content, TEXT, "text")
        return {"schema": SCHEMA}

    def images(self, up, stream, nonce):
        parts = [{"type": "text", "text": nonce},
                 {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}}]
        want = [["image/png", PNG]]
        if self.route != "gemini":  # there the SDK itself would fetch the picture
            parts.append({"type": "image_url", "image_url": {"url": URL}})
            want.append(["url", URL])
        same(self.ask(up, stream, [user(parts)]).choices[0].message.content, TEXT, "text")
        return {"images": want}

    def failure(self, up, stream, nonce):
        status = int(up.rsplit("-", 1)[1])
        e = raises(ERRORS[status], lambda: self.ask(up, stream, [user(nonce)]),
                   status_code=range(500, 600) if status == 500 else status)
        holds("scripted failure" in str(e), e)

    def refusals(self, up, stream, nonce):
        raises(litellm.AuthenticationError, lambda: self.ask(up, stream, [user(nonce)], api_key="sk-of-nobody"),
               status_code=401)
        raises(litellm.NotFoundError, lambda: self.ask("no-such-model", stream, [user(nonce)]), status_code=404)

    def timeout(self, up, stream, nonce):
        raises(litellm.Timeout, lambda: self.ask(up, stream, [user(nonce)], timeout=0.4))
        return {"gone": True}

    def use_async(self, up, stream, nonce):
        async def one():
            r = await litellm.acompletion(stream=stream, **self.args(up, [user(nonce)]))
            if not stream:
                return r.choices[0].message.content
            return "".join([c.choices[0].delta.content or "" async for c in r])

        async def go():
            return await asyncio.gather(*(one() for _ in range(8)))
        same(set(run(go())), {TEXT}, "eight at once")


if __name__ == "__main__":
    for route in sys.argv[1:] or BASES:
        main("litellm " + route, Client(route), [
            ("text", FAKE + ECHO, BOTH), ("tools", FAKE + ECHO, BOTH), ("schema", CLAUDE + ECHO, WHOLE),
            ("images", FAKE, WHOLE), *(("failure", scripted("status-%d" % s), WHOLE) for s in ERRORS),
            ("failure", scripted("status-429") if route != "gemini" else (), STREAM), ("refusals", FAKE, WHOLE), ("timeout", scripted("never"), WHOLE),
            ("use_async", FAKE, BOTH)])
