/* tests/unit/codec/zip_test.c - through codec/archive.h, as everybody reads zip archives. */
#include "base/limits.h"
#include "codec/archive.h"

#include "../archive_build.h"
#include "../check.h"

static struct arena arena;
static struct buf file;

static const struct build_member three[] = {
	{ "pkg/a.py", SC("print(1)\nprint(1)\nprint(1)\n"), true, false, 0100755u << 16 },
	{ "pkg/b.txt", SC("plain"), false, false, 0 },
	{ "pkg/c.bin", SC("described described described"), true, true, 0100644u << 16 },
};

static void make(const struct build_member *m, size_t n)
{
	arena_reset(&arena);
	buf_reset(&file);
	build_zip(&file, m, n);
}

/* Opens it at an unmapped page and reads it all; gives the number of members that were read. */
static unsigned read_all(struct str data, bool tolerate, struct faults *out, enum err *out_err)
{
	struct str g = check_guard(data);
	struct archive *ar;
	const struct member *m;
	unsigned n = 0;
	struct str piece;
	enum err e = archive_open(&ar, &arena, g, tolerate);

	while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL) {
		while ((e = archive_read(ar, &piece)) == OK && piece.n != 0)
			;
		n += e == OK;
		e = OK;
	}
	*out = *archive_faults(ar);
	*out_err = e;
	check_unguard(g);
	return n;
}

static bool has(const struct faults *f, enum fault_code code)
{
	return f->of[code] != 0;
}

/* The archive has this fault, is refused for it, and with tolerate either still gives members or
 * ends with an error. */
static void faulty(struct str data, enum fault_code code)
{
	struct faults f;
	enum err e;

	(void)read_all(data, true, &f, &e);
	CHECK(has(&f, code));
	if (!has(&f, code))
		fprintf(stderr, "wanted: %s, got: %s\n", fault_text(code),
			f.n ? fault_text(f.items[0].code) : "nothing");
	if (fault_class(code) != FAULT_AMBIGUOUS)
		return;
	(void)read_all(data, false, &f, &e);
	CHECK((e == ERR_SYNTAX || code == FAULT_LENGTH) && f.n == 1);
}

CASE(well)
{
	struct archive *ar;
	const struct member *m;
	struct str all;

	make(three, 3);
	CHECK(archive_kind(buf_str(&file)) == ARCHIVE_ZIP);
	CHECK(archive_open(&ar, &arena, buf_str(&file), false) == OK);
	CHECK(archive_count(ar) == 3 && archive_which(ar) == ARCHIVE_ZIP);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(archive_next(ar, &m) == OK && m != NULL && m->index == i);
		CHECK_STR(m->name, str_z(three[i].name));
		CHECK(m->type == MEMBER_FILE && m->size == three[i].body.n);
		CHECK(m->mode == (three[i].attributes >> 16 & 07777));
		CHECK(m->mtime == 315532800); /* 1980-01-01 */
		CHECK(archive_read_all(ar, &arena, 1000, &all) == OK);
		CHECK_STR(all, three[i].body);
		CHECK(archive_read(ar, &all) == OK && all.n == 0);
	}
	CHECK(archive_next(ar, &m) == OK && m == NULL);
	CHECK(archive_find(ar, S("pkg/c.bin"), &m) == OK && m->index == 2);
	CHECK(archive_read_all(ar, &arena, 5, &all) == ERR_LIMIT);
	CHECK(archive_at(ar, 1, &m) == OK && archive_read(ar, &all) == OK);
	CHECK_STR(all, S("plain"));
	CHECK(archive_at(ar, 3, &m) == ERR_NOT_FOUND);
	CHECK(archive_find(ar, S("x"), &m) == ERR_NOT_FOUND);
	CHECK(archive_faults(ar)->n == 0);
}

