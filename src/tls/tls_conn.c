/*
 * tls/tls_conn.c - one TLS connection: handshake, read, write. The same for client and server.
 * Input: hostile.   Runs in: egress, ingress.   Fuzz: none, the parser is OpenSSL's
 */
#include "tls/tls_conn.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <assert.h>
#include <stdlib.h>

enum { RECORD = 16 << 10 };

enum err tls_failed(struct diag *d, enum err e, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return diag_set(d, e, "%s: %s", what, reason ? reason : "connection lost");
}

SSL_CTX *tls_ctx_new(const SSL_METHOD *method, struct diag *d)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
		SSL_CTX_free(ctx);
		(void)tls_failed(d, ERR_SYS, "cannot set up TLS");
		return NULL;
	}
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					    SSL_MODE_RELEASE_BUFFERS);
	/* One recv for many records, instead of two for each. */
	SSL_CTX_set_read_ahead(ctx, 1);
	return ctx;
}

struct tls *tls_conn_new(SSL_CTX *ctx, int fd)
{
	struct tls *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->ssl = SSL_new(ctx);
	if (t->ssl == NULL || SSL_set_fd(t->ssl, fd) != 1) {
		tls_free(t);
		ERR_clear_error();
		return NULL;
	}
	return t;
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	/* OpenSSL counts a session without a shutdown as bad. HTTP's own framing has told us whether the
	 * answer was whole, so the session stays good for resumption. */
	if (t->open)
		SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(t->ssl);
	free(t);
}

/* again tells whether an operation only has to wait, and for what. */
static bool again(struct tls *t, int result)
{
	int why = SSL_get_error(t->ssl, result);

	t->wants_write = why == SSL_ERROR_WANT_WRITE;
	return t->wants_write || why == SSL_ERROR_WANT_READ;
}

enum err tls_handshake(struct tls *t, struct diag *d)
{
	ERR_clear_error();
	int r = SSL_do_handshake(t->ssl);

	if (r == 1) {
		if (t->peer_ok && !t->peer_ok(t))
			return diag_set(d, ERR_DENIED, "no key of the certificate chain is pinned");
		t->open = true;
		t->wants_write = false;
		return OK;
	}
	if (again(t, r))
		return ERR_AGAIN;
	long verdict = SSL_get_verify_result(t->ssl);
	if (t->peer_ok && verdict != X509_V_OK) {
		ERR_clear_error();
		return diag_set(d, ERR_DENIED, "certificate: %s", X509_verify_cert_error_string(verdict));
	}
	return tls_failed(d, ERR_UPSTREAM, "TLS handshake");
}

enum err tls_read(struct tls *t, void *p, size_t cap, size_t *out_n)
{
	assert(t->open && cap > 0);
	ERR_clear_error();
	int r = SSL_read_ex(t->ssl, p, cap, out_n);

	if (r == 1)
		return OK;
	if (again(t, r))
		return ERR_AGAIN;
	*out_n = 0;
	if (SSL_get_error(t->ssl, r) == SSL_ERROR_ZERO_RETURN)
		return OK;
	bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
	ERR_clear_error();
	return cut ? ERR_NOT_FOUND : ERR_UPSTREAM;
}

bool tls_pending(const struct tls *t)
{
	return SSL_has_pending(t->ssl) == 1;
}

enum err tls_write(struct tls *t, const void *p, size_t n, size_t *out_n)
{
	assert(t->open && n > 0);
	ERR_clear_error();
	int r = SSL_write_ex(t->ssl, p, n < RECORD ? n : RECORD, out_n);

	if (r == 1)
		return OK;
	if (again(t, r))
		return ERR_AGAIN;
	ERR_clear_error();
	return ERR_UPSTREAM;
}

void tls_close_notify(struct tls *t)
{
	ERR_clear_error();
	if (t->open)
		(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
}

bool tls_wants_write(const struct tls *t)
{
	return t->wants_write;
}

bool tls_is_http2(const struct tls *t)
{
	const unsigned char *name;
	unsigned n;

	SSL_get0_alpn_selected(t->ssl, &name, &n);
	return str_eq((struct str){ (const char *)name, n }, S("h2"));
}
