/*
 * sys/jail_debug.c - forbidden acts, tried from inside a jail. In debug builds only: a release has
 * no code that tries them.
 */
#include "sys/jail.h"

#ifdef YETT_DEBUG

#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

/* Each act is one raw system call, so that no library softens it, and gives its result. */
static long act_open(void)
{
	return syscall(__NR_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC, 0);
}

static long act_write_file(void)
{
	return syscall(__NR_openat, AT_FDCWD, "/tmp/yett-jail-selftest",
		       O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long act_mem(void)
{
	char path[64];

	/* Any process' memory: which one does not matter to the rules, and asking for the parent's
	 * id would. */
	(void)snprintf(path, sizeof path, "/proc/%d/mem", (int)getpid());
	return syscall(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

static long act_socket(void)
{
	return syscall(__NR_socket, AF_INET, SOCK_STREAM, 0);
}

static long act_connect(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(9),
					.sin_addr = { htonl(INADDR_LOOPBACK) } };

	return syscall(__NR_connect, STDERR_FILENO, &to, sizeof to);
}

static long act_exec(void)
{
	static char *const argv[] = { NULL };

	return syscall(__NR_execve, "/bin/true", argv, argv);
}

static long act_fork(void)
{
	long pid = syscall(__NR_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long act_ptrace(void)
{
	return syscall(__NR_ptrace, PTRACE_TRACEME, 0, NULL, NULL);
}

static long act_mmap_exec(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? -1 : 0;
}

static long act_kill(void)
{
	return syscall(__NR_kill, 1, 0);
}

static const struct act {
	const char *name;
	long (*run)(void);
} acts[] = {
	{ "open", act_open },
	{ "connect", act_connect },
	{ "socket", act_socket },
	{ "exec", act_exec },
	{ "fork", act_fork },
	{ "ptrace", act_ptrace },
	{ "mmap-exec", act_mmap_exec },
	{ "kill", act_kill },
	{ "write-file", act_write_file },
	{ "mem-of-keeper", act_mem },
};

enum err jail_selftest(const char *act, int *out_errno)
{
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		if (strcmp(acts[i].name, act) != 0)
			continue;
		errno = 0;
		*out_errno = acts[i].run() < 0 ? errno : 0;
		return OK;
	}
	return ERR_NOT_FOUND;
}

static void say(struct str s)
{
	enum err ignored = fs_write_all(STDOUT_FILENO, s);

	(void)ignored;
}

static int try_act(const struct jail *j, const char *act)
{
	struct diag d = { 0 };
	int landlock, got;

	if (jail_begin(j, NULL, 0, &d) != OK || jail_lock(j, &landlock, &d) != OK) {
		say(str_z(diag_text(&d)));
		return 71;
	}
	if (jail_selftest(act, &got) != OK) {
		say(S("no such act\n"));
		return 64;
	}
	say(got == 0        ? S("ALLOWED\n")
	    : got == EACCES ? S("refused\n")
			    : S("allowed, and failed\n"));
	return 0;
}

bool jail_debug(const struct jail *j, int argc, char **argv, int *out_status)
{
	if (argc == 3 && strcmp(argv[1], "--jail-selftest") == 0) {
		*out_status = try_act(j, argv[2]);
		return true;
	}
	if (argc != 2 || strcmp(argv[1], "--jail-dump") != 0)
		return false;
	struct buf out;
	buf_init(&out, 1 << 16);
	jail_dump(j, &out);
	say(buf_str(&out));
	buf_free(&out);
	*out_status = 0;
	return true;
}

#else

enum err jail_selftest(const char *act, int *out_errno)
{
	(void)act;
	(void)out_errno;
	return ERR_UNSUPPORTED;
}

bool jail_debug(const struct jail *j, int argc, char **argv, int *out_status)
{
	(void)j;
	(void)argc;
	(void)argv;
	(void)out_status;
	return false;
}

#endif
