/*
 * proto/model_info.h - what /model/info tells of a deployment, in LiteLLM's form, without its
 * endpoint and credential: neither ingress nor admin has them. Ring 0.
 */
#ifndef PROTO_MODEL_INFO_H
#define PROTO_MODEL_INFO_H

#include "proto/policy.h"

/* model_info_write appends one deployment as a JSON object. name is the public name, upstream the
 * model at the provider: both without '*' where a wildcard has been filled in. */
void model_info_write(struct buf *b, const struct policy *p, const struct policy_deployment *d,
		      struct str name, struct str upstream);

/* model_info_known gives a model of the price table that the wildcard m leads to, as clients would
 * call it: *out_name in room, and *out_upstream as its provider calls it. false: this row is of
 * another provider, or another entry takes the name. */
bool model_info_known(const struct policy *p, const struct policy_model *m,
		      const struct policy_price_row *row, char room[LIMIT_NAME],
		      struct str *out_name, struct str *out_upstream);

#endif
