/*
 * sys/spawn.h - starts a child executable with exactly the descriptors it is given. Ring 1.
 */
#ifndef SYS_SPAWN_H
#define SYS_SPAWN_H

#include "base/diag.h"

#include <sys/types.h>

struct spawn {
	const char *path;   /* executable */
	const char *argv[8];/* NULL-terminated; never a secret: /proc shows it */
	const int *fds;     /* become descriptors 3, 4, ... of the child, in this order; all others are closed */
	size_t n_fds;
	int stderr_fd;      /* -1: inherit */
};

/* spawn_child forks and executes with an empty environment and stdin on /dev/null. *out_pidfd is a pidfd,
 * readable when the child has ended. */
MUST_USE enum err spawn_child(const struct spawn *s, pid_t *out_pid, int *out_pidfd, struct diag *d);

/* spawn_sibling gives the path of an executable beside this one: for build/bin/yett
 * build/libexec/yett/NAME, for libexec/yett/keeper its own directory. */
MUST_USE enum err spawn_sibling(const char *name, char *out, size_t cap, struct diag *d);

#endif
