/*
 * checker/tree.c - finds and opens what walk.c listed.
 * Input: hostile names and links.   Runs in: checker.   Fuzz: fuzz/tree_fuzz.c
 */
#include "checker/tree.h"

#include "base/le.h"
#include "sys/fs.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct str entry_name(const struct entry *e)
{
	return str_tail(e->path, e->name_at);
}

/* ---- by path ---- */

/* The seed is random: nobody makes names that collide. */
static uint64_t hash(uint64_t seed, struct str dir, struct str name)
{
	const uint64_t k = 0x9e3779b97f4a7c15;
	uint64_t h = seed ^ (dir.n + name.n + (dir.n > 0));
	const struct str parts[] = { dir, dir.n > 0 ? S("/") : S(""), name };
	uint64_t word = 0;
	unsigned filled = 0;

	for (size_t part = 0; part < 3; part++)
		for (size_t i = 0; i < parts[part].n; i++) {
			word |= (uint64_t)(unsigned char)parts[part].p[i] << 8 * filled;
			if (++filled < 8)
				continue;
			h = (h ^ word) * k;
			h ^= h >> 29;
			word = 0;
			filled = 0;
		}
	h = (h ^ word) * k;
	h ^= h >> 32;
	return h * k ^ h >> 17;
}

static bool is_path(struct str path, struct str dir, struct str name)
{
	if (dir.n == 0)
		return str_eq(path, name);
	return path.n == dir.n + 1 + name.n && path.p[dir.n] == '/' &&
	       memcmp(path.p, dir.p, dir.n) == 0 && str_eq(str_tail(path, dir.n + 1), name);
}

static uint32_t find(const struct tree *t, struct str dir, struct str name)
{
	uint64_t h = hash(t->seed, dir, name);

	for (uint32_t at = (uint32_t)h & t->mask; t->table[at] != 0; at = (at + 1) & t->mask)
		if (is_path(t->items[t->table[at] - 1].path, dir, name))
			return t->table[at] - 1;
	return TREE_NONE;
}

enum err tree_index(struct tree *t)
{
	uint32_t size = 16;

