/* tests/unit/package/wheel_stub_test.c - a stub is a wheel of that release, and pip's last choice. */
#include "package/wheel_stub.h"

#include "codec/archive.h"
#include "package/wheel.h"

#include "tests/unit/check.h"

static struct str content(struct archive *ar, struct arena *a, struct str name)
{
	const struct member *m;
	struct str text = S("");

	CHECK(archive_find(ar, name, &m) == OK);
	CHECK(archive_read_all(ar, a, 4096, &text) == OK);
	return text;
}

CASE(it_is_a_wheel)
{
	struct archive *ar;
	struct wheel_name w;
	struct arena a;
	struct buf b, name;

	arena_init(&a, 8 << 20);
	buf_init(&b, 1 << 16);
	buf_init(&name, 1 << 16);
	wheel_stub(S("Some.Name"), S("1.0-1"), S(">=3.8"), &b);
	wheel_stub_name(S("Some.Name"), S("1.0-1"), &name);
	CHECK_STR(buf_str(&name), S("some_name-1.0_1-py30-none-any.whl"));
	CHECK(wheel_name_parse(buf_str(&name), &w) && wheel_name_same(w.name, S("some-name")));
	CHECK(archive_open(&ar, &a, buf_str(&b), false) == OK && archive_count(ar) == 2);
	CHECK_STR(content(ar, &a, S("some_name-1.0_1.dist-info/METADATA")),
		  S("Metadata-Version: 2.1\nName: Some.Name\nVersion: 1.0-1\nRequires-Python: >=3.8\n"));
	CHECK(content(ar, &a, S("some_name-1.0_1.dist-info/WHEEL")).n > 0);
	buf_free(&b);
	buf_free(&name);
	arena_done(&a);
}

CASE(what_does_not_fit_is_told)
{
	static char long_version[5000];
	struct buf b;

	memset(long_version, '1', sizeof long_version);
	buf_init(&b, 1 << 20);
	wheel_stub(S("a"), (struct str){ long_version, sizeof long_version }, S(""), &b);
	CHECK(b.err == ERR_LIMIT);
	buf_free(&b);
}

TESTS(CASE_ROW(it_is_a_wheel), CASE_ROW(what_does_not_fit_is_told))
