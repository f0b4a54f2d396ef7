/*
 * advisory/index_build.c - makes an index of advisory records.
 * Input: hostile, as osv.c has read it.   Runs in: indexer, cli.   Fuzz: fuzz/index_fuzz.c
 */
#include "advisory/index_build.h"

#include "advisory/index_format.h"
#include "base/le.h"
#include "base/rd.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * Strings are shared through a table of offsets. A hash that was made to collide costs PROBES steps
 * and then only space: the string is stored once more.
 */
enum { SLOTS_FIRST = 1 << 12, PROBES = 32 };

struct index_build {
	struct buf sections[INDEX_SECTIONS];
	char head[HEAD_BYTES];
	uint32_t *slots; /* offset of a string, 0: free */
	size_t n_slots, used;
	int64_t newest_s;
};

struct index_build *index_build_new(void)
{
	struct index_build *b = calloc(1, sizeof *b);

	if (b == NULL)
		return NULL;
	for (size_t i = 0; i < INDEX_SECTIONS; i++)
		buf_init(&b->sections[i], INDEX_MAX);
	b->n_slots = SLOTS_FIRST;
	b->slots = calloc(b->n_slots, sizeof *b->slots);
	wr_u16(&b->sections[INDEX_STRINGS], 0); /* "" is at 0 */
	if (b->slots == NULL || b->sections[INDEX_STRINGS].err != OK) {
		index_build_free(b);
		return NULL;
	}
	return b;
}

void index_build_free(struct index_build *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < INDEX_SECTIONS; i++)
		buf_free(&b->sections[i]);
	free(b->slots);
	free(b);
}

/* ---- strings ---- */

static struct str string_at(const struct index_build *b, uint32_t at)
{
	const char *p = b->sections[INDEX_STRINGS].p + at;

	assert(at + 2 <= b->sections[INDEX_STRINGS].n);
	return (struct str){ p + 2, le16(p) };
}

/* slot_for finds the slot of s, or a free one, or NULL: too many others are in the way. */
static uint32_t *slot_for(const struct index_build *b, uint32_t *slots, size_t n, struct str s)
{
	size_t at = (size_t)str_hash(s);

	for (size_t i = 0; i < PROBES; i++) {
		uint32_t *slot = &slots[(at + i) & (n - 1)];
		if (*slot == 0 || str_eq(string_at(b, *slot), s))
			return slot;
	}
	return NULL;
}

/* grow doubles the table; without memory it stays as it is, which costs only space. */
static void grow(struct index_build *b)
{
	size_t n = 2 * b->n_slots;
	uint32_t *slots = calloc(n, sizeof *slots);

	if (slots == NULL)
		return;
	for (size_t i = 0; i < b->n_slots; i++) {
		uint32_t *slot = b->slots[i] ? slot_for(b, slots, n, string_at(b, b->slots[i]))
					     : NULL;
		if (slot)
			*slot = b->slots[i];
	}
	free(b->slots);
	b->slots = slots;
	b->n_slots = n;
}

/* keep gives the offset of a string, which is stored if it is new. The buffer's error is sticky. */
static uint32_t keep(struct index_build *b, struct str s)
{
	struct buf *strings = &b->sections[INDEX_STRINGS];

	assert(s.n <= UINT16_MAX);
	if (s.n == 0)
		return 0;
	if (2 * b->used > b->n_slots)
		grow(b);
	uint32_t *slot = slot_for(b, b->slots, b->n_slots, s);
	if (slot && *slot)
		return *slot;
	uint32_t at = (uint32_t)strings->n;
	wr_u16(strings, (uint16_t)s.n);
	buf_add(strings, s);
	if (slot && strings->err == OK) {
		*slot = at;
		b->used++;
	}
	return at;
}

/* ---- adding ---- */

static uint32_t rows(const struct index_build *b, enum index_section s, uint32_t bytes)
{
	return (uint32_t)(b->sections[s].n / bytes);
}

static void add_affected(struct index_build *b, uint32_t record, const struct osv_affected *a)
{
	struct buf *out = &b->sections[INDEX_AFFECTS];

	wr_u32(out, record);
	wr_u32(out, keep(b, a->name));
	wr_u32(out, (uint32_t)a->eco);
	wr_u32(out, rows(b, INDEX_INTERVALS, INTERVAL_ROW));
	wr_u32(out, (uint32_t)a->n_intervals);
	wr_u32(out, rows(b, INDEX_REFS, REF_ROW));
	wr_u32(out, (uint32_t)a->n_versions);
	for (size_t i = 0; i < a->n_intervals; i++) {
		wr_u32(&b->sections[INDEX_INTERVALS], keep(b, a->intervals[i].from));
		wr_u32(&b->sections[INDEX_INTERVALS], keep(b, a->intervals[i].end));
		wr_u32(&b->sections[INDEX_INTERVALS], (uint32_t)a->intervals[i].kind);
	}
	for (size_t i = 0; i < a->n_versions; i++)
		wr_u32(&b->sections[INDEX_REFS], keep(b, a->versions[i]));
}

