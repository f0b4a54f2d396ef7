#!/usr/bin/env python3
"""Runs the clients of tests/sdk against one gate and one scripted provider, and judges what both ends saw.

    run.py [CLIENT...]      YETT_SDK_ONLY=WORDS takes only the cases whose name holds WORDS
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from harness import BUILD, MASTER, ROOT, Gate, Provider, deployments  # noqa: E402

CLIENTS = {
    "litellm": "py_litellm.py",  # the slowest, so the first
    "openai": "py_openai.py",
    "anthropic": "py_anthropic.py",
    "google-genai": "py_genai.py",
    "langchain": "py_langchain.py",
    "npm-openai": "js_openai.mjs",
    "npm-anthropic": "js_anthropic.mjs",
    "npm-ai": "js_ai.mjs",
}
KEYS = {"openai": "sk-openai-planted-111", "anthropic": "sk-ant-planted-222", "gemini": "AIza-planted-333"}
NAMES = ("good", "claude-sonnet-4-5", "never", "trickle", "mid-error", "status-400", "status-429", "status-500")
SDK = pathlib.Path(os.environ.get("YETT_SDK", ROOT / "build/sdk"))
CLIENT_SECONDS = 200
AT_ONCE = 2
GONE_SECONDS = 2.0


def environment(gate, key):
    """Nothing of the caller's but PATH: no provider key, no proxy, no telemetry."""
    return {
        "PATH": os.environ["PATH"], "HOME": str(gate.dir), "TMPDIR": str(gate.dir), "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore",
        "YETT_SDK_BASE": "http://127.0.0.1:%d" % gate.port, "YETT_SDK_KEY": key, "YETT_SDK_MASTER": MASTER,
        "YETT_SDK_ONLY": os.environ.get("YETT_SDK_ONLY", ""), "YETT_SDK_MODULES": str(SDK / "node"),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION", "DO_NOT_TRACK": "1",
        "LANGCHAIN_TRACING_V2": "false", "LANGSMITH_TRACING": "false", "HF_HUB_OFFLINE": "1", "LITELLM_LOG": "ERROR",
        "NO_PROXY": "127.0.0.1", "NODE_NO_WARNINGS": "1",
    }


# ---- what the provider received, from any dialect --------------------------------------------------

def text_of(content):
    if isinstance(content, str):
        return content
    return "".join(p.get("text", "") for p in content or [])


def view_openai(b):
    v = {"system": "", "images": [], "calls": [], "results": [], "last": ""}
    for m in b["messages"]:
        parts = m.get("content") if isinstance(m.get("content"), list) else []
        if m["role"] in ("system", "developer"):
            v["system"] += text_of(m["content"])
        elif m["role"] == "tool":
            v["results"].append(text_of(m["content"]))
        elif m["role"] == "user":
            v["last"] = text_of(m["content"])
        for p in parts:
            if p["type"] == "image_url":
                url = p["image_url"]["url"]
                v["images"].append([url[5:].split(";")[0], url.split(",")[1]] if url.startswith("data:")
                                   else ["url", url])
        v["calls"] += [json.loads(c["function"]["arguments"]) for c in m.get("tool_calls") or []]
    v["tools"] = {t["function"]["name"]: t["function"]["parameters"] for t in b.get("tools") or []}
    choice = b.get("tool_choice")
    v["choice"] = choice["function"]["name"] if isinstance(choice, dict) else choice
    v["schema"] = ((b.get("response_format") or {}).get("json_schema") or {}).get("schema")
    v["max_tokens"] = b.get("max_tokens") or b.get("max_completion_tokens")
    stop = b.get("stop")
    v["stop"] = [stop] if isinstance(stop, str) else stop
    return v


def view_anthropic(b):
    v = {"system": text_of(b.get("system")), "images": [], "calls": [], "results": [], "last": ""}
    for m in b["messages"]:
        parts = m["content"] if isinstance(m["content"], list) else [{"type": "text", "text": m["content"]}]
        for p in parts:
            if p["type"] == "image":
                s = p["source"]
                v["images"].append(["url", s["url"]] if s["type"] == "url" else [s["media_type"], s["data"]])
            elif p["type"] == "tool_use":
                v["calls"].append(p["input"])
            elif p["type"] == "tool_result":
                v["results"].append(text_of(p["content"]))
            elif p["type"] == "text" and m["role"] == "user":
                v["last"] = p["text"]
    v["tools"] = {t["name"]: t["input_schema"] for t in b.get("tools") or []}
    v["choice"] = (b.get("tool_choice") or {}).get("name")
    form = (b.get("output_config") or {}).get("format") or b.get("output_format") or {}
    v["schema"] = form.get("schema")
    v["max_tokens"], v["stop"] = b.get("max_tokens"), b.get("stop_sequences")
    return v


def camel(v, key=""):
    """proto3's JSON knows both spellings of a name. What applications wrote keeps its own."""
    if isinstance(v, list):
        return [camel(x, key) for x in v]
    if not isinstance(v, dict) or key in ("args", "response", "properties"):
        return v
    pairs = [(re.sub("_([a-z])", lambda m: m[1].upper(), k), x) for k, x in v.items()]
    return {k: camel(x, k) for k, x in pairs}


