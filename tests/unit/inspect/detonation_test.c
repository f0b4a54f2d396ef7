/* tests/unit/inspect/detonation_test.c - what a detonator wrote becomes findings of a run and
 * nothing else, and what is not complete is no pass. Proves T-32. */
#include "inspect/detonation.h"

#include "tests/unit/check.h"

#define COVERAGE                                                                                   \
	"\"coverage\":{\"modules\":3,\"imported\":2,\"entry_points\":1,"                           \
	"\"entry_points_ended_well\":1,\"classes\":4,\"constructed\":3,\"scripts\":0,"     \
	"\"failed\":[\"x.z failed ImportError\"],\"stubbed\":[\"yaml\"],\"notes\":[]}"
#define RUNS "\"runs\":[{\"variant\":\"plain\",\"over\":true,\"capped\":false,\"facts\":[]}]"
#define LEFT                                                                                       \
	"{\"rule\":\"honey-left\",\"severity\":\"info\",\"package\":\"pkg:pypi/other@1\","         \
	"\"path\":\"to 198.18.0.1:443\",\"line\":0,\"excerpt\":\"OPENAI\",\"detail\":\"openai\"}"
#define DOCUMENT(outcome, reason, findings)                                                        \
	"{\"detonation\":1,\"outcome\":\"" outcome "\",\"reason\":\"" reason                       \
	"\",\"package\":\"\",\"kind\":\"wheel\",\"findings\":[" findings                           \
	"],\"findings_dropped\":0," COVERAGE "," RUNS "}\n"

static struct arena arena; /* of the case that runs */

static enum err with(struct report *r, const char *text)
{
	struct diag d = { 0 };

	report_init(r, &arena);
	r->target = S("x.whl");
	r->package = S("pkg:pypi/x@1");
	r->has_sha256 = true;
	r->sha256[0] = 7;
	enum err e = detonation_read(r, &arena, str_z(text), &d);
	report_judge(r, NULL);
	return e;
}

CASE(complete)
{
	struct report r;

	arena_init(&arena, 64 << 20);
	CHECK(with(&r, DOCUMENT("complete", "", "")) == OK);
	CHECK(r.judgement.verdict == VERDICT_PASS);
	CHECK_STR(r.headline, S("0 packages, 0 files, nothing found, nor when it was run"));
	CHECK(r.detonation.variants == 1 && r.detonation.modules == 3 &&
	      r.detonation.imported == 2 && r.detonation.classes == 4);
	CHECK(r.detonation.failed.n == 1 && r.detonation.stubbed.n == 1);
	CHECK_STR(r.detonation.stubbed.items[0], S("yaml"));
	arena_done(&arena);
}

CASE(findings)
{
	struct report r;

	arena_init(&arena, 64 << 20);
	CHECK(with(&r, DOCUMENT("complete", "", LEFT)) == OK);
	CHECK(r.judgement.verdict == VERDICT_BLOCK); /* by the table, not by the text */
	CHECK(r.findings.n == 1 && r.findings.items[0].rule == RULE_HONEY_LEFT);
	CHECK_STR(r.findings.items[0].package, S("pkg:pypi/x@1"));
	CHECK(r.findings.items[0].has_sha256 && r.findings.items[0].sha256[0] == 7);
	CHECK(with(&r, DOCUMENT("inconclusive", "the sink has ended", LEFT)) == OK);
	CHECK(r.judgement.verdict == VERDICT_BLOCK);
	arena_done(&arena);
}

CASE(not_complete)
{
	struct report r;

	arena_init(&arena, 64 << 20);
	CHECK(with(&r, DOCUMENT("inconclusive", "the sink has ended", "")) == OK);
	CHECK(r.judgement.verdict == VERDICT_INCONCLUSIVE);
	CHECK_STR(r.headline, S("what it does when it runs is not known: the sink has ended"));
	CHECK(with(&r, DOCUMENT("unavailable", "no namespaces", "")) == OK);
	CHECK(r.judgement.verdict == VERDICT_PASS);
	CHECK_STR(r.headline, S("0 packages, 0 files, nothing found; it was not run"));
	arena_done(&arena);
}

CASE(refuses)
{
	static const char *const wrong[] = {
		"",
		"{}",
		"[]",
		"{\"detonation\":2}",
		"{\"detonation\":1}",
		DOCUMENT("clean", "", ""),
		DOCUMENT("not-run", "", ""),
		DOCUMENT("complete", "", "{\"rule\":\"known-malware\"}"),
		DOCUMENT("complete", "", "{\"rule\":\"no-such-rule\"}"),
		DOCUMENT("complete", "", LEFT "," LEFT) "{}",
	};
	struct report r;

	arena_init(&arena, 64 << 20);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		CHECK(with(&r, wrong[i]) != OK);
		CHECK(r.detonation.outcome == DETONATED_INCONCLUSIVE && r.detonation.reason.n > 0);
		CHECK(r.judgement.verdict == VERDICT_INCONCLUSIVE);
	}
	/* What was understood before the fault counts. */
	CHECK(with(&r, DOCUMENT("complete", "", LEFT ",{\"rule\":\"known-malware\"}")) != OK);
	CHECK(r.judgement.verdict == VERDICT_BLOCK);
	arena_done(&arena);
}

TESTS(CASE_ROW(complete), CASE_ROW(findings), CASE_ROW(not_complete), CASE_ROW(refuses))
