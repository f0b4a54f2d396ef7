/*
 * checker/artifact.c - a wheel, source archive or npm package: read in place, never unpacked.
 * Input: the target's archives, read by codec/archive.h and package/artifact.h.   Runs in:
 * checker.
 */
#include "checker/agents.h"
#include "checker/named.h"
#include "checker/outside.h"
#include "checker/profile.h"
#include "inspect/gyp.h"

#include "codec/archive.h"
#include "inspect/pyc.h"
#include "package/artifact.h"
#include "package/model.h"

#include <string.h>

/* An archive that is being read. */
struct reading {
	struct checker *c;
	struct archive *archive;
	struct artifact *artifact;
	struct findings *f;
	struct profile *profile;
	struct named_list named; /* files that run, whatever they are called */
	bool gyp;		 /* npm would build it */
	bool quiet;		 /* the release before: only its profile is wanted */
	struct str purl;	 /* known once its metadata was read; until then "" */
	size_t first;		 /* number of the first finding that may lack it */
};

/* What follows the last component called name: "" when there is none. */
static struct str below(struct str path, struct str name)
{
	struct str found = S("");

	while (path.n > 0) {
		struct str part = str_cut(path, '/', &path);
		if (str_eq(part, name))
			found = path;
	}
	return found;
}

/* Where a member of a wheel comes to lie, seen from the directory of packages:
 * "demo-1.0.data/purelib/x.pth" and "x.pth" land beside each other, and so does
 * "demo-1.0.data/data/lib/python3.12/site-packages/x.pth". */
static struct str installed_name(struct str name, bool *out_top)
{
	struct str rest, head = str_cut(name, '/', &rest);

	if (str_has_suffix(head, S(".data"))) {
		struct str scheme = str_cut(rest, '/', &rest);
		struct str site = below(rest, S("site-packages"));
		if (site.n == 0)
			site = below(rest, S("dist-packages"));
		if (str_eq(scheme, S("purelib")) || str_eq(scheme, S("platlib")))
			name = rest;
		else if (str_eq(scheme, S("data")))
			name = site.n > 0 ? site : rest;
	}
	*out_top = str_chr(name, '/') == SIZE_MAX;
	return name;
}

/* npm drops the first component. */
static struct str below_root(struct str path)
{
	struct str rest;

	(void)str_cut(path, '/', &rest);
	return rest;
}

/* A module that a startup line imports runs at every start, too: "a/b" of "a.b". */
static void name_module(struct reading *r, struct str module)
{
	char *path = module.n > 0 ? arena_take(&r->c->arena, module.n, 1) : NULL;

	for (size_t i = 0; path != NULL && i < module.n; i++)
		path[i] = module.p[i] == '.' ? '/' : module.p[i];
	if (path != NULL)
		named_file(&r->named, (struct str){ path, module.n }, LANG_PYTHON, ROLE_STARTUP);
}

static void judge_line(struct reading *r, struct str path, const struct startup_line *l)
{
	struct findings *f = r->f;
	struct caps caps = { 0 };
	size_t first = f->n;

	profile_hook(r->profile, path, l->line, l->text);
	if (l->act == STARTUP_PATH || (l->act == STARTUP_EXEC && startup_known(l->text) != NULL))
		return;
	if (l->act == STARTUP_EXEC) {
		arena_reset(&r->c->scratch);
		source_inspect(r->c->lexicon, LANG_PYTHON, ROLE_STARTUP, r->purl, path, l->text,
			       &r->c->scratch, f, &caps);
	}
	for (size_t i = first; i < f->n; i++)
		f->items[i].line = l->line;
	name_module(r, startup_module(l->text));
	if (!findings_has(f, first, RULE_STARTUP_EXEC))
		finding_add(f, startup_hostile(caps.bits) ? RULE_STARTUP_EXEC : RULE_STARTUP_HOOK,
			    r->purl, path, l->line, l->text, " ");
}

static void judge_hook(struct reading *r, struct str path, enum startup_kind kind, struct str text)
{
	struct startup_scan s = startup_begin(kind, PYTHON_UNKNOWN, text);
	struct startup_line l;

	while (startup_next(&s, &l))
		judge_line(r, path, &l);
}

/* Compiled code that is imported without anybody having seen its source. */
static void judge_bytecode(struct reading *r, struct str path, struct str text)
{
	bool cached = str_find(path, S("__pycache__/")) != SIZE_MAX;
	struct pyc p;

	if (!cached)
		finding_add(r->f, RULE_BYTECODE_SOURCELESS, r->purl, path, 0, S(""), " ");
	else if (pyc_read(str_head(text, PYC_HEAD), &p) == OK && p.hashed && !p.checked)
		finding_add(r->f, RULE_BYTECODE_SOURCELESS, r->purl, path, 0, S(""),
			    "nothing compares it with the source beside it before it runs");
}

