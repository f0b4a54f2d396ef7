/*
 * config/route.c - public names: groups, wildcards, aliases, fallbacks; and the hash of it all.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/keys.h"

#include "crypto/sha256.h"

#include <assert.h>
#include <stdlib.h>

enum { TO_MAX = 64, FALLBACKS_MAX = 3 * LIMIT_MODELS, WEIGHT_UNIT = 1000, BLOB_MAX = 64 << 20 };

/* ---- fallbacks ---- */

static enum err add_fallback(struct loader *l, enum policy_fallback_kind kind, struct str model,
			     const struct node *to)
{
	struct policy *p = &l->out->policy;
	struct policy_fallback f = { .kind = kind };
	uint32_t cap = 0;

	if (!node_is(to, NODE_LIST) && !node_is(to, NODE_SCALAR))
		return diag_set(l->d, ERR_CONFIG, "has a model without its list of models");
	if (to->kind == NODE_LIST && to->n > TO_MAX)
		return diag_set(l->d, ERR_CONFIG, "has a list of more than %d models", TO_MAX);
	if (p->n_fallbacks == FALLBACKS_MAX)
		return diag_set(l->d, ERR_LIMIT, "has too many entries");
	TRY(keep(l, model, &f.model));
	/* LiteLLM also takes {model: ..., other parameters} in the list: the name counts, the
	 * rest is noted. */
	bool list = to->kind == NODE_LIST;
	for (const struct node *it = list ? to->first : to; it; it = list ? it->next : NULL) {
		const struct node *name = it->kind == NODE_MAP ? node_get(it, S("model")) : it;
		if (!node_is(name, NODE_SCALAR) || name->text.n == 0)
			return diag_set(l->d, ERR_CONFIG, "has an entry that is no model");
		if (it->kind == NODE_MAP && it->n > 1)
			note(l, CONFIG_UNSUPPORTED, S("router_settings.fallbacks[]"), it,
			     "parameters of a fallback are not applied, only its model");
		if (!GROW(l, f.to, f.n_to, &cap))
			return ERR_NOMEM;
		TRY(set_name(l, name, &f.to[f.n_to++]));
	}
	/* router_settings is read after litellm_settings and wins. */
	for (uint32_t i = 0; i < p->n_fallbacks; i++) {
		if (p->fallbacks[i].kind != kind || !str_eq(p->fallbacks[i].model, f.model))
			continue;
		p->fallbacks[i] = f;
		return OK;
	}
	if (!GROW(l, p->fallbacks, p->n_fallbacks, &l->cap_fallbacks))
		return ERR_NOMEM;
	p->fallbacks[p->n_fallbacks++] = f;
	return OK;
}

enum err fallbacks_add(struct loader *l, const struct node *v, enum policy_fallback_kind kind)
{
	if (node_null(v))
		return OK;
	if (v->kind != NODE_LIST)
		return diag_set(l->d, ERR_CONFIG, "is not a list");
	NODE_EACH(v, entry) {
		if (entry->kind != NODE_MAP)
			return diag_set(l->d, ERR_CONFIG,
					"has an entry that is not MODEL: [MODELS]");
		NODE_EACH(entry, it)
			TRY(add_fallback(l, kind, it->name, it));
	}
	return OK;
}

enum err fallbacks_default(struct loader *l, const struct node *v)
{
	if (node_null(v) || (v->kind == NODE_LIST && v->n == 0))
		return OK;
	return add_fallback(l, FALLBACK_GENERAL, S("*"), v);
}

/* ---- aliases ---- */

enum err aliases_add(struct loader *l, const struct node *v)
{
	struct policy *p = &l->out->policy;

	if (node_null(v))
		return OK;
	if (v->kind != NODE_MAP)
		return diag_set(l->d, ERR_CONFIG, "is not a map");
	NODE_EACH(v, it) {
		struct policy_alias a = { .hidden = false };
		const struct node *model = it->kind == NODE_MAP ? node_get(it, S("model")) : it;
		if (!node_is(model, NODE_SCALAR) || model->text.n == 0 || it->name.n == 0)
			return diag_set(l->d, ERR_CONFIG, "has an entry without its model");
		TRY(set_name(l, model, &a.model));
		if (it->kind == NODE_MAP && node_get(it, S("hidden")))
			TRY(value_bool(l, node_get(it, S("hidden")), &a.hidden));
		TRY(keep(l, it->name, &a.name));
		uint32_t i = 0;
		while (i < p->n_aliases && !str_eq(p->aliases[i].name, a.name))
			i++;
		if (i == LIMIT_MODELS)
			return diag_set(l->d, ERR_LIMIT, "has more than %d entries", LIMIT_MODELS);
		if (i == p->n_aliases) {
			if (!GROW(l, p->aliases, p->n_aliases, &l->cap_aliases))
				return ERR_NOMEM;
			p->n_aliases++;
		}
		p->aliases[i] = a;
	}
	return OK;
}

