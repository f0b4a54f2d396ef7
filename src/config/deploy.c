/*
 * config/deploy.c - one entry of model_list into a deployment and its upstream.
 * Input: the operator's file, as if hostile.   Runs in: keeper, cli.   Fuzz: fuzz/config_fuzz.c
 */
#include "config/keys.h"

#include "crypto/sha256.h"

#include <stdio.h>
#include <string.h>

enum { ID_HEX = 16, ORGS_MAX = 64, JSON_MAX = 1 << 20 };

void params_init(struct params *p)
{
	*p = (struct params){ 0 };
	p->d.price = (struct policy_price){ -1, -1, -1, -1, -1 };
	p->d.max_retries = -1;
	p->d.cooldown_ms = UINT32_MAX;
}

static bool one_star(struct str s)
{
	struct str rest, head = str_cut(s, '*', &rest);

	return head.n < s.n && str_chr(rest, '*') == SIZE_MAX;
}

static bool has_star(struct str s)
{
	return str_chr(s, '*') != SIZE_MAX;
}

/* ---- provider and upstream model ---- */

static enum err no_provider(struct loader *l, struct str name)
{
	if (provider_later(name))
		return diag_set(l->d, ERR_UNSUPPORTED, "provider '%.*s' is not served yet",
				FMT(name));
	return diag_set(l->d, ERR_UNSUPPORTED,
			"'%.*s' names no provider; for a server that speaks OpenAI's format "
			"write openai/MODEL and api_base", FMT(name));
}

static enum err split_model(struct loader *l, const struct params *p,
			    const struct provider **out_row, struct str *out_model)
{
	struct str rest, first = str_cut(p->model, '/', &rest);
	bool prefixed = first.n < p->model.n;

	if (p->provider.n) {
		*out_row = provider_find(p->provider);
		*out_model = prefixed && str_eq(first, p->provider) ? rest : p->model;
		return *out_row ? OK : no_provider(l, p->provider);
	}
	if (prefixed) {
		*out_row = provider_find(first);
		*out_model = rest;
		if (*out_row)
			return OK;
		if (provider_later(first))
			return no_provider(l, first);
	}
	*out_row = provider_guess(p->model);
	*out_model = p->model;
	return *out_row ? OK : no_provider(l, prefixed ? first : p->model);
}

/* What echo speaks; anything else than the three is OpenAI's. */
static struct str echo_dialect(struct str model)
{
	if (str_eq(model, S("anthropic")) || str_eq(model, S("gemini")))
		return model;
	return S("openai");
}

static enum err check_names(struct loader *l, const struct params *p)
{
	if (p->model_name.n == 0)
		return diag_set(l->d, ERR_CONFIG, "it has no model_name");
	if (p->model.n == 0)
		return diag_set(l->d, ERR_CONFIG,
				"it has no litellm_params.model, or its variable is not set");
	if (has_star(p->model_name) && !one_star(p->model_name))
		return diag_set(l->d, ERR_UNSUPPORTED, "its model_name has more than one '*'");
	if (has_star(p->model) && !one_star(p->model))
		return diag_set(l->d, ERR_UNSUPPORTED, "its model has more than one '*'");
	if (has_star(p->model) && !has_star(p->model_name))
		return diag_set(l->d, ERR_CONFIG,
				"its model has a '*' and its model_name has none");
	if (p->blocked)
		return diag_set(l->d, ERR_CONFIG, "it is blocked");
	if (p->mode.n && !str_eq(p->mode, S("chat")) && !str_eq(p->mode, S("completion")) &&
	    !str_eq(p->mode, S("responses")))
		return diag_set(l->d, ERR_UNSUPPORTED, "mode '%.*s' is not served yet",
				FMT(p->mode));
	return OK;
}

/* ---- credential_list ---- */

