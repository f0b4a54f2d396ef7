"""The command line where no gate runs: what it says and does."""
import json
import pathlib
import socket
import subprocess
import tempfile
import unittest

from harness import BUILD, MASTER


def yett(*args, env=None):
    return subprocess.run([str(BUILD / "bin/yett"), *args], capture_output=True, text=True, timeout=30, env=env,
                          stdin=subprocess.DEVNULL, start_new_session=True)  # no terminal to ask on


class Words(unittest.TestCase):
    def test_a_slip_is_told_from_another_word(self):
        for words, want in (("sttus", "no command 'sttus'; did you mean 'yett status'?"),
                            ("kye list", "no command 'kye'; did you mean 'yett key list'?"),
                            ("key shwo", "no command 'key shwo'; did you mean 'yett key show'?"),
                            ("chekc x", "no command 'chekc'; did you mean 'yett check'?"),
                            ("--data x status", "'--data' has to stand behind a command"),
                            ("key foo", "no command 'key foo'"), ("foo", "no command 'foo'"),
                            ("stop", "no command 'stop'")):
            with self.subTest(words):
                r = yett(*words.split())
                self.assertEqual((r.returncode, r.stderr), (64, "yett: %s\nTry 'yett help'.\n" % want))


    def test_help_fits_a_terminal(self):
        listed = yett("help").stdout
        names = [row.split("  ")[1] for row in listed.splitlines() if row.startswith("  ") and row[2].isalpha()]
        pages = [yett("help", *[w for w in n.split() if w.islower() or w == "verify-bundle"][:2]) for n in names]
        self.assertGreater(len(pages), 25)
        for text in [listed, *[p.stdout for p in pages]]:
            for line in text.splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertEqual(line, line.rstrip())
        self.assertEqual({p.returncode for p in pages}, {0})


class Refusals(unittest.TestCase):
    """Status and the one sentence on standard error, which says what to do next."""
    def says(self, status, want, *args, env=None):
        r = yett(*args, env=env)
        self.assertEqual((r.returncode, r.stdout), (status, ""), r.stderr)
        self.assertIn(want, r.stderr)

    def test_what_is_not_there(self):
        hint = "there is no file 'litellm'; a release is NAME==VERSION or npm:NAME@VERSION"
        self.says(66, hint, "check", "litellm")
        self.says(64, hint, "verify", "litellm")
        self.says(66, "cannot open './litellm'", "check", "./litellm")
        self.says(66, "yett: cannot open 'no.yaml'", "config", "check", "no.yaml")
        nowhere = {"PATH": "/nonexistent"}
        self.says(66, "there is no python3 on PATH; name what to check", "check", env=nowhere)
        self.says(66, "there is no python3 on PATH; --python names one", "pip", "install", "six", env=nowhere)

    def test_addresses_and_places(self):
        for at in ("4000", "1.2.3.4:70000"):
            self.says(64, "'%s' is not ADDRESS:PORT, such as 127.0.0.1:4000" % at, "serve", "--listen", at)
        self.says(64, "'gate.example' is not an IP address", "serve", "--admin", "gate.example:4001")
        with tempfile.TemporaryDirectory() as d, socket.create_server(("127.0.0.1", 0)) as taken:
            at = "127.0.0.1:%d" % taken.getsockname()[1]
            for option in ("--listen", "--admin"):
                other = "--admin" if option == "--listen" else "--listen"
                self.says(71, "cannot listen on %s: Address already in use; %s ADDR:PORT takes another" % (at, option),
                          "serve", "--data", d, option, at, other, "127.0.0.1:0")
            self.says(66, "there is no terminal to ask on: set YETT_VAULT_PASSPHRASE", "vault", "init", "--data", d)
            self.says(66, "make one: yett vault init --data '%s'" % d, "vault", "list", "--data", d)


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
