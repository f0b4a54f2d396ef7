/*
 * inspect/python_lex.c - Python source as tokens. Memory: the caller's tokens; nesting is
 * bounded as in CPython, deeper brackets have no partner.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/python_lex_fuzz.c
 */
#include "inspect/python_lex.h"

#include "base/ascii.h"
#include "base/num.h"

#include <assert.h>

enum { TAB = 8, FIELD = 64, SPEC = 128 }; /* nest.flags beside enum string_flag */

/* From C_LINE on a byte may end a string. */
enum byte_class {
	C_OTHER,
	C_BLANK,
	C_COMMENT,
	C_NAME,
	C_DIGIT,
	C_OP,
	C_LINE,
	C_QUOTE,
	C_BACKSLASH
};

static const uint8_t classes[256] = {
	[' '] = C_BLANK,
	['\t'] = C_BLANK,
	['\f'] = C_BLANK,
	['\n'] = C_LINE,
	['\r'] = C_LINE,
	['#'] = C_COMMENT,
	['"'] = C_QUOTE,
	['\''] = C_QUOTE,
	['\\'] = C_BACKSLASH,
	['a' ... 'z'] = C_NAME,
	['A' ... 'Z'] = C_NAME,
	['_'] = C_NAME,
	['0' ... '9'] = C_DIGIT,
	[0x80 ... 0xff] = C_NAME,
	['!'] = C_OP,
	['%' ... '&'] = C_OP,
	['(' ... '/'] = C_OP,
	[':' ... '>'] = C_OP,
	['@'] = C_OP,
	['['] = C_OP,
	[']' ... '^'] = C_OP,
	['{' ... '~'] = C_OP,
};

struct out {
	struct token *tok;
	size_t n;
};

void python_lex_init(struct python_lexer *lx, struct str text, const struct words *words)
{
	*lx = (struct python_lexer){ .text = text, .words = words, .line_start = true };
	lx->n_indents = 1;
	if (str_has_prefix(text, S("\xef\xbb\xbf")))
		lx->at = 3;
	assert(text.n < TOKEN_NONE);
}

static char peek(const struct python_lexer *lx, size_t ahead)
{
	return lx->text.n - lx->at > ahead ? lx->text.p[lx->at + ahead] : '\0';
}

static enum byte_class class_at(struct str text, size_t at)
{
	return (enum byte_class)classes[(uint8_t)text.p[at]];
}

static struct token *put(struct out *o, enum token_kind kind, size_t at, size_t n, unsigned op)
{
	struct token *t = &o->tok[o->n++];

	*t = (struct token){ (uint32_t)at, (uint32_t)n, TOKEN_NONE, (uint8_t)kind, (uint8_t)op, 0 };
	return t;
}

/* The length of a line end at p: 0 for none. */
static size_t eol(struct str text, size_t at)
{
	if (at >= text.n || (text.p[at] != '\n' && text.p[at] != '\r'))
		return 0;
	return text.p[at] == '\r' && at + 1 < text.n && text.p[at + 1] == '\n' ? 2 : 1;
}

static void push(struct python_lexer *lx, struct out *o, char close, unsigned flags)
{
	if (lx->depth < PYTHON_DEPTH)
		lx->nest[lx->depth] = (struct nest){ (uint32_t)o->n - 1, close, (uint8_t)flags, 0 };
	lx->depth++;
}

/* The innermost open thing, or NULL: none, or too deep to know. */
static struct nest *top(struct python_lexer *lx)
{
	return lx->depth > 0 && lx->depth <= PYTHON_DEPTH ? &lx->nest[lx->depth - 1] : NULL;
}

/* Joins the last token with its partner, which is open innermost. */
static void pop(struct python_lexer *lx, struct out *o)
{
	const struct nest *t = top(lx);

	if (t && t->tok != TOKEN_NONE) {
		o->tok[o->n - 1].mate = t->tok;
		o->tok[t->tok].mate = (uint32_t)o->n - 1;
	}
	lx->depth--;
}

static bool in_string(struct python_lexer *lx)
{
	const struct nest *t = top(lx);

	return t && (t->flags & STRING_FORMAT) && !(t->flags & FIELD);
}

/* Reads the blanks that begin a line; gives false where the line is empty or only a comment. */
static bool indentation(struct python_lexer *lx, struct out *o)
{
	unsigned col = 0;

	for (;; lx->at++) {
		char c = peek(lx, 0);
		if (c == ' ')
			col++;
		else if (c == '\t')
			col = (col / TAB + 1) * TAB;
		else if (c == '\f')
			col = 0;
		else
			break;
	}
	if (lx->at >= lx->text.n || eol(lx->text, lx->at) || peek(lx, 0) == '#')
		return false;
	col = col > UINT16_MAX ? UINT16_MAX : col;
	lx->line_start = false;
	if (col > lx->indents[lx->n_indents - 1]) {
		if (lx->n_indents < PYTHON_INDENTS)
			lx->indents[lx->n_indents++] = (uint16_t)col;
		put(o, TOK_INDENT, lx->at, 0, 0);
		return true;
	}
	while (lx->n_indents > 1 && col < lx->indents[lx->n_indents - 1]) {
		lx->n_indents--;
		lx->dedents++;
	}
	return true;
}

