/*
 * ingress/attempt.c - attempts, retries and fallbacks of one request.
 * Runs in: ingress.
 */
#include "ingress/attempt.h"

#include "ingress/choose.h"
#include "ingress/count.h"
#include "ingress/echo.h"
#include "ingress/limits.h"
#include "ingress/link.h"
#include "ingress/meter.h"
#include "ingress/relay.h"
#include "ingress/request.h"

enum {
	RETRY_FIRST_MS = 250, /* the pause before the same deployment is asked again; doubles */
	RETRY_MAX_MS = 8000,
};

static enum llm_dialect serves(struct exchange *x)
{
	switch (x->dep->serves) {
	case SERVES_ANTHROPIC:
		return DIALECT_ANTHROPIC;
	case SERVES_GEMINI:
		return DIALECT_GEMINI;
	case SERVES_ECHO:
		return echo_dialect(request_upstream_model(x));
	case SERVES_OPENAI:
	case SERVES_COUNT:
	default:
		return DIALECT_OPENAI;
	}
}

static bool counts_tokens(const struct exchange *x)
{
	return x->route->endpoint == EP_COUNT_TOKENS || x->route->endpoint == EP_GEMINI_COUNT;
}

/* Forgets what an earlier attempt left. */
static void reset_attempt(struct exchange *x)
{
	buf_reset(&x->got);
	buf_reset(&x->held);
	x->answer = A_NONE;
	x->names = NULL;
	x->decoder = NULL;
	x->encoder = NULL;
	x->peek = (struct llm_peek){ 0 };
	x->whole = (struct str){ NULL, 0 };
	x->expected = 0;
	x->searched = 0;
	x->unpaid = 0;
	x->guess = 0;
	x->stream_error = false;
	x->error = (struct llm_error){ 0 };
	x->upstream_status = 0;
	x->retry_after_ms = 0;
	x->lent = false; /* egress takes CANCEL before the next CALL */
}

/* Takes what the call may come to from what its key has left, in place of an earlier attempt. */
static void pend(struct exchange *x, const struct json *root)
{
	if (!x->budgeted && x->limits.limit_tokens < 0)
		return;
	struct limits_share now = meter_expect(x, root);
	limits_pend(x->in, x->key_slot, x->pending, now);
	x->pending = now;
}

static void send(struct exchange *x, const struct json *root)
{
	struct ingress *in = x->in;
	UNSET struct call c;
	struct diag d = { 0 };

	reset_attempt(x);
	x->up = serves(x);
	x->same = x->up == x->client;
	if (counts_tokens(x) && (!x->same || x->dep->serves == SERVES_ECHO)) {
		count_answer(x, root);
		return;
	}
	if (request_build(x, root, &c, &d) != OK) {
		exchange_refuse_diag(x, &d, NULL);
		return;
	}
	if (x->dep->serves != SERVES_ECHO && link_call(in->link, &c, x) != OK) {
		(void)diag_set(&d, ERR_BUSY, "too many calls are in flight; retry in a second");
		exchange_refuse_diag(x, &d, NULL);
		return;
	}
	x->call_id = c.id;
	x->attempts++;
	if (x->n_tried < EXCHANGE_TRIED)
		x->tried[x->n_tried++] = x->dep_index;
	choose_begin(in, x->dep_index);
	x->in_flight = true;
	pend(x, root);
	if (x->dep->serves == SERVES_ECHO)
		echo_call(x, &c);
}

static const struct policy_fallback *fallback_list(const struct exchange *x,
						   enum policy_fallback_kind kind)
{
	const struct policy *p = &x->gen->policy;
	const struct policy_fallback *any = NULL;

	if (x->own_fallbacks != NULL && kind == FALLBACK_GENERAL)
		return x->own_fallbacks;
	for (uint32_t i = 0; i < p->n_fallbacks; i++) {
		if (p->fallbacks[i].kind != kind)
			continue;
		if (str_eq(p->fallbacks[i].model, x->model))
			return &p->fallbacks[i];
		if (str_eq(p->fallbacks[i].model, S("*")))
			any = &p->fallbacks[i];
	}
	return any;
}

/* The operator's lists are the operator's word; a client's own goes no further than its key. */
static bool may_use(const struct exchange *x, const struct policy_fallback *list, struct str name,
		    const struct policy_model *m)
{
	if (list != x->own_fallbacks || x->key_slot == UINT32_MAX)
		return true;
	const struct key *key = keys_at(x->in->keys, x->key_slot);
	return key != NULL && key->id == x->key_id && limits_model(key, &x->gen->policy, name, m);
}

static bool next_of(struct exchange *x, enum policy_fallback_kind kind)
{
	const struct policy *p = &x->gen->policy;
	const struct policy_fallback *list = fallback_list(x, kind);
	struct str star;

	if (x->fallback_kind != kind)
		x->next_fallback = 0;
	x->fallback_kind = kind;
	while (list != NULL && x->next_fallback < list->n_to &&
	       (int)x->fallbacks < p->max_fallbacks) {
		struct str name = list->to[x->next_fallback++];
		const struct policy_model *m = policy_model_find(p, name, &star);
		if (m == NULL || m == x->group || !may_use(x, list, name, m))
			continue;
		x->group = m;
		x->star = star.p ? arena_dup(&x->arena, star) : S("");
		x->fallbacks++;
		x->n_tried = 0;
		x->flags |= USAGE_FALLBACK;
		return true;
	}
	return false;
}

/* Moves on to the next model of the list of this kind or, for want of one there, of the general
 * list. false: there is none. */
static bool fall_back(struct exchange *x, enum policy_fallback_kind kind)
{
	return next_of(x, kind) || (kind != FALLBACK_GENERAL && next_of(x, FALLBACK_GENERAL));
}

