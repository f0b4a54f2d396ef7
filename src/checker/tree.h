/*
 * checker/tree.h - one directory with everything below it, listed once. Ring 2.
 * Nothing here ever follows a symbolic link: every component is opened by itself, relative to the
 * one before, and what was opened is compared with what was listed. Links are resolved in the list.
 */
#ifndef CHECKER_TREE_H
#define CHECKER_TREE_H

#include "base/arena.h"
#include "base/diag.h"

#include <sys/stat.h>

enum {
	TREE_FILES = 1 << 20, /* entries of one tree */
	TREE_DEPTH = 100,     /* directories in each other */
	TREE_PATH = 4096,     /* bytes of a path */
	TREE_HOPS = 40,	      /* links followed in one path */
	TREE_NONE = UINT32_MAX,
};

/* What came of reading a file. ENTRY_HEAD: its first bytes stand in sha256, which is asked of
 * bytecode. */
enum entry_state { ENTRY_UNREAD, ENTRY_HASHED, ENTRY_FAILED, ENTRY_HEAD };

struct examined;

struct entry {
	const struct examined *found; /* NULL: it was not inspected yet */
	struct str path;	      /* from the tree's root, without a '/' in front */
	struct str link;	      /* text of a symbolic link */
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
	uint32_t mode;
	uint32_t end;	  /* index behind everything below it; of a file: its own + 1 */
	uint32_t parent;  /* index of its directory, TREE_NONE at the top */
	uint32_t name_at; /* where its own name begins in path */
	uint32_t caps;	  /* struct caps, once it was inspected */
	uint32_t owner;	  /* 1 + the number of the package that lists it, in the report; 0: none */
	uint8_t state;	  /* enum entry_state */
	bool agrees;	  /* listed, with the content that it has */
	bool differs;	  /* listed, with another content than it has */
	bool inspected;	  /* as what it is: not again */
	bool left_out;	  /* of the digest of its environment: bytecode of the source beside it */
	uint8_t sha256[32];
};

/* Directories that are open now, from the top. */
struct dirs {
	struct {
		int fd;
		uint32_t entry;
	} open[TREE_DEPTH];
	unsigned n;
};

struct tree {
	int fd;
	struct str label;     /* its absolute path */
	bool single;	      /* one file, which fd is */
	bool library;	      /* an interpreter's own: directories of packages in it are left out */
	bool absolute_inside; /* absolute links lead into the tree: it is the root of an image */
	struct entry top;     /* the directory, as it was before it was listed; or the file */
	struct walk *listed;  /* as tree_list left it: in directories */
	uint8_t seal[32];     /* digest of all that was listed: names, and what stat says of them */
	int64_t newest_ns;    /* the last change of any of it */
	struct entry *items;  /* in the order of the bytes of their paths, "a/" being before "a0" */
	uint32_t n;
	uint32_t *table; /* open addressing by path */
	uint32_t mask;
	uint64_t seed;
	uint64_t unread, skipped; /* directories that could not be read; entries past a bound */
	struct dirs dirs;
};

struct team;
struct sha256;

/* tree_list lists everything below fd, which stays the caller's; library: but not what is in
 * directories of packages. Unreadable directories and what is past a bound are counted; that is no
 * error. Nothing is in items yet. */
MUST_USE enum err tree_list(struct tree *t, struct team *team, int fd, struct str label,
			    bool library, struct diag *d);

/* tree_order puts what was listed into items. */
MUST_USE enum err tree_order(struct tree *t, struct diag *d);

/* tree_single makes a tree of one file that is open already; it is sealed with sha. */
MUST_USE enum err tree_single(struct tree *t, int fd, struct str name, const struct stat *st,
			      struct sha256 *sha);

/* tree_index makes items findable by path; tree_order does it. */
MUST_USE enum err tree_index(struct tree *t);

/* tree_done releases what tree_list took, but for the arena. */
void tree_done(struct tree *t);

/* tree_find gives the index of a path, TREE_NONE: there is none. */
uint32_t tree_find(const struct tree *t, struct str path);

/* tree_below is tree_find for name below the directory at index dir (TREE_NONE: the root). */
uint32_t tree_below(const struct tree *t, uint32_t dir, struct str name);

/* tree_resolve finds what path (which may have "." and ".." in it) means, seen from directory dir,
 * through links. TREE_NONE: nothing, or *out_outside: it leads out of the tree. */
uint32_t tree_resolve(const struct tree *t, uint32_t dir, struct str path, bool *out_outside);

/* entry_name gives the last component. */
struct str entry_name(const struct entry *e);

/* tree_open opens a regular file for reading, never blocking; -1 when it is not there any more, is
 * something else now, or may not be read. *out_changed: it is not the file that was listed. */
int tree_open(struct tree *t, uint32_t i, bool *out_changed);

/* tree_open_by is tree_open with directories of the caller's own, for several threads. dirs_close
 * closes them. */
int tree_open_by(const struct tree *t, struct dirs *dirs, uint32_t i, bool *out_changed);
void dirs_close(struct dirs *d);

/* entry_same compares an open file with what was listed: device, inode, size, times. */
bool entry_same(const struct entry *e, const struct stat *st);

#endif
