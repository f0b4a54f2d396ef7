/*
 * ingress/bodies.c - blocks of powers of two, private and from the shared arena, last in first out,
 * so that they stay warm. Runs in: ingress.
 *
 * The arena is a buddy system: a block that is given back is joined with its other half when that
 * is free, too. Otherwise one burst of bodies of one size would leave no room for any larger one.
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
enum { LEAVES = LIMIT_ARENA >> CLASS_MIN_SHIFT, NO_LEAF = UINT16_MAX };
static_assert(LEAVES < NO_LEAF, "a leaf's number fits");
static_assert((1u << (CLASS_MIN_SHIFT + CLASSES - 1)) >= LIMIT_BODY * 2u,
	      "the largest class holds a body");
static_assert(1 << (SMALL_MIN_SHIFT + SMALLS - 1) == BODY_SMALL, "each small body has a class");

/* What begins at each 32 KB of the arena. It is private memory: egress cannot touch it. */
struct leaf {
	uint16_t next, prev; /* in the list of free blocks of its class */
	uint8_t free;	     /* a free block's class + 1, else 0 */
};

/* Private memory that waits for its next body; what it held is overwritten by this. */
struct small {
	struct small *next;
};

struct bodies {
	char *map;
	uint64_t used;
	uint16_t free[CLASSES];
	struct leaf leaves[LEAVES];
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

static void put(struct bodies *b, uint32_t at, unsigned c)
{
	struct leaf *l = &b->leaves[at];

	*l = (struct leaf){ .next = b->free[c], .prev = NO_LEAF, .free = (uint8_t)(c + 1) };
	if (l->next != NO_LEAF)
		b->leaves[l->next].prev = (uint16_t)at;
	b->free[c] = (uint16_t)at;
}

static void drop(struct bodies *b, uint32_t at, unsigned c)
{
	struct leaf *l = &b->leaves[at];

	if (l->next != NO_LEAF)
		b->leaves[l->next].prev = l->prev;
	if (l->prev != NO_LEAF)
		b->leaves[l->prev].next = l->next;
	else
		b->free[c] = l->next;
	l->free = 0;
}

struct bodies *bodies_new(int memfd, struct diag *d)
{
	struct bodies *b = calloc(1, sizeof *b);

	if (b == NULL || map_arena(memfd, &b->map, d) != OK) {
		free(b);
		return NULL;
	}
	memset(b->free, 0xff, sizeof b->free);
	for (uint32_t at = LEAVES; at > 0;)
		put(b, at -= 1 << (CLASSES - 1), CLASSES - 1);
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
	unsigned c = class_of(cap), from = c;

	if (c >= CLASSES)
		return ERR_LIMIT;
	while (from < CLASSES && b->free[from] == NO_LEAF)
		from++;
	if (from == CLASSES)
		return ERR_BUSY;
	uint32_t leaf = b->free[from];
	drop(b, leaf, from);
	while (from-- > c)
		put(b, leaf + (1u << from), from);
	uint64_t at = (uint64_t)leaf << CLASS_MIN_SHIFT;
	size_t size = (size_t)1 << (CLASS_MIN_SHIFT + c);
	b->used += size;
	*out = (struct body){ .p = b->map + at, .cap = size, .at = at, .shared = true };
	return OK;
}

static void shared_free(struct bodies *b, const struct body *body)
{
	unsigned c = class_of(body->cap);
	uint32_t leaf = (uint32_t)(body->at >> CLASS_MIN_SHIFT);

	b->used -= body->cap;
	while (c + 1 < CLASSES && b->leaves[leaf ^ 1u << c].free == c + 1) {
		drop(b, leaf ^ 1u << c, c);
		leaf &= ~(1u << c);
		c++;
	}
	put(b, leaf, c);
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
	if (body->shared)
		shared_free(b, body);
	else
		small_free(b, body);
	*body = (struct body){ 0 };
}

uint64_t bodies_used(const struct bodies *b)
{
	return b->used;
}
