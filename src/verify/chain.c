/*
 * verify/chain.c - certificates, their times, and who issued them (RFC 5280, section 6).
 *
 * A trusted root names whole chains, so there is nothing to be found: the links inside a chain are
 * checked once, when the root is read, and what is left is whether the chain's first certificate
 * issued the one in question. Times are compared here, not by OpenSSL, which takes the end of a
 * validity as outside of it; RFC 5280, 4.1.2.5 says "inclusive".
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_certificate_fuzz.c
 */
#include "base/date.h"
#include "verify/part.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

X509 *x509_read(struct str der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	X509 *x = der.n != 0 ? d2i_X509(NULL, &p, (long)der.n) : NULL;

	if (x != NULL && p == (const unsigned char *)der.p + der.n)
		return x;
	X509_free(x);
	return NULL;
}

enum err time_s(const ASN1_TIME *t, int64_t *out_s)
{
	char text[64];
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return ERR_SYNTAX;
	/* The C library would look for the local time zone, in a file. */
	int n = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return date_parse((struct str){ text, (size_t)n }, out_s);
}

bool x509_valid(const X509 *x, int64_t at_s)
{
	int64_t from, to;

	return time_s(X509_get0_notBefore(x), &from) == OK &&
	       time_s(X509_get0_notAfter(x), &to) == OK && from <= at_s && at_s <= to;
}

bool valid_at(const struct valid_for *v, int64_t at_ms)
{
	return v->from_ms <= at_ms && at_ms <= v->to_ms;
}

bool valid_at_s(const struct valid_for *v, int64_t at_s)
{
	/* A log entry may tell any second. */
	return at_s >= 0 && at_s <= INT64_MAX / 1000 && valid_at(v, at_s * 1000);
}

bool authority_valid(const struct authority *ca, int64_t at_s)
{
	for (unsigned i = 0; i < ca->n_certs; i++)
		if (!x509_valid(ca->certs[i], at_s))
			return false;
	return valid_at_s(&ca->valid, at_s);
}

/* A store that trusts one certificate as it is, with the checks of RFC 5280 but those of time. */
static X509_STORE *store_of(X509 *trusted)
{
	X509_STORE *s = X509_STORE_new();

	if (s != NULL && X509_STORE_add_cert(s, trusted) == 1 &&
	    X509_STORE_set_flags(s, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) == 1)
		return s;
	X509_STORE_free(s);
	return NULL;
}

X509_STORE *authority_store(const struct authority *ca)
{
	return store_of(ca->certs[0]);
}

static bool issued(X509 *issuer, X509 *x)
{
	X509_STORE *store = store_of(issuer);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ok = store && ctx && X509_STORE_CTX_init(ctx, store, x, NULL) == 1 &&
		  X509_verify_cert(ctx) == 1;

	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return ok;
}

/* Only the first certificate takes part when a signer's is checked, so what those above it would
 * say about names must not be there to be overlooked (RFC 5280, 4.2.1.10). */
static bool constrains(const X509 *x)
{
	return X509_get_ext_by_NID(x, NID_name_constraints, -1) >= 0;
}

/* RFC 5280, 4.2.1.9: how many certificates may stand between this one and the signer's. */
static bool path_ok(X509 *ca, unsigned below)
{
	long max = X509_get_pathlen(ca);

	return X509_check_ca(ca) == 1 && (max < 0 || (unsigned long)max >= below);
}

enum err authority_links(const struct authority *ca, struct diag *d)
{
	unsigned first = X509_check_ca(ca->certs[0]) == 0; /* of a TSA it may be the signer */

	for (unsigned i = 0; i < ca->n_certs; i++)
		if (i >= first && !path_ok(ca->certs[i], i - first))
			return diag_set(d, ERR_CONFIG,
					"certificate %u of '%.*s' may not issue those before it "
					"(RFC 5280, 4.2.1.9)",
					i + 1, FMT(ca->uri));
	for (unsigned i = first + 1; i < ca->n_certs; i++)
		if (constrains(ca->certs[i]))
			return diag_set(d, ERR_UNSUPPORTED,
					"certificate %u of '%.*s' constrains names, which is not "
					"supported above the first (RFC 5280, 4.2.1.10)",
					i + 1, FMT(ca->uri));
	for (unsigned i = 0; i + 1 < ca->n_certs; i++)
		if (!issued(ca->certs[i + 1], ca->certs[i]))
			return diag_set(d, ERR_CONFIG,
					"certificate %u of '%.*s' was not issued by the next one "
					"(RFC 5280, section 6)",
					i + 1, FMT(ca->uri));
	return OK;
}

/* RFC 5280, 4.2.1.12: a certificate that names purposes is for no others; an authority that names
 * some issues for no others. */
static bool for_purpose(X509 *x, uint32_t eku)
{
	return (X509_get_extension_flags(x) & EXFLAG_XKUSAGE) == 0 ||
	       (X509_get_extended_key_usage(x) & (eku | XKU_ANYEKU)) != 0;
}

bool chain_issued(const struct authority *ca, X509 *x, uint32_t eku)
{
	for (unsigned i = 0; i < ca->n_certs; i++)
		if (!for_purpose(ca->certs[i], eku))
			return false;
	return X509_check_ca(ca->certs[0]) == 1 &&
	       X509_check_issued(ca->certs[0], x) == X509_V_OK && issued(ca->certs[0], x);
}
