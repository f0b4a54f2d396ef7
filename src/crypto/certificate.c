/*
 * crypto/certificate.c - certificate and key, read by OpenSSL.
 * Input: the operator's files.   Runs in: the loader, a child of keeper.
 */
#include "crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* Keeps OpenSSL from asking on a terminal. */
static int no_passphrase(char *p, int n, int write, void *arg)
{
	(void)p, (void)n, (void)write, (void)arg;
	return -1;
}

/* The certificates behind the first, as far as they can be read: all of them? */
static bool rest_ok(BIO *chain)
{
	X509 *x;

	while ((x = PEM_read_bio_X509(chain, NULL, no_passphrase, NULL)) != NULL)
		X509_free(x);
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

enum err certificate_check(struct str chain_pem, struct str key_pem, struct diag *d)
{
	BIO *chain = BIO_new_mem_buf(chain_pem.p, (int)chain_pem.n);
	BIO *key = BIO_new_mem_buf(key_pem.p, (int)key_pem.n);
	X509 *first = chain ? PEM_read_bio_X509(chain, NULL, no_passphrase, NULL) : NULL;
	EVP_PKEY *private = key ? PEM_read_bio_PrivateKey(key, NULL, no_passphrase, NULL) : NULL;
	enum err e = OK;

	if (first == NULL)
		e = diag_set(d, ERR_CONFIG,
			     "yett.tls.certificate holds no certificate in PEM form");
	else if (!rest_ok(chain))
		e = diag_set(d, ERR_CONFIG,
			     "yett.tls.certificate holds a certificate that cannot be read behind "
			     "the first");
	else if (private == NULL)
		e = diag_set(d, ERR_CONFIG,
			     "yett.tls.key holds no private key in PEM form, "
			     "or one with a passphrase");
	else if (X509_check_private_key(first, private) != 1)
		e = diag_set(d, ERR_CONFIG, "yett.tls.key does not belong to yett.tls.certificate");
	X509_free(first);
	EVP_PKEY_free(private);
	(void)BIO_free(chain);
	(void)BIO_free(key);
	ERR_clear_error();
	return e;
}
