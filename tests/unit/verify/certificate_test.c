/* tests/unit/verify/certificate_test.c - names of people and workflows in certificates. */
#include "forge.h"

static struct forge forge;
static struct certificate c;
static struct diag d;

#define SIGNS "critical,digitalSignature"

/* A certificate for some uses and with one name, as OpenSSL's configuration writes them; NULL: the
 * extension is not there. */
static X509 *leaf(const char *use, const char *purpose, const char *san)
{
	arena_reset(&forge.a);
	X509 *x = f_cert(&forge, F_LEAF, NULL, NULL, T0, T0 + MINUTES10);
	if (use != NULL)
		f_ext(x, NID_key_usage, use);
	if (purpose != NULL)
		f_ext(x, NID_ext_key_usage, purpose);
	f_ext(x, NID_subject_alt_name, san);
	return x;
}

/* Signs x, reads it into c, and releases it. */
static enum err read_leaf(X509 *x)
{
	unsigned char *der = NULL;

	f_seal(&forge, x, F_CA);
	int n = i2d_X509(x, &der);
	struct str copy = f_str(&forge.a, der, n);
	OPENSSL_free(der);
	X509_free(x);
	d = (struct diag){ 0 };
	return certificate_read(&c, copy, &forge.a, &d);
}

static enum err read_named(const char *san, const char *issuer)
{
	X509 *x = leaf(SIGNS, "codeSigning", san);

	if (issuer)
		f_raw_ext(x, "1.3.6.1.4.1.57264.1.1", false, issuer, (int)strlen(issuer));
	return read_leaf(x);
}

CASE(kinds_of_names)
{
	forge_begin(&forge);
	arena_init(&forge.a, 1 << 20);
	CHECK(read_named("email:a@b.test", "https://old.test") == OK && c.who.san_type == SAN_EMAIL);
	CHECK_STR(c.who.san, S("a@b.test"));
	CHECK_STR(c.who.claims[CLAIM_ISSUER], S("https://old.test")); /* .1.1 alone will do */
	CHECK(c.not_before_s == T0 && c.not_after_s == T0 + MINUTES10 && c.key.hash == HASH_SHA256);
	certificate_done(&c);
	CHECK(read_named("URI:https://w.test/x", "i") == OK && c.who.san_type == SAN_URI);
	certificate_done(&c);
	CHECK(read_named("otherName:1.3.6.1.4.1.57264.1.7;UTF8:name@w.test", "i") == OK);
	CHECK(c.who.san_type == SAN_OTHER);
	CHECK_STR(c.who.san, S("name@w.test"));
	certificate_done(&c);
	static const char *const refused[] = {
		"otherName:1.3.6.1.4.1.57264.1.6;UTF8:name@w.test", "otherName:1.3.6.1.4.1.57264.1.7;IA5:name@w.test",
		"DNS:w.test", "IP:127.0.0.1", "URI:https://w.test/\x7f", "URI:https://w.test/\x1b[0m", "email:a@b.test,email:c@b.test",
	};
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		CHECK(read_named(refused[i], "i") == ERR_SYNTAX && d.text[0] != '\0');
		certificate_done(&c);
	}
	CHECK(read_named("URI:https://w.test/x", NULL) == ERR_SYNTAX);
	certificate_done(&c);
	CHECK(read_named("URI:https://w.test/x", "a\nb") == ERR_SYNTAX);
	certificate_done(&c);
	static const char *const no_texts[] = { "", "a\x7f", "a\xff", "\xc0\x80" };
	for (size_t i = 0; i < sizeof no_texts / sizeof no_texts[0]; i++) {
		CHECK(read_named("URI:https://w.test/x", no_texts[i]) == ERR_SYNTAX);
		CHECK(strstr(d.text, "is no text") != NULL);
		certificate_done(&c);
	}
	arena_done(&forge.a);
}

/* A certificate whose .1.15 is n bytes: a head, and letters. */
static enum err read_claimed(const char *head, size_t head_n, size_t n)
{
	X509 *x = leaf(SIGNS, "codeSigning", "URI:https://w.test/x");
	unsigned char ext[512];

	memset(ext, 'a', sizeof ext);
	memcpy(ext, head, head_n);
	f_raw_ext(x, "1.3.6.1.4.1.57264.1.1", false, "i", 1);
	f_raw_ext(x, "1.3.6.1.4.1.57264.1.15", false, ext, (int)n);
	enum err e = read_leaf(x);
	size_t got = c.who.claims[CLAIM_REPOSITORY_ID].n;
	certificate_done(&c);
	CHECK((e == OK) == (got != 0) && (e == OK || strstr(d.text, "no DER UTF8String") != NULL));
	return e;
}

