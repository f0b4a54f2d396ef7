/*
 * tests/unit/tlog/tlog_test.c - roots are compared with tests/unit/tlog/rfc6962.py
 * Proves T-16.
 */
#include "tlog/tlog.h"

#include "../check.h"
#include "../python.h"

static struct sha256 sha;
static struct tlog tree, again;

static void add(struct tlog *t, uint64_t i, unsigned *out_full)
{
	char text[32];
	uint8_t hash[TLOG_HASH];
	int n = snprintf(text + 1, sizeof text - 1, "leaf %u", (unsigned)i);

	tlog_leaf(&sha, text, (size_t)n, hash);
	*out_full = tlog_add(t, hash);
}

static void root_line(const struct tlog *t, struct buf *out)
{
	uint8_t root[TLOG_HASH];

	tlog_root(t, root);
	buf_addu(out, t->size);
	buf_addc(out, ' ');
	buf_addhex(out, (struct str){ (char *)root, sizeof root });
	buf_addc(out, '\n');
}

static void compare(const char *max, const char *step, uint64_t n, uint64_t every)
{
	const char *argv[] = { "tests/unit/tlog/rfc6962.py", "roots", max, step, NULL };
	struct buf want, got;
	unsigned full;

	buf_init(&want, 1 << 20);
	buf_init(&got, 1 << 20);
	tlog_init(&tree, &sha);
	root_line(&tree, &got);
	for (uint64_t i = 0; i < n; i++) {
		add(&tree, i, &full);
		if ((i + 1) % every == 0)
			root_line(&tree, &got);
	}
	int rc = python_run(argv, &want);
	if (rc < 0)
		printf("skipped: python3 is not here to compare roots with\n");
	else {
		CHECK(rc == 0);
		CHECK_STR(buf_str(&got), buf_str(&want));
	}
	buf_free(&want);
	buf_free(&got);
}

CASE(roots_agree)
{
	compare("600", "1", 600, 1);
	compare("70000", "3500", 70000, 3500); /* three levels of tiles */
}

CASE(paths)
{
	char out[TLOG_PATH];

	CHECK_STR(str_z(tlog_path(0, 0, 256, out)), S("tile/0/000"));
	CHECK_STR(str_z(tlog_path(1, 1234067, 256, out)), S("tile/1/x001/x234/067"));
	CHECK_STR(str_z(tlog_path(TLOG_ENTRIES, 1000, 3, out)), S("tile/entries/x001/000.p/3"));
	CHECK_STR(str_z(tlog_path(7, UINT64_MAX, 255, out)),
		  S("tile/7/x018/x446/x744/x073/x709/x551/615.p/255"));
}

CASE(tiles_and_resume)
{
	unsigned full;
	uint8_t a[TLOG_HASH], b[TLOG_HASH];

	tlog_init(&tree, &sha);
	for (uint64_t i = 0; i < 66000; i++) {
		add(&tree, i, &full);
		CHECK(full == (tree.size % 65536 == 0 ? 2u : tree.size % 256 == 0 ? 1u : 0u));
		if (full)
			CHECK(tlog_tile(&tree, 0).n == 8192 && tlog_index(&tree, 0) == tree.size / 256 - 1);
		if (full && tree.size % 4096 != 0)
			continue;
		if (tree.size % 257 != 0 && full == 0)
			continue;
		/* A tree resumed from its edge is the same tree. */
		tlog_init(&again, &sha);
		tlog_resume(&again, tree.size);
		for (unsigned l = 0; l < TLOG_LEVELS; l++) {
			uint64_t index;
			uint32_t width;
			struct str tile = { NULL, 0 };
			tlog_edge(tree.size, l, &index, &width);
			if (width) {
				CHECK(index == tlog_index(&tree, l));
				tile = tlog_tile(&tree, l);
			}
			CHECK(tlog_resume_tile(&again, l, tile) == OK);
			CHECK(tlog_resume_tile(&again, l, S("x")) == ERR_SYNTAX);
		}
		tlog_root(&tree, a);
		tlog_root(&again, b);
		CHECK(memcmp(a, b, sizeof a) == 0);
	}
}

CASE(bundles)
{
	struct buf b;
	struct str in, e;

	buf_init(&b, 1 << 20);
	tlog_bundle_add(&b, S("one"));
	tlog_bundle_add(&b, S(""));
	struct str guarded = check_guard(buf_str(&b));
	in = guarded;
	CHECK(tlog_bundle_next(&in, &e) == OK && str_eq(e, S("one")));
	CHECK(tlog_bundle_next(&in, &e) == OK && e.n == 0 && in.n == 0);
	CHECK(tlog_bundle_next(&in, &e) == ERR_SYNTAX);
	for (size_t cut = 0; cut < 5; cut++) {
		in = str_head(guarded, cut);
		CHECK(tlog_bundle_next(&in, &e) == ERR_SYNTAX);
	}
	check_unguard(guarded);
	buf_free(&b);
}

CASE(open_digest)
{
	CHECK(sha256_init(&sha) == OK);
}

CASE(close_digest)
{
	sha256_done(&sha);
}

TESTS(CASE_ROW(open_digest), CASE_ROW(roots_agree), CASE_ROW(paths), CASE_ROW(tiles_and_resume), CASE_ROW(bundles),
      CASE_ROW(close_digest))
