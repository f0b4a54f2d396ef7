/* tests/unit/package/wheel_record_test.c */
#include "package/wheel_record.h"

#include "../check.h"

#define SHA "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

static struct arena arena;

static struct wheel_record_row first(struct str text)
{
	struct wheel_record_row row = { .line = 0 };
	struct wheel_record r;

	if (arena.budget == 0)
		arena_init(&arena, 1 << 20);
	struct str g = check_guard(text);
	wheel_record_init(&r, &arena, g);
	if (wheel_record_next(&r, &row) != OK)
		row.line = 0;
	return row;
}

CASE(well)
{
	struct wheel_record_row row = first(S("a/b.py," SHA ",0\n"));

	CHECK(row.fault == WHEEL_RECORD_WELL && row.line == 1 && row.has_size && row.size == 0);
	CHECK_STR(row.path, S("a/b.py"));
	CHECK_STR(row.algorithm, S("sha256"));
	CHECK(row.n_digest == 32 && row.digest[0] == 0xe3 && row.digest[31] == 0x55);
	row = first(S("\n\"x,y/RECORD\",,\r\n"));
	CHECK(row.fault == WHEEL_RECORD_WELL && row.algorithm.n == 0 && !row.has_size);
	CHECK_STR(row.path, S("x,y/RECORD"));
	CHECK(row.line == 2);
	CHECK(first(S("")).line == 0 && first(S("\n\n")).line == 0);
}

CASE(faults)
{
	static const struct {
		struct str text;
		enum wheel_record_fault fault;
	} rows[] = {
		{ SC("a,b"), WHEEL_RECORD_FIELDS },	{ SC("a,,,"), WHEEL_RECORD_FIELDS },
		{ SC(",,"), WHEEL_RECORD_FIELDS },	{ SC("a\0b,,"), WHEEL_RECORD_FIELDS },
		{ SC("a," SHA "=,0"), WHEEL_RECORD_HASH }, { SC("a,sha256=QQ,0"), WHEEL_RECORD_HASH },
		{ SC("a,sha256,0"), WHEEL_RECORD_HASH }, { SC("a,=QQ,0"), WHEEL_RECORD_HASH },
		{ SC("a,sha256=+/+/,0"), WHEEL_RECORD_HASH },
		{ SC("a,md5=1B2M2Y8AsgTpgAmY7PhCfg,0"), WHEEL_RECORD_WEAK },
		{ SC("a," SHA ",-1"), WHEEL_RECORD_SIZE }, { SC("a," SHA ",1 "), WHEEL_RECORD_SIZE },
		{ SC("\"a\nb\",,"), WHEEL_RECORD_LINES }, { SC("a\vb,,"), WHEEL_RECORD_LINES },
		{ SC("a,,\x1e"), WHEEL_RECORD_LINES },	{ SC("a,,\x1f"), WHEEL_RECORD_SIZE },
		{ SC("a\xc2\x85,,"), WHEEL_RECORD_LINES }, { SC("a\xe2\x80\xa9,,"), WHEEL_RECORD_LINES },
		{ SC("a\xc2\xa0,,"), WHEEL_RECORD_WELL }, { SC("a\xc2,,"), WHEEL_RECORD_TEXT },
		{ SC("\xef\xbb\xbf" "a,,"), WHEEL_RECORD_TEXT }, { SC("a\xef\xbb\xbf,,"), WHEEL_RECORD_WELL },
		{ SC("a,sha512=" "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		     "AAAAAAAAAAAAAAAAAAAA,0"), WHEEL_RECORD_HASH },
		{ SC("a,blake2b=QQ,0"), WHEEL_RECORD_WELL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wheel_record_row row = first(rows[i].text);
		CHECK(row.line == 1 && row.fault == rows[i].fault);
	}
}

TESTS(CASE_ROW(well), CASE_ROW(faults))
