/*
 * proto/policy.c - the compiled configuration: encode, decode, and the look-ups that everybody
 * must do the same way.
 * Input: own (keeper), read as if hostile. Runs in: keeper, ingress, admin, cli. Fuzz:
 * fuzz/policy_fuzz.c
 */
#include "proto/policy.h"

#include "base/rd.h"

#include <assert.h>
#include <stdlib.h>

enum {
	MAGIC = 0x314c4f50, /* "POL1" */
	TEXT_MAX = 256 << 10, /* one default's JSON text */
	GROUPS_MAX = 1024,
	DROPS_MAX = 256,
	TO_MAX = 256,         /* names in one fallback list */
	PRICES_MAX = 16384,
};

/* ---- lists of strings ---- */

static void strs_encode(const struct str *s, uint32_t n, struct buf *b)
{
	wr_u32(b, n);
	for (uint32_t i = 0; i < n; i++)
		wr_str(b, s[i]);
}

/* array gives room for n items, or NULL with the reader failed when the arena is spent. */
static void *array(struct rd *r, struct arena *a, uint32_t n, size_t size, size_t align)
{
	if (n == 0 || r->err != OK)
		return NULL;
	void *p = arena_array(a, n, size, align);
	if (p == NULL)
		r->err = ERR_NOMEM;
	return p;
}
#define ARRAY(r, a, type, n) ((type *)array((r), (a), (n), sizeof(type), _Alignof(type)))

static struct str *strs_decode(struct rd *r, struct arena *a, uint32_t max, uint32_t *out_n)
{
	uint32_t n = rd_count(r, max, 4);
	struct str *s = ARRAY(r, a, struct str, n);

	for (uint32_t i = 0; s && i < n; i++)
		s[i] = rd_str(r, LIMIT_NAME);
	*out_n = s ? n : 0;
	return s;
}

/* ---- deployments ---- */

static void price_encode(const struct policy_price *p, struct buf *b)
{
	wr_i64(b, p->input);
	wr_i64(b, p->output);
	wr_i64(b, p->cache_read);
	wr_i64(b, p->cache_write);
	wr_i64(b, p->reasoning);
}

static void price_decode(struct rd *r, struct policy_price *p)
{
	p->input = rd_i64(r);
	p->output = rd_i64(r);
	p->cache_read = rd_i64(r);
	p->cache_write = rd_i64(r);
	p->reasoning = rd_i64(r);
}

static void defaults_encode(const struct policy_default *d, uint32_t n, struct buf *b)
{
	wr_u32(b, n);
	for (uint32_t i = 0; i < n; i++) {
		wr_str(b, d[i].name);
		wr_str(b, d[i].value);
	}
}

static struct policy_default *defaults_decode(struct rd *r, struct arena *a, uint32_t *out_n)
{
	uint32_t n = rd_count(r, POLICY_DEFAULTS, 8);
	struct policy_default *d = ARRAY(r, a, struct policy_default, n);

	for (uint32_t i = 0; d && i < n; i++) {
		d[i].name = rd_str(r, LIMIT_NAME);
		d[i].value = rd_str(r, TEXT_MAX);
	}
	*out_n = d ? n : 0;
	return d;
}

static void deployment_encode(const struct policy_deployment *d, struct buf *b)
{
	wr_str(b, d->id);
	wr_str(b, d->provider);
	wr_str(b, d->upstream_model);
	wr_str(b, d->base_model);
	wr_u8(b, (uint8_t)d->serves);
	wr_bool(b, d->compatible);
	wr_u16(b, d->upstream);
	wr_u32(b, d->weight);
	wr_u32(b, d->rpm);
	wr_u32(b, d->max_parallel);
	wr_u64(b, d->tpm);
	wr_u32(b, d->order);
	wr_u32(b, d->timeout_ms);
	wr_u32(b, d->stream_timeout_ms);
	wr_u32(b, (uint32_t)d->max_retries);
	wr_u32(b, d->cooldown_ms);
	wr_bool(b, d->drop_params);
	wr_i64(b, d->max_output_tokens);
	wr_i64(b, d->max_input_tokens);
	price_encode(&d->price, b);
	defaults_encode(d->defaults, d->n_defaults, b);
	defaults_encode(d->extra_body, d->n_extra_body, b);
	strs_encode(d->drops, d->n_drops, b);
	defaults_encode(d->info, d->n_info, b);
}

