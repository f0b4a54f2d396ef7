/*
 * verify/certificate.c - the signing certificate of Fulcio: its form, its identity
 * (docs/oid-info.md) and the authority that issued it.
 * Input: hostile.   Runs in: verifier.   Fuzz: fuzz/verify_certificate_fuzz.c
 */
#include "codec/utf8.h"
#include "verify/part.h"

#include <openssl/x509v3.h>
#include <string.h>

static const char oid_info[] = "fulcio, docs/oid-info.md";

static const struct claim_row {
	uint8_t oid;
	struct str name;
} claims[CLAIM_COUNT] = {
#define X(name, oid, json) { oid, SC(json) },
	CLAIM_LIST(X)
#undef X
};

struct str claim_name(enum claim c)
{
	return claims[c].name;
}

/* ---- identity ---- */

/* A name that people will see and programs compare. */
static bool text_ok(struct str s)
{
	return s.n != 0 && utf8_plain(s);
}

/* DER of a UTF8String and nothing else: tag 0x0c, the shortest length, the bytes. */
static bool utf8string(struct str der, struct str *out)
{
	size_t head = 2;

	if (der.n < 2 || der.p[0] != 0x0c)
		return false;
	size_t n = (unsigned char)der.p[1];
	if (n == 0x81 && der.n > 2) {
		head = 3;
		n = (unsigned char)der.p[2];
		if (n < 0x80)
			return false;
	} else if (n == 0x82 && der.n > 3) {
		head = 4;
		n = (size_t)(unsigned char)der.p[2] << 8 | (unsigned char)der.p[3];
		if (n < 0x100)
			return false;
	} else if (n >= 0x80) {
		return false;
	}
	*out = str_tail(der, head);
	return out->n == n;
}

/* The last number of an OID below 1.3.6.1.4.1.57264.1, 0 for all others. */
static unsigned fulcio_oid(const ASN1_OBJECT *o)
{
	static const uint8_t arc[] = { 0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1 };
	const unsigned char *p = OBJ_get0_data(o);

	if (OBJ_length(o) != sizeof arc + 1 || memcmp(p, arc, sizeof arc) != 0)
		return 0;
	return p[sizeof arc] < 0x80 ? p[sizeof arc] : 0;
}

static enum err set_claim(struct identity *who, unsigned oid, enum claim c, struct str value,
			  struct arena *a, struct diag *d)
{
	if (!text_ok(value))
		return diag_set(d, ERR_SYNTAX, "certificate extension .1.%u is no text (%s)", oid,
				oid_info);
	/* .1.1 and .1.8 both name the issuer. */
	if (who->claims[c].p != NULL && !str_eq(who->claims[c], value))
		return diag_set(d, ERR_SYNTAX, "the certificate names two values for '%.*s' (%s)",
				FMT(claims[c].name), oid_info);
	who->claims[c] = arena_dup(a, value); /* it outlives the certificate */
	return who->claims[c].p != NULL ? OK : ERR_NOMEM;
}

static enum err read_claim(struct identity *who, X509_EXTENSION *ext, struct arena *a,
			   struct diag *d)
{
	unsigned oid = fulcio_oid(X509_EXTENSION_get_object(ext));
	const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(ext);
	struct str raw = { (const char *)ASN1_STRING_get0_data(data),
			   (size_t)ASN1_STRING_length(data) },
		   value;

	if (oid == 1) /* deprecated, "the raw bytes of the string" like 2 to 6 */
		return set_claim(who, oid, CLAIM_ISSUER, raw, a, d);
	for (unsigned c = 0; c < CLAIM_COUNT; c++) {
		if (claims[c].oid != oid)
			continue;
		value = raw;
		if (oid >= 8 && !utf8string(raw, &value))
			return diag_set(d, ERR_SYNTAX,
					"certificate extension .1.%u is no DER UTF8String (%s)",
					oid, oid_info);
		return set_claim(who, oid, (enum claim)c, value, a, d);
	}
	return OK;
}

static struct str asn1_str(const ASN1_STRING *s)
{
	return (struct str){ (const char *)ASN1_STRING_get0_data(s),
			     (size_t)ASN1_STRING_length(s) };
}

/* 1.3.6.1.4.1.57264.1.7: a name that is neither a URI nor an address. */
static struct str other_name(const OTHERNAME *o)
{
	if (fulcio_oid(o->type_id) != 7 || o->value->type != V_ASN1_UTF8STRING)
		return (struct str){ NULL, 0 };
	return asn1_str(o->value->value.utf8string);
}

