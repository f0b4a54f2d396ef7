/*
 * package/manifest_package_lock.c - package-lock.json and npm-shrinkwrap.json, versions 1 to 3, and
 * the hidden lock file in node_modules.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 *
 * Versions 2 and 3 have "packages", a flat map of directories; version 1 has "dependencies", nested
 * as the directories are. Version 2 has both, and npm since 7 believes "packages".
 */
#include "package/manifest_in.h"

#include "base/limits.h"

/* Where an entry comes from and what its digest is. The same words in all versions. */
static void source(struct manifest_in *m, struct package *p, struct str resolved,
		   struct str integrity)
{
	manifest_integrity(m, p, integrity);
	if (resolved.n == 0) {
		/* npm leaves it out when it is told to keep the registry out of the file */
		p->origin = p->n_hashes > 0 ? ORIGIN_INDEX : ORIGIN_UNKNOWN;
		return;
	}
	manifest_npm_source(m, p, resolved);
}

#if defined(__aarch64__)
#define HOST_CPU "arm64"
#else
#define HOST_CPU "x64"
#endif

/* "os" and "cpu": names that are meant, or with a '!' names that are not. */
static bool meant(struct manifest_in *m, const struct json *names, struct str host)
{
	bool any = false, named = false;

	if (!json_is(names, JSON_ARRAY))
		return true;
	JSON_EACH_ITEM (names, it) {
		struct str s = manifest_string(m, it);
		if (str_has_prefix(s, S("!")) && str_eq(str_tail(s, 1), host))
			return false;
		any |= !str_has_prefix(s, S("!"));
		named |= str_eq(s, host) || str_eq(s, S("any"));
	}
	return named || !any;
}

static bool is_elsewhere(struct manifest_in *m, const struct json *v)
{
	return json_bool(json_get(v, S("optional"))) &&
	       !(meant(m, json_get(v, S("os")), S("linux")) &&
		 meant(m, json_get(v, S("cpu")), S(HOST_CPU)));
}

/* ---- versions 2 and 3 ----------------------------------------------------------------------- */

/* "node_modules/a/node_modules/@s/b" is of "@s/b"; "" for a directory of the project. */
static struct str name_of_path(struct str path)
{
	static const struct str mark = SC("node_modules/");
	size_t at = SIZE_MAX;

	for (size_t i = 0; i + mark.n <= path.n; i++)
		if (str_has_prefix(str_tail(path, i), mark))
			at = i + mark.n;
	return at == SIZE_MAX ? S("") : str_tail(path, at);
}

static enum err flat(struct manifest_in *m, const struct json *key)
{
	const struct json *v = key + 1, *own = json_get(v, S("name"));
	struct package p = manifest_new(m, ECO_NPM, manifest_line(m, key->p));
	struct str name = name_of_path(manifest_string(m, key));

	struct str resolved = manifest_string(m, json_get(v, S("resolved")));

	/* The project, members of its workspace, and the links to them. */
	bool link = json_bool(json_get(v, S("link")));
	if (name.n == 0 || (link && !str_has_prefix(resolved, S("../"))))
		return OK;
	TRY(manifest_name_set(m, &p, own != NULL ? manifest_string(m, own) : name));
	p.version = manifest_string(m, json_get(v, S("version")));
	p.dev = json_bool(json_get(v, S("dev"))) || json_bool(json_get(v, S("devOptional")));
	p.scripts = json_bool(json_get(v, S("hasInstallScript")));
	p.bundled = json_bool(json_get(v, S("inBundle")));
	p.elsewhere = is_elsewhere(m, v);
	source(m, &p, resolved, manifest_string(m, json_get(v, S("integrity"))));
	if (link)
		p.origin = ORIGIN_EDITABLE;
	return manifest_add(m, &p);
}

