/*
 * tests/unit/verify/document_test.c - the documents of PyPI and npm: real ones verify and say who built what; each
 * part that an index binds can fail.
 * Proves T-37.
 */
#include "edited.h"
#include "kit.h"

#include "codec/base64.h"

#define NPM "tests/golden/verify/sigstore-0.4.0.npm-attestations.json"
#define NPM_SHA512                                                                                              \
	"sha512:282c0c5fa936d264321643581b65d3de5c0af6ed4fdfac12f5851115df39cc25cfaf0ad22d908487bfef30114d61c25746206d" \
	"1834be4f8fd1659178f77cc004"
#define FILE_NAME "pypi_attestations-0.0.19.tar.gz"

static struct arena arena, scratch;
static struct trusted_root root;
static struct npm_keys keys;
static struct artifact pypi_art, npm_art;
static struct document pypi, npm;
static struct provenance p;
static struct diag d;

static void begin(void)
{
	struct str date;

	if (pypi.n != 0)
		return;
	arena_init(&arena, 64 << 20);
	arena_init(&scratch, 64 << 20);
	CHECK(trusted_root_shipped(&root, &arena, &d) == OK);
	CHECK(npm_keys_parse(&keys, npm_keys_text(&date), &arena, &d) == OK && keys.n == 4);
	CHECK_STR(date, S("2026-08-21"));
	CHECK(digest_parse(S(KIT_DIGEST), &pypi_art, &d) == OK && digest_parse(S(NPM_SHA512), &npm_art, &d) == OK);
	CHECK(document_read(&pypi, kit_file(&arena, KIT_PROVENANCE), &arena, &d) == OK);
	CHECK(document_read(&npm, kit_file(&arena, NPM), &arena, &d) == OK);
	CHECK(pypi.kind == DOCUMENT_PEP740 && pypi.n == 1 && npm.kind == DOCUMENT_NPM && npm.n == 2);
}

static enum err judge(const struct document *doc, unsigned i, const char *file, const char *package)
{
	const struct expected want = { str_z(file), str_z(package), { .any_identity = true } };

	arena_reset(&scratch);
	return provenance_verify(doc, i, &root, &keys, doc->kind == DOCUMENT_NPM ? &npm_art : &pypi_art, &want, 0,
				 &scratch, &p);
}

static bool fails(const struct document *doc, unsigned i, const char *file, const char *package, enum err e,
		  enum check c)
{
	bool right = judge(doc, i, file, package) == e && !p.report.ok && p.report.failed == c && p.diag.text[0] != 0;

	if (!right)
		fprintf(stderr, "got %s at %.*s: %s\n", err_text(p.err), FMT(check_name(p.report.failed)), p.diag.text);
	return right;
}

CASE(pypi_verifies)
{
	begin();
	CHECK(judge(&pypi, 0, FILE_NAME, "") == OK && p.report.ok);
	CHECK(p.report.done & 1u << CHECK_SUBJECT && p.report.done & 1u << CHECK_PUBLISHER);
	CHECK(judge(&pypi, 0, "Pypi.Attestations-0.0.19.tar.gz", "") == OK);
	CHECK_STR(pypi.items[0].publisher.repository, S("trailofbits/pypi-attestations"));
	CHECK(fails(&pypi, 0, "pypi_attestations-0.0.18.tar.gz", "", ERR_AUTH, CHECK_SUBJECT));
	CHECK(fails(&pypi, 0, "other-0.0.19.tar.gz", "", ERR_AUTH, CHECK_SUBJECT));
	CHECK(fails(&pypi, 0, "pypi_attestations-0.0.19-py3-none-any.whl", "", ERR_AUTH, CHECK_SUBJECT));
	pypi_art.digests[HASH_SHA256].at[3] ^= 1;
	CHECK(fails(&pypi, 0, FILE_NAME, "", ERR_AUTH, CHECK_STATEMENT));
	pypi_art.digests[HASH_SHA256].at[3] ^= 1;
}

CASE(publisher_is_compared)
{
	static struct attestation items[1];
	struct document doc;

	begin();
	doc = pypi;
	doc.items = items;
	items[0] = pypi.items[0];
	struct publisher *who = &items[0].publisher, was = *who;
	CHECK(judge(&doc, 0, FILE_NAME, "") == OK);
	who->repository = S("TrailOfBits/PyPI-attestations");
	CHECK(judge(&doc, 0, FILE_NAME, "") == OK);
	who->repository = S("trailofbits/pypi-attestation");
	CHECK(fails(&doc, 0, FILE_NAME, "", ERR_AUTH, CHECK_PUBLISHER));
	who->repository = S("evil/pypi-attestations");
	CHECK(fails(&doc, 0, FILE_NAME, "", ERR_AUTH, CHECK_PUBLISHER));
	*who = was;
	who->workflow = S("other.yml");
	CHECK(fails(&doc, 0, FILE_NAME, "", ERR_AUTH, CHECK_PUBLISHER));
	who->workflow = S("");
	CHECK(fails(&doc, 0, FILE_NAME, "", ERR_SYNTAX, CHECK_PUBLISHER));
	*who = was;
	who->kind = S("GitLab");
	CHECK(fails(&doc, 0, FILE_NAME, "", ERR_AUTH, CHECK_PUBLISHER));
	who->kind = S("Google");
	CHECK(fails(&doc, 0, FILE_NAME, "", ERR_AUTH, CHECK_PUBLISHER));
	who->kind = S("GitHubb");
	CHECK(fails(&doc, 0, FILE_NAME, "", ERR_UNSUPPORTED, CHECK_PUBLISHER));
}

