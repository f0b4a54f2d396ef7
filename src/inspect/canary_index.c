/*
 * inspect/canary_index.c - every spelling of every token, and the table of their windows.
 * Input: own.   Runs in: sink.
 *
 * Instead of searching for one spelling after another, eight bytes of the input at a time are
 * looked up in one table that holds each window of each spelling, and what is found is compared as
 * far as it goes. So a piece of a token is found like the whole, and the number of spellings costs
 * memory, not time.
 */
#include "inspect/canary_index.h"

#include <stdlib.h>
#include <string.h>

enum { WORK = 1024 };

enum change { AS_IS, REVERSED, ROT13, SWAPPED, CHANGES };
static const char *const change_names[CHANGES] = { "", "reversed", "rot13", "case swapped" };

enum spelling { PLAIN, UTF16, HEX, HEX_UPPER, B64, B64_UTF16, B32, B32_LOWER, B85, A85, SPELLINGS };

static const char b64_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b85_letters[] =
	"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
static const char a85_letters[] =
	"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstu";

static const struct row {
	const char *name;
	const char *letters; /* NULL: not in groups of bits */
	uint8_t bits;	     /* of one letter; 0: groups of four bytes in five letters; 8: bytes */
	uint8_t alignments;
	uint8_t need;	       /* letters that spell CANARY_PIECE characters */
	uint8_t before, after; /* sets of changes */
	bool wide;	       /* of the token in UTF-16 */
} rows[SPELLINGS] = {
	[PLAIN] = { "plain", NULL, 8, 1, 10, 0xf, 1, false },
	[UTF16] = { "UTF-16", NULL, 8, 1, 20, 0xf, 1, true },
	[HEX] = { "hex", "0123456789abcdef", 4, 1, 20, 0xf, 3, false },
	[HEX_UPPER] = { "hex", "0123456789ABCDEF", 4, 1, 20, 0xf, 3, false },
	[B64] = { "base64", b64_letters, 6, 3, 14, 0xf, 0xf, false },
	[B64_UTF16] = { "base64 of UTF-16", b64_letters, 6, 3, 27, 1, 1, true },
	[B32] = { "base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5, 5, 16, 0xf, 3, false },
	[B32_LOWER] = { "base32", "abcdefghijklmnopqrstuvwxyz234567", 5, 5, 16, 1, 3, false },
	[B85] = { "base85", b85_letters, 0, 4, 13, 0xf, 3, false },
	[A85] = { "ascii85", a85_letters, 0, 4, 13, 0xf, 3, false },
};

/* A text with the part of it that is random. */
struct text {
	uint8_t p[WORK];
	size_t n, from, to;
};

static uint8_t turn_letter(uint8_t c, enum change how)
{
	bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';

	if (!upper && !lower)
		return c;
	if (how == SWAPPED)
		return c ^ 0x20;
	uint8_t base = upper ? 'A' : 'a';
	return (uint8_t)(base + (c - base + 13) % 26);
}

static void change(struct text *t, enum change how)
{
	if (how == ROT13 || how == SWAPPED)
		for (size_t i = 0; i < t->n; i++)
			t->p[i] = turn_letter(t->p[i], how);
	if (how != REVERSED)
		return;
	for (size_t i = 0; i < t->n / 2; i++) {
		uint8_t c = t->p[i];
		t->p[i] = t->p[t->n - 1 - i];
		t->p[t->n - 1 - i] = c;
	}
	size_t from = t->from;
	t->from = t->n - t->to;
	t->to = t->n - from;
}

static void widen(struct text *t)
{
	for (size_t i = t->n; i-- > 0;) {
		t->p[2 * i] = t->p[i];
		t->p[2 * i + 1] = 0;
	}
	t->n *= 2;
	t->from *= 2;
	t->to *= 2;
}

/* Letters of bits each, of the token behind pad unknown bytes; only letters that are the token's
 * alone are kept. */
static void spell_bits(const struct row *row, size_t pad, const struct text *in, struct text *out)
{
	size_t bits = row->bits, first = (8 * pad + bits - 1) / bits,
	       end = 8 * (pad + in->n) / bits;

	out->n = 0;
	for (size_t j = first; j < end; j++) {
		unsigned v = 0;
		for (size_t b = j * bits; b < (j + 1) * bits; b++)
			v = v << 1 | ((unsigned)in->p[b / 8 - pad] >> (7 - b % 8) & 1u);
		out->p[out->n++] = (uint8_t)row->letters[v];
	}
	out->from = (8 * (pad + in->from) + bits - 1) / bits - first;
	out->to = 8 * (pad + in->to) / bits - first;
}

/* Five letters for each four bytes; groups that are the token's alone. */
static void spell_85(const struct row *row, size_t pad, const struct text *in, struct text *out)
{
	size_t skip = (4 - pad) % 4;

	out->n = 0;
	out->from = SIZE_MAX;
	out->to = 0;
	for (size_t at = skip; at + 4 <= in->n; at += 4) {
		uint32_t v = (uint32_t)in->p[at] << 24 | (uint32_t)in->p[at + 1] << 16 |
			     (uint32_t)in->p[at + 2] << 8 | in->p[at + 3];
		for (unsigned i = 5; i-- > 0; v /= 85)
			out->p[out->n + i] = (uint8_t)row->letters[v % 85];
		if (at >= in->from && out->from == SIZE_MAX)
			out->from = out->n;
		out->n += 5;
		if (at + 4 <= in->to)
			out->to = out->n;
	}
	if (out->from > out->to)
		out->from = out->to;
}

static void spell(const struct row *row, size_t pad, const struct text *in, struct text *out)
{
	if (row->letters == NULL)
		*out = *in;
	else if (row->bits == 0)
		spell_85(row, pad, in, out);
	else
		spell_bits(row, pad, in, out);
}

/* ---- windows ---- */

static bool windows_init(struct windows *w, unsigned bits)
{
	w->bits = bits;
	w->slots = calloc((size_t)1 << bits, sizeof *w->slots);
	w->seen = calloc((size_t)1 << (bits - 3), sizeof *w->seen); /* eight bits for a slot */
	return w->slots != NULL && w->seen != NULL;
}

static void windows_put(struct windows *w, const struct window *new)
{
	size_t mask = ((size_t)1 << w->bits) - 1;
	uint64_t h = windows_hash(new->key, new->distance);
	size_t i = h >> 12 & mask;

	assert(w->n < mask / 2);
	while (w->slots[i].of != 0) {
		if (w->slots[i].key == new->key && w->slots[i].distance == new->distance)
			return; /* the same in two spellings: one of them is enough */
		i = (i + 1) & mask;
	}
	w->slots[i] = *new;
	w->seen[h >> (67 - w->bits)] |= windows_bits(h);
	w->n++;
}

const struct window *windows_get(const struct windows *w, uint64_t key, uint8_t distance,
				 uint64_t h)
{
	size_t mask = ((size_t)1 << w->bits) - 1;

	for (size_t i = h >> 12 & mask; w->slots[i].of != 0; i = (i + 1) & mask)
		if (w->slots[i].key == key && w->slots[i].distance == distance)
			return &w->slots[i];
	return NULL;
}

/* ---- all spellings ---- */

static void add_pattern(struct canary_scanner *s, const struct pattern *like, const struct text *t)
{
	struct pattern *p = &s->patterns[s->n_patterns];

	if (t->n < WINDOW || t->to < t->from + like->need)
		return;
	assert(s->n_patterns < PATTERNS_MAX && s->pool_n + t->n <= POOL_MAX);
	*p = *like;
	p->at = (uint32_t)s->pool_n;
	p->n = (uint16_t)t->n;
	p->from = (uint16_t)t->from;
	p->to = (uint16_t)t->to;
	memcpy(s->pool + s->pool_n, t->p, t->n);
	s->pool_n += t->n;
	s->n_patterns++;
	/* A window that has nothing random in it proves nothing, and stands in other texts. */
	for (size_t i = 0; i + WINDOW <= t->n; i++) {
		struct window w = { .key = bytes_at(t->p + i),
				    .of = (uint16_t)s->n_patterns,
				    .at = (uint16_t)i };
		if (i + WINDOW >= t->from + WINDOW / 2 && i + WINDOW / 2 <= t->to)
			windows_put(&s->literal, &w);
	}
}

static void add_spelling(struct canary_scanner *s, unsigned kind, unsigned spelling,
			 const struct text *token)
{
	const struct row *row = &rows[spelling];
	struct text in, out, last;

	for (unsigned before = 0; before < CHANGES; before++) {
		if ((row->before >> before & 1u) == 0)
			continue;
		in = *token;
		change(&in, before);
		if (row->wide)
			widen(&in);
		for (unsigned pad = 0; pad < row->alignments; pad++) {
			spell(row, pad, &in, &out);
			for (unsigned after = 0; after < CHANGES; after++) {
				if ((row->after >> after & 1u) == 0 || (after && before))
					continue;
				struct pattern like = { .need = row->need,
							.kind = (uint8_t)kind,
							.name = (uint8_t)spelling,
							.before = (uint8_t)before,
							.after = (uint8_t)after };
				last = out;
				change(&last, after);
				add_pattern(s, &like, &last);
			}
		}
	}
}

/* The differences of the random part at one distance. */
static void add_diffs(struct canary_scanner *s, unsigned kind, const struct text *t,
		      uint8_t distance, bool reversed)
{
	size_t far = distance > KEY_MAX ? 1 : distance, n = t->to - t->from;
	const uint8_t *p = t->p + t->from;

	for (size_t i = 0; i + far + WINDOW <= n && n >= far + DIFF_NEED; i++) {
		uint64_t a = bytes_at(p + i), b = bytes_at(p + i + far);
		struct window w = { .key = distance > KEY_MAX ? bytes_sub(b, a) : a ^ b,
				    .of = (uint16_t)(kind + 1),
				    .at = (uint16_t)i,
				    .distance = distance,
				    .reversed = reversed };
		windows_put(&s->diff, &w);
	}
}

static void add_token(struct canary_scanner *s, unsigned kind)
{
	const struct canary *c = &s->canaries.items[kind];
	struct text token = { .n = c->n, .from = c->from, .to = c->to };

	memcpy(token.p, c->text, c->n);
	for (unsigned spelling = 0; spelling < SPELLINGS; spelling++)
		add_spelling(s, kind, spelling, &token);
	for (unsigned reversed = 0; reversed < 2; reversed++) {
		for (uint8_t distance = 1; distance <= KEY_MAX + 1; distance++)
			add_diffs(s, kind, &token, distance, reversed);
		change(&token, REVERSED);
	}
}

struct canary_scanner *canary_scanner_new(const struct canaries *c)
{
	struct canary_scanner *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->canaries = *c;
	s->pool = malloc(POOL_MAX);
	if (s->pool == NULL || !windows_init(&s->literal, 19) || !windows_init(&s->diff, 17)) {
		canary_scanner_free(s);
		return NULL;
	}
	for (unsigned kind = 0; kind < CANARY_COUNT; kind++)
		add_token(s, kind);
	return s;
}

void canary_scanner_free(struct canary_scanner *s)
{
	if (s == NULL)
		return;
	free(s->pool);
	free(s->literal.slots);
	free(s->literal.seen);
	free(s->diff.slots);
	free(s->diff.seen);
	free(s);
}

void joined(char *out, size_t cap, const char *a, const char *between, const char *b)
{
	struct buf text;

	buf_fixed(&text, out, cap - 1);
	buf_add(&text, str_z(a));
	buf_add(&text, str_z(*b ? between : ""));
	buf_add(&text, str_z(b));
	out[text.n] = '\0';
}

void spelling_name(const struct pattern *p, char *out, size_t cap)
{
	char first[64];

	joined(first, sizeof first, rows[p->name].name, ", token ", change_names[p->before]);
	joined(out, cap, first, ", ", change_names[p->after]);
}
