"""Versions, ranges and requirements: package/ against `packaging` and npm's `semver`, on generated cases.

versions.py PROGRAM SEMVER_JS [COUNT] [SEED]"""
import json
import random
import re
import subprocess
import sys

import packaging
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name, canonicalize_version
from packaging.version import InvalidVersion, Version

program, semver_js = sys.argv[1:3]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 6000
rnd = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 440)
pick = rnd.choice


def maybe(chance, text):
    return text() if rnd.random() < chance else ''


def number():
    return pick(['0', '1', '2', '3', '9', '10', '11', '00', '01', '2024', '20240101120000', '99999999999999999999'])


# ---- Python ----

def release(most=4):
    return '.'.join(number() for _ in range(rnd.randint(1, most)))


def sep():
    return pick(['', '', '', '.', '-', '_'])


def pypi_version():
    pre = lambda: sep() + pick(['a', 'b', 'c', 'rc', 'alpha', 'beta', 'pre', 'preview', 'RC', 'Alpha']) + sep() + maybe(.8, number)
    post = lambda: pick([lambda: '-' + number(), lambda: sep() + pick(['post', 'rev', 'r', 'POST']) + sep() + maybe(.8, number)])()
    dev = lambda: sep() + pick(['dev', 'DEV']) + sep() + maybe(.8, number)
    local = lambda: '+' + pick(['', 'ubuntu', 'Ubuntu', 'abc', 'cu', '1', '2', '10']) + maybe(.6, lambda: pick('.-_') + pick(['1', '02', 'x', 'a1', '10']))
    v = (maybe(.1, lambda: pick(['v', 'V', ' '])) + maybe(.1, lambda: number() + '!') + release() + maybe(.35, pre) +
         maybe(.25, post) + maybe(.25, dev) + maybe(.2, local) + maybe(.05, lambda: ' '))
    return mutate(v)


def mutate(v):
    if rnd.random() < .12 and v:
        i = rnd.randrange(len(v))
        v = pick([v[:i] + v[i + 1:], v[:i] + pick('.-_+!a1r*xv~') + v[i:], v + pick(['.', '-', '+', 'x', '.*', ' 1'])])
    return v


def near(v):
    """Something that is likely to be close to v."""
    return pick([v, v + '.0', v + '.0.0', v + '.post1', v + 'rc1', v + '.dev0', v + '+local', v.lstrip('v'), pypi_version()])


def pypi_specifier(v):
    one = lambda: pick(['==', '!=', '<', '<=', '>', '>=', '~=', '==', '===', '']) + pick(['', ' ']) + near(v) + maybe(.15, lambda: '.*')
    return ','.join(one() for _ in range(rnd.randint(1, 3)))


def name():
    return ''.join(pick('abzAZ09-_.') for _ in range(rnd.randint(1, 9)))


def requirement():
    spec = lambda: pick([lambda: pypi_specifier(release(3)), lambda: '(' + pypi_specifier(release(3)) + ')',
                         lambda: ' @ https://example.org/a-1.whl' + pick(['', '#sha256=00', ' '])])()
    marker = lambda: pick([' ', '']) + ';' + pick(['python_version < "3.9"', ' extra == "x;y"', "(os_name=='nt' or sys_platform == 'linux') and extra=='a'",
                                                   'python_version <', '("a" == "b"'])
    return (name() + maybe(.3, lambda: '[' + pick(['a', 'a,b', 'a, b-c', '', 'a,', '1.x', 'a b']) + ']') + maybe(.1, lambda: ' ') +
            maybe(.7, spec) + maybe(.3, marker))


def ask_packaging(q):
    try:
        if q[0] == 'cmp':
            a, b = Version(q[2]), Version(q[3])
            return str((a > b) - (a < b))
        if q[0] == 'canonical':
            Version(q[2])
            return canonicalize_version(q[2])
        if q[0] == 'in':
            v = Version(q[3])
            wanted = SpecifierSet(q[2])
            return 'yes' if wanted.contains(v, prereleases=q[4] == 'all' or bool(wanted.prereleases)) else 'no'
        if q[0] == 'name':
            return canonicalize_name(q[2])
        r = Requirement(q[1])
        return (r.name, sorted(r.extras), sorted(str(s) for s in r.specifier), r.url or '')
    except (InvalidVersion, InvalidSpecifier, InvalidRequirement):
        return 'invalid'


# ---- npm ----

def npm_number():
    return pick(['0', '1', '2', '3', '4', '10', '17', '01', '9007199254740991'] + ['1', '2'] * 4)


def npm_pre():
    return '-' + '.'.join(pick(['alpha', 'beta', 'rc', '0', '1', '2', '10', 'x-y', 'A', '00', '-']) for _ in range(rnd.randint(1, 3)))


