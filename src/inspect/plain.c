/*
 * inspect/plain.c - source text as its interpreter reads it. Memory: one copy of the text
 * where it changes.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/plain.h"

#include "base/num.h"
#include "inspect/token.h"

/* The ASCII letter that a mathematical or full-width letter at p normalises to (NFKC), or 0. */
static char letter(const uint8_t *p, size_t n, size_t *len)
{
	if (n >= 4 && p[0] == 0xf0 && p[1] == 0x9d) {
		uint32_t cp = (uint32_t)(p[1] & 63) << 12 | (uint32_t)(p[2] & 63) << 6 |
			      (p[3] & 63);
		*len = 4;
		if (cp < 0x1d400 || cp > 0x1d6a3)
			return '\0';
		cp = (cp - 0x1d400) % 52;
		return (char)(cp < 26 ? 'A' + cp : 'a' + cp - 26);
	}
	if (n >= 3 && p[0] == 0xef && (p[1] == 0xbc || p[1] == 0xbd)) {
		uint32_t cp = 0xf000 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
		*len = 3;
		if ((cp >= 0xff21 && cp <= 0xff3a) || (cp >= 0xff41 && cp <= 0xff5a) ||
		    cp == 0xff3f)
			return (char)(cp - 0xff00 + 0x20);
	}
	return '\0';
}

/* Whether any such letter may be there; most texts end here. */
static bool has_letter(struct str text)
{
	for (size_t at = 0; at + 1 < text.n;) {
		uint8_t c = (uint8_t)text.p[at], next = (uint8_t)text.p[at + 1];
		if ((c == 0xf0 && next == 0x9d) || (c == 0xef && (next == 0xbc || next == 0xbd)))
			return true;
		at += c < 0x80 ? str_ascii(str_tail(text, at)) : 1;
	}
	return false;
}

static struct str plain_letters(struct str text, struct arena *a, bool *odd)
{
	const uint8_t *p = (const uint8_t *)text.p;
	char *out;
	size_t n = 0, len, together = 0;

	if (!has_letter(text))
		return text;
	out = arena_take(a, text.n, 1);
	if (out == NULL)
		return text;
	for (size_t at = 0; at < text.n; at += len) {
		char c = letter(p + at, text.n - at, &len);
		if (c == '\0') {
			len = 1;
			c = text.p[at];
		}
		bool called = c == '(' && together >= 4;
		*odd = *odd || called;
		together = len > 1 ? together + 1 : 0;
		out[n++] = c;
	}
	return (struct str){ out, n };
}

static int hex4(struct str s, size_t at, size_t *len)
{
	int v = 0;
	size_t n = 0;
	bool braces = at < s.n && s.p[at] == '{';

	for (size_t i = at + braces; i < s.n && n < (braces ? 6u : 4u); i++, n++) {
		if (num_hex(s.p[i]) < 0)
			break;
		v = v << 4 | num_hex(s.p[i]);
	}
	*len = n + (braces ? 2 : 0);
	if (braces ? n == 0 || at + n + 1 >= s.n || s.p[at + n + 1] != '}' : n != 4)
		return -1;
	return v;
}

/* Whether there is a \u00 or \u{ at all; most texts have none. */
static bool has_escape(struct str s)
{
	const char *at = s.p, *end = s.p + s.n;

	while (at && end - at >= 4) {
		at = memchr(at, '\\', (size_t)(end - at) - 3);
		if (at && at[1] == 'u' && (at[2] == '{' || (at[2] == '0' && at[3] == '0')))
			return true;
		if (at)
			at++;
	}
	return false;
}

/* \u0065 and \u{65} as the letters they are; a doubled backslash is none. */
static struct str plain_escapes(struct str text, struct arena *a)
{
	char *out;
	size_t n = 0, len;

	if (!has_escape(text))
		return text;
	out = arena_take(a, text.n, 1);
	if (out == NULL)
		return text;
	for (size_t at = 0; at < text.n;) {
		if (text.p[at] != '\\' || at + 1 >= text.n) {
			out[n++] = text.p[at++];
			continue;
		}
		int v = text.p[at + 1] == 'u' ? hex4(text, at + 2, &len) : -1;
		if (v > 0 && v < 128 && name_byte((char)v)) {
			out[n++] = (char)v;
			at += 2 + len;
		} else {
			out[n++] = text.p[at++];
			out[n++] = text.p[at++];
		}
	}
	return (struct str){ out, n };
}

struct str plain_text(enum language lang, struct str text, struct arena *a, bool *odd)
{
	return lang == LANG_PYTHON ? plain_letters(text, a, odd) : plain_escapes(text, a);
}

bool plain_coding(struct str text)
{
	static const struct str odd[] = {
		SC("utf-7"),
		SC("utf_7"),
		SC("utf7"),
		SC("unicode_escape"),
		SC("unicode-escape"),
		SC("raw_unicode_escape"),
		SC("raw-unicode-escape"),
		SC("rot13"),
		SC("rot_13"),
		SC("rot-13"),
		SC("hex"),
		SC("base64"),
		SC("zlib"),
		SC("punycode"),
		SC("idna"),
		SC("utf-16"),
		SC("utf_16"),
		SC("utf-32"),
		SC("hz"),
		SC("cp037"),
		SC("cp500"),
		SC("cp1140"),
		SC("undefined"),
		SC("uu"),
		SC("bz2"),
	};
	struct str left = str_head(text, 400);

	for (int line = 0; line < 2; line++) {
		struct str first = str_cut(left, '\n', &left);
		size_t at = str_find(first, S("coding"));
		if (str_chr(first, '#') == SIZE_MAX || at == SIZE_MAX)
			continue;
		struct str name = str_tail(first, at + 6);
		if (name.n == 0 || (name.p[0] != ':' && name.p[0] != '='))
			continue;
		name = str_trim(str_tail(name, 1));
		size_t n = 0;
		while (n < name.n && (name_byte(name.p[n]) || name.p[n] == '-'))
			n++;
		for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
			if (str_ieq(str_head(name, n), odd[i]))
				return true;
		}
	}
	return false;
}
