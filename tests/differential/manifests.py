"""Manifests: our readers against those of Python, pip and npm, on generated and given cases, and our bills of
materials against the official schemas.

manifests.py PROGRAM [COUNT] [SEED]"""
import collections
import datetime
import decimal
import io
import json
import os
import pathlib
import pickle
import pickletools
import random
import re
import subprocess
import sys
import tempfile
import tomllib
import warnings

warnings.simplefilter('ignore')
import jsonschema
import lib4sbom
from pip._internal.network.session import PipSession
from pip._internal.req import req_file
from pip._internal.req.constructors import parse_req_from_line
from pip._vendor.packaging.utils import canonicalize_name

program = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
rnd = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 3)
pick = rnd.choice
golden = pathlib.Path('tests/golden/manifests')
work = tempfile.TemporaryDirectory()
child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
failures = 0
shown = collections.Counter()


def ask(mode, content=None, name='x', path=None):
    """The lines of the answer."""
    if path is None:
        path = os.path.join(work.name, name)
        with open(path, 'wb') as f:
            f.write(content or b'')
    child.stdin.write(f'{mode} {path}\n'.encode())
    child.stdin.flush()
    lines = []
    while (line := child.stdout.readline()) not in (b'\n', b''):
        lines.append(line.decode())
    return lines


def differ(what, case, ours, theirs):
    global failures
    failures += 1
    shown[what] += 1
    if shown[what] < 6:
        print(f'{what}: {case!r}\n  ours   {ours!r}\n  theirs {theirs!r}')


# ---- TOML ----

def plain(v):
    """tomllib's values in the form of our answer."""
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, list):
        return [plain(x) for x in v]
    if isinstance(v, decimal.Decimal):
        return {'float': str(v)}
    if isinstance(v, (datetime.datetime, datetime.date, datetime.time)):
        return {'datetime': ''}
    return v


def same_form(v):
    """Floats by value, dates by being one."""
    if isinstance(v, dict):
        if set(v) == {'datetime'}:
            return {'datetime': ''}
        if set(v) == {'float'}:
            text = v['float'].replace('_', '').lower()
            return {'float': repr(float(text))}
        return {k: same_form(x) for k, x in v.items()}
    return [same_form(x) for x in v] if isinstance(v, list) else v


def toml_key():
    return pick(['a', 'b', 'c', 'a.b', 'a.c', 'b.a', 'a.b.c', '"a"', "'b'", '"a b"', 'a . b', '1', '""', '"\\u0061"'])


def toml_value(depth=0):
    kinds = ['1', '-0', '+5', '1_0', '0xfF', '0o17', '0b1', '1.5', '1e3', '-2.5E-3', 'inf', '-nan', 'true', 'false',
             '"x"', "'y\\'", '"\\t\\u00e9"', '"""\nm\\\n  n"""', "'''q''r'''", '1979-05-27', '07:32:00.5',
             '1979-05-27T07:32:00Z', '1979-05-27 07:32:00-07:00', '01', '1__0', '1.', 'x', '"\\q"', '1979-02-30', '""', "''"]
    if depth < 3 and rnd.random() < .35:
        items = [toml_value(depth + 1) for _ in range(rnd.randint(0, 3))]
        if rnd.random() < .5:
            return '[' + pick([',', ', ', ' ,\n # c\n']).join(items) + pick(['', '', ',']) + ']' if items else '[]'
        return '{' + ', '.join(f'{toml_key()} = {x}' for x in items) + pick([''] * 8 + [',']) + '}'
    return pick(kinds[:-11] * 3 + kinds[-11:])


def toml_line():
    r = rnd.random()
    if r < .22:
        return f'[{toml_key()}]'
    if r < .36:
        return f'[[{toml_key()}]]'
    if r < .42:
        return pick(['', '# c', '   ', '\t# \x7f', '# \u00e9'])
    return f'{toml_key()}{pick(["=", " = "])}{toml_value()}{pick(["", "", "", " # e", " x"] if rnd.random() < .3 else [""])}'


