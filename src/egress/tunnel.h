/*
 * egress/tunnel.h - the way through an HTTP proxy: CONNECT (RFC 9110, 9.3.6), on a socket that is
 * connected to it. What comes after is between us and the provider. Runs in: egress.
 */
#ifndef EGRESS_TUNNEL_H
#define EGRESS_TUNNEL_H

#include "base/diag.h"
#include "codec/http1.h"
#include "proto/upstream.h"

/* A proxy as keeper's table gives it. */
struct tunnel {
	struct str host;
	uint16_t port;
	struct str credential; /* value of proxy-authorization, in the secret memory; "": none */
};

/* tunnel_ask sends the request for row's host and port. room is working memory of cap bytes; it
 * holds the credential for a moment and is wiped. */
MUST_USE enum err tunnel_ask(int fd, const struct tunnel *t, const struct upstream *row, char *room,
			     size_t cap);

/* tunnel_answer looks for the answer in what the socket holds, and takes the answer out and no byte
 * more. ERR_AGAIN: not all of it is there. OK: the way is open. Else d says what the proxy said.
 * room has cap bytes, h is working memory. */
MUST_USE enum err tunnel_answer(int fd, char *room, size_t cap, struct http1_head *h,
				struct diag *d);

#endif
