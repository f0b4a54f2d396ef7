/*
 * tests/unit/advisory/answer_test.c - index and answers: made records, the real ones of ../shared, and files that lie.
 */
#include "advisory/answer.h"

#include "advisory/index_build.h"

#include "../check.h"
#include "../shared.h"

#include <dirent.h>
#include <time.h>

static struct arena arena;

/* An index of the records, one a line, in memory that the caller frees. */
static struct str index_of(const char *const *records, size_t n)
{
	struct index_build *b = index_build_new();
	struct str parts[INDEX_PARTS];
	struct buf out;

	CHECK(b != NULL);
	for (size_t i = 0; i < n; i++) {
		struct osv_record r;
		struct diag d = { 0 };
		arena_init(&arena, 256 << 20);
		enum err e = osv_read(&arena, str_z(records[i]), &r, &d);
		if (e != OK)
			fprintf(stderr, "%s\n", diag_text(&d));
		CHECK(e == OK && index_build_add(b, &r) == OK);
		arena_done(&arena);
	}
	CHECK(index_build_finish(b, parts, NULL) == OK);
	buf_init(&out, INDEX_MAX);
	for (size_t i = 0; i < INDEX_PARTS; i++)
		buf_add(&out, parts[i]);
	index_build_free(b);
	return buf_str(&out);
}

static void drop(struct str s)
{
	free((void *)(uintptr_t)s.p);
}

#define PKG(eco, name) "{\"package\":{\"ecosystem\":\"" eco "\",\"name\":\"" name "\"}"
#define RANGE(events) "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[" events "]}]"

static const char *const made[] = {
	"{\"id\":\"MAL-1\",\"aliases\":[\"PYSEC-1\"],\"summary\":\"bad\",\"modified\":\"2026-03-26T09:53:17Z\","
	"\"affected\":[" PKG("PyPI", "litellm") ",\"versions\":[\"1.82.8\",\"1.82.7\"]}]}",
	"{\"id\":\"PYSEC-1\",\"aliases\":[],\"affected\":[" PKG("PyPI", "LiteLLM") ",\"versions\":[\"1.82.7\"]}]}",
	"{\"id\":\"GHSA-r\",\"aliases\":[\"CVE-1\"],\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N\"},"
	"{\"type\":\"CVSS_V4\",\"score\":\"CVSS:4.0/AV:N\"}],\"affected\":[" PKG("PyPI", "litellm") ","
	RANGE("{\"introduced\":\"1.81.16\"},{\"fixed\":\"1.83.7\"}") "}]}",
	"{\"id\":\"GHSA-s\",\"affected\":[" PKG("PyPI", "litellm") "," RANGE("{\"introduced\":\"1.83.7\"},{\"fixed\":\"1.84rc1\"},"
	"{\"introduced\":\"1.84\"},{\"last_affected\":\"1.84.1\"}") "}," PKG("PyPI", "litellm") "," RANGE("{\"introduced\":\"1.84.3\"},"
	"{\"fixed\":\"1.84.4\"}") "}]}",
	"{\"id\":\"W-1\",\"withdrawn\":\"2026-01-01T00:00:00Z\",\"affected\":[" PKG("PyPI", "litellm") ",\"versions\":[\"1.0\"]}]}",
	"{\"id\":\"MAL-2\",\"affected\":[" PKG("npm", "evil") "," RANGE("{\"introduced\":\"0\"}") "}]}",
	"{\"id\":\"MAL-3\",\"affected\":[" PKG("npm", "turned") "," RANGE("{\"introduced\":\"16.0.0\"}") ",\"versions\":[\"16.1.0\"]}]}",
	"{\"id\":\"OLD-1\",\"modified\":\"2020-01-01T00:00:00Z\",\"affected\":[" PKG("npm", "twice") ",\"versions\":[\"1.0.0\"]}]}",
	"{\"id\":\"OLD-1\",\"modified\":\"2021-01-01T00:00:00Z\",\"affected\":[" PKG("npm", "twice") ",\"versions\":[\"2.0.0\"]}]}",
	"{\"id\":\"NONE\",\"affected\":[]}",
};
enum { MADE = sizeof made / sizeof made[0] };

