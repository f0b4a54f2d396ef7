/*
 * verify/sct.c - signed certificate timestamps that are embedded in a certificate (RFC 6962, 3.2
 * and 3.3): a log has promised to show the certificate to everybody.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_sct_fuzz.c
 */
#include "crypto/sha256.h"
#include "verify/part.h"

#include <openssl/x509v3.h>
#include <string.h>

enum { SCT_HEAD = 1 + 32 + 8 + 2 };

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

enum { DER_SEQUENCE = 0x30, DER_EXTENSIONS = 0xa3, DER_OID = 0x06 };

/* One element off *s: its tag, its content, and all of it. DER: the shortest form of a length. */
static bool der_next(struct str *s, unsigned *tag, struct str *content, struct str *whole)
{
	const unsigned char *p = (const unsigned char *)s->p;
	size_t head = 2, n;

	if (s->n < 2)
		return false;
	*tag = p[0];
	n = p[1];
	if (n >= 0x80) {
		size_t bytes = n & 0x7f;
		if (bytes == 0 || bytes > 3 || s->n - 2 < bytes || p[2] == 0)
			return false;
		n = 0;
		for (; head < 2 + bytes; head++)
			n = n << 8 | p[head];
		if (n < 0x80)
			return false;
	}
	if (s->n - head < n)
		return false;
	*whole = str_head(*s, head + n);
	*content = str_tail(*whole, head);
	*s = str_tail(*s, head + n);
	return true;
}

/* An element of a and b, one behind the other; p NULL: out of memory. */
static struct str der_wrap(struct arena *arena, unsigned tag, struct str a, struct str b)
{
	size_t n = a.n + b.n;
	unsigned bytes = n < 0x80 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : 3;
	char *at = arena_take(arena, n + 5, 1);
	struct buf out;

	if (at == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&out, at, n + 5);
	put(&out, tag, 1);
	if (bytes != 0)
		put(&out, 0x80 | bytes, 1);
	put(&out, n, bytes == 0 ? 1 : bytes);
	buf_add(&out, a);
	buf_add(&out, b);
	return out.err == OK ? buf_str(&out) : (struct str){ NULL, 0 };
}

/* The TBSCertificate's content up to its extensions, and the list of these, which come last. */
static bool tbs_split(struct str der, struct str *before, struct str *list)
{
	struct str cert, tbs, rest, explicit, whole;
	unsigned tag;

	if (!der_next(&der, &tag, &cert, &whole) || !der_next(&cert, &tag, &tbs, &whole))
		return false;
	rest = tbs;
	do
		if (!der_next(&rest, &tag, &explicit, &whole))
			return false;
	while (tag != DER_EXTENSIONS);
	*before = str_head(tbs, tbs.n - whole.n);
	return rest.n == 0 && der_next(&explicit, &tag, list, &whole) && tag == DER_SEQUENCE &&
	       explicit.n == 0;
}

/*
 * RFC 6962, 3.2: what was signed is the TBSCertificate without the extension that holds the list.
 * It is cut out of the bytes as they are: OpenSSL would decode the key once more for a copy, and
 * write what it has understood. *out with p NULL: out of memory.
 */
static enum err precert_tbs(struct str der, struct arena *a, struct str *out, struct diag *d)
{
	static const struct str oid = SC("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02");
	static const char bad[] = "the certificate is not in DER (RFC 5280, 4.1)";
	struct str before, list, ext, whole, id, ignored;
	struct buf kept;
	unsigned tag;

	char *at = arena_take(a, der.n, 1);
	if (at == NULL)
		return ERR_LIMIT;
	if (!tbs_split(der, &before, &list))
		return diag_set(d, ERR_SYNTAX, "%s", bad);
	buf_fixed(&kept, at, der.n);
	while (list.n) {
		if (!der_next(&list, &tag, &ext, &whole) || !der_next(&ext, &tag, &id, &ignored))
			return diag_set(d, ERR_SYNTAX, "%s", bad);
		if (tag != DER_OID || !str_eq(id, oid))
			buf_add(&kept, whole);
	}
	struct str exts = der_wrap(a, DER_SEQUENCE, S(""), buf_str(&kept));
	if (exts.p != NULL)
		exts = der_wrap(a, DER_EXTENSIONS, S(""), exts);
	*out = exts.p != NULL ? der_wrap(a, DER_SEQUENCE, before, exts) : exts;
	return OK;
}

static bool issuer_hash(const struct authority *ca, uint8_t out[SHA256_BYTES])
{
	unsigned char *der = NULL;
	/* The bytes as they stand in the certificate; i2d_PUBKEY would encode the key anew. */
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(ca->certs[0]), &der);

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
	struct str tbs = { NULL, 0 };
	unsigned n;

	TRY(list_of(c->x, scts, &n, a, d));
	TRY(precert_tbs(c->der, a, &tbs, d));
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
