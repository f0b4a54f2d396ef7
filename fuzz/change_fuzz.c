/*
 * fuzz/change_fuzz.c - any names, versions, files and makers on both sides of a comparison.
 * Oracles: a side beside itself gives no finding; every package is told of once, as added, gone, in
 * another version, or not at all; a repository that was read is the same when it is read again.
 */
#include "fuzz/fuzz.h"

#include "inspect/change.h"

enum { SIDE = 8 };

static struct arena arena;

/* The next piece of in, up to a zero byte. */
static struct str piece(struct str *in)
{
	return str_cut(*in, 0, in);
}

static void check_maker(enum maker what, struct str text)
{
	struct profile one, two;
	struct buf b;

	profile_init(&one, &arena);
	profile_init(&two, &arena);
	profile_maker(&one, what, text);
	for (size_t i = 0; i < one.makers[what].n; i++) {
		struct str s = one.makers[what].items[i].name;
		CHECK(s.n > 0 && (what != MAKER_EMAIL || str_chr(s, '@') != SIZE_MAX));
	}
	if (what != MAKER_REPOSITORY || one.makers[what].n == 0)
		return;
	struct str first = one.makers[what].items[0].name;
	buf_init(&b, 1 << 16);
	buf_addf(&b, "git+https://%.*s.git", FMT(first));
	profile_maker(&two, what, buf_str(&b));
	CHECK(two.makers[what].n == 1 && str_eq(two.makers[what].items[0].name, first));
	buf_free(&b);
}

static size_t fill(struct profile side[SIDE], struct str *in)
{
	size_t n = 0;

	while (n < SIDE && in->n > 0 && in->p[0] != '\n') {
		struct profile *p = &side[n++];
		profile_init(p, &arena);
		p->package = (struct package){ .eco = (enum ecosystem)(in->n % ECO_COUNT) };
		p->package.name = str_head(piece(in), 2); /* so that some are the same */
		p->package.version = str_head(piece(in), 1);
		p->package.where = piece(in);
		p->label = p->package.where;
		p->layout = (enum layout)(in->n % 4);
		p->bytes = in->n;
		uint8_t sha[32] = { (uint8_t)in->n };
		struct str name = piece(in);
		profile_content(p, name, name, sha);
		profile_file(p, name, 1, (uint32_t)in->n, true);
		profile_hook(p, name, 1, piece(in));
		profile_dependency(p, name, piece(in), S(""));
		struct str maker = piece(in);
		for (enum maker m = 0; m < MAKER_COUNT; m++) {
			profile_maker(p, m, maker);
			check_maker(m, maker);
		}
	}
	*in = str_tail(*in, 1);
	return n;
}

static void compare(const struct profile *a, size_t n_a, const struct profile *b, size_t n_b,
		    struct findings *f)
{
	struct profile one[SIDE], two[SIDE];
	struct profile_set old = { .items = one, .n = n_a }, new = { .items = two, .n = n_b };

	if (n_a > 0)
		memcpy(one, a, n_a * sizeof *a);
	if (n_b > 0)
		memcpy(two, b, n_b * sizeof *b);
	findings_init(f, &arena);
	CHECK(change_compare_sets(&old, &new, &arena, f) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct profile old[SIDE], new[SIDE];
	static struct findings f;
	size_t added = 0, gone = 0;

	arena_init(&arena, 64 << 20);
	size_t n_old = fill(old, &in), n_new = fill(new, &in);
	compare(old, n_old, old, n_old, &f);
	CHECK(f.n == 0);
	compare(old, n_old, new, n_new, &f);
	added = f.seen[RULE_PACKAGE_ADDED].n;
	gone = f.seen[RULE_PACKAGE_GONE].n;
	CHECK(added <= n_new && gone <= n_old && f.seen[RULE_PACKAGE_VERSION].n <= n_new - added);
	/* Neighbours of one name in one place are told once. */
	CHECK(f.dropped == 0);
	arena_done(&arena);
	return 0;
}
