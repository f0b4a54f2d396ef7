/*
 * checker/file.c - reads one file at a time, and notices when it changes meanwhile.
 * Input: files of the target; their bytes go on to readers that have fuzz targets of their own.
 * Runs in: checker.
 */
#include "checker/checker.h"

#include "sys/clock.h"
#include "sys/fs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 256 << 10 };

struct str file_path(struct checker *c, const struct tree *t, uint32_t i)
{
	struct str path = i == TREE_NONE ? S("") : t->items[i].path;

	if (t == &c->roots[0].tree && c->roots[0].role == ROOT_TARGET)
		return path;
	if (path.n == 0)
		return t->label;
	char *p = arena_take(&c->arena, t->label.n + 1 + path.n, 1);
	if (p == NULL)
		return path;
	memcpy(p, t->label.p, t->label.n);
	p[t->label.n] = '/';
	memcpy(p + t->label.n + 1, path.p, path.n);
	return (struct str){ p, t->label.n + 1 + path.n };
}

void file_finding(struct checker *c, struct tree *t, uint32_t i, enum rule rule, struct str package,
		  uint32_t line, struct str excerpt, const char *fmt, ...)
{
	struct findings *f = &c->report.findings;
	char detail[FINDING_DETAIL + 1];
	size_t before = f->n;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	finding_add(f, rule, package, file_path(c, t, i), line, excerpt, "%s", detail);
	if (f->n == before || i == TREE_NONE || t->items[i].state != ENTRY_HASHED)
		return;
	f->items[f->n - 1].has_sha256 = true;
	memcpy(f->items[f->n - 1].sha256, t->items[i].sha256, 32);
}

/* ---- reading ---- */

static bool failed(struct checker *c, struct tree *t, uint32_t i, bool changed)
{
	struct entry *e = &t->items[i];

	if (e->state == ENTRY_FAILED)
		return false;
	e->state = ENTRY_FAILED;
	if (changed) {
		c->report.coverage.changed++;
		file_finding(c, t, i, RULE_FILE_CHANGING, S(""), 0, S(""), " ");
	} else if (c->late) {
		c->report.coverage.skipped++;
	} else {
		c->report.coverage.unread++;
		file_finding(c, t, i, RULE_FILE_UNREADABLE, S(""), 0, S(""), " ");
	}
	return false;
}

static bool too_large(struct checker *c, struct tree *t, uint32_t i)
{
	t->items[i].state = ENTRY_FAILED;
	c->report.coverage.skipped++;
	file_finding(c, t, i, RULE_FILE_TOO_LARGE, S(""), 0, S(""), "%llu bytes",
		     (unsigned long long)t->items[i].size);
	return false;
}

static bool is_late(struct checker *c)
{
	if (!c->late)
		c->late = clock_mono_ns() > c->deadline_ns;
	return c->late;
}

bool file_content(int fd, const struct entry *e, size_t max, uint64_t deadline_ns,
		  struct sha256 *sha, char *text, uint64_t *out_n, uint8_t out[SHA256_BYTES])
{
	uint64_t at = 0;
	size_t kept = 0;

	for (;;) {
		/* What is past max only goes through the digest, in pieces that stay in the cache
		 * of the CPU. */
		size_t room = kept < max ? max - kept : (size_t)PIECE;
		ssize_t n = pread(fd, text + kept, room, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		sha256_update(sha, (struct str){ text + kept, (size_t)n });
		at += (uint64_t)n;
		if (kept < max)
			kept += (size_t)n;
		/* Less than was asked for is all there is. */
		if (at > e->size || (at == e->size && (size_t)n < room) ||
		    clock_mono_ns() > deadline_ns)
			break;
	}
	sha256_final(sha, out);
	*out_n = at;
	return at == e->size;
}

bool file_read(struct checker *c, struct tree *t, uint32_t i, size_t max, struct str *out,
	       bool *out_whole)
{
	struct entry *e = &t->items[i];
	bool changed = false;
	uint64_t n;
	struct stat st;

	if (e->state == ENTRY_FAILED)
		return false;
	if (e->size > (uint64_t)CHECKER_FILE_GB << 30)
		return too_large(c, t, i);
	if (max > CHECKER_TEXT / 2)
		max = CHECKER_TEXT / 2;
	AUTO(fd_closep) int fd = is_late(c) ? -1 : tree_open(t, i, &changed);
	if (fd < 0)
		return failed(c, t, i, changed);
	bool whole = file_content(fd, e, max, c->deadline_ns, &c->sha, c->text, &n, e->sha256);
	c->report.coverage.bytes += n;
	if (fstat(fd, &st) != 0 || !entry_same(e, &st))
		return failed(c, t, i, true);
	if (!whole)
		return failed(c, t, i, !c->late);
	e->state = ENTRY_HASHED;
	*out = (struct str){ c->text, e->size < max ? (size_t)e->size : max };
	*out_whole = e->size <= max;
	return true;
}

bool file_head(struct checker *c, struct tree *t, uint32_t i, char *out, size_t n)
{
	bool changed = false;

	if (t->items[i].state == ENTRY_FAILED)
		return false;
	AUTO(fd_closep) int fd = is_late(c) ? -1 : tree_open(t, i, &changed);
	if (fd < 0)
		return failed(c, t, i, changed);
	if (pread(fd, out, n, 0) != (ssize_t)n)
		return t->items[i].size >= n ? failed(c, t, i, true) : false;
	c->report.coverage.bytes += n;
	return true;
}

bool file_copy(struct checker *c, struct tree *t, uint32_t i, size_t max, struct str *out)
{
	struct str text;
	bool whole;

	if (!file_read(c, t, i, max, &text, &whole))
		return false;
	if (!whole)
		return too_large(c, t, i);
	*out = arena_dup(&c->arena, text);
	return out->p != NULL;
}

/* ---- mapping ---- */

bool file_open(struct checker *c, struct tree *t, uint32_t i, struct mapped_file *out)
{
	bool changed = false;

	*out = (struct mapped_file){ .fd = is_late(c) ? -1 : tree_open(t, i, &changed),
				     .size = t->items[i].size };
	return out->fd >= 0 || failed(c, t, i, changed);
}

bool file_map(struct mapped_file *m)
{
	void *p = m->size == 0 ? MAP_FAILED
			       : mmap(NULL, (size_t)m->size, PROT_READ, MAP_PRIVATE, m->fd, 0);

	m->text = p == MAP_FAILED ? S("") : (struct str){ p, (size_t)m->size };
	return p != MAP_FAILED;
}

bool file_close(struct checker *c, struct tree *t, uint32_t i, struct mapped_file *m)
{
	struct stat st;
	bool same = fstat(m->fd, &st) == 0 && entry_same(&t->items[i], &st);

	if (m->text.n > 0)
		(void)munmap((void *)(uintptr_t)m->text.p, m->text.n);
	fd_closep(&m->fd);
	return same || failed(c, t, i, true);
}

enum role installed_role(enum ecosystem eco, enum language lang, struct str path)
{
	enum role role = source_role(path);

