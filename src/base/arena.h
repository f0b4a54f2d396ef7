/*
 * base/arena.h - memory of one request: allocated piece by piece, released at once.
 * Ring 0. Blocks are malloc'd on demand up to the budget and the first one is kept across resets,
 * so a warm arena costs nothing.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/buf.h"
#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *first, *last;
	size_t used, budget; /* bytes handed out, and how many may be */
	size_t block;        /* what one piece of malloc'd memory holds at least */
	bool starved;        /* once there was no memory within the budget; stays for good */
};

/* arena_init makes an arena that hands out budget bytes at most. It allocates nothing yet. */
void arena_init(struct arena *a, size_t budget);

/* arena_init_small is arena_init with blocks of block bytes: for arenas of which there are
 * thousands. */
void arena_init_small(struct arena *a, size_t budget, size_t block);

/* arena_reset releases everything handed out and keeps one block. */
void arena_reset(struct arena *a);

/* arena_done releases all memory. */
void arena_done(struct arena *a);

/* arena_wipe overwrites everything, then releases it. For what held a secret. */
void arena_wipe(struct arena *a);

/* arena_alloc returns zeroed memory that lives until arena_reset, or NULL when the budget is spent
 * or memory is short. align is a power of two, 16 at most. */
void *arena_alloc(struct arena *a, size_t n, size_t align);

/* arena_take is arena_alloc without the zeroing, for bytes that are written before they are
 * read. */
void *arena_take(struct arena *a, size_t n, size_t align);

/* arena_trim gives back what follows the first used of the n bytes at p, if they were the last to
 * be taken. So room may be taken generously, and what comes next lies close to it. */
void arena_trim(struct arena *a, void *p, size_t n, size_t used);

/* arena_dup copies s; p is NULL on failure. */
struct str arena_dup(struct arena *a, struct str s);

#define NEW(a, type) ((type *)arena_alloc((a), sizeof(type), _Alignof(type)))
#define NEW_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type), _Alignof(type)))

/* arena_array is arena_alloc for n items of size bytes, checked for overflow. */
void *arena_array(struct arena *a, size_t n, size_t size, size_t align);

/* ARENA_ROOM sees to it that the array items, of n items with room for cap, has room for one more:
 * where it is full it moves to an array twice as large, the new part zeroed. False: no memory. */
#define ARENA_ROOM(a, items, n, cap) arena_room((a), &(items), (n), &(cap), sizeof *(items))

/* arena_room is ARENA_ROOM; slot is where the array's pointer is. */
MUST_USE bool arena_room(struct arena *a, void *slot, size_t n, size_t *cap, size_t size);

/* A text that grows in an arena, for what outlives the call that made it. */
struct arena_text {
	char *p;
	size_t n, cap;
};

/* arena_text_add appends s. ERR_NOMEM. */
MUST_USE enum err arena_text_add(struct arena *a, struct arena_text *t, struct str s);

/* arena_text_str borrows the text; its p is never NULL. */
struct str arena_text_str(const struct arena_text *t);

/* arena_keep makes *out a copy of s; where s.p is NULL it leaves *out alone. ERR_NOMEM. */
MUST_USE enum err arena_keep(struct arena *a, struct str s, struct str *out);

#endif
