/*
 * keeper/keyring.c - virtual keys.
 * Input: hostile (a subverted admin); bodies are decoded by proto/control.c.
 * Runs in: keeper.   Fuzz: fuzz/control_fuzz.c
 */
#include "keeper/keyring.h"

#include "base/le.h"
#include "base/num.h"
#include "base/rd.h"
#include "crypto/sha256.h"
#include "keeper/key_judge.h"
#include "keeper/leaf.h"

#include <assert.h>
#include <string.h>

enum { ARENA_MAX = 1 << 20, LIST_MAX = 500,
       REPLY_MAX = LIMIT_CONTROL - 4096 };
static const uint32_t key_gone = UINT32_MAX;
static const int64_t never = INT64_MAX;

/* Everything that create sets. */
static const uint32_t all_fields = (KEY_TAGS << 1) - 1;

/* ---- slots ---- */

static uint32_t slot_find(const struct keyring *k, uint32_t id)
{
	for (uint32_t i = 0, at = id % LIMIT_KEYS; i < LIMIT_KEYS;
	     i++, at = (at + 1) % LIMIT_KEYS) {
		if (k->slots[at].id == id)
			return at;
		if (k->slots[at].id == 0)
			break;
	}
	return UINT32_MAX;
}

static uint32_t slot_free(const struct keyring *k, uint32_t id)
{
	for (uint32_t i = 0, at = id % LIMIT_KEYS; i < LIMIT_KEYS; i++, at = (at + 1) % LIMIT_KEYS)
		if (k->slots[at].id == 0 || k->slots[at].id == key_gone)
			return at;
	return UINT32_MAX;
}

static void slot_reset_at(struct keyring *k, uint32_t slot, int64_t reset_ms)
{
	k->slots[slot].reset_ms = reset_ms;
	if (reset_ms != 0 && reset_ms < k->next_reset_ms)
		k->next_reset_ms = reset_ms;
}

/* Gives a key that comes into force its slot. The caller has seen that there is room. */
static void slot_take(struct keyring *k, struct control_key *key)
{
	key->slot = slot_free(k, key->id);
	assert(key->slot != UINT32_MAX && key->id != key_gone);
	struct counter_key *c = &k->counters->keys[key->slot];
	atomic_store(&c->requests, 0);
	atomic_store(&c->tokens, 0);
	atomic_store(&c->spent_pico, key->spent_pico);
	k->slots[key->slot].id = key->id;
	slot_reset_at(k, key->slot, key->budget_reset_ms);
	k->count++;
}

static void slot_drop(struct keyring *k, uint32_t slot)
{
	k->slots[slot] = (struct key_slot){ .id = key_gone };
	k->count--;
}

/* ---- open ---- */

enum err keyring_open(struct keyring *k, struct store *s, struct counters *c, struct diag *d)
{
	struct control_key key;
	uint32_t id = 0;
	enum err e;

	memset(k, 0, sizeof *k);
	k->store = s;
	k->counters = c;
	k->next_reset_ms = never;
	arena_init(&k->arena, ARENA_MAX);
	buf_init(&k->line, 60000);
	buf_init(&k->body, LIMIT_CONTROL);
	while ((e = store_key_after(s, id, &k->arena, &key, d)) == OK) {
		id = key.id;
		if (k->count == LIMIT_KEYS)
			return diag_set(d, ERR_LIMIT, "there are more than %d keys",
					(int)LIMIT_KEYS);
		slot_take(k, &key);
		arena_reset(&k->arena);
	}
	return e == ERR_NOT_FOUND ? OK : e;
}

void keyring_close(struct keyring *k)
{
	arena_done(&k->arena);
	buf_free(&k->line);
	buf_free(&k->body);
}

/* What a reader of the database lacks: the slot, and spending up to this moment. */
static void complete(const struct keyring *k, struct control_key *key)
{
	key->slot = slot_find(k, key->id);
	assert(key->slot != UINT32_MAX);
	key->spent_pico = atomic_load(&k->counters->keys[key->slot].spent_pico);
}

enum err keyring_next(struct keyring *k, uint32_t *cursor, struct buf *out)
{
	struct control_key key;

	arena_reset(&k->arena);
	TRY(store_key_after(k->store, *cursor, &k->arena, &key, NULL));
	complete(k, &key);
	control_key_encode(&key, out);
	*cursor = key.id;
	return out->err;
}

/* encode gives the key as messages have it, until the next one. */
static enum err encode(struct keyring *k, const struct control_key *key, struct str *out)
{
	buf_reset(&k->body);
	control_key_encode(key, &k->body);
	return buf_finish(&k->body, out);
}

static void tell_set(struct keyring *k, const struct control_key *key)
{
	struct str body;

	if (encode(k, key, &body) == OK && k->on_change)
		k->on_change(k->ctx, MSG_KEY_SET, body);
}

