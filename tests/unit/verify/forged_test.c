/*
 * tests/unit/verify/forged_test.c - bundles that are right but for one thing: each check can fail, and fails
 * for its own reason.
 * Proves T-22.
 */
#include "forge.h"

#include "verify/provenance.h"

static const char *const names[] = {
#define X(name) #name,
	DEFECTS(X)
#undef X
};

/* CHECK_COUNT: all holds. */
static const struct outcome {
	enum defect defect;
	enum check failed;
	enum err err;
} expected[] = {
	{ NONE, CHECK_COUNT, OK },
	{ AT_START, CHECK_COUNT, OK },
	{ AT_END, CHECK_COUNT, OK },
	{ TOKEN, CHECK_COUNT, OK },
	{ CHECKPOINT_WITNESS, CHECK_COUNT, OK },
	{ BEFORE_START, CHECK_CERTIFICATE, ERR_AUTH },
	{ AFTER_END, CHECK_CERTIFICATE, ERR_AUTH },
	{ LEAF_NO_CODESIGN, CHECK_CERTIFICATE, ERR_AUTH },
	{ LEAF_NO_SIGNING, CHECK_CERTIFICATE, ERR_AUTH },
	{ LEAF_IS_CA, CHECK_CERTIFICATE, ERR_AUTH },
	{ LEAF_CRITICAL, CHECK_CERTIFICATE, ERR_AUTH },
	{ LEAF_TWO_NAMES, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_NO_NAME, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_NO_ISSUER, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_TWO_ISSUERS, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_RAW_CLAIM, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_TWICE, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_LONG_FORM, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_LONGER_FORM, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_CONTROL, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_OTHER_CA, CHECK_CERTIFICATE, ERR_AUTH },
	{ LEAF_SELF_SIGNED, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_V1, CHECK_CERTIFICATE, ERR_SYNTAX },
	{ LEAF_BY_ROOT, CHECK_CERTIFICATE, ERR_AUTH },
	{ CA_EXPIRED, CHECK_CERTIFICATE, ERR_AUTH },
	{ CA_NOT_VALID, CHECK_CERTIFICATE, ERR_AUTH },
	{ CA_EMAIL, CHECK_CERTIFICATE, ERR_AUTH },
	{ ROOT_NAMES, CHECK_CERTIFICATE, ERR_AUTH },
	{ ROOT_NAMES_FIT, CHECK_COUNT, OK },
	{ SCT_NONE, CHECK_SCT, ERR_AUTH },
	{ SCT_KEY, CHECK_SCT, ERR_AUTH },
	{ SCT_TIME, CHECK_SCT, ERR_AUTH },
	{ SCT_OTHER_CERT, CHECK_SCT, ERR_AUTH },
	{ SCT_LOG, CHECK_SCT, ERR_AUTH },
	{ SCT_TRAILING, CHECK_SCT, ERR_SYNTAX },
	{ SCT_LATE, CHECK_SCT, ERR_AUTH },
	{ SCT_HASH, CHECK_SCT, ERR_AUTH },
	{ SCT_EMPTY, CHECK_SCT, ERR_SYNTAX },
	{ SCT_OUTER, CHECK_SCT, ERR_SYNTAX },
	{ SCT_KIND, CHECK_SCT, ERR_AUTH },
	{ ENTRY_KIND, CHECK_ENTRY, ERR_UNSUPPORTED },
	{ ENTRY_OTHER_KIND, CHECK_ENTRY, ERR_AUTH },
	{ ENTRY_SIGNATURE, CHECK_ENTRY, ERR_AUTH },
	{ ENTRY_SIGNER, CHECK_ENTRY, ERR_AUTH },
	{ ENTRY_PAYLOAD, CHECK_ENTRY, ERR_AUTH },
	{ ENTRY_JSON, CHECK_ENTRY, ERR_SYNTAX },
	{ ENTRY_TWO_SIGNATURES, CHECK_ENTRY, ERR_AUTH },
	{ PROOF_INDEX, CHECK_INCLUSION, ERR_SYNTAX },
	{ PROOF_ROOT, CHECK_INCLUSION, ERR_AUTH },
	{ PROOF_MORE, CHECK_INCLUSION, ERR_AUTH },
	{ PROOF_LESS, CHECK_INCLUSION, ERR_AUTH },
	{ PROOF_SHORT_HASH, CHECK_INCLUSION, ERR_AUTH },
	{ CHECKPOINT_KEY, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_NAME, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_HINT, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_ORIGIN, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_DASH, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_TREE, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_SIGN, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_NONE, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_SIZE, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_ROOT, CHECK_CHECKPOINT, ERR_AUTH },
	{ CHECKPOINT_LINE, CHECK_CHECKPOINT, ERR_SYNTAX },
	{ SET_KEY, CHECK_SET, ERR_AUTH },
	{ SET_TIME, CHECK_SET, ERR_AUTH },
	{ SET_INDEX, CHECK_SET, ERR_AUTH },
	{ LOG_LATE, CHECK_SET, ERR_AUTH },
	{ LOG_UNKNOWN, CHECK_SET, ERR_AUTH },
	{ TOKEN_IMPRINT, CHECK_TIME, ERR_AUTH },
	{ TOKEN_KEY, CHECK_TIME, ERR_AUTH },
	{ TOKEN_EXPIRED, CHECK_TIME, ERR_AUTH },
	{ TOKEN_NOT_VALID, CHECK_TIME, ERR_AUTH },
	{ TOKEN_NOT_CRITICAL, CHECK_TIME, ERR_AUTH },
	{ TOKEN_PURPOSE, CHECK_TIME, ERR_AUTH },
	{ TOKEN_TRAILING, CHECK_TIME, ERR_SYNTAX },
	{ TOKEN_SHA1, CHECK_TIME, ERR_AUTH },
	{ TOKEN_CA_PURPOSE, CHECK_TIME, ERR_AUTH },
	{ TOKEN_EMBEDDED, CHECK_COUNT, OK },
	{ TOKEN_EMBEDDED_LATE, CHECK_TIME, ERR_AUTH },
	{ TOKEN_EMBEDDED_CA, CHECK_TIME, ERR_AUTH },
	{ TOKEN_TIME, CHECK_CERTIFICATE, ERR_AUTH },
	{ NO_TIME, CHECK_TIME, ERR_AUTH },
	{ FUTURE, CHECK_TIME, ERR_AUTH },
	{ NO_ENTRY, CHECK_BUNDLE, ERR_SYNTAX },
	{ NO_PROMISE, CHECK_BUNDLE, ERR_SYNTAX },
	{ NO_PROOF, CHECK_BUNDLE, ERR_SYNTAX },
	{ NO_CHECKPOINT, CHECK_BUNDLE, ERR_SYNTAX },
	{ NO_SIGNATURE, CHECK_BUNDLE, ERR_SYNTAX },
	{ SIGNATURE, CHECK_SIGNATURE, ERR_AUTH },
	{ SUBJECT, CHECK_STATEMENT, ERR_AUTH },
	{ TWO_SUBJECTS, CHECK_STATEMENT, ERR_AUTH },
	{ STATEMENT_TYPE, CHECK_STATEMENT, ERR_SYNTAX },
	{ STATEMENT_JSON, CHECK_STATEMENT, ERR_SYNTAX },
	{ PAYLOAD_TYPE, CHECK_STATEMENT, ERR_UNSUPPORTED },
	{ PREDICATE, CHECK_STATEMENT, ERR_DENIED },
	{ MANAGED, CHECK_TIME, ERR_AUTH },
};

