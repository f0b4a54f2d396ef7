/*
 * cli/proof.c - finds what says who published an artifact and has it judged.
 * Input: reports of the verifier, which may have been taken over.   Runs in: cli.
 */
#include "cli/proof.h"

#include "cli/fetch.h"
#include "cli/publishers.h"
#include "cli/verifier.h"
#include "codec/json.h"
#include "codec/url.h"
#include "crypto/sha256.h"
#include "package/purl.h"
#include "package/version.h"
#include "package/wheel.h"
#include "sys/clock.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REPORT_TEXT = 48 << 20, DOCUMENT_BYTES = 16 << 20, PIECE = 64 << 10 };

static const struct str words[] = { SC("unknown"), SC("none"), SC("valid"), SC("invalid") };

struct str proof_word(enum proof_state s)
{
	return words[s];
}

void proof_init(struct proof *p, struct arena *a)
{
	*p = (struct proof){ .arena = a, .entry = { .eco = ECO_OTHER } };
	buf_init(&p->documents, REPORT_TEXT);
}

void proof_done(struct proof *p)
{
	buf_free(&p->documents);
}

/* ---- the artifact ---- */

static enum err rewind_file(int fd, struct diag *d)
{
	return lseek(fd, 0, SEEK_SET) == 0
		       ? OK
		       : diag_set(d, ERR_SYS, "cannot read the artifact twice: %s",
				  strerror(errno));
}

static struct str digest_of_file(struct arena *a, int fd)
{
	uint8_t digest[SHA256_BYTES];
	char *room = arena_take(a, PIECE, 16), *hex = arena_take(a, 2 * SHA256_BYTES + 1, 1);
	struct sha256 sha;
	ssize_t n;
	off_t at = 0;
	struct buf b;

	if (room == NULL || hex == NULL || sha256_init(&sha) != OK)
		return S("");
	while ((n = pread(fd, room, PIECE, at)) > 0) {
		sha256_update(&sha, (struct str){ room, (size_t)n });
		at += n;
	}
	sha256_final(&sha, digest);
	sha256_done(&sha);
	buf_fixed(&b, hex, 2 * SHA256_BYTES + 1);
	buf_addhex(&b, (struct str){ (const char *)digest, sizeof digest });
	return n == 0 ? buf_str(&b) : S("");
}

bool proof_release(struct proof_ask *ask, struct arena *a)
{
	struct str name, version;
	struct wheel_name w;
	struct buf b;

	if (wheel_name_parse(ask->file, &w)) {
		name = w.name;
		version = w.version;
	} else if (!sdist_name_parse(ask->file, &name, &version)) {
		return false;
	}
	char *room = arena_take(a, name.n + 1, 1);
	if (room == NULL || !version_valid(ECO_PYPI, version))
		return false;
	buf_fixed(&b, room, name.n + 1);
	package_name_normalise(ECO_PYPI, name, &b);
	ask->release = (struct package){ .eco = ECO_PYPI, .name = buf_str(&b), .version = version };
	return true;
}

/* ---- what a report says, as an entry of the ledger ---- */

static struct str text(struct arena *a, const struct json *v, const char *name)
{
	const struct json *it = json_get(v, str_z(name));
	struct str s = json_is(it, JSON_STRING) ? json_str(a, it) : S("");

	return s.p ? s : S("");
}

static struct str either(struct str a, struct str b)
{
	return a.n ? a : b;
}

/* Certificates before 2023 have "owner/name" and no URL. */
static struct str old_repository(struct arena *a, const struct json *signer)
{
	struct str name = text(a, signer, "github_workflow_repository");
	struct buf b;

	if (name.n == 0)
		return name;
	buf_init(&b, PUBLISHER_TEXT);
	buf_add(&b, S("https://github.com/"));
	buf_add(&b, name);
	struct str s = b.err == OK ? arena_dup(a, buf_str(&b)) : S("");
	buf_free(&b);
	return s.p ? s : S("");
}

