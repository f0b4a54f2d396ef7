/*
 * verify/bundle.c - a Sigstore bundle as JSON, versions 0.1 to 0.3 (protobuf-specs,
 * sigstore_bundle.proto), to struct bundle.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_bundle_fuzz.c
 */
#include "verify/part.h"

static const char rule[] = "protobuf-specs, sigstore_bundle.proto";
static const char rule_log[] = "protobuf-specs, sigstore_rekor.proto";

/* ---- a log entry ---- */

static void read_hashes(struct fields *f, const struct json *v, struct inclusion_proof *p)
{
	const struct json *list = field_get(f, v, "hashes", JSON_ARRAY, false);

	if (list == NULL)
		return; /* a tree of one leaf */
	JSON_EACH_ITEM (list, it) {
		if (p->n_hashes == LIMIT_PROOF_HASHES || !json_is(it, JSON_STRING)) {
			field_fail(f, "hashes", "is no list of 64 hashes at most");
			return;
		}
		struct str text = json_str(f->a, it);
		p->hashes[p->n_hashes++] = field_base64(f, text.p ? text : S("?"), "hashes");
	}
}

static void read_proof(struct fields *f, const struct json *v, struct inclusion_proof *p)
{
	field_only(f, v, "logIndex rootHash treeSize hashes checkpoint");
	p->index = field_u64(f, v, "logIndex");
	p->size = field_u64(f, v, "treeSize");
	p->root = field_bytes(f, v, "rootHash", true);
	read_hashes(f, v, p);
	const struct json *checkpoint = field_get(f, v, "checkpoint", JSON_OBJECT, false);
	if (checkpoint == NULL)
		return;
	field_only(f, checkpoint, "envelope");
	p->checkpoint = field_text(f, checkpoint, "envelope", true);
}

static void read_entry(struct fields *f, const struct json *v, struct log_entry *e)
{
	field_only(f, v,
		   "logIndex logId kindVersion integratedTime inclusionPromise "
		   "inclusionProof canonicalizedBody");
	e->index = field_u64(f, v, "logIndex");
	const struct json *id = field_get(f, v, "logId", JSON_OBJECT, true);
	field_only(f, id, "keyId");
	e->log_id = field_bytes(f, id, "keyId", true);
	const struct json *kind = field_get(f, v, "kindVersion", JSON_OBJECT, true);
	field_only(f, kind, "kind version");
	e->kind = field_text(f, kind, "kind", true);
	e->version = field_text(f, kind, "version", true);
	e->integrated_s = (int64_t)field_u64(f, v, "integratedTime");
	const struct json *promise = field_get(f, v, "inclusionPromise", JSON_OBJECT, false);
	if (promise != NULL) {
		field_only(f, promise, "signedEntryTimestamp");
		e->promise = field_bytes(f, promise, "signedEntryTimestamp", true);
	}
	const struct json *proof = field_get(f, v, "inclusionProof", JSON_OBJECT, false);
	e->has_proof = proof != NULL;
	if (proof != NULL)
		read_proof(f, proof, &e->proof);
	e->body = field_bytes(f, v, "canonicalizedBody", true);
}

enum err bundle_entry_read(struct log_entry *e, const struct json *v, struct arena *a,
			   struct diag *d)
{
	struct fields f = { a, d, rule_log, OK };

	*e = (struct log_entry){ .index = 0 };
	if (!json_is(v, JSON_OBJECT))
		return diag_set(d, ERR_SYNTAX, "a log entry is no object (%s)", rule_log);
	read_entry(&f, v, e);
	return f.err;
}

/* ---- the parts of a bundle ---- */

static void read_version(struct fields *f, const struct json *v, struct bundle *b)
{
	static const struct {
		struct str type;
		enum bundle_version version;
	} types[] = {
		{ SC("application/vnd.dev.sigstore.bundle+json;version=0.1"), BUNDLE_V01 },
		{ SC("application/vnd.dev.sigstore.bundle+json;version=0.2"), BUNDLE_V02 },
		{ SC("application/vnd.dev.sigstore.bundle+json;version=0.3"), BUNDLE_V03 },
		{ SC("application/vnd.dev.sigstore.bundle.v0.3+json"), BUNDLE_V03 },
	};
	struct str type = field_text(f, v, "mediaType", true);

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (str_eq(type, types[i].type))
			b->version = types[i].version;
	if (b->version == 0)
		field_fail(f, "mediaType", "is not that of a bundle of version 0.1, 0.2 or 0.3");
}

