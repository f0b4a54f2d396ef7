"""Many connections that say nothing, and many streams that wait: memory stays bounded, descriptors come back."""
import os
import resource
import selectors
import socket
import threading
import time
import unittest

from harness import MASTER, GateTest, deployments, wait_for

CONNECTIONS, STREAMS = 10000, 2000

EVENT = (b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
         b'"delta":{"role":"assistant","content":"x"},"finish_reason":null}]}\n\n')
END = (b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},'
       b'"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')


class Holder(threading.Thread):
    """A provider that begins a stream on each connection and goes on only when it is told."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.waiting, self.ending = [], False
        self.start()

    def run(self):
        with selectors.DefaultSelector() as sel:
            sel.register(self.listener, selectors.EVENT_READ)
            while not self.ending:
                for key, _ in sel.select(0.1):
                    if key.fileobj is self.listener:
                        s, _ = self.listener.accept()
                        sel.register(s, selectors.EVENT_READ)
                    else:
                        data = key.fileobj.recv(65536)
                        if b"\r\n\r\n" in data:
                            key.fileobj.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                                                b"transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(EVENT), EVENT))
                            self.waiting.append(key.fileobj)
                        elif not data:
                            sel.unregister(key.fileobj)
                            key.fileobj.close()

    def finish(self):
        for s in self.waiting:
            try:
                s.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(END), END))
            except OSError:
                pass
        self.waiting = []

    def stop(self):
        self.ending = True
        self.join()
        self.listener.close()


class Idle(GateTest):
    WORKERS = 2

    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        need = CONNECTIONS + 2 * STREAMS + 500
        if hard != resource.RLIM_INFINITY and hard < need:
            raise unittest.SkipTest("%d descriptors are needed, %d allowed" % (need, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        cls.holder = Holder()
        cls.addClassCleanup(cls.holder.stop)
        super().setUpClass()

    @classmethod
    def config(cls):
        c = super().config()
        held = deployments(cls.holder.port, ["held"], cls.KEYS, dialects=("openai",))
        c["model_list"] += held
        return c

    def processes(self):
        return {p: r for p, r in self.gate.children().items() if r in ("ingress", "egress")}

    def resident(self):
        total = 0
        for pid in self.processes():
            with open("/proc/%d/smaps_rollup" % pid) as f:
                total += int(next(line for line in f if line.startswith("Pss:")).split()[1])
        return total * 1024

    def descriptors(self):
        return {r: sum(len(os.listdir("/proc/%d/fd" % p)) for p, q in self.processes().items() if q == r)
                for r in ("ingress", "egress")}

    def connect(self, n):
        return [socket.create_connection(("127.0.0.1", self.gate.port), timeout=10) for _ in range(n)]

    def test_idle_connections_and_streams(self):
        if os.geteuid() != 0:
            self.skipTest("only root may count another user's descriptors")
        for _ in range(20):
            self.assertEqual(self.gate.chat("openai-good")[0], 200)
        fds, memory = self.descriptors(), self.resident()
        idle = self.connect(CONNECTIONS)
        wait_for("all connections", lambda: self.descriptors()["ingress"] >= fds["ingress"] + CONNECTIONS, 30)
        per_connection = (self.resident() - memory) / CONNECTIONS
        start = time.monotonic()
        self.assertEqual(self.gate.chat("openai-good")[0], 200)
        self.assertLess(time.monotonic() - start, 1.0)

        memory = self.resident()
        body = b'{"model":"openai-held","stream":true,"messages":[{"role":"user","content":"hi"}]}'
        request = (b"POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer %s\r\n"
                   b"content-length: %d\r\n\r\n" % (MASTER.encode(), len(body)) + body)
        streams = self.connect(STREAMS)
        for s in streams:
            s.sendall(request)
        for s in streams:
            self.assertIn(b"200 OK", s.recv(65536))
        wait_for("all streams", lambda: len(self.holder.waiting) == STREAMS, 30)
        per_stream = (self.resident() - memory) / STREAMS
        self.assertEqual(self.gate.chat("openai-good")[0], 200)

        # Half of the clients leave: their calls end although the provider says nothing. The other
        # streams end as they should.
        open_streams = self.descriptors()["egress"]
        for s in streams[::2]:
            s.close()
        wait_for("egress to end the calls", lambda: self.descriptors()["egress"] <= open_streams - STREAMS // 2, 30)
        self.holder.finish()
        for s in streams[1::2]:
            got = b""
            while b"0\r\n\r\n" not in got:
                more = s.recv(65536)
                self.assertTrue(more, got[-200:])
                got += more
            self.assertIn(b"[DONE]", got)
            s.close()
        for s in idle:
            s.close()
        wait_for("ingress' descriptors", lambda: self.descriptors()["ingress"] <= fds["ingress"] + 2, 30)
        # Connections to providers may be kept; those whose client left are not.
        wait_for("egress' descriptors", lambda: self.descriptors()["egress"] <= fds["egress"] + STREAMS // 2 + 10, 30)
        self.assertEqual(self.gate.chat("openai-good")[0], 200)
        if os.environ.get("YETT_VERBOSE"):
            print("idle: %d bytes a connection, %d a stream" % (per_connection, per_stream))
        self.assertLess(per_connection, 4096)
        self.assertLess(per_stream, 32768)


if __name__ == "__main__":
    unittest.main()