static void comment(struct python_lexer *lx, struct out *o)
{
	size_t from = lx->at;

	while (lx->at < lx->text.n && class_at(lx->text, lx->at) != C_LINE)
		lx->at++;
	if (lx->comments)
		put(o, TOK_COMMENT, from, lx->at - from, 0);
}

/* A line's end outside of brackets is a token when the line held one. */
static void line_end(struct python_lexer *lx, struct out *o, size_t n)
{
	bool joined = lx->depth > 0;

	if (!joined) {
		if (lx->content)
			put(o, TOK_NEWLINE, lx->at, n, 0);
		lx->content = false;
		lx->line_start = true;
	}
	lx->at += n;
}

/* The flags of the string whose prefix is the n bytes at at, or -1: they are no prefix. */
static int prefix_flags(struct str text, size_t at, size_t n)
{
	int flags = 0;

	if (n > 2)
		return -1;
	for (size_t i = 0; i < n; i++) {
		switch (text.p[at + i] | 0x20) {
		case 'r':
			flags |= STRING_RAW;
			break;
		case 'b':
			flags |= STRING_BYTES;
			break;
		case 'f':
		case 't':
			flags |= STRING_FORMAT;
			break;
		case 'u':
			if (n > 1)
				return -1;
			break;
		default:
			return -1;
		}
	}
	return n == 2 && !(flags & STRING_RAW) ? -1 : flags;
}

/* A string without fields, from its prefix at from; lx->at is at its quote. */
static void string(struct python_lexer *lx, struct out *o, size_t from, unsigned flags)
{
	char quote = peek(lx, 0);
	const char *p = lx->text.p;
	size_t at = lx->at, n = lx->text.n;
	bool triple = peek(lx, 1) == quote && peek(lx, 2) == quote;

	flags |= triple ? STRING_TRIPLE : 0;
	for (at += triple ? 3 : 1;; at++) {
		while (at < n && class_at(lx->text, at) < C_LINE)
			at++;
		if (at >= n || (!triple && class_at(lx->text, at) == C_LINE)) {
			flags |= STRING_UNTERMINATED;
			break;
		}
		if (p[at] == '\\' && at + 1 < n) {
			size_t end = eol(lx->text, at + 1);
			at += end ? end : 1;
		} else if (p[at] == quote &&
			   (!triple || (n - at >= 3 && p[at + 1] == quote && p[at + 2] == quote))) {
			at += triple ? 3 : 1;
			break;
		}
	}
	put(o, TOK_STRING, from, at - from, flags);
	lx->at = at;
}

static void f_start(struct python_lexer *lx, struct out *o, size_t from, unsigned flags)
{
	char quote = peek(lx, 0);
	bool triple = peek(lx, 1) == quote && peek(lx, 2) == quote;

	flags |= triple ? STRING_TRIPLE : 0;
	lx->at += triple ? 3 : 1;
	put(o, TOK_F_START, from, lx->at - from, flags);
	push(lx, o, quote, flags);
}

/* The end of an f-string's text: its quote, a brace that is not doubled, or the line's end. In a
 * format specification a brace is never doubled. */
static size_t f_text(const struct python_lexer *lx, const struct nest *s, bool spec)
{
	struct str t = lx->text;
	size_t at = lx->at;

	for (; at < t.n; at++) {
		char c = t.p[at];
		bool twice = at + 1 < t.n && t.p[at + 1] == c;
		if ((c == '{' || c == '}') && !spec && twice)
			at++;
		else if (c == '{' || c == '}')
			return at;
		else if (c == s->close && (!(s->flags & STRING_TRIPLE) ||
					   (t.n - at >= 3 && twice && t.p[at + 2] == c)))
			return at;
		else if (c == '\\' && at + 1 < t.n &&
			 (t.p[at + 1] == s->close || t.p[at + 1] == '\\' || eol(t, at + 1)))
			at += eol(t, at + 1) == 2 ? 2 : 1;
		else if (eol(t, at) && !(s->flags & STRING_TRIPLE))
			return at;
	}
	return at > t.n ? t.n : at;
}

/* One step inside an f-string's text. The text of the string itself, or of a field's specification,
 * whose string is the nest below. */
