/* tests/unit/base/num_test.c */
#include "base/num.h"

#include "../check.h"

static int64_t scaled(const char *z, unsigned scale)
{
	int64_t v = -999;

	return num_scaled(str_z(z), scale, &v) == OK ? v : -999;
}

CASE(integers)
{
	uint64_t v = 7;

	CHECK(num_u64(S("0"), 10, &v) == OK && v == 0);
	CHECK(num_u64(S("10"), 10, &v) == OK && v == 10);
	CHECK(num_u64(S("11"), 10, &v) == ERR_LIMIT && v == 10);
	CHECK(num_u64(S("18446744073709551615"), UINT64_MAX, &v) == OK && v == UINT64_MAX);
	CHECK(num_u64(S("18446744073709551616"), UINT64_MAX, &v) == ERR_LIMIT);
	CHECK(num_u64(S("9"), 5, &v) == ERR_LIMIT);
	CHECK(num_u64(S(""), 5, &v) == ERR_SYNTAX);
	CHECK(num_u64(S("+1"), 5, &v) == ERR_SYNTAX);
	CHECK(num_u64(S(" 1"), 5, &v) == ERR_SYNTAX);
}

CASE(money)
{
	CHECK(scaled("1.5e-07", 12) == 150000);
	CHECK(scaled("0.00000015", 12) == 150000);
	CHECK(scaled("2.5", 9) == 2500000000);
	CHECK(scaled("-2", 0) == -2);
	CHECK(scaled("0.5", 0) == 1);
	CHECK(scaled("0.49", 0) == 0);
	CHECK(scaled("1e30", 0) == -999);
	CHECK(scaled("0e9999", 9) == 0);
	CHECK(scaled("1.", 0) == -999);
	CHECK(scaled(".5", 0) == -999);
	CHECK(scaled("1e", 0) == -999);
}

CASE(durations)
{
	uint64_t s = 0;

	CHECK(num_duration(S("30d"), &s) == OK && s == 2592000);
	CHECK(num_duration(S("1mo"), &s) == OK && s == 2592000);
	CHECK(num_duration(S("5m"), &s) == OK && s == 300);
	CHECK(num_duration(S("5"), &s) == ERR_SYNTAX);
	CHECK(num_duration(S("9999999999d"), &s) == ERR_LIMIT);
}

CASE(hexadecimal)
{
	uint8_t bytes[4] = { 0 };

	CHECK(num_hex('0') == 0 && num_hex('9') == 9 && num_hex('a') == 10 && num_hex('F') == 15);
	CHECK(num_hex('g') < 0 && num_hex('G') < 0 && num_hex('/') < 0 && num_hex(':') < 0 && num_hex('@') < 0);
	CHECK(num_hex('`') < 0 && num_hex('\0') < 0 && num_hex('\x10') < 0 && num_hex('\xb0') < 0);
	CHECK(num_hex_bytes(S("00ffA01b"), bytes, 4) && memcmp(bytes, "\0\xff\xa0\x1b", 4) == 0);
	CHECK(num_hex_bytes(S(""), bytes, 0));
	CHECK(!num_hex_bytes(S("00ffA01"), bytes, 4) && !num_hex_bytes(S("00ffA01bc"), bytes, 4));
	CHECK(!num_hex_bytes(S("00ffA0xb"), bytes, 4) && !num_hex_bytes(S("00ff"), bytes, 1));
}

TESTS(CASE_ROW(hexadecimal), CASE_ROW(integers), CASE_ROW(money), CASE_ROW(durations))
