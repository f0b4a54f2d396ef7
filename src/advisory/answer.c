/*
 * advisory/answer.c - all that the records know of one release.
 * Input: hostile (an index that may be corrupt).   Runs in: checker, cli.   Fuzz: fuzz/index_fuzz.c
 */
#include "advisory/answer.h"

#include "package/version_key.h"

#include <stdlib.h>
#include <string.h>

/* A version that may be the floor, and the record that says so. */
struct candidate {
	struct version_key key;
	struct str record;
};

struct run {
	bool first; /* from the first version on, whatever that is called */
	struct version_key from;
	struct str end;
	enum advisory_end kind;
};

/* All that is said of the package, read once. */
struct said {
	const struct advisory_index *ix;
	struct arena *a;
	enum ecosystem eco;
	struct run *runs; /* of records in force, by where they begin */
	size_t n_runs;
	struct version_key *listed; /* versions that records in force list, in order */
	size_t n_listed;
	struct candidate *candidates;
	size_t n_candidates;
};

static int key_cmp(const void *x, const void *y)
{
	return version_key_cmp(x, y);
}

static int candidate_cmp(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;
	int c = version_key_cmp(&a->key, &b->key);

	return c ? c : str_cmp(a->record, b->record);
}

static int run_cmp(const void *x, const void *y)
{
	const struct run *a = x, *b = y;

	if (a->first || b->first)
		return b->first - a->first;
	return version_key_cmp(&a->from, &b->from);
}

/* ---- reading ---- */

/* measure counts, so that all memory is taken at once. No two affects share intervals or versions,
 * so an index that says more than there is in it is corrupt. */
static enum err measure(struct said *s, uint32_t first, uint32_t n, size_t *out_records)
{
	uint64_t runs = 0, listed = 0, most = s->ix->map.n;
	uint32_t last = UINT32_MAX;

	*out_records = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct advisory_affect a;
		TRY(advisory_affect(s->ix, first + i, &a));
		if (!a.in_force)
			continue;
		runs += a.n_intervals;
		listed += a.n_versions;
		*out_records += a.record.number != last;
		last = a.record.number;
		if (runs > most || listed > most)
			return ERR_SYNTAX;
	}
	s->runs = NEW_ARRAY(s->a, struct run, runs + 1);
	s->listed = NEW_ARRAY(s->a, struct version_key, listed + 1);
	s->candidates = NEW_ARRAY(s->a, struct candidate, runs + 1);
	return s->runs && s->listed && s->candidates ? OK : ERR_NOMEM;
}

static enum err read_affect(struct said *s, const struct advisory_affect *a)
{
	for (uint32_t i = 0; i < a->n_intervals; i++) {
		struct run *r = &s->runs[s->n_runs];
		struct str from;
		TRY(advisory_interval(s->ix, a, i, &from, &r->end, &r->kind));
		r->first = str_eq(from, S("0"));
		r->from = version_key(s->eco, from);
		s->n_runs++;
		if (r->kind != ADVISORY_FIXED)
			continue;
		s->candidates[s->n_candidates++] = (struct candidate){ version_key(s->eco, r->end),
								       a->record.id };
	}
	for (uint32_t i = 0; i < a->n_versions; i++) {
		struct str text;
		TRY(advisory_version(s->ix, a, i, &text));
		s->listed[s->n_listed++] = version_key(s->eco, text);
	}
	return OK;
}

static enum err read_all(struct said *s, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct advisory_affect a;
		TRY(advisory_affect(s->ix, first + i, &a));
		if (a.in_force)
			TRY(read_affect(s, &a));
	}
	qsort(s->listed, s->n_listed, sizeof *s->listed, key_cmp);
	qsort(s->runs, s->n_runs, sizeof *s->runs, run_cmp);
	return OK;
}

/* ---- the floor ---- */

static bool has_begun(const struct run *r, const struct version_key *v)
{
	return r->first || (v->valid && version_key_cmp(&r->from, v) <= 0);
}

