/* tests/unit/verify/dsse_test.c - what is signed of an envelope. */
#include "kit.h"

CASE(protocol_example)
{
	struct arena a;

	arena_init(&a, 1 << 16);
	/* The example of DSSE's protocol.md. */
	CHECK_STR(dsse_pae(S("http://example.com/HelloWorld"), S("hello world"), &a),
		  S("DSSEv1 29 http://example.com/HelloWorld 11 hello world"));
	CHECK_STR(dsse_pae(S(""), S(""), &a), S("DSSEv1 0  0 "));
	/* Lengths keep apart what looks alike. */
	CHECK(!str_eq(dsse_pae(S("a 1 b"), S("c"), &a), dsse_pae(S("a"), S("b 1 c"), &a)));
	CHECK(dsse_pae(S("a"), (struct str){ "", 1 << 17 }, &a).p == NULL);
	arena_done(&a);
}

TESTS(CASE_ROW(protocol_example))
