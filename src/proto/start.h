/*
 * proto/start.h - what a child is born with: its descriptors by number, and its arguments. Ring 0.
 * argv is { role, worker's number in decimal }. The environment is empty, standard input is
 * /dev/null, standard error is the log. Tables and keys follow on the control socket; a child takes
 * no work before it has them and says MSG_READY.
 */
#ifndef PROTO_START_H
#define PROTO_START_H

enum start_fd {
	START_CONTROL = 3, /* SOCK_SEQPACKET to keeper: sys/ipc.h, proto/control.h */

	/* ingress and egress: the pair's rings, seen from the receiver; MSG_PAIR brings the same
	 * five, in this order, when the other end had to be started again */
	START_TX = 4,
	START_TX_WAKE = 5,
	START_RX = 6,
	START_RX_WAKE = 7,
	START_ARENA = 8, /* memory of LIMIT_ARENA bytes; ingress writes, egress can only read */

	/* ingress alone */
	START_LISTEN = 9,    /* bound and listening; the process accepts */
	START_USAGE = 10,    /* struct usage_file of this worker, shared with keeper */
	START_COUNTERS = 11, /* struct counters, shared with all ingress */

	/* admin */
	START_ADMIN_LISTEN = 4,
	START_ADMIN_COUNTERS = 5,
};

enum { START_PAIR_FDS = 5 };

/* The exit status by which one half of a pair says that the other broke their protocol. Keeper ends
 * that one, too: it may be anybody's now. */
enum { START_EXIT_BLAMES_PEER = 76 };

#endif
