/*
 * sys/spawn.c - a child executable with exactly the descriptors it is given.
 */
#include "sys/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_FD = 3, FDS_MAX = 64, EXEC_FAILED = 127 };

static void default_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void spawn_leave_signals(void)
{
	static const int asks[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++)
		(void)signal(asks[i], SIG_IGN);
}

/* arrange moves the descriptors to 3, 4, ..., the error pipe and the program behind them, and
 * closes all others. First they go out of the way of the numbers that they will get. */
static int arrange(const struct spawn *s, int *error_fd, int *program)
{
	int moved[FDS_MAX];
	int base = FIRST_FD + (int)s->n_fds; /* what follows goes up from here */

	for (size_t i = 0; i < s->n_fds; i++)
		if ((moved[i] = fcntl(s->fds[i], F_DUPFD_CLOEXEC, base + 2)) < 0)
			return -1;
	int pipe_fd = fcntl(*error_fd, F_DUPFD_CLOEXEC, base + 2);
	int program_fd = fcntl(*program, F_DUPFD_CLOEXEC, base + 2);
	int err_fd = s->stderr_fd < 0 ? -1 : fcntl(s->stderr_fd, F_DUPFD_CLOEXEC, base + 2);
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (pipe_fd < 0 || program_fd < 0 || null_fd < 0 || (s->stderr_fd >= 0 && err_fd < 0))
		return -1;
	if (dup2(null_fd, STDIN_FILENO) < 0 || (err_fd >= 0 && dup2(err_fd, STDERR_FILENO) < 0))
		return -1;
	for (size_t i = 0; i < s->n_fds; i++)
		if (dup2(moved[i], FIRST_FD + (int)i) < 0)
			return -1;
	if (dup3(pipe_fd, base, O_CLOEXEC) < 0 || dup3(program_fd, base + 1, O_CLOEXEC) < 0)
		return -1;
	*error_fd = base;
	*program = base + 1;
	return close_range((unsigned)base + 2, ~0u, 0);
}

/* change_user drops root for good. */
static bool change_user(unsigned uid)
{
	if (uid == 0 || geteuid() != 0)
		return true;
	return setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
	       setresuid(uid, uid, uid) == 0;
}

static void become(const struct spawn *s, int error_fd)
{
	static char *const no_environment[] = { NULL };
	/* Opened with our rights: the way to the file may be closed to the child's user, as below
	 * /root. */
	int program = open(s->path, O_PATH | O_CLOEXEC);

	default_signals();
	if (s->sibling)
		spawn_leave_signals();
	(void)setsid();
	if (program >= 0 && arrange(s, &error_fd, &program) == 0 && change_user(s->uid)) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of user takes it back */
		(void)execveat(program, "", (char *const *)(uintptr_t)s->argv, no_environment,
			       AT_EMPTY_PATH);
	}
	int why = errno;
	ssize_t ignored = write(error_fd, &why, sizeof why);
	(void)ignored;
	_exit(EXEC_FAILED);
}

enum err spawn_child(const struct spawn *s, pid_t *out_pid, int *out_pidfd, struct diag *d)
{
	int errors[2], pidfd = -1, why = 0;
	unsigned long flags = CLONE_PIDFD | (unsigned long)(s->sibling ? CLONE_PARENT : 0) |
			      SIGCHLD;

	assert(s->n_fds <= FDS_MAX && s->argv[0] != NULL);
	if (pipe2(errors, O_CLOEXEC) != 0)
		return diag_set(d, ERR_SYS, "cannot start '%s': %s", s->path, strerror(errno));
	long pid = syscall(SYS_clone, flags, NULL, &pidfd, NULL, NULL);
	if (pid == 0)
		become(s, errors[1]);
	int saved = errno;
	(void)close(errors[1]);
	if (pid < 0) {
		(void)close(errors[0]);
		return diag_set(d, ERR_SYS, "cannot start '%s': %s", s->path, strerror(saved));
	}
	/* The pipe closes when the execution succeeds. */
	ssize_t n;
	do
		n = read(errors[0], &why, sizeof why);
	while (n < 0 && errno == EINTR);
	(void)close(errors[0]);
	if (n == (ssize_t)sizeof why) {
		if (s->sibling)
			*out_pid = (pid_t)pid;
		else
			(void)waitpid((pid_t)pid, NULL, 0);
		(void)close(pidfd);
		return diag_set(d, ERR_SYS, "cannot execute '%s': %s", s->path, strerror(why));
	}
	*out_pid = (pid_t)pid;
	*out_pidfd = pidfd;
	return OK;
}

enum err spawn_reap(pid_t pid, int *out_status)
{
	pid_t got;

	do
		got = waitpid(pid, out_status, WNOHANG);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return ERR_AGAIN;
	return got == pid ? OK : ERR_SYS;
}

int spawn_wait(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

size_t spawn_hear(int fd, char *out, size_t cap)
{
	size_t n = 0;
	ssize_t got;

	while (n < cap && (got = read(fd, out + n, cap - n)) != 0) {
		if (got < 0 && errno != EINTR)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	return n;
}

void spawn_signal(int pidfd, int sig)
{
	(void)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

const char *spawn_ending(int status, char *out, size_t cap)
{
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));
		(void)snprintf(out, cap, "killed by SIG%s", name != NULL ? name : "?");
	} else {
		(void)snprintf(out, cap, "exit %d", WEXITSTATUS(status));
	}
	return out;
}

/* cut_last removes the last component of path; false when there is none. */
static bool cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return false;
	*slash = '\0';
	return true;
}

enum err spawn_sibling(const char *name, char *out, size_t cap, struct diag *d)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0 || n >= (ssize_t)sizeof self - 1)
		return diag_set(d, ERR_SYS, "cannot find this program's own path: %s",
				strerror(errno));
	self[n] = '\0';
	if (!cut_last(self))
		return diag_set(d, ERR_SYS, "cannot find '%s' beside this program", name);
	const char *dir = strrchr(self, '/');
	const char *between = "";
	if (dir != NULL && strcmp(dir, "/bin") == 0) {
		(void)cut_last(self);
		between = "/libexec/yett";
	}
	int len = snprintf(out, cap, "%s%s/%s", self, between, name);
	if (len < 0 || (size_t)len >= cap)
		return diag_set(d, ERR_LIMIT, "the path of '%s' is too long", name);
	return OK;
}
