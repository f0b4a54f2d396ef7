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

/* RFC 5280, 4.2: "MUST NOT include more than one instance of a particular extension". */
static enum err check_once(const X509 *x, struct diag *d)
{
	if (X509_get_ext_count(x) > LIMIT_EXTENSIONS)
		return diag_set(d, ERR_LIMIT, "the certificate has more than %d extensions",
				LIMIT_EXTENSIONS);
	for (int i = 0; i < X509_get_ext_count(x); i++) {
		const ASN1_OBJECT *o = X509_EXTENSION_get_object(X509_get_ext(x, i));
		if (X509_get_ext_by_OBJ(x, o, i) >= 0)
			return diag_set(d, ERR_SYNTAX,
					"the certificate has an extension twice (RFC 5280, 4.2)");
	}
	return OK;
}

/* What narrows a path must be understood by whoever follows it, or the path is none. */
static enum err check_critical(const X509 *x, struct diag *d)
{
	static const struct {
		int nid;
		const char *section;
	} must[] = {
		{ NID_name_constraints, "4.2.1.10" },
		{ NID_policy_constraints, "4.2.1.11" },
		{ NID_inhibit_any_policy, "4.2.1.14" },
	};

	for (size_t i = 0; i < sizeof must / sizeof must[0]; i++) {
		int at = X509_get_ext_by_NID(x, must[i].nid, -1);
		if (at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(x, at)) == 0)
			return diag_set(d, ERR_SYNTAX,
					"the certificate's %s is not critical (RFC 5280, %s: "
					"\"Conforming CAs MUST mark this extension as critical\")",
					OBJ_nid2ln(must[i].nid), must[i].section);
	}
	return OK;
}

static bool constrains(const X509 *x)
{
	return X509_get_ext_by_NID(x, NID_name_constraints, -1) >= 0;
}

static enum err check_constraints(X509 *x, struct diag *d)
{
	if (!constrains(x))
		return OK;
	if (X509_check_ca(x) == 0)
		return diag_set(d, ERR_SYNTAX,
				"a certificate that is none of an authority constrains names (RFC "
				"5280, 4.2.1.10: \"MUST be used only in a CA certificate\")");
	NAME_CONSTRAINTS *nc = X509_get_ext_d2i(x, NID_name_constraints, NULL, NULL);
	bool empty = nc == NULL || (sk_GENERAL_SUBTREE_num(nc->permittedSubtrees) <= 0 &&
				    sk_GENERAL_SUBTREE_num(nc->excludedSubtrees) <= 0);
	NAME_CONSTRAINTS_free(nc);
	return empty ? diag_set(d, ERR_SYNTAX,
				"the certificate's constraints of names are empty (RFC 5280, "
				"4.2.1.10)")
		     : OK;
}

/* RFC 5280, 4.1.2.2: "a positive integer", "no longer than 20 octets". */
static bool serial_ok(const X509 *x)
{
	const ASN1_INTEGER *n = X509_get0_serialNumber(x);
	const unsigned char *p = ASN1_STRING_get0_data(n);
	int len = ASN1_STRING_length(n); /* of the magnitude: a high bit needs an octet more */

	return ASN1_STRING_type(n) == V_ASN1_INTEGER && len > 0 && (len > 1 || p[0] != 0) &&
	       len + (p[0] >> 7) <= 20;
}

enum err x509_form(X509 *x, struct diag *d)
{
	if (X509_check_purpose(x, -1, 0) != 1 || /* only reads the extensions */
	    (X509_get_extension_flags(x) & EXFLAG_INVALID) != 0 ||
	    X509_get_version(x) != X509_VERSION_3)
		return diag_set(
			d, ERR_SYNTAX,
			"the certificate or one of its extensions is malformed (RFC 5280, 4.2)");
	if (!serial_ok(x))
		return diag_set(d, ERR_SYNTAX,
				"the certificate's number is not positive or has more than 20 "
				"octets (RFC 5280, 4.1.2.2)");
	TRY(check_once(x, d));
	TRY(check_critical(x, d));
	return check_constraints(x, d);
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

/* ---- paths ---- */

/* A store that trusts one certificate as it is, with the checks of RFC 5280 but those of time.
 * Level 2: no signature or key below 112 bits, so none with SHA-1. */
static X509_STORE *store_of(X509 *trusted)
{
	X509_STORE *s = X509_STORE_new();

	if (s != NULL && X509_STORE_add_cert(s, trusted) == 1 &&
	    X509_STORE_set_flags(s, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME |
					    X509_V_FLAG_X509_STRICT) == 1) {
		X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(s), 2);
		return s;
	}
	X509_STORE_free(s);
	return NULL;
}

