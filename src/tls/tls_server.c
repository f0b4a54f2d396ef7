/*
 * tls/tls_server.c - the server side for the inference listener: certificate and key from memory.
 * Input: the peer's bytes, read by OpenSSL alone.   Runs in: ingress.
 */
#include "tls/tls_conn.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdlib.h>
#include <string.h>

struct tls_server {
	SSL_CTX *ctx;
	BIO_METHOD *io;
};

/* no_passphrase keeps OpenSSL from asking on a terminal for an encrypted key. */
static int no_passphrase(char *p, int n, int write, void *arg)
{
	(void)p, (void)n, (void)write, (void)arg;
	return -1;
}

static BIO *bio_of(struct str pem)
{
	return pem.n && pem.n <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

static enum err use_chain(SSL_CTX *ctx, struct str pem, struct diag *d)
{
	BIO *in = bio_of(pem);
	X509 *x = in ? PEM_read_bio_X509(in, NULL, no_passphrase, NULL) : NULL;
	int ok = x ? SSL_CTX_use_certificate(ctx, x) : 0;

	X509_free(x);
	while (ok == 1 && (x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL) {
		ok = SSL_CTX_add1_chain_cert(ctx, x) == 1;
		X509_free(x);
	}
	BIO_free(in);
	if (ok != 1)
		return tls_failed(d, ERR_CONFIG, "cannot read the certificate");
	ERR_clear_error();
	return OK;
}

static enum err use_key(SSL_CTX *ctx, struct str pem, struct diag *d)
{
	BIO *in = bio_of(pem);
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
	int ok = key ? SSL_CTX_use_PrivateKey(ctx, key) : 0;

	EVP_PKEY_free(key);
	BIO_free(in);
	if (ok != 1)
		return tls_failed(d, ERR_CONFIG, "cannot read the private key");
	if (SSL_CTX_check_private_key(ctx) != 1)
		return tls_failed(d, ERR_CONFIG,
				  "the private key does not belong to the certificate");
	return OK;
}

/* choose_alpn takes http/1.1 when it is offered and goes on without ALPN when it is not. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
		       const unsigned char *in, unsigned n, void *arg)
{
	static const struct str want = SC("http/1.1");

	(void)ssl, (void)arg;
	for (unsigned at = 0; at < n; at += 1u + in[at]) {
		struct str name = { (const char *)in + at + 1, in[at] };
		if (at + 1 + name.n <= n && str_eq(name, want)) {
			*out = in + at + 1;
			*out_n = in[at];
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_NOACK;
}

struct tls_server *tls_server_new(struct str chain_pem, struct str key_pem, struct diag *d)
{
	static const unsigned char context[] = "yett";
	struct tls_server *s = calloc(1, sizeof *s);

	if (s == NULL || (s->io = tls_io_new()) == NULL) {
		(void)diag_set(d, ERR_NOMEM, "no memory for TLS");
		free(s);
		return NULL;
	}
	s->ctx = tls_ctx_new(TLS_server_method(), d);
	if (s->ctx == NULL || use_chain(s->ctx, chain_pem, d) != OK ||
	    use_key(s->ctx, key_pem, d) != OK) {
		tls_server_free(s);
		return NULL;
	}
	SSL_CTX_set_alpn_select_cb(s->ctx, choose_alpn, NULL);
	(void)SSL_CTX_set_options(s->ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_session_id_context(s->ctx, context, sizeof context - 1);
	/* Tickets carry the state: nothing is kept for a client that may never come back. */
	(void)SSL_CTX_set_session_cache_mode(s->ctx, SSL_SESS_CACHE_OFF);
	return s;
}

void tls_server_free(struct tls_server *s)
{
	if (s == NULL)
		return;
	SSL_CTX_free(s->ctx);
	BIO_meth_free(s->io);
	free(s);
}

struct tls *tls_accept(struct tls_server *s, int fd)
{
	struct tls *t = tls_conn_new(s->ctx, s->io, fd);

	if (t == NULL)
		return NULL;
	t->owner = s;
	SSL_set_accept_state(t->ssl);
	return t;
}
