/* tls/tls_conn.h - what the client and the server side share; not for others. Ring 1. */
#ifndef TLS_TLS_CONN_H
#define TLS_TLS_CONN_H

#include "tls/tls.h"

#include <openssl/ssl.h>

struct tls {
	SSL *ssl;
	bool wants_write;
	bool open;                      /* the handshake is done */
	bool (*peer_ok)(const struct tls *); /* one more check after the handshake, or NULL */
	const void *owner;              /* the context it was made from */
};

/* tls_ctx_new makes a context with what both sides want. NULL with d set. */
SSL_CTX *tls_ctx_new(const SSL_METHOD *method, struct diag *d);

/* tls_conn_new makes a connection of ctx on fd; NULL without memory. */
struct tls *tls_conn_new(SSL_CTX *ctx, int fd);

/* tls_failed sets d from OpenSSL's error queue, empties the queue and returns e. */
enum err tls_failed(struct diag *d, enum err e, const char *what);

#endif
