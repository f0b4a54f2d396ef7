/* tests/unit/verify/bundle_test.c - what is a bundle, and what is not. */
#include "edited.h"
#include "kit.h"

#define BUNDLE "tests/golden/verify/pypi_attestations-0.0.19.tar.gz.sigstore.json"

static struct arena arena;
static struct bundle b;
static struct diag d;

static enum err parse(struct str text)
{
	arena_reset(&arena);
	d = (struct diag){ 0 };
	return bundle_parse(&b, text, &arena, &d);
}

/* The text with the first from replaced by to. */
static struct str edit(struct buf *out, struct str text, const char *from, const char *to)
{
	return edited(out, text, str_z(from), str_z(to));
}

#define ENTRY "\"logIndex\":\"1\",\"logId\":{\"keyId\":\"AAAA\"},\"kindVersion\":{\"kind\":\"dsse\",\"version\":\"0.0.1\"}," \
	"\"integratedTime\":\"7\",\"canonicalizedBody\":\"e30=\""
#define PROOF "\"inclusionProof\":{\"logIndex\":\"2\",\"rootHash\":\"AAAA\",\"treeSize\":\"3\",\"hashes\":[\"AAAA\",\"BBBB\"]," \
	"\"checkpoint\":{\"envelope\":\"x\\n\"}}"

static const struct str small = SC(
	"{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"verificationMaterial\":{"
	"\"certificate\":{\"rawBytes\":\"AAAA\"},\"tlogEntries\":[{" ENTRY "," PROOF "}],"
	"\"timestampVerificationData\":{\"rfc3161Timestamps\":[{\"signedTimestamp\":\"AAAA\"}]}},"
	"\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_256\","
	"\"digest\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"},\"signature\":\"QUJD\"}}");

CASE(reads_all_parts)
{
	arena_init(&arena, 16 << 20);
	CHECK(parse(small) == OK);
	CHECK(b.version == BUNDLE_V03 && b.n_certs == 1 && b.n_entries == 1 && b.n_tokens == 1);
	CHECK(b.entries[0].index == 1 && b.entries[0].integrated_s == 7 && b.entries[0].has_proof);
	CHECK(b.entries[0].proof.index == 2 && b.entries[0].proof.size == 3 && b.entries[0].proof.n_hashes == 2);
	CHECK_STR(b.entries[0].proof.checkpoint, S("x\n"));
	CHECK_STR(b.entries[0].body, S("{}"));
	CHECK_STR(b.signature, S("ABC"));
	CHECK(!b.is_dsse && b.hash == HASH_SHA256 && b.digest.n == 32);
	CHECK(bundle_hashes(&b) == 1u << HASH_SHA256);
}

CASE(nothing_less_is_a_bundle)
{
	struct str text = kit_file(&arena, BUNDLE);
	struct str copy = { malloc(text.n), text.n };

	memcpy((char *)(uintptr_t)copy.p, text.p, text.n);
	CHECK(parse(copy) == OK && b.is_dsse && b.entries[0].proof.n_hashes == 13);
	for (size_t n = 0; n < small.n; n++) {
		struct str in = check_guard(str_head(small, n));
		CHECK(parse(in) == ERR_SYNTAX && d.text[0] != '\0');
		check_unguard(in);
	}
	for (size_t n = 0; n < copy.n; n += 97)
		CHECK(parse(str_head(copy, n)) == ERR_SYNTAX);
	free((char *)(uintptr_t)copy.p);
}

