/*
 * crypto/sign.c - Ed25519.
 * Runs in: keeper, cli.
 */
#include "crypto/sign.h"

#include <assert.h>
#include <sodium.h>

static_assert(crypto_sign_ed25519_SECRETKEYBYTES == 64, "struct sign_key holds libsodium's form");

enum err sign_key_from(struct sign_key *k, const uint8_t seed[SIGN_SEED])
{
	if (sodium_init() < 0)
		return ERR_SYS;
	return crypto_sign_ed25519_seed_keypair(k->public, k->secret, seed) == 0 ? OK : ERR_SYS;
}

void sign_key_wipe(struct sign_key *k)
{
	sodium_memzero(k, sizeof *k);
}

void sign_make(const struct sign_key *k, struct str msg, uint8_t out[SIGN_BYTES])
{
	int rc = crypto_sign_ed25519_detached(out, NULL, (const unsigned char *)msg.p, msg.n,
					      k->secret);

	assert(rc == 0);
	(void)rc;
}

bool sign_ok(const uint8_t public[SIGN_PUBLIC], struct str msg, const uint8_t sig[SIGN_BYTES])
{
	return sodium_init() >= 0 && crypto_sign_ed25519_verify_detached(
					     sig, (const unsigned char *)msg.p, msg.n, public) == 0;
}
