/* tests/unit/verify/report_test.c - the report as JSON, of a verdict and of failures. */
#include "kit.h"

static struct arena arena;
static struct bundle b;
static struct trusted_root root;
static struct artifact art;
static struct verify_policy policy;
static struct verify_report report;
static struct diag d;
static struct buf text;

static const struct json *report_of(enum err want)
{
	const struct json *v = NULL;

	d = (struct diag){ 0 };
	CHECK(verify_bundle(&b, &root, &art, &policy, 0, &arena, &report, &d) == want);
	buf_reset(&text);
	verify_report_write(&text, &report, &root, &d);
	CHECK(text.err == OK && json_read(&arena, buf_str(&text), &v, NULL) == OK);
	return v;
}

static struct str member(const struct json *v, const char *of, const char *name)
{
	return json_str(&arena, json_get(of ? json_get(v, str_z(of)) : v, str_z(name)));
}

CASE(says_who_when_and_what)
{
	arena_init(&arena, 32 << 20);
	buf_init(&text, 1 << 20);
	kit_provenance(&b, &arena);
	kit_policy(&policy);
	CHECK(trusted_root_shipped(&root, &arena, &d) == OK && digest_parse(S(KIT_DIGEST), &art, &d) == OK);
	const struct json *v = report_of(OK);
	CHECK(json_bool(json_get(v, S("ok"))) && json_get(v, S("error")) == NULL);
	CHECK(json_count(json_get(v, S("checks"))) == CHECK_STATEMENT + 1);
	CHECK_STR(member(v, NULL, "trusted_root"), S("2026-08-21"));
	CHECK_STR(member(v, "signer", "san"), S(KIT_SAN));
	CHECK(json_bool(json_get(json_get(v, S("signer")), S("proved"))));
	CHECK_STR(member(v, "signer", "source_repository_identifier"), S("772247423"));
	CHECK_STR(member(v, "certificate", "not_before"), S("2024-12-04T23:14:01Z"));
	CHECK_STR(member(v, "certificate", "authority"), S("https://fulcio.sigstore.dev"));
	CHECK_STR(member(v, "statement", "predicate_type"), S("https://docs.pypi.org/attestations/publish/v1"));
	const struct json *entry = json_get(v, S("log_entries")) + 1;
	CHECK_STR(member(entry, NULL, "integrated"), S("2024-12-04T23:14:01Z"));
	CHECK(json_bool(json_get(entry, S("included"))) && json_bool(json_get(entry, S("promised"))));
}

CASE(says_what_failed)
{
	b.entries[0].proof.index ^= 1;
	const struct json *v = report_of(ERR_AUTH);
	CHECK(json_is(json_get(v, S("ok")), JSON_FALSE));
	CHECK_STR(member(v, NULL, "failed"), S("inclusion"));
	CHECK(member(v, NULL, "error").n > 20);
	/* Who signed is told as well: the certificate was proved. */
	CHECK_STR(member(v, "signer", "san"), S(KIT_SAN));
	CHECK(json_get(v, S("statement")) == NULL);
	buf_reset(&text);
	(void)diag_set(&d, ERR_LIMIT, "too \"large\"");
	verify_failure_write(&text, S("bundle"), &d);
	CHECK_STR(buf_str(&text), S("{\"ok\":false,\"failed\":\"bundle\",\"error\":\"too \\\"large\\\"\",\"exit\":65}"));
	trusted_root_done(&root);
}

TESTS(CASE_ROW(says_who_when_and_what), CASE_ROW(says_what_failed))
