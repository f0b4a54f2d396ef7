/*
 * fuzz/detonated_fuzz.c - documents of a detonator that was taken over. Oracles: only rules of a
 * run come of it; nothing in it makes a verdict better than it was, or a pass of what is not
 * complete; the report with it is written and read again the same.
 * Proves T-32.
 */
#include "inspect/detonation.h"

#include "fuzz/fuzz.h"

static void check_again(const struct report *r, struct arena *a)
{
	struct report again;
	struct buf one, two;

	buf_init(&one, 16 << 20);
	buf_init(&two, 16 << 20);
	report_write(r, NULL, &one);
	CHECK(one.err == OK && report_read(&again, a, buf_str(&one), NULL) == OK);
	CHECK(again.detonation.outcome == r->detonation.outcome);
	CHECK(again.detonation.failed.n == r->detonation.failed.n);
	report_write(&again, NULL, &two);
	CHECK(str_eq(buf_str(&one), buf_str(&two)));
	buf_free(&one);
	buf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct report r;
	struct arena a;

	if (n > 1 << 14)
		return 0;
	arena_init(&a, 64 << 20);
	report_init(&r, &a);
	r.target = S("x.whl");
	if (n > 0 && p[n - 1] & 1)
		finding_add(&r.findings, RULE_ARCHIVE_BROKEN, S(""), S("x.pth"), 1, S("x"), " ");
	report_judge(&r, NULL);
	enum verdict before = r.judgement.verdict;
	enum err e = detonation_read(&r, &a, in, NULL);
	report_judge(&r, NULL);
	enum verdict after = r.judgement.verdict;
	CHECK(verdict_worse(before, after) == after);
	CHECK(r.detonation.outcome != DETONATED_NOT && r.detonation.outcome < DETONATED_COUNT);
	CHECK(e == OK || r.detonation.outcome == DETONATED_INCONCLUSIVE);
	CHECK(r.detonation.outcome != DETONATED_INCONCLUSIVE || after == VERDICT_BLOCK ||
	      after == VERDICT_INCONCLUSIVE);
	for (size_t i = before == VERDICT_PASS ? 0 : 1; i < r.findings.n; i++)
		CHECK(rule_of_run(r.findings.items[i].rule));
	check_again(&r, &a);
	arena_done(&a);
	return 0;
}
