"""Pickles that are put together opcode by opcode: whatever Python's loaders import, we have to have seen."""
import io
import pickle
import random
import struct

NAMES = [b"os", b"system", b"posix", b"a.b", b"x", b"", b"builtins", b"eval"]
ESCAPED = [rb"o\x73", rb"\557s", rb"\x6fs", rb"\u006fs", rb"os\\", rb"\143", rb"os\q", rb"\U0000006fs", rb"o\
s", rb"\400os"]
NUMBERS = [b"0", b"1", b"2", b"+1", b"-0", b" 1 ", b"1_0", b"0001", b"1\r", b"0\0x", b"1__0", b"_1", b"1_", b"-1", b"0x1", b"",
           b"+ 1", b"\v1\f", b"99999", b"1.0"]
PLAIN = [b"N", b"]", b")", b"}", b"(", b"\x88", b"2", b"\x8f", b"K\x01", b"0", b"1", b"a", b"e", b"l", b"t", b"d", b"s", b"u",
         b"\x85", b"\x86", b"\x87", b"R", b"b", b"o", b"\x81", b"\x92", b"\x90", b"\x91", b"\x94", b"\x93", b".", b"Q",
         b"\x97", b"\x98"]


def opcode(rnd):
    name = rnd.choice(NAMES)
    kind = rnd.randrange(17)
    if kind <= 4:
        return rnd.choice(PLAIN)
    if kind == 5:
        return rnd.choice([b"c", b"(i"]) + name + b"\n" + rnd.choice(NAMES) + b"\n"
    if kind == 6:
        return rnd.choice(b"pg").to_bytes(1, "big") + rnd.choice(NUMBERS) + b"\n"
    if kind == 7:
        return rnd.choice(b"qh").to_bytes(1, "big") + bytes([rnd.randrange(3)])
    if kind == 8:
        return rnd.choice(b"rj").to_bytes(1, "big") + struct.pack("<I", rnd.randrange(3))
    if kind == 9:
        quote = rnd.choice([b"'", b'"'])
        return b"S" + quote + rnd.choice(NAMES + ESCAPED) + quote + rnd.choice([b"", b"", b" ", b"\r", b"\t"]) + b"\n"
    if kind == 10:
        return b"V" + rnd.choice(NAMES + ESCAPED) + b"\n"
    if kind == 11:
        return rnd.choice([b"U", b"\x8c", b"C"]) + bytes([len(name)]) + name
    if kind == 12:
        return rnd.choice([b"T", b"X", b"B"]) + struct.pack("<I", len(name)) + name
    if kind == 13:
        return rnd.choice([b"\x8d", b"\x8e", b"\x96"]) + struct.pack("<Q", len(name)) + name
    if kind == 14:  # both names, and what takes them
        a, b = (rnd.choice([b"\x8c" + bytes([len(n)]) + n, b"V" + n + b"\n", b"S'" + n + b"'\n"])
                for n in (rnd.choice(NAMES), rnd.choice(NAMES + ESCAPED)))
        return a + rnd.choice([b"", b"\x94", b"p0\n", b"20", b"N0", b"(1"]) + b + rnd.choice([b"", b"\x94", b"q\1"]) + b"\x93"
    if kind == 15:
        return rnd.choice([b"\x80\x04", b"\x80\x05", b"\x80\x02", b"\x95" + struct.pack("<Q", rnd.randrange(30)),
                           b"I1\n", b"I01\n", b"L1L\n", b"F1.5\n", b"J\1\0\0\0", b"M\1\0", b"G" + b"\0" * 8,
                           b"\x8a\1\1", b"\x8b\1\0\0\0\1", b"Pid\n", b"\x82\1"])
    return b"S'x'\np" + rnd.choice(NUMBERS) + b"\n0"


def make(rnd):
    data = b"".join(opcode(rnd) for _ in range(rnd.randrange(1, 9)))
    if rnd.random() < 0.5:
        data = rnd.choice([b"", b"\x80\x04"]) + data + b"\x8c\2os\x8c\6system\x93" + rnd.choice([b"(S'x'\ntR.", b"."])
    if rnd.random() < 0.2:
        data = data[:rnd.randrange(len(data) + 1)]
    return data


class Thing:
    """Lets everything be done to it."""

    def __init__(self, *args, **more):
        pass

    def __setstate__(self, state):
        pass

    def append(self, x):
        pass

    def extend(self, x):
        pass

    def add(self, x):
        pass

    def __setitem__(self, key, value):
        pass


def loader(base):
    class Loader(base):
        def __init__(self, data):
            super().__init__(io.BytesIO(data))
            self.seen = []

        def find_class(self, module, name):
            self.seen.append([module.encode("utf-8", "surrogatepass").decode("latin-1"),
                              name.encode("utf-8", "surrogatepass").decode("latin-1")])
            return Thing

        def persistent_load(self, pid):
            return Thing()
    return Loader


LOADERS = [loader(pickle.Unpickler), loader(pickle._Unpickler)]  # the one in C and the one in Python differ


def imports(cls, data):
    it = cls(data)
    try:
        it.load()
    except Exception:
        pass
    return it.seen


def pickles(run):
    rnd = random.Random(13)
    cases = {}
    for i in range(4000):
        data = make(rnd)
        cases[run.write(f"pickle/{i}.pkl", data)] = data
    answers = run.ours("pickle", cases)
    some = 0
    for path, data in cases.items():
        ours, end = answers[path]
        for cls in LOADERS:
            theirs = imports(cls, data)
            some += len(theirs) > 0
            seen = all(a == b or b is None for a, b in zip(theirs, ours)) and len(theirs) <= len(ours)
            run.check(seen or end == "not expressible", path, data, "a loader imports", theirs, "and we see", ours, end)
    run.check(some > 1000, "too few pickles import anything", some)
