/*
 * cli/cmd_pip.c - `yett pip install`: pip resolves, every wheel is judged, pip installs just those.
 * Input: the user's arguments; pip's report is read by package/pip_report.c.   Runs in: cli.
 *
 * pip is run three times. The first two, which resolve and fetch, can start no program: a
 * dependency "name @ https://host/x.tar.gz" in a wheel's metadata makes pip build x to learn its
 * name, in spite of --only-binary and --dry-run, and building is running its code. Without a second
 * process pip cannot, and says so. What is installed are wheels, so the third run needs no program
 * either. Releases without a wheel: cli/pip_sdist.c.
 */
#include "cli/pip.h"
#include "cli/pip_files.h"

#include "sys/fs.h"
#include "sys/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIP_HEAD = 8, REQUIREMENTS_MAX = 64 << 20, ROUNDS_MAX = 256 };

/* ---- running pip ---- */

/* Starts `python3 -m pip VERB ...` with the arguments of a run and ours, which count more, and
 * gives an error when it does not end well. */
static enum err run_pip(struct pip *p, const struct pip_args *args, enum pip_run run,
			const char *verb, const char *const *ours, struct diag *d)
{
	const char *argv[PIP_HEAD + 2 * PIP_ARGS] = { p->python, "-m", "pip", verb };
	/* Else -m takes modules from the directory that we stand in, pip among them. What was
	 * asked for has been resolved when pip is run again, whoever asked for it. */
	const char *const env[] = { "PYTHONSAFEPATH",
				    "1",
				    "PIP_DISABLE_PIP_VERSION_CHECK",
				    "1",
				    "TMPDIR",
				    p->tmp,
				    run != PIP_RESOLVE || args != p->shown ? "PIP_REQUIREMENT"
									   : NULL,
				    "",
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
	size_t n = 4;
	char ending[64];
	int status;

	memcpy(argv + n, args->runs[run], args->n[run] * sizeof *argv);
	n += args->n[run];
	for (size_t i = 0; ours[i] != NULL; i++) {
		if (n + 1 == sizeof argv / sizeof argv[0])
			return diag_set(d, ERR_LIMIT, "too many arguments for pip");
		argv[n++] = ours[i];
	}
	TRY(tool_run(&t, &status, d));
	if (status == 0)
		return OK;
	if (WIFEXITED(status))
		return diag_set(d, ERR_UPSTREAM, "'pip %s' ended with status %d", verb,
				WEXITSTATUS(status));
	(void)snprintf(ending, sizeof ending, "signal %d", WTERMSIG(status));
	return diag_set(d, ERR_UPSTREAM, "'pip %s' was ended by %s", verb, ending);
}

enum err pip_ask(struct pip *p, const char *const *args, struct buf *out, struct diag *d)
{
	AUTO(fd_closep) int fd = memfd_create("said", MFD_CLOEXEC);
	const char *argv[PIP_HEAD] = { p->python };
	const char *const env[] = { "PYTHONSAFEPATH", "1", NULL };
	const struct tool t = {
		.argv = argv, .env = env, .out_fd = fd, .keep_fd = -1, .alone = true
	};
	char room[4096];
	off_t at = 0;
	ssize_t n;
	int status;

	if (fd < 0)
		return diag_set(d, ERR_SYS, "cannot make a memory file: %s", strerror(errno));
	for (size_t i = 0; args[i] != NULL && i + 2 < PIP_HEAD; i++)
		argv[i + 1] = args[i];
	TRY(tool_run(&t, &status, d));
	for (; (n = pread(fd, room, sizeof room, at)) > 0; at += n)
		buf_add(out, (struct str){ room, (size_t)n });
	explicit_bzero(room, sizeof room);
	if (status != 0)
		return diag_set(d, ERR_UPSTREAM, "'%s' does not answer", p->python);
	return out->err;
}

/* ---- resolve ---- */

static enum err read_report(struct pip *p, const char *path, struct pip_report *out, struct diag *d)
{
	struct buf b;

	buf_init(&b, PIP_REPORT_MAX);
	enum err e = fs_read(path, FS_NOFOLLOW, &b, d);
	struct str text = e == OK ? arena_dup(&p->in.arena, buf_str(&b)) : S("");
	buf_free(&b);
	TRY(e);
	if (text.p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return pip_report_read(&p->in.arena, text, out, d);
}

enum err pip_resolve(struct pip *p, const struct pip_args *args, const char *const *more,
		     struct pip_report *out, struct diag *d)
{
	const char *path, *ours[PIP_ARGS];
	size_t n = 0;

	TRY(install_path(&p->in, "report.json", &path, d));
	const char *const always[] = { "--dry-run", "--quiet",	   "--only-binary", ":all:",
				       "--log",	    p->sdists.log, "--report",	    path };
	memcpy(ours, always, sizeof always);
	n = sizeof always / sizeof always[0];
	for (size_t i = 0; more[i] != NULL && n + 1 < PIP_ARGS; i++)
		ours[n++] = more[i];
	ours[n] = NULL;
	(void)unlink(p->sdists.log);
	TRY(run_pip(p, args, PIP_RESOLVE, "install", ours, d));
	return read_report(p, path, out, d);
}

/* ---- fetch ---- */

/* write_list makes a requirements file. With urls: where to take each from; else only its name,
 * version and digest. */
static enum err write_list(const struct pip_report *report, const char *path, bool urls,
			   struct diag *d)
{
	struct buf b;

	buf_init(&b, REQUIREMENTS_MAX);
	for (size_t i = 0; i < report->n; i++) {
		const struct pip_artifact *x = &report->items[i];
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

/* What has the digest of an item is the same bytes: pip has compared them. */
static bool is_item(const struct pip *p, const struct pip_artifact *x)
{
	for (size_t i = 0; i < p->in.n; i++)
		if (memcmp(p->in.items[i].hash.bytes, x->sha256, sizeof x->sha256) == 0)
			return true;
	return false;
}

static enum err add_items(struct pip *p, const struct pip_report *report, const char *dir,
			  struct diag *d)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct pip_artifact *x = &report->items[i];
		struct install_item it = { .name = x->name,
					   .version = x->version,
					   .file = x->file,
					   .hash = { .algorithm = S("sha256"),
						     .n = sizeof x->sha256 } };
		char rest[CLI_PATH];
		int n = snprintf(rest, sizeof rest, "%s/%.*s", dir, FMT(x->file));
		if (n < 0 || (size_t)n >= sizeof rest)
			return diag_set(d, ERR_LIMIT, "a file's name is too long");
		if (is_item(p, x))
			continue;
		memcpy(it.hash.bytes, x->sha256, sizeof x->sha256);
		for (size_t k = 0; k < p->sdists.n; k++)
			if (memcmp(p->sdists.items[k].wheel, x->sha256, sizeof x->sha256) == 0)
				it.published_s = p->sdists.items[k].file.uploaded_s;
		TRY(install_path(&p->in, rest, &it.path, d));
		TRY(install_add(&p->in, &it, d));
	}
	return OK;
}

enum err pip_fetch(struct pip *p, const struct pip_args *args, const struct pip_report *report,
		   const char *dir, struct diag *d)
{
	struct diag why = { 0 };
	const char *list, *dest;

	TRY(install_path(&p->in, "fetch.txt", &list, d));
	TRY(install_path(&p->in, dir, &dest, d));
	TRY(fs_mkdirs(dest, d));
	TRY(write_list(report, list, true, d));
	const char *const ours[] = { "--quiet",
				     "--no-deps",
				     "--only-binary",
				     ":all:",
				     "--require-hashes",
				     "--dest",
				     dest,
				     "-r",
				     list,
				     NULL };
	install_say("fetching %zu wheel%s", report->n, report->n == 1 ? "" : "s");
	enum err e = run_pip(p, args, PIP_FETCH, "download", ours, &why);
	if (e != OK)
		return diag_set(d, e, "%s: nothing was installed", diag_text(&why));
	return add_items(p, report, dir, d);
}

/* ---- install ---- */

static enum err install(struct pip *p, struct diag *d)
{
	const char *list, *files;

	TRY(install_path(&p->in, "install.txt", &list, d));
	TRY(install_path(&p->in, "files", &files, d));
	TRY(write_list(&p->report, list, false, d));
	const char *const ours[] = { "--no-deps", "--no-index",	      "--only-binary", ":all:",
				     "--pre",	  "--find-links",     files,	       "-r",
				     list,	  "--require-hashes", "--quiet",       NULL };
	TRY(run_pip(p, &p->args, PIP_INSTALL, "install", ours, d));
	p->in.installed = true;
	for (size_t i = 0; !p->in.cli->json && i < p->report.n; i++)
		buf_addf(&p->in.cli->out, "%s %.*s %.*s", i == 0 ? "installed" : ",",
			 FMT(p->report.items[i].name), FMT(p->report.items[i].version));
	if (!p->in.cli->json)
		buf_addc(&p->in.cli->out, '\n');
	return OK;
}

static enum err find_python(struct pip *p, struct diag *d)
{
	const char *named = cli_value(p->in.cli, "python");

	if (named == NULL) {
		enum err e = python_find(p->python, d);
		return e != ERR_NOT_FOUND
			       ? e
			       : diag_set(d, e, "there is no python3 on PATH; --python names one");
	}
	if (snprintf(p->python, sizeof p->python, "%s", named) >= (int)sizeof p->python)
		return diag_set(d, ERR_USAGE, "the interpreter's name is too long");
	return OK;
}

static enum err prepare(struct pip *p, struct diag *d)
{
	TRY(find_python(p, d));
	p->shown = NEW(&p->in.arena, struct pip_args);
	if (p->shown == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	TRY(install_path(&p->in, "tmp", &p->tmp, d));
	TRY(fs_mkdirs(p->tmp, d));
	/* So that we ask about times where pip takes the packages from. */
	if (p->args.index != NULL && setenv("PIP_INDEX_URL", p->args.index, 1) != 0)
		return diag_set(d, ERR_NOMEM, "out of memory");
	return sdist_prepare(p, d);
}

/* Until pip finds a way that is of wheels only. What there is as a source archive only is built on
 * the way; pip then sees what it needs in turn. */
static enum err resolve(struct pip *p, bool *out_go, struct diag *d)
{
	const char *const links[] = { "--find-links", p->sdists.links, NULL };
	struct sdist *s;

	*out_go = true;
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		struct diag why = { 0 };
		install_say("resolving with pip");
		TRY(sdist_show(p, d));
		TRY(pip_hashes(p, p->shown, d));
		enum err e = pip_resolve(p, p->shown, links, &p->report, &why);
		if (sdist_look(p, e != OK))
			continue;
		if (e != OK)
			return diag_set(
				d, e,
				"%.60s: nothing was installed. What has to be built "
				"(directories, git, addresses of source archives) ends pip "
				"here: judge it with 'yett check', build a wheel where that "
				"does no harm, install that",
				diag_text(&why));
		if ((s = sdist_wanted(p)) == NULL)
			return OK;
		TRY(sdist_build(p, s, out_go, d));
		if (!*out_go)
			return OK;
	}
	return diag_set(d, ERR_LIMIT, "more than %d source archives would have to be built",
			ROUNDS_MAX);
}

static enum err steps(struct pip *p, struct diag *d)
{
	bool go;

	if (cli_value(p->in.cli, "yes") == NULL)
		TRY(pip_files_check(&p->args, d));
	TRY(prepare(p, d));
	TRY(resolve(p, &go, d));
	if (!go || p->report.n == 0)
		return install_show(&p->in);
	size_t first = p->in.n;
	TRY(pip_fetch(p, &p->args, &p->report, "files", d));
	install_say("judging %zu wheel%s", p->in.n - first, p->in.n - first == 1 ? "" : "s");
	TRY(install_judge(&p->in, first, d));
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
		"does pip install these\nbytes. Source archives, directories and repositories are "
		"refused: to build is to run.\n\n--allow-sdist NAME (or :all:) lets a release of "
		"that package be built that has no wheel: its\nsource archive is judged, built in "
		"a box of wheels that were judged, and its wheel judged, too.\n\nThe exit status "
		"is 0 installed, 1 hold, 2 block, 3 inconclusive; 64 and up are errors.",
	.opts = opts,
	.args_min = 1,
	.args_max = CLI_ARGS,
	.passes_on = true,
	.run = pip_run,
};
