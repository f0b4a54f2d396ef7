/*
 * egress/pool.h - connections to one upstream, kept for reuse, and the flights that wait for one.
 * HTTP/1.1: last in, first out, so that the idle ones grow old and go. HTTP/2: sessions with free
 * streams. Runs in: egress. Lifetime: the table's.
 */
#ifndef EGRESS_POOL_H
#define EGRESS_POOL_H

#include "egress/flight.h"
#include "egress/link.h"

struct conn;
struct h2;
struct table;

struct pool {
	struct linker *linker;
	struct table *table;
	const struct upstream *row;
	struct tls_client *trust;    /* NULL: plain */
	struct tls_session session;
	struct conn *idle, *oldest;  /* newest first */
	struct h2 *sessions;
	struct flight *first, *last; /* waiting */
	unsigned n_waiting, n_dialing, n_links;
	struct timer sweep;
	uint64_t logged_ms;
	bool speaks_h1;              /* the row offers h2 and the provider did not take it */
	bool retired; /* no call comes any more: connections end when they are idle */
};

enum { POOL_IDLE_MS = 55000 };   /* below the minute after which many front ends close */

/* pool_init makes an empty pool; row and trust are the table's. */
void pool_init(struct pool *p, struct linker *linker, struct table *t, const struct upstream *row,
	       struct tls_client *trust);

/* pool_submit sends a flight on its way; fresh: not over a connection that was used before. */
void pool_submit(struct pool *p, struct flight *f, bool fresh);

/* pool_forget takes a waiting flight out of the queue. */
void pool_forget(struct flight *f);

/* pool_put takes back a connection without a flight: for the next waiting one, or to stay idle. */
void pool_put(struct pool *p, struct conn *c);

/* pool_remove takes a dying idle connection out. */
void pool_remove(struct pool *p, struct conn *c);

/* pool_link_gone: one of the pool's links was closed. pool_streams_free: a session has room
 * again. */
void pool_link_gone(struct pool *p);
void pool_streams_free(struct pool *p);

/* pool_retire closes what is idle and lets the rest finish. */
void pool_retire(struct pool *p);

/* pool_busy: links, or flights that wait. */
bool pool_busy(const struct pool *p);

#endif