CASE(publishers_of_other_forges)
{
	struct identity who = { .san_type = SAN_EMAIL, .san = S("a@b.test") };
	struct publisher lab = { S("GitLab"), S("g/sub/p"), S("ci/pub.yml"), S(""), S("") };
	struct publisher mail = { S("Google"), S(""), S(""), S(""), S("a@b.test") };

	who.claims[CLAIM_ISSUER] = S("https://gitlab.com");
	who.claims[CLAIM_REPOSITORY] = S("https://gitlab.com/g/sub/p");
	who.claims[CLAIM_WORKFLOW] = S("https://gitlab.com/g/sub/p//ci/pub.yml@refs/tags/v1");
	who.claims[CLAIM_REF] = S("refs/tags/v1");
	CHECK(publisher_check(&lab, &who, &d) == OK);
	who.claims[CLAIM_REF] = S("refs/tags/v2");
	CHECK(publisher_check(&lab, &who, &d) == ERR_AUTH);
	CHECK(publisher_check(&mail, &who, &d) == ERR_AUTH);
	who.claims[CLAIM_ISSUER] = S("https://accounts.google.com");
	CHECK(publisher_check(&mail, &who, &d) == OK);
	mail.email = S("a@b.tes");
	CHECK(publisher_check(&mail, &who, &d) == ERR_AUTH);
}

CASE(publishers_are_whole)
{
	struct identity who = { .san_type = SAN_URI, .san = S("a@b.test") };
	struct publisher hub = { S("GitHub"), S("o/r"), S("w.yml"), S(""), S("") };
	struct publisher mail = { S("Google"), S(""), S(""), S(""), S("a@b.test") };

	who.claims[CLAIM_ISSUER] = S("https://token.actions.githubusercontent.com");
	who.claims[CLAIM_REPOSITORY] = S("https://github.com/o/r");
	who.claims[CLAIM_WORKFLOW] = S("https://github.com/o/r/.github/workflows/w.yml@refs/heads/m");
	who.claims[CLAIM_REF] = S("refs/heads/m");
	CHECK(publisher_check(&hub, &who, &d) == OK);
	who.claims[CLAIM_REPOSITORY] = S("https://github.tes/o/r");
	CHECK(publisher_check(&hub, &who, &d) == ERR_AUTH);
	who.claims[CLAIM_REPOSITORY] = S("https://github.com/o/r/more");
	CHECK(publisher_check(&hub, &who, &d) == ERR_AUTH);
	who.claims[CLAIM_REPOSITORY] = S("https://github.com/o/r");
	who.claims[CLAIM_WORKFLOW] = S("https://github.com/o/R/.github/workflows/w.yml@refs/heads/M");
	CHECK(publisher_check(&hub, &who, &d) == ERR_AUTH); /* a ref is not folded */
	who.claims[CLAIM_WORKFLOW] = S("https://github.com/o/s/.github/workflows/w.yml@refs/heads/m");
	CHECK(publisher_check(&hub, &who, &d) == ERR_AUTH);
	/* A commit in place of a ref will do; nothing at all will not. */
	who.claims[CLAIM_WORKFLOW] = S("https://github.com/o/r/.github/workflows/w.yml@c0ffee");
	who.claims[CLAIM_COMMIT] = S("c0ffee");
	CHECK(publisher_check(&hub, &who, &d) == OK);
	who.claims[CLAIM_WORKFLOW] = S("https://github.com/o/r/.github/workflows/w.yml@");
	who.claims[CLAIM_REF] = who.claims[CLAIM_COMMIT] = S("");
	CHECK(publisher_check(&hub, &who, &d) == ERR_AUTH);
	hub.repository = S("");
	CHECK(publisher_check(&hub, &who, &d) == ERR_SYNTAX);
	who.claims[CLAIM_ISSUER] = S("https://accounts.google.com");
	CHECK(publisher_check(&mail, &who, &d) == ERR_AUTH); /* a URI is no address */
	who.san_type = SAN_EMAIL;
	CHECK(publisher_check(&mail, &who, &d) == OK);
	mail.email = who.san = S("");
	CHECK(publisher_check(&mail, &who, &d) == ERR_AUTH);
}