static void read_cert(struct fields *f, const struct json *v, struct bundle *b)
{
	if (!json_is(v, JSON_OBJECT) || b->n_certs == LIMIT_BUNDLE_CERTS) {
		field_fail(f, "certificates", "is no list of 8 certificates at most");
		return;
	}
	field_only(f, v, "rawBytes");
	b->certs[b->n_certs++] = field_bytes(f, v, "rawBytes", true);
}

/* Exactly one of three; which, depends on the version. */
static void read_signer(struct fields *f, const struct json *v, struct bundle *b)
{
	const struct json *cert = field_get(f, v, "certificate", JSON_OBJECT, false);
	const struct json *chain = field_get(f, v, "x509CertificateChain", JSON_OBJECT, false);
	const struct json *key = field_get(f, v, "publicKey", JSON_OBJECT, false);

	if ((cert != NULL) + (chain != NULL) + (key != NULL) != 1)
		field_fail(f, "verificationMaterial",
			   "must have one of certificate, x509CertificateChain and publicKey");
	if (cert != NULL && b->version < BUNDLE_V03)
		field_fail(f, "certificate", "is not in bundles before version 0.3");
	if (chain != NULL && b->version >= BUNDLE_V03)
		field_fail(f, "x509CertificateChain", "is not in bundles from version 0.3 on");
	if (f->err != OK)
		return;
	if (cert != NULL) {
		read_cert(f, cert, b);
	} else if (chain != NULL) {
		field_only(f, chain, "certificates");
		const struct json *list = field_get(f, chain, "certificates", JSON_ARRAY, true);
		if (list == NULL)
			return;
		JSON_EACH_ITEM (list, it)
			read_cert(f, it, b);
		if (b->n_certs == 0)
			field_fail(f, "certificates", "is empty");
	} else {
		field_only(f, key, "hint");
		b->key_hint = field_text(f, key, "hint", false);
	}
}

static void read_entries(struct fields *f, const struct json *v, struct bundle *b)
{
	const struct json *list = field_get(f, v, "tlogEntries", JSON_ARRAY, true);

	if (list == NULL)
		return;
	JSON_EACH_ITEM (list, it) {
		if (b->n_entries == LIMIT_BUNDLE_ENTRIES) {
			field_fail(f, "tlogEntries", "has more than 8 entries");
			return;
		}
		if (f->err == OK)
			f->err = bundle_entry_read(&b->entries[b->n_entries++], it, f->a, f->d);
	}
}

static void read_tokens(struct fields *f, const struct json *v, struct bundle *b)
{
	const struct json *data = field_get(f, v, "timestampVerificationData", JSON_OBJECT, false);
	if (data == NULL)
		return;
	field_only(f, data, "rfc3161Timestamps");
	const struct json *list = field_get(f, data, "rfc3161Timestamps", JSON_ARRAY, false);
	if (list == NULL)
		return;
	JSON_EACH_ITEM (list, it) {
		if (b->n_tokens == LIMIT_BUNDLE_TOKENS || !json_is(it, JSON_OBJECT)) {
			field_fail(f, "rfc3161Timestamps", "is no list of 8 time stamps at most");
			return;
		}
		field_only(f, it, "signedTimestamp");
		b->tokens[b->n_tokens++] = field_bytes(f, it, "signedTimestamp", true);
	}
}

static void read_message(struct fields *f, const struct json *v, struct bundle *b)
{
	field_only(f, v, "messageDigest signature");
	b->signature = field_bytes(f, v, "signature", true);
	b->hash = HASH_NONE;
	const struct json *digest = field_get(f, v, "messageDigest", JSON_OBJECT, false);
	if (digest == NULL)
		return;
	field_only(f, digest, "algorithm digest");
	b->hash = hash_named(field_text(f, digest, "algorithm", true));
	b->digest = field_bytes(f, digest, "digest", true);
	if (b->hash == HASH_NONE || b->digest.n != hash_bytes(b->hash))
		field_fail(f, "messageDigest", "is not of SHA2_256, SHA2_384 or SHA2_512");
}

