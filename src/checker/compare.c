/*
 * checker/compare.c - the target beside what was there before: archives and directories, as sets
 * of releases of which each is compared with its own.
 * Input: the target's files and those of the previous one.   Runs in: checker.
 */
#include "checker/bases.h"
#include "checker/profile.h"
#include "checker/python.h"

#include "codec/archive.h"

#include <string.h>
#include <sys/mman.h>

enum { METADATA_MAX = 8 << 20 };

/* A directory that is taken apart into releases. */
struct side {
	struct checker *c;
	struct root *root;
	struct bases bases;
	struct profile *of; /* by owner; 0: what nobody owns, or all of one release */
	bool whole;	    /* it is one release, unpacked */
	uint32_t top;	    /* then: its directory */
};

/* ---- one file ---- */

static void read_metadata(struct side *s, struct profile *p, uint32_t i, struct str path)
{
	struct metadata m;
	struct str text;

	if (!file_copy(s->c, &s->root->tree, i, METADATA_MAX, &text) ||
	    metadata_read(text, &s->c->arena, &m) != OK)
		return;
	profile_metadata(p, path, &m);
	if (s->whole) {
		const struct package release = { .eco = ECO_PYPI,
						 .name = m.name,
						 .version = m.version };
		profile_release(s->c, p, &release);
	}
}

static void read_package_json(struct side *s, struct profile *p, uint32_t i, struct str path)
{
	struct tree *t = &s->root->tree;
	struct arena *a = &s->c->arena;
	const struct json *root;
	struct str text, name, command;

	if (!file_copy(s->c, t, i, METADATA_MAX, &text) || json_read(a, text, &root, NULL) != OK)
		return;
	bool gyp = tree_below(t, t->items[i].parent, S("binding.gyp")) != TREE_NONE;
	for (unsigned k = 0; k < NPM_SCRIPTS; k++)
		if (npm_script(a, root, gyp, k, &name, &command))
			profile_script(p, path, name, command);
	profile_package_json(s->c, p, path, root);
	struct package release = { .eco = ECO_NPM,
				   .name = json_str(a, json_get(root, S("name"))),
				   .version = json_str(a, json_get(root, S("version"))) };
	if (s->whole && release.name.p != NULL && release.version.p != NULL)
		profile_release(s->c, p, &release);
}

static void read_startup(struct side *s, struct profile *p, uint32_t i, struct str path)
{
	struct tree *t = &s->root->tree;
	enum startup_kind kind = startup_kind(entry_name(&t->items[i]), PYTHON_UNKNOWN);
	struct str text;

	if (kind != STARTUP_NONE && file_copy(s->c, t, i, CHECKER_SMALL, &text))
		profile_startup(p, path, kind, text);
}

static void read_description(struct side *s, struct profile *p, uint32_t i, struct str name,
			     struct str path)
{
	const struct entry *e = &s->root->tree.items[i];
	struct str file = entry_name(e), dir = str_head(name, name.n - file.n);
	bool top = dir.n == 0, npm = p->layout == LAYOUT_NPM;

	if (dir.n > 0)
		dir.n--;
	if (npm && top && str_eq(file, S("package.json")))
		read_package_json(s, p, i, path);
	else if (!npm && (bases_info(dir) || s->whole) && str_chr(dir, '/') == SIZE_MAX &&
		 (str_eq(file, S("METADATA")) ||
		  (str_eq(file, S("PKG-INFO")) && !(s->whole && !top))))
		read_metadata(s, p, i, path);
	else if (!npm && (top || s->whole))
		read_startup(s, p, i, path);
}

static void take_file(struct side *s, uint32_t i)
{
	struct tree *t = &s->root->tree;
	struct entry *e = &t->items[i];
	struct str name = bases_name(&s->bases, e), path = file_path(s->c, t, i);
	struct profile *p = &s->of[s->whole ? 0 : e->owner];

	if (!S_ISREG(e->mode) || name.p == NULL || str_has_suffix(name, S(".pyc")) ||
	    (!s->whole && e->owner == 0 && !e->inspected))
		return;
	read_description(s, p, i, name, path);
	profile_file(p, path, e->size, e->caps, p->layout != LAYOUT_NPM);
	if (file_hash(s->c, t, i))
		profile_content(p, name, path, e->sha256);
}

