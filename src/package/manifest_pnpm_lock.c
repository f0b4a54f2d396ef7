/*
 * package/manifest_pnpm_lock.c - pnpm-lock.yaml, versions 5 to 9.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 *
 * Name and version are in the keys of "packages": "/a/1.0.0_peers" in version 5, "/a@1.0.0(peers)"
 * in 6, "a@1.0.0" in 9, where the peers went to "snapshots". pnpm 11 puts a second document before
 * the first, with what its own configuration needs.
 */
#include "package/manifest_in.h"

#include "base/limits.h"

struct reader {
	struct manifest_in *m;
	uint32_t lines; /* of the documents before this one */
	bool slashes;	/* version 5 */
	struct str *names;
	size_t n_names;
};

static struct str text_of(const struct node *n)
{
	return node_is(n, NODE_SCALAR) && !node_null(n) ? n->text : S("");
}

static bool is_true(const struct node *n)
{
	return node_is(n, NODE_SCALAR) && !n->quoted && str_eq(n->text, S("true"));
}

/* Offset behind the name in "a...", "@s/a...", where a name ends at c. */
static size_t name_end(struct str s, char c)
{
	size_t from = 0;

	if (str_has_prefix(s, S("@"))) {
		size_t slash = str_chr(s, '/');
		if (slash == SIZE_MAX)
			return SIZE_MAX;
		from = slash + 1;
	}
	size_t at = str_chr(str_tail(s, from), c);
	return at == SIZE_MAX ? at : from + at;
}

/* Takes a key apart. */
static void key_parts(const struct reader *r, struct str key, struct str *name, struct str *version)
{
	struct str rest;
	bool index = str_has_prefix(key, S("/"));

	key = str_tail(key, index);
	if (r->slashes && !index)
		(void)str_cut(key, '/', &key); /* the registry's host stands before it */
	size_t at = name_end(key, r->slashes ? '/' : '@');
	*name = at == SIZE_MAX ? key : str_head(key, at);
	*version = at == SIZE_MAX ? S("") : str_tail(key, at + 1);
	*version = str_cut(*version, '(', &rest);
	if (r->slashes)
		*version = str_cut(*version, '_', &rest);
}

static void source(struct reader *r, struct package *p, const struct node *resolution)
{
	struct manifest_in *m = r->m;
	struct str tarball = text_of(node_get(resolution, S("tarball")));
	struct str repo = text_of(node_get(resolution, S("repo")));
	struct str directory = text_of(node_get(resolution, S("directory")));

	manifest_integrity(m, p, text_of(node_get(resolution, S("integrity"))));
	if (repo.n > 0) {
		p->origin = ORIGIN_GIT;
		p->url = manifest_keep(m, repo);
	} else if (directory.n > 0) {
		p->origin = ORIGIN_PATH;
		p->url = manifest_keep(m, directory);
	} else if (tarball.n > 0) {
		manifest_npm_source(m, p, manifest_keep(m, tarball));
	} else {
		p->origin = ORIGIN_INDEX;
	}
}

static enum err package(struct reader *r, const struct node *n)
{
	struct manifest_in *m = r->m;
	struct package p = manifest_new(m, ECO_NPM, n->line + r->lines);
	struct str name, version;

	key_parts(r, n->name, &name, &version);
	/* Packages that come from no registry say name and version themselves. */
	if (text_of(node_get(n, S("name"))).n > 0)
		name = text_of(node_get(n, S("name")));
	if (text_of(node_get(n, S("version"))).n > 0)
		version = text_of(node_get(n, S("version")));
	TRY(manifest_name_set(m, &p, name));
	p.version = manifest_keep(m, version);
	p.dev = is_true(node_get(n, S("dev")));
	p.scripts = is_true(node_get(n, S("requiresBuild")));
	source(r, &p, node_get(n, S("resolution")));
	return manifest_add(m, &p);
}

/* The names that one project asks for. */
static void wishes(struct reader *r, const struct node *project)
{
	static const struct str sections[] = { SC("dependencies"), SC("devDependencies"),
					       SC("optionalDependencies") };

	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		const struct node *map = node_get(project, sections[i]);
		if (!node_is(map, NODE_MAP))
			continue;
		NODE_EACH(map, it)
		{
			if (r->names != NULL)
				r->names[r->n_names] = it->name;
			r->n_names++;
		}
	}
}

static void all_wishes(struct reader *r, const struct node *root)
{
	const struct node *importers = node_get(root, S("importers"));

	r->n_names = 0;
	wishes(r, root);
	if (node_is(importers, NODE_MAP))
		NODE_EACH(importers, it)
	wishes(r, it);
}

static enum err document(struct reader *r, struct str text, struct node_budget *budget)
{
	struct manifest_in *m = r->m;
	const struct node *root;
	size_t first = m->out->n;

	TRY(manifest_yaml(m, text, budget, &root));
	struct str version = text_of(node_get(root, S("lockfileVersion"))), rest;
	struct str major = str_cut(version, '.', &rest);
	if (version.n == 0)
		return diag_set(m->d, ERR_SYNTAX, "no lockfileVersion: not a pnpm-lock.yaml");
	if (major.n != 1 || major.p[0] < '5' || major.p[0] > '9')
		return diag_set(m->d, ERR_UNSUPPORTED,
				"lockfileVersion %.*s; 5 to 9 are known: write it with pnpm 10",
				FMT(str_head(version, 20)));
	r->slashes = major.p[0] == '5';
	const struct node *packages = node_get(root, S("packages"));
	if (!node_is(packages, NODE_MAP))
		return OK;
	NODE_EACH(packages, it)
	TRY(package(r, it));
	r->names = NULL;
	all_wishes(r, root);
	r->names = NEW_ARRAY(m->scratch, struct str, r->n_names + 1);
	if (r->names == NULL)
		return diag_set(m->d, ERR_NOMEM, "out of memory");
	all_wishes(r, root);
	return manifest_mark_direct(m, first, r->names, r->n_names);
}

/* Length of the document that text begins with: up to a line "---" past its first line. */
static size_t document_end(struct str text, uint32_t *lines)
{
	size_t at = 0;

	*lines = 0;
	while (at < text.n) {
		size_t nl = str_chr(str_tail(text, at), '\n');
		at = nl == SIZE_MAX ? text.n : at + nl + 1;
		*lines += 1;
		if (str_has_prefix(str_tail(text, at), S("---\n")))
			return at;
	}
	return text.n;
}

enum err manifest_pnpm_lock(struct manifest_in *m)
{
	struct node_budget budget = { .nodes = LIMIT_YAML_NODES, .key_max = LIMIT_YAML_KEY };
	struct reader r = { .m = m };
	struct str rest = m->text;
	uint32_t lines;
	unsigned documents = 0;

	do {
		if (++documents > LIMIT_YAML_DOCUMENTS)
			return diag_set(m->d, ERR_LIMIT, "too many documents");
		size_t n = document_end(rest, &lines);
		TRY(document(&r, str_head(rest, n), &budget));
		rest = str_tail(rest, n);
		r.lines += lines;
	} while (rest.n > 0);
	return OK;
}
