#!/usr/bin/env python3
"""An independent reading of RFC 6962 and C2SP tlog-tiles, to compare src/tlog with.

rfc6962.py roots MAX STEP      size and root for trees of "leaf 0", "leaf 1", ... (as tests print them)
rfc6962.py verify DIR          recompute a whole log from its entry bundles and check its tiles, its
                               checkpoint's root and (with python3-cryptography) its signature
"""
import base64, hashlib, os, sys


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def mth(hashes):
    """RFC 6962, 2.1, to the letter: split at the largest power of two smaller than n."""
    n = len(hashes)
    if n == 0:
        return hashlib.sha256(b"").digest()
    if n == 1:
        return hashes[0]
    k = 1
    while k * 2 < n:
        k *= 2
    return hashlib.sha256(b"\1" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def path(level, index, width):
    parts = []
    rest = index
    while True:
        parts.insert(0, "%03d" % (rest % 1000))
        rest //= 1000
        if rest == 0:
            break
    name = "/".join(["x" + p for p in parts[:-1]] + parts[-1:])
    return "tile/%s/%s%s" % (level, name, "" if width == 256 else ".p/%d" % width)


def tiles(n):
    for index in range(n // 256):
        yield index, 256
    if n % 256:
        yield n // 256, n % 256


def read(base, name):
    with open(os.path.join(base, name), "rb") as f:
        return f.read()


def verify(base):
    text, _, sigs = read(base, "checkpoint").decode().rpartition("\n\n")
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    size, root = int(size), base64.b64decode(root)
    entries = []
    for index, width in tiles(size):
        data = read(base, path("entries", index, width))
        at = 0
        for _ in range(width):
            n = int.from_bytes(data[at:at + 2], "big")
            entries.append(data[at + 2:at + 2 + n])
            assert len(entries[-1]) == n
            at += 2 + n
        assert at == len(data)
    level, hashes = 0, [leaf(e) for e in entries]
    assert mth(hashes) == root, "root"
    while hashes:
        for index, width in tiles(len(hashes)):
            want = b"".join(hashes[index * 256:index * 256 + width])
            assert read(base, path(level, index, width)) == want, "tile"
        hashes = [mth(hashes[i:i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    name, key_id, key = read(base, "audit.pub").decode().strip().split("+", 2)
    raw = base64.b64decode(key)
    assert name == origin and raw[0] == 1
    assert hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() == key_id
    dash, signer, sig = sigs.strip().split(" ")
    sig = base64.b64decode(sig)
    assert dash == "\u2014" and signer == name and sig[:4].hex() == key_id
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        Ed25519PublicKey.from_public_bytes(raw[1:]).verify(sig[4:], text.encode())
    except ImportError:
        pass
    print("ok", size)


if sys.argv[1] == "roots":
    all_hashes = [leaf(b"leaf %d" % i) for i in range(int(sys.argv[2]))]
    for n in range(0, int(sys.argv[2]) + 1, int(sys.argv[3])):
        print(n, mth(all_hashes[:n]).hex())
else:
    verify(sys.argv[2])
