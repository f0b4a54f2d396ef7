/*
 * fuzz/check_policy_fuzz.c - policies of `yett check`. Oracles: what is accepted excuses nothing
 * without a reason and a date, ends within two years, and never excuses a finding of another rule
 * or file than it names.
 * Proves T-29.
 */
#include "inspect/policy.h"

#include "fuzz/fuzz.h"

enum { NOW = 1795392000, TWO_YEARS = 732 * 86400 };

static void check_row(const struct check_policy *p, const struct policy_allow *row)
{
	struct finding f = { .rule = row->rule == RULE_COUNT ? RULE_KNOWN_MALWARE : row->rule,
			     .path = row->path, .package = row->package,
			     .has_sha256 = row->by_sha256 };

	CHECK(row->rule != RULE_COUNT || row->by_sha256);
	CHECK(str_trim(row->reason).n > 0 && row->until > 0 && row->until <= NOW + TWO_YEARS);
	memcpy(f.sha256, row->sha256, sizeof f.sha256);
	const struct policy_allow *found = policy_find(p, &f);
	CHECK(row->until <= NOW || found != NULL);
	CHECK(found == NULL || found->rule == RULE_COUNT || found->rule == f.rule);
	CHECK(found == NULL || found->until > NOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct check_policy policy;
	struct arena a;
	struct diag d = { 0 };

	arena_init(&a, 16 << 20);
	if (policy_parse(S("p"), in, NOW, &a, &policy, &d) == OK) {
		for (size_t i = 0; i < policy.n_allows; i++)
			check_row(&policy, &policy.allows[i]);
		for (enum rule r = 0; r < RULE_COUNT; r++)
			CHECK(policy.severities[r] <= SEV_BLOCK);
	} else {
		CHECK(d.text[0] != 0);
	}
	arena_done(&a);
	return 0;
}
