"""Package indexes on loopback, over TLS and without, honest and not; advisory records by URL.
Proves T-41."""
import base64
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import resource
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import zipfile

from harness import BUILD, ROOT, build_extra

SECRET = "s3cr%65t-of-the-index"
WHEEL = b"PK-wheel-of-1.1"
FILES = {"a_b-1.1-py3-none-any.whl": WHEEL, "a-b-1.0.tar.gz": b"sdist-of-1.0", "a-b-1.1.tar.gz": b"sdist-of-1.1",
         "a_b-1.2rc1-py3-none-any.whl": b"rc", "a-b-0.9.tar.gz": b"yanked", "c-2.0.0.tgz": b"tgz 2", "c-1.0.0.tgz": b"tgz 1"}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Index(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []

    def log_message(self, *args):
        pass

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def simple(self, html):
        rows = [{"filename": n, "url": "../../files/" + n, "hashes": {"sha256": sha256(d)}, "yanked": n == "a-b-0.9.tar.gz",
                 "upload-time": "2026-03-24T10:39:00.5Z"} for n, d in FILES.items() if n.endswith((".whl", ".gz"))]
        if html:
            page = "".join('<a href="%s#sha256=%s">%s</a>' % (r["url"], r["hashes"]["sha256"], r["filename"]) for r in rows)
            return self.say(200, b"<html>" + page.encode(), Content_Type="text/html")
        self.say(200, json.dumps({"files": rows}).encode(), Content_Type="application/vnd.pypi.simple.v1+json")

    def packument(self):
        sri = lambda d: "sha512-" + base64.b64encode(hashlib.sha512(d).digest()).decode()
        host = self.headers["Host"]
        scheme = "https" if self.server.tls else "http"
        versions = {v: {"dist": {"tarball": "%s://%s/files/c-%s.tgz" % (scheme, host, v), "integrity": sri(FILES["c-%s.tgz" % v])}}
                    for v in ("1.0.0", "2.0.0")}
        self.say(200, json.dumps({"versions": versions, "time": {"2.0.0": "2026-01-02T03:04:05.000Z"}}).encode(),
                 Content_Type="application/json")

    def do_GET(self):
        type(self).seen.append((self.path, self.headers.get("Authorization")))
        path = self.path.split("?")[0]
        if path == "/simple/a-b/":
            self.simple(False)
        elif path == "/html/a-b/":
            self.simple(True)
        elif path in ("/npm/c", "/npm/@s%2Fc"):
            self.packument()
        elif path.startswith("/files/"):
            self.say(200, FILES[path[7:]])
        elif path == "/moved/a-b/":
            self.say(302, b"gone" * 100, Location="/simple/a-b/")
        elif path == "/round/a-b/":
            self.say(301, Location="/round/a-b/")
        elif path == "/away/a-b/":
            self.say(302, Location=self.server.away)
        elif path == "/down/a-b/":
            self.say(302, Location="http://%s/simple/a-b/" % self.headers["Host"])
        elif path == "/short/a-b/":
            self.say(200, b'{"files":[]', Content_Type="application/json", Content_Length="5000")
        elif path == "/gzip/a-b/":
            self.say(200, gzip.compress(b"{}"), Content_Type="application/json", Content_Encoding="gzip")
        elif path == "/odd/a-b/":
            self.say(200, b"not json", Content_Type="application/json")
        elif path == "/lying/a-b/":
            self.say(200, json.dumps({"files": [{"filename": "a-b-1.0.tar.gz", "url": "/files/a-b-1.0.tar.gz",
                                                 "hashes": {"sha256": "0" * 64}}]}).encode(), Content_Type="application/json")
        elif path == "/plain/a-b/":
            self.say(200, json.dumps({"files": [{"filename": "a-b-1.0.tar.gz", "hashes": {},
                                                 "url": "http://localhost:1/a-b-1.0.tar.gz"}]}).encode(), Content_Type="application/json")
        elif path == "/denied/a-b/":
            self.say(401)
        elif path == "/records.zip":
            self.say(200, self.server.records)
        elif path == "/endless":
            self.say(200, b"x" * 1000, Transfer_Encoding="chunked")
        else:
            self.say(404)


class Fetch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        extra = build_extra("fetching")
        cls.tmp = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.tmp.cleanup)
        cls.dir = pathlib.Path(cls.tmp.name)
        (cls.dir / "bin").mkdir()
        (cls.dir / "libexec").mkdir()
        shutil.copy(extra / "fetching", cls.dir / "bin/fetching")
        os.symlink((BUILD / "libexec/yett").resolve(), cls.dir / "libexec/yett")
        cls.cert, key = str(cls.dir / "cert.pem"), str(cls.dir / "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                        key, "-out", cls.cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        cls.tls = cls.serve(ssl_files=(cls.cert, key))
        cls.plain = cls.serve()
        cls.tls.away = "http://localhost:%d/simple/a-b/" % cls.plain.server_port
        cls.plain.away = "https://localhost:%d/simple/a-b/" % cls.tls.server_port

    @classmethod
    def serve(cls, ssl_files=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
        server.tls = ssl_files is not None
        server.daemon_threads = True
        if ssl_files:
            ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            ctx.load_cert_chain(*ssl_files)
            server.socket = ctx.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *a: None
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        return server

    def run_(self, *args, env=None, trust=True, program=None):
        home = str(self.dir)
        e = {"HOME": home, "PATH": os.environ["PATH"], **({"SSL_CERT_FILE": self.cert} if trust else {}), **(env or {})}
        return subprocess.run([str(program or self.dir / "bin/fetching"), *args], env=e, cwd=home, capture_output=True, text=True, timeout=60)

    def index(self, way, tls=True, user=""):
        server = self.tls if tls else self.plain
        return "%s://%slocalhost:%d/%s" % ("https" if tls else "http", user, server.server_port, way)

    def ok(self, *args, **more):
        r = self.run_(*args, **more)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        return r.stdout.splitlines()

    def refused(self, words, *args, **more):
        r = self.run_(*args, **more)
        self.assertNotEqual(r.returncode, 0, r.stdout)
        self.assertIn(words, r.stderr)
        self.assertNotIn(SECRET, r.stderr)
        return r.stderr

    def pip(self, way, tls=True, user=""):
        return {"PIP_INDEX_URL": self.index(way, tls, user)}

    def test_releases_of_pypi(self):
        for way in ("simple", "html", "moved/"):
            for tls in (True, False):
                env = self.pip(way, tls)
                self.assertEqual(self.ok("release", "pypi", "A.B", "1.1", env=env)[1], "checked 15 PK-wheel-of-1.1")
                self.assertEqual(self.ok("release", "pypi", "a-b", "1.0.0", env=env)[1], "checked 12 sdist-of-1.0")
                self.assertIn("a_b-1.1-py3", self.ok("release", "pypi", "a-b", env=env)[0])
                self.assertIn(" 1.0 ", self.ok("previous", "pypi", "a-b", "1.1", env=env)[0])
        self.assertIn("1774348740", self.ok("release", "pypi", "a-b", "1.1", env=self.pip("simple"))[0])
        self.assertIn("yanked", "\n".join(self.ok("listing", "pypi", "a-b", env=self.pip("simple"))))
        self.refused("no 'a-b' 7.0", "release", "pypi", "a-b", "7.0", env=self.pip("simple"))
        self.refused("no 'a-b' before", "previous", "pypi", "a-b", "1.0", env=self.pip("simple"))
        self.refused("does not have it", "release", "pypi", "nothing", "1", env=self.pip("simple"))
        self.refused("no index has a package of that name", "release", "pypi", "../x", "1", env=self.pip("simple"))

    def test_releases_of_npm(self):
        env = {"npm_config_registry": self.index("npm")}
        for name in ("c", "@s/c"):
            out = self.ok("release", "npm", name, "2.0.0", env=env)
            self.assertEqual(out, ["c-2.0.0.tgz 2.0.0 sha512 1767323045", "checked 5 tgz 2"])
        self.assertIn("c-1.0.0.tgz", self.ok("previous", "npm", "c", "2.0.0", env=env)[0])

    def test_configuration_files(self):
        conf = self.dir / "some.conf"
        conf.write_text("[install]\nindex-url = http://wrong\n[global]\n# index-url = http://wrong\nindex-url = %s\n" % self.index("simple"))
        self.ok("release", "pypi", "a-b", "1.1", env={"PIP_CONFIG_FILE": str(conf)})
        npmrc = self.dir / ".npmrc"
        base = self.index("npm") + "/"
        self.addCleanup(npmrc.unlink)
        token = "%s:_authToken=${TOKEN}\n" % base[6:]
        user = self.dir / "user.npmrc"
        for project, own, sent in [("@s:registry=%s\n" % base, token, "Bearer npm-token"),
                                   (token, "@s:registry=%s\n" % base, "Bearer npm-token"),
                                   # Both would let a project have any secret sent anywhere.
                                   ("@s:registry=%s\n%s" % (base, token), "", None),
                                   ("@s:registry=%s\n%s" % (base, token.replace("${TOKEN}", "plain")), "", "Bearer plain")]:
            npmrc.write_text("registry=http://wrong.invalid\n" + project)
            user.write_text(own)
            Index.seen.clear()
            self.ok("release", "npm", "@s/c", "2.0.0", env={"TOKEN": "npm-token", "npm_config_userconfig": str(user)})
            self.assertEqual({a for _, a in Index.seen}, {sent})
        self.refused("PIP_INDEX_URL names no http or https URL", "release", "pypi", "a-b", "1", env={"PIP_INDEX_URL": "file:///x"})

    def test_credentials_stay_with_their_host(self):
        want = "Basic " + base64.b64encode(b"me:s3cret-of-the-index").decode()
        Index.seen.clear()
        self.ok("release", "pypi", "a-b", "1.1", env=self.pip("simple", user="me:%s@" % SECRET))
        self.assertEqual([a for _, a in Index.seen], [want, want])
        Index.seen.clear()
        self.ok("release", "pypi", "a-b", "1.1", env=self.pip("away", tls=False, user="me:%s@" % SECRET))
        self.assertEqual([a for p, a in Index.seen], [want, None, None])
        self.refused("other credentials", "release", "pypi", "a-b", "1.1", env=self.pip("denied", user="me:%s@" % SECRET))

    def test_nothing_unsafe_is_followed(self):
        self.refused("more than 5 redirects", "release", "pypi", "a-b", "1.1", env=self.pip("round"))
        self.refused("where we do not go", "release", "pypi", "a-b", "1.1", env=self.pip("away"))
        self.refused("where we do not go", "release", "pypi", "a-b", "1.1", env=self.pip("down"))
        self.refused("only https is", "release", "pypi", "a-b", "1.0", env=self.pip("plain"))

    def test_certificates_count(self):
        said = self.refused("", "release", "pypi", "a-b", "1.1", env=self.pip("simple"), trust=False)
        self.assertRegex(said, "certificate|roots")
        other = self.pip("simple")["PIP_INDEX_URL"].replace("localhost", "127.0.0.1")
        self.assertIn("certificate", self.refused("", "release", "pypi", "a-b", "1.1", env={"PIP_INDEX_URL": other}))

    def test_lies(self):
        self.refused("the hash differs", "release", "pypi", "a-b", "1.0", env=self.pip("lying"))
        for tls in (True, False):
            self.refused("cut short", "release", "pypi", "a-b", "1.0", env=self.pip("short", tls))
        self.refused("compressed", "release", "pypi", "a-b", "1.0", env=self.pip("gzip"))
        self.refused("no JSON", "release", "pypi", "a-b", "1.0", env=self.pip("odd"))
        r = self.run_("release", "pypi", "a-b", "1.0", env={"PIP_INDEX_URL": "https://localhost:1/", "https_proxy": "http://p:1"})
        self.assertIn("yett does not use proxies", r.stderr)

    def test_advisories_by_url(self):
        path = self.dir / "r.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            for line in (ROOT / "data/advisories.jsonl").read_text().splitlines():
                z.writestr(json.loads(line)["id"] + ".json", json.dumps(json.loads(line), indent=1))
            z.writestr("README.md", "no record")
            z.writestr("odd.json", "{")
        self.tls.records = path.read_bytes()
        data, yett = str(self.dir / "data"), BUILD / "bin/yett"
        out = self.ok("advisories", "update", self.index("records.zip"), "--data", data, "--json", program=yett)
        got = json.loads(self.last_json(out))
        self.assertEqual((got["taken_in"], got["not_understood"], got["snapshot"]["records"]), (67, 1, 67))
        before = (self.dir / "data/advisories.index").read_bytes()
        for way, words in (("nothing", "does not have it"), ("endless", ""), ("files/c-1.0.0.tgz", "no record")):
            self.refused(words, "advisories", "update", self.index(way), "--data", data, program=yett)
        self.assertEqual((self.dir / "data/advisories.index").read_bytes(), before)
        self.assertEqual(sorted(os.listdir(data)), ["advisories.index"])

    @staticmethod
    def last_json(lines):
        return lines[-1]


class Advisories(unittest.TestCase):
    """Without any network, and without an index at first."""

    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)

    def yett(self, *args, status=0):
        r = subprocess.run([str(BUILD / "bin/yett"), "advisories", *args, "--data", self.tmp.name + "/d"], capture_output=True,
                           text=True, timeout=60)
        self.assertEqual(r.returncode, status, r.stdout + r.stderr)
        return r.stdout

    def test_known_incident(self):
        bad = json.loads(self.yett("show", "litellm==1.82.7", "--json"))
        self.assertEqual([h["id"] for h in bad["hits"]], ["MAL-2026-2144", "GHSA-r75f-5x8p-qvmc"])
        self.assertEqual((bad["safe"], bad["malicious"]), ("1.83.7", ["1.82.7", "1.82.8"]))
        text = self.yett("show", "litellm==1.82.6")
        self.assertIn("known vulnerable", text)
        self.assertIn("Safe: 1.83.7", text)
        text = self.yett("show", "litellm==1.38.1")
        self.assertIn("no record names it", text)
        self.assertIn("Recorded as malicious: 1.82.7, 1.82.8", text)
        self.assertIn("Built-in records", text)
        self.assertIn("pkg:pypi/litellm  >=1.81.16 <1.83.7", self.yett("show", "CVE-2026-42208"))
        self.yett("show", "what is this", status=65)

    def test_directory(self):
        records = pathlib.Path(self.tmp.name) / "records/deep/.hidden"
        records.mkdir(parents=True)
        one = {"id": "MAL-1", "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "versions": ["1.0.0"]}]}
        (records.parent / "a.json").write_text(json.dumps(one))
        (records / "b.json").write_text(json.dumps({**one, "id": "MAL-2"}))
        (records.parent / "big.json").write_text(" " * (9 << 20))
        os.mkfifo(records.parent / "pipe.json")
        os.symlink("a.json", records.parent / "link.json")
        self.assertIn("1 records taken in", self.yett("update", str(records.parent.parent)))
        self.assertIn("known malicious", self.yett("show", "x@1.0.0"))
        self.assertIn("Records: 1 records of 1 packages", self.yett("status"))
        index = pathlib.Path(self.tmp.name) / "d/advisories.index"
        index.write_bytes(index.read_bytes()[:-1])
        self.yett("status", status=65)
        self.yett("show", "x@1.0.0", status=65)
        self.yett("update", str(pathlib.Path(self.tmp.name) / "nothing"), status=66)

    def test_cut_in_half(self):
        """An update that is killed, or for which there is no room, leaves the old index and nothing else."""
        tmp = pathlib.Path(self.tmp.name)
        one = {"id": "MAL-1", "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "versions": ["1.0.0"]}]}
        (tmp / "old.json").write_text(json.dumps(one))
        with open(tmp / "new.jsonl", "w") as f:
            for i in range(30000):
                f.write(json.dumps({**one, "id": "MAL-%d" % i, "summary": "s" * 100}) + "\n")
        self.yett("update", str(tmp / "old.json"))
        index, update = tmp / "d/advisories.index", [str(BUILD / "bin/yett"), "advisories", "update", str(tmp / "new.jsonl"),
                                                     "--data", str(tmp / "d")]
        before = index.read_bytes()
        r = subprocess.run(update, capture_output=True, timeout=60,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
        self.assertNotEqual(r.returncode, 0)
        self.assertEqual((index.read_bytes() == before, os.listdir(tmp / "d")), (True, ["advisories.index"]))
        for delay in range(12):
            p = subprocess.Popen(update, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay / 100)
            p.kill()
            p.wait(60)
            self.assertEqual(os.listdir(tmp / "d"), ["advisories.index"])
            self.yett("status")
        self.yett("update", str(tmp / "new.jsonl"))
        self.assertNotEqual(index.read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
