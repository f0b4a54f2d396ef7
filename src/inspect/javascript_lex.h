/*
 * inspect/javascript_lex.h - JavaScript source as tokens: regular expressions told from division by
 * what stands before, nested templates, HTML comments, #!. TypeScript and JSX pass through it
 * without harm. Ring 0. It never fails: a byte that fits nowhere is a TOK_ERROR.
 */
#ifndef INSPECT_JAVASCRIPT_LEX_H
#define INSPECT_JAVASCRIPT_LEX_H

#include "inspect/token.h"
#include "inspect/words.h"

enum { JAVASCRIPT_DEPTH = 4096 };

struct javascript_lexer {
	struct str text;
	size_t at;
	const struct words *words;
	bool comments;	 /* give TOK_COMMENT too */
	bool operand;	 /* the last token ended a value: a slash divides */
	bool line_start; /* nothing but blanks since the line began */
	uint8_t last;	 /* the last token's operator, 0 for others */
	uint16_t word;	 /* the last token's word when it was a name that is no property */
	size_t wasted;	 /* bytes looked at in vain for the end of a string or expression */
	unsigned depth;
	struct nest nest[JAVASCRIPT_DEPTH];
};

/* javascript_lex_init begins text, which must outlive the lexer, as must words. */
void javascript_lex_init(struct javascript_lexer *lx, struct str text, const struct words *words);

/* javascript_lex writes at most cap tokens to out and gives their number; 0 when the text is at its
 * end (cap > 0). A bracket whose partner is in another call's tokens has TOKEN_NONE as its mate. */
size_t javascript_lex(struct javascript_lexer *lx, struct token *out, size_t cap);

#endif
