/*
 * checker/cache.h - what an earlier run learned of files that have not changed since: their digest,
 * what their code can do, and what was found in them. Ring 2. A file is the same when device,
 * inode, size, mtime and ctime are; one that changed in the last two seconds is never remembered,
 * so that no later write can hide behind the same times. The remembered bytes are the user's own
 * and not believed further than that: every offset is checked.
 */
#ifndef CHECKER_CACHE_H
#define CHECKER_CACHE_H

#include "checker/tree.h"
#include "inspect/finding.h"

enum {
	CACHE_MAX = 512 << 20,
	CACHE_RACY_NS = 2000000000,
	CACHE_HASHED = 255, /* role of a file that was hashed only */
	CACHE_HEAD = 254,   /* role of bytecode: sha256 begins with its head and is no digest */
};

struct cache_slot {
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
	uint8_t sha256[32];
	uint32_t caps;
	uint32_t findings, n_findings; /* offset in the blob */
	uint8_t role, language;
	uint8_t pad[6];
};

struct cache {
	int fd;		  /* -1: nothing is remembered */
	struct str map;	  /* what is known of single files; malloc'd */
	struct str notes; /* mapped, with the head in front */
	uint8_t seal[32]; /* of the check whose report is at the end, zeros: none */
	uint64_t report_at, report_n;
	uint64_t notes_n; /* of glance.h, of the same check */
	const uint32_t *index;
	uint32_t mask, n;
	const struct cache_slot *slots;
	struct str blob;
	bool dirty; /* there is something to remember that was not there */
	int64_t now_ns;
	struct buf out_slots, out_blob;
	uint8_t build[32];
};

/* cache_open looks at what fd holds, -1: nothing. Anything odd about it makes it empty. */
void cache_open(struct cache *c, int fd, struct str build, int64_t now_ns);

/* cache_report gives the report of a check that saw exactly what this one sees: seal says what that
 * is. False: none is remembered. */
bool cache_report(const struct cache *c, const uint8_t seal[32], struct arena *a, struct str *out);

/* cache_notes maps what that check noted of its trees; it begins at a multiple of 8 bytes and lives
 * until cache_done. False: nothing. */
bool cache_notes(struct cache *c, struct str *out);

/* cache_load reads what is known of single files. */
void cache_load(struct cache *c);

/* cache_get gives what is known of a file, NULL: nothing. */
const struct cache_slot *cache_get(const struct cache *c, const struct entry *e);

/* cache_findings adds to f what was found in a file, as if it had been found now. False: the bytes
 * are not understood, and the file must be inspected. */
bool cache_findings(const struct cache *c, const struct cache_slot *s, struct str package,
		    struct str path, struct findings *f);

/* cache_put remembers a file: its entry's digest and caps, and the findings from number first on.
 */
void cache_put(struct cache *c, const struct entry *e, uint8_t role, uint8_t language,
	       const struct findings *f, size_t first);

/* cache_keep remembers what is known already. */
void cache_keep(struct cache *c, const struct cache_slot *s);

/* cache_write writes all that is remembered to fd, with the report, what it is of and what was
 * noted (report.p NULL: it must not be used again); nothing when nothing is new. */
MUST_USE enum err cache_write(struct cache *c, const uint8_t seal[32], struct str report,
			      struct str notes, int fd);

/* cache_done releases the memory. */
void cache_done(struct cache *c);

#endif
