"""tests/check/world.py - builds what test_check.py judges: environments, archives, caches, images. Payloads are inert:
they print a word, or name addresses that are kept for documentation."""
import base64
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

ROOT = pathlib.Path(os.environ.get("YETT_ROOT", pathlib.Path(__file__).resolve().parents[2]))
YETT = os.environ.get("YETT", str(ROOT / "build/bin/yett"))
WORLD = ROOT / "build/check/world"
DATA = WORLD / "data"
LIMIT_S = 120

INNER = base64.b64encode(b"print('inert twin; the real one would post to https://198.51.100.7/')").decode()
PTH = ("import os, subprocess, sys; subprocess.Popen([sys.executable, '-c', \"import base64; "
       "exec(base64.b64decode('%s'))\"], stdout=subprocess.DEVNULL)\n" % INNER)


def check(*args, code=None, env=None, timeout=LIMIT_S, offline=True):
    """Runs yett check; (exit status, standard output, standard error). Packages are run by tests/detonation."""
    p = subprocess.run([YETT, "check", "--data", str(DATA), *["--offline"] * offline, "--no-detonate", *map(str, args)],
                       capture_output=True, timeout=timeout, env=env, text=True, errors="replace")
    if code is not None and p.returncode != code:
        raise AssertionError("%s gave %d, not %d:\n%s%s" % (args, p.returncode, code, p.stdout[:4000], p.stderr))
    return p.returncode, p.stdout, p.stderr


def report(*args, code=None, env=None):
    return json.loads(check(*args, "--format", "json", code=code, env=env)[1])


def rules(r, severity=None):
    return {f["rule"] for f in r["findings"] if severity in (None, f["severity"])}


def fresh(name):
    path = WORLD / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def digest(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def venv(name, version="3.11.7"):
    """A virtual environment as venv makes it, without what is of no interest here."""
    path = fresh(name)
    minor = ".".join(version.split(".")[:2])
    (path / "bin").mkdir()
    os.symlink("/usr/bin/python3", path / "bin/python3")
    os.symlink("python3", path / "bin/python")
    (path / "bin/activate").write_text("# activate\n")
    (path / "pyvenv.cfg").write_text("home = /nonexistent/bin\ninclude-system-site-packages = false\nversion = %s\n"
                                     % version)
    site = path / "lib" / ("python" + minor) / "site-packages"
    site.mkdir(parents=True)
    install(site, "requests", "2.32.4", {"requests/__init__.py": b"__version__ = '2.32.4'\n",
                                         "requests/api.py": b"def get(url):\n    return url\n"})
    install(site, "setuptools", "70.0.0", {
        "distutils-precedence.pth": b"import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, "
                                    b"'local') == 'local'; enabled and __import__('_distutils_hack').add_shim(); \n",
        "_distutils_hack/__init__.py": b"def add_shim():\n    pass\n"})
    return path, site


def install(site, name, version, files, record=True):
    """Puts a package there as pip does."""
    info = "%s-%s.dist-info" % (name.replace("-", "_"), version)
    files = dict(files)
    files[info + "/METADATA"] = ("Metadata-Version: 2.1\nName: %s\nVersion: %s\n\n" % (name, version)).encode()
    files[info + "/INSTALLER"] = b"pip\n"
    for path, data in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(data)
    if record:
        rows = ["%s,%s,%d" % (path, digest(data), len(data)) for path, data in files.items()]
        (site / info / "RECORD").write_text("\n".join(rows + [info + "/RECORD,,"]) + "\n")


def twin(site):
    """litellm 1.82.8: a startup hook that RECORD lists with the right hash."""
    install(site, "litellm", "1.82.8", {"litellm/__init__.py": b"x = 1\n", "litellm_init.pth": PTH.encode()})


def wheel(path, name, version, files):
    info = "%s-%s.dist-info" % (name, version)
    files = dict(files)
    files[info + "/METADATA"] = ("Metadata-Version: 2.1\nName: %s\nVersion: %s\n\n" % (name, version)).encode()
    files[info + "/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    rows = ["%s,%s,%d" % (p, digest(d), len(d)) for p, d in files.items()]
    files[info + "/RECORD"] = ("\n".join(rows + [info + "/RECORD,,"]) + "\n").encode()
    target = path / ("%s-%s-py3-none-any.whl" % (name, version))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as z:
        for p, d in files.items():
            z.writestr(p, d)
    return target


def tar(target, files):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as t:
        for p, d in files.items():
            m = tarfile.TarInfo(p)
            m.size = len(d)
            m.mode = 0o644
            t.addfile(m, io.BytesIO(d))
    target.write_bytes(gzip.compress(raw.getvalue(), mtime=0))
    return target


def python_with(word):
    """An interpreter of this machine, or None."""
    for path in (sys.executable, "/usr/bin/python3"):
        if word in (None, path):
            return path
    return None
