/*
 * ingress/models.c - which models there are, for whom, and what is known of them.
 * Input: hostile paths and queries.   Runs in: ingress.   Fuzz: fuzz/route_fuzz.c
 */
#include "ingress/models.h"

#include "codec/jw.h"
#include "codec/url.h"
#include "ingress/auth.h"
#include "ingress/limits.h"
#include "ingress/local.h"
#include "proto/model_info.h"

#define CREATED "2024-01-01T00:00:00Z"

/* ---- how each dialect writes a model -----------------------------------------------------------
 */

static void openai_model(struct buf *b, struct str name, const char *created)
{
	(void)created;
	jw_obj(b);
	jw_kv_str(b, S("id"), name);
	jw_kv_str(b, S("object"), S("model"));
	jw_kv_int(b, S("created"), 1677610602); /* LiteLLM's constant: clients want a number */
	jw_kv_str(b, S("owned_by"), S("openai"));
	jw_obj_end(b);
}

static void anthropic_model(struct buf *b, struct str name, const char *created)
{
	jw_obj(b);
	jw_kv_str(b, S("type"), S("model"));
	jw_kv_str(b, S("id"), name);
	jw_kv_str(b, S("display_name"), name);
	jw_kv_str(b, S("created_at"), str_z(created));
	jw_obj_end(b);
}

static void gemini_model(struct buf *b, struct str name, const char *created)
{
	(void)created;
	jw_obj(b);
	jw_key(b, S("name"));
	jw_quote_open(b);
	jw_str_add(b, S("models/"));
	jw_str_add(b, name);
	jw_quote_close(b);
	jw_kv_str(b, S("displayName"), name);
	jw_kv_raw(b, S("supportedGenerationMethods"),
		  S("[\"generateContent\",\"streamGenerateContent\",\"countTokens\"]"));
	jw_obj_end(b);
}

/* How each dialect lists models: what goes around, and one. */
static const struct {
	struct str before, after;
	void (*one)(struct buf *, struct str, const char *);
} lists[DIALECT_COUNT] = {
	[DIALECT_OPENAI] = { SC("{\"object\":\"list\",\"data\":["), SC("]}"), openai_model },
	[DIALECT_ANTHROPIC] = { SC("{\"has_more\":false,\"first_id\":null,\"last_id\":null,"
				   "\"data\":["),
				SC("]}"), anthropic_model },
	[DIALECT_GEMINI] = { SC("{\"models\":["), SC("]}"), gemini_model },
};

/* ---- all of them ------------------------------------------------------------------------------
 */

/* A walk over the names that a key may see; said is called for each of them. */
struct listing {
	struct conn *c;
	const struct key *key;
	enum llm_dialect d;
	struct str id; /* of the only deployment to tell; "" all */
	unsigned count;
	void (*said)(struct listing *l, const struct policy_model *m, struct str name,
		     struct str upstream);
};

static void say(struct listing *l, const struct policy_model *m, struct str name,
		struct str upstream)
{
	if (l->key == NULL || limits_model(l->key, &l->c->in->gen->policy, name, m))
		l->said(l, m, name, upstream);
}

/* A wildcard, and the models of the price table that it leads to: clients let people choose. */
static void say_wild(struct listing *l, const struct policy_model *m)
{
	const struct policy *p = &l->c->in->gen->policy;
	struct str name, upstream;
	char room[LIMIT_NAME];

	for (uint32_t i = 0; i < p->n_prices; i++)
		if (model_info_known(p, m, &p->prices[i], room, &name, &upstream))
			say(l, m, name, upstream);
}

static void walk(struct listing *l)
{
	const struct policy *p = &l->c->in->gen->policy;

	for (uint32_t i = 0; i < p->n_models; i++) {
		if (p->models[i].hidden)
			continue;
		say(l, &p->models[i], p->models[i].name, (struct str){ NULL, 0 });
		if (i >= p->n_exact)
			say_wild(l, &p->models[i]);
	}
	for (uint32_t i = 0; i < p->n_aliases; i++) {
		struct str name = p->aliases[i].name, star;
		const struct policy_model *m = policy_model_find(p, name, &star);
		if (m != NULL && !p->aliases[i].hidden)
			say(l, m, name, (struct str){ NULL, 0 });
	}
}

