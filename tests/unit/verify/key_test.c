/* tests/unit/verify/key_test.c - digests, keys and signatures. */
#include "kit.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

static struct arena arena;
static struct diag d;

static struct str spki_of(EVP_PKEY *key)
{
	struct verify_key k = { key, HASH_NONE };

	return verify_key_spki(&k, &arena);
}

static enum err take(EVP_PKEY *key, enum hash want)
{
	struct verify_key k = { NULL, HASH_NONE };
	enum err e = verify_key_parse(&k, spki_of(key), &d);

	if (e == OK)
		CHECK(k.hash == want && k.key != NULL);
	else
		CHECK(k.key == NULL && d.text[0] != '\0');
	verify_key_done(&k);
	EVP_PKEY_free(key);
	return e;
}

/* P-256 by its numbers instead of its name. */
static EVP_PKEY *explicit_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT);
	return key;
}

CASE(which_keys)
{
	arena_init(&arena, 16 << 20);
	CHECK(take(EVP_EC_gen("P-256"), HASH_SHA256) == OK);
	CHECK(take(EVP_EC_gen("P-384"), HASH_SHA384) == OK);
	CHECK(take(EVP_EC_gen("P-521"), HASH_SHA512) == OK);
	CHECK(take(explicit_key(), HASH_NONE) == ERR_UNSUPPORTED);
	CHECK(take(EVP_EC_gen("P-224"), HASH_NONE) == ERR_UNSUPPORTED);
	CHECK(take(EVP_EC_gen("secp256k1"), HASH_NONE) == ERR_UNSUPPORTED);
	CHECK(take(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), HASH_NONE) == OK);
	CHECK(take(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), HASH_NONE) == ERR_UNSUPPORTED);
	CHECK(take(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), HASH_NONE) == ERR_UNSUPPORTED);
	CHECK(take(EVP_RSA_gen(1024), HASH_NONE) == ERR_UNSUPPORTED);
	CHECK(take(EVP_RSA_gen(2048), HASH_SHA256) == OK);
}

/* A signature by any key is by no other, not over any other message, and not shorter. */
static void sign_and_check(EVP_PKEY *key, const EVP_MD *md)
{
	static const char msg[] = "what is signed";
	unsigned char sig[512];
	size_t n = sizeof sig;
	struct verify_key k = { NULL, HASH_NONE };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	CHECK(EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1);
	CHECK(EVP_DigestSign(ctx, sig, &n, (const unsigned char *)msg, sizeof msg - 1) == 1);
	EVP_MD_CTX_free(ctx);
	CHECK(verify_key_take(&k, key, &d) == OK);
	struct str text = str_z(msg), s = { (const char *)sig, n };
	CHECK(verify_key_ok(&k, text, s));
	CHECK(!verify_key_ok(&k, str_head(text, text.n - 1), s));
	CHECK(!verify_key_ok(&k, text, str_head(s, n - 1)));
	CHECK(!verify_key_ok(&k, text, S("")));
	for (size_t i = 0; i < n; i += 3) {
		sig[i] ^= 4;
		CHECK(!verify_key_ok(&k, text, s));
		sig[i] ^= 4;
	}
	verify_key_done(&k);
}