CASE(npm_verifies)
{
	begin();
	CHECK(judge(&npm, 0, "", "pkg:npm/sigstore@0.4.0") == OK && p.report.ok && p.build.has);
	if (p.err != OK)
		fprintf(stderr, "%.*s: %s\n", FMT(check_name(p.report.failed)), p.diag.text);
	CHECK_STR(p.build.repository, S("https://github.com/sigstore/sigstore-js"));
	CHECK_STR(p.build.commit, S("8a2ee2fd20dda58ffa4a8d808a65cb1e04711c03"));
	CHECK_STR(p.build.ref, S("refs/tags/v0.4.0"));
	CHECK_STR(p.build.trigger, S("release"));
	CHECK_STR(p.build.repository_id, S("495574555"));
	CHECK_STR(p.build.builder, S("https://github.com/npm/cli@9.2.0"));
	CHECK(judge(&npm, 1, "", "pkg:npm/sigstore@0.4.0") == OK && !p.report.has_certificate);
	if (p.err != OK)
		fprintf(stderr, "%.*s: %s\n", FMT(check_name(p.report.failed)), p.diag.text);
	CHECK_STR(p.key_id, S("SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA"));
	for (unsigned i = 0; i < 2; i++) {
		CHECK(fails(&npm, i, "", "pkg:npm/sigstore@0.4.1", ERR_AUTH, CHECK_SUBJECT));
		CHECK(fails(&npm, i, "", "pkg:npm/%40a/sigstore@0.4.0", ERR_AUTH, CHECK_SUBJECT));
	}
	npm_art.digests[HASH_SHA512].at[63] ^= 1;
	CHECK(fails(&npm, 0, "", "", ERR_AUTH, CHECK_STATEMENT) && fails(&npm, 1, "", "", ERR_AUTH, CHECK_STATEMENT));
	npm_art.digests[HASH_SHA512].at[63] ^= 1;
}

CASE(npm_keys_count)
{
	static struct attestation items[2];
	struct document doc;

	begin();
	doc = npm;
	doc.items = items;
	memcpy(items, npm.items, sizeof items);
	items[1].bundle.key_hint = S("SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U");
	CHECK(judge(&doc, 1, "", "") == ERR_AUTH && p.report.failed != CHECK_SUBJECT);
	items[1].bundle.key_hint = S("SHA256:none");
	CHECK(fails(&doc, 1, "", "", ERR_AUTH, CHECK_IDENTITY));
	/* A key that ended before, and one for other uses. */
	for (unsigned i = 0; i < keys.n; i++) {
		struct npm_key was = keys.items[i];
		keys.items[i].valid.to_ms = INT64_C(1600000000000);
		bool its = str_has_prefix(was.id, S("SHA256:jl3")) && was.attestations;
		CHECK(its ? fails(&npm, 1, "", "", ERR_AUTH, CHECK_TIME) : judge(&npm, 1, "", "") == OK);
		keys.items[i] = was;
		keys.items[i].attestations = false;
		CHECK(its ? fails(&npm, 1, "", "", ERR_AUTH, CHECK_IDENTITY) : judge(&npm, 1, "", "") == OK);
		keys.items[i] = was;
	}
	items[0].predicate_type = S("https://slsa.dev/provenance/v1");
	CHECK(fails(&doc, 0, "", "", ERR_AUTH, CHECK_SUBJECT));
	/* The registry's key vouches for the registry's statement alone. */
	items[0] = npm.items[0];
	items[0].bundle.n_certs = 0;
	items[0].bundle.key_hint = items[1].bundle.key_hint = npm.items[1].bundle.key_hint;
	CHECK(judge(&doc, 0, "", "") != OK);
}

CASE(builds_agree)
{
	struct build b = { .has = true, .repository = S("https://github.com/o/r"), .ref = S("refs/tags/v1") };
	struct identity who = { .san_type = SAN_URI };

	CHECK(build_check(&b, &who, &d) == OK);
	who.claims[CLAIM_OLD_REPOSITORY] = S("o/r");
	CHECK(build_check(&b, &who, &d) == OK);
	who.claims[CLAIM_OLD_REPOSITORY] = S("p/r");
	CHECK(build_check(&b, &who, &d) == ERR_AUTH);
	who.claims[CLAIM_REPOSITORY] = S("https://github.com/O/R");
	CHECK(build_check(&b, &who, &d) == OK);
	who.claims[CLAIM_OLD_REF] = S("refs/heads/main");
	CHECK(build_check(&b, &who, &d) == ERR_AUTH);
	who.claims[CLAIM_REF] = S("refs/tags/v1");
	CHECK(build_check(&b, &who, &d) == OK);
	b.repository_id = S("1");
	who.claims[CLAIM_REPOSITORY_ID] = S("2");
	CHECK(build_check(&b, &who, &d) == ERR_AUTH);
}

