/*
 * proto/usage.c - the queue of finished calls in a shared file: one writer, one reader, no locks.
 * Input: hostile (a subverted ingress writes the whole file).   Runs in: ingress, keeper.
 * Fuzz: fuzz/control_fuzz.c
 */
#include "proto/usage.h"

#include <assert.h>
#include <string.h>

static_assert((USAGE_SLOTS & (USAGE_SLOTS - 1)) == 0, "a slot is found by masking");
static_assert(USAGE_CHUNKS <= 32, "a bit for each");

static uint32_t place_of(const uint8_t *moved, uint64_t chunk)
{
	return (uint32_t)(chunk ^ moved[chunk % USAGE_CHUNKS]) % USAGE_CHUNKS;
}

uint32_t usage_slot(const uint8_t moved[USAGE_CHUNKS], uint64_t i)
{
	return place_of(moved, i / USAGE_CHUNK) * USAGE_CHUNK + (uint32_t)(i % USAGE_CHUNK);
}

/* Puts a new chunk into the first place that none of those that wait, from first on, lies in. */
static void begin_chunk(struct usage_file *f, uint64_t chunk, uint64_t first)
{
	uint32_t taken = 0, place = 0;

	for (uint64_t c = first; c < chunk; c++)
		taken |= 1u << place_of(f->moved, c);
	while (taken >> place & 1)
		place++;
	f->moved[chunk % USAGE_CHUNKS] = (uint8_t)((chunk ^ place) % USAGE_CHUNKS);
}

bool usage_room(const struct usage_file *f, uint32_t promised)
{
	uint64_t head = atomic_load_explicit(&f->head, memory_order_relaxed);
	uint64_t tail = atomic_load_explicit(&f->tail, memory_order_acquire);

	return head - tail + promised < USAGE_MAX;
}

enum err usage_put(struct usage_file *f, const struct usage_record *r)
{
	uint64_t head = atomic_load_explicit(&f->head, memory_order_relaxed);

	if (!usage_room(f, 0))
		return ERR_BUSY;
	if (head % USAGE_CHUNK == 0)
		begin_chunk(f, head / USAGE_CHUNK,
			    atomic_load_explicit(&f->tail, memory_order_relaxed) / USAGE_CHUNK);
	struct usage_record *slot = &f->records[usage_slot(f->moved, head)];
	*slot = *r;
	slot->seq = head + 1;
	atomic_store_explicit(&f->head, head + 1, memory_order_release);
	return OK;
}

uint32_t usage_peek(const struct usage_file *f, uint64_t from, struct usage_record *out, uint32_t n)
{
	uint64_t ready = atomic_load_explicit(&f->head, memory_order_acquire) - from;

	if (ready > USAGE_MAX)
		return 0;
	if (n > ready)
		n = (uint32_t)ready;
	for (uint32_t i = 0; i < n; i++)
		out[i] = f->records[usage_slot(f->moved, from + i)];
	return n;
}

void usage_text(char *field, size_t cap, struct str s)
{
	size_t n = s.n;

	if (n > cap) {
		n = cap;
		while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--;
	}
	if (n)
		memcpy(field, s.p, n);
	memset(field + n, 0, cap - n);
}