static void f_step(struct python_lexer *lx, struct out *o)
{
	const struct nest *t = top(lx);
	assert(t);
	bool spec = t->flags & SPEC;
	const struct nest *s = spec ? &lx->nest[lx->depth - 2] : t;
	size_t from = lx->at, end = f_text(lx, s, spec);

	if (end > from) {
		put(o, TOK_F_MIDDLE, from, end - from, s->flags);
		lx->at = end;
		return;
	}
	char c = peek(lx, 0);
	if (c == '{' || c == '}') {
		bool closes = c == '}' && spec;
		put(o, TOK_OP, lx->at++, 1, (uint8_t)c);
		if (c == '{')
			push(lx, o, '}', FIELD);
		else if (closes)
			pop(lx, o);
		return;
	}
	if (spec) { /* the string ends within a field: so does the field */
		lx->depth--;
		return;
	}
	size_t n = c == s->close && lx->at < lx->text.n ? (s->flags & STRING_TRIPLE ? 3 : 1) : 0;
	put(o, TOK_F_END, from, n, s->flags | (n ? 0 : STRING_UNTERMINATED));
	lx->at += n;
	pop(lx, o);
}

static void name(struct python_lexer *lx, struct out *o)
{
	const char *p = lx->text.p;
	size_t from = lx->at, at = from, n = lx->text.n;

	while (at < n && (class_at(lx->text, at) == C_NAME || class_at(lx->text, at) == C_DIGIT))
		at++;
	lx->at = at;
	if (at - from <= 2 && at < n && class_at(lx->text, at) == C_QUOTE) {
		int flags = prefix_flags(lx->text, from, at - from);
		if (flags >= 0 && (flags & STRING_FORMAT)) {
			f_start(lx, o, from, (unsigned)flags);
			return;
		}
		if (flags >= 0) {
			string(lx, o, from, (unsigned)flags);
			return;
		}
	}
	struct token *t = put(o, TOK_NAME, from, at - from, 0);
	t->mate = name_hash(p + from, at - from);
	if (lx->words)
		t->word = (uint16_t)words_find(lx->words, p + from, at - from, t->mate);
}

static bool radix_digit(char c, char radix)
{
	if (radix == 'x')
		return num_hex(c) >= 0;
	return c >= '0' && c <= (radix == 'o' ? '7' : '1');
}

static void digits(struct python_lexer *lx)
{
	while (ascii_digit(peek(lx, 0)) || (peek(lx, 0) == '_' && ascii_digit(peek(lx, 1))))
		lx->at++;
}

static void number(struct python_lexer *lx, struct out *o)
{
	size_t from = lx->at;
	char radix = (char)(peek(lx, 1) | 0x20);

	if (peek(lx, 0) == '0' && (radix == 'x' || radix == 'o' || radix == 'b') &&
	    (radix_digit(peek(lx, 2), radix) ||
	     (peek(lx, 2) == '_' && radix_digit(peek(lx, 3), radix)))) {
		for (lx->at += 2; radix_digit(peek(lx, 0), radix) ||
				  (peek(lx, 0) == '_' && radix_digit(peek(lx, 1), radix));)
			lx->at++;
		put(o, TOK_NUMBER, from, lx->at - from, 0);
		return;
	}
	digits(lx);
	if (peek(lx, 0) == '.') {
		lx->at++;
		if (ascii_digit(peek(lx, 0)))
			digits(lx);
	}
	if ((peek(lx, 0) | 0x20) == 'e') {
		size_t sign = peek(lx, 1) == '+' || peek(lx, 1) == '-' ? 2 : 1;
		if (ascii_digit(peek(lx, sign))) {
			lx->at += sign;
			digits(lx);
		}
	}
	if ((peek(lx, 0) | 0x20) == 'j')
		lx->at++;
	put(o, TOK_NUMBER, from, lx->at - from, 0);
}

/* The operator at the place, and its length. */
static unsigned operator(const struct python_lexer *lx, size_t *out_n)
{
	static const struct {
		char text[4];
		uint8_t op;
	} ops[] = {
		{ "**=", OP_AUG },     { "//=", OP_AUG },      { ">>=", OP_AUG },
		{ "<<=", OP_AUG },     { "...", OP_ELLIPSIS }, { "**", OP_POW },
		{ "//", OP_FLOORDIV }, { ">>", OP_SHR },       { "<<", OP_SHL },
		{ "!=", OP_EQ },       { "==", OP_EQ },	       { "<=", OP_EQ },
		{ ">=", OP_EQ },       { "<>", OP_EQ },	       { "->", OP_ARROW },
		{ ":=", OP_WALRUS },   { "+=", OP_ADD_TO },    { "-=", OP_AUG },
		{ "*=", OP_AUG },      { "/=", OP_AUG },       { "%=", OP_AUG },
		{ "&=", OP_AUG },      { "|=", OP_AUG },       { "^=", OP_AUG },
		{ "@=", OP_AUG },
	};
	char c = peek(lx, 0), d = peek(lx, 1);

	*out_n = 1;
	if (d != '=' && d != c && d != '>' && c != '!')
		return (uint8_t)c;
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		size_t n = ops[i].text[2] ? 3 : 2;
		if (c == ops[i].text[0] && d == ops[i].text[1] &&
		    (n == 2 || peek(lx, 2) == ops[i].text[2])) {
			*out_n = n;
			return ops[i].op;
		}
	}
	return (uint8_t)c;
}

