/*
 * ingress/encoding.h - request bodies that a client has compressed. Runs in: ingress.
 */
#ifndef INGRESS_ENCODING_H
#define INGRESS_ENCODING_H

#include "base/arena.h"
#include "base/diag.h"
#include "ingress/bodies.h"

enum encoding { ENCODING_IDENTITY, ENCODING_GZIP, ENCODING_DEFLATE };

/* encoding_find reads a Content-Encoding; a p of NULL is none. ERR_ENCODING: another one, or
 * several; d says what to do. */
MUST_USE enum err encoding_find(struct str field, enum encoding *out, struct diag *d);

/* encoding_decode puts in *body's place what it says, of at most max bytes. turn lends some 45 KB
 * and is the caller's to reset. ERR_SYNTAX: broken or cut short. ERR_LIMIT: larger than max, or
 * past LIMIT_BODY_RATIO. ERR_BUSY, ERR_NOMEM: no memory. *body changes only on success. */
MUST_USE enum err encoding_decode(enum encoding how, struct bodies *bodies, struct arena *turn,
				  struct body *body, size_t max, struct diag *d);

#endif
