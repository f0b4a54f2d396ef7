/*
 * package/manifest_poetry_lock.c - poetry.lock: digests in [metadata.hashes] (before 1.0), in
 * [metadata.files] (up to 1.3) or in each package (since 1.4); development packages by category, by
 * group, or not at all.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

/* Development packages, and extras that nobody need ask for. */
static bool is_dev(const struct toml *t)
{
	const struct toml *groups = toml_get(t, S("groups"));

	if (str_eq(toml_str(toml_get(t, S("category"))), S("dev")) ||
	    toml_true(toml_get(t, S("optional"))))
		return true;
	TOML_EACH(groups, it)
	if (str_eq(toml_str(it), S("main")))
		return false;
	return groups != NULL;
}

static void source(struct manifest_in *m, struct package *p, const struct toml *s)
{
	struct str type = toml_str(toml_get(s, S("type")));
	struct str url = manifest_keep(m, toml_str(toml_get(s, S("url"))));

	if (s == NULL) {
		p->origin = ORIGIN_INDEX;
		return;
	}
	manifest_url(m, p, url, str_eq(type, S("legacy")));
	if (str_eq(type, S("git")))
		p->origin = ORIGIN_GIT;
	else if (str_eq(type, S("directory")) || str_eq(type, S("file")))
		p->origin = ORIGIN_PATH;
	else if (str_eq(type, S("legacy")))
		manifest_index(m, url, s->line, false, false);
}

/* A list of {file=, hash=}, or of bare digests of SHA-256. */
static void files(struct manifest_in *m, struct package *p, const struct toml *list)
{
	TOML_EACH(list, it)
	{
		if (toml_is(it, TOML_STRING)) {
			manifest_hash(m, p, S("sha256"), it->text);
			continue;
		}
		manifest_hash_pair(m, p, toml_str(toml_get(it, S("hash"))));
		if (p->origin == ORIGIN_INDEX)
			manifest_file_check(m, p, toml_str(toml_get(it, S("file"))));
	}
}

static enum err package(struct manifest_in *m, const struct toml *t, const struct toml *metadata)
{
	struct package p = manifest_new(m, ECO_PYPI, t->line);
	struct str name = toml_str(toml_get(t, S("name")));

	if (name.n == 0)
		return diag_set(m->d, ERR_SYNTAX, "line %u: a package without a name", t->line);
	TRY(manifest_name_set(m, &p, name));
	p.version = manifest_keep(m, toml_str(toml_get(t, S("version"))));
	p.dev = is_dev(t);
	source(m, &p, toml_get(t, S("source")));
	if (p.origin == ORIGIN_PATH && toml_true(toml_get(t, S("develop"))))
		p.origin = ORIGIN_EDITABLE;
	files(m, &p, toml_get(t, S("files")));
	files(m, &p, toml_get(toml_get(metadata, S("files")), name));
	files(m, &p, toml_get(toml_get(metadata, S("hashes")), name));
	return manifest_add(m, &p);
}

enum err manifest_poetry_lock(struct manifest_in *m)
{
	const struct toml *root;

	TRY(manifest_toml(m, &root));
	const struct toml *metadata = toml_get(root, S("metadata"));
	if (!toml_is(metadata, TOML_TABLE))
		return diag_set(m->d, ERR_SYNTAX, "no [metadata]: not a poetry.lock");
	TOML_EACH(toml_get(root, S("package")), it)
	TRY(package(m, it, metadata));
	return OK;
}
