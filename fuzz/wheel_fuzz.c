/*
 * fuzz/wheel_fuzz.c - file names and entry points. Oracle: a name put together from its parts is the
 * name; comparing names is symmetric, reflexive and blind to case and separators; entry points
 * written again read the same.
 */
#include "fuzz/fuzz.h"

#include "package/wheel.h"

static void check_name(struct str s)
{
	struct wheel_name w;
	struct str name, version;
	char room[1024];
	struct buf b;

	if (s.n > 500)
		return;
	buf_fixed(&b, room, sizeof room);
	if (wheel_name_parse(s, &w)) {
		buf_addf(&b, "%.*s-%.*s", FMT(w.name), FMT(w.version));
		if (w.build.n != 0)
			buf_addf(&b, "-%.*s", FMT(w.build));
		buf_addf(&b, "-%.*s-%.*s-%.*s.whl", FMT(w.python), FMT(w.abi), FMT(w.platform));
		CHECK(str_eq(buf_str(&b), s));
		CHECK(str_chr(s, '/') == SIZE_MAX && str_chr(w.name, '-') == SIZE_MAX);
	}
	buf_reset(&b);
	if (sdist_name_parse(s, &name, &version)) {
		CHECK(name.n != 0 && version.n != 0 && name.p + name.n + 1 == version.p);
		CHECK(str_chr(version, '-') == SIZE_MAX);
	}
}

static void check_same(struct str a, struct str b)
{
	char room[512];

	CHECK(wheel_name_same(a, a) && wheel_name_same(b, b));
	CHECK(wheel_name_same(a, b) == wheel_name_same(b, a));
	if (a.n > sizeof room)
		return;
	for (size_t i = 0; i < a.n; i++) {
		char c = a.p[i];
		room[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c == '.' || c == '-' ? '_' : c;
	}
	CHECK(wheel_name_same(a, (struct str){ room, a.n }));
}

static void check_entries(struct str text)
{
	struct entry_point *items, *again;
	size_t n, m;
	struct arena a;
	struct buf b;

	arena_init(&a, 16 << 20);
	buf_init(&b, 4 << 20);
	enum err e = entry_points_read(text, &a, &items, &n);
	CHECK(e == OK || e == ERR_LIMIT);
	for (size_t i = 0; e == OK && i < n; i++) {
		if (items[i].group.n != 0 || i == 0)
			buf_addf(&b, "[%.*s]\n", FMT(items[i].group));
		buf_addf(&b, "%.*s=%.*s\n", FMT(items[i].name), FMT(items[i].target));
	}
	if (e == OK && b.err == OK && str_chr(text, '\0') == SIZE_MAX) { /* printf ends at a NUL */
		CHECK(entry_points_read(buf_str(&b), &a, &again, &m) == OK && m == n);
		for (size_t i = 0; i < n; i++)
			CHECK(str_eq(items[i].name, again[i].name) &&
			      str_eq(items[i].target, again[i].target));
	}
	buf_free(&b);
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str rest, s = { (const char *)p, n };
	struct str first = str_cut(s, '\n', &rest);

	if (n > 50000)
		return 0;
	check_name(first);
	check_same(first, str_head(rest, 500));
	check_entries(s);
	(void)wheel_runs(first, 0);
	return 0;
}
