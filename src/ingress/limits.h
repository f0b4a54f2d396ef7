/*
 * ingress/limits.h - may this key make this call now? Runs in: ingress.
 * The counters are shared by all workers; windows are fixed minutes, as LiteLLM's.
 */
#ifndef INGRESS_LIMITS_H
#define INGRESS_LIMITS_H

#include "ingress/ingress.h"
#include "ingress/keys.h"
#include "ingress/reply.h"

/* limits_admit counts one request of key and takes a place among its parallel ones. On a refusal
 * nothing is held, d says why and what to do, lim says what stands in the headers. */
MUST_USE enum err limits_admit(struct ingress *in, const struct key *key, struct reply_limits *lim,
			       struct diag *d);

/* limits_release gives the place back; limits_spend counts tokens and cost of a finished call. */
void limits_release(struct ingress *in, uint32_t slot);
void limits_spend(struct ingress *in, uint32_t slot, int64_t tokens, int64_t cost_pico);

/* What a call may come to, of its key's budget and of its tokens a minute; 0 where the key has no
 * such limit. */
struct limits_share {
	int64_t pico, tokens;
};

/* limits_pend puts now in the place of what a call in flight may have come to before: budget and
 * tokens are taken by such calls, too, so that calls sent all at once do not each find them
 * untouched. */
void limits_pend(struct ingress *in, uint32_t slot, struct limits_share before,
		 struct limits_share now);

/* limits_model: key may use this model. */
bool limits_model(const struct key *key, const struct policy *p, struct str asked,
		  const struct policy_model *m);

#endif
