/*
 * ingress/choose.h - one deployment of a model. Runs in: ingress.
 */
#ifndef INGRESS_CHOOSE_H
#define INGRESS_CHOOSE_H

#include "ingress/ingress.h"

struct choice {
	const struct policy_deployment *dep;
	uint32_t index;
	uint32_t retry_after_s; /* when none is free: until the first one may be */
};

/* choose_deployment leaves out those in tried (unless all have been tried and again is set), those
 * that are cooling down or at their limits, and those whose context is smaller than tokens; among
 * the rest the lowest order wins, then the strategy. ERR_RATE: all are at a limit. ERR_BUSY: all
 * are cooling down. ERR_LIMIT: the prompt fits none. */
MUST_USE enum err choose_deployment(struct ingress *in, const struct policy *p,
				    const struct policy_model *m, const uint32_t *tried,
				    unsigned n_tried, bool again, int64_t tokens,
				    struct choice *out);

/* choose_begin and choose_end count a call in flight. choose_used counts the tokens of a finished
 * one. */
void choose_begin(struct ingress *in, uint32_t index);
void choose_end(struct ingress *in, uint32_t index);
void choose_used(struct ingress *in, uint32_t index, int64_t tokens, uint32_t first_byte_ms);

/* choose_in_flight gives the calls of all workers that wait for a deployment. */
uint32_t choose_in_flight(const struct ingress *in, uint32_t index);

/* choose_failed counts a failure and starts a cooldown where the rules say so: any 429, 401, 404,
 * 408 at once; else after allowed_fails in a minute. allowed, if not negative, is the number for
 * this class of failure and replaces both. retry_after_ms is the provider's wish. */
void choose_failed(struct ingress *in, const struct policy *p, uint32_t index, unsigned status,
		   int32_t allowed, uint32_t retry_after_ms);

#endif
