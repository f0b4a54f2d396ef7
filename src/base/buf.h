/*
 * base/buf.h - a growing byte string with its maximum from birth and a sticky error.
 * Ring 0. Add ten times, check once. Memory is malloc'd and kept for reuse until buf_free.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap, max; /* n <= cap <= max, always */
	enum err err;       /* ERR_LIMIT past max, ERR_NOMEM; sticky until buf_reset */
	bool fixed;         /* the storage is the caller's: never grown, never freed */
};

/* buf_init makes an empty buffer that may grow to max bytes. It allocates nothing yet. */
void buf_init(struct buf *b, size_t max);

/* buf_fixed makes an empty buffer over the caller's storage of cap bytes. */
void buf_fixed(struct buf *b, void *storage, size_t cap);

/* buf_free releases the storage; the buffer is empty and usable again. */
void buf_free(struct buf *b);

/* buf_reset empties the buffer, clears the error and keeps the storage. */
void buf_reset(struct buf *b);

/* buf_wipe overwrites the whole storage with zeros, then resets. For what held a secret. */
void buf_wipe(struct buf *b);

/* buf_grow is buf_room where there is no room yet. */
char *buf_grow(struct buf *b, size_t n);

/* buf_room makes at least n writable bytes after the content and returns them, or NULL with the
 * error set. The caller writes and then calls buf_grew. */
static inline char *buf_room(struct buf *b, size_t n)
{
	if (b->err == OK && b->p != NULL && n <= b->cap - b->n)
		return b->p + b->n;
	return buf_grow(b, n);
}
void buf_grew(struct buf *b, size_t n);

/* The buf_add family does nothing once b->err is set. */
static inline void buf_add(struct buf *b, struct str s)
{
	char *at = buf_room(b, s.n);

	if (at == NULL || s.n == 0)
		return;
	memcpy(at, s.p, s.n);
	b->n += s.n;
}

static inline void buf_addc(struct buf *b, char c)
{
	char *at = buf_room(b, 1);

	if (at == NULL)
		return;
	*at = c;
	b->n++;
}

void buf_addu(struct buf *b, uint64_t v);             /* decimal */
void buf_addi(struct buf *b, int64_t v);              /* decimal */
void buf_addhex(struct buf *b, struct str bytes);     /* two lower-case digits a byte */
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* buf_cut removes the first n bytes, n <= b->n. */
void buf_cut(struct buf *b, size_t n);

/* buf_str borrows the content, valid until the next change. */
struct str buf_str(const struct buf *b);

/* buf_finish gives the content, or the first error of all that was added. */
MUST_USE enum err buf_finish(const struct buf *b, struct str *out);

#endif
