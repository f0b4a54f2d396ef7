/*
 * tests/unit/codec/splice_test.c
 * Proves T-08.
 */
#include "codec/splice.h"

#include "../check.h"

/* ops: one letter each. 's' 't' set member a/b to 9, 'n' 'm' set new member x/y, 'A' 'B' 'C'
 * remove. */
static void edit(const char *src, const char *ops, const char *want)
{
	static char room[4096];
	struct arena a;
	struct buf b;
	struct splice s;
	const struct json *v = NULL;

	arena_init(&a, 1 << 20);
	CHECK(json_read(&a, str_z(src), &v, NULL) == OK);
	splice_init(&s, str_z(src));
	for (const char *op = ops; *op; op++) {
		char lower[2] = { (char)(*op | 32), 0 };
		if (*op == 's' || *op == 't')
			splice_member(&s, v, *op == 's' ? S("a") : S("b"), S("9"), &a);
		else if (*op == 'n' || *op == 'm')
			splice_member(&s, v, *op == 'n' ? S("x") : S("y"), S("{}"), &a);
		else
			splice_remove(&s, v, json_get(v, str_z(lower)) - 1);
	}
	buf_fixed(&b, room, sizeof room);
	size_t len = splice_len(&s);
	splice_write(&s, &b);
	CHECK(b.err == OK && len == b.n);
	if (!str_eq(buf_str(&b), str_z(want)))
		fprintf(stderr, "edits '%s' of '%s':\n", ops, src);
	CHECK_STR(buf_str(&b), str_z(want));
	arena_done(&a);
}

CASE(set)
{
	edit("{\"a\":1}", "", "{\"a\":1}");
	edit(" {\"a\" : 1.50 , \"b\":2} ", "s", " {\"a\" : 9 , \"b\":2} ");
	edit("{\"a\":1,\"b\":\"q\"}", "ts", "{\"a\":9,\"b\":9}");
	edit("{\"a\":1}", "n", "{\"a\":1,\"x\":{}}");
	edit("{\"a\":1}", "nmn", "{\"a\":1,\"x\":{},\"y\":{}}");
	edit("{ }", "nm", "{ \"x\":{},\"y\":{}}");
	edit("{}", "n", "{\"x\":{}}");
	edit("{\"\\u0061\":1}", "ss", "{\"\\u0061\":9}");
}

CASE(removal)
{
	edit("{\"a\":1,\"b\":2,\"c\":3}", "A", "{\"b\":2,\"c\":3}");
	edit("{\"a\":1,\"b\":2,\"c\":3}", "B", "{\"a\":1,\"c\":3}");
	edit("{\"a\":1,\"b\":2,\"c\":3}", "C", "{\"a\":1,\"b\":2}");
	static const char *const pairs[][2] = {
		{ "AB", "{\"c\":3}" }, { "BA", "{\"c\":3}" }, { "AC", "{\"b\":2}" },
		{ "CA", "{\"b\":2}" },
		{ "BC", "{\"a\":1}" }, { "CB", "{\"a\":1}" }, { "ABC", "{}" }, { "ACB", "{}" },
		{ "BAC", "{}" }, { "BCA", "{}" }, { "CAB", "{}" }, { "CBA", "{}" },
		{ "CnBA", "{\"x\":{}}" }, { "ABCnm", "{\"x\":{},\"y\":{}}" },
		{ "sAt", "{\"b\":9,\"c\":3}" },
		{ "As", "{\"b\":2,\"c\":3,\"a\":9}" }, { "AAsCs", "{\"b\":2,\"a\":9}" },
		{ "BAB", "{\"c\":3}" }, { "CBCB", "{\"a\":1}" }, { "CABC", "{}" },
	};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		edit("{\"a\":1,\"b\":2,\"c\":3}", pairs[i][0], pairs[i][1]);
	edit("{ \"a\" : 1 , \"b\" : 2 }", "B", "{ \"a\" : 1 }");
	edit("{ \"a\" : 1 , \"b\" : 2 }", "A", "{ \"b\" : 2 }");
}

CASE(too_many)
{
	struct arena a;
	struct splice s;
	const struct json *v = NULL;
	char room[8];
	struct buf b;
	char name[8];

	arena_init(&a, 1 << 20);
	CHECK(json_read(&a, S("{}"), &v, NULL) == OK);
	splice_init(&s, S("{}"));
	for (unsigned i = 0; i <= SPLICE_MAX; i++) {
		CHECK(s.err == OK);
		int n = snprintf(name, sizeof name, "n%u", i);
		splice_member(&s, v, (struct str){ name, (size_t)n }, S("1"), &a);
	}
	CHECK(s.err == ERR_LIMIT);
	buf_fixed(&b, room, sizeof room);
	splice_write(&s, &b);
	CHECK(b.err == ERR_LIMIT);
	arena_done(&a);
}

TESTS(CASE_ROW(set), CASE_ROW(removal), CASE_ROW(too_many))
