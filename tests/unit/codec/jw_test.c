/* tests/unit/codec/jw_test.c */
#include "codec/jw.h"

#include "../check.h"

static char room[4096];

static struct buf start(void)
{
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	return b;
}

CASE(commas)
{
	struct buf b = start();

	jw_obj(&b);
	jw_kv_int(&b, S("i"), -5);
	jw_kv_bool(&b, S("t"), true);
	jw_kv_str(&b, S("s"), S("a,"));
	jw_kv_esc(&b, S("e"), S("\\n"));
	jw_kv_raw(&b, S("r"), S("{}"));
	jw_key(&b, S("list"));
	jw_arr(&b);
	jw_null(&b);
	jw_bool(&b, false);
	jw_uint(&b, UINT64_MAX);
	jw_str(&b, S(""));
	jw_arr(&b);
	jw_arr_end(&b);
	jw_obj(&b);
	jw_obj_end(&b);
	jw_number(&b, 15, 1);
	jw_arr_end(&b);
	jw_key(&b, S("q"));
	jw_quote_open(&b);
	jw_str_add(&b, S("a\"}"));
	jw_esc_add(&b, S("\\u0041"));
	jw_quote_close(&b);
	jw_obj_end(&b);
	CHECK_STR(buf_str(&b),
		  S("{\"i\":-5,\"t\":true,\"s\":\"a,\",\"e\":\"\\n\",\"r\":{},\"list\":"
		    "[null,false,18446744073709551615,\"\",[],{},1.5],\"q\":\"a\\\"}\\u0041\"}"));
}

static void string(struct str in, struct str want)
{
	struct buf b = start();

	jw_str(&b, in);
	CHECK_STR(buf_str(&b), want);
}

CASE(strings)
{
	string(S("\b\t\n\f\r\x01\x1f\"\\/\x7f"),
	       S("\"\\b\\t\\n\\f\\r\\u0001\\u001f\\\"\\\\/\x7f\""));
	string((struct str){ "a\0b", 3 }, S("\"a\\u0000b\""));
	string(S("\xc3\xa9\xf0\x9f\x98\x80"), S("\"\xc3\xa9\xf0\x9f\x98\x80\""));
	string(S("a\xff" "b\xc3"), S("\"a\xef\xbf\xbd" "b\xef\xbf\xbd\""));
}

static void number(int64_t v, unsigned scale, const char *want)
{
	struct buf b = start();

	jw_number(&b, v, scale);
	CHECK_STR(buf_str(&b), str_z(want));
}

CASE(numbers)
{
	number(0, 0, "0");
	number(0, 9, "0");
	number(150000, 12, "0.00000015");
	number(2500000000, 9, "2.5");
	number(-2500000000, 9, "-2.5");
	number(7, 0, "7");
	number(700, 2, "7");
	number(100, 0, "100");
	number(1, 18, "0.000000000000000001");
	number(INT64_MIN, 0, "-9223372036854775808");
	number(INT64_MIN, 18, "-9.223372036854775808");
}

TESTS(CASE_ROW(commas), CASE_ROW(strings), CASE_ROW(numbers))
