/*
 * package/artifact.c - one release file, from its members: what it says it is, and whether all the
 * places that say so agree.
 * Memory: the caller's arena. Input: hostile.   Runs in: checker.   Fuzz: fuzz/artifact_fuzz.c
 */
#include "package/artifact.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/zip.h"
#include "package/version.h"

#include <string.h>

/* ---- gathering ----------------------------------------------------------------------------- */

enum artifact_kind artifact_kind(struct str file_name)
{
	if (str_has_suffix(file_name, S(".whl")))
		return ARTIFACT_WHEEL;
	if (str_has_suffix(file_name, S(".tgz")))
		return ARTIFACT_NPM;
	if (str_has_suffix(file_name, S(".tar.gz")) || str_has_suffix(file_name, S(".zip")))
		return ARTIFACT_SDIST;
	return ARTIFACT_NONE;
}

struct artifact *artifact_new(struct arena *a, struct str file_name)
{
	struct artifact *f = NEW(a, struct artifact);

	if (f == NULL)
		return NULL;
	f->arena = a;
	f->file_name = str_last(file_name, '/');
	f->kind = artifact_kind(f->file_name);
	f->label = S("");
	f->release = (struct package){ .name = S(""),
				       .version = S(""),
				       .wanted = S(""),
				       .url = S(""),
				       .where = f->file_name };
	f->release.eco = f->kind == ARTIFACT_NPM    ? ECO_NPM
			 : f->kind == ARTIFACT_NONE ? ECO_OTHER
						    : ECO_PYPI;
	return f;
}

static void packing(const struct artifact *f, struct findings *out, const char *what)
{
	finding_add(out, RULE_ARCHIVE_AMBIGUOUS, S(""), f->file_name, 0, S(""), "%s", what);
}

void artifact_packing(const struct artifact *f, struct str map, struct findings *out)
{
	enum archive_kind k = archive_kind(map);
	bool zip_named = f->kind == ARTIFACT_WHEEL || str_has_suffix(f->file_name, S(".zip"));

	if (f->kind == ARTIFACT_NONE)
		return;
	if (k == ARCHIVE_ZIP && !zip_named)
		packing(f, out, "a zip archive with the name of another kind");
	if ((k == ARCHIVE_TAR || k == ARCHIVE_TAR_GZ) && zip_named)
		packing(f, out, "no zip archive, although its name says so");
	if (k == ARCHIVE_TAR && f->kind == ARTIFACT_SDIST && !zip_named)
		packing(f, out, "not compressed, although its name says so");
	if (k == ARCHIVE_TAR_GZ && f->kind == ARTIFACT_SDIST && zip_within(map))
		packing(f, out, "a zip archive to readers that search from the end, as pip does");
}

/* npm drops the first component of a name as it is stored, so in "./package/x" the dot. */
static struct str path_of(const struct artifact *f, const struct member *m)
{
	return f->kind == ARTIFACT_NPM ? m->raw : m->name;
}

static enum artifact_text text_of(const struct artifact *f, const struct member *m)
{
	static const struct {
		enum artifact_kind kind;
		struct str name;
		enum artifact_text text;
	} rows[] = {
		{ ARTIFACT_WHEEL, SC("METADATA"), ARTIFACT_METADATA },
		{ ARTIFACT_WHEEL, SC("WHEEL"), ARTIFACT_WHEEL_FILE },
		{ ARTIFACT_WHEEL, SC("RECORD"), ARTIFACT_RECORD },
		{ ARTIFACT_WHEEL, SC("entry_points.txt"), ARTIFACT_ENTRY_POINTS },
		{ ARTIFACT_SDIST, SC("PKG-INFO"), ARTIFACT_METADATA },
		{ ARTIFACT_NPM, SC("package.json"), ARTIFACT_PACKAGE_JSON },
	};
	struct str name, root = str_cut(path_of(f, m), '/', &name);

