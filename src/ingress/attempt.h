/*
 * ingress/attempt.h - who is asked, and who after that. Runs in: ingress.
 */
#ifndef INGRESS_ATTEMPT_H
#define INGRESS_ATTEMPT_H

#include "ingress/exchange.h"

/* attempt chooses a deployment and sends the call, or answers with an error and ends x. root is the
 * parsed body where this turn has it already, else NULL. */
void attempt(struct exchange *x, const struct json *root);

/* attempt_failed decides after a failed attempt: retry, fall back, or answer with e.
 * e is the provider's own word, by which cooldowns and retries go; what the client must not hear of
 * it is hidden here. retry_after_ms is the provider's wish, 0 none. */
void attempt_failed(struct exchange *x, const struct llm_error *e, bool retryable,
		    uint32_t retry_after_ms);

/* attempt_has_alternative: a failure before the first content would be tried elsewhere. */
bool attempt_has_alternative(const struct exchange *x);

#endif
