"""bench/verify/peers.py YETT_NS - one verification of PyPI's golden bundle by others, in CPU time beside ours: whole
commands (user and system time of all their processes), and sigstore-python's verifier again and again in one process.
YETT_NS is what ours takes in one process. Peers come from PyPI and from the proxy of Go modules into
build/bench/verify, or lie there already; one that cannot be had is left out with a line that says so."""
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(ROOT, "build/bench/verify-peers")
BUNDLE = os.path.join(ROOT, "tests/golden/verify/pypi_attestations-0.0.19.tar.gz.sigstore.json")
TRUSTED = os.path.join(ROOT, "data/trusted_root.json")
DIGEST = "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"
WHO = "https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19"
ISSUER = "https://token.actions.githubusercontent.com"
TYPE = "https://docs.pypi.org/attestations/publish/v1"
MODULES = {"cosign": "github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5",
           "sigstore-go-verification": "github.com/sigstore/sigstore-go/examples/sigstore-go-verification@v1.3.0"}
AGAIN = """
import sys, time
from sigstore.models import Bundle
from sigstore.verify import Verifier, policy
text = open(sys.argv[1]).read()
verifier = Verifier.production(offline=True)
who = policy.Identity(identity=sys.argv[2], issuer=sys.argv[3])
best = 1e9
for _ in range(8):
    begin = time.process_time()
    for _ in range(10):
        verifier.verify_dsse(Bundle.from_json(text), who)
    best = min(best, (time.process_time() - begin) / 10)
print(int(best * 1e9))
"""


def left_out(name, why):
    print("bench: without %s: %s" % (name, why), file=sys.stderr)


def environment():
    home = os.path.join(WORK, "home")  # what they keep, and no configuration of anybody's
    os.makedirs(home, exist_ok=True)
    return dict(os.environ, HOME=home, XDG_CACHE_HOME=home, XDG_DATA_HOME=home)


def install_python():
    python = os.path.join(WORK, "venv/bin/python")
    if not os.path.exists(os.path.join(WORK, "venv/bin/sigstore")):
        for command in ([sys.executable, "-m", "venv", os.path.join(WORK, "venv")],
                        [python, "-m", "pip", "install", "-q", "sigstore==4.5.1"]):
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done.returncode:
                return left_out("sigstore-python", (done.stderr.strip() or "no venv").splitlines()[-1])
    return python


def install_go(name):
    path = os.path.join(WORK, "bin", name)
    if os.path.exists(path):
        return path
    if shutil.which("go") is None:
        return left_out(name, "there is no go")
    done = subprocess.run(["go", "install", "-p", "2", MODULES[name]], stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ, GOBIN=os.path.join(WORK, "bin"), GOFLAGS="-modcacherw",
                                   GOPATH=os.path.join(WORK, "go")))
    return path if done.returncode == 0 else left_out(name, done.stderr.strip().splitlines()[-1])


def cpu(command, rounds, times):
    """The least CPU seconds of one run; None when it does not verify."""
    best = 1e9
    for _ in range(rounds):
        before = os.times()
        for _ in range(times):
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                  env=environment())
            if done.returncode:
                return left_out(os.path.basename(command[0]), (done.stderr.strip() or "refused").splitlines()[-1])
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        best = min(best, spent / times)
    return best


def commands():
    yield "yett verify-bundle, both processes", [
        os.path.join(ROOT, "build/bin/yett"), "verify-bundle", "--bundle", BUNDLE, "--certificate-identity", WHO,
        "--certificate-oidc-issuer", ISSUER, "sha256:" + DIGEST], 25
    go = install_go("sigstore-go-verification")
    if go:
        yield "sigstore-go 1.3.0, command", [
            go, "-trustedrootJSONpath", TRUSTED, "-artifact-digest", DIGEST, "-expectedIssuer", ISSUER,
            "-expectedSAN", WHO, BUNDLE], 10
    cosign = install_go("cosign")
    if cosign:
        yield "cosign 2.6.5, command", [
            cosign, "verify-blob-attestation", "--new-bundle-format", "--bundle", BUNDLE, "--trusted-root", TRUSTED,
            "--certificate-identity", WHO, "--certificate-oidc-issuer", ISSUER, "--digest", DIGEST, "--digestAlg",
            "sha256", "--type", TYPE], 5
    python = install_python()
    if python:
        yield "sigstore-python 4.5.1, command", [
            python, "-m", "sigstore", "verify", "identity", "--offline", "--bundle", BUNDLE, "--cert-identity", WHO,
            "--cert-oidc-issuer", ISSUER, "sha256:" + DIGEST], 3


def row(name, ns, of):
    print("%s\t%d\t%d\t-\t%.1f" % (name, os.path.getsize(BUNDLE), ns, ns / of))
    sys.stdout.flush()


def main():
    ours = None
    for name, command, times in commands():
        best = cpu(command, 5, times)
        if best is None:
            continue
        ours = ours or best * 1e9
        row(name, best * 1e9, ours)
    python = os.path.join(WORK, "venv/bin/python")
    if os.path.exists(python):
        done = subprocess.run([python, "-c", AGAIN, BUNDLE, WHO, ISSUER], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=environment())
        if done.returncode:
            left_out("sigstore-python in one process", done.stderr.strip().splitlines()[-1])
        else:
            row("sigstore-python 4.5.1, again in one process", int(done.stdout), float(sys.argv[1]))


main()
