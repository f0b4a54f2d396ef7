/* tests/unit/inspect/cooldown_test.c - a release's age to the second, by a clock that stands. Proves T-34. */
#include "inspect/cooldown.h"
#include "inspect/verdict.h"

#include "tests/unit/check.h"

enum { NOW = 1795392000 /* 2026-11-23 */, DAY = 86400 };

static struct arena arena;
static struct findings f;

static const struct finding *judge(uint32_t days, int64_t published)
{
	struct check_policy p;

	arena_done(&arena);
	arena_init(&arena, 1 << 20);
	findings_init(&f, &arena);
	policy_default(&p, NOW);
	p.cooldown_days = days;
	cooldown_judge(&p, published, S("pkg:pypi/demo@1.0"), S("demo-1.0-py3-none-any.whl"), &f);
	return f.n == 0 ? NULL : &f.items[0];
}

CASE(without_a_cooldown_age_is_nothing)
{
	CHECK(judge(0, NOW) == NULL && judge(0, 0) == NULL);
}

CASE(the_last_second_counts)
{
	CHECK(judge(7, NOW - 7 * DAY) == NULL);
	const struct finding *x = judge(7, NOW - 7 * DAY + 1);
	CHECK(x != NULL && x->rule == RULE_COOLDOWN);
	CHECK(x != NULL && str_find(x->detail, S("in 0 days and 0 hours")) != SIZE_MAX);
	x = judge(7, NOW - 2 * DAY);
	CHECK(x != NULL && str_find(x->detail, S("2026-11-21T00:00:00Z")) != SIZE_MAX);
	CHECK(x != NULL && str_find(x->detail, S("in 5 days and 0 hours")) != SIZE_MAX);
	CHECK(verdict_judge(&f, 0, NULL).verdict == VERDICT_HOLD);
}

CASE(what_is_not_known_is_said)
{
	const struct finding *x = judge(3, 0);

	CHECK(x != NULL && x->rule == RULE_AGE_UNKNOWN);
	CHECK(verdict_judge(&f, 0, NULL).verdict == VERDICT_PASS);
	x = judge(3, -5);
	CHECK(x != NULL && x->rule == RULE_AGE_UNKNOWN);
}

CASE(a_time_to_come_is_no_age)
{
	const struct finding *x = judge(1, NOW + 1);

	CHECK(x != NULL && x->rule == RULE_COOLDOWN);
	x = judge(UINT32_MAX, INT64_MAX);
	CHECK(x != NULL && x->rule == RULE_COOLDOWN);
	CHECK(judge(1, NOW) != NULL && judge(UINT32_MAX, 1) != NULL);
}

TESTS(CASE_ROW(without_a_cooldown_age_is_nothing), CASE_ROW(the_last_second_counts), CASE_ROW(what_is_not_known_is_said),
      CASE_ROW(a_time_to_come_is_no_age))
