/* tests/unit/codec/toml_test.c - what TOML 1.0 allows and what it does not. */
#include "codec/toml.h"

#include "base/limits.h"

#include "../check.h"

static struct arena arena;

static enum err parse(struct str text, const struct toml **out)
{
	struct diag d = { 0 };
	struct str guarded = check_guard(text);

	arena_init(&arena, 1 << 20);
	enum err e = toml_parse(guarded, &arena, 1000, out, &d);
	CHECK(e == OK || d.text[0] != 0);
	/* not unguarded: the tree points there; the process is short */
	return e;
}

CASE(accepted)
{
	const struct toml *t = NULL, *v;

	CHECK(parse(S("a = 1_000 # one\nb.c = 'x\\y'\n[d.\"e f\"]\ng = [1,\n 2, # two\n]\n"
		      "h = {i = true, j.k = \"\\u00e9\\n\"}\n[[l]]\nm=1\n[[l]]\nm=2\n[l.n]\n"),
		    &t) == OK);
	v = toml_get(t, S("a"));
	CHECK(toml_is(v, TOML_INTEGER) && v->integer == 1000 && v->line == 1);
	CHECK_STR(toml_str(toml_get(toml_get(t, S("b")), S("c"))), S("x\\y"));
	v = toml_get(toml_get(t, S("d")), S("e f"));
	CHECK(v != NULL && v->line == 3 && toml_get(v, S("g"))->n == 2);
	CHECK(toml_true(toml_get(toml_get(v, S("h")), S("i"))));
	CHECK_STR(toml_str(toml_get(toml_get(toml_get(v, S("h")), S("j")), S("k"))),
		  S("\xc3\xa9\n"));
	v = toml_get(t, S("l"));
	CHECK(toml_is(v, TOML_ARRAY) && v->n == 2 && toml_get(v->first->next, S("n")) != NULL);
	CHECK(toml_get(NULL, S("x")) == NULL && toml_str(NULL).n == 0);
	arena_done(&arena);
}

CASE(dates)
{
	static const char *const rows[] = {
		"a=1979-05-27",
		"a=07:32:00",
		"a=07:32:00.999999",
		"a=1979-05-27T07:32:00",
		"a=1979-05-27 07:32:00.5",
		"a=1979-05-27t07:32:00z",
		"a=1979-05-27T00:32:00-07:00",
		"a=2024-02-29T23:59:59.1+00:00",
	};
	const struct toml *t = NULL;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK(parse(str_z(rows[i]), &t) == OK);
		CHECK(toml_is(toml_get(t, S("a")), TOML_DATETIME));
		CHECK_STR(toml_get(t, S("a"))->text, str_tail(str_z(rows[i]), 2));
		arena_done(&arena);
	}
}

CASE(strings)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "a=\"\"", "" },
		{ "a=\"\"\"\"\"\"", "" },
		{ "a=\"\"\"\nx\r\ny\"\"\"", "x\ny" },
		{ "a=\"\"\"x\\\n  \n  y\"\"\"", "xy" },
		{ "a=\"\"\"x\"\"\"\"\"", "x\"\"" },
		{ "a='''x''y'''", "x''y" },
		{ "a='''\nx\\n'''", "x\\n" },
		{ "a=\"\\b\\t\\n\\f\\r\\\"\\\\\"", "\b\t\n\f\r\"\\" },
		{ "a=\"\\U0001F600\"", "\xf0\x9f\x98\x80" },
	};
	const struct toml *t = NULL;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK(parse(str_z(rows[i].text), &t) == OK);
		CHECK_STR(toml_str(toml_get(t, S("a"))), str_z(rows[i].want));
		arena_done(&arena);
	}
}

