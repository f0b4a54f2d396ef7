/* tests/unit/codec/csv_test.c - for what Python makes of a thousand others see tests/differential. */
#include "codec/csv.h"

#include "../check.h"

static void rows(struct str text, const char *want)
{
	struct str g = check_guard(text), fields[8];
	struct arena a;
	struct buf out;
	struct csv c;
	size_t n;
	enum err e;

	arena_init(&a, 1 << 20);
	buf_init(&out, 4096);
	csv_init(&c, &a, g);
	while ((e = csv_next(&c, fields, 8, &n)) == OK) {
		for (size_t i = 0; i < n; i++)
			buf_addf(&out, "<%.*s>", FMT(fields[i]));
		buf_addf(&out, "@%u", c.line);
	}
	CHECK(e == ERR_NOT_FOUND);
	CHECK_STR(buf_str(&out), str_z(want));
	buf_free(&out);
	arena_done(&a);
	check_unguard(g);
}

CASE(plain)
{
	rows(S(""), "");
	rows(S("a,b,c\n"), "<a><b><c>@1");
	rows(S("a,b\r\nc\rd"), "<a><b>@1<c>@2<d>@3");
	rows(S("a,,\n,\n\n x "), "<a><><>@1<><>@2@3< x >@4");
}

CASE(quoted)
{
	rows(S("\"a,b\",c"), "<a,b><c>@1");
	rows(S("\"a\"\"b\""), "<a\"b>@1");
	rows(S("\"a\"b\"c\",d"), "<ab\"c\"><d>@1");
	rows(S("a\"b\",c"), "<a\"b\"><c>@1");
	rows(S("\"a\nb\",c\nd"), "<ab><c>@1<d>@3");
	rows(S("\"a\r\n\r\nb"), "<ab>@1");
	rows(S("\"\",\"\"\"\"\n\""), "<><\">@1<>@2");
}

CASE(too_long)
{
	struct arena a;
	struct buf b;
	struct csv c;
	struct str f;
	size_t n;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	for (int i = 0; i < CSV_FIELD_MAX; i++)
		buf_addc(&b, 'x');
	csv_init(&c, &a, buf_str(&b));
	CHECK(csv_next(&c, &f, 1, &n) == OK && f.n == CSV_FIELD_MAX);
	buf_addc(&b, 'x');
	csv_init(&c, &a, buf_str(&b));
	CHECK(csv_next(&c, &f, 1, &n) == ERR_LIMIT);
	buf_free(&b);
	arena_done(&a);
}

TESTS(CASE_ROW(plain), CASE_ROW(quoted), CASE_ROW(too_long))
