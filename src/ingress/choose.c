/* ingress/choose.c - filters, then a strategy out of a table. Runs in: ingress. */
#include "ingress/choose.h"

#include <string.h>

enum { CANDIDATES = 256 };

struct candidates {
	uint32_t index[CANDIDATES];
	unsigned n;
	uint32_t order;
	bool rate, cooling, too_small;
	uint64_t ready_at_ms;
};

static bool was_tried(const uint32_t *tried, unsigned n, uint32_t index)
{
	for (unsigned i = 0; i < n; i++)
		if (tried[i] == index)
			return true;
	return false;
}

uint32_t choose_in_flight(const struct ingress *in, uint32_t index)
{
	uint32_t sum = 0;

	for (unsigned w = 0; w < in->n_workers; w++)
		sum += atomic_load_explicit(&in->counters->deployment_parallel[w][index],
					    memory_order_relaxed);
	return sum;
}

static void note_ready(struct candidates *c, uint64_t at_ms)
{
	if (c->ready_at_ms == 0 || at_ms < c->ready_at_ms)
		c->ready_at_ms = at_ms;
}

/* The filters of one deployment, in the order in which their reasons are told. */
static bool usable(struct ingress *in, const struct policy *p, uint32_t index, int64_t tokens,
		   struct candidates *c)
{
	const struct policy_deployment *d = &p->deployments[index];
	struct counter_deployment *k = &in->counters->deployments[index];
	uint64_t now = loop_now_ms(in->loop), minute = now / 60000;
	uint64_t cool = atomic_load_explicit(&k->cool_until_ms, memory_order_relaxed);

	if (p->pre_call_checks && d->max_input_tokens > 0 && tokens > d->max_input_tokens) {
		c->too_small = true;
		return false;
	}
	if (cool > now) {
		c->cooling = true;
		note_ready(c, cool);
		return false;
	}
	if ((d->rpm && counter_read(&k->requests, minute) >= d->rpm) ||
	    (d->tpm && counter_read(&k->tokens, minute) >= d->tpm)) {
		c->rate = true;
		note_ready(c, (minute + 1) * 60000);
		return false;
	}
	if (d->max_parallel && choose_in_flight(in, index) >= d->max_parallel) {
		c->rate = true;
		note_ready(c, now + 1000);
		return false;
	}
	return true;
}

static void collect(struct ingress *in, const struct policy *p, const struct policy_model *m,
		    const uint32_t *tried, unsigned n_tried, int64_t tokens, struct candidates *c)
{
	c->n = 0;
	c->rate = c->cooling = c->too_small = false;
	c->ready_at_ms = 0;
	c->order = UINT32_MAX;
	for (uint32_t i = 0; i < m->n_deployments; i++) {
		uint32_t index = m->deployments[i];
		uint32_t order = p->deployments[index].order ? p->deployments[index].order
							     : UINT32_MAX - 1;
		if (was_tried(tried, n_tried, index) || !usable(in, p, index, tokens, c) ||
		    order > c->order)
			continue;
		if (order < c->order) {
			c->order = order;
			c->n = 0;
		}
		if (c->n < CANDIDATES)
			c->index[c->n++] = index;
	}
}

/* LiteLLM's simple-shuffle: by weight where one is given, else by rpm, else by tpm, else all alike.
 */
static uint64_t weight_of(const struct policy_deployment *d, unsigned by)
{
	return by == 0 ? d->weight : by == 1 ? d->rpm : by == 2 ? d->tpm : 1;
}

static uint32_t shuffle(struct ingress *in, const struct policy *p, const struct candidates *c)
{
	const struct policy_deployment *deps = p->deployments;

	for (unsigned by = 0; by < 4; by++) {
		uint64_t sum = 0;
		for (unsigned i = 0; i < c->n; i++)
			sum += weight_of(&deps[c->index[i]], by);
		if (sum == 0)
			continue;
		uint64_t at = ingress_random(in) % sum;
		for (unsigned i = 0; i < c->n; i++) {
			uint64_t w = weight_of(&deps[c->index[i]], by);
			if (at < w)
				return c->index[i];
			at -= w;
		}
	}
	return c->index[0];
}