static struct forge forge;
static struct verify_report report;

static void begin(void)
{
	if (forge.keys[0] == NULL)
		forge_begin(&forge);
}

static void judge(const struct outcome *want)
{
	static const struct str other = SC("https://predicate.test/v2");
	struct diag d = { 0 };

	forge_make(&forge, want->defect);
	forge.policy.predicate_types = want->defect == PREDICATE ? &other : NULL;
	forge.policy.n_predicate_types = 1;
	enum err e = verify_bundle(&forge.b, &forge.root, &forge.art, &forge.policy,
				   want->defect == FUTURE ? T_SIGN - 100000 : T_SIGN + 1, &forge.a, &report, &d);
	bool right = e == want->err && report.ok == (e == OK) && (e == OK || report.failed == want->failed) &&
		     (e == OK) == (d.text[0] == '\0');
	if (!right)
		fprintf(stderr, "%s: %s, failed %.*s: %s\n", names[want->defect], err_text(e),
			FMT(check_name(report.failed)), d.text);
	CHECK(right);
	forge_done(&forge);
}

CASE(each_defect_fails_its_check)
{
	bool seen[DEFECT_COUNT] = { false };

	begin();
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		seen[expected[i].defect] = true;
		/* OpenSSL signs nothing of version 1 that has extensions since 3.4: it makes it 3. */
		if (expected[i].defect != LEAF_V1 || OPENSSL_VERSION_NUMBER < 0x30400000L)
			judge(&expected[i]);
	}
	/* Those of the trusted root alone are judged when it is read. */
	seen[ROOT_PATHLEN] = seen[ROOT_OTHER] = seen[ROOT_NAMES_SOFT] = true;
	for (int i = 0; i < DEFECT_COUNT; i++)
		CHECK(seen[i]);
}

