/*
 * fuzz/pip_report_fuzz.c - the installation report of pip. Oracle: every item that is given out is
 * a valid name, a valid version, a wheel, and stays one word on one line of a requirements file;
 * its file is one component of a path. Proves T-35.
 */
#include "fuzz/fuzz.h"

#include "package/pip_report.h"
#include "package/version.h"
#include "package/wheel.h"

static void one_word(struct str s)
{
	CHECK(s.n > 0 && s.p[0] != '-');
	for (size_t i = 0; i < s.n; i++)
		CHECK(s.p[i] > ' ' && s.p[i] < 0x7f && s.p[i] != '#' && s.p[i] != ';' &&
		      s.p[i] != '$' && s.p[i] != '\\' && s.p[i] != '"' && s.p[i] != '\'');
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct pip_report r = { NULL, 0 };
	struct wheel_name w;
	struct arena a;

	arena_init(&a, 64 << 20);
	if (pip_report_read(&a, (struct str){ (const char *)p, n }, &r, NULL) == OK)
		for (size_t i = 0; i < r.n; i++) {
			const struct pip_artifact *x = &r.items[i];
			CHECK(package_name_valid(ECO_PYPI, x->name));
			CHECK(version_valid(ECO_PYPI, x->version));
			CHECK(wheel_name_parse(x->file, &w));
			CHECK(str_chr(x->file, '/') == SIZE_MAX);
			one_word(x->name);
			one_word(x->version);
			one_word(x->url);
			one_word(x->file);
		}
	arena_done(&a);
	return 0;
}