static void deployment_decode(struct rd *r, struct arena *a, struct policy_deployment *d)
{
	d->id = rd_str(r, LIMIT_NAME);
	d->provider = rd_str(r, LIMIT_NAME);
	d->upstream_model = rd_str(r, LIMIT_NAME);
	d->base_model = rd_str(r, LIMIT_NAME);
	d->serves = (enum policy_provider_kind)rd_u8(r);
	d->compatible = rd_bool(r);
	d->upstream = rd_u16(r);
	d->weight = rd_u32(r);
	d->rpm = rd_u32(r);
	d->max_parallel = rd_u32(r);
	d->tpm = rd_u64(r);
	d->order = rd_u32(r);
	d->timeout_ms = rd_u32(r);
	d->stream_timeout_ms = rd_u32(r);
	d->max_retries = (int32_t)rd_u32(r);
	d->cooldown_ms = rd_u32(r);
	d->drop_params = rd_bool(r);
	d->max_output_tokens = rd_i64(r);
	d->max_input_tokens = rd_i64(r);
	price_decode(r, &d->price);
	d->defaults = defaults_decode(r, a, &d->n_defaults);
	d->extra_body = defaults_decode(r, a, &d->n_extra_body);
	d->drops = strs_decode(r, a, DROPS_MAX, &d->n_drops);
	d->info = defaults_decode(r, a, &d->n_info);
	if (r->err == OK && (unsigned)d->serves >= SERVES_COUNT)
		r->err = ERR_SYNTAX;
}

enum { DEPLOYMENT_MIN = 4 * 4 + 1 + 1 + 2 + 3 * 4 + 8 + 5 * 4 + 1 + 2 * 8 + 5 * 8 + 4 * 4 };

/* ---- names and routes ---- */

static void model_encode(const struct policy_model *m, struct buf *b)
{
	wr_str(b, m->name);
	wr_u32(b, m->n_deployments);
	for (uint32_t i = 0; i < m->n_deployments; i++)
		wr_u32(b, m->deployments[i]);
	strs_encode(m->access_groups, m->n_access_groups, b);
	wr_bool(b, m->hidden);
}

static void model_decode(struct rd *r, struct arena *a, struct policy_model *m,
			 uint32_t n_deployments)
{
	m->name = rd_str(r, LIMIT_NAME);
	uint32_t n = rd_count(r, LIMIT_DEPLOYMENTS, 4);
	m->deployments = ARRAY(r, a, uint32_t, n);
	m->n_deployments = m->deployments ? n : 0;
	for (uint32_t i = 0; i < m->n_deployments; i++) {
		m->deployments[i] = rd_u32(r);
		if (r->err == OK && m->deployments[i] >= n_deployments)
			r->err = ERR_SYNTAX;
	}
	m->access_groups = strs_decode(r, a, GROUPS_MAX, &m->n_access_groups);
	m->hidden = rd_bool(r);
}

static void fallback_encode(const struct policy_fallback *f, struct buf *b)
{
	wr_u8(b, (uint8_t)f->kind);
	wr_str(b, f->model);
	strs_encode(f->to, f->n_to, b);
}

static void fallback_decode(struct rd *r, struct arena *a, struct policy_fallback *f)
{
	uint8_t kind = rd_u8(r);

	if (r->err == OK && kind > FALLBACK_CONTENT)
		r->err = ERR_SYNTAX;
	f->kind = (enum policy_fallback_kind)kind;
	f->model = rd_str(r, LIMIT_NAME);
	f->to = strs_decode(r, a, TO_MAX, &f->n_to);
}

static void by_class_encode(const struct policy_by_class *c, struct buf *b)
{
	wr_u32(b, (uint32_t)c->bad_request);
	wr_u32(b, (uint32_t)c->auth);
	wr_u32(b, (uint32_t)c->timeout);
	wr_u32(b, (uint32_t)c->rate_limit);
	wr_u32(b, (uint32_t)c->content);
	wr_u32(b, (uint32_t)c->internal);
}

