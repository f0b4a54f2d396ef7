/*
 * egress/table.h - the upstreams and their secrets as keeper gave them, with a pool of connections
 * each. A new table takes the old one's place at once; the old one lives until its last call has
 * ended. Runs in: egress.
 */
#ifndef EGRESS_TABLE_H
#define EGRESS_TABLE_H

#include "egress/pool.h"

struct table {
	struct arena arena;
	struct upstreams ups;
	struct tunnel proxy;         /* host "": there is none */
	struct str secrets;          /* the mapped secret file; or the caller's */
	struct str blob;             /* the mapped table file */
	bool owns_maps;
	struct pool *pools;          /* one a row */
	struct tls_client **trusts;  /* one a row; equal rows share */
	struct linker *linker;
	bool retired;
	struct timer reap;
};

/* table_load maps the two files that keeper passed (they stay the caller's) and makes a table of
 * them. system_ca is trusted where neither a row nor the table names any. */
MUST_USE enum err table_load(int table_fd, int secret_fd, struct str system_ca, struct linker *l,
			     struct table **out, struct diag *d);

/* table_make checks every row of blob (proto/upstream.h) against secrets and makes a table. */
MUST_USE enum err table_make(struct str blob, struct str secrets, struct str system_ca,
			     struct linker *l, struct table **out, struct diag *d);

/* table_retire closes idle connections; the table is freed when nothing uses it any more. */
void table_retire(struct table *t);

/* table_free frees a table without calls or links. */
void table_free(struct table *t);

#endif
