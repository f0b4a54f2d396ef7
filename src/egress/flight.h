/*
 * egress/flight.h - one call in flight: from the CALL frame to its END. It speaks to ingress; a
 * carrier (an HTTP/1.1 connection, an HTTP/2 stream) speaks to the provider. Runs in: egress.
 * Lifetime: request, in a pool of flights that grows to what was needed at once.
 */
#ifndef EGRESS_FLIGHT_H
#define EGRESS_FLIGHT_H

#include "codec/http1.h"
#include "proto/call.h"
#include "sys/loop.h"
#include "sys/ring.h"

#include <sys/uio.h>

struct flights;
struct flight;
struct pool;

/* What carries a flight; embedded in a connection or a stream. */
struct carrier {
	void (*on_room)(struct carrier *);   /* there is credit and room again: go on reading */
	void (*on_drop)(
		struct carrier *); /* nobody wants the answer any more: end it at the provider */
};

/* What a call asked for; kept until the first byte of the answer, so that it can be sent once
 * more. */
struct parcel {
	struct parcel *next;
	struct call call;
	struct buf frame; /* the copy of the CALL frame that call points into */
};

struct flight {
	struct flights *all;
	struct flight *same_hash;      /* in the table of ids */
	struct flight *next, *prev;    /* waiting in a pool, or spare */
	struct flight *next_stalled;
	struct pool *pool;
	struct carrier *carrier;       /* NULL: waiting, or the answer is through */
	struct parcel *parcel;         /* NULL after the first byte of the answer */
	struct timer timer;
	uint64_t last_ms, received;
	uint32_t id, credit, idle_ms;
	bool queued;                   /* in the pool's queue */
	bool retried, got_byte, head_sent, stream, stalled, ended;
	uint8_t how;                   /* ended: enum call_end */
};

/* One ring pair's flights. */
struct flights {
	struct loop *loop;
	struct ring_tx *tx;
	struct str arena;              /* shared bodies, mapped read-only */
	struct flight *spare, *stalled;
	struct parcel *spare_parcels;
	struct timer retry;            /* while frames wait for room in the ring */
	unsigned n;                    /* calls without END */
	uint32_t mask;
	struct flight **ids;
	void (*on_idle)(struct flights *); /* the last one ended; may be NULL */
};

enum {
	FLIGHTS_MAX = 32768,
	INTERIM_MAX = 8,       /* 1xx heads before an answer */
};

/* flights_init uses the caller's storage; tx and arena may be set later. */
MUST_USE enum err flights_init(struct flights *all, struct loop *l);
void flights_done(struct flights *all);

/* flight_new takes a parcel with a decoded call in. ERR_EXISTS: its id is in flight; ERR_LIMIT: too
 * many. */
MUST_USE enum err flight_new(struct flights *all, struct parcel *p, struct flight **out);
struct flight *flight_find(struct flights *all, uint32_t id);

/* parcel_get gives an empty parcel, NULL without memory. */
struct parcel *parcel_get(struct flights *all);
void parcel_put(struct flights *all, struct parcel *p);

/* flight_credit and flight_cancel are what ingress says. */
void flight_credit(struct flight *f, uint32_t n);
void flight_cancel(struct flight *f);

/* flight_answered is called with the first byte of the answer: the request cannot be repeated
 * now. */
void flight_answered(struct flight *f);

/* flight_head passes the head of an answer on, cut to the closed list of fields. ERR_AGAIN: no room
 * in the ring; on_room comes. */
MUST_USE enum err flight_head(struct flight *f, const struct http1_head *h);

/* flight_data gives room for at most *n bytes of body in the ring and sets *n to what may be used;
 * NULL: no credit or no room, on_room comes. flight_data_done passes the first n bytes at that
 * place on; 0 gives the room back. Nothing else may use the ring in between. */
char *flight_data(struct flight *f, size_t *n);
void flight_data_done(struct flight *f, char *at, size_t n);

/* flight_too_large: with that many bytes more the answer, being no stream, is over
 * LIMIT_RESPONSE. */
bool flight_too_large(const struct flight *f, uint64_t more);

/* flight_end sends END, at once or when the ring has room, and lets go of the carrier. f is gone
 * for the caller. */
void flight_end(struct flight *f, enum call_end how);

/* flight_body fills iov with the body from offset from on; returns how many entries, max at
 * most. */
int flight_body(const struct flight *f, uint64_t from, struct iovec *iov, int max);

/* flights_go_on lets those that waited for room in the ring try again. */
void flights_go_on(struct flights *all);

/* flights_drop_all ends every flight without a word: their ingress is gone. */
void flights_drop_all(struct flights *all);

#endif
