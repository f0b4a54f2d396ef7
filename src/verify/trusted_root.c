/*
 * verify/trusted_root.c - trusted_root.json (protobuf-specs, sigstore_trustroot.proto): the logs
 * and authorities to believe, and when. Members that are not known are passed over, because this
 * file gains some without a new version; what cannot be used cannot verify anything.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_trusted_root_fuzz.c
 */
#include "base/date.h"
#include "crypto/sha256.h"
#include "verify/part.h"

#include <string.h>

enum { HINT = 4 }; /* bytes of a key id in a signed note */

static const char rule[] = "protobuf-specs, sigstore_trustroot.proto";

/* "validFor": the start is required; an end that is missing is not yet known. Both are included. */
static void read_valid(struct fields *f, const struct json *v, struct valid_for *out)
{
	const struct json *valid = field_get(f, v, "validFor", JSON_OBJECT, true);
	struct str start = field_text(f, valid, "start", true);
	struct str end = field_text(f, valid, "end", false);

	*out = (struct valid_for){ INT64_MAX, INT64_MAX };
	if (f->err != OK)
		return;
	/* A date without a time of day would pass the parser, and be a day shorter than was meant.
	 */
	if (date_parse_ms(start, &out->from_ms) != OK || start.p[start.n - 1] != 'Z')
		field_fail(f, "start", "is no time like 2021-01-12T11:53:27Z (RFC 3339)");
	else if (end.n && (date_parse_ms(end, &out->to_ms) != OK || end.p[end.n - 1] != 'Z'))
		field_fail(f, "end", "is no time like 2021-01-12T11:53:27Z (RFC 3339)");
	else if (out->to_ms < out->from_ms)
		field_fail(f, "end", "is before 'start'");
}

/* ---- logs ---- */

/* "https://rekor.sigstore.dev" is called "rekor.sigstore.dev" in its checkpoints. */
static struct str name_of(struct str url)
{
	size_t at = str_find(url, S("://"));
	struct str name = at == SIZE_MAX ? url : str_tail(url, at + 3);

	while (name.n && name.p[name.n - 1] == '/')
		name.n--;
	return name;
}

/* A trusted root of version 0.2 may cut ids to what a note has of them. */
static bool is_id(const struct trusted_log *l, const uint8_t hash[SHA256_BYTES])
{
	return l->id.n >= HINT && l->id.n <= SHA256_BYTES && memcmp(l->id.p, hash, l->id.n) == 0;
}

/* RFC 6962, 3.2: a log's id is the SHA-256 of its public key. C2SP signed-note, for Ed25519:
 * SHA-256(name, newline, 0x01, key), of which a note's key id is the beginning. */
static bool id_fits(const struct trusted_log *l, struct str spki, struct arena *a)
{
	enum { ED25519_SPKI = 44, ED25519_RAW = 32 };
	uint8_t hash[SHA256_BYTES];

	sha256(spki, hash);
	if (is_id(l, hash))
		return true;
	if (l->key.hash != HASH_NONE || spki.n != ED25519_SPKI)
		return false;
	struct buf b;
	char *at = arena_take(a, l->name.n + 2 + ED25519_RAW, 1);
	if (at == NULL)
		return false;
	buf_fixed(&b, at, l->name.n + 2 + ED25519_RAW);
	buf_add(&b, l->name);
	buf_add(&b, (struct str){ "\n\1", 2 });
	buf_add(&b, str_tail(spki, ED25519_SPKI - ED25519_RAW));
	sha256(buf_str(&b), hash);
	return is_id(l, hash);
}

static EVP_PKEY *key_read(struct str der, bool pkcs1)
{
	const unsigned char *p = (const unsigned char *)der.p;
	EVP_PKEY *key = pkcs1 ? d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.n)
			      : d2i_PUBKEY(NULL, &p, (long)der.n);

	if (key != NULL && p == (const unsigned char *)der.p + der.n)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* *out_use false: a log whose key is of a kind that is not known. */
static void read_log(struct fields *f, const struct json *v, struct trusted_log *l, bool *out_use)
{
	struct diag ignored;

	l->url = field_text(f, v, "baseUrl", true);
	l->name = name_of(l->url);
	l->id = field_bytes(f, field_get(f, v, "logId", JSON_OBJECT, true), "keyId", true);
	/* "When not set, clients MUST use log_id." */
	l->hint = field_bytes(f, field_get(f, v, "checkpointKeyId", JSON_OBJECT, false), "keyId",
			      false);
	l->hint = str_head(l->hint.n ? l->hint : l->id, HINT);
	const struct json *key = field_get(f, v, "publicKey", JSON_OBJECT, true);
	struct str der = field_bytes(f, key, "rawBytes", true);
	struct str details = field_text(f, key, "keyDetails", true);
	read_valid(f, key, &l->valid);
	bool sha256_tree = str_eq(field_text(f, v, "hashAlgorithm", true), S("SHA2_256"));
	if (f->err != OK)
		return;
	bool pkcs1 = str_eq(details, S("PKCS1_RSA_PKCS1V5"));
	*out_use = verify_key_take(&l->key, key_read(der, pkcs1), &ignored) == OK && sha256_tree;
	if (*out_use && !id_fits(l, pkcs1 ? verify_key_spki(&l->key, f->a) : der, f->a))
		field_fail(f, "logId", "is not that of the log's key (RFC 6962, 3.2)");
}

