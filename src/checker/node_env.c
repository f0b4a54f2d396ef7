/*
 * checker/node_env.c - node_modules as node would load it: every package in it, its scripts, and
 * what the hidden lock file says should be there.
 * Input: the target's files.   Runs in: checker.
 */
#include "checker/named.h"
#include "checker/profile.h"
#include "checker/python.h"

#include "codec/json.h"
#include "inspect/gyp.h"

#include <string.h>

enum { PACKAGE_JSON = 4 << 20, LOCK_JSON = 64 << 20, GYP_FILE = 1 << 20, HEAD = 64 };

static bool is_modules(struct str label)
{
	return str_has_suffix(label, S("/node_modules"));
}

/* The directory of a package: "node_modules/name" or "node_modules/@scope/name". */
bool node_package_dir(const struct tree *t, uint32_t dir)
{
	uint32_t up = dir == TREE_NONE ? TREE_NONE : t->items[dir].parent;

	if (dir == TREE_NONE)
		return false;
	if (up != TREE_NONE && entry_name(&t->items[up]).p[0] == '@')
		up = t->items[up].parent;
	return up == TREE_NONE ? is_modules(t->label)
			       : str_eq(entry_name(&t->items[up]), S("node_modules"));
}

static void judge_command(struct checker *c, struct tree *t, uint32_t i, struct str purl,
			  struct str command)
{
	struct caps caps = { 0 };

	arena_reset(&c->scratch);
	source_inspect(c->lexicon, LANG_SHELL, ROLE_INSTALL, purl, file_path(c, t, i), command,
		       &c->scratch, &c->report.findings, &caps);
}

static void judge_script(struct checker *c, struct tree *t, uint32_t i, struct str purl,
			 struct str name, struct str command)
{
	file_finding(c, t, i, RULE_INSTALL_SCRIPT, purl, 0, command, "%.*s", FMT(name));
	judge_command(c, t, i, purl, command);
}

/* What node-gyp ran when it built the package. */
static void judge_gyp(struct checker *c, struct tree *t, uint32_t i)
{
	struct str name = entry_name(&t->items[i]), text, command;
	struct gyp g;
	bool whole;

	if ((!str_has_suffix(name, S(".gyp")) && !str_has_suffix(name, S(".gypi"))) ||
	    !file_read(c, t, i, GYP_FILE, &text, &whole))
		return;
	gyp_init(&g, text);
	while (gyp_next(&g, &command))
		judge_command(c, t, i, package_purl(c, &t->items[i]), command);
}

static bool has_gyp(const struct tree *t, uint32_t i)
{
	return tree_below(t, t->items[i].parent, S("binding.gyp")) != TREE_NONE;
}

/* A file that a script starts or that is an entry point runs, whatever it is called. */
static void judge_named(struct checker *c, struct tree *t, uint32_t dir, const struct named *n,
			struct str purl)
{
	char head[HEAD] = "";
	bool outside;
	uint32_t i = tree_resolve(t, dir, n->text, &outside);

	if (i == TREE_NONE || !S_ISREG(t->items[i].mode) || t->items[i].inspected)
		return;
	if (source_language(t->items[i].path, S("")) == LANG_NONE && t->items[i].size >= HEAD)
		(void)file_head(c, t, i, head, HEAD);
	enum language language = named_language(n, t->items[i].path, (struct str){ head, HEAD });
	if (language == LANG_PYTHON || language == LANG_NONE)
		return;
	t->items[i].inspected = true;
	const struct subject s = { t, i, purl, language, n->role };
	file_inspect(c, &s);
}

void node_scripts(struct checker *c, struct tree *t, uint32_t i, const struct json *root,
		  struct str purl, bool prepare)
{
	struct named_list l;

	named_read(&c->arena, root, has_gyp(t, i), prepare, &l);
	for (unsigned k = 0; k < l.n; k++) {
		const struct named *n = &l.items[k];
		if (n->script.n == 0)
			judge_named(c, t, t->items[i].parent, n, purl);
		else if (n->direct && !prepare)
			judge_script(c, t, i, purl, n->script, n->text);
		else
			judge_command(c, t, i, purl, n->text);
	}
}

static void own_package(struct tree *t, uint32_t dir, uint32_t owner)
{
	for (uint32_t i = dir + 1; i < t->items[dir].end; i++) {
		if (S_ISDIR(t->items[i].mode) &&
		    str_eq(entry_name(&t->items[i]), S("node_modules"))) {
			i = t->items[i].end - 1;
			continue;
		}
		t->items[i].owner = owner;
	}
}

static void read_package(struct checker *c, struct tree *t, uint32_t i)
{
	struct package p = { .eco = ECO_NPM, .origin = ORIGIN_INDEX };
	const struct json *root;
	struct str text, name, command;

	if (!file_copy(c, t, i, PACKAGE_JSON, &text) ||
	    json_read(&c->arena, text, &root, NULL) != OK)
		return;
	p.name = json_str(&c->arena, json_get(root, S("name")));
	p.version = json_str(&c->arena, json_get(root, S("version")));
	if (p.name.p == NULL || p.version.p == NULL)
		return;
	for (unsigned k = 0; k < NPM_SCRIPTS; k++)
		p.scripts |= npm_script(&c->arena, root, has_gyp(t, i), k, &name, &command);
	p.where = file_path(c, t, i);
	size_t first = c->report.findings.n;
	release_add(c, &p);
	finding_date(c, first, "installed", t->items[i].ctime_ns);
	uint32_t owner = (uint32_t)c->report.packages.n;
	own_package(t, t->items[i].parent, owner);
	node_scripts(c, t, i, root, package_purl(c, &t->items[i]), false);
}

