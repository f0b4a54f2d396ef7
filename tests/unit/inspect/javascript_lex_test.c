/* tests/unit/inspect/javascript_lex_test.c - JavaScript's tokens: division or expression,
 * templates. */
#include "inspect/javascript_lex.h"

#include "tests/unit/check.h"

static struct arena arena;
static struct words words;
static struct token toks[2048];
static size_t n_toks;

static const char *kinds(struct str text)
{
	static char out[2048];
	static const char letters[] = "$N0S<=>R.nid#!";
	static struct javascript_lexer lx;
	struct str guarded = check_guard(text);

	if (words.slots == NULL) {
		arena_init(&arena, 1 << 20);
		CHECK(words_init(&words, &arena) == OK);
	}
	javascript_lex_init(&lx, guarded, &words);
	n_toks = javascript_lex(&lx, toks, 2047);
	for (size_t i = 0; i < n_toks; i++)
		out[i] = letters[toks[i].kind];
	out[n_toks] = '\0';
	check_unguard(guarded);
	return out;
}

#define KINDS(text, want) CHECK_STR(str_z(kinds(S(text))), S(want))

CASE(division_or_expression)
{
	KINDS("a / b / c", "N.N.N");
	KINDS("a = /b/g", "N.R");
	KINDS("return /b/", "NR");
	KINDS("a.return / b", "N.N.N");
	KINDS("(a) / b", ".N..N");
	KINDS("if (a) /b/.c()", "N.N.R.N..");
	KINDS("a[0] / 2", "N.0..0");
	KINDS("a++ / 2", "N..0");
	KINDS("f(/[/]/)", "N.R.");
	KINDS("x = {} / 1", "N....0");
	KINDS("if (a) {} /b/.c", "N.N...R.N");
	KINDS("a /b", "N.N");
	KINDS("= /b\n", "..N");
}

CASE(templates)
{
	KINDS("`a`", "<=>");
	KINDS("`a${b}c`", "<=.N.=>");
	KINDS("`${`${a}`}`", "<.<.N.>.>");
	KINDS("`\\``", "<=>");
	KINDS("`a", "<=");
	KINDS("`${{a: 1}}`", "<..N.0..>");
}

CASE(comments)
{
	KINDS("#!/usr/bin/env node\na", "N");
	KINDS("a // b\nc /* d\n */ e", "NNN");
	KINDS("<!-- a\nb\n --> c\nd", "NN");
	KINDS("a --> b", "N..N");
	KINDS("/* never", "");
}

CASE(strings_and_names)
{
	KINDS("'a\\'b' \"c\"", "SS");
	KINDS("'a\\\nb'", "S");
	KINDS("don't\nx", "N!NN");
	KINDS("\\u0065val \\u{65}val $a _b", "NNNN");
	KINDS("eval\xc2\xa0(1)", "N.0.");
	KINDS("caf\xc3\xa9", "N");
	KINDS("a?.b ?? c?.5:1", "N.N.N.0.0");
	KINDS("0x1fn 1_0 1e-5 .5", "0000");
	KINDS("a => b, c >>>= 1", "N.N.N.0");
}

CASE(linear)
{
	/* a million quotes, slashes and brackets whose ends are nowhere */
	static struct javascript_lexer lx;
	enum { N = 400000 };
	char *text = malloc(N);
	static const char *const parts[] = { "\"\\", "/[", "/", "'\\\"" };

	for (size_t k = 0; text && k < sizeof parts / sizeof parts[0]; k++) {
		size_t n = 0, len = strlen(parts[k]);
		for (size_t i = 0; i < N; i++)
			text[i] = parts[k][i % len];
		javascript_lex_init(&lx, (struct str){ text, N }, &words);
		for (size_t got; (got = javascript_lex(&lx, toks, 2047)) > 0;)
			n += got;
		CHECK(n <= N);
		CHECK(lx.wasted <= 6 * (size_t)N + (64 << 10));
	}
	free(text);
}

CASE(partners)
{
	(void)kinds(S("f(a, {b: `${c}`})"));
	CHECK(toks[1].mate == n_toks - 1);
	CHECK(toks[4].mate == n_toks - 2);
}

TESTS(CASE_ROW(division_or_expression), CASE_ROW(templates), CASE_ROW(comments),
      CASE_ROW(strings_and_names), CASE_ROW(linear), CASE_ROW(partners))