CASE(empty)
{
	struct faults f;
	enum err e;

	make(NULL, 0);
	CHECK(read_all(buf_str(&file), false, &f, &e) == 0 && e == OK && f.n == 0);
	faulty(S("PK\5\6 far too short"), FAULT_ZIP_NO_END);
	faulty(S(""), FAULT_NOT_ARCHIVE);
}

/* Cut anywhere, it is no archive any more; and nothing reads past its end. */
CASE(cut)
{
	struct faults f;
	enum err e;

	make(three, 3);
	for (size_t n = 0; n < file.n; n++) {
		(void)read_all(str_head(buf_str(&file), n), true, &f, &e);
		CHECK(e != OK && f.n != 0);
	}
}

/* Any byte changed: no crash, and what still reads without a fault has the same members. */
CASE(changed)
{
	make(three, 3);
	for (size_t i = 0; i < file.n; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct faults f;
			enum err e;
			arena_reset(&arena);
			file.p[i] = (char)(file.p[i] ^ 1 << bit);
			unsigned n = read_all(buf_str(&file), true, &f, &e);
			CHECK(e != OK || f.n != 0 || n == 3);
			file.p[i] = (char)(file.p[i] ^ 1 << bit);
		}
	}
}

/* Offsets of records: the first local header is at 0. */
static size_t find(const char *sig, size_t nth)
{
	size_t at = 0;

	for (size_t i = 0; i <= nth; i++)
		at += str_find(str_tail(buf_str(&file), at + (i != 0)), str_z(sig)) + (i != 0);
	return at;
}

#define CENTRAL(i) find("PK\1\2", (i))
#define LOCAL(i)   find("PK\3\4", (i))
#define END	   find("PK\5\6", 0)

CASE(headers_differ)
{
	static const struct {
		size_t at;
		enum fault_code code;
	} local[] = {
		{ 6, FAULT_ZIP_LOCAL_FLAGS }, { 8, FAULT_ZIP_LOCAL_METHOD },
		{ 14, FAULT_ZIP_LOCAL_CRC },  { 18, FAULT_ZIP_LOCAL_SIZE },
		{ 22, FAULT_ZIP_LOCAL_SIZE }, { 30, FAULT_ZIP_LOCAL_NAME },
	};

	for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
		make(three, 3);
		file.p[LOCAL(0) + local[i].at] ^= 2;
		faulty(buf_str(&file), local[i].code);
	}
	make(three, 3);
	file.p[find("PK\7\x8", 0) + 4] ^= 1;
	faulty(buf_str(&file), FAULT_ZIP_DESCRIPTOR);
	make(three, 3);
	file.p[find("PK\7\x8", 0)] ^= 1;
	faulty(buf_str(&file), FAULT_ZIP_DESCRIPTOR);
	make(three, 3);
	file.p[LOCAL(1)] ^= 1;
	faulty(buf_str(&file), FAULT_ZIP_RECORD);
}

CASE(around)
{
	make(three, 3);
	buf_addc(&file, 'x');
	faulty(buf_str(&file), FAULT_ZIP_TRAILING);
	make(three, 3);
	file.p[END + 20] = 1; /* a comment that is not there */
	faulty(buf_str(&file), FAULT_TRUNCATED);
	make(three, 3);
	file.p[END + 20] = 26;
	buf_add(&file, S("PK\5\6 a second end record.."));
	faulty(buf_str(&file), FAULT_ZIP_ENDS);
	make(three, 3);
	file.p[END + 4] = 1;
	faulty(buf_str(&file), FAULT_ZIP_DISKS);
	make(three, 3);
	file.p[END + 8] = file.p[END + 10] = 2; /* one member less than there are */
	faulty(buf_str(&file), FAULT_ZIP_COUNT);
	make(three, 3);
	file.p[END + 16] ^= 1;
	faulty(buf_str(&file), FAULT_ZIP_DIRECTORY);
}