CASE(chains_of_the_root)
{
	static const enum defect defects[] = { NONE, ROOT_PATHLEN, ROOT_OTHER, ROOT_NAMES_FIT,
					       ROOT_NAMES_SOFT };
	static const enum err errs[] = { OK, ERR_CONFIG, ERR_CONFIG, OK, ERR_SYNTAX };
	struct diag d;

	begin();
	for (size_t i = 0; i < 5; i++) {
		forge_make(&forge, defects[i]);
		CHECK(authority_links(&forge.root.cas[0], &d) == errs[i]);
		CHECK(authority_links(&forge.root.tsas[0], &d) == OK);
		forge_done(&forge);
	}
}

/* A managed key signs without certificate and, where the log says so, without a time. */
CASE(managed_keys)
{
	struct verify_policy by_key = { .key = NULL };
	struct verify_key key = { NULL, HASH_NONE }, wrong = { NULL, HASH_NONE };
	struct diag d;

	begin();
	forge_make(&forge, NONE);
	CHECK(verify_key_parse(&key, f_spki(&forge, F_LEAF), &d) == OK);
	CHECK(verify_key_parse(&wrong, f_spki(&forge, F_WRONG), &d) == OK);
	by_key.key = &key;
	CHECK(verify_bundle(&forge.b, &forge.root, &forge.art, &by_key, 0, &forge.a, &report, &d) == ERR_DENIED);
	forge.b.n_certs = 0;
	CHECK(verify_bundle(&forge.b, &forge.root, &forge.art, &forge.policy, 0, &forge.a, &report, &d) ==
	      ERR_DENIED);
	/* The entry names a certificate, so it is not about this signer. */
	CHECK(verify_bundle(&forge.b, &forge.root, &forge.art, &by_key, 0, &forge.a, &report, &d) == ERR_AUTH);
	CHECK(report.failed == CHECK_ENTRY);
	verify_key_done(&key);
	verify_key_done(&wrong);
	forge_done(&forge);
}

static enum err by_key(struct forge *f, struct verify_policy *policy, enum check *out_failed)
{
	struct diag d = { 0 };
	enum err e = verify_bundle(&f->b, &f->root, &f->art, policy, 0, &f->a, &report, &d);

	CHECK((e == OK) == (d.text[0] == '\0') && report.ok == (e == OK));
	*out_failed = e == OK ? CHECK_COUNT : report.failed;
	return e;
}

static void sign_artifact(struct forge *f, EVP_PKEY *key, const EVP_MD *md, struct str bytes)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *sig = arena_take(&f->a, 512, 1);
	size_t n = 512;

	CHECK(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1 &&
	      EVP_DigestSign(ctx, sig, &n, (const unsigned char *)bytes.p, bytes.n) == 1);
	EVP_MD_CTX_free(ctx);
	f->b = (struct bundle){ .version = BUNDLE_V03, .hash = HASH_NONE };
	f->b.signature = (struct str){ (const char *)sig, n };
	f->art = (struct artifact){ .bytes = bytes };
	for (unsigned h = 0; h < HASH_COUNT; h++)
		digest_of((enum hash)h, bytes, &f->art.digests[h]);
}