static void open_or_close(struct python_lexer *lx, struct out *o, unsigned op)
{
	const struct nest *t = top(lx);

	if (op == '(' || op == '[' || op == '{') {
		push(lx, o, op == '(' ? ')' : op == '[' ? ']' : '}', 0);
	} else if (op == ')' || op == ']' || op == '}') {
		if (t && t->close == (char)op)
			pop(lx, o);
		else if (lx->depth > PYTHON_DEPTH)
			lx->depth--;
	} else if (op == ':' && t && (t->flags & FIELD)) {
		lx->nest[lx->depth - 1].flags |= SPEC;
	}
}

static void op(struct python_lexer *lx, struct out *o)
{
	const struct nest *t = top(lx);
	size_t n;
	unsigned op = operator(lx, &n);

	if (op == OP_WALRUS && t && (t->flags & FIELD)) {
		op = ':';
		n = 1;
	}
	if (class_at(lx->text, lx->at) != C_OP) {
		put(o, TOK_ERROR, lx->at++, 1, 0);
		return;
	}
	put(o, TOK_OP, lx->at, n, op);
	lx->at += n;
	open_or_close(lx, o, op);
}

static void blanks(struct python_lexer *lx)
{
	while (lx->at < lx->text.n && class_at(lx->text, lx->at) == C_BLANK)
		lx->at++;
}

/* One step: at most one token, and the blanks behind it. */
static void step(struct python_lexer *lx, struct out *o)
{
	const struct nest *t = top(lx);
	size_t n;

	if (t && t->flags & (STRING_FORMAT | SPEC)) {
		f_step(lx, o);
		return;
	}
	enum byte_class c = class_at(lx->text, lx->at);
	switch (c) {
	case C_BLANK:
		blanks(lx);
		return;
	case C_LINE:
		line_end(lx, o, eol(lx->text, lx->at));
		return;
	case C_COMMENT:
		comment(lx, o);
		return;
	case C_BACKSLASH:
		n = eol(lx->text, lx->at + 1);
		lx->at += n > 0 ? n + 1 : 0;
		if (n > 0)
			return;
		break;
	case C_OTHER:
	case C_NAME:
	case C_DIGIT:
	case C_OP:
	case C_QUOTE:
		break;
	}
	lx->content = true;
	if (c == C_NAME)
		name(lx, o);
	else if (c == C_DIGIT || (peek(lx, 0) == '.' && ascii_digit(peek(lx, 1))))
		number(lx, o);
	else if (c == C_QUOTE)
		string(lx, o, lx->at, 0);
	else
		op(lx, o);
	t = top(lx);
	if (t == NULL || !(t->flags & (STRING_FORMAT | SPEC)))
		blanks(lx);
}

/* What CPython adds where the text ends: the last line's end and what closes its blocks. */
static bool finish(struct python_lexer *lx, struct out *o)
{
	if (in_string(lx) || (top(lx) && (top(lx)->flags & SPEC))) {
		f_step(lx, o);
		return true;
	}
	if (lx->content) {
		put(o, TOK_NEWLINE, lx->text.n, 0, 0);
		lx->content = false;
		return true;
	}
	if (lx->dedents == 0 && lx->n_indents > 1) {
		lx->dedents = lx->n_indents - 1;
		lx->n_indents = 1;
		return true;
	}
	return false;
}

size_t python_lex(struct python_lexer *lx, struct token *out, size_t cap)
{
	struct out o = { out, 0 };

	assert(cap > 0);
	for (unsigned i = 0; i < lx->depth && i < PYTHON_DEPTH; i++)
		lx->nest[i].tok = TOKEN_NONE;
	while (o.n < cap) {
		if (lx->dedents > 0) {
			lx->dedents--;
			put(&o, TOK_DEDENT, lx->at, 0, 0);
		} else if (lx->at >= lx->text.n) {
			if (!finish(lx, &o))
				break;
		} else if (lx->line_start && lx->depth == 0 && !indentation(lx, &o)) {
			/* an empty line: its comment or end is the next step's */
			if (lx->at < lx->text.n && o.n < cap)
				step(lx, &o);
		} else if (lx->dedents == 0) {
			while (o.n < cap && lx->at < lx->text.n && (!lx->line_start || lx->depth))
				step(lx, &o);
		}
	}
	return o.n;
}
