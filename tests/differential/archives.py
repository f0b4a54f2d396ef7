"""Zip and tar archives: well ones, and such that are changed in one or two places."""
import io
import json
import os
import random
import shutil
import stat
import struct
import subprocess
import tarfile
import warnings
import zipfile
import zlib

import adversary

warnings.simplefilter("ignore")  # zipfile and tarfile warn of what we make on purpose
HERE = os.path.dirname(os.path.abspath(__file__))


def latin(b):
    return b.decode("latin-1")


def content(rnd):
    return rnd.choice([b"", b"x", b"print('x')\n" * rnd.randrange(1, 400), rnd.randbytes(rnd.randrange(1, 3000)),
                       b"\0" * rnd.randrange(1, 70000)])


# ---- zip ------------------------------------------------------------------------------------------------------

class Unseekable(io.RawIOBase):
    """Makes zipfile write data descriptors."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, b):
        self.data += b
        return len(b)


def make_zip(rnd):
    out = Unseekable() if rnd.random() < 0.3 else io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for i in range(rnd.randrange(0, 6)):
            name = rnd.choice(["a.py", "pkg/__init__.py", "pkg/ä.txt", "d/e/f/g.so", "x" * 200]) + (str(i) if i else "")
            info = zipfile.ZipInfo(name, (2020, 1 + rnd.randrange(12), 3, 4, 5, 6))
            info.compress_type = rnd.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
            info.external_attr = rnd.choice([0, 0o100644 << 16, 0o100755 << 16])
            if rnd.random() < 0.2:
                with z.open(info, "w", force_zip64=True) as f:
                    f.write(content(rnd))
            else:
                z.writestr(info, content(rnd))
        if rnd.random() < 0.2:
            z.mkdir("dir")
        if rnd.random() < 0.2:
            z.comment = b"a comment"
    return bytes(out.data if isinstance(out, Unseekable) else out.getvalue())


SIGNATURES = [b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\x08"]


def places(data):
    """Offsets of all that looks like a record."""
    found = []
    for sig in SIGNATURES:
        at = data.find(sig)
        while at >= 0:
            found.append(at)
            at = data.find(sig, at + 1)
    return found


def change_zip(rnd, data):
    data = bytearray(data)
    for _ in range(rnd.choice([1, 1, 2])):
        at = rnd.choice(places(data) or [0])
        kind = rnd.randrange(7)
        if not data:
            break
        if kind <= 2:  # a byte of a record
            i = min(at + rnd.randrange(46), len(data) - 1)
            data[i] = rnd.choice([0, 1, 0xff, data[i] ^ 1 << rnd.randrange(8)])
        elif kind == 3:  # a number of a record
            i = min(at + rnd.randrange(4, 42), len(data) - 4)
            if i >= 0:
                data[i:i + 2] = struct.pack("<H", rnd.choice([0, 1, 8, 0xffff, rnd.randrange(65536)]))
        elif kind == 4:
            data[at:at] = rnd.choice([b"\0", b"gap", b"PK\5\6" + b"\0" * 18])
        elif kind == 5:
            data += rnd.choice([b"\0", b"tail", b"PK\5\6" + b"\0" * 18])
        else:
            del data[at:at + rnd.randrange(1, 30)]
    return bytes(data)


def python_zip(path):
    """Members as zipfile has them, or None where it gives up."""
    try:
        with zipfile.ZipFile(path) as z:
            members = []
            for info in z.infolist():
                raw = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")
                data = z.read(info)
                members.append((latin(raw), info.file_size, len(data), zlib.crc32(data), info.is_dir()))
            return members
    except Exception:
        return None


def zips(run):
    rnd = random.Random(11)
    cases = {}
    for i in range(900):
        data = make_zip(rnd)
        changed = i >= 150
        if changed:
            data = change_zip(rnd, data)
        cases[run.write(f"zip/{i}", data)] = changed
    for i in range(3000):
        cases[run.write(f"zip/hand{i}", adversary.make_zip(rnd))] = True
    answers = run.ours("archive", cases)
    clean = 0
    for path, changed in cases.items():
        values, end = answers[path]
        faults = [v for v in values if isinstance(v, dict)]
        members = [v for v in values if isinstance(v, list)]
        theirs = python_zip(path)
        well = end == "ok" and not faults
        run.check(changed or well, path, "a well zip has faults", faults, end)
        if not well:
            continue
        clean += 1
        mine = [(m[1], m[3], m[5], m[6], m[0] == "dir") for m in members]
        run.check(mine == theirs, path, "zipfile reads", theirs, "and we", mine)
    run.check(clean > 1000, "too few zips are well", clean)


# ---- tar ------------------------------------------------------------------------------------------------------

def make_tar(rnd):
    out = io.BytesIO()
    form = rnd.choice([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    headers = {"comment": "x" * 40} if form == tarfile.PAX_FORMAT and rnd.random() < 0.3 else None
    with tarfile.open(fileobj=out, mode="w", format=form, pax_headers=headers) as t:
        for i in range(rnd.randrange(1 if headers else 0, 6)):
            name = rnd.choice(["p/a.py", "p/ä.txt", "p/" + "d/" * 20 + "x", "p/" + "n" * 90 + "/" + "m" * 40,
                               "p/short" if form == tarfile.USTAR_FORMAT else "p/" + "long" * 40])
            info = tarfile.TarInfo(f"{name}{i}")
            data = content(rnd)
            kind = rnd.randrange(10)
            short = form == tarfile.USTAR_FORMAT
            info.mtime = rnd.choice([0, 1700000000, 1700000000.5 if form == tarfile.PAX_FORMAT else 5])
            info.uid = rnd.choice([0, 1000, 3000000 if form != tarfile.USTAR_FORMAT else 7])
            if kind == 7:
                info.type, info.linkname, data = tarfile.SYMTYPE, "a.py", None
            elif kind == 8:
                info.type, info.linkname, data = tarfile.LNKTYPE, "p/" + "target" * (3 if short else 30), None
            elif kind == 9:
                info.type, data = tarfile.DIRTYPE, None
            if data is None:
                t.addfile(info)
            else:
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def headers(data):
    """Offsets of blocks with a right checksum."""
    found = []
    for at in range(0, len(data) - 511, 512):
        block = data[at:at + 512]
        try:
            want = int(block[148:156].rstrip(b" \0") or b"-1", 8)
        except ValueError:
            continue
        if want == sum(block[:148]) + 256 + sum(block[156:]):
            found.append(at)
    return found


def seal(data, at):
    data[at + 148:at + 156] = b"%06o\0 " % (sum(data[at:at + 148]) + 256 + sum(data[at + 156:at + 512]))


FIELDS = [(0, 100), (100, 8), (108, 8), (124, 12), (136, 12), (156, 1), (157, 100), (257, 8), (329, 8), (345, 155)]


def change_tar(rnd, data):
    data = bytearray(data)
    for _ in range(rnd.choice([1, 1, 2])):
        at = rnd.choice(headers(data) or [0])
        kind = rnd.randrange(9)
        if len(data) < at + 512:
            break
        if kind <= 3:  # a byte of a field, with the checksum made right
            start, n = rnd.choice(FIELDS)
            i = at + start + rnd.randrange(n)
            data[i] = rnd.choice([0, 32, 0x80, 0xff, 48 + rnd.randrange(10), data[i] ^ 1 << rnd.randrange(7)])
            seal(data, at)
        elif kind == 4:  # a whole field
            start, n = rnd.choice(FIELDS)
            value = rnd.choice([b"", b"0", b"/", b"..", b"a/../b", b"777", b"-1", b" 12", b"1 2", b"1_0", b"0o7",
                                b"\x80" + b"\0" * 10 + b"\5", b"ustar\00000", b"ustar  \0"])
            data[at + start:at + start + n] = value[:n].ljust(n, b"\0")
            seal(data, at)
        elif kind == 5:
            data[at + 156] = rnd.choice(b"0\x0012345678xgLKSMVDNXAZ")
            seal(data, at)
        elif kind == 6:
            i = at + rnd.randrange(512)
            data[i] ^= 1 << rnd.randrange(8)
        elif kind == 7:
            data[at:at] = rnd.choice([b"\0" * 512, b"\0" * 1024, b"junk".ljust(512, b"\0")])
        else:
            del data[rnd.choice([at, len(data) - 700]):]
    return bytes(data)


PAX = ["9 path=a\n", "11 path=a\nb\n", "10 size=5\n", "12 path=p/zz\n", "18 GNU.sparse.major=1\n", "27 linkpath=../../x\n",
       "20 hdrcharset=BINARY\n", "14 comment=x\n", "6 =x\n", "08 a=bc\n", "9 path=\n", "13 path=a\0b\n", "30 mtime=1700000000.25\n"]


def pax_tar(rnd):
    """An extended header made by hand, with lengths that are sometimes right."""
    text = b""
    for _ in range(rnd.randrange(1, 3)):
        key, value = rnd.choice(PAX).split(" ", 1)[1].rstrip("\n").split("=", 1) if rnd.random() < 0.7 else ("path", "q")
        body = f" {key}={value}\n".encode()
        n = len(body) + 1
        n += len(str(n)) - 1
        n = len(body) + len(str(n))
        text += str(n + rnd.choice([0, 0, 0, 0, 1, -1])).encode() + body
    out = bytearray()
    for name, typ, data in (("x", rnd.choice(b"xxxg"), text), ("p/a.py", ord("0"), b"12345")):
        block = bytearray(tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT)[:512])
        block[156] = typ
        block[124:136] = b"%011o\0" % len(data)
        seal(block, 0)
        out += block + data + b"\0" * (-len(data) % 512)
    return bytes(out + b"\0" * 1024)


KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.CONTTYPE: "file", tarfile.DIRTYPE: "dir",
         tarfile.SYMTYPE: "sym", tarfile.LNKTYPE: "hard", tarfile.CHRTYPE: "dev", tarfile.BLKTYPE: "dev",
         tarfile.FIFOTYPE: "fifo"}


def python_tar(path):
    try:
        with open(path, "rb") as f:
            mode = "r:gz" if f.read(2) == b"\x1f\x8b" else "r:"
        with tarfile.open(path, mode, encoding="latin-1") as t:
            members = []
            for info in t:
                data = t.extractfile(info).read() if info.isfile() else b""
                name = info.name
                if info.pax_headers.get("path"):
                    name = latin(info.pax_headers["path"].rstrip("/").encode("utf-8"))
                link = info.linkname if info.issym() or info.islnk() else ""
                if link and info.pax_headers.get("linkpath"):
                    link = latin(info.pax_headers["linkpath"].encode("utf-8"))
                members.append((KINDS.get(info.type, "other"), name, link, info.size, zlib.crc32(data)))
            return members
    except Exception:
        return None


def node_tar(paths):
    """Members as npm's own tar has them, for all files at once, or None without npm."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return None
    root = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, timeout=60).stdout.strip()
    tar = os.path.join(root, "npm/node_modules/tar")
    if not os.path.isdir(tar):
        return None
    out = subprocess.run(["node", os.path.join(HERE, "node_tar.js"), tar], input="\n".join(paths), capture_output=True,
                         text=True, timeout=120)
    return json.loads(out.stdout) if out.returncode == 0 else None


