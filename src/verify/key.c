/*
 * verify/key.c - digests, public keys and the one signature algorithm that each of them has.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_key_fuzz.c
 */
#include "base/num.h"
#include "codec/base64.h"
#include "verify/part.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

/* ---- digests ---- */

static const struct hash_row {
	size_t bytes;
	const char *openssl;
	struct str json;
} hashes[HASH_COUNT] = {
#define X(name, bytes, openssl, json) { bytes, openssl, SC(json) },
	HASH_LIST(X)
#undef X
};

/* Once an algorithm is there its operations fail only for misuse. */
static void must(int ok)
{
	assert(ok == 1);
	if (ok != 1)
		abort();
}

size_t hash_bytes(enum hash h)
{
	return h < HASH_COUNT ? hashes[h].bytes : 0;
}

enum hash hash_named(struct str name)
{
	for (unsigned i = 0; i < HASH_COUNT; i++)
		if (str_eq(name, hashes[i].json))
			return (enum hash)i;
	return HASH_NONE;
}

struct str digest_str(const struct digest *d, enum hash h)
{
	return (struct str){ (const char *)d->at, hash_bytes(h) };
}

void digest_of(enum hash h, struct str bytes, struct digest *out)
{
	size_t n = 0;

	assert(h < HASH_COUNT);
	must(EVP_Q_digest(NULL, hashes[h].openssl, NULL, bytes.n ? bytes.p : "", bytes.n, out->at,
			  &n));
	assert(n == hashes[h].bytes);
	out->known = true;
}

enum err hasher_init(struct hasher *h, unsigned set)
{
	*h = (struct hasher){ { NULL } };
	for (unsigned i = 0; i < HASH_COUNT; i++) {
		if ((set & 1u << i) == 0)
			continue;
		EVP_MD *md = EVP_MD_fetch(NULL, hashes[i].openssl, NULL);
		h->ctx[i] = EVP_MD_CTX_new();
		int ok = md && h->ctx[i] && EVP_DigestInit_ex2(h->ctx[i], md, NULL) == 1;
		EVP_MD_free(md);
		if (!ok) {
			hasher_done(h);
			return ERR_NOMEM;
		}
	}
	return OK;
}

void hasher_update(struct hasher *h, struct str bytes)
{
	for (unsigned i = 0; i < HASH_COUNT; i++)
		if (h->ctx[i] != NULL && bytes.n != 0)
			must(EVP_DigestUpdate(h->ctx[i], bytes.p, bytes.n));
}

void hasher_final(struct hasher *h, struct artifact *out)
{
	for (unsigned i = 0; i < HASH_COUNT; i++) {
		if (h->ctx[i] == NULL)
			continue;
		must(EVP_DigestFinal_ex(h->ctx[i], out->digests[i].at, NULL));
		out->digests[i].known = true;
	}
}

void hasher_done(struct hasher *h)
{
	for (unsigned i = 0; i < HASH_COUNT; i++)
		EVP_MD_CTX_free(h->ctx[i]);
	*h = (struct hasher){ { NULL } };
}

struct str hex_decode(struct arena *a, struct str hex)
{
	uint8_t *at = arena_take(a, hex.n / 2 + 1, 1);

	if (at == NULL || !num_hex_bytes(hex, at, hex.n / 2))
		return (struct str){ NULL, 0 };
	return (struct str){ (const char *)at, hex.n / 2 };
}

enum err digest_parse(struct str text, struct artifact *out, struct diag *d)
{
	static const struct str names[HASH_COUNT] = { SC("sha256"), SC("sha384"), SC("sha512") };
	struct str hex, name = str_cut(text, ':', &hex);

	for (unsigned i = 0; i < HASH_COUNT; i++) {
		if (!str_eq(name, names[i]))
			continue;
		if (!num_hex_bytes(hex, out->digests[i].at, hash_bytes((enum hash)i)))
			return diag_set(d, ERR_USAGE,
					"'%.*s:' is followed by %zu digits of a "
					"hexadecimal number",
					FMT(name), 2 * hash_bytes((enum hash)i));
		out->digests[i].known = true;
		return OK;
	}
	return diag_set(d, ERR_USAGE, "'%.*s' is no digest like sha256:HEX",
			FMT(str_head(text, 80)));
}

/* ---- keys ---- */

/* sigstore/architecture-docs, algorithm-registry.md: a curve goes with one hash. */
static enum hash hash_of_curve(EVP_PKEY *key)
{
	char name[32];
	size_t n = 0;
	int explicit = 0;

	/* RFC 5480, 2.1.1: "implicitCurve and specifiedCurve MUST NOT be used in PKIX". */
	(void)EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
				     &explicit);
	if (explicit || EVP_PKEY_get_group_name(key, name, sizeof name, &n) != 1)
		return HASH_NONE;
	struct str curve = { name, n };
	if (str_eq(curve, S("prime256v1")))
		return HASH_SHA256;
	if (str_eq(curve, S("secp384r1")))
		return HASH_SHA384;
	return str_eq(curve, S("secp521r1")) ? HASH_SHA512 : HASH_NONE;
}

