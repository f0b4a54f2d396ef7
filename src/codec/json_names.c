/*
 * codec/json_names.c - duplicate names in one object.
 *
 * Small objects, which is nearly all: each name sets one of 64 bits, and only a name whose bit is
 * taken is compared with those before it. Large ones, and those with escapes in names, are dealt
 * into chains by a hash and each chain is sorted by merging. An attacker who makes all names fall
 * into one chain has made us sort, not square, and so no secret seed is needed.
 * Input: hostile.   Runs in: ingress, admin, cli.   Fuzz: fuzz/json_fuzz.c
 */
#include "codec/json_names.h"

#include "codec/json_scan.h"

#include <string.h>

enum {
	SMALL = 16,        /* names compared pairwise at most */
	CHAINS = 1024,     /* 4 KB of stack */
	MERGE_LEVELS = 28, /* skip is an index of 28 bits, so there are fewer than 2^28 names */
};

/* Resolved bytes of a string, one after another. */
struct reader {
	const char *p, *end;
	bool esc;
	unsigned char held[4]; /* the rest of a resolved escape, last byte first */
	unsigned n;
};

static void hold_escape(struct reader *r)
{
	char utf8[4];
	struct buf b;

	buf_fixed(&b, utf8, sizeof utf8);
	json_unescape(&b, (struct str){ r->p, json_escape_len(r->p, r->end) });
	r->p += json_escape_len(r->p, r->end);
	for (size_t i = b.n; i-- > 0;)
		r->held[r->n++] = (unsigned char)utf8[i];
}

/* The next byte or -1. */
static int next_byte(struct reader *r)
{
	if (r->n == 0) {
		if (r->p == r->end)
			return -1;
		if (!r->esc || *r->p != '\\')
			return (unsigned char)*r->p++;
		hold_escape(r);
	}
	return r->held[--r->n];
}

int json_names_cmp(struct str a, bool a_esc, struct str b, bool b_esc)
{
	if (!a_esc && !b_esc)
		return str_cmp(a, b);
	struct reader ra = { .p = a.p, .end = a.p + a.n, .esc = a_esc };
	struct reader rb = { .p = b.p, .end = b.p + b.n, .esc = b_esc };
	for (;;) {
		int ca = next_byte(&ra), cb = next_byte(&rb);
		if (ca != cb || ca < 0)
			return ca - cb;
	}
}

static int compare(const struct json *a, const struct json *b)
{
	return json_names_cmp((struct str){ a->p, a->n }, a->esc,
			      (struct str){ b->p, b->n }, b->esc);
}

static uint64_t mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

/* A hash of the resolved bytes. */
static uint64_t hash(const struct json *key)
{
	struct reader r = { .p = key->p, .end = key->p + key->n, .esc = true };
	uint64_t h = 0, w = 0;

	if (key->esc) {
		unsigned n = 0;
		for (int c = next_byte(&r); c >= 0; c = next_byte(&r)) {
			w |= (uint64_t)(unsigned)c << 8 * (n % 8);
			if (++n % 8 == 0) {
				h = mix(h, w);
				w = 0;
			}
		}
		return mix(mix(h, w), n);
	}
	for (; r.end - r.p >= 8; r.p += 8) {
		w = 0;
		for (unsigned i = 0; i < 8; i++)
			w |= (uint64_t)(unsigned char)r.p[i] << 8 * i;
		h = mix(h, w);
	}
	w = 0;
	for (unsigned i = 0; r.p < r.end; i++, r.p++)
		w |= (uint64_t)(unsigned char)*r.p << 8 * i;
	return mix(mix(h, w), key->n);
}

/* No name in obj up to this one has an escape. */
static const struct json *find_before(const struct json *obj, const struct json *name)
{
	for (const struct json *k = obj + 1; k < name; k += 1 + k[1].skip)
		if (k->n == name->n && memcmp(k->p, name->p, k->n) == 0)
			return name;
	return NULL;
}

/* The quote behind a name makes a first byte readable even when it is empty. */
static unsigned fingerprint(const struct json *key)
{
	unsigned first = (unsigned char)key->p[0];
	unsigned last = (unsigned char)key->p[key->n ? key->n - 1 : 0];

	return (key->n * 7 + first * 5 + last) & 63;
}

/* Chains are made of indices relative to the object, 0 being the end; index 0 is the object
 * itself. */
struct chain_set {
	struct json *obj;
	const struct json *twice; /* the later one in the text of the first pair found */
	uint32_t heads[CHAINS];
};

/* Merges two sorted chains. */
static uint32_t merge(struct chain_set *s, uint32_t a, uint32_t b)
{
	struct json head = { .skip = 0 }, *last = &head;

	while (a != 0 && b != 0) {
		int order = compare(&s->obj[a], &s->obj[b]);
		if (order == 0 && s->twice == NULL)
			s->twice = &s->obj[a > b ? a : b];
		uint32_t *from = order < 0 ? &a : &b;
		last->skip = *from & 0xfffffff;
		last = &s->obj[*from];
		*from = last->skip;
	}
	last->skip = (a | b) & 0xfffffff;
	return head.skip;
}

/* Merge sort from below: level[i] is empty or a sorted chain of 2^i names. */
static void sort_chain(struct chain_set *s, uint32_t head)
{
	uint32_t level[MERGE_LEVELS + 1] = { 0 }, all = 0;
	unsigned i;

	while (head != 0) {
		uint32_t one = head;
		head = s->obj[one].skip;
		s->obj[one].skip = 0;
		for (i = 0; level[i] != 0; i++) {
			one = merge(s, level[i], one);
			level[i] = 0;
		}
		level[i] = one;
	}
	for (i = 0; i <= MERGE_LEVELS; i++)
		all = merge(s, level[i], all);
}

__attribute__((noinline)) static const struct json *find_by_sorting(struct json *obj)
{
	struct chain_set s;
	uint32_t chains = 64;

	/* as many as members, or as values below them: walking to count would cost more */
	while (chains < CHAINS && chains < obj->skip / 2)
		chains *= 2;
	s.obj = obj;
	s.twice = NULL;
	memset(s.heads, 0, chains * sizeof s.heads[0]);
	for (struct json *k = obj + 1, *end = obj + obj->skip; k < end; k += 1 + k[1].skip) {
		uint32_t *at = &s.heads[hash(k) & (chains - 1)];
		k->skip = *at & 0xfffffff;
		*at = (uint32_t)(k - obj);
	}
	for (uint32_t i = 0; i < chains && s.twice == NULL; i++)
		if (s.heads[i] != 0 && obj[s.heads[i]].skip != 0)
			sort_chain(&s, s.heads[i]);
	for (struct json *k = obj + 1, *end = obj + obj->skip; k < end; k += 1 + k[1].skip)
		k->skip = 1;
	return s.twice;
}

const struct json *json_names_twice(struct json *obj)
{
	uint64_t seen = 0;
	size_t n = 0;

	JSON_EACH_MEMBER(obj, k) {
		uint64_t bit = UINT64_C(1) << fingerprint(k);
		if (k->esc || ++n > SMALL)
			return find_by_sorting(obj);
		const struct json *twice = (seen & bit) != 0 ? find_before(obj, k) : NULL;
		if (twice != NULL)
			return twice;
		seen |= bit;
	}
	return NULL;
}
