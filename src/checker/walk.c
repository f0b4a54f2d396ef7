/*
 * checker/walk.c - lists a directory and everything below it: openat, O_NOFOLLOW, fstatat.
 * Input: hostile names, of any form and number; links; directories that change meanwhile.
 * Runs in: checker.   Fuzz: fuzz/tree_fuzz.c (its names and links; tree.c)
 */
#include "checker/tree.h"

#include "sys/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { BATCH = 64 << 10 };

/* A directory that is being listed: its children, sorted, and which of them come next. */
struct frame {
	int fd;
	uint32_t entry; /* its own index, TREE_NONE: the root */
	struct entry *children;
	size_t n, cap, next;
	uint64_t dev;
};

struct walk {
	struct tree *tree;
	struct frame frames[TREE_DEPTH + 1];
	unsigned depth;
	enum err err;
	char batch[BATCH];
};

static int64_t ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct entry entry_of(const struct stat *st)
{
	return (struct entry){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = ns(st->st_mtim),
		.ctime_ns = ns(st->st_ctim),
		.mode = st->st_mode,
	};
}

/* ---- one directory ---- */

static struct entry *child(struct walk *w, struct frame *f)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 32;
		struct entry *more = reallocarray(f->children, cap, sizeof *more);
		if (more == NULL) {
			w->err = ERR_NOMEM;
			return NULL;
		}
		f->children = more;
		f->cap = cap;
	}
	return &f->children[f->n++];
}

static struct str path_of(struct walk *w, const struct frame *f, struct str name)
{
	struct str dir = { NULL, 0 };

	if (f->entry != TREE_NONE)
		dir = w->tree->items[f->entry].path;
	size_t n = dir.n + (dir.n > 0) + name.n;
	char *p = arena_take(w->tree->arena, n, 1);
	if (p == NULL)
		return (struct str){ NULL, 0 };
	if (dir.n > 0) {
		memcpy(p, dir.p, dir.n);
		p[dir.n] = '/';
	}
	memcpy(p + n - name.n, name.p, name.n);
	return (struct str){ p, n };
}

static struct str link_of(struct walk *w, const struct frame *f, const char *name)
{
	char text[TREE_PATH];
	ssize_t n = readlinkat(f->fd, name, text, sizeof text);

	return n < 0 ? S("") : arena_dup(w->tree->arena, (struct str){ text, (size_t)n });
}

static void add(struct walk *w, struct frame *f, const char *name)
{
	struct str s = str_z(name);
	size_t dir = f->entry == TREE_NONE ? 0 : w->tree->items[f->entry].path.n + 1;
	struct stat st;

	if (str_eq(s, S(".")) || str_eq(s, S("..")))
		return;
	if (dir + s.n > TREE_PATH || w->tree->n + f->n >= TREE_FILES) {
		w->tree->skipped++;
		return;
	}
	if (fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		w->tree->unread += errno != ENOENT; /* gone since: as if it never was there */
		return;
	}
	struct entry *e = child(w, f);
	if (e == NULL)
		return;
	*e = entry_of(&st);
	e->path = path_of(w, f, s);
	e->parent = f->entry;
	e->name_at = (uint32_t)dir;
	if (S_ISLNK(st.st_mode))
		e->link = link_of(w, f, name);
	if (e->path.p == NULL || (S_ISLNK(st.st_mode) && e->link.p == NULL))
		w->err = ERR_NOMEM;
}

/* By the bytes of the whole path that is to come: a directory's name ends in '/'. */
static int by_path(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	struct str s = entry_name(x), t = entry_name(y);
	size_t n = s.n < t.n ? s.n : t.n;
	int order = memcmp(s.p, t.p, n);

	if (order != 0)
		return order;
	int c = s.n > n ? (unsigned char)s.p[n] : S_ISDIR(x->mode) ? '/' : -1;
	int d = t.n > n ? (unsigned char)t.p[n] : S_ISDIR(y->mode) ? '/' : -1;
	return (c > d) - (c < d);
}

static void read_dir(struct walk *w, struct frame *f)
{
	ssize_t n = 0;

	while (w->err == OK && (n = getdents64(f->fd, w->batch, sizeof w->batch)) > 0) {
		for (ssize_t at = 0; at < n && w->err == OK;) {
			struct dirent64 d;
			size_t head = offsetof(struct dirent64, d_name);
			memcpy(&d, w->batch + at, head);
			add(w, f, w->batch + at + head);
			at += d.d_reclen;
		}
	}
	if (w->err == OK && n < 0)
		w->tree->unread++;
	if (f->n > 1)
		qsort(f->children, f->n, sizeof *f->children, by_path);
}

