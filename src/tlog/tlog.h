/*
 * tlog/tlog.h - an append-only Merkle tree (RFC 6962) as tiles of 256 hashes (C2SP tlog-tiles).
 * Ring 0. Only the right edge is in memory: one tile per level. Files are the caller's business.
 */
#ifndef TLOG_TLOG_H
#define TLOG_TLOG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/sha256.h"

enum { TLOG_HASH = 32, TLOG_WIDTH = 256, TLOG_LEVELS = 8, TLOG_PATH = 64, TLOG_ENTRY_MAX = 65535 };
enum { TLOG_ENTRIES = -1 }; /* the "level" of entry bundles in paths */

struct tlog_level {
	uint32_t n; /* hashes in the tile; TLOG_WIDTH until the next one is added */
	uint8_t hash[TLOG_WIDTH][TLOG_HASH];
};

struct tlog {
	struct sha256 *sha; /* the caller's */
	uint64_t size;      /* leaves */
	struct tlog_level levels[TLOG_LEVELS];
};

/* tlog_init makes the empty tree. */
void tlog_init(struct tlog *t, struct sha256 *sha);

/* tlog_leaf hashes one entry, of which room[0] is a spare byte before the text of n bytes. */
void tlog_leaf(struct sha256 *sha, char *room, size_t n, uint8_t out[TLOG_HASH]);

/* tlog_node hashes two hashes of TLOG_HASH bytes into the one above them; out may be one of
 * them. */
void tlog_node(struct sha256 *sha, const uint8_t *left, const uint8_t *right, uint8_t *out);

/* tlog_add appends a leaf's hash and returns how many levels, from 0 up, now hold a full tile: the
 * caller saves those before it adds another leaf. */
unsigned tlog_add(struct tlog *t, const uint8_t leaf[TLOG_HASH]);

/* tlog_root gives the tree's root hash. */
void tlog_root(const struct tlog *t, uint8_t out[TLOG_HASH]);

/* tlog_tile borrows the tile at the right edge of a level; empty when it has no hashes. */
struct str tlog_tile(const struct tlog *t, unsigned level);

/* tlog_index gives that tile's number. */
uint64_t tlog_index(const struct tlog *t, unsigned level);

/* tlog_edge says which tile a tree of size leaves has at its right edge at a level: its number and
 * its width, 0 when there is none. For tlog_resume's caller. */
void tlog_edge(uint64_t size, unsigned level, uint64_t *out_index, uint32_t *out_width);

/* tlog_resume sets the size of a fresh tree and tlog_resume_tile one level's edge as it was saved.
 * ERR_SYNTAX: not as long as the size says. The caller compares the root afterwards. */
void tlog_resume(struct tlog *t, uint64_t size);
MUST_USE enum err tlog_resume_tile(struct tlog *t, unsigned level, struct str tile);

/* tlog_path writes "tile/0/x001/234" or "tile/entries/000.p/17" with a NUL into out (TLOG_PATH
 * bytes): level or TLOG_ENTRIES, and width TLOG_WIDTH for a full tile. */
const char *tlog_path(int level, uint64_t index, uint32_t width, char *out);

/* tlog_bundle_add appends an entry to a bundle: two bytes of length, big-endian, then the bytes. */
void tlog_bundle_add(struct buf *bundle, struct str entry);

/* tlog_bundle_next takes the next entry off *bundle. ERR_SYNTAX: cut short. */
MUST_USE enum err tlog_bundle_next(struct str *bundle, struct str *out);

#endif
