/* ingress/limits.c - requests and tokens a minute, parallel calls, budgets. Runs in: ingress. */
#include "ingress/limits.h"

#include <assert.h>

static uint64_t minute_of(const struct ingress *in)
{
	return loop_wall_ms(in->loop) / 60000;
}

static uint32_t seconds_left(const struct ingress *in)
{
	return (uint32_t)(60 - loop_wall_ms(in->loop) / 1000 % 60);
}

static uint32_t parallel_of(const struct ingress *in, uint32_t slot)
{
	uint32_t sum = 0;

	for (unsigned w = 0; w < in->n_workers; w++)
		sum += atomic_load_explicit(&in->counters->key_parallel[w][slot],
					    memory_order_relaxed);
	return sum;
}

static struct limits_share pending_of(const struct ingress *in, uint32_t slot)
{
	struct limits_share sum = { 0, 0 };

	for (unsigned w = 0; w < in->n_workers; w++) {
		const struct counter_pending *p = &in->counters->key_pending[w][slot];
		sum.pico += atomic_load_explicit(&p->pico, memory_order_relaxed);
		sum.tokens += atomic_load_explicit(&p->tokens, memory_order_relaxed);
	}
	return sum;
}

static enum err admit_budget(struct ingress *in, const struct key *key, struct reply_limits *lim,
			     struct diag *d)
{
	struct counter_key *c = &in->counters->keys[key->slot];

	if (key->budget_pico < 0)
		return OK;
	int64_t left = key->budget_pico -
		       atomic_load_explicit(&c->spent_pico, memory_order_relaxed);
	if (left <= 0)
		return diag_set(d, ERR_BUDGET,
				"the budget of this key is spent; raise max_budget or wait for its "
				"reset");
	if (left > pending_of(in, key->slot).pico)
		return OK;
	lim->retry_after_s = 1;
	return diag_set(d, ERR_RATE,
			"what this key's calls under way may cost takes all that is left of its "
			"budget; retry when one has ended, or ask for fewer max_tokens");
}

static enum err admit_tokens(struct ingress *in, const struct key *key, struct reply_limits *lim,
			     struct diag *d)
{
	if (key->tpm < 0)
		return OK;
	uint64_t used = counter_read(&in->counters->keys[key->slot].tokens, minute_of(in));
	int64_t pending = pending_of(in, key->slot).tokens;
	lim->limit_tokens = key->tpm;
	lim->remaining_tokens = key->tpm - (int64_t)used - pending;
	if (lim->remaining_tokens > 0)
		return OK;
	if ((int64_t)used < key->tpm) {
		lim->retry_after_s = 1;
		return diag_set(d, ERR_RATE,
				"what this key's calls under way may use takes all that is left "
				"of its tokens per minute (%lld); retry when one has ended, or "
				"ask for fewer max_tokens",
				(long long)key->tpm);
	}
	lim->retry_after_s = seconds_left(in);
	return diag_set(d, ERR_RATE,
			"the key's tokens per minute (%lld) are used up; retry in %u s",
			(long long)key->tpm, lim->retry_after_s);
}

static enum err admit_requests(struct ingress *in, const struct key *key, struct reply_limits *lim,
			       struct diag *d)
{
	if (key->rpm < 0)
		return OK;
	uint64_t before = counter_add(&in->counters->keys[key->slot].requests, minute_of(in), 1);
	lim->limit_requests = key->rpm;
	lim->remaining_requests = key->rpm - (int64_t)before - 1;
	if ((int64_t)before < key->rpm)
		return OK;
	lim->retry_after_s = seconds_left(in);
	return diag_set(d, ERR_RATE,
			"the key's requests per minute (%lld) are used up; retry in %u s",
			(long long)key->rpm, lim->retry_after_s);
}

enum err limits_admit(struct ingress *in, const struct key *key, struct reply_limits *lim,
		      struct diag *d)
{
	lim->reset_s = seconds_left(in);
	TRY(admit_budget(in, key, lim, d));
	TRY(admit_tokens(in, key, lim, d));
	if (key->parallel >= 0 && parallel_of(in, key->slot) >= (uint64_t)key->parallel) {
		lim->retry_after_s = 1;
		return diag_set(
			d, ERR_RATE,
			"the key's parallel requests (%lld) are all in use; retry when one ends",
			(long long)key->parallel);
	}
	TRY(admit_requests(in, key, lim, d));
	atomic_fetch_add_explicit(&in->counters->key_parallel[in->worker][key->slot], 1,
				  memory_order_relaxed);
	return OK;
}

void limits_release(struct ingress *in, uint32_t slot)
{
	atomic_fetch_sub_explicit(&in->counters->key_parallel[in->worker][slot], 1,
				  memory_order_relaxed);
}

void limits_pend(struct ingress *in, uint32_t slot, struct limits_share before,
		 struct limits_share now)
{
	assert(slot < LIMIT_KEYS); /* others have no key, and no limits */
	struct counter_pending *p = &in->counters->key_pending[in->worker][slot];

	if (now.pico != before.pico)
		atomic_fetch_add_explicit(&p->pico, now.pico - before.pico, memory_order_relaxed);
	if (now.tokens != before.tokens)
		atomic_fetch_add_explicit(&p->tokens, now.tokens - before.tokens,
					  memory_order_relaxed);
}

void limits_spend(struct ingress *in, uint32_t slot, int64_t tokens, int64_t cost_pico)
{
	struct counter_key *c = &in->counters->keys[slot];

	if (tokens > 0)
		(void)counter_add(&c->tokens, minute_of(in), (uint64_t)tokens);
	if (cost_pico > 0)
		atomic_fetch_add_explicit(&c->spent_pico, cost_pico, memory_order_relaxed);
}

/* A name of a key's list: a model, a wildcard with one '*' at its end, or an access group. */
static bool name_matches(struct str pattern, struct str name)
{
	if (pattern.n && pattern.p[pattern.n - 1] == '*')
		return str_has_prefix(name, str_head(pattern, pattern.n - 1));
	return str_eq(pattern, name);
}

bool limits_model(const struct key *key, const struct policy *p, struct str asked,
		  const struct policy_model *m)
{
	(void)p;
	if (key->n_models == 0)
		return true;
	for (unsigned i = 0; i < key->n_models; i++) {
		struct str name = key->models[i];
		if (str_eq(name, S("all-proxy-models")) || name_matches(name, asked) ||
		    str_eq(name, m->name))
			return true;
		for (uint32_t g = 0; g < m->n_access_groups; g++)
			if (str_eq(name, m->access_groups[g]))
				return true;
	}
	return false;
}
