/* tests/unit/package/listing_test.c */
#include "package/listing.h"

#include "../check.h"

static struct arena arena;
static const char base[] = "https://h/simple/a-b/";
#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static enum err read_as(enum ecosystem eco, bool json, const char *text, struct listing *l)
{
	return listing_read(&arena, eco, S("A_b"), json, str_z(base), str_z(text), l, NULL);
}

CASE(pypi)
{
	struct listing l;

	arena_init(&arena, 1 << 20);
	CHECK(read_as(ECO_PYPI, true,
		      "{\"files\":[{\"filename\":\"a_b-1.0-cp311-cp311-linux.whl\",\"url\":\"x.whl\",\"hashes\":{\"sha256\":\"" HASH
		      "\"}},{\"filename\":\"A.B-1.0.tar.gz\",\"url\":\"/y.tar.gz\",\"hashes\":{\"sha256\":\"zz\"},\"yanked\":\"why\","
		      "\"requires-python\":\">=3.8\"},"
		      "{\"filename\":\"a_b-1.0-py3-none-any.whl\",\"url\":\"z.whl\"},{\"filename\":\"../evil-1.whl\",\"url\":\"z\"},"
		      "{\"filename\":\"a-b-1.0.exe\",\"url\":\"z\"},{\"filename\":\"a-b-2.zip\",\"url\":\"file:///x\"},"
		      "{\"filename\":\"other-2.zip\",\"url\":\"q\"},{\"filename\":5,\"url\":\"q\"}]}",
		      &l) == OK);
	CHECK(l.n == 3 && l.files[0].hash.n == 32 && l.files[1].hash.n == 0 && l.files[1].yanked);
	CHECK_STR(l.files[0].url, S("https://h/simple/a-b/x.whl"));
	CHECK_STR(l.files[1].url, S("https://h/y.tar.gz"));
	CHECK_STR(l.files[1].requires_python, S(">=3.8"));
	CHECK_STR(l.files[1].version, S("1.0"));
	CHECK_STR(listing_best(&l, ECO_PYPI, S("1.0.0"))->name, S("a_b-1.0-py3-none-any.whl"));
	CHECK(listing_best(&l, ECO_PYPI, S("2")) == NULL);
	CHECK(read_as(ECO_PYPI, true, "{}", &l) == ERR_SYNTAX && read_as(ECO_PYPI, true, "", &l) == ERR_SYNTAX);
	arena_done(&arena);
}

CASE(html)
{
	struct listing l;

	arena_init(&arena, 1 << 20);
	CHECK(read_as(ECO_PYPI, false,
		      "<!DOCTYPE html><abbr href='no'>x</abbr><A class=\"k\" HREF='../p/a-b-1.0.tar.gz?a=1&amp;b=2#sha256=" HASH
		      "' data-yanked data-requires-python='&gt;=3.8'>\n a-b-1.0.tar.gz </A><a href=\"a_b-2-py3-none-any.whl\">a_b-2-py3-none-any.whl</a><a href=\"x",
		      &l) == OK);
	CHECK(l.n == 2 && l.files[0].hash.n == 32 && l.files[0].yanked && !l.files[1].yanked);
	CHECK_STR(l.files[0].requires_python, S(">=3.8"));
	CHECK_STR(l.files[0].url, S("https://h/simple/p/a-b-1.0.tar.gz?a=1&b=2"));
	CHECK_STR(l.files[1].version, S("2"));
	arena_done(&arena);
}

CASE(before)
{
	struct listing l;

	arena_init(&arena, 1 << 20);
	CHECK(read_as(ECO_NPM, true,
		      "{\"versions\":{\"1.0.0\":{\"dist\":{\"tarball\":\"/c-1.0.0.tgz\"}},\"1.10.0\":{\"dist\":{\"tarball\":\"/c-1.10.0.tgz\"}},"
		      "\"1.9.0\":{\"dist\":{\"tarball\":\"/c-1.9.0.tgz\"}},\"1.10.0-rc.1\":{\"dist\":{\"tarball\":\"/c-1.10.0-rc.1.tgz\"}},"
		      "\"odd\":{\"dist\":{\"tarball\":\"/x.tgz\"}},\"2.0.0\":{}}}",
		      &l) == OK);
	CHECK(l.n == 4);
	CHECK_STR(listing_before(&l, ECO_NPM, S("1.10.0")), S("1.9.0"));
	CHECK_STR(listing_before(&l, ECO_NPM, S("1.10.0-rc.2")), S("1.10.0-rc.1"));
	CHECK_STR(listing_before(&l, ECO_NPM, S("1.0.0")), S(""));
	CHECK_STR(listing_before(&l, ECO_NPM, S("odd")), S(""));
	arena_done(&arena);
}

CASE(between_processes)
{
	struct listing l, again;
	struct buf b;

	arena_init(&arena, 4 << 20);
	CHECK(read_as(ECO_PYPI, false, "<a href=\"a-b-1.0.zip#sha256=" HASH "\">a-b-1.0.zip</a>", &l) == OK && l.n == 1);
	buf_init(&b, 1 << 20);
	listing_encode(&l, &b);
	CHECK(listing_decode(&arena, ECO_PYPI, buf_str(&b), &again) == OK && again.n == 1);
	CHECK_STR(again.files[0].url, l.files[0].url);
	CHECK(memcmp(again.files[0].hash.bytes, l.files[0].hash.bytes, 32) == 0);
	for (size_t n = 0; n < b.n; n++) {
		struct str cut = check_guard(str_head(buf_str(&b), n));
		CHECK(listing_decode(&arena, ECO_PYPI, cut, &again) != OK);
		check_unguard(cut);
	}
	buf_free(&b);
	arena_done(&arena);
}

