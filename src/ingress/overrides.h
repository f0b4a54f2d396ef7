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

/* overrides_asked adds defaults and drops to what an OpenAI client asked, before it is translated:
 * both have OpenAI's names and forms. */
void overrides_asked(const struct policy_deployment *dep, const struct json *root, struct splice *s,
		     struct arena *a);

/* overrides_extra adds the extra body, to a request in the provider's dialect. */
void overrides_extra(const struct policy_deployment *dep, const struct json *root, struct splice *s,
		     struct arena *a);

/* overrides_splice adds all edits to a request in the dialect d, for which a table gives the
 * dialect's own names and places of defaults; one that is not in it has none. */
void overrides_splice(const struct policy_deployment *dep, enum llm_dialect d,
		      const struct json *root, struct splice *s, struct arena *a);

#endif