/* Marks what the project's own entry, "", asks for. */
static enum err mark_direct(struct manifest_in *m, const struct json *root, size_t first)
{
	static const struct str sections[] = { SC("dependencies"), SC("devDependencies"),
					       SC("optionalDependencies"), SC("peerDependencies") };
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		const struct json *s = json_get(root, sections[i]);
		cap += json_is(s, JSON_OBJECT) ? json_count(s) : 0;
	}
	struct str *names = NEW_ARRAY(m->scratch, struct str, cap + 1);
	if (names == NULL)
		return diag_set(m->d, ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		const struct json *s = json_get(root, sections[i]);
		if (json_is(s, JSON_OBJECT))
			JSON_EACH_MEMBER (s, key)
				names[n++] = manifest_string(m, key);
	}
	return manifest_mark_direct(m, first, names, n);
}

static enum err packages(struct manifest_in *m, const struct json *map)
{
	size_t first = m->out->n;

	JSON_EACH_MEMBER (map, key)
		TRY(flat(m, key));
	return mark_direct(m, json_get(map, S("")), first);
}

/* ---- version 1 ------------------------------------------------------------------------------ */

/* The project's own wishes are not in this version: direct stays unset. */
static enum err nested_one(struct manifest_in *m, const struct json *key)
{
	const struct json *v = key + 1;
	struct package p = manifest_new(m, ECO_NPM, manifest_line(m, key->p));
	struct str version = manifest_string(m, json_get(v, S("version")));
	struct str resolved = manifest_string(m, json_get(v, S("resolved")));

	TRY(manifest_name_set(m, &p, manifest_string(m, key)));
	p.dev = json_bool(json_get(v, S("dev")));
	p.bundled = json_bool(json_get(v, S("bundled")));
	/* In place of a version stands where it comes from, or an alias. */
	TRY(manifest_npm_spec(m, &p, version));
	if (p.version.n == 0 && p.origin == ORIGIN_INDEX) {
		p.version = p.wanted;
		p.wanted = S("");
	}
	if (p.origin == ORIGIN_INDEX) {
		p.origin = ORIGIN_UNKNOWN;
		source(m, &p, resolved, manifest_string(m, json_get(v, S("integrity"))));
	} else {
		manifest_integrity(m, &p, manifest_string(m, json_get(v, S("integrity"))));
	}
	return manifest_add(m, &p);
}

/* "dependencies" within "dependencies", by a stack of the maps that are open. */
static enum err nested(struct manifest_in *m, const struct json *map)
{
	struct {
		const struct json *key, *end;
	} stack[LIMIT_JSON_DEPTH];
	unsigned depth = 0;

	stack[depth].key = map + 1;
	stack[depth++].end = map + map->skip;
	while (depth > 0) {
		const struct json *key = stack[depth - 1].key;
		if (key >= stack[depth - 1].end) {
			depth--;
			continue;
		}
		stack[depth - 1].key = key + 1 + key[1].skip;
		TRY(nested_one(m, key));
		const struct json *below = json_get(key + 1, S("dependencies"));
		if (!json_is(below, JSON_OBJECT))
			continue;
		if (depth == LIMIT_JSON_DEPTH)
			return diag_set(m->d, ERR_LIMIT, "nested too deeply");
		stack[depth].key = below + 1;
		stack[depth++].end = below + below->skip;
	}
	return OK;
}

enum err manifest_package_lock(struct manifest_in *m)
{
	const struct json *root;
	int64_t version;

	TRY(manifest_json(m, &root));
	if (json_i64(json_get(root, S("lockfileVersion")), &version) != OK)
		return diag_set(m->d, ERR_SYNTAX, "no lockfileVersion: not a lock file of npm");
	if (version < 1 || version > 3)
		return diag_set(m->d, ERR_UNSUPPORTED,
				"lockfileVersion %lld; 1 to 3 are known: write it with "
				"`npm install --package-lock-only --lockfile-version 3`",
				(long long)version);
	const struct json *flat_map = json_get(root, S("packages"));
	const struct json *map = json_get(root, S("dependencies"));
	if (json_is(flat_map, JSON_OBJECT) && version > 1)
		return packages(m, flat_map);
	return json_is(map, JSON_OBJECT) ? nested(m, map) : OK;
}