static void comma(struct listing *l)
{
	/* jw looks at the byte before; a space starts a fresh text */
	buf_add(&l->c->in->encoded, l->count++ ? S(", ") : S(" "));
}

static void say_name(struct listing *l, const struct policy_model *m, struct str name,
		     struct str upstream)
{
	(void)m;
	(void)upstream;
	comma(l);
	lists[l->d].one(&l->c->in->encoded, name, CREATED);
}

static void list_models(struct conn *c, const struct key *key, enum llm_dialect d)
{
	struct listing l = { .c = c, .key = key, .d = d, .said = say_name };

	buf_reset(&c->in->encoded);
	buf_add(&c->in->encoded, lists[d].before);
	walk(&l);
	buf_add(&c->in->encoded, lists[d].after);
	local_finish(c, S("application/json"));
}

/* ---- /model/info ------------------------------------------------------------------------------
 */

static void say_deployments(struct listing *l, const struct policy_model *m, struct str name,
			    struct str upstream)
{
	const struct policy *p = &l->c->in->gen->policy;

	for (uint32_t i = 0; i < m->n_deployments; i++) {
		const struct policy_deployment *d = &p->deployments[m->deployments[i]];
		if (l->id.n && !str_eq(l->id, d->id))
			continue;
		comma(l);
		model_info_write(&l->c->in->encoded, p, d, name,
				 upstream.p ? upstream : d->upstream_model);
	}
}

static void model_info(struct conn *c, const struct key *key, const struct http1_head *h)
{
	struct listing l = { .c = c, .key = key, .said = say_deployments };
	char room[LIMIT_NAME];
	struct diag why = { 0 };
	struct buf id;

	buf_fixed(&id, room, sizeof room);
	url_decode(&id, http1_query_get(h->query, S("litellm_model_id")));
	l.id = buf_str(&id);
	buf_reset(&c->in->encoded);
	buf_add(&c->in->encoded, S("{\"data\":["));
	if (id.err == OK)
		walk(&l);
	buf_add(&c->in->encoded, S("]}"));
	if (id.err == OK && (l.count || l.id.n == 0)) {
		local_finish(c, S("application/json"));
		return;
	}
	(void)diag_set(&why, ERR_NOT_FOUND, "there is no deployment with this id");
	local_refuse(c, DIALECT_OPENAI, &why);
}

/* ---- one ---------------------------------------------------------------------------------------
 */

static void one_model(struct conn *c, const struct key *key, enum llm_dialect d, struct str encoded)
{
	const struct policy *p = &c->in->gen->policy;
	struct diag why = { 0 };
	char room[LIMIT_NAME];
	struct buf name;
	struct str star;

	buf_fixed(&name, room, sizeof room);
	url_decode(&name, encoded);
	const struct policy_model *m = name.err == OK ? policy_model_find(p, buf_str(&name), &star)
						      : NULL;
	if (m == NULL || (key != NULL && !limits_model(key, p, buf_str(&name), m))) {
		(void)diag_set(&why, ERR_NOT_FOUND, "no such model here; see /v1/models");
		local_refuse(c, d, &why);
		return;
	}
	buf_reset(&c->in->encoded);
	lists[d].one(&c->in->encoded, buf_str(&name), CREATED);
	local_finish(c, S("application/json"));
}

void models_answer(struct conn *c, const struct route_match *m, const struct http1_head *h)
{
	enum llm_dialect d = m->route->dialect;
	struct diag why = { 0 };
	struct caller caller;

	/* The same path in all APIs; each of these headers is sent by one API's clients only. */
	if (d == DIALECT_OPENAI && h->known[H_ANTHROPIC_VERSION].p != NULL)
		d = DIALECT_ANTHROPIC;
	else if (d == DIALECT_OPENAI && h->known[H_X_GOOG_API_KEY].p != NULL)
		d = DIALECT_GEMINI;
	if (!c->in->keys_ready) {
		(void)diag_set(&why, ERR_AGAIN, "the gate is starting; retry in a second");
		local_refuse(c, d, &why);
	} else if (auth_caller(c->in, h, &caller, &why) != OK) {
		local_refuse(c, d, &why);
	} else if (m->route->endpoint == EP_MODEL_INFO) {
		model_info(c, caller.key, h);
	} else if (m->route->endpoint == EP_MODELS) {
		list_models(c, caller.key, d);
	} else {
		one_model(c, caller.key, d, m->model);
	}
}