	if (m->type != MEMBER_FILE ||
	    (f->kind == ARTIFACT_WHEEL && !str_has_suffix(root, S(".dist-info"))))
		return ARTIFACT_TEXTS;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].kind == f->kind && str_eq(rows[i].name, name))
			return rows[i].text;
	return ARTIFACT_TEXTS;
}

size_t artifact_max(const struct member *m)
{
	return str_eq(str_last(m->name, '/'), S("RECORD")) ? LIMIT_RECORD : LIMIT_METADATA;
}

bool artifact_wants(const struct artifact *f, const struct member *m)
{
	return text_of(f, m) != ARTIFACT_TEXTS;
}

static void add_root(struct artifact *f, struct str root)
{
	if (f->kind == ARTIFACT_WHEEL && !str_has_suffix(root, S(".dist-info")))
		return;
	for (size_t i = 0; i < f->n_roots; i++)
		if (str_eq(f->roots[i], root))
			return;
	if (f->n_roots < ARTIFACT_ROOTS)
		f->roots[f->n_roots++] = root;
}

/* What "import" finds after installation: a module's file or a package's directory at the root, or
 * below purelib and platlib of the ".data" directory. */
static void add_top(struct artifact *f, const struct member *m)
{
	struct str rest, root = str_cut(m->name, '/', &rest);

	if (str_has_suffix(root, S(".data"))) {
		struct str scheme = str_cut(rest, '/', &rest);
		if (!str_eq(scheme, S("purelib")) && !str_eq(scheme, S("platlib")))
			return;
		root = str_cut(rest, '/', &rest);
	}
	struct str name = rest.n != 0 ? root : str_head(root, str_chr(root, '.'));
	if (name.n == 0 || str_chr(name, '.') != SIZE_MAX || (rest.n == 0 && !wheel_runs(root, 0)))
		return;
	for (size_t i = f->n_tops; i-- > 0;)
		if (str_eq(f->tops[i], name))
			return;
	if (f->n_tops < ARTIFACT_TOPS)
		f->tops[f->n_tops++] = name;
}

static enum err add_file(struct artifact *f, const struct member *m, const uint8_t *sha256)
{
	if (!ARENA_ROOM(f->arena, f->files, f->n_files, f->cap_files))
		return ERR_NOMEM;
	struct artifact_file *file = &f->files[f->n_files++];
	*file = (struct artifact_file){ .name = m->name, .size = m->size, .mode = m->mode };
	memcpy(file->sha256, sha256, sizeof file->sha256);
	return OK;
}

enum err artifact_add(struct artifact *f, const struct member *m, struct str content,
		      const uint8_t sha256[32])
{
	enum artifact_text text = text_of(f, m);
	struct str rest, root = str_cut(path_of(f, m), '/', &rest);

	if (m->type == MEMBER_DIR)
		return OK;
	add_root(f, root);
	if (f->kind == ARTIFACT_WHEEL) {
		add_top(f, m);
		TRY(sha256 != NULL ? add_file(f, m, sha256) : OK);
	}
	if (text == ARTIFACT_TEXTS)
		return OK;
	if (content.n > artifact_max(m))
		return ERR_LIMIT;
	f->twice = f->twice || (f->texts[text].p != NULL && !str_eq(f->places[text], m->name));
	f->places[text] = m->name;
	return arena_keep(f->arena, content, &f->texts[text]);
}

/* ---- judging ------------------------------------------------------------------------------- */

static bool has(const struct artifact *f, enum artifact_text text)
{
	return f->texts[text].p != NULL;
}

/* The same version however it is spelt: 1.0 is 1.0.0. File names have '_' for '-', and old
 * releases versions that are none to PEP 440. */
static bool version_same(struct str a, struct str b)
{
	bool valid;

	return wheel_name_same(a, b) || (version_cmp(ECO_PYPI, a, b, &valid) == 0 && valid);
}

