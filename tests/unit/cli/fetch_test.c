/* tests/unit/cli/fetch_test.c - a failure needs nobody who wants to read of it. */
#include "cli/fetch.h"

#include "tests/unit/check.h"

#include <stdlib.h>

/* No fetcher lies beside this test, so that the first GET fails. */
static void no_diag(void)
{
	struct listing l;
	struct arena a;

	arena_init(&a, 1 << 20);
	CHECK(fetch_listing(ECO_PYPI, S("six"), &a, &l, NULL) != OK);
	CHECK(setenv("https_proxy", "http://127.0.0.1:1", 1) == 0);
	CHECK(fetch_listing(ECO_PYPI, S("six"), &a, &l, NULL) != OK);
	CHECK(fetch_url(S("ftp://a.test/"), -1, 1, NULL) == ERR_DENIED);
	arena_done(&a);
}

int main(void)
{
	no_diag();
	return 0;
}
