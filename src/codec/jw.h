/*
 * codec/jw.h - writes JSON into a buf. Ring 0. Commas are put where needed by looking at the last
 * byte written, so there is no state to keep:
 *
 *	jw_obj(b); jw_key(b, S("id")); jw_str(b, id); jw_key(b, S("list")); jw_arr(b); jw_int(b, 1);
 *	jw_arr_end(b); jw_obj_end(b);
 *
 * The byte before a text must not look like the end of a value: start an empty buf, or after a
 * space or newline.
 */
#ifndef CODEC_JW_H
#define CODEC_JW_H

#include "base/buf.h"

/* Brackets. */
void jw_obj(struct buf *b);
void jw_obj_end(struct buf *b);
void jw_arr(struct buf *b);
void jw_arr_end(struct buf *b);

/* jw_key writes a member's name; the next call writes its value. name needs no escaping. */
void jw_key(struct buf *b, struct str name);

/* Values. */
void jw_null(struct buf *b);
void jw_bool(struct buf *b, bool v);
void jw_int(struct buf *b, int64_t v);
void jw_uint(struct buf *b, uint64_t v);

/* jw_str escapes s, which is UTF-8; bytes that are not become U+FFFD. */
void jw_str(struct buf *b, struct str s);

/* jw_esc writes a string whose content is escaped already (json_esc). */
void jw_esc(struct buf *b, struct str esc);

/* jw_raw writes a value that is JSON text already. */
void jw_raw(struct buf *b, struct str text);

/* jw_quote_open and jw_quote_close bracket string content put by jw_esc_add and jw_str_add. */
void jw_quote_open(struct buf *b);
void jw_quote_close(struct buf *b);
void jw_esc_add(struct buf *b, struct str esc);
void jw_str_add(struct buf *b, struct str s);

/* Members in one call. */
void jw_kv_str(struct buf *b, struct str name, struct str s);
void jw_kv_esc(struct buf *b, struct str name, struct str esc);
void jw_kv_raw(struct buf *b, struct str name, struct str text);
void jw_kv_int(struct buf *b, struct str name, int64_t v);
void jw_kv_bool(struct buf *b, struct str name, bool v);

/* jw_number writes value / 10^scale with no trailing zeros: the inverse of num_scaled. */
void jw_number(struct buf *b, int64_t value, unsigned scale);

#endif
