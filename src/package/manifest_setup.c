/*
 * package/manifest_setup.c - setup.cfg and setup.py of a source archive: what they have fetched to
 * build or use it. setup.py is a program; what is read are the lists that stand in it as they are.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "inspect/python_lex.h"
#include "package/manifest_in.h"

enum key { KEY_NONE, KEY_REQUIRES, KEY_LINKS };

static enum key key_of(struct str name)
{
	if (str_eq(name, S("setup_requires")) || str_eq(name, S("install_requires")))
		return KEY_REQUIRES;
	return str_eq(name, S("dependency_links")) ? KEY_LINKS : KEY_NONE;
}

static enum err entry(struct manifest_in *m, enum key key, struct str text)
{
	struct package tag = manifest_new(m, ECO_PYPI, manifest_line(m, text.p));

	if (key == KEY_REQUIRES && str_find(text, S("://")) != SIZE_MAX)
		return manifest_requirement(m, text, &tag);
	if (key == KEY_LINKS)
		manifest_find(m, RULE_OUTSIDE_DEPENDENCY, NULL, tag.line, text,
			      "a link that pip does not follow, and running setup.py does");
	return OK;
}

static enum err lines(struct manifest_in *m, enum key key, struct str text)
{
	while (text.n > 0) {
		struct str line = str_trim(str_cut(text, '\n', &text));
		if (line.n > 0 && line.p[0] != '#')
			TRY(entry(m, key, line));
	}
	return OK;
}

/* ---- setup.cfg ---- */

enum err manifest_setup_cfg(struct manifest_in *m)
{
	bool options = false;
	enum key key = KEY_NONE;

	for (struct str rest = m->text; rest.n > 0;) {
		struct str value, line = str_cut(rest, '\n', &rest);
		if (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t')) {
			TRY(lines(m, key, line)); /* of the value that began above */
			continue;
		}
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (line.p[0] == '[')
			options = str_eq(line, S("[options]"));
		size_t colon = str_chr(line, ':'), equals = str_chr(line, '=');
		struct str name = str_trim(str_cut(line, colon < equals ? ':' : '=', &value));
		key = options ? key_of(name) : KEY_NONE;
		TRY(lines(m, key, value));
	}
	return OK;
}

/* ---- setup.py ---- */

/* Without prefix and quotes. */
static struct str inside(struct str s, uint8_t flags)
{
	size_t quotes = (flags & STRING_TRIPLE) != 0 ? 3 : 1;

	while (s.n > 0 && s.p[0] != '"' && s.p[0] != '\'')
		s = str_tail(s, 1);
	if ((flags & STRING_UNTERMINATED) != 0 || s.n < 2 * quotes)
		return S("");
	return (struct str){ s.p + quotes, s.n - 2 * quotes };
}

/* setup(KEY=["...", ...]), KEY = "..." and "KEY": [...]: the strings that stand there before all
 * brackets are closed. */
struct setup_py {
	enum key named, key; /* the token before; the list that we are in */
	bool begins;	     /* what follows is the value */
	unsigned depth;
};

static enum err take(struct manifest_in *m, struct setup_py *s, const struct token *t)
{
	struct str text = token_text(m->text, t);
	bool string = t->kind == TOK_STRING;
	bool opens = t->kind == TOK_OP && (t->op == '[' || t->op == '(' || t->op == '{');
	bool closes = t->kind == TOK_OP && (t->op == ']' || t->op == ')' || t->op == '}');

	if (t->kind == TOK_NEWLINE && s->depth > 0)
		return OK;
	if (string && (s->begins || s->depth > 0))
		TRY(lines(m, s->key, inside(text, t->op)));
	if (s->begins || s->depth > 0) {
		s->depth += opens;
		s->depth -= closes && s->depth > 0;
		s->begins = false;
		s->named = KEY_NONE;
		return OK;
	}
	if (t->kind == TOK_OP && (t->op == '=' || t->op == ':') && s->named != KEY_NONE) {
		s->key = s->named;
		s->begins = true;
	}
	s->named = t->kind == TOK_NAME ? key_of(text)
		   : string	       ? key_of(inside(text, t->op))
				       : KEY_NONE;
	return OK;
}

enum err manifest_setup_py(struct manifest_in *m)
{
	struct setup_py s = { .depth = 0 };
	struct token tokens[256];
	struct python_lexer lx;
	size_t n;

	python_lex_init(&lx, m->text, NULL);
	while ((n = python_lex(&lx, tokens, sizeof tokens / sizeof tokens[0])) > 0)
		for (size_t i = 0; i < n; i++)
			TRY(take(m, &s, &tokens[i]));
	return OK;
}
