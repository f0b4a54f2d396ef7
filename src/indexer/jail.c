/*
 * indexer/jail.c - beside what every process may do: map the file that it was given. It opens,
 * connects and starts nothing.   Runs in: indexer.
 */
#include "indexer/jail.h"

static const struct jail_rule rules[] = {
	JAIL(lseek),
};

const struct jail indexer_jail = {
	.role = "indexer",
	.rules = rules,
	.n_rules = sizeof rules / sizeof rules[0],
};