/* File systems that are views of the kernel, not files that somebody put there. */
static bool is_virtual(int fd)
{
	static const long magics[] = {
		0x9fa0 /* proc */,	  0x62656572 /* sysfs */,   0x1cd1 /* devpts */,
		0x27e0eb /* cgroup */,	  0x63677270 /* cgroup2 */, 0x64626720 /* debugfs */,
		0x74726163 /* tracefs */, 0xcafe4a11 /* bpf */,	    0x73636673 /* securityfs */,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
		if ((long)fs.f_type == magics[i])
			return true;
	return false;
}

/* ---- the walk ---- */

static void push(struct walk *w, int fd, uint32_t entry, uint64_t dev)
{
	struct frame *f = &w->frames[w->depth++];

	*f = (struct frame){ .fd = fd, .entry = entry, .dev = dev };
	read_dir(w, f);
}

static void pop(struct walk *w)
{
	struct frame *f = &w->frames[--w->depth];

	if (f->entry != TREE_NONE) {
		w->tree->items[f->entry].end = w->tree->n;
		(void)close(f->fd);
	}
	free(f->children);
}

static void enter(struct walk *w, struct frame *f, uint32_t i)
{
	const struct entry *e = &w->tree->items[i];
	char name[NAME_MAX + 1];
	struct str s = entry_name(e);

	if (w->depth >= w->tree->depth || w->depth >= TREE_DEPTH || s.n > NAME_MAX) {
		w->tree->skipped += w->tree->depth == TREE_DEPTH;
		return;
	}
	memcpy(name, s.p, s.n);
	name[s.n] = 0;
	int fd = openat(f->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		w->tree->unread++;
		return;
	}
	/* Another directory may have come into this place meanwhile. It is below the same one, so
	 * it belongs to the target; what is read in it is compared once more when it is opened. */
	if (e->dev != f->dev && is_virtual(fd)) {
		(void)close(fd);
		return;
	}
	push(w, fd, i, e->dev);
}

static void run(struct walk *w)
{
	while (w->depth > 0 && w->err == OK) {
		struct frame *f = &w->frames[w->depth - 1];
		if (f->next == f->n) {
			pop(w);
			continue;
		}
		if (w->tree->n == TREE_FILES) {
			w->tree->skipped++;
			f->next++;
			continue;
		}
		uint32_t i = w->tree->n++;
		w->tree->items[i] = f->children[f->next++];
		w->tree->items[i].end = i + 1;
		if (S_ISDIR(w->tree->items[i].mode))
			enter(w, f, i);
	}
	while (w->depth > 0)
		pop(w);
}

/* All of it is reserved, and only what is used is ever there. */
static struct entry *reserve(void)
{
	void *items = mmap(NULL, sizeof(struct entry) * TREE_FILES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return items == MAP_FAILED ? NULL : items;
}

enum err tree_single(struct tree *t, int fd, struct str name, const struct stat *st,
		     struct arena *a)
{
	*t = (struct tree){
		.fd = fd, .label = S(""), .arena = a, .items = reserve(), .n = 1, .single = true
	};
	if (t->items == NULL)
		return ERR_NOMEM;
	t->items[0] = entry_of(st);
	t->items[0].path = name;
	t->items[0].parent = TREE_NONE;
	t->items[0].end = 1;
	return tree_index(t);
}

enum err tree_list(struct tree *t, int fd, struct str label, unsigned depth, struct arena *a,
		   struct diag *d)
{
	struct stat st;

	*t = (struct tree){ .fd = fd, .label = label, .arena = a, .depth = depth };
	struct walk *w = calloc(1, sizeof *w);
	t->items = reserve();
	if (w == NULL || t->items == NULL || fstat(fd, &st) != 0 ||
	    getrandom(&t->seed, sizeof t->seed, 0) != (ssize_t)sizeof t->seed) {
		free(w);
		return diag_set(d, ERR_NOMEM, "no memory for the list of files");
	}
	w->tree = t;
	push(w, fd, TREE_NONE, st.st_dev);
	run(w);
	enum err e = w->err;
	free(w);
	if (e == OK)
		e = tree_index(t);
	return e == OK ? OK : diag_set(d, e, "no memory for the list of files");
}
