/*
 * fuzz/verify_certificate_fuzz.c - signing certificates.
 * Oracle: what is told of an identity stands in the certificate, as text; no certificate but the golden one is
 * issued by Sigstore's authorities (the fuzzer cannot sign).
 */
#include "fuzz/verify.h"

static void said(struct str der, struct str what)
{
	CHECK(what.n != 0 && str_has(der, what));
	for (size_t i = 0; i < what.n; i++)
		CHECK((unsigned char)what.p[i] >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct golden *g = golden_read();
	struct str der = { (const char *)p, n };
	const struct authority *ca;
	struct certificate c;
	struct diag d = { 0 };
	struct arena a;

	arena_init(&a, 1 << 20);
	if (certificate_read(&c, der, &a, &d) == OK) {
		const struct signing_time at = { .at_s = c.not_before_s };
		said(der, c.who.san);
		for (unsigned i = 0; i < CLAIM_COUNT; i++)
			if (c.who.claims[i].p != NULL)
				said(der, c.who.claims[i]);
		CHECK(c.who.claims[CLAIM_ISSUER].n != 0 && c.key.key != NULL && c.serial.n % 2 == 0);
		if (certificate_issued(&c, &g->root, &at, 1, &ca, &d) == OK)
			CHECK(str_eq(der, g->b.certs[0]));
	} else {
		CHECK(d.text[0] != '\0');
	}
	certificate_done(&c);
	arena_done(&a);
	return 0;
}
