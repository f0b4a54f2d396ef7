/*
 * admin/report_api.c - models, spending, health and metrics.
 * Input: hostile query parameters.   Runs in: admin.   Fuzz: fuzz/http1_fuzz.c
 */
#include "admin/admin.h"

#include "base/num.h"
#include "codec/jw.h"
#include "proto/model_info.h"
#include "proto/status.h"
#include "proto/usage.h"
#include "sys/clock.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 5000, ROWS_DEFAULT = 1000, STEP = 200, MONEY_SCALE = 12, DAY_MS = 86400000 };

/* ---- /model/info ---- */

void model_info(struct conn *c)
{
	const struct policy *p = &c->admin->policy;
	struct str id = query_get(c, S("litellm_model_id"));
	bool found = false;

	jw_obj(&c->json);
	jw_key(&c->json, S("data"));
	jw_arr(&c->json);
	for (uint32_t i = 0; i < p->n_models; i++) {
		const struct policy_model *m = &p->models[i];
		for (uint32_t k = 0; k < m->n_deployments; k++) {
			const struct policy_deployment *d = &p->deployments[m->deployments[k]];
			if (id.n && !str_eq(id, d->id))
				continue;
			found = true;
			model_info_write(&c->json, p, d, m->name, d->upstream_model);
		}
	}
	jw_arr_end(&c->json);
	jw_obj_end(&c->json);
	if (id.n && !found)
		conn_error(c, 404, S("there is no deployment with this id"), S("litellm_model_id"));
	else
		conn_send(c, 200);
}

/* ---- /spend/logs ---- */

static void one_call(struct buf *b, const struct control_call *k)
{
	char text[CLOCK_TEXT];

	jw_obj(b);
	jw_kv_str(b, S("request_id"), k->request_id);
	jw_kv_str(b, S("call_type"), S("acompletion"));
	jw_key(b, S("api_key"));
	key_hash_text(b, k->key_hash);
	jw_key(b, S("spend"));
	jw_number(b, k->cost_pico < 0 ? 0 : k->cost_pico, MONEY_SCALE);
	jw_kv_int(b, S("total_tokens"), k->input + k->output);
	jw_kv_int(b, S("prompt_tokens"), k->input);
	jw_kv_int(b, S("completion_tokens"), k->output);
	jw_kv_str(b, S("startTime"), clock_format_ms(k->start_ms, text));
	jw_kv_str(b, S("endTime"), clock_format_ms(k->end_ms, text));
	jw_key(b, S("completionStartTime"));
	if (k->first_byte_ms)
		jw_str(b, clock_format_ms(k->start_ms + k->first_byte_ms, text));
	else
		jw_null(b);
	jw_kv_str(b, S("model"), k->model_served);
	jw_kv_str(b, S("model_id"), k->deployment);
	jw_kv_str(b, S("model_group"), k->model_asked);
	jw_kv_str(b, S("api_base"), S(""));
	jw_kv_str(b, S("user"), k->key_user);
	jw_kv_str(b, S("team_id"), k->key_team);
	jw_kv_str(b, S("end_user"), k->end_user);
	jw_kv_str(b, S("cache_hit"), k->flags & USAGE_CACHE_HIT ? S("True") : S("False"));
	jw_kv_str(b, S("status"), k->status < 400 ? S("success") : S("failure"));
	jw_key(b, S("metadata"));
	jw_obj(b);
	jw_kv_str(b, S("user_api_key_alias"), k->key_alias);
	jw_kv_str(b, S("key_name"), k->key_name);
	jw_kv_int(b, S("log_entry"), (int64_t)k->number);
	jw_kv_int(b, S("status_code"), k->status);
	jw_kv_int(b, S("attempts"), k->attempts);
	jw_kv_int(b, S("cache_read_tokens"), k->cache_read);
	jw_kv_int(b, S("cache_write_tokens"), k->cache_write);
	jw_kv_int(b, S("reasoning_tokens"), k->reasoning);
	jw_kv_bool(b, S("stream"), (k->flags & USAGE_STREAM) != 0);
	jw_kv_bool(b, S("client_gone"), (k->flags & USAGE_CLIENT_GONE) != 0);
	jw_kv_bool(b, S("fallback"), (k->flags & USAGE_FALLBACK) != 0);
	jw_kv_bool(b, S("estimated"), (k->flags & USAGE_ESTIMATED) != 0);
	jw_obj_end(b);
	jw_obj_end(b);
}

