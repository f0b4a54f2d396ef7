/*
 * inspect/canary_index.h - every spelling of every token, found by windows of eight bytes. Ring 0.
 * For inspect/canary_*.c only.
 */
#ifndef INSPECT_CANARY_INDEX_H
#define INSPECT_CANARY_INDEX_H

#include "inspect/canary.h"

#include <assert.h>
#include <stdbool.h>

enum {
	WINDOW = 8,	/* bytes that are looked up at once */
	STRIDE = 3,	/* every third position is: WINDOW + STRIDE - 1 bytes are seen for sure */
	DIFF_NEED = 14, /* differences in a row that prove a token under XOR or addition */
	DIFF_STRIDE = 7,
	KEY_MAX = 32, /* longest repeated XOR key */
	PATTERNS_MAX = 1280,
	POOL_MAX = 320 << 10,
};

static_assert(WINDOW + STRIDE - 1 <= CANARY_PIECE, "no piece falls between two windows");
static_assert(WINDOW + DIFF_STRIDE - 1 <= DIFF_NEED, "likewise of differences");

/* One spelling of one token. */
struct pattern {
	uint32_t at; /* its text in the pool */
	uint16_t n;
	uint16_t from, to;     /* what of it spells the random part */
	uint16_t need;	       /* bytes of that which prove the token */
	uint8_t kind;	       /* enum canary_kind */
	uint8_t name;	       /* of the encoding: pattern_names */
	uint8_t before, after; /* what was done to the token first, to the text last */
};

/* A window's entry: pattern and offset; or, of differences, token, direction, distance, offset. */
struct window {
	uint64_t key;
	uint16_t of; /* pattern + 1; 0: free */
	uint16_t at;
	uint8_t distance; /* 1..KEY_MAX XOR, KEY_MAX + 1 addition; 0: a literal */
	bool reversed;
};

struct windows {
	struct window *slots;
	uint64_t *seen; /* two bits of a word for each hash: most of the input ends here */
	unsigned bits;	/* log2 of slots */
	size_t n;
};

struct canary_scanner {
	struct canaries canaries;
	struct pattern patterns[PATTERNS_MAX];
	unsigned n_patterns;
	uint8_t *pool;
	size_t pool_n;
	struct windows literal, diff;
};

/* joined writes a, between and b, as far as they fit, into out of cap bytes with a NUL. */
void joined(char *out, size_t cap, const char *a, const char *between, const char *b);

/* spelling_name writes what a pattern stands for: "base64, reversed". */
void spelling_name(const struct pattern *p, char *out, size_t cap);

/* windows_get gives the entry for a window whose hash is h, or NULL. */
const struct window *windows_get(const struct windows *w, uint64_t key, uint8_t distance,
				 uint64_t h);

static inline uint64_t windows_hash(uint64_t key, uint8_t distance)
{
	uint64_t h = (key ^ ((uint64_t)distance << 56 | distance)) * 0x9e3779b97f4a7c15u;

	return h ^ h >> 29;
}

static inline uint64_t windows_bits(uint64_t h)
{
	return (uint64_t)1 << (h & 63) | (uint64_t)1 << (h >> 6 & 63);
}

/* windows_find gives the entry for a window, or NULL: nearly always, after one look at one bit. */
static inline const struct window *windows_find(const struct windows *w, uint64_t key,
						uint8_t distance)
{
	uint64_t h = windows_hash(key, distance), bits = windows_bits(h);

	if (__builtin_expect((w->seen[h >> (67 - w->bits)] & bits) != bits, 1))
		return NULL;
	return windows_get(w, key, distance, h);
}

/* bytes_at reads a window. */
static inline uint64_t bytes_at(const uint8_t *p)
{
	uint64_t v;
	__builtin_memcpy(&v, p, sizeof v);
	return v;
}

/* bytes_sub subtracts each byte of b from that of a. */
static inline uint64_t bytes_sub(uint64_t a, uint64_t b)
{
	const uint64_t high = 0x8080808080808080u;

	return ((a | high) - (b & ~high)) ^ ((a ^ ~b) & high);
}

/* scan_literal looks for all spellings in one buffer, scan_diffs for tokens under XOR or addition;
 * neither undoes a layer. how names the layers that were undone already. */
void scan_literal(const struct canary_scanner *s, struct str in, const char *how,
		  struct canary_hits *out);
void scan_diffs(const struct canary_scanner *s, struct str in, const char *how,
		struct canary_hits *out);

#endif
