/*
 * llm/openai_nesting.c - how far JSON has come that arrives in pieces inside of strings.
 * Ring 0, pure.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_stream_fuzz.c
 */
#include "llm/openai.h"

static void nest(struct oa_nesting *n, char c)
{
	if (n->in_string) {
		if (n->escaped)
			n->escaped = false;
		else if (c == '\\')
			n->escaped = true;
		else if (c == '"')
			n->in_string = false;
	} else if (c == '"') {
		n->in_string = true;
	} else if (c == '{' || c == '[') {
		n->depth++;
	} else if ((c == '}' || c == ']') && n->depth > 0) {
		n->whole = --n->depth == 0;
	}
}

void oa_follow(struct oa_nesting *n, struct str esc)
{
	for (size_t i = 0; i < esc.n; i++) {
		char c = esc.p[i];
		if (c == '\\' && i + 1 < esc.n) {
			c = esc.p[++i];
			if (c != '"' && c != '\\')
				c = 'x'; /* a letter or white space: nothing that nests */
		}
		nest(n, c);
	}
}
