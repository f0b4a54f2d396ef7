/*
 * admin/jail.c - beside what every process needs: accept connections, map what keeper sends. It can
 * open no file, make no socket, connect nowhere and start nothing. Runs in: admin.
 */
#include "admin/jail.h"

#include <stdint.h>
#include <sys/syscall.h>

static const struct jail_rule rules[] = { JAIL(accept4), JAIL(getsockname) };

const struct jail admin_jail = {
	.role = "admin",
	.rules = rules,
	.n_rules = sizeof rules / sizeof rules[0],
};
