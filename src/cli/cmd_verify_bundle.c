/*
 * cli/cmd_verify_bundle.c - `yett verify-bundle`: one Sigstore bundle, with the arguments of
 * sigstore-conformance. The bundle is judged by the verifier; here stand files and words.
 * Input: the verifier's report.   Runs in: cli.
 */
#include "cli/cli.h"

#include "base/limits.h"
#include "cli/verifier.h"
#include "cli/verify_text.h"
#include "codec/json.h"
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
		verify_text_complain(&a, v);
	if (c->json) {
		buf_add(&c->out, report);
		buf_addc(&c->out, '\n');
	} else if (status == 0) {
		verify_text_report(c, &a, v);
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