CASE(slsa_v1_is_read)
{
	const struct statement s = {
		.predicate_type = S("https://slsa.dev/provenance/v1"),
		.predicate = S("{\"buildDefinition\":{\"buildType\":\"t\",\"externalParameters\":{\"workflow\":{\"ref\":"
			       "\"refs/heads/main\",\"repository\":\"https://github.com/o/r\",\"path\":\".github/w.yml\"}},"
			       "\"internalParameters\":{\"github\":{\"event_name\":\"push\",\"repository_id\":\"7\","
			       "\"repository_owner_id\":\"8\",\"runner_environment\":\"self-hosted\"}},"
			       "\"resolvedDependencies\":[{\"uri\":\"git+https://github.com/o/r@refs/heads/main\","
			       "\"digest\":{\"gitCommit\":\"abc\"}}]},\"runDetails\":{\"builder\":{\"id\":\"B\"},"
			       "\"metadata\":{\"invocationId\":\"I\",\"startedOn\":\"S\"}}}") };
	struct build b;

	begin();
	CHECK(build_read(&b, &s, &scratch, &d) == OK && b.has);
	CHECK_STR(b.repository, S("https://github.com/o/r"));
	CHECK_STR(b.ref, S("refs/heads/main"));
	CHECK_STR(b.commit, S("abc"));
	CHECK_STR(b.workflow, S(".github/w.yml"));
	CHECK_STR(b.trigger, S("push"));
	CHECK_STR(b.repository_id, S("7"));
	CHECK_STR(b.owner_id, S("8"));
	CHECK_STR(b.runner, S("self-hosted"));
	CHECK_STR(b.builder, S("B"));
	CHECK_STR(b.invocation, S("I"));
}

CASE(builds_say_something)
{
	struct statement s = { .predicate_type = S("https://slsa.dev/provenance/v1") };
	struct build b;

	begin();
	d = (struct diag){ 0 };
	CHECK(build_read(&b, &s, &scratch, &d) == ERR_SYNTAX && strstr(d.text, "no predicate") != NULL);
	s.predicate = S("[]");
	CHECK(build_read(&b, &s, &scratch, &d) == ERR_SYNTAX);
	s.predicate_type = S("https://slsa.dev/provenance/v2");
	CHECK(build_read(&b, &s, &scratch, &d) == OK && !b.has);
}

CASE(files_are_named_many_ways)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "a-1.0.tar.gz", "A-1.0.tar.gz", true },
		{ "a_b.c-1.0.tar.gz", "A-B-C-1.0.tar.gz", true },
		{ "a-1.0.tar.gz", "a-1.0.0.tar.gz", true },
		{ "a-1.0.tar.gz", "a-1.1.tar.gz", false },
		{ "a-1.0.tar.gz", "a-1.0.zip", false },
		{ "a-1.0-py2.py3-none-any.whl", "a-1-py3.py2-none-any.whl", true },
		{ "a-1.0-py3-none-any.whl", "a-1.0-py2.py3-none-any.whl", false },
		{ "a-1.0-1-py3-none-any.whl", "a-1.0-py3-none-any.whl", false },
		{ "a-1.0-cp311-cp311-linux_x86_64.whl", "a-1.0-cp312-cp312-linux_x86_64.whl", false },
		{ "a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl", false },
		{ "a-1.0-py3-none-any.whl", "a-1.1-py3-none-any.whl", false },
		{ "a-1.0-cp311-cp311-linux_x86_64.whl", "a-1.0-cp311-abi3-linux_x86_64.whl", false },
		{ "a-1.0-cp311-cp311-linux_x86_64.whl", "a-1.0-cp311-cp311-linux_aarch64.whl", false },
		{ "a-1.0-py3-none-any.whl", "a-1.0.tar.gz", false },
		{ "../a-1.0.tar.gz", "a-1.0.tar.gz", false },
		{ "a-1.0.txt", "a-1.0.txt", false },
		{ "", "", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK(subject_same_file(str_z(rows[i].a), str_z(rows[i].b)) == rows[i].same);
		CHECK(subject_same_file(str_z(rows[i].b), str_z(rows[i].a)) == rows[i].same);
	}
}

