/*
 * config/set.c - setters of single values, request parameters and routes.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/keys.h"

#include <stddef.h>

enum { JSON_MAX = 256 << 10, SCALE_WEIGHT = 1000 };

enum err set_bool(struct loader *l, const struct node *v, void *field)
{
	return value_bool(l, v, field);
}

enum err set_node(struct loader *l, const struct node *v, void *field)
{
	(void)l;
	*(const struct node **)field = v;
	return OK;
}

enum err set_str(struct loader *l, const struct node *v, void *field)
{
	struct str s;

	TRY(value_str(l, v, &s));
	return keep(l, s, field);
}

enum err set_name(struct loader *l, const struct node *v, void *field)
{
	struct str s;

	TRY(value_str(l, v, &s));
	if (s.n > LIMIT_NAME)
		return diag_set(l->d, ERR_CONFIG, "is too long");
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ') /* names stand in headers */
			return diag_set(l->d, ERR_CONFIG, "has a control character");
	return keep(l, s, field);
}

/* LiteLLM falls back to the provider's own address when the variable is not set. Prompts that are
 * meant for a server of the house would leave it, so here the deployment is left out. */
enum err set_base(struct loader *l, const struct node *v, void *field)
{
	struct value got;

	TRY(value_of(l, v, false, &got));
	if (got.from == FROM_ENV && got.text.n == 0) {
		if (!l->io->survey)
			return diag_set(l->d, ERR_CONFIG, "names '%.*s', which is not set",
					FMT(got.name));
		note(l, CONFIG_MANUAL, S("model_list[].litellm_params.api_base"), v,
		     "its variable is not set here");
		return keep(l, S("https://unset.invalid"), field);
	}
	return set_str(l, v, field);
}

static enum err whole(struct loader *l, const struct node *v, unsigned scale, int64_t max,
		      int64_t *out)
{
	int64_t n = -1;

	TRY(value_scaled(l, v, scale, &n));
	if (n == -1 && node_null(v))
		return OK;
	if (n < 0 && v->kind == NODE_SCALAR && str_has_prefix(v->text, S("os.environ/")))
		return OK; /* the variable is not set: as if the key were not there */
	if (n < 0)
		return diag_set(l->d, ERR_CONFIG, "is negative");
	if (n > max)
		return diag_set(l->d, ERR_CONFIG, "is too large");
	*out = n;
	return OK;
}

enum err set_u32(struct loader *l, const struct node *v, void *field)
{
	uint32_t *out = field;
	int64_t n = *out;

	TRY(whole(l, v, 0, UINT32_MAX - 1, &n));
	*out = (uint32_t)n;
	return OK;
}

enum err set_u64(struct loader *l, const struct node *v, void *field)
{
	uint64_t *out = field;
	int64_t n = (int64_t)*out;

	TRY(whole(l, v, 0, INT64_MAX, &n));
	*out = (uint64_t)n;
	return OK;
}

enum err set_i32(struct loader *l, const struct node *v, void *field)
{
	int32_t *out = field;
	int64_t n = *out;

	TRY(whole(l, v, 0, 1000, &n));
	*out = (int32_t)n;
	return OK;
}

enum err set_i64(struct loader *l, const struct node *v, void *field)
{
	return whole(l, v, 0, INT64_MAX, field);
}

/* Seconds, with a fraction, into milliseconds. */
enum err set_ms(struct loader *l, const struct node *v, void *field)
{
	uint32_t *out = field;
	int64_t n = *out;

	TRY(whole(l, v, 3, UINT32_MAX - 1, &n));
	*out = (uint32_t)n;
	return OK;
}

/* Dollars into pico-dollars. */
enum err set_pico(struct loader *l, const struct node *v, void *field)
{
	return whole(l, v, 12, INT64_MAX / 2, field);
}

/* Weights are relative. They stay whole numbers where the file has whole numbers, see
 * route_finish. */
enum err set_weight(struct loader *l, const struct node *v, void *field)
{
	uint32_t *out = field;
	int64_t n = *out;

	TRY(whole(l, v, 3, UINT32_MAX - 1, &n));
	*out = (uint32_t)n;
	if (n % SCALE_WEIGHT != 0)
		l->weights_whole = false;
	return OK;
}

/* ---- request parameters ---- */

static enum err add_default(struct loader *l, const struct node *v, struct policy_default **items,
			    uint32_t *n, uint32_t *cap)
{
	struct buf json;
	struct policy_default d = { 0 };

	if (*n == POLICY_DEFAULTS)
		return diag_set(l->d, ERR_CONFIG, "is one parameter too many");
	buf_init(&json, JSON_MAX);
	enum err e = value_json(l, v, &json);
	if (e == OK)
		e = keep(l, v->name, &d.name);
	if (e == OK)
		e = keep(l, buf_str(&json), &d.value);
	buf_free(&json);
	if (e == ERR_LIMIT)
		return diag_set(l->d, ERR_CONFIG, "is too long");
	TRY(e);
	if (!GROW(l, *items, *n, cap))
		return ERR_NOMEM;
	(*items)[(*n)++] = d;
	return OK;
}

