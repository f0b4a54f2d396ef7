/*
 * verify/entry.c - does a log entry's body name exactly this signature, this signer and this
 * content? hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1 and 0.0.2, intoto 0.0.2 (rekor, pkg/types;
 * rekor-tiles, its .proto files).
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_entry_fuzz.c
 */
#include "verify/part.h"

#include "codec/base64.h"

static const char rule[] = "client-spec, 4.4";

struct reading {
	struct fields f;
	const struct evidence *ev;
	const struct json *spec;
};

static enum err differs(struct reading *r, const char *what)
{
	if (r->f.err == OK)
		r->f.err = diag_set(r->f.d, ERR_AUTH,
				    "%s of the log entry is not the bundle's (%s)", what, rule);
	return r->f.err;
}

static void same(struct reading *r, struct str got, struct str want, const char *what)
{
	if (r->f.err == OK && (want.n == 0 || !str_eq(got, want)))
		(void)differs(r, what);
}

/* ---- the signer ---- */

/* Rekor v1 writes PEM in base64: a certificate, or the key alone. */
static void same_pem(struct reading *r, struct str pem)
{
	bool cert = r->ev->cert.n != 0;
	struct str der = pem_der(r->f.a, pem, cert ? "CERTIFICATE" : "PUBLIC KEY");

	if (r->f.err == OK && der.p == NULL)
		(void)differs(r, "the signer");
	same(r, der, cert ? r->ev->cert : r->ev->spki, "the signer");
}

/* Rekor v2: verifier { x509Certificate | publicKey { rawBytes }, keyDetails }. */
static void same_verifier(struct reading *r, const struct json *signature)
{
	const struct json *v = field_get(&r->f, signature, "verifier", JSON_OBJECT, true);
	bool cert = r->ev->cert.n != 0;
	const struct json *raw = field_get(&r->f, v, cert ? "x509Certificate" : "publicKey",
					   JSON_OBJECT, true);

	same(r, field_bytes(&r->f, raw, "rawBytes", true), cert ? r->ev->cert : r->ev->spki,
	     "the signer");
}

/* ---- what was signed ---- */

/* The artifact's digest, or for an envelope that of what DSSE signs. */
static void same_content(struct reading *r, enum hash h, struct str got)
{
	struct digest pae;

	if (r->f.err != OK)
		return;
	if (h == HASH_NONE || got.n != hash_bytes(h)) {
		(void)differs(r, "the hash");
	} else if (r->ev->b->is_dsse) {
		digest_of(h, r->ev->pae, &pae);
		same(r, got, digest_str(&pae, h), "the envelope");
	} else if (!r->ev->art->digests[h].known) {
		(void)differs(r, "the kind of hash");
	} else {
		same(r, got, digest_str(&r->ev->art->digests[h], h), "the artifact");
	}
}

static void same_payload(struct reading *r, enum hash h, struct str got)
{
	struct digest payload;

	if (r->f.err != OK)
		return;
	if (h == HASH_NONE) {
		(void)differs(r, "the hash of the payload");
		return;
	}
	digest_of(h, r->ev->b->payload, &payload);
	same(r, got, digest_str(&payload, h), "the payload");
}

/* { "algorithm": "sha256", "value": hex } of Rekor v1 */
static struct str hash_v1(struct reading *r, const struct json *obj, const char *name,
			  enum hash *out)
{
	const struct json *v = field_get(&r->f, obj, name, JSON_OBJECT, true);
	struct str algorithm = field_text(&r->f, v, "algorithm", true);

	*out = str_eq(algorithm, S("sha256"))	? HASH_SHA256
	       : str_eq(algorithm, S("sha384")) ? HASH_SHA384
	       : str_eq(algorithm, S("sha512")) ? HASH_SHA512
						: HASH_NONE;
	return field_hex(&r->f, v, "value");
}

/* { "algorithm": "SHA2_256", "digest": base64 } of Rekor v2 */
static struct str hash_v2(struct reading *r, const struct json *obj, const char *name,
			  enum hash *out)
{
	const struct json *v = field_get(&r->f, obj, name, JSON_OBJECT, true);

	*out = hash_named(field_text(&r->f, v, "algorithm", true));
	return field_bytes(&r->f, v, "digest", true);
}

/* ---- the kinds ---- */

static void hashedrekord_1(struct reading *r)
{
	enum hash h;
	const struct json *data = field_get(&r->f, r->spec, "data", JSON_OBJECT, true);
	const struct json *signature = field_get(&r->f, r->spec, "signature", JSON_OBJECT, true);
	const struct json *key = field_get(&r->f, signature, "publicKey", JSON_OBJECT, true);
	struct str digest = hash_v1(r, data, "hash", &h);

	if (r->ev->b->is_dsse) { /* of Rekor v2 only */
		(void)differs(r, "the kind");
		return;
	}
	same_content(r, h, digest);
	same(r, field_bytes(&r->f, signature, "content", true), r->ev->b->signature,
	     "the signature");
	same_pem(r, field_bytes(&r->f, key, "content", true));
}

