/*
 * ingress/keys.c - a table of slots and an open-addressing index over the hashes.
 * SHA-256 of a random key is itself a good hash: eight bytes of it place an entry, and nobody can
 * choose where. All 32 are compared in constant time. Runs in: ingress.
 */
#include "ingress/keys.h"

#include "base/le.h"
#include "sys/secret.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_SIZE = 2 * LIMIT_KEYS, EMPTY = 0 };
static_assert((INDEX_SIZE & (INDEX_SIZE - 1)) == 0, "the index is a power of two");

struct keys {
	struct key *slots[LIMIT_KEYS];
	uint32_t index[INDEX_SIZE]; /* slot + 1 */
	unsigned n;
};

struct keys *keys_new(void)
{
	return calloc(1, sizeof(struct keys));
}

static uint32_t home(const uint8_t hash[32])
{
	return (uint32_t)(le64(hash) & (INDEX_SIZE - 1));
}

/* Removal by moving later entries of the run back, so that no tombstones pile up. */
static void index_remove(struct keys *k, uint32_t at)
{
	uint32_t hole = at;

	for (uint32_t i = (at + 1) & (INDEX_SIZE - 1); k->index[i] != EMPTY;
	     i = (i + 1) & (INDEX_SIZE - 1)) {
		uint32_t want = home(k->slots[k->index[i] - 1]->hash);
		if (((i - want) & (INDEX_SIZE - 1)) >= ((i - hole) & (INDEX_SIZE - 1))) {
			k->index[hole] = k->index[i];
			hole = i;
		}
	}
	k->index[hole] = EMPTY;
}

void keys_drop(struct keys *k, uint32_t slot)
{
	struct key *key = slot < LIMIT_KEYS ? k->slots[slot] : NULL;

	if (key == NULL)
		return;
	uint32_t at = home(key->hash);
	while (k->index[at] != slot + 1)
		at = (at + 1) & (INDEX_SIZE - 1);
	index_remove(k, at);
	k->slots[slot] = NULL;
	k->n--;
	free(key->memory);
	free(key);
}

/* One piece of memory for the model list and all the names. */
static enum err copy_names(struct key *key, const struct control_key *from)
{
	size_t n = from->n_models * sizeof(struct str) + from->alias.n + from->aliases.n;

	for (unsigned i = 0; i < from->n_models; i++)
		n += from->models[i].n;
	key->memory = malloc(n ? n : 1);
	if (key->memory == NULL)
		return ERR_NOMEM;
	key->models = key->memory;
	key->n_models = from->n_models;
	char *at = (char *)(key->models + from->n_models);
	for (unsigned i = 0; i < from->n_models; i++) {
		key->models[i] = (struct str){ at, from->models[i].n };
		memcpy(at, from->models[i].p, from->models[i].n);
		at += from->models[i].n;
	}
	if (from->alias.n)
		memcpy(at, from->alias.p, from->alias.n);
	key->alias = (struct str){ at, from->alias.n };
	at += from->alias.n;
	if (from->aliases.n)
		memcpy(at, from->aliases.p, from->aliases.n);
	key->aliases = (struct str){ at, from->aliases.n };
	return OK;
}

enum err keys_set(struct keys *k, const struct control_key *from)
{
	struct key *key;

	if (from->slot >= LIMIT_KEYS)
		return ERR_SYNTAX;
	key = calloc(1, sizeof *key);
	if (key == NULL || copy_names(key, from) != OK) {
		free(key);
		return ERR_NOMEM;
	}
	memcpy(key->hash, from->hash, sizeof key->hash);
	key->id = from->id;
	key->slot = from->slot;
	key->blocked = from->blocked;
	key->expires_ms = from->expires_ms;
	key->rpm = from->rpm;
	key->tpm = from->tpm;
	key->parallel = from->parallel;
	key->budget_pico = from->budget_pico;

	keys_drop(k, from->slot);
	uint32_t at = home(key->hash);
	while (k->index[at] != EMPTY)
		at = (at + 1) & (INDEX_SIZE - 1);
	k->index[at] = from->slot + 1;
	k->slots[from->slot] = key;
	k->n++;
	return OK;
}

const struct key *keys_find(const struct keys *k, const uint8_t hash[32])
{
	for (uint32_t at = home(hash); k->index[at] != EMPTY; at = (at + 1) & (INDEX_SIZE - 1)) {
		const struct key *key = k->slots[k->index[at] - 1];
		if (le64(key->hash) == le64(hash) &&
		    secret_eq((struct str){ (const char *)key->hash, 32 },
			      (struct str){ (const char *)hash, 32 }))
			return key;
	}
	return NULL;
}

const struct key *keys_at(const struct keys *k, uint32_t slot)
{
	return slot < LIMIT_KEYS ? k->slots[slot] : NULL;
}

unsigned keys_count(const struct keys *k)
{
	return k->n;
}
