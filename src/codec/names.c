/*
 * codec/names.c - member names, checked one by one and against each other.
 * The rows are dealt into as many buckets as there are names by the first bits of their hash, and
 * sorted within. Names that were made to collide end in one bucket, which costs n log n, no more.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/zip_fuzz.c
 */
#include "codec/names.h"

#include "base/ascii.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

#define HASH_FIRST 0xcbf29ce484222325u
#define HASH_STEP  0x100000001b3u

/* ---- one name ------------------------------------------------------------------------------ */

/* What only a zip archive forbids. Its specification has '/' alone as separator; what tools on
 * Windows make of the rest differs. */
static enum err clean_zip(struct faults *f, struct str raw, uint64_t at)
{
	if (str_chr(raw, '\\') != SIZE_MAX)
		TRY(fault_note(f, FAULT_NAME_BACKSLASH, raw, at));
	if (raw.n >= 2 && raw.p[1] == ':' && ascii_letter(raw.p[0]))
		TRY(fault_note(f, FAULT_NAME_ABSOLUTE, raw, at));
	return OK;
}

static enum err clean_parts(struct faults *f, struct str name, struct str raw, bool zip,
			    uint64_t at)
{
	struct str rest = name;
	unsigned depth = 0;
	bool up = false, form = false;

	while (rest.n != 0) {
		size_t slash = str_chr(rest, '/');
		struct str part = str_head(rest, slash == SIZE_MAX ? rest.n : slash);
		bool within = !zip && depth > 0 && slash != SIZE_MAX;
		up = up || str_eq(part, S(".."));
		form = form || part.n == 0 || (str_eq(part, S(".")) && !within) ||
		       slash == rest.n - 1;
		rest = slash == SIZE_MAX ? S("") : str_tail(rest, slash + 1);
		if (++depth > LIMIT_ARCHIVE_DEPTH)
			return fault_stop(f, FAULT_NAMES, raw, at);
	}
	if (up)
		TRY(fault_note(f, FAULT_NAME_UP, raw, at));
	if (form)
		TRY(fault_note(f, FAULT_NAME_FORM, raw, at));
	return OK;
}

struct str name_canonical(struct str raw, bool zip)
{
	struct str s = raw;

	while (!zip && str_has_prefix(s, S("./")))
		s = str_tail(s, 2);
	if (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	return s.n != 0 ? s : str_head(raw, 1);
}

/* Takes every "." between two slashes out of a name: npm packs a file so that package.json calls
 * "./index.js". Every reader of a tar archive, also one that drops the first part, gets the same
 * place out of both. */
static enum err without_dots(struct faults *f, struct str raw, uint64_t at, struct str *name)
{
	char *to = arena_take(f->arena, name->n, 1);
	size_t n = 0;

	if (to == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < name->n; i++) {
		while (n > 0 && to[n - 1] == '/' && str_has_prefix(str_tail(*name, i), S("./")))
			i += 2;
		if (i < name->n)
			to[n++] = name->p[i];
	}
	*name = (struct str){ to, n };
	return fault_note(f, FAULT_NAME_DOT, raw, at);
}

enum err name_clean(struct faults *f, struct str raw, bool zip, uint64_t at, struct str *out)
{
	struct str s = name_canonical(raw, zip);

	*out = s;
	if (raw.n == 0)
		return fault_note(f, FAULT_NAME_EMPTY, raw, at);
	if (raw.n > LIMIT_ARCHIVE_NAME)
		return fault_stop(f, FAULT_NAMES, str_head(raw, LIMIT_ARCHIVE_NAME), at);
	if (str_chr(raw, '\0') != SIZE_MAX)
		TRY(fault_note(f, FAULT_NAME_NUL, raw, at));
	if (raw.p[0] == '/')
		TRY(fault_note(f, FAULT_NAME_ABSOLUTE, raw, at));
	if (zip)
		TRY(clean_zip(f, raw, at));
	if (!zip && str_eq(s, S(".")))
		return OK;
	TRY(clean_parts(f, raw.p[0] == '/' ? str_tail(s, 1) : s, raw, zip, at));
	return !zip && str_find(s, S("/./")) != SIZE_MAX ? without_dots(f, raw, at, out) : OK;
}

bool name_link_out(struct str name, struct str target)
{
	long depth = 0;
	struct str rest = name;

	if (target.n == 0 || target.p[0] == '/')
		return true;
	for (size_t slash; (slash = str_chr(rest, '/')) != SIZE_MAX;) {
		depth++;
		rest = str_tail(rest, slash + 1);
	}
	rest = target;
	while (rest.n != 0) {
		struct str part = str_cut(rest, '/', &rest);
		if (str_eq(part, S("..")))
			depth--;
		else if (part.n != 0 && !str_eq(part, S(".")))
			depth++;
		if (depth < 0)
			return true;
	}
	return false;
}

/* ---- all names ----------------------------------------------------------------------------- */

static enum err reserve(struct names *l, size_t cap)
{
	struct name_row *rows = arena_take(l->arena, cap * sizeof *rows, _Alignof(struct name_row));

