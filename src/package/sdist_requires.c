/*
 * package/sdist_requires.c - what a source archive needs to be built.
 * Input: hostile.   Runs in: cli.   Fuzz: fuzz/sdist_requires_fuzz.c
 */
#include "package/sdist_requires.h"

#include "codec/archive.h"
#include "codec/toml.h"
#include "package/requirement.h"

enum { PYPROJECT_MAX = 1 << 20, TOML_NODES = 65536 };

/* pip takes a name that ends so for a file, if there is one. */
static bool like_a_file(struct str name)
{
	static const struct str ends[] = { SC(".whl"), SC(".zip"),  SC(".gz"),	SC(".tgz"),
					   SC(".tar"), SC(".bz2"),  SC(".xz"),	SC(".tbz"),
					   SC(".txz"), SC(".lzma"), SC(".tlz"), SC(".lz") };

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (name.n >= ends[i].n && str_ieq(str_tail(name, name.n - ends[i].n), ends[i]))
			return true;
	return false;
}

static enum err check(struct str wish, struct diag *d)
{
	struct requirement r;
	bool plain = requirement_parse(wish, &r, NULL) == OK && r.url.n == 0 &&
		     !like_a_file(r.name);

	for (size_t i = 0; i < wish.n; i++)
		plain &= wish.p[i] >= ' ' && wish.p[i] < 0x7f;
	if (!plain || wish.p[0] == '-')
		return diag_set(d, ERR_DENIED,
				"to be built it wants '%.*s', which is no name of an index",
				FMT(str_head(wish, 80)));
	return OK;
}

enum err sdist_requires_add(struct arena *a, struct sdist_requires *r, struct str wish,
			    bool *out_new, struct diag *d)
{
	*out_new = false;
	wish = str_trim(wish);
	TRY(check(wish, d));
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(str_z(r->items[i]), wish))
			return OK;
	if (r->n == SDIST_REQUIRES)
		return diag_set(d, ERR_LIMIT, "to be built it wants more than %d packages",
				SDIST_REQUIRES);
	char *z = arena_alloc(a, wish.n + 1, 1);
	if (z == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	memcpy(z, wish.p, wish.n);
	r->items[r->n++] = z;
	*out_new = true;
	return OK;
}

/* "top/pyproject.toml". The last one counts, as when the archive is unpacked. */
static enum err find(struct arena *a, struct str map, struct str *out, struct diag *d)
{
	const struct member *m;
	struct archive *ar;
	struct str inside;

	enum err e = archive_open(&ar, a, map, true);
	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL) {
		(void)str_cut(m->name, '/', &inside);
		if (m->type == MEMBER_FILE && str_eq(inside, S("pyproject.toml")))
			e = archive_read_all(ar, a, PYPROJECT_MAX, out);
	}
	return e == OK ? OK : diag_set(d, e, "its pyproject.toml cannot be read: %s", err_text(e));
}

enum err sdist_requires_read(struct arena *a, struct str map, struct sdist_requires *out,
			     struct diag *d)
{
	struct str text = S("");
	const struct toml *root = NULL;
	bool ignored;

	*out = (struct sdist_requires){ .n = 0 };
	TRY(find(a, map, &text, d));
	if (text.n > 0)
		TRY(toml_parse(text, a, TOML_NODES, &root, d));
	const struct toml *build = toml_get(root, S("build-system"));
	const struct toml *requires = toml_get(build, S("requires"));
	if (build == NULL) {
		TRY(sdist_requires_add(a, out, S("setuptools>=40.8.0"), &ignored, d));
		return sdist_requires_add(a, out, S("wheel"), &ignored, d);
	}
	if (!toml_is(requires, TOML_ARRAY))
		return diag_set(d, ERR_SYNTAX, "its pyproject.toml does not say what it needs");
	TOML_EACH(requires, it)
	{
		TRY(sdist_requires_add(a, out, toml_str(it), &ignored, d));
	}
	return OK;
}
