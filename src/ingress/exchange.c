/*
 * ingress/exchange.c - one request: its head, its body, its end. Asking is attempt.c's, answers are
 * relay.c's.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/json_fuzz.c
 */
#include "ingress/exchange.h"

#include "ingress/attempt.h"
#include "ingress/auth.h"
#include "ingress/choose.h"
#include "ingress/limits.h"
#include "ingress/link.h"
#include "ingress/meter.h"
#include "ingress/relay.h"
#include "ingress/request.h"

#include "base/num.h"
#include "codec/url.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	ARENA_SMALL = 1 << 10,
};

static_assert(sizeof(struct exchange) + ARENA_SMALL <= LIMIT_CALL_SLOT, "as base/limits.h says");

/* ---- life -------------------------------------------------------------------------------------
 */

static struct exchange *take(struct ingress *in)
{
	struct exchange *x = in->free_exchanges;

	if (x == NULL) {
		x = calloc(1, sizeof *x);
		if (x == NULL)
			return NULL;
		arena_init_small(&x->arena, LIMIT_CALL_ARENA, ARENA_SMALL);
		buf_init(&x->got, LIMIT_RESPONSE);
		buf_init(&x->held, LIMIT_RESPONSE);
		x->in = in;
		return x;
	}
	in->free_exchanges = x->next_free;
	return x;
}

/* Hands the slot back, all but its memory forgotten. */
static void give(struct exchange *x)
{
	struct ingress *in = x->in;
	struct arena arena;
	struct buf got = x->got, held = x->held;

	assert(!x->in_flight);
	timer_cancel(&x->timer);
	if (x->lent) {
		link_keep(in->link, x->call_id, &x->body);
		link_keep(in->link, x->call_id, &x->sent);
	}
	body_free(in->bodies, &x->body);
	body_free(in->bodies, &x->sent);
	in->promised -= x->promised;
	if (x->counted)
		limits_release(in, x->key_slot);
	if (x->key_slot != UINT32_MAX)
		limits_pend(in, x->key_slot, x->pending, (struct limits_share){ 0, 0 });
	generation_drop(x->gen);
	arena_reset(&x->arena);
	arena = x->arena;
	buf_free(&got);
	buf_free(&held);
	*x = (struct exchange){
		.in = in, .arena = arena, .got = got, .held = held, .next_free = in->free_exchanges
	};
	in->free_exchanges = x;
}

static void make_id(struct exchange *x)
{
	/* Sixteen letters and no digit: clients that look for "403" in an error's text would find
	 * it in some ids. */
	static const char letters[] = "abcdefghjkmnpqrs";
	struct ingress *in = x->in;
	uint64_t parts[] = { (uint64_t)x->start_ms, in->worker, ++in->request_no };
	static const unsigned digits[] = { 12, 2, 8 };
	char *at = x->id;

	for (unsigned i = 0; i < 3; i++) {
		for (unsigned d = digits[i]; d-- > 0;)
			*at++ = letters[parts[i] >> (4 * d) & 15];
	}
	*at = '\0';
}

void exchange_finish(struct exchange *x)
{
	struct conn *c = x->conn;

	meter_call(x);
	give(x);
	if (c != NULL) {
		c->x = NULL;
		conn_done(c);
	}
}

void exchange_cancel(struct exchange *x)
{
	if (!x->in_flight)
		return;
	if (x->dep->serves != SERVES_ECHO) {
		link_cancel(x->in->link, x->call_id);
		x->lent = x->answer == A_NONE; /* proto/call.h: until HEAD or END */
	}
	choose_end(x->in, x->dep_index);
	x->in_flight = false;
}

/* What an error says may lie in the answer's buffer or in x itself, which are given back before the
 * client is told. */
static struct llm_error error_for_turn(const struct llm_error *e, struct arena *turn)
{
	struct llm_error out = *e;
	struct str *all[] = { &out.message, &out.code, &out.param, &out.request_id, &out.body };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i]->p != NULL)
			*all[i] = arena_dup(turn, *all[i]);
	return out;
}

