/*
 * checker/python_env.c - finds the Python environments of a tree and judges each as its interpreter
 * would load it.
 * Input: the target's directories.   Runs in: checker.
 */
#include "checker/python.h"

#include <string.h>

enum { ENV_SITES = 16, CONFIG_MAX = 64 << 10, SCRIPT_HEAD = 256 };

/* An environment: the directories of packages that share a prefix. */
struct env {
	struct root *root;
	uint32_t prefix; /* TREE_NONE: the root */
	bool is_venv;
	struct python_version version;
	struct str version_text;
	struct site sites[ENV_SITES];
	unsigned n_sites;
};

bool is_site_name(struct str name)
{
	return str_eq(name, S("site-packages")) || str_eq(name, S("dist-packages"));
}

/* ---- the interpreter's version ---- */

/* pyvenv.cfg: "version = 3.11.7" of venv, "version_info = 3.11.7.final.0" of virtualenv. */
static struct str config_value(struct checker *c, struct tree *t, uint32_t i, struct str name,
			       struct str other)
{
	struct str text;

	if (i == TREE_NONE || !S_ISREG(t->items[i].mode) || !file_copy(c, t, i, CONFIG_MAX, &text))
		return S("");
	while (text.n > 0) {
		struct str value, line = str_cut(text, '\n', &text);
		struct str key = str_trim(str_cut(line, '=', &value));
		value = str_trim(value);
		while (value.n > 0 && value.p[value.n - 1] == '\r')
			value.n--;
		if (str_ieq(key, name) || str_ieq(key, other))
			return value;
	}
	return S("");
}

/* "python3.11" as a component of the way to a site. */
static struct str path_version(const struct tree *t, uint32_t dir)
{
	struct str path = dir == TREE_NONE ? t->label : t->items[dir].path;

	while (path.n > 0) {
		struct str part = str_cut(path, '/', &path);
		if (str_has_prefix(part, S("python3.")))
			return str_tail(part, 6);
	}
	return S("");
}

/* bin/python3.11: what a prefix without any other sign has. */
static struct str binary_version(const struct tree *t, uint32_t prefix)
{
	uint32_t bin = tree_below(t, prefix, S("bin"));

	if (bin == TREE_NONE)
		return S("");
	struct range r = tree_range(t, bin);
	for (uint32_t i = r.from; i < r.to; i = t->items[i].end) {
		struct str name = entry_name(&t->items[i]);
		struct python_version v = python_version_read(name);
		if (str_has_prefix(name, S("python3.")) && v.minor >= 0)
			return str_tail(name, 6);
	}
	return S("");
}

static void find_version(struct checker *c, struct env *e, uint32_t site)
{
	struct tree *t = &e->root->tree;
	struct str text = config_value(c, t, tree_below(t, e->prefix, S("pyvenv.cfg")),
				       S("version"), S("version_info"));

	text = str_head(text, 32);
	if (python_version_read(text).minor < 0)
		text = path_version(t, site);
	if (python_version_read(text).minor < 0)
		text = binary_version(t, e->prefix);
	/* What the command line knows of the interpreter is exact, where it is of this one. */
	struct python_version told = python_version_read(c->request.python);
	struct python_version here = python_version_read(text);
	if (told.minor >= 0 && (here.minor < 0 || (here.minor == told.minor && here.micro < 0)))
		text = c->request.python;
	e->version_text = text;
	e->version = python_version_read(text);
}

/* ---- which environments ---- */

/* The prefix of a site: above "lib/python3.11/site-packages" or "lib/python3/dist-packages"; the
 * site itself when it lies nowhere like that. */
static uint32_t prefix_of(const struct tree *t, uint32_t site)
{
	uint32_t version, lib;

	if (site == TREE_NONE || (version = t->items[site].parent) == TREE_NONE)
		return site;
	if (!str_has_prefix(entry_name(&t->items[version]), S("python3")))
		return site;
	lib = t->items[version].parent;
	if (lib == TREE_NONE)
		return site;
	return t->items[lib].parent;
}

static enum role role_in_site(enum language lang, struct str path)
{
	return installed_role(ECO_PYPI, lang, path);
}

