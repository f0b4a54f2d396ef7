/*
 * ingress/steer.c - what a request's body asks of the gate.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/json_fuzz.c
 */
#include "ingress/steer.h"

#include "base/num.h"

enum use {
	USE_REFUSED = 1, /* it would choose the host, the credential or the answer */
	USE_LEFT_OUT,	 /* for parts of LiteLLM that are not here */
	USE_METADATA,
	USE_RETRIES,
	USE_TIMEOUT,
	USE_STREAM_TIMEOUT,
	USE_DROP,
	USE_FALLBACKS,
	USE_DROPS,
};

struct word {
	struct str name;
	enum use use;
};

enum { LONGEST = 28, SAME_LENGTH = 6, DROPS = 16 };

/* By length, so that a member of no interest costs next to nothing. */
static const struct word words[LONGEST + 1][SAME_LENGTH + 1] = {
	[4] = { { SC("tags"), USE_LEFT_OUT } },
	[5] = { { SC("cache"), USE_LEFT_OUT } },
	[6] = { { SC("no-log"), USE_LEFT_OUT } },
	[7] = { { SC("api_key"), USE_REFUSED },
		{ SC("timeout"), USE_TIMEOUT },
		{ SC("caching"), USE_LEFT_OUT },
		{ SC("verbose"), USE_LEFT_OUT } },
	[8] = { { SC("metadata"), USE_METADATA },
		{ SC("api_base"), USE_REFUSED },
		{ SC("base_url"), USE_REFUSED } },
	[9] = { { SC("fallbacks"), USE_FALLBACKS } },
	[10] = { { SC("model_list"), USE_REFUSED }, { SC("guardrails"), USE_LEFT_OUT } },
	[11] = { { SC("api_version"), USE_REFUSED },
		 { SC("user_config"), USE_REFUSED },
		 { SC("num_retries"), USE_RETRIES },
		 { SC("max_retries"), USE_RETRIES },
		 { SC("drop_params"), USE_DROP } },
	[13] = { { SC("mock_response"), USE_REFUSED }, { SC("langfuse_host"), USE_LEFT_OUT } },
	[14] = { { SC("stream_timeout"), USE_STREAM_TIMEOUT } },
	[15] = { { SC("request_timeout"), USE_TIMEOUT },
		 { SC("litellm_call_id"), USE_LEFT_OUT },
		 { SC("langfuse_secret"), USE_LEFT_OUT } },
	[16] = { { SC("litellm_metadata"), USE_LEFT_OUT },
		 { SC("litellm_trace_id"), USE_LEFT_OUT } },
	[17] = { { SC("langsmith_api_key"), USE_LEFT_OUT },
		 { SC("langsmith_project"), USE_LEFT_OUT } },
	[18] = { { SC("litellm_session_id"), USE_LEFT_OUT },
		 { SC("langsmith_base_url"), USE_LEFT_OUT } },
	[19] = { { SC("custom_llm_provider"), USE_REFUSED },
		 { SC("langfuse_public_key"), USE_LEFT_OUT },
		 { SC("langfuse_secret_key"), USE_LEFT_OUT } },
	[21] = { { SC("allowed_openai_params"), USE_LEFT_OUT },
		 { SC("litellm_request_debug"), USE_LEFT_OUT } },
	[22] = { { SC("additional_drop_params"), USE_DROPS } },
	[24] = { { SC("context_window_fallbacks"), USE_LEFT_OUT },
		 { SC("content_policy_fallbacks"), USE_LEFT_OUT },
		 { SC("turn_off_message_logging"), USE_LEFT_OUT } },
	[25] = { { SC("disable_global_guardrails"), USE_LEFT_OUT } },
	[28] = { { SC("context_window_fallback_dict"), USE_LEFT_OUT } },
};

static const struct word *find(const struct json *key)
{
	size_t from = key->esc ? 0 : key->n, to = key->esc ? LONGEST : key->n;

	for (size_t n = from; n <= to && n <= LONGEST; n++)
		for (const struct word *w = words[n]; w->name.p != NULL; w++)
			if (json_str_eq(key, w->name))
				return w;
	return NULL;
}

static enum err bad(const struct word *w, const char *what, struct diag *d)
{
	return diag_param(d, ERR_SYNTAX, w->name, "'%.*s' must be %s", FMT(w->name), what);
}

static enum err take_retries(struct exchange *x, const struct word *w, const struct json *v,
			     struct diag *d)
{
	int64_t n;

	if (!json_is(v, JSON_NUMBER) || json_i64(v, &n) != OK || n < 0)
		return bad(w, "a whole number that is not negative", d);
	if (x->retries_asked < 0)
		x->retries_asked = n < EXCHANGE_RETRIES ? (int)n : EXCHANGE_RETRIES;
	return OK;
}

static enum err take_timeout(struct exchange *x, const struct word *w, const struct json *v,
			     struct diag *d)
{
	int64_t ms;

