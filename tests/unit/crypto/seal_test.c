/*
 * tests/unit/crypto/seal_test.c - also Ed25519 of crypto/sign.h; vectors of RFC 8032 and draft-irtf-cfrg-xchacha
 * Proves T-17.
 */
#include "crypto/seal.h"
#include "crypto/sign.h"

#include "../check.h"

static void unhex(const char *z, uint8_t *out)
{
	for (; z[0]; z += 2, out++) {
		unsigned v = 0;
		for (int i = 0; i < 2; i++)
			v = v * 16 + (unsigned)(z[i] <= '9' ? z[i] - '0' : z[i] - 'a' + 10);
		*out = (uint8_t)v;
	}
}

CASE(xchacha_vector)
{
	struct str plain = S("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for "
			     "the future, sunscreen would be it.");
	uint8_t key[32], nonce[24], aad[12], tag[16], out[256], back[256];

	for (unsigned i = 0; i < 32; i++)
		key[i] = (uint8_t)(0x80 + i);
	for (unsigned i = 0; i < 24; i++)
		nonce[i] = (uint8_t)(0x40 + i);
	unhex("50515253c0c1c2c3c4c5c6c7", aad);
	unhex("c0875924c1c7987947deafd8780acf49", tag);
	struct str ad = { (char *)aad, 12 };
	seal_put(key, nonce, ad, plain, out);
	CHECK(memcmp(out + plain.n, tag, 16) == 0);
	struct str sealed = { (char *)out, plain.n + SEAL_TAG };
	CHECK(seal_open(key, nonce, ad, sealed, back) == OK && memcmp(back, plain.p, plain.n) == 0);
	for (size_t i = 0; i < sealed.n; i++) {
		out[i] ^= 1;
		CHECK(seal_open(key, nonce, ad, sealed, back) == ERR_AUTH);
		out[i] ^= 1;
	}
	aad[3] ^= 1;
	CHECK(seal_open(key, nonce, ad, sealed, back) == ERR_AUTH);
	CHECK(seal_open(key, nonce, ad, str_head(sealed, 15), back) == ERR_SYNTAX);
}

CASE(derivation)
{
	uint8_t salt[16] = { 1 }, other[16] = { 2 }, a[32], b[32], mac[32];
	struct seal_cost cost = { 1, 8 << 20 };

	CHECK(seal_from_passphrase(S("pass"), salt, cost, a) == OK);
	CHECK(seal_from_passphrase(S("pass"), salt, cost, b) == OK && memcmp(a, b, 32) == 0);
	CHECK(seal_from_passphrase(S("pass"), other, cost, b) == OK && memcmp(a, b, 32) != 0);
	CHECK(seal_from_passphrase(S("Pass"), salt, cost, b) == OK && memcmp(a, b, 32) != 0);
	CHECK(seal_from_passphrase(S("pass"), salt, (struct seal_cost){ 0, 8 << 20 }, b) == ERR_SYNTAX);
	CHECK(seal_from_passphrase(S("pass"), salt, (struct seal_cost){ 1, 4 << 20 }, b) == ERR_SYNTAX);
	CHECK(seal_from_passphrase(S("pass"), salt, (struct seal_cost){ 1, 2u << 30 }, b) == ERR_SYNTAX);
	seal_subkey(a, S("one"), salt, b);
	uint8_t c[32];
	seal_subkey(a, S("two"), salt, c);
	CHECK(memcmp(b, c, 32) != 0);
	CHECK(seal_from_material(S("material"), salt, c) == OK && memcmp(b, c, 32) != 0);
	seal_mac(a, S("text"), mac);
	CHECK(seal_mac_ok(a, S("text"), mac) && !seal_mac_ok(a, S("texT"), mac) && !seal_mac_ok(b, S("text"), mac));
}

CASE(ed25519_vector)
{
	uint8_t seed[32], public[32], want[64], sig[64];
	struct sign_key k;

	unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", seed);
	unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", public);
	unhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
	      "d25bf5f0595bbe24655141438e7a100b", want);
	CHECK(sign_key_from(&k, seed) == OK && memcmp(k.public, public, 32) == 0);
	sign_make(&k, S(""), sig);
	CHECK(memcmp(sig, want, 64) == 0 && sign_ok(public, S(""), sig) && !sign_ok(public, S("x"), sig));
	sig[5] ^= 1;
	CHECK(!sign_ok(public, S(""), sig));
	sign_key_wipe(&k);
	CHECK(k.secret[0] == 0 && k.public[31] == 0);
}

TESTS(CASE_ROW(xchacha_vector), CASE_ROW(derivation), CASE_ROW(ed25519_vector))
