"""tests/system/test_supervision.py - runs tests/system/supervision, which says what it tests."""
import pathlib
import subprocess
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class Supervision(unittest.TestCase):
    def test_supervision(self):
        done = subprocess.run([HERE / "supervision"], cwd=HERE.parent.parent, timeout=120,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
