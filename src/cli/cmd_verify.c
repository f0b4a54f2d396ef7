/*
 * cli/cmd_verify.c - `yett verify`: who published a file or a release, and is it who it was before?
 * Input: the user's arguments; reports of the verifier.   Runs in: cli.
 */
#include "cli/fetch.h"
#include "cli/publishers.h"
#include "cli/proof.h"
#include "cli/verify_text.h"

#include "base/date.h"
#include "codec/json.h"
#include "codec/jw.h"
#include "package/purl.h"
#include "package/requirement.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERIFY_ARENA = 1 << 30, EXIT_HOLD = 1 };

/* One target. */
struct verifying {
	struct cli *cli;
	struct arena arena;
	struct proof_ask ask;
	struct proof proof;
	struct publishers publishers;
	struct findings findings; /* what the ledger says */
	char path[CLI_PATH], data[CLI_PATH], repository[FETCH_URL];
	bool kept; /* in the ledger, with the others */
};

/* ---- what is asked ---- */

static enum err read_opts(struct verifying *v, struct diag *d)
{
	const struct cli *c = v->cli;
	const char *repository = cli_value(c, "repository");

	v->ask.identity = cli_value(c, "certificate-identity");
	v->ask.issuer = cli_value(c, "certificate-oidc-issuer");
	v->ask.root = cli_value(c, "trusted-root");
	v->ask.npm_keys = cli_value(c, "npm-keys");
	if ((v->ask.identity == NULL) != (v->ask.issuer == NULL))
		return diag_set(d, ERR_USAGE,
				"--certificate-identity and --certificate-oidc-issuer go together");
	if (repository != NULL) {
		bool url = strstr(repository, "://") != NULL;
		(void)snprintf(v->repository, sizeof v->repository, "%s%s",
			       url ? "" : "https://github.com/", repository);
		v->ask.repository = v->repository;
	}
	if (cli_data_dir(c, v->data, sizeof v->data, NULL) != OK ||
	    cli_value(c, "no-ledger") != NULL)
		v->data[0] = 0;
	v->ask.data = v->data;
	return OK;
}

static enum err release_of_opt(struct verifying *v, struct diag *d)
{
	const char *release = cli_value(v->cli, "package");

	if (release == NULL) {
		(void)proof_release(&v->ask, &v->arena);
		return OK;
	}
	TRY(release_parse(&v->arena, str_z(release), &v->ask.release, d));
	if (v->ask.release.version.n == 0)
		return diag_set(d, ERR_USAGE, "'%s' names no version", release);
	return OK;
}

static struct str last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return str_z(slash ? slash + 1 : path);
}

/* ---- a file ---- */

static enum err given(struct verifying *v, const char *path, struct diag *d)
{
	AUTO(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return diag_set(d, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS,
				"cannot open '%s': %s", path, strerror(errno));
	return proof_document(&v->proof, &v->ask, fd, d);
}

/* "a.whl.sigstore.json" is asked about with its file, if that lies beside it. */
static const char *artifact_of(struct verifying *v, const char *path)
{
	static const struct str ends[] = { SC(".sigstore.json"), SC(".sigstore"), SC(".provenance"),
					   SC(".publish.attestation"), SC(".slsa.attestation") };

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		if (!str_has_suffix(str_z(path), ends[i]))
			continue;
		(void)snprintf(v->path, sizeof v->path, "%.*s", (int)(strlen(path) - ends[i].n),
			       path);
		return access(v->path, R_OK) == 0 ? v->path : NULL;
	}
	return NULL;
}

static enum err verify_file(struct verifying *v, const char *path, struct diag *d)
{
	const char *document = cli_value(v->cli, "provenance");
	const char *other = document == NULL ? artifact_of(v, path) : NULL;

	if (other != NULL) {
		document = path;
		path = other;
	}
	v->ask.artifact = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (v->ask.artifact < 0)
		return diag_set(d, ERR_SYS, "cannot open '%s': %s", path, strerror(errno));
	v->ask.file = last_component(path);
	TRY(release_of_opt(v, d));
	return document ? given(v, document, d) : proof_beside(&v->proof, &v->ask, path, d);
}

/* ---- a release ---- */

static enum err verify_release(struct verifying *v, const char *target, struct diag *d)
{
	const char *document = cli_value(v->cli, "provenance");
	struct package *p = &v->ask.release;
	struct fetched fetched;

	TRY(release_parse(&v->arena, str_z(target), p, d));
	if (p->version.n == 0)
		return diag_set(d, ERR_USAGE, CLI_NO_TARGET, target);
	if (p->eco == ECO_OTHER)
		return diag_set(d, ERR_UNSUPPORTED, "releases are fetched from PyPI and npm only");
	TRY(fetch_file_of(p->eco, p->name, p->version, str_z(cli_value(v->cli, "file")), &v->arena,
			  &fetched, d));
	v->ask.artifact = fetched.fd;
	v->ask.file = fetched.file.name;
	if (document != NULL)
		return given(v, document, d);
	proof_index(&v->proof, &v->ask, &fetched.file);
	return OK;
}