bool attempt_has_alternative(const struct exchange *x)
{
	const struct policy_fallback *list = fallback_list(x, FALLBACK_GENERAL);

	return x->retries_left > 0 || (list != NULL && x->next_fallback < list->n_to &&
				       (int)x->fallbacks < x->gen->policy.max_fallbacks);
}

/* How often a group may be asked again: the client's word, the deployment's, the router's. */
static unsigned retries_of(const struct exchange *x)
{
	int n = x->retries_asked >= 0	   ? x->retries_asked
		: x->dep->max_retries >= 0 ? x->dep->max_retries
					   : x->gen->policy.num_retries;

	return n > 0 ? (unsigned)n : 0;
}

static void none_free(struct exchange *x, enum err e, uint32_t retry_after_s)
{
	struct reply_limits lim = x->limits;
	struct diag d = { 0 };

	lim.retry_after_s = retry_after_s;
	if (e == ERR_LIMIT)
		(void)diag_set(
			&d, ERR_LIMIT,
			"the prompt is larger than the context of every deployment of this model");
	else
		(void)diag_set(&d, e, "no deployment of '%.*s' is free: %s; retry in %u s",
			       (int)(x->group->name.n < 100 ? x->group->name.n : 100),
			       x->group->name.p,
			       e == ERR_RATE ? "all are at their limits"
					     : "all are cooling down after failures",
			       retry_after_s);
	exchange_refuse_diag(x, &d, &lim);
}

/* root is the parsed body where this turn has it already, else NULL. */
void attempt(struct exchange *x, const struct json *root)
{
	struct ingress *in = x->in;
	struct choice choice = { 0 };
	struct diag d = { 0 };
	enum err e;

	if (exchange_adopt(x, &d) != OK) {
		exchange_refuse_diag(x, &d, NULL);
		return;
	}
	while ((e = choose_deployment(in, &x->gen->policy, x->group, x->tried, x->n_tried, true,
				      (int64_t)(x->asked_bytes / 4), &choice)) != OK) {
		if (!fall_back(x, e == ERR_LIMIT ? FALLBACK_CONTEXT : FALLBACK_GENERAL)) {
			none_free(x, e, choice.retry_after_s);
			return;
		}
	}
	x->dep = choice.dep;
	x->dep_index = choice.index;
	if (x->n_tried == 0)
		x->retries_left = retries_of(x);
	if (root == NULL && exchange_parse(x, &root, &d) != OK) { /* it was valid when it came */
		exchange_refuse_diag(x, &d, NULL);
		return;
	}
	send(x, root);
}

static void on_retry(struct timer *t)
{
	struct exchange *x = (struct exchange *)((char *)t - offsetof(struct exchange, timer));

	attempt(x, NULL);
}

static int32_t of_class(const struct policy_by_class *r, enum llm_error_kind kind)
{
	switch ((int)kind) {
	case LLM_AUTH:
	case LLM_PERMISSION:
		return r->auth;
	case LLM_TIMEOUT:
		return r->timeout;
	case LLM_RATE:
		return r->rate_limit;
	case LLM_CONTENT:
		return r->content;
	case LLM_BAD_REQUEST:
		return r->bad_request;
	default:
		return r->internal;
	}
}

static bool untried_left(struct exchange *x)
{
	struct choice choice;

	return choose_deployment(x->in, &x->gen->policy, x->group, x->tried, x->n_tried, false, 0,
				 &choice) == OK;
}

/*
 * What the client alone has brought about, a time of its own that was too short or a name that only
 * a wildcard lets it ask for, says nothing about the deployment: one key could have all deployments
 * of a model cool down, for everybody.
 */
static bool is_clients_doing(const struct exchange *x, const struct llm_error *e)
{
	return (x->hurried && e->kind == LLM_TIMEOUT) || (x->star.n != 0 && e->status == 404);
}

void attempt_failed(struct exchange *x, const struct llm_error *e, bool retryable,
		    uint32_t retry_after_ms)
{
	const struct policy *p = &x->gen->policy;
	int32_t by_class = of_class(&p->retry_policy, e->kind);
	enum policy_fallback_kind kind = e->kind == LLM_CONTEXT	  ? FALLBACK_CONTEXT
					 : e->kind == LLM_CONTENT ? FALLBACK_CONTENT
								  : FALLBACK_GENERAL;

	if (x->group->n_deployments > 1 && retryable && !is_clients_doing(x, e))
		choose_failed(x->in, p, x->dep_index, e->status,
			      of_class(&p->allowed_fails_policy, e->kind), retry_after_ms);
	if (by_class >= 0 && x->attempts <= 1)
		x->retries_left = (unsigned)by_class;
	if (retryable && x->retries_left > 0) {
		x->retries_left--;
		x->flags |= USAGE_RETRIED;
		if (untried_left(x)) {
			attempt(x, NULL);
			return;
		}
		uint64_t pause = (uint64_t)RETRY_FIRST_MS << (x->n_tried < 5 ? x->n_tried : 5);
		if (pause < p->retry_after_ms)
			pause = p->retry_after_ms;
		if (pause < retry_after_ms)
			pause = retry_after_ms;
		if (pause <= RETRY_MAX_MS) {
			x->timer.on_expire = on_retry;
			timer_set(x->in->loop, &x->timer, pause);
			return;
		}
	}
	if (fall_back(x, kind)) { /* after a bad request too: another model may take it */
		attempt(x, NULL);
		return;
	}
	struct reply_limits lim = x->limits;
	if (retry_after_ms)
		lim.retry_after_s = (retry_after_ms + 999) / 1000;
	struct llm_error told = *e;
	relay_hide_auth(x, &told);
	exchange_refuse(x, &told, &lim);
}
