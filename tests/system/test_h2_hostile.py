"""A provider that breaks HTTP/2 on purpose, frame by frame: a clear error to its client, no harm to other upstreams."""
# Proves T-09.
import json
import pathlib
import shutil
import struct
import tempfile
import threading
import time
import unittest

from harness import MASTER, Gate, wait_for
from raw_h2 import (ACK, ANSWER, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PRIORITY,
                    PUSH, RST, WINDOW, RawProvider, field, frame, head, settings)
from test_upstreams import KEY, make_ca, make_cert

U32 = struct.Struct(">I").pack
NOTHING = settings()


def good(c, _):
    while True:
        c.answer(c.request())


def flood(piece):
    """One request's answer begins with the frames of piece(stream)[0]; then piece(stream)[1] without end."""
    def behave(c, _):
        first, again = piece(c.request())
        c.send(first)
        again *= (256 << 10) // len(again)
        while True:
            c.send(again)
    return behave


def once(piece):
    """One request is answered with piece(stream); what follows is read and not answered."""
    def behave(c, _):
        c.send(piece(c.request()))
        while True:
            c.read()
    return behave


def hold(c, _):
    while True:
        c.read()


def hole(c, nth):
    """The first connection answers once, and is then as if it were cut off."""
    c.answer(c.request())
    if nth == 1:
        time.sleep(600)
    good(c, nth)


def whole(s, *fields, body=ANSWER):
    return frame(HEADERS, END_HEADERS, s, head(*fields)) + frame(DATA, END_STREAM, s, body)


def begun(s):
    return frame(HEADERS, END_HEADERS, s, head())


FLOODS = {
    "continuation": lambda s: (frame(HEADERS, 0, s, head()), frame(CONTINUATION, 0, s)),
    "informational": lambda s: (b"", frame(HEADERS, END_HEADERS, s, field(b":status", b"103"))),
    "settings": lambda s: (b"", settings((4, 65535))),
    "ping": lambda s: (b"", frame(PING, 0, 0, b"12345678")),
    "pong": lambda s: (b"", frame(PING, ACK, 0, b"12345678")),
    "priority": lambda s: (b"", frame(PRIORITY, 0, s, b"\0\0\0\0\5")),
    "window": lambda s: (b"", frame(WINDOW, 0, s, U32(1))),
    "unknown": lambda s: (b"", frame(200, 0, s, b"x" * 1000)),
    "goaway": lambda s: (b"", frame(GOAWAY, 0, 0, U32(0x7fffffff) + U32(0))),
    "padding": lambda s: (begun(s), frame(DATA, PADDED, s, b"\xff" + b"\0" * 255)),
    "empty data": lambda s: (begun(s), frame(DATA, 0, s)),
    "no window": lambda s: (begun(s), frame(DATA, 0, s, b" " * 16384)),
    "trailers": lambda s: (begun(s), frame(HEADERS, END_HEADERS, s, field(b"x-t", b"v"))),
    "no stream": lambda s: (b"\xff\xff\xff\0\0" + U32(s), b"x" * 1000),
}
LIES = {
    "window 0": lambda s: frame(WINDOW, 0, 0, U32(0)),
    "window overflow": lambda s: frame(WINDOW, 0, 0, U32(0x7fffffff)),
    "table size": lambda s: frame(HEADERS, END_HEADERS, s, b"\x3f\xe1\xff\xff\x7f" + head()),
    "table index": lambda s: frame(HEADERS, END_HEADERS, s, b"\xff\xff\xff\x7f"),
    "frame size": lambda s: settings((5, 1)),
    "push": lambda s: frame(PUSH, END_HEADERS, s, U32(2) + b"\x82\x84\x86" + field(b":authority", b"x")),
    "goaway below": lambda s: frame(GOAWAY, 0, 0, U32(0) + U32(0)),
    "data first": lambda s: frame(DATA, END_STREAM, s, ANSWER),
    "length long": lambda s: whole(s, (b"content-length", b"9999")),
    "length short": lambda s: whole(s, (b"content-length", b"9")),
    "length twice": lambda s: whole(s, (b"content-length", b"9"), (b"content-length", b"10")),
    "padding": lambda s: begun(s) + frame(DATA, PADDED, s, b"\xff" + b"\0" * 20),
    "stream 0": lambda s: frame(HEADERS, END_HEADERS, 0, head()),
    "idle stream": lambda s: frame(HEADERS, END_HEADERS, s + 10, head()),
    "even stream": lambda s: frame(HEADERS, END_HEADERS, 2, head()),
    "status": lambda s: frame(HEADERS, END_HEADERS, s, field(b":status", b"200 x")),
    "line break": lambda s: whole(s, (b"x-a", b"v\r\nx-b: w")),
    "chunked": lambda s: whole(s, (b"transfer-encoding", b"chunked")),
    "trailing status": lambda s: begun(s) + frame(HEADERS, END_HEADERS | END_STREAM, s, head()),
    "reset": lambda s: frame(RST, 0, s, U32(0)),
    "many fields": lambda s: frame(HEADERS, END_HEADERS, s, head() + field(b"x", b"") * 3000),
}


