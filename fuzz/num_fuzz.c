/*
 * fuzz/num_fuzz.c - strict numbers. Oracle: what is taken is written again as the same digits, a
 * scaled number agrees with the C library's long double as far as that is exact, a duration is its
 * number times its unit.
 */
#include "fuzz/fuzz.h"

#include "base/num.h"
#include "codec/jw.h"

#include <math.h>
#include <string.h>

/* Without leading zeros, the way buf_addu writes it. */
static struct str bare(struct str s)
{
	while (s.n > 1 && s.p[0] == '0')
		s = str_tail(s, 1);
	return s;
}

static void whole(struct str s)
{
	char room[32];
	struct buf b;
	uint64_t v, less;
	int64_t i;

	buf_fixed(&b, room, sizeof room);
	if (num_u64(s, UINT64_MAX, &v) == OK) {
		buf_addu(&b, v);
		CHECK(str_eq(buf_str(&b), bare(s)));
		CHECK(num_u64(s, v, &less) == OK && less == v);
		CHECK(v == 0 || num_u64(s, v - 1, &less) == ERR_LIMIT);
		CHECK((num_i64(s, &i) == OK) == (v <= INT64_MAX));
	}
	buf_reset(&b);
	if (num_i64(s, &i) == OK && s.p[0] == '-') {
		buf_addi(&b, i);
		CHECK(str_eq(bare(str_tail(s, 1)), str_tail(buf_str(&b), i != 0)));
	}
}

static void scaled(struct str s, unsigned scale)
{
	char text[64], room[64];
	struct buf b;
	int64_t v, again;

	if (num_scaled(s, scale, &v) != OK || s.n >= sizeof text)
		return;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	long double want = strtold(text, NULL) * powl(10, (long double)scale);
	CHECK(fabsl(want - (long double)v) <= 1 + fabsl(want) * 1e-15L);
	buf_fixed(&b, room, sizeof room);
	jw_number(&b, v, scale);
	CHECK(b.err == OK && num_scaled(buf_str(&b), scale, &again) == OK && again == v);
}

static void duration(struct str s)
{
	uint64_t seconds, n;

	if (num_duration(s, &seconds) != OK)
		return;
	size_t unit = str_has_suffix(s, S("mo")) ? 2 : 1;
	CHECK(num_u64(str_head(s, s.n - unit), UINT64_MAX, &n) == OK);
	CHECK(seconds <= 100ull * 366 * 86400 && (n == 0 ? seconds == 0 : seconds % n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str s = { (const char *)p + 1, n - 1 };

	if (n == 0)
		return 0;
	whole(s);
	scaled(s, p[0] % 19);
	duration(s);
	return 0;
}
