/*
 * base/rd.c - little-endian messages: readers and writers.
 * Input: hostile.   Runs in: every process.   Fuzz: fuzz/call_fuzz.c, and all decoders of proto/.
 */
#include "base/rd.h"

#include "base/le.h"

#include <assert.h>

struct rd rd_from(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;

	return (struct rd){ .p = p, .end = s.n ? p + s.n : p };
}

static size_t left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

static bool take(struct rd *r, size_t n, const uint8_t **out)
{
	if (r->err == OK && left(r) < n)
		r->err = ERR_SYNTAX;
	if (r->err != OK)
		return false;
	*out = r->p;
	r->p += n;
	return true;
}

uint8_t rd_u8(struct rd *r)
{
	const uint8_t *p;

	return take(r, 1, &p) ? *p : 0;
}

uint16_t rd_u16(struct rd *r)
{
	const uint8_t *p;

	return take(r, 2, &p) ? le16(p) : 0;
}

uint32_t rd_u32(struct rd *r)
{
	const uint8_t *p;

	return take(r, 4, &p) ? le32(p) : 0;
}

uint64_t rd_u64(struct rd *r)
{
	const uint8_t *p;

	return take(r, 8, &p) ? le64(p) : 0;
}

int64_t rd_i64(struct rd *r)
{
	return (int64_t)rd_u64(r);
}

bool rd_bool(struct rd *r)
{
	uint8_t v = rd_u8(r);

	if (v > 1 && r->err == OK)
		r->err = ERR_SYNTAX;
	return v == 1 && r->err == OK;
}

struct str rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p;

	if (!take(r, n, &p))
		return S("");
	return (struct str){ (const char *)p, n };
}

struct str rd_str(struct rd *r, size_t max)
{
	uint32_t n = rd_u32(r);

	if (r->err == OK && n > max)
		r->err = ERR_LIMIT;
	return rd_bytes(r, n);
}

uint32_t rd_count(struct rd *r, uint32_t max, size_t item_min)
{
	uint32_t n = rd_u32(r);

	assert(item_min > 0);
	if (r->err == OK && n > max)
		r->err = ERR_LIMIT;
	if (r->err == OK && n > left(r) / item_min)
		r->err = ERR_SYNTAX;
	return r->err == OK ? n : 0;
}

enum err rd_end(const struct rd *r)
{
	if (r->err != OK)
		return r->err;
	return left(r) ? ERR_SYNTAX : OK;
}

static void put(struct buf *b, uint64_t v, size_t n)
{
	char bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(v >> (8 * i) & 0xff);
	buf_add(b, (struct str){ bytes, n });
}

void wr_u8(struct buf *b, uint8_t v)
{
	put(b, v, 1);
}

void wr_u16(struct buf *b, uint16_t v)
{
	put(b, v, 2);
}

void wr_u32(struct buf *b, uint32_t v)
{
	put(b, v, 4);
}

void wr_u64(struct buf *b, uint64_t v)
{
	put(b, v, 8);
}

void wr_i64(struct buf *b, int64_t v)
{
	put(b, (uint64_t)v, 8);
}

void wr_bool(struct buf *b, bool v)
{
	put(b, v, 1);
}

void wr_str(struct buf *b, struct str s)
{
	assert(s.n <= UINT32_MAX);
	wr_u32(b, (uint32_t)s.n);
	buf_add(b, s);
}

void wr_bytes(struct buf *b, struct str s)
{
	buf_add(b, s);
}
