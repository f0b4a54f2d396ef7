/*
 * keeper/ledger_file.h - the audit log's files, relative to its directory, and the key that signs
 * it.
 */
#ifndef KEEPER_LEDGER_FILE_H
#define KEEPER_LEDGER_FILE_H

#include "base/buf.h"
#include "base/diag.h"
#include "tlog/note.h"

/* ledger_dir opens DATA/audit, made if missing, and locks it for this process: two keepers would
 * give one number twice. ERR_EXISTS: somebody has it. */
MUST_USE enum err ledger_dir(const char *path, int *out_fd, struct diag *d);

/* ledger_write writes a file in place, with the directories above it, and does not sync: fit for
 * full tiles that no checkpoint speaks of yet. ledger_replace writes beside, syncs and renames. */
MUST_USE enum err ledger_write(int dir, const char *path, struct str content, struct diag *d);
MUST_USE enum err ledger_replace(int dir, const char *name, struct str content, struct diag *d);

/* ledger_partial writes and syncs a partial tile; ledger_retire takes one away and keeps its file
 * for the next ledger_partial of that level: some file systems search long for an inode after many
 * removals. The directory above goes when it is empty. */
MUST_USE enum err ledger_partial(int dir, const char *path, int level, struct str content,
				 struct diag *d);
void ledger_retire(int dir, const char *path, int level);

/* ledger_read appends a file to out. ERR_NOT_FOUND. */
MUST_USE enum err ledger_read(int dir, const char *path, struct buf *out);

/* ledger_key reads the private key at path, or makes one where neither key nor log exist. */
MUST_USE enum err ledger_key(int dir, const char *path, struct sign_key *out, char *out_origin,
			     size_t cap, struct diag *d);

/* ledger_public writes the verifier key to audit.pub beside the log, unless it stands there
 * already. */
MUST_USE enum err ledger_public(int dir, const struct note_key *k, struct diag *d);

#endif
