/*
 * codec/splice.h - replaces a few spans of a text and keeps everything else untouched. Ring 0.
 * Used where the dialect is the same on both sides: unknown fields, key order and the spelling of
 * numbers survive.
 */
#ifndef CODEC_SPLICE_H
#define CODEC_SPLICE_H

#include "base/buf.h"
#include "codec/json.h"

enum { SPLICE_MAX = 32 };

struct splice_edit {
	size_t at, cut; /* cut bytes at offset at are replaced */
	struct str put;
};

struct splice {
	struct str src;
	struct splice_edit edits[SPLICE_MAX];
	unsigned n;
	enum err err; /* sticky: ERR_LIMIT for too many edits */
};

/* splice_init begins with no edits. src is the text that the values of the edits come from. */
void splice_init(struct splice *s, struct str src);

/* splice_value replaces the source text of v (quotes included) with text. */
void splice_value(struct splice *s, const struct json *v, struct str text);

/* splice_member sets obj's member name to the JSON text: in place when it exists, else appended. */
void splice_member(struct splice *s, const struct json *obj, struct str name, struct str text,
		   struct arena *a);

/* splice_remove removes the member whose name token is key from obj, with its comma; again is
 * once. */
void splice_remove(struct splice *s, const struct json *obj, const struct json *key);

/* splice_len gives the length of the result. */
size_t splice_len(const struct splice *s);

/* splice_parts gives the result as up to 2 * SPLICE_MAX + 1 pieces in order and their number. */
size_t splice_parts(struct splice *s, struct str out[2 * SPLICE_MAX + 1]);

/* splice_write appends the result to out. */
void splice_write(struct splice *s, struct buf *out);

#endif