/* "ID ID | floor from | bad bad | ranges" */
static void asked(const struct advisory_index *ix, enum ecosystem eco, const char *name, const char *version,
		  const struct str *releases, size_t n_releases, const char *want)
{
	static const char *const from[] = { "none", "self", "fixed", "released" };
	struct advisory_answer a;
	char room[1024];
	struct buf b;

	arena_init(&arena, 16 << 20);
	CHECK(advisory_answer(ix, &arena, eco, str_z(name), str_z(version), releases, n_releases, &a) == OK);
	buf_fixed(&b, room, sizeof room);
	for (size_t i = 0; i < a.n_hits; i++)
		buf_addf(&b, "%.*s%s ", FMT(a.hits[i].record.id), a.hits[i].seconded ? "=" : "");
	buf_addf(&b, "| %.*s %s%s%.*s |", FMT(a.floor), from[a.floor_from], a.floor_record.n ? " " : "", FMT(a.floor_record));
	for (size_t i = 0; i < a.n_bad; i++)
		buf_addf(&b, " %.*s", FMT(a.bad[i]));
	for (size_t i = 0; i < a.n_bad_ranges; i++)
		buf_addf(&b, " %.*s", FMT(a.bad_ranges[i]));
	if (a.no_good)
		buf_add(&b, S(" !"));
	CHECK_STR(buf_str(&b), str_z(want));
	arena_done(&arena);
}

CASE(answers)
{
	struct str releases[] = { SC("1.84.3"), SC("1.84.2"), SC("1.90"), SC("1.82.9rc1"), SC("1.0") };
	struct str map = index_of(made, MADE);
	struct advisory_index ix;
	struct diag d = { 0 };

	CHECK(advisory_open(map, &ix, &d) == OK && advisory_check(&ix, &d) == OK);
	CHECK(advisory_n_records(&ix) == 9 && advisory_n_packages(&ix) == 4 && ix.n_malware == 3 && ix.n_withdrawn == 1);
	CHECK(ix.newest_s == 1774518797);
	asked(&ix, ECO_PYPI, "Lite_llm", "1", NULL, 0, "| 1 self |");
	asked(&ix, ECO_PYPI, "litellm", "1.82.7", NULL, 0, "MAL-1 GHSA-r PYSEC-1= | 1.84.4 fixed GHSA-s | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "LITELLM", "1.82.6", NULL, 0, "GHSA-r | 1.84.4 fixed GHSA-s | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "1.82.6rc1", NULL, 0, "GHSA-r | 1.84rc1 fixed GHSA-s | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "1.82.6", releases, 5, "GHSA-r | 1.84.2 released | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "1.84.1", NULL, 0, "GHSA-s | 1.84.4 fixed GHSA-s | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "1.38.1", NULL, 0, "| 1.38.1 self | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "1.0", NULL, 0, "| 1.0 self | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "2004d", NULL, 0, "| 2004d self | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "", NULL, 0, "| 1.84.4 fixed GHSA-s | 1.82.7 1.82.8");
	asked(&ix, ECO_NPM, "evil", "9.9.9", NULL, 0, "MAL-2 |  none | every version !");
	asked(&ix, ECO_NPM, "evil", "no version", NULL, 0, "MAL-2 |  none | every version !");
	asked(&ix, ECO_NPM, "Evil", "9.9.9", NULL, 0, "| 9.9.9 self |");
	asked(&ix, ECO_NPM, "turned", "16.1.0", releases, 5, "MAL-3 |  none | 16.1.0 >=16.0.0 !");
	asked(&ix, ECO_NPM, "twice", "1.0.0", NULL, 0, "| 1.0.0 self |");
	asked(&ix, ECO_NPM, "twice", "2.0.0", NULL, 0, "OLD-1 |  none |");
	drop(map);
}

/* Records of a hostile source: as many ranges as fit, each fix within the next; and as many fixes
 * as fit at the version in which as many intervals end. */
CASE(many_ranges)
{
	enum { N = 60000 };
	struct advisory_answer a;
	struct advisory_index ix;
	struct buf ranges, events;
	clock_t began = clock();

	buf_init(&ranges, OSV_RECORD_MAX);
	buf_init(&events, OSV_RECORD_MAX);
	buf_add(&ranges, S("{\"id\":\"M-1\",\"affected\":[" PKG("PyPI", "many") ",\"ranges\":["));
	buf_add(&events, S("{\"id\":\"M-2\",\"affected\":[" PKG("npm", "many") ",\"ranges\":[{\"type\":\"SEMVER\",\"events\":["));
	for (unsigned i = 1; i <= N; i++) {
		buf_addf(&ranges, "%s{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"%u\"},{\"fixed\":\"%u\"}]}",
			 i > 1 ? "," : "", i, i + 1);
		buf_addf(&events, "{\"introduced\":\"1.0.0\"},{\"last_affected\":\"1.0.0\"},");
	}
	for (unsigned i = 1; i <= N; i++)
		buf_addf(&events, "{\"fixed\":\"1.0.0\"}%s", i < N ? "," : "]}]}]}");
	buf_add(&ranges, S("]}]}"));
	buf_addc(&ranges, '\0');
	buf_addc(&events, '\0');
	CHECK(ranges.err == OK && events.err == OK);
	struct str map = index_of((const char *[]){ ranges.p, events.p }, 2);
	CHECK(advisory_open(map, &ix, NULL) == OK);
	arena_init(&arena, 256 << 20);
	CHECK(advisory_answer(&ix, &arena, ECO_PYPI, S("many"), S("1"), NULL, 0, &a) == OK);
	CHECK_STR(a.floor, S("60001"));
	CHECK(advisory_answer(&ix, &arena, ECO_NPM, S("many"), S("1.0.0"), NULL, 0, &a) == OK);
	CHECK_STR(a.floor, S("1.0.0"));
	arena_done(&arena);
	/* Half a second; many minutes when each is compared with each. */
	CHECK((clock() - began) / CLOCKS_PER_SEC < 60);
	buf_free(&ranges);
	buf_free(&events);
	drop(map);
}

