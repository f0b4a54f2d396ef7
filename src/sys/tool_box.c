/*
 * sys/tool_box.c - what a program may reach that runs code which nobody has trusted yet.
 *
 * Three layers. Landlock says which files can be opened; this one has to be there. A system call
 * filter takes away sockets, other processes and what reaches past files. Where the system lets
 * users make namespaces, all but the one directory is read-only as well, so that not even modes and
 * times of other files can be changed, and there is neither a network nor another process to begin
 * with.
 *
 * A process of ours stands above the program, and ends all that it started and left behind: as the
 * first of a namespace, with its own end; else as the one who inherits them, one by one, where what
 * multiplies faster than it is ended gets away, and stays in its box.
 */
#include "sys/tool_box.h"

#include "base/num.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/jail_landlock.h"
#include "sys/native.h"
#include "sys/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NOBODY = 65534,
	END_MS = 10000,	 /* what multiplies has to be ended in */
	BY_SIGNAL = 128, /* as a shell says it */
};

#define FILE_BYTES ((rlim_t)4 << 30) /* of one file, what it says among them */

/* ---- namespaces ---- */

/* Everything read-only but the one directory, in namespaces of our own. */
static enum err furnish(const char *write_dir, unsigned uid, unsigned gid)
{
	struct mount_attr lock = { .attr_set = MOUNT_ATTR_RDONLY };
	struct mount_attr unlock = { .attr_clr = MOUNT_ATTR_RDONLY };

	TRY(userns_map(NOBODY, uid, gid));
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount(write_dir, write_dir, NULL, MS_BIND, NULL) != 0 ||
	    mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &lock, sizeof lock) != 0 ||
	    mount_setattr(AT_FDCWD, write_dir, 0, &unlock, sizeof unlock) != 0)
		return ERR_SYS;
	return OK;
}

/* ---- files ---- */

/* Programs and libraries, and the few files that they read at start. */
static const char *const system_reads[] = {
	"/usr",
	"/bin",
	"/sbin",
	"/lib",
	"/lib32",
	"/lib64",
	"/libx32",
	"/etc/debian_version",
	"/etc/lsb-release",
	"/etc/os-release",
	"/etc/ld.so.cache",
	"/etc/ld.so.conf",
	"/etc/ld.so.conf.d",
	"/etc/localtime",
	"/etc/mime.types",
	"/etc/nsswitch.conf",
	"/etc/passwd",
	"/etc/group",
	"/dev/urandom",
	"/dev/zero",
	NULL,
};

static enum err allow(int ruleset, const char *path, uint64_t rights)
{
	AUTO(fd_closep) int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR))
		return OK;
	if (fd < 0 || fstat(fd, &st) != 0)
		return ERR_SYS;
	struct ll_beneath rule = { .allowed = S_ISDIR(st.st_mode) ? rights : rights & LL_ON_FILES,
				   .parent = fd };
	return syscall(LL_ADD, ruleset, LL_PATH_BENEATH, &rule, 0) == 0 ? OK : ERR_SYS;
}

static enum err allow_all(int ruleset, const char *const *paths, uint64_t rights)
{
	for (size_t i = 0; paths[i] != NULL; i++)
		TRY(allow(ruleset, paths[i], rights));
	return OK;
}

static enum err files(const struct tool_box *box)
{
	long abi = syscall(LL_CREATE, NULL, 0, LL_VERSION_FLAG);
	struct ll_ruleset handled = { .fs = ll_all(abi) };

	handled.scoped = abi >= 6 ? LL_SCOPE_ABSTRACT_SOCKET | LL_SCOPE_SIGNAL : 0u;
	size_t size = abi >= 6 ? sizeof handled : offsetof(struct ll_ruleset, net);
	AUTO(fd_closep) int ruleset = (int)syscall(LL_CREATE, &handled, size, 0);
	if (ruleset < 0)
		return ERR_SYS;
	const uint64_t use = handled.fs & (LL_READS | LL_EXECUTE);
	const uint64_t own = handled.fs & (LL_READS | LL_EXECUTE | LL_WRITES | LL_MAKE_SYM);
	TRY(allow_all(ruleset, system_reads, use));
	TRY(allow_all(ruleset, box->reads, use));
	TRY(allow(ruleset, "/dev/null", handled.fs & (LL_READ_FILE | LL_WRITE_FILE)));
	TRY(allow(ruleset, box->write, own));
	return syscall(LL_RESTRICT, ruleset, 0) == 0 ? OK : ERR_SYS;
}

/* ---- system calls ---- */

/* What reaches other processes, the network, the kernel's keys, or files past Landlock. */
static const unsigned denied[] = {
	__NR_socket,
	__NR_io_uring_setup,
	__NR_ptrace,
	__NR_process_vm_readv,
	__NR_process_vm_writev,
	__NR_pidfd_getfd,
	__NR_pidfd_open,
	__NR_keyctl,
	__NR_add_key,
	__NR_request_key,
	__NR_bpf,
	__NR_perf_event_open,
	__NR_userfaultfd,
	__NR_unshare,
	__NR_setns,
	__NR_mount,
	__NR_truncate,
	__NR_open_by_handle_at,
};