	/* node imports no Python. */
	if (eco == ECO_NPM && lang == LANG_PYTHON)
		return ROLE_SCRIPT;
	if (eco == ECO_PYPI && lang == LANG_SHELL)
		return ROLE_BESIDE;
	/* An installed setup.py is a module like others, and only what is at the top is imported at
	 * start. */
	if (role == ROLE_INSTALL || str_chr(path, '/') != SIZE_MAX)
		return ROLE_MODULE;
	return role;
}

/* ---- what is remembered ---- */

static void recall(struct checker *c, struct entry *e, const struct cache_slot *s)
{
	memcpy(e->sha256, s->sha256, sizeof e->sha256);
	e->caps = s->caps;
	if (e->state == ENTRY_HASHED)
		return;
	e->state = ENTRY_HASHED;
	c->report.coverage.cached++;
	cache_keep(&c->cache, s);
}

bool file_hash(struct checker *c, struct tree *t, uint32_t i)
{
	struct entry *e = &t->items[i];
	struct str text;
	bool whole;

	if (e->state == ENTRY_HASHED || e->state == ENTRY_FAILED)
		return e->state == ENTRY_HASHED;
	const struct cache_slot *s = cache_get(&c->cache, e);
	if (s != NULL && s->role != CACHE_HEAD) {
		recall(c, e, s);
		return true;
	}
	if (!file_read(c, t, i, 0, &text, &whole))
		return false;
	cache_put(&c->cache, e, CACHE_HASHED, 0, NULL, 0);
	return true;
}

/* What examine found, as if it had been found now. */
static void take(struct checker *c, const struct subject *s, struct str path)
{
	struct entry *e = &s->tree->items[s->entry];
	struct findings *f = &c->report.findings;
	const struct examined *x = e->found;
	size_t first = f->n, dropped = f->dropped;

	for (size_t i = 0; i < x->n; i++) {
		const struct finding *one = &x->items[i];
		finding_add(f, one->rule, s->package, path, one->line, one->excerpt, "%.*s",
			    FMT(one->detail));
	}
	f->dropped += x->dropped;
	e->caps = x->caps;
	if (f->dropped == dropped)
		cache_put(&c->cache, e, (uint8_t)s->role, (uint8_t)s->language, f, first);
}

void file_inspect(struct checker *c, const struct subject *s)
{
	struct entry *e = &s->tree->items[s->entry];
	struct str path = file_path(c, s->tree, s->entry), text;
	struct findings *f = &c->report.findings;
	struct caps caps = { 0 };
	size_t first = f->n, dropped = f->dropped;
	bool whole;

	const struct cache_slot *known = cache_get(&c->cache, e);
	if (e->found != NULL && e->found->role == s->role && e->found->language == s->language) {
		take(c, s, path);
	} else if (known != NULL && known->role == (uint8_t)s->role &&
		   known->language == (uint8_t)s->language && e->state != ENTRY_FAILED &&
		   cache_findings(&c->cache, known, s->package, path, f)) {
		recall(c, e, known);
	} else {
		if (!file_read(c, s->tree, s->entry, CHECKER_TEXT, &text, &whole))
			return;
		if (!whole)
			file_finding(c, s->tree, s->entry, RULE_FILE_TOO_LARGE, s->package, 0,
				     S(""), "only its first %zu bytes were inspected", text.n);
		arena_reset(&c->scratch);
		source_inspect(c->lexicon, s->language, s->role, s->package, path, text,
			       &c->scratch, f, &caps);
		e->caps = caps.bits;
		if (f->dropped == dropped && whole)
			cache_put(&c->cache, e, (uint8_t)s->role, (uint8_t)s->language, f, first);
	}
	for (size_t i = first; i < f->n; i++) {
		f->items[i].has_sha256 = true;
		memcpy(f->items[i].sha256, e->sha256, sizeof e->sha256);
	}
}
