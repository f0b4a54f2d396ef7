/*
 * cli/cmd_npm.c - `yett npm ci`: every package of the lock file is fetched and judged, then npm
 * installs from just those bytes.
 * Input: the user's arguments, and package-lock.json of a project that may be anybody's.
 * Runs in: cli.
 *
 * npm itself fetches, into a cache of our own, so its registry, credentials and proxies are used:
 * `npm cache add NAME@VERSION`. That cache keeps an archive under its digest: what lies under the
 * digest of the lock file is what the lock file means, and it is judged where it lies. Then
 * `npm ci --offline` with the same cache: other bytes are not there to be installed. Scripts run in
 * that step only; for those of the project itself its directory is judged, too.
 *
 * Nothing of the lock file reaches npm's arguments but names and versions that are just that: for
 * "github:a/b" or a URL npm would clone a repository and run its scripts.
 */
#include "cli/fetch.h"
#include "cli/install.h"
#include "cli/npm_config.h"

#include "base/limits.h"
#include "crypto/sha512.h"
#include "package/manifest.h"
#include "package/package_json.h"
#include "package/version.h"
#include "sys/fs.h"
#include "sys/tool.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NPM_ARGS = CLI_ARGS + 240,
	NPM_BATCH = 200, /* names on one command line */
	LOCK_MAX = 128 << 20,
	LOCK_ARENA = 1 << 30,
	CACHE_PATH = 2 * CLI_PATH,
};

struct npm {
	struct install in;
	struct arena scratch;
	char project[CLI_PATH];
	const char *lock_path, *cache;
	struct str lock;
	struct package_list packages;
	size_t skipped;	 /* optional, for other machines */
	bool no_scripts; /* the user wants none to be run */
};

/* ---- arguments ---- */

/* What would undo the arrangement, or ask for another one. */
static enum err check_args(const struct cli *c, struct diag *d)
{
	static const struct str refused[] = {
		SC("--cache"),
		SC("--offline"),
		SC("--prefer-offline"),
		SC("--prefer-online"),
		SC("--global"),
		SC("--location"),
		SC("-g"),
		SC("--package-lock"),
		SC("--shrinkwrap"),
		SC("--package-lock-only"),
		SC("--no-package-lock"),
		SC("--no-offline"),
		SC("--no-shrinkwrap"),
	};

	for (int i = 0; i < c->n_args; i++) {
		struct str value, name = str_cut(str_z(c->args[i]), '=', &value);
		if (c->args[i][0] != '-' && (i == 0 || c->args[i - 1][0] != '-'))
			return diag_set(d, ERR_USAGE, "'npm ci' takes no package: '%.60s'",
					c->args[i]);
		if (str_eq(name, S("--")) || str_eq(name, S("-")))
			return diag_set(d, ERR_USAGE, "'%.60s' is not passed on to npm",
					c->args[i]);
		for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++)
			if (str_eq(name, refused[k]))
				return diag_set(d, ERR_USAGE, "yett itself gives npm its '%.*s'",
						FMT(name));
	}
	return OK;
}

/* ---- running npm ---- */

