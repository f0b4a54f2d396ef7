/* tests/unit/package/pip_log_test.c - what pip found nothing for. Proves T-40. */
#include "package/pip_log.h"

#include "tests/unit/check.h"

static struct str out[PIP_LOG_WISHES];

CASE(one_that_is_missing)
{
	struct str log = S("2026-11-23T18:30:49,312 ERROR: No matching distribution found for builds[x]<2,>=1\n"
			   "pip.DistributionNotFound: No matching distribution found for builds[x]<2,>=1\n");

	CHECK(pip_log_missing(log, true, out) == 1);
	CHECK_STR(out[0], S("builds[x]<2,>=1"));
	CHECK(pip_log_missing(log, false, out) == 1);
}

CASE(a_conflict)
{
	struct str log = S("    a 1.0 depends on builds>=0.5\n    a 0.9 depends on builds; extra == 'x'\r\n"
			   "    The user requested (constraint) c<2\n    The user requested d\nERROR: for help visit");

	CHECK(pip_log_missing(log, true, out) == 4);
	CHECK_STR(out[0], S("builds>=0.5"));
	CHECK_STR(out[1], S("builds"));
	CHECK_STR(out[2], S("c<2"));
	CHECK_STR(out[3], S("d"));
	CHECK(pip_log_missing(log, false, out) == 0);
}

CASE(what_is_no_name)
{
	CHECK(pip_log_missing(S("No matching distribution found for -r\n depends on ../x\n depends on "), true, out) == 0);
	CHECK(pip_log_missing(S(""), true, out) == 0);
}

CASE(no_more_than_fit)
{
	char text[PIP_LOG_WISHES * 64];
	size_t n = 0;

	for (unsigned i = 0; i < PIP_LOG_WISHES + 8; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "No matching distribution found for p%u\n", i);
	CHECK(pip_log_missing((struct str){ text, n }, false, out) == PIP_LOG_WISHES);
}

CASE(source_archives)
{
	struct str log = S("2026-11-23T21:58:30,898   Skipping link: No sources permitted for A.b: https://h/a-b-1.tar.gz#sha256=00 "
			   "(from https://h/simple/a-b/) (requires-python:>=3.8)\r\n"
			   "  Skipping link: not a file: https://h/simple/a-b/\n"
			   "Skipping link: No sources permitted for -r: https://h/r-1.tar.gz\n"
			   "Skipping link: No sources permitted for c\n"
			   "Skipping link: No sources permitted for c: file:///d/c-1.zip");
	struct pip_log_sdist x;

	CHECK(pip_log_sdist(&log, &x));
	CHECK_STR(x.name, S("A.b"));
	CHECK_STR(x.url, S("https://h/a-b-1.tar.gz#sha256=00"));
	CHECK_STR(x.page, S("https://h/simple/a-b/"));
	CHECK(pip_log_sdist(&log, &x));
	CHECK_STR(x.name, S("c"));
	CHECK_STR(x.url, S("file:///d/c-1.zip"));
	CHECK_STR(x.page, S(""));
	CHECK(!pip_log_sdist(&log, &x) && log.n == 0);
}

TESTS(CASE_ROW(source_archives), CASE_ROW(one_that_is_missing), CASE_ROW(a_conflict), CASE_ROW(what_is_no_name), CASE_ROW(no_more_than_fit))
