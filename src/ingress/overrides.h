/*
 * ingress/overrides.h - parameters that the configuration sets: defaults where the request has
 * none, extra body always, dropped ones never. Runs in: ingress.
 */
#ifndef INGRESS_OVERRIDES_H
#define INGRESS_OVERRIDES_H

#include "codec/splice.h"
#include "llm/llm.h"
#include "proto/policy.h"

/* overrides_any: the deployment has any. */
bool overrides_any(const struct policy_deployment *dep);

/* overrides_splice adds the edits to s. LiteLLM names defaults as OpenAI does; a table gives the
 * dialect's own names and places. */
void overrides_splice(const struct policy_deployment *dep, enum llm_dialect d,
		      const struct json *root, struct splice *s, struct arena *a);

#endif