void exchange_refuse(struct exchange *x, const struct llm_error *e, const struct reply_limits *lim)
{
	struct llm_error told = error_for_turn(e, &x->in->turn);
	struct conn *c = x->conn;
	enum llm_dialect client = x->client;
	char id[sizeof x->id];

	memcpy(id, x->id, sizeof id);
	x->status = e->status;
	exchange_cancel(x);
	meter_call(x);
	give(x);
	if (c != NULL) {
		c->x = NULL;
		reply_error(c, client, &told, str_z(id), lim);
	}
}

void exchange_refuse_diag(struct exchange *x, const struct diag *d, const struct reply_limits *lim)
{
	struct llm_error e = { 0 };

	llm_error_set(&e, reply_error_kind(d->err), &x->in->turn, str_z(diag_text(d)));
	if (d->param[0])
		e.param = arena_dup(&x->in->turn, str_z(d->param));
	if (d->err == ERR_NOT_FOUND)
		e.code = S("model_not_found");
	exchange_refuse(x, &e, lim);
}

void exchange_gone(struct exchange *x)
{
	x->abandoned = x->in_flight;
	exchange_cancel(x);
	x->conn = NULL;
	x->flags |= USAGE_CLIENT_GONE;
	x->status = x->head_sent ? x->status : 499; /* nginx's code for a client that left */
	if (x->model.p != NULL)
		meter_call(x);
	give(x);
}

/* ---- the head ---------------------------------------------------------------------------------
 */

/* Request fields that reach a provider of the same dialect. */
static const struct {
	enum http1_known from;
	enum call_field to;
} passed[] = {
	{ H_ANTHROPIC_VERSION, FIELD_ANTHROPIC_VERSION },
	{ H_ANTHROPIC_BETA, FIELD_ANTHROPIC_BETA },
	{ H_OPENAI_BETA, FIELD_OPENAI_BETA },
	{ H_IDEMPOTENCY_KEY, FIELD_IDEMPOTENCY_KEY },
};

static uint32_t milliseconds(struct str seconds)
{
	int64_t ms;

	return seconds.p != NULL && num_scaled(seconds, 3, &ms) == OK && ms > 0 && ms < INT32_MAX
		       ? (uint32_t)ms
		       : 0;
}

/* user_of gives the end user whom a header names, in LiteLLM's order. */
static struct str user_of(const struct policy *p, const struct http1_head *h)
{
	struct str user = h->known[H_X_LITELLM_CUSTOMER_ID];

	if (user.n == 0)
		user = h->known[H_X_LITELLM_END_USER_ID];
	for (uint32_t i = 0; user.n == 0 && i < p->n_user_headers; i++)
		user = http1_named(h, p->user_headers[i]);
	return user;
}

static enum err keep_fields(struct exchange *x, const struct http1_head *h, struct diag *d)
{
	for (unsigned i = 0; i < sizeof passed / sizeof passed[0]; i++) {
		struct str v = h->known[passed[i].from];
		if (v.p == NULL)
			continue;
		if (v.n > CALL_FIELD_MAX)
			return diag_set(d, ERR_LIMIT, "the header '%.*s' is too long",
					FMT(call_field_name[passed[i].to]));
		x->fields[passed[i].to] = arena_dup(&x->arena, v);
	}
	usage_text(x->end_user, sizeof x->end_user, user_of(&x->gen->policy, h));
	x->timeout_ms = milliseconds(h->known[H_X_LITELLM_TIMEOUT]);
	x->stream_timeout_ms = milliseconds(h->known[H_X_LITELLM_STREAM_TIMEOUT]);
	uint64_t retries;
	if (h->known[H_X_LITELLM_NUM_RETRIES].p != NULL &&
	    num_u64(h->known[H_X_LITELLM_NUM_RETRIES], UINT32_MAX, &retries) == OK)
		x->retries_asked = retries < EXCHANGE_RETRIES ? (int)retries : EXCHANGE_RETRIES;
	return OK;
}

