/*
 * cli/cmd_check.c - `yett check`: judges what is named, or what `python3` would use here.
 * Input: the user's arguments, and reports of checkers.   Runs in: cli.
 */
#include "cli/advisories.h"
#include "cli/check.h"
#include "cli/detonate.h"
#include "cli/fetch.h"

#include "codec/jw.h"
#include "inspect/sarif.h"
#include "package/requirement.h"
#include "sys/clock.h"
#include "sys/fs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPORT_ARENA = 1 << 30 };

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF };

/* Whether the target is run in the sandbox. */
enum detonating { DETONATE_PACKAGES, DETONATE_ALL, DETONATE_NONE };

/* All targets of one command. */
struct checking {
	struct cli *cli;
	enum format format;
	char data[CLI_PATH];
	struct job_opts opts;
	struct advisories advisories;
	bool offline, against_index;
	enum detonating detonating;
	enum verdict verdict; /* the worst so far */
	struct buf reports;   /* JSON texts, or runs of SARIF, with commas between them */
	unsigned n;
};

void check_inconclusive(struct report *r, struct arena *a, const char *target,
			const struct diag *why)
{
	report_init(r, a);
	r->target = str_z(target);
	r->started = (int64_t)(clock_wall_ns() / 1000000000);
	r->coverage.unread = 1;
	report_judge(r, NULL);
	r->headline = str_z(diag_text(why));
	r->next = S("nothing is known of it: treat it as if it had been blocked");
}

/* ---- output ---- */

static void separate(struct checking *k)
{
	if (k->n++ > 0)
		buf_addc(&k->reports, ',');
}

static void show(struct checking *k, const struct report *r, const struct check_policy *p,
		 struct str text)
{
	struct buf own;

	k->verdict = verdict_worse(k->verdict, r->judgement.verdict);
	buf_init(&own, REPORT_MAX);
	if (text.n == 0 && k->format == FORMAT_JSON) {
		report_write(r, p, &own);
		text = buf_str(&own);
	}
	switch (k->format) {
	case FORMAT_TEXT:
		if (k->n++ > 0)
			buf_addc(&k->cli->out, '\n');
		check_text(k->cli, r, cli_value(k->cli, "all") != NULL);
		break;
	case FORMAT_JSON:
		separate(k);
		buf_add(&k->reports, str_head(text, text.n - 1)); /* without its newline */
		break;
	case FORMAT_SARIF:
		separate(k);
		sarif_run(r, &k->reports);
		break;
	}
	if (own.err != OK)
		k->cli->out.err = own.err; /* half a report is none */
	buf_free(&own);
}

static void finish(struct checking *k)
{
	struct buf *out = &k->cli->out;

	if (k->format == FORMAT_SARIF)
		sarif_log(buf_str(&k->reports), out);
	else if (k->format == FORMAT_JSON && k->n == 1)
		buf_add(out, buf_str(&k->reports));
	else if (k->format == FORMAT_JSON)
		buf_addf(out, "{\"yett_reports\":%d,\"verdict\":\"%.*s\",\"reports\":[%.*s]}",
			 REPORT_VERSION, FMT(verdict_word(k->verdict)), FMT(buf_str(&k->reports)));
	if (k->format != FORMAT_TEXT)
		buf_addc(out, '\n');
	if (k->reports.err != OK)
		out->err = k->reports.err;
	buf_free(&k->reports);
}

/* ---- one target ---- */

/* What was found of one target, and the text it came in; "": there is none. */
struct result {
	struct arena arena;
	struct report report;
	struct buf text;
	struct check_policy *policy; /* with which the report was judged anew, or NULL */
};

/* The job is opened; its checker runs and its report is read. */
static enum err run_job(struct job *job, struct result *out, struct diag *d)
{
	struct diag why = { 0 };

	TRY(job_run(job, &out->text, d));
	if (report_read(&out->report, &out->arena, buf_str(&out->text), &why) != OK)
		return diag_set(d, ERR_SYS, "the checker broke its word: %s", why.text);
	return OK;
}

/* The job's checker is done; the package is run, and the report judged with what that showed. */
static enum err run_target(const struct checking *k, const struct job *job, struct result *out,
			   struct diag *d)
{
	struct report *r = &out->report;

	if (k->detonating == DETONATE_NONE ||
	    (k->detonating == DETONATE_PACKAGES && !detonate_by_itself(r)))
		return OK;
	out->policy = NEW(&out->arena, struct check_policy);
	if (out->policy == NULL)
		return diag_set(d, ERR_NOMEM, "no memory");
	TRY(job_policy(job, &out->arena, out->policy, d));
	if (memcmp(out->policy->sha256, r->policy_sha256, sizeof r->policy_sha256) != 0)
		return diag_set(d, ERR_CONFIG, "the policy has changed meanwhile; check again");
	detonate(job, r, &out->arena, NULL, k->detonating == DETONATE_ALL);
	report_judge(r, out->policy);
	return OK;
}

