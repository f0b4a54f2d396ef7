/*
 * checker/cache.c - what earlier runs learned of files.
 * Input: hostile (another program of the user).   Runs in: checker.   Fuzz: fuzz/check_cache_fuzz.c
 */
#include "checker/cache.h"

#include "base/rd.h"
#include "crypto/sha256.h"
#include "sys/fs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEAD = 128, MAGIC = 8, FINDINGS_OF_FILE = 1024 };

static const char magic[MAGIC + 1] = "yettmem4";

static_assert(sizeof(struct cache_slot) == 96, "a slot has the same size everywhere");

static uint32_t mix(uint64_t dev, uint64_t ino, int64_t mtime)
{
	uint64_t h = (ino ^ dev << 40) * 0x9e3779b97f4a7c15;

	h = (h ^ h >> 32 ^ (uint64_t)mtime) * 0xc2b2ae3d27d4eb4f;
	return (uint32_t)(h >> 32);
}

/* ---- reading ---- */

static bool slurp(int fd, char *p, size_t n, uint64_t from)
{
	size_t at = 0;

	while (p != NULL && at < n) {
		ssize_t got = pread(fd, p + at, n - at, (off_t)(from + at));
		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return p != NULL;
}

/* head: magic, build, u32 size of the index, number of slots, bytes of the blob, of the notes and
 * of the report, seal. Notes, index, slots, blob and report follow. */
static bool read_head(struct cache *c, uint64_t file)
{
	char head[HEAD];
	struct rd r = rd_from((struct str){ head, HEAD });

	if (!slurp(c->fd, head, HEAD, 0) || !str_eq(rd_bytes(&r, MAGIC), str_z(magic)) ||
	    !str_eq(rd_bytes(&r, sizeof c->build),
		    (struct str){ (const char *)c->build, sizeof c->build }))
		return false;
	uint64_t size = rd_u32(&r), n = rd_u32(&r), blob = rd_u32(&r), notes = rd_u32(&r);
	uint64_t report = rd_u32(&r);
	struct str seal = rd_bytes(&r, sizeof c->seal);
	if (r.err != OK || size == 0 || (size & (size - 1)) != 0 || n >= size || size % 2 != 0 ||
	    notes % 8 != 0 ||
	    HEAD + size * 4 + n * sizeof(struct cache_slot) + blob + notes + report != file)
		return false;
	memcpy(c->seal, seal.p, sizeof c->seal);
	c->report_at = file - report;
	c->report_n = report;
	c->notes_n = notes;
	c->blob.n = blob;
	c->mask = (uint32_t)size - 1;
	c->n = (uint32_t)n;
	return true;
}

void cache_open(struct cache *c, int fd, struct str build, int64_t now_ns)
{
	int64_t n = fd < 0 ? 0 : fd_size(fd);

	*c = (struct cache){ .fd = fd, .now_ns = now_ns };
	sha256(build, c->build);
	buf_init(&c->out_slots, CACHE_MAX / 2);
	buf_init(&c->out_blob, CACHE_MAX / 4);
	if (n < HEAD || n > CACHE_MAX)
		return;
	if (!read_head(c, (uint64_t)n)) {
		c->fd = -1;
		c->dirty = true;
	}
}

bool cache_report(const struct cache *c, const uint8_t seal[32], struct arena *a, struct str *out)
{
	if (c->fd < 0 || c->report_n == 0 || memcmp(c->seal, seal, sizeof c->seal) != 0)
		return false;
	char *p = arena_take(a, (size_t)c->report_n, 1);
	*out = (struct str){ p, (size_t)c->report_n };
	return slurp(c->fd, p, out->n, c->report_at);
}

/* Not read: most of a check that finds everything as it was would be that. The file is never
 * written to again once it has its name. */
bool cache_notes(struct cache *c, struct str *out)
{
	size_t n = HEAD + (size_t)c->notes_n;

	if (c->fd < 0 || c->notes_n == 0)
		return false;
	void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, c->fd, 0);
	if (p == MAP_FAILED)
		return false;
	c->notes = (struct str){ p, n };
	*out = str_tail(c->notes, HEAD);
	return true;
}