def tars(run):
    rnd = random.Random(12)
    cases = {}
    for i in range(1100):
        changed = i >= 150
        if i >= 900:
            data = pax_tar(rnd)
        else:
            data = make_tar(rnd)
            data = change_tar(rnd, data) if changed else data
        cases[run.write(f"tar/{i}", data)] = changed
    for i in range(2000):
        cases[run.write(f"tar/hand{i}", adversary.pack_tar(rnd, adversary.make_tar(rnd)))] = True
    answers = run.ours("archive", cases)
    node = node_tar(list(cases))
    if node is None:
        print("differential: npm's tar is not there, so tar archives are compared with Python's alone")
    clean = 0
    for path, changed in cases.items():
        values, end = answers[path]
        faults = [v for v in values if isinstance(v, dict) and v["class"] != "odd"]
        members = [v for v in values if isinstance(v, list)]
        well = end == "ok" and not faults
        run.check(changed or well, path, "a well tar has faults", faults, end)
        if not well:
            continue
        clean += 1
        mine = [(m[0], m[1].rstrip("/") if m[0] == "dir" else m[1], m[2], m[3], m[6]) for m in members]
        theirs = python_tar(path)
        run.check(mine == theirs, path, "tarfile reads", theirs, "and we", mine)
        if node is not None and not any("UTF-8" in v["text"] for v in values if isinstance(v, dict)):
            mine = [[m[0], m[1].rstrip("/"), m[3]] for m in members]
            run.check(mine == node[path], path, "node-tar reads", node[path], "and we", mine)
    run.check(clean > 600, "too few tars are well", clean)
