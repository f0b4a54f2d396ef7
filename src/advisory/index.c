/*
 * advisory/index.c - asks an index of advisory records.
 * Input: hostile (a file that may be corrupt).   Runs in: checker, cli.   Fuzz: fuzz/index_fuzz.c
 */
#include "advisory/index_format.h"

#include "advisory/osv.h"
#include "base/le.h"
#include "crypto/sha256.h"
#include "package/version_key.h"

#include <assert.h>
#include <string.h>

static const uint32_t row_bytes[INDEX_SECTIONS] = {
	PACKAGE_ROW, AFFECT_ROW, INTERVAL_ROW, REF_ROW, HASH_ROW, RECORD_ROW, ID_ROW, 1,
};

/* ---- opening ---- */

enum err advisory_open(struct str map, struct advisory_index *out, struct diag *d)
{
	struct advisory_index ix = { .map = map };
	struct str rest = str_tail(map, HEAD_BYTES);

	if (map.n < HEAD_BYTES || memcmp(map.p, INDEX_MAGIC, HEAD_VERSION) != 0)
		return diag_set(d, ERR_SYNTAX, "not an index of advisories");
	if (le64(map.p + HEAD_VERSION) != INDEX_VERSION)
		return diag_set(d, ERR_SYNTAX,
				"the index of advisories is of another version of yett");
	for (size_t i = 0; i < INDEX_SECTIONS; i++) {
		uint64_t n = le64(map.p + HEAD_LENGTHS + 8 * i);
		if (n > rest.n || n > UINT32_MAX || n % row_bytes[i] != 0)
			return diag_set(d, ERR_SYNTAX, "the index of advisories is cut short");
		ix.sections[i] = str_head(rest, (size_t)n);
		rest = str_tail(rest, (size_t)n);
	}
	if (rest.n)
		return diag_set(d, ERR_SYNTAX, "the index of advisories has bytes left over");
	memcpy(ix.digest, map.p + HEAD_DIGEST, ADVISORY_DIGEST);
	ix.newest_s = (int64_t)le64(map.p + HEAD_NEWEST);
	ix.n_malware = le32(map.p + HEAD_MALWARE);
	ix.n_withdrawn = le32(map.p + HEAD_WITHDRAWN);
	*out = ix;
	return OK;
}

enum err advisory_check(const struct advisory_index *ix, struct diag *d)
{
	uint8_t digest[SHA256_BYTES];

	sha256(str_tail(ix->map, HEAD_NEWEST), digest);
	return memcmp(digest, ix->digest, sizeof digest) == 0
		       ? OK
		       : diag_set(d, ERR_SYNTAX,
				  "the index of advisories was changed after it was made");
}

/* ---- rows ---- */

static uint32_t count(const struct advisory_index *ix, enum index_section s)
{
	return (uint32_t)(ix->sections[s].n / row_bytes[s]);
}

/* row gives row i of a section; NULL: there is none. */
static const char *row(const struct advisory_index *ix, enum index_section s, uint32_t i)
{
	return i < count(ix, s) ? ix->sections[s].p + (size_t)i * row_bytes[s] : NULL;
}

/* known_row is row for an i that is known to be one. */
static const char *known_row(const struct advisory_index *ix, enum index_section s, uint32_t i)
{
	assert(i < count(ix, s));
	return ix->sections[s].p + (size_t)i * row_bytes[s];
}

static enum err string_at(const struct advisory_index *ix, uint32_t at, struct str *out)
{
	struct str s = str_tail(ix->sections[INDEX_STRINGS], at);

	if (s.n < 2 || s.n - 2 < le16(s.p))
		return ERR_SYNTAX;
	*out = (struct str){ s.p + 2, le16(s.p) };
	return OK;
}

static enum err ref_at(const struct advisory_index *ix, uint32_t i, struct str *out)
{
	const char *r = row(ix, INDEX_REFS, i);

	return r ? string_at(ix, le32(r), out) : ERR_SYNTAX;
}

