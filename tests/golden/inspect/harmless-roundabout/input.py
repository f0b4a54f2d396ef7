# What looks like it and is done everywhere.
import functools, json, os, queue, runpy, site, subprocess, sys, threading, timeit, urllib.request, webbrowser

here = os.path.dirname(__file__)
sys.path.insert(0, os.path.join(here, "vendor"))
exec(open(os.path.join(here, "version.py")).read())
README = open(os.path.join(here, "README.md")).read()
names = [name.strip() for name in README.splitlines()]
q = queue.Queue()
threading.Thread(target=print, args=(names,)).start()
def fetch(url, home=os.environ.get("HOME"), opener=urllib.request.urlopen):
    return opener(url)
@functools.wraps(fetch)
def wrapped(*a, **k): return fetch(*a, **k)
settings = json.dumps({"home": os.environ.get("HOME"), "paths": site.getsitepackages()})
took = timeit.timeit("'-'.join(map(str, range(100)))", number=10)
def docs(): webbrowser.open("https://example.org/docs")
version = list(map(int, "1.2.3".split(".")))
def main(): runpy.run_path(os.path.join(here, "tool.py")); subprocess.run(["sh", "-c", "make all"])
