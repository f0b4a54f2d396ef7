"""The helpers of the command line with failing calls: what cannot be verified never is, and an index is the old one or
the new one, whole, with nothing beside it."""
import collections
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import threading

from plan import BAD, ERRORS, Plan, picked

HERE = pathlib.Path(__file__).resolve().parent
BUNDLE = HERE.parent / "golden/verify/pypi_attestations-0.0.19.tar.gz.sigstore.json"
DIGEST = "sha256:9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"
WHO = ("--certificate-identity",
       "https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19",
       "--certificate-oidc-issuer", "https://token.actions.githubusercontent.com")
PATIENCE = 60


class Records(http.server.BaseHTTPRequestHandler):
    """Records over plain HTTP on loopback, in pieces."""
    body = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        try:
            for at in range(0, len(self.body), 20000):
                self.wfile.write(self.body[at:at + 20000])
        except OSError:
            pass  # the fetcher is made to end early

    def log_message(self, *args):
        pass


class Helping:
    def __init__(self, directory, tree, most, only):
        self.yett, self.most, self.only, self.found, self.total = tree / "bin/yett", most, only, [], 0
        self.dir, self.old = pathlib.Path(directory) / "helping", b""
        self.dir.mkdir()
        self.dir.parent.chmod(0o755)  # the verifier is another user and reads its plan there
        one = {"id": "MAL-1", "affected": [{"package": {"ecosystem": "npm", "name": "x"}, "versions": ["1.0.0"]}]}
        (self.dir / "old.json").write_text(json.dumps(one))
        Records.body = "".join(json.dumps({**one, "id": "MAL-%d" % i}) + "\n" for i in range(1000)).encode()
        (self.dir / "new.jsonl").write_bytes(Records.body)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Records)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        url = "http://127.0.0.1:%d/new.jsonl" % self.server.server_port
        update = ("advisories", "update", "--data", str(self.dir / "data"))
        verify = ("verify-bundle", "--bundle", str(BUNDLE), *WHO)
        self.plans = {r: Plan(tree / "libexec/yett" / r) for r in ("indexer", "fetcher", "verifier")}
        # program, what is run, its status without any failure, what must be so afterwards
        self.jobs = [("indexer", (*update, str(self.dir / "new.jsonl")), 0, self.index),
                     ("fetcher", (*update, url), 0, self.index),
                     ("verifier", (*verify, DIGEST), 0, self.nothing),
                     ("verifier", (*verify, DIGEST[:-1] + "4"), None, self.nothing)]

    def run_(self, args):
        p = subprocess.run([self.yett, *args], capture_output=True, timeout=PATIENCE, text=True, errors="replace",
                           env={"PATH": os.environ["PATH"], "HOME": str(self.dir)})
        return p.returncode, p.stdout, p.stderr

    # ---- what must be so ----

    def nothing(self, code):
        return None

    def index(self, code):
        data = self.dir / "data"
        now = (data / "advisories.index").read_bytes()
        if os.listdir(data) != ["advisories.index"]:
            return "it leaves %r" % os.listdir(data)
        if (now == self.old) != (code != 0) or (code == 0 and now != self.new):
            return "exit %d and the %s index" % (code, "old" if now == self.old else "new" if now == self.new else "odd")
        return None

    def before(self):
        shutil.rmtree(self.dir / "data", ignore_errors=True)
        self.run_(("advisories", "update", "--data", str(self.dir / "data"), str(self.dir / "old.json")))
        self.old = (self.dir / "data/advisories.index").read_bytes()

    def judge(self, code, out, err, want, after):
        if code < 0 or BAD.search(err):
            return "a crash (%d)" % code
        if code != 0 and not out.strip() and not err.strip():
            return "it ends with %d and no reason" % code
        if code == 0 and want != 0:
            return "what does not hold is said to hold"
        return after(code)

    # ---- one job ----

    def job(self, role, args, want, after):
        plan = self.plans[role]
        self.before()
        plan.trace()
        code, out, err = self.run_(args)
        made = plan.traced()
        if (code == 0) != (want == 0):
            raise SystemExit("%s ends with %d without any failure:\n%s" % (role, code, err))
        if after == self.index:
            self.new = (self.dir / "data/advisories.index").read_bytes()
        count, todo = collections.Counter(), []
        for (call, where), n in sorted(made.items()):
            for i, nth in enumerate(picked(n, self.most)):
                errors = ERRORS[call] if i == 0 else ERRORS[call][i % len(ERRORS[call]):][:1]
                todo += [(call, where, nth, e) for e in errors if self.only in plan.line(where)]
        for call, where, nth, error in todo:
            if after == self.index:
                (self.dir / "data/advisories.index").write_bytes(self.old)
            plan.arm(call, where, nth, error)
            try:
                code, out, err = self.run_(args)
                wrong = self.judge(code, out, err, want, after)
            except subprocess.TimeoutExpired:
                code, err, wrong = None, "", "no end"
            count["fired" if plan.disarm() else "not reached"] += 1
            count["right" if code == want else "errors"] += wrong is None
            if wrong:
                line = "%s %s: %s no %d from %s with %s: %s (%s)" % (role, args[0], call, nth, plan.line(where), error, wrong,
                                                                  plan.way())
                self.found.append(line)
                print("WRONG " + line + "\n" + "".join("    | %s\n" % x for x in err.splitlines()[-20:]), flush=True)
        self.total += len(todo)
        print("%-8s %-14s %4d places, %5d calls; %4d failures: %4d fired, %d right, %d errors" %
              (role, args[0], len(made), sum(made.values()), len(todo), count["fired"], count["right"], count["errors"]),
              flush=True)

    def run(self):
        try:
            for job in self.jobs:
                self.job(*job)
        finally:
            self.server.shutdown()
            self.server.server_close()
