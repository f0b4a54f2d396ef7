/*
 * proto/control.c - bodies of control messages.
 * Input: hostile (a subverted peer).   Runs in: keeper, ingress, admin, cli.
 * Fuzz: fuzz/control_fuzz.c
 */
#include "proto/control.h"

#include "base/num.h"
#include "base/rd.h"

#include <assert.h>
#include <string.h>

static struct str hash_str(const uint8_t hash[32])
{
	return (struct str){ (const char *)hash, 32 };
}

static void read_hash(struct rd *r, uint8_t out[32])
{
	struct str h = rd_bytes(r, 32);

	if (r->err == OK)
		memcpy(out, h.p, 32);
}

void control_key_encode(const struct control_key *k, struct buf *out)
{
	assert(k->n_models <= LIMIT_KEY_MODELS);
	wr_u32(out, k->id);
	wr_u32(out, k->slot);
	wr_u32(out, k->mask);
	wr_bytes(out, hash_str(k->hash));
	wr_str(out, k->name);
	wr_str(out, k->alias);
	wr_str(out, k->user);
	wr_str(out, k->team);
	wr_str(out, k->metadata);
	wr_str(out, k->aliases);
	wr_str(out, k->tags);
	wr_u32(out, k->n_models);
	for (uint32_t i = 0; i < k->n_models; i++)
		wr_str(out, k->models[i]);
	wr_i64(out, k->created_ms);
	wr_i64(out, k->expires_ms);
	wr_i64(out, k->rpm);
	wr_i64(out, k->tpm);
	wr_i64(out, k->parallel);
	wr_i64(out, k->budget_pico);
	wr_i64(out, k->soft_budget_pico);
	wr_i64(out, k->budget_period_s);
	wr_i64(out, k->budget_reset_ms);
	wr_i64(out, k->spent_pico);
	wr_bool(out, k->blocked);
}

/* A limit is -1 or a count. */
static int64_t read_limit(struct rd *r)
{
	int64_t v = rd_i64(r);

	if (v < -1 && r->err == OK)
		r->err = ERR_SYNTAX;
	return v;
}

static int64_t read_time(struct rd *r)
{
	int64_t v = rd_i64(r);

	if (v < 0 && r->err == OK)
		r->err = ERR_SYNTAX;
	return v;
}

/* A period is counted in milliseconds, too. */
static int64_t read_period(struct rd *r)
{
	int64_t v = read_time(r);

	if (v > (int64_t)NUM_DURATION_MAX && r->err == OK)
		r->err = ERR_SYNTAX;
	return v;
}

enum err control_key_decode(struct control_key *k, struct str body)
{
	struct rd r = rd_from(body);

	memset(k, 0, sizeof *k);
	k->id = rd_u32(&r);
	k->slot = rd_u32(&r);
	k->mask = rd_u32(&r);
	read_hash(&r, k->hash);
	k->name = rd_str(&r, LIMIT_NAME);
	k->alias = rd_str(&r, LIMIT_NAME);
	k->user = rd_str(&r, LIMIT_NAME);
	k->team = rd_str(&r, LIMIT_NAME);
	k->metadata = rd_str(&r, KEY_JSON_MAX);
	k->aliases = rd_str(&r, KEY_JSON_MAX);
	k->tags = rd_str(&r, KEY_JSON_MAX);
	k->n_models = rd_count(&r, LIMIT_KEY_MODELS, 4);
	for (uint32_t i = 0; i < k->n_models; i++)
		k->models[i] = rd_str(&r, LIMIT_NAME);
	k->created_ms = read_time(&r);
	k->expires_ms = read_time(&r);
	k->rpm = read_limit(&r);
	k->tpm = read_limit(&r);
	k->parallel = read_limit(&r);
	k->budget_pico = read_limit(&r);
	k->soft_budget_pico = read_limit(&r);
	k->budget_period_s = read_period(&r);
	k->budget_reset_ms = read_time(&r);
	k->spent_pico = rd_i64(&r);
	k->blocked = rd_bool(&r);
	return rd_end(&r);
}

void control_spend_query_encode(const struct control_spend_query *q, struct buf *out)
{
	wr_str(out, q->request_id);
	wr_str(out, q->key);
	wr_str(out, q->user);
	wr_i64(out, q->from_ms);
	wr_i64(out, q->to_ms);
	wr_u64(out, q->before);
	wr_u32(out, q->count);
}

enum err control_spend_query_decode(struct control_spend_query *q, struct str body)
{
	struct rd r = rd_from(body);

	q->request_id = rd_str(&r, LIMIT_NAME);
	q->key = rd_str(&r, LIMIT_NAME);
	q->user = rd_str(&r, LIMIT_NAME);
	q->from_ms = read_time(&r);
	q->to_ms = read_time(&r);
	q->before = rd_u64(&r);
	q->count = rd_u32(&r);
	return rd_end(&r);
}

