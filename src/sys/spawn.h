/*
 * sys/spawn.h - starts a child executable with exactly the descriptors it is given. Ring 1.
 */
#ifndef SYS_SPAWN_H
#define SYS_SPAWN_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct spawn {
	const char *path;    /* executable */
	const char *argv[8]; /* NULL-terminated; never a secret: /proc shows it */
	const int *fds; /* become descriptors 3, 4, ... of the child, in this order; all others are
			   closed */
	size_t n_fds;
	int stderr_fd; /* -1: inherit */
	unsigned uid;  /* when we are root: the child's user and group, without others; 0: stay */
	bool sibling;  /* the child's parent is ours: it, not we, waits for the child, also for one
			* that could not execute, whose *out_pid is then set; and SIGTERM, SIGINT
			* and SIGHUP are for it alone */
};

/* spawn_child forks and executes with an empty environment, stdin on /dev/null, all signals at
 * their default and a session of its own, so that a terminal's interrupt reaches only the parent.
 * The child dies with its parent. *out_pidfd is a pidfd, readable when the child has ended.
 * ERR_SYS: also when it cannot execute. */
MUST_USE enum err spawn_child(const struct spawn *s, pid_t *out_pid, int *out_pidfd,
			      struct diag *d);

/* spawn_leave_signals has SIGTERM, SIGINT and SIGHUP ignored, also after an execution. systemd for
 * one sends them to all processes of a service; the one in charge lets the others finish. */
void spawn_leave_signals(void);

/* spawn_reap waits for a child that has ended. *out_status is as waitpid gives it. ERR_AGAIN: it
 * still runs. */
MUST_USE enum err spawn_reap(pid_t pid, int *out_status);

/* spawn_wait waits until a child ends and gives its status as waitpid does, -1 when nobody knows.
 */
int spawn_wait(pid_t pid);

/* spawn_hear reads what a child writes until it has closed its end or cap bytes are there, and
 * gives how many there are. */
size_t spawn_hear(int fd, char *out, size_t cap);

/* spawn_signal sends a signal to the child behind pidfd; one that has ended is no error. */
void spawn_signal(int pidfd, int sig);

/* spawn_ending describes a status for people: "exit 3", "killed by SIGSYS". Borrows out. */
const char *spawn_ending(int status, char *out, size_t cap);

/* spawn_sibling gives the path of an executable beside this one: for build/bin/yett
 * build/libexec/yett/NAME, for libexec/yett/keeper its own directory. */
MUST_USE enum err spawn_sibling(const char *name, char *out, size_t cap, struct diag *d);

#endif