static enum err verify_target(struct verifying *v, const char *target, struct diag *d)
{
	struct stat st;

	if (stat(target, &st) == 0 && S_ISREG(st.st_mode))
		return verify_file(v, target, d);
	if (strchr(target, '/') != NULL && target[0] != '@' && strncmp(target, "npm:", 4) != 0 &&
	    strncmp(target, "pkg:", 4) != 0)
		return diag_set(d, ERR_NOT_FOUND, "cannot open '%s': %s", target, strerror(ENOENT));
	return verify_release(v, target, d);
}

/* ---- what it was before ---- */

static struct str purl_of(struct verifying *v)
{
	char room[PURL_MAX];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	purl_write(&v->ask.release, &b);
	struct str s = b.err == OK ? arena_dup(&v->arena, buf_str(&b)) : S("");
	return s.p ? s : S("");
}

/* What cannot be remembered does not change what was proved; but it is said. */
static void remember(struct verifying *v)
{
	struct diag d = { 0 };

	findings_init(&v->findings, &v->arena);
	if (v->ask.release.eco == ECO_OTHER || v->data[0] == 0)
		return;
	enum err e = proof_keep(&v->proof, &v->ask, &d);
	if (e == OK)
		e = publishers_load(v->data, &v->publishers, &v->arena, &d);
	if (e != OK) {
		fprintf(stderr, "yett: not remembered: %s\n", diag_text(&d));
		return;
	}
	v->kept = v->proof.to_note;
	publishers_judge(&v->publishers, &v->ask.release, purl_of(v), &v->findings);
}

/* Releases of this project other than this one, and since when. */
static size_t others(const struct verifying *v, int64_t *out_since)
{
	const struct package *p = &v->ask.release;
	const struct publisher_entry *of;
	size_t n, count = 0;

	*out_since = 0;
	if (p->eco == ECO_OTHER || v->publishers.n == 0)
		return 0;
	of = publishers_project(&v->publishers, p->eco, p->name, &n);
	for (size_t i = 0; i < n; i++) {
		if (str_eq(of[i].version, p->version) || of[i].state != PUBLISHER_VALID)
			continue;
		if (count++ == 0)
			*out_since = of[i].at_s;
	}
	return count;
}

/* ---- what is answered ---- */

static int status_of(const struct verifying *v)
{
	const struct proof *p = &v->proof;

	switch (p->state) {
	case PROOF_VALID:
		return v->findings.n > 0 ? EXIT_HOLD : 0;
	case PROOF_INVALID:
		return p->exit;
	case PROOF_NONE:
		return err_exit(ERR_NOT_FOUND);
	case PROOF_UNKNOWN:
		break;
	}
	return err_exit(p->err != OK ? p->err : ERR_NOT_FOUND);
}

static void headline(struct verifying *v)
{
	static const struct str texts[] = { SC("not known"), SC("no attestation"), SC("verified"),
					    SC("not verified") };
	static const char *const styles[] = { "33", "33", "32", "31" };
	struct cli *c = v->cli;

	cli_style(c, styles[v->proof.state], texts[v->proof.state]);
	buf_addc(&c->out, ' ');
	cli_safe(c, v->ask.file);
	buf_addc(&c->out, '\n');
	if (v->proof.state != PROOF_VALID)
		verify_text_say(c, "because", str_z(v->proof.why.text));
	if (v->proof.signed_by_registry)
		verify_text_say(c, "registry", S("has signed this name, version and digest"));
}

static void say_history(struct verifying *v)
{
	struct cli *c = v->cli;
	char date[DATE_TEXT];
	int64_t since;
	size_t n = others(v, &since);

	if (v->kept && n == 0)
		verify_text_say(c, "history", S("no other release of it is on record here"));
	else if (v->kept)
		buf_addf(&c->out, "history      %zu on record of other releases, since %.*s\n", n,
			 FMT(str_head(date_format(since, date), 10)));
	for (size_t i = 0; i < v->findings.n; i++) {
		const struct finding *f = &v->findings.items[i];
		cli_style(c, "33", rule_row(f->rule)->id);
		buf_add(&c->out, S(": "));
		cli_safe(c, f->detail);
		buf_addc(&c->out, '\n');
	}
}

static void say_text(struct verifying *v, const struct json *documents)
{
	const struct json *first = NULL;

	headline(v);
	JSON_EACH_ITEM (documents, it) {
		first = first ? first : it;
		verify_text_document(v->cli, &v->arena, it);
	}
	if (first != NULL) {
		const struct json *root = json_get(first, S("trusted_root"));
		struct str date = json_is(root, JSON_STRING) ? json_str(&v->arena, root) : S("");
		verify_text_root(v->cli, date.p ? date : S(""), v->ask.root);
	}
	say_history(v);
}

