/*
 * inspect/javascript_lex.c - JavaScript source as tokens. Memory: the caller's tokens; nesting
 * is bounded, deeper brackets have no partner.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/javascript_lex_fuzz.c
 *
 * A quote whose string does not end on its line is an error of one byte, and a slash whose
 * regular expression does not is a division: so text between JSX tags costs a line at most.
 */
#include "inspect/javascript_lex.h"

#include "base/ascii.h"

#include <assert.h>

enum class { C_OTHER, C_BLANK, C_LINE, C_NAME, C_DIGIT, C_QUOTE, C_HIGH };

enum { N_FIELD = 1, N_TEMPLATE = 2, N_BLOCK = 4, N_CONDITION = 8 }; /* nest.flags */

static const uint8_t classes[256] = {
	[' '] = C_BLANK,	['\t'] = C_BLANK,	 ['\v'] = C_BLANK,
	['\f'] = C_BLANK,	['\n'] = C_LINE,	 ['\r'] = C_LINE,
	['"'] = C_QUOTE,	['\''] = C_QUOTE,	 ['$'] = C_NAME,
	['_'] = C_NAME,		['\\'] = C_NAME,	 ['a' ... 'z'] = C_NAME,
	['A' ... 'Z'] = C_NAME, ['0' ... '9'] = C_DIGIT, [0x80 ... 0xff] = C_HIGH,
};

static const bool punctuators[128] = {
	[','] = true, [':'] = true, [';'] = true, ['.'] = true, ['+'] = true,
	['-'] = true, ['*'] = true, ['/'] = true, ['|'] = true, ['&'] = true,
	['<'] = true, ['>'] = true, ['='] = true, ['%'] = true, ['~'] = true,
	['^'] = true, ['@'] = true, ['!'] = true, ['?'] = true, ['#'] = true,
};

struct out {
	struct token *tok;
	size_t n;
};

void javascript_lex_init(struct javascript_lexer *lx, struct str text, const struct words *words)
{
	lx->text = text;
	lx->at = 0;
	lx->words = words;
	lx->comments = lx->operand = false;
	lx->line_start = true;
	lx->last = 0;
	lx->word = 0;
	lx->wasted = 0;
	lx->depth = 0;
	assert(text.n < TOKEN_NONE && words);
}

static char peek(const struct javascript_lexer *lx, size_t ahead)
{
	return lx->text.n - lx->at > ahead ? lx->text.p[lx->at + ahead] : '\0';
}

/* put appends a token and notes what the next slash depends on. */
static struct token *put(struct javascript_lexer *lx, struct out *o, enum token_kind kind,
			 size_t from, size_t end, unsigned op, bool operand)
{
	struct token *t = &o->tok[o->n++];

	*t = (struct token){ (uint32_t)from, (uint32_t)(end - from),
			     TOKEN_NONE,     (uint8_t)kind,
			     (uint8_t)op,    0 };
	lx->at = end;
	lx->operand = operand;
	lx->last = kind == TOK_OP ? (uint8_t)op : 0;
	lx->word = 0;
	lx->line_start = false;
	return t;
}

static struct nest *top(struct javascript_lexer *lx)
{
	return lx->depth > 0 && lx->depth <= JAVASCRIPT_DEPTH ? &lx->nest[lx->depth - 1] : NULL;
}

static void push(struct javascript_lexer *lx, struct out *o, char close, unsigned flags)
{
	if (lx->depth < JAVASCRIPT_DEPTH)
		lx->nest[lx->depth] = (struct nest){ (uint32_t)o->n - 1, close, (uint8_t)flags, 0 };
	lx->depth++;
}

static void pop(struct javascript_lexer *lx, struct out *o)
{
	const struct nest *t = top(lx);

	if (t && t->tok != TOKEN_NONE) {
		o->tok[o->n - 1].mate = t->tok;
		o->tok[t->tok].mate = (uint32_t)o->n - 1;
	}
	lx->depth--;
}

/* Looking for an end in vain is paid for, so that a line of a million quotes stays linear. */
static bool may_look(const struct javascript_lexer *lx)
{
	return lx->wasted <= 4 * lx->text.n + (64 << 10);
}

