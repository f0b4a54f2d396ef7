/*
 * verifier/main.c - the process that judges one signed bundle or document. It is in its jail before
 * it reads a byte, answers once and ends.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_bundle_fuzz.c
 */
#include "crypto/narrow.h"
#include "proto/verifier.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "sys/log.h"
#include "verifier/jail.h"
#include "verify/provenance.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 256 << 10, REQUEST_MAX = 64 << 10, REPORT_MAX = 3 * LIMIT_BUNDLE };

/* What one bundle may cost: its text, the same decoded, and what is signed of it. */
enum { ARENA_MAX = 8 * LIMIT_BUNDLE };

struct verifier {
	struct arena arena;
	struct buf request_text, bundle_text, root_text, whole, report;
	struct verifier_request request;
	struct bundle bundle;
	struct trusted_root root;
	struct verify_key key;
	struct verify_policy policy;
	struct artifact artifact;
	struct verify_report result;
	struct document document;
	struct npm_keys npm_keys;
	struct expected expected;
};

NARROW(openssl)

static void fatal(const char *why)
{
	log_msg(LOG_ERROR, "%s", why);
	_exit(71);
}

/* ---- reading ---- */

static ssize_t piece(int fd, char *at, size_t n)
{
	ssize_t got;

	do
		got = read(fd, at, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* All of a descriptor, no more than the buffer's maximum. */
static enum err slurp(int fd, struct buf *out, const char *what, struct diag *d)
{
	for (;;) {
		size_t room = out->max - out->n < PIECE ? out->max - out->n : PIECE;
		char *at = room ? buf_room(out, room) : NULL;
		if (at == NULL)
			return diag_set(d, ERR_LIMIT, "the %s is larger than %zu bytes", what,
					out->max - 1);
		ssize_t got = piece(fd, at, room);
		if (got < 0)
			return diag_set(d, ERR_SYS, "cannot read the %s: %s", what,
					strerror(errno));
		if (got == 0)
			return OK;
		buf_grew(out, (size_t)got);
	}
}

/* What Ed25519 signs has to be at hand as a whole. */
static enum err keep_artifact(struct verifier *v, struct diag *d)
{
	struct hasher h;

	TRY(slurp(VERIFIER_ARTIFACT, &v->whole, "artifact, which Ed25519 signs as a whole,", d));
	if (hasher_init(&h, bundle_hashes(&v->bundle)) != OK)
		return diag_set(d, ERR_NOMEM, "out of memory");
	v->artifact.bytes = v->whole.n != 0 ? buf_str(&v->whole) : S("");
	hasher_update(&h, v->artifact.bytes);
	hasher_final(&h, &v->artifact);
	hasher_done(&h);
	return OK;
}

static enum err hash_artifact(struct verifier *v, struct diag *d)
{
	char *room = arena_take(&v->arena, PIECE, 16);
	struct hasher h;
	ssize_t got;

	unsigned set = v->request.document ? (1u << HASH_COUNT) - 1 : bundle_hashes(&v->bundle);
	if (room == NULL || hasher_init(&h, set) != OK)
		return diag_set(d, ERR_NOMEM, "out of memory");
	while ((got = piece(VERIFIER_ARTIFACT, room, PIECE)) > 0)
		hasher_update(&h, (struct str){ room, (size_t)got });
	hasher_final(&h, &v->artifact);
	hasher_done(&h);
	if (got < 0)
		return diag_set(d, ERR_SYS, "cannot read the artifact: %s", strerror(errno));
	return OK;
}

/* ---- the steps; each names what failed, for the report ---- */

static enum err read_request(struct verifier *v, struct diag *d)
{
	TRY(slurp(VERIFIER_REQUEST, &v->request_text, "request", d));
	if (verifier_request_decode(&v->request, buf_str(&v->request_text)) != OK)
		return diag_set(d, ERR_SYNTAX,
				"the verifier was asked something it does not "
				"understand");
	v->policy.any_identity = v->request.any_identity;
	v->policy.no_log = v->request.no_log;
	v->policy.san = v->request.identity;
	if (v->request.issuer.n)
		v->policy.claims[CLAIM_ISSUER] = v->request.issuer;
	if (v->request.repository.n)
		v->policy.claims[CLAIM_REPOSITORY] = v->request.repository;
	v->expected = (struct expected){ v->request.file, v->request.package, v->policy };
	if (v->request.digest.n)
		TRY(digest_parse(v->request.digest, &v->artifact, d));
	if (v->request.key.n == 0)
		return OK;
	v->policy.key = &v->key;
	return verify_key_parse(&v->key, v->request.key, d);
}

static enum err read_root(struct verifier *v, struct diag *d)
{
	if (!v->request.has_root)
		return trusted_root_shipped(&v->root, &v->arena, d);
	TRY(slurp(VERIFIER_ROOT, &v->root_text, "trusted root", d));
	return trusted_root_parse(&v->root, buf_str(&v->root_text), &v->arena, d);
}

static enum err read_keys(struct verifier *v, struct diag *d)
{
	struct str date = S(""), text = v->request.npm_keys;

	if (!v->request.document)
		return OK;
	if (text.n == 0)
		text = npm_keys_text(&date);
	TRY(npm_keys_parse(&v->npm_keys, text, &v->arena, d));
	v->npm_keys.date = date;
	return OK;
}

static enum err read_bundle(struct verifier *v, struct diag *d)
{
	TRY(slurp(VERIFIER_BUNDLE, &v->bundle_text, v->request.document ? "document" : "bundle",
		  d));
	if (v->request.document)
		return document_read(&v->document, buf_str(&v->bundle_text), &v->arena, d);
	return bundle_parse(&v->bundle, buf_str(&v->bundle_text), &v->arena, d);
}

static enum err read_artifact(struct verifier *v, struct diag *d)
{
	if (v->request.digest.n)
		return OK;
	bool whole = !v->request.document && verify_needs_bytes(&v->bundle, &v->policy);
	return whole ? keep_artifact(v, d) : hash_artifact(v, d);
}

static const struct step {
	struct str name;
	enum err (*run)(struct verifier *v, struct diag *d);
} steps[] = {
	{ SC("request"), read_request },   { SC("trusted_root"), read_root },
	{ SC("npm_keys"), read_keys },	   { SC("bundle"), read_bundle },
	{ SC("artifact"), read_artifact },
};

static void judge(struct verifier *v)
{
	struct diag d = { 0 };

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		enum err e = steps[i].run(v, &d);
		if (e == OK)
			continue;
		if (d.err == OK)
			(void)diag_set(&d, e, "%s", err_text(e));
		verify_failure_write(&v->report, steps[i].name, &d);
		return;
	}
	int64_t now_s = (int64_t)(clock_wall_ns() / 1000000000u);
	if (v->request.document) {
		document_judge(&v->document, &v->root, &v->npm_keys, &v->artifact, &v->expected,
			       now_s, &v->arena, &v->report);
		return;
	}
	enum err e = verify_bundle(&v->bundle, &v->root, &v->artifact, &v->policy, now_s, &v->arena,
				   &v->result, &d);
	if (e != OK && d.err == OK)
		(void)diag_set(&d, e, "%s", err_text(e));
	verify_report_write(&v->report, &v->result, &v->root, &d);
}

int main(int argc, char **argv)
{
	const int keep[] = { VERIFIER_REQUEST, VERIFIER_REPORT, VERIFIER_BUNDLE, VERIFIER_ROOT,
			     VERIFIER_ARTIFACT };
	struct verifier *v = calloc(1, sizeof *v);
	struct diag d = { 0 };
	int status, landlock;

	log_open("verifier", LOG_INFO);
	if (jail_debug(&verifier_jail, argc, argv, &status))
		return status;
	(void)close(STDOUT_FILENO); /* of whoever started it */
	if (v == NULL || OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		fatal("out of memory");
	if (narrow_load(&openssl, openssl_begin) != OK)
		log_msg(LOG_DEBUG, "this OpenSSL has other parts than expected: all of it is used");
	if (jail_begin(&verifier_jail, keep, VERIFIER_FDS, &d) != OK ||
	    jail_lock(&verifier_jail, &landlock, &d) != OK)
		fatal(diag_text(&d));
	arena_init(&v->arena, ARENA_MAX);
	buf_init(&v->request_text, REQUEST_MAX);
	buf_init(&v->bundle_text, LIMIT_BUNDLE + 1);
	buf_init(&v->root_text, LIMIT_TRUSTED_ROOT + 1);
	buf_init(&v->whole, LIMIT_SIGNED_WHOLE + 1);
	buf_init(&v->report, REPORT_MAX);
	judge(v);
	if (v->report.err != OK)
		fatal("the report is too long");
	if (fs_write_all(VERIFIER_REPORT, buf_str(&v->report)) != OK)
		fatal("nobody takes the report");
	return 0;
}