/* A variable that is not set leaves no parameter behind. */
static bool absent(struct loader *l, const struct node *v)
{
	struct value got;

	if (node_null(v))
		return true;
	return v->kind == NODE_SCALAR && value_of(l, v, false, &got) == OK && got.text.p == NULL;
}

enum err set_default(struct loader *l, const struct node *v, void *field)
{
	struct params *p = field;

	if (absent(l, v))
		return OK;
	return add_default(l, v, &p->d.defaults, &p->d.n_defaults, &p->cap_defaults);
}

enum err set_extra_body(struct loader *l, const struct node *v, void *field)
{
	struct params *p = field;

	if (node_null(v))
		return OK;
	if (v->kind != NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "is not a map");
	NODE_EACH(v, it)
	TRY(add_default(l, it, &p->d.extra_body, &p->d.n_extra_body, &p->cap_extra));
	return OK;
}

enum err set_info(struct loader *l, const struct node *v, void *field)
{
	struct params *p = field;

	if (absent(l, v) || p->d.n_info == POLICY_DEFAULTS)
		return OK;
	return add_default(l, v, &p->d.info, &p->d.n_info, &p->cap_info);
}

static enum err add_names(struct loader *l, const struct node *v, uint32_t max, struct str **items,
			  uint32_t *n, uint32_t *cap)
{
	struct str s;

	if (node_null(v))
		return OK;
	if (v->kind != NODE_LIST || *n + v->n > max)
		return diag_set(l->d, ERR_CONFIG,
				v->kind == NODE_LIST ? "is too long"
						     : "is not "
						       "a list");
	NODE_EACH(v, it)
	{
		TRY(set_name(l, it, &s));
		if (!GROW(l, *items, *n, cap))
			return ERR_NOMEM;
		(*items)[(*n)++] = s;
	}
	return OK;
}

enum err set_drops(struct loader *l, const struct node *v, void *field)
{
	struct params *p = field;

	return add_names(l, v, 256, &p->d.drops, &p->d.n_drops, &p->cap_drops);
}

enum err set_groups(struct loader *l, const struct node *v, void *field)
{
	struct params *p = field;

	return add_names(l, v, 64, &p->access_groups, &p->n_access_groups, &p->cap_access_groups);
}

/* ---- routes ---- */

enum err set_strategy(struct loader *l, const struct node *v, void *field)
{
	static const struct {
		struct str name;
		enum policy_strategy s;
	} names[] = {
		{ SC("simple-shuffle"), ROUTE_SHUFFLE },
		{ SC("least-busy"), ROUTE_LEAST_BUSY },
		{ SC("latency-based-routing"), ROUTE_LATENCY },
		{ SC("usage-based-routing"), ROUTE_USAGE },
		{ SC("usage-based-routing-v2"), ROUTE_USAGE },
		{ SC("cost-based-routing"), ROUTE_COST },
	};
	struct str s;

	TRY(value_str(l, v, &s));
	if (s.n == 0)
		return OK;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!str_eq(s, names[i].name))
			continue;
		*(enum policy_strategy *)field = names[i].s;
		return OK;
	}
	return diag_set(l->d, ERR_CONFIG, "is no routing strategy of LiteLLM's router");
}

struct class_name {
	struct str name;
	size_t at;
};

static enum err set_classes(struct loader *l, const struct node *v, void *field, struct str suffix)
{
	static const struct class_name names[] = {
		{ SC("BadRequestError"), offsetof(struct policy_by_class, bad_request) },
		{ SC("AuthenticationError"), offsetof(struct policy_by_class, auth) },
		{ SC("TimeoutError"), offsetof(struct policy_by_class, timeout) },
		{ SC("RateLimitError"), offsetof(struct policy_by_class, rate_limit) },
		{ SC("ContentPolicyViolationError"), offsetof(struct policy_by_class, content) },
		{ SC("InternalServerError"), offsetof(struct policy_by_class, internal) },
	};

	if (node_null(v))
		return OK;
	if (v->kind != NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "is not a map");
	NODE_EACH(v, it)
	{
		const struct class_name *hit = NULL;
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (str_has_prefix(it->name, names[i].name) &&
			    str_eq(str_tail(it->name, names[i].name.n), suffix))
				hit = &names[i];
		if (hit)
			TRY(set_i32(l, it, (char *)field + hit->at));
		else
			note(l, CONFIG_UNSUPPORTED, it->name, it,
			     "no such class of failure is told apart");
	}
	return OK;
}

enum err set_retry_policy(struct loader *l, const struct node *v, void *field)
{
	return set_classes(l, v, field, S("Retries"));
}

enum err set_fails_policy(struct loader *l, const struct node *v, void *field)
{
	return set_classes(l, v, field, S("AllowedFails"));
}

enum err set_fallbacks(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	return fallbacks_add(l, v, FALLBACK_GENERAL);
}

enum err set_context_fallbacks(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	return fallbacks_add(l, v, FALLBACK_CONTEXT);
}

enum err set_content_fallbacks(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	return fallbacks_add(l, v, FALLBACK_CONTENT);
}

enum err set_default_fallbacks(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	return fallbacks_default(l, v);
}

enum err set_aliases(struct loader *l, const struct node *v, void *field)
{
	(void)field;
	return aliases_add(l, v);
}
