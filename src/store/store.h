/*
 * store/store.h - keys, finished calls and what is derived from them, in SQLite. Ring 1; the only
 * SQL. One connection, one thread, WAL. Changes happen between store_begin and store_commit.
 * ERR_BUSY means that the disk is full or failing: nothing was changed, try again later.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/diag.h"
#include "proto/control.h"
#include "proto/usage.h"

struct store;

/* store_open opens or makes the database at path and brings its layout up to date. ERR_CONFIG: made
 * by a newer yett. Release with store_close, which is legal on NULL. */
MUST_USE enum err store_open(const char *path, struct store **out, struct diag *d);
void store_close(struct store *s);

/* A transaction. store_rollback is legal at any time; after a failed store_commit it has happened.
 */
MUST_USE enum err store_begin(struct store *s, struct diag *d);
MUST_USE enum err store_commit(struct store *s, struct diag *d);
void store_rollback(struct store *s);

/* store_sync makes what was committed survive a power cut. */
MUST_USE enum err store_sync(struct store *s, struct diag *d);

/* store_last gives the number of the newest call or event. store_floor lets numbering go on after
 * at least last, when the audit log knows more than a database that was restored or lost. */
uint64_t store_last(const struct store *s);
void store_floor(struct store *s, uint64_t last);

/* Named numbers: store_meta gives fallback where none was stored. */
MUST_USE enum err store_meta(struct store *s, struct str name, int64_t fallback, int64_t *out,
			     struct diag *d);
MUST_USE enum err store_meta_set(struct store *s, struct str name, int64_t value, struct diag *d);

/* store_calls adds finished calls, numbered on from store_last. The caller has judged every field.
 */
MUST_USE enum err store_calls(struct store *s, const struct usage_record *r, uint32_t n,
			      struct diag *d);

/* store_settle brings sums and keys' spending up to the newest call, inside a transaction: before
 * either is read or a key is changed, and about once a second. After a kill store_open does it. */
MUST_USE enum err store_settle(struct store *s, struct diag *d);

/* store_settle_now is store_settle in a transaction of its own. */
MUST_USE enum err store_settle_now(struct store *s, struct diag *d);

/* store_event adds one line of the audit log that is no call; its number is store_last afterwards.
 */
MUST_USE enum err store_event(struct store *s, struct str leaf, struct diag *d);

/* store_entries calls on_entry for each row after number after, in order, max at most: r for a
 * call, else event. It stops at the first failure. ERR_SYNTAX: a number is missing. */
MUST_USE enum err store_entries(struct store *s, uint64_t after, uint32_t max, struct diag *d,
				void *arg,
				enum err (*on_entry)(void *arg, uint64_t seq,
						     const struct usage_record *r,
						     struct str event));

/* Keys. Strings of a key that is read live in a. ERR_NOT_FOUND, ERR_EXISTS (hash or alias is
 * taken). */
MUST_USE enum err store_key_add(struct store *s, const struct control_key *k, uint32_t *out_id,
				struct diag *d);
MUST_USE enum err store_key_put(struct store *s, const struct control_key *k, struct diag *d);
MUST_USE enum err store_key_delete(struct store *s, uint32_t id, int64_t now_ms, struct diag *d);
MUST_USE enum err store_key_by_id(struct store *s, uint32_t id, struct arena *a,
				  struct control_key *out, struct diag *d);
MUST_USE enum err store_key_by_hash(struct store *s, const uint8_t hash[32], struct arena *a,
				    struct control_key *out, struct diag *d);
MUST_USE enum err store_key_by_alias(struct store *s, struct str alias, struct arena *a,
				     struct control_key *out, struct diag *d);
/* store_key_after gives the key with the next larger id. */
MUST_USE enum err store_key_after(struct store *s, uint32_t id, struct arena *a,
				  struct control_key *out, struct diag *d);
MUST_USE enum err store_key_count(struct store *s, uint32_t *out, struct diag *d);

/* Reports: on_row is called for each row until it returns false; what it is given lives for the
 * call only. store_spend gives newest rows first and looks at a bounded number of rows: *out_next
 * is what `before` has to be to go on, 0 where there is nothing more. A row for which on_row
 * returned false comes again then. key_id < 0: any key. */
MUST_USE enum err store_spend(struct store *s, const struct control_spend_query *q, int64_t key_id,
			      uint64_t *out_next, struct diag *d, void *arg,
			      bool (*on_row)(void *arg, const struct control_call *c));
MUST_USE enum err store_sums(struct store *s, int64_t from_day, int64_t to_day, unsigned group,
			     struct diag *d, void *arg,
			     bool (*on_row)(void *arg, const struct control_sum *row));

/* store_limit_pages makes the database refuse to grow past n pages: a full disk for tests. 0: no
 * limit. */
MUST_USE enum err store_limit_pages(struct store *s, uint32_t n, struct diag *d);

#endif