/* The length of white space beyond ASCII at at (0: none); *line when it ends a line. */
static size_t high_blank(struct str t, size_t at, bool *line)
{
	const unsigned char *p = (const unsigned char *)t.p + at;
	size_t left = t.n - at;

	*line = false;
	if (left >= 2 && p[0] == 0xc2 && p[1] == 0xa0)
		return 2;
	if (left < 3)
		return 0;
	if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
		*line = true;
	if ((p[0] == 0xe2 && p[1] == 0x80 &&
	     ((p[2] >= 0x80 && p[2] <= 0x8a) || p[2] == 0xaf || *line)) ||
	    (p[0] == 0xe2 && p[1] == 0x81 && p[2] == 0x9f) ||
	    (p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80) ||
	    (p[0] == 0xe1 && p[1] == 0x9a && p[2] == 0x80) ||
	    (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf))
		return 3;
	return 0;
}

/* The length of a line's end at at: LF, CR, CR LF, U+2028, U+2029; 0 for none. */
static size_t eol(struct str t, size_t at)
{
	bool line;

	if (at >= t.n)
		return 0;
	if (t.p[at] == '\n')
		return 1;
	if (t.p[at] == '\r')
		return at + 1 < t.n && t.p[at + 1] == '\n' ? 2 : 1;
	if ((unsigned char)t.p[at] != 0xe2)
		return 0;
	size_t n = high_blank(t, at, &line);
	return line ? n : 0;
}

static void comment(struct javascript_lexer *lx, struct out *o, bool block)
{
	size_t from = lx->at, at = from, end;
	bool start = lx->line_start;
	struct str t = lx->text;

	if (block) {
		end = str_find(str_tail(t, at + 2), S("*/"));
		at = end == SIZE_MAX ? t.n : at + 2 + end + 2;
		for (size_t i = from; i < at && !start; i++)
			start = t.p[i] == '\n';
	} else {
		while (at < t.n && !eol(t, at))
			at++;
	}
	if (lx->comments) {
		o->tok[o->n++] = (struct token){
			(uint32_t)from, (uint32_t)(at - from), TOKEN_NONE, TOK_COMMENT, 0, 0
		};
	}
	lx->at = at;
	lx->line_start = start;
}

static void string(struct javascript_lexer *lx, struct out *o)
{
	const char *p = lx->text.p;
	size_t from = lx->at, at = from + 1, n = lx->text.n;
	char quote = p[from];

	for (; at < n && p[at] != quote && p[at] != '\n' && p[at] != '\r' && may_look(lx); at++) {
		if (p[at] == '\\' && at + 1 < n) {
			size_t end = eol(lx->text, at + 1);
			at += end ? end : 1;
		}
	}
	if (at < n && p[at] == quote) {
		put(lx, o, TOK_STRING, from, at + 1, 0, true);
		return;
	}
	lx->wasted += at - from;
	put(lx, o, TOK_ERROR, from, from + 1, 0, false);
}

/* Inside of a template: text, a field's begin, or the end. */
static void template_step(struct javascript_lexer *lx, struct out *o)
{
	const char *p = lx->text.p;
	size_t from = lx->at, at = from, n = lx->text.n;

	while (at < n && p[at] != '`' && !(p[at] == '$' && at + 1 < n && p[at + 1] == '{'))
		at += p[at] == '\\' && at + 1 < n ? 2 : 1;
	if (at > from) {
		put(lx, o, TOK_F_MIDDLE, from, at, STRING_TEMPLATE, true);
	} else if (p[at] == '`') {
		put(lx, o, TOK_F_END, from, at + 1, STRING_TEMPLATE, true);
		pop(lx, o);
	} else {
		put(lx, o, TOK_OP, from, at + 2, '{', false);
		push(lx, o, '}', N_FIELD);
	}
}

static bool before_regex(enum word w)
{
	switch ((unsigned)w) {
	case W_RETURN:
	case W_TYPEOF:
	case W_CASE:
	case W_IN:
	case W_OF:
	case W_DELETE:
	case W_VOID:
	case W_THROW:
	case W_NEW:
	case W_INSTANCEOF:
	case W_ELSE:
	case W_DO:
	case W_YIELD:
	case W_AWAIT:
		return true;
	default:
		return false;
	}
}

static void name(struct javascript_lexer *lx, struct out *o)
{
	const char *p = lx->text.p;
	size_t from = lx->at, at = from, n = lx->text.n;
	bool line, property = lx->last == '.' || lx->last == OP_OPTIONAL;

	for (; at < n; at++) {
		uint8_t c = classes[(uint8_t)p[at]];
		if (c == C_HIGH && high_blank(lx->text, at, &line))
			break;
		if (c != C_NAME && c != C_DIGIT && c != C_HIGH)
			break;
		if (p[at] == '\\') { /* \u0065 or \u{65} */
			if (at + 2 < n && p[at + 1] == 'u' && p[at + 2] == '{')
				while (at + 1 < n && at - from < 128 && p[at] != '}')
					at++;
		}
	}
	uint32_t hash = name_hash(p + from, at - from);
	enum word w = words_find(lx->words, p + from, at - from, hash);
	struct token *t = put(lx, o, TOK_NAME, from, at, 0, property || !before_regex(w));
	t->mate = hash;
	t->word = (uint16_t)w;
	lx->word = property ? 0 : (uint16_t)w;
	if (property)
		lx->last = 0;
}

