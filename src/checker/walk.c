/*
 * checker/walk.c - lists a directory and everything below it: openat, O_NOFOLLOW, fstatat. Several
 * threads take directories from one stack; what they list is put in order afterwards.
 * Input: hostile names, of any form and number; links; directories that change meanwhile.
 * Runs in: checker.   Fuzz: fuzz/tree_fuzz.c (its names and links; tree.c)
 */
#include "checker/team.h"
#include "checker/tree.h"

#include "base/rd.h"
#include "sys/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { BATCH = 64 << 10, STAMP = 6 * 8 };

struct child {
	struct entry entry;
	struct node *node; /* of a directory that is listed */
};

/* A directory. Its descriptor stays open until all directories in it are open, too. */
struct node {
	struct node *parent, *below; /* below: the next one on the stack */
	struct str path;	     /* "" at the root */
	struct child *children;	     /* in order */
	size_t n;
	uint64_t dev;
	unsigned depth;
	unsigned waiting; /* directories in it that are still to be opened */
	int fd;
	bool unread;
	uint32_t entry; /* once it has its place */
	uint8_t seal[SHA256_BYTES];
};

struct walk {
	struct tree *tree;
	pthread_mutex_t lock; /* of all down to err */
	pthread_cond_t more;
	struct node *stack;
	unsigned busy, idle; /* threads that list, and that wait */
	uint64_t unread, skipped;
	int64_t newest_ns;
	enum err err;
	atomic_uint entries;
	struct node root;
};

/* What one thread knows of the directory that it lists. */
struct lister {
	struct walk *walk;
	struct worker *worker;
	struct node *node;
	struct child *children; /* malloc'd */
	size_t n, cap, dirs;
	uint64_t unread, skipped;
	int64_t newest_ns;
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

static struct child *child(struct lister *l)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 256;
		struct child *more = reallocarray(l->children, cap, sizeof *more);
		if (more == NULL) {
			l->err = ERR_NOMEM;
			return NULL;
		}
		l->children = more;
		l->cap = cap;
	}
	return &l->children[l->n++];
}

static struct str path_of(struct lister *l, struct str name)
{
	struct str dir = l->node->path;
	size_t n = dir.n + (dir.n > 0) + name.n;
	char *p = arena_take(&l->worker->arena, n, 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	if (dir.n > 0) {
		memcpy(p, dir.p, dir.n);
		p[dir.n] = '/';
	}
	memcpy(p + n - name.n, name.p, name.n);
	return (struct str){ p, n };
}

static struct str link_of(struct lister *l, const char *name)
{
	char text[TREE_PATH];
	ssize_t n = readlinkat(l->node->fd, name, text, sizeof text);

