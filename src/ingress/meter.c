/* ingress/meter.c - usage, cost and metrics. Runs in: ingress. */
#include "ingress/meter.h"

#include "ingress/choose.h"
#include "ingress/exchange.h"
#include "ingress/keys.h"
#include "ingress/limits.h"

#include "base/num.h"

#include <string.h>

enum {
	BYTES_PER_TOKEN = 4,
	USUAL_OUTPUT = 4096, /* tokens, where neither request nor deployment has a limit */
	OUTPUT_MAX = 1 << 30,
	USUAL_SHARE = 1024,  /* of a key's tokens a minute, likewise: most answers are short */
};

#define TOKENS_MAX (INT64_C(1) << 40) /* beyond any limit, and all calls' sum fits */

#define PRICE_MAX (INT64_MAX / 8)

/* 0 where a provider counts so many tokens that nobody can believe it: the sum of all parts of a
 * price must fit. */
static int64_t at_price(int64_t tokens, int64_t price)
{
	int64_t cost;

	if (tokens <= 0 || price <= 0 || __builtin_mul_overflow(tokens, price, &cost) ||
	    cost > PRICE_MAX)
		return 0;
	return cost;
}

/* The tokens of what was asked, about. */
static int64_t question(const struct exchange *x)
{
	return (int64_t)(x->asked_bytes / BYTES_PER_TOKEN);
}

void meter_lost(struct exchange *x)
{
	x->lost_input += question(x);
	x->lost_pico += at_price(question(x), x->gen->prices[x->dep_index].input);
	if (x->lost_pico > PRICE_MAX)
		x->lost_pico = PRICE_MAX;
	x->peek = (struct llm_peek){ 0 };
	x->flags |= USAGE_ESTIMATED;
}

int64_t meter_cost(const struct exchange *x, bool *out_known)
{
	const struct llm_usage *u = &x->peek.usage;

	*out_known = false;
	if (x->dep == NULL)
		return 0;
	struct policy_price p = x->gen->prices[x->dep_index];
	if (p.input < 0 || p.output < 0)
		return x->lost_pico;
	*out_known = true;
	int64_t plain = u->input - u->cache_read - u->cache_write;
	int64_t read_price = p.cache_read >= 0 ? p.cache_read : p.input;
	int64_t write_price = p.cache_write >= 0 ? p.cache_write : p.input;
	int64_t think_price = p.reasoning >= 0 ? p.reasoning : p.output;
	return x->lost_pico + at_price(plain, p.input) + at_price(u->cache_read, read_price) +
	       at_price(u->cache_write, write_price) +
	       at_price(u->output - u->reasoning, p.output) + at_price(u->reasoning, think_price);
}

/* The largest number above 0 among these members of v; a provider may go by any of them. Gemini
 * takes a number in quotes, too. */
static void most(const struct json *v, const struct str *names, int64_t *io)
{
	for (; names->n != 0; names++) {
		const struct json *m = json_get(v, *names);
		if (m == NULL)
			continue;
		struct str text = json_is(m, JSON_NUMBER) ? json_raw(m) : json_esc(m);
		int64_t n;
		enum err e = num_scaled(text, 0, &n);
		if (e == ERR_LIMIT || (e == OK && n > OUTPUT_MAX))
			n = OUTPUT_MAX;
		if (e != ERR_SYNTAX && n > *io)
			*io = n;
	}
}

struct limits_share meter_expect(const struct exchange *x, const struct json *root)
{
	static const struct str limits[] = { SC("max_completion_tokens"), SC("max_tokens"),
					     SC("maxOutputTokens"), SC("max_output_tokens"),
					     SC("") };
	static const struct str answers[] = { SC("n"), SC("candidateCount"), SC("candidate_count"),
					      SC("") };
	const struct json *places[] = { root, NULL };
	int64_t longest = 0, number = 1;
	struct policy_price p = x->gen->prices[x->dep_index];
	int64_t usual = x->dep->max_output_tokens > 0 ? x->dep->max_output_tokens : USUAL_OUTPUT;

