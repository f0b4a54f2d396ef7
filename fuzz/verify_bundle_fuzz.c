/*
 * fuzz/verify_bundle_fuzz.c - whole bundles: parsed, and verified with the shipped root.
 * Oracle: what verifies has the certificate, signature, payload and log entry of the one bundle that was signed
 * (the fuzzer cannot sign); parsing twice gives the same; a report is JSON.
 * Proves T-22.
 */
#include "fuzz/verify.h"

#include "codec/json.h"

static void report_is_json(const struct verify_report *r, const struct golden *g, const struct diag *d,
			   struct arena *a)
{
	const struct json *v;
	struct buf b;

	buf_init(&b, 8 << 20);
	verify_report_write(&b, r, &g->root, d);
	CHECK(b.err == OK && json_read(a, buf_str(&b), &v, NULL) == OK);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct verify_report report;
	static struct bundle b, again;
	const struct golden *g = golden_read();
	const struct verify_policy policy = { .any_identity = true };
	struct str in = { (const char *)p, n };
	struct diag d = { 0 };
	struct arena a;

	arena_init(&a, 16 << 20);
	enum err e = bundle_parse(&b, in, &a, &d);
	CHECK(bundle_parse(&again, in, &a, &d) == e);
	if (e == OK) {
		CHECK(b.n_certs == again.n_certs && b.n_entries == again.n_entries);
		CHECK(str_eq(b.signature, again.signature) && str_eq(b.payload, again.payload));
		e = verify_bundle(&b, &g->root, &g->art, &policy, 0, &a, &report, &d);
		CHECK(report.ok == (e == OK));
		report_is_json(&report, g, &d, &a);
	}
	if (e == OK && b.version != 0) {
		CHECK(str_eq(b.certs[0], g->b.certs[0]) && str_eq(b.signature, g->b.signature));
		CHECK(str_eq(b.payload, g->b.payload) && str_eq(b.entries[0].body, g->b.entries[0].body));
	}
	arena_done(&a);
	return 0;
}
