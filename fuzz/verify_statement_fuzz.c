/*
 * fuzz/verify_statement_fuzz.c - in-toto statements, for the digest of the golden file.
 * Oracle: a statement that is about the artifact has its digest in it; reading twice gives the same.
 */
#include "fuzz/verify.h"

static bool has_digest(struct str in)
{
	struct str want = str_tail(S(GOLDEN_DIGEST), 7);

	for (size_t i = 0; i + want.n <= in.n; i++)
		if (str_ieq(str_head(str_tail(in, i), want.n), want))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct golden *g = golden_read();
	const struct verify_policy policy = { .any_identity = true };
	struct str in = { (const char *)p, n };
	struct statement s, again;
	struct diag d = { 0 };
	struct arena a;

	arena_init(&a, 8 << 20);
	enum err e = statement_read(&s, in, &a, &d);
	CHECK(statement_read(&again, in, &a, &d) == e && (e == OK || d.text[0] != '\0'));
	if (e == OK) {
		CHECK(s.n_subjects >= 1 && s.n_subjects <= LIMIT_SUBJECTS && s.n_subjects == again.n_subjects);
		CHECK(str_eq(s.predicate_type, again.predicate_type) && s.predicate.n <= n);
		if (statement_check(&s, &g->art, &policy, &d) == OK && str_chr(in, '\\') == SIZE_MAX)
			CHECK(has_digest(in));
	}
	arena_done(&a);
	return 0;
}