static void learn(struct proof *p, const struct json *at)
{
	const struct json *signer = json_get(json_get(at, S("report")), S("signer"));
	const struct json *build = json_get(at, S("build"));
	struct publisher_entry *e = &p->entry;
	struct arena *a = p->arena;

	if (signer == NULL || e->issuer.n)
		return;
	e->issuer = text(a, signer, "issuer");
	e->signer = text(a, signer, "san");
	e->repository = either(text(a, signer, "source_repository_uri"), old_repository(a, signer));
	e->repository_id = either(text(a, signer, "source_repository_identifier"),
				  text(a, build, "repository_id"));
	e->owner_id = either(text(a, signer, "source_repository_owner_identifier"),
			     text(a, build, "owner_id"));
	e->workflow = either(text(a, signer, "build_config_uri"), e->signer);
	e->ref = either(text(a, signer, "source_repository_ref"),
			text(a, signer, "github_workflow_ref"));
	e->commit = either(text(a, signer, "source_repository_digest"),
			   text(a, signer, "github_workflow_sha"));
	e->trigger = either(text(a, signer, "build_trigger"),
			    text(a, signer, "github_workflow_trigger"));
	e->runner = text(a, signer, "runner_environment");
}

/* Those of a request or of the operator's own files prove nothing about the artifact; that somebody
 * else was expected does not make an attestation invalid. */
static bool is_theirs(struct str failed)
{
	static const struct str ours[] = { SC("request"), SC("trusted_root"), SC("npm_keys"),
					   SC("artifact"), SC("identity") };

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (str_eq(failed, ours[i]))
			return false;
	return true;
}

static const char not_said[] = "the index does not say whether there is provenance";

static void note_failure(struct proof *p, const struct json *v)
{
	struct str failed = text(p->arena, v, "failed");
	int64_t status = 0;

	if (p->guessed && str_eq(failed, S("bundle"))) { /* some page, and no document */
		p->err = ERR_NOT_FOUND;
		(void)diag_set(&p->why, ERR_NOT_FOUND, "%s", not_said);
		return;
	}
	if (json_i64(json_get(v, S("exit")), &status) != OK || status <= 0 || status > 125)
		status = err_exit(ERR_AUTH);
	p->state = PROOF_INVALID;
	p->to_note = is_theirs(failed);
	if (p->exit != 0 && p->entry.failed.n)
		return; /* the first one is told */
	p->exit = (int)status;
	p->entry.failed = failed;
	struct str why = text(p->arena, v, "error");
	(void)diag_set(&p->why, ERR_AUTH, "%.*s: %.*s", FMT(str_head(failed, 40)),
		       FMT(str_head(why, 200)));
}

/* What the registry states with its own key names no publisher. */
static void take_valid(struct proof *p)
{
	bool known = p->entry.issuer.n > 0;

	p->signed_by_registry |= !known;
	if (p->state == PROOF_INVALID)
		return;
	p->state = known ? PROOF_VALID : PROOF_UNKNOWN;
	p->to_note = known;
	if (!known)
		(void)diag_set(&p->why, ERR_NOT_FOUND,
			       "the registry alone has signed it, and names no publisher");
}

static enum err take(struct proof *p, struct str report, struct diag *d)
{
	const struct json *v;

	report = arena_dup(p->arena, report); /* its strings stay */
	if (report.p == NULL || json_read(p->arena, report, &v, NULL) != OK ||
	    !json_is(v, JSON_OBJECT))
		return diag_set(d, ERR_SYS, "the verifier's report is no JSON");
	struct str kind = text(p->arena, v, "kind");
	if (p->kind.n && kind.n && !str_eq(kind, p->kind))
		return diag_set(d, ERR_UPSTREAM, "it is of another kind (%.*s)", FMT(kind));
	if (p->documents.n)
		buf_addc(&p->documents, ',');
	buf_add(&p->documents, report);
	if (!json_bool(json_get(v, S("ok")))) {
		note_failure(p, v);
		return OK;
	}
	if (json_is(json_get(v, S("signatures")), JSON_ARRAY)) {
		p->signed_by_registry = json_count(json_get(v, S("signatures"))) > 0;
		return OK;
	}
	const struct json *list = json_get(v, S("attestations"));
	if (!json_is(list, JSON_ARRAY) || json_count(list) == 0)
		return diag_set(d, ERR_SYS, "the verifier's report has no attestation");
	JSON_EACH_ITEM (list, it)
		learn(p, it);
	take_valid(p);
	return OK;
}

