/*
 * sys/tool.c - a program of the user's, waited for.
 */
#include "sys/tool.h"

#include "sys/fs.h"
#include "sys/native.h"
#include "sys/tool_box.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXEC_FAILED = 127 };

#ifdef __NR_fork
#define NR_FORK	 __NR_fork
#define NR_VFORK __NR_vfork
#else
#define NR_FORK	 __NR_clone3 /* there is none beside clone */
#define NR_VFORK __NR_clone3
#endif

#define LOAD(field)                                                                                \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP(test, value, yes, no) BPF_JUMP(BPF_JMP | (test) | BPF_K, (value), (yes), (no))
#define GIVE(what)		   BPF_STMT(BPF_RET | BPF_K, (what))

/*
 * Everything is as it was, but no process can be made. clone3 keeps its flags in memory, where a
 * filter cannot look: ENOSYS makes libc fall back to clone.
 */
static enum err stay_alone(void)
{
	struct sock_filter code[] = {
		LOAD(arch),
		JUMP(BPF_JEQ, NATIVE, 0, 9),
		LOAD(nr),
		JUMP(BPF_JGE, OTHERS, 7, 0),
		JUMP(BPF_JEQ, __NR_clone3, 7, 0),
		JUMP(BPF_JEQ, NR_FORK, 5, 0),
		JUMP(BPF_JEQ, NR_VFORK, 4, 0),
		JUMP(BPF_JEQ, __NR_clone, 0, 2),
		LOAD(args[0]),
		JUMP(BPF_JSET, CLONE_THREAD, 0, 1),
		GIVE(SECCOMP_RET_ALLOW),
		GIVE(SECCOMP_RET_ERRNO | EPERM),
		GIVE(SECCOMP_RET_ERRNO | ENOSYS),
	};
	struct sock_fprog program = { .len = sizeof code / sizeof code[0], .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return ERR_SYS;
	return OK;
}

static enum err arrange(const struct tool *t, pid_t parent)
{
	if (t->box != NULL && (clearenv() != 0 || tool_box_enter(t->box, t->out_fd) != OK))
		return ERR_SYS;
	for (size_t i = 0; t->env != NULL && t->env[i] != NULL; i += 2)
		if (setenv(t->env[i], t->env[i + 1], 1) != 0)
			return ERR_SYS;
	if (t->out_fd >= 0 && dup2(t->out_fd, STDOUT_FILENO) < 0)
		return ERR_SYS;
	if (t->keep_fd >= 0 && fcntl(t->keep_fd, F_SETFD, 0) != 0)
		return ERR_SYS;
	const bool dies = !t->outlives && t->box == NULL; /* in a box that is seen to */
	if (dies && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return ERR_SYS;
	if (dies && getppid() != parent)
		return ERR_SYS; /* it was killed before we had asked to die with it */
	return t->alone ? stay_alone() : OK;
}

static void become(const struct tool *t, pid_t parent, const struct sigaction *interrupt,
		   const struct sigaction *quit, int error_fd)
{
	(void)sigaction(SIGINT, interrupt, NULL);
	(void)sigaction(SIGQUIT, quit, NULL);
	if (arrange(t, parent) == OK)
		(void)execvp(t->argv[0], (char *const *)(uintptr_t)t->argv);
	int why = errno;
	ssize_t ignored = write(error_fd, &why, sizeof why);
	(void)ignored;
	_exit(EXEC_FAILED);
}

static enum err await(pid_t pid, int error_fd, const char *name, int *out_status, struct diag *d)
{
	int why = 0;
	ssize_t n;

	do
		n = read(error_fd, &why, sizeof why);
	while (n < 0 && errno == EINTR);
	pid_t ended;
	do
		ended = waitpid(pid, out_status, 0);
	while (ended < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof why && why == ETIME)
		return diag_set(d, ERR_TIMEOUT, "'%s' took too long and was ended", name);
	if (n == (ssize_t)sizeof why)
		return diag_set(d, why == ENOENT ? ERR_NOT_FOUND : ERR_SYS, "cannot start '%s': %s",
				name, strerror(why));
	if (ended < 0) /* SIGCHLD is ignored, so that nobody knows how it ended */
		return diag_set(d, ERR_SYS, "cannot wait for '%s': %s", name, strerror(errno));
	return OK;
}

enum err tool_run(const struct tool *t, int *out_status, struct diag *d)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
	int errors[2];

	assert(t->argv[0] != NULL);
	if (t->box != NULL)
		TRY(tool_box_possible(d));
	if (pipe2(errors, O_CLOEXEC) != 0)
		return diag_set(d, ERR_SYS, "cannot make a pipe: %s", strerror(errno));
	AUTO(fd_closep) int ours = errors[0];
	pid_t parent = getpid();
	(void)sigaction(SIGINT, &ignore, &interrupt);
	(void)sigaction(SIGQUIT, &ignore, &quit);
	pid_t pid = t->box != NULL ? tool_box_fork(t->box, errors) : fork();
	if (pid == 0)
		become(t, parent, &interrupt, &quit, errors[1]);
	int saved = errno;
	(void)close(errors[1]);
	enum err e = pid < 0 ? diag_set(d, ERR_SYS, "cannot start '%s': %s", t->argv[0],
					strerror(saved))
			     : await(pid, ours, t->argv[0], out_status, d);
	(void)sigaction(SIGINT, &interrupt, NULL);
	(void)sigaction(SIGQUIT, &quit, NULL);
	return e;
}
