/*
 * fuzz/sdist_requires_fuzz.c - what an archive says that it needs to be built. The first byte says
 * whether the rest is an archive or one requirement. Oracle: whatever is given out is one argument
 * for pip that names a package of an index: no option, no URL, no file, no control characters, and
 * is given out once. Proves T-40.
 */
#include "fuzz/fuzz.h"

#include "package/requirement.h"
#include "package/sdist_requires.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sdist_requires r = { .n = 0 };
	struct requirement one;
	struct arena a;
	bool fresh;

	if (n == 0)
		return 0;
	arena_init(&a, 64 << 20);
	struct str in = { (const char *)p + 1, n - 1 };
	enum err e = p[0] == 'A' ? sdist_requires_read(&a, in, &r, NULL)
				 : sdist_requires_add(&a, &r, in, &fresh, NULL);
	for (size_t i = 0; e == OK && i < r.n; i++) {
		struct str s = str_z(r.items[i]);
		CHECK(s.n > 0 && s.p[0] != '-' && s.p[0] != '.' && s.p[0] != '/');
		CHECK(requirement_parse(s, &one, NULL) == OK && one.url.n == 0);
		CHECK(!str_has_suffix(one.name, S(".whl")));
		for (size_t k = 0; k < s.n; k++)
			CHECK(s.p[k] >= ' ' && s.p[k] < 0x7f);
		for (size_t k = 0; k < i; k++)
			CHECK(!str_eq(s, str_z(r.items[k])));
	}
	arena_done(&a);
	return 0;
}
