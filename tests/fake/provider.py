#!/usr/bin/env python3
"""A scripted provider on loopback that speaks OpenAI, Anthropic and Gemini, well and badly.

    provider.py [--port N] [--log FILE] [--tls CERT KEY] [--delay SECONDS]

It prints "port N" when it listens. How it answers is in the model's name, so that a test needs no other
channel: "good", or one of the misbehaviours in BAD. Each request becomes a line of JSON in FILE, with its
headers, which is how tests see what the gate really sent.
"""
import argparse
import asyncio
import json
import logging
import ssl
import sys
import time

TEXT = ["Hello", " from", " the", " fake", " provider", ". \u00e9\U0001f600"]
TOOL_ARGS = {"city": "Paris", "note": "a \"quoted\" \\ line\n"}


def openai_answer(req, tool):
    msg = {"role": "assistant", "content": "".join(TEXT), "refusal": None}
    reason = "stop"
    if tool:
        msg["content"] = None
        msg["tool_calls"] = [
            {"id": "call_%d" % i, "type": "function", "function": {"name": tool, "arguments": json.dumps(TOOL_ARGS)}}
            for i in range(2 if req.get("parallel_tool_calls", True) else 1)]
        reason = "tool_calls"
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": req["model"],
            "choices": [{"index": 0, "message": msg, "logprobs": None, "finish_reason": reason}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18,
                      "prompt_tokens_details": {"cached_tokens": 3},
                      "completion_tokens_details": {"reasoning_tokens": 2}}}


def openai_events(req, tool):
    def chunk(delta, reason=None, **more):
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": req["model"],
                "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}], **more}
    yield None, chunk({"role": "assistant", "content": None if tool else ""})
    if tool:
        args = json.dumps(TOOL_ARGS)
        for i in range(2 if req.get("parallel_tool_calls", True) else 1):
            yield None, chunk({"tool_calls": [{"index": i, "id": "call_%d" % i, "type": "function",
                                               "function": {"name": tool, "arguments": ""}}]})
            for at in range(0, len(args), 7):
                yield None, chunk({"tool_calls": [{"index": i, "function": {"arguments": args[at:at + 7]}}]})
    else:
        for t in TEXT:
            yield None, chunk({"content": t})
    yield None, chunk({}, "tool_calls" if tool else "stop")
    if (req.get("stream_options") or {}).get("include_usage"):
        end = chunk({}, usage=openai_answer(req, None)["usage"])
        end["choices"] = []
        yield None, end
    yield None, "[DONE]"


def anthropic_answer(req, tool):
    content = [{"type": "text", "text": "".join(TEXT)}]
    if tool:
        content = [{"type": "text", "text": "I will look."}] + [
            {"type": "tool_use", "id": "toolu_%d" % i, "name": tool, "input": TOOL_ARGS} for i in range(2)]
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": req["model"], "content": content,
            "stop_reason": "tool_use" if tool else "end_turn", "stop_sequence": None,
            "usage": {"input_tokens": 8, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 0,
                      "output_tokens": 7}}


def anthropic_events(req, tool):
    whole = anthropic_answer(req, tool)
    start = dict(whole, content=[], stop_reason=None, usage=dict(whole["usage"], output_tokens=1))
    yield "message_start", {"type": "message_start", "message": start}
    yield "ping", {"type": "ping"}
    for i, block in enumerate(whole["content"]):
        if block["type"] == "text":
            yield "content_block_start", {"type": "content_block_start", "index": i,
                                          "content_block": {"type": "text", "text": ""}}
            for t in (TEXT if not tool else [block["text"]]):
                yield "content_block_delta", {"type": "content_block_delta", "index": i,
                                              "delta": {"type": "text_delta", "text": t}}
        else:
            yield "content_block_start", {"type": "content_block_start", "index": i,
                                          "content_block": dict(block, input={})}
            args = json.dumps(block["input"])
            for at in range(0, len(args), 7):
                yield "content_block_delta", {"type": "content_block_delta", "index": i,
                                              "delta": {"type": "input_json_delta", "partial_json": args[at:at + 7]}}
        yield "content_block_stop", {"type": "content_block_stop", "index": i}
    yield "message_delta", {"type": "message_delta", "delta": {"stop_reason": whole["stop_reason"],
                                                               "stop_sequence": None}, "usage": whole["usage"]}
    yield "message_stop", {"type": "message_stop"}


GEMINI_USAGE = {"promptTokenCount": 11, "cachedContentTokenCount": 3, "candidatesTokenCount": 5,
                "thoughtsTokenCount": 2, "totalTokenCount": 18}


def gemini_answer(req, tool):
    parts = [{"text": "".join(TEXT)}]
    if tool:
        parts = [{"functionCall": {"name": tool, "args": TOOL_ARGS}, "thoughtSignature": "c2ln"},
                 {"functionCall": {"name": tool, "args": TOOL_ARGS}}]
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": GEMINI_USAGE, "modelVersion": req["model"], "responseId": "resp1"}


