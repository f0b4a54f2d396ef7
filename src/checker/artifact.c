/*
 * checker/artifact.c - a wheel, source archive or npm package: read in place, never unpacked.
 * Input: the target's archives, read by codec/archive.h and package/artifact.h.   Runs in:
 * checker.
 */
#include "checker/checker.h"

#include "codec/archive.h"
#include "codec/json.h"
#include "package/artifact.h"
#include "package/purl.h"

#include <string.h>

/* An archive that is being read. */
struct reading {
	struct checker *c;
	struct archive *archive;
	struct artifact *artifact;
	struct str purl; /* known once its metadata was read; until then "" */
	size_t first;	 /* number of the first finding that may lack it */
};

/* "demo-1.0.data/purelib/x.pth" and "x.pth" land beside each other. */
static struct str installed_name(struct str name, bool *out_top)
{
	struct str rest, head = str_cut(name, '/', &rest);

	if (str_has_suffix(head, S(".data"))) {
		struct str scheme = str_cut(rest, '/', &rest);
		if (str_eq(scheme, S("purelib")) || str_eq(scheme, S("platlib")))
			name = rest;
	}
	*out_top = str_chr(name, '/') == SIZE_MAX;
	return name;
}

static void judge_line(struct reading *r, struct str path, const struct startup_line *l)
{
	struct findings *f = &r->c->report.findings;
	struct caps caps = { 0 };
	size_t first = f->n;

	if (l->act == STARTUP_PATH || (l->act == STARTUP_EXEC && startup_known(l->text) != NULL))
		return;
	if (l->act == STARTUP_EXEC) {
		arena_reset(&r->c->scratch);
		source_inspect(LANG_PYTHON, ROLE_STARTUP, r->purl, path, l->text, &r->c->scratch, f,
			       &caps);
	}
	for (size_t i = first; i < f->n; i++)
		f->items[i].line = l->line;
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

static void judge_source(struct reading *r, const struct member *m, struct str text)
{
	struct findings *f = &r->c->report.findings;
	struct caps caps = { 0 };
	bool top = false;
	struct str name = installed_name(m->name, &top);
	enum startup_kind kind = top ? startup_kind(name, PYTHON_UNKNOWN) : STARTUP_NONE;

	if (kind != STARTUP_NONE && r->artifact->kind == ARTIFACT_WHEEL) {
		judge_hook(r, m->name, kind, text);
		return;
	}
	enum language language = source_language(m->name, text);
	enum role role = source_role(m->name);
	if (role == ROLE_STARTUP && !top)
		role = ROLE_MODULE;
	size_t first = f->n;
	arena_reset(&r->c->scratch);
	source_inspect(language, role, r->purl, m->name, text, &r->c->scratch, f, &caps);
	if (role == ROLE_STARTUP && startup_module_hostile(caps.bits) &&
	    !findings_has(f, first, RULE_STARTUP_EXEC))
		finding_add(f, RULE_STARTUP_EXEC, r->purl, m->name, 0, S(""), " ");
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

static enum err read_member(struct reading *r, const struct member *m)
{
	struct checker *c = r->c;
	struct str text = { "", 0 };
	bool wanted = artifact_wants(r->artifact, m);
	uint8_t sha[32];
	size_t first = c->report.findings.n;
	enum err e;

	c->report.coverage.files++;
	c->report.coverage.bytes += m->size;
	if (!wanted && m->size > CHECKER_TEXT) {
		e = digest_rest(r, sha);
	} else {
		/* Contents live as long as the whole check only where they must. */
		struct arena *a = &c->content;
		arena_reset(a);
		e = archive_read_all(r->archive, a, wanted ? artifact_max(m) : CHECKER_TEXT, &text);
		if (e == OK) {
			sha256_with(&c->sha, text, sha);
			judge_source(r, m, text);
		}
	}
	if (e == ERR_UNSUPPORTED) {
		c->report.coverage.unread++; /* and its fault is a finding */
		return OK;
	}
	TRY(e);
	for (size_t i = first; i < c->report.findings.n; i++) {
		struct finding *f = &c->report.findings.items[i];
		f->has_sha256 = true;
		memcpy(f->sha256, sha, sizeof f->sha256);
	}
	return artifact_add(r->artifact, m, wanted ? text : S(""), sha);
}

static enum err read_members(struct reading *r)
{
	const struct member *m;
	enum err e;

	while ((e = archive_next(r->archive, &m)) == OK && m != NULL)
		if (m->type == MEMBER_FILE)
			TRY(read_member(r, m));
	return e;
}

/* package.json of an npm package: what runs when it is installed. */
static void judge_scripts(struct reading *r)
{
	static const struct str names[] = { SC("preinstall"), SC("install"), SC("postinstall") };
	struct str text = r->artifact->texts[ARTIFACT_PACKAGE_JSON];
	struct str place = r->artifact->places[ARTIFACT_PACKAGE_JSON];
	struct findings *f = &r->c->report.findings;
	const struct json *root;

	if (text.p == NULL || json_read(&r->c->arena, text, &root, NULL) != OK)
		return;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct caps caps = { 0 };
		struct str command = json_str(&r->c->arena,
					      json_get(json_get(root, S("scripts")), names[i]));
		if (command.p == NULL)
			continue;
		finding_add(f, RULE_INSTALL_SCRIPT, r->purl, place, 0, command, "%.*s",
			    FMT(names[i]));
		arena_reset(&r->c->scratch);
		source_inspect(LANG_SHELL, ROLE_INSTALL, r->purl, place, command, &r->c->scratch, f,
			       &caps);
	}
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

	report->kind = kind_of(a->kind);
	report->package = a->label;
	for (size_t i = r->first; i < report->findings.n; i++)
		if (report->findings.items[i].package.n == 0)
			report->findings.items[i].package = a->label;
	r->purl = a->label;
	judge_scripts(r);
	if (a->release.name.n > 0) {
		a->release.where = a->file_name;
		release_add(r->c, &a->release);
	}
}

void artifact_check(struct checker *c, struct str name, struct str map)
{
	struct reading r = { .c = c, .purl = S(""), .first = c->report.findings.n };
	enum err e = archive_open(&r.archive, &c->arena, map, true);

	r.artifact = artifact_new(&c->arena, name);
	if (r.artifact == NULL || e == ERR_NOMEM) {
		c->report.coverage.unread++;
		return;
	}
	if (e == OK)
		e = read_members(&r);
	if (e != OK)
		c->report.coverage.unread++;
	artifact_faults(archive_faults(r.archive), S(""), name, &c->report.findings);
	if (artifact_end(r.artifact, &c->report.findings) != OK)
		c->report.coverage.unread++;
	finish(&r);
}
