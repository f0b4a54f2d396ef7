/*
 * checker/glance.c - looks whether a tree is as it was noted: every entry, at some time during the
 * glance. Several threads look at shares of the entries, in their order.
 * Input: hostile (what was noted: another program of the user); names and links of the target.
 * Runs in: checker.   Fuzz: fuzz/glance_fuzz.c
 */
#include "checker/glance.h"

#include "sys/clock.h"
#include "sys/fs.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum {
	SHARE = 1024,
	ALIGN = 8,
	FEW = 12,    /* entries of a directory that is not worth being opened */
	ROOM = 1024, /* bytes of a path through such directories */
};

struct note {
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
	uint32_t mode;
	uint32_t parent; /* comes before it; TREE_NONE: the tree's own directory */
	uint32_t name;	 /* where it begins among the names, with a NUL behind it */
	uint32_t within; /* entries that are directly in it */
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

static uint32_t within(const struct tree *t, uint32_t dir)
{
	uint32_t n = 0;

	for (uint32_t i = dir + 1; i < t->items[dir].end; i = t->items[i].end)
		n++;
	return n;
}

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
		note.within = within(t, i);
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
	uint32_t n, names_n;
	int fd;
	uint64_t deadline_ns;
	atomic_uint next;
	atomic_bool differs;
};

/* Where the entries of a directory are found: below fd, by path, which ends in '/' or is "". */
struct place {
	struct dirs dirs;
	int fd;
	size_t n;
	char path[ROOM + NAME_MAX + 1];
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

/* Whether a note leads up to the tree's own directory, and its name is one of the names. */
static bool is_sound(const struct look *l, uint32_t i)
{
	const struct note *n = &l->notes[i];

	return (n->parent == TREE_NONE || n->parent < i) && n->name < l->names_n;
}

/* Adds the name of entry i to the path. False: it has no room. */
static bool add_name(const struct look *l, struct place *p, uint32_t i)
{
	struct str name = str_z(l->names + l->notes[i].name);

	if (name.n > NAME_MAX || p->n >= ROOM)
		return false;
	memcpy(p->path + p->n, name.p, name.n + 1);
	p->n += name.n;
	return true;
}

/* Opens directory i, of which the path has been added, as number depth of those that are open. */
static bool enter(struct place *p, unsigned depth, uint32_t i)
{
	struct dirs *d = &p->dirs;

	if (depth >= d->n || d->open[depth].entry != i) {
		while (d->n > depth)
			(void)close(d->open[--d->n].fd);
		int fd = openat(p->fd, p->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return false;
		d->open[d->n].fd = fd;
		d->open[d->n++].entry = i;
	}
	p->fd = d->open[depth].fd;
	p->n = 0;
	return true;
}

/* Goes to directory at. To open and close one costs as much as to go through it a few times, so
 * that a small one is part of a path. If that is a link, so is what is looked at as its own entry,
 * or it has become one after that. False: there is no such directory, or it is too deep. */
static bool go(const struct look *l, struct place *p, uint32_t at)
{
	uint32_t way[TREE_DEPTH];
	unsigned n = 0, depth = 0;

	for (uint32_t up = at; up != TREE_NONE; up = l->notes[up].parent) {
		if (n == TREE_DEPTH || !is_sound(l, up))
			return false;
		way[n++] = up;
	}
	p->fd = l->fd;
	p->n = 0;
	while (n > 0) {
		uint32_t next = way[--n];
		if (!add_name(l, p, next))
			return false;
		if (l->notes[next].within > FEW || p->n >= ROOM - 1) {
			if (!enter(p, depth++, next))
				return false;
		} else {
			p->path[p->n++] = '/';
		}
	}
	return true;
}

static bool all_same(const struct look *l, struct place *p, uint32_t from, uint32_t to)
{
	uint32_t parent = TREE_NONE;
	struct stat st;

	if (!go(l, p, parent))
		return false;
	for (uint32_t i = from; i < to; i++) {
		const struct note *n = &l->notes[i];
		if (!is_sound(l, i) || (n->parent != parent && !go(l, p, n->parent)))
			return false;
		parent = n->parent;
		const char *name = l->names + n->name;
		size_t before = p->n;
		if (before > 0) {
			if (!add_name(l, p, i))
				return false;
			p->n = before;
			name = p->path;
		}
		if (fstatat(p->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !is_same(n, &st))
			return false;
	}
	return true;
}

static void work(void *ctx, struct worker *w)
{
	struct look *l = ctx;
	struct place place = { .dirs.n = 0 };

	(void)w;
	while (!l->differs) {
		uint32_t from = atomic_fetch_add(&l->next, SHARE);
		if (from >= l->n)
			break;
		if (clock_mono_ns() > l->deadline_ns ||
		    !all_same(l, &place, from, l->n - from > SHARE ? from + SHARE : l->n))
			l->differs = true;
	}
	dirs_close(&place.dirs);
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
			  .names_n = h.names_n,
			  .fd = fd,
			  .deadline_ns = deadline_ns };
	*noted = str_tail(*noted, (size_t)notes + h.names_n);
	/* The last name ends, and none leads elsewhere. */
	if (h.names_n == 0 || l.names[h.names_n - 1] != '\0' ||
	    memchr(l.names, '/', h.names_n) != NULL || fstat(fd, &st) != 0 || !is_same(&h.top, &st))
		return false;
	team_run(team, work, &l);
	memcpy(seal, h.seal, sizeof h.seal);
	return !l.differs;
}