/* The deployment's own words win over the credential's. */
static enum err use_credential(struct loader *l, struct params *p)
{
	if (p->credential.n == 0)
		return OK;
	const struct node *values = credential_get(l, p->credential);
	if (!node_is(values, NODE_MAP))
		return diag_set(l->d, ERR_NOT_FOUND, "credential_list has no '%.*s'",
				FMT(p->credential));
	const struct node *base = node_get(values, S("api_base"));
	if (base == NULL)
		base = node_get(values, S("base_url"));
	if (p->api_base.n == 0 && !node_null(base))
		TRY(set_base(l, base, &p->api_base));
	if (node_null(p->api_key))
		p->api_key = node_get(values, S("api_key"));
	if (node_null(p->organization))
		p->organization = node_get(values, S("organization"));
	if (node_null(p->extra_headers))
		p->extra_headers = node_get(values, S("extra_headers"));
	return OK;
}

/* ---- the upstream ---- */

static bool same_upstream(const struct upstream *a, const struct upstream *b)
{
	if (a->https != b->https || !str_eq(a->host, b->host) || a->port != b->port ||
	    !str_eq(a->path_prefix, b->path_prefix) || !str_eq(a->query, b->query) ||
	    a->auth != b->auth ||
	    a->secret != b->secret || a->n_headers != b->n_headers || a->paths != b->paths)
		return false;
	for (unsigned i = 0; i < a->n_headers; i++)
		if (!str_eq(a->headers[i].name, b->headers[i].name) ||
		    a->headers[i].secret != b->headers[i].secret)
			return false;
	/* The rest follows from host and provider; paths tells providers apart that h2 could. */
	return a->http2 == b->http2;
}

/* Deployments that differ in nothing egress cares about share a row, and so their connections. */
static enum err upstream_add(struct loader *l, const struct upstream *u, uint16_t *out)
{
	struct upstreams *t = &l->out->upstreams;

	for (uint32_t i = 0; i < t->n; i++) {
		if (!same_upstream(&t->rows[i], u))
			continue;
		*out = (uint16_t)i;
		return OK;
	}
	if (!GROW(l, t->rows, t->n, &l->cap_upstreams))
		return ERR_NOMEM;
	t->rows[t->n] = *u;
	*out = (uint16_t)t->n++;
	return OK;
}

/* A key in an address would be in every log and table. */
static enum err check_query(struct loader *l, struct str query)
{
	static const struct str bad[] = { SC("key="), SC("token="), SC("sig="), SC("secret="),
					  SC("password=") };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		for (size_t at = 0; at + bad[i].n <= query.n; at++)
			if (str_ieq(str_head(str_tail(query, at), bad[i].n), bad[i]))
				return diag_set(l->d, ERR_CONFIG,
						"its api_base holds a credential; use api_key");
	return OK;
}

static struct str base_of(struct loader *l, const struct params *p, const struct provider *row)
{
	if (p->api_base.n)
		return p->api_base;
	for (size_t i = 0; i < sizeof row->base_env / sizeof row->base_env[0] &&
	     row->base_env[i]; i++) {
		struct str base = env_of(l, str_z(row->base_env[i]));
		if (base.n)
			return base;
	}
	return row->base;
}

static enum err make_upstream(struct loader *l, struct params *p, const struct provider *row,
			      const struct node *organization)
{
	struct upstream u = { .id = p->d.id, .secret = UPSTREAM_NO_SECRET };
	struct str base = base_of(l, p, row);
	struct value org;

	if (base.n == 0)
		return diag_set(l->d, ERR_CONFIG, "provider '%.*s' needs an api_base",
				FMT(row->name));
	TRY(endpoint_set(l, row, base, &u));
	TRY(check_query(l, u.query));
	TRY(key_find(l, p, row, p->api_base.n > 0, &u.secret));
	u.auth = u.secret == UPSTREAM_NO_SECRET ? AUTH_NONE : row->auth;
	if (row->serves == SERVES_OPENAI && !node_null(organization)) {
		TRY(value_of(l, organization, true, &org));
		TRY(header_add(l, S("openai-organization"), &org, organization, &u));
	}
	TRY(headers_add(l, p->headers, &u));
	TRY(headers_add(l, p->extra_headers, &u));
	return upstream_add(l, &u, &p->d.upstream);
}

/* ---- the id ---- */

