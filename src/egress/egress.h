/*
 * egress/egress.h - the process' parts put together: frames in from ingress, calls out to
 * providers. main.c adds keeper's control channel and the jail; tests put the same parts together
 * without them. Runs in: egress.
 */
#ifndef EGRESS_EGRESS_H
#define EGRESS_EGRESS_H

#include "egress/table.h"

struct egress {
	struct loop *loop;
	struct linker linker;
	struct resolver *resolver;
	struct flights flights;
	struct ring_rx rx;
	struct ring_tx tx;
	struct str arena;
	struct watch wake;
	struct table *table, *previous; /* calls name either, by its generation */
	bool paired;
};

enum { EGRESS_FDS = 5 }; /* of a pair: tx, tx wake, rx, rx wake, arena */

/* egress_init prepares everything that needs files. */
MUST_USE enum err egress_init(struct egress *e, unsigned links_max, struct diag *d);

/* egress_pair joins the rings of a new ingress; the calls of the old one are dropped. The
 * descriptors are taken over, also on failure. */
MUST_USE enum err egress_pair(struct egress *e, const int fds[EGRESS_FDS], struct diag *d);

/* egress_use puts a new table in force. The one before may be named until egress_settle. */
void egress_use(struct egress *e, struct table *t);

/* egress_settle: no ingress has an older policy than generation any more. New calls of an older
 * table are refused from now on; those that run go on to their end. */
void egress_settle(struct egress *e, uint64_t generation);

#endif