static enum err record_at(const struct advisory_index *ix, uint32_t i, struct advisory_record *out)
{
	const char *r = row(ix, INDEX_RECORDS, i);

	if (r == NULL)
		return ERR_SYNTAX;
	*out = (struct advisory_record){ .number = i };
	TRY(string_at(ix, le32(r), &out->id));
	TRY(string_at(ix, le32(r + 4), &out->summary));
	TRY(string_at(ix, le32(r + 8), &out->severity));
	uint32_t first = le32(r + 12), n = le32(r + 16);
	out->kind = le32(r + 20) & RECORD_MALWARE ? ADVISORY_MALWARE : ADVISORY_VULNERABILITY;
	out->published_s = (int64_t)le64(r + 24);
	out->modified_s = (int64_t)le64(r + 32);
	out->withdrawn_s = (int64_t)le64(r + 40);
	if (n > ADVISORY_ALIASES)
		return ERR_SYNTAX;
	for (; out->n_aliases < n; out->n_aliases++)
		TRY(ref_at(ix, first + out->n_aliases, &out->aliases[out->n_aliases]));
	return OK;
}

/* in_force: neither withdrawn nor replaced by a newer one of the same id. */
static bool in_force(const struct advisory_index *ix, uint32_t record)
{
	const char *r = row(ix, INDEX_RECORDS, record);

	return r && le64(r + 40) == 0 && !(le32(r + 20) & RECORD_SUPERSEDED);
}

enum err advisory_affect(const struct advisory_index *ix, uint32_t i, struct advisory_affect *out)
{
	const char *r = row(ix, INDEX_AFFECTS, i);

	if (r == NULL)
		return ERR_SYNTAX;
	*out = (struct advisory_affect){ .in_force = in_force(ix, le32(r)) };
	TRY(record_at(ix, le32(r), &out->record));
	TRY(string_at(ix, le32(r + 4), &out->name));
	out->eco = le32(r + 8) == ECO_PYPI ? ECO_PYPI : ECO_NPM;
	out->first_interval = le32(r + 12);
	out->n_intervals = le32(r + 16);
	out->first_version = le32(r + 20);
	out->n_versions = le32(r + 24);
	if (out->n_intervals > count(ix, INDEX_INTERVALS) ||
	    out->first_interval > count(ix, INDEX_INTERVALS) - out->n_intervals ||
	    out->n_versions > count(ix, INDEX_REFS) ||
	    out->first_version > count(ix, INDEX_REFS) - out->n_versions)
		return ERR_SYNTAX;
	return OK;
}

enum err advisory_version(const struct advisory_index *ix, const struct advisory_affect *a,
			  uint32_t i, struct str *out)
{
	assert(i < a->n_versions);
	return ref_at(ix, a->first_version + i, out);
}

enum err advisory_interval(const struct advisory_index *ix, const struct advisory_affect *a,
			   uint32_t i, struct str *out_from, struct str *out_end,
			   enum advisory_end *out_kind)
{
	assert(i < a->n_intervals);
	const char *r = row(ix, INDEX_INTERVALS, a->first_interval + i);
	if (r == NULL || le32(r + 8) > ADVISORY_LIMIT)
		return ERR_SYNTAX;
	TRY(string_at(ix, le32(r), out_from));
	TRY(string_at(ix, le32(r + 4), out_end));
	*out_kind = (enum advisory_end)le32(r + 8);
	return OK;
}

/* ---- matching ---- */

/* find_package looks for a name in its normal form. */
static enum err find_package(const struct advisory_index *ix, enum ecosystem eco, struct str name,
			     uint32_t *out_first, uint32_t *out_n)
{
	uint32_t low = 0, high = count(ix, INDEX_PACKAGES);

	*out_first = *out_n = 0;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const char *r = known_row(ix, INDEX_PACKAGES, mid);
		struct str at;
		TRY(string_at(ix, le32(r), &at));
		int c = ((uint32_t)eco > le32(r + 12)) - ((uint32_t)eco < le32(r + 12));
		if (c == 0)
			c = str_cmp(name, at);
		if (c == 0) {
			*out_first = le32(r + 4);
			*out_n = le32(r + 8);
			return *out_n <= count(ix, INDEX_AFFECTS) &&
					       *out_first <= count(ix, INDEX_AFFECTS) - *out_n
				       ? OK
				       : ERR_SYNTAX;
		}
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return OK;
}

