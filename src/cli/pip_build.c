/*
 * cli/pip_build.c - builds the wheel of a source archive that was judged.
 * Input: hostile (the archive, what its build prints and leaves).   Runs in: cli.
 * Fuzz: fuzz/sdist_requires_fuzz.c, fuzz/pip_log_fuzz.c
 *
 * pip builds in an environment of its own that it throws away, made of what the archive says it
 * needs: wheels that were resolved, fetched by digest and judged before, and nothing else, because
 * it has no index. All of that is in a box (sys/tool.h): the code of the archive runs there for
 * the first time, and never outside of it before its wheel was judged, too. What a build backend
 * asks for only when it is run is seen by what it misses, and the build is done again with it.
 */
#include "cli/fetch.h"
#include "cli/pip.h"

#include "base/limits.h"
#include "crypto/sha256.h"
#include "package/pip_log.h"
#include "package/sdist_requires.h"
#include "package/version.h"
#include "package/wheel.h"
#include "sys/fs.h"
#include "sys/tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	ROUNDS_MAX = 8,
	WHEEL_MAX = 512 << 20,
	ARCHIVE_ARENA = 256 << 20,
	TOLD_MAX = 4096,
	ANSWER_MAX = 4 * CLI_PATH,
};

struct build {
	struct pip *p;
	struct sdist *s;
	const char *archive, *needs, *dir, *log; /* paths */
	struct sdist_requires requires;
	struct pip_args args; /* where packages come from, and nothing of what the user wants */
};

static enum err fail(const struct build *b, enum err e, const char *why, struct diag *d)
{
	return diag_set(d, e, "'%.*s' %.*s cannot be built: %.160s: nothing was installed",
			FMT(str_head(b->s->name, 60)), FMT(str_head(b->s->file.version, 40)), why);
}

/* ---- what it needs ---- */

static enum err read_requires(struct build *b, struct diag *d)
{
	struct diag why = { 0 };
	struct arena a;
	struct buf bytes;

	arena_init(&a, ARCHIVE_ARENA);
	buf_init(&bytes, FETCH_ARTIFACT_MAX);
	enum err e = fs_read(b->archive, FS_NOFOLLOW, &bytes, &why);
	if (e == OK)
		e = sdist_requires_read(&a, buf_str(&bytes), &b->requires, &why);
	for (size_t i = 0; e == OK && i < b->requires.n; i++) {
		struct str z = str_z(b->requires.items[i]);
		z = arena_dup(&b->p->in.arena, (struct str){ z.p, z.n + 1 });
		b->requires.items[i] = z.p;
		e = z.p != NULL ? OK : ERR_NOMEM;
	}
	buf_free(&bytes);
	arena_done(&a);
	return e == OK ? OK : fail(b, e, diag_text(&why), d);
}

/* Which of them pip found nothing for. */
static enum err name_missing(const struct build *b, struct diag *d)
{
	struct str wishes[PIP_LOG_WISHES];
	char why[160] = "pip finds no way to get what it needs";
	struct buf log;

	buf_init(&log, PIP_LOG_MAX);
	if (fs_read(b->p->sdists.log, FS_NOFOLLOW, &log, NULL) == OK &&
	    pip_log_missing(buf_str(&log), true, wishes) > 0)
		(void)snprintf(why, sizeof why,
			       "it needs '%.*s', of which there is no wheel that fits",
			       FMT(str_head(wishes[0], 60)));
	buf_free(&log);
	return fail(b, ERR_DENIED, why, d);
}

/* Wheels only, and whatever is installed here already. */
static enum err get_needs(struct build *b, bool *out_go, struct diag *d)
{
	const char *more[SDIST_REQUIRES + 2] = { "--ignore-installed" };
	struct pip_report report;
	size_t first = b->p->in.n;

	memcpy(more + 1, b->requires.items, b->requires.n * sizeof *more);
	install_say("resolving what the build of %.*s needs", FMT(b->s->file.name));
	enum err e = pip_resolve(b->p, &b->args, more, &report, d);
	if (e == ERR_UPSTREAM)
		return name_missing(b, d);
	TRY(e);
	TRY(pip_fetch(b->p, &b->args, &report, "needs", d));
	TRY(install_judge(&b->p->in, first, d));
	*out_go = install_allowed(&b->p->in);
	return OK;
}

/* ---- the build ---- */