/* ---- asking the verifier ---- */

static enum err open_file(const char *path, int *out, struct diag *d)
{
	*out = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return *out >= 0 ? OK
			 : diag_set(d, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS,
				    "cannot open '%s': %s", path, strerror(errno));
}

static void fill_request(struct verifier_request *r, const struct proof_ask *ask, struct buf *purl)
{
	*r = (struct verifier_request){ .has_root = ask->root != NULL,
					.any_identity = ask->identity == NULL,
					.identity = str_z(ask->identity),
					.issuer = str_z(ask->issuer),
					.document = true,
					.file = ask->file,
					.repository = str_z(ask->repository) };
	if (ask->release.eco == ECO_NPM)
		purl_release(ECO_NPM, ask->release.name, ask->release.version, purl);
	r->package = buf_str(purl);
}

static enum err ask_verifier(struct proof *p, const struct proof_ask *ask, int fd, struct buf *keys,
			     struct buf *report, struct diag *d)
{
	struct verifier_call call = { .bundle = fd, .root = -1, .artifact = ask->artifact };
	char room[PURL_MAX];
	struct buf purl;

	buf_fixed(&purl, room, sizeof room);
	fill_request(&call.request, ask, &purl);
	if (ask->npm_keys != NULL) {
		TRY(fs_read(ask->npm_keys, 0, keys, d));
		call.request.npm_keys = buf_str(keys);
	}
	if (ask->root != NULL)
		TRY(open_file(ask->root, &call.root, d));
	enum err e = rewind_file(ask->artifact, d);
	if (e == OK)
		e = verifier_ask(&call, report, d);
	fd_closep(&call.root);
	return e == OK ? take(p, buf_str(report), d) : e;
}

enum err proof_document(struct proof *p, const struct proof_ask *ask, int fd, struct diag *d)
{
	struct buf keys, report;

	buf_init(&keys, VERIFIER_NPM_KEYS);
	buf_init(&report, REPORT_TEXT);
	enum err e = ask_verifier(p, ask, fd, &keys, &report, d);
	buf_free(&keys);
	buf_free(&report);
	return e;
}

/* ---- beside a file ---- */

enum err proof_beside(struct proof *p, const struct proof_ask *ask, const char *path,
		      struct diag *d)
{
	static const char *const ends[] = { ".provenance", ".publish.attestation",
					    ".slsa.attestation", ".sigstore.json", ".sigstore" };
	bool any = false;

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		AUTO(fd_closep) int fd = -1;
		char name[CLI_PATH];
		int n = snprintf(name, sizeof name, "%s%s", path, ends[i]);
		if (n < 0 || (size_t)n >= sizeof name || access(name, F_OK) != 0)
			continue;
		TRY(open_file(name, &fd, d));
		TRY(proof_document(p, ask, fd, d));
		any = true;
	}
	return any ? OK
		   : diag_set(d, ERR_NOT_FOUND,
			      "nothing beside '%s' says who published it (%s.provenance, "
			      "%s.sigstore.json)",
			      path, path, path);
}

/* ---- at the index ---- */

static void encode(struct buf *b, struct str s)
{
	url_encode(b, s, S("@"));
}

/* Where PyPI's Integrity API has it, beside "simple/". */
static struct str integrity_ref(struct buf *b, const struct proof_ask *ask,
				const struct listing_file *file)
{
	buf_add(b, S("../integrity/"));
	encode(b, ask->release.name);
	buf_addc(b, '/');
	encode(b, file->version);
	buf_addc(b, '/');
	encode(b, file->name);
	buf_add(b, S("/provenance"));
	return buf_str(b);
}

