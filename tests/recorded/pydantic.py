#!/usr/bin/env python3
"""tests/recorded/pydantic.py RECORDED OUT - recorded interactions of pydantic-ai as files a C test can read.

For each interaction with a provider whose dialect we speak: OUT/<dialect>/<case>.<n>/ with request.json,
status, kind (generate or count), and response.json or stream.sse. Exit status 2: no YAML reader here.
"""
import glob
import json
import os
import re
import sys

try:
    import yaml
except ImportError:
    sys.exit(2)

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ROUTES = [  # what an URI means to us
    ("anthropic", "generate", re.compile(r"^https://api\.anthropic\.com/v1/messages(\?|$)")),
    ("anthropic", "count", re.compile(r"^https://api\.anthropic\.com/v1/messages/count_tokens(\?|$)")),
    ("openai", "generate", re.compile(r"^https://[^/]+/.*chat/completions(\?|$)")),
    ("gemini", "generate", re.compile(r"^https://generativelanguage\.googleapis\.com/.*:(stream)?[gG]enerateContent")),
    ("gemini", "count", re.compile(r"^https://generativelanguage\.googleapis\.com/.*:countTokens")),
]


def route(uri):
    for dialect, kind, pattern in ROUTES:
        if pattern.search(uri):
            return dialect, kind
    return None


def write(path, text):
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)


def body(part):
    """The body as text, or None: parsed_body is JSON, body.string what came over the wire."""
    if part.get("parsed_body") is not None:
        return json.dumps(part["parsed_body"], ensure_ascii=False)
    raw = part.get("body")
    if isinstance(raw, dict):
        raw = raw.get("string")
    if isinstance(raw, bytes):
        raw = raw.decode("utf-8", "strict")
    return raw


def save(out, name, interaction):
    request, response = interaction.get("request"), interaction.get("response")
    where = route(request.get("uri", "")) if request else None
    if where is None or request.get("method") != "POST":
        return 0
    asked, told = body(request), body(response)
    if asked is None or told is None or not asked.lstrip().startswith("{"):
        return 0
    folder = os.path.join(out, where[0], name)
    os.makedirs(folder)
    write(os.path.join(folder, "request.json"), asked)
    write(os.path.join(folder, "kind"), where[1])
    write(os.path.join(folder, "status"), str(response["status"]["code"]))
    stream = told.lstrip().startswith(("event:", "data:", ":"))
    write(os.path.join(folder, "stream.sse" if stream else "response.json"), told)
    return 1


def main():
    recorded, out = sys.argv[1], sys.argv[2]
    count = 0
    for path in sorted(glob.glob(os.path.join(glob.escape(recorded), "*", "*.yaml"))):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        # Most files are other providers' and reading YAML is slow.
        if not re.search(r"api\.anthropic\.com|chat/completions|generativelanguage", text):
            continue
        name = os.path.basename(path)[: -len(".yaml")]
        for n, interaction in enumerate(yaml.load(text, Loader=LOADER).get("interactions", [])):
            count += save(out, re.sub(r"[^A-Za-z0-9_.-]", "_", f"{name}.{n}"), interaction)
    print(count)


if __name__ == "__main__":
    main()
