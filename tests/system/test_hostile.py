"""Hostile clients and providers: clear errors, nothing leaks, nothing hangs, the gate lives on."""
# Proves T-04, T-06, T-07, T-09, T-14, T-39.
import json
import os
import pathlib
import re
import socket
import threading
import time
import unittest

from harness import MASTER, GateTest, events, wait_for

HEAD = "POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer %s\r\n" % MASTER
BODY = '{"model":"echo","messages":[{"role":"user","content":"hi"}]}'


def request(extra="", body=BODY, length=None):
    data = body if isinstance(body, bytes) else body.encode()
    return (HEAD + extra + "Content-Length: %d\r\n\r\n" % (len(data) if length is None else length)).encode() + data


class Clients(GateTest):
    @classmethod
    def config(cls):
        return {**super().config(), "yett": {"admin_on_inference": True}}

    def status(self, data, **kw):
        got = self.raw(data, timeout=3, **kw)
        return int(got.split(b" ")[1]) if got.startswith(b"HTTP/1.1 ") else None

    def test_malformed_heads(self):
        bad = {
            "te and cl": HEAD + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            "two cl": HEAD + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
            "signed cl": HEAD + "Content-Length: +3\r\n\r\nabc",
            "bare lf": HEAD.replace("\r\n", "\n") + "\n",
            "obs-fold": HEAD + "X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
            "space before colon": HEAD + "Content-Length : 3\r\n\r\nabc",
            "two hosts": HEAD + "Host: other\r\nContent-Length: 0\r\n\r\n",
            "no host": "GET /v1/models HTTP/1.1\r\n\r\n",
            "absolute form mismatch": "GET http://evil/v1/models HTTP/1.1\r\nHost: gate\r\n\r\n",
            "nul": HEAD + "X: a\0b\r\nContent-Length: 0\r\n\r\n",
            "te twice": HEAD + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
            "te identity": HEAD + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "http/1.0 chunked": HEAD.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "garbage": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \r\n\r\n",
        }
        for name, data in bad.items():
            with self.subTest(name):
                self.assertIn(self.status(data.encode("latin-1")), (400, 501, 505))
        self.assertEqual(self.gate.chat("echo")[0], 200)

    def test_too_large(self):
        self.assertEqual(self.status((HEAD + "X-A: " + "a" * 70000 + "\r\n\r\n").encode()), 431)
        self.assertEqual(self.status((HEAD + "X: y\r\n" * 200 + "\r\n").encode()), 431)
        self.assertEqual(self.status(request(length=1 << 40)), 413)
        self.assertEqual(self.status(("GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: g\r\n\r\n").encode()) // 100, 4)

    def test_bad_json(self):
        for body in ('{"model":', '{"model":"echo","model":"gpt"}', '{"model":"echo"}x', '["a"]', "", '{"model":5}',
                     '{"model":"echo","messages":"\ud800"}'.encode("utf-8", "surrogatepass"),
                     "[" * 100000, '{"mod\\u0065l":"echo","model":"x"}'):
            with self.subTest(body[:20]):
                got = self.raw(request(body=body))
                self.assertIn(b"HTTP/1.1 4", got[:11])
                self.assertIn("message", json.loads(got.split(b"\r\n\r\n", 1)[1])["error"])

    def test_json_test_suite(self):
        suite = os.path.join(os.path.dirname(__file__), "../../../shared/vectors/json-test-suite/test_parsing")
        if not os.path.isdir(suite):
            self.skipTest("no JSONTestSuite beside the project")
        refused = 0
        for name in sorted(os.listdir(suite)):
            if not name.startswith("n_"):
                continue
            with open(os.path.join(suite, name), "rb") as f:
                body = f.read()
            head = (HEAD + "Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)).encode()
            got = self.raw(head + body)
            self.assertTrue(got.startswith(b"HTTP/1.1 4"), name)
            refused += 1
        self.assertGreater(refused, 100)

    def test_steering_fields_are_refused(self):
        for field in ("api_base", "base_url", "user_config", "model_list", "api_key", "mock_response"):
            body = dict(json.loads(BODY), **{field: "http://127.0.0.1:1"})
            status, _, data = self.gate.request("POST", "/v1/chat/completions", body,
                                                {"authorization": "Bearer " + MASTER})
            self.assertEqual(status, 403, data)
            self.assertEqual(json.loads(data)["error"]["param"], field)

    def test_slow_loris(self):
        with socket.create_connection(("127.0.0.1", self.gate.port), timeout=20) as s:
            start = time.monotonic()
            s.sendall(HEAD.encode())
            got = s.recv(4096)
            self.assertIn(b"408", got)
            self.assertLess(time.monotonic() - start, 15)

    def test_half_closed(self):
        self.raw(request(), half_close=True)
        self.assertEqual(self.gate.chat("echo")[0], 200)

    def test_pipelining_and_split(self):
        got = self.raw(request() + request() + request("Connection: close\r\n"))
        self.assertEqual(got.count(b"HTTP/1.1 200"), 3)
        large = json.dumps({"model": "echo", "messages": [{"role": "user", "content": "a" * 50000}]})
        for behind in request(), request(body=large) * 3:  # what lies behind a body is read with its end
            got = self.raw(request(body=large) + behind + request("Connection: close\r\n"), timeout=10)
            self.assertEqual(got.count(b"HTTP/1.1 200"), 3 if behind == request() else 5)
        data = request("Connection: close\r\n")
        with socket.create_connection(("127.0.0.1", self.gate.port), timeout=5) as s:
            for i in range(0, len(data), 3):
                s.sendall(data[i:i + 3])
                time.sleep(0.001)
            self.assertIn(b"HTTP/1.1 200", s.recv(65536))

    def test_requests_in_a_row_that_nobody_waits_for(self):
        """One client asks and asks and reads nothing: that takes no memory, and holds up nobody."""
        pid = self.gate.pid_of("ingress")
        one = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
        socks = [socket.create_connection(("127.0.0.1", self.gate.port)) for _ in range(20)]
        try:
            for s in socks:
                s.setblocking(False)
            end = time.monotonic() + 2
            while time.monotonic() < end:
                for s in socks:
                    try:
                        s.send(one * 4000)
                    except BlockingIOError:
                        pass
                self.assertEqual(self.gate.chat("echo")[0], 200)
            status = pathlib.Path("/proc/%d/status" % pid).read_text()
            self.assertLess(int(re.search(r"VmHWM:\s+(\d+)", status)[1]), 400 << 10)  # KB; it was 1.6 GB
        finally:
            for s in socks:
                s.close()

    def test_requests_in_a_row_are_all_answered(self):
        """Also where the end of one body comes together with the next request, anywhere in what is read."""
        one, n, ends = request(body='{"model":"nope"}'), 4000, []
        with socket.create_connection(("127.0.0.1", self.gate.port), timeout=30) as s:
            threading.Thread(target=lambda: ends.append(s.sendall(one * n))).start()
            got, tail = 0, b""
            while got < n:
                data = s.recv(65536)
                self.assertTrue(data, "closed after %d of %d" % (got, n))
                got += (tail + data).count(b"HTTP/1.1 404")
                tail = data[-11:]
        self.assertEqual(got, n)

    def test_chunked_body(self):
        pieces = "".join("%x;ext=1\r\n%s\r\n" % (len(BODY[i:i + 10]), BODY[i:i + 10]) for i in range(0, len(BODY), 10))
        data = HEAD + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + pieces + "0\r\nX-T: 1\r\n\r\n"
        self.assertEqual(self.status(data.encode()), 200)
        self.assertEqual(self.status((HEAD + "Transfer-Encoding: chunked\r\n\r\nzz\r\n").encode()), 400)

    def test_expect_continue(self):
        with socket.create_connection(("127.0.0.1", self.gate.port), timeout=5) as s:
            s.sendall((HEAD + "Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY)).encode())
            self.assertIn(b"100 Continue", s.recv(4096))
            s.sendall(BODY.encode())
            self.assertIn(b"HTTP/1.1 200", s.recv(65536))

    def test_unknown_key_is_not_repeated(self):
        bad = "sk-this-is-not-a-key-1234567890"
        for headers in ({"authorization": "Bearer " + bad}, {"x-api-key": bad}, {"x-goog-api-key": bad}):
            status, _, data = self.gate.request("POST", "/v1/chat/completions", BODY, headers)
            self.assertEqual(status, 401)
            self.assertNotIn(bad.encode(), data)
        self.assertNotIn(bad, self.gate.said())

    def test_admin_path_with_a_large_body(self):
        """What cannot be handed over is refused; keeper must not take it for an attack of ingress."""
        before = {p for p, r in self.gate.children().items() if r == "ingress"}
        body = json.dumps({"key_alias": "x" * 60_000})
        head = ("POST /key/generate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n" % (MASTER, len(body)))
        got = self.raw((head + body).encode())
        self.assertTrue(got.startswith(b"HTTP/1.1 413"), got[:200])
        self.assertEqual({p for p, r in self.gate.children().items() if r == "ingress"}, before)

    def test_admin_path_behind_another_request(self):
        self.assertEqual(self.gate.admin("GET", "/key/list")[0], 200)  # admin has its policy
        got = self.raw(request() + ("GET /key/list HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                    "Authorization: Bearer %s\r\n\r\n" % MASTER).encode())
        self.assertTrue(got.startswith(b"HTTP/1.1 200"), got[:200])
        self.assertEqual(got.count(b"HTTP/1.1 200"), 2, got)  # the first is not lost with its connection
        self.assertIn(b'"total_count"', got)

    def test_wrong_path_and_method(self):
        self.assertEqual(self.gate.request("POST", "/nope", BODY)[0], 404)
        self.assertEqual(self.gate.request("GET", "/v1/chat/completions")[0], 405)
        self.assertEqual(json.loads(self.gate.request("POST", "/v1/messages/x", BODY)[2])["type"], "error")

    def test_many_idle_connections(self):
        n = 3000
        socks = []
        try:
            for _ in range(n):
                socks.append(socket.create_connection(("127.0.0.1", self.gate.port), timeout=10))
            self.assertEqual(self.gate.chat("echo")[0], 200)
        finally:
            for s in socks:
                s.close()


class WebPages(GateTest):
    """A gate without a master key, and what a page in this machine's browser can send to it."""

    @classmethod
    def config(cls):
        config = super().config()
        del config["general_settings"]
        return config

    def ask(self, host, lines="", path="/v1/chat/completions", body=BODY):
        head = "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
        got = self.raw((head % ("POST" if body else "GET", path, host, lines, len(body), body)).encode(), timeout=3)
        return int(got.split(b" ")[1]), got

    def test_the_log_says_who_is_answered_and_where(self):
        said = self.gate.said()
        self.assertIn("there is no master key: programs of this machine need no key", said)
        self.assertIn("ready on 127.0.0.1:%d, admin on 127.0.0.1:%d" % (self.gate.port, self.gate.admin_port), said)

    def test_only_this_machine_is_answered(self):
        page = "Origin: https://evil.example\r\n"
        for host, lines, want in (("127.0.0.1:4000", "", 200), ("localhost", "Origin: http://localhost:3000\r\n", 200),
                                  ("127.0.0.1:4000", page, 403), ("evil.example:4000", "", 403),
                                  ("127.0.0.1:4000", page + "Authorization: Bearer sk-any\r\n", 403)):
            for path, body in (("/v1/chat/completions", BODY), ("/v1/models", "")):
                with self.subTest(host=host, lines=lines, path=path):
                    status, got = self.ask(host, lines, path, body)
                    self.assertEqual(status, want, got)
                    if want == 403:
                        self.assertIn(b"general_settings.master_key", got)


class Providers(GateTest):
    NAMES = ("good", "never", "reset", "close", "status-500", "status-401", "status-429", "status-400", "error-in-200",
             "redirect", "long-length", "short-length", "not-json", "not-http", "smuggle", "huge-head", "early-stop",
             "mid-stop", "early-error", "mid-error", "endless-event", "trickle", "flood", "big", "pings")
    ROUTER = {"num_retries": 0, "timeout": 2, "stream_timeout": 2, "disable_cooldowns": True}

    def test_every_misbehaviour_gives_a_clear_error(self):
        want = {"never": 504, "reset": 502, "close": 502, "status-500": 500, "status-401": 502, "status-429": 429,
                "status-400": 400, "error-in-200": (500, 502), "redirect": 502, "long-length": 502, "short-length": 502,
                "not-json": 502, "not-http": 502, "smuggle": 502, "huge-head": 502}
        for name, status in want.items():
            for up in ("openai", "anthropic", "gemini"):
                for stream in (False, True):
                    with self.subTest(name=name, up=up, stream=stream):
                        got, headers, data = self.gate.chat("%s-%s" % (up, name), stream=stream, timeout=10)
                        self.assertIn(got, status if isinstance(status, tuple) else (status,), data)
                        self.assertIn("message", json.loads(data)["error"])
                        for key in self.KEYS.values():
                            self.assertNotIn(key.encode(), data)
        self.assertEqual(self.gate.chat("openai-good")[0], 200)

    def test_a_refused_credential_is_told_to_the_operator(self):
        want = "model 'openai-status-401': the provider refuses the credential of deployment '"
        end = time.monotonic() + 30  # one line a second at the most, whichever model it is
        while want not in self.gate.said():
            self.assertLess(time.monotonic(), end, self.gate.said())
            self.assertEqual(self.gate.chat("openai-status-401")[0], 502)

    def test_stream_that_breaks_after_content_ends_with_the_dialects_error(self):
        for name in ("mid-stop", "mid-error"):
            for up in ("openai", "anthropic"):
                with self.subTest(name=name, up=up):
                    status, _, data = self.gate.chat("%s-%s" % (up, name), stream=True)
                    self.assertEqual(status, 200)
                    last = [e for e in events(data) if e != "[DONE]"][-1]
                    self.assertIn("error", json.loads(last))
                    self.assertIn(b"Hello", data)

    def test_stream_that_fails_before_its_content_gets_the_status(self):
        for name in ("early-stop", "early-error"):
            for up in ("openai", "anthropic", "gemini"):
                with self.subTest(name=name, up=up):
                    status, headers, data = self.gate.chat("%s-%s" % (up, name), stream=True)
                    self.assertIn(status, (500, 502, 503, 529), data)
                    self.assertEqual(headers["content-type"], "application/json")
                    self.assertIn("message", json.loads(data)["error"])

    def test_stream_without_content_is_not_held_for_ever(self):
        with socket.create_connection(("127.0.0.1", self.gate.port), timeout=30) as s:
            s.sendall(request(body=json.dumps({"model": "openai-pings", "stream": True, "messages": []})))
            self.assertIn(b" 200 OK\r\n", s.recv(65536))

    def test_huge_event_ends_the_stream(self):
        status, _, data = self.gate.chat("openai-endless-event", stream=True, timeout=30)
        self.assertTrue(status == 502 or b"error" in data)

    def test_big_answer(self):
        status, _, data = self.gate.chat("openai-big", timeout=30)
        self.assertEqual(status, 200)
        self.assertEqual(len(json.loads(data)["choices"][0]["message"]["content"]), 8 << 20)

    def test_client_that_leaves_ends_the_call(self):
        with socket.create_connection(("127.0.0.1", self.gate.port), timeout=5) as s:
            body = json.dumps({"model": "openai-trickle", "stream": True,
                               "messages": [{"role": "user", "content": "hi"}] * 3})
            s.sendall(request(body=body))
            wait_for("a first event", lambda: b"data:" in s.recv(65536))
            left = time.time()
        gone = wait_for("the provider to notice", lambda: [r for r in self.provider.requests() if r.get("gone")
                                                           and r["t"] >= left - 0.01], 3)
        self.assertLess(gone[0]["t"] - left, 0.1 + 0.02)  # 20 ms is how often the provider looks

    def test_reader_that_stops_reading(self):
        body = json.dumps({"model": "openai-flood", "stream": True, "messages": [{"role": "user", "content": "x"}]})
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", self.gate.port))
        s.sendall(request(body=body))
        time.sleep(1.0)
        self.assertEqual(self.gate.chat("openai-good")[0], 200)
        pid = self.gate.pid_of("ingress")
        with open("/proc/%d/statm" % pid) as f:
            rss = int(f.read().split()[1]) * 4096
        self.assertLess(rss, 400 << 20)
        s.settimeout(20)
        total = b""
        while not total.endswith(b"0\r\n\r\n"):
            got = s.recv(1 << 20)
            if not got:
                break
            total = total[-16:] + got
        self.assertTrue(total.endswith(b"0\r\n\r\n"))
        s.close()


if __name__ == "__main__":
    unittest.main()
