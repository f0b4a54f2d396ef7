/*
 * tls/tls.h - TLS 1.2 and 1.3 over a non-blocking socket, behind one small interface. Ring 1.
 * tls_client_* is in egress only, tls_server_* in ingress only; struct tls is the same for both.
 * After tls_prepare no file is opened, and no callback into the caller exists.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/str.h"

struct tls_client; /* what to trust, shared by connections. Lifetime: its connections' at least. */
struct tls_server; /* a certificate and its key. Likewise. */
struct tls;        /* one connection */

enum { TLS_PIN = 32, TLS_PINS = 4 };

struct tls_client_opts {
	struct str ca_pem;         /* trusted roots, PEM; every other root is unknown */
	const struct str
		*pins; /* SHA-256 of a SubjectPublicKeyInfo of the chain, TLS_PIN bytes each */
	size_t n_pins;             /* 0: any chain to a trusted root; TLS_PINS at most */
	bool http2;                /* offer h2 before http/1.1 */
};

/* A session kept for resumption, one per upstream, owned by the caller. Zero it before use. */
struct tls_session {
	void *kept;
};

/* tls_prepare loads what OpenSSL would otherwise load at first use; called once before the jail is
 * locked. */
MUST_USE enum err tls_prepare(struct diag *d);

/* tls_client_new copies all of opts. NULL with d set: bad PEM or no memory. */
struct tls_client *tls_client_new(const struct tls_client_opts *opts, struct diag *d);
void tls_client_free(struct tls_client *c);

/* tls_connect begins a client connection on fd, which stays the caller's, to host: a name (sent as
 * SNI) or a literal address; the certificate has to be for it. kept: resumed from and kept for the
 * next one. */
struct tls *tls_connect(struct tls_client *c, int fd, struct str host, struct tls_session *kept);

/* tls_session_drop forgets a kept session. */
void tls_session_drop(struct tls_session *s);

/* tls_server_new takes a certificate chain and its private key as PEM. NULL with d set. */
struct tls_server *tls_server_new(struct str chain_pem, struct str key_pem, struct diag *d);
void tls_server_free(struct tls_server *s);

/* tls_accept begins a server connection on fd, which stays the caller's. NULL: no memory. */
struct tls *tls_accept(struct tls_server *s, int fd);

/* tls_free ends a connection without waiting; the descriptor stays open. NULL is legal. */
void tls_free(struct tls *t);

/* tls_handshake goes on with the handshake. ERR_AGAIN: call again when the socket is ready
 * (tls_wants_write tells for what). ERR_DENIED: the peer's certificate is not valid for us.
 * ERR_UPSTREAM: all else. */
MUST_USE enum err tls_handshake(struct tls *t, struct diag *d);

/* tls_read reads up to cap bytes. OK with *out_n 0: the peer ended the stream with close_notify.
 * ERR_AGAIN: nothing now. ERR_NOT_FOUND: the stream ended without close_notify, so its end may be a
 * lie. ERR_UPSTREAM: reset or broken. */
MUST_USE enum err tls_read(struct tls *t, void *p, size_t cap, size_t *out_n);

/* tls_ready is for loops that are told of readiness once (EPOLLET): it says that the socket can be
 * read now, ended: and that the peer has closed. Who calls it at each such event is spared the recv
 * that would only say EAGAIN; who never calls it is none the worse. */
void tls_ready(struct tls *t, bool ended);

/* tls_pending: decrypted bytes wait that no readiness of the socket will announce. */
bool tls_pending(const struct tls *t);

/* tls_write writes up to n bytes, 16 KB at most in one call. After ERR_AGAIN the same bytes must be
 * offered again (at any address). ERR_UPSTREAM: the connection is lost. */
MUST_USE enum err tls_write(struct tls *t, const void *p, size_t n, size_t *out_n);

/* tls_close_notify says, if the socket takes it, that nothing more will be written. */
void tls_close_notify(struct tls *t);

/* tls_wants_write: the last ERR_AGAIN waits until the socket can be written. */
bool tls_wants_write(const struct tls *t);

/* tls_is_http2: the peer chose h2. Valid after the handshake. */
bool tls_is_http2(const struct tls *t);

#endif
