/*
 * fuzz/index_fuzz.c - the first byte says what the rest is. An index ('I'): whatever is in it, answers
 * stay within it and within their bounds. Records, one a line: the index made of them names the same
 * records for a release as the records themselves do.
 */
#include "fuzz/fuzz.h"

#include "advisory/answer.h"
#include "advisory/index_build.h"
#include "package/version_key.h"

enum { RECORDS = 16 };

static void within(struct str map, struct str s)
{
	CHECK(s.n == 0 || (s.p >= map.p && s.p + s.n <= map.p + map.n));
}

static void check_answer(const struct advisory_index *ix, enum ecosystem eco, struct str name,
			 struct str version)
{
	struct advisory_answer out;
	struct arena a;

	arena_init(&a, 32 << 20);
	enum err e = advisory_answer(ix, &a, eco, name, version, NULL, 0, &out);
	CHECK(e == OK || e == ERR_SYNTAX || e == ERR_NOMEM);
	if (e == OK) {
		CHECK(out.n_malware <= out.n_hits && out.n_hits <= ANSWER_HITS && out.n_bad <= ANSWER_BAD);
		for (size_t i = 0; i < out.n_hits; i++) {
			within(ix->map, out.hits[i].record.id);
			within(ix->map, out.hits[i].record.summary);
		}
		if (out.floor_from == FLOOR_FIXED) {
			struct advisory_hit hit;
			size_t n = 1;
			within(ix->map, out.floor);
			e = advisory_match(ix, eco, name, out.floor, &hit, 1, &n);
			/* A list that is not sorted, as only a corrupt index has it, can hide one. */
			CHECK(e != OK || n == 0 || advisory_check(ix, NULL) != OK);
			CHECK(version.n == 0 || version_cmp(eco, out.floor, version, NULL) >= 0);
		}
	}
	arena_done(&a);
}

static void hostile_index(struct str in)
{
	struct advisory_index ix;
	struct advisory_record r;
	struct advisory_hit hits[4];
	size_t n;

	if (advisory_open(in, &ix, NULL) != OK)
		return;
	check_answer(&ix, ECO_PYPI, S("litellm"), S("1.82.7"));
	check_answer(&ix, ECO_NPM, S("axios"), S("1.14.1"));
	check_answer(&ix, ECO_NPM, S("a"), S(""));
	if (advisory_find(&ix, S("MAL-1"), &r) == OK)
		within(in, r.id);
	static const uint8_t digest[64] = { 0 };
	(void)!advisory_match_hash(&ix, S("sha256"), (struct str){ (const char *)digest, 32 }, hits, 4, &n);
	(void)!advisory_check(&ix, NULL);
	for (uint32_t i = 0; i < advisory_n_packages(&ix) && i < 64; i++) {
		struct advisory_affect a;
		if (advisory_affect(&ix, i, &a) == OK)
			check_answer(&ix, a.eco, a.name, S("1.0.0"));
	}
}

/* direct asks a record itself. */
static bool direct(const struct osv_record *r, enum ecosystem eco, struct str name, struct str version)
{
	struct version_key v = version_key(eco, version);

	for (size_t i = 0; i < r->n_affected; i++) {
		const struct osv_affected *a = &r->affected[i];
		if (a->eco != eco || !str_eq(a->name, name) || r->head.withdrawn_s != 0)
			continue;
		for (size_t k = 0; k < a->n_versions; k++)
			if (version_cmp(eco, a->versions[k], version, NULL) == 0)
				return true;
		for (size_t k = 0; k < a->n_intervals; k++)
			if (advisory_interval_has(eco, a->intervals[k].from, a->intervals[k].end,
						  a->intervals[k].kind, &v))
				return true;
	}
	return false;
}

/* in_force: no newer record has the same id. */
static bool in_force(const struct osv_record *r, size_t n, size_t i)
{
	for (size_t k = 0; k < n; k++)
		if (k != i && r[k].n_affected && str_eq(r[k].head.id, r[i].head.id) &&
		    (r[k].head.modified_s > r[i].head.modified_s ||
		     (r[k].head.modified_s == r[i].head.modified_s && k > i)))
			return false;
	return true;
}

static void compare(const struct advisory_index *ix, const struct osv_record *r, size_t n,
		    enum ecosystem eco, struct str name, struct str version)
{
	size_t want = 0, got = 0;
	struct advisory_hit hits[RECORDS];

	for (size_t i = 0; i < n; i++)
		want += in_force(r, n, i) && direct(&r[i], eco, name, version);
	CHECK(advisory_match(ix, eco, name, version, hits, RECORDS, &got) == OK);
	CHECK(got == want);
	check_answer(ix, eco, name, version);
}

static void ask_all(const struct advisory_index *ix, const struct osv_record *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < r[i].n_affected && k < 4; k++) {
			const struct osv_affected *a = &r[i].affected[k];
			compare(ix, r, n, a->eco, a->name, S("1.0.0"));
			for (size_t v = 0; v < a->n_versions && v < 8; v++)
				compare(ix, r, n, a->eco, a->name, a->versions[v]);
			for (size_t v = 0; v < a->n_intervals && v < 8; v++) {
				compare(ix, r, n, a->eco, a->name, a->intervals[v].from);
				compare(ix, r, n, a->eco, a->name, a->intervals[v].end);
			}
		}
}

static void honest_records(struct str in)
{
	struct index_build *b = index_build_new();
	struct str parts[INDEX_PARTS];
	struct osv_record r[RECORDS];
	struct advisory_index ix;
	struct buf file;
	struct arena a;
	size_t n = 0;

	arena_init(&a, 64 << 20);
	buf_init(&file, 64 << 20);
	while (in.n && n < RECORDS) {
		if (osv_read(&a, str_cut(in, '\n', &in), &r[n], NULL) == OK) {
			CHECK(index_build_add(b, &r[n]) == OK);
			n++;
		}
	}
	CHECK(index_build_finish(b, parts, NULL) == OK);
	for (size_t i = 0; i < INDEX_PARTS; i++)
		buf_add(&file, parts[i]);
	CHECK(advisory_open(buf_str(&file), &ix, NULL) == OK && advisory_check(&ix, NULL) == OK);
	ask_all(&ix, r, n);
	index_build_free(b);
	buf_free(&file);
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n == 0)
		return 0;
	if (p[0] == 'I')
		hostile_index((struct str){ (const char *)p + 1, n - 1 });
	else
		honest_records((struct str){ (const char *)p, n });
	return 0;
}
