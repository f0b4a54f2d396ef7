/*
 * codec/base64.c - RFC 4648 base64 and base64url, one spelling for each byte string.
 * Input: hostile.   Runs in: ingress, egress, cli.   Fuzz: fuzz/base64_fuzz.c
 */
#include "codec/base64.h"

enum { BAD = 0x40 }; /* a bit that no digit of six bits has */

static const char digits[2][65] = {
	[BASE64_STD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	[BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

/* X repeated, so that the table of 256 entries reads as the ranges it is made of. */
#define B4 BAD, BAD, BAD, BAD
#define B16 B4, B4, B4, B4
#define LETTERS(a) (a), (a) + 1, (a) + 2, (a) + 3, (a) + 4, (a) + 5, (a) + 6, (a) + 7, (a) + 8, \
	(a) + 9, (a) + 10, (a) + 11, (a) + 12, (a) + 13, (a) + 14, (a) + 15, (a) + 16, (a) + 17,  \
	(a) + 18, (a) + 19, (a) + 20, (a) + 21, (a) + 22, (a) + 23, (a) + 24, (a) + 25
#define TABLE(plus, minus, slash, under)                                                   \
	{                                                                                  \
		B16, B16, B4, B4, BAD, BAD, BAD, plus, BAD, minus, BAD, slash,             \
		52, 53, 54, 55, 56, 57, 58, 59, 60, 61, BAD, BAD, B4,                      \
		BAD, LETTERS(0), B4, under, BAD, LETTERS(26), BAD, B4,                     \
		B16, B16, B16, B16, B16, B16, B16, B16,                                    \
	}

static const uint8_t values[2][256] = {
	[BASE64_STD] = TABLE(62, BAD, 63, BAD),
	[BASE64_URL] = TABLE(BAD, 62, BAD, 63),
};

void base64_encode(struct buf *out, struct str in, enum base64_kind kind)
{
	const char *d = digits[kind];
	const unsigned char *p = (const unsigned char *)in.p;
	char *at = in.n <= SIZE_MAX / 2 ? buf_room(out, (in.n + 2) / 3 * 4) : NULL;
	size_t i = 0, n = 0;

	if (at == NULL) {
		if (out->err == OK)
			out->err = ERR_LIMIT;
		return;
	}
	for (; in.n - i >= 3; i += 3) {
		unsigned w = (unsigned)p[i] << 16 | (unsigned)p[i + 1] << 8 | p[i + 2];
		at[n++] = d[w >> 18];
		at[n++] = d[w >> 12 & 63];
		at[n++] = d[w >> 6 & 63];
		at[n++] = d[w & 63];
	}
	if (i < in.n) {
		bool two = in.n - i == 2;
		unsigned w = (unsigned)p[i] << 16 | (two ? (unsigned)p[i + 1] << 8 : 0);
		at[n++] = d[w >> 18];
		at[n++] = d[w >> 12 & 63];
		if (two)
			at[n++] = d[w >> 6 & 63];
		for (; kind == BASE64_STD && n % 4 != 0; n++)
			at[n] = '=';
	}
	buf_grew(out, n);
}

/* Takes the padding off *s. False when it does not belong there. */
static bool strip_padding(struct str *s, enum base64_kind kind)
{
	size_t pad = 0;

	while (pad < 2 && pad < s->n && s->p[s->n - 1 - pad] == '=')
		pad++;
	if ((pad != 0 || kind == BASE64_STD) && s->n % 4 != 0)
		return false;
	s->n -= pad;
	return s->n % 4 != 1;
}

/* The last two or three digits as bits from bit 23 down; BAD << 18 is set when they are no such
 * digits or when bits are left over, which would give a second spelling of the same bytes. */
static unsigned last_group(const unsigned char *p, size_t n, const uint8_t *v)
{
	unsigned a = v[p[0]], b = v[p[1]], c = n == 3 ? v[p[2]] : 0;
	unsigned over = n == 3 ? c & 3 : b & 15;

	if (((a | b | c) & BAD) != 0 || over != 0)
		return BAD << 18;
	return a << 18 | b << 12 | c << 6;
}

bool base64_valid(struct str in, enum base64_kind kind)
{
	const uint8_t *v = values[kind];
	unsigned bad = 0;
	size_t i = 0;

	if (!strip_padding(&in, kind))
		return false;
	const unsigned char *p = (const unsigned char *)in.p;
	for (; in.n - i >= 4; i += 4)
		bad |= (unsigned)v[p[i]] | v[p[i + 1]] | v[p[i + 2]] | v[p[i + 3]];
	if (i < in.n)
		bad |= last_group(p + i, in.n - i, v) >> 18;
	return (bad & BAD) == 0;
}

enum err base64_decode(struct buf *out, struct str in, enum base64_kind kind)
{
	const uint8_t *v = values[kind];
	size_t i = 0, n = 0;

	if (!base64_valid(in, kind) || !strip_padding(&in, kind))
		return ERR_SYNTAX;
	const unsigned char *p = (const unsigned char *)in.p;
	char *at = buf_room(out, in.n / 4 * 3 + 2);
	if (at == NULL)
		return out->err;
	for (; in.n - i >= 4; i += 4) {
		unsigned w = (unsigned)v[p[i]] << 18 | (unsigned)v[p[i + 1]] << 12 |
			     (unsigned)v[p[i + 2]] << 6 | v[p[i + 3]];
		at[n++] = (char)(w >> 16);
		at[n++] = (char)(w >> 8);
		at[n++] = (char)w;
	}
	if (i < in.n) {
		unsigned w = last_group(p + i, in.n - i, v);
		at[n++] = (char)(w >> 16);
		if (in.n - i == 3)
			at[n++] = (char)(w >> 8);
	}
	buf_grew(out, n);
	return OK;
}
