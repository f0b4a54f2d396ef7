/*
 * checker/outside.c - what a package puts outside of itself.
 * Input: names and manifests of the target, read by package/artifact.h.   Runs in: checker.
 */
#include "checker/outside.h"

#include "package/package_json.h"

enum { PACKAGES = 4096 };

/* Programs, and what the name of a package has in it that may well bring them. */
static const struct {
	struct str program, owner;
} programs[] = {
	{ SC("python"), SC("python") },
	{ SC("python2"), SC("python") },
	{ SC("python3"), SC("python") },
	{ SC("pip"), SC("pip") },
	{ SC("pip3"), SC("pip") },
	{ SC("node"), SC("node") },
	{ SC("npm"), SC("np") },
	{ SC("npm"), SC("node") },
	{ SC("npx"), SC("np") },
	{ SC("npx"), SC("node") },
	{ SC("git"), SC("git") },
	{ SC("sudo"), SC("sudo") },
	{ SC("bash"), SC("bash") },
	{ SC("zsh"), SC("zsh") },
	{ SC("ssh"), SC("ssh") },
	{ SC("scp"), SC("scp") },
	{ SC("curl"), SC("curl") },
	{ SC("wget"), SC("wget") },
	{ SC("docker"), SC("docker") },
	{ SC("kubectl"), SC("kube") },
	{ SC("gpg"), SC("gpg") },
	{ SC("openssl"), SC("ssl") },
	{ SC("systemctl"), SC("system") },
	{ SC("ls"), SC("ls") },
	{ SC("cat"), SC("cat") },
	{ SC("sh"), SC("sh") },
	{ SC("su"), SC("su") },
	{ SC("env"), SC("env") },
};

static void judge_program(struct str package, struct str program, struct str place, struct str purl,
			  struct findings *f)
{
	bool known = false, own = false;

	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		if (!str_eq(program, programs[i].program))
			continue;
		known = true;
		/* Of two letters the whole name must be: they stand in every other one. */
		own |= programs[i].program.n <= 2
			       ? str_eq(package, program)
			       : str_find(package, programs[i].owner) != SIZE_MAX;
	}
	if (known && !own)
		finding_add(f, RULE_PROGRAM_SHADOWED, purl, place, 0, program, " ");
}

/* Where a member of a wheel lies below the environment's own directory, "" for all others. */
static struct str in_environment(struct str name)
{
	struct str rest, head = str_cut(name, '/', &rest);
	struct str scheme = str_cut(rest, '/', &rest);

	return str_has_suffix(head, S(".data")) && str_eq(scheme, S("data")) ? rest : S("");
}

static bool is_environments_own(struct str path)
{
	static const struct str begins[] = { SC("bin/activate"), SC("bin/python"),
					     SC("bin/pip"),	 SC("pyvenv.cfg"),
					     SC("pip.conf"),	 SC("etc/profile.d/"),
					     SC("etc/ipython/"), SC("lib/python3") };

	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (str_has_prefix(path, begins[i]) && str_find(path, S("-packages/")) == SIZE_MAX)
			return true;
	return false;
}

static void judge_wheel(const struct artifact *a, struct str purl, struct findings *f)
{
	for (const struct entry_point *e = artifact_scripts_next(a, NULL); e != NULL;
	     e = artifact_scripts_next(a, e))
		judge_program(a->release.name, e->name, a->places[ARTIFACT_ENTRY_POINTS], purl, f);
	for (size_t i = 0; i < a->n_files; i++) {
		struct str name = a->files[i].name, rest, path = in_environment(name);
		size_t at = str_find(name, S(".data/scripts/"));
		if (at != SIZE_MAX && str_chr(str_head(name, at), '/') == SIZE_MAX)
			judge_program(a->release.name, str_tail(name, at + 14), name, purl, f);
		if (str_eq(str_cut(path, '/', &rest), S("bin")))
			judge_program(a->release.name, rest, name, purl, f);
		if (is_environments_own(path))
			finding_add(f, RULE_ENVIRONMENT_FILE, purl, name, 0, path, " ");
	}
}

static void judge_npm(const struct artifact *a, struct str purl, struct arena *scratch,
		      struct findings *f)
{
	struct package_json own;
	struct str place = a->places[ARTIFACT_PACKAGE_JSON];

	arena_reset(scratch);
	if (package_json_read(a->texts[ARTIFACT_PACKAGE_JSON], scratch, &own, NULL) == OK)
		for (unsigned i = 0; i < own.n_bins; i++)
			judge_program(a->release.name, own.bins[i].name, place, purl, f);
	outside_manifest(MANIFEST_PACKAGE_JSON, place, a->texts[ARTIFACT_PACKAGE_JSON], purl,
			 scratch, f);
}

void outside_check(const struct artifact *a, struct str purl, struct arena *scratch,
		   struct findings *f)
{
	if (a->kind == ARTIFACT_WHEEL)
		judge_wheel(a, purl, f);
	if (a->kind == ARTIFACT_NPM && a->texts[ARTIFACT_PACKAGE_JSON].p != NULL)
		judge_npm(a, purl, scratch, f);
}

void outside_manifest(enum manifest kind, struct str place, struct str text, struct str purl,
		      struct arena *scratch, struct findings *f)
{
	struct package_list packages;
	struct findings found;
	struct diag d = { 0 };

	arena_reset(scratch);
	findings_init(&found, scratch);
	package_list_init(&packages, scratch, PACKAGES);
	if (manifest_read(kind, place, text, scratch, &packages, &found, &d) != OK)
		return;
	for (size_t i = 0; i < found.n; i++) {
		const struct finding *one = &found.items[i];
		bool link = one->rule == RULE_OUTSIDE_DEPENDENCY && kind >= MANIFEST_SETUP_CFG;
		if (one->rule == RULE_GIT_DEPENDENCY || one->rule == RULE_URL_DEPENDENCY || link)
			finding_add(f, one->rule, purl, place, one->line, one->excerpt, "%.*s",
				    FMT(one->detail));
	}
}
