/* tests/unit/proto/detonation_test.c - orders, facts and packed targets cross between processes
 * unchanged, and nothing malformed does. */
#include "proto/detonation.h"

#include "tests/unit/check.h"

CASE(orders)
{
	struct detonation_order o = { .variant = 3,
				      .kind = KIND_NPM,
				      .phases = 5,
				      .seconds = 20,
				      .bytes = 4096,
				      .python = S("/usr/bin/python3"),
				      .version = S("3.11"),
				      .node = S("/usr/bin/node"),
				      .canaries = S("xyz") },
				back;
	struct buf b;

	buf_init(&b, 1024);
	detonation_order_write(&b, &o);
	CHECK(detonation_order_read(&back, buf_str(&b)) == OK);
	CHECK(back.variant == 3 && back.kind == KIND_NPM && back.bytes == 4096);
	CHECK_STR(back.python, o.python);
	CHECK_STR(back.canaries, o.canaries);
	for (size_t cut = 0; cut < b.n; cut++) {
		struct str part = check_guard(str_head(buf_str(&b), cut));
		CHECK(detonation_order_read(&back, part) != OK);
		check_unguard(part);
	}
	b.p[0] = DETONATION_VARIANTS;
	CHECK(detonation_order_read(&back, buf_str(&b)) == ERR_SYNTAX);
	buf_free(&b);
}

CASE(facts)
{
	char long_text[2 * DETONATION_TEXT];
	struct fact f = { FACT_LEFT, PHASE_IMPORT, 7, S("to a\nb\x1b"), S("hex"), S("\0\xff") },
		    back;
	struct buf b;

	buf_init(&b, 8192);
	fact_write(&b, &f);
	CHECK(fact_read(&back, buf_str(&b)) == OK && back.n == 7 && back.kind == FACT_LEFT);
	CHECK_STR(back.text, f.text);
	CHECK_STR(back.excerpt, f.excerpt);
	for (size_t cut = 0; cut < b.n; cut++)
		CHECK(fact_read(&back, str_head(buf_str(&b), cut)) != OK);
	b.p[0] = (char)FACT_COUNT;
	CHECK(fact_read(&back, buf_str(&b)) == ERR_SYNTAX);
	/* Texts are cut when they are written, and refused when they were not. */
	memset(long_text, 'x', sizeof long_text);
	f.text = (struct str){ long_text, sizeof long_text };
	buf_reset(&b);
	fact_write(&b, &f);
	CHECK(fact_read(&back, buf_str(&b)) == OK && back.text.n == DETONATION_TEXT);
	buf_free(&b);
}

CASE(paths)
{
	CHECK(packed_path(S("a")) && packed_path(S("a/b/..c/d.py")) && packed_path(S("\x1b\n/x")));
	CHECK(!packed_path(S("")) && !packed_path(S("/a")) && !packed_path(S("a/")));
	CHECK(!packed_path(S("..")) && !packed_path(S("a/../b")) && !packed_path(S("a//b")));
	CHECK(!packed_path(S("./a")) && !packed_path(S("a/.")) && !packed_path(S("a\0b")));
}

CASE(packed_targets)
{
	const struct packed first = { S("a/b.py"), S("import os"), 0644, 1700000000 };
	struct packed got;
	struct buf b;

	buf_init(&b, 1024);
	packed_head(&b, &first);
	buf_add(&b, first.content);
	struct str in = buf_str(&b);
	CHECK(packed_next(&in, &got) == OK && in.n == 0);
	CHECK_STR(got.path, first.path);
	CHECK_STR(got.content, first.content);
	CHECK(got.mode == 0644 && got.mtime == 1700000000);
	for (size_t cut = 0; cut < b.n; cut++) {
		struct str part = check_guard(str_head(buf_str(&b), cut)), rest = part;
		CHECK(packed_next(&rest, &got) != OK);
		check_unguard(part);
	}
	/* A length that would wrap around. */
	memset(b.p + 16, 0xff, 8);
	in = buf_str(&b);
	CHECK(packed_next(&in, &got) == ERR_SYNTAX);
	buf_free(&b);
}

TESTS(CASE_ROW(orders), CASE_ROW(facts), CASE_ROW(paths), CASE_ROW(packed_targets))
