/*
 * crypto/seal.c - key derivation and authenticated encryption.
 * Runs in: keeper.
 */
#include "crypto/seal.h"

#include <assert.h>
#include <sodium.h>

static_assert(SEAL_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "XChaCha20 nonce");
static_assert(SEAL_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "Poly1305 tag");
static_assert(SEAL_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "XChaCha20 key");
static_assert(SEAL_SALT == crypto_pwhash_argon2id_SALTBYTES, "Argon2id salt");
static_assert(SEAL_SALT == crypto_generichash_blake2b_SALTBYTES, "BLAKE2b salt");

static const unsigned char *bytes(struct str s)
{
	return (const unsigned char *)s.p;
}

enum err seal_from_passphrase(struct str passphrase, const uint8_t salt[SEAL_SALT],
			      struct seal_cost cost, uint8_t out[SEAL_KEY])
{
	if (cost.ops < SEAL_OPS_MIN || cost.ops > SEAL_OPS_MAX || cost.mem_bytes < SEAL_MEM_MIN ||
	    cost.mem_bytes > SEAL_MEM_MAX)
		return ERR_SYNTAX;
	if (sodium_init() < 0)
		return ERR_SYS;
	if (crypto_pwhash_argon2id(out, SEAL_KEY, passphrase.p, passphrase.n, salt, cost.ops,
				   cost.mem_bytes, crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
		return ERR_NOMEM;
	return OK;
}

/* BLAKE2b's 16-byte personal string separates the uses of one key. */
static void derive(struct str in, const uint8_t *key, size_t key_n, const uint8_t salt[SEAL_SALT],
		   const char personal[17], uint8_t out[SEAL_KEY])
{
	int rc = crypto_generichash_blake2b_salt_personal(
		out, SEAL_KEY, bytes(in), in.n, key, key_n, salt, (const unsigned char *)personal);

	assert(rc == 0);
	(void)rc;
}

enum err seal_from_material(struct str material, const uint8_t salt[SEAL_SALT],
			    uint8_t out[SEAL_KEY])
{
	if (sodium_init() < 0)
		return ERR_SYS;
	derive(material, NULL, 0, salt, "yett seal keyfil", out);
	return OK;
}

void seal_subkey(const uint8_t key[SEAL_KEY], struct str context, const uint8_t salt[SEAL_SALT],
		 uint8_t out[SEAL_KEY])
{
	derive(context, key, SEAL_KEY, salt, "yett seal subkey", out);
}

void seal_put(const uint8_t key[SEAL_KEY], const uint8_t nonce[SEAL_NONCE], struct str aad,
	      struct str plain, uint8_t *out)
{
	int rc = crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, bytes(plain), plain.n,
							    bytes(aad), aad.n, NULL, nonce, key);

	assert(rc == 0);
	(void)rc;
}

enum err seal_open(const uint8_t key[SEAL_KEY], const uint8_t nonce[SEAL_NONCE], struct str aad,
		   struct str sealed, uint8_t *out)
{
	if (sealed.n < SEAL_TAG)
		return ERR_SYNTAX;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, bytes(sealed), sealed.n,
						       bytes(aad), aad.n, nonce, key) != 0)
		return ERR_AUTH;
	return OK;
}

void seal_mac(const uint8_t key[SEAL_KEY], struct str msg, uint8_t out[SEAL_MAC])
{
	static const uint8_t no_salt[SEAL_SALT];

	derive(msg, key, SEAL_KEY, no_salt, "yett seal macmac", out);
}

bool seal_mac_ok(const uint8_t key[SEAL_KEY], struct str msg, const uint8_t mac[SEAL_MAC])
{
	uint8_t want[SEAL_MAC];

	seal_mac(key, msg, want);
	return sodium_memcmp(want, mac, SEAL_MAC) == 0;
}