/* The model of a Gemini or Azure path. */
static enum err keep_path_model(struct exchange *x, struct str encoded, struct diag *d)
{
	char room[LIMIT_NAME];
	struct buf b;

	if (encoded.p == NULL)
		return OK;
	buf_fixed(&b, room, sizeof room);
	url_decode(&b, encoded);
	if (b.err != OK || b.n == 0)
		return diag_param(d, ERR_SYNTAX, S("model"),
				  "the model in the path is not readable");
	x->query_model = arena_dup(&x->arena, buf_str(&b));
	return x->query_model.p ? OK : diag_set(d, ERR_NOMEM, "no memory for this request");
}

static enum err begin(struct exchange *x, const struct route_match *m, const struct http1_head *h,
		      struct diag *d)
{
	struct ingress *in = x->in;
	struct caller caller;

	if (!in->keys_ready)
		return diag_set(d, ERR_AGAIN, "the gate is starting; retry in a second");
	TRY(auth_caller(in, h, &caller, d));
	if (caller.key != NULL) {
		x->key_id = caller.key->id;
		x->key_slot = caller.key->slot;
	}
	TRY(encoding_find(h->known[H_CONTENT_ENCODING], &x->encoding, d));
	x->stream = m->route->endpoint == EP_STREAM_GENERATE;
	x->array_stream = x->stream && !str_eq(http1_query_get(h->query, S("alt")), S("sse"));
	TRY(keep_fields(x, h, d));
	TRY(keep_path_model(x, m->model, d));
	if (!usage_room(in->usage, in->promised))
		return diag_set(d, ERR_BUSY,
				"usage cannot be recorded, so no call is made; free disk space for "
				"the gate");
	return OK;
}

/*
 * turn_away answers and leaves no record: without a known caller there is nobody to charge, and a
 * key that is over its limits must not write as much into the records as it likes.
 */
static void turn_away(struct exchange *x, const struct diag *d, const struct reply_limits *lim)
{
	struct conn *c = x->conn;
	struct llm_error e = { 0 };
	enum llm_dialect client = x->client;
	char id[sizeof x->id];

	memcpy(id, x->id, sizeof id);
	llm_error_set(&e, reply_error_kind(d->err), &c->in->turn, str_z(diag_text(d)));
	if (d->err == ERR_ENCODING)
		e.status = 415;
	c->x = NULL;
	give(x);
	reply_error(c, client, &e, str_z(id), lim);
}

void exchange_begin(struct conn *c, const struct route_match *m, const struct http1_head *h)
{
	struct exchange *x = take(c->in);
	struct diag d = { 0 };

	if (x == NULL) {
		reply_plain(c, 503, "no memory for this request");
		return;
	}
	c->x = x;
	x->conn = c;
	x->gen = generation_ref(c->in->gen);
	x->route = m->route;
	x->client = m->route->dialect;
	x->key_slot = UINT32_MAX;
	x->retries_asked = -1;
	x->start_ms = (int64_t)loop_wall_ms(c->in->loop);
	x->start_mono_ms = loop_now_ms(c->in->loop);
	make_id(x);
	if (begin(x, m, h, &d) == OK) {
		x->promised = true;
		c->in->promised++;
		return;
	}
	turn_away(x, &d, NULL);
}

/* ---- the body ---------------------------------------------------------------------------------
 */

static enum err find_model(struct exchange *x, const struct key *key, struct diag *d)
{
	const struct policy *p = &x->gen->policy;
	struct str star;
	const struct policy_model *m = policy_model_find(p, x->model, &star);

	if (m == NULL)
		return diag_param(d, ERR_NOT_FOUND, S("model"),
				  "no model '%.*s' here; see /v1/models",
				  (int)(x->model.n < 100 ? x->model.n : 100), x->model.p);
	if (key != NULL && !limits_model(key, p, x->model, m))
		return diag_param(d, ERR_DENIED, S("model"),
				  "this key may not use the model '%.*s'; see /v1/models",
				  (int)(x->model.n < 100 ? x->model.n : 100), x->model.p);
	x->group = m;
	x->star = star.p ? arena_dup(&x->arena, star) : S("");
	return OK;
}