static enum err calls(void)
{
	enum { N_DENIED = sizeof denied / sizeof denied[0], HEAD = 4 };
	struct sock_filter code[HEAD + N_DENIED + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 0, N_DENIED + 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHERS, N_DENIED + 1, 0),
	};
	struct sock_fprog program = { .len = HEAD + N_DENIED + 2, .filter = code };

	for (unsigned i = 0; i < N_DENIED; i++)
		code[HEAD + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, denied[i],
							      (uint8_t)(N_DENIED - i), 0);
	code[HEAD + N_DENIED] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[HEAD + N_DENIED + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
								 SECCOMP_RET_ERRNO | EPERM);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? OK : ERR_SYS;
}

/* ---- the guard ---- */

static void end_children(void)
{
	const uint64_t until = clock_mono_ns() + (uint64_t)END_MS * 1000000;
	char list[4096];

	do {
		AUTO(fd_closep) int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, list, sizeof list);
		if (n < 0)
			return; /* a kernel that does not tell */
		struct str rest = { list, (size_t)n };
		uint64_t pid;
		/* A number that is cut off at the end has no blank behind it. */
		while (str_chr(rest, ' ') != SIZE_MAX)
			if (num_u64(str_cut(rest, ' ', &rest), INT_MAX, &pid) == OK)
				(void)kill((pid_t)pid, SIGKILL);
	} while (waitpid(-1, NULL, 0) > 0 && clock_mono_ns() < until);
}

static void complain(int error_fd, int why)
{
	(void)!write(error_fd, &why, sizeof why);
}

/* Until the tool has ended, its time is over, or nobody waits for it any more: nobody holds the
 * other end of error_fd. first: all of the namespace ends with us. */
_Noreturn static void guard(const struct tool_box *box, pid_t tool, bool first, int error_fd)
{
	const uint64_t until = clock_mono_ns() + (uint64_t)box->time_ms * 1000000;
	int pidfd = (int)syscall(SYS_pidfd_open, tool, 0), why = pidfd < 0 ? errno : 0, n, status;
	struct pollfd p[] = { { pidfd, POLLIN, 0 }, { error_fd, 0, 0 } };

	do {
		uint64_t now = clock_mono_ns();
		uint64_t left_ms = now < until && why == 0 ? (until - now) / 1000000 + 1 : 0;
		n = poll(p, 2, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
	} while (n < 0 && errno == EINTR);
	if (n == 0 && why == 0)
		why = ETIME;
	if (p[0].revents == 0)
		(void)kill(tool, SIGKILL);
	while (waitpid(tool, &status, 0) < 0 && errno == EINTR)
		;
	if (!first)
		end_children();
	if (why != 0)
		complain(error_fd, why);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status));
}

pid_t tool_box_fork(const struct tool_box *box, const int errors[2])
{
	const unsigned long spaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET |
				     CLONE_NEWIPC;
	const unsigned uid = geteuid(), gid = getegid();

	pid_t pid = (pid_t)syscall(SYS_clone, spaces | SIGCHLD, NULL, NULL, NULL, NULL);
	const bool first = pid >= 0;
	if (!first) /* namespaces are forbidden, which is no error */
		pid = fork();
	if (pid != 0)
		return pid;
	(void)close(errors[0]);
	(void)signal(SIGCHLD, SIG_DFL); /* else nobody would know how the program ended */
	if ((first ? furnish(box->write, uid, gid) != OK
		   : prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) ||
	    (pid = fork()) < 0) {
		complain(errors[1], errno);
		_exit(EXIT_FAILURE);
	}
	if (pid == 0)
		return 0;
	guard(box, pid, first, errors[1]);
}

/* ---- the whole ---- */

enum err tool_box_possible(struct diag *d)
{
	if (syscall(LL_CREATE, NULL, 0, LL_VERSION_FLAG) > 0)
		return OK;
	return diag_set(d, ERR_UNSUPPORTED,
			"this kernel has no Landlock, so there is no box to build in");
}

enum err tool_box_enter(const struct tool_box *box, int out_fd)
{
	AUTO(fd_closep) int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out = out_fd >= 0 ? out_fd : nothing;

	struct rlimit bytes;

	if (getrlimit(RLIMIT_FSIZE, &bytes) != 0)
		return ERR_SYS;
	bytes.rlim_max = bytes.rlim_max < FILE_BYTES ? bytes.rlim_max : FILE_BYTES;
	bytes.rlim_cur = bytes.rlim_max;
	if (setrlimit(RLIMIT_FSIZE, &bytes) != 0)
		return ERR_SYS;
	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		return ERR_SYS;
	/* What whoever started us has left open is not for the program. */
	if (close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
		return ERR_SYS;
	if (chdir(box->write) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return ERR_SYS;
	TRY(files(box));
	return calls();
}
