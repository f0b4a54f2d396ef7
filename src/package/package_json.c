/*
 * package/package_json.c - the package a package.json describes.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/package_json.h"

#include "codec/json.h"

#include <string.h>

struct reader {
	struct str text;
	struct arena *a;
	const char *at; /* places come in order, so lines are counted once */
	uint32_t line;
};

bool package_script_runs(struct str name, bool *out_prepare)
{
	static const struct str installs[] = { SC("preinstall"), SC("install"), SC("postinstall") };
	static const struct str prepares[] = { SC("preprepare"), SC("prepare"), SC("postprepare"),
					       SC("prepublish"), SC("prepack") };
	bool prepare = false;

	for (size_t i = 0; i < sizeof prepares / sizeof prepares[0]; i++)
		prepare |= str_eq(name, prepares[i]);
	if (out_prepare != NULL)
		*out_prepare = prepare;
	for (size_t i = 0; i < sizeof installs / sizeof installs[0]; i++)
		if (str_eq(name, installs[i]))
			return true;
	return prepare;
}

static uint32_t line_of(struct reader *r, const char *at)
{
	if (at < r->at) {
		r->at = r->text.p;
		r->line = 1;
	}
	for (; r->at < at; r->at++)
		r->line += *r->at == '\n';
	return r->line;
}

static struct str text_of(struct reader *r, const struct json *v)
{
	struct str s = json_str(r->a, v);

	return s.p != NULL ? s : S("");
}

/* The members of an object whose values are strings. */
static enum err members(struct reader *r, const struct json *v, struct package_script **out,
			unsigned *out_n)
{
	size_t n = json_is(v, JSON_OBJECT) ? json_count(v) : 0;
	struct package_script *list = NEW_ARRAY(r->a, struct package_script, n + 1);

	*out = list;
	*out_n = 0;
	if (list == NULL)
		return ERR_NOMEM;
	if (n == 0)
		return OK;
	JSON_EACH_MEMBER (v, key) {
		if (!json_is(key + 1, JSON_STRING))
			continue;
		struct package_script *s = &list[(*out_n)++];
		s->name = text_of(r, key);
		s->command = text_of(r, key + 1);
		s->line = line_of(r, key->p);
	}
	return OK;
}

/* "bin" is a map, or the file of one command that bears the package's name. */
static enum err bins(struct reader *r, const struct json *v, struct package_json *out)
{
	TRY(members(r, v, &out->bins, &out->n_bins));
	if (!json_is(v, JSON_STRING))
		return OK;
	struct str name = out->name;
	size_t slash = str_chr(name, '/');
	if (str_has_prefix(name, S("@")) && slash != SIZE_MAX)
		name = str_tail(name, slash + 1);
	out->bins[0] = (struct package_script){ .name = name,
						.command = text_of(r, v),
						.line = line_of(r, v->p) };
	out->n_bins = 1;
	return OK;
}

static void mark_scripts(struct package_json *out)
{
	for (unsigned i = 0; i < out->n_scripts; i++) {
		struct package_script *s = &out->scripts[i];
		bool runs = package_script_runs(s->name, &s->prepare);
		s->install = runs && !s->prepare;
	}
}

static bool is_bundle(const struct json *v)
{
	return json_is(v, JSON_TRUE) || (json_is(v, JSON_ARRAY) && json_count(v) > 0);
}

enum err package_json_read(struct str text, struct arena *a, struct package_json *out,
			   struct diag *d)
{
	struct reader r = { .a = a, .line = 1 };
	const struct json *root;
	size_t at = 0;

	if (str_has_prefix(text, S("\xef\xbb\xbf")))
		text = str_tail(text, 3);
	r.text = text;
	r.at = text.p;
	*out = (struct package_json){ 0 };
	enum err e = json_read(a, text, &root, &at);
	if (e != OK)
		return diag_set(d, e, "line %u: %s", line_of(&r, text.p + at),
				e == ERR_SYNTAX ? "not strict JSON" : err_text(e));
	if (!json_is(root, JSON_OBJECT))
		return diag_set(d, ERR_SYNTAX, "not a JSON object");
	const struct json *repository = json_get(root, S("repository"));
	const struct json *url = json_get(repository, S("url"));
	out->name = text_of(&r, json_get(root, S("name")));
	out->version = text_of(&r, json_get(root, S("version")));
	out->main = text_of(&r, json_get(root, S("main")));
	out->homepage = text_of(&r, json_get(root, S("homepage")));
	out->repository = text_of(&r, url != NULL ? url : repository);
	out->module = json_str_eq(json_get(root, S("type")), S("module"));
	out->gypfile = !json_is(json_get(root, S("gypfile")), JSON_FALSE);
	out->members = json_get(root, S("workspaces")) != NULL;
	out->bundled = is_bundle(json_get(root, S("bundleDependencies"))) ||
		       is_bundle(json_get(root, S("bundledDependencies")));
	if (members(&r, json_get(root, S("scripts")), &out->scripts, &out->n_scripts) != OK ||
	    bins(&r, json_get(root, S("bin")), out) != OK)
		return diag_set(d, ERR_NOMEM, "out of memory");
	mark_scripts(out);
	return OK;
}
