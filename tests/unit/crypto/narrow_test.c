/* tests/unit/crypto/narrow_test.c - what is left of OpenSSL: three kinds of public keys, and all that works with them. */
#include "crypto/narrow.h"

#include "base/str.h"

#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "../check.h"

NARROW(openssl)

/* A signature that key makes is taken from the key as it is read from a certificate, and no other. */
static void check_kind(EVP_PKEY *key, const char *digest)
{
	unsigned char *der = NULL, sig[512], msg[] = "signed";
	size_t n = sizeof sig;
	int der_n = i2d_PUBKEY(key, &der);
	const unsigned char *p = der;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &p, der_n);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	CHECK(public != NULL && p == der + der_n && EVP_PKEY_eq(key, public) == 1);
	CHECK(EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL) == 1);
	CHECK(EVP_DigestSign(ctx, sig, &n, msg, sizeof msg) == 1);
	for (unsigned changed = 0; changed < 2; changed++) {
		CHECK(EVP_MD_CTX_reset(ctx) == 1);
		CHECK(EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, public, NULL) == 1);
		CHECK((EVP_DigestVerify(ctx, sig, n, msg, sizeof msg) == 1) == (changed == 0));
		msg[0] ^= 1;
	}
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
	OPENSSL_free(der);
}

CASE(three_kinds_work)
{
	check_kind(EVP_EC_gen("P-256"), "SHA256");
	check_kind(EVP_EC_gen("P-384"), "SHA384");
	check_kind(EVP_EC_gen("P-521"), "SHA512");
	check_kind(EVP_RSA_gen(2048), "SHA256");
	check_kind(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
}

static bool reads(const unsigned char *der, size_t n)
{
	EVP_PKEY *key = d2i_PUBKEY(NULL, &der, (long)n);
	bool ok = key != NULL;

	EVP_PKEY_free(key);
	return ok;
}

/* X25519 and Ed25519 differ in one byte. */
CASE(other_kinds_are_not_read)
{
	unsigned char der[44] = { 0x30, 42, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 33, 0, 9 };

	CHECK(!reads(der, sizeof der));
	der[8] = 0x70;
	CHECK(reads(der, sizeof der));
	CHECK(EVP_PKEY_Q_keygen(NULL, NULL, "X25519") == NULL);
}

static void count(OSSL_DECODER *decoder, void *n)
{
	CHECK(strstr(OSSL_DECODER_get0_properties(decoder), "structure=SubjectPublicKeyInfo") != NULL);
	++*(unsigned *)n;
}

/* Each of them is looked at for each key that is read. */
CASE(one_decoder_for_each_kind)
{
	unsigned n = 0;

	OSSL_DECODER_do_all_provided(NULL, count, &n);
	CHECK(n == 3);
}

int main(void)
{
	static const struct check_case cases[] = {
		CASE_ROW(three_kinds_work),
		CASE_ROW(other_kinds_are_not_read),
		CASE_ROW(one_decoder_for_each_kind),
	};

	return narrow_load(&openssl, openssl_begin) == OK ? check_main(cases, sizeof cases / sizeof cases[0]) : 1;
}
