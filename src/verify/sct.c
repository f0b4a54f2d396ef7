/*
 * verify/sct.c - signed certificate timestamps that are embedded in a certificate (RFC 6962, 3.2
 * and 3.3): a log has promised to show the certificate to everybody.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_sct_fuzz.c
 */
#include "crypto/sha256.h"
#include "verify/part.h"

#include <openssl/x509v3.h>
#include <string.h>

enum { SCT_HEAD = 1 + 32 + 8 + 2, TBS_MAX = 1 << 20 };

/* TLS 1.2 (RFC 5246, 7.4.1.4.1). */
enum { TLS_SHA256 = 4, TLS_RSA = 1, TLS_ECDSA = 3 };

/* ---- reading ---- */

/* A vector<1..2^16-1>: two bytes of length, big-endian, then the bytes. */
static bool vector(struct str *s, struct str *out)
{
	if (s->n < 2)
		return false;
	size_t n = (size_t)(unsigned char)s->p[0] << 8 | (unsigned char)s->p[1];
	if (s->n - 2 < n)
		return false;
	*out = str_head(str_tail(*s, 2), n);
	*s = str_tail(*s, 2 + n);
	return true;
}

/* RFC 6962, 3.2: version, log id, timestamp, extensions, signature. Others than v1 are passed over
 * by the caller, as their form is not known. */
static bool sct_read(struct str s, struct sct *out)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (s.n < SCT_HEAD)
		return false;
	out->log_id = str_head(str_tail(s, 1), 32);
	out->ms = 0;
	for (unsigned i = 33; i < 41; i++)
		out->ms = out->ms << 8 | p[i];
	s = str_tail(s, 41);
	if (!vector(&s, &out->extensions) || s.n < 2)
		return false;
	out->hash = (uint8_t)s.p[0];
	out->sig = (uint8_t)s.p[1];
	s = str_tail(s, 2);
	return vector(&s, &out->signature) && s.n == 0;
}

enum err sct_list_read(struct str list, struct sct out[LIMIT_SCTS], unsigned *out_n, struct diag *d)
{
	static const char bad[] = "the certificate's list of SCTs is malformed (RFC 6962, 3.3)";
	struct str all, one;

	*out_n = 0;
	if (!vector(&list, &all) || list.n != 0 || all.n == 0)
		return diag_set(d, ERR_SYNTAX, "%s", bad);
	while (all.n) {
		if (*out_n == LIMIT_SCTS || !vector(&all, &one) || one.n == 0)
			return diag_set(d, ERR_SYNTAX, "%s", bad);
		if (one.p[0] != 0)
			continue;
		if (!sct_read(one, &out[(*out_n)++]))
			return diag_set(d, ERR_SYNTAX, "%s", bad);
	}
	return OK;
}

/* ---- what was signed ---- */

static void put(struct buf *b, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		buf_addc(b, (char)(v >> (8 * bytes) & 0xff));
}

/* RFC 6962, 3.2: PreCert: the SHA-256 of the issuer's key, and the TBSCertificate without the
 * extension that holds the list. */
static struct str precert_tbs(const X509 *x, struct arena *a)
{
	static const struct str none = { NULL, 0 };
	X509 *copy = X509_dup(x);
	int at = copy ? X509_get_ext_by_NID(copy, NID_ct_precert_scts, -1) : -1;
	unsigned char *der = NULL;
	struct str tbs = none;

	if (at >= 0) {
		X509_EXTENSION_free(X509_delete_ext(copy, at));
		int n = i2d_re_X509_tbs(copy, &der);
		if (n > 0 && n < TBS_MAX)
			tbs = arena_dup(a, (struct str){ (const char *)der, (size_t)n });
	}
	OPENSSL_free(der);
	X509_free(copy);
	return tbs;
}

static bool issuer_hash(const struct authority *ca, uint8_t out[SHA256_BYTES])
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(X509_get0_pubkey(ca->certs[0]), &der);

	if (n > 0)
		sha256((struct str){ (const char *)der, (size_t)n }, out);
	OPENSSL_free(der);
	return n > 0;
}

