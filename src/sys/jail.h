/*
 * sys/jail.h - takes power away from this process for good. Ring 1.
 * Order used by every process: open what is needed, jail_begin, load, jail_lock, serve.
 * Filters are allow-lists: what is not named kills the process; what libc makes innocently gets EACCES.
 */
#ifndef SYS_JAIL_H
#define SYS_JAIL_H

#include "base/diag.h"

#include <stddef.h>
#include <stdint.h>

/* One allowed system call, optionally only when argument arg, masked, equals value. */
struct jail_rule {
	uint16_t nr;
	uint8_t action; /* enum jail_action */
	uint8_t arg;    /* 0..5, used when mask != 0 */
	uint32_t mask, value;
};

enum jail_action { JAIL_ALLOW, JAIL_EACCES, JAIL_ENOSYS, JAIL_LOG };

struct jail_path {
	const char *path;
	bool write; /* may create, write and remove below it; else read only */
};

struct jail {
	const char *role;
	const struct jail_rule *rules; /* beside the common ones that every process needs */
	size_t n_rules;
	const struct jail_path *paths; /* all that Landlock leaves reachable; NULL: nothing at all */
	size_t n_paths;
	bool tcp_connect;              /* Landlock leaves TCP connect alone */
	unsigned uid, gid;             /* to change to when started as root; 0: stay */
	unsigned files_max;            /* RLIMIT_NOFILE; 0: leave */
};

/* jail_begin: no_new_privs, not dumpable, no core, close every descriptor not in keep, drop uid, gid and
 * groups when started as root, die with the parent. */
MUST_USE enum err jail_begin(const struct jail *j, const int *keep, size_t n_keep, struct diag *d);

/* jail_lock: Landlock (where the kernel has it; *out_landlock gives its version, 0 none), then the system
 * call filter. Nothing can be undone after it. */
MUST_USE enum err jail_lock(const struct jail *j, int *out_landlock, struct diag *d);

/* jail_selftest tries one forbidden act by name ("open", "connect", "socket", "exec", "fork", "ptrace",
 * "mmap-exec", "kill", "write-file", "mem-of-keeper") after jail_lock, for tests/jail. Debug builds only:
 * returns ERR_UNSUPPORTED in release builds. On return *out_errno is what the act gave; often the process
 * is dead instead. */
MUST_USE enum err jail_selftest(const char *act, int *out_errno);

#endif