void cache_load(struct cache *c)
{
	size_t index = 4 * ((size_t)c->mask + 1), slots = c->n * sizeof(struct cache_slot);
	size_t n = index + slots + c->blob.n;

	if (c->n == 0)
		return;
	char *p = malloc(n);
	if (!slurp(c->fd, p, n, HEAD + c->notes_n)) {
		free(p);
		c->n = 0;
		c->dirty = true;
		return;
	}
	c->map = (struct str){ p, n };
	c->index = (const uint32_t *)(const void *)p;
	c->slots = (const struct cache_slot *)(const void *)(p + index);
	c->blob.p = p + index + slots;
}

const struct cache_slot *cache_get(const struct cache *c, const struct entry *e)
{
	uint32_t at = mix(e->dev, e->ino, e->mtime_ns) & c->mask;

	if (c->n == 0)
		return NULL;
	/* A full index made by somebody else ends after one round. */
	for (uint32_t steps = 0; steps <= c->mask && c->index[at] != 0; steps++) {
		uint32_t i = c->index[at] - 1;
		if (i >= c->n)
			return NULL;
		const struct cache_slot *s = &c->slots[i];
		if (s->ino == e->ino && s->dev == e->dev && s->size == e->size &&
		    s->mtime_ns == e->mtime_ns && s->ctime_ns == e->ctime_ns)
			return s;
		at = (at + 1) & c->mask;
	}
	return NULL;
}

bool cache_findings(const struct cache *c, const struct cache_slot *s, struct str package,
		    struct str path, struct findings *f)
{
	if (s->findings > c->blob.n || s->n_findings > FINDINGS_OF_FILE)
		return false;
	struct rd r = rd_from(str_tail(c->blob, s->findings));
	for (uint32_t i = 0; i < s->n_findings; i++) {
		uint16_t rule = rd_u16(&r);
		uint32_t line = rd_u32(&r);
		struct str excerpt = rd_str(&r, FINDING_EXCERPT);
		struct str detail = rd_str(&r, FINDING_DETAIL);
		if (r.err != OK || rule >= RULE_COUNT)
			return false;
		finding_add(f, rule, package, path, line, excerpt, "%.*s", FMT(detail));
	}
	return true;
}

/* ---- writing ---- */

void cache_put(struct cache *c, const struct entry *e, uint8_t role, uint8_t language,
	       const struct findings *f, size_t first)
{
	struct cache_slot s = {
		.dev = e->dev,
		.ino = e->ino,
		.size = e->size,
		.mtime_ns = e->mtime_ns,
		.ctime_ns = e->ctime_ns,
		.caps = e->caps,
		.findings = (uint32_t)c->out_blob.n,
		.role = role,
		.language = language,
	};
	size_t n = f == NULL ? 0 : f->n - first;

	if (e->ctime_ns > c->now_ns - CACHE_RACY_NS || e->mtime_ns > c->now_ns - CACHE_RACY_NS ||
	    n > FINDINGS_OF_FILE || c->out_slots.err != OK || c->out_blob.err != OK)
		return;
	memcpy(s.sha256, e->sha256, sizeof s.sha256);
	s.n_findings = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		const struct finding *one = &f->items[first + i];
		wr_u16(&c->out_blob, (uint16_t)one->rule);
		wr_u32(&c->out_blob, one->line);
		wr_str(&c->out_blob, one->excerpt);
		wr_str(&c->out_blob, one->detail);
	}
	buf_add(&c->out_slots, (struct str){ (const char *)&s, sizeof s });
	c->dirty = true;
}

