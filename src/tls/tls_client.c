/*
 * tls/tls_client.c - the client side: verification is always on, there is no switch for it.
 * Input: the peer's bytes, read by OpenSSL alone.   Runs in: egress.
 */
#include "tls/tls_conn.h"

#include "base/buf.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct tls_client {
	SSL_CTX *ctx;
	BIO_METHOD *io;
	EVP_MD *sha256; /* fetched once: an implicit fetch costs more than the hash */
	uint8_t pins[TLS_PINS][TLS_PIN];
	size_t n_pins;
};

enum err tls_prepare(struct diag *d)
{
	/* The system's openssl.cnf has no say in what we accept. */
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS, NULL) !=
	    1)
		return tls_failed(d, ERR_SYS, "cannot start OpenSSL");
	return OK;
}

/* add_roots reads every certificate of a PEM text. A bundle without any is an error. */
static enum err add_roots(SSL_CTX *ctx, struct str pem, struct diag *d)
{
	BIO *in = pem.n && pem.n <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	size_t n = 0;
	X509 *x;

	if (in == NULL)
		return diag_set(d, ERR_CONFIG, "no trusted roots");
	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		n += X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
	}
	bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(in);
	if (n == 0 || !at_end)
		return tls_failed(d, ERR_CONFIG, "cannot read the trusted roots");
	ERR_clear_error();
	return OK;
}

/* keep_session is called by OpenSSL when the server gives a ticket. It takes the reference over. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_session *kept = SSL_get_app_data(ssl);

	if (kept == NULL)
		return 0;
	tls_session_drop(kept);
	kept->kept = session;
	return 1;
}

void tls_session_drop(struct tls_session *s)
{
	SSL_SESSION_free(s->kept);
	s->kept = NULL;
}

static enum err client_setup(struct tls_client *c, const struct tls_client_opts *o, struct diag *d)
{
	static const unsigned char h2[] = "\x02h2\x08http/1.1";

	assert(o->n_pins <= TLS_PINS);
	c->n_pins = o->n_pins;
	for (size_t i = 0; i < o->n_pins; i++) {
		if (o->pins[i].n != TLS_PIN)
			return diag_set(d, ERR_CONFIG, "a pin is not 32 bytes");
		memcpy(c->pins[i], o->pins[i].p, TLS_PIN);
	}
	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	c->ctx = tls_ctx_new(TLS_client_method(), d);
	c->io = tls_io_new();
	if (c->ctx == NULL || c->sha256 == NULL || c->io == NULL)
		return diag_set(d, ERR_SYS, "cannot set up TLS");
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_session_cache_mode(c->ctx,
					     SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(c->ctx, keep_session);

	const unsigned char *alpn = o->http2 ? h2 : h2 + 3;
	if (SSL_CTX_set_alpn_protos(c->ctx, alpn,
				    (unsigned)(sizeof h2 - 1) - (o->http2 ? 0u : 3u)) != 0)
		return tls_failed(d, ERR_SYS, "cannot set ALPN");
	return add_roots(c->ctx, o->ca_pem, d);
}

struct tls_client *tls_client_new(const struct tls_client_opts *opts, struct diag *d)
{
	struct tls_client *c = calloc(1, sizeof *c);

	if (c == NULL) {
		(void)diag_set(d, ERR_NOMEM, "no memory for TLS");
		return NULL;
	}
	if (client_setup(c, opts, d) == OK)
		return c;
	tls_client_free(c);
	return NULL;
}

void tls_client_free(struct tls_client *c)
{
	if (c == NULL)
		return;
	SSL_CTX_free(c->ctx);
	BIO_meth_free(c->io);
	EVP_MD_free(c->sha256);
	free(c);
}

/* key_pinned compares the hash of one certificate's public key with the pins. */
static bool key_pinned(const struct tls_client *c, X509 *x)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	bool found = false;

	if (n <= 0 || EVP_Digest(der, (size_t)n, digest, NULL, c->sha256, NULL) != 1)
		n = 0;
	OPENSSL_free(der);
	for (size_t i = 0; n && i < c->n_pins; i++)
		found |= memcmp(digest, c->pins[i], TLS_PIN) == 0;
	return found;
}

/* peer_ok: the chain was verified; a pinned key must be in it. A resumed session was checked
 * before. */
static bool peer_ok(const struct tls *t)
{
	const struct tls_client *c = t->owner;

	if (SSL_get_verify_result(t->ssl) != X509_V_OK)
		return false;
	if (c->n_pins == 0 || SSL_session_reused(t->ssl))
		return true;
	STACK_OF(X509) *chain = SSL_get0_verified_chain(t->ssl);
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (key_pinned(c, sk_X509_value(chain, i)))
			return true;
	return false;
}

/* set_host says whom we expect: a name goes out as SNI too, an address must be in the
 * certificate. */
static bool set_host(SSL *ssl, struct str host)
{
	char name[256];
	unsigned char address[16];
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (host.n == 0 || host.n >= sizeof name)
		return false;
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	if (inet_pton(AF_INET, name, address) == 1)
		return X509_VERIFY_PARAM_set1_ip(param, address, 4) == 1;
	if (inet_pton(AF_INET6, name, address) == 1)
		return X509_VERIFY_PARAM_set1_ip(param, address, 16) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

struct tls *tls_connect(struct tls_client *c, int fd, struct str host, struct tls_session *kept)
{
	struct tls *t = tls_conn_new(c->ctx, c->io, fd);

	if (t == NULL)
		return NULL;
	t->peer_ok = peer_ok;
	t->owner = c;
	SSL_set_connect_state(t->ssl);
	SSL_set_app_data(t->ssl, kept);
	if (!set_host(t->ssl, host)) {
		tls_free(t);
		ERR_clear_error();
		return NULL;
	}
	if (kept && kept->kept)
		(void)SSL_set_session(t->ssl, kept->kept);
	return t;
}