/* A key that vouches alone, as for our own releases. */
static void alone(EVP_PKEY *signer, const EVP_MD *md, enum err by_digest)
{
	struct verify_key key = { NULL, HASH_NONE };
	struct verify_policy policy = { .no_log = true };
	enum check failed;
	struct diag d;

	forge_make(&forge, NONE);
	(void)EVP_PKEY_up_ref(signer);
	CHECK(verify_key_take(&key, signer, &d) == OK);
	policy.key = &key;
	forge.b = (struct bundle){ .is_dsse = true }; /* what is signed of an envelope comes with it */
	CHECK(!verify_needs_bytes(&forge.b, &policy));
	sign_artifact(&forge, signer, md, S("a release"));
	CHECK(verify_needs_bytes(&forge.b, &policy) == (md == NULL));
	CHECK(by_key(&forge, &policy, &failed) == OK);
	policy.no_log = false;
	CHECK(by_key(&forge, &policy, &failed) == ERR_SYNTAX && failed == CHECK_BUNDLE);
	policy.no_log = true;
	forge.art.bytes = (struct str){ NULL, 0 };
	CHECK(by_key(&forge, &policy, &failed) == by_digest);
	sign_artifact(&forge, signer, md, S("a release"));
	forge.art.bytes = S("A release");
	digest_of(HASH_SHA256, forge.art.bytes, &forge.art.digests[HASH_SHA256]);
	CHECK(by_key(&forge, &policy, &failed) == ERR_AUTH && failed == CHECK_SIGNATURE);
	/* Without a key nothing can go without a log. */
	policy.key = NULL;
	CHECK(by_key(&forge, &policy, &failed) == ERR_SYNTAX && failed == CHECK_BUNDLE);
	verify_key_done(&key);
	forge_done(&forge);
	EVP_PKEY_free(signer);
}

CASE(keys_alone)
{
	begin();
	alone(EVP_EC_gen("P-256"), EVP_sha256(), OK);
	alone(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL, ERR_UNSUPPORTED);
}

static enum check made_wrong_from(enum defect defect, int64_t now_s, void (*wrong)(struct forge *f), enum err err,
				  const char *says)
{
	struct diag d = { 0 };

	forge_make(&forge, defect);
	wrong(&forge);
	enum err e = verify_bundle(&forge.b, &forge.root, &forge.art, &forge.policy, now_s, &forge.a, &report, &d);
	bool right = e == err && !report.ok && strstr(d.text, says) != NULL;
	if (!right)
		fprintf(stderr, "%s: %s, %s\n", says, err_text(e), d.text);
	CHECK(right);
	forge_done(&forge);
	return report.failed;
}

/* What stands in the bundle beside its signed parts, and what they are asked with. */
static enum check made_wrong(void (*wrong)(struct forge *f), enum err err, const char *says)
{
	return made_wrong_from(NONE, T_SIGN + 1, wrong, err, says);
}

static void promise_without_time(struct forge *f)
{
	f->b.entries[0].integrated_s = 0;
}

static void message_of(struct forge *f, struct str digest)
{
	f->b.is_dsse = false;
	f->b.hash = HASH_SHA256;
	f->b.digest = digest;
}

static void other_digest(struct forge *f)
{
	message_of(f, S("01234567890123456789012345678901"));
}

static void no_certificate(struct forge *f)
{
	f->b.certs[0] = S("\x30\x03\x02\x01\x05");
}

static void root_sent_along(struct forge *f)
{
	unsigned char *der = NULL;
	int n = i2d_X509(f->root.cas[0].certs[1], &der);

	f->b.certs[f->b.n_certs++] = f_str(&f->a, der, n);
	OPENSSL_free(der);
}

static void key_expected(struct forge *f)
{
	static struct verify_key key;

	key = (struct verify_key){ f->keys[F_LEAF], HASH_SHA256 };
	f->policy.key = &key;
}

static void other_signer(struct forge *f)
{
	f->policy.san = S(FORGE_SAN "x");
}

static void other_issuer(struct forge *f)
{
	f->policy.claims[CLAIM_ISSUER] = S("https://issuer.tesu");
}

static void other_claim(struct forge *f)
{
	f->policy.claims[CLAIM_REPOSITORY_ID] = S("124");
}

