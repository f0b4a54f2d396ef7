/*
 * ingress/request.h - from the client's body to what the provider gets. Runs in: ingress.
 */
#ifndef INGRESS_REQUEST_H
#define INGRESS_REQUEST_H

#include "ingress/exchange.h"

/* request_look reads from a parsed body what policy needs: model, stream, whether usage is wanted,
 * the end user. ERR_SYNTAX with the field in d. */
MUST_USE enum err request_look(struct exchange *x, const struct json *root, struct diag *d);

/* request_build fills c for the exchange's deployment: by splice where the dialects are the same,
 * else by translation. What it points to lives until the end of the turn or in x->sent.
 * ERR_UNSUPPORTED: the target cannot express d->param. */
MUST_USE enum err request_build(struct exchange *x, const struct json *root, struct call *c,
				struct diag *d);

/* request_neutral reads the client's body into the neutral form, path parts included. */
MUST_USE enum err request_neutral(struct exchange *x, const struct json *root,
				  struct llm_request *out, struct diag *d);

/* request_upstream_model gives the model id at the provider, the wildcard filled in; in the turn's
 * memory. */
struct str request_upstream_model(struct exchange *x);

#endif