/* PEP 740: null says that there is none, and a member that is not there says nothing. */
CASE(provenance)
{
	struct listing l, again;
	struct buf b;

	arena_init(&arena, 4 << 20);
	CHECK(read_as(ECO_PYPI, true,
		      "{\"files\":[{\"filename\":\"a_b-1.tar.gz\",\"url\":\"1\",\"provenance\":\"/i/1/provenance\"},"
		      "{\"filename\":\"a_b-2.tar.gz\",\"url\":\"2\",\"provenance\":null},"
		      "{\"filename\":\"a_b-3.tar.gz\",\"url\":\"3\"},"
		      "{\"filename\":\"a_b-4.tar.gz\",\"url\":\"4\",\"provenance\":\"file:///etc/passwd\"}]}", &l) == OK);
	CHECK(l.n == 4);
	CHECK_STR(l.files[0].provenance, S("https://h/i/1/provenance"));
	CHECK(l.files[0].provenance_said && l.files[1].provenance_said && !l.files[2].provenance_said);
	CHECK(!l.files[3].provenance_said); /* an address that is none says nothing either */
	CHECK(l.files[1].provenance.n == 0 && l.files[2].provenance.n == 0 && l.files[3].provenance.n == 0);
	buf_init(&b, 1 << 20);
	listing_encode(&l, &b);
	CHECK(listing_decode(&arena, ECO_PYPI, buf_str(&b), &again) == OK && again.n == 4);
	CHECK_STR(again.files[0].provenance, l.files[0].provenance);
	CHECK(again.files[1].provenance_said && !again.files[2].provenance_said);
	buf_free(&b);
	CHECK(read_as(ECO_PYPI, false, "<a href=x data-provenance=\"p\" >a</a><a href=\"1\" data-provenance=\"/p\">a_b-1.zip</a>"
		      "<a href=\"2\">a_b-2.zip</a>", &l) == OK && l.n == 2);
	CHECK_STR(l.files[0].provenance, S("https://h/p"));
	CHECK(l.files[0].provenance_said && !l.files[1].provenance_said);
	CHECK(read_as(ECO_NPM, true,
		      "{\"versions\":{\"1.0.0\":{\"dist\":{\"tarball\":\"/c-1.0.0.tgz\",\"signatures\":[]}},"
		      "\"1.1.0\":{\"dist\":{\"tarball\":\"/c-1.1.0.tgz\",\"attestations\":{\"url\":\"/at\"}}},"
		      "\"1.2.0\":{\"dist\":{\"tarball\":\"/c-1.2.0.tgz\"}}}}", &l) == OK && l.n == 3);
	CHECK(l.files[0].provenance_said && l.files[1].provenance_said && !l.files[2].provenance_said);
	CHECK(l.files[0].provenance.n == 0 && l.files[1].provenance.n > 0);
	CHECK(read_as(ECO_NPM, true,
		      "{\"versions\":{\"1.0.0\":{\"dist\":{\"tarball\":\"/c-1.0.0.tgz\"},\"_npmUser\":{\"name\":\"ann\","
		      "\"email\":\"a@example.org\"}},\"1.1.0\":{\"dist\":{\"tarball\":\"/c-1.1.0.tgz\"},\"_npmUser\":5}}}",
		      &l) == OK && l.n == 2);
	CHECK_STR(l.files[0].uploader, S("ann <a@example.org>"));
	CHECK_STR(l.files[1].uploader, S(""));
	arena_done(&arena);
}

CASE(an_address_alone)
{
	struct listing_file f;

	arena_init(&arena, 1 << 20);
	CHECK(listing_link(&arena, S("A_b"), S("file:///d/a%2Db-1.0%2Bx.tar.gz#sha256=" HASH), &f));
	CHECK_STR(f.name, S("a-b-1.0+x.tar.gz"));
	CHECK_STR(f.version, S("1.0+x"));
	CHECK_STR(f.url, S("file:///d/a%2Db-1.0%2Bx.tar.gz"));
	CHECK(f.hash.n == 32 && f.kind == LISTING_SDIST && !f.yanked);
	CHECK(listing_link(&arena, S("a-b"), S("https://h/a-b-2.zip?x=1"), &f) && f.hash.n == 0);
	CHECK_STR(f.name, S("a-b-2.zip"));
	CHECK(!listing_link(&arena, S("a-b"), S("https://h/other-2.zip"), &f));
	CHECK(!listing_link(&arena, S("a-b"), S("file:///x%2Fa-b-1.0.tar.gz"), &f));
	CHECK(!listing_link(&arena, S("a-b"), S("file:///a-b-1.0.tar.gz/"), &f));
	CHECK(!listing_link(&arena, S("a-b"), S("file:///a-b-1.0.tar.gz%00"), &f));
	arena_done(&arena);
}

TESTS(CASE_ROW(an_address_alone), CASE_ROW(provenance), CASE_ROW(pypi), CASE_ROW(html), CASE_ROW(before), CASE_ROW(between_processes))
