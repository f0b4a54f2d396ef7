/*
 * fuzz/python_lex_fuzz.c - oracle: tokens stand in order and, with the blanks between them, are the
 * whole text; fed in pieces the lexer gives the same; partners know each other; the number of
 * tokens is linear in the text.
 */
#include "fuzz/fuzz.h"

#include "inspect/python_lex.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\n' || c == '\r' || c == '\\';
}

static void covers(struct str text, const struct token *t, size_t n, size_t from)
{
	size_t at = from;

	for (size_t i = 0; i < n; i++) {
		CHECK(t[i].at >= at && t[i].n <= text.n - t[i].at);
		for (; at < t[i].at; at++)
			CHECK(blank(text.p[at]));
		at = t[i].at + t[i].n;
		bool pair = t[i].kind == TOK_OP || t[i].kind == TOK_F_START ||
			    t[i].kind == TOK_F_END;
		if (pair && t[i].mate != TOKEN_NONE)
			CHECK(t[i].mate < n && t[t[i].mate].mate == i);
	}
	for (; at < text.n; at++)
		CHECK(blank(text.p[at]));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text = { (const char *)p, n };
	struct python_lexer a, b;
	size_t cap = 2 * n + 256, k = 0;
	struct token *t = malloc(cap * sizeof *t), one[3];

	if (t == NULL || n > 1 << 16) {
		free(t);
		return 0;
	}
	python_lex_init(&a, text, NULL);
	a.comments = true;
	size_t from = a.at, count = python_lex(&a, t, cap);
	CHECK(count < cap);
	covers(text, t, count, from);
	python_lex_init(&b, text, NULL);
	b.comments = true;
	for (size_t got; (got = python_lex(&b, one, 1 + n % 3)) > 0;) {
		for (size_t i = 0; i < got; i++, k++)
			CHECK(k < count && one[i].at == t[k].at && one[i].n == t[k].n &&
			      one[i].kind == t[k].kind && one[i].op == t[k].op);
	}
	CHECK(k == count);
	free(t);
	return 0;
}
