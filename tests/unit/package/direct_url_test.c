/* tests/unit/package/direct_url_test.c - the examples of PEP 610, and what it forbids. */
#include "package/direct_url.h"

#include "../check.h"

static struct arena arena;

static enum err take(struct str text, struct direct_url *u)
{
	struct diag d = { OK, "", "" };

	if (arena.budget == 0)
		arena_init(&arena, 1 << 20);
	enum err e = direct_url_read(check_guard(text), &arena, u, &d);
	CHECK((e == OK) == (d.text[0] == '\0'));
	return e;
}

CASE(well)
{
	struct direct_url u;

	CHECK(take(S("{\"url\":\"https://github.com/pypa/pip.git\",\"subdirectory\":\"a\",\"vcs_info\":"
		     "{\"vcs\":\"git\",\"requested_revision\":\"1.3.1\",\"commit_id\":\"7921be\"}}"),
		   &u) == OK);
	CHECK(u.origin == ORIGIN_GIT && u.n_hashes == 0);
	CHECK_STR(u.vcs, S("git"));
	CHECK_STR(u.commit, S("7921be"));
	CHECK_STR(u.wanted, S("1.3.1"));
	CHECK_STR(u.subdirectory, S("a"));
	CHECK_STR(u.url, S("https://github.com/pypa/pip.git"));
	CHECK(take(S("{\"url\":\"https://x/a.zip\",\"archive_info\":{\"hash\":\"sha256=2Dc6\","
		     "\"hashes\":{\"sha256\":\"2dc6\",\"sha512\":\"00ff\"}}}"),
		   &u) == OK);
	CHECK(u.origin == ORIGIN_URL && u.n_hashes == 2 && u.hashes[0].n == 2);
	CHECK(u.hashes[0].bytes[0] == 0x2d && u.hashes[1].bytes[1] == 0xff);
	CHECK_STR(u.hashes[1].algorithm, S("sha512"));
	CHECK(take(S("{\"url\":\"https://x/a.zip\",\"archive_info\":{\"hash\":\"md5=2dc6\"}}"), &u) ==
	      OK && u.n_hashes == 1);
	CHECK(take(S("{\"url\":\"https://x/a.zip\",\"archive_info\":{}}"), &u) == OK);
	CHECK(take(S("{\"url\":\"file:///home/u/p\",\"dir_info\":{\"editable\":true}}"), &u) == OK);
	CHECK(u.origin == ORIGIN_EDITABLE);
	CHECK(take(S("{\"url\":\"file:///home/u/p\",\"dir_info\":{}}"), &u) == OK);
	CHECK(u.origin == ORIGIN_PATH);
}

CASE(refused)
{
	static const char *const bad[] = {
		"", "[]", "{}", "{\"url\":\"x\"}", "{\"dir_info\":{}}",
		"{\"url\":\"x\",\"dir_info\":{},\"archive_info\":{}}",
		"{\"url\":\"x\",\"dir_info\":[]}", "{\"url\":1,\"dir_info\":{}}",
		"{\"url\":\"x\",\"dir_info\":{\"editable\":\"yes\"}}",
		"{\"url\":\"x\",\"vcs_info\":{\"vcs\":\"git\"}}",
		"{\"url\":\"x\",\"archive_info\":{\"hash\":\"sha256\"}}",
		"{\"url\":\"x\",\"archive_info\":{\"hash\":\"sha256=xyz0\"}}",
		"{\"url\":\"x\",\"archive_info\":{\"hashes\":{\"a\":1}}}",
		"{\"url\":\"x\",\"archive_info\":{\"hash\":\"a=00\",\"hashes\":{\"a\":\"01\"}}}",
		"{\"url\":\"x\",\"url\":\"y\",\"dir_info\":{}}",
	};
	struct direct_url u;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(take(str_z(bad[i]), &u) == ERR_SYNTAX);
	CHECK(take(S("{\"url\":\"x\",\"archive_info\":{\"hashes\":{\"a\":\"00\",\"b\":\"00\",\"c\":"
		     "\"00\",\"d\":\"00\",\"e\":\"00\",\"f\":\"00\",\"g\":\"00\",\"h\":\"00\",\"i\":"
		     "\"00\"}}}"),
		   &u) == ERR_LIMIT);
}

TESTS(CASE_ROW(well), CASE_ROW(refused))