/* ---- one release, unpacked ---- */

static enum role role_in_source(enum language lang, struct str path)
{
	(void)lang;
	return source_role(path);
}

static enum role role_in_npm(enum language lang, struct str path)
{
	return installed_role(ECO_NPM, lang, path);
}

/* What is in no environment was not looked at until now. That is done aside: of a directory of
 * sources only what is new is told. */
static void inspect_source(struct side *s)
{
	struct checker *c = s->c;
	struct tree *t = &s->root->tree;
	bool npm = s->of[0].layout == LAYOUT_NPM;
	enum role (*role)(enum language, struct str) = npm ? role_in_npm : role_in_source;
	struct range r = tree_range(t, s->top);
	size_t cut = s->top == TREE_NONE ? 0 : t->items[s->top].path.n + 1;
	struct report aside = c->report;

	report_init(&c->report, &c->arena);
	examine(c, t, r.from, r.to, cut, role);
	for (uint32_t i = r.from; i < r.to; i++) {
		struct entry *e = &t->items[i];
		enum language lang = source_language(e->path, S(""));
		if (!S_ISREG(e->mode) || lang == LANG_NONE)
			continue;
		const struct subject subject = { t, i, S(""), lang,
						 role(lang, str_tail(e->path, cut)) };
		file_inspect(c, &subject);
		if (subject.role == ROLE_SCRIPT)
			e->caps = 0;
	}
	aside.coverage.unread += c->report.coverage.unread + c->report.coverage.changed +
				 c->report.coverage.skipped;
	c->report = aside;
}

/* "package/" of an npm archive, "demo-1.0/" of a source archive: when there is nothing beside. */
static uint32_t top_of(const struct tree *t)
{
	bool one = t->n > 0 && S_ISDIR(t->items[0].mode) && t->items[0].end == t->n;

	return one ? 0 : TREE_NONE;
}

/* An npm package may bring others in a node_modules of its own. What an installer put into one
 * stands beside its notes. */
static bool brings_modules(const struct tree *t)
{
	static const struct str notes[] = { SC(".package-lock.json"), SC(".yarn-integrity"),
					    SC(".yarn-state.yml"), SC(".modules.yaml") };
	uint32_t top = top_of(t), modules = tree_below(t, top, S("node_modules"));

	if (modules == TREE_NONE || tree_below(t, top, S("package.json")) == TREE_NONE)
		return false;
	for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
		if (tree_below(t, modules, notes[i]) != TREE_NONE)
			return false;
	return true;
}

static void take_release(struct side *s)
{
	struct tree *t = &s->root->tree;

	s->whole = true;
	s->top = top_of(t);
	bases_all(&s->bases, s->top);
	s->of[0].layout = tree_below(t, s->top, S("package.json")) != TREE_NONE &&
					  tree_below(t, s->top, S("PKG-INFO")) == TREE_NONE
				  ? LAYOUT_NPM
				  : LAYOUT_SOURCE;
	inspect_source(s);
	for (uint32_t i = 0; i < t->n; i++)
		take_file(s, i);
}

/* ---- a directory ---- */

static bool is_owned(const struct tree *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->items[i].owner != 0)
			return true;
	return false;
}

static void add_used(struct side *s, size_t n, struct profile_set *out)
{
	for (size_t i = 1; i < n; i++)
		if (s->of[i].bytes > 0)
			out->items[out->n++] = s->of[i];
	if (s->whole)
		out->items[out->n++] = s->of[0];
	else if (out->loose == NULL)
		out->loose = &s->of[0];
}

