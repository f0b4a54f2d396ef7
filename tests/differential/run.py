"""tests/differential/run.py READER - our readers against Python's own and npm's, on generated cases.

What is asked of an archive: where we find no fault, every other reader gets exactly the members, sizes and
contents that we get; where another reader gives up, we found a fault. Metadata, CSV, entry points and file
names must come out equal. Every case comes from a seed, so a failure is repeated by running it again.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import archives
import pickles
import texts
import wheels

READER = os.path.abspath(sys.argv[1])


class Run:
    """What the checks share: a directory for cases, our answers, and the count of what went wrong."""

    def __init__(self, room):
        self.room = room
        self.passed = self.failed = 0

    def write(self, name, data):
        path = os.path.join(self.room, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def ours(self, what, paths):
        """Our answer for each file: (list of values, end)."""
        out = subprocess.run([READER, what, *paths], capture_output=True, check=True, text=True, timeout=120)
        answers = {}
        for line in out.stdout.splitlines():
            if line.startswith("= "):
                path, values = line[2:], []
            elif line.startswith("end "):
                answers[path] = (values, line[4:])
            else:
                values.append(json.loads(line))
        return answers

    def check(self, good, what, *more):
        if good:
            self.passed += 1
            return
        self.failed += 1
        if self.failed <= 20:
            print("FAILED", what, *more)


def main():
    room = tempfile.mkdtemp(prefix="yett-differential-")
    try:
        run = Run(room)
        for part in (archives.zips, archives.tars, pickles.pickles, texts.metadata, texts.csvs, texts.records, texts.entries, texts.names,
                     wheels.wheels):
            part(run)
        print(f"differential: {run.passed} passed, {run.failed} failed")
        return 1 if run.failed else 0
    finally:
        if not os.environ.get("KEEP"):
            shutil.rmtree(room)


if __name__ == "__main__":
    sys.exit(main())
