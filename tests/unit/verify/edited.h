/*
 * tests/unit/verify/edited.h - texts with one place changed.
 */
#ifndef TESTS_VERIFY_EDITED_H
#define TESTS_VERIFY_EDITED_H

#include "../check.h"

#include "base/buf.h"

/* edited_at writes text into out, with to in place of n bytes at. */
static inline struct str edited_at(struct buf *out, struct str text, size_t at, size_t n, struct str to)
{
	CHECK(at <= text.n && n <= text.n - at);
	buf_reset(out);
	buf_add(out, str_head(text, at));
	buf_add(out, to);
	buf_add(out, str_tail(text, at + n));
	return buf_str(out);
}

/* edited writes text into out, with to in place of the first from, which must be there. */
static inline struct str edited(struct buf *out, struct str text, struct str from, struct str to)
{
	return edited_at(out, text, str_find(text, from), from.n, to);
}

#endif
