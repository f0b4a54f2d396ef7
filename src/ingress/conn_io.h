/*
 * ingress/conn_io.h - bytes from and to a client, plain or through TLS. Runs in: ingress.
 */
#ifndef INGRESS_CONN_IO_H
#define INGRESS_CONN_IO_H

#include "ingress/conn.h"

#include <sys/types.h>
#include <sys/uio.h>

/* conn_io_open begins TLS where the listener has a certificate; conn_io_close ends it. */
MUST_USE enum err conn_io_open(struct conn *c);
void conn_io_close(struct conn *c);

/* conn_io_end says that nothing more will be sent; the client may still be heard. */
void conn_io_end(struct conn *c);

/* conn_io_ready goes on with a TLS handshake; false: not yet, or the connection has been killed. */
bool conn_io_ready(struct conn *c);

/* conn_io_recv fills the n pieces, through TLS the first of them only. It gives the bytes read, 0
 * at the end, -1 when there is nothing now, -2 when it is broken. */
ssize_t conn_io_recv(struct conn *c, struct iovec *iov, unsigned n);

/* conn_io_send gives the bytes taken, 0 when the socket is full, -1 when it is broken. */
ssize_t conn_io_send(struct conn *c, struct iovec *iov, unsigned n);

#endif
