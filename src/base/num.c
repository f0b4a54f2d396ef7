/* base/num.c - strict numbers. Input: hostile. Runs in: every process. Fuzz: fuzz/num_fuzz.c */
#include "base/num.h"

#include "base/ascii.h"

#include <assert.h>

enum err num_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';
		if (digit > 9)
			return ERR_SYNTAX;
		if (v > (max - digit) / 10 || digit > max)
			return ERR_LIMIT;
		v = v * 10 + digit;
	}
	*out = v;
	return OK;
}

enum err num_i64(struct str s, int64_t *out)
{
	bool minus = s.n && s.p[0] == '-';
	uint64_t v;

	TRY(num_u64(minus ? str_tail(s, 1) : s, INT64_MAX, &v));
	*out = minus ? -(int64_t)v : (int64_t)v;
	return OK;
}

/* A decimal in pieces: digits without leading zeros, and where the point stands. */
struct decimal {
	bool minus;
	uint64_t mantissa; /* up to 18 significant digits; the rest only shift the point */
	unsigned digits;
	int64_t exp10;
};

static bool digit_at(struct str s, size_t i)
{
	return i < s.n && ascii_digit(s.p[i]);
}

static void add_digit(struct decimal *d, char c, bool fraction)
{
	if (d->digits < 18) {
		d->mantissa = d->mantissa * 10 + (unsigned)(c - '0');
		d->digits += d->mantissa != 0;
		d->exp10 -= fraction;
	} else {
		d->exp10 += !fraction;
	}
}

static enum err decimal_parse(struct str s, struct decimal *d)
{
	size_t i = 0;

	*d = (struct decimal){ 0 };
	if (i < s.n && s.p[i] == '-') {
		d->minus = true;
		i++;
	}
	if (!digit_at(s, i))
		return ERR_SYNTAX;
	while (digit_at(s, i))
		add_digit(d, s.p[i++], false);
	if (i < s.n && s.p[i] == '.') {
		i++;
		if (!digit_at(s, i))
			return ERR_SYNTAX;
		while (digit_at(s, i))
			add_digit(d, s.p[i++], true);
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		bool minus = i < s.n && s.p[i] == '-';
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		uint64_t e;
		TRY(num_u64(str_tail(s, i), 10000, &e));
		d->exp10 += minus ? -(int64_t)e : (int64_t)e;
		i = s.n;
	}
	return i == s.n ? OK : ERR_SYNTAX;
}

enum err num_scaled(struct str s, unsigned scale, int64_t *out)
{
	struct decimal d;

	assert(scale <= 18);
	TRY(decimal_parse(s, &d));
	int64_t shift = d.exp10 + (int64_t)scale;
	uint64_t v = d.mantissa, rest = 0;
	for (; shift > 0 && v != 0; shift--) {
		if (v > (uint64_t)INT64_MAX / 10)
			return ERR_LIMIT;
		v *= 10;
	}
	for (; shift < 0 && (v != 0 || rest != 0); shift++) {
		rest = v % 10;
		v /= 10;
	}
	v += rest >= 5;
	*out = d.minus ? -(int64_t)v : (int64_t)v;
	return OK;
}

bool num_hex_bytes(struct str hex, uint8_t *out, size_t n)
{
	if (hex.n / 2 != n || hex.n % 2 != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = num_hex(hex.p[2 * i]), low = num_hex(hex.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

enum err num_duration(struct str s, uint64_t *out_s)
{
	static const struct {
		struct str unit;
		uint64_t s;
	} units[] = { { SC("mo"), 30 * 86400 }, { SC("s"), 1 }, { SC("m"), 60 }, { SC("h"), 3600 },
		      { SC("d"), 86400 }, { SC("w"), 7 * 86400 } };
	uint64_t v;

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (!str_has_suffix(s, units[i].unit))
			continue;
		TRY(num_u64(str_head(s, s.n - units[i].unit.n), NUM_DURATION_MAX / units[i].s, &v));
		*out_s = v * units[i].s;
		return OK;
	}
	return ERR_SYNTAX;
}
