/*
 * codec/pickle_escape.h - escapes in the texts of pickle's protocol 0. Ring 0. For codec/pickle.c.
 */
#ifndef CODEC_PICKLE_ESCAPE_H
#define CODEC_PICKLE_ESCAPE_H

#include "base/buf.h"
#include "base/str.h"

/* pickle_escape appends what one escape of STRING means, s being what follows its backslash, and
 * gives how many bytes of s it takes; 0: it is none, and nothing is appended. */
size_t pickle_escape(struct str s, struct buf *out);

/* pickle_escape_unicode is the same of UNICODE, which knows two; another backslash behind the first
 * makes both stand for themselves. */
size_t pickle_escape_unicode(struct str s, struct buf *out);

#endif
