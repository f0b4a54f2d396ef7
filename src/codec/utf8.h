/* codec/utf8.h - UTF-8 as in RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
 * Ring 0. */
#ifndef CODEC_UTF8_H
#define CODEC_UTF8_H

#include "base/buf.h"
#include "base/str.h"

/* utf8_valid gives s.n when all of s is UTF-8, else the offset of the first bad byte. */
size_t utf8_valid(struct str s);

/* utf8_plain: all of s is UTF-8 without control characters, of which a terminal obeys those from
 * U+0080 to U+009F, too. */
bool utf8_plain(struct str s);

/* utf8_put appends one code point, which must not be a surrogate. */
void utf8_put(struct buf *out, uint32_t cp);

#endif
