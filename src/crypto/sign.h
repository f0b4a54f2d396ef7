/*
 * crypto/sign.h - Ed25519 signatures (RFC 8032), for the checkpoints of the audit log. Ring 0, over
 * libsodium.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/err.h"
#include "base/str.h"

enum { SIGN_SEED = 32, SIGN_PUBLIC = 32, SIGN_BYTES = 64 };

struct sign_key {
	uint8_t secret[64];
	uint8_t public[SIGN_PUBLIC];
};

/* sign_key_from makes the key pair of a seed. Wipe it with sign_key_wipe. */
MUST_USE enum err sign_key_from(struct sign_key *k, const uint8_t seed[SIGN_SEED]);
void sign_key_wipe(struct sign_key *k);

/* sign_make signs msg. */
void sign_make(const struct sign_key *k, struct str msg, uint8_t out[SIGN_BYTES]);

/* sign_ok: sig is the signature of msg under public. */
bool sign_ok(const uint8_t public[SIGN_PUBLIC], struct str msg, const uint8_t sig[SIGN_BYTES]);

#endif
