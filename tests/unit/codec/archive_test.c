/* tests/unit/codec/archive_test.c - kinds, and tar archives out of gzip; for zip see zip_test.c. */
#include "codec/archive.h"

#include "base/limits.h"

#include "../archive_build.h"
#include "../check.h"

static struct arena arena;
static struct buf tar, file;

static void start(void)
{
	if (file.max == 0) {
		arena_init(&arena, 256 << 20);
		buf_init(&tar, 4 << 20);
		buf_init(&file, 4 << 20);
	}
	arena_reset(&arena);
	buf_reset(&tar);
	buf_reset(&file);
}

CASE(kinds)
{
	start();
	CHECK(archive_kind(S("")) == ARCHIVE_NONE);
	CHECK(archive_kind(S("PK\3\4")) == ARCHIVE_ZIP);
	CHECK(archive_kind(S("\x1f\x8b")) == ARCHIVE_TAR_GZ);
	CHECK(archive_kind(S("\xfd" "7zXZ\0")) == ARCHIVE_XZ);
	CHECK(archive_kind(S("BZh9")) == ARCHIVE_BZIP2);
	CHECK(archive_kind(S("\x28\xb5\x2f\xfd")) == ARCHIVE_ZSTD);
	CHECK(archive_kind(S("anything else")) == ARCHIVE_NONE);
	(void)build_tar_member(&tar, "a", '0', S(""), "");
	CHECK(archive_kind(buf_str(&tar)) == ARCHIVE_TAR);
	CHECK_STR(str_z(archive_kind_text(ARCHIVE_TAR_GZ)), S("tar.gz"));
}

CASE(not_read)
{
	struct archive *ar;
	const struct member *m;

	start();
	CHECK(archive_open(&ar, &arena, S("\x28\xb5\x2f\xfd"), true) == ERR_UNSUPPORTED);
	CHECK(archive_faults(ar)->n == 1 && archive_faults(ar)->items[0].code == FAULT_FORMAT);
	CHECK_STR(archive_faults(ar)->items[0].name, S("zstd"));
	CHECK(archive_next(ar, &m) == ERR_UNSUPPORTED && m == NULL);
	CHECK(archive_open(&ar, &arena, S("hello"), true) == ERR_SYNTAX);
	CHECK(archive_at(ar, 0, &m) == ERR_SYNTAX);
	struct arena small;
	arena_init(&small, 100);
	CHECK(archive_open(&ar, &small, S("hello"), true) == ERR_NOMEM);
	arena_done(&small);
}

static void make(void)
{
	start();
	(void)build_tar_member(&tar, "a", '0', S("first"), "");
	struct buf big;
	buf_init(&big, 1 << 20);
	for (unsigned i = 0; i < 200000; i++)
		buf_addc(&big, (char)('a' + i % 23));
	(void)build_tar_member(&tar, "big", '0', buf_str(&big), "");
	(void)build_tar_member(&tar, "c", '0', S("last"), "");
	build_tar_end(&tar);
	buf_free(&big);
	build_deflate(&file, buf_str(&tar), 31);
}

static void walk(struct str map, struct buf *out)
{
	struct archive *ar;
	const struct member *m;
	struct str s;

	CHECK(archive_open(&ar, &arena, map, false) == OK);
	CHECK(archive_next(ar, &m) == OK && m != NULL);
	CHECK(archive_at(ar, 0, &m) == ERR_UNSUPPORTED);
	CHECK(archive_next(ar, &m) == OK && m != NULL && m->size == 200000);
	CHECK(archive_read_all(ar, &arena, 1000, &s) == ERR_LIMIT);
	CHECK(archive_read_all(ar, &arena, 1 << 20, &s) == OK);
	buf_add(out, s);
	CHECK(archive_next(ar, &m) == OK && m != NULL && m->index == 2);
	CHECK(archive_read(ar, &s) == OK);
	buf_add(out, s);
	CHECK(archive_read(ar, &s) == OK && s.n == 0);
	CHECK(archive_next(ar, &m) == OK && m == NULL);
	CHECK(archive_next(ar, &m) == OK && m == NULL);
	CHECK(archive_count(ar) == 3 && archive_faults(ar)->n == 0);
}

CASE(tar_and_tar_gz)
{
	struct buf a, b;

	buf_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	make();
	struct str g = check_guard(buf_str(&file));
	walk(g, &a);
	check_unguard(g);
	walk(buf_str(&tar), &b);
	CHECK_STR(buf_str(&a), buf_str(&b));
	CHECK(a.n == 200004);
	buf_free(&a);
	buf_free(&b);
}

/* How the walk ends, and with which fault. */
static enum err ends(enum fault_code code)
{
	struct archive *ar;
	const struct member *m;
	enum err e = archive_open(&ar, &arena, buf_str(&file), false);

	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL)
		;
	CHECK(archive_faults(ar)->of[code] == 1);
	CHECK(archive_next(ar, &m) == e);
	return e;
}

CASE(broken)
{
	make();
	buf_add(&file, S("trailing"));
	CHECK(ends(FAULT_GZIP_TRAILING) == ERR_SYNTAX);
	make();
	file.n -= 9;
	CHECK(ends(FAULT_TRUNCATED) == ERR_SYNTAX);
	make();
	file.p[file.n - 6] ^= 1; /* the checksum of gzip */
	CHECK(ends(FAULT_COMPRESSION) == ERR_SYNTAX);
	make();
	buf_add(&file, S("\0\0"));
	build_deflate(&file, S(""), 31);
	CHECK(ends(FAULT_GZIP_GAP) == ERR_SYNTAX);
}

/* Zeros, a thousand to one: stopped at the bound, not at their end. */
CASE(bomb)
{
	struct buf zeros;

	start();
	buf_init(&zeros, 4 << 20);
	memset(buf_room(&zeros, 3 << 20), 0, 3 << 20);
	buf_grew(&zeros, 3 << 20);
	size_t last = build_head(&tar, "zeros", '0', 1 << 30, "");
	(void)last;
	build_deflate(&file, buf_str(&tar), 31);
	for (int i = 0; i < 80; i++)
		build_deflate(&file, buf_str(&zeros), 31);
	CHECK(ends(FAULT_BOMB) == ERR_LIMIT);
	buf_free(&zeros);
}

TESTS(CASE_ROW(kinds), CASE_ROW(not_read), CASE_ROW(tar_and_tar_gz), CASE_ROW(broken),
      CASE_ROW(bomb))
