"""Archives as somebody makes them who knows several readers: written by hand, record by record, with lies."""
import gzip
import random
import struct
import tarfile
import zlib

# ---- zip ------------------------------------------------------------------------------------------------------

NAMES = [b"a.py", b"p/a.py", b"p/b.py", b"p", b"p/", b"p//x", b"./a.py", b"p/../a.py", b"/a", b"a\0.py", b"a.py\0", b"A.PY",
         "p/\u00e4".encode(), "p/a\u0308".encode(), b"p/\xe4", b"C:\\x", b"p\\a.py", b"x" * 300, b"", b"p/a.py "]


def some(rnd, usual, odd, chance=0.08):
    return rnd.choice(odd) if rnd.random() < chance else usual


def extra64(values):
    return struct.pack("<HH", 1, 8 * len(values)) + b"".join(struct.pack("<Q", v) for v in values)


def extra_field(rnd, name, size, packed, local):
    kind = rnd.randrange(14)
    if kind == 0:
        return extra64([size, packed])
    if kind == 1:
        return extra64([rnd.choice([size, 0, 5])])
    if kind == 2:
        return extra64([size, packed] + ([local] if local is not None else [0]))
    if kind == 3:  # another name
        other = rnd.choice([name, b"p/other.py", b""])
        return struct.pack("<HHBI", 0x7075, 5 + len(other), 1, zlib.crc32(rnd.choice([name, other]))) + other
    if kind == 4:
        return rnd.choice([b"\0", b"\x01\0", b"\x01\0\x08", b"\x99\x99\x04\0abcd", b"\x01\0\0\0", b"UT\x05\0\x03" + b"\0" * 4])
    return b""


def deflated(rnd, data):
    method = some(rnd, rnd.choice([0, 8]), [1, 9, 12, 14, 93, 99], 0.03)
    if method != 8:
        return method, data
    c = zlib.compressobj(rnd.choice([0, 1, 9]), zlib.DEFLATED, -15)
    packed = c.compress(data)
    if rnd.random() < 0.3:
        packed += c.flush(zlib.Z_FULL_FLUSH)
    packed += c.flush()
    return method, packed + some(rnd, b"", [b"\0", b"tail"], 0.03)


class Entry:
    """One member, with what its two records say of it."""

    def __init__(self, rnd, at):
        self.name = rnd.choice(NAMES[:3] + [b"m%d.py" % rnd.randrange(5)] * 9) if rnd.random() < 0.9 else rnd.choice(NAMES)
        data = b"" if self.name.endswith(b"/") else rnd.choice([b"", b"x", b"evil = 1\n" * 20, rnd.randbytes(300)])
        method, packed = deflated(rnd, data)
        flags = some(rnd, 0, [1, 2, 8, 0x800, 0x808, 0x20, 0x40, 0x2000, 0x10], 0.2)
        if max(self.name, default=0) > 127 and rnd.random() < 0.8:
            flags |= 0x800
        self.sizes = [zlib.crc32(data), len(packed), len(data)]
        self.offset = at
        self.local = self.record(rnd, flags, method, local=True)
        if flags & 8:
            form = rnd.choice(["<4sIII", "<4sIQQ", "<III", "<IQQ"])
            values = ([b"PK\7\x08"] if "s" in form else []) + [some(rnd, v, [0, 1], 0.02) for v in self.sizes]
            packed += struct.pack(form, *values)
        self.body = self.local + packed
        self.central = self.record(rnd, some(rnd, flags, [flags ^ 8, flags ^ 0x800], 0.02), some(rnd, method, [0, 8], 0.02))

    def record(self, rnd, flags, method, local=False):
        crc, packed, size = [some(rnd, v, [0, v ^ 1, 0xffffffff], 0.015) for v in self.sizes]
        if local and flags & 8 and rnd.random() < 0.8:
            crc = packed = size = 0
        name = some(rnd, self.name, NAMES, 0.015)
        extra = b""
        if rnd.random() < 0.25:
            extra = extra_field(rnd, name, self.sizes[2], self.sizes[1], None if local else self.offset)
            if extra[:2] == b"\1\0" and rnd.random() < 0.5:
                packed = size = 0xffffffff
        if local:
            return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags, method, 0, 0x21, crc, packed, size, len(name),
                               len(extra)) + name + extra
        mode = some(rnd, rnd.choice([0, 0o100644]), [0o120777, 0o40755, 0o10644], 0.05)
        offset = some(rnd, self.offset, [0, 1, self.offset + 1, 0xffffffff], 0.02)
        comment = some(rnd, b"", [b"PK\1\2", b"c"], 0.05)
        return struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 0x314, some(rnd, 20, [45, 63, 64, 99], 0.05), flags, method, 0, 0x21,
                           crc, packed, size, len(name), len(extra), len(comment), some(rnd, 0, [1], 0.01), 0,
                           mode << 16 | some(rnd, 0, [0x10], 0.05), offset) + name + extra + comment


