"""A pytest plugin for tests/conformance/run-suite. The suite fetches a token for signing before every test, also
before those that only verify, for which it has no use: here the request is answered without a network, with a token
that nobody signed."""
import base64
import json
import types

import urllib3

CLAIMS = {"email": "nobody@example.org", "iss": "https://example.org", "exp": 0}
TOKEN = b"e30.%s.none" % base64.b64encode(json.dumps(CLAIMS).encode()).rstrip(b"=")

urllib3.request = lambda *_, **__: types.SimpleNamespace(data=TOKEN)
