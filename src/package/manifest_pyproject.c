/*
 * package/manifest_pyproject.c - pyproject.toml: PEP 621, PEP 735, build requirements, and the
 * tables of poetry and uv.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "base/ascii.h"
#include "package/manifest_in.h"

/* An array of PEP 508 strings. dev: for development, or an extra. */
static enum err specifiers(struct manifest_in *m, const struct toml *list, bool dev)
{
	if (!toml_is(list, TOML_ARRAY))
		return OK;
	TOML_EACH(list, it)
	{
		struct package tag = manifest_new(m, ECO_PYPI, it->line);
		tag.direct = true;
		tag.dev = dev;
		if (toml_is(it, TOML_STRING))
			TRY(manifest_requirement(m, it->text, &tag));
	}
	return OK;
}

/* A table of such arrays. */
static enum err groups(struct manifest_in *m, const struct toml *table)
{
	TOML_EACH(table, it)
	TRY(specifiers(m, it, true));
	return OK;
}

/* Where a table {git=, url=, path=} says that a package comes from. */
static void sources(struct manifest_in *m, struct package *p, const struct toml *t)
{
	struct str git = toml_str(toml_get(t, S("git"))), url = toml_str(toml_get(t, S("url")));
	struct str path = toml_str(toml_get(t, S("path")));

	if (path.n == 0)
		path = toml_str(toml_get(t, S("file")));
	if (git.n > 0) {
		p->origin = ORIGIN_GIT;
		p->url = manifest_keep(m, git);
	} else if (url.n > 0) {
		manifest_url(m, p, manifest_keep(m, url), false);
	} else if (path.n > 0) {
		bool editable = toml_true(toml_get(t, S("develop"))) ||
				toml_true(toml_get(t, S("editable")));
		p->origin = editable ? ORIGIN_EDITABLE : ORIGIN_PATH;
		p->url = manifest_keep(m, path);
	}
}

/* ---- poetry --------------------------------------------------------------------------------- */

/* "1.2.3" is exactly that release, anything with an operator a range. */
static void poetry_version(struct manifest_in *m, struct package *p, struct str text)
{
	struct str exact = str_has_prefix(text, S("==")) ? str_trim(str_tail(text, 2)) : text;
	bool plain = exact.n > 0 && ascii_digit(exact.p[0]);

	for (size_t i = 0; i < exact.n; i++)
		plain &= str_chr(S("*<>=^~|, "), exact.p[i]) == SIZE_MAX;
	if (plain)
		p->version = manifest_keep(m, exact);
	else
		p->wanted = manifest_keep(m, text);
}

static enum err poetry_one(struct manifest_in *m, const struct toml *it, struct str name, bool dev)
{
	struct package p = manifest_new(m, ECO_PYPI, it->line);

	p.direct = true;
	p.dev = dev || toml_true(toml_get(it, S("optional")));
	TRY(manifest_name_set(m, &p, name));
	if (toml_is(it, TOML_STRING))
		poetry_version(m, &p, it->text);
	else if (toml_is(it, TOML_TABLE))
		poetry_version(m, &p, toml_str(toml_get(it, S("version"))));
	sources(m, &p, it);
	return manifest_add(m, &p);
}

static enum err poetry_table(struct manifest_in *m, const struct toml *table, bool dev)
{
	TOML_EACH(table, it)
	{
		if (str_ieq(it->key, S("python")))
			continue;
		if (!toml_is(it, TOML_ARRAY)) {
			TRY(poetry_one(m, it, it->key, dev));
			continue;
		}
		/* one entry for each platform or Python */
		TOML_EACH(it, one)
		TRY(poetry_one(m, one, it->key, dev));
	}
	return OK;
}

static enum err poetry(struct manifest_in *m, const struct toml *t)
{
	bool first = true;

