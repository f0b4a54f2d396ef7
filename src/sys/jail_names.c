/*
 * sys/jail_names.c - names of the system calls that jails name, for the golden files.
 */
#include "sys/jail_filter.h"

#define CALLS(X) \
	X(recvfrom) X(sendto) X(recvmsg) X(sendmsg) X(recvmmsg) X(sendmmsg) X(read) X(write) \
	X(readv) X(writev) X(pread64) X(pwrite64) X(epoll_pwait) X(epoll_ctl) X(epoll_create1) \
	X(close) X(shutdown) X(futex) X(munmap) X(mremap) X(brk) X(madvise) X(clock_gettime) \
	X(gettimeofday) X(getrandom) X(fstat) X(fstatfs) X(exit) X(exit_group) X(rt_sigreturn) \
	X(rt_sigprocmask) X(rt_sigaction) X(restart_syscall) X(getpid) X(gettid) \
	X(sched_yield) X(mmap) X(mprotect) X(fcntl) X(openat) X(newfstatat) X(faccessat) \
	X(faccessat2) X(readlinkat) X(sysinfo) X(uname) X(prlimit64) X(sched_getaffinity) \
	X(ioctl) X(accept4) X(accept) X(socket) X(connect) X(bind) X(listen) X(getsockopt) \
	X(setsockopt) X(getsockname) X(getpeername) X(memfd_secret) X(memfd_create) \
	X(ftruncate) X(mlock) X(munlock) X(msync) X(fsync) X(fdatasync) X(lseek) X(unlinkat) \
	X(renameat) X(renameat2) X(mkdirat) X(fchmod) X(fchown) X(fchmodat) X(geteuid) \
	X(getuid) X(getgid) X(getegid) X(getppid) X(wait4) X(waitid) X(pidfd_send_signal) \
	X(eventfd2) X(socketpair) X(signalfd4) X(pipe2) X(dup) X(dup3) X(fallocate) X(statx) \
	X(getdents64) X(clock_nanosleep) X(nanosleep) X(ppoll) X(tgkill) X(sigaltstack) \
	X(prctl) X(clone) X(getcwd) X(utimensat) X(sync_file_range) X(close_range) X(splice) \
	X(process_vm_readv) X(kill) X(mincore) X(getrusage)

#if defined(__x86_64__)
#define OLD_CALLS(X) \
	X(open) X(stat) X(lstat) X(access) X(readlink) X(epoll_wait) X(unlink) X(rename) X(mkdir) \
	X(rmdir) X(poll) X(select) X(pipe) X(time) X(chmod) X(getpgrp)
#else
#define OLD_CALLS(X)
#endif

static const struct {
	unsigned nr;
	const char *name;
} names[] = {
#define X(name) { __NR_##name, #name },
	CALLS(X) OLD_CALLS(X)
#undef X
};

const char *jail_call_name(unsigned nr)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].nr == nr)
			return names[i].name;
	return NULL;
}
