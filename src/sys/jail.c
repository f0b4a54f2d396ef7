/*
 * sys/jail.c - takes power away from this process: privileges, descriptors, files, system calls.
 */
#include "sys/jail.h"

#include "sys/jail_landlock.h"

#include "sys/fs.h"
#include "sys/jail_filter.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMLOCK = 64 << 20 };

/* ---- jail_begin ---- */

/* drop_root changes to the role's user for good, groups first, and makes sure. */
static enum err drop_root(const struct jail *j, struct diag *d)
{
	if (j->uid == 0 || geteuid() != 0)
		return OK;
	if (setgroups(0, NULL) != 0 || setresgid(j->gid, j->gid, j->gid) != 0 ||
	    setresuid(j->uid, j->uid, j->uid) != 0)
		return diag_set(d, ERR_SYS, "cannot become user %u: %s", j->uid, strerror(errno));
	if (setuid(0) == 0)
		return diag_set(d, ERR_SYS, "user %u can become root again", j->uid);
	return OK;
}

/* close_others closes all descriptors above 2 that are not in keep. */
static void close_others(const int *keep, size_t n_keep)
{
	unsigned from = STDERR_FILENO + 1;

	for (;;) {
		unsigned next = ~0u; /* the lowest kept one from here on */
		for (size_t i = 0; i < n_keep; i++)
			if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next > from)
			(void)close_range(from, next == ~0u ? next : next - 1, 0);
		if (next == ~0u)
			return;
		from = next + 1;
	}
}

/* raise_memlock lets this process lock as much as it may: secret memory counts. */
static void raise_memlock(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_MEMLOCK, &lim) != 0)
		return;
	if (geteuid() == 0 && lim.rlim_max < MEMLOCK)
		lim.rlim_max = MEMLOCK;
	lim.rlim_cur = lim.rlim_max;
	(void)setrlimit(RLIMIT_MEMLOCK, &lim); /* what is there must do then */
}

/* A limit of 1 byte is too small for any file, and unlike 0 it also keeps a core_pattern that is a
 * program from being started. Where the limit may not be raised to it, it is 0. */
static bool forbid_core(void)
{
	const struct rlimit one = { 1, 1 }, none = { 0, 0 };

	return setrlimit(RLIMIT_CORE, &one) == 0 || setrlimit(RLIMIT_CORE, &none) == 0;
}

enum err jail_begin(const struct jail *j, const int *keep, size_t n_keep, struct diag *d)
{
	struct rlimit files = { j->files_max, j->files_max };

	close_others(keep, n_keep);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!forbid_core())
		return diag_set(d, ERR_SYS, "cannot forbid core dumps: %s", strerror(errno));
	if (j->files_max != 0) {
		struct rlimit now;
		if (getrlimit(RLIMIT_NOFILE, &now) == 0 && geteuid() != 0 &&
		    now.rlim_max < files.rlim_max)
			files = (struct rlimit){ now.rlim_max, now.rlim_max };
		if (setrlimit(RLIMIT_NOFILE, &files) != 0)
			return diag_set(d, ERR_SYS, "cannot set the descriptor limit: %s",
					strerror(errno));
	}
	raise_memlock();
	TRY(drop_root(j, d));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return diag_set(d, ERR_SYS, "cannot give up new privileges: %s", strerror(errno));
	/* Changing the user resets both of these, so they come after it. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, j->outlives_parent ? 0 : SIGKILL, 0, 0, 0) != 0)
		return diag_set(d, ERR_SYS, "cannot protect this process: %s", strerror(errno));
	return OK;
}

/* ---- Landlock, by raw calls: the distribution's headers know its first version only ---- */

/* ll_handled says what is forbidden unless a rule allows it, as far as this version of Landlock
 * knows it. */
static struct ll_ruleset ll_handled(long abi, const struct jail *j, size_t *out_size)
{
	struct ll_ruleset r = { .fs = ll_all(abi) };

	if (abi >= 4)
		r.net = (j->tcp_bind ? 0 : LL_BIND_TCP) | (j->tcp_connect ? 0 : LL_CONNECT_TCP);
	if (abi >= 6)
		r.scoped = LL_SCOPE_ABSTRACT_SOCKET | LL_SCOPE_SIGNAL;
	*out_size = abi >= 6   ? sizeof r
		    : abi >= 4 ? offsetof(struct ll_ruleset, scoped)
			       : offsetof(struct ll_ruleset, net);
	return r;
}

static enum err landlock(const struct jail *j, int *out_abi, struct diag *d)
{
	long abi = syscall(LL_CREATE, NULL, 0, LL_VERSION_FLAG);
	size_t size;

	*out_abi = abi < 0 ? 0 : (int)abi;
	if (abi <= 0)
		return OK; /* an old kernel, or switched off: the system call filter must do */
	struct ll_ruleset handled = ll_handled(abi, j, &size);
	AUTO(fd_closep) int ruleset = (int)syscall(LL_CREATE, &handled, size, 0);
	if (ruleset < 0)
		return diag_set(d, ERR_SYS, "cannot make a Landlock rule set: %s", strerror(errno));
	assert(j->n_paths == 0 || j->allow != NULL);
	for (size_t i = 0; i < j->n_paths; i++)
		TRY(j->allow(ruleset, handled.fs, &j->paths[i], d));
	if (syscall(LL_RESTRICT, ruleset, 0) != 0)
		return diag_set(d, ERR_SYS, "cannot apply the Landlock rules: %s", strerror(errno));
	return OK;
}

/* ---- jail_lock ---- */

enum err jail_lock(const struct jail *j, int *out_landlock, struct diag *d)
{
	struct sock_filter code[JAIL_CODE_MAX];
	int abi;

	TRY(landlock(j, &abi, d));
	size_t n = jail_filter_build(j, (uint32_t)getpid(), code);
	const struct sock_fprog program = { (unsigned short)n, code };
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		return diag_set(d, ERR_SYS, "cannot install the system call filter: %s",
				strerror(errno));
	*out_landlock = abi;
	return OK;
}
