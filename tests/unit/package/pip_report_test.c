/* tests/unit/package/pip_report_test.c - what pip's report may say, and what may be made of it. Proves T-35. */
#include "package/pip_report.h"

#include "tests/unit/check.h"

#define SHA "71e35aef03099cd1f2d6446734273025a163597de93912df321ef118bf135238"
#define ITEM(name, version, url, hash)                                                                  \
	"{\"version\":\"1\",\"install\":[{\"download_info\":{\"url\":\"" url "\",\"archive_info\":{\"hashes\":{\"sha256\":\"" hash \
	"\"}}},\"metadata\":{\"name\":\"" name "\",\"version\":\"" version "\",\"description\":\"x\"}}]}"
#define URL "https://h/files/demo-1.0-py3-none-any.whl"

#define DIRECTORY                                                                                       \
	"{\"version\":\"1\",\"install\":[{\"download_info\":{\"url\":\"file:///a\",\"dir_info\":{}},"            \
	"\"metadata\":{\"name\":\"demo\",\"version\":\"1.0\"}}]}"

static struct arena arena;
static struct pip_report r;
static struct diag d;

static enum err read_text(const char *text)
{
	arena_done(&arena);
	arena_init(&arena, 16 << 20);
	d = (struct diag){ 0 };
	struct str in = check_guard(str_z(text));
	enum err e = pip_report_read(&arena, in, &r, &d);
	if (e != OK)
		check_unguard(in);
	return e;
}

CASE(reads)
{
	CHECK(read_text(ITEM("Demo", "1.0", URL "?x=1", SHA)) == OK && r.n == 1);
	CHECK_STR(r.items[0].name, S("Demo"));
	CHECK_STR(r.items[0].version, S("1.0"));
	CHECK_STR(r.items[0].file, S("demo-1.0-py3-none-any.whl"));
	CHECK(r.items[0].sha256[0] == 0x71 && r.items[0].sha256[31] == 0x38);
	CHECK(read_text(ITEM("demo", "1.0+cu1", "file:///a/demo-1.0%2Bcu1-py3-none-any.whl", SHA)) == OK);
	CHECK_STR(r.items[0].file, S("demo-1.0+cu1-py3-none-any.whl"));
	CHECK(read_text("{\"version\":\"1\",\"install\":[]}") == OK && r.n == 0);
}

CASE(refuses_what_is_no_report)
{
	static const char *const wrong[] = { "", "[]", "{}", "{\"version\":\"2\",\"install\":[]}", "{\"version\":\"1\"}",
					     "{\"version\":\"1\",\"install\":[1]}", "{\"version\":\"1\",\"install\":{}}",
					     "{\"version\":\"1\",\"install\":[{}]}" };

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK(read_text(wrong[i]) == ERR_SYNTAX);
}

/* Nothing that a requirements file would read as more than one word, and no source archive. */
CASE(refuses_what_would_run_or_say_more)
{
	static const char *const wrong[] = {
		ITEM("demo", "1.0", "https://h/demo-1.0.tar.gz", SHA),
		ITEM("demo", "1.0", "https://h/demo.whl", SHA),
		ITEM("demo", "1.0", "git+https://h/demo-1.0-py3-none-any.whl", SHA),
		ITEM("demo", "1.0", "/a/demo-1.0-py3-none-any.whl", SHA),
		ITEM("demo", "1.0", "https://h/a b/demo-1.0-py3-none-any.whl", SHA),
		ITEM("demo", "1.0", "https://h/\\n--index-url=x/demo-1.0-py3-none-any.whl", SHA),
		ITEM("demo", "1.0", "https://h/${HOME}/demo-1.0-py3-none-any.whl", SHA),
		ITEM("demo", "1.0", "https://h/..%2fdemo-1.0-py3-none-any.whl", SHA),
		ITEM("demo", "1.0", "https://h/demo%0a-1.0-py3-none-any.whl", SHA),
		ITEM("demo", "1.0", "https://h/demo%00-1.0-py3-none-any.whl", SHA),
		ITEM("demo", "1.0", URL, "71e3"),
		ITEM("demo", "1.0", URL, "Z1e35aef03099cd1f2d6446734273025a163597de93912df321ef118bf135238"),
		ITEM("de mo", "1.0", URL, SHA),
		ITEM("-r", "1.0", URL, SHA),
		ITEM("demo", "1.0 --no-binary", URL, SHA),
		ITEM("demo", "latest", URL, SHA),
		ITEM("demo", "", URL, SHA),
		DIRECTORY,
	};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		CHECK(read_text(wrong[i]) == ERR_DENIED);
		CHECK(d.text[0] != 0);
	}
}

TESTS(CASE_ROW(reads), CASE_ROW(refuses_what_is_no_report), CASE_ROW(refuses_what_would_run_or_say_more))