	if (x->client == DIALECT_GEMINI) {
		places[0] = json_get(root, S("generationConfig"));
		places[1] = json_get(root, S("generation_config"));
	}
	for (unsigned i = 0; i < 2; i++) {
		most(places[i], limits, &longest);
		most(places[i], answers, &number);
	}
	bool said = longest != 0;
	if (!said || (x->drops && longest < usual)) /* the limit may be what it drops */
		longest = usual;
	int64_t output = x->budgeted ? at_price(longest * number, p.output) : 0;
	int64_t quarter = x->limits.limit_tokens / 4;

	if (x->budgeted && p.output > 0 && output == 0)
		output = PRICE_MAX / LIMIT_CONNS; /* beyond any budget, and all calls' sum fits */
	if (!said)
		longest = quarter < USUAL_SHARE ? quarter : USUAL_SHARE;
	struct limits_share share = { 0, 0 };
	if (x->limits.limit_tokens >= 0)
		share.tokens = question(x) + longest * number;
	if (share.tokens > TOKENS_MAX)
		share.tokens = TOKENS_MAX;
	if (x->budgeted)
		share.pico = at_price(question(x), p.input) + output;
	return share;
}

/* A stream that broke off, or whose provider tells nothing, still counts: one token an event, or
 * the usual four bytes a token, and that for what was asked, too. So does a call whose client has
 * left before the answer: the provider has read it, and its price must not be had for nothing. Some
 * providers tell the usage up to their first word only, until the end. */
static void estimate(struct exchange *x)
{
	struct llm_usage *u = &x->peek.usage;
	bool ended = x->peek.done || x->peek.finish != FINISH_NONE;

	if (x->upstream_status >= 300 || (x->guess == 0 && !x->abandoned) ||
	    (u->known && (ended || u->output >= x->guess)))
		return;
	if (!u->known)
		u->input = question(x);
	u->output = x->guess;
	x->flags |= USAGE_ESTIMATED;
}

void meter_call(struct exchange *x)
{
	struct ingress *in = x->in;
	struct usage_record r = { .start_ms = x->start_ms,
				  .end_ms = (int64_t)loop_wall_ms(in->loop),
				  .first_byte_ms = x->first_byte_ms,
				  .key = x->key_id,
				  .status = x->status,
				  .upstream_status = x->upstream_status,
				  .attempts = (uint16_t)x->attempts,
				  .client_dialect = (uint16_t)x->client,
				  .endpoint = (uint16_t)x->route->endpoint,
				  .policy_generation = x->gen->policy.generation };
	bool known;

	estimate(x);
	const struct llm_usage *u = &x->peek.usage;
	int64_t cost = meter_cost(x, &known), input = u->input + x->lost_input,
		tokens = input + u->output;
	r.flags = (uint16_t)(x->flags | (x->stream ? USAGE_STREAM : 0) |
			     (known || tokens == 0 ? 0 : USAGE_NO_PRICE));
	r.input = input;
	r.cache_read = u->cache_read;
	r.cache_write = u->cache_write;
	r.output = u->output;
	r.reasoning = u->reasoning;
	r.cost_pico = cost;
	memcpy(r.request_id, x->id,
	       sizeof r.request_id < sizeof x->id ? sizeof r.request_id : sizeof x->id);
	usage_text(r.model_asked, sizeof r.model_asked, x->model);
	if (x->dep != NULL) {
		usage_text(r.model_served, sizeof r.model_served, x->dep->upstream_model);
		usage_text(r.deployment, sizeof r.deployment, x->dep->id);
	}
	memcpy(r.end_user, x->end_user, sizeof r.end_user);
	r.seq = ++in->usage_seq;
	/* Its place was promised when the request was let in. */
	if (usage_put(in->usage, &r) != OK)
		ingress_fatal("the usage file is full");
	/* The key may be gone, and its slot another's; keeper knows from the record. */
	const struct key *key = keys_at(in->keys, x->key_slot);
	if (key != NULL && key->id == x->key_id)
		limits_spend(in, x->key_slot, tokens, cost);
	if (x->dep != NULL)
		choose_used(in, x->dep_index, tokens, x->first_byte_ms);
	struct counter_worker *w = &in->counters->workers[in->worker];
	atomic_fetch_add_explicit(&w->calls, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&w->input_tokens, (uint64_t)input, memory_order_relaxed);
	atomic_fetch_add_explicit(&w->output_tokens, (uint64_t)u->output, memory_order_relaxed);
	atomic_fetch_add_explicit(&w->cost_pico, (uint64_t)cost, memory_order_relaxed);
}

