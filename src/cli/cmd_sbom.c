/*
 * cli/cmd_sbom.c - `yett sbom`: writes down what is on disk, as CycloneDX or SPDX.
 * Input: the user's arguments, and the report of a checker.   Runs in: cli.
 */
#include "cli/check.h"

#include "cli/sbom_lists.h"
#include "base/num.h"
#include "sys/clock.h"
#include "sys/fs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { REPORT_ARENA = 1 << 30 };

static void make_serial(char out[SBOM_SERIAL])
{
	uint8_t b[16] = { 0 };

	(void)!getrandom(b, sizeof b, 0);
	sbom_uuid(b, 4, out);
}

/* What no package owns is a part of what is there, too. */
static struct sbom_file *unowned(const struct report *r, struct arena *a, size_t *out_n)
{
	struct sbom_file *files = NEW_ARRAY(a, struct sbom_file, r->findings.n + 1);
	size_t n = 0;

	for (size_t i = 0; files != NULL && i < r->findings.n; i++) {
		const struct finding *f = &r->findings.items[i];
		if ((f->rule != RULE_FILE_UNOWNED && f->rule != RULE_STARTUP_UNOWNED) ||
		    !f->has_sha256)
			continue;
		files[n] = (struct sbom_file){ .path = f->path, .n_hashes = 1 };
		files[n].hashes[0].algorithm = S("sha256");
		files[n].hashes[0].n = sizeof f->sha256;
		memcpy(files[n].hashes[0].bytes, f->sha256, sizeof f->sha256);
		n++;
	}
	*out_n = n;
	return files;
}

static int by_release(const void *va, const void *vb)
{
	const struct package *a = *(struct package *const *)va, *b = *(struct package *const *)vb;
	int order = a->eco != b->eco ? (a->eco < b->eco ? -1 : 1) : str_cmp(a->name, b->name);

	return order != 0 ? order : str_cmp(a->version, b->version);
}

static bool same_hash(const struct package_hash *a, const struct package_hash *b)
{
	return str_eq(a->algorithm, b->algorithm) && a->n == b->n &&
	       memcmp(a->bytes, b->bytes, a->n) == 0;
}

/* What is installed has the digest of its archive from a lock file beside it, where that names one
 * archive and not many. */
static void share_hashes(const struct report *r, struct arena *a)
{
	size_t n = r->packages.n;
	struct package **p = NEW_ARRAY(a, struct package *, n + 1);

	for (size_t i = 0; p != NULL && i < n; i++)
		p[i] = &r->packages.items[i];
	if (p == NULL || n == 0)
		return;
	qsort(p, n, sizeof *p, by_release);
	for (size_t i = 0, k; i < n; i = k) {
		const struct package *known = NULL;
		bool one = p[i]->version.n > 0;
		for (k = i; k < n && by_release(&p[i], &p[k]) == 0; k++) {
			if (p[k]->n_hashes == 0)
				continue;
			one = one && p[k]->n_hashes == 1 &&
			      (known == NULL || same_hash(known->hashes, p[k]->hashes));
			known = p[k];
		}
		for (size_t j = i; j < k && one && known != NULL; j++) {
			if (p[j]->n_hashes > 0 || p[j]->url.n > 0)
				continue;
			p[j]->hashes = known->hashes;
			p[j]->n_hashes = 1;
			p[j]->hashes_from = known->where;
		}
	}
}

static struct sbom_digest *digests(const struct report *r, struct arena *a, size_t *out_n)
{
	struct sbom_digest *d = NEW_ARRAY(a, struct sbom_digest, 2 * r->n_environments + 1);

	*out_n = 0;
	for (size_t i = 0; d != NULL && i < r->n_environments; i++) {
		const struct report_environment *e = &r->environments[i];
		if (e->has_digest) {
			struct sbom_digest *one = &d[(*out_n)++];
			one->what = S("environment");
			one->path = e->path.n > 0 ? e->path : r->target;
			memcpy(one->sha256, e->digest, sizeof one->sha256);
		}
		if (e->interpreter.known) {
			struct sbom_digest *one = &d[(*out_n)++];
			one->what = S("interpreter");
			one->path = e->interpreter.path;
			memcpy(one->sha256, e->interpreter.digest, sizeof one->sha256);
		}
	}
	return d;
}

static void write_sbom(struct cli *c, const struct report *r, struct arena *a, bool spdx)
{
	char date[CLOCK_TEXT], serial[SBOM_SERIAL];
	const struct report_coverage *v = &r->coverage;
	struct sbom s = { .tool = S("yett"),
			  .tool_version = S(YETT_VERSION),
			  .timestamp = clock_format(r->started, date),
			  .subject = r->target,
			  .packages = r->packages.items,
			  .n_packages = r->packages.n,
			  .complete = v->unread + v->changed + v->skipped == 0 };

	make_serial(serial);
	s.serial = str_z(serial);
	s.files = unowned(r, a, &s.n_files);
	s.digests = digests(r, a, &s.n_digests);
	share_hashes(r, a);
	if (spdx)
		sbom_spdx(&s, &c->out);
	else
		sbom_cyclonedx(&s, &c->out);
}

