"""A provider that speaks HTTP/2 as a test wants it: TLS, then raw frames. One port, one behaviour."""
import socket
import ssl
import struct
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
ANSWER = (b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":'
          b'{"role":"assistant","content":"fine"},"finish_reason":"stop"}],'
          b'"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}')


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def field(name, value):
    """A literal without indexing; both below 127 bytes, or the value up to 16,510."""
    n = len(value)
    size = bytes([n]) if n < 127 else bytes([127, (n - 127) & 127 | 128, (n - 127) >> 7])
    return b"\x00" + bytes([len(name)]) + name + size + value


def head(*fields, status=200):
    first = b"\x88" if status == 200 else field(b":status", b"%d" % status)
    return first + field(b"content-type", b"application/json") + b"".join(field(n, v) for n, v in fields)


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", k, v) for k, v in pairs))


class Conn:
    """One connection: frames of the gate come out of read(), whose buffer keeps what is not whole."""

    def __init__(self, sock):
        self.sock, self.data = sock, b""

    def send(self, *frames):
        self.sock.sendall(b"".join(frames))

    def exactly(self, n):
        while len(self.data) < n:
            got = self.sock.recv(65536)
            if not got:
                raise ConnectionResetError
            self.data += got
        out, self.data = self.data[:n], self.data[n:]
        return out

    def read(self):
        h = self.exactly(9)
        return h[3], h[4], struct.unpack(">I", h[5:9])[0], self.exactly(int.from_bytes(h[:3], "big"))

    def request(self):
        """The next whole request's stream; answers pings and settings on the way."""
        while True:
            kind, flags, stream, payload = self.read()
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.send(frame(PING, ACK, 0, payload))
            elif kind in (DATA, HEADERS) and flags & END_STREAM:
                return stream

    def answer(self, stream, body=ANSWER):
        self.send(frame(HEADERS, END_HEADERS, stream, head()), frame(DATA, END_STREAM, stream, body))


class RawProvider:
    """behave(conn, nth) runs in a thread for each connection; hello are its settings."""

    def __init__(self, cert, key, behave, hello=None):
        self.behave, self.hello, self.n, self.open = behave, hello, 0, 0
        self.failed = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.context.set_alpn_protocols(["h2"])
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.socket.close()

    def accept(self):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            self.n += 1
            threading.Thread(target=self.serve, args=(s, self.n), daemon=True).start()

    def serve(self, s, nth):
        try:
            with self.context.wrap_socket(s, server_side=True) as t:
                self.open += 1
                c = Conn(t)
                c.send(self.hello if self.hello is not None else settings())
                c.exactly(len(PREFACE))
                self.behave(c, nth)
        except OSError:
            pass
        finally:
            self.open -= 1