static void by_class_decode(struct rd *r, struct policy_by_class *c)
{
	c->bad_request = (int32_t)rd_u32(r);
	c->auth = (int32_t)rd_u32(r);
	c->timeout = (int32_t)rd_u32(r);
	c->rate_limit = (int32_t)rd_u32(r);
	c->content = (int32_t)rd_u32(r);
	c->internal = (int32_t)rd_u32(r);
}

/* ---- the whole ---- */

static void encode_head(const struct policy *p, struct buf *b)
{
	wr_u32(b, MAGIC);
	wr_u64(b, p->generation);
	wr_bytes(b, (struct str){ (const char *)p->config_hash, POLICY_HASH });
	wr_bool(b, p->has_master);
	wr_bytes(b, (struct str){ (const char *)p->master_hash, POLICY_HASH });
	wr_bool(b, p->open);
	wr_bool(b, p->admin_on_inference);
	wr_str(b, p->key_header);
	wr_str(b, p->price_version);
}

static void encode_router(const struct policy *p, struct buf *b)
{
	wr_u8(b, (uint8_t)p->strategy);
	wr_u32(b, (uint32_t)p->num_retries);
	wr_u32(b, (uint32_t)p->max_fallbacks);
	wr_u32(b, p->retry_after_ms);
	wr_u32(b, p->timeout_ms);
	wr_u32(b, p->stream_timeout_ms);
	wr_u32(b, p->allowed_fails);
	wr_u32(b, p->cooldown_ms);
	wr_bool(b, p->disable_cooldowns);
	wr_bool(b, p->pre_call_checks);
	wr_bool(b, p->drop_params);
	by_class_encode(&p->retry_policy, b);
	by_class_encode(&p->allowed_fails_policy, b);
	wr_u32(b, p->max_body_bytes);
	wr_u32(b, p->global_max_parallel);
	wr_bool(b, p->always_include_usage);
	wr_bool(b, p->metrics_auth);
	wr_bool(b, p->enforce_user);
	strs_encode(p->user_headers, p->n_user_headers, b);
}

void policy_encode(const struct policy *p, struct buf *b)
{
	encode_head(p, b);
	wr_u32(b, p->n_deployments);
	for (uint32_t i = 0; i < p->n_deployments; i++)
		deployment_encode(&p->deployments[i], b);
	wr_u32(b, p->n_models);
	wr_u32(b, p->n_exact);
	for (uint32_t i = 0; i < p->n_models; i++)
		model_encode(&p->models[i], b);
	wr_u32(b, p->n_aliases);
	for (uint32_t i = 0; i < p->n_aliases; i++) {
		wr_str(b, p->aliases[i].name);
		wr_str(b, p->aliases[i].model);
		wr_bool(b, p->aliases[i].hidden);
	}
	wr_u32(b, p->n_fallbacks);
	for (uint32_t i = 0; i < p->n_fallbacks; i++)
		fallback_encode(&p->fallbacks[i], b);
	wr_u32(b, p->n_prices);
	for (uint32_t i = 0; i < p->n_prices; i++) {
		wr_str(b, p->prices[i].model);
		price_encode(&p->prices[i].price, b);
		wr_i64(b, p->prices[i].max_input_tokens);
		wr_i64(b, p->prices[i].max_output_tokens);
	}
	encode_router(p, b);
}

static void decode_head(struct rd *r, struct policy *p)
{
	if (rd_u32(r) != MAGIC && r->err == OK)
		r->err = ERR_SYNTAX;
	p->generation = rd_u64(r);
	struct str hash = rd_bytes(r, POLICY_HASH);
	if (hash.n == POLICY_HASH)
		memcpy(p->config_hash, hash.p, POLICY_HASH);
	p->has_master = rd_bool(r);
	hash = rd_bytes(r, POLICY_HASH);
	if (hash.n == POLICY_HASH)
		memcpy(p->master_hash, hash.p, POLICY_HASH);
	p->open = rd_bool(r);
	p->admin_on_inference = rd_bool(r);
	p->key_header = rd_str(r, LIMIT_NAME);
	p->price_version = rd_str(r, LIMIT_NAME);
}

static void decode_deployments(struct rd *r, struct arena *a, struct policy *p)
{
	uint32_t n = rd_count(r, LIMIT_DEPLOYMENTS, DEPLOYMENT_MIN);

	p->deployments = ARRAY(r, a, struct policy_deployment, n);
	p->n_deployments = p->deployments ? n : 0;
	for (uint32_t i = 0; i < p->n_deployments && r->err == OK; i++)
		deployment_decode(r, a, &p->deployments[i]);
}

