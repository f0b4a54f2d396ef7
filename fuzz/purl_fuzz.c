/*
 * fuzz/purl_fuzz.c - oracle: an accepted package URL is written in a form that is read with the same
 * parts and written the same again.
 */
#include "fuzz/fuzz.h"

#include "package/purl.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct purl u, again;
	struct package pkg;
	struct buf b, c;
	struct arena a;

	arena_init(&a, 8 << 20);
	buf_init(&b, 1 << 20);
	buf_init(&c, 1 << 20);
	if (purl_parse(&a, in, &u, NULL) == OK) {
		CHECK(u.type.n && u.name.n && u.n_qualifiers <= PURL_QUALIFIERS);
		CHECK(purl_package(&a, &u, &pkg) == OK && pkg.name.n);
		CHECK(purl_build(&u, &b) == OK);
		if (b.n <= PURL_MAX) {
			CHECK(purl_parse(&a, buf_str(&b), &again, NULL) == OK);
			CHECK(str_eq(u.type, again.type) && str_eq(u.space, again.space) &&
			      str_eq(u.name, again.name) && str_eq(u.version, again.version) &&
			      str_eq(u.subpath, again.subpath) && u.n_qualifiers == again.n_qualifiers);
			CHECK(purl_build(&again, &c) == OK && str_eq(buf_str(&b), buf_str(&c)));
		}
	}
	buf_free(&b);
	buf_free(&c);
	arena_done(&a);
	return 0;
}