/* How far the runs go that have begun: asked of ever higher versions, each run is looked at once.
 */
struct reach {
	size_t n_begun;
	bool any, open, last; /* last: end itself is in them */
	struct version_key end;
};

static void reach_add(struct reach *r, const struct run *run, enum ecosystem eco)
{
	if (run->kind == ADVISORY_OPEN) {
		r->open = true;
		return;
	}
	struct version_key end = version_key(eco, run->end);
	int c = r->any ? version_key_cmp(&end, &r->end) : 1;
	if (c < 0)
		return;
	r->last = run->kind == ADVISORY_LAST || (c == 0 && r->last);
	r->end = end;
	r->any = true;
}

/* is_named: v is not lower than what r was asked for before. */
static bool is_named(const struct said *s, struct reach *r, const struct version_key *v)
{
	while (r->n_begun < s->n_runs && has_begun(&s->runs[r->n_begun], v))
		reach_add(r, &s->runs[r->n_begun++], s->eco);
	int c = r->any ? version_key_cmp(v, &r->end) : 1;
	return r->open || c < 0 || (c == 0 && r->last) ||
	       bsearch(v, s->listed, s->n_listed, sizeof *s->listed, key_cmp) != NULL;
}

/* bad_from_here: a run without an end holds the version and all that follow. */
static bool bad_from_here(const struct said *s, const struct version_key *v)
{
	for (size_t i = 0; i < s->n_runs; i++)
		if (s->runs[i].kind == ADVISORY_OPEN && has_begun(&s->runs[i], v))
			return true;
	return false;
}

/* use_releases makes the versions that the caller knows the only candidates. */
static enum err use_releases(struct said *s, const struct str *releases, size_t n)
{
	s->candidates = NEW_ARRAY(s->a, struct candidate, n);
	s->n_candidates = 0;
	if (s->candidates == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		s->candidates[s->n_candidates++] = (struct candidate){
			version_key(s->eco, releases[i]), S("")
		};
	return OK;
}

/* find_floor goes up through the candidates. A pre-release is one only for who has a pre-release.
 */
static void find_floor(struct said *s, const struct version_key *v, bool released,
		       struct advisory_answer *out)
{
	bool any = v->text.n == 0, pre = !any && version_key_pre(v);
	struct reach reach = { .n_begun = 0 };

	out->no_good = !any && bad_from_here(s, v);
	qsort(s->candidates, s->n_candidates, sizeof *s->candidates, candidate_cmp);
	for (size_t i = 0; i < s->n_candidates && !out->no_good; i++) {
		const struct candidate *c = &s->candidates[i];
		if (!c->key.valid || (version_key_pre(&c->key) && !pre))
			continue;
		if ((!any && version_key_cmp(&c->key, v) < 0) || is_named(s, &reach, &c->key))
			continue;
		out->floor = c->key.text;
		out->floor_from = released ? FLOOR_RELEASED : FLOOR_FIXED;
		out->floor_record = c->record;
		return;
	}
}

/* ---- what is known to be bad ---- */

static enum err range_text(struct said *s, struct str from, struct str end, enum advisory_end kind,
			   struct str *out)
{
	size_t cap = from.n + end.n + 16;
	char *room = arena_take(s->a, cap, 1);
	struct buf b;

