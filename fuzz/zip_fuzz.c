/*
 * fuzz/zip_fuzz.c - oracle: where no fault is found, a reader that only streams, from the first local
 * header on without looking at the directory, sees the same members with the same contents, and after
 * them the directory; every content has the size and checksum that were promised; and reading all
 * at once gives the same as reading in pieces.
 */
#include "fuzz/fuzz.h"

#include "base/le.h"
#include "codec/archive.h"
#include "codec/inflate.h"

/* The member at *at as a streaming reader takes it; sizes may stand behind the content. */
static void stream_one(struct str map, uint64_t *at, const struct member *m, uint64_t packed)
{
	const char *p = map.p + *at;

	CHECK(map.n - *at >= 30 && memcmp(p, "PK\3\4", 4) == 0);
	size_t name = le16(p + 26), extra = le16(p + 28);
	CHECK(str_eq((struct str){ p + 30, name }, m->raw));
	*at += 30 + name + extra + packed;
	CHECK(*at <= map.n);
	if ((le16(p + 6) & 8) == 0) {
		CHECK(le32(p + 22) == UINT32_MAX || le32(p + 22) == m->size);
		return;
	}
	/* A descriptor of one of the four forms, up to the next record. */
	for (unsigned n = 12; n <= 24; n += 4)
		if (map.n - *at >= n + 4 && memcmp(map.p + *at + n, "PK", 2) == 0 &&
		    (n < 20 ? le32(map.p + *at + n - 4) : le64(map.p + *at + n - 8)) == m->size) {
			*at += n;
			return;
		}
	CHECK(false && "a descriptor");
}

/* The packed size of member i from its entry, found by walking the directory alone. */
static uint64_t packed_size(struct str map, size_t *entry)
{
	const char *p = map.p + *entry;

	CHECK(map.n - *entry >= 46 && memcmp(p, "PK\1\2", 4) == 0);
	*entry += 46u + le16(p + 28) + le16(p + 30) + le16(p + 32);
	return le32(p + 20);
}

static enum err read_one(struct archive *ar, struct arena *a, const struct member *m)
{
	struct str piece, all;
	struct buf b;
	enum err e;

	buf_init(&b, 1 << 26);
	while ((e = archive_read(ar, &piece)) == OK && piece.n != 0) {
		CHECK(b.n + piece.n <= m->size);
		buf_add(&b, piece);
	}
	if (e == OK)
		CHECK(b.n == m->size);
	if (e == OK || e == ERR_SYNTAX) {
		const struct member *again;
		CHECK(archive_at(ar, m->index, &again) == OK);
		enum err f = archive_read_all(ar, a, 1 << 26, &all);
		CHECK(e == f || f == ERR_NOMEM || (f == ERR_LIMIT && m->size > 1 << 26));
		if (e == OK && f == OK)
			CHECK(str_eq(all, buf_str(&b)));
	}
	buf_free(&b);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str map = { (const char *)p, n };
	const struct member *m;
	struct archive *ar;
	struct arena a;
	bool in_order = true;
	uint64_t at = 0, before = 0;

	arena_init(&a, 64 << 20);
	enum err e = archive_open(&ar, &a, map, (n & 1) != 0);
	if (archive_which(ar) != ARCHIVE_ZIP) {
		arena_done(&a);
		return 0;
	}
	CHECK(e == OK || archive_faults(ar)->n != 0 || e == ERR_NOMEM);
	uint32_t faults = archive_faults(ar)->n;
	size_t entry = e == OK && n >= 22 ? le32(map.p + n - 22 + 16) : 0;
	/* A comment or a zip64 record moves the end: then the second reader has nothing to say. */
	bool plain = e == OK && faults == 0 && memcmp(map.p + n - 22, "PK\5\6", 4) == 0 && entry < n;
	for (uint32_t i = 0; e == OK && i < archive_count(ar); i++) {
		CHECK(archive_at(ar, i, &m) == OK && m->index == i);
		struct member copy = *m;
		(void)read_one(ar, &a, &copy);
		if (!plain)
			continue;
		const char *central = map.p + entry;
		uint64_t packed = packed_size(map, &entry);
		uint64_t local = le32(central + 42);
		in_order = in_order && (i == 0 || local > before);
		before = local;
		if (in_order && packed != UINT32_MAX)
			stream_one(map, &at, &copy, packed);
		else
			in_order = false;
	}
	if (plain && in_order && archive_count(ar) != 0)
		CHECK(at == le32(map.p + n - 22 + 16));
	arena_done(&a);
	return 0;
}
