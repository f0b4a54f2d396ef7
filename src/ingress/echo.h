/*
 * ingress/echo.h - the built-in provider: no network, no key, the same answer each time but for its
 * date. Its answers take the same way as a provider's, in whichever dialect the deployment names.
 * Runs in: ingress.
 */
#ifndef INGRESS_ECHO_H
#define INGRESS_ECHO_H

#include "ingress/exchange.h"

/* echo_dialect: "openai", "anthropic" or "gemini" as the upstream model say which dialect echo
 * speaks. */
enum llm_dialect echo_dialect(struct str upstream_model);

/* echo_call answers a call at once, as frames from egress would. */
void echo_call(struct exchange *x, const struct call *c);

#endif