def npm_version():
    v = maybe(.1, lambda: pick(['v', '=', ' '])) + '.'.join(npm_number() for _ in range(3)) + maybe(.4, npm_pre) + maybe(.1, lambda: '+' + pick(['1', 'b.2', '00']))
    return mutate(v)


def npm_partial(v):
    return pick([v, v, npm_number(), npm_number() + '.' + npm_number(), npm_number() + '.x', npm_number() + '.' + npm_number() + '.*', '*', 'x', 'X',
                 npm_version(), v.split('-')[0], npm_number() + '.x.' + npm_number(), npm_number() + '.x.x-beta'])


def npm_set(v):
    if rnd.random() < .2:
        return npm_partial(v) + pick([' - ', '  -  ']) + npm_partial(v)
    one = lambda: pick(['', '', '^', '~', '~>', '>', '<', '>=', '<=', '=']) + pick(['', '', ' ', 'v']) + npm_partial(v)
    return ' '.join(one() for _ in range(rnd.randint(1, 2)))


def npm_range(v):
    return maybe(.05, lambda: ' ') + pick([' || ', '||']).join(npm_set(v) for _ in range(pick([1, 1, 2]))) if rnd.random() > .03 else ''


def questions():
    for _ in range(count):
        v = pypi_version()
        yield ('cmp', 'pypi', v, near(v))
        yield ('canonical', 'pypi', v)
        yield ('in', 'pypi', pypi_specifier(v), near(v), pick(['all', 'named']))
        yield ('name', 'pypi', name())
        yield ('requirement', requirement())
        w = npm_version()
        yield ('cmp', 'npm', w, pick([w, npm_version(), w + '-0', w.split('-')[0]]))
        yield ('in', 'npm', npm_range(w), pick([w, w, npm_version()]), 'named')


def agree(q, ours, theirs):
    if q[0] != 'requirement' or ours == 'invalid' or theirs == 'invalid':
        return ours == theirs
    their_name, extras, specs, url = theirs
    n, e, s, u, _ = ours.split('\t')
    try:
        specs_ours = sorted(str(x) for x in SpecifierSet(s))
    except InvalidSpecifier:
        return False
    return (n, sorted(x for x in e.split(',') if x), specs_ours, u) == (their_name, extras, specs, url)


# What the two do differently, and which we mean.
def known(q, ours, theirs):
    # node-semver takes a star out of the middle of a number: "1*2" is "12", and "1.2+b" are two to it.
    if q[:2] == ('in', 'npm') and re.search(r'[\dv]\*|\*\d|\*\*|(^|[^\d.])\d+(\.\d+)?\+', q[2]):
        return True
    # Markers are skipped, not judged; and "===a,==b" is one specifier to one part of packaging and two to another.
    return q[0] == 'requirement' and theirs == 'invalid' and (';' in q[1] or ('===' in q[1] and ',' in q[1]))


all_q = [q for q in questions() if not any('\t' in f or '\n' in f for f in q)]
ours = subprocess.run([program], input='\n'.join('\t'.join(q) for q in all_q) + '\n', capture_output=True, text=True, check=True).stdout.splitlines()
npm_q = [q for q in all_q if q[1:] and q[1] == 'npm' and q[0] != 'requirement']
script = '''
const semver = require(process.argv[1]);
const out = [];
for (const [kind, , a, b, pre] of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
  if (kind === 'cmp') { out.push(semver.parse(a) && semver.parse(b) ? String(semver.compare(a, b)) : 'invalid'); continue; }
  let r;
  try { r = new semver.Range(a, { includePrerelease: pre === 'all' }); } catch { r = null; }
  out.push(r === null || !semver.parse(b) ? 'invalid' : r.test(b) ? 'yes' : 'no');
}
process.stdout.write(JSON.stringify(out));
'''
theirs_npm = dict(zip(map(id, npm_q), json.loads(subprocess.run(['node', '-e', script, semver_js], input=json.dumps(npm_q), capture_output=True, text=True, check=True).stdout)))
assert len(ours) == len(all_q), (len(ours), len(all_q))
bad = 0
answers = {}
for q, o in zip(all_q, ours):
    t = theirs_npm[id(q)] if id(q) in theirs_npm else ask_packaging(q)
    key = (q[0], 'pypi' if q[0] == 'requirement' else q[1], 'invalid' if t == 'invalid' else 'valid')
    answers[key] = answers.get(key, 0) + 1
    if not agree(q, o, t) and not known(q, o, t):
        bad += 1
        if bad <= 25:
            print('DIFFERENT', q, 'ours', repr(o), 'theirs', repr(t))
for key in sorted(answers):
    print('%-12s %-5s %-8s %6d' % (*key, answers[key]))
print('versions: %d questions (packaging %s), %d different answers' % (len(all_q), packaging.__version__, bad))
sys.exit(1 if bad else 0)
