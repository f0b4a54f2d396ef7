/* tests/unit/codec/names_test.c */
#include "codec/names.h"

#include "base/limits.h"

#include "../check.h"

static struct arena arena;

static struct faults faults(void)
{
	if (arena.budget == 0)
		arena_init(&arena, 256 << 20);
	arena_reset(&arena);
	return (struct faults){ .arena = &arena, .tolerate = true };
}

CASE(canonical)
{
	CHECK_STR(name_canonical(S("a/b/"), true), S("a/b"));
	CHECK_STR(name_canonical(S("././a/"), false), S("a"));
	CHECK_STR(name_canonical(S("./a"), true), S("./a"));
	CHECK_STR(name_canonical(S("./"), false), S("."));
	CHECK_STR(name_canonical(S("."), false), S("."));
	CHECK_STR(name_canonical(S("/"), false), S("/"));
	CHECK_STR(name_canonical(S(""), false), S(""));
}

/* What npm packs where package.json says "main": "./index.js". */
CASE(dots)
{
	static const struct {
		const char *raw, *name;
		enum fault_code fault; /* FAULT_COUNT: none */
	} rows[] = {
		{ "package/./dist/index.js", "package/dist/index.js", FAULT_NAME_DOT },
		{ "./a/././b/./c", "a/b/c", FAULT_NAME_DOT },
		{ "a/.b/c./d", "a/.b/c./d", FAULT_COUNT },
		{ "a/./../b", "a/../b", FAULT_NAME_UP },
		{ "a/.", "a/.", FAULT_NAME_FORM },
		{ "a//b", "a//b", FAULT_NAME_FORM },
		{ "/./a", "/a", FAULT_NAME_ABSOLUTE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct faults f = faults();
		struct str out;
		CHECK(name_clean(&f, str_z(rows[i].raw), false, 0, &out) == OK);
		CHECK_STR(out, str_z(rows[i].name));
		CHECK(rows[i].fault == FAULT_COUNT ? f.n == 0 : f.of[rows[i].fault] == 1);
	}
	struct faults strict = faults();
	struct str out;
	strict.tolerate = false;
	CHECK(name_clean(&strict, S("a/./b"), false, 0, &out) == OK);
	CHECK(name_clean(&strict, S("a/./b"), true, 0, &out) == ERR_SYNTAX);
}

CASE(bounds)
{
	static char deep[2 * LIMIT_ARCHIVE_DEPTH + 1], name[LIMIT_ARCHIVE_NAME + 1];
	struct faults f = faults();
	struct str out;

	for (size_t i = 0; i < sizeof deep; i++)
		deep[i] = i % 2 ? '/' : 'a';
	memset(name, 'n', sizeof name);
	CHECK(name_clean(&f, (struct str){ deep, sizeof deep - 2 }, true, 0, &out) == OK);
	CHECK(name_clean(&f, (struct str){ deep, sizeof deep }, true, 0, &out) == ERR_LIMIT);
	CHECK(name_clean(&f, (struct str){ name, sizeof name - 1 }, true, 0, &out) == OK);
	CHECK(name_clean(&f, (struct str){ name, sizeof name }, true, 0, &out) == ERR_LIMIT);
	CHECK(f.of[FAULT_NAMES] == 2 && f.n == 2);
}

/* Every name twice but one, in an order that has nothing to do with them. */
CASE(many)
{
	enum { N = 20000 };
	struct faults f = faults();
	struct names l;

	CHECK(names_init(&l, &arena, 0) == OK);
	for (unsigned i = 0; i < 2 * N - 1; i++) {
		unsigned k = i * 7919 % N;
		char *p = arena_take(&arena, 16, 1);
		int n = snprintf(p, 16, "d%u/f%u", k % 100, k);
		CHECK(names_add(&l, (struct str){ p, (size_t)n }, NAME_FILE) == OK);
	}
	CHECK(names_check(&l, &f, false) == OK);
	CHECK(f.of[FAULT_DUPLICATE] == N - 1 && f.of[FAULT_FILE_AS_DIR] == 0);
	CHECK(names_add(&l, S("d7"), NAME_LINK) == OK);
	CHECK(names_check(&l, &f, false) == OK && f.of[FAULT_FILE_AS_DIR] > 0);
}

/* A file counts as parent wherever it stands, and only the parent itself. */
CASE(parents)
{
	static const struct {
		const char *a, *b;
		bool bad;
	} rows[] = {
		{ "a", "a/b", true },	  { "a/b", "a", true },	    { "a", "a/b/c/d", true },
		{ "a/b", "a/b/c", true }, { "a", "ab/c", false },   { "a/b", "a/c", false },
		{ "a-", "a/b", false },	  { "a/b/c", "a/b/d", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct faults f = faults();
		struct names l;
		CHECK(names_init(&l, &arena, 2) == OK);
		CHECK(names_add(&l, str_z(rows[i].a), NAME_FILE) == OK);
		CHECK(names_add(&l, str_z(rows[i].b), NAME_FILE) == OK);
		CHECK(names_check(&l, &f, true) == OK);
		CHECK((f.of[FAULT_FILE_AS_DIR] != 0) == rows[i].bad);
	}
}

TESTS(CASE_ROW(canonical), CASE_ROW(dots), CASE_ROW(bounds), CASE_ROW(many), CASE_ROW(parents))