def toml_case(text):
    raw = text.encode('utf-8', 'surrogatepass')
    try:
        theirs = tomllib.loads(raw.decode(), parse_float=decimal.Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, RecursionError, decimal.InvalidOperation):
        theirs = None
    lines = ask('toml', raw)
    ours = json.loads(lines[0])
    if isinstance(ours, str):
        if theirs is not None:
            differ('toml', text, ours, theirs)
    elif theirs is None:
        differ('toml', text, ours, 'refused')
    elif same_form(ours) != same_form(json.loads(json.dumps(plain(theirs)))):
        differ('toml', text, ours, theirs)


def toml():
    given = ['a=1\n[a]\n', '[a]\nb.c=1\n[a.b.d]\n', '[[a]]\n[a.b]\n[[a]]\n[a.b]\n', 'a={b.c=1,b.d=2}', 'a=[{b=1}]\n[a.b]',
             'a.b=1\n[a.c]\n', '[a.b.c]\n[a]\nb.x=1\n', '[a]\r\nb=1\r\n', 'a="""x\r\ny"""', 'a=\'\'\'\r\nx\'\'\'', 'a=""""""""',
             'a="""""""', '[a]#x\nb=1', 'a = [1,,2]', 'a = [,]', 'a=1\x00', 'a="\x7f"', '\ufeffa=1', 'a=1e+1_0', 'a=0e0', 'a=-0.0']
    for text in given:
        toml_case(text)
    for path in golden.glob('*/*'):
        if path.suffix in ('.toml', '.lock') and not path.name.startswith(('yarn', 'Pipfile')):
            toml_case(path.read_text())
    for _ in range(count):
        toml_case('\n'.join(toml_line() for _ in range(rnd.randint(1, 6))))


# ---- pickles ----

class Reduced:
    def __init__(self, f, args):
        self.f, self.args = f, args

    def __reduce__(self):
        return self.f, self.args


class Anything:
    """Takes all arguments and all that a pickle does to an object."""
    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)

    def __init__(self, *args, **kwargs):
        pass

    def __setitem__(self, key, item):
        pass

    def __setstate__(self, state):
        pass

    def append(self, item):
        pass

    add = append

    def extend(self, items):
        pass


class Imports(pickle.Unpickler):
    """Loads with the real unpickler, which is stopped from importing anything."""
    def __init__(self, file):
        super().__init__(file)
        self.seen = []

    def find_class(self, module, name):
        self.seen.append([module, name])
        return Anything

    def persistent_load(self, pid):
        return None


def pickle_case(raw, loads=True):
    lines = ask('pickle', raw)
    ops = json.loads(lines[0])
    theirs, complete = [], True
    try:
        for op, arg, at in pickletools.genops(raw):
            theirs.append([op.name, at])
    except Exception:
        complete = False
    # pickletools decodes arguments too, which is more than finding where they end
    if ops[:len(theirs)] != theirs or (complete and ops != theirs):
        differ('pickle opcodes', raw, ops, theirs)
    ours, _, state = lines[1].rpartition(']')
    if loads:
        reader = Imports(io.BytesIO(raw))
        try:
            reader.load()
        except Exception:
            pass
        found = json.loads(ours + ']')
        if found != reader.seen:
            differ('pickle imports', raw, found, reader.seen)


def value(depth=0):
    leaf = [lambda: rnd.randint(-2**40, 2**40), lambda: 1.5, lambda: pick(['', 'x', 'os', 'system', 'e\u00e9\n', 'y' * 300]),
            lambda: pick([b'', b'z' * 300]), lambda: None, lambda: True, lambda: 10**30]
    if depth < 3 and rnd.random() < .6:
        items = [value(depth + 1) for _ in range(rnd.randint(0, 4))]
        return pick([lambda: items, lambda: tuple(items), lambda: {repr(i): x for i, x in enumerate(items)},
                     lambda: collections.OrderedDict(a=items), lambda: Reduced(print, (items,)), lambda: {1, 'two'},
                     lambda: Reduced(os.system, ('true',)), lambda: bytearray(b'b'), lambda: datetime.date(2026, 11, 23),
                     lambda: frozenset([3])])()
    return pick(leaf)()


