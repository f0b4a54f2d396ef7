"""tests/twins/judge.py TWINS LOOK [-v] - what LOOK says of each twin, against what must be said."""
import os, subprocess, sys

root, look = sys.argv[1:3]
rank = {'': 0, 'info': 1, 'hold': 2, 'block': 3}
missed = elsewhere = n = 0
for line in open(os.path.join(root, 'twins.tsv')):
    name, role, lang, want = line.rstrip('\n').split('\t')
    args = [look, '-r', role] + (['-l', lang] if lang else []) + [os.path.join(root, name)]
    rows = [r.split('\t') for r in subprocess.run(args, capture_output=True, text=True).stdout.splitlines()]
    best = max((r[0] for r in rows), key=rank.get, default='')
    said = ','.join(sorted({r[1] for r in rows if r[0] == best}))
    n += 1
    if want not in rank:
        elsewhere += 1
    elif rank[best] < rank[want]:
        missed += 1
        print(f'MISSED {name}: wanted {want}, got {best or "nothing"} {said}')
    if '-v' in sys.argv:
        print(f'{best or "-":6} {name:50} {said or want}')
print(f'twins: {n} judged, {missed} missed, {elsewhere} left to other signals')
sys.exit(1 if missed else 0)
