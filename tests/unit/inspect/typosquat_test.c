/* tests/unit/inspect/typosquat_test.c - slips that are held, names that are left alone. */
#include "inspect/typosquat.h"

#include "tests/unit/check.h"

static enum near near_to(enum ecosystem eco, const char *name, const char *want)
{
	struct str known = S("");
	size_t rank = 0;
	enum near n = typosquat_near(eco, str_z(name), &known, &rank);

	CHECK_STR(known, str_z(want));
	return n;
}

CASE(slips)
{
	CHECK(near_to(ECO_PYPI, "reqeusts", "requests") == NEAR_SWAP);
	CHECK(near_to(ECO_PYPI, "requestss", "requests") == NEAR_DOUBLE);
	CHECK(near_to(ECO_PYPI, "reqests", "requests") == NEAR_EDIT);
	CHECK(near_to(ECO_PYPI, "pythondateutil", "python-dateutil") == NEAR_SEPARATOR);
	CHECK(near_to(ECO_PYPI, "1ite11m", "litellm") == NEAR_GLYPH);
	CHECK(near_to(ECO_PYPI, "1ite1lm", "litellm") == NEAR_GLYPH);
	CHECK(near_to(ECO_PYPI, "lite1lm", "litellm") == NEAR_GLYPH);
	CHECK(near_to(ECO_PYPI, "lit3llm", "") == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "c0lorama", "colorama") == NEAR_GLYPH);
	CHECK(near_to(ECO_PYPI, "nurnpy", "numpy") == NEAR_GLYPH);
	CHECK(near_to(ECO_NPM, "types-node", "@types/node") == NEAR_SCOPE);
	CHECK(near_to(ECO_NPM, "expresss", "express") == NEAR_DOUBLE);
}

CASE(left_alone)
{
	CHECK(near_to(ECO_PYPI, "requests", "") == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "urllib4", "") == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "httpx2", "") == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "yett", "") == NEAR_NONE);
	CHECK(near_to(ECO_NPM, "@types/requests", "") == NEAR_NONE);
	CHECK(near_to(ECO_OTHER, "reqeusts", "") == NEAR_NONE);
	CHECK(near_to(ECO_PYPI, "", "") == NEAR_NONE);
}

CASE(findings)
{
	static struct arena arena;
	struct findings f;

	arena_init(&arena, 1 << 20);
	findings_init(&f, &arena);
	typosquat_check(ECO_PYPI, S("reqeusts"), S("p"), S("requirements.txt"), 3, &f);
	typosquat_check(ECO_PYPI, S("reqests"), S("p"), S("requirements.txt"), 4, &f);
	typosquat_check(ECO_PYPI, S("requests"), S("p"), S("requirements.txt"), 5, &f);
	CHECK(f.n == 2 && f.items[0].rule == RULE_TYPOSQUAT && f.items[1].rule == RULE_NAME_NEAR);
	CHECK_STR(f.items[0].detail, S("swaps two letters of 'requests'"));
	arena_done(&arena);
}

TESTS(CASE_ROW(slips), CASE_ROW(left_alone), CASE_ROW(findings))
