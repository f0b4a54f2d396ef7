/* tests/unit/sys/spawn_test.c - the test program starts itself, with an argument, as the child. */
#include "sys/spawn.h"

#define main unit_main
int unit_main(void);
#include "../check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

extern char **environ;
static char self[4096];

static int wait_end(pid_t pid, int pidfd)
{
	struct pollfd p = { pidfd, POLLIN, 0 };
	int status = -1;

	CHECK(poll(&p, 1, 10000) == 1);
	CHECK(spawn_reap(pid, &status) == OK);
	(void)close(pidfd);
	return status;
}

CASE(a_child_has_what_it_was_given_and_nothing_else)
{
	int a[2], b[2], pidfd = -1;
	pid_t pid = 0;
	char text[64] = "";

	CHECK(setenv("YETT_TEST_SECRET", "sk-planted", 1) == 0);
	/* Not close-on-exec, and crossing the numbers they will get. */
	CHECK(pipe(a) == 0 && pipe(b) == 0 && dup2(a[1], 40) == 40);
	const int fds[] = { b[1], a[1] };
	const struct spawn s = { .path = self, .argv = { "child", "look" }, .fds = fds, .n_fds = 2, .stderr_fd = -1 };
	CHECK(spawn_child(&s, &pid, &pidfd, NULL) == OK);
	CHECK(wait_end(pid, pidfd) == 0);
	CHECK(read(b[0], text, sizeof text) == 5 && memcmp(text, "three", 5) == 0);
	CHECK(read(a[0], text, sizeof text) == 4 && memcmp(text, "four", 4) == 0);
	(void)close(40);
}

CASE(a_child_is_heard_to_its_end)
{
	int ends[2], pidfd = -1;
	pid_t pid = 0;
	char text[4];

	CHECK(pipe(ends) == 0);
	const int fds[] = { ends[1], ends[1] };
	const struct spawn s = {
		.path = self, .argv = { "child", "look" }, .fds = fds, .n_fds = 2, .stderr_fd = -1
	};
	CHECK(spawn_child(&s, &pid, &pidfd, NULL) == OK);
	(void)close(ends[1]);
	CHECK(spawn_hear(ends[0], text, sizeof text) == 4);
	CHECK(spawn_wait(pid) == 0);
	CHECK(spawn_hear(ends[0], text + 1, sizeof text - 1) == 3 &&
	      spawn_hear(ends[0], text, 4) == 2);
	CHECK(spawn_wait(pid) == -1);
	(void)close(ends[0]);
	(void)close(pidfd);
}

CASE(root_can_start_another_user)
{
	const struct spawn s = { .path = self, .argv = { "child", "who" }, .stderr_fd = -1, .uid = 64399 };
	pid_t pid = 0;
	int pidfd = -1;

	if (geteuid() != 0) {
		printf("skipped: not root\n");
		return;
	}
	CHECK(spawn_child(&s, &pid, &pidfd, NULL) == OK);
	CHECK(wait_end(pid, pidfd) == 0);
}

CASE(what_cannot_be_executed_is_an_error)
{
	const struct spawn s = { .path = "/nonexistent", .argv = { "x" }, .stderr_fd = -1 };
	struct diag d = { 0 };
	pid_t pid;
	int pidfd;

	CHECK(spawn_child(&s, &pid, &pidfd, &d) == ERR_SYS);
	CHECK(str_find(str_z(d.text), S("/nonexistent")) != SIZE_MAX);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0); /* nobody is left */
}

CASE(the_end_is_told)
{
	const struct spawn s = { .path = self, .argv = { "child", "sleep" }, .stderr_fd = -1 };
	char text[64];
	pid_t pid;
	int pidfd, status;

	CHECK(spawn_child(&s, &pid, &pidfd, NULL) == OK);
	CHECK(spawn_reap(pid, &status) == ERR_AGAIN);
	spawn_signal(pidfd, SIGKILL);
	status = wait_end(pid, pidfd);
	CHECK_STR(str_z(spawn_ending(status, text, sizeof text)), S("killed by SIGKILL"));
	CHECK_STR(str_z(spawn_ending(3 << 8, text, sizeof text)), S("exit 3"));
}

CASE(siblings_lie_beside)
{
	char path[4096], small[4];

	CHECK(spawn_sibling("ingress", path, sizeof path, NULL) == OK);
	CHECK(str_has_suffix(str_z(path), S("/ingress")));
	CHECK(spawn_sibling("ingress", small, sizeof small, NULL) == ERR_LIMIT);
}

TESTS(CASE_ROW(a_child_has_what_it_was_given_and_nothing_else),
      CASE_ROW(a_child_is_heard_to_its_end), CASE_ROW(root_can_start_another_user),
      CASE_ROW(what_cannot_be_executed_is_an_error), CASE_ROW(the_end_is_told),
      CASE_ROW(siblings_lie_beside))
#undef main

/* look is the child: 0 when all is as promised, else the number of the check that failed. */
static int look(void)
{
	if (environ[0] != NULL)
		return 1;
	for (int fd = 5; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 2;
	char c;
	if (read(STDIN_FILENO, &c, 1) != 0)
		return 3;
	if (getsid(0) != getpid())
		return 4;
	if (write(3, "three", 5) != 5 || write(4, "four", 4) != 4)
		return 5;
	return 0;
}

int main(int argc, char **argv)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n < 0)
		return 1;
	if (argc == 2 && strcmp(argv[1], "look") == 0)
		_exit(look());
	if (argc == 2 && strcmp(argv[1], "who") == 0)
		_exit(getuid() == 64399 && getgid() == 64399 && getgroups(0, NULL) == 0 && setuid(0) != 0 ? 0 : 1);
	if (argc == 2 && strcmp(argv[1], "sleep") == 0) {
		(void)sleep(30);
		_exit(0);
	}
	return unit_main();
}