/* One file has one name and one digest; that a file is meant that has both is for the statement to say. */
CASE(subjects_are_one)
{
	static struct subject two[2];
	struct statement s = { .subjects = two, .n_subjects = 1 };
	struct expected want = { .file = S("a-1.0.tar.gz"), .package = S("pkg:npm/a@1.0.0") };
	char name[2 * LIMIT_NAME + 16];
	struct buf b;

	two[0].name = S("a-1.0.tar.gz");
	CHECK(subject_check(DOCUMENT_PEP740, &s, &want, &d) == ERR_AUTH);
	two[0].digests.digests[HASH_SHA256].known = true;
	CHECK(subject_check(DOCUMENT_PEP740, &s, &want, &d) == OK);
	CHECK(subject_check(DOCUMENT_PEP740_ONE, &s, &want, &d) == OK);
	s.n_subjects = 2;
	CHECK(subject_check(DOCUMENT_PEP740, &s, &want, &d) == ERR_AUTH);
	two[0].name = S("pkg:npm/a@1.0.0");
	two[0].digests.digests[HASH_SHA512].known = true;
	CHECK(subject_check(DOCUMENT_NPM, &s, &want, &d) == ERR_AUTH);
	s.n_subjects = 1;
	CHECK(subject_check(DOCUMENT_NPM, &s, &want, &d) == OK);
	two[0].digests.digests[HASH_SHA512].known = false;
	CHECK(subject_check(DOCUMENT_NPM, &s, &want, &d) == ERR_AUTH);
	CHECK(subject_check(DOCUMENT_BUNDLE, &s, &want, &d) == OK);
	/* Long names are of no file, however alike. */
	buf_fixed(&b, name, sizeof name);
	for (unsigned i = 0; i < LIMIT_NAME; i++)
		buf_addc(&b, 'a');
	buf_add(&b, S("-1.0.tar.gz"));
	CHECK(!subject_same_file(buf_str(&b), buf_str(&b)));
	buf_reset(&b);
	buf_addc(&b, 'a');
	for (unsigned i = 0; i < LIMIT_NAME; i++)
		buf_addc(&b, '_');
	buf_add(&b, S("b-1.0.tar.gz"));
	CHECK(subject_same_file(S("a__b-1.0.tar.gz"), S("a_b-1.0.tar.gz")));
	CHECK(!subject_same_file(buf_str(&b), S("a_b-1.0.tar.gz")) && !subject_same_file(S("a_b-1.0.tar.gz"), buf_str(&b)));
}

/* A real signature of the registry: @isaacs/namespace-test@1.0.0. */
#define SRI "sha512-5ZYe1LgwHIaag0p9loMwsf5N/wJ4XAuHVNhSO+qulQOXWnyJVuco6IZjo+5u4ZLF/GimdHJcX+QK892ONfOCqQ=="
#define VERSION(name, version, integrity)                                                                      \
	S("{\"name\":\"" name "\",\"version\":\"" version "\",\"dist\":{\"integrity\":\"" integrity "\",\"signatures\":" \
	  "[{\"keyid\":\"SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA\",\"sig\":\"MEQCIHXwKYe70+xcDOvFhM1etZQFUK" \
	  "Ewz9VarppUbp5/Ie1+AiAM7aZcT1a2JR0oF/XwjNb13YEHwiagnDapLgYbklRvtA==\"}]}}")

static enum err signature_of(struct str text)
{
	const struct npm_key *k;
	struct document doc;

	arena_reset(&scratch);
	CHECK(document_read(&doc, text, &scratch, &d) == OK && doc.kind == DOCUMENT_NPM_VERSION);
	CHECK(doc.npm.n_signatures == 1);
	return npm_signature_check(&doc.npm, 0, &keys, &k, &d);
}

CASE(registry_signs_versions)
{
	begin();
	CHECK(signature_of(VERSION("@isaacs/namespace-test", "1.0.0", SRI)) == OK);
	CHECK(signature_of(VERSION("@isaacs/namespace-test", "1.0.1", SRI)) == ERR_AUTH);
	CHECK(signature_of(VERSION("@isaacs/namespace-tesu", "1.0.0", SRI)) == ERR_AUTH);
	CHECK(signature_of(VERSION("@isaacs/namespace-test", "1.0.0", "sha512-AAAA")) == ERR_AUTH);
}

