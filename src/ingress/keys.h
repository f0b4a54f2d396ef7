/*
 * ingress/keys.h - the virtual keys in force, by the hash of what the client presents. Runs in:
 * ingress. Keeper sends them one by one; a change is in force with the next request.
 */
#ifndef INGRESS_KEYS_H
#define INGRESS_KEYS_H

#include "base/err.h"
#include "base/str.h"
#include "proto/control.h"

struct keys;

/* What a request needs to know of its key. Valid until the next message from keeper. */
struct key {
	uint8_t hash[32];
	uint32_t id, slot;
	bool blocked;
	int64_t expires_ms, rpm, tpm, parallel, budget_pico;
	struct str *models;
	unsigned n_models;
	struct str alias;
	struct str aliases; /* JSON text: names that it may use for models; "" none */
	void *memory;       /* of models, alias and aliases */
};

/* keys_new makes an empty table for the life of the process. NULL: no memory. */
struct keys *keys_new(void);

/* keys_set adds a key or replaces the one in the same slot. */
MUST_USE enum err keys_set(struct keys *k, const struct control_key *from);

/* keys_drop removes the key in a slot; none there is no error. */
void keys_drop(struct keys *k, uint32_t slot);

/* keys_find gives the key with this SHA-256, or NULL. */
const struct key *keys_find(const struct keys *k, const uint8_t hash[32]);

/* keys_at gives the key in a slot, or NULL. */
const struct key *keys_at(const struct keys *k, uint32_t slot);

/* keys_count gives the number of keys in force. */
unsigned keys_count(const struct keys *k);

#endif
