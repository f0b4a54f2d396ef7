/*
 * fuzz/listing_fuzz.c - the first byte says what the rest is: a document of an index, or an encoded
 * listing. Oracle: a listing that was read is the same after encoding and decoding; every URL is
 * absolute; the best file is of the release that was asked for, and the release before lies before.
 */
#include "fuzz/fuzz.h"

#include "package/listing.h"
#include "package/version.h"

static void check_choice(const struct listing *l, enum ecosystem eco)
{
	for (size_t i = 0; i < l->n && i < 8; i++) {
		struct str v = l->files[i].version, before = listing_before(l, eco, v);
		const struct listing_file *best = listing_best(l, eco, v);
		CHECK(l->files[i].kind == LISTING_OTHER ||
		      (best && version_cmp(eco, best->version, v, NULL) == 0));
		CHECK(before.n == 0 || version_cmp(eco, before, v, NULL) < 0);
	}
}

static void check_read(struct arena *a, enum ecosystem eco, bool json, struct str in)
{
	struct listing l, again;
	struct buf b;

	if (listing_read(a, eco, S("a-b"), json, S("https://h/simple/a-b/"), in, &l, NULL) != OK)
		return;
	buf_init(&b, 64 << 20);
	listing_encode(&l, &b);
	if (b.err == OK && listing_decode(a, eco, buf_str(&b), &again) == OK) {
		CHECK(again.n == l.n);
		for (size_t i = 0; i < l.n; i++)
			CHECK(str_eq(l.files[i].provenance, again.files[i].provenance) &&
			      l.files[i].provenance_said == again.files[i].provenance_said &&
			      str_eq(l.files[i].url, again.files[i].url) &&
			      str_eq(l.files[i].name, again.files[i].name) &&
			      str_eq(l.files[i].requires_python, again.files[i].requires_python) &&
			      l.files[i].kind == again.files[i].kind &&
			      l.files[i].hash.n == again.files[i].hash.n);
	}
	for (size_t i = 0; i < l.n; i++)
		CHECK(str_ieq(str_head(l.files[i].url, 4), S("http")) && l.files[i].version.n);
	check_choice(&l, eco);
	buf_free(&b);
}

static void check_link(struct arena *a, struct str in)
{
	struct listing_file f;

	if (!listing_link(a, S("a-b"), in, &f))
		return;
	CHECK(f.version.n > 0 && f.name.n > f.version.n && f.url.n <= in.n);
	CHECK(str_chr(f.name, '/') == SIZE_MAX && f.name.p[0] != '.' && str_chr(f.url, '#') == SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct listing l;
	struct arena a;

	if (n == 0)
		return 0;
	in = str_tail(in, 1);
	arena_init(&a, 64 << 20);
	check_link(&a, in);
	if (p[0] == 'N')
		check_read(&a, ECO_NPM, true, in);
	else if (p[0] == 'D' && listing_decode(&a, ECO_PYPI, in, &l) == OK)
		check_choice(&l, ECO_PYPI);
	else
		check_read(&a, ECO_PYPI, p[0] == 'J', in);
	arena_done(&a);
	return 0;
}
