/*
 * keeper/leaf.h - the lines of the audit log: compact JSON, one encoding for one fact, so that a
 * line can be made again from the database byte for byte. No prompt, no answer and no secret is in
 * it.
 */
#ifndef KEEPER_LEAF_H
#define KEEPER_LEAF_H

#include "proto/control.h"
#include "proto/usage.h"

/* LEAF_MAX bounds a line; one spare byte for the tree's prefix stands before it. */
enum { LEAF_MAX = 4096 };

/* leaf_call writes the line of call number seq to out (LEAF_MAX bytes) and returns its length. */
size_t leaf_call(uint64_t seq, const struct usage_record *r, char *out);

/* leaf_key writes the line of a change to a key: what is "key.create", "key.update", ...; actor
 * says who. Fields with bits in mask are written. */
void leaf_key(struct buf *out, struct str what, struct str actor, int64_t now_ms,
	      const struct control_key *k, uint32_t mask);

/* leaf_note writes the line of anything else: a name and pairs of a name and a text. */
void leaf_note(struct buf *out, struct str what, struct str actor, int64_t now_ms,
	       const struct str (*pairs)[2], size_t n);

#endif