static void tell_drop(struct keyring *k, uint32_t slot)
{
	buf_reset(&k->body);
	wr_u32(&k->body, slot);
	if (k->on_change)
		k->on_change(k->ctx, MSG_KEY_DROP, buf_str(&k->body));
}

/* ---- finding ---- */

enum err keyring_find(struct keyring *k, struct str what, struct control_key *out, struct diag *d)
{
	uint8_t hash[32];
	uint64_t id;
	enum err e = ERR_NOT_FOUND;

	if (num_hex_bytes(what, hash, sizeof hash))
		e = store_key_by_hash(k->store, hash, &k->arena, out, d);
	if (e == ERR_NOT_FOUND) {
		sha256(what, hash);
		e = store_key_by_hash(k->store, hash, &k->arena, out, d);
	}
	if (e == ERR_NOT_FOUND)
		e = store_key_by_alias(k->store, what, &k->arena, out, d);
	if (e == ERR_NOT_FOUND && num_u64(what, UINT32_MAX, &id) == OK)
		e = store_key_by_id(k->store, (uint32_t)id, &k->arena, out, d);
	if (e == OK)
		complete(k, out);
	return e;
}

/* ---- changes ---- */

enum change { CHANGE_ADD, CHANGE_PUT, CHANGE_DELETE };

/* One change and its line of the audit log, both or none. */
static enum err change(struct keyring *k, enum change how, struct control_key *key, struct str what,
		       struct str actor, int64_t now_ms, uint32_t mask, struct diag *d)
{
	struct str line;
	enum err e = store_begin(k->store, d);

	if (e == OK)
		e = store_settle(k->store, d);
	if (e == OK)
		e = how == CHANGE_ADD	? store_key_add(k->store, key, &key->id, d)
		    : how == CHANGE_PUT ? store_key_put(k->store, key, d)
					: store_key_delete(k->store, key->id, now_ms, d);
	if (e == ERR_EXISTS)
		e = diag_param(d, e, S("key_alias"),
			       "there is a key with this alias or this value");
	buf_reset(&k->line);
	leaf_key(&k->line, what, actor, now_ms, key, mask);
	if (e == OK)
		e = buf_finish(&k->line, &line);
	if (e == OK)
		e = store_event(k->store, line, d);
	if (e == OK)
		e = store_commit(k->store, d);
	if (e != OK)
		store_rollback(k->store);
	return e;
}

static enum err put_key(struct keyring *k, const struct control_key *key, struct buf *out)
{
	struct str body;

	TRY(encode(k, key, &body));
	wr_str(out, body);
	return out->err;
}

static enum err on_create(struct keyring *k, struct rd *r, struct str actor, int64_t now_ms,
			  struct buf *out, struct diag *d)
{
	struct control_key key;
	enum err e = control_key_decode(&key, rd_str(r, LIMIT_CONTROL));
	bool given = rd_bool(r);
	struct str secret = rd_str(r, KEY_SECRET_MAX);

	if (e != OK || rd_end(r) != OK)
		return ERR_SYNTAX;
	TRY(key_judge(&key, d));
	if (k->count == LIMIT_KEYS)
		return diag_set(d, ERR_LIMIT, "there are %d keys already", (int)LIMIT_KEYS);
	TRY(key_secret(&k->arena, given, secret, &key, &secret, d));
	key.created_ms = now_ms;
	key.budget_reset_ms = key.budget_period_s ? now_ms + key.budget_period_s * 1000 : 0;
	if (key.spent_pico < 0)
		key.spent_pico = 0;
	TRY(change(k, CHANGE_ADD, &key, S("key.create"), actor, now_ms, all_fields, d));
	slot_take(k, &key);
	tell_set(k, &key);
	TRY(put_key(k, &key, out));
	wr_str(out, secret);
	return out->err;
}

/* The fields that the mask names, from one key into another. */
static void apply(struct control_key *to, const struct control_key *from, int64_t now_ms)
{
	uint32_t m = from->mask;

	if (m & KEY_ALIAS)
		to->alias = from->alias;
	if (m & KEY_USER)
		to->user = from->user;
	if (m & KEY_TEAM)
		to->team = from->team;
	if (m & KEY_METADATA)
		to->metadata = from->metadata;
	if (m & KEY_ALIASES)
		to->aliases = from->aliases;
	if (m & KEY_TAGS)
		to->tags = from->tags;
	if (m & KEY_MODELS) {
		memcpy(to->models, from->models, sizeof to->models);
		to->n_models = from->n_models;
	}
	if (m & KEY_EXPIRES)
		to->expires_ms = from->expires_ms;
	if (m & KEY_RPM)
		to->rpm = from->rpm;
	if (m & KEY_TPM)
		to->tpm = from->tpm;
	if (m & KEY_PARALLEL)
		to->parallel = from->parallel;
	if (m & KEY_BUDGET)
		to->budget_pico = from->budget_pico;
	if (m & KEY_SOFT_BUDGET)
		to->soft_budget_pico = from->soft_budget_pico;
	if (m & KEY_BUDGET_PERIOD) {
		to->budget_period_s = from->budget_period_s;
		to->budget_reset_ms =
			from->budget_period_s ? now_ms + from->budget_period_s * 1000 : 0;
	}
	if (m & KEY_BLOCKED)
		to->blocked = from->blocked;
}