/* The links were checked when the root was read, so that the first certificate can be trusted as it
 * is. Only where one above it constrains names the whole path is walked for each signer, because
 * such a constraint reaches down to the signer (RFC 5280, 4.2.1.10). */
static unsigned anchor(const struct authority *ca)
{
	for (unsigned i = 1; i < ca->n_certs; i++)
		if (constrains(ca->certs[i]))
			return ca->n_certs - 1;
	return 0;
}

X509_STORE *authority_store(const struct authority *ca)
{
	return store_of(ca->certs[anchor(ca)]);
}

STACK_OF(X509) * authority_between(const struct authority *ca)
{
	STACK_OF(X509) *s = sk_X509_new_null();
	unsigned n = anchor(ca);

	if (n == 0 && X509_check_ca(ca->certs[0]) == 0)
		n = 1; /* of a TSA: the signer */
	for (unsigned i = 0; s != NULL && i < n; i++)
		if (X509_up_ref(ca->certs[i]) == 1 && sk_X509_push(s, ca->certs[i]) == 0)
			X509_free(ca->certs[i]);
	return s;
}

/* store is freed. */
static bool issued(X509_STORE *store, STACK_OF(X509) * between, X509 *x)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ok = store && ctx && X509_STORE_CTX_init(ctx, store, x, between) == 1 &&
		  X509_verify_cert(ctx) == 1;

	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return ok;
}

static bool issued_by(const struct authority *ca, X509 *x)
{
	STACK_OF(X509) *between = authority_between(ca);
	bool ok = between && issued(authority_store(ca), between, x);

	sk_X509_pop_free(between, X509_free);
	return ok;
}

/* RFC 5280, 4.2.1.9: how many certificates may stand between this one and the signer's. */
static bool path_ok(X509 *ca, unsigned below)
{
	long max = X509_get_pathlen(ca);

	return X509_check_ca(ca) == 1 && (max < 0 || (unsigned long)max >= below);
}

static enum err check_lengths(const struct authority *ca, unsigned first, struct diag *d)
{
	unsigned below = 0;

	for (unsigned i = first; i < ca->n_certs; i++) {
		if (!path_ok(ca->certs[i], below))
			return diag_set(d, ERR_CONFIG,
					"certificate %u of '%.*s' may not issue those before it "
					"(RFC 5280, 4.2.1.9)",
					i + 1, FMT(ca->uri));
		/* "the maximum number of non-self-issued intermediate certificates" */
		below += (X509_get_extension_flags(ca->certs[i]) & EXFLAG_SI) == 0;
	}
	return OK;
}

/* A path whose names are constrained is walked as a whole for each signer, and here the signatures
 * alone are looked at: self-issued certificates are exempt in its middle, and not at its end. */
static bool link_ok(const struct authority *ca, unsigned i)
{
	if (anchor(ca) == 0)
		return issued(store_of(ca->certs[i + 1]), NULL, ca->certs[i]);
	return X509_check_issued(ca->certs[i + 1], ca->certs[i]) == X509_V_OK &&
	       X509_verify(ca->certs[i], X509_get0_pubkey(ca->certs[i + 1])) == 1;
}

/* Who issues is bound to the keys that a signer is bound to. */
static enum err check_authority(X509 *x, struct diag *d)
{
	struct verify_key key;

	TRY(x509_form(x, d));
	TRY(verify_key_take(&key, X509_get_pubkey(x), d));
	verify_key_done(&key);
	return OK;
}

enum err authority_links(const struct authority *ca, struct diag *d)
{
	for (unsigned i = 0; i < ca->n_certs; i++)
		TRY(check_authority(ca->certs[i], d));
	unsigned first = X509_check_ca(ca->certs[0]) == 0; /* of a TSA it may be the signer */
	TRY(check_lengths(ca, first, d));
	for (unsigned i = 0; i + 1 < ca->n_certs; i++)
		if (!link_ok(ca, i))
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
	       X509_check_issued(ca->certs[0], x) == X509_V_OK && issued_by(ca, x);
}
