/*
 * admin/key_api.c - /key/...: LiteLLM's requests and replies, keeper's messages.
 * Input: hostile.   Runs in: admin.   Fuzz: fuzz/key_field_fuzz.c for bodies
 */
#include "admin/admin.h"

#include "base/num.h"
#include "codec/jw.h"
#include "codec/url.h"
#include "crypto/sha256.h"

#include <string.h>

enum { PAGE_MAX = 100, LIST_STEP = 200 };

/* What a reply brings: one key, borrowed until the next message. False: the request has been
 * answered. */
static bool take_key(struct conn *c, struct answer *a, struct control_key *out)
{
	if (a->err != OK) {
		conn_refused(c, a);
		return false;
	}
	struct str body = rd_str(&a->rest, LIMIT_CONTROL);
	if (a->rest.err == OK && control_key_decode(out, body) == OK)
		return true;
	conn_error(c, 500, S("the gate's own answer is not understood"), S(""));
	return false;
}

/* The members of an object that tell a key's hash and all that may be known of it. */
static void put_key(struct buf *b, const struct control_key *k)
{
	jw_key(b, S("token"));
	key_hash_text(b, k->hash);
	key_members(b, k);
}

/* Asks about the key of that name; more is what the message has behind it. */
static void ask_named(struct conn *c, enum control_msg type, struct str name, struct str more,
		      void (*on_answer)(struct conn *, struct answer *))
{
	struct buf b;

	buf_init(&b, LIMIT_CONTROL);
	wr_str(&b, name);
	buf_add(&b, more);
	conn_ask(c, (uint16_t)type, buf_str(&b), on_answer);
	buf_wipe(&b);
	buf_free(&b);
}

/* Reads a body of key members. False: the request has been answered. */
static bool read_fields(struct conn *c)
{
	const struct json *body;
	struct diag d = { 0 };
	enum err e = body_object(c, &body, &d);

	if (e == OK)
		e = key_fields(c, body, &d);
	if (e != OK)
		conn_fail(c, &d);
	return e == OK;
}

/* Which key a request is about: in the path, else "key" of its body. */
static bool need_name(struct conn *c)
{
	if (c->wanted.n == 0)
		c->wanted = c->secret;
	if (c->wanted.n && c->wanted.n <= LIMIT_NAME)
		return true;
	conn_error(c, 400, S("say which key: {\"key\": \"...\"}"), S("key"));
	return false;
}

/* ---- /key/generate, /key/regenerate ---- */

/* The one reply that holds a key's secret. */
static void answer_secret(struct conn *c, struct answer *a)
{
	struct buf *b = &c->json;
	struct control_key k;

	if (!take_key(c, a, &k))
		return;
	struct str secret = rd_str(&a->rest, LIMIT_NAME);
	jw_obj(b);
	jw_kv_str(b, S("key"), secret);
	jw_key(b, S("token_id"));
	key_hash_text(b, k.hash);
	put_key(b, &k);
	jw_obj_end(b);
	conn_send(c, 200);
}

void key_generate(struct conn *c)
{
	struct buf b, key;

	if (!read_fields(c))
		return;
	buf_init(&b, LIMIT_CONTROL - IPC_HEAD);
	buf_init(&key, LIMIT_CONTROL);
	control_key_encode(&c->key, &key);
	wr_str(&b, buf_str(&key));
	wr_bool(&b, c->secret_given);
	wr_str(&b, c->secret);
	if (key.err != OK || b.err != OK)
		conn_error(c, 413, S("the key is too large"), S(""));
	else
		conn_ask(c, MSG_KEY_CREATE, buf_str(&b), answer_secret);
	buf_wipe(&b);
	buf_free(&b);
	buf_free(&key);
}

static void rotate(struct conn *c)
{
	/* Keeper makes the secret: none is given, "". */
	ask_named(c, MSG_KEY_ROTATE, c->wanted, S("\0\0\0\0\0"), answer_secret);
}

/* ---- /key/update, and changes that come with /key/regenerate ---- */

static void on_updated(struct conn *c, struct answer *a)
{
	struct buf *b = &c->json;
	struct control_key k;

	if (!take_key(c, a, &k))
		return;
	if (c->full) {
		rotate(c);
		return;
	}
	jw_obj(b);
	jw_kv_str(b, S("key"), c->wanted);
	put_key(b, &k);
	jw_obj_end(b);
	conn_send(c, 200);
}

