/*
 * verify/policy.c - is the signer the one that was expected? Strings are compared whole, as bytes.
 * Input: own.   Runs in: verifier.
 */
#include "verify/part.h"

/* Names of people and workflows are long; the sentence keeps room for both. */
static struct str cut(struct str s)
{
	return str_head(s, 90);
}

enum err policy_check(const struct identity *who, const struct verify_policy *policy,
		      struct diag *d)
{
	if (!policy->any_identity && (policy->san.n == 0 || policy->claims[CLAIM_ISSUER].n == 0))
		return diag_set(d, ERR_DENIED,
				"nothing says who was expected to sign, and by whom they are known "
				"(client-spec, 4.3)");
	if (policy->san.n != 0 && !str_eq(policy->san, who->san))
		return diag_set(d, ERR_DENIED, "signed by '%.*s' and not by '%.*s'",
				FMT(cut(who->san)), FMT(cut(policy->san)));
	for (unsigned c = 0; c < CLAIM_COUNT; c++) {
		struct str want = policy->claims[c], got = who->claims[c];
		if (want.p == NULL || (got.p != NULL && str_eq(want, got)))
			continue;
		return diag_set(d, ERR_DENIED, "the certificate's %.*s is '%.*s' and not '%.*s'",
				FMT(claim_name((enum claim)c)), FMT(cut(got)), FMT(cut(want)));
	}
	return OK;
}