/* The archive with bytes put in at offset at, which all offsets behind know of. */
static void insert(size_t at, struct str bytes)
{
	struct buf out;
	size_t end = END, n = 3;

	for (size_t i = 0; i < n; i++) {
		char *local = file.p + CENTRAL(i) + 42;
		if (le32(local) >= at)
			le32_put(local, le32(local) + (uint32_t)bytes.n);
	}
	le32_put(file.p + end + 16, le32(file.p + end + 16) + (uint32_t)bytes.n);
	buf_init(&out, 1 << 20);
	buf_add(&out, str_head(buf_str(&file), at));
	buf_add(&out, bytes);
	buf_add(&out, str_tail(buf_str(&file), at));
	buf_reset(&file);
	buf_add(&file, buf_str(&out));
	buf_free(&out);
}

CASE(space_between)
{
	make(three, 3);
	insert(0, S("#!/usr/bin/python\n"));
	faulty(buf_str(&file), FAULT_ZIP_PREFIX);
	CHECK(archive_kind(buf_str(&file)) == ARCHIVE_ZIP);
	make(three, 3);
	insert(LOCAL(1), S("gap"));
	faulty(buf_str(&file), FAULT_ZIP_GAP);
	make(three, 3);
	insert(CENTRAL(0), S("gap"));
	faulty(buf_str(&file), FAULT_ZIP_DESCRIPTOR);
	make(three, 3);
	le32_put(file.p + CENTRAL(1) + 42, 0);
	faulty(buf_str(&file), FAULT_ZIP_OVERLAP);
}

CASE(names)
{
	static const struct {
		const char *name;
		enum fault_code code;
	} rows[] = {
		{ "/etc/x", FAULT_NAME_ABSOLUTE }, { "C:x", FAULT_NAME_ABSOLUTE },
		{ "a/../b", FAULT_NAME_UP },	   { "..", FAULT_NAME_UP },
		{ "./a", FAULT_NAME_FORM },	   { "a//b", FAULT_NAME_FORM },
		{ "a//", FAULT_NAME_FORM },	   { "a/.", FAULT_NAME_FORM },
		{ "a\\b", FAULT_NAME_BACKSLASH },  { "", FAULT_NAME_EMPTY },
		{ "\xc3\xa4", FAULT_NAME_CHARSET },
	};
	struct build_member m = { "", S(""), false, false, 0 };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		m.name = rows[i].name;
		make(&m, 1);
		faulty(buf_str(&file), rows[i].code);
	}
	m.name = "a_b";
	make(&m, 1);
	file.p[31] = file.p[CENTRAL(0) + 47] = 0;
	faulty(buf_str(&file), FAULT_NAME_NUL);
}

CASE(twins)
{
	struct build_member two[] = { { "a", S("1"), false, false, 0 },
				      { "a", S("2"), true, false, 0 } };
	struct faults f;
	enum err e;

	make(two, 2);
	faulty(buf_str(&file), FAULT_DUPLICATE);
	two[1].name = "a/";
	two[1].body = S("");
	make(two, 2);
	faulty(buf_str(&file), FAULT_DUPLICATE);
	two[1].name = "a/b";
	make(two, 2);
	faulty(buf_str(&file), FAULT_FILE_AS_DIR);
	two[0].name = "ab";
	make(two, 2);
	CHECK(read_all(buf_str(&file), false, &f, &e) == 2 && e == OK);
}

CASE(types)
{
	struct build_member m = { "a", S("target"), false, false, 0120777u << 16 };

	make(&m, 1);
	faulty(buf_str(&file), FAULT_ZIP_LINK);
	m.attributes = 0020644u << 16;
	make(&m, 1);
	faulty(buf_str(&file), FAULT_ZIP_TYPE);
	m.attributes = 0040755u << 16;
	make(&m, 1);
	faulty(buf_str(&file), FAULT_ZIP_TYPE);
	m.name = "a/";
	make(&m, 1);
	faulty(buf_str(&file), FAULT_ZIP_DIR_DATA);
}

/* A byte of both headers of the first member. */
static void both(size_t local, size_t central, char value)
{
	file.p[local] = value;
	file.p[CENTRAL(0) + central] = value;
}

