/*
 * inspect/decode.c - decoders by name, lenient as the libraries are that malware uses: what
 * they skip is skipped. Memory: the arena's; output is bounded.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/fold_fuzz.c
 */
#include "base/ascii.h"
#include "inspect/fold.h"

#include "base/num.h"
#include "codec/inflate.h"

#include <string.h>

struct sink {
	char *p;
	size_t n, max;
};

static bool sink_init(struct sink *s, struct arena *a, size_t max)
{
	s->n = 0;
	s->max = max > FOLD_BYTES ? FOLD_BYTES : max;
	s->p = arena_take(a, s->max ? s->max : 1, 1);
	return s->p != NULL;
}

static bool sink_put(struct sink *s, unsigned byte)
{
	if (s->n == s->max)
		return false;
	s->p[s->n++] = (char)byte;
	return true;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Both alphabets; everything else is skipped, as base64.b64decode and Buffer.from do. */
static bool base64(struct str in, struct sink *out)
{
	uint32_t acc = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < in.n; i++) {
		int d = base64_digit(in.p[i]);
		if (in.p[i] == '=' && bits < 8 && i + 2 >= in.n)
			break;
		if (d < 0)
			continue;
		acc = acc << 6 | (uint32_t)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			if (!sink_put(out, acc >> bits & 0xff))
				return false;
		}
	}
	return in.n > 0;
}

static bool base32(struct str in, struct sink *out)
{
	uint64_t acc = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < in.n && in.p[i] != '='; i++) {
		char c = (char)(in.p[i] & ~0x20);
		unsigned d = in.p[i] >= '2' && in.p[i] <= '7' ? (unsigned)(in.p[i] - '2' + 26)
			     : c >= 'A' && c <= 'Z'	      ? (unsigned)(c - 'A')
							      : 99;
		if (d == 99)
			return false;
		acc = (acc << 5 | d) & 0xffffffff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			if (!sink_put(out, (unsigned)(acc >> bits) & 0xff))
				return false;
		}
	}
	return in.n > 0;
}

static bool five(struct sink *out, const unsigned *d, unsigned n, unsigned pad)
{
	uint64_t acc = 0;

	for (unsigned i = 0; i < 5; i++)
		acc = acc * 85 + (i < n ? d[i] : pad);
	if (acc > UINT32_MAX)
		return false;
	for (unsigned i = 0; i + 1 < n; i++) {
		if (!sink_put(out, (unsigned)(acc >> (24 - 8 * i)) & 0xff))
			return false;
	}
	return true;
}

/* base64.b85decode's alphabet, or Ascii85's with its z. */
static bool base85(struct str in, struct sink *out, bool ascii)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"!#$%&()*+-;<=>?@^_`{|}~";
	unsigned d[5], n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		const char *at = c ? strchr(digits, c) : NULL;
		if (ascii && c == 'z' && n == 0) {
			for (int k = 0; k < 4; k++)
				if (!sink_put(out, 0))
					return false;
			continue;
		}
		if (ascii && (c == '<' || c == '~' || c == '>') && (i < 2 || i + 2 >= in.n))
			continue;
		if (c == '\n' || c == '\r' || c == ' ' || c == '\t')
			continue;
		if (ascii ? c < '!' || c > 'u' : at == NULL)
			return false;
		d[n++] = ascii ? (unsigned)(c - '!') : (unsigned)(at - digits);
		if (n == 5) {
			if (!five(out, d, 5, 0))
				return false;
			n = 0;
		}
	}
	return n == 0 || (n > 1 && five(out, d, n, 84));
}

static bool hex(struct str in, struct sink *out)
{
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == ' ' || in.p[i] == '\n' || in.p[i] == ':')
			continue;
		int a = num_hex(in.p[i]), b = i + 1 < in.n ? num_hex(in.p[i + 1]) : -1;
		if (a < 0 || b < 0 || !sink_put(out, (unsigned)(a * 16 + b)))
			return false;
		i++;
	}
	return in.n > 0;
}

static bool percent(struct str in, struct sink *out)
{
	for (size_t i = 0; i < in.n; i++) {
		int a = i + 2 < in.n ? num_hex(in.p[i + 1]) : -1;
		int b = a >= 0 ? num_hex(in.p[i + 2]) : -1;
		bool escape = in.p[i] == '%' && b >= 0;
		if (!sink_put(out, escape ? (unsigned)(a * 16 + b) : (uint8_t)in.p[i]))
			return false;
		i += escape ? 2 : 0;
	}
	return true;
}

static bool rot13(struct str in, struct sink *out)
{
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i], base = (char)(c & 0x20 ? 'a' : 'A');
		bool letter = ascii_letter(c);
		if (!sink_put(out, (uint8_t)(letter ? (c - base + 13) % 26 + base : c)))
			return false;
	}
	return true;
}

static bool reversed(struct str in, struct sink *out)
{
	for (size_t i = in.n; i-- > 0;) {
		if (!sink_put(out, (uint8_t)in.p[i]))
			return false;
	}
	return true;
}

