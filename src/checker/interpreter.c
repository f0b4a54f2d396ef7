/*
 * checker/interpreter.c - the digest of an interpreter: its program, its library, and the modules
 * that come with it, wherever they lie. Packages are not in it, they have their own.
 * Input: the target's files, and those of the interpreter beside it.   Runs in: checker.
 */
#include "checker/python.h"

#include "inspect/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	struct str path;
	uint32_t mode;
	uint8_t sha256[32];
};

/* The files of one interpreter, gathered from several places. */
struct gathering {
	struct checker *c;
	struct row *rows;
	size_t n, cap;
	struct str program; /* of which file it is, for people */
	bool broken;	    /* one of the files could not be read */
};

/* ---- gathering ---- */

static void add(struct gathering *g, struct tree *t, uint32_t i, struct str path)
{
	struct checker *c = g->c;
	struct entry *e = &t->items[i];

	if ((!S_ISREG(e->mode) && !S_ISLNK(e->mode)) || e->left_out)
		return;
	if (path.p == NULL || !ARENA_ROOM(&c->arena, g->rows, g->n, g->cap)) {
		g->broken = true;
		return;
	}
	if (S_ISLNK(e->mode))
		sha256_with(&c->sha, e->link, e->sha256);
	else
		g->broken |= !file_hash(c, t, i);
	struct row *r = &g->rows[g->n++];
	*r = (struct row){ .path = path, .mode = e->mode };
	memcpy(r->sha256, e->sha256, sizeof r->sha256);
}

/* What lies in __pycache__ is left out while it is of the source beside it. */
static void check_bytecode(struct checker *c, struct site *s, uint32_t i)
{
	struct tree *t = &s->root->tree;
	struct entry *e = &t->items[i];

	if (S_ISREG(e->mode) && str_has_suffix(e->path, S(".pyc")) && e->parent != TREE_NONE &&
	    str_eq(entry_name(&t->items[e->parent]), S("__pycache__")) && !e->inspected)
		bytecode_check(c, s, i);
}

static struct str joined(struct arena *a, struct str dir, struct str name)
{
	if (dir.n == 0)
		return name;
	char *p = arena_take(a, dir.n + 1 + name.n, 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	memcpy(p, dir.p, dir.n);
	p[dir.n] = '/';
	memcpy(p + dir.n + 1, name.p, name.n);
	return (struct str){ p, dir.n + 1 + name.n };
}

/* The modules below dir. before: how their names begin; cut: bytes of their paths that are not
 * named. They are only digested, and so count for nothing in the report. */
static void add_library(struct gathering *g, struct root *r, uint32_t dir, struct str before,
			size_t cut)
{
	struct checker *c = g->c;
	struct tree *t = &r->tree;
	struct range in = tree_range(t, dir);
	struct site s = { .root = r, .dir = dir, .prefix = TREE_NONE };
	const struct report_coverage seen = c->report.coverage;

	examine(c, t, in.from, in.to, 0, NULL);
	for (uint32_t i = in.from; i < in.to; i++) {
		struct entry *e = &t->items[i];
		if (S_ISDIR(e->mode) && is_site_name(entry_name(e))) {
			i = e->end - 1;
			continue;
		}
		check_bytecode(c, &s, i);
		add(g, t, i, joined(&c->arena, before, str_tail(e->path, cut)));
	}
	c->report.coverage.bytes = seen.bytes;
	c->report.coverage.cached = seen.cached;
}

static int by_path(const void *a, const void *b)
{
	return str_cmp(((const struct row *)a)->path, ((const struct row *)b)->path);
}

static void finish(struct gathering *g, struct report_interpreter *out)
{
	struct env_digest d;
	struct sha256 h;

	if (g->n == 0 || g->broken || sha256_init(&h) != OK)
		return;
	qsort(g->rows, g->n, sizeof *g->rows, by_path);
	interpreter_digest_begin(&d, &h);
	for (size_t i = 0; i < g->n && !g->broken; i++)
		g->broken = env_digest_add(&d, g->rows[i].path, g->rows[i].mode,
					   g->rows[i].sha256) != OK;
	env_digest_end(&d, out->digest);
	sha256_done(&h);
	out->known = !g->broken;
	out->path = g->program;
	out->files = d.files;
}

/* ---- one that lies in the target ---- */

static uint32_t below(const struct tree *t, uint32_t dir, const char *name)
{
	return dir == TREE_NONE ? TREE_NONE : tree_below(t, dir, str_z(name));
}

/* "libpython3.11.so.1.0" among the files of dir. */
static void add_shared(struct gathering *g, struct tree *t, uint32_t dir, struct str version,
		       size_t cut)
{
	struct range in = tree_range(t, dir);
	char name[32];

	(void)snprintf(name, sizeof name, "libpython%.*s.so", FMT(version));
	for (uint32_t i = in.from; i < in.to; i = t->items[i].end) {
		struct entry *e = &t->items[i];
		if (S_ISREG(e->mode) && str_has_prefix(entry_name(e), str_z(name)))
			add(g, t, i, str_tail(e->path, cut));
	}
}

/* In an image, what Debian's interpreter loads from /etc. */
static void add_debian(struct gathering *g, struct root *r, uint32_t prefix, struct str version)
{
	struct tree *t = &r->tree;
	char path[32];

	if (!t->absolute_inside || prefix == TREE_NONE || !str_eq(t->items[prefix].path, S("usr")))
		return;
	(void)snprintf(path, sizeof path, "/etc/python%.*s", FMT(version));
	uint32_t dir = tree_find(t, str_tail(str_z(path), 1));
	struct str before = arena_dup(&g->c->arena, str_z(path));
	if (dir != TREE_NONE && before.p != NULL)
		add_library(g, r, dir, before, t->items[dir].path.n + 1);
}

void interpreter_inside(struct checker *c, struct root *r, uint32_t prefix,
			struct python_version version, struct report_interpreter *out)
{
	struct gathering g = { .c = c };
	struct tree *t = &r->tree;
	char name[16], program[24];
	size_t cut = prefix == TREE_NONE ? 0 : t->items[prefix].path.n + 1;
	uint32_t lib = tree_below(t, prefix, S("lib")), bin = tree_below(t, prefix, S("bin"));

