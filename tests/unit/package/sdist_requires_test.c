/* tests/unit/package/sdist_requires_test.c - what a source archive needs to be built. Proves T-40. */
#include "package/sdist_requires.h"

#include "tests/unit/check.h"

#include <stdio.h>

static struct arena arena;
static struct sdist_requires r;
static char tar[8192];

/* A tar archive of one file. */
static struct str archive(const char *name, const char *text)
{
	unsigned sum = 0;
	size_t n = strlen(text);

	memset(tar, 0, sizeof tar);
	(void)snprintf(tar, 100, "%s", name);
	(void)snprintf(tar + 100, 8, "0000644");
	(void)snprintf(tar + 108, 8, "0000000");
	(void)snprintf(tar + 116, 8, "0000000");
	(void)snprintf(tar + 124, 12, "%011o", (unsigned)n & 0xffffu);
	(void)snprintf(tar + 136, 12, "%011o", 0u);
	tar[156] = '0';
	memcpy(tar + 257, "ustar\00000", 8);
	memset(tar + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)tar[i];
	(void)snprintf(tar + 148, 7, "%06o", sum & 0x3ffffu);
	memcpy(tar + 512, text, n);
	return (struct str){ tar, 512 + (n + 511) / 512 * 512 + 1024 };
}

static enum err read_it(const char *name, const char *text)
{
	arena_reset(&arena);
	return sdist_requires_read(&arena, archive(name, text), &r, NULL);
}

CASE(what_it_says)
{
	arena_init(&arena, 32 << 20);
	CHECK(read_it("x-1/pyproject.toml", "[build-system]\nrequires = [\"hatchling >= 1\", \" a[b]; python_version<'4'\", \"hatchling >= 1\"]\n") == OK);
	CHECK(r.n == 2);
	CHECK_STR(str_z(r.items[0]), S("hatchling >= 1"));
	CHECK_STR(str_z(r.items[1]), S("a[b]; python_version<'4'"));
	CHECK(read_it("x-1/pyproject.toml", "[build-system]\nrequires = []\nbackend-path = [\".\"]\n") == OK && r.n == 0);
	arena_done(&arena);
}

CASE(what_it_does_not_say)
{
	arena_init(&arena, 32 << 20);
	CHECK(read_it("x-1/setup.py", "x") == OK && r.n == 2);
	CHECK_STR(str_z(r.items[0]), S("setuptools>=40.8.0"));
	CHECK_STR(str_z(r.items[1]), S("wheel"));
	CHECK(read_it("x-1/pyproject.toml", "[project]\nname = \"x\"\n") == OK && r.n == 2);
	CHECK(read_it("x-1/deep/pyproject.toml", "[build-system]\nrequires = [\"evil\"]\n") == OK && r.n == 2);
	CHECK(read_it("x-1/pyproject.toml", "[build-system]\n") == ERR_SYNTAX);
	CHECK(read_it("x-1/pyproject.toml", "[build-system") == ERR_SYNTAX);
	arena_done(&arena);
}

CASE(what_is_no_package_of_an_index)
{
	static const char *const bad[] = { "-r /etc/passwd", "--index-url=http://h", "./x", "/x", "x.whl", "x.tar.gz", "x @ https://h/x.whl",
					   "git+https://h/x", "x\\n--no-binary=:all:", "", "x --global-option=y" };
	char text[256];
	bool fresh;

	arena_init(&arena, 32 << 20);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		(void)snprintf(text, sizeof text, "[build-system]\nrequires = [\"%s\"]\n", bad[i]);
		CHECK(read_it("x-1/pyproject.toml", text) == ERR_DENIED);
	}
	r.n = 0;
	CHECK(sdist_requires_add(&arena, &r, S("pbr>=2"), &fresh, NULL) == OK && fresh);
	CHECK(sdist_requires_add(&arena, &r, S("pbr>=2"), &fresh, NULL) == OK && !fresh && r.n == 1);
	CHECK(sdist_requires_add(&arena, &r, S("-e."), &fresh, NULL) == ERR_DENIED && r.n == 1);
	arena_done(&arena);
}

TESTS(CASE_ROW(what_it_says), CASE_ROW(what_it_does_not_say), CASE_ROW(what_is_no_package_of_an_index))