def make_zip(rnd):
    body = some(rnd, b"", [b"#!/bin/sh\n", b"\0", b"PK\7\x08"], 0.03)
    entries = []
    for _ in range(rnd.randrange(0, 5)):
        entries.append(Entry(rnd, len(body)))
        body += entries[-1].body + some(rnd, b"", [b"gap", b"PK\3\4"], 0.02)
    listed = list(entries)
    if listed and rnd.random() < 0.1:
        rnd.shuffle(listed)
    if listed and rnd.random() < 0.05:
        listed.append(rnd.choice(listed))
    if listed and rnd.random() < 0.05:
        listed.pop()
    central = b"".join(e.central for e in listed)
    at, n = len(body), some(rnd, len(listed), [0, 1, len(listed) + 1, 0xffff], 0.03)
    size, offset = some(rnd, len(central), [0, len(central) - 1, 0xffffffff], 0.03), some(rnd, at, [0, at + 1, at - 1], 0.03)
    out = body + central + some(rnd, b"", [b"x", b"PK\5\6" + b"\0" * 18], 0.03)
    if rnd.random() < 0.1:
        out += zip64_end(rnd, len(out), n, len(central), at)
        n, size, offset = [some(rnd, v, [big], 0.4) for v, big in ((n, 0xffff), (size, 0xffffffff), (offset, 0xffffffff))]
    comment = some(rnd, b"", [b"comment", b"PK\5\6", b"PK\5\6" + b"\0" * 18, out[-60:]], 0.1)
    return out + struct.pack("<4sHHHHIIH", b"PK\5\6", some(rnd, 0, [1], 0.01), 0, n & 0xffff, n & 0xffff, size & 0xffffffff,
                             offset & 0xffffffff, some(rnd, len(comment), [0, 5], 0.05)) + comment


def zip64_end(rnd, at, n, size, offset):
    lie = [some(rnd, v, [0, v + 1], 0.05) for v in (n, n, size, offset)]
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", some(rnd, 44, [43, 45, 0], 0.05), 45, 45, 0, 0, *lie)
    return record + struct.pack("<4sIQI", b"PK\6\7", 0, some(rnd, at, [at + 1, 0], 0.05), some(rnd, 1, [0, 2], 0.05))


# ---- tar ------------------------------------------------------------------------------------------------------

TAR_NAMES = [b"p/a.py", b"p/b.py", b"./p/a.py", b"p/", b"p", b"d/", b"/a", b"p//x", b"p/./x", b"../x", b"p/a\nb", b"12", b"0012",
             b"n" * 100, b"p/" + b"n" * 97 + b"/", "p/\u00e4".encode(), b"p/\xe4", b""]
NUMBERS = [lambda n, w: b"%0*o\0" % (w - 1, n), lambda n, w: b"%0*o" % (w, n), lambda n, w: b"%o " % n,
           lambda n, w: b" %o\0" % n, lambda n, w: b"\x80" + n.to_bytes(w - 1, "big"), lambda n, w: b"%o\0junk" % n,
           lambda n, w: b"0o%o\0" % n, lambda n, w: b"-%o\0" % n, lambda n, w: b"%o_0\0" % n, lambda n, w: b"\xff" * w]


def number(rnd, n, width, chance=0.05):
    form = rnd.choice(NUMBERS[1:]) if rnd.random() < chance else NUMBERS[0]
    return form(n, width)[:width].ljust(width, b"\0")


