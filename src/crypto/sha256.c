/* crypto/sha256.c - SHA-256 over OpenSSL. Runs in: every process. */
#include "crypto/sha256.h"

#include <assert.h>
#include <openssl/evp.h>

/* Once the algorithm is fetched its operations fail only for misuse, so they are asserted. */
static void must(int ok)
{
	assert(ok == 1);
	if (ok != 1)
		abort();
}

enum err sha256_init(struct sha256 *h)
{
	/* The system's openssl.cnf has no say in what a digest is, and takes longer to read than
	 * all else that a fetch does. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	*h = (struct sha256){ EVP_MD_CTX_new(), EVP_MD_fetch(NULL, "SHA256", NULL) };
	if (h->ctx == NULL || h->md == NULL || EVP_DigestInit_ex(h->ctx, h->md, NULL) != 1) {
		sha256_done(h);
		return ERR_NOMEM;
	}
	return OK;
}

void sha256_done(struct sha256 *h)
{
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
	*h = (struct sha256){ NULL, NULL };
}

void sha256_update(struct sha256 *h, struct str bytes)
{
	if (bytes.n)
		must(EVP_DigestUpdate(h->ctx, bytes.p, bytes.n));
}

void sha256_final(struct sha256 *h, uint8_t out[SHA256_BYTES])
{
	unsigned n = 0;

	must(EVP_DigestFinal_ex(h->ctx, out, &n));
	assert(n == SHA256_BYTES);
	/* The same algorithm again: nothing is looked up. */
	must(EVP_DigestInit_ex(h->ctx, NULL, NULL));
}

void sha256_with(struct sha256 *h, struct str in, uint8_t out[SHA256_BYTES])
{
	sha256_update(h, in);
	sha256_final(h, out);
}

void sha256(struct str in, uint8_t out[SHA256_BYTES])
{
	struct sha256 h;

	must(sha256_init(&h) == OK);
	sha256_with(&h, in, out);
	sha256_done(&h);
}
