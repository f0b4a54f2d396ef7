/*
 * base/num.h - strict decimal numbers from borrowed strings.
 * Ring 0. No sign except where said, no spaces, no locale, the whole string or nothing.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/ascii.h"
#include "base/err.h"
#include "base/str.h"

/* num_u64 reads digits only. ERR_SYNTAX when it is not a number, ERR_LIMIT when over max. */
MUST_USE enum err num_u64(struct str s, uint64_t max, uint64_t *out);

/* num_i64 also takes a leading minus. */
MUST_USE enum err num_i64(struct str s, int64_t *out);

/* num_scaled reads a JSON number (sign, fraction and exponent allowed) and gives value * 10^scale,
 * rounded to nearest: money without floating point. ERR_LIMIT when it does not fit. scale <= 18. */
MUST_USE enum err num_scaled(struct str s, unsigned scale, int64_t *out);

/* num_hex gives the value of a hexadecimal digit of either case; -1: it is none. num_hex_bytes
 * reads two digits a byte; false: it is not just n bytes, and out may hold anything. */
static inline int num_hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
bool num_hex_bytes(struct str hex, uint8_t *out, size_t n);

/* num_duration reads LiteLLM's durations "30s", "5m", "12h", "7d", "1w", "1mo" into seconds.
 * ERR_LIMIT: it is longer than a hundred years. */
#define NUM_DURATION_MAX (100 * UINT64_C(31622400))
MUST_USE enum err num_duration(struct str s, uint64_t *out_s);

#endif