void meter_status(struct ingress *in, unsigned status)
{
	unsigned class = status / 100;

	if (class < COUNTER_CLASSES)
		atomic_fetch_add_explicit(&in->counters->workers[in->worker].status[class], 1,
					  memory_order_relaxed);
}

static void metric(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void label_escape(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i] == '\n' ? ' ' : s.p[i]);
	}
}

static void write_deployment(struct buf *out, const char *name, const struct policy_deployment *d,
			     unsigned value)
{
	buf_addf(out, "%s{deployment=\"", name);
	label_escape(out, d->id);
	buf_add(out, S("\",model=\""));
	label_escape(out, d->upstream_model);
	buf_addf(out, "\"} %u\n", value);
}

static void write_deployments(struct ingress *in, struct buf *out)
{
	const struct policy *p = &in->gen->policy;
	uint64_t now = loop_now_ms(in->loop);

	metric(out, "yett_deployment_in_flight", "gauge", "Calls that wait for a deployment.");
	for (uint32_t i = 0; i < p->n_deployments; i++)
		write_deployment(out, "yett_deployment_in_flight", &p->deployments[i],
				 choose_in_flight(in, i));
	metric(out, "yett_deployment_cooling", "gauge",
	       "1 while a deployment is left out after failures.");
	for (uint32_t i = 0; i < p->n_deployments; i++)
		write_deployment(out, "yett_deployment_cooling", &p->deployments[i],
				 atomic_load(&in->counters->deployments[i].cool_until_ms) > now);
}

/* One row a counter: its name, help and where it lies. */
#define WORKER_COUNTERS(X)                                                                         \
	X("yett_calls_total", "Calls that were finished and recorded.", calls)                     \
	X("yett_input_tokens_total", "Tokens of prompts.", input_tokens)                           \
	X("yett_output_tokens_total", "Tokens that were generated.", output_tokens)                \
	X("yett_cost_picodollars_total", "Cost in 1e-12 dollars.", cost_pico)

void meter_write(struct ingress *in, struct buf *out)
{
	uint64_t sum;

#define X(name, help, field)                                                                       \
	metric(out, name, "counter", help);                                                        \
	sum = 0;                                                                                   \
	for (unsigned w = 0; w < in->n_workers; w++)                                               \
		sum += atomic_load_explicit(&in->counters->workers[w].field,                       \
					    memory_order_relaxed);                                 \
	buf_addf(out, name " %llu\n", (unsigned long long)sum);
	WORKER_COUNTERS(X)
#undef X
	metric(out, "yett_http_responses_total", "counter", "Answers by class of status.");
	for (unsigned class = 2; class < COUNTER_CLASSES; class ++) {
		sum = 0;
		for (unsigned w = 0; w < in->n_workers; w++)
			sum += atomic_load_explicit(&in->counters->workers[w].status[class],
						    memory_order_relaxed);
		buf_addf(out, "yett_http_responses_total{class=\"%uxx\"} %llu\n", class,
			 (unsigned long long)sum);
	}
	metric(out, "yett_client_connections", "gauge",
	       "Open client connections of the worker that answers.");
	buf_addf(out, "yett_client_connections{worker=\"%u\"} %u\n", in->worker, in->n_conns);
	metric(out, "yett_keys", "gauge", "Virtual keys in force.");
	buf_addf(out, "yett_keys %u\n", keys_count(in->keys));
	metric(out, "yett_usage_backlog", "gauge",
	       "Finished calls that are not yet in the database.");
	buf_addf(out, "yett_usage_backlog{worker=\"%u\"} %llu\n", in->worker,
		 (unsigned long long)(atomic_load(&in->usage->head) -
				      atomic_load(&in->usage->tail)));
	metric(out, "yett_config_info", "gauge", "Hash of the configuration in force.");
	buf_addf(out, "yett_config_info{sha256=\"%s\"} 1\n", in->gen->config_hex);
	write_deployments(in, out);
}