static void decode_models(struct rd *r, struct arena *a, struct policy *p)
{
	uint32_t n = rd_count(r, LIMIT_MODELS, 13);

	p->n_exact = rd_u32(r);
	if (r->err == OK && p->n_exact > n)
		r->err = ERR_SYNTAX;
	p->models = ARRAY(r, a, struct policy_model, n);
	p->n_models = p->models ? n : 0;
	for (uint32_t i = 0; i < p->n_models && r->err == OK; i++) {
		model_decode(r, a, &p->models[i], p->n_deployments);
		/* The look-up halves the range: order is part of the format. */
		if (i > 0 && i < p->n_exact && str_cmp(p->models[i - 1].name,
						       p->models[i].name) >= 0)
			r->err = ERR_SYNTAX;
	}
}

static void decode_aliases(struct rd *r, struct arena *a, struct policy *p)
{
	uint32_t n = rd_count(r, LIMIT_MODELS, 9);

	p->aliases = ARRAY(r, a, struct policy_alias, n);
	p->n_aliases = p->aliases ? n : 0;
	for (uint32_t i = 0; i < p->n_aliases && r->err == OK; i++) {
		p->aliases[i].name = rd_str(r, LIMIT_NAME);
		p->aliases[i].model = rd_str(r, LIMIT_NAME);
		p->aliases[i].hidden = rd_bool(r);
		if (i > 0 && str_cmp(p->aliases[i - 1].name, p->aliases[i].name) >= 0)
			r->err = ERR_SYNTAX;
	}
}

static void decode_fallbacks(struct rd *r, struct arena *a, struct policy *p)
{
	uint32_t n = rd_count(r, 3 * LIMIT_MODELS, 9);

	p->fallbacks = ARRAY(r, a, struct policy_fallback, n);
	p->n_fallbacks = p->fallbacks ? n : 0;
	for (uint32_t i = 0; i < p->n_fallbacks && r->err == OK; i++)
		fallback_decode(r, a, &p->fallbacks[i]);
}

static void decode_prices(struct rd *r, struct arena *a, struct policy *p)
{
	uint32_t n = rd_count(r, PRICES_MAX, 4 + 7 * 8);

	p->prices = ARRAY(r, a, struct policy_price_row, n);
	p->n_prices = p->prices ? n : 0;
	for (uint32_t i = 0; i < p->n_prices && r->err == OK; i++) {
		p->prices[i].model = rd_str(r, LIMIT_NAME);
		price_decode(r, &p->prices[i].price);
		p->prices[i].max_input_tokens = rd_i64(r);
		p->prices[i].max_output_tokens = rd_i64(r);
		if (i > 0 && str_cmp(p->prices[i - 1].model, p->prices[i].model) >= 0)
			r->err = ERR_SYNTAX;
	}
}

static void decode_router(struct rd *r, struct arena *a, struct policy *p)
{
	uint8_t strategy = rd_u8(r);

	if (r->err == OK && strategy >= ROUTE_COUNT)
		r->err = ERR_SYNTAX;
	p->strategy = (enum policy_strategy)strategy;
	p->num_retries = (int32_t)rd_u32(r);
	p->max_fallbacks = (int32_t)rd_u32(r);
	p->retry_after_ms = rd_u32(r);
	p->timeout_ms = rd_u32(r);
	p->stream_timeout_ms = rd_u32(r);
	p->allowed_fails = rd_u32(r);
	p->cooldown_ms = rd_u32(r);
	p->disable_cooldowns = rd_bool(r);
	p->pre_call_checks = rd_bool(r);
	p->drop_params = rd_bool(r);
	by_class_decode(r, &p->retry_policy);
	by_class_decode(r, &p->allowed_fails_policy);
	p->max_body_bytes = rd_u32(r);
	if (r->err == OK && p->max_body_bytes > LIMIT_BODY)
		r->err = ERR_LIMIT;
	p->global_max_parallel = rd_u32(r);
	p->always_include_usage = rd_bool(r);
	p->metrics_auth = rd_bool(r);
	p->enforce_user = rd_bool(r);
	p->user_headers = strs_decode(r, a, POLICY_USER_HEADERS, &p->n_user_headers);
}

