/*
 * fuzz/verify_key_fuzz.c - public keys as PEM and DER, and digests as text.
 * Oracle: a key that is read, written as DER and read again, is the same key.
 */
#include "fuzz/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct artifact art = { .digests = { { .known = false } } };
	struct verify_key k, again;
	struct diag d = { 0 };
	struct arena a;

	if (digest_parse(in, &art, &d) == OK)
		CHECK(n >= 7 + 64 && in.p[6] == ':');
	arena_init(&a, 1 << 20);
	if (verify_key_parse(&k, in, &d) == OK) {
		struct str der = verify_key_spki(&k, &a);
		CHECK(der.p != NULL && verify_key_parse(&again, der, &d) == OK && again.hash == k.hash);
		CHECK(str_eq(der, verify_key_spki(&again, &a)));
		CHECK(!verify_key_ok(&k, in, in));
		verify_key_done(&again);
		verify_key_done(&k);
	} else {
		CHECK(d.text[0] != '\0');
	}
	arena_done(&a);
	return 0;
}