def view_gemini(b):
    b = camel(b)
    g = b.get("generationConfig") or {}
    v = {"system": text_of((b.get("systemInstruction") or {}).get("parts")), "images": [], "calls": [],
         "results": [], "last": ""}
    for c in b["contents"]:
        for p in c["parts"]:
            if "inlineData" in p:
                data = p["inlineData"]["data"].replace("-", "+").replace("_", "/")  # proto3 takes both alphabets
                v["images"].append([p["inlineData"]["mimeType"], data])
            elif "fileData" in p:
                v["images"].append(["url", p["fileData"]["fileUri"]])
            elif "functionCall" in p:
                v["calls"].append(p["functionCall"].get("args"))
            elif "functionResponse" in p:
                r = p["functionResponse"]["response"]
                v["results"].append(next(iter(r.values())) if len(r) == 1 else r)
            elif "text" in p and c.get("role") != "model":
                v["last"] = p["text"]
    decl = [d for t in b.get("tools") or [] for d in t.get("functionDeclarations", [])]
    v["tools"] = {d["name"]: d.get("parametersJsonSchema") or d.get("parameters") for d in decl}
    names = ((b.get("toolConfig") or {}).get("functionCallingConfig") or {}).get("allowedFunctionNames")
    v["choice"] = names[0] if names else None
    v["schema"] = g.get("responseJsonSchema") or g.get("responseSchema")
    v["temperature"], v["max_tokens"], v["stop"] = g.get("temperature"), g.get("maxOutputTokens"), g.get("stopSequences")
    return v


VIEWS = {"openai": view_openai, "anthropic": view_anthropic, "gemini": view_gemini}


def plain(schema):
    """A schema without what its spelling differs in: the OpenAPI subset writes types in capitals, SDKs add
    titles and an order of properties."""
    if isinstance(schema, dict):
        return {k: v.lower() if k == "type" and isinstance(v, str) else plain(v) for k, v in schema.items()
                if k not in ("title", "additionalProperties", "additional_properties", "propertyOrdering", "$schema",
                             "strict") or k == "properties"}
    return [plain(s) for s in schema] if isinstance(schema, list) else schema


class Judge:
    def __init__(self, provider):
        self.provider = provider

    def records(self, nonce):
        """What the provider noted about requests with this nonce, in order."""
        return [r for r in self.provider.requests() if nonce in json.dumps(r.get("body"))]

    def wrong(self, line):
        """Why the provider's side of a case is not as it should be, or None."""
        want = line.get("sent")
        if not want:
            return None
        want = dict(want)
        got = [r["body"] for r in self.records(line["nonce"]) if "method" in r]
        if not got:
            return "the provider never got it"
        if want.pop("gone", False):
            return self.left(line["nonce"])
        view = VIEWS[line["up"].split("-")[0]](got[-1])
        view.setdefault("temperature", got[-1].get("temperature"))
        for name, value in want.items():
            got = view.get(name)
            if name == "json_results":
                got = [json.loads(r) if r[:1] == "{" else {"content": r} for r in view["results"]]
            if name in ("schema", "tools"):
                got, value = plain(got), plain(value)
            if got != value:
                return "the provider got %s %r, want %r" % (name, got, value)
        return None

    def left(self, nonce):
        """The upstream call of a client that left must end."""
        end = time.monotonic() + GONE_SECONDS
        while time.monotonic() < end:
            if any(r.get("gone") for r in self.records(nonce)):
                return None
            time.sleep(0.02)
        return "the provider's connection did not end"


class Tally:
    def __init__(self):
        self.passed = self.failed = 0
        self.lock = threading.Lock()

    def case(self, name, why):
        with self.lock:
            if why is None:
                self.passed += 1
                return
            self.failed += 1
            print("FAIL %s\n     %s" % (name, why.strip().replace("\n", "\n     ")), flush=True)


def run_client(name, env, judge, tally):
    """Runs one client and judges each of its lines as it comes."""
    file = HERE / CLIENTS[name]
    argv = [str(SDK / "venv/bin/python"), str(file)] if file.suffix == ".py" else ["node", str(file)]
    n, start = 0, time.monotonic()
    p = subprocess.Popen(["timeout", str(CLIENT_SECONDS), *argv], env=env, cwd=HERE, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, text=True)
    for text in p.stdout:
        try:
            line = json.loads(text)
        except ValueError:
            print("%s says: %s" % (name, text.rstrip()))
            continue
        n += 1
        tally.case(line["case"], line.get("why", "?") if not line["ok"] else judge.wrong(line))
    if p.wait() != 0:
        tally.case(name, "ended with %d" % p.returncode)
    if n == 0 and not env["YETT_SDK_ONLY"]:
        tally.case(name, "ran no case")
    print("%-14s %3d cases, %4.1f s" % (name, n, time.monotonic() - start), flush=True)


def main(names):
    unknown = set(names) - set(CLIENTS)
    if unknown:
        sys.exit("run.py: no such client: %s; there are: %s" % (", ".join(unknown), ", ".join(CLIENTS)))
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="yett-sdk-") as tmp:
        provider = Provider(tmp)
        gate = None
        try:
            echo = [{"model_name": "echo-" + d, "litellm_params": {"model": "echo/" + d}} for d in KEYS]
            gate = Gate(tmp, {
                "model_list": deployments(provider.port, NAMES, KEYS) + echo,
                "router_settings": {"num_retries": 0, "allowed_fails": 100000, "disable_cooldowns": True},
                "general_settings": {"master_key": MASTER}}).start()
            env, children = environment(gate, gate.key()), gate.children()
            judge = Judge(provider)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for done in [pool.submit(run_client, n, env, judge, tally) for n in names or CLIENTS]:
                    done.result()
            if gate.children() != children:
                tally.case("the gate", "a process died:\n" + gate.said())
        finally:
            if gate:
                gate.stop()
            provider.stop()
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