/*
 * A row is written whole, so what was spent is brought up to date before it is read: a change
 * leaves the sum alone unless it sets it.
 */
static enum err read_settled(struct keyring *k, uint32_t id, struct control_key *out,
			     struct diag *d)
{
	TRY(store_settle_now(k->store, d));
	return store_key_by_id(k->store, id, &k->arena, out, d);
}

static enum err update(struct keyring *k, uint32_t id, const struct control_key *from,
		       struct str what, struct str actor, int64_t now_ms, struct control_key *out,
		       struct diag *d)
{
	TRY(read_settled(k, id, out, d));
	apply(out, from, now_ms);
	if (from->mask & KEY_SPEND)
		out->spent_pico = from->spent_pico < 0 ? 0 : from->spent_pico;
	TRY(key_judge(out, d));
	TRY(change(k, CHANGE_PUT, out, what, actor, now_ms, from->mask, d));
	out->slot = slot_find(k, id);
	assert(out->slot != UINT32_MAX);
	slot_reset_at(k, out->slot, out->budget_reset_ms);
	if (from->mask & KEY_SPEND)
		atomic_store(&k->counters->keys[out->slot].spent_pico, out->spent_pico);
	complete(k, out);
	tell_set(k, out);
	return OK;
}

static enum err on_update(struct keyring *k, struct rd *r, struct str actor, int64_t now_ms,
			  struct buf *out, struct diag *d)
{
	struct control_key from, key;
	struct str body = rd_bytes(r, (size_t)(r->end - r->p));

	if (control_key_decode(&from, body) != OK || from.id == 0 || (from.mask & ~all_fields))
		return ERR_SYNTAX;
	TRY(update(k, from.id, &from, S("key.update"), actor, now_ms, &key, d));
	return put_key(k, &key, out);
}

static enum err on_block(struct keyring *k, struct rd *r, struct str actor, int64_t now_ms,
			 struct buf *out, struct diag *d)
{
	struct control_key from = { .mask = KEY_BLOCKED }, key;
	struct str what = rd_str(r, LIMIT_NAME);

	from.blocked = rd_bool(r);
	if (rd_end(r) != OK)
		return ERR_SYNTAX;
	TRY(keyring_find(k, what, &key, d));
	TRY(update(k, key.id, &from, from.blocked ? S("key.block") : S("key.unblock"), actor,
		   now_ms, &key, d));
	return put_key(k, &key, out);
}

static enum err on_get(struct keyring *k, struct rd *r, struct str actor, int64_t now_ms,
		       struct buf *out, struct diag *d)
{
	struct control_key key;
	struct str what = rd_str(r, LIMIT_NAME);

	(void)actor;
	(void)now_ms;
	if (rd_end(r) != OK)
		return ERR_SYNTAX;
	TRY(keyring_find(k, what, &key, d));
	return put_key(k, &key, out);
}

static enum err on_delete(struct keyring *k, struct rd *r, struct str actor, int64_t now_ms,
			  struct buf *out, struct diag *d)
{
	struct control_key key;
	struct str what = rd_str(r, LIMIT_NAME);

	if (rd_end(r) != OK)
		return ERR_SYNTAX;
	TRY(keyring_find(k, what, &key, d));
	TRY(change(k, CHANGE_DELETE, &key, S("key.delete"), actor, now_ms, 0, d));
	slot_drop(k, key.slot);
	tell_drop(k, key.slot);
	return put_key(k, &key, out);
}

static enum err on_rotate(struct keyring *k, struct rd *r, struct str actor, int64_t now_ms,
			  struct buf *out, struct diag *d)
{
	struct control_key key;
	struct str what = rd_str(r, LIMIT_NAME);
	bool given = rd_bool(r);
	struct str secret = rd_str(r, KEY_SECRET_MAX);

