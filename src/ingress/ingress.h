/*
 * ingress/ingress.h - what the parts of this process share. Runs in: ingress. One thread.
 *
 *	conn      a client's connection: bytes in, heads, bodies, bytes out
 *	route     method and path to an endpoint and its dialect
 *	exchange  one request from its last byte to its answer: attempts, retries, fallbacks
 *	request   what is sent to the provider: splice or translation
 *	relay     what comes back: splice or translation, metering
 *	link      frames to and from egress
 *	keys, limits, choose   who may, how much, and which deployment
 */
#ifndef INGRESS_INGRESS_H
#define INGRESS_INGRESS_H

#include "base/arena.h"
#include "proto/control.h"
#include "proto/counters.h"
#include "proto/policy.h"
#include "proto/usage.h"
#include "sys/loop.h"

struct conn;
struct exchange;
struct link;
struct keys;
struct bodies;
struct tls_server;
struct sha256;

/* A policy in force, or one that running exchanges still use. */
struct generation {
	struct policy policy;
	struct arena arena;
	struct str map;		     /* the sealed blob */
	struct policy_price *prices; /* of each deployment, in the arena */
	unsigned refs;
	char config_hex[17]; /* for the response header */
};

struct ingress {
	struct loop *loop;
	unsigned worker, n_workers;
	int control_fd;
	struct watch control;
	struct buf control_buf;
	struct generation *gen; /* NULL until keeper has sent one */
	struct keys *keys;
	struct counters *counters;
	struct usage_file *usage;
	struct link *link;
	struct bodies *bodies;
	struct tls_server *tls; /* NULL: plain */
	struct watch listener;
	struct conn *conns; /* all slots */
	struct conn *free_conns, *dead_conns;
	struct conn *dirty; /* with output gathered in this turn */
	unsigned n_conns;
	uint64_t denied_ms; /* when a provider's refusal of our credential was last logged */
	struct exchange *free_exchanges;
	struct deferred reap;
	char *scratch;	    /* what one recv may bring, reused by every connection */
	struct arena turn;  /* memory until the end of this turn */
	struct buf encoded; /* what a dialect writes, reused by every call */
	struct sha256 *digest;
	uint64_t usage_seq, rng;
	uint32_t request_no;
	uint32_t promised; /* records of use that calls under way will write */
	bool keys_ready, draining, accept_paused;
	struct timer accept_timer, drain_timer;
};

/* A head with a usual body comes with one recv; of a larger one no more than this is copied on its
 * way to where it is sent from. */
enum { INGRESS_SCRATCH = 8 << 10 };

/* generation_ref and generation_drop count the exchanges that use g. */
struct generation *generation_ref(struct generation *g);
void generation_drop(struct generation *g);

/* generation_open maps and decodes a policy blob; NULL with d set. */
struct generation *generation_open(int memfd, struct diag *d);

/* generation_price looks up what each deployment costs. ERR_NOMEM. */
MUST_USE enum err generation_price(struct generation *g);

/* ingress_random gives 64 pseudo-random bits: for spreading load, never for secrets. */
uint64_t ingress_random(struct ingress *in);

/* ingress_flush sends what this turn has gathered, publishes the rings and resets the turn's
 * memory. */
void ingress_flush(struct ingress *in);

/* ingress_fatal logs why and ends the process; keeper starts a new one. */
_Noreturn void ingress_fatal(const char *why);

/* ingress_blame does so because egress broke the protocol; keeper then ends that, too. */
_Noreturn void ingress_blame(const char *why);

#endif