/* Directly in a directory of packages. */
static bool in_site(struct str path)
{
	struct str dir = str_head(path, path.n - str_last(path, '/').n);

	return str_has_suffix(dir, S("site-packages/")) || str_has_suffix(dir, S("dist-packages/"));
}

/* The layer of an image, or an environment that somebody packed: what is installed in it. */
static void note_installed(struct reading *r, const struct member *m)
{
	struct str name = str_last(m->name, '/');
	struct str dir = str_head(m->name, m->name.n - name.n);
	struct package p = { .eco = ECO_PYPI, .origin = ORIGIN_INDEX, .where = m->name };

	if (r->quiet || r->artifact->kind != ARTIFACT_NONE || !str_eq(name, S("METADATA")) ||
	    dir.n == 0)
		return;
	dir = str_last(str_head(dir, dir.n - 1), '/');
	if (wheel_dir_parse(dir, S(".dist-info"), &p.name, &p.version))
		release_add(r->c, &p);
}

/* Where a startup hook of this name would come to lie, if it does. A source archive puts its files
 * where its own code says. */
static enum startup_kind hook_kind(const struct reading *r, struct str installed, bool top)
{
	if (r->artifact->kind == ARTIFACT_SDIST)
		return startup_kind(str_last(installed, '/'), PYTHON_UNKNOWN);
	if (r->artifact->kind == ARTIFACT_NONE && (in_site(installed) || top))
		return startup_kind(str_last(installed, '/'), PYTHON_UNKNOWN);
	return top && r->artifact->kind == ARTIFACT_WHEEL ? startup_kind(installed, PYTHON_UNKNOWN)
							  : STARTUP_NONE;
}

/* What the code of a member can do is the result. */
static uint32_t judge_source(struct reading *r, const struct member *m, struct str text)
{
	struct findings *f = r->f;
	struct caps caps = { 0 };
	bool top = false;
	struct str name = installed_name(m->name, &top);
	enum startup_kind kind = hook_kind(r, name, top);

	if (model_named(name)) {
		const struct model_place at = { r->purl, m->name, f };
		model_judge(r->c, &at, text);
	}
	if (kind != STARTUP_NONE) {
		judge_hook(r, m->name, kind, text);
		return 0;
	}
	if (str_has_suffix(name, S(".pyc")) && r->artifact->kind != ARTIFACT_NPM)
		judge_bytecode(r, m->name, text);
	enum language language = source_language(m->name, text);
	enum ecosystem eco = r->artifact->kind == ARTIFACT_NPM ? ECO_NPM : ECO_PYPI;
	enum role role = r->artifact->kind == ARTIFACT_SDIST ? source_role(m->name)
							     : installed_role(eco, language, name);
	size_t first = f->n;
	if (top && r->artifact->kind == ARTIFACT_WHEEL && str_has_suffix(name, S(".so")) &&
	    (str_has_prefix(name, S("sitecustomize.")) ||
	     str_has_prefix(name, S("usercustomize."))))
		finding_add(f, RULE_STARTUP_MODULE, r->purl, m->name, 0, S(""),
			    "it is compiled: nobody can read what it does");
	arena_reset(&r->c->scratch);
	source_inspect(r->c->lexicon, language, role, r->purl, m->name, text, &r->c->scratch, f,
		       &caps);
	if (role == ROLE_STARTUP && startup_module_hostile(caps.bits) &&
	    !findings_has(f, first, RULE_STARTUP_EXEC))
		finding_add(f, RULE_STARTUP_EXEC, r->purl, m->name, 0, S(""), " ");
	return role == ROLE_SCRIPT ? 0 : caps.bits;
}

/* Source that is too large to be read is a hiding place. */
static void too_large(struct reading *r, const struct member *m)
{
	if (source_language(m->name, S("")) == LANG_NONE &&
	    model_kind(m->name, S("")) != MODEL_PICKLE &&
	    startup_kind(str_last(m->name, '/'), PYTHON_UNKNOWN) == STARTUP_NONE)
		return;
	r->c->report.coverage.skipped += !r->quiet;
	finding_add(r->f, RULE_FILE_TOO_LARGE, r->purl, m->name, 0, S(""), "%llu bytes",
		    (unsigned long long)m->size);
}

/* A member that is no source is only digested. */
static enum err digest_rest(struct reading *r, uint8_t out[32])
{
	struct str piece;
	enum err e;

