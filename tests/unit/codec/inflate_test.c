/* tests/unit/codec/inflate_test.c */
#include "codec/inflate.h"

#include "../archive_build.h"
#include "../check.h"

enum { TEXT = 3000 };

static struct arena arena;
static char text[TEXT];

static struct str plain(void)
{
	if (arena.budget == 0)
		arena_init(&arena, 64 << 20);
	arena_reset(&arena);
	for (unsigned i = 0; i < TEXT; i++)
		text[i] = (char)('a' + i * i % 7 * (i / 500));
	return (struct str){ text, TEXT };
}

static const struct {
	enum inflate_kind kind;
	int bits;
} kinds[] = { { INFLATE_RAW, -15 }, { INFLATE_ZLIB, 15 }, { INFLATE_GZIP, 31 } };

/* With room of every size the same bytes come out; one reader does all streams. */
CASE(every_piece)
{
	struct str want = plain();
	struct inflate *f = inflate_new(&arena);
	char out[TEXT + 1];

	for (size_t k = 0; k < 3; k++) {
		struct buf in;
		buf_init(&in, 1 << 16);
		build_deflate(&in, want, kinds[k].bits);
		struct str g = check_guard(buf_str(&in));
		for (size_t piece = 1; piece <= TEXT + 1; piece += piece < 40 ? 1 : 97) {
			size_t n = 0, got = 0;
			inflate_start(f, kinds[k].kind, g);
			do {
				size_t room = TEXT + 1 - n < piece ? TEXT + 1 - n : piece;
				CHECK(inflate_read(f, out + n, room, &got) == OK);
				n += got;
			} while (got != 0);
			CHECK(inflate_ended(f) && inflate_rest(f).n == 0);
			CHECK_STR(((struct str){ out, n }), want);
		}
		check_unguard(g);
		buf_free(&in);
	}
}

CASE(cut)
{
	struct str want = plain();
	char out[TEXT + 1];

	for (size_t k = 0; k < 3; k++) {
		struct buf in;
		buf_init(&in, 1 << 16);
		build_deflate(&in, want, kinds[k].bits);
		for (size_t n = 0; n < in.n; n++) {
			struct inflate *f = n % 64 == 0 ? inflate_new(&arena) : NULL;
			if (f == NULL)
				continue;
			struct str g = check_guard(str_head(buf_str(&in), n));
			size_t got;
			inflate_start(f, kinds[k].kind, g);
			CHECK(inflate_read(f, out, sizeof out, &got) == ERR_SYNTAX);
			CHECK(inflate_cut(f) && !inflate_ended(f));
			check_unguard(g);
		}
		buf_free(&in);
	}
}

static enum err all(enum inflate_kind kind, struct str in, size_t max, struct buf *out)
{
	buf_free(out);
	buf_init(out, max);
	arena_reset(&arena);
	return inflate_all(&arena, kind, in, out);
}

/* As CPython and GNU gzip: one stream after the other, zeros behind them; nothing else. */
CASE(several)
{
	struct str want = plain();
	struct buf in, out = { 0 };

	buf_init(&in, 1 << 16);
	build_deflate(&in, str_head(want, 1000), 31);
	build_deflate(&in, S(""), 31);
	build_deflate(&in, str_tail(want, 1000), 31);
	CHECK(all(INFLATE_GZIP, buf_str(&in), TEXT, &out) == OK);
	CHECK_STR(buf_str(&out), want);
	buf_add(&in, S("\0\0\0\0"));
	CHECK(all(INFLATE_GZIP, buf_str(&in), TEXT, &out) == OK);
	CHECK_STR(buf_str(&out), want);
	buf_add(&in, S("x"));
	CHECK(all(INFLATE_GZIP, buf_str(&in), TEXT, &out) == ERR_SYNTAX);
	in.n--;
	buf_add(&in, S("\x1f\x8b"));
	CHECK(all(INFLATE_GZIP, buf_str(&in), TEXT, &out) == ERR_SYNTAX);
	buf_free(&in);
	buf_free(&out);
}

CASE(bounded)
{
	struct str want = plain();
	struct buf in, out = { 0 };

	buf_init(&in, 1 << 16);
	build_deflate(&in, want, 15);
	CHECK(all(INFLATE_ZLIB, buf_str(&in), TEXT, &out) == OK);
	CHECK(all(INFLATE_ZLIB, buf_str(&in), TEXT - 1, &out) == ERR_LIMIT && out.n == TEXT - 1);
	CHECK(all(INFLATE_ZLIB, buf_str(&in), 1, &out) == ERR_LIMIT);
	buf_addc(&in, 0);
	CHECK(all(INFLATE_ZLIB, buf_str(&in), TEXT, &out) == ERR_SYNTAX);
	in.p[in.n - 2] ^= 1; /* the checksum */
	in.n--;
	CHECK(all(INFLATE_ZLIB, buf_str(&in), TEXT, &out) == ERR_SYNTAX);
	struct arena small;
	arena_init(&small, 1000);
	CHECK(inflate_all(&small, INFLATE_ZLIB, S("x"), &out) == ERR_NOMEM);
	arena_done(&small);
	buf_free(&in);
	buf_free(&out);
}

CASE(crc)
{
	CHECK(inflate_crc(0, S("123456789")) == 0xcbf43926);
	CHECK(inflate_crc(inflate_crc(0, S("1234")), S("56789")) == 0xcbf43926);
	CHECK(inflate_crc(5, S("")) == 5);
}

TESTS(CASE_ROW(every_piece), CASE_ROW(cut), CASE_ROW(several), CASE_ROW(bounded), CASE_ROW(crc))
