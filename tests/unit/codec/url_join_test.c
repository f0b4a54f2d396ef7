/* tests/unit/codec/url_join_test.c - RFC 3986, 5.4, as far as it is about http, and what must not get through. */
#include "codec/url_join.h"

#include "../check.h"

static void joins(const char *base, const char *ref, const char *want)
{
	char room[512];
	struct buf b;
	struct str guarded = check_guard(str_z(ref));

	buf_fixed(&b, room, sizeof room);
	enum err e = url_join(str_z(base), guarded, &b);
	if (want)
		CHECK_STR(e == OK ? buf_str(&b) : S("refused"), str_z(want));
	else
		CHECK(e != OK);
	check_unguard(guarded);
}

CASE(references)
{
	static const char base[] = "http://a/b/c/d;p?q";
	static const struct {
		const char *ref, *want;
	} rows[] = {
		{ "g", "http://a/b/c/g" }, { "./g", "http://a/b/c/g" }, { "g/", "http://a/b/c/g/" }, { "/g", "http://a/g" },
		{ "//g/", "http://g/" }, { "?y", "http://a/b/c/d;p?y" }, { "g?y", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q" }, { "g#s", "http://a/b/c/g" }, { ";x", "http://a/b/c/;x" },
		{ "", "http://a/b/c/d;p?q" }, { ".", "http://a/b/c/" }, { "..", "http://a/b/" }, { "../g", "http://a/b/g" },
		{ "../..", "http://a/" }, { "../../../g", "http://a/g" }, { "/../g", "http://a/g" }, { "g.", "http://a/b/c/g." },
		{ "..g", "http://a/b/c/..g" }, { "./../g", "http://a/b/g" }, { "g/../h", "http://a/b/c/h" },
		{ "https://x/y", "https://x/y" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		joins(base, rows[i].ref, rows[i].want);
	joins("https://pypi.org/simple/a/", "../../packages/x.whl#sha256=0", "https://pypi.org/packages/x.whl");
	joins("https://h", "x", "https://h/x");
	CHECK_STR(url_origin(S("https://h:1/x?y")), S("https://h:1"));
	CHECK_STR(url_origin(S("none")), S(""));
}

CASE(refused)
{
	joins("http://a/", "file:///etc/passwd", NULL);
	joins("http://a/", "javascript:x", NULL);
	joins("http://a/", "a b", NULL);
	joins("http://a/", "a\r\nHost: x", NULL);
	joins("http://a/", "a\xc3\xa9", NULL);
	joins("ftp://a/", "b", NULL);
	joins("", "b", NULL);
}

TESTS(CASE_ROW(references), CASE_ROW(refused))
