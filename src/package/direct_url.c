/*
 * package/direct_url.c - PEP 610: one of vcs_info, archive_info and dir_info says what url is.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/direct_url_fuzz.c
 */
#include "package/direct_url.h"

#include "base/num.h"
#include "codec/json.h"

#include <string.h>

static enum err bad(struct diag *d, const char *what)
{
	return diag_set(d, ERR_SYNTAX, "direct_url.json: %s", what);
}

/* A string member; optional ones may be missing or null. */
static enum err take(struct arena *a, const struct json *obj, struct str name, bool optional,
		     struct str *out, struct diag *d)
{
	const struct json *v = json_get(obj, name);

	*out = S("");
	if (optional && (v == NULL || json_is(v, JSON_NULL)))
		return OK;
	if (!json_is(v, JSON_STRING))
		return diag_set(d, ERR_SYNTAX, "direct_url.json: '%.*s' is no string", FMT(name));
	*out = json_str(a, v);
	return out->p != NULL ? OK : ERR_NOMEM;
}

static enum err add_hash(struct direct_url *u, struct str algorithm, struct str hex, struct diag *d)
{
	struct package_hash *h = &u->hashes[u->n_hashes];

	if (u->n_hashes == DIRECT_URL_HASHES)
		return diag_set(d, ERR_LIMIT, "direct_url.json: more than %d hashes",
				DIRECT_URL_HASHES);
	if (algorithm.n == 0 || hex.n == 0 || hex.n / 2 > sizeof h->bytes ||
	    !num_hex_bytes(hex, h->bytes, hex.n / 2))
		return bad(d, "a hash is none");
	h->algorithm = algorithm;
	h->n = (uint8_t)(hex.n / 2);
	u->n_hashes++;
	return OK;
}

static bool same_hash(const struct package_hash *a, const struct package_hash *b)
{
	return str_eq(a->algorithm, b->algorithm) && a->n == b->n &&
	       memcmp(a->bytes, b->bytes, a->n) == 0;
}

/* "hashes" is what counts; "hash" ("sha256=...") is the older form, and must not say another thing.
 */
static enum err read_archive(struct arena *a, const struct json *info, struct direct_url *u,
			     struct diag *d)
{
	const struct json *hashes = json_get(info, S("hashes"));
	struct str old, hex;

	u->origin = ORIGIN_URL;
	TRY(take(a, info, S("hash"), true, &old, d));
	if (hashes != NULL && !json_is(hashes, JSON_OBJECT))
		return bad(d, "'hashes' is no object");
	if (hashes != NULL) {
		JSON_EACH_MEMBER (hashes, key) {
			struct str name = json_str(a, key), value = json_str(a, key + 1);
			if (name.p == NULL || value.p == NULL)
				return bad(d, "a hash is no string");
			TRY(add_hash(u, name, value, d));
		}
	}
	if (old.n == 0)
		return OK;
	struct str algorithm = str_cut(old, '=', &hex);
	unsigned before = u->n_hashes;
	TRY(add_hash(u, algorithm, hex, d));
	for (unsigned i = 0; i < before; i++) {
		if (!str_eq(u->hashes[i].algorithm, algorithm))
			continue;
		u->n_hashes--;
		return same_hash(&u->hashes[i], &u->hashes[before])
			       ? OK
			       : bad(d, "'hash' and 'hashes' differ");
	}
	return OK;
}

static enum err read_vcs(struct arena *a, const struct json *info, struct direct_url *u,
			 struct diag *d)
{
	u->origin = ORIGIN_GIT;
	TRY(take(a, info, S("vcs"), false, &u->vcs, d));
	TRY(take(a, info, S("commit_id"), false, &u->commit, d));
	return take(a, info, S("requested_revision"), true, &u->wanted, d);
}

static enum err read_dir(const struct json *info, struct direct_url *u, struct diag *d)
{
	const struct json *editable = json_get(info, S("editable"));

	if (editable != NULL && !json_is(editable, JSON_TRUE) && !json_is(editable, JSON_FALSE) &&
	    !json_is(editable, JSON_NULL))
		return bad(d, "'editable' is no truth value");
	u->origin = json_bool(editable) ? ORIGIN_EDITABLE : ORIGIN_PATH;
	return OK;
}

enum err direct_url_read(struct str text, struct arena *a, struct direct_url *out, struct diag *d)
{
	struct direct_url u = { .vcs = S(""), .commit = S(""), .wanted = S("") };
	const struct json *root;
	enum err e = json_read(a, text, &root, NULL);

	if (e != OK)
		return diag_set(d, e, "direct_url.json: no JSON");
	if (!json_is(root, JSON_OBJECT))
		return bad(d, "no object");
	const struct json *vcs = json_get(root, S("vcs_info"));
	const struct json *archive = json_get(root, S("archive_info"));
	const struct json *dir = json_get(root, S("dir_info"));
	const struct json *info = vcs != NULL ? vcs : archive != NULL ? archive : dir;
	if ((vcs != NULL) + (archive != NULL) + (dir != NULL) != 1 || !json_is(info, JSON_OBJECT))
		return bad(d, "exactly one of vcs_info, archive_info and dir_info is needed");
	TRY(take(a, root, S("url"), false, &u.url, d));
	TRY(take(a, root, S("subdirectory"), true, &u.subdirectory, d));
	if (vcs != NULL)
		TRY(read_vcs(a, vcs, &u, d));
	else if (archive != NULL)
		TRY(read_archive(a, archive, &u, d));
	else
		TRY(read_dir(dir, &u, d));
	*out = u;
	return OK;
}
