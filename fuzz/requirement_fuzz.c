/*
 * fuzz/requirement_fuzz.c - oracle: an accepted requirement, put together from its parts, is accepted
 * again with the same parts; what is typed for a release has a name that its ecosystem takes.
 */
#include "fuzz/fuzz.h"

#include "package/requirement.h"
#include "package/version.h"

static void write_parts(const struct requirement *r, struct buf *b)
{
	buf_add(b, r->name);
	for (unsigned i = 0; i < r->n_extras; i++) {
		buf_addc(b, i ? ',' : '[');
		buf_add(b, r->extras[i]);
	}
	buf_add(b, r->n_extras ? S("] ") : S(" "));
	buf_add(b, r->url.n ? S("@ ") : S(""));
	buf_add(b, r->url.n ? r->url : r->specifier);
	if (r->marker.n) {
		buf_add(b, S(" ; "));
		buf_add(b, r->marker);
	}
}

static void check_requirement(struct str in)
{
	struct requirement r, again;
	struct buf b;

	if (requirement_parse(in, &r, NULL) != OK)
		return;
	CHECK(r.name.n && (r.url.n == 0 || r.specifier.n == 0) && r.pinned.n <= r.specifier.n);
	buf_init(&b, in.n + 64);
	write_parts(&r, &b);
	if (b.n <= REQUIREMENT_MAX) {
		CHECK(requirement_parse(buf_str(&b), &again, NULL) == OK);
		CHECK(str_eq(r.name, again.name) && r.n_extras == again.n_extras &&
		      str_eq(r.specifier, again.specifier) && str_eq(r.url, again.url) &&
		      str_eq(r.marker, again.marker) && str_eq(r.pinned, again.pinned));
	}
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct package pkg;
	struct arena a;

	check_requirement(in);
	arena_init(&a, 8 << 20);
	if (release_parse(&a, in, &pkg, NULL) == OK) {
		CHECK(pkg.name.n && pkg.eco <= ECO_OTHER);
		if (pkg.eco == ECO_NPM && str_find(in, S(":")) == SIZE_MAX)
			CHECK(package_name_valid(ECO_NPM, pkg.name));
	}
	arena_done(&a);
	return 0;
}
