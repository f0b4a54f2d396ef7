/*
 * tests/torture/fail.c - the fail-the-Nth switch. The linker puts these functions in place of the calls that a program
 * makes (`-Wl,--wrap`), so src knows nothing of it. The plan is the file ROLE.plan beside the executable, mapped
 * before main, so before any jail: tests/torture/run writes into it while the program runs, and reads from it
 * which calls were made and from where. Without the file nothing fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The calls that are passed on as they came, in the order of their numbers: name, type, what it says when it fails,
 * parameters, arguments. The Makefile reads the names here, and so does the driver. SOME is all of n, or one byte. */
#define SOME(n) (why == SHORT && (n) > 1 ? 1 : (n))
#define CALLS(X)                                                                                   \
	X(malloc, void *, NULL, (size_t n), (n))                                                   \
	X(calloc, void *, NULL, (size_t n, size_t size), (n, size))                                \
	X(realloc, void *, NULL, (void *p, size_t n), (p, n))                                      \
	X(read, ssize_t, -1, (int fd, void *p, size_t n), (fd, p, SOME(n)))                        \
	X(write, ssize_t, -1, (int fd, const void *p, size_t n), (fd, p, SOME(n)))                 \
	X(pread, ssize_t, -1, (int fd, void *p, size_t n, off_t at), (fd, p, SOME(n), at))         \
	X(pwrite, ssize_t, -1, (int fd, const void *p, size_t n, off_t at), (fd, p, SOME(n), at))  \
	X(recv, ssize_t, -1, (int fd, void *p, size_t n, int flags), (fd, p, SOME(n), flags))      \
	X(send, ssize_t, -1, (int fd, const void *p, size_t n, int flags), (fd, p, SOME(n), flags)) \
	X(recvmsg, ssize_t, -1, (int fd, struct msghdr *m, int flags), (fd, m, flags))             \
	X(accept4, int, -1, (int fd, struct sockaddr *restrict sa, socklen_t *restrict n, int flags), (fd, sa, n, flags)) \
	X(mmap, void *, MAP_FAILED, (void *at, size_t n, int prot, int flags, int fd, off_t from), \
	  (at, n, prot, flags, fd, from))                                                          \
	X(fstat, int, -1, (int fd, struct stat *out), (fd, out))                                   \
	X(fsync, int, -1, (int fd), (fd))                                                          \
	X(ftruncate, int, -1, (int fd, off_t n), (fd, n))                                          \
	X(rename, int, -1, (const char *from, const char *to), (from, to))                         \
	X(renameat, int, -1, (int from_dir, const char *from, int to_dir, const char *to),         \
	  (from_dir, from, to_dir, to))                                                            \
	X(memfd_create, int, -1, (const char *name, unsigned flags), (name, flags))                \
	X(socket, int, -1, (int family, int type, int protocol), (family, type, protocol))         \
	X(socketpair, int, -1, (int family, int type, int protocol, int *out), (family, type, protocol, out)) \
	X(connect, int, -1, (int fd, const struct sockaddr *sa, socklen_t n), (fd, sa, n))         \
	X(pipe2, int, -1, (int *out, int flags), (out, flags))                                     \
	X(epoll_create1, int, -1, (int flags), (flags))                                            \
	X(epoll_wait, int, -1, (int fd, struct epoll_event *out, int cap, int ms), (fd, out, cap, ms)) \
	X(poll, int, -1, (struct pollfd *fds, nfds_t n, int ms), (fds, n, ms))                     \
	X(getrandom, ssize_t, -1, (void *out, size_t n, unsigned flags), (out, n, flags))          \
	X(fork, pid_t, -1, (void), ())                                                             \
	X(mkdir, int, -1, (const char *path, mode_t mode), (path, mode))                           \
	X(symlink, int, -1, (const char *target, const char *path), (target, path))                \
	X(chdir, int, -1, (const char *path), (path))                                              \
	X(chmod, int, -1, (const char *path, mode_t mode), (path, mode))                           \
	X(fchmod, int, -1, (int fd, mode_t mode), (fd, mode))                                      \
	X(mount, int, -1, (const char *what, const char *at, const char *type, unsigned long flags, const void *data), \
	  (what, at, type, flags, data))                                                           \
	X(mount_setattr, int, -1, (int fd, const char *path, unsigned flags, struct mount_attr *attr, size_t n), \
	  (fd, path, flags, attr, n))                                                              \
	X(umount2, int, -1, (const char *at, int flags), (at, flags))                              \
	X(sethostname, int, -1, (const char *name, size_t n), (name, n))                           \
	X(setns, int, -1, (int fd, int what), (fd, what))                                          \
	X(inotify_init1, int, -1, (int flags), (flags))                                            \
	X(inotify_add_watch, int, -1, (int fd, const char *path, uint32_t mask), (fd, path, mask)) \
	X(process_vm_readv, ssize_t, -1,                                                           \
	  (pid_t pid, const struct iovec *to, unsigned long n, const struct iovec *from, unsigned long m, unsigned long flags), \
	  (pid, to, n, from, m, flags))                                                            \
	X(dup2, int, -1, (int from, int to), (from, to))

/* Those that are more than passed on, below. */
#define OTHERS(X)                                                                                  \
	X(sendmsg)                                                                                 \
	X(open)                                                                                    \
	X(openat)                                                                                  \
	X(fcntl)                                                                                   \
	X(ioctl)                                                                                   \
	X(syscall)                                                                                 \
	X(epoll_ctl)

