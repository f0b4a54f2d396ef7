/* tests/unit/inspect/report_test.c - a report says what was found, and is read back the same. */
#include "../failing.h"
#include "base/buf.c"

#include "inspect/report.h"
#include "inspect/sarif.h"

#include "codec/json.h"
#include "tests/unit/check.h"

static struct arena arena;

static struct str escaped(struct buf *b, struct str s)
{
	buf_reset(b);
	report_escape(b, s);
	return buf_str(b);
}

CASE(escapes)
{
	static const struct {
		struct str bytes, text;
	} rows[] = {
		{ SC("plain/path.py"), SC("plain/path.py") },
		{ SC("a\nb\x1b[31m\x7f"), SC("a\\x0ab\\x1b[31m\\x7f") },
		{ SC("back\\slash"), SC("back\\\\slash") },
		{ SC("\xff\xfe"), SC("\\xff\\xfe") },
		{ SC("gr\xc3\xbc\xc3\x9f"), SC("gr\xc3\xbc\xc3\x9f") },
		{ SC("\xe2\x80\xae"
		     "evil"),
		  SC("\\u{202e}evil") },
		{ SC("\xf3\xa0\x84\x80"), SC("\\u{e0100}") },
		{ SC("\xc2\x85"), SC("\\u{85}") },
		{ SC("\0"), SC("\\x00") },
	};
	struct buf text, back;

	buf_init(&text, 4096);
	buf_init(&back, 4096);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK_STR(escaped(&text, rows[i].bytes), rows[i].text);
		buf_reset(&back);
		CHECK(report_unescape(&back, buf_str(&text)) == OK);
		CHECK_STR(buf_str(&back), rows[i].bytes);
	}
	CHECK(report_unescape(&back, S("\\")) != OK);
	CHECK(report_unescape(&back, S("\\x0")) != OK);
	CHECK(report_unescape(&back, S("\\u{110000}")) != OK);
	CHECK(report_unescape(&back, S("\\u{d800}")) != OK);
	CHECK(report_unescape(&back, S("\\u{1")) != OK);
	buf_free(&text);
	buf_free(&back);
}

static void fill(struct report *r)
{
	static struct package_hash hashes[] = { { SC("sha256"), { 1 }, 32 },
						{ SC("sha512"), { 2 }, 64 },
						{ SC("sha256"), { 3 }, 32 } };
	struct package p = {
		.eco = ECO_PYPI,
		.name = S("litellm"),
		.version = S("1.82.8"),
		.where = S("x.dist-info"),
		.direct = true,
		/* Several of one algorithm: a requirement that allows several files. */
		.hashes = hashes,
		.n_hashes = 3
	};

	report_init(r, &arena);
	r->target = S("/tmp/a\nb");
	r->kind = TARGET_PYTHON;
	r->started = 1795392000;
	r->coverage.files = 7;
	CHECK(package_list_add(&r->packages, &p) == OK);
	for (int i = 0; i < 40; i++) {
		struct report_environment *e = report_environment(r);
		*e = (struct report_environment){ .path = S("venv"),
						  .kind = TARGET_PYTHON,
						  .version = S("3.11"),
						  .packages = (uint64_t)i,
						  .has_digest = true };
	}
	finding_add(&r->findings, RULE_FILE_UNOWNED, S(""), S("z\xff.py"), 0, S(""), " ");
	finding_add(&r->findings, RULE_STARTUP_EXEC, S("pkg:pypi/litellm@1.82.8"), S("l.pth"), 3,
		    S("import os\x1b"), "%s", "why");
	r->findings.items[1].has_sha256 = true;
	r->findings.items[1].sha256[0] = 0x71;
	static const struct str failed[] = { SC("litellm.proxy"), SC("litellm.\xff") };
	r->detonation = (struct report_detonation){ .outcome = DETONATED_COMPLETE, .failed = { failed, 2 } };
	report_judge(r, NULL);
}

