/*
 * tests/unit/verify/golden_test.c - PyPI's provenance of a real file: it verifies, says who built it, and does
 * not after a change of any byte.
 * Proves T-22.
 */
#include "kit.h"

#include <openssl/sha.h>

static struct arena arena, scratch;
static struct bundle golden;
static struct trusted_root root;
static struct artifact art;
static struct verify_policy policy;
static struct verify_report report;
static struct diag why;

static enum err judge(const struct bundle *b)
{
	arena_reset(&scratch);
	why = (struct diag){ 0 };
	return verify_bundle(b, &root, &art, &policy, 0, &scratch, &report, &why);
}

static void begin(void)
{
	if (golden.n_certs != 0)
		return;
	arena_init(&arena, 16 << 20);
	arena_init(&scratch, 16 << 20);
	kit_provenance(&golden, &arena);
	kit_policy(&policy);
	CHECK(trusted_root_shipped(&root, &arena, &why) == OK);
	CHECK(digest_parse(S(KIT_DIGEST), &art, &why) == OK);
}

static struct str claim(enum claim c)
{
	return report.identity.claims[c];
}

CASE(verifies_and_says_who)
{
	const unsigned all = (1u << (CHECK_STATEMENT + 1)) - 1;

	begin();
	enum err e = judge(&golden);
	CHECK(e == OK && report.ok);
	if (e != OK)
		fprintf(stderr, "%s\n", diag_text(&why));
	CHECK(report.done == all);
	CHECK_STR(report.identity.san, S(KIT_SAN));
	CHECK_STR(claim(CLAIM_ISSUER), S(KIT_ISSUER));
	CHECK_STR(claim(CLAIM_REPOSITORY), S("https://github.com/trailofbits/pypi-attestations"));
	CHECK_STR(claim(CLAIM_REPOSITORY_ID), S("772247423"));
	CHECK_STR(claim(CLAIM_OWNER_ID), S("2314423"));
	CHECK_STR(claim(CLAIM_REF), S("refs/tags/v0.0.19"));
	CHECK_STR(claim(CLAIM_TRIGGER), S("release"));
	CHECK_STR(claim(CLAIM_RUNNER), S("github-hosted"));
	CHECK(claim(CLAIM_COMMIT).n == 40 && claim(CLAIM_RUN).n > 40);
	/* The boundary is included: the log has it in the second in which the certificate begins. */
	CHECK(report.n_times == 1 && report.times[0].at_s == 1733354041 && report.times[0].by_log);
	CHECK(report.not_before_s == 1733354041 && report.not_after_s == 1733354041 + 600);
	CHECK(report.n_entries == 1 && report.entries[0].index == 153454663);
	CHECK(report.entries[0].proof_index == 31550401 && report.entries[0].tree_size == 31550402);
	CHECK(report.entries[0].included && report.entries[0].promised);
	CHECK_STR(report.ctlog, S("https://ctfe.sigstore.dev/2022"));
	CHECK(report.statement.n_subjects == 1 && report.statement.subjects[0].matches);
	CHECK_STR(report.statement.subjects[0].name, S("pypi_attestations-0.0.19.tar.gz"));
	CHECK_STR(report.statement.predicate_type, S("https://docs.pypi.org/attestations/publish/v1"));
}

/* Every byte in a release build; sanitizers look at the same code with fewer. */
#ifdef YETT_DEBUG
enum { STEP = 5 };
#else
enum { STEP = 1 };
#endif

/* Each byte of a part changed, one bit of it: none of them verifies. */
static unsigned flips(struct bundle *b, struct str *part, const char *name)
{
	struct str was = *part;
	char *copy = malloc(was.n);
	unsigned passed = 0;

	CHECK(copy != NULL && was.n != 0);
	if (copy == NULL)
		return 1;
	memcpy(copy, was.p, was.n);
	*part = (struct str){ copy, was.n };
	for (size_t i = 0; i < was.n; i += STEP) {
		copy[i] = (char)(copy[i] ^ (1 << i % 8));
		if (judge(b) == OK) {
			fprintf(stderr, "%s verifies with byte %zu changed\n", name, i);
			passed++;
		}
		copy[i] = was.p[i];
	}
	*part = (struct str){ copy, was.n - 1 };
	passed += judge(b) == OK;
	*part = was;
	free(copy);
	return passed;
}

