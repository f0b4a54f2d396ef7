/*
 * codec/utf8.c - UTF-8 by the table of well-formed sequences in Unicode 15, 3.9.
 * Input: hostile.   Runs in: ingress, admin, keeper, cli.   Fuzz: fuzz/utf8_fuzz.c
 */
#include "codec/utf8.h"

#include "codec/utf8_skip.h"

#include <assert.h>
#include <string.h>

static bool ascii8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return (w & 0x8080808080808080u) == 0;
}

static bool is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* The length of the well-formed sequence at p, or 0. The second byte's narrower ranges are what
 * keeps out overlong forms (E0, F0), surrogates (ED) and what lies past U+10FFFF (F4). */
static size_t sequence(const unsigned char *p, size_t n)
{
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n < 2)
		return 0;
	if (p[0] < 0xe0)
		return is_tail(p[1]) ? 2 : 0;
	unsigned char lo = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char hi = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	if (p[1] < lo || p[1] > hi || n < 3 || !is_tail(p[2]))
		return 0;
	if (p[0] < 0xf0)
		return 3;
	return n >= 4 && is_tail(p[3]) ? 4 : 0;
}

size_t utf8_valid(struct str s)
{
	size_t i = utf8_skip(s);

	while (i < s.n) {
		if (s.n - i >= 8 && ascii8(s.p + i)) {
			i += 8;
			continue;
		}
		size_t n = sequence((const unsigned char *)s.p + i, s.n - i);
		if (n == 0)
			return i;
		i += n;
	}
	return s.n;
}

bool utf8_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0)
			return false;
	}
	return utf8_valid(s) == s.n;
}

void utf8_put(struct buf *out, uint32_t cp)
{
	char b[4];
	size_t n = 0;

	assert(cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff));
	if (cp < 0x80) {
		b[n++] = (char)cp;
	} else if (cp < 0x800) {
		b[n++] = (char)(0xc0 | cp >> 6);
		b[n++] = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		b[n++] = (char)(0xe0 | cp >> 12);
		b[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (cp & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | cp >> 18);
		b[n++] = (char)(0x80 | (cp >> 12 & 0x3f));
		b[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (cp & 0x3f));
	}
	buf_add(out, (struct str){ b, n });
}
