/*
 * fetcher/jail.c - beside what every process may do: wait for its socket. The connection is made
 * before; after it there is no socket, connect, open or exec.   Runs in: fetcher.
 */
#include "fetcher/jail.h"

static const struct jail_rule rules[] = {
	JAIL(poll),
};

const struct jail fetcher_jail = {
	.role = "fetcher",
	.rules = rules,
	.n_rules = sizeof rules / sizeof rules[0],
};