	if (rows == NULL)
		return ERR_NOMEM;
	if (l->n != 0)
		memcpy(rows, l->rows, l->n * sizeof *rows);
	l->rows = rows;
	l->cap = cap;
	return OK;
}

enum err names_init(struct names *l, struct arena *a, size_t expected)
{
	*l = (struct names){ .arena = a };
	return reserve(l, expected > 16 ? expected : 16);
}

enum err names_add(struct names *l, struct str name, enum name_kind kind)
{
	uint64_t h = HASH_FIRST;

	if (l->n == l->cap)
		TRY(reserve(l, 2 * l->cap));
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * HASH_STEP;
	l->rows[l->n++] = (struct name_row){ h, name.p, (uint32_t)name.n, kind };
	return OK;
}

static struct str row_name(const struct name_row *r)
{
	return (struct str){ r->p, r->n };
}

static int row_cmp(const void *x, const void *y)
{
	const struct name_row *a = x, *b = y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return str_cmp(row_name(a), row_name(b));
}

struct table {
	struct name_row *rows; /* by bucket, sorted within */
	uint32_t *first;       /* of each bucket; one more than there are buckets */
	unsigned shift;	       /* hash >> shift is the bucket */
};

static void sort_bucket(struct name_row *rows, size_t n)
{
	if (n > 12) {
		qsort(rows, n, sizeof *rows, row_cmp);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct name_row row = rows[i];
		size_t k = i;
		for (; k > 0 && row_cmp(&row, &rows[k - 1]) < 0; k--)
			rows[k] = rows[k - 1];
		rows[k] = row;
	}
}

/* FNV's upper bits are mixed less well than its lower ones for short names. */
static size_t bucket_of(const struct table *t, uint64_t hash)
{
	return (size_t)((hash * 0x9e3779b97f4a7c15u) >> t->shift);
}

static enum err table_make(struct table *t, const struct names *l)
{
	unsigned bits = 1;

	while (((size_t)1 << bits) < l->n)
		bits++;
	size_t buckets = (size_t)1 << bits;
	t->shift = 64 - bits;
	t->first = NEW_ARRAY(l->arena, uint32_t, buckets + 1);
	t->rows = arena_take(l->arena, l->n * sizeof *t->rows, _Alignof(struct name_row));
	if (t->first == NULL || t->rows == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < l->n; i++)
		t->first[bucket_of(t, l->rows[i].hash)]++;
	uint32_t sum = 0;
	for (size_t b = 0; b <= buckets; b++) {
		sum += t->first[b];
		t->first[b] = sum; /* its end, from which it is filled down to its start */
	}
	for (size_t i = l->n; i-- > 0;)
		t->rows[--t->first[bucket_of(t, l->rows[i].hash)]] = l->rows[i];
	for (size_t b = 0; b < buckets; b++)
		sort_bucket(t->rows + t->first[b], t->first[b + 1] - t->first[b]);
	return OK;
}

static const struct name_row *table_find(const struct table *t, uint64_t hash, struct str name)
{
	size_t b = bucket_of(t, hash);
	size_t lo = t->first[b], hi = t->first[b + 1];
	struct name_row want = { hash, name.p, (uint32_t)name.n, NAME_FILE };

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = row_cmp(&t->rows[mid], &want);
		if (c == 0)
			return &t->rows[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static enum err check_twins(const struct table *t, size_t n, struct faults *f, bool again)
{
	for (size_t i = 1; i < n; i++) {
		const struct name_row *a = &t->rows[i - 1], *b = &t->rows[i];
		if (a->hash != b->hash || !str_eq(row_name(a), row_name(b)))
			continue;
		if (again && a->kind == NAME_DIR && b->kind == NAME_DIR)
			continue;
		bool replaces = again && a->kind == NAME_FILE && b->kind == NAME_FILE;
		TRY(fault_note(f, replaces ? FAULT_AGAIN : FAULT_DUPLICATE, row_name(b), 0));
	}
	return OK;
}

/* How many bytes at the start are those of the name before. */
static size_t common(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n, i = 0;

	while (i < n && a.p[i] == b.p[i])
		i++;
	return i;
}

/* In the order of the archive, since neighbours have the same parents. */
static enum err check_parents(const struct names *l, const struct table *t, struct faults *f)
{
	struct str before = S("");

	for (size_t i = 0; i < l->n; i++) {
		struct str name = row_name(&l->rows[i]);
		size_t known = common(before, name);
		uint64_t h = HASH_FIRST;
		for (size_t k = 0; k < name.n; k++) {
			if (name.p[k] == '/' && k >= known && k > 0) {
				const struct name_row *up = table_find(t, h, str_head(name, k));
				if (up != NULL && up->kind != NAME_DIR)
					TRY(fault_note(f, FAULT_FILE_AS_DIR, name, 0));
			}
			h = (h ^ (unsigned char)name.p[k]) * HASH_STEP;
		}
		before = name;
	}
	return OK;
}

enum err names_check(const struct names *l, struct faults *f, bool again)
{
	struct table t;

	if (l->n < 2)
		return OK;
	TRY(table_make(&t, l));
	TRY(check_twins(&t, l->n, f, again));
	return check_parents(l, &t, f);
}