/* Where the interpreter and its pip lie, which the box has to show: one line each. */
static enum err ask_python(struct build *b, char room[ANSWER_MAX], const char *out[4],
			   struct diag *d)
{
	static const char code[] = "import os, pip, sys\n"
				   "print(sys.executable, sys.prefix, sys.base_prefix, "
				   "os.path.dirname(pip.__file__), sep='\\n')";
	static const char *const args[] = { "-c", code, NULL };
	struct buf said;

	buf_fixed(&said, room, ANSWER_MAX - 1);
	enum err e = pip_ask(b->p, args, &said, d);
	room[said.n] = 0;
	for (size_t i = 0; i < 4; i++) {
		size_t end = strcspn(room, "\n");
		if (e != OK || room[0] != '/' || room[end] == 0)
			return fail(b, ERR_UPSTREAM, "the interpreter does not say where it is", d);
		room[end] = 0;
		out[i] = room;
		room += end + 1;
	}
	return OK;
}

/* A directory for each build: what one leaves running never reaches the next. */
static enum err make_dirs(struct build *b, char home[CLI_PATH], char out[CLI_PATH], struct diag *d)
{
	char rest[32];

	(void)snprintf(rest, sizeof rest, "build-%u", b->p->sdists.n_builds++);
	TRY(install_path(&b->p->in, rest, &b->dir, d));
	if (snprintf(home, CLI_PATH, "%s/home", b->dir) >= CLI_PATH ||
	    snprintf(out, CLI_PATH, "%s/out", b->dir) >= CLI_PATH)
		return diag_set(d, ERR_LIMIT, "a name in the private directory is too long");
	TRY(fs_mkdirs(home, d));
	return fs_mkdirs(out, d);
}

/* The end of what a build said, without what would drive a terminal. */
static void tell(const struct build *b)
{
	struct buf text;

	install_say("the build of %.*s says at its end:", FMT(b->s->file.name));
	buf_init(&text, PIP_LOG_MAX);
	struct str log = fs_read(b->log, FS_NOFOLLOW, &text, NULL) == OK ? buf_str(&text) : S("");
	log = log.n > TOLD_MAX ? str_tail(log, log.n - TOLD_MAX) : log;
	for (size_t i = 0; i < log.n; i++) {
		unsigned char c = (unsigned char)log.p[i];
		(void)fputc(c == '\n' || (c >= ' ' && c < 0x7f) ? c : '?', stderr);
	}
	buf_free(&text);
}

static enum err too_long(const struct build *b, struct diag *d)
{
	char why[160];

	tell(b);
	(void)snprintf(why, sizeof why,
		       "its build takes more than %d minutes; build the wheel where that does no "
		       "harm, and install that",
		       LIMIT_BUILD_MINUTES);
	return fail(b, ERR_TIMEOUT, why, d);
}

/* One run of the build; what it says goes to the log. *out_built false: it went wrong. */
static enum err run_build(struct build *b, bool *out_built, struct diag *d)
{
	char room[ANSWER_MAX], home[CLI_PATH], out[CLI_PATH];
	const char *at[4];

	TRY(make_dirs(b, home, out, d));
	TRY(ask_python(b, room, at, d));
	AUTO(fd_closep) int log = open(b->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log < 0)
		return diag_set(d, ERR_SYS, "cannot write '%s': %s", b->log, strerror(errno));
	const char *const argv[] = { at[0],
				     "-m",
				     "pip",
				     "wheel",
				     "--no-deps",
				     "--no-index",
				     "--no-cache-dir",
				     "--find-links",
				     b->needs,
				     "--wheel-dir",
				     out,
				     b->archive,
				     NULL };
	const char *const env[] = { "PATH",
				    "/usr/local/bin:/usr/bin:/bin",
				    "HOME",
				    home,
				    "TMPDIR",
				    home,
				    "LANG",
				    "C.UTF-8",
				    "PIP_CONFIG_FILE",
				    "/dev/null",
				    "PIP_USE_PEP517",
				    "1",
				    "PIP_DISABLE_PIP_VERSION_CHECK",
				    "1",
				    "PYTHONDONTWRITEBYTECODE",
				    "1",
				    NULL };
	const char *const reads[] = { at[1], at[2], at[3], b->needs, b->archive, NULL };
	const struct tool_box box = { .reads = reads,
				      .write = b->dir,
				      .time_ms = LIMIT_BUILD_MINUTES * 60 * 1000 };
	const struct tool t = {
		.argv = argv, .env = env, .out_fd = log, .keep_fd = -1, .box = &box
	};
	int status;
	enum err e = tool_run(&t, &status, d);
	*out_built = e == OK && status == 0;
	return e == ERR_TIMEOUT ? too_long(b, d) : e;
}