static void spend_step(struct conn *c);

static void on_spend(struct conn *c, struct answer *a)
{
	struct control_call k;

	if (a->err != OK) {
		conn_refused(c, a);
		return;
	}
	(void)rd_bool(&a->rest);
	uint32_t n = rd_count(&a->rest, ROWS_MAX, 4);
	for (uint32_t i = 0; i < n; i++) {
		if (control_call_decode(&k, rd_str(&a->rest, LIMIT_CONTROL)) != OK ||
		    a->rest.err != OK) {
			conn_error(c, 500, S("the gate's own answer is not understood"), S(""));
			return;
		}
		one_call(&c->json, &k);
		c->seen++;
	}
	c->next = c->query.before = rd_u64(&a->rest);
	if (c->next && c->seen < c->total && c->json.n < ADMIN_ANSWER / 2) {
		spend_step(c);
		return;
	}
	jw_arr_end(&c->json);
	conn_send(c, 200);
}

static void spend_step(struct conn *c)
{
	struct buf b;

	c->query.count = c->total - c->seen < STEP ? c->total - c->seen : STEP;
	buf_init(&b, 4096);
	control_spend_query_encode(&c->query, &b);
	conn_ask(c, MSG_SPEND_LOGS, buf_str(&b), on_spend);
	buf_free(&b);
}

/* A sum of a day: LiteLLM's form of a summary. Rows come sorted by day. */
static void sum_close(struct conn *c)
{
	if (c->at == 0)
		return;
	jw_obj_end(&c->json);
	jw_key(&c->json, S("spend"));
	jw_number(&c->json, c->key.spent_pico, MONEY_SCALE);
	jw_obj_end(&c->json);
}

static void one_sum(struct conn *c, const struct control_sum *s)
{
	char day[CLOCK_TEXT];
	int64_t room;

	if (c->at == 0 || c->key.created_ms != s->day) {
		sum_close(c);
		c->at = 1;
		c->key.created_ms = s->day;
		c->key.spent_pico = 0;
		jw_obj(&c->json);
		jw_kv_str(&c->json, S("startTime"),
			  str_head(clock_format(s->day * 86400, day), 10));
		jw_kv_raw(&c->json, S("users"), S("{}"));
		jw_key(&c->json, S("models"));
		jw_obj(&c->json);
	}
	room = INT64_MAX - c->key.spent_pico;
	c->key.spent_pico += s->cost_pico < room ? s->cost_pico : room;
	jw_str(&c->json, s->model); /* a member's name that needs escaping: string, colon, value */
	buf_addc(&c->json, ':');
	jw_number(&c->json, s->cost_pico, MONEY_SCALE);
}

/* read_sums reads n of them, and gives each of a day before end_day to c's answer; *out_last is the
 * last one's day. */
static enum err read_sums(struct conn *c, struct rd in, uint32_t n, int64_t end_day,
			  int64_t *out_last)
{
	struct control_sum s;

	for (uint32_t i = 0; i < n; i++) {
		TRY(control_sum_decode(&s, rd_str(&in, LIMIT_CONTROL)));
		*out_last = s.day;
		if (s.day < end_day)
			one_sum(c, &s);
	}
	return OK;
}

static void sum_step(struct conn *c);

