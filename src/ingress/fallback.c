/* ingress/fallback.c - lists of models: the client's own, the model's, everybody's. Runs in:
 * ingress. */
#include "ingress/fallback.h"

#include "ingress/limits.h"

static const struct policy_fallback *list_of(const struct exchange *x,
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
	const struct policy_fallback *list = list_of(x, kind);
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

bool fallback_next(struct exchange *x, enum policy_fallback_kind kind)
{
	return next_of(x, kind) || (kind != FALLBACK_GENERAL && next_of(x, FALLBACK_GENERAL));
}

bool fallback_left(const struct exchange *x)
{
	const struct policy_fallback *list = list_of(x, FALLBACK_GENERAL);

	return x->retries_left > 0 || (list != NULL && x->next_fallback < list->n_to &&
				       (int)x->fallbacks < x->gen->policy.max_fallbacks);
}
