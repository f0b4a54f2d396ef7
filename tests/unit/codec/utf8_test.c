/* tests/unit/codec/utf8_test.c */
#include "codec/utf8.h"

#include "../check.h"

/* Every code point is written and read; each cut short or with a bad tail is refused at its
 * start. */
CASE(every_code_point)
{
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		char room[16] = "0123456789abcdef";
		struct buf b;
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		buf_fixed(&b, room, sizeof room);
		buf_add(&b, S("abc"));
		utf8_put(&b, cp);
		size_t n = b.n;
		bool good = utf8_valid(buf_str(&b)) == n;
		for (size_t cut = 4; cut < n; cut++)
			good = good && utf8_valid((struct str){ room, cut }) == 3;
		room[n - 1] = '\xc2';
		good = good && utf8_valid((struct str){ room, n }) == 3;
		if (!good)
			CHECK(cp == UINT32_MAX);
	}
}

CASE(refused)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff", "\xfe", "\xe2\x28\xa1", "\xf0\x28\x8c\xbc",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct str g = check_guard(str_z(bad[i]));
		CHECK(utf8_valid(g) == 0);
		check_unguard(g);
	}
	CHECK(utf8_valid(S("")) == 0);
	CHECK(utf8_valid(S("12345678\xc3\xa9" "12345678\xff")) == 18);
}

CASE(plain)
{
	static const char *const not[] = { "a\nb", "\x1b[31m", "\x7f", "\xc2\x80", "a\xc2\x9b" "31m", "a\xc2", "\xff" };

	for (size_t i = 0; i < sizeof not / sizeof not[0]; i++) {
		struct str g = check_guard(str_z(not[i]));
		CHECK(!utf8_plain(g));
		check_unguard(g);
	}
	CHECK(!utf8_plain(S("a\0b")));
	CHECK(utf8_plain(S("")) && utf8_plain(S("a b\\\"")) && utf8_plain(S("\xc2\xa0\xc3\x9b\xe2\x80\x93")));
}

/* A good or bad sequence at every place of long texts: in blocks, across them, behind the last. */
CASE(every_place)
{
	static const struct {
		struct str bytes;
		size_t good; /* offset of the first bad byte, or all */
	} rows[] = {
		{ SC("\xc3\xa9"), 2 }, { SC("\xe6\x96\x87"), 3 }, { SC("\xf0\x9f\x98\x80"), 4 },
		{ SC("\xed\x9f\xbf"), 3 }, { SC("\xee\x80\x80"), 3 }, { SC("\xf4\x8f\xbf\xbf"), 4 },
		{ SC("\xe0\xa0\x80"), 3 }, { SC("\xf0\x90\x80\x80"), 4 }, { SC("\x80"), 0 },
		{ SC("\xc3"), 0 }, { SC("\xe6\x96"), 0 }, { SC("\xf0\x9f\x98"), 0 },
		{ SC("\xc1\xbf"), 0 },
		{ SC("\xe0\x9f\xbf"), 0 }, { SC("\xed\xa0\x80"), 0 }, { SC("\xf0\x8f\xbf\xbf"), 0 },
		{ SC("\xf4\x90\x80\x80"), 0 }, { SC("\xf5\x80\x80\x80"), 0 }, { SC("\xff"), 0 },
		{ SC("\xc3\xa9\xa9"), 2 }, { SC("\xe6\x96\x87\x87"), 3 },
		{ SC("\xf0\x9f\x98\x80\x80"), 4 },
		{ SC("\xf8\x88\x80\x80\x80"), 0 },
	};
	char text[160];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str b = rows[i].bytes;
		for (size_t at = 0; at + b.n <= sizeof text; at++) {
			for (size_t filler = 0; filler < 2; filler++) {
				for (size_t k = 0; k + 1 < sizeof text; k++)
					text[k] = filler ? "\xd0\xb6"[(k + at) % 2] : 'x';
				size_t from = filler ? at % 2 : 0;
				memset(text + at + b.n, 'y', sizeof text - at - b.n);
				memcpy(text + at, b.p, b.n);
				struct str g = check_guard((struct str){ text + from,
				sizeof text - from });
				size_t want = rows[i].good == b.n ? g.n : at - from + rows[i].good;
				CHECK(utf8_valid(g) == want);
				check_unguard(g);
			}
		}
	}
}

TESTS(CASE_ROW(every_place), CASE_ROW(every_code_point), CASE_ROW(refused), CASE_ROW(plain))
