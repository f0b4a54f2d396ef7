/* tests/unit/package/version_test.c - thousands more are asked by tests/differential. */
#include "package/version.h"

#include "../check.h"

static int cmp(enum ecosystem eco, const char *a, const char *b)
{
	bool valid;
	int c = version_cmp(eco, str_z(a), str_z(b), &valid);

	CHECK(valid);
	CHECK((c < 0) == (version_cmp(eco, str_z(b), str_z(a), NULL) > 0));
	return c;
}

static bool in(enum ecosystem eco, const char *range, const char *version)
{
	bool yes = false;

	CHECK(version_in_range(eco, str_z(range), str_z(version), VERSION_PRE_NAMED, &yes) == OK);
	return yes;
}

CASE(pypi_order)
{
	/* PEP 440, "Summary of permitted suffixes and relative ordering", and what it leaves out. */
	static const char *const order[] = {
		"1.dev0", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456",
		"1.0b2", "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1", "1.0",
		"1.0+abc.5", "1.0+abc.7", "1.0+5", "1.0.post456.dev34", "1.0.post456", "1.0.15",
		"1.1.dev1", "99999999999999999999998", "99999999999999999999999", "1!0.1",
	};

	for (size_t i = 1; i < sizeof order / sizeof order[0]; i++)
		CHECK(cmp(ECO_PYPI, order[i - 1], order[i]) < 0);
	CHECK(cmp(ECO_PYPI, "1.10", "1.1") > 0 && cmp(ECO_PYPI, "2.1.10", "2.1.9") > 0);
	CHECK(cmp(ECO_PYPI, "1.1", "1.01.0") == 0 && cmp(ECO_PYPI, "1.19", "1.2") > 0);
	CHECK(cmp(ECO_PYPI, "1.0", "v1.0.0") == 0 && cmp(ECO_PYPI, "1.0-1", "1.post1") == 0);
	CHECK(cmp(ECO_PYPI, "1.0c1", "1.0.RC.01") == 0 && cmp(ECO_PYPI, "0!1", " 1 ") == 0);
}

CASE(npm_order)
{
	/* semver.org, 11. */
	static const char *const order[] = {
		"1.0.0-0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
		"1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1", "2.1.10",
	};

	for (size_t i = 1; i < sizeof order / sizeof order[0]; i++)
		CHECK(cmp(ECO_NPM, order[i - 1], order[i]) < 0);
	CHECK(cmp(ECO_NPM, "v1.0.0+a", "1.0.0+b") == 0);
}

CASE(no_version)
{
	static const char *const pypi[] = { "", "1.", "1..2", "a", "1.0-", "1.0+", "1.0+a..b", "1!", "2004d",
					    "1.0x", "1 0", "1.0\xc3\xa9" };
	static const char *const npm[] = { "", "1", "1.2", "01.2.3", "1.2.3.4", "1.2.3-", "1.2.3-01", "=1.2.3",
					   "1.2.3-a..b", "9007199254740992.0.0", "x" };
	bool valid = true;

	for (size_t i = 0; i < sizeof pypi / sizeof pypi[0]; i++)
		CHECK(!version_valid(ECO_PYPI, str_z(pypi[i])));
	for (size_t i = 0; i < sizeof npm / sizeof npm[0]; i++)
		CHECK(!version_valid(ECO_NPM, str_z(npm[i])));
	CHECK(version_cmp(ECO_PYPI, S("9"), S("2004d"), &valid) < 0 && !valid);
	CHECK(version_cmp(ECO_PYPI, S("2004d"), S("2004e"), NULL) < 0);
	CHECK(version_cmp(ECO_NPM, S("1.0"), S("1.0"), NULL) == 0);
}

CASE(pypi_ranges)
{
	CHECK(in(ECO_PYPI, ">=1.81.16,<1.83.7", "1.82.6") && !in(ECO_PYPI, ">=1.81.16,<1.83.7", "1.83.7"));
	CHECK(in(ECO_PYPI, "~=2.2.0", "2.2.9") && !in(ECO_PYPI, "~=2.2.0", "2.3"));
	CHECK(in(ECO_PYPI, "==1.*", "1.9") && !in(ECO_PYPI, "!=1.*", "1.9") && in(ECO_PYPI, "", "3"));
	CHECK(!in(ECO_PYPI, "<2", "2rc1") && !in(ECO_PYPI, "<2", "1.9rc1") && in(ECO_PYPI, "<2rc2", "2rc1"));
	CHECK(!in(ECO_PYPI, ">1.7", "1.7.post1") && in(ECO_PYPI, "==1.0", "1.0+cu118"));
	CHECK(in(ECO_PYPI, "===1.0", "1.0") && !in(ECO_PYPI, "===1.0", "1.0.0"));
	bool yes;
	CHECK(version_in_range(ECO_PYPI, S(">=1,foo"), S("1"), VERSION_PRE_ALL, &yes) == ERR_SYNTAX);
	CHECK(version_in_range(ECO_PYPI, S(">=1"), S("x"), VERSION_PRE_ALL, &yes) == ERR_SYNTAX);
	CHECK(version_in_range(ECO_PYPI, S("<2"), S("2rc1"), VERSION_PRE_ALL, &yes) == OK && !yes);
	CHECK(version_in_range(ECO_PYPI, S("<2"), S("1.9rc1"), VERSION_PRE_ALL, &yes) == OK && yes);
}

