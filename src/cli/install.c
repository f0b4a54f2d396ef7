/*
 * cli/install.c - judges artifacts before anything of them is installed.
 * Input: artifacts by path and digest; reports of checkers.   Runs in: cli.
 */
#include "cli/install.h"

#include "cli/detonate.h"
#include "cli/fetch.h"
#include "crypto/sha256.h"
#include "crypto/sha512.h"
#include "inspect/policy.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSTALL_ARENA ((size_t)8 << 30) /* of addresses; reports of some thousand artifacts */

enum {
	LISTING_ARENA = 512 << 20,
	RUN_ARENA = 1 << 30,
	WORKERS_MAX = 8,
	REPORT_PATH = CLI_PATH + 32
};

/* ---- begin and end ---- */

static enum err read_policy(struct install *in, struct diag *d)
{
	struct check_policy p;
	struct arena a;
	struct buf text;

	if (in->opts.policy == NULL)
		return OK;
	arena_init(&a, POLICY_FILE * 8);
	buf_init(&text, POLICY_FILE);
	enum err e = fs_read(in->opts.policy, 0, &text, d);
	if (e == OK)
		e = policy_parse(str_z(in->opts.policy), buf_str(&text),
				 (int64_t)(clock_wall_ns() / 1000000000), &a, &p, d);
	if (e == OK)
		in->cooldown_days = p.cooldown_days;
	buf_free(&text);
	arena_done(&a);
	return e;
}

enum err install_begin(struct install *in, struct cli *c, enum ecosystem eco, struct diag *d)
{
	*in = (struct install){ .cli = c, .eco = eco, .lock_fd = -1 };
	in->advisories.fd = -1;
	arena_init(&in->arena, INSTALL_ARENA);
	TRY(cli_data_dir(c, in->data, sizeof in->data, d));
	TRY(advisories_open(c, &in->advisories, d));
	in->opts = (struct job_opts){ .policy = cli_value(c, "policy"),
				      .data = in->data,
				      .advisory_fd = in->advisories.fd };
	TRY(read_policy(in, d));
	TRY(dir_make(in->data, in->dir, &in->lock_fd, d));
	char whole[PATH_MAX];
	if (realpath(in->dir, whole) != NULL && strlen(whole) < sizeof in->dir)
		memcpy(in->dir, whole, strlen(whole) + 1); /* not all that runs here stands here */
	return OK;
}

void install_done(struct install *in)
{
	if (in->dir[0] != 0)
		dir_remove(in->dir);
	fd_closep(&in->lock_fd);
	advisories_close(&in->advisories);
	arena_done(&in->arena);
}

enum err install_path(struct install *in, const char *rest, const char **out, struct diag *d)
{
	char path[2 * CLI_PATH];
	int n = snprintf(path, sizeof path, "%s/%s", in->dir, rest);
	struct str copy = { NULL, 0 };

	if (n > 0 && (size_t)n < sizeof path)
		copy = arena_dup(&in->arena, (struct str){ path, (size_t)n + 1 });
	if (copy.p == NULL)
		return diag_set(d, ERR_LIMIT, "a name in the private directory is too long");
	*out = copy.p;
	return OK;
}

enum err install_add(struct install *in, const struct install_item *item, struct diag *d)
{
	if (in->n == INSTALL_ITEMS || !ARENA_ROOM(&in->arena, in->items, in->n, in->cap))
		return diag_set(d, ERR_LIMIT, "too many artifacts");
	in->items[in->n++] = *item;
	return OK;
}

