"""tests/inspect/broken.py LOOK - programs in Python and JavaScript that are broken in a few places. The rules come
to an end with each of them: brackets that do not pair up must not lead them back to where they were."""
import pathlib
import random
import re
import subprocess
import sys
import tempfile

BATCHES, FILES = 4, 2000
WHOLE_S = 120  # for a batch that takes a second

# Each piece has room for expressions (E), targets of loops (T) and statements (S).
E = ["(E)", "[E for T in E]", "(E for T in E if E)", "{E: E for T in E}", "lambda a, b=E: E", "E if E else E",
     "E[E:E:-1]", "f'{E!r:>{E}}'", "E.join(E)", "__import__(E).b64decode(E)", "exec(E, E)", "map(E, E)", "E + E", "E in E",
     "not E", "E := E", "{E, E}", "[E, E]", "(E, E) => E", "function (a) { return E }", "`a${E}`", "await E", "E ? E : E",
     "{E: E}", "async (a) => { S; }", "-E", "String.fromCharCode(E)", "a", "b", "x", "1", "'s'", "b'q'", "None"]
T = ["a", "a, b", "(a, b)", "(b in c)", "[a]", "a[E]"]
S = ["x = E", "exec(E)", "eval(E)", "if E:\n    S", "for T in E:\n    S", "def f(a=E):\n    S\n    return E",
     "with E as T:\n    S", "import base64, os as x", "const {a: b} = require(E);", "if (E) { S } else { S }",
     "import {a as b} from E;", "class A(E):\n    S", "E"]
LEAVES = {"E": E[-7:], "T": T[:1], "S": S[-1:]}


def grow(rng, kind, depth):
    text = rng.choice({"E": E, "T": T, "S": S}[kind] if depth else LEAVES[kind])
    return re.sub(r"\b[ETS]\b", lambda m: grow(rng, m[0], max(depth - 1, 0)) if depth or text != m[0] else "a", text)


def break_up(rng, text):
    words = re.findall(r"\w+|\s+|[^\w\s]", text)
    for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
        at = rng.randrange(len(words))
        what = rng.randrange(4)
        if what == 0 and len(words) > 1:
            del words[at]
        elif what == 1:
            words.insert(at, rng.choice(words))
        elif what == 2:
            words[at] = rng.choice(words)
        else:
            words.insert(at, rng.choice("()[]{}:,"))
    return "".join(words)


def main():
    for batch in range(BATCHES):
        rng = random.Random(batch)
        with tempfile.TemporaryDirectory() as tmp:
            for i in range(FILES):
                text = "\n".join(grow(rng, "S", rng.randrange(5)) for _ in range(rng.randrange(1, 5)))
                (pathlib.Path(tmp) / ("%d.%s" % (i, ("py", "js")[i % 2]))).write_text(break_up(rng, text))
            names = sorted(p.name for p in pathlib.Path(tmp).iterdir())
            try:
                subprocess.run([sys.argv[1], "-c", "-r", ("startup", "module")[batch % 2], *names], cwd=tmp, check=True,
                               stdout=subprocess.DEVNULL, timeout=WHOLE_S)
            except subprocess.TimeoutExpired:
                sys.exit("FAILED broken: batch %d did not come to an end" % batch)
    print("broken: %d programs, all read to their end" % (BATCHES * FILES))


main()