/* Names of credentials, never their values, and nothing of keys that yett does not understand. */
static enum err hash_param(struct loader *l, const struct node *v, struct buf *text)
{
	static const struct str names_only[] = { SC("headers"), SC("extra_headers"),
						 SC("organization") };
	struct value key;

	buf_add(text, v->name);
	buf_addc(text, '=');
	for (size_t i = 0; i < sizeof names_only / sizeof names_only[0]; i++) {
		if (!str_eq(v->name, names_only[i]))
			continue;
		if (v->kind == NODE_MAP)
			NODE_EACH(v, it) {
				buf_add(text, it->name);
				buf_addc(text, ',');
			}
		return OK;
	}
	if (str_eq(v->name, S("api_key"))) {
		TRY(value_of(l, v, true, &key));
		buf_addu(text, key.from);
		buf_add(text, key.name);
		return OK;
	}
	l->raw = true;
	enum err e = key_is_served(v->name) ? value_json(l, v, text) : OK;
	l->raw = false;
	return e;
}

static enum err make_id(struct loader *l, struct params *p, uint32_t nth)
{
	uint8_t digest[SHA256_BYTES];
	struct buf text, id;
	char room[LIMIT_NAME];
	enum err e = OK;

	buf_fixed(&id, room, sizeof room);
	if (p->id.n) {
		buf_add(&id, p->id);
		if (nth) {
			buf_addc(&id, '-');
			buf_addu(&id, nth + 1);
		}
		return id.err == OK ? keep(l, buf_str(&id), &p->d.id)
				    : diag_set(l->d, ERR_CONFIG, "its id is too long");
	}
	buf_init(&text, JSON_MAX);
	buf_add(&text, p->model_name);
	buf_addc(&text, '\n');
	buf_add(&text, p->model);
	buf_addc(&text, '\n');
	buf_addu(&text, nth);
	const struct node *map = node_get(p->entry, S("litellm_params"));
	if (node_is(map, NODE_MAP))
		NODE_EACH(map, v) {
			buf_addc(&text, '\n');
			if (e == OK)
				e = hash_param(l, v, &text);
		}
	if (e == OK)
		e = text.err;
	sha256(buf_str(&text), digest);
	buf_free(&text);
	if (e == ERR_LIMIT)
		return diag_set(l->d, ERR_CONFIG, "its parameters are too long");
	TRY(e);
	buf_addhex(&id, (struct str){ (const char *)digest, ID_HEX / 2 });
	return keep(l, buf_str(&id), &p->d.id);
}

static bool id_taken(const struct loader *l, struct str id)
{
	const struct policy *p = &l->out->policy;

	for (uint32_t i = 0; i < p->n_deployments; i++)
		if (str_eq(p->deployments[i].id, id))
			return true;
	return false;
}

/* Two entries that differ in a literal key alone look the same: they are numbered in the file's
 * order. */
static enum err unique_id(struct loader *l, struct params *p, uint32_t nth)
{
	for (uint32_t i = nth; i < nth + ORGS_MAX; i++) {
		TRY(make_id(l, p, i));
		if (!id_taken(l, p->d.id))
			return OK;
		if (p->id.n && nth == 0)
			return diag_set(l->d, ERR_CONFIG, "its id '%.*s' is taken", FMT(p->id));
	}
	return diag_set(l->d, ERR_CONFIG, "it stands in the file too often");
}

/* ---- putting it together ---- */

static enum err group_add(struct loader *l, const struct params *p, uint32_t deployment)
{
	struct group *g = NULL;

