/*
 * advisory/index_build.h - makes an index of advisory records, one record after the other. Ring 0.
 * Memory: what the index takes, and about half as much again while it is finished; bounded by
 * INDEX_MAX.
 */
#ifndef ADVISORY_INDEX_BUILD_H
#define ADVISORY_INDEX_BUILD_H

#include "advisory/osv.h"

enum {
	INDEX_MAX = 512 << 20, /* bytes of one section */
	INDEX_PARTS = ADVISORY_SECTIONS + 1,
};

struct index_build;

/* index_build_new begins an empty index. NULL: out of memory. Release with index_build_free. */
struct index_build *index_build_new(void);
void index_build_free(struct index_build *b);

/* index_build_add takes a record in, of which it keeps copies. One that speaks of no package of
 * PyPI or npm is left out. ERR_LIMIT: the index is full; ERR_NOMEM. */
MUST_USE enum err index_build_add(struct index_build *b, const struct osv_record *r);

/* index_build_finish sorts and digests. out[] are the parts of the file, in their order, which b
 * owns. Nothing can be added any more. */
MUST_USE enum err index_build_finish(struct index_build *b, struct str out[INDEX_PARTS],
				     struct diag *d);

/* index_build_count gives the records taken in so far. */
uint32_t index_build_count(const struct index_build *b);

#endif