CASE(versions_bind_artifacts)
{
	struct npm_version v = { .name = S("sigstore"), .version = S("0.4.0") };
	struct expected want = { .package = S("pkg:npm/sigstore@0.4.0") };

	begin();
	v.integrity = S("sha512-KCwMX6k20mQyFkNYG2XT3lwK9u1P36wS9YURFd85zCXPrwrSLZCEh7/vMBFNYcJXRiBtGDS+T4/RZZF493zABA==");
	CHECK(npm_version_check(&v, &npm_art, &want, &d) == OK);
	/* Other algorithms stand beside; a second sha512 that is wrong does not. */
	struct str whole = v.integrity;
	v.integrity = S("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha512-KCwMX6k20mQyFkNYG2XT3lwK9u1P36wS9YURFd85zCXPrwrSLZCEh7/vMBFNYc"
			"JXRiBtGDS+T4/RZZF493zABA==");
	CHECK(npm_version_check(&v, &npm_art, &want, &d) == OK);
	v.integrity = S("sha512-KCwMX6k20mQyFkNYG2XT3lwK9u1P36wS9YURFd85zCXPrwrSLZCEh7/vMBFNYcJXRiBtGDS+T4/RZZF493zABA== sha512-KCwM");
	CHECK(npm_version_check(&v, &npm_art, &want, &d) == ERR_AUTH);
	v.integrity = whole;
	want.package = S("pkg:npm/sigstore@0.4.1");
	CHECK(npm_version_check(&v, &npm_art, &want, &d) == ERR_AUTH);
	want.package = S("");
	v.integrity = S("sha1-abc");
	CHECK(npm_version_check(&v, &npm_art, &want, &d) == ERR_AUTH);
	v.integrity = S("sha512-KCwM");
	CHECK(npm_version_check(&v, &npm_art, &want, &d) == ERR_AUTH);
	v.integrity = S("sha512-!CwMX6k20mQyFkNYG2XT3lwK9u1P36wS9YURFd85zCXPrwrSLZCEh7/vMBFNYcJXRiBtGDS+T4/RZZF493zABA==");
	CHECK(npm_version_check(&v, &npm_art, &want, &d) == ERR_AUTH);
	v.integrity = S("sha512-KCwMX6k20mQyFkNYG2XT3lwK9u1P36wS9YURFd85zCXPrwrSLZCEh7/vMBFNYcJXRiBtGDS+T4/RZZF493zABA==");
	CHECK(npm_version_check(&v, &pypi_art, &want, &d) == ERR_AUTH); /* of which no sha512 is known */
	v.integrity = S("sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==");
	CHECK(npm_version_check(&v, &pypi_art, &want, &d) == ERR_AUTH);
	v.version = S("latest");
	CHECK(npm_version_check(&v, &npm_art, &want, &d) == ERR_SYNTAX);
	v.version = S("0.4.0");
	v.name = S("a\nb");
	CHECK(npm_version_check(&v, &npm_art, &want, &d) == ERR_SYNTAX);
}

CASE(strange_documents_are_refused)
{
	static const char *const texts[] = {
		"", "[]", "{}", "{\"version\":1}", "{\"attestation_bundles\":[]}",
		"{\"version\":2,\"attestation_bundles\":[]}", "{\"version\":1,\"attestation_bundles\":[]}",
		"{\"version\":1,\"attestation_bundles\":[1]}", "{\"version\":1,\"attestation_bundles\":[{}]}",
		"{\"version\":1,\"attestation_bundles\":[{\"publisher\":{\"kind\":\"GitHub\"},\"attestations\":[]}]}",
		"{\"version\":1,\"attestation_bundles\":[{\"publisher\":{\"kind\":\"GitHub\"},\"attestations\":[{}]}]}",
		"{\"version\":1,\"attestation_bundles\":[],\"also\":1}", "{\"verification_material\":{}}",
		"{\"attestations\":[]}", "{\"attestations\":[{\"predicateType\":\"a\",\"bundle\":{}}]}",
		"{\"attestations\":[{\"predicateType\":\"a\"}]}", "{\"dist\":{}}", "{\"dist\":[]}", "{\"mediaType\":1}",
	};
	struct document doc;

	begin();
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct str in = check_guard(str_z(texts[i]));
		d = (struct diag){ 0 };
		CHECK(document_read(&doc, in, &scratch, &d) != OK && d.text[0] != 0);
		check_unguard(in);
	}
	/* Cut anywhere, it is none. */
	struct str whole = kit_file(&arena, KIT_PROVENANCE);
	while (whole.n && whole.p[whole.n - 1] != '}')
		whole.n--;
	for (size_t n = 0; n < whole.n; n += 97) {
		arena_reset(&scratch);
		CHECK(document_read(&doc, str_head(whole, n), &scratch, &d) != OK);
	}
}

static struct str whole_provenance(void)
{
	struct str text = kit_file(&arena, KIT_PROVENANCE);

	while (text.n && text.p[text.n - 1] != '}')
		text.n--;
	return text;
}

/* What is not known is refused in each object, but in the one about a publisher. */
CASE(nothing_is_passed_over)
{
	struct document doc;
	struct str text;
	struct buf more;
	unsigned objects = 0, taken = 0;

	begin();
	text = whole_provenance();
	buf_init(&more, 1 << 20);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '{')
			continue;
		struct str in = edited_at(&more, text, i + 1, 0, S("\"also\":1,"));
		arena_reset(&scratch);
		d = (struct diag){ 0 };
		enum err e = document_read(&doc, in, &scratch, &d);
		CHECK(e == OK || (e == ERR_SYNTAX && strstr(d.text, "'also' is not known") != NULL));
		objects++;
		taken += e == OK;
	}
	CHECK(objects == 12 && taken == 1);
	buf_free(&more);
}

