/*
 * crypto/seal.h - sealing of credentials at rest: Argon2id, BLAKE2b and XChaCha20-Poly1305. Ring 0,
 * over libsodium. One key has one purpose: subkeys are derived with a context that names theirs.
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/err.h"
#include "base/str.h"

enum { SEAL_KEY = 32, SEAL_NONCE = 24, SEAL_TAG = 16, SEAL_SALT = 16, SEAL_MAC = 32 };

/* Bounds on Argon2id's cost, so that a file cannot ask for all memory or for a year. */
enum { SEAL_OPS_MIN = 1, SEAL_OPS_MAX = 16, SEAL_MEM_MIN = 8 << 20, SEAL_MEM_MAX = 1 << 30 };

struct seal_cost {
	uint32_t ops, mem_bytes;
};

/* seal_from_passphrase stretches a passphrase. ERR_SYNTAX: cost out of bounds; ERR_NOMEM. */
MUST_USE enum err seal_from_passphrase(struct str passphrase, const uint8_t salt[SEAL_SALT],
				       struct seal_cost cost, uint8_t out[SEAL_KEY]);

/* seal_from_material makes a key of a key file's content, which must be random already. */
MUST_USE enum err seal_from_material(struct str material, const uint8_t salt[SEAL_SALT],
				     uint8_t out[SEAL_KEY]);

/* seal_subkey derives the key for one purpose. */
void seal_subkey(const uint8_t key[SEAL_KEY], struct str context, const uint8_t salt[SEAL_SALT],
		 uint8_t out[SEAL_KEY]);

/* seal_put writes plain.n + SEAL_TAG bytes to out; aad is bound but not written. */
void seal_put(const uint8_t key[SEAL_KEY], const uint8_t nonce[SEAL_NONCE], struct str aad,
	      struct str plain, uint8_t *out);

/* seal_open writes sealed.n - SEAL_TAG bytes to out. ERR_AUTH: wrong key, or not what was sealed.
 */
MUST_USE enum err seal_open(const uint8_t key[SEAL_KEY], const uint8_t nonce[SEAL_NONCE],
			    struct str aad, struct str sealed, uint8_t *out);

/* seal_mac authenticates a whole file. seal_mac_ok compares in constant time. */
void seal_mac(const uint8_t key[SEAL_KEY], struct str msg, uint8_t out[SEAL_MAC]);
bool seal_mac_ok(const uint8_t key[SEAL_KEY], struct str msg, const uint8_t mac[SEAL_MAC]);

#endif
