/*
 * package/manifest_cyclonedx.c - components of a CycloneDX bill of materials in JSON, 1.2 to 1.6.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

#include "base/limits.h"
#include "package/purl.h"

/* Types of components that are software which somebody releases. */
static bool is_software(const struct json *type)
{
	static const struct str types[] = { SC("library"),     SC("framework"),
					    SC("application"), SC("container"),
					    SC("platform"),    SC("machine-learning-model") };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (json_str_eq(type, types[i]))
			return true;
	return false;
}

static void hashes(struct manifest_in *m, struct package *p, const struct json *list)
{
	if (!json_is(list, JSON_ARRAY))
		return;
	JSON_EACH_ITEM (list, it)
		manifest_hash(m, p, manifest_string(m, json_get(it, S("alg"))),
			      manifest_string(m, json_get(it, S("content"))));
}

/* Without a package URL all that is known is a name. */
static enum err by_name(struct manifest_in *m, struct package *p, const struct json *v)
{
	struct str group = manifest_string(m, json_get(v, S("group")));
	struct str name = manifest_string(m, json_get(v, S("name")));
	struct buf b;

	p->eco = ECO_OTHER;
	p->version = manifest_string(m, json_get(v, S("version")));
	if (group.n == 0) {
		p->name = name;
		return OK;
	}
	char *at = arena_take(m->out->arena, group.n + name.n + 1, 1);
	if (at == NULL)
		return diag_set(m->d, ERR_NOMEM, "out of memory");
	buf_fixed(&b, at, group.n + name.n + 1);
	buf_add(&b, group);
	buf_addc(&b, '/');
	buf_add(&b, name);
	p->name = buf_str(&b);
	return OK;
}

enum err manifest_purl(struct manifest_in *m, struct package *p, struct str text)
{
	struct diag why = { 0 };
	struct purl purl;
	enum err e = purl_parse(m->out->arena, text, &purl, &why);

	if (e == OK)
		e = purl_package(m->out->arena, &purl, p);
	if (e == ERR_NOMEM)
		return diag_set(m->d, e, "out of memory");
	if (e != OK) {
		manifest_find(m, RULE_MANIFEST_UNREAD, NULL, p->line, text, diag_text(&why));
		return e;
	}
	for (unsigned i = 0; i < purl.n_qualifiers; i++) {
		struct str key = purl.qualifiers[i].key;
		if (str_eq(key, S("vcs_url")))
			p->origin = ORIGIN_GIT;
		else if (!str_eq(key, S("download_url")) && !str_eq(key, S("repository_url")))
			continue;
		p->url = purl.qualifiers[i].value;
	}
	return OK;
}

static enum err component(struct manifest_in *m, const struct json *v)
{
	struct package p = manifest_new(m, ECO_OTHER, manifest_line(m, v->p));
	struct str purl = manifest_string(m, json_get(v, S("purl")));
	enum err e = OK;

	if (purl.n == 0 && !is_software(json_get(v, S("type"))))
		return OK;
	e = purl.n > 0 ? manifest_purl(m, &p, purl) : ERR_SYNTAX;
	if (e == ERR_NOMEM)
		return e;
	if (e != OK)
		TRY(by_name(m, &p, v));
	hashes(m, &p, json_get(v, S("hashes")));
	p.dev = json_str_eq(json_get(v, S("scope")), S("optional")) ||
		json_str_eq(json_get(v, S("scope")), S("excluded"));
	return p.name.n > 0 ? manifest_add(m, &p) : OK;
}

/* Components within components, by a stack of the lists that are open. */
static enum err components(struct manifest_in *m, const struct json *list)
{
	struct {
		const struct json *at, *end;
	} stack[LIMIT_JSON_DEPTH];
	unsigned depth = 0;

	stack[depth].at = list + 1;
	stack[depth++].end = list + list->skip;
	while (depth > 0) {
		const struct json *it = stack[depth - 1].at;
		if (it >= stack[depth - 1].end) {
			depth--;
			continue;
		}
		stack[depth - 1].at = it + it->skip;
		TRY(component(m, it));
		const struct json *below = json_get(it, S("components"));
		if (!json_is(below, JSON_ARRAY))
			continue;
		if (depth == LIMIT_JSON_DEPTH)
			return diag_set(m->d, ERR_LIMIT, "nested too deeply");
		stack[depth].at = below + 1;
		stack[depth++].end = below + below->skip;
	}
	return OK;
}

enum err manifest_cyclonedx(struct manifest_in *m)
{
	const struct json *root;

	if (str_has_prefix(str_trim(m->text), S("<")))
		return diag_set(
			m->d, ERR_UNSUPPORTED,
			"CycloneDX as XML is not read: write it as JSON, or convert it with "
			"`cyclonedx convert --output-format json`");
	TRY(manifest_json(m, &root));
	if (!json_str_eq(json_get(root, S("bomFormat")), S("CycloneDX")))
		return diag_set(m->d, ERR_SYNTAX, "no bomFormat: not CycloneDX");
	struct str version = manifest_string(m, json_get(root, S("specVersion")));
	if (!str_has_prefix(version, S("1.")))
		return diag_set(m->d, ERR_UNSUPPORTED,
				"CycloneDX of another major version than 1: write it as 1.6");
	const struct json *list = json_get(root, S("components"));
	return json_is(list, JSON_ARRAY) ? components(m, list) : OK;
}