#define NUMBER(name, ...) CALL_##name,
enum call { CALLS(NUMBER) OTHERS(NUMBER) N_CALLS };

enum { TRACED = 1 << 16, SHORT = -1, FRAMES = 12, FRAME_MAX = 1 << 16 };

struct traced {
	uint32_t call, pid;
	uint64_t where; /* the return address, from the start of the program */
};

/* What driver and program share; the driver knows its layout. */
struct plan {
	_Atomic uint32_t tracing, call; /* the call that is to fail */
	_Atomic int32_t error;		/* with this errno, or SHORT: one byte goes through */
	_Atomic uint32_t fired;		/* the pid in which it did */
	_Atomic uint64_t where;		/* only when called from here; 0: from anywhere */
	_Atomic int64_t left;		/* it is the one that takes this to 0 */
	_Atomic uint64_t n_traced;
	uint64_t stack[FRAMES]; /* how it came there */
	struct traced traced[TRACED];
};

static struct plan *plan;
extern const char __executable_start[];

#define SAME_AS(name, ...) __typeof__(name) __real_##name, __wrap_##name;
CALLS(SAME_AS)
OTHERS(SAME_AS)

__attribute__((constructor)) static void open_plan(void)
{
	char path[2200];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 16);

	if (n <= 0)
		return;
	(void)snprintf(path + n, 16, ".plan");
	int fd = __real_open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	void *p = __real_mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p != MAP_FAILED)
		plan = p;
}

static void trace(enum call call, uint64_t where)
{
	uint64_t i = atomic_fetch_add(&plan->n_traced, 1);

	if (i < TRACED)
		plan->traced[i] = (struct traced){ call, (uint32_t)getpid(), where };
}

static uint64_t offset_of(const void *code)
{
	return (uint64_t)((uintptr_t)code - (uintptr_t)__executable_start);
}

/* keep_stack follows the frame pointers, which this build keeps. */
static void keep_stack(const void *const *frame)
{
	for (int i = 0; i < FRAMES; i++) {
		const void *const *next = frame[0];
		plan->stack[i] = offset_of(frame[1]);
		if (next <= frame || next - frame > FRAME_MAX)
			return;
		frame = next;
	}
}

/* failing says what is to become of this call: 0, an errno, or SHORT. */
static int failing(enum call call, const void *from)
{
	if (plan == NULL)
		return 0;
	uint64_t where = offset_of(from);
	if (plan->tracing != 0)
		trace(call, where);
	if (plan->left <= 0 || plan->call != (uint32_t)call ||
	    (plan->where != 0 && plan->where != where))
		return 0;
	if (atomic_fetch_sub(&plan->left, 1) != 1)
		return 0;
	plan->fired = (uint32_t)getpid();
	keep_stack(__builtin_frame_address(0));
	return plan->error;
}

#define FROM __builtin_return_address(0)

/* FAIL leaves with what the call says when it fails. */
#define FAIL(name, result)                                                                         \
	int why = failing(CALL_##name, FROM);                                                      \
	if (why > 0) {                                                                             \
		errno = why;                                                                       \
		return result;                                                                     \
	}

#define PASS_ON(name, type, failed, parameters, arguments)                                         \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		FAIL(name, failed)                                                                 \
		return __real_##name arguments;                                                    \
	}
CALLS(PASS_ON)

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	FAIL(sendmsg, -1)
	if (why == SHORT && m->msg_iovlen > 0 && m->msg_iov[0].iov_len > 1)
		return __real_send(fd, m->msg_iov[0].iov_base, 1, flags);
	return __real_sendmsg(fd, m, flags);
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list more;

	FAIL(open, -1)
	va_start(more, flags);
	mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
	va_end(more);
	return __real_open(path, flags, mode);
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
	va_list more;

	FAIL(openat, -1)
	va_start(more, flags);
	mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
	va_end(more);
	return __real_openat(dir, path, flags, mode);
}

int __wrap_fcntl(int fd, int what, ...)
{
	va_list more;

	FAIL(fcntl, -1)
	va_start(more, what);
	unsigned long arg = va_arg(more, unsigned long); /* every kind of it is passed like one */
	va_end(more);
	return __real_fcntl(fd, what, arg);
}

int __wrap_ioctl(int fd, unsigned long what, ...)
{
	va_list more;

	FAIL(ioctl, -1)
	va_start(more, what);
	void *arg = va_arg(more, void *);
	va_end(more);
	return __real_ioctl(fd, what, arg);
}

/* Of process 1 of a box and of the filter before its target: clone, pivot_root, capset, seccomp, pidfd_open. Six are
 * passed on, however many there are. */
__attribute__((no_sanitize("address"))) long __wrap_syscall(long number, ...)
{
	long a[6];
	va_list more;

	FAIL(syscall, -1)
	va_start(more, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(more, long);
	va_end(more);
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int __wrap_epoll_ctl(int fd, int what, int on, struct epoll_event *ev)
{
	if (what == EPOLL_CTL_DEL) /* needs nothing that could be missing */
		return __real_epoll_ctl(fd, what, on, ev);
	FAIL(epoll_ctl, -1)
	return __real_epoll_ctl(fd, what, on, ev);
}