static void on_found(struct conn *c, struct answer *a)
{
	struct control_key k;
	struct buf b;

	if (!take_key(c, a, &k))
		return;
	c->key.id = k.id;
	buf_init(&b, LIMIT_CONTROL - IPC_HEAD);
	control_key_encode(&c->key, &b);
	if (b.err != OK)
		conn_error(c, 413, S("the key is too large"), S(""));
	else
		conn_ask(c, MSG_KEY_UPDATE, buf_str(&b), on_updated);
	buf_free(&b);
}

void key_update(struct conn *c)
{
	if (!read_fields(c) || !need_name(c))
		return;
	c->full = false;
	ask_named(c, MSG_KEY_GET, c->wanted, S(""), on_found);
}

void key_regenerate(struct conn *c)
{
	if (!read_fields(c) || !need_name(c))
		return;
	c->full = true; /* after the update comes the new secret */
	if (c->key.mask)
		ask_named(c, MSG_KEY_GET, c->wanted, S(""), on_found);
	else
		rotate(c);
}

/* ---- /key/block, /key/unblock ---- */

static void on_blocked(struct conn *c, struct answer *a)
{
	struct buf *b = &c->json;
	struct control_key k;

	if (!take_key(c, a, &k))
		return;
	jw_obj(b);
	put_key(b, &k);
	jw_obj_end(b);
	conn_send(c, 200);
}

static void block(struct conn *c, struct str blocked)
{
	if (read_fields(c) && need_name(c))
		ask_named(c, MSG_KEY_BLOCK, c->wanted, blocked, on_blocked);
}

void key_block(struct conn *c)
{
	block(c, S("\1"));
}

void key_unblock(struct conn *c)
{
	block(c, S("\0"));
}

/* ---- /key/delete ---- */

static void on_deleted(struct conn *c, struct answer *a)
{
	struct buf *b = &c->json;

	if (a->err != OK && !(a->err == ERR_NOT_FOUND && c->seen > 0)) {
		conn_refused(c, a);
		return;
	}
	if (a->err == OK) {
		c->seen++;
		c->names[c->total++] = c->names[c->at];
	}
	if (++c->at < c->n_names) {
		ask_named(c, MSG_KEY_DELETE, c->names[c->at], S(""), on_deleted);
		return;
	}
	jw_obj(b);
	jw_key(b, S("deleted_keys"));
	jw_arr(b);
	for (uint32_t i = 0; i < c->total; i++)
		jw_str(b, c->names[i]);
	jw_arr_end(b);
	jw_obj_end(b);
	conn_send(c, 200);
}

static enum err read_names(struct conn *c, const struct json *list, struct str member,
			   struct diag *d)
{
	if (list == NULL || json_is(list, JSON_NULL))
		return OK;
	if (!json_is(list, JSON_ARRAY))
		return diag_param(d, ERR_SYNTAX, member, "'%.*s' must be an array of strings",
				  FMT(member));
	JSON_EACH_ITEM(list, it) {
		struct str s = json_str(&c->arena, it);
		if (s.p == NULL || s.n == 0 || s.n > LIMIT_NAME)
			return diag_param(d, ERR_SYNTAX, member,
					  "'%.*s' must be an array of strings", FMT(member));
		if (c->n_names == ADMIN_NAMES)
			return diag_param(d, ERR_LIMIT, member, "%d keys at most in one request",
					  (int)ADMIN_NAMES);
		c->names[c->n_names++] = s;
	}
	return OK;
}

void key_delete(struct conn *c)
{
	const struct json *body;
	struct diag d = { 0 };
	enum err e = body_object(c, &body, &d);

	c->n_names = c->at = c->seen = c->total = 0;
	if (e == OK)
		e = read_names(c, json_get(body, S("keys")), S("keys"), &d);
	if (e == OK)
		e = read_names(c, json_get(body, S("key_aliases")), S("key_aliases"), &d);
	if (e == OK && c->n_names == 0)
		e = diag_param(&d, ERR_SYNTAX, S("keys"), "name the keys: 'keys' or 'key_aliases'");
	if (e != OK)
		conn_fail(c, &d);
	else
		ask_named(c, MSG_KEY_DELETE, c->names[0], S(""), on_deleted);
}

/* ---- /key/info ---- */