void control_reply_encode(enum err e, struct str text, struct buf *out)
{
	wr_u32(out, (uint32_t)e);
	wr_str(out, text);
}

void control_reply_read(struct rd *r, enum err *out_err, struct str *out_text)
{
	uint32_t e = rd_u32(r);

	*out_text = rd_str(r, 1024);
	if (e >= ERR_COUNT && r->err == OK)
		r->err = ERR_SYNTAX;
	*out_err = r->err == OK ? (enum err)e : ERR_SYS;
}

void control_call_encode(const struct control_call *c, struct buf *out)
{
	wr_u64(out, c->number);
	wr_bytes(out, hash_str(c->key_hash));
	wr_str(out, c->key_name);
	wr_str(out, c->key_alias);
	wr_str(out, c->key_user);
	wr_str(out, c->key_team);
	wr_str(out, c->request_id);
	wr_str(out, c->model_asked);
	wr_str(out, c->model_served);
	wr_str(out, c->deployment);
	wr_str(out, c->end_user);
	wr_i64(out, c->start_ms);
	wr_i64(out, c->end_ms);
	wr_u32(out, c->first_byte_ms);
	wr_u32(out, c->status);
	wr_u32(out, c->upstream_status);
	wr_u32(out, c->attempts);
	wr_u32(out, c->flags);
	wr_u32(out, c->client_dialect);
	wr_u32(out, c->endpoint);
	wr_i64(out, c->input);
	wr_i64(out, c->cache_read);
	wr_i64(out, c->cache_write);
	wr_i64(out, c->output);
	wr_i64(out, c->reasoning);
	wr_i64(out, c->cost_pico);
}

enum err control_call_decode(struct control_call *c, struct str body)
{
	struct rd r = rd_from(body);

	memset(c, 0, sizeof *c);
	c->number = rd_u64(&r);
	read_hash(&r, c->key_hash);
	c->key_name = rd_str(&r, LIMIT_NAME);
	c->key_alias = rd_str(&r, LIMIT_NAME);
	c->key_user = rd_str(&r, LIMIT_NAME);
	c->key_team = rd_str(&r, LIMIT_NAME);
	c->request_id = rd_str(&r, LIMIT_NAME);
	c->model_asked = rd_str(&r, LIMIT_NAME);
	c->model_served = rd_str(&r, LIMIT_NAME);
	c->deployment = rd_str(&r, LIMIT_NAME);
	c->end_user = rd_str(&r, LIMIT_NAME);
	c->start_ms = rd_i64(&r);
	c->end_ms = rd_i64(&r);
	c->first_byte_ms = rd_u32(&r);
	c->status = rd_u32(&r);
	c->upstream_status = rd_u32(&r);
	c->attempts = rd_u32(&r);
	c->flags = rd_u32(&r);
	c->client_dialect = rd_u32(&r);
	c->endpoint = rd_u32(&r);
	c->input = rd_i64(&r);
	c->cache_read = rd_i64(&r);
	c->cache_write = rd_i64(&r);
	c->output = rd_i64(&r);
	c->reasoning = rd_i64(&r);
	c->cost_pico = rd_i64(&r);
	return rd_end(&r);
}

void control_sum_encode(const struct control_sum *s, struct buf *out)
{
	wr_i64(out, s->day);
	wr_bytes(out, hash_str(s->key_hash));
	wr_str(out, s->key_name);
	wr_str(out, s->key_alias);
	wr_str(out, s->model);
	wr_i64(out, s->calls);
	wr_i64(out, s->fails);
	wr_i64(out, s->input);
	wr_i64(out, s->cache_read);
	wr_i64(out, s->cache_write);
	wr_i64(out, s->output);
	wr_i64(out, s->reasoning);
	wr_i64(out, s->cost_pico);
}

enum err control_sum_decode(struct control_sum *s, struct str body)
{
	struct rd r = rd_from(body);

	memset(s, 0, sizeof *s);
	s->day = rd_i64(&r);
	read_hash(&r, s->key_hash);
	s->key_name = rd_str(&r, LIMIT_NAME);
	s->key_alias = rd_str(&r, LIMIT_NAME);
	s->model = rd_str(&r, LIMIT_NAME);
	s->calls = rd_i64(&r);
	s->fails = rd_i64(&r);
	s->input = rd_i64(&r);
	s->cache_read = rd_i64(&r);
	s->cache_write = rd_i64(&r);
	s->output = rd_i64(&r);
	s->reasoning = rd_i64(&r);
	s->cost_pico = rd_i64(&r);
	return rd_end(&r);
}
