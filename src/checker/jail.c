/*
 * checker/jail.c - a checker reads directories and files below its roots, and nothing else: it
 * creates nothing, writes to two memory files that it was born with, makes no socket, starts
 * nothing. Runs in: checker.
 */
#include "checker/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ_ONLY = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | __O_TMPFILE };

static const struct jail_rule rules[] = {
	/* Only to read: a file that is opened to write is refused here and by Landlock. */
	JAIL_BITS(openat, 2, (uint32_t)(READ_ONLY & ~O_DIRECTORY), O_RDONLY),
	JAIL(newfstatat),
	JAIL(fstatfs),
	JAIL(getdents64),
	JAIL(readlinkat),
	JAIL(pread64),
	JAIL(lseek),
	JAIL_ARG(fcntl, 1, F_DUPFD_CLOEXEC),
};

const struct jail checker_jail = {
	.role = "checker",
	.rules = rules,
	.n_rules = sizeof rules / sizeof rules[0],
	.allow = jail_allow,
	.files_max = 512,
};

struct jail checker_jail_for(const struct check_request *r, struct jail_path paths[CHECK_ROOTS],
			     char names[CHECK_ROOTS][CHECKER_PATH])
{
	struct jail j = checker_jail;
	struct stat st;
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n_roots; i++) {
		/* A file is open already and nothing is opened below it; one in memory, as what was
		 * fetched, is on no file system that Landlock has rules for. */
		if (fstat(r->roots[i].fd, &st) != 0 || !S_ISDIR(st.st_mode))
			continue;
		(void)snprintf(names[n], CHECKER_PATH, "/proc/self/fd/%u", r->roots[i].fd);
		paths[n] = (struct jail_path){ names[n], false };
		n++;
	}
	j.paths = paths;
	j.n_paths = n;
	return j;
}

enum err checker_drop(struct diag *d)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[2] = { { 0 } };

	if (geteuid() != 0)
		return OK;
	if (syscall(SYS_capget, &head, sets) != 0)
		return diag_set(d, ERR_SYS, "cannot read capabilities: %s", strerror(errno));
	const uint32_t keep = sets[0].permitted & (1u << CAP_DAC_READ_SEARCH);
	memset(sets, 0, sizeof sets);
	sets[0].permitted = sets[0].effective = keep;
	if (syscall(SYS_capset, &head, sets) != 0)
		return diag_set(d, ERR_SYS, "cannot give up capabilities: %s", strerror(errno));
	return OK;
}
