/* tests/unit/package/wheel_test.c */
#include "package/wheel.h"

#include "../check.h"

CASE(wheel_names)
{
	static const char *const bad[] = {
		"", "a.whl", "a-1-py3-none.whl", "a-1-py3-none-any.WHL", "a-1-py3-none-any.whl.zip",
		"-1-py3-none-any.whl", "a--py3-none-any.whl", "a-1-b-py3-none-any.whl",
		"a-1-1-2-py3-none-any.whl", "a__b-1-py3-none-any.whl", "a-1-py3.-none-any.whl",
		"a-1-py3--any.whl", "a b-1-py3-none-any.whl", "../a-1-py3-none-any.whl",
		"a-1-3-none-any.whl", "a-1/2-py3-none-any.whl",
	};
	struct wheel_name w;

	CHECK(wheel_name_parse(S("De_mo.x-1.0+l-12a-py2.py3-none-any.whl"), &w));
	CHECK_STR(w.name, S("De_mo.x"));
	CHECK_STR(w.version, S("1.0+l"));
	CHECK_STR(w.build, S("12a"));
	CHECK_STR(w.python, S("py2.py3"));
	CHECK_STR(w.abi, S("none"));
	CHECK_STR(w.platform, S("any"));
	CHECK(wheel_name_parse(S("a-1-cp311-cp311-manylinux_2_17_x86_64.whl"), &w) && w.build.n == 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct str g = check_guard(str_z(bad[i]));
		CHECK(!wheel_name_parse(g, &w));
		check_unguard(g);
	}
}

CASE(other_names)
{
	struct str name, version;

	CHECK(sdist_name_parse(S("a-b-1.0.tar.gz"), &name, &version));
	CHECK_STR(name, S("a-b"));
	CHECK_STR(version, S("1.0"));
	CHECK(sdist_name_parse(S("a-1.zip"), &name, &version));
	CHECK(!sdist_name_parse(S("a.tar.gz"), &name, &version));
	CHECK(!sdist_name_parse(S("-1.tar.gz"), &name, &version));
	CHECK(!sdist_name_parse(S("a-.tar.gz"), &name, &version));
	CHECK(!sdist_name_parse(S("a-1.tar.xz"), &name, &version));
	CHECK(wheel_dir_parse(S("a_b-1.0.dist-info"), S(".dist-info"), &name, &version));
	CHECK_STR(name, S("a_b"));
	CHECK_STR(version, S("1.0"));
}

CASE(same)
{
	CHECK(wheel_name_same(S("A.b__C"), S("a-b-c")) && wheel_name_same(S(""), S("")));
	CHECK(wheel_name_same(S("a-_."), S("a-")) && !wheel_name_same(S("a-"), S("a")));
	CHECK(!wheel_name_same(S("ab"), S("a-b")) && !wheel_name_same(S("a"), S("ab")));
}

CASE(entries)
{
	struct entry_point *items;
	struct arena a;
	size_t n;

	arena_init(&a, 1 << 20);
	CHECK(entry_points_read(check_guard(S("# x\n[console_scripts]\r\n demo = d.m:main [x] \n"
					      "broken\n\n[other]\nk=v=w")),
				&a, &items, &n) == OK && n == 2);
	CHECK_STR(items[0].group, S("console_scripts"));
	CHECK_STR(items[0].name, S("demo"));
	CHECK_STR(items[0].target, S("d.m:main [x]"));
	CHECK(items[0].line == 3);
	CHECK_STR(items[1].target, S("v=w"));
	arena_done(&a);
}

CASE(runs)
{
	CHECK(wheel_runs(S("a.py"), 0) && wheel_runs(S("x/a.PYC"), 0) && wheel_runs(S("e.pth"), 0));
	CHECK(wheel_runs(S("l/x.so.1"), 0) && wheel_runs(S("d.data/scripts/x"), 0));
	CHECK(wheel_runs(S("data"), 0755) && wheel_runs(S("a.dist-info/entry_points.txt"), 0));
	CHECK(!wheel_runs(S("a.json"), 0644) && !wheel_runs(S("py"), 0) && !wheel_runs(S(""), 0));
}

TESTS(CASE_ROW(wheel_names), CASE_ROW(other_names), CASE_ROW(same), CASE_ROW(entries),
      CASE_ROW(runs))
