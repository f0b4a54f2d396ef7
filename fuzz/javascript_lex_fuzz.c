/*
 * fuzz/javascript_lex_fuzz.c - oracle: tokens stand in order and, with the blanks between them, are
 * the whole text; fed in pieces the lexer gives the same; partners know each other.
 */
#include "fuzz/fuzz.h"

#include "inspect/javascript_lex.h"

static struct arena arena;

static void covers(struct str text, const struct token *t, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		CHECK(t[i].at >= at && t[i].n > 0 && t[i].n <= text.n - t[i].at);
		for (; at < t[i].at; at++) {
			uint8_t c = (uint8_t)text.p[at];
			CHECK(c == ' ' || (c >= 9 && c <= 13) || c >= 0x80);
		}
		at = t[i].at + t[i].n;
		bool pair = t[i].kind == TOK_OP || t[i].kind == TOK_F_START ||
			    t[i].kind == TOK_F_END;
		if (pair && t[i].mate != TOKEN_NONE)
			CHECK(t[i].mate < n && t[t[i].mate].mate == i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text = { (const char *)p, n };
	struct token one[3];
	struct words words;
	size_t k = 0;

	if (n > 1 << 16)
		return 0;
	if (arena.budget == 0)
		arena_init(&arena, 16 << 20);
	arena_reset(&arena);
	struct javascript_lexer *a = NEW(&arena, struct javascript_lexer);
	struct javascript_lexer *b = NEW(&arena, struct javascript_lexer);
	struct token *t = NEW_ARRAY(&arena, struct token, n + 1);
	CHECK(words_init(&words, &arena) == OK && a && b && t);
	javascript_lex_init(a, text, &words);
	a->comments = true;
	size_t count = javascript_lex(a, t, n + 1);
	CHECK(count <= n);
	covers(text, t, count);
	javascript_lex_init(b, text, &words);
	b->comments = true;
	for (size_t got; (got = javascript_lex(b, one, 1 + n % 3)) > 0;) {
		for (size_t i = 0; i < got; i++, k++)
			CHECK(k < count && one[i].at == t[k].at && one[i].n == t[k].n &&
			      one[i].kind == t[k].kind && one[i].op == t[k].op);
	}
	CHECK(k == count);
	return 0;
}
