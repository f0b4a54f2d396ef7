/*
 * inspect/python_lex.h - Python source as tokens, as CPython 3.12 cuts it: strings with all
 * prefixes, f-strings with their fields, line joining, indentation, CR, LF and CR LF. Ring 0.
 * It never fails: what CPython would refuse is a TOK_ERROR, and lexing goes on.
 */
#ifndef INSPECT_PYTHON_LEX_H
#define INSPECT_PYTHON_LEX_H

#include "inspect/token.h"
#include "inspect/words.h"

enum { PYTHON_DEPTH = 200, PYTHON_INDENTS = 100 }; /* CPython's own bounds */

struct python_lexer {
	struct str text;
	size_t at;
	const struct words *words; /* may be NULL: no name gets a word */
	bool comments;		   /* give TOK_COMMENT too */
	bool line_start;	   /* indentation is due */
	bool content;		   /* the logical line holds a token */
	bool ended;		   /* the last NEWLINE and DEDENTs are given */
	unsigned depth, n_indents, dedents;
	uint16_t indents[PYTHON_INDENTS];
	struct nest nest[PYTHON_DEPTH];
};

/* python_lex_init begins text, which must outlive the lexer. A BOM is skipped. */
void python_lex_init(struct python_lexer *lx, struct str text, const struct words *words);

/* python_lex writes at most cap tokens to out and gives their number; 0 when the text is at its end
 * (cap > 0). A bracket whose partner is in another call's tokens has TOKEN_NONE as its mate. */
size_t python_lex(struct python_lexer *lx, struct token *out, size_t cap);

#endif
