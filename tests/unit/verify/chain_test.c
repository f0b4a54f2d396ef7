/*
 * tests/unit/verify/chain_test.c - paths of certificates, each right but for one thing. The same questions as
 * C2SP/x509-limbo asks (tests/conformance/limbo.py), here with certificates that the test makes itself.
 * Proves T-22.
 */
#include "verify/part.h"

#include "../check.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

enum { NOW = 1700000000, LEVELS = 5 };

#define ODDS(X)                                                                                       \
	X(RIGHT) X(NO_LEVEL) X(NO_AKI) X(NO_SKI) X(NO_BASIC) X(NOT_CA) X(SOFT_BASIC) X(NO_CERT_SIGN)  \
	X(PATHLEN_0) X(PATHLEN_1) X(SELF_ISSUED) X(UNKNOWN_CRITICAL) X(UNKNOWN) X(SERIAL_0)           \
	X(SERIAL_LONG) X(SERIAL_NEGATIVE) X(WEAK_KEY) X(OLD_HASH) X(OTHER_KEY) X(NO_SUBJECT) X(EXPIRED)   \
	X(NOT_YET) X(LAST_SECOND) X(FIRST_SECOND) X(TWICE) X(MANY) X(VERSION_1) X(NAMES) X(NAMES_OTHER)       \
	X(NAMES_SOFT) X(NAMES_EMPTY) X(POLICY_SOFT) X(CODE_SIGN) X(EMAIL) X(SOFT_SAN) X(OTHER_ISSUER)

#define X(name) name,
enum odd { ODDS(X) };
#undef X

