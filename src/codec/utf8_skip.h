/* codec/utf8_skip.h - the fast part of utf8_valid. Ring 0. */
#ifndef CODEC_UTF8_SKIP_H
#define CODEC_UTF8_SKIP_H

#include "base/str.h"

/* utf8_skip gives an offset at which a character begins and before which all of s is UTF-8. It
 * may be 0 and it may stop early, as it does in front of a bad byte: the rest is the caller's
 * to read. */
size_t utf8_skip(struct str s);

#endif