/* ---- order ---- */

static bool wild(struct str s)
{
	return str_chr(s, '*') != SIZE_MAX;
}

/* Exact names by their bytes; then wildcards, the one that says most first. */
static int model_order(const void *x, const void *y)
{
	const struct policy_model *a = x, *b = y;
	bool wa = wild(a->name), wb = wild(b->name);

	if (wa != wb)
		return wa ? 1 : -1;
	if (wa && a->name.n != b->name.n)
		return a->name.n > b->name.n ? -1 : 1;
	return str_cmp(a->name, b->name);
}

static int alias_order(const void *x, const void *y)
{
	const struct policy_alias *a = x, *b = y;

	return str_cmp(a->name, b->name);
}

static enum err make_models(struct loader *l)
{
	struct policy *p = &l->out->policy;

	p->models = NEW_ARRAY(l->a, struct policy_model, l->n_groups ? l->n_groups : 1);
	if (p->models == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < l->n_groups; i++) {
		const struct group *g = &l->groups[i];
		p->models[i] = (struct policy_model){
			.name = g->name, .deployments = g->deployments, .n_deployments = g->n,
			.access_groups = g->access_groups, .n_access_groups = g->n_access_groups,
		};
		p->n_exact += !wild(g->name);
	}
	p->n_models = l->n_groups;
	qsort(p->models, p->n_models, sizeof p->models[0], model_order);
	if (p->n_aliases)
		qsort(p->aliases, p->n_aliases, sizeof p->aliases[0], alias_order);
	return OK;
}

/* ---- what refers to a name that is not there ---- */

static void check_references(struct loader *l)
{
	const struct policy *p = &l->out->policy;
	struct str star;

	for (uint32_t i = 0; i < p->n_aliases; i++)
		if (policy_model_find(p, p->aliases[i].name, &star) == NULL)
			note(l, CONFIG_MANUAL, S("router_settings.model_group_alias"), NULL,
			     "'%.*s' stands for '%.*s', which is no model", FMT(p->aliases[i].name),
			     FMT(p->aliases[i].model));
	for (uint32_t i = 0; i < p->n_fallbacks; i++)
		for (uint32_t k = 0; k < p->fallbacks[i].n_to; k++)
			if (policy_model_find(p, p->fallbacks[i].to[k], &star) == NULL)
				note(l, CONFIG_MANUAL, S("router_settings.fallbacks"), NULL,
				     "'%.*s' falls back to '%.*s', which is no model",
				     FMT(p->fallbacks[i].model), FMT(p->fallbacks[i].to[k]));
}

/* ---- the hash ---- */

/* Everything that counts: the policy, the upstreams, and which credentials by name. Values are
 * not in it. */
static enum err hash_all(struct loader *l)
{
	struct config *c = l->out;
	struct sha256 h;
	struct buf blob;
	enum err e = sha256_init(&h);

	if (e != OK)
		return e;
	buf_init(&blob, BLOB_MAX);
	policy_encode(&c->policy, &blob);
	upstreams_encode(&c->upstreams, &blob);
	for (uint32_t i = 0; i < c->n_secrets; i++) {
		buf_addu(&blob, c->secrets[i].source);
		buf_add(&blob, c->secrets[i].name);
		buf_addc(&blob, '\n');
	}
	e = blob.err;
	sha256_update(&h, buf_str(&blob));
	sha256_final(&h, c->policy.config_hash);
	sha256_done(&h);
	buf_free(&blob);
	return e == OK ? OK : diag_set(l->d, e, "the configuration is too large");
}

/* What the file does not say of a model's window the price table may know. With a '*' in the
 * model it is looked up at each call. */
static void fill_windows(struct policy *p)
{
	for (uint32_t i = 0; i < p->n_deployments; i++) {
		struct policy_deployment *d = &p->deployments[i];
		const struct policy_price_row *row = policy_row_find(p, d, d->upstream_model);
		if (row == NULL)
			continue;
		if (d->max_input_tokens == 0)
			d->max_input_tokens = row->max_input_tokens;
		if (d->max_output_tokens == 0)
			d->max_output_tokens = row->max_output_tokens;
	}
}

enum err route_finish(struct loader *l)
{
	struct config *c = l->out;

	if (l->weights_whole)
		for (uint32_t i = 0; i < c->policy.n_deployments; i++)
			c->policy.deployments[i].weight /= WEIGHT_UNIT;
	fill_windows(&c->policy);
	TRY(make_models(l));
	check_references(l);
	c->policy.open = !c->policy.has_master;
	c->upstreams.n_secrets = c->n_secrets;
	return hash_all(l);
}
