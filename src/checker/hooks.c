/*
 * checker/hooks.c - what runs when an interpreter starts, before the first import.
 * Input: the target's files, read by inspect/startup.c and inspect/source.h.   Runs in: checker.
 */
#include "checker/python.h"

#include <string.h>

enum { MODULE_PATH = 512 };

/* One hook file that is being judged. */
struct hook {
	struct site *site;
	struct tree *tree; /* where its content is: its own, or behind a link */
	uint32_t entry;
	struct str package;
	bool owned, asks; /* a package lists it; it does something that is not well known */
};

/* ---- modules ---- */

/* "a.b" is a/b.py or a/b/__init__.py below the site. */
static uint32_t module_entry(const struct site *s, struct str module)
{
	static const struct str endings[] = { SC(".py"), SC("/__init__.py") };
	char path[MODULE_PATH];

	for (size_t k = 0; k < 2; k++) {
		if (module.n == 0 || module.n + endings[k].n > sizeof path)
			return TREE_NONE;
		for (size_t i = 0; i < module.n; i++)
			path[i] = module.p[i] == '.' ? '/' : module.p[i];
		memcpy(path + module.n, endings[k].p, endings[k].n);
		uint32_t i = tree_below(&s->root->tree, s->dir,
					(struct str){ path, module.n + endings[k].n });
		if (i != TREE_NONE)
			return i;
	}
	return TREE_NONE;
}

/* Judges a module that a hook loads; the file is inspected as what runs at start. */
static void judge_module(struct checker *c, struct site *s, uint32_t i, const char *by)
{
	struct entry *e = &s->root->tree.items[i];
	const struct subject subject = { &s->root->tree, i, package_purl(c, e), LANG_PYTHON,
					 ROLE_STARTUP };

	size_t first = c->report.findings.n;

	if (e->inspected)
		return;
	e->inspected = true;
	file_inspect(c, &subject);
	if (findings_has(&c->report.findings, first, RULE_STARTUP_EXEC))
		return;
	if (startup_module_hostile(e->caps))
		file_finding(c, &s->root->tree, i, RULE_STARTUP_EXEC, subject.package, 0, S(""),
			     "%s", by);
	else if (startup_module_doubtful(e->caps))
		file_finding(c, &s->root->tree, i, RULE_STARTUP_MODULE, subject.package, 0, S(""),
			     "%s", by);
}

/* ---- .pth and .start ---- */

static void judge_exec(struct checker *c, struct hook *h, const struct startup_line *l)
{
	struct findings *f = &c->report.findings;
	const char *tool = startup_known(l->text);
	struct caps caps = { 0 };
	size_t first = f->n;

	uint32_t module = module_entry(h->site, startup_module(l->text));
	if (tool == NULL) {
		h->asks = true;
		arena_reset(&c->scratch);
		source_inspect(c->lexicon, LANG_PYTHON, ROLE_STARTUP, h->package,
			       file_path(c, h->tree, h->entry), l->text, &c->scratch, f, &caps);
		for (size_t i = first; i < f->n; i++)
			f->items[i].line = l->line;
		bool hostile = startup_hostile(caps.bits);
		if (!findings_has(f, first, RULE_STARTUP_EXEC))
			file_finding(c, h->tree, h->entry,
				     hostile ? RULE_STARTUP_EXEC : RULE_STARTUP_HOOK, h->package,
				     l->line, l->text, " ");
	}
	if (module != TREE_NONE)
		judge_module(c, h->site, module, "a startup file imports it");
}

static void judge_path(struct checker *c, struct hook *h, const struct startup_line *l)
{
	bool outside = false;
	uint32_t to = tree_resolve(&h->site->root->tree, h->site->dir, l->text, &outside);

	if (outside)
		file_finding(c, h->tree, h->entry, RULE_STARTUP_PATH, h->package, l->line, l->text,
			     " ");
	else if (to != TREE_NONE && S_ISDIR(h->site->root->tree.items[to].mode))
		env_add_site(c, h->site->env, to, true);
	h->asks |= !outside && to != TREE_NONE && !h->owned;
}

static void judge_line(struct checker *c, struct hook *h, const struct startup_line *l)
{
	uint32_t module;

	switch (l->act) {
	case STARTUP_EXEC:
		judge_exec(c, h, l);
		break;
	case STARTUP_PATH:
		judge_path(c, h, l);
		break;
	case STARTUP_CALL:
		h->asks = true;
		module = module_entry(h->site, startup_module(l->text));
		file_finding(c, h->tree, h->entry, RULE_STARTUP_HOOK, h->package, l->line, l->text,
			     " ");
		if (module != TREE_NONE)
			judge_module(c, h->site, module, "a startup file calls it");
		break;
	}
}

