/*
 * package/manifest_package_json.c - dependencies and install scripts of a package.json.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

#include "package/package_json.h"
#include "package/version.h"

/* "owner/name", which npm takes from GitHub. */
static bool is_shorthand(struct str s)
{
	struct str rest, plain = str_cut(s, '#', &rest);
	size_t slash = str_chr(plain, '/');

	if (slash == SIZE_MAX || slash == 0 || slash + 1 == plain.n || plain.p[0] == '@' ||
	    plain.p[0] == '.' || plain.p[0] == '~')
		return false;
	return str_chr(str_tail(plain, slash + 1), '/') == SIZE_MAX &&
	       str_chr(plain, ':') == SIZE_MAX && str_chr(plain, ' ') == SIZE_MAX;
}

/* "https://github.com/owner/name": a page that npm takes for the repository. */
static bool is_hosted_page(struct str s)
{
	static const struct str hosts[] = { SC("https://github.com/"), SC("http://github.com/"),
					    SC("https://gitlab.com/"),
					    SC("https://bitbucket.org/") };

	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
		if (str_has_prefix(s, hosts[i]))
			return is_shorthand(str_tail(s, hosts[i].n));
	return false;
}

static bool is_place(struct str s)
{
	static const struct str starts[] = { SC("file:"),      SC("link:"),   SC("portal:"),
					     SC("workspace:"), SC("./"),      SC("../"),
					     SC("/"),	       SC("~/"),      SC("git+"),
					     SC("git:"),       SC("git@"),    SC("ssh:"),
					     SC("github:"),    SC("gitlab:"), SC("bitbucket:"),
					     SC("gist:"),      SC("http://"), SC("https://") };

	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (str_has_prefix(s, starts[i]))
			return true;
	return false;
}

enum err manifest_npm_spec(struct manifest_in *m, struct package *p, struct str spec)
{
	struct str exact;

	spec = str_trim(spec);
	if (is_place(spec) || is_shorthand(spec)) {
		manifest_url(m, p, spec, false);
		if (is_shorthand(spec) || is_hosted_page(spec))
			p->origin = ORIGIN_GIT;
		return OK;
	}
	if (str_has_prefix(spec, S("npm:"))) {
		spec = str_tail(spec, 4);
		size_t at = str_chr(str_tail(spec, 1), '@');
		struct str name = at == SIZE_MAX ? spec : str_head(spec, at + 1);
		spec = str_tail(spec, name.n + 1);
		TRY(manifest_name_set(m, p, name));
	}
	p->origin = ORIGIN_INDEX;
	if (version_exact(ECO_NPM, spec, &exact))
		p->version = exact;
	else
		p->wanted = spec;
	return OK;
}

static enum err section(struct manifest_in *m, const struct json *v, bool dev)
{
	if (!json_is(v, JSON_OBJECT))
		return OK;
	JSON_EACH_MEMBER (v, key) {
		struct package p = manifest_new(m, ECO_NPM, manifest_line(m, key->p));
		p.direct = true;
		p.dev = dev;
		TRY(manifest_name_set(m, &p, manifest_string(m, key)));
		TRY(manifest_npm_spec(m, &p, manifest_string(m, key + 1)));
		TRY(manifest_add(m, &p));
	}
	return OK;
}

static void scripts(struct manifest_in *m, const struct package_json *own)
{
	struct package self = manifest_new(m, ECO_NPM, 0);

	self.name = own->name;
	self.version = own->version;
	for (unsigned i = 0; i < own->n_scripts; i++) {
		const struct package_script *s = &own->scripts[i];
		if (s->install || s->prepare)
			manifest_find(m, RULE_INSTALL_SCRIPT, own->name.n ? &self : NULL, s->line,
				      s->command,
				      s->install ? "" : "only from a repository or a directory");
	}
}

enum err manifest_package_json(struct manifest_in *m)
{
	struct package_json own;
	const struct json *root;

	TRY(manifest_json(m, &root));
	TRY(package_json_read(m->text, m->scratch, &own, m->d));
	scripts(m, &own);
	TRY(section(m, json_get(root, S("dependencies")), false));
	/* npm installs these unless it is told not to, and peers since version 7 */
	TRY(section(m, json_get(root, S("optionalDependencies")), false));
	TRY(section(m, json_get(root, S("peerDependencies")), false));
	return section(m, json_get(root, S("devDependencies")), true);
}