CASE(there_and_back)
{
	struct report r, back;
	struct buf text, again;
	struct diag d = { 0 };

	arena_init(&arena, 64 << 20);
	buf_init(&text, REPORT_MAX);
	buf_init(&again, REPORT_MAX);
	fill(&r);
	CHECK(r.judgement.verdict == VERDICT_BLOCK);
	CHECK_STR(r.headline, S("pkg:pypi/litellm@1.82.8: startup hook that decodes, spawns or "
				"opens the network"));
	report_write(&r, NULL, &text);
	CHECK(report_read(&back, &arena, buf_str(&text), &d) == OK);
	CHECK_STR(back.target, r.target);
	CHECK(back.findings.n == 2 && back.findings.items[0].rule == RULE_STARTUP_EXEC);
	CHECK(back.findings.items[0].line == 3 && back.findings.items[0].sha256[0] == 0x71);
	CHECK_STR(back.findings.items[1].path, S("z\xff.py"));
	CHECK(back.detonation.failed.n == 2);
	CHECK_STR(back.detonation.failed.items[1], S("litellm.\xff"));
	CHECK(back.n_environments == 40 && back.environments[39].packages == 39);
	CHECK(back.packages.items[0].n_hashes == 3 &&
	      back.packages.items[0].hashes[1].bytes[0] == 3);
	report_write(&back, NULL, &again);
	CHECK_STR(buf_str(&again), buf_str(&text));
	buf_free(&text);
	buf_free(&again);
	arena_done(&arena);
}

/* A package without its purl would not be looked up: a report is whole or has an error. */
CASE(whole_or_none_when_memory_is_short)
{
	struct buf whole, text;
	struct report r;
	unsigned nth = 0;

	arena_init(&arena, 64 << 20);
	buf_init(&whole, REPORT_MAX);
	fill(&r);
	report_write(&r, NULL, &whole);
	do {
		buf_init(&text, REPORT_MAX);
		fail_at = ++nth;
		report_write(&r, NULL, &text);
		CHECK(text.err == ERR_NOMEM || str_eq(buf_str(&text), buf_str(&whole)));
		buf_free(&text);
	} while (fail_at == 0 && nth < 1000);
	CHECK(nth > 3 && nth < 1000);
	fail_at = 0;
	buf_free(&whole);
	arena_done(&arena);
}

CASE(refuses)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{}",
		"{\"yett_report\":2}",
		"{\"yett_report\":1}",
		"{\"yett_report\":1,\"verdict\":\"fine\"}",
	};
	struct report r;

	arena_init(&arena, 64 << 20);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK(report_read(&r, &arena, str_z(wrong[i]), NULL) != OK);
	arena_done(&arena);
}

CASE(gaps)
{
	struct report r;

	arena_init(&arena, 64 << 20);
	report_init(&r, &arena);
	r.target = S("x");
	report_judge(&r, NULL);
	CHECK(r.judgement.verdict == VERDICT_PASS);
	r.coverage.unread = 1;
	report_judge(&r, NULL);
	CHECK(r.judgement.verdict == VERDICT_INCONCLUSIVE);
	arena_done(&arena);
}

CASE(sarif)
{
	const struct json *root;
	struct report r;
	struct buf runs, log;

	arena_init(&arena, 64 << 20);
	buf_init(&runs, REPORT_MAX);
	buf_init(&log, REPORT_MAX);
	fill(&r);
	sarif_run(&r, &runs);
	sarif_log(buf_str(&runs), &log);
	CHECK(json_read(&arena, buf_str(&log), &root, NULL) == OK);
	const struct json *run = json_get(root, S("runs")) + 1;
	CHECK(json_count(json_get(run, S("results"))) == 2);
	CHECK(json_count(json_get(json_get(json_get(run, S("tool")), S("driver")), S("rules"))) ==
	      RULE_COUNT);
	buf_free(&runs);
	buf_free(&log);
	arena_done(&arena);
}

TESTS(CASE_ROW(escapes), CASE_ROW(there_and_back), CASE_ROW(whole_or_none_when_memory_is_short), CASE_ROW(refuses), CASE_ROW(gaps),
      CASE_ROW(sarif))