/* Where a hook's content is, through links; false: nowhere that can be looked at. */
static bool follow(struct checker *c, struct hook *h)
{
	struct entry *e = &h->tree->items[h->entry];
	bool outside = false;

	if (!S_ISLNK(e->mode))
		return true;
	uint32_t to = tree_resolve(h->tree, e->parent, e->link, &outside);
	for (unsigned i = 0; outside && i < c->n_roots && e->link.n > 0; i++) {
		bool out = false;
		uint32_t at = tree_resolve(&c->roots[i].tree, TREE_NONE, e->link, &out);
		if (e->link.p[0] != '/' || out || at == TREE_NONE)
			continue;
		h->tree = &c->roots[i].tree;
		h->entry = at;
		return true;
	}
	if (outside)
		file_finding(c, h->tree, h->entry, RULE_LINK_OUTSIDE, h->package, 0, e->link, " ");
	if (to != TREE_NONE)
		h->entry = to;
	return to != TREE_NONE && !outside;
}

static void judge_file(struct checker *c, struct site *s, uint32_t i, enum startup_kind kind)
{
	struct entry *e = &s->root->tree.items[i];
	struct hook h = { s, &s->root->tree, i, package_purl(c, e), e->owner != 0, false };
	struct startup_line l;
	struct str text;
	bool whole;

	e->inspected = true;
	if (!follow(c, &h))
		return;
	if (!S_ISREG(h.tree->items[h.entry].mode)) {
		/* The interpreter opens it all the same, and reads what somebody writes into it. */
		if (!S_ISDIR(h.tree->items[h.entry].mode))
			file_finding(c, h.tree, h.entry, RULE_STARTUP_UNOWNED, h.package, 0, S(""),
				     "it is no regular file");
		return;
	}
	if (!file_read(c, h.tree, h.entry, CHECKER_SMALL, &text, &whole))
		return;
	text = arena_dup(&c->arena, text); /* modules are read meanwhile */
	if (text.p == NULL)
		return;
	if (!whole) {
		c->report.coverage.skipped++;
		file_finding(c, h.tree, h.entry, RULE_STARTUP_OVERSIZED, h.package, 0, S(""),
			     "%llu bytes", (unsigned long long)h.tree->items[h.entry].size);
	}
	struct startup_scan scan = startup_begin(kind, s->version, text);
	while (startup_next(&scan, &l))
		judge_line(c, &h, &l);
	if (h.asks && !h.owned && s->has_records)
		file_finding(c, h.tree, h.entry, RULE_STARTUP_UNOWNED, S(""), 0, S(""), " ");
}

/* ---- sitecustomize and usercustomize ---- */

static bool is_customize(struct str name)
{
	struct str stem = str_cut(name, '.', &(struct str){ 0 });

	return str_eq(stem, S("sitecustomize")) || str_eq(stem, S("usercustomize"));
}

static void judge_customize(struct checker *c, struct site *s, uint32_t i)
{
	struct tree *t = &s->root->tree;
	struct hook h = { s, t, i, package_purl(c, &t->items[i]), t->items[i].owner != 0, true };

	if (S_ISDIR(t->items[i].mode))
		h.entry = tree_below(t, i, S("__init__.py"));
	if (h.entry == TREE_NONE || !follow(c, &h) || !S_ISREG(h.tree->items[h.entry].mode))
		return;
	struct entry *e = &h.tree->items[h.entry];
	if (str_has_suffix(e->path, S(".py"))) {
		struct site there = *s;
		for (unsigned k = 0; k < c->n_roots; k++)
			if (h.tree == &c->roots[k].tree)
				there.root = &c->roots[k];
		judge_module(c, &there, h.entry, "the interpreter imports it at start");
	} else if (str_has_suffix(e->path, S(".so")) || str_has_suffix(e->path, S(".pyc"))) {
		file_finding(c, h.tree, h.entry, RULE_STARTUP_MODULE, h.package, 0, S(""),
			     "it is compiled: nobody can read what it does");
	}
	if (!h.owned && s->has_records)
		file_finding(c, h.tree, h.entry, RULE_STARTUP_UNOWNED, S(""), 0, S(""), " ");
}

void customize_check(struct checker *c, struct site *s)
{
	struct tree *t = &s->root->tree;
	struct range r = tree_range(t, s->dir);

	for (uint32_t i = r.from; i < r.to; i = t->items[i].end)
		if (is_customize(entry_name(&t->items[i])))
			judge_customize(c, s, i);
}

void hooks_check(struct checker *c, struct site *s)
{
	struct tree *t = &s->root->tree;
	struct range r = tree_range(t, s->dir);

	for (uint32_t i = r.from; i < r.to; i = t->items[i].end) {
		struct str name = entry_name(&t->items[i]);
		enum startup_kind kind = startup_kind(name, s->version);
		if (kind != STARTUP_NONE && !S_ISDIR(t->items[i].mode))
			judge_file(c, s, i, kind);
	}
	customize_check(c, s);
}
