/* tests/unit/package/metadata_test.c - for what Python makes of others see tests/differential. */
#include "package/metadata.h"

#include "base/limits.h"

#include "../check.h"

static struct arena arena;

static struct metadata take(struct str text)
{
	struct metadata m;
	struct str g = check_guard(text); /* stays: the fields point into it */

	if (arena.budget == 0)
		arena_init(&arena, 64 << 20);
	CHECK(metadata_read(g, &arena, &m) == OK);
	return m;
}

CASE(well)
{
	struct metadata m = take(S("Metadata-Version: 2.1\nname: Demo\nVersion:  1.0 \n"
				   "Requires-Dist: a\nRequires-Python: >=3.8\nLicense: one\n"
				   "        two\r\nREQUIRES-DIST: b\n\nbody: x\n"));

	CHECK(m.n == 7 && !m.cut && m.unclear.n == 0);
	CHECK_STR(m.name, S("Demo"));
	CHECK_STR(m.version, S("1.0 "));
	CHECK_STR(m.requires_python, S(">=3.8"));
	CHECK_STR(m.license, S("one\n        two"));
	CHECK_STR(m.body, S("body: x\n"));
	const struct metadata_field *f = metadata_next(&m, S("requires-dist"), NULL);
	CHECK(f != NULL && f->line == 4);
	f = metadata_next(&m, S("requires-dist"), f);
	CHECK(f != NULL && f->line == 8);
	CHECK_STR(f->value, S("b"));
	CHECK(metadata_next(&m, S("requires-dist"), f) == NULL);
	CHECK_STR(metadata_get(&m, S("Summary")), S(""));
}

CASE(unclear)
{
	CHECK(take(S("Name: a\nName: a\n")).unclear.n == 0);
	CHECK_STR(take(S("Name: a\nVersion: 1\nNAME: b\n")).unclear, S("NAME"));
	CHECK_STR(take(S("Name: a\nName: b\n")).name, S("a"));
	CHECK_STR(take(S("Name:\n demo\nLicense: a\n b\n")).unclear, S("Name"));
	CHECK_STR(take(S("Name:\n demo\n")).name, S("\n demo"));
	CHECK(take(S("Requires-Dist: a\nRequires-Dist: b\n")).unclear.n == 0);
	CHECK_STR(take(S("License: MIT\nLicense-Expression: ISC\n")).license, S("ISC"));
}

CASE(odd)
{
	CHECK(take(S("")).n == 0);
	CHECK(take(S("Name")).cut && take(S("Name")).n == 0);
	CHECK(take(S("\xef\xbb\xbfName: a\n")).cut);
	CHECK_STR(take(S("Name: a\rVersion: 2")).version, S("2"));
	CHECK_STR(take(S("Name: a\nno colon\nVersion: 2")).version, S(""));
	CHECK_STR(take(S(" x\nName: a\n")).name, S("a"));
	CHECK_STR(take(S("From me\nName: a\nFrom you\n lost\nVersion: 2\n")).version, S("2"));
	CHECK_STR(take(S(": none\n lost\nName:\n")).name, S(""));
}

CASE(bounded)
{
	struct metadata m;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (int i = 0; i < LIMIT_METADATA_FIELDS; i++)
		buf_add(&b, S("Name: x\n"));
	CHECK(metadata_read(buf_str(&b), &arena, &m) == OK && m.n == LIMIT_METADATA_FIELDS);
	buf_add(&b, S("a:"));
	CHECK(metadata_read(buf_str(&b), &arena, &m) == ERR_LIMIT);
	buf_free(&b);
}

TESTS(CASE_ROW(well), CASE_ROW(unclear), CASE_ROW(odd), CASE_ROW(bounded))
