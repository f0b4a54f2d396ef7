"""A gateway: many keys from the environment, many connections. None of this is a finding."""
import base64
import os
import subprocess

import httpx
import requests

KEYS = {name: os.environ.get(name) for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY")}
CREDENTIALS = os.path.expanduser("~/.aws/credentials")
client = httpx.Client(headers={"Authorization": f"Bearer {KEYS['OPENAI_API_KEY']}"})


def metadata():
    return requests.get("http://169.254.169.254/latest/api/token", timeout=1).text


def call(body, image):
    data = base64.b64decode(image)
    return client.post(os.environ["API_BASE"], json={"body": body, "n": len(data)})


def version():
    return subprocess.run(["git", "rev-parse", "HEAD"], env=dict(os.environ), capture_output=True)


class Config:
    exec("x = 1")
