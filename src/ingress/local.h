/*
 * ingress/local.h - endpoints that need no provider: models, health, metrics, and the hand-over of
 * admin paths. Runs in: ingress.
 */
#ifndef INGRESS_LOCAL_H
#define INGRESS_LOCAL_H

#include "ingress/conn.h"
#include "ingress/route.h"

/* local_answer answers at once. raw is everything received from the start of this request on. */
void local_answer(struct conn *c, const struct route_match *m, const struct http1_head *h,
		  struct str raw);

/* local_refuse answers with a refusal in the form of d's dialect; local_finish with what stands in
 * the process's buffer of encoded text. */
void local_refuse(struct conn *c, enum llm_dialect d, const struct diag *why);
void local_finish(struct conn *c, struct str type);

#endif