static struct site *new_site(struct checker *c, struct env *e, uint32_t dir)
{
	if (e->n_sites == ENV_SITES) {
		c->report.coverage.skipped++;
		return NULL;
	}
	struct site *s = &e->sites[e->n_sites++];
	*s = (struct site){ .env = e,
			    .root = e->root,
			    .dir = dir,
			    .prefix = e->prefix,
			    .version = e->version,
			    .version_text = e->version_text };
	return s;
}

static void read_site(struct checker *c, struct env *e, uint32_t dir)
{
	struct tree *t = &e->root->tree;
	struct range r = tree_range(t, dir);
	struct site *s = new_site(c, e, dir);

	if (s == NULL)
		return;
	examine(c, t, r.from, r.to, dir == TREE_NONE ? 0 : t->items[dir].path.n + 1, role_in_site);
	packages_read(c, s);
}

static bool in_sites(const struct env *e, uint32_t i)
{
	for (unsigned k = 0; k < e->n_sites; k++) {
		struct range r = tree_range(&e->root->tree, e->sites[k].dir);
		if ((i >= r.from && i < r.to) || i == e->sites[k].dir)
			return true;
	}
	return false;
}

void env_add_site(struct checker *c, struct env *e, uint32_t dir, bool searched)
{
	struct site *s = e == NULL || in_sites(e, dir) ? NULL : new_site(c, e, dir);

	if (s == NULL)
		return;
	s->added = true;
	s->has_records = e->sites[0].has_records;
	if (searched)
		customize_check(c, s);
}

/* ---- what is in a site ---- */

/* Native code that the interpreter takes before the source beside it. */
static bool shadows(const struct tree *t, const struct entry *e)
{
	char path[256];
	struct str name = entry_name(e), stem = str_head(name, str_chr(name, '.'));

	if (!str_has_suffix(name, S(".so")) || stem.n + 3 > sizeof path)
		return false;
	memcpy(path, stem.p, stem.n);
	memcpy(path + stem.n, ".py", 3);
	uint32_t i = tree_below(t, e->parent, (struct str){ path, stem.n + 3 });
	return i != TREE_NONE && t->items[i].owner != 0;
}

static void judge_unowned(struct checker *c, struct site *s, uint32_t i)
{
	struct tree *t = &s->root->tree;
	const struct entry *e = &t->items[i];
	struct str name = entry_name(e);

	if (e->owner != 0 || !s->has_records)
		return;
	if (shadows(t, e) && file_hash(c, t, i))
		file_finding(c, t, i, RULE_NATIVE_SHADOW, S(""), 0, S(""), " ");
	else if (str_has_suffix(name, S(".py")) || str_has_suffix(name, S(".so")))
		file_finding(c, t, i, RULE_FILE_UNOWNED, S(""), 0, S(""), " ");
}

/* Modules behind a link: the file is read as what the link is called, and a directory elsewhere in
 * the target is looked at as if it lay here. */
static void judge_link(struct checker *c, struct site *s, uint32_t i, struct str name)
{
	struct tree *t = &s->root->tree;
	struct entry *e = &t->items[i];
	bool outside;
	uint32_t to = tree_resolve(t, e->parent, e->link, &outside);

	if (outside && s->root->role == ROOT_TARGET)
		file_finding(c, t, i, RULE_LINK_OUTSIDE, package_purl(c, e), 0, e->link, " ");
	if (outside || to == TREE_NONE)
		return;
	if (S_ISDIR(t->items[to].mode)) {
		env_add_site(c, s->env, to, false);
		return;
	}
	enum language language = source_language(e->path, S(""));
	if (!S_ISREG(t->items[to].mode) || language == LANG_NONE ||
	    (t->items[to].inspected && source_language(t->items[to].path, S("")) == language))
		return;
	const struct subject subject = { t, to, package_purl(c, e), language,
					 installed_role(ECO_PYPI, language, name) };
	file_inspect(c, &subject);
	t->items[to].inspected |= source_language(t->items[to].path, S("")) == language;
}

static void judge_file(struct checker *c, struct site *s, uint32_t i)
{
	struct tree *t = &s->root->tree;
	struct entry *e = &t->items[i];
	size_t cut = s->dir == TREE_NONE ? 0 : t->items[s->dir].path.n + 1;

	if (S_ISLNK(e->mode)) {
		judge_link(c, s, i, str_tail(e->path, cut));
		return;
	}
	if (!S_ISREG(e->mode) || e->inspected)
		return;
	if (str_has_suffix(e->path, S(".pyc"))) {
		bytecode_check(c, s, i);
		return;
	}
	e->inspected = true;
	enum language language = source_language(e->path, S(""));
	struct subject subject = { t, i, package_purl(c, e), language,
				   role_in_site(language, str_tail(e->path, cut)) };
	if (subject.language != LANG_NONE)
		file_inspect(c, &subject);
	else
		(void)file_hash(c, t, i);
	judge_unowned(c, s, i);
}

