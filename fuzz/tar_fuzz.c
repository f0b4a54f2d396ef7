/*
 * fuzz/tar_fuzz.c - the first byte says in what pieces the archive comes, and its highest bit whether
 * it goes through gzip. Oracle: the pieces make no difference; where no fault is found, a second
 * reader, which knows sizes only, finds the same members by jumping from header to header.
 */
#include "fuzz/fuzz.h"

#include "codec/archive.h"
#include "codec/tar.h"

enum { MEMBERS = 4096 };

struct feed {
	struct str rest;
	size_t piece;
};

static enum err fill(void *ctx, struct str *out)
{
	struct feed *f = ctx;

	*out = str_head(f->rest, f->piece);
	f->rest = str_tail(f->rest, out->n);
	return OK;
}

/* What was read, as one hash of names, sizes and contents. */
struct seen {
	enum err err;
	uint64_t hash;
	unsigned faults, members;
	uint64_t sizes[MEMBERS];
};

static void mix(uint64_t *h, struct str s)
{
	*h = (*h ^ s.n) * 0x100000001b3u;
	for (size_t i = 0; i < s.n; i++)
		*h = (*h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
}

static void read_tar(struct str map, size_t piece, struct seen *out)
{
	struct feed feed = { map, piece };
	struct faults f = { .tolerate = true };
	struct member m;
	struct arena a;
	struct tar t;
	struct str s;
	bool some = true;

	*out = (struct seen){ .hash = 1 };
	arena_init(&a, 64 << 20);
	f.arena = &a;
	enum err e = tar_init(&t, &a, &f, fill, &feed);
	while (e == OK && (e = tar_next(&t, &m, &some)) == OK && some) {
		uint64_t n = 0, content = 1;
		mix(&out->hash, m.raw);
		mix(&out->hash, m.link);
		while ((e = tar_read(&t, &s)) == OK && s.n != 0) {
			n += s.n;
			for (size_t i = 0; i < s.n; i++)
				content = (content ^ (unsigned char)s.p[i]) * 0x100000001b3u;
		}
		CHECK(e != OK || n == m.size);
		out->hash = (out->hash ^ content) * 31 + m.size;
		if (out->members < MEMBERS)
			out->sizes[out->members] = m.size;
		out->members++;
	}
	CHECK(e == OK || f.n != 0 || e == ERR_NOMEM);
	out->err = e;
	out->faults = f.n;
	arena_done(&a);
}

/* Headers that are no extended ones, from block to block. */
static void second(struct str map, const struct seen *seen)
{
	uint64_t at = 0;
	unsigned i = 0;

	while (map.n - at >= TAR_BLOCK && tar_is_header(str_tail(map, at))) {
		int64_t size;
		char type = map.p[at + 156];
		CHECK(tar_number((struct str){ map.p + at + 124, 12 }, &size));
		bool ahead = type == 'x' || type == 'g' || type == 'L' || type == 'K';
		CHECK(ahead || (i < seen->members && seen->sizes[i] == (uint64_t)size));
		i += !ahead;
		at += TAR_BLOCK + (((uint64_t)size + TAR_BLOCK - 1) & ~(uint64_t)(TAR_BLOCK - 1));
		CHECK(at <= map.n);
	}
	CHECK(i == seen->members);
}

static void read_gzip(struct str map)
{
	const struct member *m;
	struct archive *ar;
	struct arena a;
	struct str s;

	arena_init(&a, 64 << 20);
	enum err e = archive_open(&ar, &a, map, true);
	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL) {
		if (m->index % 2 == 0 && m->size < 1 << 20) {
			e = archive_read_all(ar, &a, 1 << 20, &s);
			CHECK(e != OK || s.n == m->size);
		} else {
			while ((e = archive_read(ar, &s)) == OK && s.n != 0)
				;
		}
	}
	CHECK(e == OK || archive_faults(ar)->n != 0 || e == ERR_NOMEM);
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct seen whole, cut;

	if (n == 0)
		return 0;
	struct str map = { (const char *)p + 1, n - 1 };
	if ((p[0] & 0x80) != 0) {
		read_gzip(map);
		return 0;
	}
	read_tar(map, SIZE_MAX, &whole);
	read_tar(map, (p[0] % 16 + 1u) * TAR_BLOCK, &cut);
	CHECK(whole.err == cut.err && whole.hash == cut.hash && whole.faults == cut.faults);
	if (whole.err == OK && whole.faults == 0 && whole.members < MEMBERS)
		second(map, &whole);
	return 0;
}
