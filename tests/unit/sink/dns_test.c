/* tests/unit/sink/dns_test.c - questions are read, and every name leads here. */
#include "sink/dns.h"

#include "tests/unit/check.h"

#define HEAD "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"

CASE(questions)
{
	struct str a = S(HEAD "\3API\4evil\7example\0\0\1\0\1");
	struct dns_question q;
	struct buf out;

	CHECK(dns_read(a, &q) == OK && q.type == 1 && q.end == a.n);
	CHECK_STR(((struct str){ q.name, q.name_n }), S("API.evil.example"));
	buf_init(&out, 1024);
	dns_answer(&out, a, &q);
	CHECK(out.n == a.n + 16 && out.p[0] == 0x12 && (out.p[2] & 0x80));
	/* 198.18.0.0/15, the same for any spelling of the name. */
	CHECK((unsigned char)out.p[out.n - 4] == 198 && (out.p[out.n - 3] & ~1) == 18);
	CHECK(dns_address(S("api.EVIL.example")) == dns_address(S("API.evil.example")));
	CHECK(dns_address(S("a.example")) != dns_address(S("b.example")));
	for (size_t cut = 0; cut < a.n; cut++) {
		struct str part = check_guard(str_head(a, cut));
		CHECK(dns_read(part, &q) == ERR_SYNTAX);
		check_unguard(part);
	}
	CHECK(dns_read(S(HEAD "\xc0\x0c\0\1\0\1"), &q) == ERR_SYNTAX);
	CHECK(dns_read(S("\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\1a\0\0\1\0\1"), &q) !=
	      OK);
	buf_free(&out);
}

CASE(names)
{
	struct str base;

	CHECK_STR(dns_parts(S("a.b.evil.example"), &base), S("a.b"));
	CHECK_STR(base, S("evil.example"));
	CHECK_STR(dns_parts(S("evil.example"), &base), S(""));
	CHECK_STR(base, S("evil.example"));
	CHECK(dns_host(S("a-b_c.example")) && !dns_host(S("")) && !dns_host(S("a,DNS:b")));
	CHECK(!dns_host(S("a b")) && !dns_host(S("a\0b")));
}

TESTS(CASE_ROW(questions), CASE_ROW(names))