/* ---- programs ---- */

/* What a script is in, by its first line; from what is remembered when the file is the same. */
static enum language script_language(struct checker *c, struct tree *t, uint32_t i)
{
	const struct entry *e = &t->items[i];
	const struct cache_slot *known = cache_get(&c->cache, e);
	struct str name = entry_name(e), head;
	bool whole;

	if (str_eq(name, S("activate")))
		return LANG_SHELL; /* it is sourced, and says so in a comment only */
	enum language language = source_language(e->path, S(""));
	if (language != LANG_NONE)
		return language;
	if (known != NULL && known->role == ROLE_INSTALL)
		return known->language;
	return file_read(c, t, i, SCRIPT_HEAD, &head, &whole) ? source_language(name, head)
							      : LANG_NONE;
}

/* What is in bin/ of a virtual environment is found before the system's own programs. */
static void judge_programs(struct checker *c, struct env *e)
{
	struct tree *t = &e->root->tree;
	uint32_t bin = tree_below(t, e->prefix, S("bin"));

	if (!e->is_venv || bin == TREE_NONE || !S_ISDIR(t->items[bin].mode))
		return;
	struct range r = tree_range(t, bin);
	for (uint32_t i = r.from; i < r.to; i++) {
		struct entry *f = &t->items[i];
		if (!S_ISREG(f->mode) || f->inspected)
			continue;
		f->inspected = true;
		const struct subject s = { t, i, package_purl(c, f), script_language(c, t, i),
					   ROLE_INSTALL };
		if (s.language != LANG_NONE)
			file_inspect(c, &s);
		else
			(void)file_hash(c, t, i);
	}
}

static void judge_site(struct checker *c, struct site *s)
{
	struct tree *t = &s->root->tree;
	struct range r = tree_range(t, s->dir);

	if (!s->added)
		hooks_check(c, s);
	for (uint32_t i = r.from; i < r.to; i++)
		judge_file(c, s, i);
}

/* ---- the digest ---- */

/* Import roots, console scripts and pyvenv.cfg: what makes an environment what it is. */
static bool belongs(const void *ctx, uint32_t i, struct str path)
{
	const struct env *e = ctx;

	return !e->root->tree.items[i].left_out &&
	       (in_sites(e, i) ||
		(e->is_venv && (str_has_prefix(path, S("bin/")) || str_eq(path, S("pyvenv.cfg")))));
}

/* The interpreter that an environment is of, where it lies in the same tree: around it, or in an
 * image where a virtual environment says. */
static void find_interpreter(struct checker *c, struct env *e, struct report_environment *out)
{
	struct tree *t = &e->root->tree;
	uint32_t prefix = e->prefix;
	bool outside;

	if (e->is_venv && t->absolute_inside) {
		struct str home = config_value(c, t, tree_below(t, e->prefix, S("pyvenv.cfg")),
					       S("home"), S("home"));
		uint32_t bin = tree_resolve(t, TREE_NONE, str_tail(home, 1), &outside);
		if (home.n == 0 || home.p[0] != '/' || bin == TREE_NONE)
			return;
		prefix = t->items[bin].parent;
	}
	interpreter_inside(c, e->root, prefix, e->version, &out->interpreter);
}

/* ---- one environment ---- */

static void env_check(struct checker *c, struct env *e, const uint32_t *sites, unsigned n)
{
	struct report_environment *out = report_environment(&c->report);
	size_t packages = c->report.packages.n;

	if (out == NULL) {
		c->report.coverage.skipped++;
		return;
	}
	size_t number = c->report.n_environments - 1;
	find_version(c, e, sites[0]);
	for (unsigned i = 0; i < n; i++)
		read_site(c, e, sites[i]);
	packages = c->report.packages.n - packages;
	for (unsigned i = 0; i < e->n_sites; i++)
		judge_site(c, &e->sites[i]);
	judge_programs(c, e);
	out = &c->report.environments[number];
	*out = (struct report_environment){ .path = file_path(c, &e->root->tree, e->prefix),
					    .kind = TARGET_PYTHON,
					    .version = e->version_text,
					    .packages = packages };
	env_digest(c, &e->root->tree, e->prefix, belongs, e, out);
	find_interpreter(c, e, out);
}