	while (size < 2 * t->n)
		size *= 2;
	void *table = mmap(NULL, sizeof *t->table * size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (table == MAP_FAILED)
		return ERR_NOMEM;
	t->table = table;
	t->mask = size - 1;
	for (uint32_t i = 0; i < t->n; i++) {
		uint64_t h = hash(t->seed, S(""), t->items[i].path);
		uint32_t at = (uint32_t)h & t->mask;
		while (t->table[at] != 0)
			at = (at + 1) & t->mask;
		t->table[at] = i + 1;
	}
	return OK;
}

uint32_t tree_find(const struct tree *t, struct str path)
{
	return find(t, S(""), path);
}

uint32_t tree_below(const struct tree *t, uint32_t dir, struct str name)
{
	return find(t, dir == TREE_NONE ? S("") : t->items[dir].path, name);
}

void dirs_close(struct dirs *d)
{
	while (d->n > 0)
		(void)close(d->open[--d->n].fd);
}

void tree_done(struct tree *t)
{
	dirs_close(&t->dirs);
	if (t->items != NULL)
		(void)munmap(t->items, sizeof *t->items * TREE_FILES);
	if (t->table != NULL)
		(void)munmap(t->table, sizeof *t->table * ((size_t)t->mask + 1));
	*t = (struct tree){ .fd = -1 };
}

/* ---- through links ---- */

/* What is still to be walked: the path, and under it what was left when a link was met. */
struct route {
	struct str left[TREE_HOPS + 1];
	unsigned n;
};

static struct str next_part(struct route *r)
{
	while (r->n > 0) {
		struct str *top = &r->left[r->n - 1];
		while (top->n > 0 && top->p[0] == '/')
			*top = str_tail(*top, 1);
		if (top->n == 0) {
			r->n--;
			continue;
		}
		size_t n = str_chr(*top, '/');
		struct str part = str_head(*top, n);
		*top = str_tail(*top, part.n);
		return part;
	}
	return (struct str){ NULL, 0 };
}

/* Where an absolute path begins: at the root of an image, or where the tree's own label leads. */
static bool from_root(const struct tree *t, struct str *path)
{
	if (t->absolute_inside)
		return true;
	if (t->label.n == 0 || !str_has_prefix(*path, t->label) ||
	    (path->n > t->label.n && path->p[t->label.n] != '/'))
		return false;
	*path = str_tail(*path, t->label.n);
	return true;
}

uint32_t tree_resolve(const struct tree *t, uint32_t dir, struct str path, bool *out_outside)
{
	struct route r = { .left = { path }, .n = 1 };
	uint32_t at = dir;
	unsigned hops = 0;

	*out_outside = false;
	/* Most paths are in the list as they are: then no part of them is a link. */
	uint32_t plain = path.n == 0 ? TREE_NONE : tree_below(t, dir, path);
	if (plain != TREE_NONE && !S_ISLNK(t->items[plain].mode))
		return plain;
	if (path.n > 0 && path.p[0] == '/') {
		at = TREE_NONE;
		*out_outside = !from_root(t, &r.left[0]);
	}
	for (struct str part; !*out_outside && (part = next_part(&r)).n > 0;) {
		if (str_eq(part, S(".")))
			continue;
		if (str_eq(part, S(".."))) {
			*out_outside = at == TREE_NONE && !t->absolute_inside;
			at = at == TREE_NONE ? TREE_NONE : t->items[at].parent;
			continue;
		}
		uint32_t i = tree_below(t, at, part);
		if (i == TREE_NONE)
			return TREE_NONE;
		if (!S_ISLNK(t->items[i].mode)) {
			at = i;
			continue;
		}
		if (hops++ == TREE_HOPS || r.n == TREE_HOPS + 1)
			return TREE_NONE;
		struct str link = t->items[i].link;
		if (link.n > 0 && link.p[0] == '/') {
			*out_outside = !from_root(t, &link);
			at = TREE_NONE;
		}
		r.left[r.n++] = link;
	}
	return *out_outside ? TREE_NONE : at;
}

/* ---- opening ---- */

bool entry_same(const struct entry *e, const struct stat *st)
{
	return st->st_dev == e->dev && st->st_ino == e->ino && (uint64_t)st->st_size == e->size &&
	       st->st_mode == e->mode &&
	       (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec == e->mtime_ns &&
	       (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec == e->ctime_ns;
}

static int open_name(int dir, struct str name, int flags)
{
	char z[NAME_MAX + 1];

	if (name.n > NAME_MAX)
		return -1;
	memcpy(z, name.p, name.n);
	z[name.n] = 0;
	return openat(dir, z, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
}

/* The directories above entry i, from the top; the result is how many. */
static unsigned above(const struct tree *t, uint32_t i, uint32_t out[TREE_DEPTH])
{
	unsigned n = 0;

	for (uint32_t d = t->items[i].parent; d != TREE_NONE; d = t->items[d].parent)
		n++;
	unsigned at = n;
	for (uint32_t d = t->items[i].parent; d != TREE_NONE; d = t->items[d].parent)
		out[--at] = d;
	return n;
}

/* The directory of entry i, opened; those that are open already are used as far as they lead. */
static int open_dir(const struct tree *t, struct dirs *d, uint32_t i)
{
	uint32_t way[TREE_DEPTH];
	unsigned n = above(t, i, way), same = 0;
	struct stat st;

	while (same < n && same < d->n && d->open[same].entry == way[same])
		same++;
	while (d->n > same)
		(void)close(d->open[--d->n].fd);
	for (; d->n < n; d->n++) {
		const struct entry *e = &t->items[way[d->n]];
		int from = d->n == 0 ? t->fd : d->open[d->n - 1].fd;
		int fd = open_name(from, entry_name(e), O_DIRECTORY);
		if (fd < 0)
			return -1;
		if (fstat(fd, &st) != 0 || st.st_dev != e->dev || st.st_ino != e->ino) {
			(void)close(fd);
			return -1;
		}
		d->open[d->n].fd = fd;
		d->open[d->n].entry = way[d->n];
	}
	return n == 0 ? t->fd : d->open[n - 1].fd;
}

int tree_open(struct tree *t, uint32_t i, bool *out_changed)
{
	return tree_open_by(t, &t->dirs, i, out_changed);
}

int tree_open_by(const struct tree *t, struct dirs *dirs, uint32_t i, bool *out_changed)
{
	const struct entry *e = &t->items[i];
	struct stat st;

	assert(i < t->n);
	*out_changed = false;
	if (!S_ISREG(e->mode))
		return -1;
	int dir = t->single ? t->fd : open_dir(t, dirs, i);
	int fd = t->single  ? fcntl(t->fd, F_DUPFD_CLOEXEC, 0)
		 : dir >= 0 ? open_name(dir, entry_name(e), 0)
			    : -1;
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && entry_same(e, &st))
		return fd;
	*out_changed = true;
	(void)close(fd);
	return -1;
}
