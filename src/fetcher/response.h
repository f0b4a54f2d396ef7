/*
 * fetcher/response.h - one HTTP/1.1 answer, fed in pieces of any size. Pure.   Runs in: fetcher.
 */
#ifndef FETCHER_RESPONSE_H
#define FETCHER_RESPONSE_H

#include "codec/http1.h"

enum { RESPONSE_INTERIM_MAX = 16 };

struct response {
	struct buf head;  /* until it is whole */
	unsigned interim; /* answers before it: a server that never came to it would hold us */
	unsigned status; /* 0: the head is not whole yet */
	enum http1_framing framing;
	struct http1_chunked chunked;
	uint64_t left;		   /* of HTTP1_LENGTH */
	uint64_t length;	   /* what Content-Length says; 0: nothing */
	bool done;		   /* all of the answer has been read */
	bool encoded;		   /* it has a Content-Encoding, which we did not ask for */
	struct str location, type; /* in head */
	const char *why;	   /* a static sentence about a failure, or NULL */
};

/* response_init begins an answer. Release with response_done. */
void response_init(struct response *r);
void response_done(struct response *r);

/* response_feed takes bytes from the front of *in. *out is the next span of the body, possibly
 * empty, inside what *in was. Call until *in is empty or r->done. ERR_SYNTAX, ERR_LIMIT with
 * r->why. */
MUST_USE enum err response_feed(struct response *r, struct str *in, struct str *out);

/* response_end is told that the connection was closed; clean: as TLS says it, or there is no TLS.
 * ERR_UPSTREAM: the answer was cut short. */
MUST_USE enum err response_end(struct response *r, bool clean);

#endif