static void add_id(struct index_build *b, struct str id, uint32_t record)
{
	wr_u32(&b->sections[INDEX_IDS], keep(b, id));
	wr_u32(&b->sections[INDEX_IDS], record);
}

static void add_head(struct index_build *b, uint32_t number, const struct advisory_record *h)
{
	struct buf *out = &b->sections[INDEX_RECORDS];

	wr_u32(out, keep(b, h->id));
	wr_u32(out, keep(b, h->summary));
	wr_u32(out, keep(b, h->severity));
	wr_u32(out, rows(b, INDEX_REFS, REF_ROW));
	wr_u32(out, h->n_aliases);
	wr_u32(out, h->kind == ADVISORY_MALWARE ? RECORD_MALWARE : 0);
	wr_i64(out, h->published_s);
	wr_i64(out, h->modified_s);
	wr_i64(out, h->withdrawn_s);
	add_id(b, h->id, number);
	for (unsigned i = 0; i < h->n_aliases; i++) {
		wr_u32(&b->sections[INDEX_REFS], keep(b, h->aliases[i]));
		add_id(b, h->aliases[i], number);
	}
	if (h->modified_s > b->newest_s)
		b->newest_s = h->modified_s;
}

static void add_hash(struct index_build *b, uint32_t record, const struct osv_hash *h)
{
	struct buf *out = &b->sections[INDEX_HASHES];

	wr_u32(out, (uint32_t)h->algorithm);
	wr_u32(out, record);
	wr_bytes(out, (struct str){ (const char *)h->bytes, sizeof h->bytes });
}

static enum err first_error(const struct index_build *b)
{
	for (size_t i = 0; i < INDEX_SECTIONS; i++)
		if (b->sections[i].err != OK)
			return b->sections[i].err;
	return OK;
}

enum err index_build_add(struct index_build *b, const struct osv_record *r)
{
	uint32_t number = rows(b, INDEX_RECORDS, RECORD_ROW);

	if (r->n_affected == 0)
		return OK;
	add_head(b, number, &r->head);
	for (size_t i = 0; i < r->n_affected; i++)
		add_affected(b, number, &r->affected[i]);
	for (size_t i = 0; i < r->n_hashes; i++)
		add_hash(b, number, &r->hashes[i]);
	return first_error(b);
}

uint32_t index_build_count(const struct index_build *b)
{
	return rows(b, INDEX_RECORDS, RECORD_ROW);
}

/* ---- finishing ---- */

static char *record_row(const struct index_build *b, uint32_t i)
{
	return b->sections[INDEX_RECORDS].p + (size_t)i * RECORD_ROW;
}

static struct str record_id(const struct index_build *b, uint32_t record)
{
	return string_at(b, le32(record_row(b, record)));
}

static int strings_cmp(const struct index_build *b, uint32_t x, uint32_t y)
{
	return x == y ? 0 : str_cmp(string_at(b, x), string_at(b, y));
}

static int number_cmp(uint32_t x, uint32_t y)
{
	return (x > y) - (x < y);
}

static int id_cmp(const void *x, const void *y, void *build)
{
	const struct index_build *b = build;
	int c = strings_cmp(b, le32(x), le32(y));

	return c ? c : number_cmp(le32((const char *)x + 4), le32((const char *)y + 4));
}

/* By ecosystem and name; of one package malware first, then by id. */
static int affect_cmp(const void *x, const void *y, void *build)
{
	const struct index_build *b = build;
	uint32_t rx = le32(x), ry = le32(y);
	int c = number_cmp(le32((const char *)x + 8), le32((const char *)y + 8));

	if (c == 0)
		c = strings_cmp(b, le32((const char *)x + 4), le32((const char *)y + 4));
	if (c == 0)
		c = number_cmp(le32(record_row(b, ry) + 20) & RECORD_MALWARE,
			       le32(record_row(b, rx) + 20) & RECORD_MALWARE);
	if (c == 0)
		c = str_cmp(record_id(b, rx), record_id(b, ry));
	if (c == 0)
		c = number_cmp(rx, ry);
	return c ? c : number_cmp(le32((const char *)x + 12), le32((const char *)y + 12));
}

static int hash_cmp(const void *x, const void *y, void *build)
{
	int c = number_cmp(le32(x), le32(y));

	(void)build;
	if (c == 0)
		c = memcmp((const char *)x + 8, (const char *)y + 8, HASH_ROW - 8);
	return c ? c : number_cmp(le32((const char *)x + 4), le32((const char *)y + 4));
}

