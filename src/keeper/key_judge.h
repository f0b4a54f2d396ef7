/*
 * keeper/key_judge.h - what may be stored as a virtual key, and secrets of new ones.
 * Runs in: keeper.
 */
#ifndef KEEPER_KEY_JUDGE_H
#define KEEPER_KEY_JUDGE_H

#include "base/arena.h"
#include "base/diag.h"
#include "proto/control.h"

enum { KEY_SECRET_MAX = 256 };

/* key_judge: a key with these texts may be stored; it fits one message and one entry of the log. */
MUST_USE enum err key_judge(const struct control_key *key, struct diag *d);

/* key_secret sets the hash of a key's secret and what may be shown of it. The secret is the given
 * one, or "sk-" and 32 random bytes; *out_secret and the key's name live in a. */
MUST_USE enum err key_secret(struct arena *a, bool given, struct str secret,
			     struct control_key *key, struct str *out_secret, struct diag *d);

#endif