static enum err read_san(struct certificate *c, struct arena *a, struct diag *d)
{
	struct identity *who = &c->who;
	GENERAL_NAMES *names = X509_get_ext_d2i(c->x, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *g = sk_GENERAL_NAME_num(names) == 1 ? sk_GENERAL_NAME_value(names, 0)
								: NULL;
	struct str san = { NULL, 0 };

	if (g != NULL && g->type == GEN_URI) {
		who->san_type = SAN_URI;
		san = asn1_str(g->d.uniformResourceIdentifier);
	} else if (g != NULL && g->type == GEN_EMAIL) {
		who->san_type = SAN_EMAIL;
		san = asn1_str(g->d.rfc822Name);
	} else if (g != NULL && g->type == GEN_OTHERNAME) {
		who->san_type = SAN_OTHER;
		san = other_name(g->d.otherName);
	}
	if (san.p != NULL)
		who->san = arena_dup(a, san);
	GENERAL_NAMES_free(names);
	if (who->san.p == NULL || !text_ok(who->san))
		return diag_set(
			d, ERR_SYNTAX,
			"the certificate does not have one subject alternative name that is a "
			"URI, an address or a Fulcio name (fulcio, "
			"docs/certificate-specification.md)");
	return OK;
}

static enum err read_identity(struct certificate *c, struct arena *a, struct diag *d)
{
	for (int i = 0; i < X509_get_ext_count(c->x); i++)
		TRY(read_claim(&c->who, X509_get_ext(c->x, i), a, d));
	TRY(read_san(c, a, d));
	if (c->who.claims[CLAIM_ISSUER].p == NULL)
		return diag_set(
			d, ERR_SYNTAX,
			"the certificate names no issuer of the identity in .1.8 or .1.1 (%s)",
			oid_info);
	return OK;
}

/* ---- form ---- */

static enum err check_use(const struct certificate *c, struct diag *d)
{
	static const char spec[] = "fulcio, docs/certificate-specification.md";
	uint32_t flags = X509_get_extension_flags(c->x);

	if ((flags & EXFLAG_CA) != 0 || X509_check_ca(c->x) != 0)
		return diag_set(d, ERR_AUTH, "the signer's certificate is one of an authority (%s)",
				spec);
	if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(c->x) & KU_DIGITAL_SIGNATURE) == 0)
		return diag_set(d, ERR_AUTH,
				"the certificate's key usage is not digitalSignature (%s)", spec);
	if ((flags & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage(c->x) & XKU_CODE_SIGN) == 0)
		return diag_set(d, ERR_AUTH,
				"the certificate's extended key usage is not codeSigning (%s)",
				spec);
	return OK;
}

static struct str serial_hex(const X509 *x, struct arena *a)
{
	const ASN1_INTEGER *n = X509_get0_serialNumber(x);
	struct str bytes = asn1_str(n);
	char *at = arena_take(a, 2 * bytes.n + 1, 1);
	struct buf b;

	if (at == NULL)
		return S("");
	buf_fixed(&b, at, 2 * bytes.n + 1);
	buf_addhex(&b, bytes);
	return buf_str(&b);
}

enum err certificate_read(struct certificate *c, struct str der, struct arena *a, struct diag *d)
{
	*c = (struct certificate){ .x = x509_read(der), .der = der };
	if (c->x == NULL)
		return diag_set(d, ERR_SYNTAX,
				"the certificate is no X.509 certificate in DER (RFC 5280, 4.1)");
	TRY(x509_form(c->x, d));
	TRY(check_use(c, d));
	TRY(verify_key_take(&c->key, X509_get_pubkey(c->x), d));
	TRY(read_identity(c, a, d));
	c->serial = serial_hex(c->x, a);
	if (time_s(X509_get0_notBefore(c->x), &c->not_before_s) != OK ||
	    time_s(X509_get0_notAfter(c->x), &c->not_after_s) != OK)
		return diag_set(d, ERR_SYNTAX,
				"the certificate's validity is malformed (RFC 5280, 4.1.2.5)");
	return OK;
}

void certificate_done(struct certificate *c)
{
	verify_key_done(&c->key);
	X509_free(c->x);
	c->x = NULL;
}

/* ---- who issued it ---- */

static bool all_inside(const struct certificate *c, const struct signing_time *times, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (times[i].at_s < c->not_before_s || times[i].at_s > c->not_after_s)
			return false;
	return true;
}

static bool authority_all(const struct authority *ca, const struct signing_time *times, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!authority_valid(ca, times[i].at_s))
			return false;
	return true;
}

enum err certificate_issued(const struct certificate *c, const struct trusted_root *r,
			    const struct signing_time *times, unsigned n_times,
			    const struct authority **out, struct diag *d)
{
	bool late = false;

	if (!all_inside(c, times, n_times))
		return diag_set(d, ERR_AUTH,
				"a signing time is outside of the certificate's validity "
				"(client-spec, 4.3: "
				"\"while every certificate in the chain up to the root is valid\"; "
				"RFC 5280, "
				"4.1.2.5)");
	for (unsigned i = 0; i < r->n_cas; i++) {
		const struct authority *ca = &r->cas[i];
		if (!authority_all(ca, times, n_times)) {
			late = true;
			continue;
		}
		if (!chain_issued(ca, c->x, XKU_CODE_SIGN))
			continue;
		*out = ca;
		return OK;
	}
	return diag_set(
		d, ERR_AUTH,
		"no authority of the trusted root %sissued the certificate (RFC 5280, section 6)",
		late ? "that was valid at the signing time " : "");
}
