/*
 * cli/cmd_pip.c - `yett pip install`: pip resolves, every wheel is judged, pip installs just those.
 * Input: the user's arguments; pip's report is read by package/pip_report.c.   Runs in: cli.
 *
 * pip is run three times. The first two, which resolve and fetch, can start no program: a
 * dependency "name @ https://host/x.tar.gz" in a wheel's metadata makes pip build x to learn its
 * name, in spite of --only-binary and --dry-run, and building is running its code. Without a second
 * process pip cannot, and says so. What is installed are wheels, so the third run needs no program
 * either.
 */
#include "cli/install.h"
#include "cli/pip_args.h"

#include "package/pip_report.h"
#include "sys/fs.h"
#include "sys/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIP_HEAD = 8, REQUIREMENTS_MAX = 64 << 20 };

struct pip {
	struct install in;
	struct pip_args args;
	struct pip_report report;
	char python[CLI_PATH];
	const char *files, *tmp; /* directories in the private one: wheels, and pip's own */
};

/* ---- running pip ---- */

static enum err add_all(struct pip *p, enum pip_run run, const char *const *args, struct diag *d)
{
	for (size_t i = 0; args[i] != NULL; i++)
		TRY(pip_args_add(&p->args, run, args[i], d));
	return OK;
}

/* run_pip starts `python3 -m pip VERB ...` and gives an error when it does not end well. */
static enum err run_pip(struct pip *p, enum pip_run run, const char *verb, struct diag *d)
{
	const char *argv[PIP_HEAD + PIP_ARGS] = { p->python, "-m", "pip", verb };
	/* Else -m takes modules from the directory that we stand in, pip among them. */
	const char *const env[] = { "PYTHONSAFEPATH",
				    "1",
				    "PIP_DISABLE_PIP_VERSION_CHECK",
				    "1",
				    "TMPDIR",
				    p->tmp,
				    run == PIP_INSTALL ? "PIP_FIND_LINKS" : NULL,
				    "",
				    "PIP_CONSTRAINT",
				    "",
				    "PIP_DRY_RUN",
				    "",
				    NULL };
	bool quiet = run != PIP_INSTALL || p->in.cli->json;
	const struct tool t = { .argv = argv,
				.env = env,
				.out_fd = quiet ? STDERR_FILENO : -1,
				.keep_fd = p->in.lock_fd,
				.alone = true,
				.outlives = run == PIP_INSTALL };
	char ending[64];
	int status;

	memcpy(argv + 4, p->args.runs[run], (p->args.n[run] + 1) * sizeof *argv);
	TRY(tool_run(&t, &status, d));
	if (status == 0)
		return OK;
	if (WIFEXITED(status))
		return diag_set(d, ERR_UPSTREAM, "'pip %s' ended with status %d", verb,
				WEXITSTATUS(status));
	(void)snprintf(ending, sizeof ending, "signal %d", WTERMSIG(status));
	return diag_set(d, ERR_UPSTREAM, "'pip %s' was ended by %s", verb, ending);
}

/* ---- resolve ---- */

static enum err read_report(struct pip *p, const char *path, struct diag *d)
{
	struct buf b;

	buf_init(&b, PIP_REPORT_MAX);
	enum err e = fs_read(path, FS_NOFOLLOW, &b, d);
	struct str text = e == OK ? arena_dup(&p->in.arena, buf_str(&b)) : S("");
	buf_free(&b);
	TRY(e);
	if (text.p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return pip_report_read(&p->in.arena, text, &p->report, d);
}

static enum err resolve(struct pip *p, struct diag *d)
{
	struct diag why = { 0 };
	const char *path;

	TRY(install_path(&p->in, "report.json", &path, d));
	const char *const ours[] = { "--dry-run", "--quiet", "--only-binary", ":all:", "--report",
				     path,	  NULL };
	TRY(add_all(p, PIP_RESOLVE, ours, d));
	install_say("resolving with pip");
	enum err e = run_pip(p, PIP_RESOLVE, "install", &why);
	if (e != OK)
		return diag_set(d, e,
				"%.60s: nothing was installed. What has to be built (source "
				"archives, directories, git) ends pip here: judge it with 'yett "
				"check', build a wheel where that does no harm, install that",
				diag_text(&why));
	return read_report(p, path, d);
}

/* ---- fetch ---- */

/* write_list makes a requirements file. With urls: where to take each from; else only its name,
 * version and digest. */
static enum err write_list(struct pip *p, const char *path, bool urls, struct diag *d)
{
	struct buf b;

