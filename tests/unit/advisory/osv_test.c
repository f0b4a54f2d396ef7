/* tests/unit/advisory/osv_test.c */
#include "advisory/osv.h"

#include "codec/json.h"
#include "package/version_key.h"

#include "../check.h"
#include "../shared.h"

#include <dirent.h>

static struct arena arena;

static bool interval_is(const struct osv_interval *i, const char *from, const char *end, enum advisory_end kind)
{
	return str_eq(i->from, str_z(from)) && str_eq(i->end, str_z(end)) && i->kind == kind;
}

CASE(record)
{
	static const char text[] =
		"{\"id\":\"MAL-2026-1\",\"aliases\":[\"PYSEC-2026-2\",\"\\u0000\"],\"summary\":\"a\\nb\\u001b[31m\","
		"\"modified\":\"2026-03-26T09:53:17.25Z\",\"published\":\"x\",\"affected\":["
		"{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"Foo_Bar\"},\"versions\":[\"1.10\",\"1.9\",\"1.9.0\",\"odd\"],"
		"\"ranges\":[{\"type\":\"GIT\",\"events\":[{\"introduced\":\"0\"}]}],\"database_specific\":{\"indicators\":"
		"{\"package_integrity\":[{\"hashes\":{\"sha256\":"
		"\"a7d4616747eace86c032cf17b9123a3ac7072b26a1516276dd4e964e4f41a00e\",\"md5\":\"00\",\"sha1\":\"zz\","
		"\"sha512_sri\":\"sha512-fycNFjhGxFxgg/sT8sS72nsM0VG5ggqVCnvIdr/"
		"ueQQVTThcyX4CZMWF5qyahj7UMsNL0EAOTDni3XEg42WjqQ==\"}}]}}},"
		"{\"package\":{\"ecosystem\":\"Go\",\"name\":\"x\"},\"versions\":[\"1\"]},"
		"{\"package\":{\"ecosystem\":\"npm\",\"name\":\"Foo_Bar\"}}]}";
	struct osv_record r;

	arena_init(&arena, 1 << 20);
	CHECK(osv_read(&arena, str_z(text), &r, NULL) == OK);
	CHECK_STR(r.head.id, S("MAL-2026-1"));
	CHECK_STR(r.head.summary, S("a b [31m"));
	CHECK(r.head.kind == ADVISORY_MALWARE && r.head.n_aliases == 1 && r.head.published_s == 0);
	CHECK(r.head.modified_s == 1774518797 && r.head.withdrawn_s == 0);
	CHECK(r.n_affected == 2 && r.affected[0].n_versions == 3 && r.affected[0].n_intervals == 0);
	CHECK_STR(r.affected[0].name, S("foo-bar"));
	CHECK_STR(r.affected[0].versions[1], S("1.10"));
	CHECK_STR(r.affected[0].versions[2], S("odd"));
	CHECK_STR(r.affected[1].name, S("Foo_Bar"));
	CHECK(r.n_hashes == 2 && r.hashes[0].algorithm == OSV_SHA256 && r.hashes[0].bytes[0] == 0xa7);
	CHECK(r.hashes[1].algorithm == OSV_SHA512 && r.hashes[1].bytes[0] == 0x7f);
	arena_done(&arena);
}

/* The intervals of a list of events, as text. */
static void intervals(enum ecosystem eco, const char *events, const char *want)
{
	const struct json *root;
	struct osv_interval *out;
	static const char *const ends[] = { "", ")", "]", "|" };
	size_t n = 0;
	char room[512];
	struct buf b;

	arena_init(&arena, 1 << 20);
	buf_fixed(&b, room, sizeof room);
	CHECK(json_read(&arena, str_z(events), &root, NULL) == OK);
	enum err e = osv_intervals(&arena, eco, root, &out, &n);
	if (e != OK)
		buf_add(&b, str_z(err_text(e)));
	for (size_t i = 0; e == OK && i < n; i++)
		buf_addf(&b, "[%.*s,%.*s%s", FMT(out[i].from), FMT(out[i].end), ends[out[i].kind]);
	CHECK_STR(buf_str(&b), str_z(want));
	arena_done(&arena);
}

