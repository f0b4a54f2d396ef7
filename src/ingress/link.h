/*
 * ingress/link.h - the two rings to this worker's egress, and who waits for which call. Runs in:
 * ingress.
 */
#ifndef INGRESS_LINK_H
#define INGRESS_LINK_H

#include "ingress/ingress.h"
#include "proto/call.h"

struct body;
struct exchange;

struct link_opts {
	int tx_fd, tx_wake_fd, rx_fd, rx_wake_fd;
};

/* link_new maps both rings and watches the incoming one. */
struct link *link_new(struct ingress *in, const struct link_opts *o, struct diag *d);

/* link_replace maps new rings after egress was started anew; every call in flight ends with
 * END_GONE. */
MUST_USE enum err link_replace(struct link *l, const struct link_opts *o, struct diag *d);

/* link_call sends c for x and sets c->id. ERR_BUSY: the ring or the table is full. */
MUST_USE enum err link_call(struct link *l, struct call *c, struct exchange *x);

/* link_cancel ends a call early: x hears nothing more of it. */
void link_cancel(struct link *l, uint32_t id);

/* link_keep takes over a body of a cancelled call until egress has said its END: before that it may
 * still be read. Where nothing is to be waited for the body is freed at once. */
void link_keep(struct link *l, uint32_t id, struct body *body);

/* link_credit lets egress send n more bytes for a call. */
void link_credit(struct link *l, uint32_t id, uint32_t n);

/* link_publish shows this turn's frames to egress and gives back what was read. */
void link_publish(struct link *l);

/* link_drain takes all frames that have come; true when there was any. */
bool link_drain(struct link *l);

/* link_sleep tells egress that this process is about to sleep; true: frames came meanwhile, do not.
 */
bool link_sleep(struct link *l);

#endif
