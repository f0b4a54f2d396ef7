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
            elif kind == DATA and payload:
                self.send(frame(WINDOW, 0, 0, struct.pack(">I", len(payload))))
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                return stream

    def answer(self, stream, body=ANSWER):
        self.send(frame(HEADERS, END_HEADERS, stream, head()), frame(DATA, END_STREAM, stream, body))


class EarlyTls:
    """TLS 1.2 whose first frames leave in one piece with the end of the handshake."""

    def __init__(self, context, sock, first):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_TICKET
        self.sock, self.into, self.out = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.into, self.out, server_side=True)
        self.until(self.tls.do_handshake)
        self.sendall(first)

    def until(self, step, *args):
        while True:
            try:
                return step(*args)
            except ssl.SSLWantReadError:
                self.sock.sendall(self.out.read())
                got = self.sock.recv(65536)
                if not got:
                    raise ConnectionResetError
                self.into.write(got)

    def close(self):
        self.sock.close()

    def recv(self, n):
        return self.until(self.tls.read, n)

    def sendall(self, data):
        self.tls.write(data)
        self.sock.sendall(self.out.read())


class RawProvider:
    """behave(conn, nth) runs in a thread for each connection; hello are its first frames, which come with the end of
    the handshake if they are early."""

    def __init__(self, cert, key, behave, hello=settings(), early=False):
        self.behave, self.hello, self.early, self.n = behave, hello, early, 0
        self.cert, self.context = (cert, key), self.new_context(cert, key)
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @staticmethod
    def new_context(cert, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.set_alpn_protocols(["h2"])
        return context

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
        end = s
        try:
            if self.early:  # a resumed handshake would end with the client's word: no context twice
                end = EarlyTls(self.new_context(*self.cert), s, self.hello)
            else:
                end = self.context.wrap_socket(s, server_side=True)
                end.sendall(self.hello)
            c = Conn(end)
            c.exactly(len(PREFACE))
            self.behave(c, nth)
        except OSError:
            pass
        finally:
            end.close()