/* Bytes that s's findings take in the blob; SIZE_MAX: they are not understood. */
static size_t blob_len(const struct cache *c, const struct cache_slot *s)
{
	struct str all = str_tail(c->blob, s->findings);
	struct rd r = rd_from(all);

	for (uint32_t i = 0; i < s->n_findings && r.err == OK; i++) {
		(void)rd_u16(&r);
		(void)rd_u32(&r);
		(void)rd_str(&r, FINDING_EXCERPT);
		(void)rd_str(&r, FINDING_DETAIL);
	}
	return r.err == OK ? (size_t)((const char *)r.p - all.p) : SIZE_MAX;
}

void cache_keep(struct cache *c, const struct cache_slot *s)
{
	struct cache_slot copy = *s;
	size_t n = s->n_findings == 0 ? 0 : blob_len(c, s);

	if (n == SIZE_MAX || c->out_slots.err != OK || c->out_blob.err != OK)
		return;
	copy.findings = (uint32_t)c->out_blob.n;
	buf_add(&c->out_blob, str_head(str_tail(c->blob, s->findings), n));
	buf_add(&c->out_slots, (struct str){ (const char *)&copy, sizeof copy });
}

static bool same_file(const struct cache_slot *a, const char *at)
{
	struct cache_slot b;

	memcpy(&b, at, sizeof b);
	return a->ino == b.ino && a->dev == b.dev && a->mtime_ns == b.mtime_ns &&
	       a->ctime_ns == b.ctime_ns && a->size == b.size;
}

/* Of several slots for one file the last one is found: it knows the most. */
static enum err write_index(struct buf *out, const struct buf *slots, uint32_t size)
{
	size_t n = slots->n / sizeof(struct cache_slot);
	uint32_t *index = calloc(size, sizeof *index);

	if (index == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct cache_slot s;
		memcpy(&s, slots->p + i * sizeof s, sizeof s);
		uint32_t at = mix(s.dev, s.ino, s.mtime_ns) & (size - 1);
		while (index[at] != 0 && !same_file(&s, slots->p + (index[at] - 1) * sizeof s))
			at = (at + 1) & (size - 1);
		index[at] = i + 1;
	}
	buf_add(out, (struct str){ (const char *)index, sizeof *index * size });
	free(index);
	return OK;
}

enum err cache_write(struct cache *c, const uint8_t seal[32], struct str report, struct str notes,
		     int fd)
{
	size_t n = c->out_slots.n / sizeof(struct cache_slot);
	uint32_t size = 16;
	struct buf out;

	if (report.p != NULL && memcmp(c->seal, seal, sizeof c->seal) != 0)
		c->dirty = true;
	if (!c->dirty || n == 0 || c->out_slots.err != OK || c->out_blob.err != OK)
		return OK;
	while (size < 2 * n)
		size *= 2;
	buf_init(&out, CACHE_MAX);
	buf_add(&out, str_z(magic));
	buf_add(&out, (struct str){ (const char *)c->build, sizeof c->build });
	wr_u32(&out, size);
	wr_u32(&out, (uint32_t)n);
	wr_u32(&out, (uint32_t)c->out_blob.n);
	wr_u32(&out, (uint32_t)notes.n);
	wr_u32(&out, (uint32_t)report.n);
	buf_add(&out, (struct str){ (const char *)seal, 32 });
	while (out.err == OK && out.n < HEAD)
		wr_u8(&out, 0);
	buf_add(&out, notes);
	enum err e = write_index(&out, &c->out_slots, size);
	buf_add(&out, buf_str(&c->out_slots));
	buf_add(&out, buf_str(&c->out_blob));
	buf_add(&out, report);
	if (e == OK)
		e = out.err;
	if (e == OK)
		e = fs_write_all(fd, buf_str(&out));
	buf_free(&out);
	return e;
}

void cache_done(struct cache *c)
{
	free((void *)(uintptr_t)c->map.p);
	fs_unmap(c->notes);
	buf_free(&c->out_slots);
	buf_free(&c->out_blob);
	*c = (struct cache){ .n = 0 };
}