/* One message holds so many sums: of the last day there may be more, and it begins the next. */
static void on_summary(struct conn *c, struct answer *a)
{
	bool more = rd_bool(&a->rest);
	uint32_t n = rd_count(&a->rest, UINT32_MAX, 4);
	int64_t last = INT64_MIN, from_day = c->query.from_ms / DAY_MS;

	if (a->err != OK) {
		conn_refused(c, a);
		return;
	}
	enum err e = more ? read_sums(c, a->rest, n, INT64_MIN, &last) : OK;
	if (e == OK && more && last <= from_day) {
		conn_error(c, 400, S("a day has more models than an answer holds: ask with "
				     "summarize=false"), S("summarize"));
		return;
	}
	if (e == OK)
		e = read_sums(c, a->rest, n, more ? last : INT64_MAX, &last);
	if (e != OK) {
		conn_error(c, 500, S("the gate's own answer is not understood"), S(""));
		return;
	}
	if (more) {
		c->query.from_ms = last * DAY_MS;
		sum_step(c);
		return;
	}
	sum_close(c);
	jw_arr_end(&c->json);
	conn_send(c, 200);
}

static void sum_step(struct conn *c)
{
	struct buf b;

	buf_init(&b, 64);
	wr_i64(&b, c->query.from_ms);
	wr_i64(&b, c->query.to_ms);
	wr_u8(&b, SUM_DAY | SUM_MODEL);
	conn_ask(c, MSG_USAGE_SUMMARY, buf_str(&b), on_summary);
	buf_free(&b);
}

/* A day alone means its beginning; as an end, the end of that day. */
static bool read_time(struct conn *c, struct str name, bool end, int64_t *out_ms)
{
	struct str s = query_get(c, name);
	int64_t seconds;

	*out_ms = 0;
	if (s.n == 0)
		return true;
	if (clock_parse(s, &seconds) != OK || seconds < 0) {
		conn_error(c, 400, S("a date is written 2026-11-23, or with a time as in RFC 3339"),
			   name);
		return false;
	}
	*out_ms = seconds * 1000 + (end && s.n == 10 ? DAY_MS : 0);
	return true;
}

static bool read_number(struct conn *c, struct str name, uint64_t max, uint64_t *io)
{
	struct str s = query_get(c, name);

	if (s.n == 0 || (num_u64(s, max, io) == OK && *io > 0))
		return true;
	conn_error(c, 400, S("this is no number, or too large a one"), name);
	return false;
}

void spend_logs(struct conn *c)
{
	int64_t from, to;
	struct str summarize = query_get(c, S("summarize"));

	if (!read_time(c, S("start_date"), false, &from) || !read_time(c, S("end_date"), true, &to))
		return;
	c->query = (struct control_spend_query){ .request_id = query_get(c, S("request_id")),
						 .key = query_get(c, S("api_key")),
						 .user = query_get(c, S("user_id")),
						 .from_ms = from,
						 .to_ms = to };
	uint64_t limit = ROWS_DEFAULT;
	if (!read_number(c, S("before"), INT64_MAX, &c->query.before) ||
	    !read_number(c, S("limit"), ROWS_MAX, &limit))
		return;
	if (c->query.request_id.n > LIMIT_NAME || c->query.key.n > LIMIT_NAME ||
	    c->query.user.n > LIMIT_NAME) {
		conn_error(c, 400, S("this is no request, no key and no user"), S(""));
		return;
	}
	c->at = c->seen = 0;
	jw_arr(&c->json);
	/* As LiteLLM: days alone give sums, unless summarize is false. */
	if (from && to && c->query.request_id.n == 0 && c->query.key.n == 0 &&
	    c->query.user.n == 0 && !str_ieq(summarize, S("false"))) {
		sum_step(c);
		return;
	}
	c->total = (uint32_t)limit;
	spend_step(c);
}

/* ---- health ---- */

void health_live(struct conn *c)
{
	conn_text(c, 200, S("application/json"), S("\"I'm alive!\""));
}