def gemini_events(req, tool):
    if tool:
        yield None, gemini_answer(req, tool)
        return
    for i, t in enumerate(TEXT):
        e = {"candidates": [{"content": {"role": "model", "parts": [{"text": t}]}, "index": 0}],
             "usageMetadata": GEMINI_USAGE, "modelVersion": req["model"], "responseId": "resp1"}
        if i == len(TEXT) - 1:
            e["candidates"][0]["finishReason"] = "STOP"
        yield None, e


DIALECTS = {"openai": (openai_answer, openai_events), "anthropic": (anthropic_answer, anthropic_events),
            "gemini": (gemini_answer, gemini_events)}

ERRORS = {
    "openai": lambda s, m: {"error": {"message": m, "type": "server_error", "param": None, "code": None}},
    "anthropic": lambda s, m: {"type": "error", "error": {"type": "api_error", "message": m}},
    "gemini": lambda s, m: {"error": {"code": s, "message": m, "status": "INTERNAL"}},
}


# An error in the middle of a stream, in its dialect's form and in others that were seen.
FORMS = {
    "own": lambda dialect, m: ("event: error\n" if dialect == "anthropic" else "") + "data: " +
                              json.dumps(ERRORS[dialect](500, m)) + "\n\n",
    "named": lambda dialect, m: "event: error\ndata: " + json.dumps({"message": m}) + "\n\n",
    "typed": lambda dialect, m: "data: " + json.dumps({"type": "error", "message": m}) + "\n\n",
    "words": lambda dialect, m: "event: error\ndata: " + m + "\n\n",
    "bare": lambda dialect, m: json.dumps(ERRORS[dialect](500, m)) + "\n\n",
}


def wanted_tool(dialect, req):
    """A tool is called when tools are offered and no result is there yet."""
    text = json.dumps(req)
    if dialect == "gemini":
        decl = [d for t in req.get("tools") or []
                for d in t.get("functionDeclarations") or t.get("function_declarations") or []]
        answered = "functionResponse" in text or "function_response" in text
        return decl[0]["name"] if decl and not answered else None
    tools = req.get("tools") or []
    if not tools or '"tool_result"' in text or '"role": "tool"' in text:
        return None
    return tools[0].get("name") or tools[0]["function"]["name"]