/* Adds the releases of a directory that has been judged into c->report. */
static bool take_directory(struct checker *c, struct root *r, struct profile_set *out)
{
	size_t n = c->report.packages.n + 1;
	struct side s = { .c = c, .root = r, .of = NEW_ARRAY(&c->arena, struct profile, n) };
	struct profile *more = NEW_ARRAY(&c->arena, struct profile, out->n + n);

	if (s.of == NULL || more == NULL || !bases_find(&s.bases, c, r))
		return false;
	if (out->n > 0)
		memcpy(more, out->items, out->n * sizeof *more);
	out->items = more;
	for (size_t i = 0; i < n; i++) {
		profile_init(&s.of[i], &c->arena);
		s.of[i].layout = LAYOUT_INSTALLED;
		if (i == 0)
			continue;
		const struct package *p = &c->report.packages.items[i - 1];
		profile_release(c, &s.of[i], p);
		s.of[i].layout = p->eco == ECO_NPM ? LAYOUT_NPM : LAYOUT_INSTALLED;
	}
	if (is_owned(&r->tree) && !brings_modules(&r->tree))
		for (uint32_t i = 0; i < r->tree.n; i++)
			take_file(&s, i);
	else
		take_release(&s);
	add_used(&s, n, out);
	out->release = s.whole && out->n == 1;
	return true;
}

/* ---- the previous one ---- */

/* It is judged as the target is, aside: nobody asked what is wrong with it. */
static bool take_previous_directory(struct checker *c, struct root *r, struct profile_set *out)
{
	const struct advisory_index *advisories = c->advisories;
	struct report aside = c->report;

	report_init(&c->report, &c->arena);
	c->advisories = NULL;
	r->role = ROOT_TARGET;
	python_check(c, r);
	node_check(c, r);
	bool taken = take_directory(c, r, out);
	r->role = ROOT_PREVIOUS;
	c->advisories = advisories;
	const struct report_coverage *seen = &c->report.coverage;
	aside.coverage.unread += seen->unread + seen->changed + seen->skipped;
	c->report = aside;
	return taken;
}

static bool take_previous_file(struct checker *c, struct root *r, struct profile_set *out)
{
	uint64_t size = r->tree.items[0].size;
	void *p = size == 0 ? MAP_FAILED
			    : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, r->tree.fd, 0);
	struct str map = { p, (size_t)size };

	out->items = NEW(&c->arena, struct profile);
	if (p == MAP_FAILED || out->items == NULL || archive_kind(map) == ARCHIVE_NONE)
		return false;
	profile_init(out->items, &c->arena);
	out->items->files_wanted = true;
	profile_maker(out->items, MAKER_UPLOADER, r->uploader);
	out->n = 1;
	out->release = true;
	return artifact_profile(c, entry_name(&r->tree.items[0]), map, out->items);
}

struct root *compare_previous(struct checker *c)
{
	for (unsigned i = 0; i < c->n_roots; i++)
		if (c->roots[i].role == ROOT_PREVIOUS)
			return &c->roots[i];
	return NULL;
}

static void compare(struct checker *c, struct root *r, struct profile_set *new)
{
	struct profile_set old = { .n = 0 };
	bool taken = r->tree.single ? take_previous_file(c, r, &old)
				    : take_previous_directory(c, r, &old);

	if (!taken || change_compare_sets(&old, new, &c->arena, &c->report.findings) != OK)
		c->report.coverage.unread++;
}

void compare_archive(struct checker *c, struct profile *p)
{
	struct profile_set new = { .items = p, .n = 1, .release = true };
	struct root *previous = compare_previous(c);

	if (previous == NULL)
		return;
	profile_maker(p, MAKER_UPLOADER, c->roots[0].uploader);
	compare(c, previous, &new);
}

void compare_directories(struct checker *c)
{
	struct profile_set new = { .n = 0 };
	struct root *previous = compare_previous(c);
	bool taken = previous != NULL;

	for (unsigned i = 0; i < c->n_roots && taken; i++) {
		struct root *r = &c->roots[i];
		bool site = c->roots[0].role != ROOT_TARGET &&
			    (r->role == ROOT_SITE || r->role == ROOT_USER_SITE);
		if (r->role == ROOT_TARGET || site)
			taken = take_directory(c, r, &new);
		c->report.coverage.unread += !taken;
	}
	if (previous != NULL && taken)
		compare(c, previous, &new);
}
