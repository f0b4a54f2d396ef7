"""The GitHub Action's script as Actions would run it, and the pre-commit hook as pre-commit does."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import world

ROOT, LIMIT_S = world.ROOT.resolve(), 300
BAD = "litellm==1.82.7\n"


class Action(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="yett-action-"))
        self.addCleanup(shutil.rmtree, self.dir, True)
        (self.dir / "good.txt").write_text("six==1.16.0 --hash=sha256:%s\n" % ("8" * 64))
        (self.dir / "bad requirements.txt").write_text(BAD)
        (self.dir / "held.txt").write_text("six @ git+https://example.invalid/six@main\n")

    def run_action(self, code=0, path=None, **inputs):
        output, summary = self.dir / "output", self.dir / "summary"
        output.write_text("before=1\n")
        summary.write_text("")
        env = {"PATH": path or "%s:%s" % (pathlib.Path(world.YETT).resolve().parent, os.environ["PATH"]), "HOME": str(self.dir),
               "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        # As action.yml hands them over: every input, those that are not given with their default.
        text = (ROOT / "action.yml").read_text()
        names = re.findall(r"(INPUT_[A-Z_]+): \$\{\{ inputs\.([a-z-]+) \}\}", text)
        self.assertEqual({n.replace("INPUT_", "").replace("_", "-").lower() for n, _ in names}, {i for _, i in names})
        for name, key in names:
            default = re.search(r"^  %s:\n(?:    .*\n)*?    default: (.*)$" % key, text, re.M).group(1).strip('"')
            env[name] = inputs.pop(key.replace("-", "_"), default)
        self.assertEqual(inputs, {})
        p = subprocess.run([ROOT / "integrations/action"], env=env, cwd=self.dir, capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual(p.returncode, code, p.stdout + p.stderr)
        said = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return said, summary.read_text(), p.stdout

    def test_the_run_line_is_this_script(self):
        text = (ROOT / "action.yml").read_text()
        self.assertIn("run: '\"$GITHUB_ACTION_PATH/integrations/action\"'", text)
        self.assertEqual(text.count("run:"), 1)

    def test_verdicts(self):
        for fail_on, codes in {"block": (0, 0, 2), "hold": (0, 1, 2), "never": (0, 0, 0)}.items():
            for target, verdict, code in zip(("good.txt", "held.txt", "bad requirements.txt"), ("pass", "hold", "block"), codes):
                with self.subTest(fail_on=fail_on, target=target):
                    said, summary, _ = self.run_action(code, target="  %s\n\n" % target, fail_on=fail_on)
                    self.assertEqual((said["before"], said["verdict"]), ("1", verdict))
                    self.assertTrue(summary.startswith("### yett check: " + verdict))

    def test_sarif_of_two(self):
        said, _, out = self.run_action(2, target="good.txt\nbad requirements.txt\n", sarif="out file.sarif")
        self.assertEqual(said["sarif"], "out file.sarif")
        log = json.loads((self.dir / "out file.sarif").read_text())
        self.assertEqual((log["version"], len(log["runs"])), ("2.1.0", 2))
        lines = out.splitlines()
        token = re.fullmatch("::stop-commands::([0-9a-f]{32})", lines[0]).group(1)
        self.assertEqual(lines[-1], "::%s::" % token)

    def test_policy(self):
        (self.dir / "p.yaml").write_text("version: 1\nseverity: { known-malware: info }\n")
        self.run_action(0, target="bad requirements.txt", policy="p.yaml")

    def test_errors_fail(self):
        self.run_action(66, target="not there")
        self.run_action(64, target="good.txt", fail_on="x")
        self.run_action(64, target="good.txt", sarif="a\nverdict=pass")
        (self.dir / "p.yaml").write_text("version: 2\n")
        self.run_action(78, target="good.txt", policy="p.yaml")


class PreCommit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not (ROOT / ".git").exists():
            raise unittest.SkipTest("this is no git checkout, which pre-commit would clone")
        venv = ROOT / "build/install-tools"
        cls.tool = venv / "bin/pre-commit"
        if not cls.tool.exists():
            shutil.rmtree(venv, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", venv], check=True, capture_output=True)
            p = subprocess.run([venv / "bin/python", "-m", "pip", "install", "-q", "--only-binary", ":all:", "--require-hashes",
                                "--no-deps", "--retries", "0", "-r", "requirements.txt"], capture_output=True,
                               cwd=pathlib.Path(__file__).parent)
            if p.returncode:
                shutil.rmtree(venv, ignore_errors=True)
                raise unittest.SkipTest("pre-commit cannot be had: no index of Python packages can be reached")

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="yett-hook-"))
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.repo = self.dir / "repo"
        self.repo.mkdir()
        self.env = dict(os.environ, HOME=str(self.dir), PRE_COMMIT_HOME=str(self.dir / "cache"), GIT_CONFIG_GLOBAL="/dev/null",
                        PATH="%s:%s" % (pathlib.Path(world.YETT).resolve().parent, os.environ["PATH"]))
        self.git("init", "-q")
        (self.repo / "requirements-dev.txt").write_text("six==1.16.0 --hash=sha256:%s\n" % ("8" * 64))
        (self.repo / "notes.txt").write_text(BAD)
        self.git("add", ".")

    def git(self, *args):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *args], cwd=self.repo, env=self.env, check=True,
                       capture_output=True)

    def hook(self, *args):
        p = subprocess.run([self.tool, "try-repo", ROOT, "yett-check", "--all-files", *args], cwd=self.repo, env=self.env,
                           capture_output=True, text=True, timeout=LIMIT_S)
        return p.returncode, p.stdout + p.stderr

    def test_changed_lock_files_are_judged(self):
        code, said = self.hook()
        self.assertEqual(code, 0, said)
        (self.repo / "requirements.txt").write_text(BAD)
        self.git("add", ".")
        code, said = self.hook()
        self.assertNotEqual(code, 0, said)
        self.assertIn("known-malware", said)


if __name__ == "__main__":
    unittest.main()
