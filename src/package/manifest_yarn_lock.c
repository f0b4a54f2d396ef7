/*
 * package/manifest_yarn_lock.c - yarn.lock: version 1 with its own grammar, and YAML since yarn 2.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

#include "base/limits.h"

/* "@s/a@range" and "a@range" at the at-sign. */
static struct str pattern_cut(struct str s, struct str *range)
{
	size_t at = str_chr(str_tail(s, 1), '@');

	*range = at == SIZE_MAX ? S("") : str_tail(s, at + 2);
	return at == SIZE_MAX ? s : str_head(s, at + 1);
}

/* ---- yarn 2 and later ----------------------------------------------------------------------- */

static struct str text_of(const struct node *n)
{
	return node_is(n, NODE_SCALAR) && !node_null(n) ? n->text : S("");
}

/* What stands behind the name in "resolution": where exactly the package was found. The "checksum"
 * beside it is of an archive that yarn made itself and fits no file of a registry. */
static void locator(struct manifest_in *m, struct package *p, struct str at)
{
	struct str binding, where = at;
	size_t colons = str_find(at, S("::"));

	if (colons != SIZE_MAX)
		where = str_head(at, colons);
	binding = str_tail(at, where.n);
	if (str_has_prefix(where, S("npm:"))) {
		p->version = manifest_keep(m, str_tail(where, 4));
		p->origin = ORIGIN_INDEX;
		if (str_find(binding, S("__archiveUrl=")) != SIZE_MAX)
			manifest_find(m, RULE_OTHER_INDEX, p, p->line, binding, "");
		return;
	}
	manifest_url(m, p, manifest_keep(m, where), false);
}

static enum err berry_package(struct manifest_in *m, const struct node *n)
{
	struct package p = manifest_new(m, ECO_NPM, n->line);
	struct str at, resolution = text_of(node_get(n, S("resolution")));
	struct str name = pattern_cut(resolution, &at);

	if (name.n == 0)
		return diag_set(m->d, ERR_SYNTAX, "line %u: an entry without its resolution",
				n->line);
	/* A member of the workspace; and a patch of a package that has an entry of its own. */
	if (str_has_prefix(at, S("workspace:")) || str_has_prefix(at, S("patch:")))
		return OK;
	TRY(manifest_name_set(m, &p, name));
	p.version = manifest_keep(m, text_of(node_get(n, S("version"))));
	locator(m, &p, at);
	return manifest_add(m, &p);
}

/* The ranges that a workspace asks for. Counts only where names is NULL. */
static size_t berry_wishes(const struct node *root, struct str *names)
{
	size_t n = 0;

	NODE_EACH(root, it)
	{
		struct str at;
		const struct node *map = node_get(it, S("dependencies"));
		(void)pattern_cut(text_of(node_get(it, S("resolution"))), &at);
		if (!str_has_prefix(at, S("workspace:")) || !node_is(map, NODE_MAP))
			continue;
		NODE_EACH(map, one)
		{
			if (names != NULL)
				names[n] = one->name;
			n++;
		}
	}
	return n;
}

static enum err berry(struct manifest_in *m)
{
	struct node_budget budget = { .nodes = LIMIT_YAML_NODES, .key_max = LIMIT_YAML_KEY };
	const struct node *root;
	size_t first = m->out->n;

	TRY(manifest_yaml(m, m->text, &budget, &root));
	NODE_EACH(root, it)
	if (!str_eq(it->name, S("__metadata")))
		TRY(berry_package(m, it));
	size_t n = berry_wishes(root, NULL);
	struct str *names = NEW_ARRAY(m->scratch, struct str, n + 1);
	if (names == NULL)
		return diag_set(m->d, ERR_NOMEM, "out of memory");
	(void)berry_wishes(root, names);
	return manifest_mark_direct(m, first, names, n);
}

/* ---- yarn 1 --------------------------------------------------------------------------------- */

struct lines {
	struct manifest_in *m;
	struct str rest;
	uint32_t line;
};

static enum err syntax(struct lines *l)
{
	return diag_set(l->m->d, ERR_SYNTAX, "line %u: not the grammar of yarn.lock", l->line);
}

