/* tests/unit/sys/tool_test.c - a user's tool has what the user has, and alone it starts nothing. Proves T-35, T-40. */
#include "sys/tool.h"

#include "sys/fs.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char said[256];

static int run(const char *const *argv, const char *const *env, bool alone, enum err *out_err)
{
	AUTO(fd_closep) int fd = memfd_create("said", MFD_CLOEXEC);
	const struct tool t = { .argv = argv, .env = env, .out_fd = fd, .keep_fd = -1, .alone = alone };
	struct diag d = { 0 };
	int status = -1;

	*out_err = tool_run(&t, &status, &d);
	ssize_t n = pread(fd, said, sizeof said - 1, 0);
	said[n > 0 ? n : 0] = 0;
	return status;
}

CASE(it_has_the_environment_and_more)
{
	const char *const argv[] = { "sh", "-c", "echo $KEPT $ADDED; exit 3", NULL };
	const char *const env[] = { "ADDED", "two", NULL };
	enum err e;

	CHECK(setenv("KEPT", "one", 1) == 0);
	int status = run(argv, env, false, &e);
	CHECK(e == OK && WIFEXITED(status) && WEXITSTATUS(status) == 3);
	CHECK_STR(str_z(said), S("one two\n"));
	CHECK(getenv("ADDED") == NULL);
}

CASE(alone_it_starts_nothing)
{
	const char *const argv[] = { "sh", "-c", "echo begins; (echo forked); /bin/echo started; :", NULL };
	const char *const exec[] = { "sh", "-c", "exec /bin/echo became", NULL };
	enum err e;

	(void)run(argv, NULL, false, &e);
	CHECK_STR(str_z(said), S("begins\nforked\nstarted\n"));
	(void)run(argv, NULL, true, &e);
	CHECK(e == OK);
	CHECK_STR(str_z(said), S("begins\n"));
	/* It may become another program, which is as alone. */
	(void)run(exec, NULL, true, &e);
	CHECK_STR(str_z(said), S("became\n"));
}

CASE(what_is_not_there_is_told)
{
	const char *const argv[] = { "/nonexistent/tool", NULL };
	const char *const plain[] = { "/etc/passwd", NULL };
	enum err e;

	(void)run(argv, NULL, true, &e);
	CHECK(e == ERR_NOT_FOUND);
	(void)run(plain, NULL, false, &e);
	CHECK(e == ERR_SYS);
}

