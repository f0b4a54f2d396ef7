/*
 * ingress/bodies.c - blocks of powers of two, private and from the shared arena, last in first out,
 * so that they stay warm. Runs in: ingress.
 */
#include "ingress/bodies.h"

#include "base/limits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	BODY_SMALL = 16 << 10, /* up to here private: copied into the frame anyway */
	SMALL_MIN_SHIFT = 10,  /* 1 KB */
	SMALLS = 5,	       /* up to BODY_SMALL */
	SMALL_SPARE = 64,      /* of each size: kept for the next body */
	CLASS_MIN_SHIFT = 15,  /* 32 KB */
	CLASSES = 12,	       /* up to 64 MB: a translated body may be larger than LIMIT_BODY */
};
static_assert((1u << (CLASS_MIN_SHIFT + CLASSES - 1)) >= LIMIT_BODY * 2u,
	      "the largest class holds a body");
static_assert(1 << (SMALL_MIN_SHIFT + SMALLS - 1) == BODY_SMALL, "each small body has a class");

struct block {
	struct block *next;
	uint64_t at;
};

/* Private memory that waits for its next body; what it held is overwritten by this. */
struct small {
	struct small *next;
};

struct bodies {
	char *map;
	uint64_t fresh; /* never lent yet from here on */
	uint64_t used;
	struct block *free[CLASSES]; /* the list itself is private memory: egress cannot touch it */
	struct block *spare;
	struct small *small[SMALLS];
	unsigned n_small[SMALLS];
};

static enum err map_arena(int memfd, char **out, struct diag *d)
{
	void *p = mmap(NULL, LIMIT_ARENA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memfd,
		       0);

	if (p == MAP_FAILED)
		return diag_set(d, ERR_SYS, "cannot map the body arena: %s", strerror(errno));
	*out = p;
	return OK;
}

struct bodies *bodies_new(int memfd, struct diag *d)
{
	struct bodies *b = calloc(1, sizeof *b);

	if (b == NULL || map_arena(memfd, &b->map, d) != OK) {
		free(b);
		return NULL;
	}
	return b;
}

static unsigned class_of(size_t n)
{
	unsigned c = 0;

	while (((size_t)1 << (CLASS_MIN_SHIFT + c)) < n)
		c++;
	return c;
}

static unsigned small_class(size_t n)
{
	unsigned c = 0;

	while (((size_t)1 << (SMALL_MIN_SHIFT + c)) < n)
		c++;
	return c;
}

enum err body_alloc_shared(struct bodies *b, struct body *out, size_t cap)
{
	unsigned c = class_of(cap);

	if (c >= CLASSES)
		return ERR_LIMIT;
	size_t size = (size_t)1 << (CLASS_MIN_SHIFT + c);
	struct block *block = b->free[c];
	uint64_t at;
	if (block != NULL) {
		b->free[c] = block->next;
		at = block->at;
		block->next = b->spare;
		b->spare = block;
	} else {
		if (LIMIT_ARENA - b->fresh < size)
			return ERR_BUSY;
		at = b->fresh;
		b->fresh += size;
	}
	b->used += size;
	*out = (struct body){ .p = b->map + at, .cap = size, .at = at, .shared = true };
	return OK;
}

enum err body_alloc(struct bodies *b, struct body *out, size_t cap)
{
	if (cap > BODY_SMALL)
		return body_alloc_shared(b, out, cap);
	unsigned c = small_class(cap);
	struct small *spare = b->small[c];
	size_t size = (size_t)1 << (SMALL_MIN_SHIFT + c);
	if (spare != NULL) {
		b->small[c] = spare->next;
		b->n_small[c]--;
	} else if ((spare = malloc(size)) == NULL) {
		return ERR_NOMEM;
	}
	*out = (struct body){ .p = (char *)spare, .cap = size };
	return OK;
}

static void small_free(struct bodies *b, struct body *body)
{
	unsigned c = small_class(body->cap);
	struct small *spare = (struct small *)(void *)body->p;

	if (b->n_small[c] == SMALL_SPARE) {
		free(spare);
		return;
	}
	spare->next = b->small[c];
	b->small[c] = spare;
	b->n_small[c]++;
}

enum err body_grow(struct bodies *b, struct body *body, size_t cap)
{
	struct body bigger;

	if (cap <= body->cap)
		return OK;
	TRY(body_alloc(b, &bigger, cap));
	if (body->n)
		memcpy(bigger.p, body->p, body->n);
	bigger.n = body->n;
	body_free(b, body);
	*body = bigger;
	return OK;
}

void body_free(struct bodies *b, struct body *body)
{
	if (body->p == NULL)
		return;
	if (!body->shared) {
		small_free(b, body);
	} else {
		struct block *block = b->spare ? b->spare : malloc(sizeof *block);
		if (block == b->spare && block != NULL)
			b->spare = block->next;
		unsigned c = class_of(body->cap);
		b->used -= body->cap;
		if (block !=
		    NULL) { /* without memory for the list the block is lost until the restart */
			*block = (struct block){ .next = b->free[c], .at = body->at };
			b->free[c] = block;
		}
	}
	*body = (struct body){ 0 };
}

uint64_t bodies_used(const struct bodies *b)
{
	return b->used;
}