CASE(events)
{
	intervals(ECO_PYPI, "[{\"introduced\":\"0\"},{\"fixed\":\"1.2\"}]", "[0,1.2)");
	intervals(ECO_PYPI, "[{\"fixed\":\"2.2\"},{\"introduced\":\"2.0\"},{\"fixed\":\"1.2\"},{\"introduced\":\"0\"}]",
		  "[0,1.2)[2.0,2.2)");
	intervals(ECO_NPM, "[{\"introduced\":\"16.0.0\"}]", "[16.0.0,");
	intervals(ECO_PYPI, "[{\"introduced\":\"0\"},{\"last_affected\":\"1.28.11\"}]", "[0,1.28.11]");
	intervals(ECO_PYPI, "[{\"fixed\":\"1\"}]", "");
	intervals(ECO_PYPI, "[]", "");
	intervals(ECO_PYPI, "[{\"introduced\":\"1\"},{\"introduced\":\"2\"},{\"fixed\":\"3\"},{\"fixed\":\"4\"}]", "[1,3)");
	intervals(ECO_PYPI, "[{\"introduced\":\"1\"},{\"fixed\":\"2\"},{\"introduced\":\"2.0\"}]", "[1,2)[2.0,");
	intervals(ECO_PYPI, "[{\"introduced\":\"0\"},{\"limit\":\"5\"}]", "[0,5|");
	intervals(ECO_PYPI, "[{\"introduced\":\"0\"},{\"limit\":\"*\"}]", "[0,");
	intervals(ECO_PYPI, "[{\"introduced\":\"0\"},{\"fixed\":\"3\"},{\"introduced\":\"6\"},{\"limit\":\"5\"},{\"limit\":\"4\"}]",
		  "[0,3)");
	intervals(ECO_PYPI, "[{\"introduced\":\"0\"},{\"last_affected\":\"5\"},{\"limit\":\"5\"}]", "[0,5|");
	intervals(ECO_PYPI, "[{\"introduced\":\"1\"},{\"last_affected\":\"1.2\"},{\"fixed\":\"1.2.0\"}]", "[1,1.2)");
	intervals(ECO_PYPI, "[{\"introduced\":\"bad\"}]", "malformed input");
	intervals(ECO_PYPI, "[{\"introduced\":1}]", "malformed input");
	intervals(ECO_PYPI, "[{\"unknown\":1},{\"introduced\":\"0.dev0\"}]", "[0.dev0,");
	intervals(ECO_PYPI, "{}", "malformed input");
}

CASE(refused)
{
	static const char *const bad[] = {
		"", "{}", "[]", "{\"id\":1}", "{\"id\":\"\"}", "{\"id\":\"a b\"}", "{\"id\":\"a\"",
		"{\"id\":\"a\",\"withdrawn\":\"soon\"}", "{\"id\":\"a\",\"withdrawn\":1}", "{\"id\":\"a\",\"id\":\"b\"}",
		"{\"id\":\"a\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"x\"},\"versions\":{}}]}",
		"{\"id\":\"a\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"x\"},\"versions\":[1]}]}",
	};
	struct osv_record r;
	struct diag d;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct str s = check_guard(str_z(bad[i]));
		arena_init(&arena, 1 << 20);
		bool ok = osv_read(&arena, s, &r, &d) == ERR_SYNTAX;
		if (!ok)
			fprintf(stderr, "accepted: %s\n", bad[i]);
		CHECK(ok);
		arena_done(&arena);
		check_unguard(s);
	}
}

CASE(little_memory)
{
	static const char text[] = "{\"id\":\"a\",\"summary\":\"\\u0041\",\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\","
				   "\"name\":\"a\"},\"versions\":[\"1\",\"2\\u002e0\"],\"ranges\":[{\"events\":[{\"introduced\":"
				   "\"0\"}]},{\"events\":[{\"introduced\":\"5\"}]}]}]}";
	bool done = false;

	for (size_t budget = 0; !done; budget += 64) {
		struct osv_record r;
		arena_init(&arena, budget);
		enum err e = osv_read(&arena, str_z(text), &r, NULL);
		done = e == OK && r.head.summary.n == 1;
		CHECK(e == OK || e == ERR_NOMEM || e == ERR_SYNTAX);
		arena_done(&arena);
		if (budget > 1 << 20)
			break;
	}
	CHECK(done);
}

/* All records of a directory are read, and what is said of them in its README holds. */
static void directory(const char *path, size_t at_least)
{
	int fd = shared_open(path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	size_t n = 0;

	while (dir && (e = readdir(dir)) != NULL) {
		struct osv_record r;
		struct diag d = { 0 };
		if (!str_has_suffix(str_z(e->d_name), S(".json")))
			continue;
		struct str s = shared_slurp(openat(fd, e->d_name, O_RDONLY | O_CLOEXEC));
		arena_init(&arena, 16 << 20);
		CHECK(osv_read(&arena, s, &r, &d) == OK);
		CHECK(r.n_affected > 0 && r.n_ranges_unread == 0 && r.head.modified_s > 1400000000);
		CHECK_STR(str_head(str_z(e->d_name), r.head.id.n), r.head.id);
		CHECK((r.head.kind == ADVISORY_MALWARE) == (e->d_name[0] == 'M'));
		if (str_eq(r.head.id, S("GHSA-7ggm-4rjg-594w")))
			CHECK(interval_is(&r.affected[0].intervals[0], "0", "1.28.11", ADVISORY_LAST));
		if (str_eq(r.head.id, S("MAL-2026-4370")))
			CHECK(r.head.withdrawn_s != 0 && r.n_hashes == 2);
		if (str_eq(r.head.id, S("MAL-2026-11123")))
			CHECK(r.affected[0].n_versions == 44);
		arena_done(&arena);
		free((void *)(uintptr_t)s.p);
		n++;
	}
	CHECK(dir == NULL || n >= at_least);
	if (dir)
		(void)closedir(dir);
}

CASE(real_records)
{
	directory("vectors/osv/PyPI", 50);
	directory("vectors/osv/npm", 15);
}

TESTS(CASE_ROW(record), CASE_ROW(events), CASE_ROW(refused), CASE_ROW(little_memory), CASE_ROW(real_records))