CASE(a_descriptor_is_kept)
{
	AUTO(fd_closep) int fd = memfd_create("kept", MFD_CLOEXEC);
	char command[64];
	const char *const argv[] = { "sh", "-c", command, NULL };
	const struct tool t = { .argv = argv, .out_fd = -1, .keep_fd = fd };
	int status;

	(void)snprintf(command, sizeof command, "test -e /proc/self/fd/%d", fd);
	CHECK(tool_run(&t, &status, NULL) == OK && status == 0);
	const struct tool without = { .argv = argv, .out_fd = -1, .keep_fd = -1 };
	CHECK(tool_run(&without, &status, NULL) == OK && status != 0);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

CASE(an_end_that_nobody_tells_is_no_success)
{
	const char *const argv[] = { "sh", "-c", "exit 3", NULL };
	enum err e;

	(void)signal(SIGCHLD, SIG_IGN);
	(void)run(argv, NULL, false, &e);
	(void)signal(SIGCHLD, SIG_DFL);
	CHECK(e == ERR_SYS);
}

/* In the box, with dir to write to and a file beside it that is none of its business. */
static bool boxed(const char *dir, const char *command, const char *word)
{
	AUTO(fd_closep) int fd = memfd_create("said", MFD_CLOEXEC);
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	const char *const env[] = { "PATH", "/usr/bin:/bin", NULL }, *const reads[] = { NULL };
	const struct tool_box box = { .reads = reads, .write = dir, .time_ms = 60000 };
	const struct tool t = { .argv = argv, .env = env, .out_fd = fd, .keep_fd = -1, .box = &box };
	struct diag d = { 0 };
	int status = -1;

	enum err e = tool_run(&t, &status, &d);
	if (e == ERR_UNSUPPORTED)
		return false;
	CHECK(e == OK);
	ssize_t n = pread(fd, said, sizeof said - 1, 0);
	said[n > 0 ? n : 0] = 0;
	CHECK_STR(str_z(said), str_z(word));
	return true;
}

CASE(in_a_box_there_is_little)
{
	char base[] = "/tmp/yett-box-XXXXXX", dir[64], file[64], command[512];

	CHECK(mkdtemp(base) != NULL);
	(void)snprintf(dir, sizeof dir, "%s/work", base);
	(void)snprintf(file, sizeof file, "%s/secret", base);
	CHECK(mkdir(dir, 0700) == 0);
	CHECK(fs_write(file, S("secret\n"), 0600, NULL) == OK);
	CHECK(setenv("KEPT", "one", 1) == 0);
	bool can = boxed(dir, "echo a >own && mkdir d && mv own d/ && cat d/own && echo \"$KEPT.\"", "a\n.\n");
	if (can) {
		(void)snprintf(command, sizeof command,
			       "cat %s 2>&- || echo no; (echo x >>%s) 2>&- || echo no; ls %s 2>&- || echo no; "
			       "cat /proc/1/environ /etc/shadow /dev/tty 2>&- || echo no; read x || echo end",
			       file, file, base);
		(void)boxed(dir, command, "no\nno\nno\nno\nend\n");
		(void)boxed(dir, "python3 -c 'import socket; socket.socket()' 2>&- || echo no", "no\n");
	}
	const char *const clean[] = { "rm", "-r", base, NULL };
	enum err e;
	CHECK(run(clean, NULL, false, &e) == 0 && e == OK);
}

/* As where a system lets nobody make a namespace. */
static void forbid_namespaces(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof code / sizeof code[0], .filter = code };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* Runs a command in the box in a process of its own, whose exit status says what came of it. What
 * the command has left is gone when nobody holds the other end of the pipe any more. */
static bool leaves_nothing(const char *command, uint32_t time_ms, bool spaces, bool killed, int *out_result)
{
	char dir[] = "/tmp/yett-box-XXXXXX", word;
	int ends[2], status;

	CHECK(mkdtemp(dir) != NULL && pipe2(ends, O_CLOEXEC) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		const char *const argv[] = { "/bin/sh", "-c", command, NULL }, *const reads[] = { NULL };
		const char *const env[] = { "PATH", "/usr/bin:/bin", NULL };
		const struct tool_box box = { .reads = reads, .write = dir, .time_ms = time_ms };
		const struct tool t = { .argv = argv, .env = env, .out_fd = ends[1], .keep_fd = -1, .box = &box };
		if (!spaces)
			forbid_namespaces();
		enum err e = tool_run(&t, &status, NULL);
		_exit(e == OK ? WEXITSTATUS(status) : 100 + (int)e);
	}
	(void)close(ends[1]);
	if (killed && read(ends[0], &word, 1) == 1)
		CHECK(kill(pid, SIGKILL) == 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	*out_result = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	struct pollfd p = { ends[0], POLLIN, 0 };
	bool gone = false;
	while (!gone && poll(&p, 1, 60000) == 1)
		gone = read(ends[0], &word, 1) == 0;
	(void)close(ends[0]);
	CHECK(rmdir(dir) == 0);
	return gone;
}

#define LEAVES "(setsid sh -c 'sleep 300 & sleep 300' & setsid sleep 300 &) & "

CASE(what_is_left_in_a_box_is_ended)
{
	int result;

	for (int spaces = 0; spaces < 2; spaces++) {
		CHECK(leaves_nothing(LEAVES "exit 7", 60000, spaces, false, &result));
		if (result == 100 + ERR_UNSUPPORTED)
			return;
		CHECK(result == 7);
		CHECK(leaves_nothing(LEAVES "kill -SEGV $$", 60000, spaces, false, &result));
		CHECK(result == 128 + SIGSEGV);
		CHECK(leaves_nothing("trap '' TERM INT; " LEAVES "sleep 300", 500, spaces, false, &result));
		CHECK(result == 100 + ERR_TIMEOUT);
		CHECK(leaves_nothing(LEAVES "echo x; sleep 300", 300000, spaces, true, &result));
		CHECK(result == -SIGKILL);
	}
}

TESTS(CASE_ROW(it_has_the_environment_and_more), CASE_ROW(alone_it_starts_nothing), CASE_ROW(what_is_not_there_is_told),
      CASE_ROW(a_descriptor_is_kept), CASE_ROW(an_end_that_nobody_tells_is_no_success),
      CASE_ROW(in_a_box_there_is_little), CASE_ROW(what_is_left_in_a_box_is_ended))
