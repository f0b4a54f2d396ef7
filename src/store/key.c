/*
 * store/key.c - virtual keys. Only hashes are stored.
 * Runs in: keeper.
 */
#include "store/db.h"

#include <assert.h>
#include <string.h>

/* Models stand one a line; names with control characters were refused before. */
static void join_models(const struct control_key *k, struct buf *out)
{
	for (uint32_t i = 0; i < k->n_models; i++) {
		if (i)
			buf_addc(out, '\n');
		buf_add(out, k->models[i]);
	}
}

static enum err bind_and_run(struct store *s, enum statement q, const struct control_key *k,
			     struct diag *d)
{
	const struct str text[] = { k->name,	 k->alias,   k->user, k->team,
				    k->metadata, k->aliases, k->tags };
	const int64_t n[] = { k->created_ms,
			      k->expires_ms,
			      k->rpm,
			      k->tpm,
			      k->parallel,
			      k->budget_pico,
			      k->soft_budget_pico,
			      k->budget_period_s,
			      k->budget_reset_ms,
			      k->spent_pico,
			      k->blocked };
	struct buf models;
	struct str joined;

	buf_init(&models, LIMIT_KEY_MODELS * (LIMIT_NAME + 1));
	join_models(k, &models);
	enum err e = buf_finish(&models, &joined);
	if (e == OK) {
		if (q == Q_KEY_PUT)
			db_int(s, q, 1, k->id);
		db_blob(s, q, 2, (struct str){ (const char *)k->hash, sizeof k->hash });
		for (int i = 0; i < 7; i++)
			db_text(s, q, 3 + i, text[i]);
		db_text(s, q, 10, joined);
		for (int i = 0; i < 11; i++)
			db_int(s, q, 11 + i, n[i]);
		e = db_run(s, q, d);
	}
	buf_free(&models);
	return e;
}

enum err store_key_add(struct store *s, const struct control_key *k, uint32_t *out_id,
		       struct diag *d)
{
	assert(s->open);
	TRY(bind_and_run(s, Q_KEY_ADD, k, d));
	*out_id = (uint32_t)sqlite3_last_insert_rowid(s->db);
	return OK;
}

static enum err changed_one(struct store *s, struct diag *d)
{
	return sqlite3_changes(s->db) == 1 ? OK
					   : diag_set(d, ERR_NOT_FOUND, "there is no such key");
}

enum err store_key_put(struct store *s, const struct control_key *k, struct diag *d)
{
	assert(s->open);
	TRY(bind_and_run(s, Q_KEY_PUT, k, d));
	return changed_one(s, d);
}

enum err store_key_delete(struct store *s, uint32_t id, int64_t now_ms, struct diag *d)
{
	assert(s->open && now_ms > 0);
	db_int(s, Q_KEY_DELETE, 1, id);
	db_int(s, Q_KEY_DELETE, 2, now_ms);
	TRY(db_run(s, Q_KEY_DELETE, d));
	return changed_one(s, d);
}

static enum err split_models(struct control_key *k, struct str lines)
{
	while (lines.n) {
		struct str rest, line = str_cut(lines, '\n', &rest);
		if (k->n_models == LIMIT_KEY_MODELS)
			return ERR_LIMIT;
		k->models[k->n_models++] = line;
		lines = rest;
	}
	return OK;
}

static enum err read_key(struct store *s, enum statement q, struct arena *a, struct control_key *k)
{
	struct str *text[] = { &k->name,     &k->alias,	  &k->user, &k->team,
			       &k->metadata, &k->aliases, &k->tags };
	int64_t *n[] = { &k->created_ms,
			 &k->expires_ms,
			 &k->rpm,
			 &k->tpm,
			 &k->parallel,
			 &k->budget_pico,
			 &k->soft_budget_pico,
			 &k->budget_period_s,
			 &k->budget_reset_ms,
			 &k->spent_pico };
	struct str hash = db_get_str(s, q, 1);

	memset(k, 0, sizeof *k);
	k->id = (uint32_t)db_get(s, q, 0);
	if (hash.n != sizeof k->hash)
		return ERR_SYS;
	memcpy(k->hash, hash.p, hash.n);
	for (int i = 0; i < 7; i++) {
		*text[i] = arena_dup(a, db_get_str(s, q, 2 + i));
		if (text[i]->p == NULL)
			return ERR_NOMEM;
	}
	struct str models = arena_dup(a, db_get_str(s, q, 9));
	if (models.p == NULL)
		return ERR_NOMEM;
	for (int i = 0; i < 10; i++)
		*n[i] = db_get(s, q, 10 + i);
	k->blocked = db_get(s, q, 20) != 0;
	return split_models(k, models);
}

static enum err fetch(struct store *s, enum statement q, struct arena *a, struct control_key *out,
		      struct diag *d)
{
	enum err e = db_row(s, q, d);

	if (e == OK)
		e = read_key(s, q, a, out);
	db_reset(s, q);
	return e == ERR_NOT_FOUND ? diag_set(d, e, "there is no such key") : e;
}

enum err store_key_by_id(struct store *s, uint32_t id, struct arena *a, struct control_key *out,
			 struct diag *d)
{
	db_int(s, Q_KEY_BY_ID, 1, id);
	return fetch(s, Q_KEY_BY_ID, a, out, d);
}

enum err store_key_by_hash(struct store *s, const uint8_t hash[32], struct arena *a,
			   struct control_key *out, struct diag *d)
{
	db_blob(s, Q_KEY_BY_HASH, 1, (struct str){ (const char *)hash, 32 });
	return fetch(s, Q_KEY_BY_HASH, a, out, d);
}

enum err store_key_by_alias(struct store *s, struct str alias, struct arena *a,
			    struct control_key *out, struct diag *d)
{
	db_text(s, Q_KEY_BY_ALIAS, 1, alias);
	return fetch(s, Q_KEY_BY_ALIAS, a, out, d);
}

enum err store_key_after(struct store *s, uint32_t id, struct arena *a, struct control_key *out,
			 struct diag *d)
{
	db_int(s, Q_KEY_AFTER, 1, id);
	return fetch(s, Q_KEY_AFTER, a, out, d);
}

enum err store_key_count(struct store *s, uint32_t *out, struct diag *d)
{
	TRY(db_row(s, Q_KEY_COUNT, d));
	*out = (uint32_t)db_get(s, Q_KEY_COUNT, 0);
	db_reset(s, Q_KEY_COUNT);
	return OK;
}
