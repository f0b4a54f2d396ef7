/*
 * tests/torture/fail.c - the fail-the-Nth switch. The linker puts these functions in place of the calls that a program
 * makes (`-Wl,--wrap`), so src knows nothing of it. The plan is the file ROLE.plan beside the executable, mapped
 * before main, so before any jail: tests/torture/run writes into it while the program runs, and reads from it
 * which calls were made and from where. Without the file nothing fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The calls, in the order of their numbers; the Makefile reads this list too, and so does the driver. */
#define CALLS(X)                                                                                   \
	X(malloc)                                                                                  \
	X(calloc)                                                                                  \
	X(realloc)                                                                                 \
	X(read)                                                                                    \
	X(write)                                                                                   \
	X(pread)                                                                                   \
	X(pwrite)                                                                                  \
	X(recv)                                                                                    \
	X(send)                                                                                    \
	X(recvmsg)                                                                                 \
	X(sendmsg)                                                                                 \
	X(accept4)                                                                                 \
	X(open)                                                                                    \
	X(openat)                                                                                  \
	X(mmap)                                                                                    \
	X(fstat)                                                                                   \
	X(fsync)                                                                                   \
	X(ftruncate)                                                                               \
	X(rename)                                                                                  \
	X(renameat)                                                                                \
	X(memfd_create)                                                                            \
	X(socket)                                                                                  \
	X(socketpair)                                                                              \
	X(connect)                                                                                 \
	X(pipe2)                                                                                   \
	X(fcntl)                                                                                   \
	X(epoll_create1)                                                                           \
	X(epoll_ctl)                                                                               \
	X(epoll_wait)                                                                              \
	X(poll)                                                                                    \
	X(getrandom)                                                                               \
	X(fork)

#define NUMBER(name) CALL_##name,
enum call { CALLS(NUMBER) N_CALLS };

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

void *__wrap_malloc(size_t n)
{
	FAIL(malloc, NULL)
	return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	FAIL(calloc, NULL)
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	FAIL(realloc, NULL)
	return __real_realloc(p, n);
}

ssize_t __wrap_read(int fd, void *p, size_t n)
{
	FAIL(read, -1)
	return __real_read(fd, p, why == SHORT && n > 1 ? 1 : n);
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	FAIL(write, -1)
	return __real_write(fd, p, why == SHORT && n > 1 ? 1 : n);
}

ssize_t __wrap_pread(int fd, void *p, size_t n, off_t at)
{
	FAIL(pread, -1)
	return __real_pread(fd, p, why == SHORT && n > 1 ? 1 : n, at);
}

ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at)
{
	FAIL(pwrite, -1)
	return __real_pwrite(fd, p, why == SHORT && n > 1 ? 1 : n, at);
}

ssize_t __wrap_recv(int fd, void *p, size_t n, int flags)
{
	FAIL(recv, -1)
	return __real_recv(fd, p, why == SHORT && n > 1 ? 1 : n, flags);
}

ssize_t __wrap_send(int fd, const void *p, size_t n, int flags)
{
	FAIL(send, -1)
	return __real_send(fd, p, why == SHORT && n > 1 ? 1 : n, flags);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	FAIL(recvmsg, -1)
	return __real_recvmsg(fd, m, flags);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	FAIL(sendmsg, -1)
	if (why == SHORT && m->msg_iovlen > 0 && m->msg_iov[0].iov_len > 1)
		return __real_send(fd, m->msg_iov[0].iov_base, 1, flags);
	return __real_sendmsg(fd, m, flags);
}

int __wrap_accept4(int fd, struct sockaddr *restrict sa, socklen_t *restrict n, int flags)
{
	FAIL(accept4, -1)
	return __real_accept4(fd, sa, n, flags);
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

void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
	FAIL(mmap, MAP_FAILED)
	return __real_mmap(at, n, prot, flags, fd, from);
}

int __wrap_fstat(int fd, struct stat *out)
{
	FAIL(fstat, -1)
	return __real_fstat(fd, out);
}

int __wrap_fsync(int fd)
{
	FAIL(fsync, -1)
	return __real_fsync(fd);
}

int __wrap_ftruncate(int fd, off_t n)
{
	FAIL(ftruncate, -1)
	return __real_ftruncate(fd, n);
}

int __wrap_rename(const char *from, const char *to)
{
	FAIL(rename, -1)
	return __real_rename(from, to);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	FAIL(renameat, -1)
	return __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_memfd_create(const char *name, unsigned flags)
{
	FAIL(memfd_create, -1)
	return __real_memfd_create(name, flags);
}

int __wrap_socket(int family, int type, int protocol)
{
	FAIL(socket, -1)
	return __real_socket(family, type, protocol);
}

int __wrap_socketpair(int family, int type, int protocol, int *out)
{
	FAIL(socketpair, -1)
	return __real_socketpair(family, type, protocol, out);
}

int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t n)
{
	FAIL(connect, -1)
	return __real_connect(fd, sa, n);
}

int __wrap_pipe2(int *out, int flags)
{
	FAIL(pipe2, -1)
	return __real_pipe2(out, flags);
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

int __wrap_epoll_create1(int flags)
{
	FAIL(epoll_create1, -1)
	return __real_epoll_create1(flags);
}

int __wrap_epoll_ctl(int fd, int what, int on, struct epoll_event *ev)
{
	if (what == EPOLL_CTL_DEL) /* needs nothing that could be missing */
		return __real_epoll_ctl(fd, what, on, ev);
	FAIL(epoll_ctl, -1)
	return __real_epoll_ctl(fd, what, on, ev);
}

int __wrap_epoll_wait(int fd, struct epoll_event *out, int cap, int ms)
{
	FAIL(epoll_wait, -1)
	return __real_epoll_wait(fd, out, cap, ms);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	FAIL(poll, -1)
	return __real_poll(fds, n, ms);
}

ssize_t __wrap_getrandom(void *out, size_t n, unsigned flags)
{
	FAIL(getrandom, -1)
	return __real_getrandom(out, n, flags);
}

pid_t __wrap_fork(void)
{
	FAIL(fork, -1)
	return __real_fork();
}