static void layout(struct artifact *f, struct findings *out, struct str path, const char *what)
{
	finding_add(out, RULE_PACKAGE_LAYOUT, f->label, path, 0, S(""), "%s", what);
}

/* One place that names the release against METADATA. */
static void agree(struct artifact *f, struct findings *out, struct str place, struct str name,
		  struct str version)
{
	if (wheel_name_same(name, f->meta.name) && version_same(version, f->meta.version))
		return;
	finding_add(out, RULE_NAME_MISMATCH, f->label, place, 0, S(""),
		    "here '%.*s' %.*s, in the metadata '%.*s' %.*s", FMT(name), FMT(version),
		    FMT(f->meta.name), FMT(f->meta.version));
}

/* "pkg:pypi/some-name@1.0", with the name as the index has it. */
static enum err make_label(struct artifact *f)
{
	struct arena_text t = { 0 };
	struct str name = f->release.name;
	bool npm = f->kind == ARTIFACT_NPM;

	if (name.n == 0)
		return OK;
	TRY(arena_text_add(f->arena, &t, npm ? S("pkg:npm/") : S("pkg:pypi/")));
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool mark = c == '_' || c == '.' || c == '-';
		if (!npm && mark && i > 0 && strchr("-_.", name.p[i - 1]) != NULL)
			continue;
		if (!npm)
			c = mark ? '-' : ascii_lower(c);
		TRY(arena_text_add(f->arena, &t, c == '@' ? S("%40") : (struct str){ &c, 1 }));
	}
	TRY(arena_text_add(f->arena, &t, S("@")));
	TRY(arena_text_add(f->arena, &t, f->release.version));
	f->label = arena_text_str(&t);
	return OK;
}

static enum err read_metadata(struct artifact *f, struct findings *out)
{
	TRY(metadata_read(f->texts[ARTIFACT_METADATA], f->arena, &f->meta));
	f->release.name = f->meta.name;
	f->release.version = f->meta.version;
	TRY(make_label(f));
	if (f->meta.unclear.n != 0)
		finding_add(out, RULE_METADATA_UNCLEAR, f->label, f->places[ARTIFACT_METADATA], 0,
			    f->meta.unclear, "a field is there twice or in several lines");
	if (f->meta.cut)
		finding_add(out, RULE_METADATA_UNCLEAR, f->label, f->places[ARTIFACT_METADATA], 0,
			    str_head(f->meta.body, 80), "fields end at a line that is none");
	if (f->meta.name.n == 0 || f->meta.version.n == 0)
		finding_add(out, RULE_METADATA_UNCLEAR, f->label, f->places[ARTIFACT_METADATA], 0,
			    S(""), "name or version is missing");
	return OK;
}

static enum err end_wheel(struct artifact *f, struct findings *out)
{
	struct wheel_name w;
	struct str name, version;

	if (has(f, ARTIFACT_METADATA))
		TRY(read_metadata(f, out));
	if (f->n_roots != 1)
		layout(f, out, f->file_name,
		       f->n_roots == 0 ? "a wheel without a dist-info directory"
				       : "a wheel with several dist-info directories");
	if (!has(f, ARTIFACT_METADATA) || !has(f, ARTIFACT_WHEEL_FILE))
		layout(f, out, f->file_name, "a wheel without METADATA or WHEEL");
	if (has(f, ARTIFACT_METADATA)) {
		if (!wheel_name_parse(f->file_name, &w))
			layout(f, out, f->file_name, "no name of a wheel");
		else
			agree(f, out, f->file_name, w.name, w.version);
		if (f->n_roots == 1 &&
		    wheel_dir_parse(f->roots[0], S(".dist-info"), &name, &version))
			agree(f, out, f->roots[0], name, version);
	}
	if (has(f, ARTIFACT_ENTRY_POINTS))
		TRY(entry_points_read(f->texts[ARTIFACT_ENTRY_POINTS], f->arena, &f->entries,
				      &f->n_entries));
	return artifact_record(f, out);
}