static void on_health(struct conn *c, struct answer *a)
{
	struct buf *b = &c->json;

	jw_obj(b);
	jw_kv_str(b, S("status"), a->err == OK ? S("healthy") : S("unhealthy"));
	jw_kv_str(b, S("db"), a->err == OK ? S("connected") : S("Not connected"));
	jw_kv_raw(b, S("cache"), S("null"));
	jw_kv_str(b, S("yett_version"), S(YETT_VERSION));
	jw_kv_str(b, S("litellm_version"), S(YETT_VERSION));
	jw_obj_end(b);
	conn_send(c, a->err == OK ? 200 : 503);
}

/* Keeper counts its keys, so keeper and database answer. */
void health_ready(struct conn *c)
{
	conn_ask(c, MSG_KEY_LIST, S("\0\0\0\0\0\0\0\0"), on_health);
}

/* ---- /metrics ---- */

static void metric(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* One of a single value. */
static void metric_one(struct buf *b, const char *name, const char *type, const char *help,
		       uint64_t value)
{
	metric(b, name, type, help);
	buf_addf(b, "%s %llu\n", name, (unsigned long long)value);
}

static void on_count(struct conn *c, struct answer *a)
{
	uint32_t total = rd_u32(&a->rest);

	if (a->err == OK && a->rest.err == OK)
		metric_one(&c->json, "yett_keys", "gauge",
			   "Virtual keys, expired and blocked ones too.", total);
	conn_text(c, 200, S("text/plain; version=0.0.4; charset=utf-8"), buf_str(&c->json));
}

static void on_newest(struct conn *c, struct answer *a)
{
	struct control_call k = { 0 };

	(void)rd_bool(&a->rest);
	uint32_t n = rd_count(&a->rest, 1, 4);
	if (a->err == OK &&
	    (n == 0 || control_call_decode(&k, rd_str(&a->rest, LIMIT_CONTROL)) == OK))
		metric_one(&c->json, "yett_log_entries", "counter",
			   "Calls in the database, by the number of the newest.", k.number);
	conn_ask(c, MSG_KEY_LIST, S("\0\0\0\0\0\0\0\0"), on_count);
}

static void on_state(struct conn *c, struct answer *a)
{
	struct status *s = calloc(1, sizeof *s);
	struct str rest = { (const char *)a->rest.p, (size_t)(a->rest.end - a->rest.p) };
	struct control_spend_query q = { .count = 1 };
	struct buf *b = &c->json, query;

	if (s == NULL || a->err != OK || status_decode(s, rest) != OK) {
		free(s);
		conn_error(c, 503, S("the gate does not tell its state"), S(""));
		return;
	}
	metric_one(b, "yett_up_seconds", "gauge", "Since the gate was started.", s->up_ms / 1000);
	metric_one(b, "yett_policy_generation", "gauge", "Configurations taken since the start.",
		   s->generation);
	metric_one(b, "yett_admin_requests_total", "counter", "Requests to the admin API.",
		   c->admin->requests);
	metric(b, "yett_restarts_total", "counter", "How often a process had to be started again.");
	for (uint32_t i = 0; i < s->n; i++)
		buf_addf(b, "yett_restarts_total{role=\"%.*s\",worker=\"%u\"} %u\n",
			 FMT(s->children[i].role), s->children[i].worker, s->children[i].restarts);
	metric(b, "yett_child_up", "gauge", "1 while a process serves.");
	for (uint32_t i = 0; i < s->n; i++)
		buf_addf(b, "yett_child_up{role=\"%.*s\",worker=\"%u\"} %d\n",
			 FMT(s->children[i].role), s->children[i].worker,
			 s->children[i].phase == STATUS_RUNNING);
	free(s);
	buf_init(&query, 256);
	control_spend_query_encode(&q, &query);
	conn_ask(c, MSG_SPEND_LOGS, buf_str(&query), on_newest);
	buf_free(&query);
}

void metrics(struct conn *c)
{
	/* Whether another key is one of the gate's only keeper knows. */
	if (c->admin->policy.metrics_auth && c->caller != CALLER_MASTER) {
		conn_error(c, 401, S("send the master key: require_auth_for_metrics_endpoint"),
			   S(""));
		return;
	}
	conn_ask(c, MSG_STATUS, S(""), on_state);
}