/* From the signer's up to the root. want: NULL, or a part of the sentence. */
static const struct row {
	const char *name;
	enum odd at[LEVELS];
	enum err err;
	const char *want;
} rows[] = {
	{ "root alone", { RIGHT, RIGHT, NO_LEVEL }, OK, NULL },
	{ "one between", { RIGHT, RIGHT, RIGHT, NO_LEVEL }, OK, NULL },
	{ "two between", { RIGHT, RIGHT, RIGHT, RIGHT, NO_LEVEL }, OK, NULL },
	{ "signer without AKI", { NO_AKI, RIGHT, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "between without AKI", { RIGHT, NO_AKI, RIGHT, NO_LEVEL }, ERR_CONFIG, "not issued by the next" },
	{ "between without SKI", { RIGHT, NO_SKI, RIGHT, NO_LEVEL }, ERR_CONFIG, "not issued by the next" },
	{ "root without AKI", { RIGHT, NO_AKI, NO_LEVEL }, OK, NULL },
	{ "between without basicConstraints", { RIGHT, NO_BASIC, RIGHT, NO_LEVEL }, ERR_CONFIG, "may not issue" },
	{ "root without basicConstraints", { RIGHT, NO_BASIC, NO_LEVEL }, ERR_CONFIG, "may not issue" },
	{ "between is no CA", { RIGHT, NOT_CA, RIGHT, NO_LEVEL }, ERR_CONFIG, "not issued" },
	{ "basicConstraints not critical", { RIGHT, SOFT_BASIC, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "key usage without keyCertSign", { RIGHT, NO_CERT_SIGN, RIGHT, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "length kept", { RIGHT, RIGHT, PATHLEN_1, NO_LEVEL }, OK, NULL },
	{ "length grows", { RIGHT, PATHLEN_1, PATHLEN_1, NO_LEVEL }, OK, NULL },
	{ "length broken", { RIGHT, RIGHT, PATHLEN_0, NO_LEVEL }, ERR_CONFIG, "4.2.1.9" },
	{ "length broken above", { RIGHT, RIGHT, RIGHT, PATHLEN_1, NO_LEVEL }, ERR_CONFIG, "4.2.1.9" },
	{ "self-issued does not count", { RIGHT, SELF_ISSUED, RIGHT, PATHLEN_1, NO_LEVEL }, OK, NULL },
	{ "unknown critical, signer", { UNKNOWN_CRITICAL, RIGHT, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "unknown critical, between", { RIGHT, UNKNOWN_CRITICAL, RIGHT, NO_LEVEL }, ERR_CONFIG, "not issued" },
	{ "unknown critical, root", { RIGHT, UNKNOWN_CRITICAL, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "unknown", { UNKNOWN, UNKNOWN, UNKNOWN, NO_LEVEL }, OK, NULL },
	{ "number zero", { SERIAL_0, RIGHT, NO_LEVEL }, ERR_SYNTAX, "4.1.2.2" },
	{ "number too long", { RIGHT, SERIAL_LONG, RIGHT, NO_LEVEL }, ERR_SYNTAX, "4.1.2.2" },
	{ "number negative", { SERIAL_NEGATIVE, RIGHT, NO_LEVEL }, ERR_SYNTAX, "4.1.2.2" },
	{ "weak key between", { RIGHT, WEAK_KEY, RIGHT, NO_LEVEL }, ERR_UNSUPPORTED, "2048" },
	{ "weak key of the root", { RIGHT, WEAK_KEY, NO_LEVEL }, ERR_UNSUPPORTED, "2048" },
	{ "SHA-1, signer", { OLD_HASH, RIGHT, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "SHA-1, between", { RIGHT, OLD_HASH, RIGHT, NO_LEVEL }, ERR_CONFIG, "not issued" },
	{ "signed by another, signer", { OTHER_KEY, RIGHT, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "signed by another, between", { RIGHT, OTHER_KEY, RIGHT, NO_LEVEL }, ERR_CONFIG, "not issued" },
	{ "another issuer", { OTHER_ISSUER, RIGHT, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "authority without a name", { RIGHT, NO_SUBJECT, RIGHT, NO_LEVEL }, ERR_CONFIG, "not issued" },
	{ "expired signer", { EXPIRED, RIGHT, NO_LEVEL }, ERR_AUTH, "validity" },
	{ "expired between", { RIGHT, EXPIRED, RIGHT, NO_LEVEL }, ERR_AUTH, "validity" },
	{ "expired root", { RIGHT, RIGHT, EXPIRED, NO_LEVEL }, ERR_AUTH, "validity" },
	{ "not yet", { RIGHT, NOT_YET, RIGHT, NO_LEVEL }, ERR_AUTH, "validity" },
	{ "last second", { LAST_SECOND, LAST_SECOND, LAST_SECOND, NO_LEVEL }, OK, NULL },
	{ "first second", { FIRST_SECOND, FIRST_SECOND, FIRST_SECOND, NO_LEVEL }, OK, NULL },
	{ "extension twice, signer", { TWICE, RIGHT, NO_LEVEL }, ERR_SYNTAX, "twice" },
	{ "extension twice, root", { RIGHT, TWICE, NO_LEVEL }, ERR_SYNTAX, "twice" },
	{ "too many extensions", { MANY, RIGHT, NO_LEVEL }, ERR_LIMIT, "extensions" },
	{ "version 1", { RIGHT, VERSION_1, NO_LEVEL }, ERR_SYNTAX, "malformed" },
	{ "names fit", { RIGHT, NAMES, NO_LEVEL }, OK, NULL },
	{ "names fit above", { RIGHT, RIGHT, NAMES, NO_LEVEL }, OK, NULL },
	{ "names do not fit", { RIGHT, NAMES_OTHER, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "names do not fit above", { RIGHT, RIGHT, NAMES_OTHER, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "names do not fit far above", { RIGHT, RIGHT, RIGHT, NAMES_OTHER, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "names above, and signed by another", { RIGHT, OTHER_KEY, NAMES, NO_LEVEL }, ERR_CONFIG, "not issued" },
	{ "names above, and no CA", { RIGHT, NOT_CA, NAMES, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "names not critical", { RIGHT, NAMES_SOFT, NO_LEVEL }, ERR_SYNTAX, "4.2.1.10" },
	{ "names empty", { RIGHT, NAMES_EMPTY, NO_LEVEL }, ERR_SYNTAX, "4.2.1.10" },
	{ "names of a signer", { NAMES, RIGHT, NO_LEVEL }, ERR_SYNTAX, "4.2.1.10" },
	{ "policies not critical", { RIGHT, POLICY_SOFT, NO_LEVEL }, ERR_SYNTAX, "4.2.1.11" },
	{ "for code", { RIGHT, CODE_SIGN, CODE_SIGN, NO_LEVEL }, OK, NULL },
	{ "for mail", { RIGHT, EMAIL, RIGHT, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "for mail above", { RIGHT, RIGHT, EMAIL, NO_LEVEL }, ERR_AUTH, "issue" },
	{ "no subject, and its name not critical", { SOFT_SAN, RIGHT, NO_LEVEL }, ERR_AUTH, "issue" },
};

static EVP_PKEY *keys[LEVELS + 1], *weak;

static void ext(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	CHECK(e != NULL && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

static void raw(X509 *x, const char *oid, bool critical, const void *p, int n)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();

	CHECK(ASN1_OCTET_STRING_set(data, p, n) == 1);
	X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, o, critical, data);
	CHECK(X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(o);
}

static void set_name(X509_NAME *name, const char *text)
{
	CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text, -1, -1, 0) == 1);
}

static void set_head(X509 *x, enum odd odd, int level, X509 *issuer)
{
	static const unsigned char big[21] = { 1 };
	ASN1_INTEGER *serial = X509_get_serialNumber(x);
	char name[32];

	(void)X509_set_version(x, odd == VERSION_1 ? X509_VERSION_1 : X509_VERSION_3);
	(void)ASN1_INTEGER_set(serial, odd == SERIAL_0 ? 0 : odd == SERIAL_NEGATIVE ? -5 : 4711 + level);
	if (odd == SERIAL_LONG)
		(void)ASN1_STRING_set(serial, big, sizeof big);
	(void)ASN1_TIME_set(X509_getm_notBefore(x), odd == NOT_YET ? NOW + 1 : odd == FIRST_SECOND ? NOW : NOW - 99);
	(void)ASN1_TIME_set(X509_getm_notAfter(x), odd == EXPIRED ? NOW - 1 : odd == LAST_SECOND ? NOW : NOW + 99);
	(void)X509_set_pubkey(x, odd == WEAK_KEY ? weak : keys[level]);
	if (odd == SELF_ISSUED) {
		(void)X509_set_subject_name(x, X509_get_subject_name(issuer));
	} else if (level != 0 && odd != NO_SUBJECT) {
		(void)snprintf(name, sizeof name, "level %d", level);
		set_name(X509_get_subject_name(x), name);
	}
	(void)X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	if (odd == OTHER_ISSUER)
		set_name(X509_get_issuer_name(x), "another");
}

static void add_ca(X509 *x, enum odd odd)
{
	const char *basic = odd == NOT_CA	? "critical,CA:FALSE"
			    : odd == SOFT_BASIC ? "CA:TRUE"
			    : odd == PATHLEN_0	? "critical,CA:TRUE,pathlen:0"
			    : odd == PATHLEN_1	? "critical,CA:TRUE,pathlen:1"
						: "critical,CA:TRUE";

	if (odd != NO_BASIC)
		ext(x, x, NID_basic_constraints, basic);
	ext(x, x, NID_key_usage, odd == NO_CERT_SIGN ? "critical,cRLSign" : "critical,keyCertSign,cRLSign");
	if (odd != NO_SKI)
		ext(x, x, NID_subject_key_identifier, "hash");
	if (odd == CODE_SIGN || odd == EMAIL)
		ext(x, x, NID_ext_key_usage, odd == EMAIL ? "emailProtection" : "codeSigning");
	if (odd == POLICY_SOFT)
		ext(x, x, NID_policy_constraints, "requireExplicitPolicy:0");
}

static void add_odd(X509 *x, enum odd odd)
{
	if (odd == UNKNOWN || odd == UNKNOWN_CRITICAL || odd == TWICE)
		raw(x, "1.2.3.4.5", odd == UNKNOWN_CRITICAL, "\5\0", 2);
	if (odd == TWICE)
		raw(x, "1.2.3.4.5", false, "\5\0", 2);
	for (int i = 0; odd == MANY && i < LIMIT_EXTENSIONS; i++)
		raw(x, "1.2.3.4.5", false, "\5\0", 2);
	if (odd == NAMES || odd == NAMES_OTHER)
		ext(x, x, NID_name_constraints,
		    odd == NAMES ? "critical,permitted;URI:chain.test" : "critical,permitted;URI:.other.test");
	if (odd == NAMES_SOFT)
		ext(x, x, NID_name_constraints, "permitted;URI:chain.test");
	if (odd == NAMES_EMPTY)
		raw(x, "2.5.29.30", true, "\x30\0", 2);
}

/* issuer NULL: by itself, as a root is. */
static X509 *make(enum odd odd, int level, X509 *issuer)
{
	X509 *x = X509_new();

	set_head(x, odd, level, issuer);
	if (level > 0)
		add_ca(x, odd);
	if (issuer != NULL && odd != NO_AKI && X509_get_ext_by_NID(issuer, NID_subject_key_identifier, -1) >= 0)
		ext(x, issuer, NID_authority_key_identifier, "keyid:always");
	if (level == 0) {
		ext(x, x, NID_key_usage, "critical,digitalSignature");
		ext(x, x, NID_ext_key_usage, "codeSigning");
		ext(x, x, NID_subject_alt_name,
		    odd == SOFT_SAN ? "URI:https://chain.test/a" : "critical,URI:https://chain.test/a");
	}
	add_odd(x, odd);
	return x;
}

static X509 *sealed(X509 *x, enum odd odd, EVP_PKEY *key)
{
	CHECK(X509_sign(x, odd == OTHER_KEY ? keys[LEVELS] : key, odd == OLD_HASH ? EVP_sha1() : EVP_sha256()) > 0);
	return x;
}

/* certs[0] is the signer's. */
static unsigned build(const struct row *r, X509 *certs[LEVELS])
{
	int n = 0;

	while (n < LEVELS && r->at[n] != NO_LEVEL)
		n++;
	for (int i = n - 1; i >= 0; i--) {
		X509 *issuer = i == n - 1 ? NULL : certs[i + 1];
		enum odd above = issuer ? r->at[i + 1] : r->at[i];
		certs[i] = sealed(make(r->at[i], i, issuer), r->at[i],
				  above == WEAK_KEY ? weak : keys[issuer ? i + 1 : i]);
	}
	return (unsigned)n;
}

/* As trusted_root.c and certificate.c ask. */
static enum err judge(struct authority *ca, X509 *leaf, struct diag *d)
{
	TRY(authority_links(ca, d));
	TRY(x509_form(leaf, d));
	if (!x509_valid(leaf, NOW) || !authority_valid(ca, NOW))
		return diag_set(d, ERR_AUTH, "validity");
	return chain_issued(ca, leaf, XKU_CODE_SIGN) ? OK : diag_set(d, ERR_AUTH, "issue");
}

CASE(each_path_ends_as_it_should)
{
	X509 *certs[LEVELS];

	for (int i = 0; i <= LEVELS; i++)
		keys[i] = EVP_EC_gen("P-256");
	weak = EVP_RSA_gen(1024);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		/* OpenSSL signs nothing of version 1 that has extensions since 3.4: it makes it 3. */
		if (rows[i].at[0] == RIGHT && rows[i].at[1] == VERSION_1 && OPENSSL_VERSION_NUMBER >= 0x30400000L)
			continue;
		struct authority ca = { .uri = S("chain"), .valid = { 0, INT64_MAX } };
		struct diag d = { 0 };
		unsigned n = build(&rows[i], certs);
		ca.n_certs = n - 1;
		memcpy(ca.certs, certs + 1, ca.n_certs * sizeof certs[0]);
		enum err e = judge(&ca, certs[0], &d);
		bool right = e == rows[i].err && (e == OK || strstr(d.text, rows[i].want) != NULL);
		if (!right)
			fprintf(stderr, "%s: %s, %s\n", rows[i].name, err_text(e), d.text);
		CHECK(right);
		for (unsigned k = 0; k < n; k++)
			X509_free(certs[k]);
	}
	for (int i = 0; i <= LEVELS; i++)
		EVP_PKEY_free(keys[i]);
	EVP_PKEY_free(weak);
}

/* Both ends are inside, and no second overflows on its way to milliseconds. */
CASE(periods)
{
	const struct valid_for v = { 5000, 9000 }, ever = { INT64_MIN, INT64_MAX };
	int64_t at_s;

	CHECK(!valid_at(&v, 4999) && valid_at(&v, 5000) && valid_at(&v, 9000) && !valid_at(&v, 9001));
	CHECK(!valid_at_s(&v, 4) && valid_at_s(&v, 5) && valid_at_s(&v, 9) && !valid_at_s(&v, 10));
	CHECK(valid_at_s(&ever, 0) && !valid_at_s(&ever, -1));
	CHECK(valid_at_s(&ever, INT64_MAX / 1000) && !valid_at_s(&ever, INT64_MAX / 1000 + 1));
	/* OpenSSL would take a time that is missing for the present one. */
	CHECK(time_s(NULL, &at_s) == ERR_SYNTAX);
}

TESTS(CASE_ROW(periods), CASE_ROW(each_path_ends_as_it_should))