CASE(refused)
{
	static const char *const rows[] = {
		"a=1\na=2",
		"a.b=1\na=2",
		"a=1\na.b=2",
		"[a]\n[a]",
		"[a]\nb=1\n[a.b]",
		"a.b=1\n[a]",
		"[a.b]\nc=1\n[a]\nb.d=2",
		"a=[]\n[[a]]",
		"[[a]]\n[a]",
		"[a]\n[[a]]",
		"a={b=1}\na.c=2",
		"a={b=1}\n[a.c]",
		"a={b=1,}",
		"a={b=1\n}",
		"a={b=1,b=2}",
		"a={b.c=1,b={}}",
		"a",
		"a=",
		"=1",
		"a=1 b=2",
		"[a",
		"[[a]",
		"[]",
		"[a.]",
		"a=[1",
		"a=\"x",
		"a=\"\n\"",
		"a='x\n'",
		"a=\"\\e\"",
		"a=\"\\ud800\"",
		"a=\"\\x41\"",
		"a=01",
		"a=+0x1",
		"a=1__0",
		"a=_1",
		"a=1_",
		"a=1.",
		"a=.5",
		"a=1e",
		"a=0x",
		"a=9223372036854775808",
		"a=2023-02-29",
		"a=24:00:00",
		"a=12:00",
		"a=07:32:00Z",
		"a=07:32:00-07:00",
		"a=07:32:00.",
		"a=07:32:00.5x",
		"a=1979-05-27T",
		"a=truth",
		"a=nul",
		"a=\"\x01\"",
		"# \x01",
		"a=1\rb=2",
		"\357\273\277a=1",
		"a=\"\xff\"",
	};
	const struct toml *t = NULL;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum err e = parse(str_z(rows[i]), &t);
		if (e == OK)
			fprintf(stderr, "accepted: %s\n", rows[i]);
		CHECK(e == ERR_SYNTAX ||
		      (e == ERR_LIMIT && str_has_prefix(str_z(rows[i]), S("a=9"))));
		arena_done(&arena);
	}
}

CASE(bounds)
{
	char deep[4096];
	const struct toml *t = NULL;
	struct buf b;

	buf_fixed(&b, deep, sizeof deep);
	buf_add(&b, S("a="));
	for (int i = 0; i < LIMIT_TOML_DEPTH; i++)
		buf_addc(&b, '[');
	CHECK(parse(buf_str(&b), &t) == ERR_LIMIT);
	arena_done(&arena);
	buf_reset(&b);
	for (int i = 0; i < LIMIT_TOML_DEPTH; i++)
		buf_add(&b, S("a."));
	buf_add(&b, S("b=1"));
	CHECK(parse(buf_str(&b), &t) == ERR_LIMIT);
	arena_done(&arena);
	buf_reset(&b);
	buf_add(&b, S("a=["));
	for (int i = 0; i < 1001; i++)
		buf_add(&b, S("1,"));
	buf_add(&b, S("]"));
	CHECK(parse(buf_str(&b), &t) == ERR_LIMIT);
	arena_done(&arena);
}

/* Keys that share long beginnings, and one that is the beginning of the other. */
CASE(many_keys)
{
	static char text[40000];
	const struct toml *t = NULL;
	struct buf b;

	buf_fixed(&b, text, sizeof text);
	for (int i = 0; i < 400; i++)
		buf_addf(&b, "\"%.*s%d\" = %d\n", i % 40,
			 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", i, i);
	CHECK(b.err == OK && parse(buf_str(&b), &t) == OK && t->n == 400);
	TOML_EACH(t, it)
	CHECK(toml_get(t, it->key) == it);
	CHECK(toml_get(t, S("")) == NULL && toml_get(t, S("x")) == NULL);
	arena_done(&arena);
	buf_addf(&b, "\"x1\" = 1\n");
	CHECK(parse(buf_str(&b), &t) == ERR_SYNTAX);
	arena_done(&arena);
}

TESTS(CASE_ROW(accepted), CASE_ROW(dates), CASE_ROW(strings), CASE_ROW(refused), CASE_ROW(bounds),
      CASE_ROW(many_keys))
