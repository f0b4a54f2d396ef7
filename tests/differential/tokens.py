"""tests/differential/tokens.py TOKENS [FILE...] - our Python lexer against CPython's tokenize, token by token,
on the standard library (or the files given). TOKENS prints our tokens: kind, begin and end in bytes."""
import glob, io, os, subprocess, sys, sysconfig, tokenize

KINDS = {tokenize.NAME: 'name', tokenize.NUMBER: 'number', tokenize.STRING: 'string', tokenize.OP: 'op',
         tokenize.NEWLINE: 'newline', tokenize.INDENT: 'indent', tokenize.DEDENT: 'dedent', tokenize.COMMENT: 'comment'}
F_START = getattr(tokenize, 'FSTRING_START', -1)
F_END = getattr(tokenize, 'FSTRING_END', -2)


def theirs(data):
    """CPython's tokens as (kind, text); f-strings as one string, as before 3.12."""
    out, depth = [], 0
    for t in tokenize.tokenize(io.BytesIO(data).readline):
        if t.type == F_START:
            depth += 1
        elif t.type == F_END:
            depth -= 1
            if depth == 0:
                out.append(('string', ''))
        elif depth == 0 and t.type in KINDS:
            kind = KINDS[t.type]
            out.append((kind, '' if kind in ('newline', 'indent', 'dedent', 'string') else t.string))
    return out


def ours(look, path, data):
    text = subprocess.run([look, path], capture_output=True, check=True).stdout.decode()
    out, depth = [], 0
    for line in text.splitlines():
        kind, begin, end = line.split()
        if kind == 'fstart':
            depth += 1
        elif kind == 'fend':
            depth -= 1
            if depth == 0:
                out.append(('string', ''))
        elif depth == 0:
            word = data[int(begin):int(end)].decode('utf-8', 'replace')
            out.append((kind, '' if kind in ('newline', 'indent', 'dedent', 'string') else word))
    return out


def main():
    look, paths = sys.argv[1], sys.argv[2:]
    if not paths:
        root = sysconfig.get_path('stdlib')
        paths = sorted(glob.glob(root + '/*.py') + glob.glob(root + '/*/*.py'))
        paths = [p for p in paths if 'site-packages' not in p and 'badsyntax' not in p]
        paths = paths[:: max(1, len(paths) // 120)]
    same = skipped = 0
    bad = []
    for path in paths:
        data = open(path, 'rb').read()
        try:
            want = theirs(data)
        except (SyntaxError, UnicodeDecodeError, tokenize.TokenError):
            skipped += 1
            continue
        got = ours(look, path, data)
        if got == want:
            same += 1
            continue
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        bad.append(f'{path}: token {at}: ours {got[at:at + 3]}, theirs {want[at:at + 3]}')
    print('\n'.join(bad[:10]))
    print(f'tokens: {same} files the same as tokenize, {len(bad)} differ, {skipped} that CPython refuses')
    return 1 if bad else 0


sys.exit(main())
