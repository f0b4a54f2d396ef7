/*
 * package/manifest_pylock.c - pylock.toml (PEP 751), with the identities that must have published
 * each package kept for the verifier.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

/* One [[packages.attestation-identities]] in front of those that p has. "kind" comes first. */
static enum err identity(struct manifest_in *m, struct package *p, const struct toml *table)
{
	const struct package_identity *list = p->identity;
	struct package_identity *one;

	for (int kind = 0; kind < 2; kind++) {
		TOML_EACH(table, it)
		{
			bool is_kind = str_eq(it->key, S("kind"));
			if (is_kind != (kind == 1) || !toml_is(it, TOML_STRING))
				continue;
			one = NEW(m->out->arena, struct package_identity);
			if (one == NULL)
				return diag_set(m->d, ERR_NOMEM, "out of memory");
			one->key = manifest_keep(m, it->key);
			one->value = manifest_keep(m, it->text);
			one->next = list;
			list = one;
		}
	}
	p->identity = list;
	return OK;
}

/* One file that may be installed: its digests count, and its name must be that of p. */
static void file(struct manifest_in *m, struct package *p, const struct toml *t)
{
	struct str name = toml_str(toml_get(t, S("name")));
	struct str url = toml_str(toml_get(t, S("url")));

	if (!toml_is(t, TOML_TABLE))
		return;
	manifest_toml_hashes(m, p, toml_get(t, S("hashes")));
	manifest_file_check(m, p, url);
	manifest_file_check(m, p, name);
	if (url.n > 0) {
		manifest_index(m, url, t->line, false, false);
		p->origin = ORIGIN_INDEX;
		if (p->url.n == 0)
			p->url = manifest_keep(m, url);
	} else if (p->origin == ORIGIN_UNKNOWN && toml_get(t, S("path")) != NULL) {
		p->origin = ORIGIN_PATH;
		p->url = manifest_keep(m, toml_str(toml_get(t, S("path"))));
	}
}

/* Sources that are no files of an index. */
static void source(struct manifest_in *m, struct package *p, const struct toml *t)
{
	const struct toml *vcs = toml_get(t, S("vcs")), *archive = toml_get(t, S("archive"));
	const struct toml *directory = toml_get(t, S("directory"));
	const struct toml *from = vcs ? vcs : archive ? archive : directory;
	struct str url = toml_str(toml_get(from, S("url")));

	if (from == NULL)
		return;
	if (url.n == 0)
		url = toml_str(toml_get(from, S("path")));
	manifest_url(m, p, manifest_keep(m, url), false);
	manifest_toml_hashes(m, p, toml_get(from, S("hashes")));
	if (vcs != NULL)
		p->origin = ORIGIN_GIT;
	else if (directory != NULL)
		p->origin = toml_true(toml_get(directory, S("editable"))) ? ORIGIN_EDITABLE
									  : ORIGIN_PATH;
}

static enum err package(struct manifest_in *m, const struct toml *t)
{
	struct package p = manifest_new(m, ECO_PYPI, t->line);
	struct str name = toml_str(toml_get(t, S("name"))),
		   index = toml_str(toml_get(t, S("index")));

	if (name.n == 0)
		return diag_set(m->d, ERR_SYNTAX, "line %u: a package without a name", t->line);
	TRY(manifest_name_set(m, &p, name));
	p.version = manifest_keep(m, toml_str(toml_get(t, S("version"))));
	if (index.n > 0) {
		p.origin = ORIGIN_INDEX;
		p.url = manifest_keep(m, index);
		manifest_index(m, index, t->line, false, false);
	}
	file(m, &p, toml_get(t, S("sdist")));
	TOML_EACH(toml_get(t, S("wheels")), it)
	file(m, &p, it);
	source(m, &p, t);
	TOML_EACH(toml_get(t, S("attestation-identities")), it)
	TRY(identity(m, &p, it));
	return manifest_add(m, &p);
}

enum err manifest_pylock(struct manifest_in *m)
{
	const struct toml *root;

	TRY(manifest_toml(m, &root));
	struct str version = toml_str(toml_get(root, S("lock-version")));
	if (!str_eq(version, S("1.0")) && !str_has_prefix(version, S("1.")))
		return diag_set(m->d, version.n > 0 ? ERR_UNSUPPORTED : ERR_SYNTAX,
				version.n > 0 ? "pylock.toml of another major version than 1: "
						"write it with lock-version 1.0"
					      : "no lock-version: not a pylock.toml");
	TOML_EACH(toml_get(root, S("packages")), it)
	TRY(package(m, it));
	return OK;
}