/* Once it is known what release the target is: the same again, beside the one before it. */
static enum err compare_with_index(struct checking *k, const char *target, struct result *out,
				   struct diag *d)
{
	struct package p = { .eco = ECO_OTHER };
	struct fetched before;
	struct job job;

	if (out->report.package.n == 0 ||
	    release_parse(&out->arena, out->report.package, &p, NULL) != OK)
		return diag_set(d, ERR_USAGE, "'%s' is no release that an index has others of",
				target);
	TRY(fetch_previous(p.eco, p.name, p.version, &out->arena, &before, d));
	enum err e = job_open(&job, target, &k->opts, d);
	if (e == OK)
		job_previous(&job, before.fd, before.file.name, before.file.uploader);
	else
		fd_closep(&before.fd);
	buf_reset(&out->text);
	if (e == OK)
		e = run_job(&job, out, d);
	job_done(&job);
	return e;
}

static enum err check_path(struct checking *k, const char *target, struct result *out,
			   struct diag *d)
{
	struct job job;

	if (target != NULL && !k->opts.cold)
		check_proof_beside(target, k->data);
	enum err e = job_open(&job, target, &k->opts, d);

	if (e == OK)
		e = run_job(&job, out, d);
	if (e == OK && k->against_index)
		e = compare_with_index(k, target, out, d);
	if (e == OK)
		e = run_target(k, &job, out, d);
	job_done(&job);
	return e;
}

/* The artifact that the index gives for a release is judged as if it lay here. */
static enum err check_artifact(struct checking *k, const struct package *p, struct result *out,
			       struct diag *d)
{
	struct fetched fetched;
	struct job job;

	TRY(fetch_release(p->eco, p->name, p->version, &out->arena, &fetched, d));
	if (!k->opts.cold)
		check_proof_release(p, &fetched, k->data);
	enum err e = job_open_fd(&job, fetched.fd, fetched.file.name, &k->opts, d);
	job.request.published_s = fetched.file.uploaded_s;
	job_uploader(&job, fetched.file.uploader);
	if (e == OK && k->opts.against == NULL &&
	    fetch_previous(p->eco, p->name, p->version, &out->arena, &fetched, NULL) == OK)
		job_previous(&job, fetched.fd, fetched.file.name, fetched.file.uploader);
	if (e == OK)
		e = run_job(&job, out, d);
	if (e == OK)
		e = run_target(k, &job, out, d);
	job_done(&job);
	return e;
}

static bool has_malware(const struct report *r)
{
	return findings_has(&r->findings, 0, RULE_KNOWN_MALWARE);
}

/* What the records say is all there is. They say nothing of what nobody has reported yet, so a
 * release that they do not name is not known to be clean. */
static void not_looked_at(struct report *r, struct arena *a, const struct diag *why)
{
	struct buf b;

	buf_init(&b, 4096);
	buf_addf(&b, "%.*s; only the advisories were asked: %s", FMT(r->headline), diag_text(why));
	struct str text = arena_dup(a, buf_str(&b));
	buf_free(&b);
	r->headline = text.p != NULL ? text : r->headline;
	r->coverage.unread++;
	if (r->judgement.verdict == VERDICT_PASS)
		r->judgement.verdict = VERDICT_INCONCLUSIVE;
}

/* A release by its name. What the records know costs nothing and comes first; what they call
 * malicious is not fetched. */
static enum err check_release(struct checking *k, const char *target, struct result *out,
			      struct diag *d)
{
	struct package p = { .eco = ECO_OTHER };
	struct diag why = { 0 };

	TRY(release_parse(&out->arena, str_z(target), &p, d));
	if (p.version.n == 0)
		return diag_set(d, ERR_USAGE, "'%s' names no version: NAME==VERSION", target);
	enum err e = release_report(&k->advisories.ix, &p, target, &out->report, &out->arena);
	if (e != OK)
		return diag_set(d, e, "the index of advisories is corrupt");
	if (k->offline || has_malware(&out->report))
		return OK;
	struct report known = out->report;
	e = check_artifact(k, &p, out, &why);
	if (e == OK) {
		out->report.target = str_z(target);
		return OK;
	}
	/* Without the artifact there is what the records say, and that it was not looked at. */
	buf_reset(&out->text);
	out->report = known;
	not_looked_at(&out->report, &out->arena, &why);
	return OK;
}

static bool is_release(const char *target)
{
	struct package p = { .eco = ECO_OTHER };
	struct arena a;
	struct stat st;

	if (target == NULL || stat(target, &st) == 0)
		return false;
	arena_init(&a, 1 << 20);
	bool named = release_parse(&a, str_z(target), &p, NULL) == OK && p.version.n > 0;
	arena_done(&a);
	return named;
}