def block(rnd, name, kind, size, link=b"", prefix=b"", magic=b"ustar\00000"):
    b = bytearray(512)
    b[0:100] = name[:100].ljust(100, b"\0")
    b[100:108], b[108:116], b[116:124] = number(rnd, 0o644, 8, 0.01), number(rnd, 0, 8, 0.01), number(rnd, 0, 8, 0.01)
    b[124:136], b[136:148] = number(rnd, size, 12, 0.03), number(rnd, 0, 12, 0.01)
    b[156:157] = kind
    b[157:257] = link[:100].ljust(100, b"\0")
    b[257:265] = magic
    b[345:500] = prefix[:155].ljust(155, b"\0")
    total = sum(b[:148]) + 256 + sum(b[156:])
    b[148:156] = some(rnd, b"%06o\0 " % total, [b"%07o\0" % total, b"%06o  " % total, b" %o\0" % total, b"%08o" % total], 0.05)
    return bytes(b)


def padded(data):
    return data + b"\0" * (-len(data) % 512)


def record(key, value):
    body = b" " + key + b"=" + value + b"\n"
    n = len(body) + 1
    while len(str(n)) + len(body) != n:
        n = len(str(n)) + len(body)
    return str(n).encode() + body


def ahead(rnd, content_size):
    """What stands before a member: an extended header or two of any kind."""
    kind = rnd.choice(b"xxxgLLK")
    if kind in b"LK":
        text = some(rnd, b"p/" + b"l" * 120, TAR_NAMES, 0.4) + some(rnd, b"\0", [b"", b"\0\0x"], 0.1)
    else:
        text = b""
        for _ in range(rnd.randrange(1, 3)):
            key = rnd.choice([b"path", b"path", b"linkpath", b"size", b"mtime", b"comment", b"GNU.sparse.size", b"SCHILY.size",
                              b"type", b"hdrcharset"])
            value = {b"size": str(rnd.choice([content_size, 0, 512, 1024])).encode()}.get(key, some(rnd, b"p/other.py", TAR_NAMES, 0.4))
            text += record(key, value)
    return block(rnd, b"@", bytes([kind]), len(text)) + padded(text)


def make_tar(rnd):
    out = b""
    for _ in range(rnd.randrange(1, 4)):
        inner = block(rnd, b"p/evil.py", b"0", 4) + padded(b"evil")
        content = rnd.choice([b"", b"x", b"x" * 512, inner, inner + inner])
        kind = some(rnd, rnd.choice([b"0", b"0", b"\0", b"5"]), [b"1", b"2", b"7", b"3", b"S", b"V", b"X", b"D", b"N"], 0.2)
        size = len(content)
        if kind in b"5123" and rnd.random() < 0.9:
            content, size = b"", 0
        for _ in range(rnd.choice([0, 0, 1, 1, 2]) if rnd.random() < 0.5 else 0):
            out += ahead(rnd, size)
        link = rnd.choice([b"p/a.py", b"../x", b"b.py"]) if kind in (b"1", b"2") else some(rnd, b"", [b"l"], 0.02)
        name = some(rnd, rnd.choice(TAR_NAMES[:2]), TAR_NAMES, 0.3)
        out += block(rnd, name, kind, size, link, some(rnd, b"", [b"q", b"q/", b"z" * 155], 0.05),
                     some(rnd, b"ustar\00000", [b"ustar  \0", b"\0" * 8, b"ustar\00001"], 0.2)) + padded(content)
    out += some(rnd, b"\0" * 1024, [b"", b"\0" * 512, b"\0" * 10240, b"\0" * 512 + inner, b"\0" * 1024 + inner, b"\0" * 100], 0.15)
    return out


def pack_tar(rnd, data):
    """Plain, or in one gzip stream or several."""
    if rnd.random() < 0.4:
        return data
    cut = rnd.randrange(len(data) + 1) if rnd.random() < 0.5 else len(data)
    parts = [gzip.compress(p, rnd.choice([0, 6]), mtime=0) for p in (data[:cut], data[cut:]) if p or rnd.random() < 0.1]
    middle = some(rnd, b"", [b"\0", b"\0" * 512, b"x", b"\x1f\x8b"], 0.3)
    return middle.join(parts) + some(rnd, b"", [b"\0" * 9, b"x", b"\x1f\x8b", gzip.compress(b"", mtime=0)], 0.1)