class Connection:
    def __init__(self, reader, writer, opts):
        self.reader, self.writer, self.opts = reader, writer, opts
        self.body = None      # of the request that is being answered
        self.key = ""         # what came with it

    async def read_request(self):
        line = (await self.reader.readline()).decode("latin-1").strip()
        if not line:
            return None
        method, target, _ = line.split(" ", 2)
        headers = {}
        while True:
            h = (await self.reader.readline()).decode("latin-1").strip()
            if not h:
                break
            k, v = h.split(":", 1)
            headers[k.lower()] = v.strip()
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return method, target, headers, body

    def head(self, status, headers):
        text = "HTTP/1.1 %d X\r\n" % status
        text += "".join("%s: %s\r\n" % kv for kv in headers.items())
        self.writer.write((text + "x-request-id: req_fake\r\n\r\n").encode())

    async def whole(self, status, obj, length_lie=0, **headers):
        body = obj if isinstance(obj, bytes) else json.dumps(obj).encode()
        self.head(status, {"content-type": "application/json", "content-length": len(body) + length_lie,
                           **{k.replace("_", "-"): v for k, v in headers.items()}})
        self.writer.write(body)
        await self.writer.drain()

    def piece(self, data):
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    async def stream(self, dialect, req, tool, stop_after=None, cut=False, pause=0.0, error_at=None,
                     form="own", message="it broke in the middle"):
        self.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        for n, (name, data) in enumerate(DIALECTS[dialect][1](req, tool)):
            text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=n % 2 == 0)
            event = ("event: %s\n" % name if name else "") + "data: %s\n\n" % text
            if error_at is not None and n == error_at:
                event = FORMS[form](dialect, message)
            if stop_after is not None and n == stop_after:
                if cut:
                    self.piece(event.encode()[:len(event) // 2])
                await self.writer.drain()
                return False
            self.piece(event.encode())
            if pause:
                await self.writer.drain()
                await asyncio.sleep(pause)
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    async def answer(self, dialect, req, stream):
        """Gives True while the connection can be used again."""
        how = req["model"].rsplit("/", 1)[-1]
        tool = wanted_tool(dialect, req)
        if how == "never":
            await asyncio.sleep(3600)
        elif how == "reset":
            self.writer.transport.abort()
            return False
        elif how == "close":
            return False
        elif how.startswith("status-"):
            status = int(how.split("-")[1])
            more = {"retry_after": "1"} if status in (429, 503) else {}
            await self.whole(status, ERRORS[dialect](status, "scripted failure %d" % status), **more)
        elif how == "error-in-200":
            await self.whole(200, ERRORS[dialect](500, "an error with status 200"))
        elif how == "redirect":
            self.head(302, {"location": "http://127.0.0.1:1/stolen", "content-length": 0})
        elif how == "long-length":
            await self.whole(200, DIALECTS[dialect][0](req, tool), length_lie=100)
            return False
        elif how == "short-length":
            await self.whole(200, DIALECTS[dialect][0](req, tool), length_lie=-10)
        elif how == "not-json":
            await self.whole(200, b"<html>proxy error</html>")
        elif how == "not-http":
            self.writer.write(b"SSH-2.0-OpenSSH_9\r\n\r\n")
            await self.writer.drain()
            return False
        elif how == "smuggle":
            self.writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")
            await self.writer.drain()
            return False
        elif how == "huge-head":
            self.head(200, {"x-big": "a" * 200000, "content-length": 0})
        elif how == "big":
            obj = DIALECTS["openai"][0](req, None)
            obj["choices"][0]["message"]["content"] = "x" * (8 << 20)
            await self.whole(200, obj)
        elif stream and how == "early-stop":      # dies before the first content
            await self.stream(dialect, req, tool, stop_after=0 if dialect == "gemini" else 1)
            return False
        elif stream and how == "mid-stop":        # dies after some content
            await self.stream(dialect, req, tool, stop_after=4, cut=True)
            return False
        elif stream and how == "early-error":
            return await self.stream(dialect, req, tool, error_at=0)
        elif stream and how == "mid-error":
            return await self.stream(dialect, req, tool, error_at=4)
        elif stream and how.startswith(("early-echo-", "mid-echo-")):   # repeats the key it was called with
            return await self.stream(dialect, req, tool, error_at=4 if how.startswith("mid") else 0,
                                     form=how.split("-")[2], message="it broke for key %s here" % self.key)
        elif stream and how == "pings":            # begins, and thinks for long
            self.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
            name, data = next(iter(DIALECTS[dialect][1](req, tool)))
            self.piece((("event: %s\n" % name if name else "") + "data: %s\n\n" % json.dumps(data)).encode())
            for _ in range(120):
                self.piece(b": ping\n\n")
                await self.writer.drain()
                await asyncio.sleep(0.5)
            return False
        elif stream and how == "endless-event":
            self.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
            for _ in range(600):
                self.piece(b"data: " + b"a" * 16384)
                await self.writer.drain()
            return False
        elif stream and how == "trickle":
            return await self.stream(dialect, req, tool, pause=0.05)
        elif stream and how == "flood":
            self.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
            events = list(DIALECTS[dialect][1](req, None))
            for name, data in events[:2] + [events[2]] * 40000 + events[3:]:
                text = data if isinstance(data, str) else json.dumps(data)
                self.piece((("event: %s\n" % name if name else "") + "data: %s\n\n" % text).encode())
                await self.writer.drain()
            self.writer.write(b"0\r\n\r\n")
        elif stream:
            return await self.stream(dialect, req, tool)
        else:
            if how == "slow":
                await asyncio.sleep(1.0)
            await self.whole(200, DIALECTS[dialect][0](req, tool))
        await self.writer.drain()
        return how not in ("huge-head",)

    async def one(self, method, target, headers, body):
        path = target.split("?")[0]
        req = self.body = json.loads(body) if body else {}
        self.key = (headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-api-key") or
                    headers.get("x-goog-api-key") or "")
        self.opts.record({"t": time.time(), "method": method, "target": target, "headers": headers, "body": req})
        if self.opts.delay:
            await asyncio.sleep(self.opts.delay)
        if path.endswith("/count_tokens"):
            await self.whole(200, {"input_tokens": 42})
            return True
        if ":countTokens" in path:
            await self.whole(200, {"totalTokens": 42})
            return True
        if path.endswith("/chat/completions"):
            return await self.answer("openai", req, bool(req.get("stream")))
        if path.endswith("/messages"):
            return await self.answer("anthropic", req, bool(req.get("stream")))
        if "/models/" in path and "enerateContent" in path:
            req["model"] = path.split("/models/")[1].split(":")[0]
            return await self.answer("gemini", req, "streamGenerateContent" in path)
        await self.whole(404, {"error": {"message": "no such path " + path}})
        return True

    async def run(self):
        try:
            while True:
                r = await self.read_request()
                if r is None or not await self.one(*r):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            self.opts.record({"t": time.time(), "gone": True, "body": self.body})
        finally:
            self.writer.close()


class Options:
    def __init__(self, args):
        self.delay = args.delay
        self.file = open(args.log, "a", buffering=1) if args.log else None

    def record(self, what):
        if self.file:
            self.file.write(json.dumps(what) + "\n")


async def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--port", type=int, default=0)
    ap.add_argument("--log")
    ap.add_argument("--delay", type=float, default=0.0)
    ap.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    args = ap.parse_args()
    opts = Options(args)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # not each write to a peer that has left
    ctx = None
    if args.tls:
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ctx.load_cert_chain(*args.tls)

    async def serve(reader, writer):
        # A watcher notices a peer that leaves while an answer is being written or waited for.
        c = Connection(reader, writer, opts)
        task = asyncio.ensure_future(c.run())
        while not task.done():
            await asyncio.wait([task], timeout=0.02)
            if reader.at_eof() and not task.done():
                opts.record({"t": time.time(), "gone": True, "body": c.body})
                task.cancel()
                break
        try:
            await task
        except (asyncio.CancelledError, Exception):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", args.port, limit=64 << 20, ssl=ctx)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
