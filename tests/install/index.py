"""tests/install/index.py - a package index and a registry of npm on loopback, as honest as they are told to be."""
import base64
import hashlib
import http.server
import json
import threading
import time
import urllib.parse


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def integrity(data):
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def stamp(days_ago):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() - days_ago * 86400))


class Index:
    """files: name to bytes. swap: bytes that are served instead from the second GET on. wait: an event that a file's
    second half waits for. days: age of everything, None: not told."""

    def __init__(self):
        self.files, self.swap, self.lies, self.seen = {}, {}, {}, []
        self.days, self.wait, self.begun = 400, None, threading.Event()
        self.secret = None # "user:password": without it there is nothing
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                outer.get(self)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *args: None # clients are killed here
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        if self.wait:
            self.wait.set()
        self.server.shutdown()
        self.server.server_close()

    # ---- answers ----

    def get(self, h):
        path = urllib.parse.unquote(urllib.parse.urlsplit(h.path).path)
        self.seen.append(path)
        if self.secret and h.headers.get("Authorization") != "Basic " + base64.b64encode(self.secret.encode()).decode():
            h.send_response(401)
            h.send_header("WWW-Authenticate", 'Basic realm="index"')
            h.send_header("Content-Length", "0")
            return h.end_headers()
        if path.startswith("/simple/"):
            return self.simple(h, path.split("/")[2])
        if path.startswith("/files/"):
            return self.file(h, path[7:])
        if path.startswith("/npm/") and "/-/" in path:
            name, file = path[5:].split("/-/", 1)
            scope = name[1:].split("/")[0] + "-" if name.startswith("@") else ""
            return self.file(h, scope + file)
        if path.startswith("/npm/"):
            return self.packument(h, path[5:])
        self.say(h, 404, b"", "text/plain")

    def say(self, h, status, body, kind):
        h.send_response(status)
        h.send_header("Content-Type", kind)
        h.send_header("Content-Length", str(len(body)))
        h.end_headers()
        try:
            h.wfile.write(body)
        except OSError:
            h.close_connection = True

    def simple(self, h, name):
        rows = []
        for file, data in self.files.items():
            if file.split("-")[0].replace("_", "-").lower() != name or file.endswith(".tgz"):
                continue
            row = {"filename": file, "url": "/files/" + file,
                   "hashes": {"sha256": sha256(self.lies.get(file, data))}, "requires-python": None, "yanked": False}
            if self.days is not None:
                row["upload-time"] = stamp(self.days)
            rows.append(row)
        if not rows:
            return self.say(h, 404, b"", "text/plain")
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": rows, "versions": []}
        self.say(h, 200, json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")

    def packument(self, h, name):
        versions, times = {}, {}
        for file, data in self.files.items():
            stem = name.replace("@", "").replace("/", "-") + "-"
            if not file.startswith(stem) or not file.endswith(".tgz"):
                continue
            version = file[len(stem):-4]
            versions[version] = {"name": name, "version": version, "dist": {
                "tarball": "%s/npm/%s/-/%s-%s.tgz" % (self.url, name, name.split("/")[-1], version),
                "integrity": integrity(self.lies.get(file, data))}}
            if self.days is not None:
                times[version] = stamp(self.days)
        if not versions:
            return self.say(h, 404, b"{}", "application/json")
        page = {"name": name, "dist-tags": {"latest": max(versions)}, "versions": versions, "time": times}
        self.say(h, 200, json.dumps(page).encode(), "application/json")

    def file(self, h, name):
        data = self.files.get(name)
        if data is None:
            return self.say(h, 404, b"", "text/plain")
        if name in self.swap and any(p.endswith(name) for p in self.seen[:-1]):
            data = self.swap[name]
        if self.wait is None:
            return self.say(h, 200, data, "application/octet-stream")
        h.send_response(200)
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        h.wfile.write(data[:len(data) // 2])
        h.wfile.flush()
        self.begun.set()
        self.wait.wait(300)
        try:
            h.wfile.write(data[len(data) // 2:])
        except OSError:
            h.close_connection = True
