/*
 * ingress/jail.c - beside what every process needs: accept connections, map what keeper sends. It
 * can open no file, make no socket, connect nowhere and start nothing. Runs in: ingress.
 */
#include "ingress/jail.h"

static const struct jail_rule rules[] = {
	JAIL(accept4),
	JAIL(shutdown),
};

const struct jail ingress_jail = {
	.role = "ingress",
	.rules = rules,
	.n_rules = sizeof rules / sizeof rules[0],
};
