"""`yett check` with failing calls: a target that must be blocked never passes, and a clean one is not called bad."""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "check"))
import world  # noqa: E402
from plan import BAD, ERRORS, Plan, picked  # noqa: E402

PATIENCE = 60
ERROR = 64  # and up


def seen(report):
    """What a report says that may not go missing unseen."""
    return [(f["rule"], f["severity"]) for f in report["findings"]] + [p.get("purl") for p in report["packages"]]


def admitted(report):
    """It says itself that it has not seen all."""
    return any(report["coverage"][k] for k in ("unread", "changed", "skipped"))


class Checking:
    def __init__(self, directory, tree, most, only):
        self.yett, self.most, self.only, self.found, self.total = tree / "bin/yett", most, only, [], 0
        world.WORLD, world.DATA = pathlib.Path(directory) / "world", pathlib.Path(directory) / "memory"
        self.plans = {"checker": Plan(tree / "libexec/yett/checker"), "cli": Plan(self.yett)}
        clean, _ = world.venv("clean")
        bad, site = world.venv("bad")
        world.install(site, "gpsea", "0.9.1", {"gpsea/__init__.py": b"", "gpsea-setup.pth": world.PTH.encode()})
        world.twin(site)
        self.targets = {"clean": (clean, 0), "bad": (bad, 2)}

    def check(self, path, *args):
        p = subprocess.run([self.yett, "check", "--data", world.DATA, "--offline", "--no-detonate", "--format", "json",
                            *args, path], capture_output=True, timeout=PATIENCE, text=True, errors="replace",
                           env={"PATH": os.environ["PATH"], "HOME": str(world.WORLD)})
        return p.returncode, p.stdout, p.stderr

    def judge(self, code, out, err, want, usual):
        """What is wrong with this answer, or None."""
        if code < 0 or BAD.search(err):
            return "a crash (%d)" % code
        if code == 3 or code >= ERROR:
            return None if out.strip() or err.strip() else "it ends with %d and no reason" % code
        try:
            report = json.loads(out)
            what = seen(report)
        except ValueError:
            return "exit %d and no whole report" % code
        if code != want:
            return "exit %d, not %d: %r" % (code, want, what)
        if admitted(report):
            return None
        lost = collections.Counter(usual) - collections.Counter(what)
        return "lost without a word: %r" % list(lost) if lost else None

    def target(self, name, role, args):
        path, want = self.targets[name]
        plan = self.plans[role]
        shutil.rmtree(world.DATA, ignore_errors=True)
        if not args:
            self.check(path)  # something to remember
        plan.trace()
        code, out, err = self.check(path, *args)
        made = plan.traced()
        if code != want:
            raise SystemExit("%s is judged %d without any failure:\n%s" % (name, code, err))
        usual, count, todo = seen(json.loads(out)), collections.Counter(), []
        for (call, where), n in sorted(made.items()):
            for i, nth in enumerate(picked(n, self.most)):
                errors = ERRORS[call] if i == 0 else ERRORS[call][i % len(ERRORS[call]):][:1]
                todo += [(call, where, nth, e) for e in errors if self.only in plan.line(where)]
        for call, where, nth, error in todo:
            plan.arm(call, where, nth, error)
            try:
                code, out, err = self.check(path, *args)
                wrong = self.judge(code, out, err, want, usual)
            except subprocess.TimeoutExpired:
                code, wrong = None, "no end"
            count["fired" if plan.disarm() else "not reached"] += 1
            count[{want: "right", 3: "inconclusive"}.get(code, "error")] += wrong is None
            if wrong:
                line = "%s %s%s: %s no %d from %s with %s: %s (%s)" % (
                    role, name, "".join(" " + a for a in args), call, nth, plan.line(where), error, wrong, plan.way())
                self.found.append(line)
                print("WRONG " + line + "\n" + "".join("    | %s\n" % x for x in err.splitlines()[-20:]), flush=True)
        self.total += len(todo)
        print("%-8s %-12s %4d places, %5d calls; %4d failures: %4d fired, %d right, %d inconclusive, %d errors" %
              (role, name + "".join(" " + a for a in args), len(made), sum(made.values()), len(todo), count["fired"],
               count["right"], count["inconclusive"], count["error"]), flush=True)

    def run(self):
        for role in self.plans:
            for name in self.targets:
                for args in (("--cold",), ()):
                    self.target(name, role, args)
