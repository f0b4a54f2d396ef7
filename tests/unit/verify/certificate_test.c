/* tests/unit/verify/certificate_test.c - names of people and workflows in certificates. */
#include "forge.h"

static struct forge forge;
static struct certificate c;
static struct diag d;

/* A certificate with one name, as OpenSSL's configuration writes it. */
static enum err read_named(const char *san, const char *issuer)
{
	unsigned char *der = NULL;

	arena_reset(&forge.a);
	X509 *x = f_cert(&forge, F_LEAF, NULL, NULL, T0, T0 + MINUTES10);
	f_ext(x, NID_key_usage, "critical,digitalSignature");
	f_ext(x, NID_ext_key_usage, "codeSigning");
	f_ext(x, NID_subject_alt_name, san);
	if (issuer)
		f_raw_ext(x, "1.3.6.1.4.1.57264.1.1", false, issuer, (int)strlen(issuer));
	f_seal(&forge, x, F_CA);
	int n = i2d_X509(x, &der);
	struct str copy = f_str(&forge.a, der, n);
	OPENSSL_free(der);
	X509_free(x);
	d = (struct diag){ 0 };
	return certificate_read(&c, copy, &forge.a, &d);
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
		"DNS:w.test", "IP:127.0.0.1", "email:a@b.test,email:c@b.test",
	};
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		CHECK(read_named(refused[i], "i") == ERR_SYNTAX && d.text[0] != '\0');
		certificate_done(&c);
	}
	CHECK(read_named("URI:https://w.test/x", NULL) == ERR_SYNTAX);
	certificate_done(&c);
	CHECK(read_named("URI:https://w.test/x", "a\nb") == ERR_SYNTAX);
	certificate_done(&c);
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

TESTS(CASE_ROW(kinds_of_names), CASE_ROW(cut_short))
