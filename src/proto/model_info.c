/* proto/model_info.c - a deployment as LiteLLM shows it. Ring 0. */
#include "proto/model_info.h"

#include "codec/jw.h"

enum { MONEY_SCALE = 12 };

static void per_token(struct buf *b, struct str name, int64_t pico)
{
	jw_key(b, name);
	if (pico < 0)
		jw_null(b);
	else
		jw_number(b, pico, MONEY_SCALE);
}

static void params(struct buf *b, const struct policy_deployment *d, struct str upstream)
{
	jw_key(b, S("litellm_params"));
	jw_obj(b);
	jw_key(b, S("model"));
	jw_quote_open(b);
	jw_str_add(b, d->provider);
	jw_str_add(b, S("/"));
	jw_str_add(b, upstream);
	jw_quote_close(b);
	jw_kv_str(b, S("custom_llm_provider"), d->provider);
	if (d->rpm)
		jw_kv_int(b, S("rpm"), d->rpm);
	if (d->tpm)
		jw_kv_int(b, S("tpm"), (int64_t)d->tpm);
	if (d->weight)
		jw_kv_int(b, S("weight"), d->weight);
	if (d->order)
		jw_kv_int(b, S("order"), d->order);
	jw_obj_end(b);
}

static void tokens(struct buf *b, const struct policy_deployment *d,
		   const struct policy_price_row *row)
{
	int64_t in = d->max_input_tokens, out = d->max_output_tokens;

	if (in == 0 && row != NULL)
		in = row->max_input_tokens;
	if (out == 0 && row != NULL)
		out = row->max_output_tokens;
	if (out)
		jw_kv_int(b, S("max_tokens"), out);
	if (in)
		jw_kv_int(b, S("max_input_tokens"), in);
	if (out)
		jw_kv_int(b, S("max_output_tokens"), out);
}

void model_info_write(struct buf *b, const struct policy *p, const struct policy_deployment *d,
		      struct str name, struct str upstream)
{
	struct policy_price price = policy_price_find(p, d, upstream);

	jw_obj(b);
	jw_kv_str(b, S("model_name"), name);
	params(b, d, upstream);
	jw_key(b, S("model_info"));
	jw_obj(b);
	jw_kv_str(b, S("id"), d->id);
	jw_kv_bool(b, S("db_model"), false);
	jw_kv_str(b, S("key"), upstream);
	if (d->base_model.n)
		jw_kv_str(b, S("base_model"), d->base_model);
	jw_kv_str(b, S("litellm_provider"), d->provider);
	jw_kv_str(b, S("mode"), S("chat"));
	tokens(b, d, policy_row_find(p, d, upstream));
	per_token(b, S("input_cost_per_token"), price.input);
	per_token(b, S("output_cost_per_token"), price.output);
	per_token(b, S("cache_read_input_token_cost"), price.cache_read);
	per_token(b, S("cache_creation_input_token_cost"), price.cache_write);
	for (uint32_t i = 0; i < d->n_info; i++) {
		jw_str(b, d->info[i].name); /* a name that may need escaping */
		buf_addc(b, ':');
		buf_add(b, d->info[i].value);
	}
	jw_obj_end(b);
	jw_obj_end(b);
}

/* The row's model as the provider itself calls it; "" where the row is of another provider. */
static struct str own_name(const struct policy_price_row *row, const struct policy_deployment *d)
{
	struct str rest, provider = str_cut(row->model, '/', &rest);

	if (rest.n)
		return str_eq(provider, d->provider) ? rest : S("");
	if (d->compatible || str_chr(row->model, ':') != SIZE_MAX ||
	    str_has_prefix(row->model, S("gemini")))
		return S("");
	return d->serves == (str_has_prefix(row->model, S("claude")) ? SERVES_ANTHROPIC
								     : SERVES_OPENAI)
		       ? row->model
		       : S("");
}

bool model_info_known(const struct policy *p, const struct policy_model *m,
		      const struct policy_price_row *row, char room[LIMIT_NAME],
		      struct str *out_name, struct str *out_upstream)
{
	const struct policy_deployment *d = &p->deployments[m->deployments[0]];
	struct str after, before = str_cut(d->upstream_model, '*', &after);
	struct str own = own_name(row, d), tail, head = str_cut(m->name, '*', &tail), star;
	struct buf b;

	if (before.n == d->upstream_model.n || own.n < before.n + after.n || own.n == 0 ||
	    !str_has_prefix(own, before) || !str_has_suffix(own, after))
		return false;
	buf_fixed(&b, room, LIMIT_NAME);
	buf_add(&b, head);
	buf_add(&b, str_head(str_tail(own, before.n), own.n - before.n - after.n));
	buf_add(&b, tail);
	if (b.err != OK || policy_model_find(p, buf_str(&b), &star) != m)
		return false;
	*out_name = buf_str(&b);
	*out_upstream = own;
	return true;
}
