"""The command line where no gate runs: what it says and does."""
import json
import pathlib
import subprocess
import tempfile
import unittest

from harness import BUILD, MASTER


def yett(*args):
    return subprocess.run([str(BUILD / "bin/yett"), *args], capture_output=True, text=True, timeout=30)


class Words(unittest.TestCase):
    def test_a_slip_is_told_from_another_word(self):
        for words, want in (("sttus", "no command 'sttus'; did you mean 'yett status'?"),
                            ("kye list", "no command 'kye'; did you mean 'yett key list'?"),
                            ("key shwo", "no command 'key shwo'; did you mean 'yett key show'?"),
                            ("key foo", "no command 'key foo'"), ("foo", "no command 'foo'"),
                            ("stop", "no command 'stop'")):
            with self.subTest(words):
                r = yett(*words.split())
                self.assertEqual((r.returncode, r.stderr), (64, "yett: %s\nTry 'yett help'.\n" % want))


class Import(unittest.TestCase):
    def test_every_literal_of_a_configuration_is_named(self):
        with tempfile.TemporaryDirectory() as d:
            yaml = pathlib.Path(d, "c.yaml")
            yaml.write_text(json.dumps({"model_list": [
                {"model_name": m, "litellm_params": {"model": "openai/x", "api_key": k}}
                for m, k in (("fast", "sk-one"), ("fast", "sk-two"), ("slow", "sk-one"))],
                "general_settings": {"master_key": MASTER}}, indent=0))
            data = ("--data", d + "/data")
            self.assertEqual(yett("vault", "init", "--key-file", d + "/key", *data).returncode, 0)
            said = yett("vault", "import", str(yaml), *data).stdout
            self.assertIn("write vault/fast instead of the key, and where the same key stands again\n", said)
            self.assertIn("write vault/fast-2 instead of the key\n", said)
            self.assertIn("the master key: a literal in the file works; move it: yett vault add master", said)
            self.assertEqual([n.split()[0] for n in yett("vault", "list", *data).stdout.splitlines()], ["fast", "fast-2"])


if __name__ == "__main__":
    unittest.main()
