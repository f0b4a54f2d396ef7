"""Wheels, source archives and npm packages as they should be, and as an attacker would have them."""
import base64
import gzip
import hashlib
import io
import struct
import tarfile
import warnings
import zipfile
import zlib

warnings.simplefilter("ignore")

METADATA = b"Metadata-Version: 2.1\nName: Demo.Pkg\nVersion: 1.0\nRequires-Dist: a\n\ntext\n"
WHEEL = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
INFO = "demo_pkg-1.0.dist-info/"
NAME = "demo_pkg-1.0-py3-none-any.whl"


def row(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def files(**change):
    """The members of a well wheel; change: name to content, None leaves it out."""
    members = {"demo_pkg/__init__.py": b"x = 1\n", "demo_pkg/data.json": b"{}", INFO + "METADATA": METADATA,
               INFO + "WHEEL": WHEEL}
    members.update(change.get("before", {}))
    record = "".join(row(n, d) for n, d in members.items()) + INFO + "RECORD,,\n"
    members[INFO + "RECORD"] = record.encode()
    members.update(change.get("after", {}))
    return {n: d for n, d in members.items() if d is not None}


def pack(members, extra=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in [*members.items(), *extra]:
            z.writestr(name, data)
    return out.getvalue()


def patch(data, find, value, at, last=False):
    """data with value at an offset from a record."""
    data = bytearray(data)
    i = (data.rfind(find) if last else data.find(find)) + at
    data[i:i + len(value)] = value
    return bytes(data)


def raw_member(name, body, flags=0):
    n = name.encode()
    return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags, 0, 0, 0x21, zlib.crc32(body), len(body), len(body), len(n),
                       0) + n + body


def symlink():
    info = zipfile.ZipInfo("demo_pkg/link")
    info.external_attr = 0o120777 << 16
    return info


def overlapping():
    """Two entries of the directory for one local header."""
    data = bytearray(pack({"a.py": b"1", "b.py": b"1"}))
    second = data.rfind(b"PK\1\2")
    data[second + 42:second + 46] = struct.pack("<I", 0)
    return bytes(data)


def hidden_member():
    """A member that only a reader that streams sees: it is in no directory."""
    data = pack(files())
    at = data.find(b"PK\1\2")
    ghost = raw_member("demo_pkg/evil.py", b"import os")
    data = bytearray(data[:at] + ghost + data[at:])
    end = data.rfind(b"PK\5\6")
    data[end + 16:end + 20] = struct.pack("<I", at + len(ghost))
    return bytes(data)


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            t.addfile(member, io.BytesIO(data))
    return out.getvalue()


def sdist(root="demo_pkg-1.0", info=METADATA, more=()):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, data in [(root + "/PKG-INFO", info), (root + "/setup.py", b"x"), *more]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            t.addfile(member, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def linked(kind, name, target):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        t.addfile(member)
        below = tarfile.TarInfo(name + "/x")
        t.addfile(below)
    return gzip.compress(out.getvalue(), mtime=0)


def npm(root="package", text=b'{"name":"@s/demo","version":"1.0.0"}', more=()):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, data in [(root + "/package.json", text), *more]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            t.addfile(member, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def zip_in_gzip():
    """A source archive that has a whole zip archive in the extra field of its gzip header: zipfile and so pip
    find its end record, and take what follows for its comment."""
    inner = pack({"demo_pkg-1.0/setup.py": b"import os", "demo_pkg-1.0/PKG-INFO": METADATA})
    tail = sdist()[10:]
    extra = inner[:-2] + struct.pack("<H", len(tail))
    data = b"\x1f\x8b\x08\x04" + b"\0" * 6 + struct.pack("<H", len(extra)) + extra + tail
    assert gzip.decompress(data) == gzip.decompress(sdist())
    assert zipfile.ZipFile(io.BytesIO(data)).read("demo_pkg-1.0/setup.py") == b"import os"
    return data


def cases():
    well = pack(files())
    a = "archive-ambiguous"
    return [
        # name of the file, its bytes, rules that must fire (and no other)
        (NAME, well, []),
        (NAME, pack(files(), [("demo_pkg/__init__.py", b"evil")]), [a, "record-code"]),
        (NAME, well + b"x", [a]),
        (NAME, well + b"PK\5\6" + b"\0" * 18, [a]),
        (NAME, b"#!/bin/sh\n" + well, [a]),
        (NAME, hidden_member(), [a]),
        (NAME, overlapping(), [a, "package-layout", "record-differs"]),
        (NAME, patch(well, b"PK\3\4", b"X", 30), [a]),
        (NAME, patch(well, b"PK\3\4", b"\0\0", 8), [a]),
        (NAME, patch(well, b"PK\3\4", b"\1", 14), [a]),
        (NAME, patch(well, b"PK\1\2", b"\1\0", 8), [a, "archive-unreadable", "record-differs"]),
        (NAME, patch(well, b"PK\5\6", b"\1\0", 10, last=True), ["archive-unreadable"]),
        (NAME, pack(files(), [("/etc/x", b"")]), [a, "record-unlisted"]),
        (NAME, pack(files(), [("../x", b"")]), [a, "record-unlisted"]),
        (NAME, pack(files(), [("a\\b", b"")]), [a, "record-unlisted"]),
        (NAME, pack(files(), [("demo_pkg//x", b"")]), [a, "record-unlisted"]),
        (NAME, pack(files(), [(symlink(), b"/etc/passwd")]), [a, "record-unlisted"]),
        (NAME, pack(files(), [("demo_pkg", b"")]), [a, "record-unlisted"]),
        (NAME, pack(files(after={"demo_pkg/__init__.py": b"y = 2\n"})), ["record-code"]),
        (NAME, pack(files(after={"demo_pkg/data.json": b"[]"})), ["record-differs"]),
        (NAME, pack(files(after={"demo_pkg/evil.pth": b"import os"})), ["record-unlisted"]),
        (NAME, pack(files(after={"demo_pkg/data.json": None})), ["record-differs"]),
        (NAME, pack(files(after={INFO + "RECORD": None})), ["record-differs"]),
        (NAME, pack(files(before={"other-2.dist-info/METADATA": METADATA})), ["package-layout"]),
        ("other-1.0-py3-none-any.whl", well, ["name-mismatch"]),
        ("demo_pkg-1.1-py3-none-any.whl", well, ["name-mismatch"]),
        ("demo-pkg.whl", well, ["package-layout"]),
        (NAME, pack(files(before={INFO + "METADATA": METADATA.replace(b"\n\n", b"\nName: b\n\n")})),
         ["metadata-unclear"]),
        (NAME, pack(files(before={INFO + "METADATA": b"\xef\xbb\xbf" + METADATA})),
         ["metadata-unclear", "name-mismatch"]),
        ("demo_pkg-1.0.tar.gz", sdist(), []),
        ("demo_pkg-1.0.tar.gz", sdist() + b"trailing", [a]),
        ("demo_pkg-1.0.tar.gz", sdist() + b"\0" * 99, []),
        ("demo_pkg-1.0.tar.gz", sdist()[:-9], ["archive-broken"]),
        ("demo_pkg-1.0.tar.gz", gzip.compress(gzip.decompress(sdist()) + sdist()), [a]),
        ("demo_pkg-1.0.tar.gz", sdist(more=[("demo_pkg-1.0/setup.py", b"y")]), ["archive-odd"]),
        ("demo_pkg-1.0.tar.gz", sdist(more=[("demo_pkg-1.0/../../x", b"y")]), [a]),
        ("demo_pkg-1.0.tar.gz", sdist(more=[("/x", b"y")]), [a, "package-layout"]),
        ("demo_pkg-1.0.tar.gz", sdist(root="evil-1.0"), ["name-mismatch"]),
        ("demo_pkg-1.1.tar.gz", sdist(), ["name-mismatch"]),
        ("demo_pkg-1.0.tar.gz", linked(tarfile.SYMTYPE, "demo_pkg-1.0/l", "/etc"), [a, "package-layout"]),
        ("demo_pkg-1.0.tar.gz", linked(tarfile.LNKTYPE, "demo_pkg-1.0/l", "../x"), [a, "package-layout"]),
        ("demo_pkg-1.0.tar.gz", b"BZh91AY&SY", ["archive-unreadable"]),
        ("demo_pkg-1.0.tar.gz", b"hello", ["archive-broken"]),
        ("demo_pkg-1.0.tar.gz", zip_in_gzip(), [a]),
        ("demo_pkg-1.0.tar.gz", gzip.decompress(sdist()), [a]),
        ("demo_pkg-1.0.tar.gz", pack({"demo_pkg-1.0/PKG-INFO": METADATA}), [a]),
        ("demo_pkg-1.0.zip", pack({"demo_pkg-1.0/PKG-INFO": METADATA}), []),
        ("demo_pkg-1.0.zip", sdist(), [a]),
        (NAME, tarred(files()), [a]),
        ("s-demo-1.0.0.tgz", gzip.decompress(npm()), []),
        ("s-demo-1.0.0.tgz", pack({"package/package.json": b'{"name":"a","version":"1"}'}), [a]),
        ("s-demo-1.0.0.tgz", npm(root="."), []),
        ("s-demo-1.0.0.tgz", npm(root="./package"), ["package-layout"]),
        ("s-demo-1.0.0.tgz", npm(more=[("./package/package.json", b'{"name":"b","version":"1"}')]),
         ["archive-odd", "package-layout"]),
        ("s-demo-1.0.0.tgz", npm(), []),
        ("s-demo-1.0.0.tgz", npm(root="whatever"), []),
        ("s-demo-1.0.0.tgz", npm(more=[("other/index.js", b"")]), ["package-layout"]),
        ("s-demo-1.0.0.tgz", npm(text=b'{"name":"a","name":"b","version":"1"}'), ["metadata-unclear"]),
    ]


def wheels(run):
    wanted = {}
    for i, (name, data, rules) in enumerate(cases()):
        wanted[run.write(f"wheel/{i}/{name}", data)] = rules
    for path, (values, end) in run.ours("artifact", wanted).items():
        found = sorted({v[0] for v in values[2:]})
        run.check(found == sorted(wanted[path]), path, "found", values, end, "wanted", wanted[path])