static void number(struct javascript_lexer *lx, struct out *o)
{
	const char *p = lx->text.p;
	size_t from = lx->at, at = from, n = lx->text.n;
	bool hex = p[at] == '0' && at + 1 < n && (p[at + 1] | 0x20) == 'x';

	for (; at < n; at++) {
		char c = (char)(p[at] | 0x20);
		bool sign = (p[at] == '+' || p[at] == '-') && !hex && (p[at - 1] | 0x20) == 'e';
		if (!ascii_digit(p[at]) && !(c >= 'a' && c <= 'z') && p[at] != '.' &&
		    p[at] != '_' && !(sign && at > from))
			break;
		if (p[at] == '.' && at + 1 < n && p[at + 1] == '.' && at > from)
			break;
	}
	put(lx, o, TOK_NUMBER, from, at, 0, true);
}

/* A regular expression, when one ends on this line; gives false: the slash divides. */
static bool regex(struct javascript_lexer *lx, struct out *o)
{
	const char *p = lx->text.p;
	size_t from = lx->at, at = from + 1, n = lx->text.n;
	bool set = false;

	for (; at < n && (p[at] != '/' || set); at++) {
		if (eol(lx->text, at) || !may_look(lx)) {
			lx->wasted += at - from;
			return false;
		}
		if (p[at] == '\\')
			at++;
		else if (p[at] == '[')
			set = true;
		else if (p[at] == ']')
			set = false;
	}
	if (at >= n) {
		lx->wasted += n - from;
		return false;
	}
	for (at++; at < n && classes[(uint8_t)p[at]] == C_NAME && p[at] != '\\'; at++)
		;
	put(lx, o, TOK_REGEX, from, at, 0, true);
	return true;
}

/* Whether a brace that opens here opens statements, not an object. */
static bool opens_block(const struct javascript_lexer *lx)
{
	switch (lx->last) {
	case ')':
	case ';':
	case '{':
	case '}':
	case OP_LAMBDA:
		return true;
	case 0:
		return lx->operand || lx->word == W_ELSE || lx->word == W_DO || lx->at == 0;
	default:
		return false;
	}
}

static bool is_condition(enum word w)
{
	return w == W_IF || w == W_WHILE || w == W_FOR || w == W_WITH;
}

static void bracket(struct javascript_lexer *lx, struct out *o, char c)
{
	const struct nest *t = top(lx);
	bool block = opens_block(lx), condition = is_condition((enum word)lx->word);

	if (c == '(' || c == '[' || c == '{') {
		put(lx, o, TOK_OP, lx->at, lx->at + 1, (uint8_t)c, false);
		push(lx, o,
		     c == '('	? ')'
		     : c == '[' ? ']'
				: '}',
		     c == '{'	 ? (block ? N_BLOCK : 0u)
		     : condition ? N_CONDITION
				 : 0u);
		return;
	}
	bool regex_next = t && t->close == c && (t->flags & (N_BLOCK | N_CONDITION));
	put(lx, o, TOK_OP, lx->at, lx->at + 1, (uint8_t)c, !regex_next);
	if ((t && t->close == c) || lx->depth > JAVASCRIPT_DEPTH)
		pop(lx, o);
}

