/*
 * tests/unit/inspect/startup_test.c - .pth and .start files, by version, as section 1.7 measured.
 * Proves T-27.
 */
#include "inspect/startup.h"

#include "tests/unit/check.h"

static const struct python_version v38 = { 8, 18 }, v311 = { 11, 7 }, v312 = { 12, 1 },
				   v313 = { 13, 0 }, v315 = { 15, -1 };

/* How many lines of text are executed in this version. */
static int runs(struct python_version v, struct str text)
{
	struct str at = check_guard(text);
	struct startup_scan s = startup_begin(STARTUP_PTH, v, at);
	struct startup_line l;
	int n = 0;

	while (startup_next(&s, &l))
		n += l.act == STARTUP_EXEC;
	check_unguard(at);
	return n;
}

CASE(versions)
{
	struct python_version v = python_version_read(S("3.11.7"));
	CHECK(v.minor == 11 && v.micro == 7);
	v = python_version_read(S("python3.13"));
	CHECK(v.minor == 13 && v.micro == -1);
	v = python_version_read(S("Python 3.15.0a7"));
	CHECK(v.minor == 15 && v.micro == 0);
	CHECK(python_version_read(S("2.7")).minor == -1);
	CHECK(python_version_read(S("3")).minor == -1);
	CHECK(python_version_read(S("")).minor == -1);
	CHECK(python_version_read(S("3.99999")).minor == -1);
}

CASE(names)
{
	CHECK(startup_kind(S("x.pth"), v38) == STARTUP_PTH);
	CHECK(startup_kind(S(".x.pth"), v38) == STARTUP_PTH);
	CHECK(startup_kind(S(".x.pth"), v311) == STARTUP_PTH);
	CHECK(startup_kind(S(".x.pth"), v312) == STARTUP_PTH);
	CHECK(startup_kind(S(".x.pth"), v313) == STARTUP_NONE);
	CHECK(startup_kind(S(".x.pth"), PYTHON_UNKNOWN) == STARTUP_PTH);
	CHECK(startup_kind(S("X.PTH"), v38) == STARTUP_NONE);
	CHECK(startup_kind(S("x.start"), v313) == STARTUP_NONE);
	CHECK(startup_kind(S("x.start"), v315) == STARTUP_START);
	CHECK(startup_kind(S("x.start"), PYTHON_UNKNOWN) == STARTUP_START);
	CHECK(startup_kind(S(""), v38) == STARTUP_NONE);
}

CASE(section_1_7)
{
	static const struct {
		struct str text;
		int by[4]; /* 3.8.18, 3.11.7, 3.12.1, 3.13.0 */
	} rows[] = {
		{ SC("import sys\n"), { 1, 1, 1, 1 } },
		{ SC("import\tsys\n"), { 1, 1, 1, 1 } },
		{ SC("# comment\rimport sys\n"), { 1, 1, 1, 1 } },
		{ SC("# comment\fimport sys\n"), { 0, 0, 0, 1 } },
		{ SC("# comment\xc2\x85import sys\n"), { 0, 0, 0, 1 } },
		{ SC("# comment\xe2\x80\xa8import sys\n"), { 0, 0, 0, 1 } },
		{ SC("\xef\xbb\xbfimport sys\n"), { 0, 0, 0, 1 } },
		{ SC(" import sys\n"), { 0, 0, 0, 0 } },
		{ SC("from sys import path\n"), { 0, 0, 0, 0 } },
		{ SC("/no/such/thing\nimport sys\n"), { 1, 1, 1, 1 } },
		{ SC("import sys\nimport \0x\n"), { 2, 2, 2, 2 } },
		{ SC("import sys"), { 1, 1, 1, 1 } },
		{ SC("\xff\nimport sys"), { 1, 1, 1, 1 } },
	};
	const struct python_version by[4] = { v38, v311, v312, v313 };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int k = 0; k < 4; k++)
			CHECK(runs(by[k], rows[i].text) == rows[i].by[k]);
		CHECK(runs(PYTHON_UNKNOWN, rows[i].text) >= rows[i].by[3]);
	}
}

CASE(unknown_is_the_union)
{
	/* 3.15 strips the front of a line; no other does. */
	CHECK(runs(v315, S("  import sys\n")) == 1);
	CHECK(runs(PYTHON_UNKNOWN, S("  import sys\n")) == 1);
	CHECK(runs(PYTHON_UNKNOWN, S("import a\nimport b\r\nimport c")) == 3);
	CHECK(runs(PYTHON_UNKNOWN, S("import a\fimport b\n")) == 3); /* whole, and both halves */
	CHECK(runs(PYTHON_UNKNOWN, S("\xef\xbb\xbfimport a\nimport b\n")) == 2);
}

CASE(lines)
{
	struct startup_scan s = startup_begin(
		STARTUP_PTH, v311, S("# c\r\n\r\nlib\r\nimport a.b as c; c()  \r\n../x \n"));
	struct startup_line l;

	CHECK(startup_next(&s, &l) && l.act == STARTUP_PATH && l.line == 3);
	CHECK_STR(l.text, S("lib"));
	CHECK(startup_next(&s, &l) && l.act == STARTUP_EXEC && l.line == 4);
	CHECK_STR(l.text, S("import a.b as c; c()"));
	CHECK_STR(startup_module(l.text), S("a.b"));
	CHECK(startup_next(&s, &l) && l.act == STARTUP_PATH && l.line == 5);
	CHECK_STR(l.text, S("../x"));
	CHECK(!startup_next(&s, &l) && !startup_next(&s, &l));
}

CASE(start_files)
{
	struct startup_scan s =
		startup_begin(STARTUP_START, v315, S("\xef\xbb\xbf# c\n  pkg.mod:f\nimport os\n"));
	struct startup_line l;

	CHECK(startup_next(&s, &l) && l.act == STARTUP_CALL && l.line == 2);
	CHECK_STR(l.text, S("pkg.mod:f"));
	CHECK_STR(startup_module(l.text), S("pkg.mod"));
	CHECK(startup_next(&s, &l) && l.act == STARTUP_CALL);
	CHECK(!startup_next(&s, &l));
}

CASE(known_hooks)
{
	CHECK(startup_known(S("import _virtualenv")) != NULL);
	CHECK(startup_known(S("import _virtualenv; import os")) == NULL);
	CHECK(startup_known(S("import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = "
			      "os.environ.get(var, 'local') == 'local'; enabled and "
			      "__import__('_distutils_hack').add_shim(); ")) != NULL);
	CHECK(startup_known(S("import __editable___a_1_0_finder; "
			      "__editable___a_1_0_finder.install()")) != NULL);
	CHECK(startup_known(S("import __editable___a_1_0_finder; "
			      "__editable___b_1_0_finder.install()")) == NULL);
	CHECK(startup_known(S("import __editable___a;os.system('x')#_finder; "
			      "__editable___a_finder.install()")) == NULL);
	CHECK(startup_known(S("")) == NULL);
}

TESTS(CASE_ROW(versions), CASE_ROW(names), CASE_ROW(section_1_7), CASE_ROW(unknown_is_the_union),
      CASE_ROW(lines), CASE_ROW(start_files), CASE_ROW(known_hooks))