/* What follows the last "node_modules/": the package's name, and its file. */
static struct str in_modules(struct str path)
{
	const struct str mark = S("node_modules/");
	size_t at;

	while ((at = str_find(path, mark)) != SIZE_MAX)
		path = str_tail(path, at + mark.n);
	return path;
}

static enum role role_in_modules(enum language lang, struct str path)
{
	return installed_role(ECO_NPM, lang, in_modules(path));
}

static void inspect_all(struct checker *c, struct tree *t, uint32_t dir)
{
	struct range r = tree_range(t, dir);

	for (uint32_t i = r.from; i < r.to; i++) {
		struct entry *e = &t->items[i];
		if (!S_ISREG(e->mode) || e->inspected)
			continue;
		e->inspected = true;
		enum language language = source_language(e->path, S(""));
		const struct subject s = { t, i, package_purl(c, e), language,
					   role_in_modules(language, e->path) };
		if (s.language != LANG_NONE)
			file_inspect(c, &s);
		else
			(void)file_hash(c, t, i);
		judge_gyp(c, t, i);
	}
}

/* The digest of the archive that it was installed from. */
static void note_integrity(struct checker *c, struct package *p, struct str sri, struct str from)
{
	struct package_hash h = { .n = 0 };

	if (p->n_hashes > 0 || sri.p == NULL || !package_hash_sri(&h, sri) ||
	    !ARENA_ROOM(&c->arena, p->hashes, p->n_hashes, p->cap_hashes))
		return;
	p->hashes[p->n_hashes++] = h;
	p->hashes_from = from;
}

/* node_modules/.package-lock.json says what npm put there; a package of another version was put
 * there by somebody else. */
static void compare_lock(struct checker *c, struct tree *t, uint32_t dir)
{
	uint32_t lock = tree_below(t, dir, S(".package-lock.json"));
	const struct json *root;
	struct str text;

	if (lock == TREE_NONE || dir == TREE_NONE || !file_copy(c, t, lock, LOCK_JSON, &text) ||
	    json_read(&c->arena, text, &root, NULL) != OK)
		return;
	const struct json *packages = json_get(root, S("packages"));
	if (!json_is(packages, JSON_OBJECT))
		return;
	JSON_EACH_MEMBER (packages, key) {
		struct str path = json_str(&c->arena, key);
		struct str want = json_str(&c->arena, json_get(key + 1, S("version")));
		bool outside;
		uint32_t i = tree_resolve(t, t->items[dir].parent, path, &outside);
		i = i == TREE_NONE ? i : tree_below(t, i, S("package.json"));
		uint32_t owner = i == TREE_NONE ? 0 : t->items[i].owner;
		if (want.p == NULL || owner == 0)
			continue;
		struct package *p = &c->report.packages.items[owner - 1];
		if (str_eq(p->version, want))
			note_integrity(c, p,
				       json_str(&c->arena, json_get(key + 1, S("integrity"))),
				       file_path(c, t, lock));
		else
			file_finding(c, t, i, RULE_FILE_ALTERED, package_purl(c, &t->items[i]), 0,
				     S(""), "the lock file says %.*s", FMT(want));
	}
}

static void check_modules(struct checker *c, struct tree *t, uint32_t dir)
{
	struct report_environment *out = report_environment(&c->report);
	size_t before = c->report.packages.n, number = c->report.n_environments - 1;
	struct range r = tree_range(t, dir);

	if (out == NULL) {
		c->report.coverage.skipped++;
		return;
	}
	examine(c, t, r.from, r.to, 0, role_in_modules);
	for (uint32_t i = r.from; i < r.to; i++)
		if (S_ISREG(t->items[i].mode) &&
		    str_eq(entry_name(&t->items[i]), S("package.json")) &&
		    (node_package_dir(t, t->items[i].parent)))
			read_package(c, t, i);
	compare_lock(c, t, dir);
	inspect_all(c, t, dir);
	out = &c->report.environments[number];
	*out = (struct report_environment){ .path = file_path(c, t, dir),
					    .kind = TARGET_NODE,
					    .version = S(""),
					    .packages = c->report.packages.n - before };
	env_digest(c, t, dir, NULL, NULL, out);
}

void node_check(struct checker *c, struct root *r)
{
	struct tree *t = &r->tree;

	if (is_modules(t->label)) {
		check_modules(c, t, TREE_NONE);
		return;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		if (!S_ISDIR(t->items[i].mode) ||
		    !str_eq(entry_name(&t->items[i]), S("node_modules")))
			continue;
		check_modules(c, t, i);
		i = t->items[i].end - 1;
	}
}