class HostileHttp2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("openssl") is None:
            raise unittest.SkipTest("no openssl")
        cls.tmp = tempfile.TemporaryDirectory(prefix="yett-test-")
        cls.addClassCleanup(cls.tmp.cleanup)
        home = pathlib.Path(cls.tmp.name)
        make_ca(home)
        pair = make_cert(home, "good", "DNS:localhost")
        away = NOTHING + frame(GOAWAY, 0, 0, U32(0) + U32(0))
        cls.providers = {
            "good": RawProvider(*pair, good),
            "hole": RawProvider(*pair, hole),
            "deaf": RawProvider(*pair, lambda c, _: time.sleep(600)),
            "no streams": RawProvider(*pair, hold, settings((3, 0)), early=True),
            "away": RawProvider(*pair, hold, away, early=True),
            "one stream": RawProvider(*pair, good, settings((3, 1))),
            "no window": RawProvider(*pair, hold, settings((4, 0))),
            **{"flood " + n: RawProvider(*pair, flood(p)) for n, p in FLOODS.items()},
            **{"lie " + n: RawProvider(*pair, once(p)) for n, p in LIES.items()}}
        for p in cls.providers.values():
            cls.addClassCleanup(p.stop)
        config = {"model_list": [{"model_name": n, "litellm_params": {
                      "model": "openai/m", "api_base": "https://localhost:%d/v1" % p.port, "api_key": KEY}}
                                 for n, p in cls.providers.items()],
                  "router_settings": {"num_retries": 0, "timeout": 2, "disable_cooldowns": True},
                  "general_settings": {"master_key": MASTER},
                  "yett": {"ca": {"localhost": str(home / "ca.pem")}, "private_upstreams": ["localhost"],
                           "http2": ["localhost"]}}
        cls.gate = Gate(home, config).start()
        cls.addClassCleanup(cls.gate.stop)

    def fails(self, model, stream=False):
        status, _, data = self.gate.chat(model, stream=stream, timeout=60)
        if status == 200:  # the head was good, and the stream had begun
            self.assertNotIn(b"[DONE]", data)
        else:
            self.assertIn(status, (502, 503, 504), data)
            self.assertTrue(json.loads(data)["error"]["message"])

    def resident(self):
        text = pathlib.Path("/proc/%d/status" % self.gate.pid_of("egress")).read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    def test_floods_hold_up_nobody_else(self):
        self.assertEqual(self.gate.chat("good")[0], 200)
        egress, before = self.gate.pid_of("egress"), self.resident()
        for name in FLOODS:
            with self.subTest(name):
                bad = [threading.Thread(target=self.fails, args=("flood " + name, s)) for s in (False, True)]
                for t in bad:
                    t.start()
                while any(t.is_alive() for t in bad):
                    self.assertEqual(self.gate.chat("good", timeout=30)[0], 200)
                self.fails("flood " + name)
        self.assertEqual(self.gate.pid_of("egress"), egress)
        self.assertLess(self.resident() - before, 8 << 10, "KB")

    def test_lies_are_told(self):
        for name in LIES:
            with self.subTest(name):
                self.fails("lie " + name)
        self.assertEqual(self.gate.chat("good")[0], 200)

    def test_who_takes_no_stream_is_not_dialled_again_and_again(self):
        for name in ("no streams", "away"):
            with self.subTest(name):
                self.fails(name)
                self.assertLess(self.providers[name].n, 6)

    def test_one_stream_at_a_time(self):
        got = []
        calls = [threading.Thread(target=lambda: got.append(self.gate.chat("one stream")[0])) for _ in range(8)]
        for t in calls:
            t.start()
        for t in calls:
            t.join()
        self.assertEqual(got, [200] * 8)

    def test_a_connection_that_is_cut_off_is_left(self):
        """No RST comes where a router forgot the connection: only that no call is answered tells."""
        self.assertEqual(self.gate.chat("hole")[0], 200)
        self.assertEqual(self.gate.chat("hole")[0], 504)
        self.fails("deaf")
        wait_for("another connection", lambda: self.gate.chat("hole")[0] == 200, 60)
        self.assertEqual(self.providers["hole"].n, 2)

    def test_a_window_that_never_opens(self):
        self.fails("no window")


if __name__ == "__main__":
    unittest.main()
