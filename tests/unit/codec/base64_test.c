/* tests/unit/codec/base64_test.c */
#include "codec/base64.h"

#include "../check.h"

static void pair(struct str raw, const char *std, const char *url)
{
	char room[64];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	base64_encode(&b, raw, BASE64_STD);
	CHECK_STR(buf_str(&b), str_z(std));
	buf_reset(&b);
	base64_encode(&b, raw, BASE64_URL);
	CHECK_STR(buf_str(&b), str_z(url));
	buf_reset(&b);
	CHECK(base64_decode(&b, str_z(std), BASE64_STD) == OK);
	CHECK_STR(buf_str(&b), raw);
	buf_reset(&b);
	CHECK(base64_decode(&b, str_z(url), BASE64_URL) == OK);
	CHECK_STR(buf_str(&b), raw);
}

/* RFC 4648, 10 */
CASE(vectors)
{
	pair(S(""), "", "");
	pair(S("f"), "Zg==", "Zg");
	pair(S("fo"), "Zm8=", "Zm8");
	pair(S("foo"), "Zm9v", "Zm9v");
	pair(S("foob"), "Zm9vYg==", "Zm9vYg");
	pair(S("fooba"), "Zm9vYmE=", "Zm9vYmE");
	pair(S("foobar"), "Zm9vYmFy", "Zm9vYmFy");
	pair(S("\xfb\xff\xfe"), "+//+", "-__-");
}

CASE(refused)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=", "====", "Zm9v====", "Zm 9v",
		"Zm9v\n", "Z===", "-__-", "Zm9v=", "Zg==Zg==", "\xff\xff\xff\xff",
	};
	char room[64];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK(!base64_valid(str_z(bad[i]), BASE64_STD));
		CHECK(base64_decode(&b, str_z(bad[i]), BASE64_STD) == ERR_SYNTAX && b.n == 0);
	}
	CHECK(base64_valid(S("Zg=="), BASE64_URL) && base64_valid(S("Zg"), BASE64_URL));
	CHECK(!base64_valid(S("Zg="), BASE64_URL) && !base64_valid(S("+//+"), BASE64_URL));
	CHECK(!base64_valid(S("Zh"), BASE64_URL) && !base64_valid(S("Z"), BASE64_URL));
}

CASE(every_byte_and_length)
{
	char raw[256], text[400], back[256];
	struct buf t, b;

	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = (char)i;
	for (size_t n = 0; n <= 256; n++) {
		buf_fixed(&t, text, sizeof text);
		buf_fixed(&b, back, sizeof back);
		base64_encode(&t, (struct str){ raw + 256 - n, n }, BASE64_STD);
		struct str g = check_guard(buf_str(&t));
		if (n <= 250)
			CHECK(base64_decode(&b, g, BASE64_STD) == OK &&
			      str_eq(buf_str(&b), (struct str){ raw + 256 - n, n }));
		check_unguard(g);
	}
}

TESTS(CASE_ROW(vectors), CASE_ROW(refused), CASE_ROW(every_byte_and_length))
