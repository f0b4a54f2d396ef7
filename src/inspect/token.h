/*
 * inspect/token.h - tokens of Python and JavaScript, in one shape, so that one folder and one set
 * of rules reads both. Ring 0. A token is a slice of its text; brackets know their partners and
 * names their hash, so that nothing is scanned twice.
 */
#ifndef INSPECT_TOKEN_H
#define INSPECT_TOKEN_H

#include "base/ascii.h"
#include "base/str.h"

#include <string.h>

enum token_kind {
	TOK_END, /* of the text; its place is where lexing stopped */
	TOK_NAME,
	TOK_NUMBER,
	TOK_STRING,   /* with prefix and quotes; op holds enum string_flag */
	TOK_F_START,  /* an f-string's prefix and quotes, a template's back quote */
	TOK_F_MIDDLE, /* text between fields */
	TOK_F_END,
	TOK_REGEX,
	TOK_OP,
	TOK_NEWLINE, /* Python: a logical line ends; JavaScript: none */
	TOK_INDENT,
	TOK_DEDENT,
	TOK_COMMENT, /* only when asked for */
	TOK_ERROR,   /* a byte that fits nowhere; lexing goes on behind it */
};

enum string_flag {
	STRING_RAW = 1,
	STRING_BYTES = 2,
	STRING_FORMAT = 4,
	STRING_TRIPLE = 8,
	STRING_TEMPLATE = 16,	  /* JavaScript's `...` */
	STRING_UNTERMINATED = 32, /* ends where its line or the text does */
};

/* Operators of one character are themselves; the others: */
enum op {
	OP_POW = 128,
	OP_FLOORDIV,
	OP_SHL,
	OP_SHR,
	OP_EQ,	   /* ==, ===, !=, !==, <=, >=, <> */
	OP_ARROW,  /* -> */
	OP_LAMBDA, /* => */
	OP_WALRUS, /* := */
	OP_AUG,	   /* += and its kind, but += itself */
	OP_ADD_TO, /* += */
	OP_ELLIPSIS,
	OP_AND,	     /* && */
	OP_OR,	     /* || and ?? */
	OP_OPTIONAL, /* ?. */
	OP_STEP,     /* ++ and -- */
};

enum { TOKEN_NONE = UINT32_MAX };

struct token {
	uint32_t at, n;
	uint32_t mate; /* brackets, TOK_F_START, TOK_F_END: the partner's index or TOKEN_NONE;
			* names: their hash */
	uint8_t kind;  /* enum token_kind */
	uint8_t op;    /* an operator, or flags of a string */
	uint16_t word; /* a name's enum word, 0 for most */
};

/* One open bracket or string of a lexer. */
struct nest {
	uint32_t tok;  /* its token's index in this window, or TOKEN_NONE */
	char close;    /* what closes it: ) ] } or a quote */
	uint8_t flags; /* enum string_flag, or what a lexer notes */
	uint16_t extra;
};

/* name_hash mixes a name's ends and length: names that differ only in the middle of more than 16
 * bytes collide, so whoever looks up compares them too. */
static inline uint32_t name_hash(const char *p, size_t n)
{
	uint64_t a = 0, b = 0;

	if (n >= 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + n - 8, 8);
	} else if (n >= 4) {
		uint32_t x, y;
		memcpy(&x, p, 4);
		memcpy(&y, p + n - 4, 4);
		a = x;
		b = y;
	} else if (n > 0) {
		a = (uint64_t)(uint8_t)p[0] << 16 | (uint64_t)(uint8_t)p[n / 2] << 8 |
		    (uint8_t)p[n - 1];
	}
	a = (a ^ (b << 23 | b >> 41) ^ n * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
	return (uint32_t)(a >> 32) ^ (uint32_t)(a >> 9);
}

/* name_byte tells whether c continues an identifier: letters, digits, _, and all beyond ASCII. */
static inline bool name_byte(char c)
{
	return ascii_alnum(c) || c == '_' || (c & 0x80);
}

/* token_text is the slice of text that a token is. */
static inline struct str token_text(struct str text, const struct token *t)
{
	return (struct str){ text.p + t->at, t->n };
}

#endif
