/* tests/unit/inspect/trace_test.c - releases in the logs of pip, uv, poetry, npm, yarn and pnpm. */
#include "inspect/trace.h"

#include "tests/unit/check.h"

/* The releases of a text, "pypi:name=version@line" with spaces between them. */
static const char *all(const char *text)
{
	static char out[4096];
	struct str at = check_guard(str_z(text));
	struct trace_scan s = trace_begin(at);
	struct trace t;
	size_t n = 0;

	out[0] = 0;
	while (trace_next(&s, &t))
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s:%.*s=%.*s@%u", n ? " " : "",
				      FMT(ecosystem_purl(t.eco)), FMT(t.name), FMT(t.version),
				      t.line);
	check_unguard(at);
	return out;
}

CASE(pip)
{
	CHECK_STR(str_z(all("Collecting litellm==1.82.8\n"
			    "  Downloading litellm-1.82.8-py3-none-any.whl (9.1 MB)\n"
			    "Successfully installed a-b-1.2.post1 litellm-1.82.8 x_y-2\r\n")),
		  S("pypi:litellm=1.82.8@1 pypi:litellm=1.82.8@2 pypi:a-b=1.2.post1@3 "
		    "pypi:litellm=1.82.8@3 pypi:x_y=2@3"));
	CHECK_STR(str_z(all("Requirement already satisfied: litellm[proxy]==1.82.7 in /x\n")),
		  S("pypi:litellm=1.82.7@1"));
	CHECK_STR(str_z(all("Using cached https://files.pythonhosted.org/packages/ab/cd/"
			    "litellm-1.82.8.tar.gz#sha256=00\n")),
		  S("pypi:litellm=1.82.8@1"));
}

CASE(others)
{
	CHECK_STR(str_z(all(" + litellm==1.82.8\n - litellm==1.82.6\n")),
		  S("pypi:litellm=1.82.8@1 pypi:litellm=1.82.6@2"));
	CHECK_STR(str_z(all("  - Installing litellm (1.82.8)\n")), S("pypi:litellm=1.82.8@1"));
	CHECK_STR(str_z(all("npm http fetch GET 200 https://registry.npmjs.org/axios/-/"
			    "axios-1.14.1.tgz 77ms\n")),
		  S("npm:axios=1.14.1@1"));
	CHECK_STR(str_z(all("GET https://registry.npmjs.org/@tanstack/react/-/react-1.0.0.tgz\n")),
		  S("npm:@tanstack/react=1.0.0@1"));
	CHECK_STR(str_z(all("npm warn deprecated axios@0.30.4: x\n+ axios 1.14.1\n")),
		  S("npm:axios=0.30.4@1 npm:axios=1.14.1@2"));
}

CASE(times)
{
	struct trace_scan s = trace_begin(
		S("2026-03-24T10:52:19.1234567Z   Downloading litellm-1.82.8-py3-none-any.whl\n"
		  "[2026-03-24 10:53:00] + litellm==1.82.8\nno time + a==1\n"));
	struct trace t;

	CHECK(trace_next(&s, &t));
	CHECK_STR(t.time, S("2026-03-24T10:52:19.1234567Z"));
	CHECK(trace_next(&s, &t));
	CHECK_STR(t.time, S("2026-03-24 10:53:00"));
	CHECK(trace_next(&s, &t) && t.time.n == 0 && t.line == 3);
	CHECK(!trace_next(&s, &t) && !trace_next(&s, &t));
}

CASE(nothing)
{
	CHECK_STR(str_z(all("")), S(""));
	CHECK_STR(str_z(all("hello world == x\nuser@example.org\n-1.2\n@/a@1\n")), S(""));
	CHECK_STR(str_z(all("\xff\xfe\x1b[31m==1\n")), S(""));
}

CASE(likely)
{
	CHECK(trace_likely(S("pip.log"), S("Collecting x")));
	CHECK(!trace_likely(S("pip.log"), S("nothing")));
	CHECK(!trace_likely(S("a.py"), S("Collecting x")));
}

TESTS(CASE_ROW(pip), CASE_ROW(others), CASE_ROW(times), CASE_ROW(nothing), CASE_ROW(likely))
