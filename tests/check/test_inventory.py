"""Whole-program tests of digests of interpreters and packages, and of hashes in bills of materials. Run by
tests/check/run."""
import base64
import hashlib
import io
import json
import os
import pathlib
import stat
import subprocess
import time
import unittest
import zipfile

import world
from world import check, fresh, install, report, rules, venv

NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


def listed(line, rows):
    """docs/check-report.md, "The digest of an environment"."""
    h = hashlib.sha256(line)
    for path, mode, content in sorted(rows):
        h.update(b"%s\0%s\0%s\n" % (path.encode(), mode, hashlib.sha256(content).hexdigest().encode()))
    return h.hexdigest()


def row(path, name):
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return name, b"120000", os.readlink(path).encode()
    return name, b"100755" if mode & 0o111 else b"100644", pathlib.Path(path).read_bytes()


def interpreter(name, where="opt/python"):
    """What an interpreter is to the check: a program, a library, modules."""
    root = fresh(name)
    prefix = root / where
    for path, data in (("bin/python3.11", b"\x7fELF program"), ("lib/libpython3.11.so.1.0", b"\x7fELF library"),
                       ("lib/python3.11/os.py", b"x = 1\n"), ("lib/python3.11/a/b.py", b"y = 1\n"),
                       ("lib/python3.11/lib-dynload/c.so", b"\x7fELF"),
                       ("lib/python3.11/site-packages/README.txt", b"no part of it\n")):
        (prefix / path).parent.mkdir(parents=True, exist_ok=True)
        (prefix / path).write_bytes(data)
    os.chmod(prefix / "bin/python3.11", 0o755)
    os.symlink("os.py", prefix / "lib/python3.11/link.py")
    os.symlink("python3.11", prefix / "bin/python3")
    names = ["bin/python3.11", "lib/libpython3.11.so.1.0"] + ["lib/python3.11/" + n for n in (
        "os.py", "a/b.py", "lib-dynload/c.so", "link.py")]
    return root, prefix, lambda: listed(b"yett-interpreter-1\n", [row(prefix / n, n) for n in names])


def of(r, path=""):
    return [e for e in r["environments"] if e["path"] == path][0]


def sbom(form, target):
    p = subprocess.run([world.YETT, "sbom", "--data", str(world.DATA), "--format", form, str(target)],
                       capture_output=True, timeout=60)
    if p.returncode != 0:
        raise AssertionError(p.stderr)
    return json.loads(p.stdout)


