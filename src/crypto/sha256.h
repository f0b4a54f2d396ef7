/*
 * crypto/sha256.h - SHA-256 over OpenSSL. Ring 0.
 * On a hot path keep one struct sha256 for the life of the process: it is made before the jail
 * closes, and hashing with it looks up and allocates nothing. sha256 itself is for cold paths.
 */
#ifndef CRYPTO_SHA256_H
#define CRYPTO_SHA256_H

#include "base/err.h"
#include "base/str.h"

enum { SHA256_BYTES = 32, SHA256_HEX = 64 };

struct evp_md_ctx_st;
struct evp_md_st;

struct sha256 {
	struct evp_md_ctx_st *ctx;
	struct evp_md_st *md;
};

/* sha256_init fetches the algorithm and starts a digest. ERR_NOMEM when OpenSSL gives neither.
 * Release with sha256_done. */
MUST_USE enum err sha256_init(struct sha256 *h);
void sha256_done(struct sha256 *h);

/* sha256_update adds bytes to the digest. */
void sha256_update(struct sha256 *h, struct str bytes);

/* sha256_final writes the digest and starts the next one. */
void sha256_final(struct sha256 *h, uint8_t out[SHA256_BYTES]);

/* sha256_with digests one string with h, which must be fresh or after sha256_final. */
void sha256_with(struct sha256 *h, struct str in, uint8_t out[SHA256_BYTES]);

/* sha256 digests one string on its own. A failure of OpenSSL ends the process. */
void sha256(struct str in, uint8_t out[SHA256_BYTES]);

#endif
