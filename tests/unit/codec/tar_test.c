/* tests/unit/codec/tar_test.c */
#include "codec/tar.h"

#include "base/limits.h"

#include "../archive_build.h"
#include "../check.h"

static struct arena arena;
static struct buf file;

static void start(void)
{
	if (file.max == 0) {
		arena_init(&arena, 64 << 20);
		buf_init(&file, 4 << 20);
	}
	arena_reset(&arena);
	buf_reset(&file);
}

/* Gives the file in pieces of so many blocks; whoever looks at the one before crashes. */
struct feed {
	struct str rest, given;
	size_t piece;
};

static enum err fill(void *ctx, struct str *out)
{
	struct feed *f = ctx;

	check_unguard(f->given);
	*out = f->given = check_guard(str_head(f->rest, f->piece));
	f->rest = str_tail(f->rest, out->n);
	return OK;
}

/* All members as text, a line each, and the contents. */
static enum err read_all(size_t piece, bool tolerate, struct faults *f, struct buf *out)
{
	struct feed feed = { buf_str(&file), check_guard(S("")), piece };
	struct member m;
	struct tar t;
	struct str s;
	bool some = true;

	*f = (struct faults){ .arena = &arena, .tolerate = tolerate };
	buf_reset(out);
	enum err e = tar_init(&t, &arena, f, fill, &feed);
	while (e == OK && (e = tar_next(&t, &m, &some)) == OK && some) {
		buf_addf(out, "%d %.*s>%.*s %llu:", (int)m.type, FMT(m.name), FMT(m.link),
			 (unsigned long long)m.size);
		while ((e = tar_read(&t, &s)) == OK && s.n != 0)
			buf_add(out, s);
		buf_addc(out, '\n');
	}
	check_unguard(feed.given);
	return e;
}

static void expect(struct str want)
{
	struct faults f;
	struct buf out;

	buf_init(&out, 1 << 20);
	CHECK(read_all(SIZE_MAX, false, &f, &out) == OK && f.n == 0);
	if (f.n != 0)
		fprintf(stderr, "got: %s\n", fault_text(f.items[0].code));
	CHECK_STR(buf_str(&out), want);
	for (size_t piece = 512; piece <= 4096; piece += 512) {
		CHECK(read_all(piece, false, &f, &out) == OK);
		CHECK_STR(buf_str(&out), want);
	}
	buf_free(&out);
}

static void faulty(enum fault_code code)
{
	struct faults f;
	struct buf out;

	buf_init(&out, 1 << 20);
	(void)read_all(SIZE_MAX, true, &f, &out);
	CHECK(f.of[code] != 0);
	size_t n = f.of[code];
	(void)read_all(TAR_BLOCK, true, &f, &out);
	CHECK(f.of[code] == n);
	if (f.of[code] == 0)
		fprintf(stderr, "wanted: %s, got: %s\n", fault_text(code),
			f.n ? fault_text(f.items[0].code) : "nothing");
	if (fault_class(code) == FAULT_AMBIGUOUS)
		CHECK(read_all(SIZE_MAX, false, &f, &out) == ERR_SYNTAX && f.n >= 1);
	buf_free(&out);
}

CASE(members)
{
	start();
	(void)build_tar_member(&file, "./d/", '5', S(""), "");
	(void)build_tar_member(&file, "d/a", '0', S("hello"), "");
	(void)build_tar_member(&file, "d/old", '\0', S("x"), "");
	(void)build_tar_member(&file, "d/l", '2', S(""), "a");
	(void)build_tar_member(&file, "d/h", '1', S(""), "d/a");
	(void)build_tar_member(&file, "f", '6', S(""), "");
	(void)build_tar_member(&file, "old/", '\0', S(""), "");
	build_tar_end(&file);
	expect(S("1 d> 0:\n0 d/a> 5:hello\n0 d/old> 1:x\n2 d/l>a 0:\n3 d/h>d/a 0:\n5 f> 0:\n"
		 "1 old> 0:\n"));
}