static bool has_dist_info(const struct tree *t, uint32_t dir)
{
	struct range r = tree_range(t, dir);

	for (uint32_t i = r.from; i < r.to; i = t->items[i].end)
		if (str_has_suffix(entry_name(&t->items[i]), S(".dist-info")) &&
		    S_ISDIR(t->items[i].mode))
			return true;
	return false;
}

/* Whether the target is a directory of packages although nothing else says so: one with startup
 * files, or the source of a package. */
static bool holds_packages(const struct tree *t, uint32_t dir)
{
	struct range r = tree_range(t, dir);

	for (uint32_t i = r.from; i < r.to; i = t->items[i].end)
		if (str_has_suffix(entry_name(&t->items[i]), S(".dist-info")) ||
		    str_has_suffix(entry_name(&t->items[i]), S(".egg-info")) ||
		    startup_kind(entry_name(&t->items[i]), PYTHON_UNKNOWN) == STARTUP_PTH)
			return true;
	return false;
}

/* The sites of one prefix, from the one at index first on; they are marked. */
static unsigned sites_of(struct tree *t, uint32_t first, uint32_t prefix, uint32_t out[ENV_SITES])
{
	uint32_t end = prefix == first ? first + 1 : tree_range(t, prefix).to;
	unsigned n = 0;

	for (uint32_t k = first; k < end && n < ENV_SITES; k++) {
		if (!S_ISDIR(t->items[k].mode) || !is_site_name(entry_name(&t->items[k])))
			continue;
		if (prefix_of(t, k) == prefix) {
			t->items[k].inspected = true;
			out[n++] = k;
		}
		k = t->items[k].end - 1;
	}
	return n;
}

/* The environments below the root, those by the name of their directory. */
static void check_named(struct checker *c, struct root *r)
{
	struct tree *t = &r->tree;
	uint32_t sites[ENV_SITES];

	for (uint32_t i = 0; i < t->n; i++) {
		if (!S_ISDIR(t->items[i].mode) || !is_site_name(entry_name(&t->items[i])))
			continue;
		if (!t->items[i].inspected) {
			struct env e = { .root = r, .prefix = prefix_of(t, i) };
			unsigned n = sites_of(t, i, e.prefix, sites);
			e.is_venv = tree_below(t, e.prefix, S("pyvenv.cfg")) != TREE_NONE;
			env_check(c, &e, sites, n);
		}
		i = t->items[i].end - 1; /* what packages bring inside of them is theirs */
	}
}

static void check_one(struct checker *c, struct root *r, uint32_t dir)
{
	struct env e = { .root = r, .prefix = dir };

	env_check(c, &e, &dir, 1);
}

/* Directories of packages under any other name, as "pip install --target" makes them. uv's cache
 * has one for each package, which are the cache's matter. */
static void check_unnamed(struct checker *c, struct root *r)
{
	struct tree *t = &r->tree;

	for (uint32_t i = 0; i < t->n; i++) {
		if (!S_ISDIR(t->items[i].mode))
			continue;
		bool passed = t->items[i].inspected ||
			      str_eq(entry_name(&t->items[i]), S("node_modules")) ||
			      str_has_prefix(entry_name(&t->items[i]), S("archive-v"));
		if (!passed && has_dist_info(t, i)) {
			check_one(c, r, i);
			passed = true;
		}
		i = passed ? t->items[i].end - 1 : i;
	}
}

void python_check(struct checker *c, struct root *r)
{
	struct tree *t = &r->tree;

	bool itself = is_site_name(str_tail(t->label, t->label.n < 13 ? 0 : t->label.n - 13)) ||
		      r->role == ROOT_SITE || r->role == ROOT_USER_SITE;
	/* What is an environment of its own is judged as one, whatever lies beside it. */
	if (!itself)
		check_named(c, r);
	if (itself || holds_packages(t, TREE_NONE))
		check_one(c, r, TREE_NONE);
	else
		check_unnamed(c, r);
}
