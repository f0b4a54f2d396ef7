/* base/arena.c - request memory. */
#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK = 16 << 10, ARENA_ALIGN_MAX = 16, ARENA_ROOM_FIRST = 8, ARENA_TEXT_SPARE = 64 };

struct arena_block {
	struct arena_block *next;
	size_t n, cap;
	_Alignas(ARENA_ALIGN_MAX) char bytes[];
};

void arena_init(struct arena *a, size_t budget)
{
	arena_init_small(a, budget, ARENA_BLOCK);
}

void arena_init_small(struct arena *a, size_t budget, size_t block)
{
	assert(block > 0);
	*a = (struct arena){ .budget = budget, .block = block };
}

static void free_from(struct arena_block *b)
{
	while (b != NULL) {
		struct arena_block *next = b->next;
		free(b);
		b = next;
	}
}

void arena_reset(struct arena *a)
{
	a->used = 0;
	if (a->first == NULL)
		return;
	if (a->first->cap > a->block) {
		arena_done(a);
		return;
	}
	free_from(a->first->next);
	a->first->next = NULL;
	a->first->n = 0;
	a->last = a->first;
}

void arena_done(struct arena *a)
{
	free_from(a->first);
	*a = (struct arena){ .budget = a->budget, .block = a->block, .starved = a->starved };
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a->first; b != NULL; b = b->next)
		explicit_bzero(b->bytes, b->cap);
	arena_done(a);
}

static struct arena_block *add_block(struct arena *a, size_t n)
{
	size_t cap = n > a->block ? n : a->block;
	struct arena_block *b = malloc(sizeof *b + cap);

	if (b == NULL) {
		a->starved = true;
		return NULL;
	}
	b->next = NULL;
	b->n = 0;
	b->cap = cap;
	if (a->last)
		a->last->next = b;
	else
		a->first = b;
	a->last = b;
	return b;
}

void *arena_take(struct arena *a, size_t n, size_t align)
{
	assert(align && align <= ARENA_ALIGN_MAX && (align & (align - 1)) == 0);
	if (n > a->budget - a->used)
		return NULL;
	struct arena_block *b = a->last;
	size_t at = b ? (b->n + align - 1) & ~(align - 1) : 0;
	if (b == NULL || at > b->cap || b->cap - at < n) {
		b = add_block(a, n);
		if (b == NULL)
			return NULL;
		at = 0;
	}
	b->n = at + n;
	a->used += n;
	return b->bytes + at;
}

void arena_trim(struct arena *a, void *p, size_t n, size_t used)
{
	struct arena_block *b = a->last;

	assert(used <= n);
	if (b == NULL || (char *)p + n != b->bytes + b->n)
		return;
	b->n -= n - used;
	a->used -= n - used;
}

void *arena_alloc(struct arena *a, size_t n, size_t align)
{
	void *p = arena_take(a, n, align);

	return p != NULL ? memset(p, 0, n) : NULL;
}

void *arena_array(struct arena *a, size_t n, size_t size, size_t align)
{
	assert(size > 0);
	if (n > SIZE_MAX / size)
		return NULL;
	return arena_alloc(a, n * size, align);
}

struct str arena_dup(struct arena *a, struct str s)
{
	char *p = arena_take(a, s.n ? s.n : 1, 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

bool arena_room(struct arena *a, void *slot, size_t n, size_t *cap, size_t size)
{
	void *old, *new;

	if (n < *cap)
		return true;
	size_t want = *cap ? 2 * *cap : ARENA_ROOM_FIRST;
	new = arena_array(a, want, size, ARENA_ALIGN_MAX);
	if (new == NULL)
		return false;
	memcpy(&old, slot, sizeof old);
	if (n)
		memcpy(new, old, n * size);
	memcpy(slot, &new, sizeof new);
	*cap = want;
	return true;
}

enum err arena_text_add(struct arena *a, struct arena_text *t, struct str s)
{
	if (s.n > t->cap - t->n) {
		size_t need = t->n + s.n;
		size_t cap = 2 * t->cap > need ? 2 * t->cap : need + ARENA_TEXT_SPARE;
		char *p = arena_take(a, cap, 1);
		if (p == NULL)
			return ERR_NOMEM;
		if (t->n)
			memcpy(p, t->p, t->n);
		t->p = p;
		t->cap = cap;
	}
	if (s.n)
		memcpy(t->p + t->n, s.p, s.n);
	t->n += s.n;
	return OK;
}

struct str arena_text_str(const struct arena_text *t)
{
	return (struct str){ t->p ? t->p : "", t->n };
}

enum err arena_keep(struct arena *a, struct str s, struct str *out)
{
	if (s.p == NULL)
		return OK;
	struct str copy = arena_dup(a, s);
	if (copy.p == NULL)
		return ERR_NOMEM;
	*out = copy;
	return OK;
}
