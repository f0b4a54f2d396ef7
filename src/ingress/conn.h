/*
 * ingress/conn.h - a client's connection: head, body, and the bytes that go back. Runs in: ingress.
 * Memory: a slot of a pool made at start. While nothing is going on a connection owns no buffer.
 */
#ifndef INGRESS_CONN_H
#define INGRESS_CONN_H

#include "base/buf.h"
#include "codec/http1.h"
#include "ingress/bodies.h"
#include "ingress/ingress.h"

struct exchange;
struct tls;

/* States, their timeouts and their legal successors: conn.c. */
enum conn_state { C_IDLE, C_HEAD, C_BODY, C_BUSY, C_CLOSE, C_COUNT };

struct conn {
	struct watch watch;
	struct timer timer;
	struct ingress *in;
	struct tls *tls;
	struct exchange *x;    /* the request that is being answered */
	struct gather *gather; /* output of this turn, or NULL */
	struct conn *next;     /* in the free, dead or dirty list */
	struct buf inbuf;      /* received, not yet consumed */
	struct buf outbuf;     /* what the socket has not taken yet */
	struct body body;
	struct http1_chunked chunked;
	uint64_t body_left; /* of a Content-Length body */
	size_t searched;    /* bytes of inbuf in which no head ends */
	enum conn_state state;
	bool dead, keep_alive, chunked_body, blocked, close_after, head_only, http10, reading,
		tls_open, ended, waits; /* the next request does, until all output is out */
};

/* conn_accept_ready accepts what waits on the listener, up to the pool's size. */
void conn_accept_ready(struct watch *w, uint32_t ready);

/* conn_open makes a connection of an accepted socket; there must be a free slot. */
void conn_open(struct ingress *in, int fd);

/* conn_gather adds bytes to this turn's output; s stays valid until the turn ends. conn_gather_copy
 * takes a copy into the turn's memory. */
void conn_gather(struct conn *c, struct str s);
void conn_gather_copy(struct conn *c, struct str s);

/* conn_flush sends what was gathered; what the socket refuses is copied. Called by ingress_flush.
 */
void conn_flush(struct conn *c);

/* conn_sent follows up when all output is out; conn_send_more goes on after the socket was full. */
void conn_sent(struct conn *c);
void conn_send_more(struct conn *c);

/* conn_restart_timer gives the connection the time of its state. */
void conn_restart_timer(struct conn *c);

/* conn_blocked: the client has not taken all that was sent; conn_pending says how much. */
bool conn_blocked(const struct conn *c);
size_t conn_pending(const struct conn *c);

/* conn_done ends the answer to the current request: the connection reads the next one, or closes.
 * When the request's body has not been read the connection closes, whatever keep_alive says. */
void conn_done(struct conn *c);

/* conn_detach takes the socket out of the connection, for another process; the slot dies. */
int conn_detach(struct conn *c);

/* conn_kill ends the connection. Its slot is reused, and its exchange told, at the end of the turn,
 * so no caller holds anything that has gone. */
void conn_kill(struct conn *c);

/* conn_drain closes idle connections and lets the busy ones finish. */
void conn_drain_all(struct ingress *in);

/* conn_pool makes the slots. */
MUST_USE enum err conn_pool(struct ingress *in, unsigned n);

#endif
