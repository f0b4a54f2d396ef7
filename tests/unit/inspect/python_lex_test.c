/* tests/unit/inspect/python_lex_test.c - Python's tokens: strings, f-strings, lines, blocks. */
#include "inspect/python_lex.h"

#include "tests/unit/check.h"

#include "base/buf.h"

static struct token toks[512];
static size_t n_toks;

/* The kinds of all tokens of text, one letter each. */
static const char *kinds(struct str text)
{
	static char out[512];
	static const char letters[] = "$N0S<=>R.nid#!";
	struct python_lexer lx;
	struct str guarded = check_guard(text);

	python_lex_init(&lx, guarded, NULL);
	n_toks = python_lex(&lx, toks, 511);
	for (size_t i = 0; i < n_toks; i++)
		out[i] = letters[toks[i].kind];
	out[n_toks] = '\0';
	check_unguard(guarded);
	return out;
}

#define KINDS(text, want) CHECK_STR(str_z(kinds(S(text))), S(want))

CASE(names_and_lines)
{
	KINDS("", "");
	KINDS("a = 1\n", "N.0n");
	KINDS("a = 1", "N.0n");
	KINDS("a\r\nb\rc\n", "NnNnNn");
	KINDS("\xef\xbb\xbf"
	      "a\n",
	      "Nn");
	KINDS("# only\n\n\f\n", "");
	KINDS("a \\\n b\n", "NNn");
	KINDS("(a,\n# c\n\n b)\n", ".N.N.n");
	KINDS("a;b\n", "N.Nn");
	KINDS("a ? $\n", "N!!n");
}

CASE(blocks)
{
	KINDS("if a:\n  b\nc\n", "NN.niNndNn");
	KINDS("if a:\n\tif b:\n\t  c\n", "NN.niNN.niNndd");
	KINDS("if a:\n  b\n c\n", "NN.niNndNn");
	KINDS("  a\n", "iNnd");
	KINDS("if a:\n  b\n\n# x\n  c\n", "NN.niNnNnd");
}

CASE(strings)
{
	KINDS("'a' \"b\" b'c' Rb\"d\" u'e'\n", "SSSSSn");
	KINDS("ub'x'\n", "NSn");
	KINDS("'''a\n'b''' x\n", "SNn");
	KINDS("'a\\'b' c\n", "SNn");
	KINDS("'a\nb\n", "SnNn");
	CHECK(toks[0].op & STRING_UNTERMINATED);
	KINDS("'a\\\nb'\n", "Sn");
	KINDS("r'\\'\n", "Sn");
	CHECK(toks[0].op & STRING_UNTERMINATED);
	KINDS("'''never", "Sn");
}

CASE(format_strings)
{
	KINDS("f'a'\n", "<=>n");
	KINDS("f'{a}'\n", "<.N.>n");
	KINDS("f'a{b!r:>{c}}d'\n", "<=.N.N.=.N..=>n");
	KINDS("f'{{}}'\n", "<=>n");
	KINDS("f'{a['b']}'\n", "<.N.S..>n");
	KINDS("f'''{a\n}'''\n", "<.N.>n");
	KINDS("f'{f'{1}'}'\n", "<.<.0.>.>n");
	KINDS("f'{a", "<.Nn");
	KINDS("t'{a}' rf'\\{a}'\n", "<.N.><=.N.>n");
}

CASE(numbers)
{
	KINDS("0xFf 1_000 1e-5 .5 1.j 0o7 0b1_0\n", "0000000n");
	KINDS("1if a else b\n", "0NNNNn");
	KINDS("1..real\n", "0.Nn");
}

CASE(partners)
{
	(void)kinds(S("f(a[1], {2})\n"));
	CHECK(toks[1].mate == 10 && toks[10].mate == 1);
	CHECK(toks[3].mate == 5 && toks[7].mate == 9);
	(void)kinds(S("(]\n"));
	CHECK(toks[0].mate == TOKEN_NONE && toks[1].mate == TOKEN_NONE);
}

CASE(deep_nesting)
{
	static char text[4096];
	static struct token many[8192];
	struct python_lexer lx;

	memset(text, '(', 2048);
	memset(text + 2048, ')', 2048);
	python_lex_init(&lx, (struct str){ text, sizeof text }, NULL);
	CHECK(python_lex(&lx, many, 8192) == 4097 && lx.depth == 0);
	CHECK(many[0].mate == 4095 && many[199].mate == 4095 - 199);
	CHECK(many[200].mate == TOKEN_NONE);
}

CASE(every_split)
{
	struct str text = S("def f(a):\n    return f'{a!r:>{w}}' + '''x\ny'''  # c\nif 1: pass\n");
	struct python_lexer a, b;
	struct token one;

	python_lex_init(&a, text, NULL);
	size_t n = python_lex(&a, toks, 511), k = 0;
	python_lex_init(&b, text, NULL);
	for (; python_lex(&b, &one, 1) == 1; k++)
		CHECK(k < n && one.at == toks[k].at && one.n == toks[k].n &&
		      one.kind == toks[k].kind);
	CHECK(k == n);
}

TESTS(CASE_ROW(names_and_lines), CASE_ROW(blocks), CASE_ROW(strings), CASE_ROW(format_strings),
      CASE_ROW(numbers), CASE_ROW(partners), CASE_ROW(deep_nesting), CASE_ROW(every_split))
