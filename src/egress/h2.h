/*
 * egress/h2.h - one HTTP/2 session with a provider (nghttp2): many calls over one TLS connection.
 * Runs in: egress. Lifetime: connection; freed after the turn in which it was closed.
 */
#ifndef EGRESS_H2_H
#define EGRESS_H2_H

#include "egress/pool.h"

#include <nghttp2/nghttp2.h>

struct h2_stream;

struct h2 {
	struct pool *pool;
	struct linker *linker;
	struct link *link;
	struct h2 *next;              /* of the pool's sessions */
	nghttp2_session *session;
	struct h2_stream *streams;
	struct deferred reap, flush;
	struct buf out;               /* serialised and not yet taken by the socket */
	struct timer idle;
	struct timer probe;           /* set while a PING waits for its answer */
	uint64_t talk;                /* bytes read since the last that was part of an answer */
	unsigned n_streams;
	bool closed, draining;        /* draining: the peer sent GOAWAY, or the pool is retired */
	bool more;                    /* the turn ended before all was read */
};

/* h2_new makes a session of an open link, which it takes over, and joins the pool. false: no
 * memory, and the link is still the caller's. */
MUST_USE bool h2_new(struct pool *p, struct link *l);

/* h2_has_room: another stream may be opened now. */
bool h2_has_room(const struct h2 *s);

/* h2_start sends a flight's request as a new stream. */
void h2_start(struct h2 *s, struct flight *f);

/* h2_retire lets the streams finish, opens no new one and closes then. */
void h2_retire(struct h2 *s);

#endif
