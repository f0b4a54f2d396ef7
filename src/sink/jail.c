/*
 * sink/jail.c - what the sink may still do once it serves: it parses whatever a package sends, so
 * it reaches no file, connects nowhere and starts nothing. It may listen, in the box's network
 * only. Runs in: sink.
 */
#include "sink/jail.h"

#include <fcntl.h>
#include <sys/socket.h>

const struct jail_rule sink_jail_rules[] = {
	JAIL_ARG(socket, 0, AF_INET6),
	JAIL(bind),
	JAIL(listen),
	JAIL(accept4),
	JAIL(getsockname),
	JAIL(setsockopt),
	JAIL_ARG(getsockopt, 1, SOL_SOCKET),
	JAIL(ppoll),
#ifdef __NR_poll
	JAIL(poll),
#endif
	JAIL_ARG(fcntl, 1, F_SETFL),
	JAIL_SOFT(socket),
	JAIL_SOFT(getpeername),
};
const size_t sink_jail_n = sizeof sink_jail_rules / sizeof sink_jail_rules[0];
