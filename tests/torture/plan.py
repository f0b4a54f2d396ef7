"""The plan that tests/torture/fail.c reads: which call of a program is to fail, and which calls it made."""
import collections
import errno
import mmap
import os
import pathlib
import re
import struct
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
CALLS = re.findall(r"^\tX\((\w+)[,)]", (HERE / "fail.c").read_text(), re.M)
HEAD, STACK, TRACED, ENTRY = struct.Struct("<IIiIQqQ"), struct.Struct("<12Q"), 1 << 16, struct.Struct("<IIQ")
ENTRIES = HEAD.size + STACK.size
SHORT = -1
# What no program may write. One that ends between its two locks cannot be looked through for leaks, and says so.
BAD = re.compile(r"(?<!Leak)Sanitizer|LeakSanitizer: detected|runtime error:|Assertion|killed by SIG|stack smashing|double free")
# What each call is made to fail with: what the kernel does. Sockets do not block here, so they are never interrupted, and
# "again" or a part of the bytes with no later event would be a lie to a loop that is told of readiness once.
ERRORS = {
    "malloc": ("ENOMEM",), "calloc": ("ENOMEM",), "realloc": ("ENOMEM",), "mmap": ("ENOMEM",),
    "read": ("EIO", "EINTR", "SHORT"), "write": ("ENOSPC", "EINTR", "SHORT"),
    "pread": ("EIO",), "pwrite": ("ENOSPC", "SHORT"),
    "recv": ("ECONNRESET", "ENOMEM"), "send": ("EPIPE", "ENOBUFS"),
    "recvmsg": ("ECONNRESET", "ENOMEM"), "sendmsg": ("EPIPE", "ENOBUFS"),
    "accept4": ("EMFILE", "ECONNABORTED"), "open": ("EMFILE", "EACCES"), "openat": ("EMFILE", "EACCES"),
    "fstat": ("EIO",), "fsync": ("EIO",), "ftruncate": ("ENOSPC",), "rename": ("ENOSPC",), "renameat": ("ENOSPC",),
    "memfd_create": ("EMFILE",), "socket": ("EMFILE",), "socketpair": ("EMFILE",), "connect": ("ECONNREFUSED",),
    "pipe2": ("EMFILE",), "fcntl": ("EMFILE",), "epoll_create1": ("EMFILE",), "epoll_ctl": ("ENOMEM",),
    "mkdir": ("ENOSPC",), "symlink": ("ENOSPC",), "chdir": ("EACCES",), "chmod": ("EPERM",), "fchmod": ("EPERM",),
    "mount": ("EPERM", "ENOMEM"), "mount_setattr": ("EPERM", "ENOSYS"), "umount2": ("EPERM",), "sethostname": ("EPERM",),
    "setns": ("EPERM",), "inotify_init1": ("EMFILE",), "inotify_add_watch": ("ENOSPC",), "process_vm_readv": ("EPERM",),
    "dup2": ("EMFILE",), "ioctl": ("EINTR", "ENOENT", "EIO"), "syscall": ("EPERM", "ENOMEM"),
    "epoll_wait": ("EINTR",), "poll": ("EINTR",), "getrandom": ("EINTR",), "fork": ("EAGAIN",),
}


class Plan:
    """The plan of one program; it is in force for every process of that program."""

    def __init__(self, program):
        self.program = pathlib.Path(program)
        path = self.program.with_name(self.program.name + ".plan")
        path.write_bytes(b"")
        os.truncate(path, ENTRIES + TRACED * ENTRY.size)
        path.chmod(0o666)  # processes of other users map it, too
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 0)
        self.lines = {}

    def arm(self, call, where, nth, error):
        code = SHORT if error == "SHORT" else getattr(errno, error)
        HEAD.pack_into(self.map, 0, 0, CALLS.index(call), code, 0, where, nth, 0)
        STACK.pack_into(self.map, HEAD.size, *[0] * 12)

    def disarm(self):
        """The pid in which the call failed; 0: it was not made so often."""
        struct.pack_into("<q", self.map, 24, 0)
        return struct.unpack_from("<I", self.map, 12)[0]

    def trace(self):
        HEAD.pack_into(self.map, 0, 1, 0, 0, 0, 0, 0, 0)

    def traced(self):
        """Ends a trace: how often each call was made, by (call, return address)."""
        n = min(HEAD.unpack_from(self.map, 0)[6], TRACED)
        struct.pack_into("<I", self.map, 0, 0)
        made = (ENTRY.unpack_from(self.map, ENTRIES + i * ENTRY.size) for i in range(n))
        return collections.Counter((CALLS[call], where) for call, _, where in made)

    def way(self):
        """How the call that failed was come to."""
        frames = [self.line(w) for w in STACK.unpack_from(self.map, HEAD.size)[2:] if w]
        return " < ".join(f for f in frames if ":" in f)

    def line(self, where):
        """FILE:LINE of a return address."""
        if where not in self.lines:
            r = subprocess.run(["addr2line", "-e", str(self.program), hex(where - 1)], capture_output=True, text=True)
            at = r.stdout.split(" ")[0].strip()
            self.lines[where] = at[at.rfind("src/"):] if "src/" in at else hex(where)
        return self.lines[where]


def picked(n, most):
    """Which of n calls are to fail when `most` may: the first half of them, then evenly."""
    if n <= most:
        return list(range(1, n + 1))
    first = max(1, most // 2)
    rest = most - first
    return sorted(set(range(1, first + 1)) | {first + (n - first) * (i + 1) // rest for i in range(rest)})