enum err policy_decode(struct policy *out, struct str blob, struct arena *a)
{
	struct rd r = rd_from(blob);
	struct policy p = { 0 };

	decode_head(&r, &p);
	decode_deployments(&r, a, &p);
	decode_models(&r, a, &p);
	decode_aliases(&r, a, &p);
	decode_fallbacks(&r, a, &p);
	decode_prices(&r, a, &p);
	decode_router(&r, a, &p);
	TRY(rd_end(&r));
	*out = p;
	return OK;
}

/* ---- look-ups ---- */

static int by_name(const void *name, const void *row)
{
	return str_cmp(*(const struct str *)name, *(const struct str *)row);
}

/* find looks a name up in a table whose rows begin with theirs, and are sorted by it. */
static const void *find(const void *rows, uint32_t n, size_t size, struct str name)
{
	return n ? bsearch(&name, rows, n, size, by_name) : NULL;
}
#define FIND(rows, n, name) find((rows), (n), sizeof *(rows), (name))

static_assert(offsetof(struct policy_alias, name) == 0, "as find wants it");
static_assert(offsetof(struct policy_model, name) == 0, "as find wants it");
static_assert(offsetof(struct policy_price_row, model) == 0, "as find wants it");

/* A pattern has one '*', which may match nothing. */
static bool star_match(struct str pattern, struct str name, struct str *out_star)
{
	struct str tail, head = str_cut(pattern, '*', &tail);

	if (head.n == pattern.n || name.n < head.n + tail.n)
		return false;
	if (!str_has_prefix(name, head) || !str_has_suffix(name, tail))
		return false;
	*out_star = str_head(str_tail(name, head.n), name.n - head.n - tail.n);
	return true;
}

const struct policy_model *policy_model_find(const struct policy *p, struct str name,
					     struct str *out_star)
{
	/* One step only: an alias of an alias is none, so no configuration can make a loop. */
	const struct policy_alias *alias = FIND(p->aliases, p->n_aliases, name);
	if (alias)
		name = alias->model;
	*out_star = S("");
	const struct policy_model *m = FIND(p->models, p->n_exact, name);
	if (m)
		return m;
	for (uint32_t i = p->n_exact; i < p->n_models; i++)
		if (star_match(p->models[i].name, name, out_star))
			return &p->models[i];
	return NULL;
}

static const struct policy_price_row *row_find(const struct policy *p, struct str model)
{
	return FIND(p->prices, p->n_prices, model);
}

/* "provider/model" in the caller's room; "" when it does not fit. */
static struct str join(char *room, size_t cap, struct str provider, struct str model)
{
	struct buf b;

	buf_fixed(&b, room, cap);
	buf_add(&b, provider);
	buf_addc(&b, '/');
	buf_add(&b, model);
	return b.err == OK ? buf_str(&b) : S("");
}

const struct policy_price_row *policy_row_find(const struct policy *p,
					       const struct policy_deployment *d,
					       struct str upstream_model)
{
	char room[2 * LIMIT_NAME + 1];
	struct str rest;
	const struct policy_price_row *row = d->base_model.n ? row_find(p, d->base_model) : NULL;

	if (row == NULL && d->base_model.n) {
		(void)str_cut(d->base_model, '/', &rest);
		row = rest.n ? row_find(p, rest) : NULL;
	}
	if (row == NULL)
		row = row_find(p, join(room, sizeof room, d->provider, upstream_model));
	/* OpenAI's prices are not those of a server that only speaks its format. */
	if (row == NULL && !d->compatible)
		row = row_find(p, upstream_model);
	return row;
}

struct policy_price policy_price_find(const struct policy *p, const struct policy_deployment *d,
				      struct str upstream_model)
{
	/* A row that names a price of its own names all of it: a cache price from the table beside
	 * the operator's input price would be a mix that nobody asked for. */
	if (d->price.input >= 0 || d->price.output >= 0)
		return d->price;
	const struct policy_price_row *row = policy_row_find(p, d, upstream_model);
	return row ? row->price : (struct policy_price){ -1, -1, -1, -1, -1 };
}
