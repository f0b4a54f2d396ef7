/* tests/unit/inspect/finding_test.c - findings are copied, bounded, and never lose a rule. */
#include "inspect/finding.h"

#include "tests/unit/check.h"

static struct arena arena;
static struct findings f;

static void fresh(void)
{
	arena_done(&arena);
	arena_init(&arena, 64 << 20);
	findings_init(&f, &arena);
}

CASE(copied)
{
	char path[] = "a/b.py";

	fresh();
	finding_add(&f, RULE_STARTUP_EXEC, S("pkg:pypi/x@1"), str_z(path), 3, S("import os"), "%s",
		    "why");
	path[0] = 'z';
	CHECK(f.n == 1 && f.items[0].line == 3 && f.items[0].rule == RULE_STARTUP_EXEC);
	CHECK_STR(f.items[0].path, S("a/b.py"));
	CHECK_STR(f.items[0].detail, S("why"));
}

CASE(bounded)
{
	char path[16];
	char long_text[2 * FINDING_EXCERPT];

	fresh();
	memset(long_text, 'x', sizeof long_text);
	finding_add(&f, RULE_STARTUP_EXEC, S(""), S("p"), 1,
		    (struct str){ long_text, sizeof long_text }, " ");
	CHECK(f.items[0].excerpt.n == FINDING_EXCERPT);
	for (uint32_t i = 0; i < 2 * FINDINGS_FILE; i++)
		finding_add(&f, RULE_INSTALL_SCRIPT, S(""), S("one"), i, S("e"), " ");
	CHECK(f.n == 1 + FINDINGS_FILE && f.dropped == FINDINGS_FILE);
	for (int i = 0; i < 2 * FINDINGS_MAX; i++) {
		snprintf(path, sizeof path, "f%d", i);
		finding_add(&f, RULE_INSTALL_SCRIPT, S(""), str_z(path), 1, S("e"), " ");
	}
	CHECK(f.n == FINDINGS_MAX);
	finding_add(&f, RULE_KNOWN_MALWARE, S(""), S("last"), 1, S("e"), " ");
	CHECK(f.n == FINDINGS_MAX + 1 && f.items[f.n - 1].rule == RULE_KNOWN_MALWARE);
}

CASE(once)
{
	fresh();
	for (int i = 0; i < 3; i++)
		finding_add(&f, RULE_STARTUP_EXEC, S(""), S("p"), 1, S("e"), " ");
	CHECK(f.n == 1);
}

CASE(rules_are_complete)
{
	for (enum rule r = 0; r < RULE_COUNT; r++) {
		const struct rule_row *row = rule_row(r);
		CHECK(row->id.n > 0 && row->title.n > 0 && row->why.n > 0 && row->next.n > 0);
		CHECK(rule_by_id(row->id) == r);
	}
	CHECK(rule_by_id(S("no-such-rule")) == RULE_COUNT);
}

TESTS(CASE_ROW(copied), CASE_ROW(bounded), CASE_ROW(once), CASE_ROW(rules_are_complete))
