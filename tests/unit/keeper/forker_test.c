/* tests/unit/keeper/forker_test.c - what keeper takes for an answer of the process that starts others. */
#include "keeper/forker.c"

#include "../check.h"

#include <sys/syscall.h>

enum { CHILD_S = 30 }; /* nobody stays when a check fails */

static struct forker f;
static int service; /* the other end */

static void open_forker(void)
{
	struct diag d;
	int ends[2];

	CHECK(ipc_pair(ends, &d) == OK);
	f = (struct forker){ .fd = ends[0] };
	service = ends[1];
	buf_init(&f.in, LIMIT_CONTROL);
}

static void close_forker(void)
{
	(void)close(f.fd);
	buf_free(&f.in);
}

/* started is a process that waits to be ended, and answers request seq as if it had been started for it. */
static pid_t started(uint32_t seq)
{
	struct service s = { .fd = service, .seq = seq };
	struct diag d = { 0 };
	int voice[2];
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(CHILD_S);
		(void)pause();
		_exit(0);
	}
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	CHECK(pid > 0 && pidfd >= 0 && pipe2(voice, O_CLOEXEC) == 0);
	reply(&s, OK, pid, &d, (int[]){ pidfd, voice[0] }, 2);
	(void)close(pidfd);
	(void)close(voice[0]);
	(void)close(voice[1]);
	return pid;
}

/* signals does what the service does with the signals that keeper asks for, in a process of its own. */
static pid_t signals(void)
{
	struct pollfd p = { service, POLLIN, 0 };
	struct ipc_msg m;
	struct buf in;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)alarm(CHILD_S);
	buf_init(&in, LIMIT_CONTROL);
	for (;;) {
		(void)poll(&p, 1, -1);
		enum err e = ipc_recv(service, &in, &m);
		if (e == OK && m.type == FORK_SIGNAL)
			on_signal(&m);
		if (e == OK)
			ipc_close_fds(&m);
	}
}

/* An answer that came after keeper had given up waiting was once taken for the next one's. */
CASE(a_late_answer_is_not_the_next_ones)
{
	struct born born = { 0 };
	struct diag d;

	open_forker();
	f.seq = 7;
	pid_t late = started(7), wanted = started(8), server = signals();
	CHECK(forker_spawn(&f, FORK_ADMIN, 0, NULL, 0, &born, &d) == OK);
	CHECK(born.pid == wanted && born.pid != late);
	CHECK(waitpid(late, NULL, WNOHANG) < 0); /* ended and reaped: nobody else knows of it */
	CHECK(kill(wanted, SIGKILL) == 0 && waitpid(wanted, NULL, 0) == wanted);
	(void)close(born.pidfd);
	(void)close(born.stderr_fd);
	CHECK(kill(server, SIGKILL) == 0 && waitpid(server, NULL, 0) == server);
	(void)close(service);
	close_forker();
}

/* What it left unread makes the end of its socket an error instead of an end. */
CASE(it_is_dead_with_a_message_unread_too)
{
	open_forker();
	CHECK(forker_alive(&f));
	forker_signal(&f, STDIN_FILENO, SIGTERM);
	CHECK(forker_alive(&f));
	(void)close(service);
	CHECK(!forker_alive(&f));
	close_forker();
}

TESTS(CASE_ROW(a_late_answer_is_not_the_next_ones), CASE_ROW(it_is_dead_with_a_message_unread_too))