	while ((e = archive_read(r->archive, &piece)) == OK && piece.n > 0)
		sha256_update(&r->c->sha, piece);
	sha256_final(&r->c->sha, out);
	return e;
}

/* The name by which a member is compared: without the directory that only an archive has. */
static struct str name_of(const struct reading *r, struct str name)
{
	bool top;
	size_t slash = str_chr(name, '/');

	if (r->artifact->kind == ARTIFACT_WHEEL)
		return installed_name(name, &top);
	return slash == SIZE_MAX ? name : str_tail(name, slash + 1);
}

/* ---- what npm runs ---- */

static void judge_command(struct reading *r, struct str place, struct str command)
{
	struct caps caps = { 0 };

	arena_reset(&r->c->scratch);
	source_inspect(r->c->lexicon, LANG_SHELL, ROLE_INSTALL, r->purl, place, command,
		       &r->c->scratch, r->f, &caps);
}

static void judge_script(struct reading *r, struct str place, struct str name, struct str command)
{
	profile_script(r->profile, place, name, command);
	finding_add(r->f, RULE_INSTALL_SCRIPT, r->purl, place, 0, command, "%.*s", FMT(name));
	judge_command(r, place, command);
}

/* package.json of an npm package: what runs when it is installed, and files that run. */
static void judge_scripts(struct reading *r, struct str text, struct str place, bool gyp)
{
	const struct json *root;
	struct named_list l;

	if (text.p == NULL || json_read(&r->c->arena, text, &root, NULL) != OK)
		return;
	named_read(&r->c->arena, root, gyp, false, &l);
	for (unsigned k = 0; k < l.n; k++) {
		const struct named *n = &l.items[k];
		if (n->script.n == 0)
			named_file(&r->named, n->text, n->language, n->role);
		else if (n->direct)
			judge_script(r, place, n->script, n->text);
		else
			judge_command(r, place, n->text);
	}
}

/* Scripts of what lies bundled in a package run as its own do, and files of node-gyp are programs.
 */
static void judge_npm_member(struct reading *r, const struct member *m, struct str text)
{
	struct str name = str_last(m->name, '/'), command;
	struct gyp g;

	if (r->artifact->kind != ARTIFACT_NPM)
		return;
	bool bundled = str_find(m->name, S("/node_modules/")) != SIZE_MAX;
	if (bundled && str_eq(name, S("package.json")))
		judge_scripts(r, text, m->name, false);
	if (bundled && str_eq(name, S("binding.gyp")))
		judge_script(r, m->name, S("install"), S("node-gyp rebuild"));
	if (str_eq(below_root(m->name), S("binding.gyp")))
		r->gyp = true;
	if (!str_has_suffix(name, S(".gyp")) && !str_has_suffix(name, S(".gypi")))
		return;
	gyp_init(&g, text);
	while (gyp_next(&g, &command))
		judge_command(r, m->name, command);
}

/* What an agent would take orders from, once it is installed. */
static void judge_agents(struct reading *r, const struct member *m, struct str text)
{
	const struct agent_place at = { .c = r->c,
					.f = r->f,
					.package = r->purl,
					.path = m->name,
					.packed = true,
					.kept = r->artifact->kind == ARTIFACT_SDIST };

	if (r->artifact->kind != ARTIFACT_NONE && text.n <= CHECKER_SMALL)
		agent_judge(&at, agent_kind(m->name), text);
}

