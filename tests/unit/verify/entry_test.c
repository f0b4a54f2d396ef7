/* tests/unit/verify/entry_test.c - bodies of each kind, written as the logs write them. */
#include "kit.h"

#include "codec/base64.h"

static struct arena arena;
static struct bundle b;
static struct artifact art;
static struct diag d;
static const char cert[] = "certificate", spki[] = "key";

static struct str base64(struct str raw)
{
	struct buf out;
	size_t room = (raw.n + 2) / 3 * 4 + 4;

	buf_fixed(&out, arena_take(&arena, room, 1), room);
	base64_encode(&out, raw, BASE64_STD);
	return buf_str(&out);
}

static struct str hex(const struct digest *h)
{
	struct buf out;

	buf_fixed(&out, arena_take(&arena, 128, 1), 128);
	buf_addhex(&out, digest_str(h, HASH_SHA256));
	return buf_str(&out);
}

static struct str pem(bool by_key)
{
	struct buf out;
	const char *label = by_key ? "PUBLIC KEY" : "CERTIFICATE";
	struct str text = base64(by_key ? str_z(spki) : str_z(cert));

	buf_fixed(&out, arena_take(&arena, 512, 1), 512);
	buf_addf(&out, "-----BEGIN %s-----\n%.*s\n-----END %s-----\n", label, FMT(text), label);
	return base64(buf_str(&out));
}

/* A body of a kind, right in every part. */
static struct str body(struct buf *out, int kind, bool by_key)
{
	struct digest pae, payload;
	struct str sig = base64(b.signature), twice = base64(sig), p = pem(by_key);
	struct str raw = base64(by_key ? str_z(spki) : str_z(cert));
	const char *verifier = by_key ? "publicKey" : "x509Certificate";

	buf_reset(out);
	digest_of(HASH_SHA256, dsse_pae(b.payload_type, b.payload, &arena), &pae);
	digest_of(HASH_SHA256, b.payload, &payload);
	struct str of_art = hex(&art.digests[HASH_SHA256]), of_payload = hex(&payload);
	switch (kind) {
	case 0:
		buf_addf(out, "{\"apiVersion\":\"0.0.1\",\"kind\":\"hashedrekord\",\"spec\":{\"data\":{\"hash\":{"
			 "\"algorithm\":\"sha256\",\"value\":\"%.*s\"}},\"signature\":{\"content\":\"%.*s\","
			 "\"publicKey\":{\"content\":\"%.*s\"}}}}", FMT(of_art), FMT(sig), FMT(p));
		break;
	case 1: {
		struct str h = base64(b.is_dsse ? digest_str(&pae, HASH_SHA256)
						: digest_str(&art.digests[HASH_SHA256], HASH_SHA256));
		buf_addf(out, "{\"apiVersion\":\"0.0.2\",\"kind\":\"hashedrekord\",\"spec\":{\"hashedRekordV002\":{"
			 "\"data\":{\"algorithm\":\"SHA2_256\",\"digest\":\"%.*s\"},\"signature\":{\"content\":\"%.*s\","
			 "\"verifier\":{\"keyDetails\":\"x\",\"%s\":{\"rawBytes\":\"%.*s\"}}}}}}", FMT(h), FMT(sig),
			 verifier, FMT(raw));
		break;
	}
	case 2:
		buf_addf(out, "{\"apiVersion\":\"0.0.1\",\"kind\":\"dsse\",\"spec\":{\"payloadHash\":{"
			 "\"algorithm\":\"sha256\",\"value\":\"%.*s\"},\"signatures\":[{\"signature\":\"%.*s\","
			 "\"verifier\":\"%.*s\"}]}}", FMT(of_payload), FMT(sig), FMT(p));
		break;
	case 3: {
		struct str h = base64(digest_str(&payload, HASH_SHA256));
		buf_addf(out, "{\"apiVersion\":\"0.0.2\",\"kind\":\"dsse\",\"spec\":{\"dsseV002\":{\"payloadHash\":{"
			 "\"algorithm\":\"SHA2_256\",\"digest\":\"%.*s\"},\"signatures\":[{\"content\":\"%.*s\","
			 "\"verifier\":{\"keyDetails\":\"x\",\"%s\":{\"rawBytes\":\"%.*s\"}}}]}}}", FMT(h), FMT(sig),
			 verifier, FMT(raw));
		break;
	}
	default:
		buf_addf(out, "{\"apiVersion\":\"0.0.2\",\"kind\":\"intoto\",\"spec\":{\"content\":{\"envelope\":{"
			 "\"payloadType\":\"%.*s\",\"signatures\":[{\"publicKey\":\"%.*s\",\"sig\":\"%.*s\"}]},"
			 "\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\"%.*s\"}}}}", FMT(b.payload_type),
			 FMT(p), FMT(twice), FMT(of_payload));
		break;
	}
	return buf_str(out);
}

