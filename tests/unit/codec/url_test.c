/* tests/unit/codec/url_test.c */
#include "codec/url.h"

#include "../check.h"

static bool ok(const char *z)
{
	struct url u;

	return url_parse(&u, str_z(z)) == OK;
}

CASE(parts)
{
	struct url u;

	CHECK(url_parse(&u, S("https://api.openai.com/v1/")) == OK);
	CHECK(u.https && !u.ipv6 && u.port == 443 && u.query.n == 0);
	CHECK_STR(u.host, S("api.openai.com"));
	CHECK_STR(u.path, S("/v1"));
	CHECK(url_parse(&u, S("HTTP://[::1]:8080?a=b/c?d")) == OK);
	CHECK(!u.https && u.ipv6 && u.port == 8080 && u.path.n == 0);
	CHECK_STR(u.host, S("::1"));
	CHECK_STR(u.query, S("a=b/c?d"));
	CHECK(url_parse(&u, S("http://127.0.0.1:11434/a%2Fb//")) == OK && u.port == 11434);
	CHECK_STR(u.path, S("/a%2Fb"));
	CHECK(url_parse(&u, S("http://my_host")) == OK && u.port == 80 && u.path.n == 0);
}

CASE(refused)
{
	static const char *const bad[] = {
		"", "http:", "http://", "https:///x", "ftp://a", "//a", "http:/a", "http://u@a/",
		"http://u:p@a/",
		"http://a#f", "http://a/#", "http://a:0/", "http://a:65536", "http://a:",
		"http://a:8x", "http://a b/",
		"http://a/ b", "http://a/\x01", "http://a/\xc3\xa9", "http://-a/", "http://a-/",
		"http://a..b/",
		"http://.a/", "http://a./", "http://127.1/", "http://0x7f.0.0.1/",
		"http://2130706433/",
		"http://0177.0.0.1/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://[::1/",
		"http://[fe80::1%25eth0]/",
		"http://[127.0.0.1]/", "http://[::1]x", "http://[::1]:", "http://a/%",
		"http://a/%g0", "http://a/%0",
		"http://a\\b/", "http://a/b\\c", "http://a/<>", "http://a/%00\n", "http://a/\"",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (ok(bad[i]))
			fprintf(stderr, "accepted '%s'\n", bad[i]);
		CHECK(!ok(bad[i]));
	}
	char host[300] = "http://";
	memset(host + 7, 'a', 64);
	CHECK(!ok(host));
	host[7 + 63] = 0;
	CHECK(ok(host));
}

CASE(percent)
{
	char room[64];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	url_encode(&b, S("a b/c:\xc3\xa9~%"), S("/"));
	CHECK_STR(buf_str(&b), S("a%20b/c%3A%C3%A9~%25"));
	buf_reset(&b);
	url_decode(&b, S("a%20b+%c3%A9"));
	CHECK_STR(buf_str(&b), S("a b+\xc3\xa9"));
	static const char *const bad[] = { "%", "%1", "%g1", "%1g", "a%00" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		buf_reset(&b);
		url_decode(&b, str_z(bad[i]));
		CHECK(b.err == ERR_SYNTAX);
	}
}

TESTS(CASE_ROW(parts), CASE_ROW(refused), CASE_ROW(percent))
