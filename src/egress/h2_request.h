/*
 * egress/h2_request.h - the fields of a request, as HTTP/2 has them.   Runs in: egress.
 */
#ifndef EGRESS_H2_REQUEST_H
#define EGRESS_H2_REQUEST_H

#include "egress/h2.h"

/* h2_submit hands the request to nghttp2, which copies the fields, and gives the id of its stream;
 * below 0: a field has no room or no memory. */
MUST_USE int32_t h2_submit(struct h2 *s, const struct call *c, const nghttp2_data_provider *body,
			   void *stream);

#endif
