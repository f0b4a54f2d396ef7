/*
 * codec/json_scan.c - finds the end of JSON strings, checking escapes and control characters.
 * Input: hostile.   Runs in: ingress, admin, cli.   Fuzz: fuzz/json_fuzz.c
 */
#include "codec/json_scan.h"

#include "base/num.h"

#include <string.h>

/* The four digits of \uXXXX at p, or -1. */
static int32_t unit(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = num_hex(p[i]);
		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

size_t json_escape_len(const char *p, const char *end)
{
	if (end - p < 2)
		return 0;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return 2;
	default:
		break;
	}
	int32_t first = unit(p, end);
	if (first < 0 || (first >= 0xdc00 && first <= 0xdfff))
		return 0;
	if (first < 0xd800 || first > 0xdbff)
		return 6;
	int32_t second = unit(p + 6, end);
	return second >= 0xdc00 && second <= 0xdfff ? 12 : 0;
}

uint32_t json_escape_char(const char *p)
{
	switch (p[1]) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		break;
	default:
		return (unsigned char)p[1];
	}
	uint32_t first = (uint32_t)unit(p, p + 6);
	if (first < 0xd800 || first > 0xdbff)
		return first;
	return 0x10000 + ((first - 0xd800) << 10) + ((uint32_t)unit(p + 6, p + 12) - 0xdc00);
}

struct json_scan json_scan_bytes(const char *p, const char *end)
{
	unsigned flags = 0;

	while (p < end && *p != '"') {
		unsigned char c = (unsigned char)*p;
		size_t n = 1;
		if (c == '\\') {
			flags |= JSON_SCAN_ESC;
			n = json_escape_len(p, end);
		} else if (c < ' ') {
			n = 0;
		} else if (c > 0x7f) {
			flags |= JSON_SCAN_HIGH;
		}
		if (n == 0)
			return (struct json_scan){ p, JSON_SCAN_BAD };
		p += n;
	}
	return (struct json_scan){ p, p < end ? flags : JSON_SCAN_BAD };
}

enum { WORD = 8 };

static uint64_t load_word(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

/*
 * 0x80 in some byte of the result when w holds a quote, a backslash or a control character. The
 * classic test "(x - 1) & ~x & 0x80" for a zero byte may also mark bytes behind a true one, so it
 * says whether and not where; the caller looks at the eight bytes itself, which is rare.
 */
static uint64_t stops(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u, tops = ones * 0x80;
	uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

	return (((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((w - ones * ' ') & ~w)) &
	       tops;
}

struct json_scan json_scan_words(const char *p, const char *end)
{
	unsigned flags = 0;

	for (;;) {
		uint64_t high = 0;
		while (end - p >= WORD) {
			uint64_t w = load_word(p);
			if (stops(w) != 0)
				break;
			high |= w;
			p += WORD;
		}
		if ((high & 0x8080808080808080u) != 0)
			flags |= JSON_SCAN_HIGH;
		while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= ' ') {
			if ((unsigned char)*p > 0x7f)
				flags |= JSON_SCAN_HIGH;
			p++;
		}
		if (p == end || (unsigned char)*p < ' ')
			return (struct json_scan){ p, JSON_SCAN_BAD };
		if (*p == '"')
			return (struct json_scan){ p, flags };
		size_t n = json_escape_len(p, end);
		if (n == 0)
			return (struct json_scan){ p, JSON_SCAN_BAD };
		flags |= JSON_SCAN_ESC;
		p += n;
	}
}
