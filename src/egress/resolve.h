/*
 * egress/resolve.h - names to addresses: literals, localhost and the hosts file at once, all else
 * by asking name servers (c-ares). Answers are kept for their time to live, and a little longer
 * when servers fail. Whether an address may be used is not judged here.   Runs in: egress. One
 * thread.
 */
#ifndef EGRESS_RESOLVE_H
#define EGRESS_RESOLVE_H

#include "base/diag.h"
#include "egress/hosts.h"
#include "sys/loop.h"

struct resolver;

/* Someone who waits for a name; embedded in its owner. Zero it before first use. */
struct lookup {
	struct lookup *next, **link; /* NULL while idle */
	void (*on_resolved)(struct lookup *, enum err, const struct addresses *);
};

/* resolver_new reads the system's resolver configuration, so it comes before the jail is locked.
 * hosts is borrowed for the resolver's life. NULL with d set. */
struct resolver *resolver_new(struct loop *l, struct str hosts, struct diag *d);

/* resolver_hosts puts the text of another hosts file in force; borrowed. */
void resolver_hosts(struct resolver *r, struct str hosts);
void resolver_free(struct resolver *r);

/* resolver_conf puts the name servers of another resolv.conf in force; one that names none changes
 * nothing. What the servers before have said is asked anew. Search lists and options stay those
 * that resolver_new has read. */
MUST_USE enum err resolver_conf(struct resolver *r, struct str text, struct diag *d);

/* resolve gives host's addresses: OK at once in *out, or ERR_AGAIN: l->on_resolved comes later,
 * once. ERR_NOT_FOUND: the name has no address. ERR_LIMIT: too many names. */
MUST_USE enum err resolve(struct resolver *r, struct str host, struct lookup *l,
			  struct addresses *out);

/* resolve_cancel takes l back; legal when it does not wait. */
void resolve_cancel(struct lookup *l);

#endif
