/*
 * sys/tool.h - runs a program of the user's own as the user would: with the user's environment,
 * directory and terminal. For pip and npm. Ring 1.
 */
#ifndef SYS_TOOL_H
#define SYS_TOOL_H

#include "base/diag.h"

#include <stdbool.h>
#include <stdint.h>

/* What a program in a box can reach: it reads the system's programs and libraries and what is below
 * reads, and writes below write, where it also stands. It has no network, no terminal, no
 * environment but what it is given, and sees no process outside; nor does it signal one where the
 * system lets users make namespaces, and from Linux 6.12 on. What it starts ends when it does. */
struct tool_box {
	const char *const *reads; /* absolute, ends with NULL; what is not there is left out */
	const char *write;	  /* absolute */
	uint32_t time_ms;	  /* how long it may run */
};

struct tool {
	const char *const *argv; /* ends with NULL; argv[0] is a path, or is looked for on PATH */
	const char *const
		*env; /* name, value, name, value, ..., NULL: besides what we have; or NULL */
	int out_fd;   /* its standard output, in a box also its standard error; -1: ours */
	int keep_fd;  /* stays open in it under the same number; -1: none */
	bool alone; /* it can start no other program, threads only: fork and its like give EPERM */
	bool outlives;		    /* it goes on when we are killed; else it is killed, too */
	const struct tool_box *box; /* or NULL */
};

/* tool_run starts it and waits for its end; *out_status is as waitpid gives it; from a box
 * it is an exit in any case, of 128 and its number by a signal. An interrupt from the terminal
 * reaches it as well as us, and we wait for what it makes of it. ERR_NOT_FOUND: there is no such
 * program; ERR_TIMEOUT: its time in the box was over, so it was ended; ERR_UNSUPPORTED: this kernel
 * cannot make the box; ERR_SYS: also when SIGCHLD is ignored. */
MUST_USE enum err tool_run(const struct tool *t, int *out_status, struct diag *d);

#endif
