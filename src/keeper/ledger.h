/*
 * keeper/ledger.h - the audit log on disk: tiles, entry bundles and a signed checkpoint under
 * DATA/audit. The database commits first; what it holds and the log does not yet is appended
 * afterwards, also after a crash. Nothing beneath a signed checkpoint is ever written differently.
 * Process lifetime.
 */
#ifndef KEEPER_LEDGER_H
#define KEEPER_LEDGER_H

#include "base/diag.h"
#include "proto/usage.h"
#include "store/store.h"
#include "tlog/note.h"
#include "tlog/tlog.h"

struct ledger {
	struct store *store;       /* the owner's */
	int dir;                   /* DATA/audit */
	struct sha256 sha;
	struct tlog tree;
	unsigned unsaved;          /* levels whose full tile is not written yet */
	bool bundle_unsaved;       /* the full bundle is not written yet */
	struct buf bundle;         /* entries of the tile at the edge of level 0 */
	char *room;                /* 1 + LEAF_MAX bytes or more, for one line */
	struct sign_key key;
	struct note_key who;
	char origin[NOTE_NAME_MAX];
	uint64_t published;        /* size in the last checkpoint */
	bool wide;                 /* full tiles were written since */
	bool broken;               /* see trouble: nothing is signed until an operator acts */
	char trouble[256];         /* why the log is behind or broken, or "" */
};

/* ledger_open takes up the log in dir_path (DATA/audit), or begins one, and its key in key_path.
 * What the database knows beyond the checkpoint is appended by the first ledger_catch_up. A log
 * that cannot be gone on with is no failure: broken and trouble say so. */
MUST_USE enum err ledger_open(struct ledger *l, struct store *store, const char *dir_path,
			      const char *key_path, struct diag *d);
void ledger_close(struct ledger *l);

/* ledger_calls appends calls that were just committed as numbers first, first + 1, ...; when the
 * log is not there yet it does nothing, and ledger_catch_up appends them from the database. */
MUST_USE enum err ledger_calls(struct ledger *l, uint64_t first, const struct usage_record *r,
			       uint32_t n);

/* ledger_catch_up appends max entries at most from the database. */
MUST_USE enum err ledger_catch_up(struct ledger *l, uint32_t max);

/* ledger_publish makes everything appended durable and signs a checkpoint for it. */
MUST_USE enum err ledger_publish(struct ledger *l);

#endif
