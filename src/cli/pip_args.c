/*
 * cli/pip_args.c - pip's options, sorted.
 * Input: the user's arguments.   Runs in: cli.
 */
#include "cli/pip_args.h"

#include <string.h>
#include <sys/stat.h>

/* What becomes of an option. */
enum fate {
	TO_RESOLVE = 1 << PIP_RESOLVE,
	TO_FETCH = 1 << PIP_FETCH,
	TO_INSTALL = 1 << PIP_INSTALL,
	TO_INDEX = TO_RESOLVE | TO_FETCH,   /* where packages come from */
	TO_PLACE = TO_RESOLVE | TO_INSTALL, /* where they go */
	TO_ALL = TO_RESOLVE | TO_FETCH | TO_INSTALL,
	TO_NONE = 0, /* it is so anyway */
	REFUSED = 8, /* code of a package would run unjudged */
	OURS = 16,   /* yett gives it itself */
	DRY = 32,
	INDEX = 64,
	WANTS = 128, /* names what is wanted */
	NO_INDEX = 256,
	SDISTS = 512, /* for us alone */
	IS_FILE = 1024,
};

struct option {
	const char *name;
	char letter; /* 0: none */
	bool takes;  /* a value follows */
	unsigned fate;
};

static const struct option options[] = {
	{ "--requirement", 'r', true, TO_RESOLVE | WANTS | IS_FILE },
	{ "--constraint", 'c', true, TO_RESOLVE | IS_FILE },
	{ "--no-deps", 0, false, TO_RESOLVE },
	{ "--pre", 0, false, TO_RESOLVE },
	{ "--prefer-binary", 0, false, TO_RESOLVE },
	{ "--require-hashes", 0, false, TO_RESOLVE },
	{ "--ignore-requires-python", 0, false, TO_ALL },
	{ "--upgrade", 'U', false, TO_PLACE },
	{ "--upgrade-strategy", 0, true, TO_RESOLVE },
	{ "--force-reinstall", 0, false, TO_PLACE },
	{ "--ignore-installed", 'I', false, TO_PLACE },
	{ "--target", 't', true, TO_PLACE },
	{ "--prefix", 0, true, TO_PLACE },
	{ "--root", 0, true, TO_PLACE },
	{ "--user", 0, false, TO_PLACE },
	{ "--break-system-packages", 0, false, TO_PLACE },
	{ "--compile", 0, false, TO_INSTALL },
	{ "--no-compile", 0, false, TO_INSTALL },
	{ "--no-warn-script-location", 0, false, TO_INSTALL },
	{ "--no-warn-conflicts", 0, false, TO_INSTALL },
	{ "--root-user-action", 0, true, TO_INSTALL },
	{ "--progress-bar", 0, true, TO_FETCH | TO_INSTALL },
	{ "--index-url", 'i', true, TO_INDEX | INDEX },
	{ "--extra-index-url", 0, true, TO_INDEX },
	{ "--no-index", 0, false, TO_INDEX | NO_INDEX },
	{ "--find-links", 'f', true, TO_INDEX },
	{ "--trusted-host", 0, true, TO_INDEX },
	{ "--cert", 0, true, TO_INDEX },
	{ "--client-cert", 0, true, TO_INDEX },
	{ "--proxy", 0, true, TO_INDEX },
	{ "--timeout", 0, true, TO_INDEX },
	{ "--retries", 0, true, TO_INDEX },
	{ "--keyring-provider", 0, true, TO_INDEX },
	{ "--cache-dir", 0, true, TO_INDEX },
	{ "--no-cache-dir", 0, false, TO_INDEX },
	{ "--use-feature", 0, true, TO_ALL },
	{ "--use-deprecated", 0, true, TO_ALL },
	{ "--isolated", 0, false, TO_ALL },
	{ "--require-virtualenv", 0, false, TO_ALL },
	{ "--no-color", 0, false, TO_ALL },
	{ "--disable-pip-version-check", 0, false, TO_NONE },
	{ "--no-input", 0, false, TO_ALL },
	{ "--quiet", 'q', false, TO_INSTALL },
	{ "--verbose", 'v', false, TO_ALL },
	{ "--allow-sdist", 0, true, SDISTS },
	{ "--only-binary", 0, true, TO_NONE },
	{ "--dry-run", 0, false, DRY },
	{ "--report", 0, true, OURS },
	{ "--log", 0, true, OURS },
	{ "--editable", 'e', true, REFUSED },
	{ "--no-binary", 0, true, REFUSED },
	{ "--no-build-isolation", 0, false, REFUSED },
	{ "--use-pep517", 0, false, REFUSED },
	{ "--no-use-pep517", 0, false, REFUSED },
	{ "--config-settings", 'C', true, REFUSED },
	{ "--global-option", 0, true, REFUSED },
	{ "--src", 0, true, REFUSED },
};
enum { N_OPTIONS = sizeof options / sizeof options[0] };

enum err pip_args_add(struct pip_args *p, enum pip_run run, const char *arg, struct diag *d)
{
	if (p->n[run] + 1 >= PIP_ARGS)
		return diag_set(d, ERR_LIMIT, "too many arguments for pip");
	p->runs[run][p->n[run]++] = arg;
	p->runs[run][p->n[run]] = NULL;
	return OK;
}

/* ---- options ---- */

static const struct option *by_name(struct str name)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (str_eq(name, str_z(options[i].name)))
			return &options[i];
	return NULL;
}

