/*
 * egress/jail.c - what egress may still do once it serves.   Runs in: egress.
 */
#include "egress/jail.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

const struct jail_rule egress_jail_rules[] = {
	/* Sockets of the internet's families only; Landlock cannot tell one address from another,
	 * so where they go is egress/address.c's business. */
	JAIL_ARG(socket, 0, AF_INET),
	JAIL_ARG(socket, 0, AF_INET6),
	JAIL(connect),
	JAIL_ARG(getsockopt, 1, SOL_SOCKET),
	JAIL(setsockopt),
	/* c-ares: non-blocking, close-on-exec, and the source address by which answers are
	 * sorted. */
	JAIL_ARG(fcntl, 1, F_SETFL),
	JAIL_ARG(fcntl, 1, F_SETFD),
	JAIL(getsockname),
	JAIL_ARG(ioctl, 1, FIONBIO),
	/* A new pair of rings and a new table come as descriptors that are mapped. */
	JAIL(mlock),
	JAIL(munlock),
	/* It looks for a changed resolv.conf and may not have it. */
	JAIL_SOFT(socket),
	JAIL_SOFT(bind),
	JAIL_SOFT(getpeername),
};
const size_t egress_jail_n = sizeof egress_jail_rules / sizeof egress_jail_rules[0];