static void short_hint(struct forge *f)
{
	f->root.logs[0].hint.n = 3;
}

static void nobody_expected(struct forge *f)
{
	f->policy.san = S("");
	f->policy.claims[CLAIM_ISSUER] = (struct str){ NULL, 0 };
}

CASE(what_is_asked_with)
{
	begin();
	CHECK(made_wrong(nobody_expected, ERR_DENIED, "nothing says who") == CHECK_IDENTITY);
	CHECK(made_wrong(short_hint, ERR_AUTH, "is not signed by") == CHECK_CHECKPOINT);
	CHECK(made_wrong(promise_without_time, ERR_SYNTAX, "promises nothing") == CHECK_BUNDLE);
	CHECK(made_wrong(other_digest, ERR_AUTH, "'messageDigest' is not") == CHECK_BUNDLE);
	CHECK(made_wrong(key_expected, ERR_DENIED, "a key was expected") == CHECK_BUNDLE);
	CHECK(made_wrong(no_certificate, ERR_SYNTAX, "no X.509 certificate") == CHECK_CERTIFICATE);
	CHECK(made_wrong(root_sent_along, ERR_SYNTAX, "MUST NOT include") == CHECK_CERTIFICATE);
	CHECK(made_wrong(other_signer, ERR_DENIED, "") == CHECK_IDENTITY);
	CHECK(made_wrong(other_issuer, ERR_DENIED, "") == CHECK_IDENTITY);
	CHECK(made_wrong(other_claim, ERR_DENIED, "") == CHECK_IDENTITY);
}

static void nothing(struct forge *f)
{
	(void)f;
}

static void log_begins_later(struct forge *f)
{
	f->root.logs[0].valid.from_ms = (T_SIGN + 1) * INT64_C(1000);
}

static void log_has_ended(struct forge *f)
{
	key_expected(f);
	f->b.n_certs = f->b.n_tokens = 0;
	f->root.logs[0].valid.to_ms = T_SIGN * INT64_C(1000);
}

/* Each time that is told counts, and not that one of them is right. */
CASE(times_and_logs)
{
	begin();
	CHECK(made_wrong_from(NONE, T_SIGN - 100000, nothing, ERR_AUTH, "lies in the future") == CHECK_TIME);
	CHECK(made_wrong_from(TOKEN, T_SIGN - 100000, nothing, ERR_AUTH, "lies in the future") == CHECK_TIME);
	/* A log without a promise was in force when the time stamp was made, not only now. */
	CHECK(made_wrong_from(TOKEN, T_SIGN + 1, log_begins_later, ERR_AUTH, "outside of the log's") == CHECK_ENTRY);
	/* A key's bundle that nobody tells the time of: now counts. */
	CHECK(made_wrong_from(TOKEN, T_SIGN + 1, log_has_ended, ERR_AUTH, "outside of the log's") == CHECK_ENTRY);
}

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct provenance made;

/* What the registry signs with its key, which is in force until to_s. */
static enum err by_registry(int64_t to_s, int64_t now_s, int stamps)
{
	static const struct forge_wish wish = {
		.payload = SC("{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"pkg:npm/a@1.0.0\","
			      "\"digest\":{\"sha256\":\"" ABC "\",\"sha512\":\"" ABC ABC "\"}}],\"predicateType\":"
			      "\"https://github.com/npm/attestation/tree/main/specs/publish/v0.1\"}"),
		.san = "URI:" FORGE_SAN, .issuer = "https://issuer.test" };
	const struct expected want = { .package = S("pkg:npm/a@1.0.0") };
	static struct npm_keys keys;
	struct attestation at = { .predicate_type = S("") };
	struct document doc = { .kind = DOCUMENT_NPM, .items = &at, .n = 1 };

	forge_make_wish(&forge, MANAGED, &wish);
	forge.defect = TOKEN_TIME; /* the first of two is later */
	for (; stamps > 0; stamps--) {
		if (stamps == 1)
			forge.defect = TOKEN;
		f_token(&forge);
	}
	keys.n = 1;
	keys.items[0] = (struct npm_key){ S("K"), { forge.keys[F_LEAF], HASH_SHA256 }, { 0, to_s * 1000 }, true, true };
	forge.b.n_certs = 0;
	forge.b.key_hint = S("K");
	at.bundle = forge.b;
	enum err e = provenance_verify(&doc, 0, &forge.root, &keys, &forge.art, &want, now_s, &forge.a, &made);
	forge_done(&forge);
	return e;
}