CASE(refuses)
{
	static const struct {
		const char *from, *to, *says;
	} edits[] = {
		{ "v0.3+json", "v0.4+json", "mediaType" },
		{ ".bundle.v0.3+json", ".bundle+json;version=0.2", "before version 0.3" },
		{ "{\"signedTimestamp\":\"AAAA\"}", "7", "rfc3161Timestamps" },
		{ "\"mediaType\"", "\"media_type\"", "media_type" },
		{ "\"certificate\":{\"rawBytes\":\"AAAA\"}", "\"publicKey\":{\"hint\":\"x\",\"more\":1}", "more" },
		{ "\"certificate\":{\"rawBytes\":\"AAAA\"}", "\"x509CertificateChain\":{\"certificates\":[]}", "x509" },
		{ "\"certificate\":{\"rawBytes\":\"AAAA\"},", "", "one of" },
		{ "\"certificate\":{\"rawBytes\":\"AAAA\"}",
		  "\"certificate\":{\"rawBytes\":\"AAAA\"},\"publicKey\":{\"hint\":\"\"}", "one of" },
		{ "{\"rawBytes\":\"AAAA\"}", "{\"rawBytes\":\"AAA\"}", "base64" },
		{ "{\"rawBytes\":\"AAAA\"}", "{\"rawBytes\":\"\"}", "empty" },
		{ "{\"rawBytes\":\"AAAA\"}", "{\"rawBytes\":7}", "no string" },
		{ "\"tlogEntries\":[", "\"tlogEntries\":[7,", "no object" },
		{ "\"logIndex\":\"1\"", "\"logIndex\":\"-1\"", "logIndex" },
		{ "\"logIndex\":\"1\"", "\"logIndex\":\"01\"", "logIndex" },
		{ "\"logIndex\":\"1\"", "\"logIndex\":\"9223372036854775808\"", "logIndex" },
		{ "\"logIndex\":\"1\"", "\"logIndex\":1.5", "logIndex" },
		{ "\"logIndex\":\"1\"", "\"logIndex\":-1", "logIndex" },
		{ "\"logIndex\":\"1\"", "\"logIndex\":\"1\",\"logIndex\":\"1\"", "differently" },
		{ "\"logId\":{\"keyId\":\"AAAA\"},", "", "logId" },
		{ "\"kind\":\"dsse\",", "", "kind" },
		{ "\"kind\":\"dsse\"", "\"kind\":null", "kind" },
		{ "\"canonicalizedBody\":\"e30=\"", "\"canonicalizedBody\":\"e30\"", "base64" },
		{ "\"hashes\":[\"AAAA\"", "\"hashes\":[{}", "no list" },
		{ "\"rootHash\":\"AAAA\",", "", "rootHash" },
		{ "\"envelope\":\"x\\n\"", "\"envelope\":\"\"", "envelope" },
		{ "\"signedTimestamp\":\"AAAA\"", "\"signedTimestamp\":\"A\"", "base64" },
		{ "\"algorithm\":\"SHA2_256\"", "\"algorithm\":\"SHA2_224\"", "messageDigest" },
		{ "\"algorithm\":\"SHA2_256\"", "\"algorithm\":\"SHA2_512\"", "messageDigest" },
		{ "\"signature\":\"QUJD\"", "\"signature\":\"QUJ\"", "base64" },
		{ "\"signature\":\"QUJD\"", "\"sig\":\"QUJD\"", "sig" },
		{ "\"messageSignature\":{", "\"dsseEnvelope\":{\"payload\":\"e30=\",\"payloadType\":\"t\","
					    "\"signatures\":[{\"sig\":\"AAAA\"}]},\"messageSignature\":{", "content" },
	};
	struct buf text;

	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		enum err e = parse(edit(&text, small, edits[i].from, edits[i].to));
		CHECK(e == ERR_SYNTAX);
		CHECK(strstr(d.text, edits[i].says) != NULL);
		if (e == OK || strstr(d.text, edits[i].says) == NULL)
			fprintf(stderr, "%s -> %s: %s\n", edits[i].from, edits[i].to, d.text);
	}
	/* Numbers may be numbers, and what is null is not there. */
	CHECK(parse(edit(&text, small, "\"logIndex\":\"1\"", "\"logIndex\":12")) == OK && b.entries[0].index == 12);
	CHECK(parse(edit(&text, small, "\"logIndex\":\"1\"", "\"logIndex\":null")) == OK && b.entries[0].index == 0);
	CHECK(parse(edit(&text, small, "\"messageDigest\":{", "\"messageDigest\":null},\"x\":{")) == ERR_SYNTAX);
	buf_free(&text);
}

static const struct str older = SC(
	"{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.1\",\"verificationMaterial\":{"
	"\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":\"AAAA\"}]},\"tlogEntries\":[{" ENTRY ","
	"\"inclusionPromise\":{\"signedEntryTimestamp\":\"AAAA\"}}]},\"dsseEnvelope\":{\"payload\":\"e30=\","
	"\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AAAA\"}]}}");

/* A member that is not known, in each object there is. */
static unsigned with_more(struct str text)
{
	unsigned objects = 0;
	struct buf more;

	buf_init(&more, 1 << 20);
	CHECK(parse(text) == OK);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '{')
			continue;
		struct str in = edited_at(&more, text, i + 1, 0, S("\"also\":1,"));
		bool right = parse(in) == ERR_SYNTAX && strstr(d.text, "'also' is not known") != NULL;
		CHECK(right);
		if (!right)
			fprintf(stderr, "%.*s: %s\n", FMT(buf_str(&more)), d.text);
		objects++;
	}
	buf_free(&more);
	return objects;
}

CASE(nothing_is_passed_over)
{
	CHECK(with_more(small) == 12);
	CHECK(with_more(older) == 10);
}

CASE(lists_are_of_objects)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	CHECK(parse(edit(&text, older, "[{\"rawBytes\":\"AAAA\"}]", "[7]")) == ERR_SYNTAX);
	CHECK(strstr(d.text, "no list of 8 certificates") != NULL);
	CHECK(parse(edit(&text, older, "[{\"sig\":\"AAAA\"}]", "[7]")) == ERR_SYNTAX);
	CHECK(strstr(d.text, "exactly one") != NULL);
	buf_free(&text);
}

