/*
 * sys/jail.h - takes power away from this process for good. Ring 1.
 * Order used by every process: open what is needed, jail_begin, load, jail_lock, serve.
 * Filters are allow-lists: what is not named kills the process; what libc makes innocently gets
 * EACCES.
 */
#ifndef SYS_JAIL_H
#define SYS_JAIL_H

#include "base/buf.h"
#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* One allowed system call, optionally only when argument arg, masked, equals value. */
struct jail_rule {
	uint16_t nr;
	uint8_t action; /* enum jail_action */
	uint8_t arg;    /* 0..5, used when mask != 0 */
	uint32_t mask, value;
};

enum jail_action { JAIL_ALLOW, JAIL_EACCES, JAIL_ENOSYS, JAIL_LOG };

/* For tables of rules: JAIL(accept4), JAIL_ARG(ioctl, 1, FIONREAD), JAIL_SOFT(openat). */
#define JAIL(name)                                                                                 \
	{                                                                                          \
		__NR_##name, JAIL_ALLOW, 0, 0, 0                                                   \
	}
#define JAIL_SOFT(name)                                                                            \
	{                                                                                          \
		__NR_##name, JAIL_EACCES, 0, 0, 0                                                  \
	}
#define JAIL_ARG(name, arg, value)                                                                 \
	{                                                                                          \
		__NR_##name, JAIL_ALLOW, (arg), UINT32_MAX, (value)                                \
	}
#define JAIL_BITS(name, arg, mask, value)                                                          \
	{                                                                                          \
		__NR_##name, JAIL_ALLOW, (arg), (mask), (value)                                    \
	}

/* What secret_alloc needs after jail_lock. */
#define JAIL_SECRET_ALLOC                                                                          \
	JAIL(memfd_secret), JAIL(memfd_create), JAIL(ftruncate),                                   \
		JAIL_ARG(fcntl, 1, 1033 /* F_ADD_SEALS */), JAIL(mlock)

#ifndef __NR_memfd_secret
#define __NR_memfd_secret 447
#endif

struct jail_path {
	const char *path;
	bool write; /* may create, write and remove below it; else read only */
};

struct jail {
	const char *role;
	const struct jail_rule *rules; /* beside the common ones that every process needs */
	size_t n_rules;
	const struct jail_path
		*paths; /* all that Landlock leaves reachable; NULL: nothing at all */
	size_t n_paths;
	/* jail_allow where there are paths, else NULL: what is not named is not linked. */
	enum err (*allow)(int ruleset, uint64_t handled, const struct jail_path *p, struct diag *d);
	bool tcp_connect;     /* Landlock leaves TCP connect alone */
	bool tcp_bind;	      /* likewise TCP bind: the sink of a detonation alone */
	bool outlives_parent; /* else it is killed when its parent ends */
	unsigned uid, gid;    /* to change to when started as root; 0: stay */
	unsigned files_max;   /* RLIMIT_NOFILE; 0: leave */
};

/* jail_begin: no_new_privs, not dumpable, no core, close every descriptor but 0 to 2 and keep, drop
 * uid, gid and groups when started as root, die with the parent, ignore SIGPIPE. */
MUST_USE enum err jail_begin(const struct jail *j, const int *keep, size_t n_keep, struct diag *d);

/* jail_lock: Landlock (where the kernel has it; *out_landlock gives its version, 0 none), then the
 * system call filter. Nothing can be undone after it. */
MUST_USE enum err jail_lock(const struct jail *j, int *out_landlock, struct diag *d);

/* jail_allow adds one path to a Landlock rule set; for struct jail only. */
MUST_USE enum err jail_allow(int ruleset, uint64_t handled, const struct jail_path *p,
			     struct diag *d);

/* jail_dump writes the rules as text, one a line, for tests/golden/jail. */
void jail_dump(const struct jail *j, struct buf *out);

/* jail_selftest tries one forbidden act by name ("open", "connect", "socket", "exec", "fork",
 * "ptrace", "mmap-exec", "kill", "write-file", "mem-of-keeper") after jail_lock, for tests/jail.
 * Debug builds only: returns ERR_UNSUPPORTED in release builds. On return *out_errno is what the
 * act gave, 0 when it succeeded; often the process is dead instead. */
MUST_USE enum err jail_selftest(const char *act, int *out_errno);

/* jail_debug serves "--jail-dump" and "--jail-selftest ACT" as the first argument, which each
 * role's main offers in debug builds; true: it did, exit with *out_status. Always false in release
 * builds. */
bool jail_debug(const struct jail *j, int argc, char **argv, int *out_status);

#endif