	TRY(poetry_table(m, toml_get(t, S("dependencies")), false));
	TRY(poetry_table(m, toml_get(t, S("dev-dependencies")), true));
	TOML_EACH(toml_get(t, S("group")), it)
	TRY(poetry_table(m, toml_get(it, S("dependencies")), true));
	TOML_EACH(toml_get(t, S("source")), it)
	{
		struct str kind = toml_str(toml_get(it, S("priority")));
		bool bound = str_eq(kind, S("explicit"));
		bool only = kind.n == 0 || str_eq(kind, S("primary")) || str_eq(kind, S("default"));
		manifest_index(m, toml_str(toml_get(it, S("url"))), it->line, !(only && first),
			       bound);
		first = first && bound;
	}
	return OK;
}

/* ---- uv ------------------------------------------------------------------------------------- */

static enum err uv_source(struct manifest_in *m, const struct toml *it, struct str name)
{
	struct package p = manifest_new(m, ECO_PYPI, it->line);

	p.direct = true;
	TRY(manifest_name_set(m, &p, name));
	sources(m, &p, it);
	/* an index or a member of the workspace is said in the dependency itself */
	return p.origin == ORIGIN_UNKNOWN ? OK : manifest_add(m, &p);
}

static void uv_indexes(struct manifest_in *m, const struct toml *t)
{
	const struct toml *main = toml_get(t, S("index-url"));

	TOML_EACH(toml_get(t, S("index")), it)
	manifest_index(m, toml_str(toml_get(it, S("url"))), it->line,
		       !toml_true(toml_get(it, S("default"))),
		       toml_true(toml_get(it, S("explicit"))));
	if (toml_is(main, TOML_STRING))
		manifest_index(m, main->text, main->line, false, false);
	TOML_EACH(toml_get(t, S("extra-index-url")), it)
	manifest_index(m, toml_str(it), it->line, true, false);
	TOML_EACH(toml_get(t, S("find-links")), it)
	manifest_index(m, toml_str(it), it->line, true, false);
}

static enum err uv(struct manifest_in *m, const struct toml *t)
{
	TRY(specifiers(m, toml_get(t, S("dev-dependencies")), true));
	TRY(specifiers(m, toml_get(t, S("constraint-dependencies")), true));
	TRY(specifiers(m, toml_get(t, S("override-dependencies")), false));
	TOML_EACH(toml_get(t, S("sources")), it)
	{
		if (!toml_is(it, TOML_ARRAY)) {
			TRY(uv_source(m, it, it->key));
			continue;
		}
		TOML_EACH(it, one)
		TRY(uv_source(m, one, it->key));
	}
	uv_indexes(m, t);
	return OK;
}

enum err manifest_pyproject(struct manifest_in *m)
{
	const struct toml *root;

	TRY(manifest_toml(m, &root));
	const struct toml *build = toml_get(root, S("build-system"));
	const struct toml *project = toml_get(root, S("project"));
	const struct toml *tool = toml_get(root, S("tool"));
	const struct toml *own = toml_get(build, S("backend-path"));
	if (own != NULL)
		manifest_find(m, RULE_INSTALL_SCRIPT, NULL, own->line,
			      toml_str(toml_get(build, S("build-backend"))),
			      "the project brings its own build backend");
	TRY(specifiers(m, toml_get(build, S("requires")), false));
	TRY(specifiers(m, toml_get(project, S("dependencies")), false));
	TRY(groups(m, toml_get(project, S("optional-dependencies"))));
	TRY(groups(m, toml_get(root, S("dependency-groups"))));
	TRY(poetry(m, toml_get(tool, S("poetry"))));
	TOML_EACH(toml_get(toml_get(tool, S("pdm")), S("source")), it)
	manifest_index(m, toml_str(toml_get(it, S("url"))), it->line, true, false);
	TRY(groups(m, toml_get(toml_get(tool, S("pdm")), S("dev-dependencies"))));
	return uv(m, toml_get(tool, S("uv")));
}
