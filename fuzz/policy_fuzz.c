/*
 * fuzz/policy_fuzz.c - the policy blob. Oracle: what decodes is canonical, encoding it gives the same bytes;
 * every name that a decoded policy holds is found again.
 */
#include "fuzz/fuzz.h"

#include "proto/policy.h"

#include <string.h>

static void check_lookups(const struct policy *p)
{
	struct str star;

	for (uint32_t i = 0; i < p->n_exact && i < 64; i++) {
		bool aliased = false;
		for (uint32_t k = 0; k < p->n_aliases; k++)
			aliased |= str_eq(p->aliases[k].name, p->models[i].name);
		if (!aliased)
			CHECK(policy_model_find(p, p->models[i].name, &star) == &p->models[i] && star.n == 0);
	}
	const struct policy_model *m = policy_model_find(p, S("openai/gpt-4o"), &star);
	CHECK(m == NULL || star.n <= sizeof "openai/gpt-4o" - 1);
	for (uint32_t i = 0; i < p->n_deployments && i < 64; i++)
		(void)policy_price_find(p, &p->deployments[i], p->deployments[i].upstream_model);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a;
	struct policy policy;
	struct buf out;

	arena_init(&a, 32 << 20);
	buf_init(&out, 32 << 20);
	if (policy_decode(&policy, (struct str){ (const char *)p, n }, &a) == OK) {
		policy_encode(&policy, &out);
		CHECK(out.err == OK && out.n == n && memcmp(out.p, p, n) == 0);
		check_lookups(&policy);
	}
	buf_free(&out);
	arena_done(&a);
	return 0;
}
