/*
 * fuzz/pip_log_fuzz.c - what pip calls missing. Oracle: each of them stands in the text, is there
 * once, begins as a name does and is one word; without the conflicts there are no more, and those
 * there are are among the others or did not fit. A source archive has a name and an address, each
 * one word of the text, and the next one stands behind it. Proves T-40.
 */
#include "fuzz/fuzz.h"

#include "package/pip_log.h"

static bool among(struct str s, const struct str *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(all[i], s))
			return true;
	return false;
}

static void check_word(struct str s, const char *from, const char *to)
{
	CHECK(s.n > 0 && s.p >= from && s.p + s.n <= to);
	for (size_t i = 0; i < s.n; i++)
		CHECK(s.p[i] != ' ' && s.p[i] != '\n');
}

static void check_sdists(struct str text)
{
	struct pip_log_sdist x;

	for (struct str rest = text; pip_log_sdist(&rest, &x);) {
		check_word(x.name, text.p, rest.p);
		check_word(x.url, x.name.p + x.name.n, rest.p);
		CHECK(x.page.n == 0 || (x.page.p >= x.url.p + x.url.n && x.page.p + x.page.n <= rest.p));
		text = rest;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text = { (const char *)p, n }, all[PIP_LOG_WISHES], few[PIP_LOG_WISHES];
	size_t n_all = pip_log_missing(text, true, all);
	size_t n_few = pip_log_missing(text, false, few);

	check_sdists(text);
	CHECK(n_few <= n_all && n_all <= PIP_LOG_WISHES);
	for (size_t i = 0; i < n_all; i++) {
		CHECK(all[i].n > 0 && all[i].p >= text.p && all[i].p + all[i].n <= text.p + text.n);
		CHECK(all[i].p[0] != '-' && !among(all[i], all, i));
		for (size_t k = 0; k < all[i].n; k++)
			CHECK(all[i].p[k] > ' ' && all[i].p[k] < 0x7f && all[i].p[k] != ';');
	}
	for (size_t i = 0; i < n_few && n_all < PIP_LOG_WISHES; i++)
		CHECK(among(few[i], all, n_all));
	return 0;
}