	if (!json_is(v, JSON_NUMBER) || num_scaled(json_raw(v), 3, &ms) != OK || ms <= 0)
		return bad(w, "a number of seconds above 0", d);
	uint32_t *at = w->use == USE_TIMEOUT ? &x->timeout_ms : &x->stream_timeout_ms;
	if (*at == 0)
		*at = ms < INT32_MAX ? (uint32_t)ms : INT32_MAX;
	return OK;
}

/* Names, or maps of a name alone: what else LiteLLM allows in the maps is what is refused above. */
static enum err take_fallbacks(struct exchange *x, const struct word *w, const struct json *v,
			       struct diag *d)
{
	struct policy_fallback *own = NEW(&x->arena, struct policy_fallback);
	size_t n = json_is(v, JSON_ARRAY) ? json_count(v) : 0;

	if (n == 0 || n > LIMIT_FALLBACKS)
		return bad(w, "a list of one to five models", d);
	if (own == NULL)
		return diag_set(d, ERR_NOMEM, "no memory for this request");
	own->to = arena_alloc(&x->arena, n * sizeof *own->to, _Alignof(struct str));
	JSON_EACH_ITEM (v, it) {
		const struct json *name = json_count(it) == 1 ? json_get(it, S("model")) : NULL;
		if (json_is(it, JSON_STRING))
			name = it;
		if (!json_is(name, JSON_STRING) || name->n > LIMIT_NAME)
			return bad(w, "a list of models' names", d);
		struct str text = json_str(&x->in->turn, name);
		if (own->to == NULL || text.p == NULL)
			return diag_set(d, ERR_NOMEM, "no memory for this request");
		own->to[own->n_to++] = arena_dup(&x->arena, text);
	}
	x->own_fallbacks = own;
	return OK;
}

static enum err take(struct exchange *x, const struct word *w, const struct json *v, struct diag *d)
{
	if (w->use == USE_REFUSED)
		return diag_param(d, ERR_DENIED, w->name,
				  "'%.*s' cannot be set by a request; it belongs to the gate's "
				  "configuration",
				  FMT(w->name));
	if (json_is(v, JSON_NULL))
		return OK;
	switch (w->use) {
	case USE_RETRIES:
		return take_retries(x, w, v, d);
	case USE_TIMEOUT:
	case USE_STREAM_TIMEOUT:
		return take_timeout(x, w, v, d);
	case USE_FALLBACKS:
		return take_fallbacks(x, w, v, d);
	case USE_DROP:
		x->drop_params = json_bool(v);
		return OK;
	case USE_DROPS:
		x->drops = json_is(v, JSON_ARRAY) && json_count(v) <= DROPS;
		return x->drops ? OK : bad(w, "a list of 16 parameters' names at the most", d);
	case USE_REFUSED:
	case USE_LEFT_OUT:
	case USE_METADATA:
	default:
		return OK;
	}
}

enum err steer_look(struct exchange *x, const struct json *root, struct diag *d)
{
	JSON_EACH_MEMBER (root, key) {
		const struct word *w = find(key);
		if (w == NULL)
			continue;
		x->steered = true;
		TRY(take(x, w, key + 1, d));
	}
	return OK;
}

/* OpenAI takes metadata of calls that it stores, and only strings; what LiteLLM's clients put there
 * is for LiteLLM. Elsewhere metadata is a member of the dialect. */
static bool is_provider_metadata(const struct exchange *x, const struct json *root)
{
	return x->client != DIALECT_OPENAI || json_bool(json_get(root, S("store")));
}

/* What says which model answers and how it is metered is not for dropping. */
static bool may_drop(const struct json *name)
{
	return json_is(name, JSON_STRING) && !json_str_eq(name, S("model")) &&
	       !json_str_eq(name, S("stream")) && !json_str_eq(name, S("stream_options"));
}

void steer_drop(const struct exchange *x, const struct json *root, struct splice *s)
{
	if (!x->drops)
		return;
	const struct json *names = json_get(root, S("additional_drop_params"));
	JSON_EACH_ITEM (names, name) {
		const struct json *v = may_drop(name) ? json_get(root, json_str(&x->in->turn, name))
						      : NULL;
		if (v != NULL)
			splice_remove(s, root, v - 1);
	}
}

void steer_splice(const struct exchange *x, const struct json *root, struct splice *s)
{
	if (!x->steered)
		return;
	steer_drop(x, root, s);
	JSON_EACH_MEMBER (root, key) {
		const struct word *w = find(key);
		if (w != NULL && !(w->use == USE_METADATA && is_provider_metadata(x, root)))
			splice_remove(s, root, key);
	}
}

void steer_extras(struct llm_extra **list)
{
	struct llm_extra *kept = NULL, *next;

	for (struct llm_extra *e = *list; e != NULL; e = next) {
		struct json key = { .p = e->name.p, .n = (uint32_t)e->name.n, .type = JSON_STRING };
		next = e->next;
		const struct word *w = find(&key);
		if (w != NULL && w->use != USE_METADATA)
			continue;
		e->next = NULL;
		if (kept == NULL)
			*list = kept = e;
		else
			kept->last->next = e;
		kept->last = e;
	}
	if (kept == NULL)
		*list = NULL;
}