	return n < 0 ? S("") : arena_dup(&l->worker->arena, (struct str){ text, (size_t)n });
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void add(struct lister *l, const char *name)
{
	struct str s = str_z(name), dir = l->node->path;
	size_t at = dir.n + (dir.n > 0);
	struct stat st;

	if (str_eq(s, S(".")) || str_eq(s, S("..")))
		return;
	if (at + s.n > TREE_PATH || atomic_fetch_add(&l->walk->entries, 1) >= TREE_FILES) {
		l->skipped++;
		return;
	}
	if (fstatat(l->node->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		l->unread += errno != ENOENT; /* gone since: as if it never was there */
		return;
	}
	struct child *c = child(l);
	if (c == NULL)
		return;
	*c = (struct child){ .entry = entry_of(&st) };
	struct entry *e = &c->entry;
	e->path = path_of(l, s);
	e->name_at = (uint32_t)at;
	if (S_ISLNK(st.st_mode))
		e->link = link_of(l, name);
	if (e->path.p == NULL || (S_ISLNK(st.st_mode) && e->link.p == NULL))
		l->err = ERR_NOMEM;
	l->dirs += S_ISDIR(st.st_mode);
	l->newest_ns = later(l->newest_ns, later(e->mtime_ns, e->ctime_ns));
}

/* By the bytes of the whole path that is to come: a directory's name ends in '/'. */
static int by_path(const void *a, const void *b)
{
	const struct entry *x = &((const struct child *)a)->entry;
	const struct entry *y = &((const struct child *)b)->entry;
	struct str s = entry_name(x), t = entry_name(y);
	size_t n = s.n < t.n ? s.n : t.n;
	int order = memcmp(s.p, t.p, n);

	if (order != 0)
		return order;
	int c = s.n > n ? (unsigned char)s.p[n] : S_ISDIR(x->mode) ? '/' : -1;
	int d = t.n > n ? (unsigned char)t.p[n] : S_ISDIR(y->mode) ? '/' : -1;
	return (c > d) - (c < d);
}

static void read_dir(struct lister *l)
{
	ssize_t n = 0;

	while (l->err == OK && (n = getdents64(l->node->fd, l->batch, sizeof l->batch)) > 0) {
		for (ssize_t at = 0; at < n && l->err == OK;) {
			struct dirent64 d;
			size_t head = offsetof(struct dirent64, d_name);
			memcpy(&d, l->batch + at, head);
			add(l, l->batch + at + head);
			at += d.d_reclen;
		}
	}
	if (l->err == OK && n < 0) {
		l->unread++;
		l->node->unread = true;
	}
	if (l->err == OK && l->n > 1)
		qsort(l->children, l->n, sizeof *l->children, by_path);
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

/* Opens the directory of l->node; false: it is not to be listed. */
static bool enter(struct lister *l)
{
	struct node *node = l->node;
	char name[NAME_MAX + 1];
	size_t at = node->parent->path.n + (node->parent->path.n > 0);
	struct str s = str_tail(node->path, at);

	memcpy(name, s.p, s.n);
	name[s.n] = 0;
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	node->fd = openat(node->parent->fd, name, flags);
	if (node->fd < 0) {
		l->unread++;
		node->unread = true;
		return false;
	}
	/* Another directory may have come into this place meanwhile. It is below the same one, so
	 * it belongs to the target; what is read in it is compared once more when it is opened. */
	return node->dev == node->parent->dev || !is_virtual(node->fd);
}

static void stamp(struct sha256 *sha, const struct entry *e)
{
	const uint64_t words[STAMP / 8] = {
		e->dev, e->ino, e->size, (uint64_t)e->mtime_ns, (uint64_t)e->ctime_ns, e->mode
	};

	sha256_update(sha, (struct str){ (const char *)words, sizeof words });
	sha256_update(sha, entry_name(e));
	sha256_update(sha, (struct str){ "", 1 });
	sha256_update(sha, e->link);
	sha256_update(sha, (struct str){ "", 1 });
}

static bool holds_packages(struct str name)
{
	return str_eq(name, S("site-packages")) || str_eq(name, S("dist-packages"));
}

/* A directory among the children gets a node, unless it lies too deep. */
static void make_node(struct lister *l, struct child *c)
{
	struct node *up = l->node;

	if (l->walk->tree->library && holds_packages(entry_name(&c->entry)))
		return;
	if (up->depth + 1 >= TREE_DEPTH || entry_name(&c->entry).n > NAME_MAX) {
		l->skipped++;
		return;
	}
	c->node = NEW(&l->worker->arena, struct node);
	if (c->node == NULL) {
		l->err = ERR_NOMEM;
		return;
	}
	*c->node = (struct node){ .parent = up,
				  .path = c->entry.path,
				  .dev = c->entry.dev,
				  .depth = up->depth + 1,
				  .fd = -1 };
	up->waiting++;
}

/* What was listed becomes the node's. */
static void keep(struct lister *l)
{
	struct node *node = l->node;
	size_t bytes = l->n * sizeof *l->children;

	for (size_t i = 0; l->dirs > 0 && l->err == OK && i < l->n; i++)
		if (S_ISDIR(l->children[i].entry.mode))
			make_node(l, &l->children[i]);
	node->children = arena_take(&l->worker->arena, bytes + 1, _Alignof(struct child));
	if (node->children == NULL) {
		l->err = ERR_NOMEM;
		return;
	}
	if (bytes > 0)
		memcpy(node->children, l->children, bytes);
	node->n = l->n;
}

static void close_used(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void list(struct lister *l)
{
	struct node *node = l->node;

	l->n = l->dirs = 0;
	if (node->parent == NULL || enter(l)) {
		read_dir(l);
		for (size_t i = 0; l->err == OK && i < l->n; i++)
			stamp(&l->worker->sha, &l->children[i].entry);
		sha256_final(&l->worker->sha, node->seal);
		if (l->err == OK)
			keep(l);
	}
	if (node->parent != NULL && node->waiting == 0)
		close_used(&node->fd);
}

/* ---- side by side ---- */

/* Puts what was just listed on the stack, the first on top. Returns a descriptor that nobody needs
 * any more, or -1. */
static int hand_on(struct lister *l)
{
	struct walk *w = l->walk;
	struct node *node = l->node, *up = node->parent;
	int unused = -1;

	for (size_t i = node->n; i-- > 0;) {
		struct node *n = node->children[i].node;
		if (n == NULL)
			continue;
		n->below = w->stack;
		w->stack = n;
	}
	if (up != NULL && --up->waiting == 0 && up->parent != NULL) {
		unused = up->fd;
		up->fd = -1;
	}
	return unused;
}

static struct node *next_node(struct walk *w)
{
	while (w->stack == NULL && w->busy > 0 && w->err == OK) {
		w->idle++;
		(void)pthread_cond_wait(&w->more, &w->lock);
		w->idle--;
	}
	struct node *node = w->err == OK ? w->stack : NULL;
	if (node != NULL) {
		w->stack = node->below;
		w->busy++;
	}
	return node;
}

static void run(void *ctx, struct worker *worker)
{
	struct walk *w = ctx;
	struct lister *l = calloc(1, sizeof *l);
	int unused;

	(void)pthread_mutex_lock(&w->lock);
	if (l == NULL)
		w->err = ERR_NOMEM;
	while (l != NULL && (l->node = next_node(w)) != NULL) {
		(void)pthread_mutex_unlock(&w->lock);
		l->walk = w;
		l->worker = worker;
		list(l);
		(void)pthread_mutex_lock(&w->lock);
		unused = hand_on(l);
		w->busy--;
		if (l->err != OK)
			w->err = l->err;
		if (w->idle > 0)
			(void)pthread_cond_broadcast(&w->more);
		(void)pthread_mutex_unlock(&w->lock);
		close_used(&unused);
		(void)pthread_mutex_lock(&w->lock);
	}
	(void)pthread_cond_broadcast(&w->more);
	if (l != NULL) {
		w->unread += l->unread;
		w->skipped += l->skipped;
		w->newest_ns = later(w->newest_ns, l->newest_ns);
		free(l->children);
	}
	(void)pthread_mutex_unlock(&w->lock);
	free(l);
}

/* ---- in order ---- */

/* The way through all that was listed, in the order of the paths. */
struct steps {
	struct {
		struct node *node;
		size_t next;
	} at[TREE_DEPTH + 1];
	unsigned n;
};

static void descend(struct steps *s, struct node *node)
{
	s->at[s->n].node = node;
	s->at[s->n++].next = 0;
}

/* The next child, *out_in the directory that it is in; what is in it, if it is one, comes next. */
static struct child *step(struct steps *s, struct node **out_in)
{
	while (s->n > 0 && s->at[s->n - 1].next == s->at[s->n - 1].node->n)
		s->n--;
	if (s->n == 0)
		return NULL;
	*out_in = s->at[s->n - 1].node;
	struct child *c = &(*out_in)->children[s->at[s->n - 1].next++];
	if (c->node != NULL)
		descend(s, c->node);
	return c;
}

static void seal(struct walk *w, struct sha256 *sha, uint8_t out[SHA256_BYTES])
{
	struct steps s = { .n = 0 };
	struct node *in;

	stamp(sha, &w->tree->top);
	sha256_update(sha, (struct str){ (const char *)w->root.seal, SHA256_BYTES });
	descend(&s, &w->root);
	for (struct child *c; (c = step(&s, &in)) != NULL;)
		if (c->node != NULL)
			sha256_update(sha,
				      (struct str){ (const char *)c->node->seal, SHA256_BYTES });
	sha256_final(sha, out);
}

/* All of it is reserved, and only what is used is ever there. */
static struct entry *reserve(void)
{
	void *items = mmap(NULL, sizeof(struct entry) * TREE_FILES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return items == MAP_FAILED ? NULL : items;
}

enum err tree_single(struct tree *t, int fd, struct str name, const struct stat *st,
		     struct sha256 *sha)
{
	*t = (struct tree){ .fd = fd, .label = S(""), .items = reserve(), .n = 1, .single = true };
	if (t->items == NULL)
		return ERR_NOMEM;
	t->items[0] = entry_of(st);
	t->items[0].path = name;
	t->items[0].parent = TREE_NONE;
	t->items[0].end = 1;
	t->top = t->items[0];
	t->newest_ns = later(t->items[0].mtime_ns, t->items[0].ctime_ns);
	stamp(sha, &t->items[0]);
	sha256_final(sha, t->seal);
	return tree_index(t);
}

enum err tree_list(struct tree *t, struct team *team, int fd, struct str label, bool library,
		   struct diag *d)
{
	struct stat st;

	*t = (struct tree){ .fd = fd, .label = label, .library = library };
	struct walk *w = NEW(&team->workers[0].arena, struct walk);
	if (w == NULL || fstat(fd, &st) != 0 ||
	    getrandom(&t->seed, sizeof t->seed, 0) != (ssize_t)sizeof t->seed)
		return diag_set(d, ERR_NOMEM, "no memory for the list of files");
	t->top = entry_of(&st);
	t->top.path = S("");
	w->tree = t;
	w->root = (struct node){ .fd = fd, .dev = st.st_dev, .path = S(""), .entry = TREE_NONE };
	w->stack = &w->root;
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->more, NULL);
	team_run(team, run, w);
	if (w->err != OK)
		return diag_set(d, w->err, "no memory for the list of files");
	t->listed = w;
	t->unread = w->unread;
	t->skipped = w->skipped;
	t->newest_ns = later(w->newest_ns, later(t->top.mtime_ns, t->top.ctime_ns));
	seal(w, &team->workers[0].sha, t->seal);
	return OK;
}

enum err tree_order(struct tree *t, struct diag *d)
{
	struct steps s = { .n = 0 };
	struct node *in;

	t->items = reserve();
	if (t->items == NULL)
		return diag_set(d, ERR_NOMEM, "no memory for the list of files");
	descend(&s, &t->listed->root);
	for (struct child *c; (c = step(&s, &in)) != NULL && t->n < TREE_FILES;) {
		uint32_t i = t->n++;
		t->items[i] = c->entry;
		t->items[i].parent = in->entry;
		t->items[i].end = i + 1;
		if (c->node == NULL)
			continue;
		c->node->entry = i;
		if (c->node->unread)
			t->items[i].state = ENTRY_FAILED;
	}
	for (uint32_t i = t->n; i-- > 0;) {
		uint32_t up = t->items[i].parent;
		if (up != TREE_NONE && t->items[up].end < t->items[i].end)
			t->items[up].end = t->items[i].end;
	}
	enum err e = tree_index(t);
	return e == OK ? OK : diag_set(d, e, "no memory for the list of files");
}