static void read_envelope(struct fields *f, const struct json *v, struct bundle *b)
{
	field_only(f, v, "payload payloadType signatures");
	b->is_dsse = true;
	b->hash = HASH_NONE;
	b->payload_type = field_text(f, v, "payloadType", true);
	b->payload = field_bytes(f, v, "payload", true);
	const struct json *list = field_get(f, v, "signatures", JSON_ARRAY, true);
	if (list == NULL)
		return;
	/* "a client MUST reject an envelope if the number of signatures is not equal to one" */
	if (json_count(list) != 1 || !json_is(list + 1, JSON_OBJECT)) {
		field_fail(f, "signatures", "does not have exactly one signature");
		return;
	}
	field_only(f, list + 1, "sig keyid");
	b->signature = field_bytes(f, list + 1, "sig", true);
	struct str keyid = field_text(f, list + 1, "keyid", false);
	if (b->n_certs == 0 && keyid.n != 0 && !str_eq(keyid, b->key_hint))
		field_fail(f, "keyid",
			   "is not the hint of the public key: both \"MUST be exactly "
			   "the same\"");
}

enum err bundle_parse(struct bundle *b, struct str text, struct arena *a, struct diag *d)
{
	struct fields f = { a, d, rule, OK };

	*b = (struct bundle){ .hash = HASH_NONE };
	if (text.n > LIMIT_BUNDLE)
		return diag_set(d, ERR_LIMIT, "a bundle has %d bytes at most", LIMIT_BUNDLE);
	const struct json *v = field_root(&f, text);
	field_only(&f, v, "mediaType verificationMaterial messageSignature dsseEnvelope");
	read_version(&f, v, b);
	const struct json *material = field_get(&f, v, "verificationMaterial", JSON_OBJECT, true);
	field_only(&f, material,
		   "certificate x509CertificateChain publicKey tlogEntries "
		   "timestampVerificationData");
	read_signer(&f, material, b);
	read_entries(&f, material, b);
	read_tokens(&f, material, b);
	const struct json *message = field_get(&f, v, "messageSignature", JSON_OBJECT, false);
	const struct json *envelope = field_get(&f, v, "dsseEnvelope", JSON_OBJECT, false);
	if ((message != NULL) == (envelope != NULL))
		field_fail(&f, "content", "must be one of messageSignature and dsseEnvelope");
	if (message != NULL)
		read_message(&f, message, b);
	else if (envelope != NULL)
		read_envelope(&f, envelope, b);
	return f.err;
}

/* ---- what must be there ---- */

static enum err check_entry(const struct bundle *b, const struct log_entry *e, struct diag *d)
{
	if (b->version == BUNDLE_V01 && e->promise.n == 0)
		return diag_set(d, ERR_SYNTAX,
				"a bundle of version 0.1 must have an inclusion promise (%s)",
				rule);
	if (b->version >= BUNDLE_V02 && (!e->has_proof || e->proof.checkpoint.n == 0))
		return diag_set(d, ERR_SYNTAX,
				"a bundle from version 0.2 on must have an inclusion proof with a "
				"checkpoint (%s)",
				rule);
	if (e->promise.n != 0 && e->integrated_s == 0)
		return diag_set(d, ERR_SYNTAX,
				"an inclusion promise without 'integratedTime' promises nothing "
				"(%s)",
				rule_log);
	return OK;
}

enum err bundle_check(const struct bundle *b, bool log, struct diag *d)
{
	if (b->signature.n == 0)
		return diag_set(d, ERR_SYNTAX, "the bundle has no signature (%s)", rule);
	if (log && b->n_entries == 0)
		return diag_set(d, ERR_SYNTAX, "the bundle has no log entry (client-spec, 4.4)");
	for (unsigned i = 0; i < b->n_entries; i++)
		TRY(check_entry(b, &b->entries[i], d));
	return OK;
}

unsigned bundle_hashes(const struct bundle *b)
{
	unsigned set = 1u << HASH_SHA256;

	if (b->is_dsse)
		return set | 1u << HASH_SHA384 | 1u << HASH_SHA512;
	return b->hash == HASH_NONE ? set | 1u << HASH_SHA384 | 1u << HASH_SHA512
				    : set | 1u << b->hash;
}
