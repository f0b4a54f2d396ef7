/* crypto/sha512.c - SHA-512 over OpenSSL. */
#include "crypto/sha512.h"

#include <openssl/evp.h>
#include <stdlib.h>

void sha512(struct str in, uint8_t out[SHA512_BYTES])
{
	unsigned n = SHA512_BYTES;

	if (EVP_Digest(in.p, in.n, out, &n, EVP_sha512(), NULL) != 1 || n != SHA512_BYTES)
		abort();
}
