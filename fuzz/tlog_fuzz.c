/*
 * fuzz/tlog_fuzz.c - entry bundles, and a tree grown from them.
 * Oracle: the entries written again are the same bytes; a tree resumed from its edge has the same root.
 */
#include "fuzz/fuzz.h"

#include "tlog/tlog.h"

#include <string.h>

static struct sha256 sha;
static struct tlog tree, again;

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n }, rest = in, e;
	static char room[1 + TLOG_ENTRY_MAX];
	uint8_t hash[TLOG_HASH], want[TLOG_HASH];
	struct buf b;

	if (sha.ctx == NULL)
		CHECK(sha256_init(&sha) == OK);
	buf_init(&b, 4 << 20);
	tlog_init(&tree, &sha);
	while (rest.n && tlog_bundle_next(&rest, &e) == OK) {
		tlog_bundle_add(&b, e);
		if (e.n)
			memcpy(room + 1, e.p, e.n);
		tlog_leaf(&sha, room, e.n, hash);
		(void)tlog_add(&tree, hash);
	}
	CHECK(b.err == OK && str_eq(buf_str(&b), str_head(in, n - rest.n)));
	tlog_init(&again, &sha);
	tlog_resume(&again, tree.size);
	for (unsigned l = 0; l < TLOG_LEVELS; l++) {
		uint64_t index;
		uint32_t width;
		tlog_edge(tree.size, l, &index, &width);
		CHECK(tlog_resume_tile(&again, l, str_head(tlog_tile(&tree, l), width * (size_t)TLOG_HASH)) == OK);
	}
	tlog_root(&tree, want);
	tlog_root(&again, hash);
	CHECK(memcmp(want, hash, sizeof want) == 0);
	buf_free(&b);
	return 0;
}
