/*
 * fuzz/pickle_fuzz.c - any bytes as a pickle. Oracles: opcodes follow each other without gaps; a
 * text cut anywhere gives the same opcodes up to the one that is cut; the run over imports stops at
 * the same opcodes, names lie within the input or the arena, and two runs agree.
 */
#include "fuzz/fuzz.h"

#include "codec/pickle.h"

static bool within(struct str in, struct str part)
{
	return part.n == 0 || (part.p >= in.p && part.p + part.n <= in.p + in.n);
}

/* Opcodes of head are those of the whole; ERR_AGAIN only for the one that is cut. */
static void check_split(struct str in, struct str head)
{
	struct pickle_op whole, part;
	size_t at = 0;

	for (;;) {
		enum err e = pickle_next(in, at, &whole);
		enum err f = pickle_next(head, at, &part);
		if (f == ERR_AGAIN) {
			CHECK(e != OK || at + whole.n > head.n);
			return;
		}
		CHECK(e == f);
		if (e != OK)
			return;
		CHECK(whole.n == part.n && whole.n > 0 && whole.name == part.name);
		CHECK(whole.at == at && within(head, part.arg) && str_eq(whole.arg, part.arg));
		at += whole.n;
	}
}

static size_t run(struct str in, struct arena *a, uint64_t *out_hash)
{
	struct pickle p;
	struct pickle_import i;
	struct pickle_op op;
	size_t imports = 0, rounds = 0;
	bool more;

	pickle_init(&p, in, a);
	*out_hash = 0;
	for (;;) {
		enum err e = pickle_import(&p, &i, &more);
		CHECK(p.at <= in.n);
		if (e == OK && more) {
			imports++;
			/* One that the end cuts is an import all the same. */
			enum err f = pickle_next(in, i.at, &op);
			CHECK(i.at < p.at && (f == OK || (f == ERR_AGAIN && p.at == in.n)));
			CHECK(op.code == 'c' || op.code == 'i' || op.code == 0x93);
			CHECK(!i.computed || (i.module.n == 0 && i.name.n == 0));
			*out_hash = *out_hash * 31 + str_hash(i.module) * 7 + str_hash(i.name);
			continue;
		}
		CHECK(e != OK || p.stopped);
		if (e != OK || p.at == in.n || ++rounds == 64)
			return imports;
		pickle_again(&p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str in = { (const char *)bytes, n };
	struct arena a, b;
	uint64_t one, two;

	arena_init(&a, 64 << 20);
	arena_init(&b, 64 << 20);
	check_split(in, str_head(in, n ? bytes[n - 1] % (n + 1) : 0));
	check_split(in, str_head(in, n / 2));
	CHECK(run(in, &a, &one) == run(in, &b, &two) && one == two);
	arena_done(&a);
	arena_done(&b);
	return 0;
}
