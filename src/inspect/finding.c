/*
 * inspect/finding.c - the list of what was seen. Memory: the target's arena. Input: own. Runs in:
 * checker.
 */
#include "inspect/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void findings_init(struct findings *f, struct arena *a)
{
	*f = (struct findings){ .arena = a };
}

static bool same(const struct finding *a, const struct finding *b)
{
	return a->rule == b->rule && a->line == b->line && str_eq(a->path, b->path) &&
	       str_eq(a->excerpt, b->excerpt);
}

/* Whether the bounds leave room for one more; the first of each rule always finds some. */
static bool room(const struct findings *f, const struct finding *new)
{
	bool in_file = str_eq(f->seen[new->rule].path, new->path);

	return f->seen[new->rule].n == 0 ||
	       (f->n < FINDINGS_MAX && !(in_file && f->seen[new->rule].in_file >= FINDINGS_FILE));
}

/* Counts it for room. */
static void note(struct findings *f, const struct finding *new)
{
	f->seen[new->rule].n++;
	if (!str_eq(f->seen[new->rule].path, new->path))
		f->seen[new->rule].in_file = 0;
	f->seen[new->rule].path = new->path;
	f->seen[new->rule].in_file++;
}

static struct finding *append(struct findings *f)
{
	if (!ARENA_ROOM(f->arena, f->items, f->n, f->cap))
		return NULL;
	return &f->items[f->n++];
}

void finding_add(struct findings *f, enum rule r, struct str package, struct str path,
		 uint32_t line, struct str excerpt, const char *fmt, ...)
{
	char detail[FINDING_DETAIL + 1];
	struct finding new = { .rule = r, .package = package, .path = path, .line = line };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	new.excerpt = str_head(excerpt, FINDING_EXCERPT);
	new.detail = str_z(detail);
	if (f->n > 0 && same(&f->items[f->n - 1], &new))
		return;
	struct finding *at = room(f, &new) ? append(f) : NULL;
	if (at == NULL) {
		f->dropped++;
		return;
	}
	*at = (struct finding){
		.rule = r,
		.package = arena_dup(f->arena, package),
		.path = arena_dup(f->arena, path),
		.line = line,
		.excerpt = arena_dup(f->arena, new.excerpt),
		.detail = arena_dup(f->arena, new.detail),
	};
	note(f, at);
}

void findings_merge(struct findings *f, const struct findings *more)
{
	for (size_t i = 0; i < more->n; i++) {
		const struct finding *m = &more->items[i];
		bool known = false;
		for (size_t k = 0; k < f->n && !known; k++)
			known = same(&f->items[k], m);
		if (!known)
			finding_add(f, m->rule, m->package, m->path, m->line, m->excerpt, "%.*s",
				    FMT(m->detail));
	}
	f->dropped += more->dropped;
}

bool findings_has(const struct findings *f, size_t first, enum rule r)
{
	for (size_t i = first; i < f->n; i++)
		if (f->items[i].rule == r)
			return true;
	return false;
}