enum err verify_key_take(struct verify_key *k, EVP_PKEY *key, struct diag *d)
{
	*k = (struct verify_key){ key, HASH_NONE };
	if (key == NULL)
		return diag_set(
			d, ERR_SYNTAX,
			"no public key in the form SubjectPublicKeyInfo (RFC 5280, 4.1), or "
			"one of a kind that is not known");
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
		return OK;
	case EVP_PKEY_EC:
		k->hash = hash_of_curve(key);
		if (k->hash != HASH_NONE)
			return OK;
		break;
	case EVP_PKEY_RSA:
		k->hash = HASH_SHA256;
		if (EVP_PKEY_get_bits(key) >= RSA_BITS_MIN &&
		    EVP_PKEY_get_bits(key) <= RSA_BITS_MAX)
			return OK;
		break;
	default:
		break;
	}
	verify_key_done(k);
	return diag_set(
		d, ERR_UNSUPPORTED,
		"a key that is neither ECDSA on P-256, P-384 or P-521, nor Ed25519, nor RSA of "
		"2048 to 8192 bits (sigstore algorithm registry)");
}

void verify_key_done(struct verify_key *k)
{
	EVP_PKEY_free(k->key);
	k->key = NULL;
}

struct str pem_der(struct arena *a, struct str pem, const char *label)
{
	static const struct str none = { NULL, 0 };
	char head[64], tail[64];
	struct buf text, der;

	(void)snprintf(head, sizeof head, "-----BEGIN %s-----\n", label);
	(void)snprintf(tail, sizeof tail, "-----END %s-----", label);
	while (pem.n && pem.p[pem.n - 1] == '\n')
		pem.n--;
	if (!str_has_prefix(pem, str_z(head)) || !str_has_suffix(pem, str_z(tail)) ||
	    pem.n < strlen(head) + strlen(tail))
		return none;
	pem = str_head(str_tail(pem, strlen(head)), pem.n - strlen(head) - strlen(tail));
	char *at = arena_take(a, pem.n + 1, 1), *to = arena_take(a, pem.n + 3, 1);
	if (at == NULL || to == NULL)
		return none;
	buf_fixed(&text, at, pem.n + 1);
	buf_fixed(&der, to, pem.n + 3);
	while (pem.n)
		buf_add(&text, str_cut(pem, '\n', &pem));
	return base64_decode(&der, buf_str(&text), BASE64_STD) == OK ? buf_str(&der) : none;
}

static EVP_PKEY *spki_read(struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)der.n);

	if (key != NULL && p == (const unsigned char *)der.p + der.n)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

enum err verify_key_parse(struct verify_key *k, struct str text, struct diag *d)
{
	struct arena a;

	if (text.n == 0 || text.n > LIMIT_PUBLIC_KEY)
		return diag_set(d, ERR_LIMIT, "a public key has 1 to %d bytes", LIMIT_PUBLIC_KEY);
	arena_init(&a, 4 * LIMIT_PUBLIC_KEY);
	struct str der = text.p[0] == '-' ? pem_der(&a, text, "PUBLIC KEY") : text;
	enum err e = verify_key_take(k, der.p ? spki_read(der) : NULL, d);
	arena_done(&a);
	return e;
}

struct str verify_key_spki(const struct verify_key *k, struct arena *a)
{
	int n = i2d_PUBKEY(k->key, NULL);
	unsigned char *at = n > 0 ? arena_take(a, (size_t)n, 1) : NULL, *p = at;

	if (at == NULL || i2d_PUBKEY(k->key, &p) != n)
		return (struct str){ NULL, 0 };
	return (struct str){ (const char *)at, (size_t)n };
}

/* ---- signatures ---- */

/* PublicKeyDetails: P-384 and P-521 with SHA-256 "were/are being used by most Sigstore clients". */
bool verify_key_uses(const struct verify_key *k, enum hash h)
{
	return k->hash != HASH_NONE && (h == k->hash || h == HASH_SHA256);
}

bool verify_key_ok_digest(const struct verify_key *k, enum hash h, const struct digest *digest,
			  struct str sig)
{
	if (!verify_key_uses(k, h) || !digest->known)
		return false;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->key, NULL);
	EVP_MD *md = EVP_MD_fetch(NULL, hashes[h].openssl, NULL);
	bool ok = ctx && md && EVP_PKEY_verify_init(ctx) == 1 &&
		  EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 &&
		  (EVP_PKEY_get_base_id(k->key) != EVP_PKEY_RSA ||
		   EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
		  EVP_PKEY_verify(ctx, (const unsigned char *)sig.p, sig.n, digest->at,
				  hashes[h].bytes) == 1;

	EVP_MD_free(md);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* Ed25519 signs the message itself. */
static bool ok_whole(const struct verify_key *k, struct str msg, struct str sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, k->key, NULL) == 1 &&
		  EVP_DigestVerify(ctx, (const unsigned char *)sig.p, sig.n,
				   (const unsigned char *)msg.p, msg.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool verify_key_ok(const struct verify_key *k, struct str msg, struct str sig)
{
	struct digest digest;

	if (k->hash == HASH_NONE)
		return ok_whole(k, msg, sig);
	for (unsigned h = 0; h < HASH_COUNT; h++) {
		if (!verify_key_uses(k, (enum hash)h))
			continue;
		digest_of((enum hash)h, msg, &digest);
		if (verify_key_ok_digest(k, (enum hash)h, &digest, sig))
			return true;
	}
	return false;
}