CASE(records)
{
	struct str map = index_of(made, MADE);
	struct advisory_index ix;
	struct advisory_record r;
	struct advisory_affect a;
	uint32_t at = 0;

	CHECK(advisory_open(map, &ix, NULL) == OK);
	CHECK(advisory_find(&ix, S("PYSEC-1"), &r) == OK);
	CHECK_STR(r.id, S("PYSEC-1"));
	CHECK(advisory_find(&ix, S("CVE-1"), &r) == OK);
	CHECK_STR(r.id, S("GHSA-r"));
	CHECK_STR(r.severity, S("CVSS:4.0/AV:N"));
	CHECK(advisory_names(&ix, r.number, &at, &a) == OK && a.n_intervals == 1);
	CHECK_STR(a.name, S("litellm"));
	CHECK(advisory_names(&ix, r.number, &at, &a) == ERR_NOT_FOUND);
	CHECK(advisory_find(&ix, S("W-1"), &r) == OK && r.withdrawn_s != 0);
	CHECK(advisory_find(&ix, S("OLD-1"), &r) == OK && r.modified_s == 1609459200);
	CHECK(advisory_find(&ix, S("CVE-2"), &r) == ERR_NOT_FOUND);
	drop(map);
}

/* Every byte of the file in turn is wrong, and the file is cut at every place: an answer or a refusal, no more. */
CASE(corrupt)
{
	struct str map = index_of(made, MADE), copy = check_guard(map);
	struct advisory_index ix;

	for (size_t i = 0; i < map.n; i++) {
		static const unsigned char with[] = { 0x00, 0xff, 0x80, 0x01 };
		char *at = (char *)(uintptr_t)copy.p + i;
		for (size_t k = 0; k < sizeof with; k++) {
			struct advisory_answer a;
			struct advisory_record r;
			*at = (char)with[k];
			arena_init(&arena, 4 << 20);
			if (advisory_open(copy, &ix, NULL) == OK) {
				enum err e = advisory_answer(&ix, &arena, ECO_PYPI, S("litellm"), S("1.82.7"), NULL, 0, &a);
				CHECK(e == OK || e == ERR_SYNTAX || e == ERR_NOMEM);
				e = advisory_find(&ix, S("CVE-1"), &r);
				CHECK(e == OK || e == ERR_SYNTAX || e == ERR_NOT_FOUND);
				CHECK((advisory_check(&ix, NULL) == OK) == (memcmp(copy.p, map.p, map.n) == 0 ||
									    (i < 16 && i >= 8)) || i < 48);
			}
			arena_done(&arena);
		}
		*at = map.p[i];
	}
	check_unguard(copy);
	for (size_t n = 0; n < map.n; n++) {
		struct str head = check_guard(str_head(map, n));
		CHECK(advisory_open(head, &ix, NULL) == ERR_SYNTAX);
		check_unguard(head);
	}
	drop(map);
}

/* ---- the records of ../shared ---- */

static void add_directory(struct index_build *b, const char *path)
{
	int fd = shared_open(path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL) {
		struct osv_record r;
		if (!str_has_suffix(str_z(e->d_name), S(".json")))
			continue;
		struct str s = shared_slurp(openat(fd, e->d_name, O_RDONLY | O_CLOEXEC));
		arena_init(&arena, 16 << 20);
		CHECK(osv_read(&arena, s, &r, NULL) == OK && index_build_add(b, &r) == OK);
		arena_done(&arena);
		drop(s);
	}
	if (dir)
		(void)closedir(dir);
}

