/*
 * cli/cmd_verify_bundle.c - `yett verify-bundle`: one Sigstore bundle, with the arguments of
 * sigstore-conformance. The bundle is judged by the verifier; here stand files and words.
 * Input: the verifier's report.   Runs in: cli.
 */
#include "cli/cli.h"

#include "base/date.h"
#include "base/limits.h"
#include "cli/verifier.h"
#include "codec/json.h"
#include "sys/clock.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { REPORT_MAX = 48 << 20, ARENA_MAX = 128 << 20 };

/* ---- what is asked ---- */

static enum err open_file(const char *path, int *out, struct diag *d)
{
	*out = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*out < 0)
		return diag_set(d, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS,
				"cannot open '%s': %s", path, strerror(errno));
	return OK;
}

static enum err who_is_expected(const struct cli *c, struct verifier_request *r, struct buf *key,
				struct diag *d)
{
	const char *identity = cli_value(c, "certificate-identity");
	const char *issuer = cli_value(c, "certificate-oidc-issuer"), *file = cli_value(c, "key");

	if (file == NULL && (identity == NULL || issuer == NULL))
		return diag_set(d, ERR_USAGE,
				"name who is expected to have signed: "
				"--certificate-identity and --certificate-oidc-issuer, or --key");
	if (file != NULL && (identity != NULL || issuer != NULL))
		return diag_set(d, ERR_USAGE, "--key stands alone: a key has no identity");
	if (cli_value(c, "without-log") && file == NULL)
		return diag_set(d, ERR_USAGE,
				"--without-log is for a --key: a certificate of ten minutes needs "
				"a log to tell the time");
	r->no_log = cli_value(c, "without-log") != NULL;
	r->identity = str_z(identity);
	r->issuer = str_z(issuer);
	if (file == NULL)
		return OK;
	TRY(fs_read(file, 0, key, d));
	r->key = buf_str(key);
	return r->key.n ? OK : diag_set(d, ERR_SYNTAX, "'%s' is empty", file);
}

/* A digest is asked about as it is, unless there is a file of that name. */
static enum err what_was_signed(const struct cli *c, struct verifier_call *call, struct diag *d)
{
	struct str arg = str_z(c->args[0]);

	if (str_has_prefix(arg, S("sha256:")) && access(c->args[0], F_OK) != 0) {
		call->request.digest = arg;
		return OK;
	}
	return open_file(c->args[0], &call->artifact, d);
}

static enum err ask(const struct cli *c, struct verifier_call *call, struct buf *key,
		    struct buf *out, struct diag *d)
{
	const char *bundle = cli_value(c, "bundle"), *root = cli_value(c, "trusted-root");

	if (bundle == NULL)
		return diag_set(d, ERR_USAGE, "which bundle? --bundle FILE");
	if (cli_value(c, "staging") && root == NULL)
		return diag_set(d, ERR_USAGE,
				"the trusted root of Sigstore's staging instance is not "
				"shipped: name it with --trusted-root");
	TRY(who_is_expected(c, &call->request, key, d));
	TRY(open_file(bundle, &call->bundle, d));
	if (root != NULL)
		TRY(open_file(root, &call->root, d));
	call->request.has_root = root != NULL;
	TRY(what_was_signed(c, call, d));
	return verifier_ask(call, out, d);
}

/* ---- what is answered ---- */

static void say(struct cli *c, struct arena *a, const char *label, const struct json *v)
{
	struct str text = json_str(a, v);

	if (text.p == NULL || text.n == 0)
		return;
	buf_addf(&c->out, "%-12s ", label);
	cli_safe(c, text);
	buf_addc(&c->out, '\n');
}

static void say_entry(struct cli *c, struct arena *a, const struct json *v)
{
	struct str log = json_str(a, json_get(v, S("log")));
	const struct json *index = json_get(v, S("index"));

	if (log.p == NULL || !json_is(index, JSON_NUMBER))
		return;
	buf_add(&c->out, S("logged in    "));
	cli_safe(c, log);
	buf_addf(&c->out, ", entry %.*s\n", FMT(json_raw(index)));
}

static const struct {
	const char *label;
	struct str name;
} of_signer[] = {
	{ "signed by", SC("san") },
	{ "known by", SC("issuer") },
	{ "repository", SC("source_repository_uri") },
	{ "  its id", SC("source_repository_identifier") },
	{ "owner", SC("source_repository_owner_uri") },
	{ "  its id", SC("source_repository_owner_identifier") },
	{ "commit", SC("source_repository_digest") },
	{ "ref", SC("source_repository_ref") },
	{ "workflow", SC("build_config_uri") },
	{ "trigger", SC("build_trigger") },
	{ "runner", SC("runner_environment") },
	{ "run", SC("run_invocation_uri") },
};

/* The shipped root has a day, a given one has none. Logs get new keys every few years, and the root
 * says so months before. */
