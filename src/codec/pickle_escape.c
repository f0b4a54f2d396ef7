/*
 * codec/pickle_escape.c - what stands behind a backslash in the texts of old pickles.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/pickle_fuzz.c
 */
#include "codec/pickle_escape.h"

#include "base/num.h"
#include "codec/utf8.h"

#include <string.h>

/* The number of up to max digits in base at s; *out_n: how many there were. */
static uint32_t number(struct str s, unsigned base, size_t max, size_t *out_n)
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; i < s.n && i < max && (unsigned)num_hex(s.p[i]) < base; i++)
		v = v * base + (unsigned)num_hex(s.p[i]);
	*out_n = i;
	return v;
}

static size_t put_code(uint32_t cp, size_t n, struct buf *out)
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	utf8_put(out, cp);
	return n;
}

size_t pickle_escape(struct str s, struct buf *out)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *at = s.n > 0 && s.p[0] != 0 ? strchr(from, s.p[0]) : NULL;
	size_t n = 0;

	if (at != NULL) {
		buf_addc(out, to[at - from]);
		return 1;
	}
	if (s.n > 0 && s.p[0] == 'x') {
		uint32_t cp = number(str_tail(s, 1), 16, 2, &n);
		return n == 2 ? put_code(cp, 3, out) : 0;
	}
	uint32_t cp = number(s, 8, 3, &n) & 0xff;
	return n > 0 ? put_code(cp, n, out) : 0;
}

size_t pickle_escape_unicode(struct str s, struct buf *out)
{
	size_t want = s.n == 0 ? 0 : s.p[0] == 'u' ? 4 : s.p[0] == 'U' ? 8 : 0, n = 0;

	if (str_has_prefix(s, S("\\"))) {
		buf_add(out, S("\\\\"));
		return 1;
	}
	uint32_t cp = want > 0 ? number(str_tail(s, 1), 16, want, &n) : 0;
	return want > 0 && n == want ? put_code(cp, 1 + n, out) : 0;
}
