/* tests/unit/sys/clock_test.c */
#include "sys/clock.h"

#include "../check.h"

static int64_t parse(const char *z)
{
	int64_t t = -7;
	struct str s = check_guard(str_z(z));
	enum err e = clock_parse(s, &t);

	check_unguard(s);
	return e == OK ? t : -7;
}

CASE(known_times)
{
	char text[CLOCK_TEXT];

	CHECK_STR(clock_format(0, text), S("1970-01-01T00:00:00Z"));
	CHECK_STR(clock_format(951782400, text), S("2000-02-29T00:00:00Z"));
	CHECK_STR(clock_format(1795414022, text), S("2026-11-23T06:07:02Z"));
	CHECK_STR(clock_format(-1, text), S("1969-12-31T23:59:59Z"));
	CHECK_STR(clock_format(INT64_MAX, text), S("9999-12-31T23:59:59Z"));
	CHECK_STR(clock_format(INT64_MIN, text), S("0000-01-01T00:00:00Z"));
	CHECK_STR(clock_format_ms(1795414022123, text), S("2026-11-23T06:07:02.123Z"));
	CHECK_STR(clock_format_ms(-1, text), S("1969-12-31T23:59:59.999Z"));
}

CASE(parsing)
{
	CHECK(parse("2026-11-23T06:07:02Z") == 1795414022);
	CHECK(parse("2026-11-23t06:07:02.999z") == 1795414022);
	CHECK(parse("2026-11-23 06:07:02") == 1795414022);
	CHECK(parse("2026-11-23T08:07:02+02:00") == 1795414022);
	CHECK(parse("2026-11-22T22:37:02-07:30") == 1795414022);
	CHECK(parse("2000-02-29") == 951782400);
	CHECK(parse("2016-12-31T23:59:60Z") == parse("2017-01-01T00:00:00Z"));
	static const char *const bad[] = { "", "2026", "2026-13-01", "2026-00-01", "2026-02-29", "1900-02-29",
		"2026-04-31", "2026-11-23T", "2026-11-23T24:00:00Z", "2026-11-23T06:07Z", "2026-11-23T06:07:02.Z",
		"2026-11-23T06:07:02+2", "2026-11-23T06:07:02Zx", "2026-11-23x", "+026-11-23", "2026-11-23T06:61:02Z" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(parse(bad[i]) == -7);
}

/* Every day of ten thousand years there and back, against counting. */
CASE(every_day)
{
	char text[CLOCK_TEXT];
	unsigned wrong = 0;

	for (int64_t t = -62167219200; t <= 253402300799; t += 86400 * 3 + 4321) {
		int64_t back = 1;
		wrong += clock_parse(clock_format(t, text), &back) != OK || back != t;
	}
	CHECK(wrong == 0);
	CHECK(clock_mono_ns() <= clock_mono_ns() && clock_wall_ns() > 1700000000000000000);
}

TESTS(CASE_ROW(known_times), CASE_ROW(parsing), CASE_ROW(every_day))
