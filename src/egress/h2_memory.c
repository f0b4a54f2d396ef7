/*
 * egress/h2_memory.c - memory that held a key is wiped when nghttp2 gives it back.
 * Runs in: egress.
 */
#include "egress/h2_memory.h"

#include "sys/secret.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define OWNER(type, member, p) ((type *)(void *)((char *)(p) - offsetof(type, member)))

struct block {
	size_t n;
	_Alignas(16) char bytes[];
};

static void *wiped_alloc(size_t n, void *arg)
{
	struct block *b = n <= SIZE_MAX - sizeof *b ? malloc(sizeof *b + n) : NULL;

	(void)arg;
	if (b == NULL)
		return NULL;
	b->n = n;
	return b->bytes;
}

static void wiped_free(void *p, void *arg)
{
	(void)arg;
	if (p == NULL)
		return;
	struct block *b = OWNER(struct block, bytes, p);
	secret_wipe(b->bytes, b->n);
	free(b);
}

static void *wiped_calloc(size_t n, size_t size, void *arg)
{
	size_t all;
	void *p = __builtin_mul_overflow(n, size, &all) ? NULL : wiped_alloc(all, arg);

	return p ? memset(p, 0, all) : NULL;
}

static void *wiped_realloc(void *p, size_t n, void *arg)
{
	void *to = wiped_alloc(n, arg);

	if (to && p) {
		size_t had = OWNER(struct block, bytes, p)->n;
		memcpy(to, p, had < n ? had : n);
		wiped_free(p, arg);
	}
	return to;
}

const nghttp2_mem h2_memory = { NULL, wiped_alloc, wiped_free, wiped_calloc, wiped_realloc };