/* What the other strategies minimise. */
static uint64_t cost_of(struct ingress *in, const struct policy *p, uint32_t index)
{
	struct counter_deployment *k = &in->counters->deployments[index];
	const struct policy_deployment *d = &p->deployments[index];

	switch (p->strategy) {
	case ROUTE_LEAST_BUSY:
		return choose_in_flight(in, index);
	case ROUTE_LATENCY:
		return atomic_load_explicit(&k->latency_ms, memory_order_relaxed);
	case ROUTE_USAGE:
		return counter_read(&k->tokens, loop_now_ms(in->loop) / 60000);
	case ROUTE_COST: {
		struct policy_price price = policy_price_find(p, d, d->upstream_model);
		return price.input < 0 ? UINT64_MAX : (uint64_t)(price.input + price.output);
	}
	case ROUTE_SHUFFLE:
	case ROUTE_COUNT:
	default:
		return 0;
	}
}

static uint32_t cheapest(struct ingress *in, const struct policy *p, const struct candidates *c)
{
	unsigned start = (unsigned)(ingress_random(in) % c->n); /* ties go round */
	uint32_t best = c->index[start];
	uint64_t best_cost = cost_of(in, p, best);

	for (unsigned i = 1; i < c->n; i++) {
		uint32_t index = c->index[(start + i) % c->n];
		uint64_t cost = cost_of(in, p, index);
		if (cost < best_cost) {
			best = index;
			best_cost = cost;
		}
	}
	return best;
}

enum err choose_deployment(struct ingress *in, const struct policy *p, const struct policy_model *m,
			   const uint32_t *tried, unsigned n_tried, bool again, int64_t tokens,
			   struct choice *out)
{
	UNSET struct candidates c;

	collect(in, p, m, tried, n_tried, tokens, &c);
	if (c.n == 0 && again)
		collect(in, p, m, NULL, 0, tokens, &c);
	if (c.n == 0) {
		uint64_t now = loop_now_ms(in->loop);
		out->retry_after_s = c.ready_at_ms > now
					     ? (uint32_t)((c.ready_at_ms - now + 999) / 1000)
					     : 1;
		return c.cooling     ? ERR_BUSY
		       : c.rate	     ? ERR_RATE
		       : c.too_small ? ERR_LIMIT
				     : ERR_BUSY;
	}
	if (c.n == 1)
		out->index = c.index[0];
	else
		out->index = p->strategy == ROUTE_SHUFFLE ? shuffle(in, p, &c)
							  : cheapest(in, p, &c);
	out->dep = &p->deployments[out->index];
	return OK;
}

void choose_begin(struct ingress *in, uint32_t index)
{
	struct counter_deployment *k = &in->counters->deployments[index];

	(void)counter_add(&k->requests, loop_now_ms(in->loop) / 60000, 1);
	atomic_fetch_add_explicit(&in->counters->deployment_parallel[in->worker][index], 1,
				  memory_order_relaxed);
}

void choose_end(struct ingress *in, uint32_t index)
{
	atomic_fetch_sub_explicit(&in->counters->deployment_parallel[in->worker][index], 1,
				  memory_order_relaxed);
}

void choose_used(struct ingress *in, uint32_t index, int64_t tokens, uint32_t first_byte_ms)
{
	struct counter_deployment *k = &in->counters->deployments[index];
	uint32_t old = atomic_load_explicit(&k->latency_ms, memory_order_relaxed);

	if (tokens > 0)
		(void)counter_add(&k->tokens, loop_now_ms(in->loop) / 60000, (uint64_t)tokens);
	atomic_store_explicit(&k->latency_ms, old ? (old * 7 + first_byte_ms) / 8 : first_byte_ms,
			      memory_order_relaxed);
}

static bool cools_at_once(unsigned status)
{
	return status == 429 || status == 401 || status == 403 || status == 404 || status == 408;
}

void choose_failed(struct ingress *in, const struct policy *p, uint32_t index, unsigned status,
		   int32_t allowed, uint32_t retry_after_ms)
{
	const struct policy_deployment *d = &p->deployments[index];
	struct counter_deployment *k = &in->counters->deployments[index];
	uint64_t now = loop_now_ms(in->loop);
	uint64_t fails = counter_add(&k->fails, now / 60000, 1) + 1;
	uint32_t cooldown_ms = d->cooldown_ms != UINT32_MAX ? d->cooldown_ms : p->cooldown_ms;

	bool enough = allowed >= 0 ? fails > (uint32_t)allowed
				   : cools_at_once(status) || fails > p->allowed_fails;
	if (p->disable_cooldowns || !enough)
		return;
	if (retry_after_ms > cooldown_ms)
		cooldown_ms = retry_after_ms;
	atomic_store_explicit(&k->cool_until_ms, now + cooldown_ms, memory_order_relaxed);
}