CASE(ends)
{
	start();
	(void)build_tar_member(&file, "a", '0', S("1"), "");
	expect(S("0 a> 1:1\n")); /* no blocks of zeros at all */
	for (int i = 0; i < 512; i++)
		buf_addc(&file, 0);
	expect(S("0 a> 1:1\n"));
	(void)build_tar_member(&file, "b", '0', S("2"), "");
	faulty(FAULT_TAR_LONE_ZERO);
	start();
	(void)build_tar_member(&file, "a", '0', S("1"), "");
	build_tar_end(&file);
	build_tar_end(&file);
	expect(S("0 a> 1:1\n"));
	buf_add(&file, S("x"));
	faulty(FAULT_TAR_TRAILING);
	start();
	faulty(FAULT_NOT_ARCHIVE);
	buf_add(&file, S("no tar at all"));
	faulty(FAULT_TRUNCATED);
}

CASE(cut)
{
	struct faults f;
	struct buf out;

	buf_init(&out, 1 << 20);
	start();
	(void)build_tar_member(&file, "a", '0', S("hello"), "");
	size_t all = file.n;
	for (file.n = 1; file.n < all; file.n++)
		CHECK(read_all(SIZE_MAX, true, &f, &out) != OK && f.n == 1);
	buf_free(&out);
}

