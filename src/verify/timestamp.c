/*
 * verify/timestamp.c - time stamps of RFC 3161: an authority has seen the signature at a time.
 * OpenSSL parses and checks the token; here stand which authority, which bytes, and when.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_timestamp_fuzz.c
 */
#include "verify/part.h"

#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Before OpenSSL 3.4 these did the same and had names that did not say whose the argument is then.
 */
#if OPENSSL_VERSION_NUMBER < 0x30400000L
#define TS_VERIFY_CTX_set0_store TS_VERIFY_CTX_set_store
#define TS_VERIFY_CTX_set0_certs TS_VERIFY_CTX_set_certs
#endif

/* RFC 3161, 2.4.2: "granted" or "grantedWithMods" come with a token. */
enum { GRANTED = 0, GRANTED_WITH_MODS = 1 };

static enum err response_read(struct str der, TS_RESP **out, struct diag *d)
{
	const unsigned char *p = (const unsigned char *)der.p;
	TS_RESP *r = d2i_TS_RESP(NULL, &p, (long)der.n);
	int64_t status;

	if (r != NULL && p == (const unsigned char *)der.p + der.n &&
	    ASN1_INTEGER_get_int64(&status,
				   TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(r))) == 1 &&
	    (status == GRANTED || status == GRANTED_WITH_MODS) && TS_RESP_get_token(r) != NULL &&
	    TS_RESP_get_tst_info(r) != NULL) {
		*out = r;
		return OK;
	}
	TS_RESP_free(r);
	return diag_set(d, ERR_SYNTAX,
			"the time stamp is no TimeStampResp with a token (RFC 3161, 2.4.2)");
}

/* RFC 3161, 2.4.2: messageImprint, the hash of what was to be stamped. */
static bool imprint_fits(TS_RESP *r, struct str signature)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(TS_RESP_get_tst_info(r));
	const ASN1_OBJECT *oid;
	ASN1_OCTET_STRING *msg = TS_MSG_IMPRINT_get_msg(imprint);
	struct digest digest;
	enum hash h = HASH_NONE;

	X509_ALGOR_get0(&oid, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
	int nid = OBJ_obj2nid(oid);
	if (nid == NID_sha256)
		h = HASH_SHA256;
	else if (nid == NID_sha384)
		h = HASH_SHA384;
	else if (nid == NID_sha512)
		h = HASH_SHA512;
	if (h == HASH_NONE)
		return false;
	digest_of(h, signature, &digest);
	return str_eq(digest_str(&digest, h),
		      (struct str){ (const char *)ASN1_STRING_get0_data(msg),
				    (size_t)ASN1_STRING_length(msg) });
}

/* OpenSSL: the CMS signature over the token, the signer's certificate up to the first one of the
 * authority, the critical extended key usage of RFC 3161, 2.3, and the signing certificate
 * attribute (RFC 5816). */
static bool signed_by(TS_RESP *r, const struct authority *tsa)
{
	TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
	X509_STORE *store = authority_store(tsa);
	STACK_OF(X509) *certs = authority_between(tsa);

	if (ctx == NULL || store == NULL || certs == NULL) {
		TS_VERIFY_CTX_free(ctx);
		X509_STORE_free(store);
		sk_X509_pop_free(certs, X509_free);
		return false;
	}
	(void)TS_VERIFY_CTX_set_flags(ctx, TS_VFY_SIGNATURE | TS_VFY_VERSION);
	(void)TS_VERIFY_CTX_set0_store(ctx, store); /* both are ctx's from here on */
	(void)TS_VERIFY_CTX_set0_certs(ctx, certs);
	bool ok = TS_RESP_verify_token(ctx, TS_RESP_get_token(r)) == 1;
	TS_VERIFY_CTX_free(ctx);
	return ok;
}

/* Where the root names only authorities, the signer's certificate comes with the token: its own
 * validity counts as well. */
static bool signer_valid(TS_RESP *r, const struct authority *tsa, int64_t at_s)
{
	if (X509_check_ca(tsa->certs[0]) == 0)
		return true; /* looked at by authority_valid */
	STACK_OF(X509) *signers = PKCS7_get0_signers(TS_RESP_get_token(r), NULL, 0);
	bool ok = sk_X509_num(signers) == 1 && x509_valid(sk_X509_value(signers, 0), at_s);

	sk_X509_free(signers);
	return ok;
}

static bool authority_for_stamps(const struct authority *tsa)
{
	for (unsigned i = 0; i < tsa->n_certs; i++)
		if ((X509_get_extension_flags(tsa->certs[i]) & EXFLAG_XKUSAGE) != 0 &&
		    (X509_get_extended_key_usage(tsa->certs[i]) & (XKU_TIMESTAMP | XKU_ANYEKU)) ==
			    0)
			return false;
	return true;
}

static enum err find(TS_RESP *r, const struct trusted_root *root, int64_t at_s,
		     const struct authority **out, struct diag *d)
{
	bool late = false;

	for (unsigned i = 0; i < root->n_tsas; i++) {
		const struct authority *tsa = &root->tsas[i];
		if (!authority_valid(tsa, at_s)) {
			late = true;
			continue;
		}
		if (!authority_for_stamps(tsa) || !signed_by(r, tsa) || !signer_valid(r, tsa, at_s))
			continue;
		*out = tsa;
		return OK;
	}
	return diag_set(d, ERR_AUTH,
			"no time stamping authority of the trusted root %ssigned the time stamp "
			"(RFC 3161, 2.3)",
			late ? "that was valid at its time " : "");
}

enum err timestamp_check(struct str token, struct str signature, const struct trusted_root *root,
			 const struct authority **out_tsa, int64_t *out_s, struct diag *d)
{
	TS_RESP *r = NULL;

	TRY(response_read(token, &r, d));
	enum err e = OK;
	if (!imprint_fits(r, signature))
		e = diag_set(
			d, ERR_AUTH,
			"the time stamp is not for this signature, or is made with a hash that "
			"is not SHA-2 (RFC 3161, 2.4.2: messageImprint)");
	else if (time_s(TS_TST_INFO_get_time(TS_RESP_get_tst_info(r)), out_s) != OK)
		e = diag_set(d, ERR_SYNTAX,
			     "the time stamp has no time (RFC 3161, 2.4.2: genTime)");
	else
		e = find(r, root, *out_s, out_tsa, d);
	TS_RESP_free(r);
	return e;
}