/* The next line that says something, and by how much it is indented. */
static bool next_line(struct lines *l, struct str *out, size_t *indent)
{
	while (l->rest.n > 0) {
		struct str s = str_cut(l->rest, '\n', &l->rest);
		l->line++;
		if (str_has_suffix(s, S("\r")))
			s.n--;
		for (*indent = 0; *indent < s.n && s.p[*indent] == ' ';)
			++*indent;
		*out = str_tail(s, *indent);
		if (out->n > 0 && out->p[0] != '#')
			return true;
	}
	return false;
}

/* A word, quoted or up to one of the stops. Escapes stay as they are: names and versions have
 * none. */
static bool word(struct str *s, struct str stops, struct str *out)
{
	size_t n = 0;

	if (!str_has_prefix(*s, S("\""))) {
		while (n < s->n && str_chr(stops, s->p[n]) == SIZE_MAX)
			n++;
		*out = str_head(*s, n);
		*s = str_tail(*s, n);
		return n > 0;
	}
	for (n = 1; n < s->n && s->p[n] != '"'; n++)
		n += s->p[n] == '\\' && n + 1 < s->n;
	if (n >= s->n)
		return false;
	*out = (struct str){ s->p + 1, n - 1 };
	*s = str_tail(*s, n + 1);
	return true;
}

/* "a@^1, a@^1.2:": the first says the name; the others are the same package. */
static enum err head(struct lines *l, struct str s, struct package *p)
{
	struct str first, other, range;

	if (!word(&s, S(",:"), &first))
		return syntax(l);
	/* A range may hold colons when it is not quoted: only yarn's own quoting is read. */
	while (str_has_prefix(s, S(", "))) {
		s = str_tail(s, 2);
		if (!word(&s, S(",:"), &other))
			return syntax(l);
	}
	if (!str_eq(s, S(":")))
		return syntax(l);
	*p = manifest_new(l->m, ECO_NPM, l->line);
	struct str name = pattern_cut(first, &range);
	if (str_has_prefix(range, S("npm:")))
		name = pattern_cut(str_tail(range, 4), &range);
	return manifest_name_set(l->m, p, name);
}

static void resolved(struct manifest_in *m, struct package *p, struct str url)
{
	struct str digest;

	(void)str_cut(url, '#', &digest);
	manifest_npm_source(m, p, url);
	if (p->origin != ORIGIN_GIT)
		manifest_hash(m, p, S("sha1"), digest);
}

/* One entry behind its head, up to the next line that is not indented (left in *s). */
static enum err body(struct lines *l, struct package *p, struct str *s, bool *out_more)
{
	struct str key, value, url = S("");
	size_t indent;

	while ((*out_more = next_line(l, s, &indent)) && indent > 0) {
		struct str rest = *s;
		/* maps of dependencies, and what is in them */
		if (indent > 2 || str_has_suffix(rest, S(":")))
			continue;
		if (!word(&rest, S(" "), &key) || rest.n < 2)
			return syntax(l);
		rest = str_tail(rest, 1);
		if (!word(&rest, S(" "), &value))
			return syntax(l);
		if (str_eq(key, S("version")))
			p->version = value;
		else if (str_eq(key, S("resolved")))
			url = value;
		else if (str_eq(key, S("integrity")))
			manifest_integrity(l->m, p, value);
	}
	if (url.n > 0)
		resolved(l->m, p, url);
	return manifest_add(l->m, p);
}

static enum err classic(struct manifest_in *m)
{
	struct lines l = { .m = m, .rest = m->text };
	struct package p;
	struct str s;
	size_t indent;

	bool more = next_line(&l, &s, &indent);
	if (more && indent > 0)
		return syntax(&l);
	while (more) {
		TRY(head(&l, s, &p));
		TRY(body(&l, &p, &s, &more));
	}
	return OK;
}

enum err manifest_yarn_lock(struct manifest_in *m)
{
	bool yaml = str_has_prefix(m->text, S("__metadata:")) ||
		    str_find(m->text, S("\n__metadata:")) != SIZE_MAX;

	return yaml ? berry(m) : classic(m);
}