static const struct option *by_letter(char letter)
{
	for (size_t i = 0; letter != 0 && i < N_OPTIONS; i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

/* take does what an option's row says; value is NULL where it takes none. */
static enum err take(struct pip_args *p, const struct option *o, const char *value, struct diag *d)
{
	if ((o->fate & REFUSED) != 0)
		return diag_set(d, ERR_DENIED,
				"'%s' would run code of packages before it was judged; only wheels "
				"are installed",
				o->name);
	if ((o->fate & OURS) != 0)
		return diag_set(d, ERR_USAGE, "yett itself gives pip its '%s'", o->name);
	p->dry_run |= (o->fate & DRY) != 0;
	p->something |= (o->fate & WANTS) != 0;
	p->no_index |= (o->fate & NO_INDEX) != 0;
	if ((o->fate & SDISTS) != 0 && p->n_sdists == PIP_SDISTS)
		return diag_set(d, ERR_LIMIT, "too many '--allow-sdist'");
	if ((o->fate & SDISTS) != 0)
		p->sdists[p->n_sdists++] = value;
	if ((o->fate & INDEX) != 0)
		p->index = value;
	if ((o->fate & IS_FILE) != 0 && p->n_files < PIP_ARGS)
		p->files[p->n_files++] = value; /* of more there are no arguments */
	for (unsigned run = 0; run < PIP_RUNS; run++) {
		if ((o->fate & 1u << run) == 0)
			continue;
		TRY(pip_args_add(p, (enum pip_run)run, o->name, d));
		if (value != NULL)
			TRY(pip_args_add(p, (enum pip_run)run, value, d));
	}
	return OK;
}

static enum err unknown(const char *arg, struct diag *d)
{
	return diag_set(d, ERR_USAGE, "'%.60s' is no option of pip install that yett passes on",
			arg);
}

/* "--name", "--name=value" or "--name value". *out_used: arguments used. */
static enum err long_option(struct pip_args *p, const char *const *args, size_t n, size_t *out_used,
			    struct diag *d)
{
	struct str value, name = str_cut(str_z(args[0]), '=', &value);
	const struct option *o = by_name(name);
	bool joined = name.n < strlen(args[0]);

	if (o == NULL || (joined && !o->takes))
		return unknown(args[0], d);
	if (o->takes && !joined && n < 2)
		return diag_set(d, ERR_USAGE, "'%s' needs a value", o->name);
	*out_used = o->takes && !joined ? 2 : 1;
	return take(p, o, !o->takes ? NULL : joined ? args[0] + name.n + 1 : args[1], d);
}

/* "-qU", "-rfile" or "-r file". */
static enum err short_options(struct pip_args *p, const char *const *args, size_t n,
			      size_t *out_used, struct diag *d)
{
	*out_used = 1;
	for (const char *at = args[0] + 1; *at != 0; at++) {
		const struct option *o = by_letter(*at);
		if (o == NULL)
			return unknown(args[0], d);
		if (!o->takes) {
			TRY(take(p, o, NULL, d));
			continue;
		}
		if (at[1] == 0 && n < 2)
			return diag_set(d, ERR_USAGE, "'-%c' needs a value", *at);
		*out_used = at[1] == 0 ? 2 : 1;
		return take(p, o, at[1] == 0 ? args[1] : at + 1, d);
	}
	return OK;
}

/* ---- what is wanted ---- */

static bool builds(struct str s)
{
	static const struct str archives[] = { SC(".tar.gz"), SC(".tgz"),     SC(".zip"),
					       SC(".tar"),    SC(".tar.bz2"), SC(".tar.xz") };
	static const struct str schemes[] = { SC("git+"), SC("hg+"), SC("svn+"), SC("bzr+") };
	size_t at = str_find(s, S("@ ")); /* "name @ URL" */

	s = str_trim(at == SIZE_MAX ? s : str_tail(s, at + 2));
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (str_has_prefix(s, schemes[i]))
			return true;
	s = str_head(s, str_chr(s, '#'));
	for (size_t i = 0; i < sizeof archives / sizeof archives[0]; i++)
		if (str_has_suffix(s, archives[i]))
			return true;
	return false;
}

static enum err requirement(struct pip_args *p, const char *arg, struct diag *d)
{
	struct stat st;
	bool directory = (strchr(arg, '/') != NULL || arg[0] == '.') && stat(arg, &st) == 0 &&
			 S_ISDIR(st.st_mode);

	if (directory || builds(str_z(arg)))
		return diag_set(d, ERR_DENIED,
				"'%.80s' has to be built, and building it runs its code; only "
				"wheels are installed",
				arg);
	p->something = true;
	return pip_args_add(p, PIP_RESOLVE, arg, d);
}

enum err pip_args_read(const char *const *args, size_t n, struct pip_args *out, struct diag *d)
{
	*out = (struct pip_args){ .dry_run = false };
	for (size_t i = 0; i < n;) {
		size_t used = 1;
		if (strcmp(args[i], "-") == 0 || strcmp(args[i], "--") == 0)
			return unknown(args[i], d);
		if (strncmp(args[i], "--", 2) == 0)
			TRY(long_option(out, args + i, n - i, &used, d));
		else if (args[i][0] == '-')
			TRY(short_options(out, args + i, n - i, &used, d));
		else
			TRY(requirement(out, args[i], d));
		i += used;
	}
	return out->something ? OK
			      : diag_set(d, ERR_USAGE, "nothing is named that is to be installed");
}