static enum err end_sdist(struct artifact *f, struct findings *out)
{
	struct str name, version;

	if (f->n_roots != 1)
		layout(f, out, f->file_name,
		       "a source archive with more or less than one directory");
	if (!has(f, ARTIFACT_METADATA)) {
		layout(f, out, f->file_name, "a source archive without PKG-INFO");
		return OK;
	}
	TRY(read_metadata(f, out));
	if (sdist_name_parse(f->file_name, &name, &version))
		agree(f, out, f->file_name, name, version);
	else
		layout(f, out, f->file_name, "no name of a source archive");
	if (f->n_roots == 1 && wheel_dir_parse(f->roots[0], S(""), &name, &version))
		agree(f, out, f->roots[0], name, version);
	return OK;
}

/* npm drops the first directory of every name, whatever it is called: two of them become one. */
static enum err end_npm(struct artifact *f, struct findings *out)
{
	const struct json *root;

	if (f->n_roots != 1)
		layout(f, out, f->file_name, "an npm package with more or less than one directory");
	if (!has(f, ARTIFACT_PACKAGE_JSON)) {
		layout(f, out, f->file_name, "an npm package without package.json");
		return OK;
	}
	enum err e = json_read(f->arena, f->texts[ARTIFACT_PACKAGE_JSON], &root, NULL);
	if (e == ERR_NOMEM)
		return e;
	const struct json *name = e == OK ? json_get(root, S("name")) : NULL;
	const struct json *version = e == OK ? json_get(root, S("version")) : NULL;
	if (!json_is(name, JSON_STRING) || !json_is(version, JSON_STRING)) {
		finding_add(out, RULE_METADATA_UNCLEAR, f->label, f->places[ARTIFACT_PACKAGE_JSON],
			    0, S(""), "%s",
			    e == OK ? "name or version is missing" : "no strict JSON");
		return OK;
	}
	f->release.name = json_str(f->arena, name);
	f->release.version = json_str(f->arena, version);
	if (f->release.name.p == NULL || f->release.version.p == NULL)
		return ERR_NOMEM;
	return make_label(f);
}

enum err artifact_end(struct artifact *f, struct findings *out)
{
	if (f->twice)
		layout(f, out, f->file_name, "metadata in more than one place");
	switch (f->kind) {
	case ARTIFACT_WHEEL:
		return end_wheel(f, out);
	case ARTIFACT_SDIST:
		return end_sdist(f, out);
	case ARTIFACT_NPM:
		return end_npm(f, out);
	case ARTIFACT_NONE:
		break;
	}
	return OK;
}

const struct entry_point *artifact_scripts_next(const struct artifact *f,
						const struct entry_point *after)
{
	size_t from = after == NULL ? 0 : (size_t)(after - f->entries) + 1;

	for (size_t i = from; i < f->n_entries; i++)
		if (str_eq(f->entries[i].group, S("console_scripts")) ||
		    str_eq(f->entries[i].group, S("gui_scripts")))
			return &f->entries[i];
	return NULL;
}

void artifact_faults(const struct faults *faults, struct str package, struct str path,
		     struct findings *out)
{
	static const enum rule rules[] = {
		[FAULT_MALFORMED] = RULE_ARCHIVE_BROKEN,
		[FAULT_AMBIGUOUS] = RULE_ARCHIVE_AMBIGUOUS,
		[FAULT_LIMIT] = RULE_ARCHIVE_TOO_LARGE,
		[FAULT_UNSUPPORTED] = RULE_ARCHIVE_UNREADABLE,
		[FAULT_ODD] = RULE_ARCHIVE_ODD,
	};

	for (unsigned i = 0; i < faults->n; i++) {
		const struct fault *f = &faults->items[i];
		finding_add(out, rules[fault_class(f->code)], package, path, 0, f->name, "%s",
			    fault_text(f->code));
	}
}
