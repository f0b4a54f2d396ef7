/*
 * inspect/gyp.c - commands in the files of node-gyp. npm builds a package that has a binding.gyp
 * and no install script of its own; to read that file is to run what stands in "<!(...)", and to
 * build is to run its actions.
 * Input: hostile (members of the target).   Runs in: checker.   Fuzz: fuzz/gyp_fuzz.c
 */
#include "inspect/gyp.h"

#include <string.h>

enum { QUOTE_MAX = 4096 };

void gyp_init(struct gyp *g, struct str text)
{
	*g = (struct gyp){ .text = text };
}

/* Behind "<!", ">!" or "^!" and perhaps "@": up to the bracket that closes the one which opens. */
static bool expansion(struct str s, struct str *out, size_t *used)
{
	size_t at = 2, depth = 0;

	if (s.n < 4 || strchr("<>^", s.p[0]) == NULL || s.p[0] == '\0' || s.p[1] != '!')
		return false;
	at += s.p[at] == '@';
	if (s.p[at] != '(')
		return false;
	for (size_t i = at; i < s.n; i++) {
		depth += s.p[i] == '(';
		depth -= s.p[i] == ')';
		if (depth == 0 || i + 1 == s.n || i - at == GYP_COMMAND) {
			*out = (struct str){ s.p + at + 1, i > at ? i - at - 1 : 0 };
			*used = i + 1;
			return true;
		}
	}
	return false;
}

/* A string in quotes at the front: what is in it, and how long it is with them. */
static bool quoted(struct str s, struct str *out, size_t *used)
{
	if (s.n < 2 || (s.p[0] != '\'' && s.p[0] != '"'))
		return false;
	for (size_t i = 1; i < s.n && i < QUOTE_MAX; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == s.p[0]) {
			*out = (struct str){ s.p + 1, i - 1 };
			*used = i + 1;
			return true;
		}
	}
	return false;
}

static size_t blanks(struct str s)
{
	size_t n = 0;

	while (n < s.n && strchr(" \t\r\n,", s.p[n]) != NULL && s.p[n] != '\0')
		n++;
	return n;
}

/* Behind the key "action": the words of its list, with a space between them. */
static bool action(struct gyp *g, struct str s, struct str *out)
{
	struct str word;
	size_t used = blanks(s);
	struct buf b;

	if (used == s.n || s.p[used] != ':')
		return false;
	s = str_tail(s, used + 1);
	s = str_tail(s, blanks(s));
	if (s.n == 0 || s.p[0] != '[')
		return false;
	s = str_tail(s, 1);
	buf_fixed(&b, g->room, sizeof g->room);
	while (quoted(s = str_tail(s, blanks(s)), &word, &used)) {
		if (b.n + word.n + 1 > sizeof g->room)
			break;
		buf_add(&b, b.n > 0 ? S(" ") : S(""));
		buf_add(&b, word);
		if (str_has_suffix(buf_str(&b), S("sh -c")))
			buf_reset(&b); /* what a shell is given is the command */
		s = str_tail(s, used);
	}
	*out = buf_str(&b);
	return out->n > 0;
}

bool gyp_next(struct gyp *g, struct str *out)
{
	struct str word;
	size_t used;

	while (g->at < g->text.n) {
		struct str s = str_tail(g->text, g->at);
		if (expansion(s, out, &used)) {
			g->at += used;
			return true;
		}
		bool key = (str_has_prefix(s, S("'action'")) ||
			    str_has_prefix(s, S("\"action\""))) &&
			   quoted(s, &word, &used);
		g->at += key ? used : 1;
		if (key && action(g, str_tail(g->text, g->at), out))
			return true;
	}
	return false;
}