static void say_root(struct cli *c, struct arena *a, const struct json *v)
{
	enum { DAY_S = 86400, STALE_DAYS = 180 };
	struct str text = json_str(a, v);
	int64_t made = 0, now = (int64_t)(clock_wall_ns() / 1000000000u);

	if (text.p == NULL || date_parse(text, &made) != OK) {
		say(c, a, "trusted root", v);
		return;
	}
	int64_t days = now > made ? (now - made) / DAY_S : 0;
	buf_addf(&c->out, "trusted root %.*s, %lld days old%s\n", FMT(text), (long long)days,
		 days > STALE_DAYS ? ": take a newer yett, or name a newer root with --trusted-root"
				   : "");
}

static void summary(struct cli *c, struct arena *a, const struct json *v)
{
	const struct json *list;

	cli_style(c, "32", S("verified"));
	buf_addc(&c->out, '\n');
	for (size_t i = 0; i < sizeof of_signer / sizeof of_signer[0]; i++)
		say(c, a, of_signer[i].label,
		    json_get(json_get(v, S("signer")), of_signer[i].name));
	if ((list = json_get(v, S("times"))) != NULL && json_is(list, JSON_ARRAY))
		JSON_EACH_ITEM (list, it)
			say(c, a, "at", json_get(it, S("time")));
	if ((list = json_get(v, S("log_entries"))) != NULL && json_is(list, JSON_ARRAY))
		JSON_EACH_ITEM (list, it)
			say_entry(c, a, it);
	say(c, a, "states", json_get(json_get(v, S("statement")), S("predicate_type")));
	if (json_get(v, S("signer")) == NULL && json_count(json_get(v, S("log_entries"))) == 0)
		buf_add(&c->out, S("known by     the key alone: no transparency log was asked\n"));
	else
		say_root(c, a, json_get(v, S("trusted_root")));
}

/* Standard error may be a terminal, and the sentence quotes names from the bundle. */
static void complain(struct arena *a, const struct json *v)
{
	struct str what = json_str(a, json_get(v, S("failed")));
	struct str text = json_str(a, json_get(v, S("error")));

	fprintf(stderr, "yett: not verified (%.*s): ", what.p ? (int)what.n : 0, what.p);
	for (size_t i = 0; text.p && i < text.n; i++)
		(void)fputc((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f ? '?' : text.p[i],
			    stderr);
	(void)fputc('\n', stderr);
}

/* The exit status of a report. */
static int verdict(const struct json *v)
{
	int64_t status = 0;

	if (json_bool(json_get(v, S("ok"))))
		return 0;
	return json_i64(json_get(v, S("exit")), &status) == OK && status > 0 && status < 126
		       ? (int)status
		       : err_exit(ERR_AUTH);
}

static int answer(struct cli *c, struct str report)
{
	const struct json *v = NULL;
	struct diag d = { 0 };
	struct arena a;
	int status;

	arena_init(&a, ARENA_MAX);
	if (json_read(&a, report, &v, NULL) != OK) {
		status = cli_fail(c, diag_set(&d, ERR_SYS, "the verifier's report is no JSON"), &d);
		arena_done(&a);
		return status;
	}
	status = verdict(v);
	if (status != 0)
		complain(&a, v);
	if (c->json) {
		buf_add(&c->out, report);
		buf_addc(&c->out, '\n');
	} else if (status == 0) {
		summary(c, &a, v);
	}
	int written = cli_done(c, OK);
	arena_done(&a);
	return status != 0 ? status : written;
}

static int verify_run(struct cli *c)
{
	struct verifier_call call = { .bundle = -1, .root = -1, .artifact = -1 };
	struct diag d = { 0 };
	struct buf key, report;

	buf_init(&key, LIMIT_PUBLIC_KEY);
	buf_init(&report, REPORT_MAX);
	enum err e = ask(c, &call, &key, &report, &d);
	int status = e == OK ? answer(c, buf_str(&report)) : cli_fail(c, e, &d);
	fd_closep(&call.bundle);
	fd_closep(&call.root);
	fd_closep(&call.artifact);
	buf_free(&key);
	buf_free(&report);
	return status;
}

static const struct cli_opt verify_opts[] = {
	{ "bundle", "FILE", "the bundle, JSON of version 0.1 to 0.3" },
	{ "certificate-identity", "NAME", "who signed: a workflow's URI or an e-mail address" },
	{ "certificate-oidc-issuer", "URL", "who knows them by that name" },
	{ "key", "FILE", "the signer's public key, where there is no certificate" },
	{ "without-log", NULL, "the key vouches alone: no transparency log has to know of it" },
	{ "trusted-root", "FILE", "instead of the one that is shipped" },
	{ "staging", NULL, "of Sigstore's staging instance; needs --trusted-root" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_verify_bundle = {
	.name = "verify-bundle",
	.args = "FILE|sha256:HEX",
	.brief = "check a Sigstore bundle: who signed FILE, and when",
	.more = "Nothing is fetched. All must hold: certificate, transparency logs, times, "
		"signature\n"
		"and signer; else the exit status is not 0 and the first that does not is named.",
	.opts = verify_opts,
	.args_min = 1,
	.args_max = 1,
	.run = verify_run,
};