CASE(claims_are_der)
{
	arena_init(&forge.a, 1 << 20);
	CHECK(read_claimed("\x0c\x01", 2, 3) == OK);
	CHECK(read_claimed("\x0c\x7f", 2, 2 + 0x7f) == OK);
	CHECK(read_claimed("\x0c\x81\x80", 3, 3 + 0x80) == OK);
	CHECK(read_claimed("\x0c\x82\x01\x00", 4, 4 + 0x100) == OK);
	CHECK(read_claimed("\x13\x01", 2, 3) == ERR_SYNTAX); /* a PrintableString */
	CHECK(read_claimed("\x0c\x81", 2, 2) == ERR_SYNTAX);
	CHECK(read_claimed("\x0c\x82\x01", 3, 3) == ERR_SYNTAX);
	CHECK(read_claimed("\x0c\x81\x7f", 3, 3 + 0x7f) == ERR_SYNTAX);
	CHECK(read_claimed("\x0c\x82\x00\xff", 4, 4 + 0xff) == ERR_SYNTAX);
	CHECK(read_claimed("\x0c\x80", 2, 2 + 0x80) == ERR_SYNTAX); /* of BER: no length is told */
	CHECK(read_claimed("\x0c\x83", 2, 2 + 0x83) == ERR_SYNTAX);
	CHECK(read_claimed("\x0c\x02", 2, 3) == ERR_SYNTAX && read_claimed("\x0c\x01", 2, 4) == ERR_SYNTAX);
	CHECK(read_claimed("\x0c", 1, 1) == ERR_SYNTAX && read_claimed("", 0, 0) == ERR_SYNTAX);
	arena_done(&forge.a);
}

CASE(cut_short)
{
	forge_make(&forge, NONE);
	struct str der = forge.b.certs[0];
	for (size_t n = 0; n < der.n; n++) {
		struct str in = check_guard(str_head(der, n));
		CHECK(certificate_read(&c, in, &forge.a, &d) == ERR_SYNTAX);
		certificate_done(&c);
		check_unguard(in);
	}
	forge_done(&forge);
}

static enum err read_for(const char *use, const char *purpose, const char *basic, const char *arc)
{
	X509 *x = leaf(use, purpose, "URI:https://w.test/x");

	if (basic != NULL)
		f_ext(x, NID_basic_constraints, basic);
	f_raw_ext(x, arc, false, "\x0c\x01i", 3);
	enum err e = read_leaf(x);
	certificate_done(&c);
	return e;
}

#define ISSUER_ARC "1.3.6.1.4.1.57264.1.8"

CASE(uses)
{
	arena_init(&forge.a, 1 << 20);
	CHECK(read_for(SIGNS, "codeSigning", NULL, ISSUER_ARC) == OK);
	CHECK(read_for(SIGNS, "codeSigning", "critical,CA:FALSE", ISSUER_ARC) == OK);
	CHECK(read_for(SIGNS, "codeSigning", "critical,CA:TRUE", ISSUER_ARC) == ERR_AUTH);
	CHECK(read_for(SIGNS ",keyCertSign", "codeSigning", NULL, ISSUER_ARC) == ERR_AUTH);
	CHECK(read_for(NULL, "codeSigning", NULL, ISSUER_ARC) == ERR_AUTH);
	CHECK(read_for("critical,keyAgreement", "codeSigning", NULL, ISSUER_ARC) == ERR_AUTH);
	CHECK(read_for(SIGNS, NULL, NULL, ISSUER_ARC) == ERR_AUTH);
	CHECK(read_for(SIGNS, "clientAuth", NULL, ISSUER_ARC) == ERR_AUTH);
	/* Numbers above and below Fulcio's are somebody else's. */
	CHECK(read_for(SIGNS, "codeSigning", NULL, ISSUER_ARC ".1") == ERR_SYNTAX);
	CHECK(read_for(SIGNS, "codeSigning", NULL, "1.3.6.1.4.1.57264.2.8") == ERR_SYNTAX);
	CHECK(read_for(SIGNS, "codeSigning", NULL, "1.3.6.1.4.1.57264.1.136") == ERR_SYNTAX);
	/* .1.1 is the raw text, and named as itself. */
	CHECK(read_for(SIGNS, "codeSigning", NULL, "1.3.6.1.4.1.57264.1.1") == ERR_SYNTAX);
	CHECK(strstr(d.text, ".1.1 is no text") != NULL);
	/* A key of a kind that is not signed with. */
	EVP_PKEY *was = forge.keys[F_LEAF];
	forge.keys[F_LEAF] = EVP_EC_gen("secp256k1");
	CHECK(read_for(SIGNS, "codeSigning", NULL, ISSUER_ARC) == ERR_UNSUPPORTED);
	EVP_PKEY_free(forge.keys[F_LEAF]);
	forge.keys[F_LEAF] = was;
	arena_done(&forge.a);
}

TESTS(CASE_ROW(kinds_of_names), CASE_ROW(claims_are_der), CASE_ROW(uses), CASE_ROW(cut_short))
