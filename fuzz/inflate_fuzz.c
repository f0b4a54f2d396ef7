/*
 * fuzz/inflate_fuzz.c - the first byte picks raw deflate, zlib or gzip. Oracle: whatever pieces it is
 * read in the result is the same, and what zlib's own one-call reader takes comes out equal; a bound
 * of one byte less is an error.
 */
#include "fuzz/fuzz.h"

#include "codec/inflate.h"

#include <zlib.h>

enum { MAX = 1 << 20 };

/* Reads in pieces of so many bytes; gives the result and what came out. */
static enum err pieces(struct arena *a, enum inflate_kind kind, struct str in, size_t piece,
		       char *out, size_t *out_n)
{
	struct inflate *f = inflate_new(a);
	size_t n = 0, got;

	CHECK(f != NULL);
	inflate_start(f, kind, in);
	do {
		size_t room = MAX - n < piece ? MAX - n : piece;
		enum err e = inflate_read(f, out + n, room, &got);
		if (e != OK)
			return e;
		CHECK(got <= room && (got == room || inflate_ended(f)));
		n += got;
	} while (got != 0);
	*out_n = n;
	return OK;
}

/* A single zlib stream with zlib itself. */
static void compare(struct str in, struct str mine, bool well)
{
	static Bytef room[MAX];
	uLongf n = MAX;
	uLong used = in.n;
	int r = uncompress2(room, &n, (const Bytef *)in.p, &used);

	if (r == Z_BUF_ERROR || mine.n == MAX)
		return;
	CHECK((r == Z_OK) == well);
	CHECK(!well || (n == mine.n && memcmp(room, mine.p, n) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char a_room[MAX], b_room[MAX];
	size_t a_n = 0, b_n = 0;
	struct arena a;
	struct buf out;

	if (n == 0)
		return 0;
	enum inflate_kind kind = (enum inflate_kind)(p[0] % 3);
	struct str in = { (const char *)p + 1, n - 1 };
	arena_init(&a, 16 << 20);
	enum err e = pieces(&a, kind, in, MAX, a_room, &a_n);
	enum err f = pieces(&a, kind, in, p[0] / 3 + 1u, b_room, &b_n);
	CHECK(e == f && a_n == b_n && (e != OK || memcmp(a_room, b_room, a_n) == 0));
	if (kind == INFLATE_ZLIB)
		compare(in, (struct str){ a_room, a_n }, e == OK);
	if (e == OK && a_n > 0 && a_n < MAX) {
		buf_init(&out, a_n);
		enum err all = inflate_all(&a, kind, in, &out);
		CHECK(all == OK || all == ERR_SYNTAX); /* bytes behind it */
		CHECK(all != OK || str_eq(buf_str(&out), (struct str){ a_room, a_n }));
		buf_free(&out);
		buf_init(&out, a_n - 1 ? a_n - 1 : 1);
		CHECK(a_n == 1 || inflate_all(&a, kind, in, &out) == ERR_LIMIT);
		buf_free(&out);
	}
	arena_done(&a);
	return 0;
}