CASE(numbers)
{
	static const struct {
		struct str field;
		bool good;
		int64_t value;
	} rows[] = {
		{ SC("0000644\0"), true, 0644 },
		{ SC("   644 \0"), true, 0644 },
		{ SC("00000644"), true, 0644 },
		{ SC("\0\0\0\0\0\0\0\0"), true, 0 },
		{ SC("        "), true, 0 },
		{ SC("644\0junk"), true, 0644 },
		{ SC("6 44\0\0\0\0"), false, 0 },
		{ SC("648\0\0\0\0\0"), false, 0 },
		{ SC("-1\0\0\0\0\0\0"), false, 0 },
		{ SC("1_0\0\0\0\0\0"), false, 0 },
		{ SC("0o7\0\0\0\0\0"), false, 0 },
		{ SC("\t7\0\0\0\0\0\0"), false, 0 },
		{ SC("\x80\0\0\0\0\0\1\2"), true, 258 },
		{ SC("\xff\xff\xff\xff\xff\xff\xff\xfe"), true, -2 },
		{ SC("\x81\0\0\0\0\0\1\2"), false, 0 },
		{ SC("\x80\1\0\0\0\0\0\0"), true, (int64_t)1 << 48 },
		{ SC("\x80\xff\xff\xff\xff\xff\xff\xff"), false, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t v = 0;
		struct str g = check_guard(rows[i].field);
		CHECK(tar_number(g, &v) == rows[i].good && (!rows[i].good || v == rows[i].value));
		check_unguard(g);
	}
	start();
	(void)build_tar_member(&file, "a", '0', S("x"), "");
	memcpy(file.p + 124, "\x80\0\0\0\0\0\0\0\0\0\0\1", 12);
	build_seal(file.p);
	expect(S("0 a> 1:x\n"));
	memcpy(file.p + 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
	build_seal(file.p);
	faulty(FAULT_TAR_NUMBER);
	memcpy(file.p + 148, "0000001", 8);
	faulty(FAULT_NOT_ARCHIVE);
}

CASE(checksum)
{
	start();
	(void)build_tar_member(&file, "a", '0', S("x"), "");
	size_t at = build_tar_member(&file, "b", '0', S("x"), "");
	file.p[at] = 'c';
	faulty(FAULT_TAR_CHECKSUM);
}

static void tweak(size_t at, const char *bytes, size_t n, enum fault_code code)
{
	start();
	(void)build_tar_member(&file, "a", '0', S("x"), "");
	memcpy(file.p + at, bytes, n);
	build_seal(file.p);
	faulty(code);
}

CASE(fields)
{
	tweak(0, "abc/", 4, FAULT_TAR_TYPE);
	tweak(0, "/abc", 4, FAULT_NAME_ABSOLUTE);
	tweak(0, "a/..", 4, FAULT_NAME_UP);
	tweak(0, "a//b", 4, FAULT_NAME_FORM);
	tweak(0, "ab\0\nc", 5, FAULT_TAR_TEXT);
	tweak(0, "\0", 1, FAULT_NAME_EMPTY);
	tweak(0, "\xff", 1, FAULT_NAME_BYTES);
	tweak(156, "Z", 1, FAULT_TAR_TYPE);
	tweak(156, "5", 1, FAULT_TAR_SIZED);
	tweak(156, "S", 1, FAULT_TAR_SPARSE);
	tweak(156, "2", 1, FAULT_TAR_LINK);
	tweak(157, "x", 1, FAULT_TAR_LINK);
	start();
	(void)build_tar_member(&file, "a", '0', S("x"), "");
	memcpy(file.p + 345, "pre/fix", 7);
	build_seal(file.p);
	expect(S("0 pre/fix/a> 1:x\n"));
	memcpy(file.p + 257, "ustar  \0", 8); /* GNU keeps times there */
	build_seal(file.p);
	faulty(FAULT_TAR_PREFIX);
}

CASE(gnu)
{
	start();
	(void)build_tar_member(&file, "././@LongLink", 'L', S("long/name\0"), "");
	(void)build_tar_member(&file, "././@LongLink", 'K', S("name2\0"), "");
	(void)build_tar_member(&file, "short", '2', S(""), "cut");
	expect(S("2 long/name>name2 0:\n"));
	start();
	(void)build_tar_member(&file, "././@LongLink", 'L', S("no NUL"), "");
	(void)build_tar_member(&file, "short", '0', S(""), "");
	faulty(FAULT_TAR_TEXT);
	start();
	(void)build_tar_member(&file, "././@LongLink", 'L', S("one\0"), "");
	(void)build_tar_member(&file, "././@LongLink", 'L', S("two\0"), "");
	(void)build_tar_member(&file, "short", '0', S(""), "");
	faulty(FAULT_TAR_STACKED);
	start();
	(void)build_tar_member(&file, "././@LongLink", 'L', S("one\0"), "");
	build_tar_end(&file);
	faulty(FAULT_TRUNCATED);
}

/* A directory to CPython, by the short name, and its content more headers. */
CASE(old_directories)
{
	start();
	(void)build_tar_member(&file, "././@LongLink", 'L', S("dir/long\0"), "");
	(void)build_tar_member(&file, "short/", '\0', S("content"), "");
	faulty(FAULT_TAR_TYPE);
	start();
	(void)build_tar_member(&file, "PaxHeader", 'x', S("13 path=long\n"), "");
	(void)build_tar_member(&file, "short/", '\0', S("content"), "");
	faulty(FAULT_TAR_TYPE);
	start();
	(void)build_tar_member(&file, "././@LongLink", 'L', S("dir/\0"), "");
	(void)build_tar_member(&file, "short", '\0', S(""), "");
	faulty(FAULT_TAR_TYPE);
	start();
	(void)build_tar_member(&file, "././@LongLink", 'L', S("dir/\0"), "");
	(void)build_tar_member(&file, "short/", '\0', S(""), "");
	expect(S("1 dir> 0:\n"));
}

static void pax(char type, struct str records)
{
	start();
	(void)build_tar_member(&file, "PaxHeader", type, records, "");
	(void)build_tar_member(&file, "short", '0', S("12345"), "");
	build_tar_end(&file);
}

CASE(pax_headers)
{
	pax('x', S("13 path=long\n20 mtime=1700000.25\n"));
	expect(S("0 long> 5:12345\n"));
	pax('g', S("16 comment=abcd\n"));
	expect(S("0 short> 5:12345\n"));
	pax('g', S("13 path=long\n"));
	faulty(FAULT_TAR_PAX);
	pax('x', S("10 size=5\n"));
	expect(S("0 short> 5:12345\n"));
	pax('x', S("10 size=4\n")); /* where the next header is depends on who reads */
	faulty(FAULT_TAR_PAX_SIZE);
	pax('x', S("12 path=a\nb\n"));
	faulty(FAULT_TAR_PAX);
	pax('x', S("13 path=long\n13 path=last\n"));
	faulty(FAULT_TAR_PAX);
	pax('x', S("11 path=long\n"));
	faulty(FAULT_TAR_PAX);
	pax('x', S("013 path=long\n"));
	faulty(FAULT_TAR_PAX);
	pax('x', S("8 path=\n"));
	faulty(FAULT_TAR_PAX);
	pax('x', S("22 GNU.sparse.major=1\n"));
	faulty(FAULT_TAR_SPARSE);
	pax('x', S("13 path=long\n"));
	file.p[512 + 13] = '9'; /* behind the records: CPython would read on */
	faulty(FAULT_TAR_PAX);
	start();
	(void)build_tar_member(&file, "PaxHeader", 'x', S("13 path=long\n"), "");
	(void)build_tar_member(&file, "PaxHeader", 'x', S("13 path=last\n"), "");
	(void)build_tar_member(&file, "short", '0', S(""), "");
	faulty(FAULT_TAR_STACKED);
	start();
	(void)build_head(&file, "PaxHeader", 'x', LIMIT_TAR_META + 1, "");
	faulty(FAULT_TAR_META);
}

CASE(links)
{
	static const struct {
		const char *name, *target;
		char type;
		bool out;
	} rows[] = {
		{ "d/a", "b", '2', false },	      { "d/a", "../b", '2', false },
		{ "d/a", "../../b", '2', true },      { "d/a", "/b", '2', true },
		{ "d/a", "x/../../../b", '2', true }, { "d/a", "d/b", '1', false },
		{ "d/a", "../b", '1', true },	      { "d/a", "/b", '1', true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct faults f;
		struct buf out;
		buf_init(&out, 1000);
		start();
		(void)build_tar_member(&file, rows[i].name, rows[i].type, S(""), rows[i].target);
		(void)read_all(SIZE_MAX, true, &f, &out);
		CHECK((f.of[FAULT_LINK_OUT] != 0) == rows[i].out);
		buf_free(&out);
	}
}

CASE(twins)
{
	start();
	(void)build_tar_member(&file, "d", '5', S(""), "");
	(void)build_tar_member(&file, "d/", '5', S(""), "");
	(void)build_tar_member(&file, "d/a", '0', S("1"), "");
	expect(S("1 d> 0:\n1 d> 0:\n0 d/a> 1:1\n"));
	(void)build_tar_member(&file, "./d/a", '0', S("2"), "");
	faulty(FAULT_AGAIN);
	start();
	(void)build_tar_member(&file, "d", '2', S(""), "e");
	(void)build_tar_member(&file, "d/a", '0', S("1"), "");
	faulty(FAULT_FILE_AS_DIR);
	start();
	(void)build_tar_member(&file, "d", '2', S(""), "e");
	(void)build_tar_member(&file, "d", '5', S(""), "");
	faulty(FAULT_DUPLICATE);
}

/* Any bit changed: the checksum or the contents tell, and nothing is read past the end. */
CASE(changed)
{
	struct faults f;
	struct buf out;

	buf_init(&out, 1 << 16);
	start();
	(void)build_tar_member(&file, "PaxHeader", 'x', S("13 path=long\n"), "");
	(void)build_tar_member(&file, "short", '0', S("12345"), "");
	for (size_t i = 0; i < file.n; i += 1) {
		for (unsigned bit = 0; bit < 8; bit += 3) {
			arena_reset(&arena);
			file.p[i] = (char)(file.p[i] ^ 1 << bit);
			enum err e = read_all(SIZE_MAX, true, &f, &out);
			bool header = i < 512 || (i >= 1024 && i < 1536);
			/* The checksum's own field can be spelled in several ways. */
			header = header && ((i & 511) < 148 || (i & 511) >= 156);
			CHECK(!header || e != OK || f.n != 0);
			file.p[i] = (char)(file.p[i] ^ 1 << bit);
		}
	}
	buf_free(&out);
}

TESTS(CASE_ROW(members), CASE_ROW(ends), CASE_ROW(cut), CASE_ROW(numbers), CASE_ROW(checksum),
      CASE_ROW(fields), CASE_ROW(gnu), CASE_ROW(old_directories), CASE_ROW(pax_headers),
      CASE_ROW(links), CASE_ROW(twins), CASE_ROW(changed))
