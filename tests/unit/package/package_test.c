/* tests/unit/package/package_test.c - the list grows to its bound and no further. */
#include "package/package.h"

#include "tests/unit/check.h"

CASE(list)
{
	struct arena a;
	struct package_list l;
	struct package p = { .eco = ECO_NPM, .name = S("left-pad") };

	arena_init(&a, 1 << 20);
	package_list_init(&l, &a, 40);
	for (uint32_t i = 0; i < 40; i++) {
		p.line = i;
		CHECK(package_list_add(&l, &p) == OK);
	}
	CHECK(package_list_add(&l, &p) == ERR_LIMIT);
	CHECK(l.n == 40 && l.items[39].line == 39);
	CHECK_STR(l.items[7].name, S("left-pad"));
	CHECK_STR(ecosystem_osv(ECO_PYPI), S("PyPI"));
	CHECK_STR(ecosystem_purl(ECO_NPM), S("npm"));
	arena_done(&a);
}

TESTS(CASE_ROW(list))