	if (room == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, room, cap);
	if (!str_eq(from, S("0"))) {
		buf_add(&b, S(">="));
		buf_add(&b, from);
	}
	if (kind != ADVISORY_OPEN) {
		buf_add(&b, b.n ? S(" ") : S(""));
		buf_add(&b, kind == ADVISORY_LAST ? S("<=") : S("<"));
		buf_add(&b, end);
	}
	if (b.n == 0)
		buf_add(&b, S("every version"));
	return buf_finish(&b, out);
}

/* bad_of adds what one malware record names. What does not fit is left out: it is for people. */
static enum err bad_of(struct said *s, const struct advisory_affect *a, struct version_key *keys,
		       size_t *n, struct advisory_answer *out)
{
	struct str from, end;
	enum advisory_end kind;

	for (uint32_t i = 0; i < a->n_versions && *n < ANSWER_BAD; i++) {
		struct str text;
		TRY(advisory_version(s->ix, a, i, &text));
		keys[(*n)++] = version_key(s->eco, text);
	}
	for (uint32_t i = 0; i < a->n_intervals && out->n_bad_ranges < ANSWER_RANGES; i++) {
		TRY(advisory_interval(s->ix, a, i, &from, &end, &kind));
		TRY(range_text(s, from, end, kind, &out->bad_ranges[out->n_bad_ranges]));
		out->n_bad_ranges++;
	}
	return OK;
}

static enum err find_bad(struct said *s, uint32_t first, uint32_t n, struct advisory_answer *out)
{
	size_t n_keys = 0, most = s->n_listed < ANSWER_BAD ? s->n_listed : ANSWER_BAD;
	struct version_key *keys = NEW_ARRAY(s->a, struct version_key, most + 1);

	out->bad = NEW_ARRAY(s->a, struct str, most + 1);
	out->bad_ranges = NEW_ARRAY(s->a, struct str, ANSWER_RANGES);
	if (keys == NULL || out->bad == NULL || out->bad_ranges == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct advisory_affect a;
		TRY(advisory_affect(s->ix, first + i, &a));
		if (a.in_force && a.record.kind == ADVISORY_MALWARE)
			TRY(bad_of(s, &a, keys, &n_keys, out));
	}
	qsort(keys, n_keys, sizeof *keys, key_cmp);
	for (size_t i = 0; i < n_keys; i++)
		if (i == 0 || version_key_cmp(&keys[i - 1], &keys[i]) != 0)
			out->bad[out->n_bad++] = keys[i].text;
	return OK;
}

/* ---- the answer ---- */

static enum err find_hits(struct said *s, struct str name, struct str version,
			  struct advisory_answer *out)
{
	size_t n;

	if (version.n == 0)
		return OK;
	out->hits = NEW_ARRAY(s->a, struct advisory_hit, ANSWER_HITS);
	if (out->hits == NULL)
		return ERR_NOMEM;
	TRY(advisory_match(s->ix, s->eco, name, version, out->hits, ANSWER_HITS, &n));
	out->n_hits = n < ANSWER_HITS ? n : ANSWER_HITS;
	for (size_t i = 0; i < out->n_hits; i++)
		out->n_malware += out->hits[i].record.kind == ADVISORY_MALWARE;
	return OK;
}

enum err advisory_answer(const struct advisory_index *ix, struct arena *a, enum ecosystem eco,
			 struct str name, struct str version, const struct str *releases,
			 size_t n_releases, struct advisory_answer *out)
{
	struct said s = { .ix = ix, .a = a, .eco = eco };
	struct advisory_answer r = { .floor = S("") };
	struct version_key v = version_key(eco, version);
	uint32_t first, n;

	r.floor_record = S("");
	TRY(advisory_package(ix, eco, name, &first, &n));
	TRY(measure(&s, first, n, &r.n_records));
	TRY(read_all(&s, first, n));
	TRY(find_hits(&s, name, version, &r));
	TRY(find_bad(&s, first, n, &r));
	if (version.n && r.n_hits == 0) {
		r.floor = version;
		r.floor_from = FLOOR_SELF;
	} else {
		if (n_releases)
			TRY(use_releases(&s, releases, n_releases));
		find_floor(&s, &v, n_releases > 0, &r);
	}
	*out = r;
	return OK;
}

const char *floor_text(enum floor_from from)
{
	switch (from) {
	case FLOOR_NONE:
		return "no safe version is known";
	case FLOOR_SELF:
		return "no record names it";
	case FLOOR_FIXED:
		return "the first version in which a record says it is fixed, and that no other "
		       "record names";
	case FLOOR_RELEASED:
		return "the lowest release from here on that no record names";
	}
	return "";
}