static void say_json(struct verifying *v, const char *target, struct str documents)
{
	struct buf *b = &v->cli->out;
	char date[DATE_TEXT];
	int64_t since;
	size_t n = others(v, &since);

	jw_obj(b);
	jw_kv_int(b, S("yett_verify"), 1);
	jw_kv_str(b, S("target"), str_z(target));
	jw_kv_bool(b, S("ok"), v->proof.state == PROOF_VALID);
	jw_kv_str(b, S("state"), proof_word(v->proof.state));
	jw_kv_int(b, S("exit"), status_of(v));
	jw_kv_str(b, S("file"), v->ask.file);
	jw_kv_str(b, S("package"), purl_of(v));
	jw_kv_bool(b, S("registry_signature"), v->proof.signed_by_registry);
	if (v->proof.why.text[0] && v->proof.state != PROOF_VALID)
		jw_kv_str(b, S("error"), str_z(v->proof.why.text));
	jw_kv_raw(b, S("documents"), documents);
	jw_key(b, S("ledger"));
	jw_obj(b);
	jw_kv_bool(b, S("kept"), v->kept);
	jw_kv_int(b, S("others"), (int64_t)n);
	if (n > 0)
		jw_kv_str(b, S("since"), date_format(since, date));
	jw_key(b, S("findings"));
	jw_arr(b);
	for (size_t i = 0; i < v->findings.n; i++) {
		jw_obj(b);
		jw_kv_str(b, S("rule"), rule_row(v->findings.items[i].rule)->id);
		jw_kv_str(b, S("detail"), v->findings.items[i].detail);
		jw_obj_end(b);
	}
	jw_arr_end(b);
	jw_obj_end(b);
	jw_obj_end(b);
	buf_addc(b, '\n');
}

static int answer(struct verifying *v, const char *target)
{
	const struct json *documents = NULL;
	struct diag d = { 0 };
	struct buf list;

	buf_init(&list, 2u << 26);
	buf_addc(&list, '[');
	buf_add(&list, buf_str(&v->proof.documents));
	buf_addc(&list, ']');
	if (list.err != OK || json_read(&v->arena, buf_str(&list), &documents, NULL) != OK) {
		buf_free(&list);
		return cli_fail(v->cli, diag_set(&d, ERR_SYS, "the reports are too long"), &d);
	}
	if (v->cli->json)
		say_json(v, target, buf_str(&list));
	else
		say_text(v, documents);
	int status = status_of(v), written = cli_done(v->cli, OK);
	buf_free(&list);
	return status != 0 ? status : written;
}

static int verify_run(struct cli *c)
{
	struct verifying *v = calloc(1, sizeof *v);
	const char *format = cli_value(c, "format");
	struct diag d = { 0 };

	if (v == NULL)
		return cli_fail(c, ERR_NOMEM, &d);
	if (format != NULL && strcmp(format, "json") != 0 && strcmp(format, "text") != 0) {
		free(v);
		return cli_usage(c, "a format is text or json");
	}
	c->json |= format != NULL && strcmp(format, "json") == 0;
	*v = (struct verifying){ .cli = c, .ask = { .artifact = -1, .release.eco = ECO_OTHER } };
	arena_init(&v->arena, VERIFY_ARENA);
	proof_init(&v->proof, &v->arena);
	v->ask.file = v->ask.release.name = v->ask.release.version = S("");
	enum err e = read_opts(v, &d);
	if (e == OK)
		e = verify_target(v, c->args[0], &d);
	if (e == OK)
		remember(v);
	int status = e == OK ? answer(v, c->args[0]) : cli_fail(c, e, &d);
	fd_closep(&v->ask.artifact);
	proof_done(&v->proof);
	arena_done(&v->arena);
	free(v);
	return status;
}

static const struct cli_opt verify_opts[] = {
	{ "provenance", "FILE", "the document that says who published it; else it is looked for" },
	{ "package", "RELEASE", "of which release FILE is: npm:NAME@VERSION" },
	{ "file", "NAME", "which file of the release; else the one that would be installed" },
	{ "repository", "OWNER/NAME", "refuse what was not built from it (or its URL)" },
	{ "certificate-identity", "NAME", "refuse what another one signed" },
	{ "certificate-oidc-issuer", "URL", "who knows them by that name" },
	{ "trusted-root", "FILE", "instead of the one that is shipped" },
	{ "npm-keys", "FILE", "keys of the registry, instead of those that are shipped" },
	{ "no-ledger", NULL, "neither remember it nor compare it with what is remembered" },
	{ "format", "FORMAT", "text (default) or json" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_verify = {
	.name = "verify",
	.args = "FILE|RELEASE",
	.brief = "who published a file or a release, and whether it is who it was before",
	.more = "FILE has a Sigstore bundle or PyPI's provenance beside it; RELEASE is "
		"NAME==VERSION "
		"of PyPI\nor npm:NAME@VERSION, fetched from the index with what it says of its "
		"publisher.\n\nThe exit status is 0 when it holds, 1 when it holds and differs "
		"from "
		"what is on record,\n66 when there is no attestation; else it does not hold or "
		"cannot be had.",
	.opts = verify_opts,
	.args_min = 1,
	.args_max = 1,
	.run = verify_run,
};
