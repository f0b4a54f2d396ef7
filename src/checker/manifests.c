/*
 * checker/manifests.c - files that name releases: lock files and manifests (what would be
 * installed), logs of installations (what was).
 * Input: the target's files, read by package/manifest.h and inspect/trace.c.   Runs in: checker.
 */
#include "checker/checker.h"

#include "codec/json.h"
#include "inspect/trace.h"
#include "package/manifest.h"
#include "package/version.h"
#include "sys/clock.h"

#include <string.h>

enum { LOG_PART = 16 << 20, NAME_MAX_BYTES = 256 };

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
		file_finding(c, t, i, RULE_MANIFEST_UNREAD, S(""), 0, S(""), "%s", diag_text(&d));
	}
	for (size_t k = 0; k < found.n; k++) {
		if (found.items[k].where.n == 0)
			found.items[k].where = path;
		release_add(c, &found.items[k]);
	}
}

/* ---- logs ---- */

/* Tools colour what they print, and a CI keeps that. */
static struct str without_escapes(char *p, size_t n)
{
	size_t to = 0;

	for (size_t at = 0; at < n; at++) {
		if (p[at] == '\x1b' && at + 1 < n && p[at + 1] == '[') {
			for (at += 2; at < n && p[at] >= ' ' && p[at] < '@';)
				at++;
			continue;
		}
		p[to++] = p[at];
	}
	return (struct str){ p, to };
}

static void ask(struct checker *c, struct tree *t, uint32_t i, const struct trace *found)
{
	struct findings *f = &c->report.findings;
	size_t first = f->n;
	struct buf name;

	buf_init(&name, NAME_MAX_BYTES);
	package_name_normalise(found->eco, found->name, &name);
	const struct package p = { .eco = found->eco,
				   .name = buf_str(&name),
				   .version = found->version,
				   .where = file_path(c, t, i),
				   .line = found->line };
	if (name.err == OK)
		release_ask(c, &p, RULE_TRACE_BAD);
	buf_free(&name);
	for (size_t k = first; k < f->n; k++)
		f->items[k].excerpt = arena_dup(&c->arena, str_head(found->text, FINDING_EXCERPT));
	if (found->time.n == 0)
		finding_date(c, first, "in a log last written", t->items[i].mtime_ns);
}

void log_check(struct checker *c, struct tree *t, uint32_t i, bool certain)
{
	struct mapped_file map;
	uint32_t line = 0;

	if (c->advisories == NULL || t->items[i].size == 0 || !file_open(c, t, i, &map))
		return;
	struct str rest = file_map(&map) ? map.text : S("");
	/* The installation may be the last of many steps: the marks stand anywhere. */
	if (!certain && !trace_likely(entry_name(&t->items[i]), rest))
		rest = S("");
	while (rest.n > 0 && clock_mono_ns() < c->deadline_ns) {
		struct str part = str_head(rest, LOG_PART);
		while (part.n < rest.n && part.n > 0 && part.p[part.n - 1] != '\n')
			part.n--;
		part = part.n == 0 ? str_head(rest, LOG_PART) : part;
		rest = str_tail(rest, part.n);
		memcpy(c->text, part.p, part.n);
		struct trace_scan s = trace_begin(without_escapes(c->text, part.n));
		struct trace found;
		while (trace_next(&s, &found)) {
			found.line += line;
			ask(c, t, i, &found);
		}
		line += s.number;
	}
	c->report.coverage.skipped += rest.n > 0;
	(void)file_close(c, t, i, &map);
}

/* ---- a tree ---- */

static void check_file(struct checker *c, struct tree *t, uint32_t i)
{
	struct entry *e = &t->items[i];
	struct str name = entry_name(e), text;
	enum manifest kind = manifest_kind(name);

	if (kind != MANIFEST_NONE) {
		if (!file_copy(c, t, i, CHECKER_TEXT / 2, &text))
			return;
		manifest_check(c, t, i, kind, text);
		const struct json *root;
		if (kind == MANIFEST_PACKAGE_JSON && json_read(&c->arena, text, &root, NULL) == OK)
			node_scripts(c, t, i, root, S(""), true);
		return;
	}
	if (trace_likely(name, S("pypi.org")))
		log_check(c, t, i, false);
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
