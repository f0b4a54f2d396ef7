/*
 * package/manifest_pipfile_lock.c - Pipfile.lock of pipenv.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

static enum err package(struct manifest_in *m, const struct json *key, bool dev)
{
	const struct json *v = key + 1;
	struct package p = manifest_new(m, ECO_PYPI, manifest_line(m, key->p));
	struct str version = manifest_string(m, json_get(v, S("version")));
	const struct json *git = json_get(v, S("git")), *file = json_get(v, S("file"));
	const struct json *path = json_get(v, S("path")), *hashes = json_get(v, S("hashes"));

	p.dev = dev;
	TRY(manifest_name_set(m, &p, manifest_string(m, key)));
	if (str_has_prefix(version, S("==")))
		p.version = str_trim(str_tail(version, str_has_prefix(version, S("===")) ? 3 : 2));
	else
		p.wanted = version;
	p.direct = json_get(v, S("index")) != NULL;
	if (git != NULL) {
		p.origin = ORIGIN_GIT;
		p.url = manifest_string(m, git);
	} else if (file != NULL) {
		manifest_url(m, &p, manifest_string(m, file), false);
	} else if (path != NULL) {
		p.origin = json_bool(json_get(v, S("editable"))) ? ORIGIN_EDITABLE : ORIGIN_PATH;
		p.url = manifest_string(m, path);
	} else {
		p.origin = ORIGIN_INDEX;
	}
	if (json_is(hashes, JSON_ARRAY))
		JSON_EACH_ITEM (hashes, it)
			manifest_hash_pair(m, &p, manifest_string(m, it));
	return manifest_add(m, &p);
}

/* The members of "default", "develop" or a category of the user's own. */
static enum err section(struct manifest_in *m, const struct json *v, bool dev)
{
	JSON_EACH_MEMBER (v, key)
		TRY(package(m, key, dev));
	return OK;
}

static void sources(struct manifest_in *m, const struct json *list)
{
	bool first = true;

	if (!json_is(list, JSON_ARRAY))
		return;
	JSON_EACH_ITEM (list, it) {
		const struct json *verify = json_get(it, S("verify_ssl"));
		struct str url = manifest_string(m, json_get(it, S("url")));
		uint32_t line = manifest_line(m, it->p);
		manifest_index(m, url, line, !first, true);
		if (json_is(verify, JSON_FALSE))
			manifest_find(m, RULE_INDEX_PLAIN, NULL, line, S("verify_ssl"),
				      "certificates are not checked");
		first = false;
	}
}

enum err manifest_pipfile_lock(struct manifest_in *m)
{
	const struct json *root;

	TRY(manifest_json(m, &root));
	const struct json *meta = json_get(root, S("_meta"));
	if (!json_is(meta, JSON_OBJECT))
		return diag_set(m->d, ERR_SYNTAX, "no _meta: not a Pipfile.lock");
	sources(m, json_get(meta, S("sources")));
	JSON_EACH_MEMBER (root, key) {
		if (json_str_eq(key, S("_meta")) || key[1].type != JSON_OBJECT)
			continue;
		TRY(section(m, key + 1, !json_str_eq(key, S("default"))));
	}
	return OK;
}
