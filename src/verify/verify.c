/*
 * verify/verify.c - all checks of one bundle, in an order in which each builds on what is known:
 * times, the certificate at those times, the log, the signature, what was signed.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_bundle_fuzz.c
 */
#include "verify/part.h"

#include <string.h>

enum { DAY_S = 86400 };

static const struct {
	struct str name, text;
} checks[CHECK_COUNT] = {
#define X(name, json, text) { SC(json), SC(text) },
	CHECK_LIST(X)
#undef X
};

struct str check_name(enum check c)
{
	return checks[c].name;
}

struct str check_text(enum check c)
{
	return checks[c].text;
}

/* One verification: what is given, and what was found so far. */
struct run {
	const struct bundle *b;
	const struct trusted_root *root;
	const struct verify_policy *policy;
	int64_t now_s;
	struct arena *a;
	struct diag *d;
	struct verify_report *out;
	struct evidence ev;
	const struct trusted_log *logs[LIMIT_BUNDLE_ENTRIES];
	struct certificate cert;
	struct statement *statement;
};

static void done(struct run *r, enum check c)
{
	r->out->done |= 1u << c;
}

static void begin(struct run *r, enum check c)
{
	r->out->failed = c;
}

/* ---- before anything is believed ---- */

/* What the signer's key makes the signature over, and for a message its consistent digest. */
static enum err check_form(struct run *r)
{
	const struct bundle *b = r->b;

	begin(r, CHECK_BUNDLE);
	TRY(bundle_check(b, r->policy->key == NULL || !r->policy->no_log, r->d));
	if (b->n_certs == 0 && r->policy->key == NULL)
		return diag_set(r->d, ERR_DENIED,
				"the bundle is signed with a key, and no key to trust was given "
				"(sigstore_common.proto, PublicKeyIdentifier)");
	if (b->n_certs != 0 && r->policy->key != NULL)
		return diag_set(r->d, ERR_DENIED,
				"the bundle is signed with a certificate, and a key was expected");
	if (!b->is_dsse && b->hash != HASH_NONE && r->ev.art->digests[b->hash].known &&
	    !str_eq(b->digest, digest_str(&r->ev.art->digests[b->hash], b->hash)))
		return diag_set(r->d, ERR_AUTH,
				"the bundle's 'messageDigest' is not that of the artifact "
				"(sigstore_common.proto, MessageSignature)");
	if (b->is_dsse)
		r->ev.pae = dsse_pae(b->payload_type, b->payload, r->a);
	if (b->is_dsse && r->ev.pae.p == NULL)
		return diag_set(r->d, ERR_LIMIT, "more memory is needed than one bundle may use");
	done(r, CHECK_BUNDLE);
	return OK;
}

/* The signer's certificate is read before its times are known, so that a report can name it. */
static enum err read_signer(struct run *r)
{
	if (r->b->n_certs == 0) {
		r->ev.spki = verify_key_spki(r->policy->key, r->a);
		return r->ev.spki.p ? OK : ERR_LIMIT;
	}
	begin(r, CHECK_CERTIFICATE);
	r->ev.cert = r->b->certs[0];
	TRY(certificate_read(&r->cert, r->ev.cert, r->a, r->d));
	r->out->has_certificate = true;
	r->out->identity = r->cert.who;
	r->out->serial = r->cert.serial;
	r->out->not_before_s = r->cert.not_before_s;
	r->out->not_after_s = r->cert.not_after_s;
	return OK;
}

/* ---- when ---- */

static enum err add_time(struct run *r, int64_t at_s, bool by_log, struct str by)
{
	if (r->now_s != 0 && at_s > r->now_s + DAY_S)
		return diag_set(
			r->d, ERR_AUTH,
			"the signature's time lies in the future, or this machine's clock is "
			"wrong");
	r->out->times[r->out->n_times++] = (struct signing_time){ at_s, by_log, by };
	return OK;
}

static enum err times_of_tokens(struct run *r)
{
	const struct authority *tsa;
	int64_t at_s;

	for (unsigned i = 0; i < r->b->n_tokens; i++) {
		begin(r, CHECK_TIME);
		TRY(timestamp_check(r->b->tokens[i], r->b->signature, r->root, &tsa, &at_s, r->d));
		TRY(add_time(r, at_s, false, tsa->uri));
	}
	return OK;
}

