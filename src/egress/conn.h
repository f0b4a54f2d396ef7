/*
 * egress/conn.h - one HTTP/1.1 connection to a provider: a request, its answer, the next one.
 * Runs in: egress. Lifetime: connection; freed after the turn in which it was closed.
 */
#ifndef EGRESS_CONN_H
#define EGRESS_CONN_H

#include "egress/pool.h"

struct conn {
	struct carrier carrier;
	struct pool *pool;
	struct link *link;
	struct conn *newer, *older;     /* while idle */
	struct flight *flight;          /* NULL: idle */
	struct deferred reap;
	uint64_t idle_since_ms;
	uint64_t sent, total;           /* of the request, head included */
	size_t head_bytes;
	struct buf in;                  /* read and not yet used; seldom anything */
	size_t searched;
	uint64_t left;                  /* HTTP1_LENGTH: of the body */
	struct http1_chunked chunked;
	unsigned served, interim;
	enum http1_framing framing;
	bool in_body, keep_alive, closed, idle;
};

/* conn_new takes over an open link. NULL: no memory. */
struct conn *conn_new(struct pool *p, struct link *l);

/* conn_start sends a flight's request. c must be idle and out of the pool. */
void conn_start(struct conn *c, struct flight *f);

/* conn_close ends it at once; a flight on it must have been taken off. */
void conn_close(struct conn *c);

#endif
