/*
 * base/rd.h - a reader of little-endian messages with a sticky error.
 * Ring 0. A decoder reads like the format's specification and checks once, in rd_end.
 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct rd {
	const uint8_t *p, *end;
	enum err err; /* ERR_SYNTAX when short, ERR_LIMIT when a field is over its bound */
};

/* rd_from reads from s, which must outlive the reader and the strings it gives. */
struct rd rd_from(struct str s);

/* After the first failure every reader returns 0 or the empty string. */
uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
int64_t rd_i64(struct rd *r);

/* rd_bool takes 0 or 1 and nothing else. */
bool rd_bool(struct rd *r);

/* rd_str reads a u32 length and borrows that many bytes, max at most. */
struct str rd_str(struct rd *r, size_t max);

/* rd_bytes borrows exactly n bytes. */
struct str rd_bytes(struct rd *r, size_t n);

/* rd_count reads a u32 count of items that each take item_min bytes at least; over max or over what
 * is left is an error, so a lying count cannot make a large allocation. */
uint32_t rd_count(struct rd *r, uint32_t max, size_t item_min);

/* rd_end gives the first error, or ERR_SYNTAX when bytes are left over. */
MUST_USE enum err rd_end(const struct rd *r);

/* The writers' side: the same order, the same widths. */
void wr_u8(struct buf *b, uint8_t v);
void wr_u16(struct buf *b, uint16_t v);
void wr_u32(struct buf *b, uint32_t v);
void wr_u64(struct buf *b, uint64_t v);
void wr_i64(struct buf *b, int64_t v);
void wr_bool(struct buf *b, bool v);
void wr_str(struct buf *b, struct str s);
void wr_bytes(struct buf *b, struct str s);

#endif
