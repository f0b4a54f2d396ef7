/*
 * codec/csv.c - CSV, read the way CPython's _csv.c does when it is not strict: quotes count only at
 * the start of a field, and what follows a closing quote is taken as it is.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/csv_fuzz.c
 */
#include "codec/csv.h"

void csv_init(struct csv *c, struct arena *a, struct str text)
{
	*c = (struct csv){ .rest = text, .arena = a };
}

static bool is_end(char c)
{
	return c == '\n' || c == '\r';
}

/* Past an end of line, which is there. */
static void pass_end(struct csv *c)
{
	bool both = str_has_prefix(c->rest, S("\r\n"));

	c->rest = str_tail(c->rest, both ? 2 : 1);
	c->lines++;
}

/* What stands at the front up to the next stop, a comma or within quotes a quote, or end of line.
 */
static struct str run_to(struct csv *c, char stop)
{
	size_t n = 0;

	while (n < c->rest.n && c->rest.p[n] != stop && !is_end(c->rest.p[n]))
		n++;
	struct str s = str_head(c->rest, n);
	c->rest = str_tail(c->rest, n);
	return s;
}

/* A field that began with a quote, which has been passed. */
static enum err quoted(struct csv *c, struct str *out)
{
	struct arena_text text = { 0 };
	struct str run = run_to(c, '"');

	while (c->rest.n != 0) {
		if (is_end(c->rest.p[0])) {
			c->spans = true;
			pass_end(c);
		} else if (str_has_prefix(c->rest, S("\"\""))) {
			c->rest = str_tail(c->rest, 1);
			TRY(arena_text_add(c->arena, &text, run));
			run = str_head(c->rest, 1); /* the second of them */
			c->rest = str_tail(c->rest, 1);
		} else {
			c->rest = str_tail(c->rest, 1);
			TRY(arena_text_add(c->arena, &text, run));
			run = run_to(c, ',');
			break;
		}
		TRY(arena_text_add(c->arena, &text, run));
		if (text.n > CSV_FIELD_MAX)
			return ERR_LIMIT;
		run = run_to(c, '"');
	}
	TRY(arena_text_add(c->arena, &text, run));
	*out = arena_text_str(&text);
	return OK;
}

/* A field in quotes without a quote in it needs no copy. */
static bool quoted_simple(struct csv *c, struct str *out)
{
	struct csv at = *c;
	struct str run = run_to(&at, '"');

	if (at.rest.n == 0 || at.rest.p[0] != '"' ||
	    (at.rest.n > 1 && at.rest.p[1] != ',' && !is_end(at.rest.p[1])))
		return false;
	c->rest = str_tail(at.rest, 1);
	*out = run;
	return true;
}

static enum err field(struct csv *c, struct str *out)
{
	if (c->rest.n == 0 || c->rest.p[0] != '"') {
		*out = run_to(c, ',');
	} else {
		c->rest = str_tail(c->rest, 1);
		if (!quoted_simple(c, out))
			TRY(quoted(c, out));
	}
	return out->n > CSV_FIELD_MAX ? ERR_LIMIT : OK;
}

enum err csv_next(struct csv *c, struct str *out, size_t cap, size_t *out_n)
{
	size_t n = 0;
	bool comma = true;

	if (c->rest.n == 0)
		return ERR_NOT_FOUND;
	c->line = c->lines + 1;
	if (is_end(c->rest.p[0])) {
		pass_end(c);
		*out_n = 0;
		return OK;
	}
	while (comma) {
		struct str s;
		TRY(field(c, &s));
		if (n < cap)
			out[n] = s;
		n++;
		comma = c->rest.n != 0 && c->rest.p[0] == ',';
		if (comma)
			c->rest = str_tail(c->rest, 1);
	}
	if (c->rest.n != 0)
		pass_end(c);
	*out_n = n;
	return OK;
}
