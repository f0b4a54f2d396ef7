/*
 * tls/tls_conn.c - one TLS connection: handshake, read, write. The same for client and server.
 * Input: the peer's bytes, read by OpenSSL alone.   Runs in: egress, ingress.
 */
#include "tls/tls_conn.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

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
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					    SSL_MODE_RELEASE_BUFFERS);
	/* One recv for many records, instead of two for each. */
	SSL_CTX_set_read_ahead(ctx, 1);
	return ctx;
}

/* ---- the socket, as OpenSSL sees it
 * ------------------------------------------------------------ */

static int io_read(BIO *b, char *p, int n)
{
	struct tls *t = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	if (t->drained) {
		BIO_set_retry_read(b);
		return -1;
	}
	ssize_t got = recv(t->fd, p, (size_t)n, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(b);
	/* What comes later is told by a new event, unless the last one has told of the end
	 * already. */
	t->drained = t->told && !t->ended && got != 0 && got < n && (got > 0 || errno == EAGAIN);
	t->at_end = got == 0;
	return (int)got;
}

static int io_write(BIO *b, const char *p, int n)
{
	struct tls *t = BIO_get_data(b);
	ssize_t done = send(t->fd, p, (size_t)n, MSG_NOSIGNAL);

	BIO_clear_retry_flags(b);
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(b);
	return (int)done;
}

static long io_ctrl(BIO *b, int what, long n, void *p)
{
	const struct tls *t = BIO_get_data(b);

	(void)n, (void)p;
	if (what == BIO_CTRL_EOF)
		return t->at_end;
	return what == BIO_CTRL_FLUSH;
}

static int io_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

BIO_METHOD *tls_io_new(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "socket");

	if (m && BIO_meth_set_read(m, io_read) == 1 && BIO_meth_set_write(m, io_write) == 1 &&
	    BIO_meth_set_ctrl(m, io_ctrl) == 1 && BIO_meth_set_create(m, io_create) == 1)
		return m;
	BIO_meth_free(m);
	return NULL;
}

void tls_ready(struct tls *t, bool ended)
{
	t->told = true;
	t->drained = false;
	t->ended |= ended;
}

/* ---- connections
 * ------------------------------------------------------------------------------ */

struct tls *tls_conn_new(SSL_CTX *ctx, BIO_METHOD *io, int fd)
{
	struct tls *t = calloc(1, sizeof *t);
	BIO *b = t ? BIO_new(io) : NULL;

	if (b != NULL)
		t->ssl = SSL_new(ctx);
	if (b == NULL || t->ssl == NULL) {
		(void)BIO_free(b);
		free(t);
		ERR_clear_error();
		return NULL;
	}
	t->fd = fd;
	BIO_set_data(b, t);
	SSL_set_bio(t->ssl, b, b);
	return t;
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	/* OpenSSL counts a session without a shutdown as bad. HTTP's own framing has told us
	 * whether the answer was whole, so the session stays good for resumption. */
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

/* SSL_get_error asks the queue, so nothing of before may lie in it; it is empty nearly always, and
 * emptying it takes as long as a short read. */
static void forget_errors(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

enum err tls_handshake(struct tls *t, struct diag *d)
{
	forget_errors();
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
		return diag_set(d, ERR_DENIED, "certificate: %s",
				X509_verify_cert_error_string(verdict));
	}
	return tls_failed(d, ERR_UPSTREAM, "TLS handshake");
}

enum err tls_read(struct tls *t, void *p, size_t cap, size_t *out_n)
{
	assert(t->open && cap > 0);
	/* OpenSSL would find out the same with a buffer that it makes and frees for it. */
	if (t->drained && SSL_has_pending(t->ssl) == 0)
		return ERR_AGAIN;
	forget_errors();
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
	forget_errors();
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