/* The operator at the place, and its length. */
static unsigned operator(const struct javascript_lexer *lx, size_t *out_n)
{
	static const struct {
		char text[5];
		uint8_t n, op;
	} ops[] = {
		{ ">>>=", 4, OP_AUG }, { "===", 3, OP_EQ },	  { "!==", 3, OP_EQ },
		{ "**=", 3, OP_AUG },  { ">>=", 3, OP_AUG },	  { "<<=", 3, OP_AUG },
		{ "&&=", 3, OP_AUG },  { "||=", 3, OP_AUG },	  { "\?\?=", 3, OP_AUG },
		{ ">>>", 3, OP_SHR },  { "...", 3, OP_ELLIPSIS }, { "=>", 2, OP_LAMBDA },
		{ "==", 2, OP_EQ },    { "!=", 2, OP_EQ },	  { "<=", 2, OP_EQ },
		{ ">=", 2, OP_EQ },    { "&&", 2, OP_AND },	  { "||", 2, OP_OR },
		{ "\?\?", 2, OP_OR },  { "?.", 2, OP_OPTIONAL },  { "++", 2, OP_STEP },
		{ "--", 2, OP_STEP },  { "+=", 2, OP_ADD_TO },	  { "-=", 2, OP_AUG },
		{ "*=", 2, OP_AUG },   { "/=", 2, OP_AUG },	  { "%=", 2, OP_AUG },
		{ "&=", 2, OP_AUG },   { "|=", 2, OP_AUG },	  { "^=", 2, OP_AUG },
		{ "**", 2, OP_POW },   { "<<", 2, OP_SHL },	  { ">>", 2, OP_SHR },
	};
	char c = peek(lx, 0), d = peek(lx, 1);

	*out_n = 1;
	if (d != '=' && d != c && d != '>' && d != '.')
		return (uint8_t)c;
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		if (c == ops[i].text[0] && d == ops[i].text[1] && lx->text.n - lx->at >= ops[i].n &&
		    memcmp(lx->text.p + lx->at, ops[i].text, ops[i].n) == 0) {
			*out_n = ops[i].n;
			return ops[i].op;
		}
	}
	return (uint8_t)c;
}

static void op(struct javascript_lexer *lx, struct out *o)
{
	size_t n;
	unsigned op = operator(lx, &n);
	bool operand = op == OP_STEP && lx->operand;

	if (op == OP_OPTIONAL && ascii_digit(peek(lx, 2))) { /* a?.5:b */
		op = '?';
		n = 1;
	}
	if (op < 128 && !punctuators[op])
		put(lx, o, TOK_ERROR, lx->at, lx->at + 1, 0, false);
	else
		put(lx, o, TOK_OP, lx->at, lx->at + n, op, operand);
}

/* What begins with a slash, a comment of HTML, or #!: gives false for anything else. */
static bool comment_or_regex(struct javascript_lexer *lx, struct out *o)
{
	char c = peek(lx, 0), d = peek(lx, 1);

	if (c == '/' && (d == '/' || d == '*')) {
		comment(lx, o, d == '*');
		return true;
	}
	if (c == '/' && !lx->operand)
		return regex(lx, o);
	if ((c == '#' && d == '!' && lx->at == 0) ||
	    (c == '<' && d == '!' && peek(lx, 2) == '-' && peek(lx, 3) == '-') ||
	    (c == '-' && d == '-' && peek(lx, 2) == '>' && lx->line_start)) {
		comment(lx, o, false);
		return true;
	}
	return false;
}

/* One step: at most one token. */
static void step(struct javascript_lexer *lx, struct out *o)
{
	const struct nest *t = top(lx);
	char c = lx->text.p[lx->at];
	enum class k = classes[(uint8_t)c];
	bool line;

	if (t && (t->flags & N_TEMPLATE)) {
		template_step(lx, o);
	} else if (k == C_BLANK) {
		lx->at++;
	} else if (k == C_NAME) {
		name(lx, o);
	} else if (k == C_LINE) {
		lx->at++;
		lx->line_start = true;
	} else if (k == C_DIGIT || (c == '.' && ascii_digit(peek(lx, 1)))) {
		number(lx, o);
	} else if (k == C_QUOTE) {
		string(lx, o);
	} else if (c == '`') {
		put(lx, o, TOK_F_START, lx->at, lx->at + 1, STRING_TEMPLATE, false);
		push(lx, o, '`', N_TEMPLATE);
	} else if (k == C_HIGH) {
		size_t n = high_blank(lx->text, lx->at, &line);
		if (n == 0)
			name(lx, o);
		lx->at += n;
		lx->line_start = lx->line_start || (n > 0 && line);
	} else if (c == '(' || c == '[' || c == '{' || c == ')' || c == ']' || c == '}') {
		bracket(lx, o, c);
	} else if (!comment_or_regex(lx, o)) {
		op(lx, o);
	}
}

size_t javascript_lex(struct javascript_lexer *lx, struct token *out, size_t cap)
{
	struct out o = { out, 0 };

	assert(cap > 0);
	for (unsigned i = 0; i < lx->depth && i < JAVASCRIPT_DEPTH; i++)
		lx->nest[i].tok = TOKEN_NONE;
	while (o.n < cap && lx->at < lx->text.n)
		step(lx, &o);
	return o.n;
}