CASE(npm_ranges)
{
	static const struct {
		const char *range, *version;
		bool in;
	} rows[] = {
		{ "^1.2.3", "1.9.0", true }, { "^1.2.3", "2.0.0-0", false }, { "^0.2.3", "0.3.0", false },
		{ "^0.0.3", "0.0.4", false }, { "^0", "0.9.9", true }, { "~1.2", "1.2.9", true },
		{ "~1.2", "1.3.0", false }, { "1.x", "1.4.2", true }, { "1.2 - 2.3", "2.3.9", true },
		{ "1.2 - 2.3", "2.4.0", false }, { ">1.2", "1.2.9", false }, { "<=1.2", "1.2.9", true },
		{ "1.0.0 || 2.x", "2.5.0", true }, { "*", "1.0.0-a", false }, { "", "9.9.9", true },
		{ ">=1.0.0-rc.1", "1.0.0-rc.2", true }, { ">=1.0.0-rc.1", "1.0.1-rc.2", false },
		{ ">= 1.2.3 < 2", "1.9.9", true }, { "<0.0.0", "0.0.0", false }, { "~> 1", "1.9.9", true },
	};
	bool yes;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK(in(ECO_NPM, rows[i].range, rows[i].version) == rows[i].in);
	/* With npm's includePrerelease 0.0.0-0 lies below 0.0.0. */
	CHECK(version_in_range(ECO_NPM, S(">=0.0.0"), S("0.0.0-0"), VERSION_PRE_ALL, &yes) == OK && !yes);
	CHECK(version_in_range(ECO_NPM, S(">=0.0.0"), S("0.1.0-0"), VERSION_PRE_ALL, &yes) == OK && yes);
	CHECK(version_in_range(ECO_NPM, S("latest"), S("1.0.0"), VERSION_PRE_ALL, &yes) == ERR_SYNTAX);
	CHECK(version_in_range(ECO_NPM, S("^9007199254740991"), S("1.0.0"), VERSION_PRE_ALL, &yes) ==
	      ERR_SYNTAX);
}

static void canonical(enum ecosystem eco, const char *from, const char *to)
{
	char room[128];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	version_canonical(eco, str_z(from), &b);
	CHECK(b.err == OK);
	CHECK_STR(buf_str(&b), str_z(to));
}

CASE(canonical_forms)
{
	canonical(ECO_PYPI, "V01.2.0.0", "1.2");
	canonical(ECO_PYPI, "0.0", "0");
	canonical(ECO_PYPI, "1!2.0-ALPHA_3.r4.dev+Ubuntu-01", "1!2a3.post4.dev0+ubuntu.1");
	canonical(ECO_PYPI, "2004d", "2004d");
	canonical(ECO_NPM, "v1.2.3-a.b+c", "1.2.3-a.b");
}

CASE(exact)
{
	struct str v;

	CHECK(version_exact(ECO_PYPI, S("== 1.2.3"), &v));
	CHECK_STR(v, S("1.2.3"));
	CHECK(!version_exact(ECO_PYPI, S("==1.*"), &v) && !version_exact(ECO_PYPI, S("==1,!=2"), &v));
	CHECK(!version_exact(ECO_PYPI, S(">=1"), &v) && !version_exact(ECO_PYPI, S(""), &v));
	CHECK(version_exact(ECO_NPM, S("=1.2.3"), &v) && !version_exact(ECO_NPM, S("^1.2.3"), &v));
	CHECK_STR(v, S("1.2.3"));
}

CASE(names)
{
	char room[64];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	package_name_normalise(ECO_PYPI, S("Zope.-_Interface"), &b);
	CHECK_STR(buf_str(&b), S("zope-interface"));
	CHECK(package_name_valid(ECO_PYPI, S("a.B-c")) && !package_name_valid(ECO_PYPI, S("-a")));
	CHECK(!package_name_valid(ECO_PYPI, S("a/b")) && !package_name_valid(ECO_PYPI, S("")));
	CHECK(package_name_valid(ECO_NPM, S("@a/b.c")) && package_name_valid(ECO_NPM, S("JSONStream")));
	CHECK(!package_name_valid(ECO_NPM, S("@a")) && !package_name_valid(ECO_NPM, S("a/b")) &&
	      !package_name_valid(ECO_NPM, S("@a/..")) && !package_name_valid(ECO_NPM, S("a b")));
}

CASE(guarded)
{
	static const char *const texts[] = { "1.0.post", "1!2.3a", "1.2.3-rc.1+b", ">=1,", "^1.2 ||", "1.2 - " };
	bool yes;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		for (size_t n = 0; n <= strlen(texts[i]); n++) {
			struct str s = check_guard((struct str){ texts[i], n });
			for (enum ecosystem eco = ECO_PYPI; eco <= ECO_NPM; eco++) {
				(void)version_valid(eco, s);
				enum err e = version_in_range(eco, s, S("1.0.0"), VERSION_PRE_ALL, &yes);
				CHECK(e == OK || e == ERR_SYNTAX);
			}
			check_unguard(s);
		}
}

TESTS(CASE_ROW(pypi_order), CASE_ROW(npm_order), CASE_ROW(no_version), CASE_ROW(pypi_ranges),
      CASE_ROW(npm_ranges), CASE_ROW(canonical_forms), CASE_ROW(exact), CASE_ROW(names),
      CASE_ROW(guarded))
