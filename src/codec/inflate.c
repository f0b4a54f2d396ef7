/*
 * codec/inflate.c - zlib behind a bounded interface: its memory comes from an arena, its output
 * goes where the caller has room.
 * Input: hostile.   Runs in: checker, indexer, ingress.   Fuzz: fuzz/inflate_fuzz.c
 */
#define ZLIB_CONST
#include "codec/inflate.h"

#include <assert.h>
#include <zlib.h>

enum { STEP = 1 << 30, PIECE = 32 << 10 }; /* zlib counts in 32 bits */

struct inflate {
	z_stream z;
	struct str left; /* what zlib has not been given yet */
	enum inflate_kind kind;
	bool ended, cut, gap;
};

static voidpf take(voidpf opaque, uInt items, uInt size)
{
	struct arena *a = opaque;

	return items != 0 && size > SIZE_MAX / items ? NULL
						     : arena_alloc(a, (size_t)items * size, 16);
}

/* The arena takes it back as a whole. */
static void keep(voidpf opaque, voidpf at)
{
	(void)opaque;
	(void)at;
}

static int window_bits(enum inflate_kind kind)
{
	static const int bits[] = {
		[INFLATE_RAW] = -MAX_WBITS,
		[INFLATE_ZLIB] = MAX_WBITS,
		[INFLATE_GZIP] = MAX_WBITS + 16,
	};

	return bits[kind];
}

struct inflate *inflate_new(struct arena *a)
{
	struct inflate *f = NEW(a, struct inflate);

	if (f == NULL)
		return NULL;
	f->z.zalloc = take;
	f->z.zfree = keep;
	f->z.opaque = a;
	f->ended = true;
	return inflateInit2(&f->z, -MAX_WBITS) == Z_OK ? f : NULL;
}

static void give(struct inflate *f)
{
	if (f->z.avail_in != 0)
		return;
	struct str next = str_head(f->left, STEP);
	f->left = str_tail(f->left, next.n);
	f->z.next_in = (const Bytef *)next.p;
	f->z.avail_in = (uInt)next.n;
}

static void begin(struct inflate *f, struct str in)
{
	f->left = in;
	f->z.next_in = NULL;
	f->z.avail_in = 0;
	f->ended = f->cut = false;
	int r = inflateReset2(&f->z, window_bits(f->kind));
	assert(r == Z_OK);
	(void)r;
}

void inflate_start(struct inflate *f, enum inflate_kind kind, struct str in)
{
	f->kind = kind;
	f->gap = false;
	begin(f, in);
}

struct str inflate_rest(const struct inflate *f)
{
	/* Both parts are neighbours in the caller's memory. */
	return f->z.avail_in != 0
		       ? (struct str){ (const char *)f->z.next_in, f->z.avail_in + f->left.n }
		       : f->left;
}

bool inflate_ended(const struct inflate *f)
{
	return f->ended;
}

bool inflate_cut(const struct inflate *f)
{
	return f->cut;
}

bool inflate_gap(const struct inflate *f)
{
	return f->gap;
}

/*
 * A gzip stream ended. CPython's gzip and GNU's both take another one that follows and pass over
 * zeros; what else follows is not ours: the caller finds it with inflate_rest.
 */
static void stream_end(struct inflate *f)
{
	struct str rest = inflate_rest(f);

	f->ended = true;
	if (f->kind != INFLATE_GZIP)
		return;
	size_t zeros = 0;
	while (zeros < rest.n && rest.p[zeros] == 0)
		zeros++;
	rest = str_tail(rest, zeros);
	if (str_has_prefix(rest, S("\x1f\x8b"))) {
		f->gap = f->gap || zeros != 0;
		begin(f, rest);
		return;
	}
	f->z.avail_in = 0;
	f->left = rest;
}

enum err inflate_read(struct inflate *f, char *out, size_t cap, size_t *out_n)
{
	size_t n = 0;

	*out_n = 0;
	while (n < cap && !f->ended) {
		uInt room = cap - n < STEP ? (uInt)(cap - n) : STEP;
		give(f);
		f->z.next_out = (Bytef *)out + n;
		f->z.avail_out = room;
		int r = inflate(&f->z, Z_NO_FLUSH);
		n += room - f->z.avail_out;
		*out_n = n;
		if (r == Z_STREAM_END) {
			stream_end(f);
			continue;
		}
		if (r == Z_MEM_ERROR)
			return ERR_NOMEM;
		f->cut = f->z.avail_in == 0 && f->left.n == 0 && f->z.avail_out != 0;
		if ((r != Z_OK && r != Z_BUF_ERROR) || f->cut)
			return ERR_SYNTAX;
	}
	*out_n = n;
	return OK;
}

enum err inflate_all(struct arena *a, enum inflate_kind kind, struct str in, struct buf *out)
{
	struct inflate *f = inflate_new(a);
	size_t n = 0;

	if (f == NULL)
		return ERR_NOMEM;
	inflate_start(f, kind, in);
	do {
		size_t room = out->max - out->n < PIECE ? out->max - out->n : PIECE;
		char *at = room != 0 ? buf_room(out, room) : NULL;
		char over;
		if (at == NULL && out->err != OK)
			return out->err;
		TRY(inflate_read(f, at != NULL ? at : &over, at != NULL ? room : 1, &n));
		if (n != 0 && at == NULL)
			return ERR_LIMIT;
		buf_grew(out, n);
	} while (n != 0);
	return inflate_rest(f).n == 0 ? OK : ERR_SYNTAX;
}

uint32_t inflate_crc(uint32_t crc, struct str s)
{
	return (uint32_t)crc32_z(crc, (const Bytef *)s.p, s.n);
}