	for (uint32_t i = 0; i < l->n_groups && g == NULL; i++)
		if (str_eq(l->groups[i].name, p->model_name))
			g = &l->groups[i];
	if (g == NULL) {
		if (l->n_groups == LIMIT_MODELS)
			return diag_set(l->d, ERR_LIMIT, "more than %d public names", LIMIT_MODELS);
		if (!GROW(l, l->groups, l->n_groups, &l->cap_groups))
			return ERR_NOMEM;
		g = &l->groups[l->n_groups++];
		*g = (struct group){ .name = p->model_name };
	}
	if (!GROW(l, g->deployments, g->n, &g->cap))
		return ERR_NOMEM;
	g->deployments[g->n++] = deployment;
	for (uint32_t i = 0; i < p->n_access_groups; i++) {
		bool known = false;
		for (uint32_t k = 0; k < g->n_access_groups; k++)
			known |= str_eq(g->access_groups[k], p->access_groups[i]);
		if (known || g->n_access_groups == 64)
			continue;
		if (!GROW(l, g->access_groups, g->n_access_groups, &g->cap_access_groups))
			return ERR_NOMEM;
		g->access_groups[g->n_access_groups++] = p->access_groups[i];
	}
	return OK;
}

static enum err compile(struct loader *l, struct params *p, const struct node *organization,
			uint32_t nth)
{
	struct policy *policy = &l->out->policy;
	const struct provider *row;
	struct str model;

	TRY(check_names(l, p));
	TRY(split_model(l, p, &row, &model));
	TRY(unique_id(l, p, nth));
	p->d.provider = row->name;
	p->d.serves = row->serves;
	p->d.compatible = row->compatible;
	if (row->serves == SERVES_ECHO) {
		p->d.upstream_model = echo_dialect(model);
	} else {
		TRY(keep(l, model, &p->d.upstream_model));
		TRY(make_upstream(l, p, row, organization));
		/* openai/ with somebody else's api_base is the usual way to name a compatible
		 * server. */
		const struct upstream *u = &l->out->upstreams.rows[p->d.upstream];
		if (row->serves == SERVES_OPENAI && !str_eq(u->host, S("api.openai.com")))
			p->d.compatible = true;
	}
	if (p->d.upstream_model.n == 0)
		return diag_set(l->d, ERR_CONFIG, "its model has nothing behind the provider");
	p->d.drop_params |= policy->drop_params;
	if (policy->n_deployments == LIMIT_DEPLOYMENTS)
		return diag_set(l->d, ERR_LIMIT, "more than %d deployments", LIMIT_DEPLOYMENTS);
	if (!GROW(l, policy->deployments, policy->n_deployments, &l->cap_deployments))
		return ERR_NOMEM;
	policy->deployments[policy->n_deployments] = p->d;
	TRY(group_add(l, p, policy->n_deployments));
	policy->n_deployments++;
	return OK;
}

/* leave_out turns a failure that concerns one entry into a note. */
static enum err leave_out(struct loader *l, const struct params *p, enum err e,
			  const struct diag *why)
{
	char path[48];

	if (e == OK)
		return OK;
	if (e == ERR_NOMEM || e == ERR_LIMIT)
		return diag_set(l->d, e, "%s", diag_text(why));
	(void)snprintf(path, sizeof path, "model_list[%u]", p->index);
	note(l, CONFIG_UNSUPPORTED, p->entry ? str_z(path) : p->model_name, p->entry,
	     "'%.*s' is left out: %s", FMT(p->model_name), why->text);
	l->out->n_left_out++;
	return OK;
}

enum err deploy_add(struct loader *l, struct params *p)
{
	struct diag d = { 0 }, *outer = l->d;
	const struct node *orgs;
	uint32_t nth = 0;

	l->d = &d;
	enum err e = use_credential(l, p);
	orgs = p->organization;
	if (e == OK && node_is(orgs, NODE_LIST) && orgs->n > ORGS_MAX)
		e = diag_set(l->d, ERR_CONFIG, "it has more than %d organizations", ORGS_MAX);
	if (e == OK && node_is(orgs, NODE_LIST) && orgs->n > 0) {
		NODE_EACH(orgs, org) {
			d = (struct diag){ 0 };
			struct params one = *p;
			e = compile(l, &one, org, nth++);
			l->d = outer;
			TRY(leave_out(l, p, e, &d));
			l->d = &d;
		}
		e = OK;
	} else if (e == OK) {
		e = compile(l, p, orgs, 0);
	}
	l->d = outer;
	return leave_out(l, p, e, &d);
}