static void on_info(struct conn *c, struct answer *a)
{
	struct buf *b = &c->json;
	struct control_key k;

	if (a->err != OK) {
		/* A key that asks about another must not learn which exist. */
		if (c->caller == CALLER_MASTER)
			conn_refused(c, a);
		else
			conn_error(c, 403, S("this key may only ask about itself"), S("key"));
		return;
	}
	if (!take_key(c, a, &k))
		return;
	if (c->caller != CALLER_MASTER && memcmp(k.hash, c->caller_hash, sizeof k.hash) != 0) {
		conn_error(c, 403, S("this key may only ask about itself"), S("key"));
		return;
	}
	jw_obj(b);
	jw_key(b, S("key"));
	if (c->wanted.n)
		jw_str(b, c->wanted);
	else
		key_hash_text(b, k.hash);
	jw_key(b, S("info"));
	jw_obj(b);
	key_members(b, &k);
	jw_obj_end(b);
	jw_obj_end(b);
	conn_send(c, 200);
}

void key_info(struct conn *c)
{
	char hex[SHA256_HEX];
	struct buf b;

	c->wanted = query_get(c, S("key"));
	buf_fixed(&b, hex, sizeof hex);
	buf_addhex(&b, (struct str){ (const char *)c->caller_hash, sizeof c->caller_hash });
	if (c->wanted.n == 0 && c->caller == CALLER_MASTER)
		conn_error(c, 400, S("say which key: ?key=..."), S("key"));
	else if (c->wanted.n > LIMIT_NAME)
		conn_error(c, 400, S("this is no key"), S("key"));
	else
		ask_named(c, MSG_KEY_GET, c->wanted.n ? c->wanted : buf_str(&b), S(""), on_info);
}

/* ---- /key/list ---- */

static void list_step(struct conn *c);

static void list_end(struct conn *c)
{
	struct buf *b = &c->json;

	jw_arr_end(b);
	jw_kv_int(b, S("total_count"), c->total);
	jw_kv_int(b, S("current_page"), c->page);
	jw_kv_int(b, S("total_pages"), (c->total + c->size - 1) / c->size);
	jw_obj_end(b);
	conn_send(c, 200);
}

static bool list_wants(const struct conn *c, const struct control_key *k)
{
	return (c->names[0].n == 0 || str_eq(k->alias, c->names[0])) &&
	       (c->names[1].n == 0 || str_eq(k->user, c->names[1])) &&
	       (c->names[2].n == 0 || str_eq(k->team, c->names[2]));
}

static void list_one(struct conn *c, const struct control_key *k)
{
	struct buf *b = &c->json;

	if (!list_wants(c, k))
		return;
	uint32_t from = (c->page - 1) * c->size, n = c->total++;
	if (n < from || n >= from + c->size)
		return;
	if (!c->full) {
		key_hash_text(b, k->hash);
		return;
	}
	jw_obj(b);
	put_key(b, k);
	jw_obj_end(b);
}

static void on_listed(struct conn *c, struct answer *a)
{
	if (a->err != OK) {
		conn_refused(c, a);
		return;
	}
	(void)rd_u32(&a->rest);
	uint32_t n = rd_count(&a->rest, LIMIT_KEYS, 4);
	for (uint32_t i = 0; i < n; i++) {
		struct control_key k;
		if (!take_key(c, a, &k))
			return;
		c->at = k.id;
		list_one(c, &k);
	}
	if (n == 0)
		list_end(c);
	else
		list_step(c);
}

static void list_step(struct conn *c)
{
	char room[8];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	wr_u32(&b, c->at);
	wr_u32(&b, LIST_STEP);
	conn_ask(c, MSG_KEY_LIST, buf_str(&b), on_listed);
}

static uint32_t number_or(struct str s, uint32_t fallback, uint32_t max)
{
	uint64_t v;

	if (num_u64(s, UINT32_MAX, &v) != OK || v == 0)
		return fallback;
	return v > max ? max : (uint32_t)v;
}

void key_list(struct conn *c)
{
	c->page = number_or(query_get(c, S("page")), 1, 100000);
	c->size = number_or(query_get(c, S("size")), 10, PAGE_MAX);
	c->full = str_ieq(query_get(c, S("return_full_object")), S("true"));
	c->names[0] = query_get(c, S("key_alias"));
	c->names[1] = query_get(c, S("user_id"));
	c->names[2] = query_get(c, S("team_id"));
	c->at = c->total = 0;
	jw_obj(&c->json);
	jw_key(&c->json, S("keys"));
	jw_arr(&c->json);
	list_step(c);
}