static enum err attestations(struct buf *out, struct str one, unsigned n, const char *version)
{
	struct document doc;

	buf_reset(out);
	buf_addf(out, "{\"version\":%s,\"attestation_bundles\":[{\"publisher\":{\"kind\":\"GitHub\"},\"attestations\":[",
		 version);
	for (unsigned i = 0; i < n; i++) {
		buf_add(out, i ? S(",") : S(""));
		buf_add(out, one);
	}
	buf_add(out, S("]}]}"));
	arena_reset(&scratch);
	d = (struct diag){ 0 };
	return document_read(&doc, buf_str(out), &scratch, &d);
}

CASE(attestations_are_counted)
{
	struct str text, one;
	struct buf out;
	size_t depth = 0, n = 0;

	begin();
	text = whole_provenance();
	one = str_tail(text, str_find(text, S("\"attestations\"")));
	one = str_tail(one, str_find(one, S("{")));
	do {
		depth += one.p[n] == '{';
		depth -= one.p[n] == '}';
	} while (one.p[n++] != '}' || depth != 0);
	one.n = n;
	buf_init(&out, 1 << 20);
	CHECK(attestations(&out, one, LIMIT_ATTESTATIONS, "1") == OK);
	CHECK(attestations(&out, one, LIMIT_ATTESTATIONS + 1, "1") == ERR_LIMIT);
	CHECK(attestations(&out, one, 1, "2") == ERR_SYNTAX && strstr(d.text, "is not 1") != NULL);
	CHECK(attestations(&out, one, 1, "\"1\"") == ERR_SYNTAX && strstr(d.text, "is not 1") != NULL);
	CHECK(attestations(&out, S("7"), 1, "1") == ERR_SYNTAX && strstr(d.text, "no list of objects") != NULL);
	*(char *)(uintptr_t)(one.p + str_find(one, S("\"version\":1")) + strlen("\"version\":")) = '2';
	CHECK(attestations(&out, one, 1, "1") == ERR_SYNTAX && strstr(d.text, "is not 1") != NULL);
	buf_free(&out);
}

/* The text with the first from replaced by to; says: a part of the sentence. */
static bool refused(const char *from, const char *to, const char *says)
{
	struct str text = whole_provenance();
	size_t at = str_find(text, str_z(from));
	struct document doc;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add(&b, str_head(text, at));
	buf_add(&b, str_z(to));
	buf_add(&b, str_tail(text, at + strlen(from)));
	arena_reset(&scratch);
	d = (struct diag){ 0 };
	bool right = at != SIZE_MAX && document_read(&doc, buf_str(&b), &scratch, &d) == ERR_SYNTAX &&
		     strstr(d.text, says) != NULL;
	if (!right)
		fprintf(stderr, "%s: %s\n", says, d.text);
	buf_free(&b);
	return right;
}

CASE(documents_have_their_form)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "{\"version\":1,\"attestation_bundles\":[7]}", "is no list of objects" },
		{ "{\"attestations\":[7]}", "is no list of objects" },
		{ "{\"name\":\"a\",\"version\":\"1.0.0\",\"dist\":{\"integrity\":\"i\",\"signatures\":[7]}}", "16 signatures" },
		{ "{\"name\":\"a\",\"version\":\"1.0.0\",\"dist\":{\"integrity\":\"i\",\"signatures\":["
#define SIG "{\"keyid\":\"k\",\"sig\":\"AAAA\"},"
#define SIG8 SIG SIG SIG SIG SIG SIG SIG SIG
		  SIG8 SIG8 "{\"keyid\":\"k\",\"sig\":\"AAAA\"}]}}", "16 signatures" },
	};
	struct document doc;

	begin();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		arena_reset(&scratch);
		CHECK(document_read(&doc, str_z(rows[i].text), &scratch, &d) == ERR_SYNTAX);
		CHECK(strstr(d.text, rows[i].says) != NULL);
	}
	CHECK(refused("\"transparency_entries\":[", "\"transparency_entries\":[{},", "is not one entry"));
	struct str text = whole_provenance();
	CHECK(document_read(&doc, (struct str){ text.p, LIMIT_BUNDLE + 1 }, &scratch, &d) == ERR_LIMIT);
}

/* As a registry gives them, with the first shipped key. */
static enum err keys_of(struct buf *out, const char *more, unsigned n)
{
	struct npm_keys k;
	struct buf key;