CASE(no_byte_can_change)
{
	begin();
	struct bundle b = golden;
	struct log_entry *e = &b.entries[0];

	CHECK(flips(&b, &b.payload, "statement") == 0);
	CHECK(flips(&b, &b.payload_type, "payload type") == 0);
	CHECK(flips(&b, &b.signature, "signature") == 0);
	CHECK(flips(&b, &b.certs[0], "certificate") == 0);
	CHECK(flips(&b, &e->body, "entry") == 0);
	CHECK(flips(&b, &e->log_id, "log id") == 0);
	CHECK(flips(&b, &e->kind, "kind") == 0);
	CHECK(flips(&b, &e->version, "version") == 0);
	CHECK(flips(&b, &e->promise, "promise") == 0);
	CHECK(flips(&b, &e->proof.root, "root") == 0);
	CHECK(flips(&b, &e->proof.checkpoint, "checkpoint") == 0);
	for (unsigned i = 0; i < e->proof.n_hashes; i++)
		CHECK(flips(&b, &e->proof.hashes[i], "hash") == 0);
	CHECK(judge(&b) == OK);
}

CASE(no_number_can_change)
{
	begin();
	for (unsigned bit = 0; bit < 63; bit++) {
		struct bundle b = golden;
		b.entries[0].index ^= UINT64_C(1) << bit;
		CHECK(judge(&b) != OK && report.failed == CHECK_SET);
		b = golden;
		b.entries[0].integrated_s ^= INT64_C(1) << bit;
		CHECK(judge(&b) != OK && report.failed == CHECK_SET);
		b = golden;
		b.entries[0].proof.index ^= UINT64_C(1) << bit;
		CHECK(judge(&b) != OK && report.failed == CHECK_INCLUSION);
		b = golden;
		b.entries[0].proof.size ^= UINT64_C(1) << bit;
		CHECK(judge(&b) != OK);
	}
	for (unsigned i = 0; i < golden.entries[0].proof.n_hashes; i++) {
		struct bundle b = golden;
		b.entries[0].proof.n_hashes = i;
		CHECK(judge(&b) != OK && report.failed == CHECK_INCLUSION);
	}
	for (unsigned i = 0; i < SHA256_DIGEST_LENGTH; i++) {
		art.digests[HASH_SHA256].at[i] ^= 1;
		CHECK(judge(&golden) == ERR_AUTH && report.failed == CHECK_STATEMENT);
		art.digests[HASH_SHA256].at[i] ^= 1;
	}
}

/* No part of the trusted root is idle: without the one that is meant, nothing verifies. */
CASE(no_trust_no_verdict)
{
	static struct trusted_root less;

	begin();
	less = root;
	less.n_logs = 0;
	CHECK(verify_bundle(&golden, &less, &art, &policy, 0, &scratch, &report, &why) == ERR_AUTH);
	CHECK(report.failed == CHECK_SET);
	less = root;
	less.n_cas = 0;
	CHECK(verify_bundle(&golden, &less, &art, &policy, 0, &scratch, &report, &why) == ERR_AUTH);
	CHECK(report.failed == CHECK_CERTIFICATE);
	less = root;
	less.n_ctlogs = 0;
	CHECK(verify_bundle(&golden, &less, &art, &policy, 0, &scratch, &report, &why) == ERR_AUTH);
	CHECK(report.failed == CHECK_SCT);
	CHECK(judge(&golden) == OK);
}

CASE(expects_whom_it_is_told)
{
	begin();
	struct verify_policy was = policy;
	policy.san.n--;
	CHECK(judge(&golden) == ERR_DENIED && report.failed == CHECK_IDENTITY);
	policy = (struct verify_policy){ .any_identity = false };
	CHECK(judge(&golden) == ERR_DENIED && report.failed == CHECK_IDENTITY);
	policy.any_identity = true;
	CHECK(judge(&golden) == OK);
	for (unsigned c = 0; c < CLAIM_COUNT; c++) {
		policy.claims[c] = S("somebody else");
		CHECK(judge(&golden) == ERR_DENIED && report.failed == CHECK_IDENTITY);
		policy.claims[c] = (struct str){ NULL, 0 };
	}
	policy = was;
	static const struct str types[] = { SC("https://slsa.dev/provenance/v1") };
	policy.predicate_types = types;
	policy.n_predicate_types = 1;
	CHECK(judge(&golden) == ERR_DENIED && report.failed == CHECK_STATEMENT);
	policy = was;
}

TESTS(CASE_ROW(verifies_and_says_who), CASE_ROW(no_byte_can_change), CASE_ROW(no_number_can_change),
      CASE_ROW(no_trust_no_verdict), CASE_ROW(expects_whom_it_is_told))
