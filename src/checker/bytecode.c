/*
 * checker/bytecode.c - compiled Python that runs instead of its source, or without one.
 * Input: the target's files, read by inspect/pyc.c.   Runs in: checker.
 */
#include "checker/python.h"

#include "inspect/pyc.h"

#include <string.h>

enum { NAME_CAP = 512 };

/* The source of a .pyc: beside __pycache__ for one inside, beside it for others. */
static uint32_t source_of(const struct tree *t, const struct entry *e, bool in_cache)
{
	struct str name = entry_name(e);
	struct str stem = in_cache ? pyc_source(name, NULL) : str_head(name, name.n - 4);
	char path[NAME_CAP];

	if (stem.n == 0 || stem.n + 3 > sizeof path)
		return TREE_NONE;
	memcpy(path, stem.p, stem.n);
	memcpy(path + stem.n, ".py", 3);
	uint32_t dir = in_cache && e->parent != TREE_NONE ? t->items[e->parent].parent : e->parent;
	return tree_below(t, dir, (struct str){ path, stem.n + 3 });
}

static bool is_in_cache(const struct tree *t, const struct entry *e)
{
	return e->parent != TREE_NONE && str_eq(entry_name(&t->items[e->parent]), S("__pycache__"));
}

/* The first bytes, from what is remembered when the file is the same. */
static bool read_head(struct checker *c, struct tree *t, uint32_t i, uint8_t out[PYC_HEAD])
{
	struct entry *e = &t->items[i];
	const struct cache_slot *known = cache_get(&c->cache, e);

	if (known != NULL && known->role == CACHE_HEAD) {
		memcpy(out, known->sha256, PYC_HEAD);
		c->report.coverage.cached++;
		cache_keep(&c->cache, known);
		return true;
	}
	if (e->state != ENTRY_HEAD)
		return file_head(c, t, i, (char *)out, PYC_HEAD);
	memcpy(out, e->sha256, PYC_HEAD);
	c->report.coverage.bytes += PYC_HEAD;
	return true;
}

/* Remembers the head of a file whose digest nobody asks for. */
static void keep_head(struct checker *c, struct entry *e, const uint8_t head[PYC_HEAD])
{
	struct entry copy = *e;

	memset(copy.sha256, 0, sizeof copy.sha256);
	memcpy(copy.sha256, head, PYC_HEAD);
	cache_put(&c->cache, &copy, CACHE_HEAD, 0, NULL, 0);
}

static enum pyc_state judge(struct checker *c, struct tree *t, const struct pyc *p, uint32_t source)
{
	const struct entry *s = &t->items[source];
	struct str text = { "", 0 };
	bool whole = true;

	if (p->hashed && (!file_read(c, t, source, CHECKER_TEXT, &text, &whole) || !whole))
		return PYC_STALE; /* and the report says that it could not be read */
	return pyc_judge(p, s->mtime_ns / 1000000000, s->size, text);
}

static void sourceless(struct checker *c, struct site *s, uint32_t i)
{
	struct tree *t = &s->root->tree;

	if (file_hash(c, t, i) && t->items[i].owner == 0)
		file_finding(c, t, i, RULE_BYTECODE_SOURCELESS, S(""), 0, S(""), " ");
}

void bytecode_check(struct checker *c, struct site *s, uint32_t i)
{
	struct tree *t = &s->root->tree;
	struct entry *e = &t->items[i];
	bool in_cache = is_in_cache(t, e);
	uint32_t source = source_of(t, e, in_cache);
	bool has_source = source != TREE_NONE && S_ISREG(t->items[source].mode);
	uint8_t head[PYC_HEAD];
	struct pyc p;

	e->inspected = true;
	if (!has_source && !in_cache) {
		sourceless(c, s, i);
		return;
	}
	/* Without its source one in __pycache__ is not loaded; beside its source one is not,
	 * either. */
	if (!in_cache || !has_source)
		return;
	if (!read_head(c, t, i, head) || pyc_read((struct str){ (char *)head, PYC_HEAD }, &p) != OK)
		return;
	enum pyc_state state = judge(c, t, &p, source);
	e->left_out = state == PYC_CURRENT && !e->differs;
	if (e->left_out && e->state != ENTRY_HASHED && cache_get(&c->cache, e) == NULL)
		keep_head(c, e, head);
	if (state == PYC_FOREIGN) {
		(void)file_hash(c, t, i);
		file_finding(c, t, i, RULE_BYTECODE_FOREIGN, package_purl(c, e), 0, S(""),
			     "it is bound to another source than '%.*s', and nothing checks that",
			     FMT(entry_name(&t->items[source])));
	}
}