static bool signed_by(const struct sct *s, const struct trusted_log *log, struct str tbs,
		      const uint8_t issuer[SHA256_BYTES], struct arena *a)
{
	size_t room = 64 + tbs.n + s->extensions.n;
	char *at = arena_take(a, room, 1);
	struct buf b;

	if (at == NULL || s->hash != TLS_SHA256 || log->key.hash != HASH_SHA256 ||
	    s->sig != (EVP_PKEY_get_base_id(log->key.key) == EVP_PKEY_RSA ? TLS_RSA : TLS_ECDSA))
		return false;
	buf_fixed(&b, at, room);
	put(&b, 0, 1); /* v1 */
	put(&b, 0, 1); /* certificate_timestamp */
	put(&b, s->ms, 8);
	put(&b, 1, 2); /* precert_entry */
	buf_add(&b, (struct str){ (const char *)issuer, SHA256_BYTES });
	put(&b, tbs.n, 3);
	buf_add(&b, tbs);
	put(&b, s->extensions.n, 2);
	buf_add(&b, s->extensions);
	return b.err == OK && verify_key_ok(&log->key, buf_str(&b), s->signature);
}

/* ---- the check ---- */

static enum err list_of(const X509 *x, struct sct scts[LIMIT_SCTS], unsigned *n, struct arena *a,
			struct diag *d)
{
	int at = X509_get_ext_by_NID(x, NID_ct_precert_scts, -1);
	struct str list = { NULL, 0 };

	if (at < 0 || X509_get_ext_by_NID(x, NID_ct_precert_scts, at) >= 0)
		return diag_set(d, ERR_AUTH,
				"the certificate does not have one list of SCTs (RFC 6962, 3.3)");
	const ASN1_OCTET_STRING *outer = X509_EXTENSION_get_data(X509_get_ext(x, at));
	const unsigned char *p = ASN1_STRING_get0_data(outer), *end = p + ASN1_STRING_length(outer);
	ASN1_OCTET_STRING *inner = d2i_ASN1_OCTET_STRING(NULL, &p, end - p);
	if (inner != NULL && p == end)
		list = arena_dup(a, (struct str){ (const char *)ASN1_STRING_get0_data(inner),
						  (size_t)ASN1_STRING_length(inner) });
	ASN1_OCTET_STRING_free(inner);
	if (list.p == NULL)
		return diag_set(d, ERR_SYNTAX,
				"the list of SCTs is no OCTET STRING (RFC 6962, 3.3)");
	return sct_list_read(list, scts, n, d);
}

static const struct trusted_log *log_of(const struct trusted_root *r, const struct sct *s)
{
	for (unsigned i = 0; i < r->n_ctlogs; i++)
		if (str_eq(r->ctlogs[i].id, s->log_id) && s->ms <= INT64_MAX &&
		    valid_at(&r->ctlogs[i].valid, (int64_t)s->ms))
			return &r->ctlogs[i];
	return NULL;
}

enum err sct_check(const struct certificate *c, const struct authority *ca,
		   const struct trusted_root *r, struct arena *a,
		   const struct trusted_log **out_log, int64_t *out_ms, struct diag *d)
{
	struct sct scts[LIMIT_SCTS];
	uint8_t issuer[SHA256_BYTES];
	unsigned n;

	TRY(list_of(c->x, scts, &n, a, d));
	struct str tbs = precert_tbs(c->x, a);
	if (tbs.p == NULL || !issuer_hash(ca, issuer))
		return diag_set(d, ERR_LIMIT, "more memory is needed than one bundle may use");
	*out_log = NULL;
	for (unsigned i = 0; i < n; i++) {
		const struct trusted_log *log = log_of(r, &scts[i]);
		if (log == NULL)
			continue; /* of a log that others trust */
		if (!signed_by(&scts[i], log, tbs, issuer, a))
			return diag_set(
				d, ERR_AUTH,
				"the SCT of log '%.*s' is not for this certificate (RFC 6962, "
				"3.2)",
				FMT(log->url));
		if (*out_log != NULL)
			continue;
		*out_log = log;
		*out_ms = (int64_t)scts[i].ms;
	}
	if (*out_log == NULL)
		return diag_set(
			d, ERR_AUTH,
			"no certificate transparency log of the trusted root, valid at that "
			"time, has an SCT in the certificate (RFC 6962, 3.2)");
	return OK;
}