static struct str npm_ref(struct buf *b, const struct proof_ask *ask, bool attestations)
{
	buf_add(b, attestations ? S("-/npm/v1/attestations/") : S("./"));
	encode(b, ask->release.name);
	buf_addc(b, attestations ? '@' : '/');
	encode(b, ask->release.version);
	return buf_str(b);
}

static const struct str pep740 = SC("pep740-provenance");

/* promised: the index has said that it is there. */
static void get_and_judge(struct proof *p, const struct proof_ask *ask, struct str ref,
			  struct str kind, bool promised)
{
	static const char integrity[] = "application/vnd.pypi.integrity.v1+json";
	const char *accept = str_eq(kind, pep740) ? integrity : "application/json";
	AUTO(fd_closep) int fd = -1;
	struct diag d = { 0 };
	enum err e = fetch_document(ask->release.eco, ask->release.name, ref, accept,
				    DOCUMENT_BYTES, &fd, &d);

	p->kind = kind;
	p->guessed = !promised;
	if (e == OK)
		e = proof_document(p, ask, fd, &d);
	p->kind = S("");
	p->guessed = false;
	if (e == OK)
		return;
	p->err = e;
	if (e == ERR_NOT_FOUND && !promised)
		(void)diag_set(&p->why, e, "%s", not_said);
	else
		(void)diag_set(&p->why, e, "the index's provenance cannot be had: %s",
			       diag_text(&d));
}

static void none(struct proof *p, const struct proof_ask *ask)
{
	p->state = PROOF_NONE;
	p->to_note = true;
	(void)diag_set(&p->why, ERR_NOT_FOUND, "the index has no provenance of '%.*s'",
		       FMT(str_head(ask->file, 100)));
}

void proof_index(struct proof *p, const struct proof_ask *ask, const struct listing_file *file)
{
	bool npm = ask->release.eco == ECO_NPM, promised = file->provenance.n > 0;
	char room[FETCH_URL];
	struct buf ref;

	buf_fixed(&ref, room, sizeof room);
	if (!promised && file->provenance_said)
		none(p, ask);
	else if (npm)
		get_and_judge(p, ask, npm_ref(&ref, ask, true), S("npm-attestations"), promised);
	else if (promised)
		get_and_judge(p, ask, file->provenance, pep740, true);
	else
		get_and_judge(p, ask, integrity_ref(&ref, ask, file), pep740, false);
	if (npm) {
		struct diag why = p->why;
		enum err e = p->err;
		buf_reset(&ref);
		get_and_judge(p, ask, npm_ref(&ref, ask, false), S("npm-signatures"), false);
		if (p->state !=
		    PROOF_INVALID) { /* signatures or not: the attestation is the point */
			p->why = why;
			p->err = e;
		}
	}
}

/* ---- the ledger ---- */

enum err proof_keep(struct proof *p, const struct proof_ask *ask, struct diag *d)
{
	struct publisher_entry *e = &p->entry;

	if (!p->to_note || ask->release.eco == ECO_OTHER || ask->data[0] == 0)
		return OK;
	e->eco = ask->release.eco;
	e->state = p->state == PROOF_VALID     ? PUBLISHER_VALID
		   : p->state == PROOF_INVALID ? PUBLISHER_INVALID
					       : PUBLISHER_NONE;
	e->at_s = (int64_t)(clock_wall_ns() / 1000000000u);
	e->name = ask->release.name;
	e->version = ask->release.version;
	e->file = ask->file;
	e->sha256 = digest_of_file(p->arena, ask->artifact);
	if (e->state == PUBLISHER_INVALID) { /* what was not proved is nobody's identity */
		struct publisher_entry plain = { .eco = e->eco,
					      .state = e->state,
					      .at_s = e->at_s,
					      .name = e->name,
					      .version = e->version,
					      .file = e->file,
					      .sha256 = e->sha256,
					      .failed = e->failed };
		*e = plain;
	}
	return publishers_note(ask->data, e, d);
}