static void sort(struct index_build *b, enum index_section s, size_t bytes,
		 int (*cmp)(const void *, const void *, void *))
{
	if (b->sections[s].n)
		qsort_r(b->sections[s].p, b->sections[s].n / bytes, bytes, cmp, b);
}

/* older: of two records of one id, x is the one that was replaced. */
static bool older(const struct index_build *b, uint32_t x, uint32_t y)
{
	int64_t mx = (int64_t)le64(record_row(b, x) + 32);
	int64_t my = (int64_t)le64(record_row(b, y) + 32);

	return mx != my ? mx < my : x < y;
}

/* supersede marks all records of one id but the newest. ids are sorted. */
static void supersede(struct index_build *b)
{
	const struct buf *ids = &b->sections[INDEX_IDS];
	uint32_t best = UINT32_MAX, best_id = 0;

	for (size_t at = 0; at < ids->n; at += ID_ROW) {
		uint32_t id = le32(ids->p + at), record = le32(ids->p + at + 4);
		if (strings_cmp(b, le32(record_row(b, record)), id) != 0)
			continue; /* an alias */
		if (best == UINT32_MAX || strings_cmp(b, id, best_id) != 0) {
			best = record;
			best_id = id;
			continue;
		}
		uint32_t loser = older(b, best, record) ? best : record;
		char *flags = record_row(b, loser) + 20;
		le32_put(flags, le32(flags) | RECORD_SUPERSEDED);
		best = loser == best ? record : best;
	}
}

/* make_packages writes a row for each run of affects of one package. */
static void make_packages(struct index_build *b)
{
	const struct buf *affects = &b->sections[INDEX_AFFECTS];
	struct buf *out = &b->sections[INDEX_PACKAGES];
	size_t first = 0;

	for (size_t at = 0; at < affects->n; at += AFFECT_ROW) {
		const char *row = affects->p + at, *next = row + AFFECT_ROW;
		bool more = at + AFFECT_ROW < affects->n && le32(next + 8) == le32(row + 8) &&
			    strings_cmp(b, le32(next + 4), le32(row + 4)) == 0;
		if (more)
			continue;
		wr_u32(out, le32(row + 4));
		wr_u32(out, (uint32_t)(first / AFFECT_ROW));
		wr_u32(out, (uint32_t)((at - first) / AFFECT_ROW + 1));
		wr_u32(out, le32(row + 8));
		first = at + AFFECT_ROW;
	}
}

static void make_head(struct index_build *b)
{
	uint32_t malware = 0, withdrawn = 0;

	for (uint32_t i = 0; i < index_build_count(b); i++) {
		malware += (le32(record_row(b, i) + 20) & RECORD_MALWARE) != 0;
		withdrawn += le64(record_row(b, i) + 40) != 0;
	}
	memcpy(b->head, INDEX_MAGIC, HEAD_VERSION);
	le64_put(b->head + HEAD_VERSION, INDEX_VERSION);
	le64_put(b->head + HEAD_NEWEST, (uint64_t)b->newest_s);
	le32_put(b->head + HEAD_MALWARE, malware);
	le32_put(b->head + HEAD_WITHDRAWN, withdrawn);
	for (size_t i = 0; i < INDEX_SECTIONS; i++)
		le64_put(b->head + HEAD_LENGTHS + 8 * i, b->sections[i].n);
}

enum err index_build_finish(struct index_build *b, struct str out[INDEX_PARTS], struct diag *d)
{
	struct sha256 h;

	static_assert((int)INDEX_SECTIONS == (int)ADVISORY_SECTIONS, "the reader has as many");
	sort(b, INDEX_IDS, ID_ROW, id_cmp);
	supersede(b);
	sort(b, INDEX_AFFECTS, AFFECT_ROW, affect_cmp);
	sort(b, INDEX_HASHES, HASH_ROW, hash_cmp);
	make_packages(b);
	enum err e = first_error(b);
	if (e != OK)
		return diag_set(d, e, "the index of advisories would be too large");
	make_head(b);
	TRY(sha256_init(&h));
	sha256_update(&h, (struct str){ b->head + HEAD_NEWEST, HEAD_BYTES - HEAD_NEWEST });
	out[0] = (struct str){ b->head, HEAD_BYTES };
	for (size_t i = 0; i < INDEX_SECTIONS; i++) {
		out[i + 1] = buf_str(&b->sections[i]);
		sha256_update(&h, out[i + 1]);
	}
	sha256_final(&h, (uint8_t *)b->head + HEAD_DIGEST);
	sha256_done(&h);
	return OK;
}
