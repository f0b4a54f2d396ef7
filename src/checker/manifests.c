/*
 * checker/manifests.c - files that name releases: lock files and manifests (what would be
 * installed), logs of installations (what was).
 * Input: the target's files, read by package/manifest.h and inspect/trace.c.   Runs in: checker.
 */
#include "checker/checker.h"

#include "inspect/trace.h"
#include "package/manifest.h"
#include "package/version.h"

#include <string.h>

enum { LOG_MAX = 32 << 20, LOG_HEAD = 64 << 10, NAME_MAX_BYTES = 256 };

/* ---- manifests ---- */

void manifest_check(struct checker *c, struct tree *t, uint32_t i, enum manifest kind,
		    struct str text)
{
	struct package_list found;
	struct str path = file_path(c, t, i);
	struct diag d = { 0 };

	package_list_init(&found, &c->arena, REPORT_PACKAGES);
	arena_reset(&c->scratch);
	enum err e = manifest_read(kind, path, text, &c->scratch, &found, &c->report.findings, &d);
	if (e != OK) {
		c->report.coverage.unread++;
		file_finding(c, t, i, RULE_FILE_UNREADABLE, S(""), 0, S(""), "%s", diag_text(&d));
	}
	for (size_t k = 0; k < found.n; k++) {
		if (found.items[k].where.n == 0)
			found.items[k].where = path;
		release_add(c, &found.items[k]);
	}
}

/* ---- logs ---- */

void log_check(struct checker *c, struct tree *t, uint32_t i, struct str text)
{
	struct trace_scan s = trace_begin(text);
	struct trace found;
	struct buf name;

	buf_init(&name, NAME_MAX_BYTES);
	while (c->advisories != NULL && trace_next(&s, &found)) {
		struct findings *f = &c->report.findings;
		size_t first = f->n;
		buf_reset(&name);
		package_name_normalise(found.eco, found.name, &name);
		if (name.err != OK)
			continue;
		const struct package p = { .eco = found.eco,
					   .name = buf_str(&name),
					   .version = found.version,
					   .where = file_path(c, t, i),
					   .line = found.line };
		release_ask(c, &p, RULE_TRACE_BAD);
		for (size_t k = first; k < f->n; k++)
			f->items[k].excerpt = arena_dup(&c->arena,
							str_head(found.text, FINDING_EXCERPT));
	}
	buf_free(&name);
}

/* ---- a tree ---- */

static void check_file(struct checker *c, struct tree *t, uint32_t i)
{
	struct entry *e = &t->items[i];
	struct str name = entry_name(e), text;
	enum manifest kind = manifest_kind(name);
	bool whole;

	if (kind != MANIFEST_NONE) {
		if (file_copy(c, t, i, CHECKER_TEXT / 2, &text))
			manifest_check(c, t, i, kind, text);
		return;
	}
	if (e->size > LOG_MAX || !trace_likely(name, S("pypi.org")) ||
	    !file_read(c, t, i, LOG_MAX, &text, &whole) ||
	    !trace_likely(name, str_head(text, LOG_HEAD)))
		return;
	text = arena_dup(&c->arena, text);
	if (text.p != NULL)
		log_check(c, t, i, text);
}

void manifests_check(struct checker *c, struct root *r)
{
	struct tree *t = &r->tree;

	for (uint32_t i = 0; i < t->n; i++) {
		struct str name = entry_name(&t->items[i]);
		/* What installed packages carry with them says nothing of what is installed. */
		if (S_ISDIR(t->items[i].mode) &&
		    (str_eq(name, S("node_modules")) || str_eq(name, S("site-packages")) ||
		     str_eq(name, S("dist-packages")) || str_eq(name, S(".git")))) {
			i = t->items[i].end - 1;
			continue;
		}
		if (S_ISREG(t->items[i].mode) && !t->items[i].inspected)
			check_file(c, t, i);
	}
}