CASE(not_read)
{
	struct faults f;
	enum err e;

	make(three, 3);
	both(6, 8, 1);
	faulty(buf_str(&file), FAULT_ZIP_ENCRYPTED);
	CHECK(read_all(buf_str(&file), false, &f, &e) == 2 && e == OK);
	make(three, 3);
	both(6, 8, 1 << 5);
	faulty(buf_str(&file), FAULT_ZIP_FLAGS);
	make(three, 3);
	both(8, 10, 12); /* bzip2 */
	faulty(buf_str(&file), FAULT_FORMAT);
	CHECK(read_all(buf_str(&file), false, &f, &e) == 2 && e == OK);
	make(three, 3);
	file.p[CENTRAL(0) + 6] = 64;
	faulty(buf_str(&file), FAULT_ZIP_FLAGS);
}

CASE(contents)
{
	make(three, 3);
	both(14, 16, 'x');
	faulty(buf_str(&file), FAULT_CHECKSUM);
	make(three, 3);
	both(22, 24, 5); /* less than comes out */
	faulty(buf_str(&file), FAULT_LENGTH);
	make(three, 3);
	both(22, 24, 100); /* more */
	faulty(buf_str(&file), FAULT_LENGTH);
	make(three, 3);
	file.p[38] = (char)0xff;
	faulty(buf_str(&file), FAULT_COMPRESSION);
}

/* Sizes of 4 GB from a few bytes are over the bound of proportion before anything is read. */
CASE(bomb)
{
	make(three, 3);
	le32_put(file.p + 22, 0xfffffff0);
	le32_put(file.p + CENTRAL(0) + 24, 0xfffffff0);
	faulty(buf_str(&file), FAULT_BOMB);
}

static void add_u64(struct buf *b, uint64_t v)
{
	build_u32(b, (uint32_t)v);
	build_u32(b, (uint32_t)(v >> 32));
}

/* Puts a zip64 end record in, which says the same as the end record when delta is 0. */
static void with_zip64(uint64_t delta, bool saturated)
{
	size_t end = END;
	char last[22];
	uint64_t size = le32(file.p + end + 12), offset = le32(file.p + end + 16);

	memcpy(last, file.p + end, 22);
	file.n = end;
	buf_add(&file, S("PK\6\6"));
	add_u64(&file, 44);
	build_u32(&file, 45 << 16 | 45);
	add_u64(&file, 0);
	add_u64(&file, 3);
	add_u64(&file, 3);
	add_u64(&file, size);
	add_u64(&file, offset + delta);
	buf_add(&file, S("PK\6\7"));
	build_u32(&file, 0);
	add_u64(&file, end);
	build_u32(&file, 1);
	if (saturated)
		memset(last + 8, 0xff, 12);
	buf_add(&file, (struct str){ last, 22 });
}

CASE(zip64)
{
	struct faults f;
	enum err e;

	make(three, 3);
	with_zip64(0, true);
	CHECK(read_all(buf_str(&file), false, &f, &e) == 3 && e == OK);
	make(three, 3);
	with_zip64(0, false);
	CHECK(read_all(buf_str(&file), false, &f, &e) == 3 && e == OK);
	make(three, 3);
	with_zip64(1, false);
	faulty(buf_str(&file), FAULT_ZIP64_END);
	make(three, 3);
	with_zip64(1, true);
	faulty(buf_str(&file), FAULT_ZIP_DIRECTORY);
	make(three, 3);
	memset(file.p + END + 12, 0xff, 8); /* saturated, and no zip64 record */
	faulty(buf_str(&file), FAULT_ZIP64_END);
	make(three, 3);
	memset(file.p + CENTRAL(1) + 20, 0xff, 8); /* a size, and no zip64 field */
	faulty(buf_str(&file), FAULT_ZIP_EXTRA);
}

