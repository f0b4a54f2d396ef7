"""METADATA, CSV, entry points and file names of wheels."""
import csv
import email
import importlib.metadata
import json
import pathlib
import random
import re


def latin(text):
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


# ---- METADATA -------------------------------------------------------------------------------------------------

LINES = ["Metadata-Version: 2.1", "Name: demo", "name:other", "Version: 1.0", "Requires-Dist: a>=1 ; extra == 'x'", "",
         " continued", "\tcontinued", "From here", "From: x", ": none", "Bad Name: x", "no colon", "License: MIT",
         "Summary: ä \u2028 \x85 x", "X:", "X: ", "Summary:  two  ", "Ü: x", "\ufeffName: demo", "a\x7f: x",
         "Provides-Extra: x", "Description: long", "        more", "|", "Keywords: a,b", "-: x", "=?utf-8?q?x?=: y"]
ENDS = ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\r\r\n"]


def metadata(run):
    rnd = random.Random(21)
    cases = {}
    for i in range(1500):
        text = "".join(rnd.choice(LINES) + rnd.choice(ENDS) for _ in range(rnd.randrange(0, 9)))
        if rnd.random() < 0.2:
            text = text.rstrip("\n")
        cases[run.write(f"metadata/{i}", text.encode())] = text
    for path, (values, end) in run.ours("metadata", cases).items():
        # Newer releases of CPython trim the end of a first line that is empty.
        theirs = [[latin(k), latin(v).lstrip(" \t\r\n")] for k, v in email.message_from_string(cases[path])._headers]
        mine = [[v[0], v[1].lstrip(" \t\r\n")] for v in values if isinstance(v, list)]
        run.check(end == "ok" and mine == theirs, path, repr(cases[path]), "email reads", theirs, "and we", mine)


# ---- CSV ------------------------------------------------------------------------------------------------------

PIECES = ["a", "b/c.py", ",", ",", '"', '"', '""', "\n", "\r\n", "\r", " ", "sha256=x", "ä", ";", "'", "\\"]


def csvs(run):
    rnd = random.Random(22)
    cases = {}
    for i in range(2000):
        text = "".join(rnd.choice(PIECES) for _ in range(rnd.randrange(0, 16)))
        cases[run.write(f"csv/{i}", text.encode())] = text
    for path, (values, end) in run.ours("csv", cases).items():
        lines = cases[path].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if lines[-1] == "":
            lines.pop()
        theirs = [[latin(f) for f in row] for row in csv.reader(lines)]
        mine = [v for v in values if isinstance(v, list)]
        run.check(end == "ok" and mine == theirs, path, repr(cases[path]), "csv reads", theirs, "and we", mine)


# ---- RECORD ---------------------------------------------------------------------------------------------------

RECORD_PIECES = ["a.py,,\n", "b/c.py,,3\n", '"d,e",,', ",,", ",", '"', '""', "\n", "\r\n", "\r", "x/RECORD", "f.py", "\v", "\f",
                 "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029", "\u00a0", "\ufeff", "ä", " ", "\0", "../y.py"]


class Recorded(importlib.metadata.Distribution):
    """As PathDistribution, of a package whose files are all there. It gives up at an empty line."""

    def __init__(self, path):
        self.path = path

    def read_text(self, name):
        with open(self.path, encoding="utf-8") as f:
            return re.sub("\n+", "\n", f.read().lstrip("\n")) if name == "RECORD" else None

    def locate_file(self, path):
        return pathlib.Path("/")


def by_pip(path):
    with open(path, "rb") as f:  # _internal/operations/install/wheel.py
        return [row[0] for row in csv.reader(f.read().decode().splitlines()) if row]


def by_importlib(path):
    return [str(p) for p in Recorded(path).files]


def by_lines(path):
    with open(path, encoding="utf-8-sig", newline="") as f:  # wheel unpack; uv's reader passes over the mark
        return [row[0] for row in csv.reader(f) if row]


def paths_or_none(read, path):
    try:
        return read(path)
    except (UnicodeDecodeError, csv.Error, TypeError):
        return None