CASE(real)
{
	static const char sha512[64] = "\xfe\xa7\x7a\xda\xcc\x64\x35\x65\xf7\x83\x1f\x27\x4f\xf4\xf4\x27"
				     "\x78\xc7\xd6\x92\xf6\x83\x8f\xc1\x04\xf1\x2b\xfc\xd5\x93\x39\x8c";
	struct index_build *b = index_build_new();
	struct str parts[INDEX_PARTS];
	struct advisory_index ix;
	struct advisory_hit hits[4];
	struct buf out;
	size_t n;

	add_directory(b, "vectors/osv/PyPI");
	add_directory(b, "vectors/osv/npm");
	if (index_build_count(b) == 0) {
		index_build_free(b);
		return;
	}
	CHECK(index_build_finish(b, parts, NULL) == OK);
	buf_init(&out, INDEX_MAX);
	for (size_t i = 0; i < INDEX_PARTS; i++)
		buf_add(&out, parts[i]);
	index_build_free(b);
	CHECK(advisory_open(buf_str(&out), &ix, NULL) == OK && ix.n_withdrawn == 5);
	asked(&ix, ECO_PYPI, "litellm", "1.82.7", NULL, 0, "MAL-2026-2144 GHSA-r75f-5x8p-qvmc | 1.83.7 fixed GHSA-r75f-5x8p-qvmc | "
							   "1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "1.82.6", NULL, 0, "GHSA-r75f-5x8p-qvmc | 1.83.7 fixed GHSA-r75f-5x8p-qvmc | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "1.38.1", NULL, 0, "| 1.38.1 self | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "litellm", "1.28.11", NULL, 0,
	      "GHSA-3xr8-qfvj-9p9j GHSA-46cm-pfwv-cgf8 GHSA-7ggm-4rjg-594w | 1.35.36 fixed GHSA-3xr8-qfvj-9p9j | 1.82.7 1.82.8");
	asked(&ix, ECO_PYPI, "mistralai", "0.10.1", NULL, 0, "| 0.10.1 self | 2.4.6");
	asked(&ix, ECO_PYPI, "fastapi", "0.136.3", NULL, 0, "| 0.136.3 self |");
	asked(&ix, ECO_NPM, "@chatgptclaude_club/claude-code", "1.0.0", NULL, 0, "MAL-2025-48786 |  none | every version !");
	asked(&ix, ECO_NPM, "openai-tsp", "15.9.9", NULL, 0, "| 15.9.9 self | 16.1.0 25.1.0 >=16.0.0");
	asked(&ix, ECO_NPM, "lodash", "4.17.10", NULL, 0,
	      "GHSA-35jh-r3h4-6jhm GHSA-jf85-cpcp-j695 GHSA-p6mc-m468-83gw | 4.17.21 fixed GHSA-35jh-r3h4-6jhm |");
	asked(&ix, ECO_NPM, "lodash.defaultsdeep", "4.6.0", NULL, 0, "GHSA-jf85-cpcp-j695 | 4.6.1 fixed GHSA-jf85-cpcp-j695 |");
	asked(&ix, ECO_NPM, "axios", "1.14.1", NULL, 0, "MAL-2026-2307 |  none | 0.30.4 1.14.1");
	asked(&ix, ECO_PYPI, "langchain", "0.0.142", NULL, 0,
	      "GHSA-h59x-p739-982c PYSEC-2023-205 PYSEC-2024-43= | 0.1.11 fixed GHSA-h59x-p739-982c |");
	asked(&ix, ECO_PYPI, "urlcon-", "1.0.0", NULL, 0, "| 1.0.0 self |");
	/* By hash: of a record that was withdrawn, and of one in force. */
	struct str digest = { sha512, 64 };
	CHECK(advisory_match_hash(&ix, S("sha512"), digest, hits, 4, &n) == OK && n == 0);
	static const char openaii[] = "\xa7\xd4\x61\x67\x47\xea\xce\x86\xc0\x32\xcf\x17\xb9\x12\x3a\x3a"
				      "\xc7\x07\x2b\x26\xa1\x51\x62\x76\xdd\x4e\x96\x4e\x4f\x41\xa0\x0e";
	digest = (struct str){ openaii, 32 };
	CHECK(advisory_match_hash(&ix, S("sha256"), digest, hits, 4, &n) == OK);
	CHECK(n == 1 && hits[0].by == ADVISORY_BY_HASH);
	buf_free(&out);
}

TESTS(CASE_ROW(answers), CASE_ROW(many_ranges), CASE_ROW(records), CASE_ROW(corrupt), CASE_ROW(real))