/* UTF-8 of code points below 256 back to bytes, as .encode('latin-1') does. */
static bool latin1(struct str in, struct sink *out)
{
	for (size_t i = 0; i < in.n; i++) {
		unsigned c = (uint8_t)in.p[i];
		if ((c == 0xc2 || c == 0xc3) && i + 1 < in.n)
			c = (c & 3) << 6 | ((uint8_t)in.p[++i] & 0x3f);
		if (!sink_put(out, c))
			return false;
	}
	return true;
}

static enum inflate_kind kind_of(struct str in)
{
	unsigned a = in.n > 1 ? (uint8_t)in.p[0] : 0, b = in.n > 1 ? (uint8_t)in.p[1] : 0;

	if (a == 0x1f && b == 0x8b)
		return INFLATE_GZIP;
	return (a & 15) == 8 && (a << 8 | b) % 31 == 0 ? INFLATE_ZLIB : INFLATE_RAW;
}

/* A larger place for what is there already. */
static bool grow(struct sink *s, struct arena *a)
{
	struct sink more;

	if (s->max == FOLD_BYTES || !sink_init(&more, a, 4 * s->max))
		return false;
	memcpy(more.p, s->p, s->n);
	more.n = s->n;
	*s = more;
	return true;
}

/* A stream that ends too soon gives what there is. One that goes on past the bound gives nothing:
 * what runs stands behind as much white space as somebody likes. */
static bool inflated(struct arena *a, enum inflate_kind kind, struct str in, struct str *out)
{
	struct inflate *f = in.n < 2 ? NULL : inflate_new(a);
	struct sink s;
	size_t n = 1;
	enum err e = OK;

	if (f == NULL || !sink_init(&s, a, in.n * 4 + 4096))
		return false;
	for (inflate_start(f, kind, in); e == OK && n > 0; s.n += n) {
		if (s.n == s.max && !grow(&s, a))
			return false;
		e = inflate_read(f, s.p + s.n, s.max - s.n, &n);
	}
	arena_trim(a, s.p, s.max, s.n);
	*out = (struct str){ s.p, s.n };
	return (e == OK || inflate_cut(f)) && s.n > 0;
}

enum codec {
	C_NONE,
	C_BASE64,
	C_BASE32,
	C_BASE85,
	C_ASCII85,
	C_HEX,
	C_ZLIB,
	C_PERCENT,
	C_ROT13,
	C_REVERSED,
	C_LATIN1,
	C_TEXT
};

static const struct {
	struct str name;
	enum codec codec;
} codecs[] = {
	{ SC("base64"), C_BASE64 },	{ SC("base-64"), C_BASE64 },
	{ SC("base64url"), C_BASE64 },	{ SC("base64_codec"), C_BASE64 },
	{ SC("base32"), C_BASE32 },	{ SC("base85"), C_BASE85 },
	{ SC("ascii85"), C_ASCII85 },	{ SC("hex"), C_HEX },
	{ SC("hex_codec"), C_HEX },	{ SC("zlib"), C_ZLIB },
	{ SC("zip"), C_ZLIB },		{ SC("zlib_codec"), C_ZLIB },
	{ SC("gzip"), C_ZLIB },		{ SC("deflate"), C_ZLIB },
	{ SC("percent"), C_PERCENT },	{ SC("rot13"), C_ROT13 },
	{ SC("rot_13"), C_ROT13 },	{ SC("rot-13"), C_ROT13 },
	{ SC("reversed"), C_REVERSED }, { SC("latin-1"), C_LATIN1 },
	{ SC("latin1"), C_LATIN1 },	{ SC("iso-8859-1"), C_LATIN1 },
	{ SC("binary"), C_LATIN1 },	{ SC("utf-8"), C_TEXT },
	{ SC("utf8"), C_TEXT },		{ SC("ascii"), C_TEXT },
	{ SC("utf_8"), C_TEXT },
};

bool decode_named(struct arena *a, struct str codec, struct str in, struct str *out)
{
	enum codec c = C_NONE;
	struct sink s;
	bool ok = false;

	for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
		if (str_ieq(codecs[i].name, codec))
			c = codecs[i].codec;
	}
	if (c == C_NONE || in.n > FOLD_BYTES)
		return false;
	if (c == C_TEXT) {
		*out = in;
		return true;
	}
	if (c == C_ZLIB) /* with either head, or with none */
		return inflated(a, kind_of(in), in, out) ||
		       (kind_of(in) != INFLATE_RAW && inflated(a, INFLATE_RAW, in, out));
	if (!sink_init(&s, a, c == C_BASE85 || c == C_ASCII85 ? in.n * 4 + 8 : in.n + 8))
		return false;
	switch (c) {
	case C_BASE64:
		ok = base64(in, &s);
		break;
	case C_BASE32:
		ok = base32(in, &s);
		break;
	case C_BASE85:
	case C_ASCII85:
		ok = base85(in, &s, c == C_ASCII85);
		break;
	case C_HEX:
		ok = hex(in, &s);
		break;
	case C_PERCENT:
		ok = percent(in, &s);
		break;
	case C_ROT13:
		ok = rot13(in, &s);
		break;
	case C_REVERSED:
		ok = reversed(in, &s);
		break;
	case C_LATIN1:
		ok = latin1(in, &s);
		break;
	case C_NONE:
	case C_ZLIB:
	case C_TEXT:
		break;
	}
	*out = (struct str){ s.p, s.n };
	return ok;
}