enum err advisory_package(const struct advisory_index *ix, enum ecosystem eco, struct str name,
			  uint32_t *out_first, uint32_t *out_n)
{
	char room[OSV_NAME];
	struct buf b;

	*out_first = *out_n = 0;
	buf_fixed(&b, room, sizeof room);
	package_name_normalise(eco, name, &b);
	/* A longer name is in no index. */
	return b.err == OK ? find_package(ix, eco, buf_str(&b), out_first, out_n) : OK;
}

/* listed looks for a version in the sorted list of an affect. */
static enum err listed(const struct advisory_index *ix, const struct advisory_affect *a,
		       const struct version_key *v, bool *out)
{
	uint32_t low = 0, high = a->n_versions;

	*out = false;
	while (low < high && !*out) {
		uint32_t mid = low + (high - low) / 2;
		struct str text;
		TRY(advisory_version(ix, a, mid, &text));
		struct version_key at = version_key(v->eco, text);
		int c = version_key_cmp(v, &at);
		*out = c == 0;
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return OK;
}

bool advisory_interval_has(enum ecosystem eco, struct str from, struct str end,
			   enum advisory_end kind, const struct version_key *v)
{
	struct version_key k;

	if (!str_eq(from, S("0"))) {
		k = version_key(eco, from);
		if (!v->valid || version_key_cmp(v, &k) < 0)
			return false;
	}
	if (kind == ADVISORY_OPEN)
		return true;
	k = version_key(eco, end);
	int c = version_key_cmp(v, &k);
	return v->valid && (c < 0 || (c == 0 && kind == ADVISORY_LAST));
}

static enum err in_intervals(const struct advisory_index *ix, const struct advisory_affect *a,
			     const struct version_key *v, struct advisory_hit *hit, bool *out)
{
	*out = false;
	for (uint32_t i = 0; i < a->n_intervals && !*out; i++) {
		TRY(advisory_interval(ix, a, i, &hit->introduced, &hit->end, &hit->end_kind));
		*out = advisory_interval_has(v->eco, hit->introduced, hit->end, hit->end_kind, v);
	}
	return OK;
}

static bool shares(const struct advisory_record *a, const struct advisory_record *b)
{
	for (unsigned i = 0; i <= a->n_aliases; i++) {
		struct str x = i ? a->aliases[i - 1] : a->id;
		for (unsigned k = 0; k <= b->n_aliases; k++)
			if (str_eq(x, k ? b->aliases[k - 1] : b->id))
				return true;
	}
	return false;
}

/* What is asked, and the answer so far. */
struct asked {
	struct advisory_hit *out;
	size_t cap, n;
	uint32_t last; /* number of the record that was hit last */
};

static void add_hit(struct asked *q, struct advisory_hit *hit)
{
	/* Only what is stored is compared: there may be as many more as the index has rows. */
	for (size_t i = 0; i < q->n && q->n < q->cap && !hit->seconded; i++)
		hit->seconded = shares(&q->out[i].record, &hit->record);
	if (q->n < q->cap)
		q->out[q->n] = *hit;
	q->n++;
	q->last = hit->record.number;
}

static enum err match_affect(const struct advisory_index *ix, const struct advisory_affect *a,
			     const struct version_key *v, struct asked *q)
{
	struct advisory_hit hit = { .by = ADVISORY_BY_VERSION };
	bool in;

	if (q->n && q->last == a->record.number)
		return OK; /* the record has several entries for the package */
	TRY(listed(ix, a, v, &in));
	if (!in) {
		TRY(in_intervals(ix, a, v, &hit, &in));
		hit.by = ADVISORY_BY_RANGE;
	}
	if (in) {
		hit.record = a->record;
		add_hit(q, &hit);
	}
	return OK;
}

enum err advisory_match(const struct advisory_index *ix, enum ecosystem eco, struct str name,
			struct str version, struct advisory_hit *out, size_t cap, size_t *out_n)
{
	struct asked q = { .out = out, .cap = cap };
	struct version_key v = version_key(eco, version);
	uint64_t intervals = 0;
	uint32_t first, n;

	*out_n = 0;
	TRY(advisory_package(ix, eco, name, &first, &n));
	for (uint32_t i = 0; i < n; i++) {
		struct advisory_affect a;
		TRY(advisory_affect(ix, first + i, &a));
		/* No two affects share intervals, so together they have no more than there are. */
		intervals += a.n_intervals;
		if (intervals > count(ix, INDEX_INTERVALS))
			return ERR_SYNTAX;
		if (a.in_force)
			TRY(match_affect(ix, &a, &v, &q));
	}
	*out_n = q.n;
	return OK;
}

/* ---- by hash, by id ---- */

static int hash_cmp(enum osv_algorithm algorithm, struct str digest, const char *r)
{
	uint32_t other = le32(r);

	if ((uint32_t)algorithm != other)
		return (uint32_t)algorithm < other ? -1 : 1;
	return memcmp(digest.p, r + 8, digest.n);
}

enum err advisory_match_hash(const struct advisory_index *ix, struct str algorithm,
			     struct str digest, struct advisory_hit *out, size_t cap, size_t *out_n)
{
	uint32_t low = 0, high = count(ix, INDEX_HASHES);
	struct asked q = { .out = out, .cap = cap };
	enum osv_algorithm which;
	size_t bytes;

	*out_n = 0;
	if (!osv_algorithm(algorithm, &which, &bytes) || digest.n != bytes)
		return OK;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (hash_cmp(which, digest, known_row(ix, INDEX_HASHES, mid)) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < count(ix, INDEX_HASHES); low++) {
		struct advisory_hit hit = { .by = ADVISORY_BY_HASH };
		const char *r = known_row(ix, INDEX_HASHES, low);
		if (hash_cmp(which, digest, r) != 0)
			break;
		TRY(record_at(ix, le32(r + 4), &hit.record));
		if (in_force(ix, hit.record.number))
			add_hit(&q, &hit);
	}
	*out_n = q.n;
	return OK;
}

enum err advisory_find(const struct advisory_index *ix, struct str id, struct advisory_record *out)
{
	uint32_t low = 0, high = count(ix, INDEX_IDS);
	struct advisory_record found;
	enum err e = ERR_NOT_FOUND;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		struct str at;
		TRY(string_at(ix, le32(known_row(ix, INDEX_IDS, mid)), &at));
		if (str_cmp(id, at) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	/* The record that has it as its id goes before those that have it as an alias. */
	for (; low < count(ix, INDEX_IDS); low++) {
		const char *r = known_row(ix, INDEX_IDS, low);
		struct str at;
		TRY(string_at(ix, le32(r), &at));
		if (!str_eq(at, id))
			break;
		TRY(record_at(ix, le32(r + 4), &found));
		bool own = str_eq(found.id, id) &&
			   !(le32(known_row(ix, INDEX_RECORDS, found.number) + 20) &
			     RECORD_SUPERSEDED);
		if (e != OK || own)
			*out = found;
		e = OK;
		if (own)
			break;
	}
	return e;
}

enum err advisory_names(const struct advisory_index *ix, uint32_t record, uint32_t *at,
			struct advisory_affect *out)
{
	for (; *at < count(ix, INDEX_AFFECTS); (*at)++) {
		if (le32(known_row(ix, INDEX_AFFECTS, *at)) != record)
			continue;
		return advisory_affect(ix, (*at)++, out);
	}
	return ERR_NOT_FOUND;
}

uint32_t advisory_n_records(const struct advisory_index *ix)
{
	return count(ix, INDEX_RECORDS);
}

uint32_t advisory_n_packages(const struct advisory_index *ix)
{
	return count(ix, INDEX_PACKAGES);
}