/* What the backend missed joins what it needs. ERR_UPSTREAM: it is something else that is wrong. */
static enum err learn(struct build *b, struct diag *d)
{
	struct str wishes[PIP_LOG_WISHES];
	struct buf log;
	bool more = false;
	enum err e = OK;

	buf_init(&log, PIP_LOG_MAX);
	if (fs_read(b->log, FS_NOFOLLOW, &log, NULL) != OK)
		buf_reset(&log);
	size_t n = pip_log_missing(buf_str(&log), false, wishes);
	for (size_t i = 0; e == OK && i < n; i++) {
		bool fresh;
		e = sdist_requires_add(&b->p->in.arena, &b->requires, wishes[i], &fresh, d);
		more |= e == OK && fresh;
	}
	if (e == OK && !more) {
		tell(b);
		e = fail(b, ERR_UPSTREAM, "its build ends with an error", d);
	}
	buf_free(&log);
	return e;
}

/* ---- the wheel ---- */

/* The only file that a build may leave; nothing else is there. */
static enum err find_wheel(const struct build *b, int dir_fd, char out[NAME_MAX + 1],
			   struct diag *d)
{
	int copy = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct wheel_name w;
	size_t n = 0;

	if (dir == NULL) {
		fd_closep(&copy);
		return diag_set(d, ERR_SYS, "cannot read a directory: %s", strerror(errno));
	}
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
			(void)snprintf(out, NAME_MAX + 1, "%s", e->d_name);
			n++;
		}
	(void)closedir(dir);
	if (n != 1 || !wheel_name_parse(str_z(out), &w) || !wheel_name_same(w.name, b->s->name) ||
	    version_cmp(ECO_PYPI, w.version, b->s->file.version, NULL) != 0 ||
	    strspn(out, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+!-") !=
		    strlen(out))
		return fail(b, ERR_DENIED, "what its build leaves is no wheel of that release", d);
	return OK;
}

/* The wheel is read once and written where nothing of the build can reach it. */
static enum err take_wheel(struct build *b, struct diag *d)
{
	char path[CLI_PATH], name[NAME_MAX + 1];
	struct buf bytes;

	if (snprintf(path, sizeof path, "%s/out", b->dir) >= (int)sizeof path)
		return diag_set(d, ERR_LIMIT, "a name in the private directory is too long");
	AUTO(fd_closep) int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s", path, strerror(errno));
	TRY(find_wheel(b, dir, name, d));
	(void)unlink(b->s->path);
	if (snprintf(path, sizeof path, "stubs/%s", name) >= (int)sizeof path)
		return diag_set(d, ERR_LIMIT, "the wheel's name is too long");
	TRY(install_path(&b->p->in, path, &b->s->path, d));
	buf_init(&bytes, WHEEL_MAX);
	enum err e = fs_read_at(dir, name, FS_NOFOLLOW, &bytes, d);
	sha256(buf_str(&bytes), b->s->wheel);
	if (e == OK)
		e = fs_write(b->s->path, buf_str(&bytes), 0600, d);
	buf_free(&bytes);
	b->s->built = e == OK;
	return e;
}

static enum err rounds(struct build *b, bool *out_go, struct diag *d)
{
	bool built = false;

	TRY(read_requires(b, d));
	for (unsigned i = 0; i < ROUNDS_MAX && !built; i++) {
		if (b->requires.n > 0)
			TRY(get_needs(b, out_go, d));
		if (!*out_go)
			return OK;
		install_say("building %.*s in a box", FMT(b->s->file.name));
		TRY(run_build(b, &built, d));
		if (!built)
			TRY(learn(b, d));
	}
	return built ? take_wheel(b, d) : fail(b, ERR_LIMIT, "it asks for more and more", d);
}

enum err pip_build(struct pip *p, struct sdist *s, const char *archive, bool *out_go,
		   struct diag *d)
{
	struct build *b = NEW(&p->in.arena, struct build);

	if (b == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	*b = (struct build){ .p = p, .s = s, .archive = archive };
	for (size_t i = 0; i < p->args.n[PIP_FETCH]; i++) {
		TRY(pip_args_add(&b->args, PIP_RESOLVE, p->args.runs[PIP_FETCH][i], d));
		TRY(pip_args_add(&b->args, PIP_FETCH, p->args.runs[PIP_FETCH][i], d));
	}
	TRY(install_path(&p->in, "needs", &b->needs, d));
	TRY(install_path(&p->in, "build.txt", &b->log, d));
	dir_remove(b->needs); /* of the one before */
	TRY(fs_mkdirs(b->needs, d));
	return rounds(b, out_go, d);
}
