/*
 * inspect/canary_scan.c - looks for spellings of tokens in one buffer.
 * Input: hostile.   Runs in: sink.   Fuzz: fuzz/canary_fuzz.c
 */
#include "inspect/canary_index.h"

#include <stdio.h>
#include <string.h>

/* Some of the bytes from at on, and a few before it, as printable text. */
static void excerpt(struct str in, size_t at, char *out, size_t cap)
{
	size_t from = at > 24 ? at - 24 : 0, n = 0;

	for (size_t i = from; i < in.n && n + 1 < cap; i++) {
		unsigned char c = (unsigned char)in.p[i];
		out[n++] = (char)(c >= 0x20 && c < 0x7f ? c : '.');
	}
	out[n] = '\0';
}

static void note(struct canary_hits *out, unsigned kind, size_t chars, bool whole, struct str in,
		 size_t at, const char *spelled, const char *how)
{
	struct canary_hit *h = &out->of[kind];
	char text[sizeof h->how];

	joined(text, sizeof text, spelled, " in ", how);
	/* As much of it by a shorter way is told instead. */
	if (chars < h->chars || (chars == h->chars && strlen(text) >= strlen(h->how)))
		return;
	if (h->chars == 0)
		out->n++;
	h->chars = (uint16_t)chars;
	h->whole = whole;
	memcpy(h->how, text, sizeof text);
	excerpt(in, at, h->excerpt, sizeof h->excerpt);
}

/* How far pattern and input agree around input[i], pattern[o]; notes it when that proves enough.
 * Returns where the agreement ends. */
static size_t verify(const struct canary_scanner *s, struct str in, size_t i,
		     const struct window *w, const char *how, struct canary_hits *out)
{
	const struct pattern *p = &s->patterns[w->of - 1];
	const uint8_t *text = s->pool + p->at, *bytes = (const uint8_t *)in.p;
	size_t first = w->at, end = w->at, at = i, to = i;
	char spelled[64];

	while (first > 0 && at > 0 && text[first - 1] == bytes[at - 1])
		first--, at--;
	while (end < p->n && to < in.n && text[end] == bytes[to])
		end++, to++;
	size_t a = first > p->from ? first : p->from, b = end < p->to ? end : p->to;
	if (b < a || b - a < p->need)
		return i;
	spelling_name(p, spelled, sizeof spelled);
	note(out, p->kind, (b - a) * CANARY_PIECE / p->need, b - a == (size_t)(p->to - p->from), in,
	     at, spelled, how);
	return to;
}

void scan_literal(const struct canary_scanner *s, struct str in, const char *how,
		  struct canary_hits *out)
{
	const uint8_t *p = (const uint8_t *)in.p;

	for (size_t i = 0; i + WINDOW <= in.n;) {
		const struct window *w = windows_find(&s->literal, bytes_at(p + i), 0);
		size_t end = w != NULL ? verify(s, in, i, w, how, out) : i;
		i = end > i + WINDOW ? end - WINDOW + 1 : i + STRIDE;
	}
}

/* The difference at offset i of a text, as windows_put had it. */
static uint8_t diff_of(const uint8_t *p, size_t i, uint8_t distance)
{
	if (distance > KEY_MAX)
		return (uint8_t)(p[i + 1] - p[i]);
	return p[i] ^ p[i + distance];
}

static void verify_diff(const struct canary_scanner *s, struct str in, size_t i,
			const struct window *w, const char *how, struct canary_hits *out)
{
	const struct canary *c = &s->canaries.items[w->of - 1];
	uint8_t token[CANARY_TEXT];
	size_t n = (size_t)(c->to - c->from), far = w->distance > KEY_MAX ? 1 : w->distance;
	size_t first = w->at, end = w->at, at = i, to = i;
	const uint8_t *p = (const uint8_t *)in.p;
	char spelled[64];

	for (size_t k = 0; k < n; k++)
		token[k] = (uint8_t)c->text[w->reversed ? c->to - 1 - k : c->from + k];
	while (first > 0 && at > 0 &&
	       diff_of(token, first - 1, w->distance) == diff_of(p, at - 1, w->distance))
		first--, at--;
	while (end + far < n && to + far < in.n &&
	       diff_of(token, end, w->distance) == diff_of(p, to, w->distance))
		end++, to++;
	if (end - first < DIFF_NEED)
		return;
	if (w->distance > KEY_MAX)
		(void)snprintf(spelled, sizeof spelled, "bytes shifted%s",
			       w->reversed ? ", token reversed" : "");
	else
		(void)snprintf(spelled, sizeof spelled, "XOR with %u bytes%s", w->distance,
			       w->reversed ? ", token reversed" : "");
	note(out, w->of - 1u, end - first + far, end - first + far == n, in, at, spelled, how);
}

void scan_diffs(const struct canary_scanner *s, struct str in, const char *how,
		struct canary_hits *out)
{
	const uint8_t *p = (const uint8_t *)in.p;

	for (size_t i = 0; i + WINDOW + 1 <= in.n; i += DIFF_STRIDE) {
		uint64_t here = bytes_at(p + i), key = bytes_sub(bytes_at(p + i + 1), here);
		size_t far_max = in.n - WINDOW - i < KEY_MAX ? in.n - WINDOW - i : KEY_MAX;
		const struct window *w = windows_find(&s->diff, key, KEY_MAX + 1);
		if (w != NULL)
			verify_diff(s, in, i, w, how, out);
		for (uint8_t far = 1; far <= far_max; far++) {
			w = windows_find(&s->diff, here ^ bytes_at(p + i + far), far);
			if (w != NULL)
				verify_diff(s, in, i, w, how, out);
		}
	}
}