/* The key of x, as it is now; NULL for the master key or none. */
static enum err find_key(const struct exchange *x, const struct key **out, struct diag *d)
{
	*out = x->key_slot != UINT32_MAX ? keys_at(x->in->keys, x->key_slot) : NULL;
	if (x->key_slot != UINT32_MAX && (*out == NULL || (*out)->id != x->key_id))
		return diag_set(d, ERR_AUTH, "this key has been withdrawn");
	return OK;
}

/* Before anything is done for the request: whatever becomes of it, it counts. */
static enum err admit(struct exchange *x, struct reply_limits *lim, struct diag *d)
{
	const struct key *key;

	TRY(find_key(x, &key, d));
	if (key == NULL)
		return OK;
	TRY(limits_admit(x->in, key, lim, d));
	x->counted = true;
	x->budgeted = key->budget_pico >= 0;
	x->limits = *lim;
	return OK;
}

/* A name that the key has for a model is that model from here on, in limits and records, too. */
static enum err take_alias(struct exchange *x, const struct key *key, struct diag *d)
{
	const struct json *aliases, *to;

	if (key == NULL || key->aliases.n == 0 ||
	    json_read(&x->in->turn, key->aliases, &aliases, NULL) != OK)
		return OK;
	to = json_get(aliases, x->model);
	if (!json_is(to, JSON_STRING))
		return OK;
	x->model = arena_dup(&x->arena, json_str(&x->in->turn, to));
	return x->model.p ? OK : diag_set(d, ERR_NOMEM, "no memory for this request");
}

static enum err look(struct exchange *x, const struct json *root, struct diag *d)
{
	const struct key *key;

	TRY(request_look(x, root, d));
	TRY(find_key(x, &key, d));
	TRY(take_alias(x, key, d));
	return find_model(x, key, d);
}

enum err exchange_adopt(struct exchange *x, struct diag *d)
{
	struct ingress *in = x->in;

	if (x->gen == in->gen)
		return OK;
	assert(!x->in_flight);
	generation_drop(x->gen);
	x->gen = generation_ref(in->gen);
	x->dep = NULL;
	x->n_tried = 0;
	x->next_fallback = 0;
	if (x->group == NULL)
		return OK; /* it is yet to be looked for */
	const struct key *key;
	x->group = NULL;
	TRY(find_key(x, &key, d));
	return find_model(x, key, d);
}

enum err exchange_parse(struct exchange *x, const struct json **out_root, struct diag *d)
{
	size_t at;
	enum err e = json_read(&x->in->turn, (struct str){ x->body.p, x->body.n }, out_root, &at);

	if (e == ERR_NOMEM || e == ERR_LIMIT)
		return diag_set(d, ERR_LIMIT,
				"the request body has too many values or is nested too deeply");
	if (e != OK)
		return diag_set(d, ERR_SYNTAX, "the request body is not valid JSON (at byte %zu)",
				at);
	return OK;
}

static enum err decode(struct exchange *x, struct diag *d)
{
	if (x->encoding == ENCODING_IDENTITY)
		return OK;
	TRY(encoding_decode(x->encoding, x->in->bodies, &x->in->turn, &x->body,
			    x->gen->policy.max_body_bytes, d));
	x->asked_bytes = x->body.n;
	return OK;
}

void exchange_body(struct exchange *x, struct body *body)
{
	struct reply_limits lim = { .limit_requests = -1, .limit_tokens = -1 };
	struct diag d = { 0 };
	const struct json *root;

	x->body = *body;
	x->asked_bytes = body->n;
	x->limits = lim;
	if (admit(x, &lim, &d) != OK) {
		turn_away(x, &d, &lim);
		return;
	}
	if (exchange_adopt(x, &d) != OK || decode(x, &d) != OK ||
	    exchange_parse(x, &root, &d) != OK || look(x, root, &d) != OK) {
		exchange_refuse_diag(x, &d, &lim);
		return;
	}
	attempt(x, root);
}