static const struct {
	const char *kind, *version;
	bool message, envelope; /* what it can be about */
} kinds[] = {
	{ "hashedrekord", "0.0.1", true, false }, { "hashedrekord", "0.0.2", true, true },
	{ "dsse", "0.0.1", false, true },	  { "dsse", "0.0.2", false, true },
	{ "intoto", "0.0.2", false, true },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static enum err check(int kind, struct str text, bool by_key)
{
	struct log_entry e = { .kind = str_z(kinds[kind].kind), .version = str_z(kinds[kind].version), .body = text };
	struct evidence ev = { .b = &b, .art = &art };

	d = (struct diag){ 0 };
	ev.pae = dsse_pae(b.payload_type, b.payload, &arena);
	if (by_key)
		ev.spki = str_z(spki);
	else
		ev.cert = str_z(cert);
	return entry_check(&e, &ev, &arena, &d);
}

static void begin(bool is_dsse)
{
	if (arena.budget == 0)
		arena_init(&arena, 1 << 20);
	arena_reset(&arena);
	b = (struct bundle){ .is_dsse = is_dsse, .signature = S("the signature"), .payload = S("{\"a\":1}"),
			     .payload_type = S("application/vnd.in-toto+json"), .hash = HASH_NONE };
	digest_of(HASH_SHA256, S("abc"), &art.digests[HASH_SHA256]);
}

CASE(each_kind)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	for (int dsse = 0; dsse < 2; dsse++) {
		for (int by_key = 0; by_key < 2; by_key++) {
			for (int k = 0; k < KINDS; k++) {
				begin(dsse);
				bool may = dsse ? kinds[k].envelope : kinds[k].message;
				CHECK(check(k, body(&out, k, by_key), by_key) == (may ? OK : ERR_AUTH));
				/* A body for a key is not about a certificate, and the other way round. */
				if (may)
					CHECK(check(k, body(&out, k, !by_key), by_key) != OK);
			}
		}
	}
	buf_free(&out);
}

/* Every letter of a body is of use, but for what OpenSSL and people call keys. */
CASE(no_letter_can_change)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	for (int k = 0; k < KINDS; k++) {
		begin(!kinds[k].message || k == 1);
		struct str text = body(&out, k, false);
		size_t details = str_find(text, S("keyDetails"));
		for (size_t i = 0; i < text.n; i++) {
			if (i >= details && i < details + 14)
				continue;
			out.p[i] ^= 1;
			arena_reset(&arena);
			enum err e = check(k, text, false);
			/* Upper case of a hexadecimal digit is the same digit; that needs another bit. */
			CHECK(e != OK && d.text[0] != '\0');
			if (e == OK)
				fprintf(stderr, "%.*s at %zu\n", FMT(text), i);
			out.p[i] ^= 1;
		}
		for (size_t i = 0; i < text.n; i++) {
			struct str in = check_guard(str_head(text, i));
			arena_reset(&arena);
			CHECK(check(k, in, false) == ERR_SYNTAX);
			check_unguard(in);
		}
	}
	buf_free(&out);
}

CASE(what_is_signed)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	for (int k = 0; k < KINDS; k++) {
		bool dsse = !kinds[k].message;
		begin(dsse);
		(void)body(&out, k, false);
		b.signature = S("The signature");
		CHECK(check(k, buf_str(&out), false) == ERR_AUTH);
		begin(dsse);
		if (dsse)
			b.payload = S("{\"a\":2}");
		else
			art.digests[HASH_SHA256].at[31] ^= 1;
		CHECK(check(k, buf_str(&out), false) == ERR_AUTH);
	}
	/* In Rekor v2 what DSSE signs is hashed, so the type counts. */
	begin(true);
	(void)body(&out, 1, false);
	b.payload_type = S("application/vnd.in-toto+jsoN");
	CHECK(check(1, buf_str(&out), false) == ERR_AUTH);
	/* In Rekor v1 there is another kind for that, even if the digest is the one that DSSE signs. */
	begin(true);
	digest_of(HASH_SHA256, dsse_pae(b.payload_type, b.payload, &arena), &art.digests[HASH_SHA256]);
	CHECK(check(0, body(&out, 0, false), false) == ERR_AUTH);
	/* A payload in the entry is compared as well. */
	for (int wrong = 0; wrong < 2; wrong++) {
		struct buf with;
		begin(true);
		struct str text = body(&out, 4, false), twice = base64(base64(wrong ? S("{\"a\":2}") : b.payload));
		size_t at = str_find(text, S("\"payloadType\""));
		buf_init(&with, 1 << 16);
		buf_add(&with, str_head(text, at));
		buf_addf(&with, "\"payload\":\"%.*s\",", FMT(twice));
		buf_add(&with, str_tail(text, at));
		CHECK(check(4, buf_str(&with), false) == (wrong ? ERR_AUTH : OK));
		buf_free(&with);
	}
	begin(false);
	art.digests[HASH_SHA256].known = false;
	CHECK(check(0, body(&out, 0, false), false) == ERR_AUTH);
	buf_free(&out);
}

TESTS(CASE_ROW(each_kind), CASE_ROW(no_letter_can_change), CASE_ROW(what_is_signed))