/* What a build has fetched, of which only pyproject.toml is a manifest anywhere else, too. */
static void judge_sdist_member(struct reading *r, const struct member *m, struct str text)
{
	static const struct {
		struct str name;
		enum manifest kind;
	} rows[] = { { SC("pyproject.toml"), MANIFEST_PYPROJECT },
		     { SC("setup.cfg"), MANIFEST_SETUP_CFG },
		     { SC("setup.py"), MANIFEST_SETUP_PY } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (r->artifact->kind == ARTIFACT_SDIST &&
		    str_eq(below_root(m->name), rows[i].name))
			outside_manifest(rows[i].kind, m->name, text, r->purl, &r->c->scratch,
					 r->f);
}

static enum err read_member(struct reading *r, const struct member *m)
{
	struct checker *c = r->c;
	struct str text = { "", 0 };
	bool wanted = artifact_wants(r->artifact, m);
	uint8_t sha[32];
	size_t first = r->f->n;
	uint32_t caps = 0;
	enum err e;

	if (!r->quiet) {
		c->report.coverage.files++;
		c->report.coverage.bytes += m->size;
	}
	if (!wanted && m->size > CHECKER_TEXT) {
		e = digest_rest(r, sha);
		too_large(r, m);
	} else {
		/* Contents live as long as the whole check only where they must. */
		struct arena *a = &c->content;
		arena_reset(a);
		e = archive_read_all(r->archive, a, wanted ? artifact_max(m) : CHECKER_TEXT, &text);
		if (e == OK) {
			sha256_with(&c->sha, text, sha);
			caps = judge_source(r, m, text);
			judge_npm_member(r, m, text);
			judge_agents(r, m, text);
			judge_sdist_member(r, m, text);
		}
	}
	if (e == ERR_UNSUPPORTED) {
		c->report.coverage.unread++; /* and its fault is a finding */
		return OK;
	}
	TRY(e);
	note_installed(r, m);
	profile_file(r->profile, m->name, m->size, caps, r->artifact->kind != ARTIFACT_NPM);
	if (r->profile->files_wanted)
		profile_content(r->profile, name_of(r, m->name), m->name, sha);
	for (size_t i = first; i < r->f->n; i++) {
		struct finding *f = &r->f->items[i];
		f->has_sha256 = true;
		memcpy(f->sha256, sha, sizeof f->sha256);
	}
	return artifact_add(r->artifact, m, wanted ? text : S(""), sha);
}

/* Whoever unpacks a source archive gets the target's bytes under the link's name: those were read
 * for what the target's name makes of them. npm leaves links out. */
static void judge_link(struct reading *r, const struct member *m)
{
	enum language language = source_language(m->name, S(""));
	bool same = language == source_language(m->link, S("")) &&
		    source_role(m->name) == source_role(m->link);

	if (r->artifact->kind == ARTIFACT_SDIST && language != LANG_NONE && !same)
		finding_add(r->f, RULE_PACKAGE_LAYOUT, r->purl, m->name, 0, m->link,
			    "a link to what was not read as source of this name");
}

static enum err read_members(struct reading *r)
{
	const struct member *m;
	enum err e;

	while ((e = archive_next(r->archive, &m)) == OK && m != NULL)
		if (m->type == MEMBER_FILE)
			TRY(read_member(r, m));
		else if (m->type == MEMBER_SYMLINK || m->type == MEMBER_HARDLINK)
			judge_link(r, m);
	return e;
}

/* ---- files that run because something names them ---- */

/* Whether a module "a/b" is this member: its source, or compiled code. */
static bool is_module(struct str module, struct str path)
{
	struct str rest = str_tail(path, module.n);

	return str_has_prefix(path, module) &&
	       (str_eq(rest, S(".py")) || str_eq(rest, S("/__init__.py")) ||
		(str_has_prefix(rest, S(".")) && str_has_suffix(rest, S(".so"))));
}

static const struct named *named_as(const struct reading *r, struct str path)
{
	for (unsigned i = 0; i < r->named.n; i++) {
		const struct named *n = &r->named.items[i];
		if (n->role == ROLE_STARTUP ? is_module(n->text, path) : str_eq(n->text, path))
			return n;
	}
	return NULL;
}

static void judge_started(struct reading *r, const struct member *m, struct str text)
{
	struct caps caps = { 0 };
	size_t first = r->f->n;

	if (str_has_suffix(m->name, S(".so"))) {
		finding_add(r->f, RULE_STARTUP_MODULE, r->purl, m->name, 0, S(""),
			    "it is compiled: nobody can read what it does");
		return;
	}
	arena_reset(&r->c->scratch);
	source_inspect(r->c->lexicon, LANG_PYTHON, ROLE_STARTUP, r->purl, m->name, text,
		       &r->c->scratch, r->f, &caps);
	bool hostile = startup_module_hostile(caps.bits);
	if (!findings_has(r->f, first, RULE_STARTUP_EXEC) &&
	    (hostile || startup_module_doubtful(caps.bits)))
		finding_add(r->f, hostile ? RULE_STARTUP_EXEC : RULE_STARTUP_MODULE, r->purl,
			    m->name, 0, S(""), "a startup file imports it");
}

/* What the first reading took for no source, or for what only runs when it is imported. */
static enum err read_named(struct reading *r, const struct member *m)
{
	const struct named *n = named_as(r, name_of(r, m->name));
	struct caps caps = { 0 };
	struct findings more;
	struct str text;

	if (n == NULL || m->type != MEMBER_FILE || m->size > CHECKER_TEXT)
		return OK;
	arena_reset(&r->c->content);
	TRY(archive_read_all(r->archive, &r->c->content, CHECKER_TEXT, &text));
	enum language language = named_language(n, m->name, text);
	if (n->role == ROLE_STARTUP) {
		judge_started(r, m, text);
	} else if (language != LANG_NONE &&
		   (n->role == ROLE_INSTALL || source_language(m->name, text) == LANG_NONE)) {
		/* As a module it may have been found out already. */
		findings_init(&more, &r->c->arena);
		arena_reset(&r->c->scratch);
		source_inspect(r->c->lexicon, language, n->role, r->purl, m->name, text,
			       &r->c->scratch, &more, &caps);
		findings_merge(r->f, &more);
	}
	return OK;
}

/* Which files run is known when all have been read: these are read once more. */
static void read_again(struct reading *r, struct str map)
{
	const struct member *m;
	bool wanted = false;

	for (unsigned i = 0; i < r->named.n; i++)
		wanted |= r->named.items[i].role != ROLE_MODULE ||
			  source_language(r->named.items[i].text, S("")) == LANG_NONE;
	if (!wanted || archive_open(&r->archive, &r->c->arena, map, true) != OK)
		return;
	while (archive_next(r->archive, &m) == OK && m != NULL)
		if (read_named(r, m) != OK)
			break;
}

/* What it is compared by with the release before. */
static void describe(struct reading *r)
{
	static const enum layout layouts[] = { [ARTIFACT_NONE] = LAYOUT_NONE,
					       [ARTIFACT_WHEEL] = LAYOUT_INSTALLED,
					       [ARTIFACT_SDIST] = LAYOUT_SOURCE,
					       [ARTIFACT_NPM] = LAYOUT_NPM };
	struct artifact *a = r->artifact;
	struct str text = a->texts[ARTIFACT_PACKAGE_JSON];
	const struct json *root;

	r->profile->layout = layouts[a->kind];
	if (a->release.name.n > 0)
		profile_release(r->c, r->profile, &a->release);
	if (a->kind == ARTIFACT_NPM && text.p != NULL &&
	    json_read(&r->c->arena, text, &root, NULL) == OK) {
		struct str place = a->places[ARTIFACT_PACKAGE_JSON];
		profile_package_json(r->c, r->profile, place, root);
		judge_scripts(r, text, place, r->gyp);
	}
	outside_check(a, r->purl, &r->c->scratch, r->f);
	profile_metadata(r->profile, a->places[ARTIFACT_METADATA], &a->meta);
}

static enum target_kind kind_of(enum artifact_kind k)
{
	switch (k) {
	case ARTIFACT_WHEEL:
		return TARGET_WHEEL;
	case ARTIFACT_SDIST:
		return TARGET_SDIST;
	case ARTIFACT_NPM:
		return TARGET_NPM;
	case ARTIFACT_NONE:
		break;
	}
	return TARGET_ARCHIVE;
}

/* The release is known when the last member has been read: findings get its name then. */
static void finish(struct reading *r)
{
	struct report *report = &r->c->report;
	struct artifact *a = r->artifact;

	for (size_t i = r->first; i < r->f->n; i++)
		if (r->f->items[i].package.n == 0)
			r->f->items[i].package = a->label;
	r->purl = a->label;
	a->release.where = a->file_name;
	describe(r);
	if (r->quiet)
		return;
	report->kind = kind_of(a->kind);
	report->package = a->label;
	if (a->release.name.n > 0)
		release_add(r->c, &a->release);
}

/* Whether all of it could be read. */
static bool read_artifact(struct reading *r, struct str name, struct str map)
{
	struct checker *c = r->c;
	enum err e = archive_open(&r->archive, &c->arena, map, true);

	r->artifact = artifact_new(&c->arena, name);
	if (r->artifact == NULL || e == ERR_NOMEM)
		return false;
	if (e == OK)
		e = read_members(r);
	artifact_faults(archive_faults(r->archive), S(""), name, r->f);
	artifact_packing(r->artifact, map, r->f);
	if (artifact_end(r->artifact, r->f) != OK)
		e = ERR_LIMIT;
	finish(r);
	if (e == OK && !r->quiet)
		read_again(r, map);
	return e == OK;
}

void artifact_check(struct checker *c, struct str name, struct str map, struct profile *out)
{
	struct reading r = { .c = c,
			     .f = &c->report.findings,
			     .profile = out,
			     .purl = S(""),
			     .first = c->report.findings.n };

	if (!read_artifact(&r, name, map))
		c->report.coverage.unread++;
}

bool artifact_profile(struct checker *c, struct str name, struct str map, struct profile *out)
{
	struct findings unheard;
	struct reading r = { .c = c, .f = &unheard, .profile = out, .quiet = true, .purl = S("") };

	findings_init(&unheard, &c->arena);
	return read_artifact(&r, name, map);
}