	if (rd_end(r) != OK)
		return ERR_SYNTAX;
	TRY(keyring_find(k, what, &key, d));
	TRY(read_settled(k, key.id, &key, d));
	TRY(key_secret(&k->arena, given, secret, &key, &secret, d));
	TRY(change(k, CHANGE_PUT, &key, S("key.rotate"), actor, now_ms, 0, d));
	complete(k, &key);
	tell_drop(k, key.slot); /* the old hash must go, and at once */
	tell_set(k, &key);
	TRY(put_key(k, &key, out));
	wr_str(out, secret);
	return out->err;
}

static enum err on_list(struct keyring *k, struct rd *r, struct str actor, int64_t now_ms,
			struct buf *out, struct diag *d)
{
	uint32_t after = rd_u32(r), max = rd_u32(r), n = 0;
	struct control_key key;
	enum err e = OK;

	(void)actor;
	(void)now_ms;
	if (rd_end(r) != OK)
		return ERR_SYNTAX;
	wr_u32(out, k->count);
	size_t count_at = out->n;
	wr_u32(out, 0);
	for (; n < max && n < LIST_MAX; n++, after = key.id) {
		struct str body;
		arena_reset(&k->arena);
		e = store_key_after(k->store, after, &k->arena, &key, d);
		if (e != OK)
			break;
		complete(k, &key);
		TRY(encode(k, &key, &body));
		if (out->n + 4 + body.n > REPLY_MAX)
			break; /* the next request begins here */
		wr_str(out, body);
	}
	if (out->err == OK)
		le32_put(out->p + count_at, n);
	return e != OK && e != ERR_NOT_FOUND ? e : out->err;
}

enum err keyring_request(struct keyring *k, uint16_t type, struct str body, struct str actor,
			 int64_t now_ms, struct buf *out, struct diag *d)
{
	static const struct {
		uint16_t type;
		enum err (*serve)(struct keyring *, struct rd *, struct str, int64_t, struct buf *,
				  struct diag *);
	} rows[] = {
		{ MSG_KEY_CREATE, on_create }, { MSG_KEY_UPDATE, on_update },
		{ MSG_KEY_GET, on_get },       { MSG_KEY_LIST, on_list },
		{ MSG_KEY_DELETE, on_delete }, { MSG_KEY_BLOCK, on_block },
		{ MSG_KEY_ROTATE, on_rotate },
	};
	struct rd r = rd_from(body);

	arena_reset(&k->arena);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].type == type)
			return rows[i].serve(k, &r, actor, now_ms, out, d);
	return ERR_SYNTAX;
}

/* ---- budgets ---- */

void keyring_recount(struct keyring *k)
{
	struct control_key key = { .id = 0 };

	if (store_settle_now(k->store, NULL) != OK)
		return; /* the disk is full: the counters are the best there is */
	arena_reset(&k->arena);
	while (store_key_after(k->store, key.id, &k->arena, &key, NULL) == OK) {
		uint32_t slot = slot_find(k, key.id);
		if (slot != UINT32_MAX)
			atomic_store(&k->counters->keys[slot].spent_pico, key.spent_pico);
		arena_reset(&k->arena);
	}
}

static void reset_one(struct keyring *k, uint32_t slot, int64_t now_ms)
{
	struct control_key key;

	arena_reset(&k->arena);
	enum err e = store_key_by_id(k->store, k->slots[slot].id, &k->arena, &key, NULL);
	if (e == ERR_NOT_FOUND || (e == OK && key.budget_period_s == 0)) {
		k->slots[slot].reset_ms = 0;
		return;
	}
	if (e == OK) {
		/* Periods follow each other; those that passed while the gate was down are not made
		 * up for. */
		int64_t period_ms = key.budget_period_s * 1000;
		key.budget_reset_ms += ((now_ms - key.budget_reset_ms) / period_ms + 1) * period_ms;
		key.spent_pico = 0;
		e = change(k, CHANGE_PUT, &key, S("key.budget_reset"), S("keeper"), now_ms,
			   KEY_SPEND, NULL);
	}
	if (e != OK) {
		k->slots[slot].reset_ms = now_ms + 1000; /* the disk is full, or fails */
		return;
	}
	atomic_store(&k->counters->keys[slot].spent_pico, 0);
	k->slots[slot].reset_ms = key.budget_reset_ms;
	key.slot = slot;
	tell_set(k, &key);
}

void keyring_tick(struct keyring *k, int64_t now_ms)
{
	if (now_ms < k->next_reset_ms)
		return;
	k->next_reset_ms = never;
	for (uint32_t i = 0; i < LIMIT_KEYS; i++) {
		struct key_slot *s = &k->slots[i];
		if (s->id == 0 || s->id == key_gone || s->reset_ms == 0)
			continue;
		if (s->reset_ms <= now_ms)
			reset_one(k, i, now_ms);
		if (s->reset_ms != 0 && s->reset_ms < k->next_reset_ms)
			k->next_reset_ms = s->reset_ms;
	}
}
