/* tests/unit/base/str_test.c */
#include "base/str.h"

#include "../check.h"

/* A byte that is not ASCII, at each place of texts of each length. */
CASE(ascii)
{
	char text[200];

	memset(text, 'a', sizeof text);
	for (size_t n = 0; n <= sizeof text; n++) {
		struct str s = check_guard((struct str){ text, n });
		CHECK(str_ascii(s) == n);
		check_unguard(s);
	}
	for (size_t at = 0; at < sizeof text; at++) {
		text[at] = (char)0x80;
		CHECK(str_ascii((struct str){ text, sizeof text }) == at);
		text[at] = (char)0x7f;
		CHECK(str_ascii((struct str){ text, sizeof text }) == sizeof text);
	}
}

CASE(last)
{
	CHECK_STR(str_last(S("a/b/c"), '/'), S("c"));
	CHECK_STR(str_last(S("a/"), '/'), S(""));
	CHECK_STR(str_last(S("/a"), '/'), S("a"));
	CHECK_STR(str_last(S("a"), '/'), S("a"));
	CHECK_STR(str_last(S(""), '/'), S(""));
}

TESTS(CASE_ROW(ascii), CASE_ROW(last))