/* Gives the local header of the first member a zip64 field. */
static void with_local64(uint64_t size, uint64_t packed)
{
	char extra[20] = { 1, 0, 16, 0 };

	le64_put(extra + 4, size);
	le64_put(extra + 12, packed);
	insert(LOCAL(0) + 30 + 8, (struct str){ extra, sizeof extra });
	file.p[28] = sizeof extra;
}

/* Nothing asks for the field: where it agrees it does no harm, else it decides for some readers. */
CASE(zip64_without_need)
{
	struct faults f;
	enum err e;

	make(three, 3);
	uint32_t packed = le32(file.p + 18), size = le32(file.p + 22);
	with_local64(size, packed);
	CHECK(read_all(buf_str(&file), false, &f, &e) == 3 && e == OK && f.n == 0);
	memset(file.p + 18, 0xff, 8);
	CHECK(read_all(buf_str(&file), false, &f, &e) == 3 && e == OK && f.n == 0);
	make(three, 3);
	with_local64(size + 1, packed);
	faulty(buf_str(&file), FAULT_ZIP_EXTRA);
	make(three, 3);
	with_local64(size, packed - 1);
	faulty(buf_str(&file), FAULT_ZIP_EXTRA);
}

/* Members whose names collide or repeat end in bounded time; the test's own time says so. */
CASE(many)
{
	enum { N = 60000 };
	struct faults f;
	enum err e;
	struct buf b;

	arena_reset(&arena);
	buf_init(&b, 1 << 24);
	for (unsigned i = 0; i < N; i++) {
		buf_add(&b, S("PK\3\4\24\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0a"));
	}
	uint32_t central = (uint32_t)b.n;
	for (unsigned i = 0; i < N; i++) {
		buf_add(&b, S("PK\1\2\24\0\24\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0"
			      "\0\0\0\0\0\0\0\0\0\0\0\0"));
		build_u32(&b, i * 31);
		buf_addc(&b, 'a');
	}
	uint32_t end = (uint32_t)b.n;
	buf_add(&b, S("PK\5\6\0\0\0\0"));
	build_u16(&b, N);
	build_u16(&b, N);
	build_u32(&b, end - central);
	build_u32(&b, central);
	build_u16(&b, 0);
	CHECK(read_all(buf_str(&b), true, &f, &e) == N && e == OK);
	CHECK(f.of[FAULT_DUPLICATE] == N - 1 && f.n == FAULTS_OF_ONE);
	buf_free(&b);
}

static void begin(void)
{
	arena_init(&arena, 256 << 20);
	buf_init(&file, 1 << 20);
}

CASE(set_up)
{
	begin();
}

/* Whoever goes on where memory was short gets nothing, and not what was never there. */
CASE(short_of_memory)
{
	struct arena tight;
	struct archive *ar;
	const struct member *m;
	struct str piece;
	bool opened = false;

	make(three, 3);
	for (size_t budget = 8 << 10; budget < 256 << 10; budget += 4 << 10) {
		arena_init(&tight, budget);
		enum err e = archive_open(&ar, &tight, buf_str(&file), true);
		while (e == OK && (e = archive_next(ar, &m)) == OK && m != NULL) {
			opened = true;
			enum err read = archive_read(ar, &piece);
			CHECK(read == OK ? piece.n == m->size : read == ERR_NOMEM);
		}
		arena_done(&tight);
	}
	CHECK(opened);
}

TESTS(CASE_ROW(set_up), CASE_ROW(well), CASE_ROW(empty), CASE_ROW(cut), CASE_ROW(changed),
      CASE_ROW(headers_differ), CASE_ROW(around), CASE_ROW(space_between), CASE_ROW(names),
      CASE_ROW(twins), CASE_ROW(types), CASE_ROW(not_read), CASE_ROW(contents), CASE_ROW(bomb),
      CASE_ROW(zip64), CASE_ROW(zip64_without_need), CASE_ROW(many),
      CASE_ROW(short_of_memory))
