/* tests/unit/verify/statement_test.c - in-toto statements, and which artifact they are about. */
#include "kit.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define NOT "0a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define WITH(subjects) S("{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":" subjects            \
			 ",\"predicateType\":\"p\",\"predicate\":{\"x\":[1]}}")
#define ONE(digest) "{\"name\":\"n\",\"digest\":{" digest "}}"

static struct arena arena;
static struct statement s;
static struct artifact art;
static struct verify_policy policy;
static struct diag d;

static enum err judge(struct str text)
{
	if (arena.budget == 0)
		arena_init(&arena, 16 << 20);
	arena_reset(&arena);
	d = (struct diag){ 0 };
	TRY(statement_read(&s, text, &arena, &d));
	return statement_check(&s, &art, &policy, &d);
}

CASE(about_the_artifact)
{
	digest_of(HASH_SHA256, S("abc"), &art.digests[HASH_SHA256]);
	CHECK(judge(WITH("[" ONE("\"sha256\":\"" ABC "\"") "]")) == OK);
	CHECK_STR(s.predicate, S("{\"x\":[1]}"));
	CHECK_STR(s.predicate_type, S("p"));
	CHECK(s.n_subjects == 1 && s.subjects[0].matches);
	CHECK(judge(WITH("[" ONE("\"sha256\":\"" NOT "\"") "]")) == ERR_AUTH);
	CHECK(judge(WITH("[" ONE("\"sha256\":\"" NOT "\"") "," ONE("\"sha256\":\"" ABC "\"") "]")) == OK);
	CHECK(!s.subjects[0].matches && s.subjects[1].matches);
	/* What else is known of the artifact does not count where the statement does not say it. */
	digest_of(HASH_SHA512, S("abc"), &art.digests[HASH_SHA512]);
	CHECK(judge(WITH("[" ONE("\"sha256\":\"" ABC "\"") "]")) == OK);
	art.digests[HASH_SHA512].known = false;
	/* Other algorithms may stand beside, but alone they prove nothing. */
	CHECK(judge(WITH("[" ONE("\"gitCommit\":\"00\",\"sha256\":\"" ABC "\"") "]")) == OK);
	CHECK(judge(WITH("[" ONE("\"gitCommit\":\"00\"") "]")) == ERR_AUTH);
	CHECK(judge(WITH("[" ONE("") "]")) == ERR_AUTH);
}

/* npm names SHA-512; a subject that is right by one digest and wrong by another is neither. */
CASE(several_digests)
{
	struct digest h;
	char text[512];
	struct buf b;

	digest_of(HASH_SHA512, S("abc"), &h);
	for (int wrong = 0; wrong < 2; wrong++) {
		buf_fixed(&b, text, sizeof text);
		buf_add(&b, S("{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"subject\":[{\"digest\":{\"sha512\":\""));
		buf_addhex(&b, digest_str(&h, HASH_SHA512));
		buf_addf(&b, "\",\"sha256\":\"%s\"}}],\"predicateType\":\"p\"}", wrong ? NOT : ABC);
		art.digests[HASH_SHA512] = h;
		CHECK(judge(buf_str(&b)) == (wrong ? ERR_AUTH : OK));
		art.digests[HASH_SHA256].known = false;
		CHECK(judge(buf_str(&b)) == OK && s.predicate.n == 0);
		art.digests[HASH_SHA256].known = true;
		art.digests[HASH_SHA512].known = false;
		CHECK(judge(buf_str(&b)) == (wrong ? ERR_AUTH : OK));
	}
}

CASE(refuses)
{
	CHECK(judge(WITH("[]")) == ERR_SYNTAX);
	CHECK(judge(WITH("{}")) == ERR_SYNTAX);
	CHECK(judge(WITH("[1]")) == ERR_SYNTAX && strstr(d.text, "no list of objects") != NULL);
	CHECK(judge(WITH("[{\"name\":\"n\"}]")) == ERR_SYNTAX);
	CHECK(judge(WITH("[" ONE("\"sha256\":\"ba78\"") "]")) == ERR_SYNTAX);
	CHECK(judge(WITH("[" ONE("\"sha256\":\"zz\"") "]")) == ERR_SYNTAX);
	CHECK(judge(WITH("[" ONE("\"sha256\":7") "]")) == ERR_SYNTAX);
	CHECK(judge(WITH("[" ONE("\"sha256\":\"" ABC "\",\"sha256\":\"" ABC "\"") "]")) == ERR_SYNTAX);
	CHECK(judge(S("[]")) == ERR_SYNTAX && judge(S("")) == ERR_SYNTAX);
	struct str whole = WITH("[" ONE("\"sha256\":\"" ABC "\"") "]");
	for (size_t n = 0; n < whole.n; n++) {
		struct str in = check_guard(str_head(whole, n));
		CHECK(judge(in) == ERR_SYNTAX);
		check_unguard(in);
	}
}

CASE(subjects_are_counted)
{
	struct buf b;

	for (unsigned n = LIMIT_SUBJECTS; n <= LIMIT_SUBJECTS + 1; n++) {
		buf_init(&b, 4 << 20);
		buf_add(&b, S("{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"p\",\"subject\":["));
		for (unsigned i = 1; i < n; i++)
			buf_add(&b, S("{\"digest\":{}},"));
		buf_add(&b, S(ONE("\"sha256\":\"" ABC "\"") "]}"));
		CHECK(judge(buf_str(&b)) == (n > LIMIT_SUBJECTS ? ERR_SYNTAX : OK));
		CHECK(n <= LIMIT_SUBJECTS || strstr(d.text, "1 to 16384") != NULL);
		buf_free(&b);
	}
}

CASE(policy_counts)
{
	static const struct str types[] = { SC("q"), SC("p") };
	struct str one = WITH("[" ONE("\"sha256\":\"" ABC "\"") "]");

	policy = (struct verify_policy){ .predicate_types = types, .n_predicate_types = 2, .one_subject = true };
	CHECK(judge(one) == OK);
	policy.n_predicate_types = 1;
	CHECK(judge(one) == ERR_DENIED);
	policy.predicate_types = NULL;
	CHECK(judge(WITH("[" ONE("\"sha256\":\"" ABC "\"") "," ONE("\"sha256\":\"" ABC "\"") "]")) == ERR_AUTH);
	policy = (struct verify_policy){ .key = NULL };
}

TESTS(CASE_ROW(about_the_artifact), CASE_ROW(several_digests), CASE_ROW(refuses),
      CASE_ROW(subjects_are_counted), CASE_ROW(policy_counts))