class Interpreters(unittest.TestCase):
    def venv(self, name, home):
        path, site = venv(name)
        (path / "pyvenv.cfg").write_text("home = %s\nversion = 3.11.7\n" % home)
        return path, site

    def test_beside_around_and_inside(self):
        root, prefix, want = interpreter("interpreter")
        path, site = self.venv("interpreter-venv", prefix / "bin")
        e = of(report(path, code=0))
        self.assertEqual(e["interpreter"], {"path": str(prefix / "bin/python3.11"), "files": 6, "digest": want()})
        self.assertIn(want(), check(path)[1])
        install(prefix / "lib/python3.11/site-packages", "demo", "1.0", {"demo.py": b"x = 1\n"})
        e = of(report(prefix, code=0))
        self.assertEqual((e["interpreter"]["digest"], e["interpreter"]["path"]), (want(), "bin/python3.11"))
        (root / "etc").mkdir()
        (root / "usr/lib").mkdir(parents=True)
        inside, _ = self.venv("interpreter-image-venv", "/opt/python/bin")
        inside.rename(root / "venv")
        r = report(root, code=0)
        self.assertEqual(r["target"]["kind"], "image-root")
        self.assertEqual({e["path"]: e["interpreter"]["digest"] for e in r["environments"]},
                         {"opt/python": want(), "venv": want()})

    def test_changes(self):
        _, prefix, want = interpreter("interpreter-changes")
        path, site = self.venv("interpreter-changes-venv", prefix / "bin")
        before = of(report(path, code=0))
        self.assertEqual(of(report(path, code=0)), before)
        for name in ("lib/python3.11/a/b.py", "bin/python3.11", "lib/libpython3.11.so.1.0"):
            (prefix / name).write_bytes(b"z = 1\n")
            after = of(report(path, code=0))
            self.assertEqual(after["digest"], before["digest"])
            self.assertEqual(after["interpreter"]["digest"], want(), name)
            self.assertNotEqual(after["interpreter"]["digest"], before["interpreter"]["digest"], name)
            before = after
        (site / "x.py").write_text("x = 1\n")
        after = of(report(path, code=0))
        self.assertNotEqual(after["digest"], before["digest"])
        self.assertEqual(after["interpreter"], before["interpreter"])

    def test_remembered(self):
        """Nothing is read again while nothing has changed; the program, a library and what the target is compared with
        are looked at as the target is."""
        _, prefix, want = interpreter("interpreter-warm")
        path, site = self.venv("interpreter-warm-venv", prefix / "bin")
        old, before = self.venv("interpreter-warm-old", prefix / "bin")
        for at in (site, before):
            install(at, "demo", "1.0", {"demo.py": b"x = 1\n"})
        def args(of):
            return (of, "--against", old)
        time.sleep(2.1)  # what changed just now is never remembered
        cold, warm = report(*args(path), code=0), report(*args(path), code=0)
        self.assertEqual(warm["coverage"]["cached"], warm["coverage"]["files"])
        self.assertEqual(warm["coverage"]["bytes"], 0)
        for key in ("environments", "packages", "findings"):
            self.assertEqual(cold[key], warm[key])
        (prefix / "bin/python3.11").write_bytes(b"\x7fELF another")
        self.assertEqual(of(report(*args(path), code=0))["interpreter"]["digest"], want())
        (prefix / "lib/python3.11/a/b.py").write_bytes(b"z = 1\n")
        self.assertEqual(of(report(*args(path), code=0))["interpreter"]["digest"], want())
        (before / "demo.py").write_bytes(b"x = 2\n")
        self.assertIn("same-version-other-code", rules(report(*args(path), code=1)))

    def test_its_bytecode(self):
        """Left out while it is of its source; bound to another one it runs instead, and blocks."""
        _, prefix, want = interpreter("interpreter-bytecode")
        path, _ = self.venv("interpreter-bytecode-venv", prefix / "bin")
        source = prefix / "lib/python3.11/os.py"
        st = os.stat(source)
        cache = prefix / "lib/python3.11/__pycache__/os.cpython-311.pyc"
        cache.parent.mkdir()
        head = b"\xa7\x0d\x0d\x0a"
        cache.write_bytes(head + b"\0\0\0\0" + int(st.st_mtime).to_bytes(4, "little")
                          + st.st_size.to_bytes(4, "little") + b"code")
        self.assertEqual(of(report(path, code=0))["interpreter"]["digest"], want())
        cache.write_bytes(head + b"\1\0\0\0" + b"\0" * 8 + b"code")
        r = report(path, code=2)
        self.assertIn("bytecode-foreign", rules(r))
        self.assertNotEqual(of(r)["interpreter"]["digest"], want())