/* "integratedTime" counts only where the log has signed it: with a promise that verifies. */
static enum err times_of_log(struct run *r)
{
	for (unsigned i = 0; i < r->b->n_entries; i++) {
		const struct log_entry *e = &r->b->entries[i];
		if (e->promise.n == 0)
			continue;
		begin(r, CHECK_SET);
		TRY(log_find(r->root, e->log_id, e->integrated_s, &r->logs[i], r->d));
		TRY(set_check(e, r->logs[i], r->a, r->d));
		begin(r, CHECK_TIME);
		TRY(add_time(r, e->integrated_s, true, r->logs[i]->url));
		r->out->entries[i].promised = true;
		r->out->entries[i].integrated_s = e->integrated_s;
		done(r, CHECK_SET);
	}
	return OK;
}

/* Logs without a promise must have been in force at the times that others vouch for. */
static enum err find_logs(struct run *r)
{
	for (unsigned i = 0; i < r->b->n_entries; i++) {
		const struct log_entry *e = &r->b->entries[i];
		begin(r, CHECK_ENTRY);
		for (unsigned t = 0; e->promise.n == 0 && t < r->out->n_times; t++)
			TRY(log_find(r->root, e->log_id, r->out->times[t].at_s, &r->logs[i], r->d));
		if (r->logs[i] == NULL) /* a managed key, and no time at all */
			TRY(log_find(r->root, e->log_id, r->now_s, &r->logs[i], r->d));
		r->out->entries[i].log = r->logs[i]->url;
	}
	return OK;
}

static enum err check_times(struct run *r)
{
	TRY(times_of_tokens(r));
	TRY(times_of_log(r));
	begin(r, CHECK_TIME);
	if (r->out->n_times == 0 && r->b->n_certs != 0)
		return diag_set(
			r->d, ERR_AUTH,
			"nothing vouches for the time of the signature: neither a time stamp nor "
			"a promise of the log (client-spec, 4.2)");
	if (r->out->n_times != 0)
		done(r, CHECK_TIME);
	return OK;
}

/* ---- who ---- */

/* sigstore_bundle.proto: "Signers MUST NOT include root CA certificates in bundles": whoever sends
 * one along asks to be believed. Intermediate ones are passed over: the trusted root has them. */
static enum err no_roots(struct run *r)
{
	for (unsigned i = 0; i < r->b->n_certs; i++) {
		X509 *other = i == 0 ? NULL : x509_read(r->b->certs[i]);
		const X509 *x = i == 0 ? r->cert.x : other;
		bool root = x == NULL ||
			    X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
		X509_free(other);
		if (root)
			return diag_set(r->d, ERR_SYNTAX,
					"the bundle's chain has a certificate that is malformed or "
					"a root (sigstore_bundle.proto: \"Signers MUST NOT include "
					"root CA certificates\")");
	}
	return OK;
}

static enum err check_signer(struct run *r)
{
	const struct trusted_log *ctlog;
	const struct authority *ca;

	if (r->b->n_certs == 0)
		return OK;
	begin(r, CHECK_CERTIFICATE);
	TRY(no_roots(r));
	TRY(certificate_issued(&r->cert, r->root, r->out->times, r->out->n_times, &ca, r->d));
	r->out->ca = ca->uri;
	done(r, CHECK_CERTIFICATE);
	begin(r, CHECK_SCT);
	TRY(sct_check(&r->cert, ca, r->root, r->a, &ctlog, &r->out->sct_ms, r->d));
	r->out->ctlog = ctlog->url;
	done(r, CHECK_SCT);
	begin(r, CHECK_IDENTITY);
	TRY(policy_check(&r->cert.who, r->policy, r->d));
	done(r, CHECK_IDENTITY);
	return OK;
}

/* ---- the log ---- */

static enum err check_entry(struct run *r, unsigned i)
{
	const struct log_entry *e = &r->b->entries[i];

	begin(r, CHECK_ENTRY);
	TRY(entry_check(e, &r->ev, r->a, r->d));
	done(r, CHECK_ENTRY);
	if (!e->has_proof)
		return OK;
	begin(r, CHECK_INCLUSION);
	TRY(inclusion_check(e, r->d));
	if (e->proof.checkpoint.n == 0)
		return OK; /* version 0.1: a root that nobody signed proves nothing */
	done(r, CHECK_INCLUSION);
	begin(r, CHECK_CHECKPOINT);
	TRY(checkpoint_check(&e->proof, r->logs[i], r->d));
	done(r, CHECK_CHECKPOINT);
	r->out->entries[i].included = true;
	return OK;
}

static void report_entries(struct run *r)
{
	r->out->n_entries = r->b->n_entries;
	for (unsigned i = 0; i < r->b->n_entries; i++) {
		const struct log_entry *e = &r->b->entries[i];
		r->out->entries[i] = (struct report_entry){
			.kind = e->kind,
			.version = e->version,
			.index = e->index,
			.proof_index = e->proof.index,
			.tree_size = e->proof.size,
		};
	}
}

