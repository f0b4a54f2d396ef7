/*
 * package/manifest_uv_lock.c - uv.lock, versions 1 and its revisions.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

/* The project itself and members of its workspace that are not built. */
static bool is_project(const struct toml *source)
{
	return toml_get(source, S("virtual")) != NULL ||
	       str_eq(toml_str(toml_get(source, S("editable"))), S("."));
}

static void source(struct manifest_in *m, struct package *p, const struct toml *s)
{
	struct str registry = toml_str(toml_get(s, S("registry")));
	struct str git = toml_str(toml_get(s, S("git"))), url = toml_str(toml_get(s, S("url")));
	struct str editable = toml_str(toml_get(s, S("editable")));
	struct str path = toml_str(toml_get(s, S("path")));

	if (path.n == 0)
		path = toml_str(toml_get(s, S("directory")));
	if (registry.n > 0) {
		manifest_url(m, p, manifest_keep(m, registry), true);
		if (p->origin == ORIGIN_INDEX)
			manifest_index(m, registry, p->line, false, false);
	} else if (git.n > 0) {
		p->origin = ORIGIN_GIT;
		p->url = manifest_keep(m, git);
	} else if (url.n > 0) {
		manifest_url(m, p, manifest_keep(m, url), false);
	} else {
		p->origin = editable.n > 0 ? ORIGIN_EDITABLE : path.n > 0 ? ORIGIN_PATH : p->origin;
		p->url = manifest_keep(m, editable.n > 0 ? editable : path);
	}
}

/* An archive or wheel. Files of a registry must bear the name of the entry. */
static void file(struct manifest_in *m, struct package *p, const struct toml *t)
{
	struct str url = toml_str(toml_get(t, S("url")));

	manifest_hash_pair(m, p, toml_str(toml_get(t, S("hash"))));
	if (p->origin != ORIGIN_INDEX)
		return;
	manifest_file_check(m, p, url);
	if (url.n > 0)
		manifest_index(m, url, t->line, false, false);
}

static enum err package(struct manifest_in *m, const struct toml *t)
{
	struct package p = manifest_new(m, ECO_PYPI, t->line);
	const struct toml *from = toml_get(t, S("source"));
	struct str name = toml_str(toml_get(t, S("name")));

	if (name.n == 0)
		return diag_set(m->d, ERR_SYNTAX, "line %u: a package without a name", t->line);
	if (is_project(from))
		return OK;
	TRY(manifest_name_set(m, &p, name));
	p.version = manifest_keep(m, toml_str(toml_get(t, S("version"))));
	source(m, &p, from);
	file(m, &p, toml_get(t, S("sdist")));
	TOML_EACH(toml_get(t, S("wheels")), it)
	file(m, &p, it);
	return manifest_add(m, &p);
}

/* Names in "dependencies" and the groups of the project. Counts only where names is NULL. */
static size_t direct_names(const struct toml *packages, struct str *names)
{
	size_t n = 0;

	TOML_EACH(packages, t)
	{
		if (!is_project(toml_get(t, S("source"))))
			continue;
		TOML_EACH(toml_get(t, S("dependencies")), it)
		{
			if (names != NULL)
				names[n] = toml_str(toml_get(it, S("name")));
			n++;
		}
		for (int i = 0; i < 2; i++)
			TOML_EACH(
				toml_get(t, i ? S("dev-dependencies") : S("optional-dependencies")),
				group)
		TOML_EACH(group, it)
		{
			if (names != NULL)
				names[n] = toml_str(toml_get(it, S("name")));
			n++;
		}
	}
	return n;
}

enum err manifest_uv_lock(struct manifest_in *m)
{
	const struct toml *root;
	size_t first = m->out->n;

	TRY(manifest_toml(m, &root));
	const struct toml *version = toml_get(root, S("version"));
	const struct toml *packages = toml_get(root, S("package"));
	if (!toml_is(version, TOML_INTEGER))
		return diag_set(m->d, ERR_SYNTAX, "no version: not a uv.lock");
	if (version->integer != 1)
		return diag_set(m->d, ERR_UNSUPPORTED,
				"uv.lock of version %lld; only version 1 is known: write it with "
				"`uv export --format pylock.toml`",
				(long long)version->integer);
	TOML_EACH(packages, it)
	TRY(package(m, it));
	size_t n = direct_names(packages, NULL);
	struct str *names = NEW_ARRAY(m->scratch, struct str, n + 1);
	if (names == NULL)
		return diag_set(m->d, ERR_NOMEM, "out of memory");
	(void)direct_names(packages, names);
	return manifest_mark_direct(m, first, names, n);
}
