/*
 * cli/cmd_sbom.c - `yett sbom`: writes down what is on disk, as CycloneDX or SPDX.
 * Input: the user's arguments, and the report of a checker.   Runs in: cli.
 */
#include "cli/check.h"

#include "package/sbom.h"
#include "sys/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { REPORT_ARENA = 1 << 30 };

/* A random UUID, version 4. */
static void make_serial(char out[40])
{
	uint8_t b[16] = { 0 };

	(void)!getrandom(b, sizeof b, 0);
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	(void)snprintf(out, 40,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		       b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		       b[13], b[14], b[15]);
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

static void write_sbom(struct cli *c, const struct report *r, struct arena *a, bool spdx)
{
	char date[CLOCK_TEXT], serial[40];
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

static int sbom_run(struct cli *c)
{
	const char *format = cli_value(c, "format");
	char data[CLI_PATH] = "";
	struct diag d = { 0 };
	struct job_opts o = { .data = data, .advisory_fd = -1 };

	if (format != NULL && strcmp(format, "cyclonedx") != 0 && strcmp(format, "spdx") != 0)
		return cli_usage(c, "a format is cyclonedx or spdx");
	if (cli_data_dir(c, data, sizeof data, NULL) != OK)
		data[0] = 0;
	enum err e = make(c, &o, format != NULL && strcmp(format, "spdx") == 0, &d);
	return e == OK ? cli_done(c, OK) : cli_fail(c, e, &d);
}

static const struct cli_opt opts[] = {
	{ "format", "FORMAT", "cyclonedx (1.6, default) or spdx (2.3)" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_sbom = {
	.name = "sbom",
	.args = "[TARGET]",
	.brief = "write down what is on disk as a bill of materials",
	.more = "TARGET is as for 'yett check'. What is listed is what was found on disk, not what "
		"a "
		"manifest\nclaims; code that no package owns is listed as files with their hashes.",
	.opts = opts,
	.args_max = 1,
	.run = sbom_run,
};