/* ---- what ---- */

/* The registry's "ed25519-ph" signs a digest, but OpenSSL has it from 3.2 on only, and earlier ones
 * would take it for the other without a word. */
static enum err check_whole(struct run *r, const struct verify_key *key)
{
	if (r->ev.art->bytes.p == NULL)
		return diag_set(r->d, ERR_UNSUPPORTED,
				"Ed25519 signs an artifact itself and not its digest (RFC 8032, "
				"5.1): name the file itself");
	if (!verify_key_ok(key, r->ev.art->bytes, r->b->signature))
		return diag_set(r->d, ERR_AUTH,
				"the signature is not by this signer over this artifact in Ed25519 "
				"(client-spec, 4.5; Ed25519ph is not supported)");
	return OK;
}

/* ERR_UNSUPPORTED: the artifact's digest that the key signs is not known. */
static enum err check_message(struct run *r, const struct verify_key *key)
{
	bool known = false;

	if (key->hash == HASH_NONE)
		return check_whole(r, key);
	for (unsigned h = 0; h < HASH_COUNT; h++) {
		const struct digest *digest = &r->ev.art->digests[h];
		if (!digest->known || !verify_key_uses(key, (enum hash)h))
			continue;
		known = true;
		if (verify_key_ok_digest(key, (enum hash)h, digest, r->b->signature))
			return OK;
	}
	if (!known)
		return diag_set(r->d, ERR_UNSUPPORTED,
				"the signer's key signs another digest than the one that is known: "
				"name the file itself (sigstore algorithm registry)");
	return diag_set(
		r->d, ERR_AUTH,
		"the signature is not by this signer over this artifact (client-spec, 4.5)");
}

static enum err check_signature(struct run *r)
{
	const struct verify_key *key = r->policy->key ? r->policy->key : &r->cert.key;

	begin(r, CHECK_SIGNATURE);
	if (!r->b->is_dsse)
		TRY(check_message(r, key));
	else if (!verify_key_ok(key, r->ev.pae, r->b->signature))
		return diag_set(r->d, ERR_AUTH,
				"the signature is not by this signer over this envelope "
				"(client-spec, 4.5)");
	done(r, CHECK_SIGNATURE);
	return OK;
}

static enum err check_statement(struct run *r)
{
	struct statement *s = &r->out->statement;

	if (!r->b->is_dsse)
		return OK;
	begin(r, CHECK_STATEMENT);
	if (!str_eq(r->b->payload_type, S("application/vnd.in-toto+json")))
		return diag_set(
			r->d, ERR_UNSUPPORTED,
			"the envelope's payload is no in-toto statement (in-toto/attestation, "
			"spec/v1/envelope.md)");
	TRY(statement_read(s, r->b->payload, r->a, r->d));
	r->out->has_statement = true;
	TRY(statement_check(s, r->ev.art, r->policy, r->d));
	done(r, CHECK_STATEMENT);
	return OK;
}

bool verify_needs_bytes(const struct bundle *b, const struct verify_policy *policy)
{
	if (b->is_dsse)
		return false;
	X509 *x = b->n_certs != 0 ? x509_read(b->certs[0]) : NULL;
	const EVP_PKEY *key = x ? X509_get0_pubkey(x) : policy->key ? policy->key->key : NULL;
	bool needs = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;

	X509_free(x);
	return needs;
}

static enum err run(struct run *r)
{
	TRY(check_form(r));
	report_entries(r);
	TRY(read_signer(r));
	TRY(check_times(r));
	TRY(check_signer(r));
	TRY(find_logs(r));
	for (unsigned i = 0; i < r->b->n_entries; i++)
		TRY(check_entry(r, i));
	TRY(check_signature(r));
	return check_statement(r);
}

enum err verify_bundle(const struct bundle *b, const struct trusted_root *root,
		       const struct artifact *art, const struct verify_policy *policy,
		       int64_t now_s, struct arena *a, struct verify_report *out, struct diag *d)
{
	struct run r = {
		.b = b,
		.root = root,
		.policy = policy,
		.now_s = now_s,
		.a = a,
		.d = d,
		.out = out,
		.ev = { .b = b, .art = art },
	};

	memset(out, 0, sizeof *out);
	enum err e = run(&r);
	if (e == ERR_NOMEM || (e == ERR_LIMIT && (d == NULL || d->text[0] == '\0')))
		(void)diag_set(d, e, "more memory is needed than one bundle may use");
	certificate_done(&r.cert);
	out->ok = e == OK;
	return e;
}
