/* base/buf.c - growing byte strings. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 256 };

void buf_init(struct buf *b, size_t max)
{
	assert(max > 0);
	*b = (struct buf){ .max = max };
}

void buf_fixed(struct buf *b, void *storage, size_t cap)
{
	assert(storage != NULL);
	*b = (struct buf){ .p = storage, .cap = cap, .max = cap, .fixed = true };
}

void buf_free(struct buf *b)
{
	if (!b->fixed)
		free(b->p);
	*b = (struct buf){ .max = b->max };
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->err = OK;
}

void buf_wipe(struct buf *b)
{
	if (b->cap)
		explicit_bzero(b->p, b->cap);
	buf_reset(b);
}

static bool grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST;

	if (b->fixed)
		return false;
	while (cap < need)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap > b->max)
		cap = b->max;
	char *p = realloc(b->p, cap);
	if (p == NULL) {
		b->err = ERR_NOMEM;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

char *buf_grow(struct buf *b, size_t n)
{
	assert(b->n <= b->cap && b->cap <= b->max);
	if (b->err != OK)
		return NULL;
	if (n > b->max - b->n) {
		b->err = ERR_LIMIT;
		return NULL;
	}
	if (b->p == NULL || n > b->cap - b->n)
		if (!grow(b, b->n + n))
			return NULL;
	return b->p + b->n;
}

void buf_grew(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->n);
	b->n += n;
}

void buf_addu(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;

	for (; v >= 100; v /= 100) { /* two for one division */
		unsigned two = (unsigned)(v % 100);
		digits[--at] = (char)('0' + two % 10);
		digits[--at] = (char)('0' + two / 10);
	}
	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	buf_add(b, (struct str){ digits + at, sizeof digits - at });
}

void buf_addi(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_addc(b, '-');
	buf_addu(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void buf_addhex(struct buf *b, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *at = bytes.n <= SIZE_MAX / 2 ? buf_room(b, bytes.n * 2) : NULL;

	if (at == NULL)
		return;
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];
		*at++ = digits[c >> 4];
		*at++ = digits[c & 15];
	}
	b->n += bytes.n * 2;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	if (b->err != OK)
		return;
	va_start(ap, fmt);
	va_copy(again, ap);
	size_t room = b->cap - b->n;
	int n = vsnprintf(room ? b->p + b->n : NULL, room, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if ((size_t)n >= room) { /* vsnprintf wants one byte more, for its NUL */
		char *at = buf_room(b, (size_t)n + 1);
		if (at != NULL)
			n = vsnprintf(at, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	if (b->err == OK)
		b->n += (size_t)n;
}

void buf_cut(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->n -= n;
	if (b->n && n)
		memmove(b->p, b->p + n, b->n);
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p ? b->p : "", b->n };
}

enum err buf_finish(const struct buf *b, struct str *out)
{
	if (b->err == OK)
		*out = buf_str(b);
	return b->err;
}
