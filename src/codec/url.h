/*
 * codec/url.h - absolute http and https URLs of configuration, and percent-encoding (RFC 3986).
 * Ring 0.
 */
#ifndef CODEC_URL_H
#define CODEC_URL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct url {
	bool https;
	struct str host; /* a name, an IPv4 literal, or an IPv6 literal without its brackets */
	bool ipv6;
	uint16_t port;   /* 80 or 443 where the URL has none */
	struct str path; /* with its leading slash, or ""; no trailing slash */
	struct str query;
};

/* url_parse reads an absolute URL. ERR_SYNTAX for user information, fragments, another scheme,
 * a bad host or port. Slices point into s. */
MUST_USE enum err url_parse(struct url *u, struct str s);

/* url_decode appends s with %XX resolved; ERR_SYNTAX in out->err for a bad or NUL escape. */
void url_decode(struct buf *out, struct str s);

/* url_encode appends s with everything outside unreserved and the set keep percent-encoded. */
void url_encode(struct buf *out, struct str s, struct str keep);

#endif
