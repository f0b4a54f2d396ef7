/* codec/base64.h - RFC 4648 base64 and base64url. Ring 0. */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum base64_kind { BASE64_STD, BASE64_URL }; /* URL: no padding when written, optional when read */

/* base64_encode appends the text of in. */
void base64_encode(struct buf *out, struct str in, enum base64_kind kind);

/* base64_decode is strict: no white space, no bits left over, correct padding. */
MUST_USE enum err base64_decode(struct buf *out, struct str in, enum base64_kind kind);

/* base64_valid checks without decoding. */
bool base64_valid(struct str in, enum base64_kind kind);

#endif