class Contents(unittest.TestCase):
    def test_one_artifact_has_one_digest(self):
        _, one = venv("contents-one")
        path, two = venv("contents-two", "3.12.1")
        for site, installer in ((one, b"pip\n"), (two, b"uv\n")):
            install(site, "demo", "1.0", {"demo/a.py": b"x = 1\n", "demo.py": b"", "../../../bin/demo": b"#!" + installer})
            (site / "demo-1.0.dist-info/INSTALLER").write_bytes(installer)
        def demo(r):
            return [p for p in r["packages"] if p["name"] == "demo"][0]
        want = listed(b"yett-package-1\n", [row(one / n, n) for n in (
            "demo/a.py", "demo.py", "demo-1.0.dist-info/METADATA")])
        self.assertEqual(demo(report(one))["files_sha256"], want)
        self.assertEqual(demo(report(path))["files_sha256"], want)
        (two / "demo/a.py").write_text("x = 2\n")
        self.assertNotEqual(demo(report(path))["files_sha256"], want)

    def test_hashes_of_artifacts_in_caches(self):
        home, path = fresh("cached-home"), fresh("cached-wheels")
        venv_path, site = venv("cached-venv")
        venv_path.rename(home / "venv")
        site = home / "venv/lib/python3.11/site-packages"
        cache = home / ".cache"
        sha = lambda data: hashlib.sha256(data).hexdigest()

        def wheel(name, files, folder="a"):
            (path / folder).mkdir(exist_ok=True)
            made = world.wheel(path / folder, name, "1.0", files)
            with zipfile.ZipFile(made) as z:
                z.extractall(site)
            (site / (name + "-1.0.dist-info/INSTALLER")).write_text("pip\n")
            return made.read_bytes()

        def answered(name, data, where="a/b"):
            at = cache / "pip/http-v2" / where / name
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_bytes(b"cc=4,\x82\xb3X-PyPI-File-Version\xa31.0\xb3X-PyPI-File-Project" + bytes([0xa0 + len(name)])
                           + name.encode())
            (at.parent / (name + ".body")).write_bytes(data)
            return str((at).relative_to(home))

        def unpacked(name, data, more=None, end=".http"):
            id = "id-" + name
            for member in zipfile.ZipFile(io.BytesIO(data)).namelist():
                to = cache / "uv/archive-v0" / id / member
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(zipfile.ZipFile(io.BytesIO(data)).read(member))
            if more:
                (cache / "uv/archive-v0" / id / more).write_text("y = 1\n")
            file = "%s-1.0-py3-none-any.whl" % name
            at = cache / "uv/wheels-v8/pypi" / name / ("1.0-py3-none-any" + end)
            at.parent.mkdir(parents=True)
            at.write_bytes(b"\x95%c%s\x91\x81\xa6Sha256\xd9\x40%s%c%s\0policy" % (
                0xa0 + len(id), id.encode(), sha(data).encode(), 0xa0 + len(file), file.encode()))
            return str(at.relative_to(home))

        want = {}
        data = wheel("kept", {"kept/__init__.py": b"x = 1\n", "kept/a.txt": b"1"})
        want["kept"] = sha(data), answered("kept", data)
        data = wheel("changed", {"changed.py": b"x = 1\n"})
        answered("changed", data)
        (site / "changed.py").write_text("x = 2\n")
        data = wheel("smaller", {"smaller.py": b"x = 1\n"})
        wheel("smaller", {"smaller.py": b"x = 1\n", "smaller_more.py": b"x = 1\n"}, "b")  # what is installed has more
        answered("smaller", data)
        answered("several", wheel("several", {"several.py": b"x = 1\n"}))
        wheel("several", {"several.py": b"x = 1\n"}, "b")
        several = io.BytesIO()
        with zipfile.ZipFile(several, "w", zipfile.ZIP_STORED) as z:  # the same files in other bytes
            with zipfile.ZipFile(path / "b/several-1.0-py3-none-any.whl") as old:
                for n in old.namelist():
                    z.writestr(n, old.read(n))
        answered("several", several.getvalue(), "c/d")
        data = wheel("built", {"built.py": b"x = 1\n"})
        at = cache / "pip/wheels/aa/bb/cc/dd"
        at.mkdir(parents=True)
        (at / "built-1.0-py3-none-any.whl").write_bytes(data)
        (at / "origin.json").write_text(json.dumps({"url": "https://example.org/built-1.0.tar.gz",
                                                    "archive_info": {"hashes": {"sha256": "5" * 64}}}))
        want["built"] = "5" * 64, str((at / "origin.json").relative_to(home))
        data = wheel("linked", {"linked.py": b"x = 1\n"})
        want["linked"] = sha(data), unpacked("linked", data)
        data = wheel("local", {"local.py": b"x = 1\n"})
        unpacked("local", data, more="local_more.py")
        found = {c["name"]: c for c in sbom("cyclonedx", home)["components"] if c["type"] == "library"}
        said = {}
        for name, c in found.items():
            origin = [p["value"] for p in c.get("properties", []) if p["name"] == "yett:hashes-from"]
            if c.get("hashes") or origin:
                said[name] = c["hashes"][0]["content"], origin[0]
        self.assertEqual(said, want)
        spdx = {p["name"]: p for p in sbom("spdx", home)["packages"]}
        self.assertEqual(spdx["kept"]["checksums"], [{"algorithm": "SHA256", "checksumValue": want["kept"][0]}])
        self.assertIn("checksums from " + want["kept"][1], [a["comment"] for a in spdx["kept"]["annotations"]])
        self.assertFalse([p for p in report(home)["packages"] if "hashes_from" in p])  # a check has no use for them

    def test_hashes_in_bills_of_materials(self):
        root = fresh("contents-sbom")
        venv_path, site = venv("contents-sbom-venv")
        venv_path.rename(root / "venv")
        site = root / "venv/lib/python3.11/site-packages"
        install(site, "direct", "1.0", {"direct.py": b"", "direct-1.0.dist-info/direct_url.json": json.dumps({
            "url": "https://example.org/direct-1.0.tar.gz", "archive_info": {"hashes": {"sha256": "1" * 64}}}).encode()})
        install(site, "locked", "1.0", {"locked.py": b""})
        install(site, "several", "1.0", {"several.py": b""})
        (root / "requirements.txt").write_text("locked==1.0 --hash=sha256:%s\nseveral==1.0 --hash=sha256:%s "
                                               "--hash=sha256:%s\n" % ("2" * 64, "3" * 64, "4" * 64))
        sri = {name: "sha512-" + base64.b64encode(name.encode() * 64).decode() for name in "abc"}
        for name in "abc":
            at = root / "node_modules" / name
            at.mkdir(parents=True)
            (at / "package.json").write_text(json.dumps({"name": name, "version": "1.0.%d" % (name == "b")}))
        (root / "node_modules/.package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": {
            "node_modules/" + n: {"version": "1.0.0", "integrity": sri[n]} for n in "ab"}}))
        bom = sbom("cyclonedx", root)
        found = {}
        for c in bom["components"]:
            at = c.get("evidence", {"occurrences": [{"location": ""}]})["occurrences"][0]["location"]
            if c["type"] == "library" and ("site-packages" in at or "node_modules" in at):
                found[c["name"]] = ([h["content"][:6] for h in c.get("hashes", [])],
                                    [p["name"] for p in c.get("properties", []) if p["name"] == "yett:files-digest"])
        digest = ["yett:files-digest"]
        self.assertEqual(found["direct"], (["111111"], digest))
        self.assertEqual(found["locked"], (["222222"], digest))
        self.assertEqual(found["several"], ([], digest))  # which of them it was is not known
        self.assertEqual(found["a"], ([b"aaa".hex()], digest))
        self.assertEqual(found["b"], ([], digest))  # it is not the release that the lock file names
        self.assertEqual(found["c"], ([], digest))
        self.assertIn("yett:environment-digest", {p["name"] for p in bom["metadata"]["properties"]})
        spdx = {p["name"]: p for p in sbom("spdx", root)["packages"] if "site-packages" in p.get("sourceInfo", "")}
        self.assertEqual(spdx["locked"]["checksums"], [{"algorithm": "SHA256", "checksumValue": "2" * 64}])
        self.assertTrue(spdx["locked"]["annotations"][0]["comment"].startswith("files digest sha256:"))
