/* crypto/sha512.h - SHA-512 over OpenSSL, for hashes that indexes publish. Ring 0. */
#ifndef CRYPTO_SHA512_H
#define CRYPTO_SHA512_H

#include "base/str.h"

#include <stdint.h>

enum { SHA512_BYTES = 64 };

/* sha512 digests one string. A failure of OpenSSL ends the process. */
void sha512(struct str in, uint8_t out[SHA512_BYTES]);

#endif
