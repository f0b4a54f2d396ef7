/*
 * keeper/keyring.h - virtual keys: made, changed and told to every ingress. The secret of a key
 * leaves here once, in the answer to who asked for it; what is kept is its SHA-256. Process
 * lifetime.
 */
#ifndef KEEPER_KEYRING_H
#define KEEPER_KEYRING_H

#include "proto/control.h"
#include "proto/counters.h"
#include "store/store.h"

/* A slot is a key's place in the shared counters for as long as it is in force. */
struct key_slot {
	uint32_t id;             /* 0: free; KEY_GONE: was used, searches go on behind it */
	int64_t reset_ms;        /* wall clock: the budget begins anew; 0 never */
};

struct keyring {
	struct store *store;     /* the owner's */
	struct counters *counters; /* the owner's */
	uint32_t count;
	int64_t next_reset_ms;   /* the earliest of all; INT64_MAX none */
	struct arena arena;      /* of one request */
	struct buf line, body;
	/* on_change tells every ingress: MSG_KEY_SET or MSG_KEY_DROP with its body. */
	void (*on_change)(void *ctx, uint16_t type, struct str body);
	void *ctx;
	struct key_slot slots[LIMIT_KEYS];
};

/* keyring_open gives every stored key its slot and its counters their spending. */
MUST_USE enum err keyring_open(struct keyring *k, struct store *s, struct counters *c,
			       struct diag *d);
void keyring_close(struct keyring *k);

/* keyring_next encodes the first key over *cursor and moves *cursor there. ERR_NOT_FOUND: no more.
 */
MUST_USE enum err keyring_next(struct keyring *k, uint32_t *cursor, struct buf *out);

/* keyring_request serves MSG_KEY_CREATE to MSG_KEY_ROTATE. out gets what follows the reply's
 * beginning. ERR_SYNTAX with d->text "": the body is malformed, which no honest peer sends. */
MUST_USE enum err keyring_request(struct keyring *k, uint16_t type, struct str body,
				  struct str actor, int64_t now_ms, struct buf *out,
				  struct diag *d);

/* keyring_find resolves what a person calls a key (its hash in hex, the key itself, its alias, its
 * id). */
MUST_USE enum err keyring_find(struct keyring *k, struct str what, struct control_key *out,
			       struct diag *d);

/* keyring_recount puts what the store knows to be spent in the place of what the counters say: an
 * ingress that has ended may have written there. */
void keyring_recount(struct keyring *k);

/* keyring_tick begins new budget periods; cheap when none is due. */
void keyring_tick(struct keyring *k, int64_t now_ms);

#endif
