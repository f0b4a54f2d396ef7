"""LangChain's ChatOpenAI (langchain-openai), as an agent's loop uses it."""
import asyncio
import json

import openai
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from kit import (ARGS, BASE, BOTH, CLAUDE, ECHO, FAKE, KEY, PNG, RESULTS, STREAM, SYSTEM, TEXT, URL, WHOLE,
                 holds, main, raises, run, same, scripted)


class Person(BaseModel):
    name: str
    age: int
    tags: list[str]


@tool
def weather(city: str, note: str = "") -> str:
    """The weather of a town."""
    return "warm"


def model(up, **more):
    return ChatOpenAI(model=up, base_url=BASE + "/v1", api_key=KEY, max_retries=0, timeout=more.pop("timeout", 20),
                      stream_usage=True, **more)


def ask(runnable, stream, messages):
    """One turn as an AIMessage; LangChain adds the chunks up itself."""
    if not stream:
        return runnable.invoke(messages)
    whole = None
    for chunk in runnable.stream(messages):
        whole = chunk if whole is None else whole + chunk
    return whole


class Client:
    def text(self, up, stream, nonce):
        r = ask(model(up, temperature=0.25, max_tokens=99, stop=["END", "###"]), stream,
                [SystemMessage(SYSTEM), HumanMessage(nonce)])
        u = r.usage_metadata
        same(r.response_metadata["finish_reason"], "stop", "finish_reason")
        if up in ECHO:
            holds(nonce in r.content and u["total_tokens"] > 0, r)
            return None
        same(r.content, TEXT, "text")
        same((u["input_tokens"], u["output_tokens"], u["total_tokens"]), (11, 7, 18), "usage")
        same(u["input_token_details"]["cache_read"], 3, "cached")
        return {"system": SYSTEM, "temperature": 0.25, "max_tokens": 99, "stop": ["END", "###"]}

    def tools(self, up, stream, nonce):
        words = "call weather %s" % json.dumps(ARGS) if up in ECHO else "Two towns, please"
        m = model(up).bind_tools([weather])
        messages = [HumanMessage(nonce + " " + words)]
        r = ask(m, stream, messages)
        same([(c["name"], c["args"]) for c in r.tool_calls], [("weather", ARGS)] * (1 if up in ECHO else 2), "calls")
        messages += [AIMessage(content=r.content, tool_calls=r.tool_calls)]
        messages += [ToolMessage(t, tool_call_id=c["id"]) for c, t in zip(r.tool_calls, RESULTS)]
        r = ask(m, stream, messages)
        if up in ECHO:
            holds(RESULTS[0] in r.content, r)
            return None
        same(r.content, TEXT, "answer")
        same(ask(m, stream, messages + [r, HumanMessage("and now?")]).content, TEXT, "third turn")
        return {"calls": [ARGS, ARGS], "results": RESULTS, "last": "and now?"}

    def tool_choice(self, up, stream, nonce):
        model(up).bind_tools([weather], tool_choice="weather").invoke(nonce)
        return {"choice": "weather"}

    def schema(self, up, stream, nonce):
        if up in ECHO:
            for method in ("json_schema", "function_calling"):
                r = model(up).with_structured_output(Person, method=method).invoke(nonce)
                holds(isinstance(r, Person), "%s: %r" % (method, r))
            return None
        schema = dict(Person.model_json_schema(), title="Person", description="a person")
        bound = model(up).with_structured_output(schema, method="json_schema", include_raw=True)
        same(bound.invoke(nonce)["raw"].content, TEXT, "text")
        return {"schema": Person.model_json_schema()}

    def images(self, up, stream, nonce):
        r = ask(model(up), stream, [HumanMessage([
            {"type": "text", "text": nonce},
            {"type": "image", "base64": PNG, "mime_type": "image/png"},
            {"type": "image_url", "image_url": {"url": URL}}])])
        same(r.content, TEXT, "text")
        return {"images": [["image/png", PNG], ["url", URL]]}

    def failure(self, up, stream, nonce):
        status = int(up.rsplit("-", 1)[1])
        cls = {400: openai.BadRequestError, 429: openai.RateLimitError, 500: openai.InternalServerError}[status]
        e = raises(cls, lambda: ask(model(up), stream, nonce), status_code=range(500, 600) if status == 500 else status)
        holds("scripted failure" in str(e), e)

    def refusals(self, up, stream, nonce):
        bad = ChatOpenAI(model=up, base_url=BASE + "/v1", api_key="sk-of-nobody", max_retries=0)
        raises(openai.AuthenticationError, lambda: ask(bad, stream, nonce), status_code=401)
        raises(openai.NotFoundError, lambda: ask(model("no-such-model"), stream, nonce), status_code=404)

    def mid_error(self, up, stream, nonce):
        raises(openai.APIError, lambda: ask(model(up), True, nonce))

    def timeout(self, up, stream, nonce):
        raises(openai.APITimeoutError, lambda: ask(model(up, timeout=0.4), stream, nonce))
        return {"gone": True}

    def leave(self, up, stream, nonce):
        for chunk in (s := model(up).stream(nonce)):
            if chunk.content:
                break
        s.close()
        return {"gone": True}

    def use_async(self, up, stream, nonce):
        async def one(m):
            if not stream:
                return (await m.ainvoke(nonce)).content
            return "".join([c.content async for c in m.astream(nonce)])

        async def go():
            m = model(up)
            return await asyncio.gather(*(one(m) for _ in range(8)))
        same(set(run(go())), {TEXT}, "eight at once")

    def litellm_habits(self, up, stream, nonce):
        m = model(up, extra_body={"tags": ["a"], "metadata": {"trace_name": "x", "tags": ["b"]}, "cache": {"no-store": True}},
                  default_headers={"x-litellm-tags": "a"}, model_kwargs={"user": "u-1"})
        same(ask(m, stream, [HumanMessage("before", name="bob"), HumanMessage(nonce)]).content, TEXT, "text")

    def batch(self, up, stream, nonce):
        same([r.content for r in model(up).batch([nonce] * 4)], [TEXT] * 4, "batch")


if __name__ == "__main__":
    main("langchain", Client(), [
        ("text", FAKE + ECHO, BOTH), ("tools", FAKE + ECHO, BOTH), ("tool_choice", FAKE, WHOLE),
        ("schema", CLAUDE + ECHO, WHOLE), ("images", FAKE, BOTH),
        *(("failure", scripted("status-%d" % s), BOTH) for s in (400, 429, 500)), ("refusals", FAKE, BOTH),
        ("mid_error", scripted("mid-error"), STREAM), ("timeout", scripted("never"), BOTH),
        ("leave", scripted("trickle"), STREAM), ("use_async", FAKE, BOTH), ("batch", FAKE, WHOLE),
        ("litellm_habits", FAKE, BOTH)])