	buf_init(&b, REQUIREMENTS_MAX);
	for (size_t i = 0; i < p->report.n; i++) {
		const struct pip_artifact *x = &p->report.items[i];
		if (urls)
			buf_addf(&b, "%.*s @ %.*s", FMT(x->name), FMT(x->url));
		else
			buf_addf(&b, "%.*s==%.*s", FMT(x->name), FMT(x->version));
		buf_add(&b, S(" --hash=sha256:"));
		buf_addhex(&b, (struct str){ (const char *)x->sha256, sizeof x->sha256 });
		buf_addc(&b, '\n');
	}
	enum err e = b.err == OK ? fs_write(path, buf_str(&b), 0600, d)
				 : diag_set(d, b.err, "too many requirements");
	buf_free(&b);
	return e;
}

static enum err add_items(struct pip *p, struct diag *d)
{
	for (size_t i = 0; i < p->report.n; i++) {
		const struct pip_artifact *x = &p->report.items[i];
		struct install_item it = { .name = x->name,
					   .version = x->version,
					   .file = x->file,
					   .hash = { .algorithm = S("sha256"),
						     .n = sizeof x->sha256 } };
		char rest[CLI_PATH];
		int n = snprintf(rest, sizeof rest, "files/%.*s", FMT(x->file));
		if (n < 0 || (size_t)n >= sizeof rest)
			return diag_set(d, ERR_LIMIT, "a file's name is too long");
		memcpy(it.hash.bytes, x->sha256, sizeof x->sha256);
		TRY(install_path(&p->in, rest, &it.path, d));
		TRY(install_add(&p->in, &it, d));
	}
	return OK;
}

static enum err fetch(struct pip *p, struct diag *d)
{
	struct diag why = { 0 };
	const char *list;

	TRY(install_path(&p->in, "fetch.txt", &list, d));
	TRY(write_list(p, list, true, d));
	const char *const ours[] = { "--quiet",
				     "--no-deps",
				     "--only-binary",
				     ":all:",
				     "--require-hashes",
				     "--dest",
				     p->files,
				     "-r",
				     list,
				     NULL };
	TRY(add_all(p, PIP_FETCH, ours, d));
	install_say("fetching %zu wheels", p->report.n);
	enum err e = run_pip(p, PIP_FETCH, "download", &why);
	if (e != OK)
		return diag_set(d, e, "%s: nothing was installed", diag_text(&why));
	return add_items(p, d);
}

/* ---- install ---- */

static enum err install(struct pip *p, struct diag *d)
{
	const char *list;

	TRY(install_path(&p->in, "install.txt", &list, d));
	TRY(write_list(p, list, false, d));
	const char *const ours[] = { "--no-deps",
				     "--no-index",
				     "--only-binary",
				     ":all:",
				     "--pre",
				     "--find-links",
				     p->files,
				     "-r",
				     list,
				     "--require-hashes",
				     NULL };
	TRY(add_all(p, PIP_INSTALL, ours, d));
	TRY(run_pip(p, PIP_INSTALL, "install", d));
	p->in.installed = true;
	return OK;
}

static enum err find_python(struct pip *p, struct diag *d)
{
	const char *named = cli_value(p->in.cli, "python");

	if (named == NULL)
		return python_find(p->python, d);
	if (snprintf(p->python, sizeof p->python, "%s", named) >= (int)sizeof p->python)
		return diag_set(d, ERR_USAGE, "the interpreter's name is too long");
	return OK;
}

static enum err prepare(struct pip *p, struct diag *d)
{
	TRY(find_python(p, d));
	TRY(install_path(&p->in, "files", &p->files, d));
	TRY(install_path(&p->in, "tmp", &p->tmp, d));
	TRY(fs_mkdirs(p->files, d));
	TRY(fs_mkdirs(p->tmp, d));
	/* So that we ask about times where pip takes the packages from. */
	if (p->args.index != NULL && setenv("PIP_INDEX_URL", p->args.index, 1) != 0)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return OK;
}

static enum err steps(struct pip *p, struct diag *d)
{
	TRY(prepare(p, d));
	TRY(resolve(p, d));
	if (p->report.n == 0)
		return install_show(&p->in);
	TRY(fetch(p, d));
	install_say("judging %zu wheels", p->in.n);
	TRY(install_judge(&p->in, 0, d));
	TRY(install_show(&p->in));
	if (install_allowed(&p->in) && !p->args.dry_run)
		TRY(install(p, d));
	return OK;
}

static int pip_run(struct cli *c)
{
	struct pip *p = calloc(1, sizeof *p);
	struct diag d = { 0 };

	if (p == NULL)
		return cli_fail(c, ERR_NOMEM, &d);
	enum err e = install_begin(&p->in, c, ECO_PYPI, &d);
	if (e == OK)
		e = pip_args_read(c->args, (size_t)c->n_args, &p->args, &d);
	if (e == OK)
		e = steps(p, &d);
	int status = e == OK ? install_end(&p->in) : cli_fail(c, e, &d);
	install_done(&p->in);
	free(p);
	return status;
}

static const struct cli_opt opts[] = {
	{ "policy", "FILE", "what to allow, until when and why; the cooldown" },
	{ "yes", NULL, "install also what is held; never what is blocked" },
	{ "python", "FILE", "the interpreter whose pip it is, instead of python3 on PATH" },
	{ "detonate", NULL, "run each artifact in the sandbox first, as 'yett check' does" },
	{ "all", NULL, "show also what passed, and what is for information only" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_pip_install = {
	.name = "pip install",
	.args = "[PIP-OPTION | REQUIREMENT]...",
	.brief = "judge every wheel that pip would install, then install just those",
	.more = "pip resolves as always, with its own configuration. Every wheel is fetched by "
		"digest and\njudged as by 'yett check'; only when all of them may be installed "
		"does "
		"pip install these\nbytes. Source archives, directories and repositories are "
		"refused: to build is to run.\n\nThe exit status is 0 installed, 1 hold, 2 block, "
		"3 "
		"inconclusive; 64 and up are errors.",
	.opts = opts,
	.args_min = 1,
	.args_max = CLI_ARGS,
	.passes_on = true,
	.run = pip_run,
};