void install_say(const char *fmt, ...)
{
	va_list ap;

	fputs("yett: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* ---- one artifact, in a worker ---- */

/* When the index says it was published; 0: it does not say. The digest, not the name, is what makes
 * it this artifact. */
static int64_t published(const struct install *in, const struct install_item *it)
{
	const struct package_hash *hash = &it->hash;
	struct listing l;
	struct arena a;
	int64_t when = it->published_s;

	if (in->cooldown_days == 0 || it->name.n == 0 || when != 0)
		return when;
	arena_init(&a, LISTING_ARENA);
	if (fetch_listing(in->eco, it->name, &a, &l, NULL) == OK)
		for (size_t i = 0; i < l.n; i++)
			if (l.files[i].hash.n == hash->n &&
			    memcmp(l.files[i].hash.bytes, hash->bytes, hash->n) == 0)
				when = l.files[i].uploaded_s;
	arena_done(&a);
	return when;
}

bool install_has(int fd, const struct package_hash *want)
{
	uint8_t digest[SHA512_BYTES];
	int64_t size = fd_size(fd);

	if (want->n == 0)
		return true;
	void *p = size <= 0 ? MAP_FAILED : mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	if (want->n == SHA512_BYTES)
		sha512((struct str){ p, (size_t)size }, digest);
	else
		sha256((struct str){ p, (size_t)size }, digest);
	(void)munmap(p, (size_t)size);
	return memcmp(digest, want->bytes, want->n) == 0;
}

static void report_name(const struct install *in, size_t i, char out[REPORT_PATH])
{
	(void)snprintf(out, REPORT_PATH, "%s/report-%zu", in->dir, i);
}

/* run_it has the artifact run in the sandbox and makes its report anew. */
static enum err run_it(const struct job *job, const char *phases, bool demanded, struct buf *text,
		       struct diag *d)
{
	struct check_policy policy;
	struct report r;
	struct arena a;
	struct buf anew;

	arena_init(&a, RUN_ARENA);
	buf_init(&anew, REPORT_MAX);
	enum err e = report_read(&r, &a, buf_str(text), d);
	if (e == OK)
		e = job_policy(job, &a, &policy, d);
	if (e == OK && memcmp(policy.sha256, r.policy_sha256, sizeof policy.sha256) != 0)
		e = diag_set(d, ERR_CONFIG, "the policy has changed meanwhile");
	if (e == OK && detonate_by_itself(&r)) {
		detonate(job, &r, &a, phases, demanded);
		report_judge(&r, &policy);
		report_write(&r, &policy, &anew);
		buf_reset(text);
		buf_add(text, buf_str(&anew));
		e = text->err;
	}
	buf_free(&anew);
	arena_done(&a);
	return e;
}

static enum err judge_one(const struct install *in, const struct install_item *it, struct buf *out,
			  struct diag *d)
{
	bool demanded = cli_value(in->cli, "detonate") != NULL;
	struct job job;
	int fd = open(it->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return diag_set(d, ERR_SYS, "cannot open '%.*s': %s", FMT(it->file),
				strerror(errno));
	if (!install_has(fd, &it->hash)) {
		fd_closep(&fd);
		return diag_set(d, ERR_DENIED, "'%.*s' is not what its digest says", FMT(it->file));
	}
	enum err e = job_open_fd(&job, fd, it->file, &in->opts, d);
	job.request.published_s = published(in, it);
	if (e == OK)
		e = job_run(&job, out, d);
	if (e == OK && (demanded || it->builds))
		e = run_it(&job, it->builds ? "start,install,again" : NULL, demanded, out, d);
	job_done(&job);
	return e;
}

/* work judges every step-th item from first on and leaves a report of each in the private
 * directory; what it could not judge has none. */
static void work(const struct install *in, size_t first, size_t step)
{
	char path[REPORT_PATH];
	struct buf text;

	buf_init(&text, REPORT_MAX);
	for (size_t i = first; i < in->n; i += step) {
		struct diag d = { 0 };
		buf_reset(&text);
		enum err e = judge_one(in, &in->items[i], &text, &d);
		report_name(in, i, path);
		if (e == OK)
			e = fs_write(path, buf_str(&text), 0600, &d);
		if (e != OK)
			install_say("%.*s: %s", FMT(in->items[i].file), diag_text(&d));
	}
	buf_free(&text);
}

/* ---- all of them ---- */

static size_t workers(size_t n)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = cpus < 1 ? 1 : cpus > WORKERS_MAX ? WORKERS_MAX : (size_t)cpus;

	return n < most ? n : most;
}

static enum err work_all(struct install *in, size_t first, struct diag *d)
{
	size_t n = workers(in->n - first), started = 0;
	pid_t pids[WORKERS_MAX], parent = getpid();

	for (size_t w = 0; w < n; w++) {
		pid_t pid = fork();
		if (pid == 0) {
			if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
				work(in, first + w, n);
			_exit(0);
		}
		if (pid > 0)
			pids[started++] = pid;
	}
	for (size_t w = 0; w < started; w++)
		(void)spawn_wait(pids[w]);
	return started == n ? OK
			    : diag_set(d, ERR_SYS, "cannot start workers: %s", strerror(errno));
}

/* A checker names the digest of what it has read: only of that its report speaks. */
static bool speaks_of(const struct install_item *it)
{
	return it->hash.n != SHA256_BYTES ||
	       (it->report.has_sha256 &&
		memcmp(it->report.sha256, it->hash.bytes, SHA256_BYTES) == 0);
}

static enum err take_report(struct install *in, size_t i, struct diag *d)
{
	struct install_item *it = &in->items[i];
	struct diag why = { 0 };
	char path[REPORT_PATH];
	struct buf b;

	report_name(in, i, path);
	buf_init(&b, REPORT_MAX);
	enum err e = fs_read(path, 0, &b, &why);
	it->text = arena_dup(&in->arena, buf_str(&b));
	buf_free(&b);
	if (it->text.p == NULL)
		return diag_set(d, ERR_NOMEM, "out of memory");
	if (e == OK)
		e = report_read(&it->report, &in->arena, it->text, &why);
	if (e != OK) {
		it->text = S("");
		check_inconclusive(&it->report, &in->arena, "", &why);
		it->report.target = it->file;
		it->report.headline = S("it could not be judged");
	} else if (!speaks_of(it)) {
		return diag_set(d, ERR_DENIED, "'%.*s' changed while it was judged", FMT(it->file));
	}
	in->verdict = verdict_worse(in->verdict, it->report.judgement.verdict);
	return OK;
}

enum err install_judge(struct install *in, size_t first, struct diag *d)
{
	if (first == in->n)
		return OK;
	TRY(work_all(in, first, d));
	for (size_t i = first; i < in->n; i++)
		TRY(take_report(in, i, d));
	return OK;
}

bool install_allowed(const struct install *in)
{
	switch (in->verdict) {
	case VERDICT_PASS:
		return true;
	case VERDICT_HOLD:
		return cli_value(in->cli, "yes") != NULL;
	case VERDICT_BLOCK:
	case VERDICT_INCONCLUSIVE:
	case VERDICT_COUNT:
		break;
	}
	return false;
}
