/*
 * checker/examine.c - reads and inspects many files side by side, each once: its digest, what its
 * code can do and what is found in it, before anybody asks.
 * Input: the target's files; their bytes go on to readers that have fuzz targets of their own.
 * Runs in: checker.
 */
#include "checker/checker.h"

#include "inspect/pyc.h"
#include "sys/clock.h"
#include "sys/fs.h"

#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHARE = 32, INSPECT_MAX = CHECKER_TEXT / 2 };

struct job {
	const struct checker *c; /* nobody writes to it meanwhile */
	struct tree *tree;
	uint32_t to;
	size_t cut;
	enum role (*role)(enum language lang, struct str path);
	atomic_uint next;
	atomic_ullong bytes;
};

static bool is_new(const struct checker *c, const struct entry *e)
{
	return S_ISREG(e->mode) && e->state == ENTRY_UNREAD &&
	       e->size <= (uint64_t)CHECKER_FILE_GB << 30 && cache_get(&c->cache, e) == NULL;
}

static void look(const struct checker *c, struct worker *w, struct entry *e, struct examined *x,
		 struct str text)
{
	struct caps caps = { 0 };
	struct findings f; /* with its counts it is too large to be kept for each file */

	findings_init(&f, &w->arena);
	arena_reset(&w->scratch);
	source_inspect(c->lexicon, x->language, x->role, S(""), e->path, text, &w->scratch, &f,
		       &caps);
	x->caps = caps.bits;
	x->items = f.items;
	x->n = f.n;
	x->dropped = f.dropped;
	e->found = x;
}

static void read_one(struct job *j, struct worker *w, struct dirs *dirs, uint32_t i)
{
	struct entry *e = &j->tree->items[i];
	enum language language = j->role == NULL ? LANG_NONE : source_language(e->path, S(""));
	size_t max = language == LANG_NONE ? 0 : INSPECT_MAX;
	bool changed;
	uint64_t n;
	struct stat st;

	if (language != LANG_NONE && e->size > max)
		return; /* so large that its turn is soon enough */
	AUTO(fd_closep) int fd = tree_open_by(j->tree, dirs, i, &changed);
	/* Of bytecode nothing else is asked for, when all is well. */
	if (fd >= 0 && str_has_suffix(e->path, S(".pyc"))) {
		if (pread(fd, e->sha256, PYC_HEAD, 0) == PYC_HEAD)
			e->state = ENTRY_HEAD;
		return;
	}
	if (fd < 0 || !file_content(fd, e, max, j->c->deadline_ns, &w->sha, w->text, &n, e->sha256))
		return;
	j->bytes += n;
	if (fstat(fd, &st) != 0 || !entry_same(e, &st))
		return;
	e->state = ENTRY_HASHED;
	struct examined *x = language == LANG_NONE ? NULL : NEW(&w->arena, struct examined);
	if (x == NULL)
		return;
	x->language = language;
	x->role = j->role(language, str_tail(e->path, j->cut));
	look(j->c, w, e, x, (struct str){ w->text, (size_t)n });
}

static void work(void *ctx, struct worker *w)
{
	struct job *j = ctx;
	struct dirs dirs = { .n = 0 };

	while (clock_mono_ns() < j->c->deadline_ns) {
		uint32_t from = atomic_fetch_add(&j->next, SHARE);
		if (from >= j->to)
			break;
		for (uint32_t i = from; i < j->to && i < from + SHARE; i++)
			if (is_new(j->c, &j->tree->items[i]))
				read_one(j, w, &dirs, i);
	}
	dirs_close(&dirs);
}

void examine(struct checker *c, struct tree *t, uint32_t from, uint32_t to, size_t cut,
	     enum role (*role)(enum language lang, struct str path))
{
	struct job j = { .c = c, .tree = t, .to = to, .cut = cut, .role = role, .next = from };

	team_run(&c->team, work, &j);
	c->report.coverage.bytes += j.bytes;
	for (uint32_t i = from; i < to; i++) {
		struct entry *e = &t->items[i];
		if (e->state == ENTRY_HASHED && e->found == NULL && S_ISREG(e->mode) &&
		    cache_get(&c->cache, e) == NULL)
			cache_put(&c->cache, e, CACHE_HASHED, 0, NULL, 0);
	}
}