static int check_one(struct checking *k, const char *target)
{
	struct result r = { .policy = NULL };
	struct diag d = { 0 };
	int status = 0;

	arena_init(&r.arena, REPORT_ARENA);
	buf_init(&r.text, REPORT_MAX);
	enum err e = is_release(target) ? check_release(k, target, &r, &d)
					: check_path(k, target, &r, &d);
	if (e == ERR_SYS) { /* the target may have done that */
		check_inconclusive(&r.report, &r.arena, target ? target : "python3", &d);
		buf_reset(&r.text);
		e = OK;
	}
	if (e == OK)
		show(k, &r.report, r.policy, r.policy != NULL ? S("") : buf_str(&r.text));
	else
		status = cli_fail(k->cli, e, &d);
	buf_free(&r.text);
	arena_done(&r.arena);
	return status;
}

static bool read_format(struct cli *c, enum format *out)
{
	const char *word = cli_value(c, "format");

	*out = c->json ? FORMAT_JSON : FORMAT_TEXT;
	if (word == NULL || strcmp(word, "text") == 0)
		return true;
	*out = strcmp(word, "json") == 0 ? FORMAT_JSON : FORMAT_SARIF;
	c->json |= *out == FORMAT_JSON;
	return *out == FORMAT_JSON || strcmp(word, "sarif") == 0;
}

static int check_run(struct cli *c)
{
	struct checking k = { .cli = c, .verdict = VERDICT_PASS };
	struct diag d = { 0 };
	int status = 0;

	if (!read_format(c, &k.format))
		return cli_usage(c, "a format is text, json or sarif");
	if (cli_value(c, "detonate") != NULL && cli_value(c, "no-detonate") != NULL)
		return cli_usage(c, "either --detonate or --no-detonate");
	k.offline = cli_value(c, "offline") != NULL;
	const char *against = cli_value(c, "against");
	k.against_index = against != NULL && strcmp(against, "index") == 0;
	if (k.against_index && k.offline)
		return cli_usage(c, "the index is not asked with --offline");
	if (cli_data_dir(c, k.data, sizeof k.data, NULL) != OK)
		k.data[0] = 0;
	enum err e = advisories_open(c, &k.advisories, &d);
	if (e != OK) {
		advisories_close(&k.advisories);
		return cli_fail(c, e, &d);
	}
	k.detonating = cli_value(c, "no-detonate") != NULL ? DETONATE_NONE
		       : cli_value(c, "detonate") != NULL  ? DETONATE_ALL
							   : DETONATE_PACKAGES;
	k.opts = (struct job_opts){ .policy = cli_value(c, "policy"),
				    .data = k.data,
				    .advisory_fd = k.advisories.fd,
				    .against = k.against_index ? NULL : against,
				    .cold = cli_value(c, "cold") != NULL };
	buf_init(&k.reports, REPORT_MAX);
	for (int i = 0; status == 0 && i < (c->n_args ? c->n_args : 1); i++)
		status = check_one(&k, c->n_args ? c->args[i] : NULL);
	advisories_close(&k.advisories);
	if (status != 0) {
		buf_free(&k.reports);
		return status;
	}
	finish(&k);
	status = cli_done(c, OK);
	return status != 0 ? status : verdict_exit(k.verdict);
}

static const struct cli_opt opts[] = {
	{ "format", "FORMAT", "text (default), json or sarif" },
	{ "policy", "FILE", "what to allow, until when and why" },
	{ "against", "PREVIOUS|index",
	  "compare with an archive or directory, or the release before (fetched)" },
	{ "offline", NULL, "fetch nothing: a release is judged by the advisories alone" },
	{ "detonate", NULL,
	  "run it in a sandbox, also an environment; not to be able to is no pass" },
	{ "no-detonate", NULL, "run nothing; else a wheel, source archive or npm package is run" },
	{ "all", NULL, "show also what is for information only" },
	{ "cold", NULL, "use and keep nothing of earlier runs" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_check = {
	.name = "check",
	.args = "[TARGET...]",
	.brief = "judge a package or an environment before it gets near a key",
	.more = "TARGET is a directory (virtual environment, site-packages, node_modules, home, "
		"root "
		"of an image),\na wheel, source archive, npm package, lock file, SBOM or log, or a "
		"release: NAME==VERSION.\nWithout one it is what python3 would use here. A single "
		"package is run in\na sandbox without a network; nothing else is run.\n\nThe exit "
		"status is 0 pass, 1 hold, 2 block, 3 inconclusive; 64 and up "
		"are "
		"errors.",
	.opts = opts,
	.args_max = CLI_ARGS,
	.run = check_run,
};
