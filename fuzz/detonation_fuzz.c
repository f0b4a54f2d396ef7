/*
 * fuzz/detonation_fuzz.c - oracle: what is read and written again is the same; a packed path never
 * leaves its directory.
 */
#include "fuzz/fuzz.h"

#include "proto/detonation.h"

static void facts(struct str in)
{
	struct fact f;
	struct buf b;

	if (fact_read(&f, in) != OK)
		return;
	buf_init(&b, in.n + 64);
	fact_write(&b, &f);
	CHECK(b.err == OK && str_eq(buf_str(&b), in));
	CHECK(fact_name(f.kind).n && phase_name(f.phase).n);
	buf_free(&b);
}

static void orders(struct str in)
{
	struct detonation_order o;
	struct buf b;

	if (detonation_order_read(&o, in) != OK)
		return;
	buf_init(&b, in.n + 64);
	detonation_order_write(&b, &o);
	CHECK(b.err == OK && str_eq(buf_str(&b), in));
	buf_free(&b);
}

static void packs(struct str in)
{
	struct str rest = in;
	struct packed p;
	size_t taken = 0;

	while (packed_next(&rest, &p) == OK) {
		taken += PACKED_HEAD + p.path.n + p.content.n;
		CHECK(taken + rest.n == in.n);
		CHECK(p.path.n && p.path.p[0] != '/');
		CHECK(str_find(p.path, S("../")) != 0 && str_find(p.path, S("/../")) == SIZE_MAX);
		CHECK(!str_has_suffix(p.path, S("/..")) && !str_eq(p.path, S("..")));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };

	facts(in);
	orders(in);
	packs(in);
	return 0;
}