static void hashedrekord_2(struct reading *r)
{
	enum hash h;
	const struct json *v = field_get(&r->f, r->spec, "hashedRekordV002", JSON_OBJECT, true);
	const struct json *signature = field_get(&r->f, v, "signature", JSON_OBJECT, true);
	struct str digest = hash_v2(r, v, "data", &h);

	same_content(r, h, digest);
	same(r, field_bytes(&r->f, signature, "content", true), r->ev->b->signature,
	     "the signature");
	same_verifier(r, signature);
}

/* The one signature of a list; the envelope has one as well. */
static const struct json *only_signature(struct reading *r, const struct json *obj)
{
	const struct json *list = field_get(&r->f, obj, "signatures", JSON_ARRAY, true);

	if (list != NULL && json_count(list) == 1)
		return list + 1;
	(void)differs(r, "the number of signatures");
	return NULL;
}

static bool needs_envelope(struct reading *r)
{
	if (!r->ev->b->is_dsse)
		(void)differs(r, "the kind");
	return r->ev->b->is_dsse;
}

/* "envelopeHash" is that of the envelope as it was uploaded, which a bundle need not keep. */
static void dsse_1(struct reading *r)
{
	enum hash h;

	if (!needs_envelope(r))
		return;
	struct str digest = hash_v1(r, r->spec, "payloadHash", &h);
	const struct json *signature = only_signature(r, r->spec);
	same_payload(r, h, digest);
	same(r, field_bytes(&r->f, signature, "signature", true), r->ev->b->signature,
	     "the signature");
	same_pem(r, field_bytes(&r->f, signature, "verifier", true));
}

static void dsse_2(struct reading *r)
{
	enum hash h;

	if (!needs_envelope(r))
		return;
	const struct json *v = field_get(&r->f, r->spec, "dsseV002", JSON_OBJECT, true);
	struct str digest = hash_v2(r, v, "payloadHash", &h);
	const struct json *signature = only_signature(r, v);
	same_payload(r, h, digest);
	same(r, field_bytes(&r->f, signature, "content", true), r->ev->b->signature,
	     "the signature");
	same_verifier(r, signature);
}

/* Rekor encodes payload and signature of this kind once more, because the field was bytes in both
 * places. */
static void intoto_2(struct reading *r)
{
	enum hash h;

	if (!needs_envelope(r))
		return;
	const struct json *content = field_get(&r->f, r->spec, "content", JSON_OBJECT, true);
	const struct json *env = field_get(&r->f, content, "envelope", JSON_OBJECT, true);
	const struct json *signature = only_signature(r, env);
	struct str digest = hash_v1(r, content, "payloadHash", &h);
	same_payload(r, h, digest);
	same(r, field_text(&r->f, env, "payloadType", true), r->ev->b->payload_type,
	     "the payload's type");
	struct str payload = field_bytes(&r->f, env, "payload", false); /* mostly left out */
	if (payload.n)
		same(r, field_base64(&r->f, payload, "payload"), r->ev->b->payload, "the payload");
	struct str sig = field_bytes(&r->f, signature, "sig", true);
	same(r, field_base64(&r->f, sig, "sig"), r->ev->b->signature, "the signature");
	same_pem(r, field_bytes(&r->f, signature, "publicKey", true));
}

static const struct kind {
	struct str kind, version;
	void (*check)(struct reading *r);
} kinds[] = {
	{ SC("hashedrekord"), SC("0.0.1"), hashedrekord_1 },
	{ SC("hashedrekord"), SC("0.0.2"), hashedrekord_2 },
	{ SC("dsse"), SC("0.0.1"), dsse_1 },
	{ SC("dsse"), SC("0.0.2"), dsse_2 },
	{ SC("intoto"), SC("0.0.2"), intoto_2 },
};

enum err entry_check(const struct log_entry *e, const struct evidence *ev, struct arena *a,
		     struct diag *d)
{
	struct reading r = { .f = { a, d, "rekor, pkg/types", OK }, .ev = ev };
	const struct json *v = field_root(&r.f, e->body);

	same(&r, field_text(&r.f, v, "kind", true), e->kind, "the kind");
	same(&r, field_text(&r.f, v, "apiVersion", true), e->version, "the version");
	r.spec = field_get(&r.f, v, "spec", JSON_OBJECT, true);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!str_eq(e->kind, kinds[i].kind) || !str_eq(e->version, kinds[i].version))
			continue;
		if (r.f.err == OK)
			kinds[i].check(&r);
		return r.f.err;
	}
	if (r.f.err != OK)
		return r.f.err;
	return diag_set(d, ERR_UNSUPPORTED, "log entries of kind '%.*s' %.*s are not known",
			FMT(str_head(e->kind, 40)), FMT(str_head(e->version, 20)));
}
