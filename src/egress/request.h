/*
 * egress/request.h - the head of a request to a provider: target, fields and the credential. Pure.
 * Runs in: egress. What is built here holds a key: it goes into memory that is wiped after the
 * send.
 */
#ifndef EGRESS_REQUEST_H
#define EGRESS_REQUEST_H

#include "proto/call.h"
#include "proto/upstream.h"

/* request_allowed: the row lets this path be called, and the model can stand in it. */
bool request_allowed(const struct upstream *row, const struct call *c);

/* request_target appends path and query. */
void request_target(struct buf *out, const struct upstream *row, const struct call *c);

/* request_authority appends host and, unless it is the scheme's own, port. */
void request_authority(struct buf *out, const struct upstream *row);

/* request_fields calls on_field for every field but Host and Content-Length, those with secrets
 * last; value is prefix and then text. secrets is the mapped secret file, checked with the
 * table. */
void request_fields(const struct upstream *row, const struct call *c, struct str secrets, void *arg,
		    void (*on_field)(void *arg, struct str name, struct str prefix, struct str text,
				     bool secret));

/* request_head appends a whole HTTP/1.1 head. */
void request_head(struct buf *out, const struct upstream *row, const struct call *c,
		  struct str secrets);

#endif