def pickles():
    for _ in range(count // 3):
        raw = pickle.dumps(value(), rnd.randint(0, 5))
        pickle_case(raw)
        cut = bytearray(raw)
        for _ in range(rnd.randint(0, 3)):
            cut[rnd.randrange(len(cut))] = rnd.randrange(256)
        pickle_case(bytes(cut[:rnd.randint(1, len(cut))]), loads=False)
    for raw in (b"V\\u006fs\nVsystem\n\x93.", b"S'os'\nS'system'\n\x93.", b'cos\nsystem\n.', b"(S'x'\nios\nsystem\n.",
                b'\x8c\x02os\x94\x8c\x06system\x940h\x00h\x01\x93.', b'\x8c\x01aq\x00q\x00\x8c\x02os\x94h\x01h\x01\x93.'):
        pickle_case(raw)


# ---- requirements ----

def requirement_line():
    name = pick(['six', 'Foo_Bar', 'a.b', 'x-1', 'zope.interface'])
    tail = pick(['', '==1.0', '>=1,<2', ' ~= 2.1', '[e,f]==3', '==1.*', ' ; python_version < "3"', '===1.0.x'])
    hashes = ''.join(pick([' ', ' \\\n    ']) + '--hash=sha256:' + pick('0123456789abcdef') * 64 for _ in range(rnd.randint(0, 2)))
    return pick([
        lambda: name + tail, lambda: name + tail + hashes, lambda: name + tail + hashes + '  # note', lambda: '# only \\',
        lambda: '', lambda: f'{name}{pick([chr(0x2028), chr(0x85), chr(12), chr(0x1d)])}other==2', lambda: name + ' \\\n ' + tail,
        lambda: f'{name} @ https://example.com/{name}-1.0.tar.gz', lambda: 'https://example.com/x-1.0-py3-none-any.whl',
        lambda: 'git+https://example.com/r.git@v1#egg=thing', lambda: '-e git+https://example.com/r.git#egg=thing',
        lambda: '--index-url https://example.com/simple', lambda: '--extra-index https://example.com/s', lambda: '--pre',
        lambda: '-i https://example.com/simple --pre', lambda: '\t' + name + '  ', lambda: name + '#fragment==1'])()


def pip_reads(path):
    """(name, pinned version, hashes, line) of every requirement, or None where pip gives up."""
    out, finder = [], None
    try:
        for line in req_file.RequirementsFileParser(PipSession(), req_file.get_line_parser(finder)).parse(path, False):
            if not line.requirement:
                continue
            text = line.requirement
            hashes = sorted(f'{a}:{h}' for a, hs in (line.opts.hashes or {}).items() for h in hs) if not line.is_editable else []
            if line.is_editable:
                out.append(('thing', '', [], line.lineno))
                continue
            parts = parse_req_from_line(text, None)
            if parts.requirement is None:
                return None
            spec = list(parts.requirement.specifier)
            pinned = spec[0].version if len(spec) == 1 and spec[0].operator in ('==', '===') and '*' not in spec[0].version else ''
            if parts.link is not None:
                pinned = ''
            out.append((canonicalize_name(parts.requirement.name), pinned, sorted(set(hashes)), line.lineno))
    except Exception:
        return None
    return out


def requirements():
    taken = excused = 0
    path = os.path.join(work.name, 'requirements.txt')
    for _ in range(count // 3):
        text = '\n'.join(requirement_line() for _ in range(rnd.randint(1, 5))) + '\n'
        with open(path, 'w', newline='') as f:
            f.write(text)
        theirs = pip_reads(path)
        rows = [json.loads(x) for x in ask('kind', path=path)]
        if theirs is None:
            if not any(r.get('rule') == 'manifest-unread' for r in rows):
                differ('requirements', text, rows, 'refused')
            continue
        # A line that pip takes and we do not is told of, never left out in silence.
        unread = {r['line'] for r in rows if r.get('rule') == 'manifest-unread'}
        taken += len(theirs)
        excused += sum(t[3] in unread for t in theirs)
        ours = [(r['name'], r.get('version', ''), sorted(set(r.get('hashes', []))), r['line']) for r in rows if 'eco' in r]
        if [t for t in theirs if t not in ours and t[3] not in unread] or [o for o in ours if o not in theirs]:
            differ('requirements', text, ours, theirs)
    # the comparison itself must not become empty
    if taken < count // 3 or excused > taken // 4:
        differ('requirements', 'compared', taken, excused)


# ---- lock files, read as plainly as can be ----

def rows_of(path):
    return sorted((r['name'], r.get('version', '')) for r in map(json.loads, ask('kind', path=str(path))) if 'eco' in r)


def compare(path, theirs):
    ours = rows_of(path)
    if ours != sorted(theirs):
        differ('lock file', str(path), ours, sorted(theirs))


def locks():
    for v in '123':
        path = golden / f'npm{v}' / 'package-lock.json'
        lock = json.loads(path.read_text())
        if v == '1':
            theirs = [(k if not d['version'].startswith('npm:') else 'is-odd', d['version'].rpartition('@')[2])
                      for k, d in lock['dependencies'].items()]
        else:
            theirs = [(d.get('name', k.rpartition('node_modules/')[2]), d['version']) for k, d in lock['packages'].items() if k]
        compare(path, theirs)
    for path, key in ((golden / 'uv/uv.lock', 'package'), (golden / 'uv/pylock.toml', 'packages'),
                      (golden / 'poetry/poetry.lock', 'package'), (golden / 'poetry-old/poetry.lock', 'package')):
        lock = tomllib.loads(path.read_text())
        compare(path, [(p['name'], p.get('version', '')) for p in lock[key]
                       if 'virtual' not in p.get('source', {}) and 'editable' not in p.get('source', {})])
    pipfile = json.loads((golden / 'pipenv/Pipfile.lock').read_text())
    compare(golden / 'pipenv/Pipfile.lock', [(k, d['version'][2:]) for s in ('default', 'develop') for k, d in pipfile[s].items()])
    same = {v: rows_of(golden / f'pnpm{v}' / 'pnpm-lock.yaml') for v in '789'}
    npm = sorted(set(rows_of(golden / 'npm3/package-lock.json')))
    yarn = sorted(set(rows_of(golden / 'yarn1/yarn.lock')))
    # five tools, one package.json: the same packages
    if not same['7'] == same['8'] == same['9'] == npm == yarn:
        differ('package managers', 'pnpm, npm, yarn', same, (npm, yarn))
    if not set(npm) <= set(rows_of(golden / 'berry/yarn.lock')):
        differ('package managers', 'yarn 4', rows_of(golden / 'berry/yarn.lock'), npm)


# ---- bills of materials ----

def schemas():
    top = pathlib.Path(lib4sbom.__file__).parent / 'schemas'
    cyclonedx = json.loads((top / 'cyclonedx/bom-1.6.schema.json').read_text())
    store = {}
    for path in (top / 'cyclonedx').glob('*.json'):
        schema = json.loads(path.read_text())
        store[schema.get('$id', path.name)] = schema
        store['http://cyclonedx.org/schema/' + path.name] = schema
    for mode, schema in (('cyclonedx', cyclonedx), ('spdx', json.loads((top / 'spdx/2.3-schema.json').read_text()))):
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        resolver = jsonschema.RefResolver.from_schema(schema, store=store)
        validator = kind(schema, resolver=resolver, format_checker=jsonschema.FormatChecker())
        document = json.loads(''.join(ask(mode)))
        for error in validator.iter_errors(document):
            differ(mode, list(error.path), error.message, 'valid')
        # the test itself can fail
        document['unheard-of'] = 1
        document.get('components', document.get('packages'))[0].pop('name')
        if validator.is_valid(document):
            differ(mode, 'a broken document', 'valid', 'invalid')


for step in (toml, pickles, requirements, locks, schemas):
    before = failures
    step()
    print(f'{step.__name__}: {"agree" if failures == before else failures - before}')
child.stdin.close()
child.wait()
sys.exit(1 if failures else 0)