CASE(signatures)
{
	sign_and_check(EVP_EC_gen("P-256"), EVP_sha256());
	sign_and_check(EVP_EC_gen("P-384"), EVP_sha384());
	sign_and_check(EVP_EC_gen("P-384"), EVP_sha256()); /* as clients did */
	sign_and_check(EVP_EC_gen("P-521"), EVP_sha512());
	sign_and_check(EVP_RSA_gen(2048), EVP_sha256());
	sign_and_check(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
}

/* A key signs with its own hash, or SHA-256; that a digest fits another is no reason to believe it. */
CASE(other_hashes)
{
	static const char msg[] = "what is signed";
	struct digest h = { .known = false };
	unsigned char sig[512];
	size_t n = sizeof sig;
	struct verify_key k = { NULL, HASH_NONE };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	CHECK(EVP_DigestSignInit(ctx, NULL, EVP_sha512(), NULL, key) == 1);
	CHECK(EVP_DigestSign(ctx, sig, &n, (const unsigned char *)msg, sizeof msg - 1) == 1);
	CHECK(verify_key_take(&k, key, &d) == OK);
	digest_of(HASH_SHA512, str_z(msg), &h);
	CHECK(!verify_key_ok(&k, str_z(msg), (struct str){ (const char *)sig, n }));
	CHECK(!verify_key_ok_digest(&k, HASH_SHA512, &h, (struct str){ (const char *)sig, n }));
	EVP_MD_CTX_reset(ctx);
	n = sizeof sig;
	CHECK(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
	CHECK(EVP_DigestSign(ctx, sig, &n, (const unsigned char *)msg, sizeof msg - 1) == 1);
	digest_of(HASH_SHA256, str_z(msg), &h);
	CHECK(verify_key_ok_digest(&k, HASH_SHA256, &h, (struct str){ (const char *)sig, n }));
	h.known = false;
	CHECK(!verify_key_ok_digest(&k, HASH_SHA256, &h, (struct str){ (const char *)sig, n }));
	verify_key_done(&k);
	EVP_MD_CTX_free(ctx);
	CHECK(verify_key_take(&k, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), &d) == OK);
	CHECK(!verify_key_uses(&k, HASH_SHA256) && !verify_key_uses(&k, HASH_NONE));
	verify_key_done(&k);
}

static const struct str pem = SC(
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExRRST79+PsrRBnGAI4cMu6Omz2Jh\n"
	"fwlMW+gIutNKVRaMyS4rQKvgngc5p8UbLj55pVHhIoAxi/SRgURZI0J3Xw==\n"
	"-----END PUBLIC KEY-----\n");

CASE(pem_and_der)
{
	struct verify_key k = { NULL, HASH_NONE };

	for (size_t n = 0; n < pem.n - 1; n++) {
		struct str in = check_guard(str_head(pem, n));
		CHECK(verify_key_parse(&k, in, &d) != OK);
		check_unguard(in);
	}
	CHECK(verify_key_parse(&k, (struct str){ pem.p, LIMIT_PUBLIC_KEY + 1 }, &d) == ERR_LIMIT);
	CHECK(verify_key_parse(&k, S(""), &d) == ERR_LIMIT);
	CHECK(verify_key_parse(&k, pem, &d) == OK && k.hash == HASH_SHA256);
	struct str der = verify_key_spki(&k, &arena);
	verify_key_done(&k);
	CHECK(der.n == 91 && verify_key_parse(&k, der, &d) == OK);
	verify_key_done(&k);
	struct str longer = { arena_alloc(&arena, der.n + 1, 1), der.n + 1 };
	memcpy((char *)(uintptr_t)longer.p, der.p, der.n);
	CHECK(verify_key_parse(&k, longer, &d) == ERR_SYNTAX);
	CHECK(pem_der(&arena, pem, "CERTIFICATE").p == NULL);
	CHECK(pem_der(&arena, S("-----BEGIN X-----\n-----END X-----"), "X").n == 0);
	CHECK(pem_der(&arena, S("-----BEGIN Y-----\nAAAA\n-----END X-----"), "X").p == NULL);
	CHECK(pem_der(&arena, S("-----BEGIN X-----\nAAAA\n-----END Y-----"), "X").p == NULL);
	CHECK(pem_der(&arena, S("-----BEGIN X-----\nAAAA\n-----END X-----"), "X").n == 3);
	CHECK(pem_der(&arena, S("-----BEGIN X-----END X-----"), "X").p == NULL);
}

CASE(digests)
{
	struct artifact a = { .digests = { { .known = false } } }, b = a;
	struct hasher h;

	CHECK(digest_parse(S("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), &a, &d) == OK);
	CHECK(hasher_init(&h, 7) == OK);
	hasher_update(&h, S("a"));
	hasher_update(&h, S(""));
	hasher_update(&h, S("bc"));
	hasher_final(&h, &b);
	hasher_done(&h);
	CHECK_STR(digest_str(&a.digests[HASH_SHA256], HASH_SHA256), digest_str(&b.digests[HASH_SHA256], HASH_SHA256));
	CHECK(b.digests[HASH_SHA384].known && b.digests[HASH_SHA512].known && !a.digests[HASH_SHA512].known);
	digest_of(HASH_SHA512, S("abc"), &a.digests[HASH_SHA512]);
	CHECK_STR(digest_str(&a.digests[HASH_SHA512], HASH_SHA512), digest_str(&b.digests[HASH_SHA512], HASH_SHA512));
	/* Only what is asked for is known. */
	b = (struct artifact){ .digests = { { .known = false } } };
	CHECK(hasher_init(&h, 1u << HASH_SHA256) == OK);
	hasher_final(&h, &b);
	hasher_done(&h);
	CHECK(b.digests[HASH_SHA256].known && !b.digests[HASH_SHA384].known && !b.digests[HASH_SHA512].known);
	CHECK(digest_parse(S("sha256:ba78"), &a, &d) == ERR_USAGE);
	CHECK(digest_parse(S("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"), &a, &d) == ERR_USAGE);
	CHECK(digest_parse(S("sha256:xa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), &a, &d) == ERR_USAGE);
	CHECK(hash_named(S("SHA2_512")) == HASH_SHA512 && hash_named(S("SHA3_256")) == HASH_NONE);
	CHECK(hex_decode(&arena, S("0aF")).p == NULL && hex_decode(&arena, S("0g")).p == NULL);
	CHECK_STR(hex_decode(&arena, S("0aFf")), S("\x0a\xff"));
}

TESTS(CASE_ROW(which_keys), CASE_ROW(signatures), CASE_ROW(other_hashes),
      CASE_ROW(pem_and_der), CASE_ROW(digests))