/* run_npm starts npm with verbs, the user's arguments and ours behind them, which count more. */
static enum err run_npm(struct npm *p, const char *const *verbs, const char *const *ours,
			const struct tool *how, struct diag *d)
{
	const char *argv[NPM_ARGS] = { "npm" };
	const struct cli *c = p->in.cli;
	struct tool t = *how;
	size_t n = 1;
	int status;

	for (size_t i = 0; verbs[i] != NULL; i++)
		argv[n++] = verbs[i];
	for (int i = 0; i < c->n_args; i++)
		argv[n++] = c->args[i];
	for (size_t i = 0; ours[i] != NULL && n + 1 < NPM_ARGS; i++)
		argv[n++] = ours[i];
	t.argv = argv;
	t.keep_fd = p->in.lock_fd;
	TRY(tool_run(&t, &status, d));
	if (status == 0)
		return OK;
	return diag_set(d, ERR_UPSTREAM, "'npm %s' ended with %s %d", verbs[0],
			WIFEXITED(status) ? "status" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* ---- the lock file ---- */

/* Where npm takes the project to be, in its own words. */
static enum err find_project(struct npm *p, struct diag *d)
{
	static const char *const verbs[] = { "prefix", NULL }, *const quiet[] = {
		"--no-update-notifier", NULL
	};
	AUTO(fd_closep) int fd = memfd_create("prefix", MFD_CLOEXEC);
	const struct tool t = { .out_fd = fd };
	char *out = p->project;

	if (fd < 0)
		return diag_set(d, ERR_SYS, "cannot make a memory file");
	TRY(run_npm(p, verbs, quiet, &t, d));
	ssize_t n = pread(fd, out, CLI_PATH - 1, 0);
	out[n > 0 ? n : 0] = 0;
	out[strcspn(out, "\n")] = 0;
	return out[0] == '/' ? OK
			     : diag_set(d, ERR_UPSTREAM, "npm does not say where the project is");
}

static enum err read_lock(struct npm *p, struct diag *d)
{
	static const char *const names[] = { "npm-shrinkwrap.json", "package-lock.json" };
	const char *project = p->project;
	char path[CACHE_PATH];
	struct buf b;
	enum err e = ERR_NOT_FOUND;

	TRY(find_project(p, d));
	if (cli_value(p->in.cli, "yes") == NULL)
		TRY(npm_config_check(project, d));
	buf_init(&b, LOCK_MAX);
	for (size_t i = 0; e == ERR_NOT_FOUND && i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", project, names[i]);
		e = fs_read(path, 0, &b, d);
	}
	p->lock = e == OK ? arena_dup(&p->in.arena, buf_str(&b)) : S("");
	buf_free(&b);
	if (e == ERR_NOT_FOUND)
		return diag_set(d, e, "there is no package-lock.json in '%.160s'", project);
	TRY(e);
	struct str copy = arena_dup(&p->in.arena, (struct str){ path, strlen(path) + 1 });
	if (p->lock.p == NULL || copy.p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	p->lock_path = copy.p;
	return OK;
}

static enum err parse_lock(struct npm *p, struct diag *d)
{
	struct findings ignored; /* the checker finds them again, and they are shown from there */

	findings_init(&ignored, &p->scratch);
	package_list_init(&p->packages, &p->in.arena, INSTALL_ITEMS);
	struct diag why = { 0 };
	enum err e = manifest_read(MANIFEST_PACKAGE_LOCK, S("package-lock.json"), p->lock,
				   &p->scratch, &p->packages, &ignored, &why);
	return e == OK ? OK : diag_set(d, e, "'%s': %s", p->lock_path, diag_text(&why));
}

/* npm runs scripts of the project itself, too, and of the members of its workspace. */
static bool has_scripts(struct npm *p)
{
	struct package_json own = { .n_scripts = 0 };
	char path[CACHE_PATH];
	struct buf b;

	(void)snprintf(path, sizeof path, "%s/package.json", p->project);
	buf_init(&b, LIMIT_METADATA);
	enum err e = fs_read(path, 0, &b, NULL);
	if (e == OK)
		e = package_json_read(buf_str(&b), &p->scratch, &own, NULL);
	(void)snprintf(path, sizeof path, "%s/binding.gyp", p->project);
	bool any = e != OK || own.members || (own.gypfile && access(path, F_OK) == 0);
	for (unsigned i = 0; i < own.n_scripts; i++)
		any |= own.scripts[i].install || own.scripts[i].prepare;
	buf_free(&b);
	return any;
}

/* What these scripts start may be any file of the project. */
static enum err add_project(struct npm *p, struct diag *d)
{
	const struct install_item it = { .file = str_z(p->project), .path = p->project };

	for (int i = 0; i < p->in.cli->n_args; i++)
		p->no_scripts |= strcmp(p->in.cli->args[i], "--ignore-scripts") == 0;
	if (p->no_scripts || !has_scripts(p))
		return OK;
	install_say("judging the project itself, too, since npm runs its own scripts; with "
		    "--ignore-scripts neither is done");
	return install_add(&p->in, &it, d);
}

/* The lock file itself is the first thing that is judged: what is known to be bad is not even
 * fetched. Its digest ties the report to the text that we go by. */
static enum err judge_lock(struct npm *p, struct diag *d)
{
	struct install_item it = { .file = S("package-lock.json"),
				   .path = p->lock_path,
				   .hash = { .algorithm = S("sha512"), .n = SHA512_BYTES } };

	sha512(p->lock, it.hash.bytes);
	TRY(install_add(&p->in, &it, d));
	TRY(add_project(p, d));
	return install_judge(&p->in, 0, d);
}

/* ---- what it names ---- */

static const struct package_hash *sha512_of(const struct package *x)
{
	for (unsigned i = 0; i < x->n_hashes; i++)
		if (x->hashes[i].n == SHA512_BYTES)
			return &x->hashes[i];
	return NULL;
}

/* Bytes that are here already: of this project, or within the archive of another package. */
static bool is_here(const struct package *x)
{
	return x->bundled || x->origin == ORIGIN_EDITABLE;
}

static enum err refuse(const struct package *x, const char *why, struct diag *d)
{
	return diag_set(d, ERR_DENIED, "package-lock.json:%u: '%.*s': %s", x->line,
			FMT(str_head(x->name, 80)), why);
}

static enum err check_package(const struct package *x, struct diag *d)
{
	if (x->origin == ORIGIN_GIT)
		return refuse(x,
			      "comes from a repository: what that gives is not pinned, and "
			      "fetching it can run its scripts",
			      d);
	if (x->origin == ORIGIN_PATH)
		return refuse(x, "is a file of this machine: judge it with 'yett check'", d);
	if (sha512_of(x) == NULL)
		return refuse(x,
			      "has no sha512 in the lock file, so what is judged need not be "
			      "what is installed; write the lock file anew",
			      d);
	if (!package_name_valid(ECO_NPM, x->name) || !version_valid(ECO_NPM, x->version) ||
	    str_chr(x->version, ' ') != SIZE_MAX)
		return refuse(x, "is no name and version of a registry", d);
	return OK;
}

/* Where npm's cache keeps what has this digest. */
static void cache_path(const struct npm *p, const struct package_hash *h, char out[CACHE_PATH])
{
	char hex[2 * SHA512_BYTES + 1];

	for (size_t i = 0; i < SHA512_BYTES; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", h->bytes[i]);
	(void)snprintf(out, CACHE_PATH, "%s/_cacache/content-v2/sha512/%.2s/%.2s/%s", p->cache, hex,
		       hex + 2, hex + 4);
}

/* "@scope/name" and "1.0.0" as npm pack names the file. */
static struct str file_name(struct npm *p, const struct package *x)
{
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < x->name.n; i++)
		if (x->name.p[i] != '@')
			buf_addc(&b, x->name.p[i] == '/' ? '-' : x->name.p[i]);
	buf_addf(&b, "-%.*s.tgz", FMT(x->version));
	struct str s = b.err == OK ? arena_dup(&p->in.arena, buf_str(&b)) : S("");
	buf_free(&b);
	return s.p != NULL ? s : S("");
}

static enum err add_items(struct npm *p, struct diag *d)
{
	for (size_t i = 0; i < p->packages.n; i++) {
		const struct package *x = &p->packages.items[i];
		char path[CACHE_PATH];

		if (is_here(x))
			continue;
		if (x->elsewhere) {
			p->skipped++;
			continue;
		}
		const struct package_hash *hash = sha512_of(x);
		TRY(check_package(x, d));
		assert(hash != NULL); /* that was checked */
		struct install_item it = { .name = x->name,
					   .version = x->version,
					   .file = file_name(p, x),
					   .hash = *hash };
		cache_path(p, &it.hash, path);
		struct str z = arena_dup(&p->in.arena, (struct str){ path, strlen(path) + 1 });
		if (it.file.n == 0 || z.p == NULL)
			return diag_set(d, ERR_NOMEM, "out of memory");
		it.path = z.p;
		TRY(install_add(&p->in, &it, d));
	}
	return OK;
}

/* ---- fetch ---- */

static bool is_cached(const struct install_item *it)
{
	struct stat st;

	return lstat(it->path, &st) == 0 && S_ISREG(st.st_mode);
}

/* npm fetches a batch; what it could not get is seen by what is not there. */
static enum err fetch_batch(struct npm *p, size_t first, size_t n, struct diag *d)
{
	static const char *const verbs[] = { "cache", "add", NULL };
	const char *ours[NPM_BATCH + 8] = { "--ignore-scripts", "--cache", p->cache, "--loglevel",
					    "error" };
	const struct tool t = { .out_fd = STDERR_FILENO };
	size_t k = 5;

	for (size_t i = first; i < first + n; i++) {
		const struct install_item *it = &p->in.items[i];
		struct buf b;
		buf_init(&b, 4096);
		buf_addf(&b, "%.*s@%.*s", FMT(it->name), FMT(it->version));
		buf_addc(&b, 0);
		struct str z = b.err == OK ? arena_dup(&p->in.arena, buf_str(&b)) : S("");
		buf_free(&b);
		if (z.n == 0)
			return diag_set(d, ERR_NOMEM, "out of memory");
		ours[k++] = z.p;
	}
	struct diag why = { 0 };
	enum err e = run_npm(p, verbs, ours, &t, &why);
	return e == ERR_NOT_FOUND || e == ERR_SYS ? diag_set(d, e, "%s", diag_text(&why)) : OK;
}

/* What npm's own registry does not give may come from where the lock file says. */
static enum err fetch_direct(const struct package *x, const struct install_item *it, struct diag *d)
{
	char dir[CACHE_PATH];
	AUTO(fd_closep) int fd = -1;

	(void)snprintf(dir, sizeof dir, "%s", it->path);
	*strrchr(dir, '/') = 0;
	if (fs_mkdirs(dir, d) != OK ||
	    (fd = open(it->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
		return diag_set(d, ERR_SYS, "cannot write to the private directory");
	enum err e = fetch_url(x->url, fd, FETCH_ARTIFACT_MAX, d);
	if (e == OK && !install_has(fd, &it->hash))
		e = diag_set(d, ERR_DENIED, "other bytes lie there");
	if (e != OK)
		(void)unlink(it->path);
	return e;
}

static const struct package *package_of(const struct npm *p, const struct install_item *it)
{
	for (size_t i = 0; i < p->packages.n; i++) {
		const struct package *x = &p->packages.items[i];
		const struct package_hash *h = sha512_of(x);
		if (h != NULL && memcmp(h->bytes, it->hash.bytes, SHA512_BYTES) == 0)
			return x;
	}
	return NULL;
}

static enum err fetch_missing(struct npm *p, size_t first, struct diag *d)
{
	for (size_t i = first; i < p->in.n; i++) {
		struct install_item *it = &p->in.items[i];
		struct diag why = { 0 };

		if (is_cached(it))
			continue;
		const struct package *x = package_of(p, it);
		if (x == NULL || x->url.n == 0 || fetch_direct(x, it, &why) != OK)
			return diag_set(d, ERR_DENIED,
					"'%.*s': no registry gave the bytes that the lock file "
					"demands (%.90s); nothing was installed",
					FMT(str_head(it->file, 80)),
					x != NULL && x->url.n > 0 ? diag_text(&why)
								  : "it names no place");
	}
	return OK;
}

static enum err fetch(struct npm *p, size_t first, struct diag *d)
{
	install_say("fetching %zu package%s", p->in.n - first, p->in.n - first == 1 ? "" : "s");
	for (size_t i = first; i < p->in.n; i += NPM_BATCH)
		TRY(fetch_batch(p, i, p->in.n - i < NPM_BATCH ? p->in.n - i : NPM_BATCH, d));
	return fetch_missing(p, first, d);
}

/* ---- install ---- */

static enum err install(struct npm *p, struct diag *d)
{
	static const char *const verbs[] = { "ci", NULL };
	const char *const ours[] = { "--offline", "--cache",
				     p->cache,	  "--no-audit",
				     "--no-fund", p->no_scripts ? "--ignore-scripts" : NULL,
				     NULL };
	const struct tool t = { .out_fd = p->in.cli->json ? STDERR_FILENO : -1, .outlives = true };

	TRY(run_npm(p, verbs, ours, &t, d));
	p->in.installed = true;
	return OK;
}

static bool is_dry(const struct cli *c)
{
	for (int i = 0; i < c->n_args; i++)
		if (strcmp(c->args[i], "--dry-run") == 0 ||
		    strcmp(c->args[i], "--dry-run=true") == 0)
			return true;
	return false;
}

static enum err steps(struct npm *p, struct diag *d)
{
	TRY(check_args(p->in.cli, d));
	TRY(install_path(&p->in, "npm", &p->cache, d));
	TRY(fs_mkdirs(p->cache, d));
	TRY(read_lock(p, d));
	TRY(judge_lock(p, d));
	if (p->in.verdict == VERDICT_BLOCK)
		return install_show(&p->in);
	TRY(parse_lock(p, d));
	size_t first = p->in.n;
	TRY(add_items(p, d));
	TRY(fetch(p, first, d));
	install_say("judging %zu package%s", p->in.n - first, p->in.n - first == 1 ? "" : "s");
	TRY(install_judge(&p->in, first, d));
	TRY(install_show(&p->in));
	if (p->skipped > 0)
		install_say("%zu optional packages for other machines were left out", p->skipped);
	if (install_allowed(&p->in) && !is_dry(p->in.cli))
		TRY(install(p, d));
	return OK;
}

static int npm_run(struct cli *c)
{
	struct npm *p = calloc(1, sizeof *p);
	struct diag d = { 0 };

	if (p == NULL)
		return cli_fail(c, ERR_NOMEM, &d);
	arena_init(&p->scratch, LOCK_ARENA);
	enum err e = install_begin(&p->in, c, ECO_NPM, &d);
	if (e == OK)
		e = steps(p, &d);
	int status = e == OK ? install_end(&p->in) : cli_fail(c, e, &d);
	install_done(&p->in);
	arena_done(&p->scratch);
	free(p);
	return status;
}

static const struct cli_opt opts[] = {
	{ "policy", "FILE", "what to allow, until when and why; the cooldown" },
	{ "yes", NULL, "install also what is held; never what is blocked" },
	{ "detonate", NULL, "run each artifact in the sandbox first, as 'yett check' does" },
	{ "all", NULL, "show also what passed, and what is for information only" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_npm_ci = {
	.name = "npm ci",
	.args = "[NPM-OPTION]...",
	.brief = "judge every package of package-lock.json, then let npm install just those",
	.more = "npm fetches, with its own configuration, into a cache of its own. What lies there "
		"under the\ndigests of the lock file is judged as by 'yett check'; only when all "
		"of it may be installed\nruns 'npm ci', from that cache and without the network, "
		"and with it install scripts.\nRepositories and entries without a sha512 are "
		"refused.\n\nThe exit status is 0 installed, 1 hold, 2 block, 3 inconclusive; 64 "
		"and up are errors.",
	.opts = opts,
	.args_max = CLI_ARGS,
	.passes_on = true,
	.run = npm_run,
};
