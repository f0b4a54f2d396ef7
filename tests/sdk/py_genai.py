"""The official `google-genai` package, with its chat and its automatic function calling, and its async client."""
import asyncio
import json
import logging

from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from kit import (ARGS, BASE, BOTH, CLAUDE, ECHO, FAKE, KEY, PARAMS, PNG, PNG_BYTES, RESULTS, SCHEMA, STREAM,
                 SYSTEM, TEXT, URL, WHOLE, holds, main, raises, run, same, scripted)

logging.disable(logging.WARNING)

TOOLS = [types.Tool(function_declarations=[types.FunctionDeclaration(
    name="weather", description="the weather", parameters_json_schema=PARAMS)])]
OLD_TOOLS = [types.Tool(function_declarations=[types.FunctionDeclaration(
    name="weather", description="the weather", parameters=types.Schema(
        type="OBJECT", required=["city"], properties={
            "city": types.Schema(type="STRING", description="a town"), "note": types.Schema(type="STRING")}))])]
ERRORS = {400: (errors.ClientError, "INVALID_ARGUMENT"), 429: (errors.ClientError, "RESOURCE_EXHAUSTED"),
          500: (errors.ServerError, None)}


class Person(BaseModel):
    name: str
    age: int
    tags: list[str]


def client(key=KEY, **more):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=BASE, **more))


def user(*parts):
    return types.Content(role="user", parts=[types.Part(text=p) if isinstance(p, str) else p for p in parts])


class Whole:
    """What a stream of responses adds up to."""

    def __init__(self, responses):
        self.parts, self.usage, self.reason = [], None, None
        for r in responses:
            self.usage = r.usage_metadata or self.usage
            for c in r.candidates or []:
                self.reason = c.finish_reason or self.reason
                self.parts += (c.content.parts or []) if c.content else []
        self.text = "".join(p.text for p in self.parts if p.text and not p.thought)
        self.calls = [p.function_call for p in self.parts if p.function_call]


