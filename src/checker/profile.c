/*
 * checker/profile.c - what a release is compared by, from the files in which it says so.
 * Input: names and texts of the target, read by codec/json.h, package/metadata.h and
 * inspect/startup.h.   Runs in: checker.
 */
#include "checker/profile.h"

#include "package/requirement.h"
#include "package/version.h"

enum { NAME_BYTES = 256 };

/* Its repository has a number as well, which stays when its name is changed: one is enough. */
static void add_signer(struct profile *p, const struct publisher_entry *e)
{
	if (e == NULL)
		return;
	profile_maker(p, MAKER_SIGNER, e->repository.n > 0 ? e->repository : e->signer);
	profile_maker(p, MAKER_SIGNER, e->repository_id);
}

void profile_release(struct checker *c, struct profile *p, const struct package *release)
{
	struct buf name;

	buf_init(&name, NAME_BYTES);
	package_name_normalise(release->eco, release->name, &name);
	p->package = *release;
	if (name.err == OK && name.n > 0)
		p->package.name = arena_dup(&c->arena, buf_str(&name));
	buf_free(&name);
	p->label = release_purl(c, release);
	add_signer(p, publishers_signed(&c->publishers, &p->package));
}

/* ---- npm ---- */

bool npm_script(struct arena *a, const struct json *root, bool gyp, unsigned k,
		struct str *out_name, struct str *out_command)
{
	static const struct str names[NPM_SCRIPTS] = { SC("preinstall"), SC("install"),
						       SC("postinstall") };
	const struct json *scripts = json_get(root, S("scripts"));

	*out_name = names[k];
	*out_command = json_str(a, json_get(scripts, names[k]));
	/* One that installs by itself: npm builds nothing then. */
	gyp = gyp && k == 1 && !json_is(json_get(root, S("gypfile")), JSON_FALSE) &&
	      json_str(a, json_get(scripts, names[0])).p == NULL;
	if (out_command->p == NULL && gyp)
		*out_command = S("node-gyp rebuild");
	return out_command->p != NULL;
}

/* Where npm takes a dependency from when its value is no range of versions. */
static struct str foreign(struct str value)
{
	static const struct str marks[] = { SC("git"),	   SC("http:"),	  SC("https:"),
					    SC("github:"), SC("gitlab:"), SC("bitbucket:"),
					    SC("file:") };

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (str_has_prefix(value, marks[i]))
			return value;
	return str_chr(value, '/') != SIZE_MAX && !str_has_prefix(value, S("npm:")) ? value : S("");
}

static void dependencies(struct arena *a, struct profile *p, struct str place,
			 const struct json *root)
{
	static const struct str keys[] = { SC("dependencies"), SC("optionalDependencies") };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const struct json *map = json_get(root, keys[i]);
		if (!json_is(map, JSON_OBJECT))
			continue;
		JSON_EACH_MEMBER (map, key) {
			struct str name = json_str(a, key), value = json_str(a, key + 1);
			if (name.p != NULL && value.p != NULL)
				profile_dependency(p, place, name, foreign(value));
		}
	}
}

/* A person is "Name <address> (URL)", or an object; a repository likewise. */
static void maker(struct arena *a, struct profile *p, enum maker what, const struct json *v,
		  struct str key)
{
	struct str s = json_str(a, json_is(v, JSON_OBJECT) ? json_get(v, key) : v);

	if (s.p != NULL)
		profile_maker(p, what, s);
}

void profile_package_json(struct checker *c, struct profile *p, struct str place,
			  const struct json *root)
{
	const struct json *maintainers = json_get(root, S("maintainers"));
	struct arena *a = &c->arena;

	dependencies(a, p, place, root);
	maker(a, p, MAKER_EMAIL, json_get(root, S("author")), S("email"));
	if (json_is(maintainers, JSON_ARRAY))
		JSON_EACH_ITEM (maintainers, one)
			maker(a, p, MAKER_EMAIL, one, S("email"));
	maker(a, p, MAKER_REPOSITORY, json_get(root, S("repository")), S("url"));
	maker(a, p, MAKER_REGISTRY, json_get(json_get(root, S("publishConfig")), S("registry")),
	      S(""));
}

/* ---- Python ---- */

void profile_metadata(struct profile *p, struct str place, const struct metadata *m)
{
	static const struct {
		struct str field;
		enum maker what;
	} rows[] = {
		{ SC("author-email"), MAKER_EMAIL },
		{ SC("maintainer-email"), MAKER_EMAIL },
		{ SC("home-page"), MAKER_REPOSITORY },
	};
	const struct metadata_field *field = NULL;
	struct requirement q;
	struct str url;

	while ((field = metadata_next(m, S("requires-dist"), field)) != NULL)
		if (requirement_parse(field->value, &q, NULL) == OK)
			profile_dependency(p, place, q.name, q.url);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		while ((field = metadata_next(m, rows[i].field, field)) != NULL)
			profile_maker(p, rows[i].what, field->value);
	while ((field = metadata_next(m, S("project-url"), field)) != NULL) {
		(void)str_cut(field->value, ',', &url); /* "Repository, https://..." */
		profile_maker(p, MAKER_REPOSITORY, url);
	}
}

void profile_startup(struct profile *p, struct str path, enum startup_kind kind, struct str text)
{
	struct startup_scan s = startup_begin(kind, PYTHON_UNKNOWN, text);
	struct startup_line l;

	while (startup_next(&s, &l))
		profile_hook(p, path, l.line, l.text);
}