	(void)snprintf(name, sizeof name, "3.%d", version.minor);
	(void)snprintf(program, sizeof program, "python%s", name);
	uint32_t library = below(t, lib, program);
	if (version.minor < 0 || below(t, library, "os.py") == TREE_NONE)
		return;
	add_library(&g, r, library, S(""), cut);
	add_debian(&g, r, prefix, str_z(name));
	add_shared(&g, t, lib, str_z(name), cut);
	struct range in = tree_range(t, lib);
	for (uint32_t i = in.from; i < in.to; i = t->items[i].end)
		if (S_ISDIR(t->items[i].mode) &&
		    str_has_suffix(entry_name(&t->items[i]), S("-linux-gnu")))
			add_shared(&g, t, i, str_z(name), cut);
	uint32_t i = below(t, bin, program);
	g.program = file_path(c, t, prefix);
	if (i != TREE_NONE && S_ISREG(t->items[i].mode)) {
		add(&g, t, i, str_tail(t->items[i].path, cut));
		g.program = file_path(c, t, i);
	}
	finish(&g, out);
}

/* ---- one beside the target ---- */

/* A path as the digest names it: from the interpreter's prefix, where it lies below it. */
static struct str from_prefix(const struct checker *c, struct str path)
{
	struct str prefix = c->request.prefix;

	return prefix.n > 0 && str_has_prefix(path, prefix) && path.n > prefix.n &&
			       path.p[prefix.n] == '/'
		       ? str_tail(path, prefix.n + 1)
		       : path;
}

void interpreter_beside(struct checker *c, struct report_interpreter *out)
{
	struct gathering g = { .c = c, .program = c->request.prefix };

	for (unsigned i = 0; i < c->n_roots; i++) {
		struct root *r = &c->roots[i];
		struct str path = from_prefix(c, r->label);
		if (r->role == ROOT_STDLIB && !r->tree.single)
			add_library(&g, r, TREE_NONE, path, 0);
		if (r->role != ROOT_INTERPRETER || !r->tree.single)
			continue;
		add(&g, &r->tree, 0, path);
		if (str_find(path, S(".so")) == SIZE_MAX)
			g.program = r->label;
	}
	finish(&g, out);
}
