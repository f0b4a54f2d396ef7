/*
 * checker/bases.c - the names of a package's files, and the digest of all of them.
 * Input: the target's names.   Runs in: checker.
 */
#include "checker/bases.h"

#include "checker/python.h"
#include "inspect/digest.h"

#include <string.h>

enum { BASELESS = TREE_NONE - 1 };

bool bases_info(struct str name)
{
	return str_has_suffix(name, S(".dist-info")) || str_has_suffix(name, S(".egg-info"));
}

static uint32_t *base_of(const struct bases *b, uint32_t dir)
{
	return &b->of[dir == TREE_NONE ? b->tree->n : dir];
}

/* A directory of packages is also what has descriptions of packages in it. */
bool bases_find(struct bases *b, struct checker *c, const struct root *r)
{
	const struct tree *t = &r->tree;

	*b = (struct bases){ t, NEW_ARRAY(&c->arena, uint32_t, (size_t)t->n + 1) };
	if (b->of == NULL)
		return false;
	bases_all(b, BASELESS);
	if (r->role != ROOT_TARGET)
		*base_of(b, TREE_NONE) = TREE_NONE;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct entry *e = &t->items[i];
		if (bases_info(entry_name(e)))
			*base_of(b, e->parent) = e->parent;
		if (S_ISDIR(e->mode) && (is_site_name(entry_name(e)) || node_package_dir(t, i)))
			*base_of(b, i) = i;
	}
	for (uint32_t i = 0; i < t->n; i++)
		if (b->of[i] == BASELESS)
			b->of[i] = *base_of(b, t->items[i].parent);
	return true;
}

void bases_all(struct bases *b, uint32_t dir)
{
	for (uint32_t i = 0; i <= b->tree->n; i++)
		b->of[i] = dir;
}

struct str bases_name(const struct bases *b, const struct entry *e)
{
	uint32_t base = *base_of(b, e->parent);

	if (base == TREE_NONE)
		return e->path;
	return base == BASELESS ? (struct str){ NULL, 0 }
				: str_tail(e->path, b->tree->items[base].path.n + 1);
}

/* ---- contents ---- */

/* What is written by whoever installs, and differs from place to place. */
static bool is_note(struct str name)
{
	static const struct str notes[] = { SC(".dist-info/RECORD"), SC(".dist-info/INSTALLER"),
					    SC(".dist-info/REQUESTED"),
					    SC(".dist-info/direct_url.json") };

	for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
		if (str_has_suffix(name, notes[i]))
			return true;
	return false;
}

static bool counts(const struct bases *b, const struct entry *e, struct str *out_name)
{
	*out_name = bases_name(b, e);
	return (S_ISREG(e->mode) || S_ISLNK(e->mode)) && !e->left_out && out_name->p != NULL &&
	       !is_note(*out_name);
}

/* The entries of one owner, in the order of their paths. */
static void digest(struct checker *c, struct tree *t, const struct bases *b, const uint32_t *list,
		   size_t n, struct package *p)
{
	struct env_digest d;
	struct sha256 h;
	struct str name;
	bool whole = sha256_init(&h) == OK;

	if (!whole)
		return;
	package_digest_begin(&d, &h);
	for (size_t i = 0; i < n && whole; i++) {
		struct entry *e = &t->items[list[i]];
		if (!counts(b, e, &name))
			continue;
		if (S_ISLNK(e->mode))
			sha256_with(&c->sha, e->link, e->sha256);
		else
			whole = file_hash(c, t, list[i]);
		whole = whole && env_digest_add(&d, name, e->mode, e->sha256) == OK;
	}
	env_digest_end(&d, p->contents);
	sha256_done(&h);
	p->has_contents = whole && d.files > 0;
}

void contents_digest(struct checker *c, struct root *r)
{
	struct package_list *packages = &c->report.packages;
	struct tree *t = &r->tree;
	uint32_t *ends = NEW_ARRAY(&c->arena, uint32_t, packages->n + 2);
	uint32_t *list = NEW_ARRAY(&c->arena, uint32_t, (size_t)t->n + 1);
	struct bases b;

	if (packages->n == 0 || ends == NULL || list == NULL || !bases_find(&b, c, r))
		return;
	/* In the order of their owners, each owner's in their own. */
	for (uint32_t i = 0; i < t->n; i++)
		ends[t->items[i].owner + 1]++;
	for (size_t i = 1; i < packages->n + 2; i++)
		ends[i] += ends[i - 1];
	for (uint32_t i = 0; i < t->n; i++)
		list[ends[t->items[i].owner]++] = i;
	for (size_t i = 1; i <= packages->n; i++)
		if (ends[i] > ends[i - 1])
			digest(c, t, &b, list + ends[i - 1], ends[i] - ends[i - 1],
			       &packages->items[i - 1]);
}
