/* tests/unit/sys/tool_test.c - a user's tool has what the user has, and alone it starts nothing. Proves T-35, T-40. */
#include "sys/tool.h"

#include "sys/fs.h"

#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

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
	const struct tool_box box = { .reads = reads, .write = dir };
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

TESTS(CASE_ROW(it_has_the_environment_and_more), CASE_ROW(alone_it_starts_nothing), CASE_ROW(what_is_not_there_is_told),
      CASE_ROW(a_descriptor_is_kept), CASE_ROW(an_end_that_nobody_tells_is_no_success),
      CASE_ROW(in_a_box_there_is_little))