class Client:
    def __init__(self):
        self.c = client()

    def ask(self, up, stream, contents, c=None, **config):
        args = dict(model=up, contents=contents, config=types.GenerateContentConfig(**config))
        models = (c or self.c).models
        return Whole(models.generate_content_stream(**args) if stream else [models.generate_content(**args)])

    def text(self, up, stream, nonce):
        r = self.ask(up, stream, nonce, system_instruction=SYSTEM, temperature=0.25, max_output_tokens=99,
                     stop_sequences=["END", "###"])
        same(r.reason, types.FinishReason.STOP, "finish reason")
        if up in ECHO:
            holds(nonce in r.text and r.usage.total_token_count > 0, r.text)
            return None
        same(r.text, TEXT, "text")
        u = r.usage
        same((u.prompt_token_count, u.cached_content_token_count, u.total_token_count), (11, 3, 18), "usage")
        same(u.candidates_token_count + (u.thoughts_token_count or 0), 7, "tokens out")
        return {"system": SYSTEM, "temperature": 0.25, "max_tokens": 99, "stop": ["END", "###"]}

    def tools(self, up, stream, nonce, tools=TOOLS):
        ask = "call weather %s" % json.dumps(ARGS) if up in ECHO else "Two towns, please"
        contents = [user(nonce + " " + ask)]
        r = self.ask(up, stream, contents, tools=tools)
        same([(c.name, c.args) for c in r.calls], [("weather", ARGS)] * (1 if up in ECHO else 2), "calls")
        contents += [types.Content(role="model", parts=r.parts), types.Content(role="user", parts=[
            types.Part(function_response=types.FunctionResponse(id=c.id, name=c.name, response={"result": t}))
            for c, t in zip(r.calls, RESULTS)])]
        r = self.ask(up, stream, contents, tools=tools)
        if up in ECHO:
            holds(RESULTS[0] in r.text, r.text)
            return None
        same(r.text, TEXT, "answer")
        contents += [types.Content(role="model", parts=r.parts), user("and now?")]
        same(self.ask(up, stream, contents, tools=tools).text, TEXT, "third turn")
        return {"calls": [ARGS, ARGS], "results": RESULTS, "tools": {"weather": PARAMS}, "last": "and now?"}

    def openapi_tools(self, up, stream, nonce):
        """Tools in the OpenAPI subset, which writes types in capitals."""
        return self.tools(up, stream, nonce, OLD_TOOLS)

    def automatic(self, up, stream, nonce):
        """A Python function as a tool, which the SDK calls by itself, in a chat."""
        seen = []

        def weather(city: str, note: str = "") -> str:
            """The weather of a town."""
            seen.append({"city": city, "note": note})
            return "warm"
        chat = self.c.chats.create(model=up, config=types.GenerateContentConfig(tools=[weather]))
        said = chat.send_message(nonce)
        same(seen, [ARGS, ARGS], "the calls of the function")
        same(said.text, TEXT, "text")
        same(chat.send_message("and now?").text, TEXT, "second message")

    def chat(self, up, stream, nonce):
        """A chat with filters off, a picture in it, and its history told to the next turn."""
        off = [types.SafetySetting(category=c, threshold="BLOCK_NONE")
               for c in ("HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_HATE_SPEECH")]
        chat = self.c.chats.create(model=up, config=types.GenerateContentConfig(safety_settings=off))
        for said in ([nonce, types.Part.from_bytes(data=PNG_BYTES, mime_type="image/png")], "and now?"):
            if stream:
                text = "".join(r.text or "" for r in chat.send_message_stream(said))
            else:
                text = chat.send_message(said).text
            same(text, TEXT, "text")
        same(len(chat.get_history(curated=True)) >= 4, True, "history")
        return {"images": [["image/png", PNG]], "last": "and now?"}

    def tool_choice(self, up, stream, nonce):
        self.ask(up, stream, nonce, tools=TOOLS, tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(mode="ANY", allowed_function_names=["weather"])))
        return {"choice": "weather"}

    def schema(self, up, stream, nonce):
        if up in ECHO:
            config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=Person)
            r = self.c.models.generate_content(model=up, contents=nonce, config=config)
            holds(isinstance(r.parsed, Person), r)
            return None
        r = self.ask(up, stream, nonce, response_mime_type="application/json", response_json_schema=SCHEMA)
        same(r.text, TEXT, "text")
        return {"schema": SCHEMA}

    def openapi_schema(self, up, stream, nonce):
        same(self.ask(up, stream, nonce, response_mime_type="application/json", response_schema=Person).text, TEXT,
             "text")
        return {"schema": SCHEMA}

    def images(self, up, stream, nonce):
        r = self.ask(up, stream, [user(nonce, types.Part.from_bytes(data=PNG_BYTES, mime_type="image/png"),
                                       types.Part.from_uri(file_uri=URL, mime_type="image/png"))])
        same(r.text, TEXT, "text")
        return {"images": [["image/png", PNG], ["url", URL]]}

    def failure(self, up, stream, nonce):
        status = int(up.rsplit("-", 1)[1])
        cls, word = ERRORS[status]
        e = raises(cls, lambda: self.ask(up, stream, nonce), code=range(500, 600) if status == 500 else status)
        holds("scripted failure" in (e.message or "") and e.status, e)
        if word and not up.startswith("gemini"):
            same(e.status, word, "status")

    def refusals(self, up, stream, nonce):
        raises(errors.ClientError, lambda: self.ask(up, stream, nonce, c=client("sk-of-nobody")), code=401,
               status="UNAUTHENTICATED")
        raises(errors.ClientError, lambda: self.ask("no-such-model", stream, nonce), code=404, status="NOT_FOUND")
        if not up.startswith("gemini"):
            bad = client(extra_body={"contents": 7})
            raises(errors.ClientError, lambda: self.ask(up, stream, nonce, c=bad), code=400,
                   status="INVALID_ARGUMENT")

    def mid_error(self, up, stream, nonce):
        text = ""

        def call():
            nonlocal text
            for r in self.c.models.generate_content_stream(model=up, contents=nonce):
                text += r.text or ""
        raises(errors.APIError, call)
        holds(text and TEXT.startswith(text), "what came before the error: %r" % text)

    def timeout(self, up, stream, nonce):
        try:
            self.ask(up, stream, nonce, c=client(timeout=400))
        except Exception as e:
            holds("Timeout" in type(e).__name__, repr(e))
        else:
            raise AssertionError("no timeout")
        return {"gone": True}

    def leave(self, up, stream, nonce):
        c = client()
        s = c.models.generate_content_stream(model=up, contents=nonce)
        next(s)
        s.close()
        c.close()
        return {"gone": True}

    def models(self, up, stream, nonce):
        names = [m.name for m in self.c.models.list()]
        holds("models/" + up in names, names)
        same(self.c.models.get(model=up).name, "models/" + up, "got")
        raises(errors.ClientError, lambda: self.c.models.get(model="no-such-model"), code=404, status="NOT_FOUND")

    def count(self, up, stream, nonce):
        n = self.c.models.count_tokens(model=up, contents=nonce).total_tokens
        holds(n == 42 if up == "gemini-good" else n > 0, n)

    def use_async(self, up, stream, nonce):
        async def one(c):
            if not stream:
                return (await c.models.generate_content(model=up, contents=nonce)).text
            s = await c.models.generate_content_stream(model=up, contents=nonce)
            return "".join([r.text or "" async for r in s])

        async def go():
            async with client().aio as c:
                return await asyncio.gather(*(one(c) for _ in range(16)))
        same(set(run(go())), {TEXT}, "sixteen at once")

    def thinking(self, up, stream, nonce):
        r = self.ask(up, stream, nonce, thinking_config=types.ThinkingConfig(include_thoughts=True,
                                                                            thinking_budget=1024))
        holds(any(p.thought and p.text for p in r.parts), r.parts)
        again = [user(nonce), types.Content(role="model", parts=r.parts), user("again")]
        holds("again" in self.ask(up, stream, again).text, "second turn")


if __name__ == "__main__":
    main("google-genai", Client(), [
        ("text", FAKE + ECHO, BOTH), ("tools", FAKE + ECHO, BOTH), ("openapi_tools", FAKE, WHOLE),
        ("automatic", FAKE, WHOLE), ("chat", FAKE, BOTH), ("tool_choice", FAKE, WHOLE), ("schema", CLAUDE, BOTH), ("schema", ECHO, WHOLE),
        ("openapi_schema", CLAUDE, WHOLE), ("images", FAKE, BOTH),
        *(("failure", scripted("status-%d" % s), BOTH) for s in ERRORS),
        ("refusals", FAKE + ECHO[:1], BOTH), ("mid_error", scripted("mid-error"), STREAM),
        ("timeout", scripted("never"), BOTH), ("leave", scripted("trickle"), STREAM),
        ("models", FAKE + ECHO, WHOLE), ("count", FAKE + ECHO, WHOLE), ("use_async", FAKE, BOTH),
        ("thinking", ECHO, BOTH)])
