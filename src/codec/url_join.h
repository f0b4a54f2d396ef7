/* codec/url_join.h - references in a document to absolute URLs (RFC 3986, 5.2). Ring 0. */
#ifndef CODEC_URL_JOIN_H
#define CODEC_URL_JOIN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* url_join appends what ref means in a document at base, an absolute http or https URL. The
 * fragment goes. ERR_SYNTAX: base is none, or ref has a scheme other than http and https, or a byte
 * that is none of a URL. */
MUST_USE enum err url_join(struct str base, struct str ref, struct buf *out);

/* url_origin gives the scheme and authority at the front of an absolute URL: "https://host:1". */
struct str url_origin(struct str url);

#endif
