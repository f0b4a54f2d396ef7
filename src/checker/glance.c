/*
 * checker/glance.c - looks whether a tree is as it was noted. The directories are opened one by
 * one, each in the one above it; several threads look at shares of the entries, in their order.
 * Input: hostile (what was noted: another program of the user); names and links of the target.
 * Runs in: checker.   Fuzz: fuzz/glance_fuzz.c
 */
#include "checker/glance.h"

#include "sys/clock.h"
#include "sys/fs.h"

#include <assert.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { SHARE = 2048, ALIGN = 8 };

struct note {
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
	uint32_t mode;
	uint32_t parent; /* comes before it; TREE_NONE: the tree's own directory */
	uint32_t name;	 /* where it begins among the names, with a NUL behind it */
	uint32_t unused;
};

/* What stands in front of the notes of a tree; the names follow them. */
struct head {
	uint8_t seal[32];
	uint32_t n, names_n; /* names_n is a multiple of ALIGN */
	struct note top;
};

static_assert(sizeof(struct note) % ALIGN == 0 && sizeof(struct head) % ALIGN == 0,
	      "what follows is aligned");

/* ---- writing ---- */

static struct note note_of(const struct entry *e, uint32_t name)
{
	return (struct note){ .dev = e->dev,
			      .ino = e->ino,
			      .size = e->size,
			      .mtime_ns = e->mtime_ns,
			      .ctime_ns = e->ctime_ns,
			      .mode = e->mode,
			      .parent = e->parent,
			      .name = name };
}

void glance_note(const struct tree *t, struct buf *out)
{
	const uint32_t n = t->single ? 0 : t->n; /* a file has nothing below it */
	struct head h = { .n = n, .top = note_of(&t->top, 0) };
	size_t names_n = 0;

	for (uint32_t i = 0; i < n; i++)
		names_n += entry_name(&t->items[i]).n + 1;
	h.names_n = (uint32_t)((names_n + ALIGN) & ~(size_t)(ALIGN - 1));
	memcpy(h.seal, t->seal, sizeof h.seal);
	buf_add(out, (struct str){ (const char *)&h, sizeof h });
	names_n = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct note note = note_of(&t->items[i], (uint32_t)names_n);
		names_n += entry_name(&t->items[i]).n + 1;
		buf_add(out, (struct str){ (const char *)&note, sizeof note });
	}
	for (uint32_t i = 0; i < n; i++) {
		buf_add(out, entry_name(&t->items[i]));
		buf_addc(out, '\0');
	}
	while (out->err == OK && names_n++ < h.names_n)
		buf_addc(out, '\0');
}

/* ---- looking ---- */

struct look {
	const struct note *notes;
	const char *names;
	uint32_t n;
	int fd;
	uint64_t deadline_ns;
	atomic_uint next;
	atomic_bool differs;
};

static bool is_same(const struct note *n, const struct stat *st)
{
	const struct entry e = { .dev = n->dev,
				 .ino = n->ino,
				 .size = n->size,
				 .mtime_ns = n->mtime_ns,
				 .ctime_ns = n->ctime_ns,
				 .mode = n->mode };

	return entry_same(&e, st);
}

/* Opens directory at; those above it that are open already are used as far as they lead. -1: it is
 * not there any more, or too deep. */
static int open_dir(const struct look *l, struct dirs *d, uint32_t at)
{
	uint32_t way[TREE_DEPTH];
	unsigned n = 0, same = 0;

	for (uint32_t up = at; up != TREE_NONE; up = l->notes[up].parent) {
		if (n == TREE_DEPTH)
			return -1;
		way[n++] = up;
	}
	while (same < n && same < d->n && d->open[same].entry == way[n - 1 - same])
		same++;
	while (d->n > same)
		(void)close(d->open[--d->n].fd);
	for (; d->n < n; d->n++) {
		uint32_t next = way[n - 1 - d->n];
		int from = d->n == 0 ? l->fd : d->open[d->n - 1].fd;
		int fd = openat(from, l->names + l->notes[next].name,
				O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -1;
		d->open[d->n].fd = fd;
		d->open[d->n].entry = next;
	}
	return n == 0 ? l->fd : d->open[n - 1].fd;
}

static bool all_same(const struct look *l, struct dirs *d, uint32_t from, uint32_t to)
{
	uint32_t parent = TREE_NONE;
	int fd = l->fd;
	struct stat st;

	for (uint32_t i = from; i < to; i++) {
		const struct note *n = &l->notes[i];
		if (n->parent != parent) {
			parent = n->parent;
			fd = open_dir(l, d, parent);
		}
		if (fd < 0 || fstatat(fd, l->names + n->name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !is_same(n, &st))
			return false;
	}
	return true;
}

static void work(void *ctx, struct worker *w)
{
	struct look *l = ctx;
	struct dirs dirs = { .n = 0 };

	(void)w;
	while (!l->differs) {
		uint32_t from = atomic_fetch_add(&l->next, SHARE);
		if (from >= l->n)
			break;
		if (clock_mono_ns() > l->deadline_ns ||
		    !all_same(l, &dirs, from, l->n - from > SHARE ? from + SHARE : l->n))
			l->differs = true;
	}
	dirs_close(&dirs);
}

/* Whether every note leads up to the tree's own directory and has a name that ends in it. */
static bool is_sound(const struct look *l, uint32_t names_n)
{
	for (uint32_t i = 0; i < l->n; i++)
		if ((l->notes[i].parent != TREE_NONE && l->notes[i].parent >= i) ||
		    l->notes[i].name >= names_n)
			return false;
	return names_n > 0 && l->names[names_n - 1] == '\0' &&
	       memchr(l->names, '/', names_n) == NULL;
}

bool glance_same(struct team *team, int fd, uint64_t deadline_ns, struct str *noted,
		 uint8_t seal[32])
{
	struct head h;
	struct stat st;

	if (noted->n < sizeof h)
		return false;
	memcpy(&h, noted->p, sizeof h);
	*noted = str_tail(*noted, sizeof h);
	uint64_t notes = (uint64_t)h.n * sizeof(struct note);
	if (h.n > TREE_FILES || h.names_n % ALIGN != 0 || notes + h.names_n > noted->n)
		return false;
	struct look l = { .notes = (const struct note *)(const void *)noted->p,
			  .names = noted->p + notes,
			  .n = h.n,
			  .fd = fd,
			  .deadline_ns = deadline_ns };
	*noted = str_tail(*noted, (size_t)notes + h.names_n);
	if (!is_sound(&l, h.names_n) || fstat(fd, &st) != 0 || !is_same(&h.top, &st))
		return false;
	team_run(team, work, &l);
	memcpy(seal, h.seal, sizeof h.seal);
	return !l.differs;
}
