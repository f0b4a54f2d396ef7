/*
 * sink/mint.h - certificates for whatever name is asked for, by an authority that lives as long as
 * this process and is trusted in one box only.
 */
#ifndef SINK_MINT_H
#define SINK_MINT_H

#include "base/buf.h"
#include "base/diag.h"

#include <openssl/ssl.h>

struct mint; /* the authority, one key for all leaves, and the TLS context */

/* mint_new makes the keys. NULL with d set. Lifetime: the process. */
struct mint *mint_new(struct diag *d);

/* mint_ca appends the authority's certificate, PEM, to out. */
void mint_ca(const struct mint *m, struct buf *out);

/* mint_accept begins a server connection on fd, which stays the caller's. address is the name of
 * the certificate where the client sends none. NULL: no memory. */
SSL *mint_accept(struct mint *m, int fd, const char *address);

#endif