/* Where nobody tells the time a key counts now, else at that time. */
CASE(registry_keys_end)
{
	begin();
	CHECK(by_registry(T_SIGN, T_SIGN, 0) == OK);
	if (made.err != OK)
		fprintf(stderr, "%s\n", made.diag.text);
	CHECK(by_registry(T_SIGN - 1, T_SIGN, 0) == ERR_AUTH && made.report.failed == CHECK_TIME);
	CHECK(by_registry(T_SIGN, T_SIGN + 1, 1) == OK);
	CHECK(by_registry(T_SIGN - 1, T_SIGN + 1, 1) == ERR_AUTH && made.report.failed == CHECK_TIME);
	CHECK(by_registry(T0 + 1000, T0 + 1000, 2) == OK && made.report.n_times == 2);
	CHECK(by_registry(T_SIGN, T0 + 1000, 2) == ERR_AUTH && made.report.failed == CHECK_TIME);
}

/* What a build says of itself, under the signature of whom the certificate says otherwise of. */
CASE(builds_are_compared)
{
	static const struct forge_wish wish = {
		.payload = SC("{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"a\",\"digest\":{"
			      "\"sha256\":\"" ABC "\"}}],\"predicateType\":\"https://slsa.dev/provenance/v1\",\"predicate\":{"
			      "\"buildDefinition\":{\"externalParameters\":{\"workflow\":{\"repository\":"
			      "\"https://github.com/o/r\"}}}}}"),
		.san = "URI:" FORGE_SAN, .issuer = "https://issuer.test" };
	const struct expected want = { .policy = { .any_identity = true } };
	static const char *const repositories[] = { "https://github.com/o/r", "https://github.com/o/s" };
	struct npm_keys none = { .n = 0 };

	begin();
	for (int i = 0; i < 2; i++) {
		struct forge_wish with = wish;
		struct attestation at = { .predicate_type = S("") };
		struct document doc = { .kind = DOCUMENT_BUNDLE, .items = &at, .n = 1 };
		with.claims[0].number = "12";
		with.claims[0].value = repositories[i];
		with.n_claims = 1;
		forge_make_wish(&forge, NONE, &with);
		at.bundle = forge.b;
		CHECK(provenance_verify(&doc, 0, &forge.root, &none, &forge.art, &want, T_SIGN, &forge.a, &made) ==
		      (i == 0 ? OK : ERR_AUTH));
		CHECK(i == 0 || made.report.failed == CHECK_BUILD);
		forge_done(&forge);
	}
}

/* A digest of another kind than the key signs does not tell. */
CASE(another_digest_is_known)
{
	struct verify_key key = { NULL, HASH_NONE };
	struct verify_policy policy = { .no_log = true, .key = &key };
	enum check failed;
	struct diag d;

	begin();
	forge_make(&forge, NONE);
	EVP_PKEY *signer = EVP_EC_gen("P-384");
	(void)EVP_PKEY_up_ref(signer);
	CHECK(verify_key_take(&key, signer, &d) == OK);
	sign_artifact(&forge, signer, EVP_sha384(), S("a release"));
	CHECK(by_key(&forge, &policy, &failed) == OK);
	forge.art.digests[HASH_SHA256].known = forge.art.digests[HASH_SHA384].known = false;
	CHECK(by_key(&forge, &policy, &failed) == ERR_UNSUPPORTED && failed == CHECK_SIGNATURE);
	verify_key_done(&key);
	EVP_PKEY_free(signer);
	forge_done(&forge);
}

TESTS(CASE_ROW(registry_keys_end), CASE_ROW(builds_are_compared), CASE_ROW(times_and_logs),
      CASE_ROW(what_is_asked_with), CASE_ROW(another_digest_is_known), CASE_ROW(keys_alone), CASE_ROW(each_defect_fails_its_check), CASE_ROW(chains_of_the_root), CASE_ROW(managed_keys))
