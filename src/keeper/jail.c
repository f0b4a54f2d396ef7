/*
 * keeper/jail.c - what keeper and its loader may do. Neither connects, executes or forks: the
 * forker, which holds nothing, does that for them. Runs in: keeper, loader.
 */
#include "keeper/jail.h"

#include <sys/types.h>

static const struct jail_rule keeper_rules[] = {
	/* The database, the audit log and usage files, below the data directory only. */
	JAIL(openat),
	JAIL(newfstatat),
	JAIL(stat),
	JAIL(lstat),
	JAIL(access),
	JAIL(faccessat),
	JAIL(readlink),
	JAIL(pread64),
	JAIL(pwrite64),
	JAIL(lseek),
	JAIL(fsync),
	JAIL(fdatasync),
	JAIL(syncfs),
	JAIL(ftruncate),
	JAIL(fallocate),
	JAIL(unlink),
	JAIL(unlinkat),
	JAIL(rename),
	JAIL(renameat),
	JAIL(renameat2),
	JAIL(mkdir),
	JAIL(mkdirat),
	JAIL(rmdir),
	JAIL(fchmod),
	JAIL(fchown),
	JAIL(fcntl),
	JAIL(getcwd),
	JAIL(getdents64),
	JAIL(geteuid),
	JAIL(getuid),
	JAIL(msync),
	JAIL(clock_nanosleep),
	/* New rings and control sockets for a child that is started again; its end. */
	JAIL(memfd_create),
	JAIL(eventfd2),
	JAIL_ARG(socketpair, 0, 1 /* AF_UNIX */),
	JAIL(wait4),
	JAIL(poll),
	/* The control socket's clients; the certificate's key in secret memory. */
	JAIL(accept4),
	JAIL(getsockopt),
	JAIL(mlock),
};

struct jail keeper_jail(const char *data, struct jail_path paths[KEEPER_JAIL_PATHS])
{
	size_t n = 0;

	paths[n++] = (struct jail_path){ data, true };
	paths[n++] = (struct jail_path){ "/dev/urandom",
					 false }; /* the database's library asks there */
	return (struct jail){
		.role = "keeper",
		.rules = keeper_rules,
		.n_rules = sizeof keeper_rules / sizeof keeper_rules[0],
		.paths = paths,
		.n_paths = n,
		.allow = jail_allow,
		.outlives_parent = true, /* a shell that started it may end */
	};
}

static const struct jail_rule loader_rules[] = {
	JAIL(openat),    JAIL(newfstatat), JAIL(stat),        JAIL(lstat), JAIL(access),
	JAIL(faccessat), JAIL(readlink),   JAIL(getcwd),      JAIL(lseek), JAIL(pread64),
	JAIL(geteuid),   JAIL(getuid),     JAIL_SECRET_ALLOC,
};

static const struct jail_path loader_paths[] = { { "/", false } };

const struct jail loader_jail = {
	.role = "loader",
	.rules = loader_rules,
	.n_rules = sizeof loader_rules / sizeof loader_rules[0],
	.paths = loader_paths,
	.n_paths = 1,
	.allow = jail_allow,
};