def records(run):
    """A RECORD in which we find no fault has the same paths for everybody."""
    rnd = random.Random(25)
    cases, clean = [], 0
    for i in range(3000):
        text = "".join(rnd.choice(RECORD_PIECES[:4] if rnd.random() < 0.5 else RECORD_PIECES)
                       for _ in range(rnd.randrange(1, 8)))
        data = text.encode() + (b"\xff" if rnd.random() < 0.05 else b"")
        cases.append(run.write(f"record/{i}", data))
    for path, (values, end) in run.ours("record", cases).items():
        mine = [p for p, _ in values]
        if end != "ok" or any(fault for _, fault in values):
            continue
        clean += 1
        for read in (by_pip, by_lines, by_importlib):
            theirs = paths_or_none(read, path)
            theirs = theirs and [latin(p) for p in theirs]
            wanted = [str(pathlib.PurePosixPath(p)) for p in mine] if read is by_importlib else mine
            run.check(theirs == wanted or not mine and not theirs, path, read.__name__, theirs, "and we", mine)
    run.check(clean > 300, "too few RECORDs without a fault", clean)


# ---- entry points ---------------------------------------------------------------------------------------------

ENTRIES = ["[console_scripts]", " [gui_scripts] ", "[x]", "a = m:f", "b=m.n:g.h [extra]", "# comment", "", "  c = d  ",
           "nothing", "e = f = g", "[unclosed", "\ta:b = c", "; x = y"]


def entries(run):
    rnd = random.Random(23)
    cases = {}
    for i in range(500):
        text = "".join(rnd.choice(ENTRIES) + rnd.choice(["\n", "\n", "\r\n", "\r", "\x0c", "\x1c"])
                       for _ in range(rnd.randrange(0, 9)))
        cases[run.write(f"entries/{i}", text.encode())] = text
    for path, (values, end) in run.ours("entries", cases).items():
        # A line without '=' makes Python give up; we pass over it.
        theirs = [[latin(s.name or ""), *(latin(x.strip()) for x in s.value.split("=", 1))]
                  for s in importlib.metadata.Sectioned.read(cases[path], importlib.metadata.Sectioned.valid)
                  if s.name is not None and "=" in s.value]
        values = [v for v in values if v[0]]
        run.check(end == "ok" and values == theirs, path, repr(cases[path]), "Python reads", theirs, "and we", values)


# ---- names ----------------------------------------------------------------------------------------------------

def wheel_name(rnd):
    parts = [rnd.choice(["demo", "De_mo", "d.e", "a__b", "", "a+b", "_x", "x_"]),
             rnd.choice(["1.0", "1.0.post1", "2!1.0", "1.0+local.1", "1.0rc1"])]
    if rnd.random() < 0.3:
        parts.append(rnd.choice(["1", "1abc", "abc", "", "01_2"]))
    parts += [rnd.choice(["py3", "py2.py3", "cp311", "", "py3.", ".py3"]), rnd.choice(["none", "abi3", "cp311", "a..b"]),
              rnd.choice(["any", "manylinux_2_17_x86_64.manylinux2014_x86_64", "win_amd64", "", "macosx-11"])]
    if rnd.random() < 0.1:
        parts.pop(rnd.randrange(len(parts)))
    return "-".join(parts) + rnd.choice([".whl", ".whl", ".whl", ".whl", ".WHL", ".zip", ""])


def names(run):
    try:
        import packaging
        from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
    except ImportError:
        print("differential: Python has no module 'packaging', so file names are not compared with it")
        return
    # Releases before 26.3 take empty and numeric tags, so then only what we take is compared.
    strict = [int(n) for n in packaging.__version__.split(".")[:2]] >= [26, 3]
    rnd = random.Random(24)
    cases = [wheel_name(rnd) for _ in range(3000)]
    path = run.write("names/all", "\n".join(cases).encode())
    values, _ = run.ours("names", [path])[path]
    for name, mine in zip(cases, values):
        try:
            theirs = parse_wheel_filename(name)
        except InvalidWheelFilename:
            continue
        if mine is None:
            run.check(not strict, name, "packaging takes it", theirs)
        else:
            run.check(canonicalize_name(mine[0]) == theirs[0] and json.dumps(mine[1]) is not None, name, mine, theirs)
    taken = sum(v is not None for v in values)
    run.check(taken > 150, "too few names are taken", taken)
    for name, mine in zip(cases, values):
        if mine is not None:
            try:
                parse_wheel_filename(name)
                run.check(True, name)
            except InvalidWheelFilename as e:
                run.check("version" in str(e), name, "packaging refuses it", e)