static struct str many(struct buf *out, const char *before, const char *one, unsigned n, const char *after)
{
	buf_reset(out);
	buf_add(out, str_z(before));
	for (unsigned i = 0; i < n; i++)
		buf_addf(out, "%s%s", i ? "," : "", one);
	buf_add(out, str_z(after));
	return buf_str(out);
}

CASE(counts_are_bounded)
{
	const char *head = "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.1\","
			   "\"verificationMaterial\":{\"x509CertificateChain\":{\"certificates\":[";
	const char *tail = "]},\"tlogEntries\":[]},\"messageSignature\":{\"signature\":\"AAAA\"}}";
	const char *cert = "{\"rawBytes\":\"AAAA\"}";
	struct buf text;

	buf_init(&text, 1 << 20);
	CHECK(parse(many(&text, head, cert, LIMIT_BUNDLE_CERTS, tail)) == OK && b.n_certs == LIMIT_BUNDLE_CERTS);
	CHECK(parse(many(&text, head, cert, LIMIT_BUNDLE_CERTS + 1, tail)) == ERR_SYNTAX);
	CHECK(parse(many(&text, head, cert, 0, tail)) == ERR_SYNTAX);
	head = "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.2\","
	       "\"verificationMaterial\":{\"publicKey\":{\"hint\":\"k\"},\"tlogEntries\":[{" ENTRY
	       ",\"inclusionProof\":{\"rootHash\":\"AAAA\",\"hashes\":[";
	tail = "]}}]},\"messageSignature\":{\"signature\":\"AAAA\"}}";
	CHECK(parse(many(&text, head, "\"AAAA\"", LIMIT_PROOF_HASHES, tail)) == OK);
	CHECK(parse(many(&text, head, "\"AAAA\"", LIMIT_PROOF_HASHES + 1, tail)) == ERR_SYNTAX);
	head = "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.2\","
	       "\"verificationMaterial\":{\"publicKey\":{\"hint\":\"k\"},\"tlogEntries\":[";
	tail = "]},\"dsseEnvelope\":{\"payload\":\"e30=\",\"payloadType\":\"t\","
	       "\"signatures\":[{\"sig\":\"AAAA\",\"keyid\":\"k\"}]}}";
	CHECK(parse(many(&text, head, "{" ENTRY "}", LIMIT_BUNDLE_ENTRIES, tail)) == OK);
	CHECK(parse(many(&text, head, "{" ENTRY "}", LIMIT_BUNDLE_ENTRIES + 1, tail)) == ERR_SYNTAX);
	const char *token = "{\"signedTimestamp\":\"AAAA\"}";
	const char *stamps = "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.2\","
			     "\"verificationMaterial\":{\"publicKey\":{\"hint\":\"k\"},\"tlogEntries\":[],"
			     "\"timestampVerificationData\":{\"rfc3161Timestamps\":[";
	const char *end = "]}},\"messageSignature\":{\"signature\":\"AAAA\"}}";
	CHECK(parse(many(&text, stamps, token, LIMIT_BUNDLE_TOKENS, end)) == OK);
	CHECK(parse(many(&text, stamps, token, LIMIT_BUNDLE_TOKENS + 1, end)) == ERR_SYNTAX);
	/* One signature, and of one key. */
	const char *two = "]},\"dsseEnvelope\":{\"payload\":\"e30=\",\"payloadType\":\"t\","
			  "\"signatures\":[{\"sig\":\"AAAA\"},{\"sig\":\"AAAA\"}]}}";
	CHECK(parse(many(&text, head, "{" ENTRY "}", 1, two)) == ERR_SYNTAX);
	const char *other = "]},\"dsseEnvelope\":{\"payload\":\"e30=\",\"payloadType\":\"t\","
			    "\"signatures\":[{\"sig\":\"AAAA\",\"keyid\":\"l\"}]}}";
	CHECK(parse(many(&text, head, "{" ENTRY "}", 1, other)) == ERR_SYNTAX);
	buf_free(&text);
}

CASE(memory_is_bounded)
{
	struct str text = kit_file(&arena, BUNDLE);
	struct arena little;

	for (size_t budget = 0; budget < 32768; budget += 509) {
		arena_init_small(&little, budget, 256);
		enum err e = bundle_parse(&b, text, &little, &d);
		CHECK(e == OK || e == ERR_LIMIT || e == ERR_NOMEM);
		arena_done(&little);
	}
	struct str huge = { text.p, LIMIT_BUNDLE + 1 };
	CHECK(parse(huge) == ERR_LIMIT);
}

TESTS(CASE_ROW(reads_all_parts), CASE_ROW(nothing_less_is_a_bundle), CASE_ROW(refuses),
      CASE_ROW(nothing_is_passed_over), CASE_ROW(lists_are_of_objects),
      CASE_ROW(counts_are_bounded), CASE_ROW(memory_is_bounded))