static void read_logs(struct fields *f, const struct json *v, const char *name,
		      struct trusted_log *logs, unsigned *n, unsigned *skipped)
{
	const struct json *list = field_get(f, v, name, JSON_ARRAY, false);

	if (list == NULL)
		return;
	JSON_EACH_ITEM(list, it) {
		bool use = false;
		if (f->err != OK)
			return;
		if (*n == LIMIT_TRUSTED) {
			field_fail(f, name, "has more than 32 logs");
			return;
		}
		read_log(f, it, &logs[*n], &use);
		if (use) {
			++*n;
		} else {
			verify_key_done(&logs[*n].key);
			++*skipped;
		}
	}
}

/* ---- authorities ---- */

static void read_authority(struct fields *f, const struct json *v, struct authority *ca)
{
	ca->uri = field_text(f, v, "uri", false);
	read_valid(f, v, &ca->valid);
	const struct json *chain = field_get(f, v, "certChain", JSON_OBJECT, true);
	const struct json *list = field_get(f, chain, "certificates", JSON_ARRAY, true);
	if (list == NULL)
		return;
	JSON_EACH_ITEM(list, it) {
		struct str der = field_bytes(f, it, "rawBytes", true);
		if (f->err != OK)
			return;
		X509 *x = ca->n_certs < LIMIT_BUNDLE_CERTS ? x509_read(der) : NULL;
		if (x == NULL) {
			field_fail(f, "certificates", "is no list of 8 X.509 certificates at most");
			return;
		}
		ca->certs[ca->n_certs++] = x;
	}
	if (ca->n_certs == 0)
		field_fail(f, "certificates", "is empty");
}

static void read_authorities(struct fields *f, const struct json *v, const char *name,
			     struct authority *list, unsigned *n)
{
	const struct json *all = field_get(f, v, name, JSON_ARRAY, false);

	if (all == NULL)
		return;
	JSON_EACH_ITEM(all, it) {
		if (f->err != OK)
			return;
		if (*n == LIMIT_TRUSTED || !json_is(it, JSON_OBJECT)) {
			field_fail(f, name, "is no list of 32 authorities at most");
			return;
		}
		read_authority(f, it, &list[(*n)++]);
	}
}

static enum err check_links(const struct trusted_root *r, struct diag *d)
{
	for (unsigned i = 0; i < r->n_cas; i++)
		TRY(authority_links(&r->cas[i], d));
	for (unsigned i = 0; i < r->n_tsas; i++)
		TRY(authority_links(&r->tsas[i], d));
	return OK;
}

static enum err read_root(struct trusted_root *r, struct str text, struct arena *a, struct diag *d)
{
	struct fields f = { a, d, rule, OK };

	if (text.n > LIMIT_TRUSTED_ROOT)
		return diag_set(d, ERR_LIMIT, "a trusted root has %d bytes at most",
				LIMIT_TRUSTED_ROOT);
	const struct json *v = field_root(&f, text);
	struct str type = field_text(&f, v, "mediaType", true);
	if (!str_eq(type, S("application/vnd.dev.sigstore.trustedroot+json;version=0.1")) &&
	    !str_eq(type, S("application/vnd.dev.sigstore.trustedroot.v0.1+json")) &&
	    !str_eq(type, S("application/vnd.dev.sigstore.trustedroot.v0.2+json")))
		field_fail(&f, "mediaType", "is not that of a trusted root of version 0.1 or 0.2");
	read_logs(&f, v, "tlogs", r->logs, &r->n_logs, &r->n_skipped);
	read_logs(&f, v, "ctlogs", r->ctlogs, &r->n_ctlogs, &r->n_skipped);
	read_authorities(&f, v, "certificateAuthorities", r->cas, &r->n_cas);
	read_authorities(&f, v, "timestampAuthorities", r->tsas, &r->n_tsas);
	return f.err;
}

enum err trusted_root_parse(struct trusted_root *r, struct str text, struct arena *a,
			    struct diag *d)
{
	TRY(read_root(r, text, a, d));
	return check_links(r, d);
}

enum err trusted_root_shipped(struct trusted_root *r, struct arena *a, struct diag *d)
{
	struct str text = trusted_root_text(&r->date);

	return read_root(r, text, a, d);
}

static void done_authority(struct authority *ca)
{
	for (unsigned i = 0; i < ca->n_certs; i++)
		X509_free(ca->certs[i]);
}

void trusted_root_done(struct trusted_root *r)
{
	for (unsigned i = 0; i < LIMIT_TRUSTED; i++) {
		verify_key_done(&r->logs[i].key);
		verify_key_done(&r->ctlogs[i].key);
		done_authority(&r->cas[i]);
		done_authority(&r->tsas[i]);
	}
	memset(r, 0, sizeof *r);
}

enum err log_find(const struct trusted_root *r, struct str id, int64_t at_s,
		  const struct trusted_log **out, struct diag *d)
{
	bool known = false;

	for (unsigned i = 0; i < r->n_logs; i++) {
		if (!str_eq(r->logs[i].id, id))
			continue;
		known = true;
		if (!valid_at_s(&r->logs[i].valid, at_s))
			continue;
		*out = &r->logs[i];
		return OK;
	}
	return diag_set(
		d, ERR_AUTH,
		known ? "the signing time is outside of the log's 'validFor' in the trusted "
			"root (sigstore_trustroot.proto)"
		      : "the log that has the entry is not in the trusted root "
			"(sigstore_trustroot.proto, tlogs)");
}