static enum err make(struct cli *c, const struct job_opts *o, bool spdx, struct diag *d)
{
	struct job job;
	struct buf text;
	struct arena a;
	struct report r;

	arena_init(&a, REPORT_ARENA);
	buf_init(&text, REPORT_MAX);
	enum err e = job_open(&job, c->n_args ? c->args[0] : NULL, o, d);
	if (e == OK)
		e = job_run(&job, &text, d);
	if (e == OK)
		e = report_read(&r, &a, buf_str(&text), d);
	if (e == OK)
		write_sbom(c, &r, &a, spdx);
	job_done(&job);
	buf_free(&text);
	arena_done(&a);
	return e;
}

/* ---- of a release, by lists ---- */

/* reproducible-builds.org, SOURCE_DATE_EPOCH: seconds since 1970, in place of now. */
static enum err release_time(int64_t *out, struct diag *d)
{
	const char *told = getenv("SOURCE_DATE_EPOCH");
	uint64_t s = 0;

	*out = (int64_t)(clock_wall_ns() / 1000000000u);
	if (told == NULL)
		return OK;
	if (num_u64(str_z(told), INT32_MAX, &s) != OK)
		return diag_set(d, ERR_USAGE, "SOURCE_DATE_EPOCH is no number of seconds");
	*out = (int64_t)s;
	return OK;
}

static enum err release_lists(struct cli *c, struct sbom *s, struct buf texts[2], struct arena *a,
			      struct diag *d)
{
	const char *files = cli_value(c, "files"), *debian = cli_value(c, "debian");

	if (files != NULL) {
		TRY(fs_read(files, 0, &texts[0], d));
		TRY(sbom_files_read(s, buf_str(&texts[0]), a, d));
	}
	if (debian != NULL) {
		TRY(fs_read(debian, 0, &texts[1], d));
		TRY(sbom_debian_read(s, buf_str(&texts[1]), a, d));
	}
	return OK;
}

static enum err release(struct cli *c, bool spdx, struct diag *d)
{
	void (*write)(const struct sbom *, struct buf *) = spdx ? sbom_spdx : sbom_cyclonedx;
	struct sbom s = { .tool = S("yett"),
			  .tool_version = S(YETT_VERSION),
			  .subject = str_z(cli_value(c, "release")),
			  .own_files = true,
			  .complete = true };
	char date[CLOCK_TEXT], serial[SBOM_SERIAL];
	struct buf texts[2];
	struct arena a;
	int64_t now;

	arena_init(&a, REPORT_ARENA);
	for (int i = 0; i < 2; i++)
		buf_init(&texts[i], SBOM_LIST_MAX);
	enum err e = release_time(&now, d);
	if (e == OK)
		e = release_lists(c, &s, texts, &a, d);
	if (e == OK) {
		s.timestamp = clock_format(now, date);
		sbom_serial_of(&s, write, serial);
		write(&s, &c->out);
	}
	for (int i = 0; i < 2; i++)
		buf_free(&texts[i]);
	arena_done(&a);
	return e;
}

static int sbom_run(struct cli *c)
{
	const char *format = cli_value(c, "format");
	char data[CLI_PATH] = "";
	struct diag d = { 0 };
	struct job_opts o = { .data = data, .advisory_fd = -1, .artifacts = true };

	if (format != NULL && strcmp(format, "cyclonedx") != 0 && strcmp(format, "spdx") != 0)
		return cli_usage(c, "a format is cyclonedx or spdx");
	bool is_spdx = format != NULL && strcmp(format, "spdx") == 0;
	if (cli_value(c, "release") != NULL) {
		if (c->n_args != 0)
			return cli_usage(c, "a release has lists, and no target");
		enum err made = release(c, is_spdx, &d);
		return made == OK ? cli_done(c, OK) : cli_fail(c, made, &d);
	}
	if (cli_value(c, "files") != NULL || cli_value(c, "debian") != NULL)
		return cli_usage(c, "--files and --debian are for a --release");
	if (cli_data_dir(c, data, sizeof data, NULL) != OK)
		data[0] = 0;
	enum err e = make(c, &o, is_spdx, &d);
	return e == OK ? cli_done(c, OK) : cli_fail(c, e, &d);
}

static const struct cli_opt opts[] = {
	{ "format", "FORMAT", "cyclonedx (1.6, default) or spdx (2.3)" },
	{ "release", "NAME", "of a release of this name, by lists instead of a target" },
	{ "files", "FILE", "what is in it, as sha256sum writes it" },
	{ "debian", "FILE",
	  "which Debian packages it needs: a name and, if known, a version a line" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_sbom = {
	.name = "sbom",
	.args = "[TARGET]",
	.brief = "write down what is on disk as a bill of materials",
	.more = "TARGET is as for 'yett check'. What is listed is what was found on disk, not what "
		"a "
		"manifest\nclaims; code that no package owns is listed as files with their "
		"hashes.\n"
		"With --release the date is SOURCE_DATE_EPOCH where it is set, and the serial "
		"number\nfollows from the content: the same lists make the same bytes.",
	.opts = opts,
	.args_max = 1,
	.run = sbom_run,
};