	arena_reset(&scratch);
	buf_fixed(&key, arena_take(&scratch, 512, 1), 512);
	base64_encode(&key, verify_key_spki(&keys.items[0].key, &scratch), BASE64_STD);
	buf_reset(out);
	buf_add(out, S("{\"keys\":["));
	for (unsigned i = 0; i < n; i++)
		buf_addf(out, "%s{\"keyid\":\"K\",\"key\":\"%.*s\"%s}", i ? "," : "", FMT(buf_str(&key)), more);
	buf_add(out, S("]}"));
	d = (struct diag){ 0 };
	enum err e = npm_keys_parse(&k, buf_str(out), &scratch, &d);
	CHECK((e == OK) == (d.text[0] == '\0'));
	npm_keys_done(&k);
	return e;
}

CASE(keys_are_read)
{
	struct npm_version v = { .name = S("a"), .version = S("1.0.0"), .n_signatures = 1 };
	const struct npm_key *found;
	struct npm_keys k;
	struct buf out;

	begin();
	buf_init(&out, 1 << 20);
	CHECK(keys_of(&out, "", LIMIT_TRUSTED) == OK);
	CHECK(keys_of(&out, "", LIMIT_TRUSTED + 1) == ERR_SYNTAX && strstr(d.text, "32") != NULL);
	CHECK(keys_of(&out, "", 0) == ERR_SYNTAX && strstr(d.text, "is empty") != NULL);
	CHECK(keys_of(&out, ",\"expires\":null", 1) == OK);
	CHECK(keys_of(&out, ",\"expires\":\"2025-01-29T00:00:00.000Z\"", 1) == OK);
	CHECK(keys_of(&out, ",\"expires\":\"2025-01-29\"", 1) == ERR_SYNTAX);
	CHECK(keys_of(&out, ",\"expires\":\"soon, Z\"", 1) == ERR_SYNTAX);
	CHECK(npm_keys_parse(&k, S("{\"keys\":[7]}"), &scratch, &d) == ERR_SYNTAX && strstr(d.text, "32") != NULL);
	CHECK(npm_keys_parse(&k, S("{\"keys\":[{\"keyid\":\"K\",\"key\":\"AAAA\"}]}"), &scratch, &d) == ERR_SYNTAX);
	CHECK(npm_keys_parse(&k, (struct str){ out.p, LIMIT_TRUSTED_ROOT + 1 }, &scratch, &d) == ERR_LIMIT);
	v.signatures[0].key_id = S("SHA256:none");
	CHECK(npm_signature_check(&v, 0, &keys, &found, &d) == ERR_AUTH && found == NULL);
	CHECK(strstr(d.text, "not known") != NULL);
	/* A key is for what it was made for. */
	for (unsigned i = 0; i < keys.n; i++) {
		const struct npm_key *at = npm_key_find(&keys, keys.items[i].id, false);
		CHECK(at != NULL && at->signatures);
		at = npm_key_find(&keys, keys.items[i].id, true);
		CHECK(at != NULL && at->attestations);
	}
	buf_free(&out);
}

CASE(report_is_json)
{
	const struct expected want = { S(FILE_NAME), S(""), { .any_identity = true } };
	const struct json *v;
	struct buf b;

	begin();
	arena_reset(&scratch);
	buf_init(&b, 1 << 20);
	document_judge(&pypi, &root, &keys, &pypi_art, &want, 0, &scratch, &b);
	CHECK(json_read(&scratch, buf_str(&b), &v, NULL) == OK && json_bool(json_get(v, S("ok"))));
	CHECK_STR(json_str(&scratch, json_get(v, S("kind"))), S("pep740-provenance"));
	CHECK(json_count(json_get(v, S("attestations"))) == 1);
	CHECK(str_find(buf_str(&b), S("sha256")) != SIZE_MAX && str_find(buf_str(&b), S("sha384")) == SIZE_MAX);
	buf_reset(&b);
	document_judge(&npm, &root, &keys, &pypi_art, &want, 0, &scratch, &b);
	CHECK(json_read(&scratch, buf_str(&b), &v, NULL) == OK && !json_bool(json_get(v, S("ok"))));
	CHECK_STR(json_str(&scratch, json_get(v, S("failed"))), S("statement"));
	buf_free(&b);
}

TESTS(CASE_ROW(pypi_verifies), CASE_ROW(publisher_is_compared), CASE_ROW(publishers_of_other_forges), CASE_ROW(publishers_are_whole),
      CASE_ROW(npm_verifies), CASE_ROW(npm_keys_count), CASE_ROW(builds_agree), CASE_ROW(slsa_v1_is_read),
      CASE_ROW(builds_say_something), CASE_ROW(files_are_named_many_ways), CASE_ROW(subjects_are_one),
      CASE_ROW(registry_signs_versions), CASE_ROW(versions_bind_artifacts), CASE_ROW(strange_documents_are_refused),
      CASE_ROW(nothing_is_passed_over), CASE_ROW(documents_have_their_form),
      CASE_ROW(attestations_are_counted), CASE_ROW(keys_are_read), CASE_ROW(report_is_json))
