/* tls/tls_conn.h - what the client and the server side share; not for others. Ring 1. */
#ifndef TLS_TLS_CONN_H
#define TLS_TLS_CONN_H

#include "tls/tls.h"

#include <openssl/ssl.h>

struct tls {
	SSL *ssl;
	int fd;
	bool told;                      /* tls_ready is used */
	bool drained;                   /* the last recv emptied the socket */
	bool at_end, ended;             /* recv gave 0; the peer is known to have closed */
	bool wants_write;
	bool open;                      /* the handshake is done */
	bool (*peer_ok)(const struct tls *); /* one more check after the handshake, or NULL */
	const void *owner;              /* the context it was made from */
};

/* tls_ctx_new makes a context with what both sides want. NULL with d set. */
SSL_CTX *tls_ctx_new(const SSL_METHOD *method, struct diag *d);

/* tls_io_new makes the table of functions through which connections reach their socket; NULL
 * without memory. */
BIO_METHOD *tls_io_new(void);

/* tls_conn_new makes a connection of ctx on fd; NULL without memory. */
struct tls *tls_conn_new(SSL_CTX *ctx, BIO_METHOD *io, int fd);

/* tls_failed sets d from OpenSSL's error queue, empties the queue and returns e. */
enum err tls_failed(struct diag *d, enum err e, const char *what);

#endif
