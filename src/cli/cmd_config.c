/*
 * cli/cmd_config.c - `yett config check` and `yett config explain`: what a file means, without
 * running it. Never the value of a credential: only where it comes from.
 * Input: the operator's file.   Runs in: cli.
 */
#include "cli/cli.h"

#include "codec/jw.h"
#include "config/config.h"
#include "config/memory.h"

enum { ARENA_BUDGET = 256 << 20 };

/* A file with a mistake in it is a configuration that cannot be used, whatever the mistake. */
static int exit_of(enum err e)
{
	if (e == OK || e == ERR_NOT_FOUND || e == ERR_DENIED || e == ERR_SYS)
		return err_exit(e);
	return err_exit(ERR_CONFIG);
}

static enum err load(const char *path, struct arena *a, struct config *out, struct diag *d)
{
	struct config_io io;

	arena_init(a, ARENA_BUDGET);
	cli_config_io(&io);
	return config_load(path, &io, a, out, d);
}

/* ---- check ---- */

static const char *const styles[CONFIG_STATUS_COUNT] = {
	[CONFIG_EXACT] = "32",
	[CONFIG_APPROXIMATE] = "36",
	[CONFIG_MANUAL] = "33",
	[CONFIG_UNSUPPORTED] = "31",
};

/* What needs a person first. */
static const enum config_status order[CONFIG_STATUS_COUNT] = { CONFIG_MANUAL, CONFIG_UNSUPPORTED,
							       CONFIG_APPROXIMATE, CONFIG_EXACT };

static size_t count_of(const struct config *conf, enum config_status s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < conf->n_notes; i++)
		n += conf->notes[i].status == s;
	return n;
}

static void note_text(struct cli *c, const struct config_note *n, size_t width)
{
	size_t text = strlen(config_status_text[n->status]);

	cli_style(c, styles[n->status], str_z(config_status_text[n->status]));
	cli_pad(c, text, 13);
	cli_safe(c, n->path);
	cli_pad(c, n->path.n, width);
	cli_safe(c, n->why);
	if (n->line) {
		buf_add(&c->out, S(" ("));
		if (n->count > 1)
			buf_addf(&c->out, "%u times, first in ", n->count);
		if (str_eq(n->file, str_z(c->args[0])))
			buf_add(&c->out, S("line "));
		else {
			cli_safe(c, n->file);
			buf_addc(&c->out, ':');
		}
		buf_addf(&c->out, "%u)", n->line);
	}
	buf_addc(&c->out, '\n');
}

/* Who may ask, where that is not whoever has a key. */
static void told_of_keys(struct cli *c, const struct config *conf)
{
	if (conf->policy.open)
		buf_add(&c->out, S("there is no master key: unless LITELLM_MASTER_KEY is set, only "
				   "programs of the same machine are answered\n"));
	else if (conf->master_weak)
		buf_add(&c->out, S("the master key is weak: below 20 characters the gate listens "
				   "on loopback addresses only\n"));
}

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

static void check_text(struct cli *c, const struct config *conf, enum err e, const struct diag *d)
{
	size_t width = 24;

	for (uint32_t i = 0; i < conf->n_notes; i++)
		if (conf->notes[i].path.n + 1 > width && conf->notes[i].path.n < 48)
			width = conf->notes[i].path.n + 1;
	for (size_t s = 0; s < CONFIG_STATUS_COUNT; s++)
		for (uint32_t i = 0; i < conf->n_notes; i++)
			if (conf->notes[i].status == order[s])
				note_text(c, &conf->notes[i], width);
	buf_addf(&c->out, "\n%zu exact, %zu approximate, %zu manual, %zu unsupported\n",
		 count_of(conf, CONFIG_EXACT),
		 count_of(conf, CONFIG_APPROXIMATE), count_of(conf, CONFIG_MANUAL),
		 count_of(conf, CONFIG_UNSUPPORTED));
	if (e == OK) {
		uint32_t models = conf->policy.n_models, used = conf->policy.n_deployments;
		buf_addf(&c->out, "it can be used: %u model%s, %u deployment%s", models,
			 plural(models), used, plural(used));
		if (conf->n_left_out)
			buf_addf(&c->out, "; %u left out", conf->n_left_out);
		buf_addc(&c->out, '\n');
		told_of_keys(c, conf);
		uint32_t workers = conf->workers ? conf->workers : 1;
		struct memory_worst m = memory_worst(workers, conf->policy.global_max_parallel);
		memory_tell(&m, workers, &c->out);
		buf_addc(&c->out, '\n');
		return;
	}
	cli_style(c, "31", S("it cannot be used: "));
	cli_safe(c, str_z(diag_text(d)));
	buf_addc(&c->out, '\n');
}

static void check_json(struct cli *c, const struct config *conf, enum err e, const struct diag *d)
{
	struct buf *b = &c->out;

	jw_obj(b);
	jw_kv_bool(b, S("usable"), e == OK);
	if (e != OK)
		jw_kv_str(b, S("error"), str_z(diag_text(d)));
	jw_kv_int(b, S("models"), conf->policy.n_models);
	jw_kv_int(b, S("deployments"), conf->policy.n_deployments);
	jw_kv_int(b, S("left_out"), conf->n_left_out);
	uint32_t workers = conf->workers ? conf->workers : 1;
	struct memory_worst m = memory_worst(workers, conf->policy.global_max_parallel);
	jw_key(b, S("memory_at_worst"));
	jw_obj(b);
	jw_kv_int(b, S("workers"), workers);
	jw_kv_int(b, S("worker_bytes"), (int64_t)m.worker_bytes);
	jw_kv_int(b, S("call_bytes"), (int64_t)m.call_bytes);
	jw_kv_int(b, S("calls"), (int64_t)m.calls);
	jw_obj_end(b);
	jw_key(b, S("keys"));
	jw_arr(b);
	for (uint32_t i = 0; i < conf->n_notes; i++) {
		const struct config_note *n = &conf->notes[i];
		jw_obj(b);
		jw_kv_str(b, S("key"), n->path);
		jw_kv_str(b, S("status"), str_z(config_status_text[n->status]));
		jw_kv_str(b, S("why"), n->why);
		jw_kv_str(b, S("file"), n->file);
		jw_kv_int(b, S("line"), n->line);
		jw_kv_int(b, S("count"), n->count);
		jw_obj_end(b);
	}
	jw_arr_end(b);
	jw_obj_end(b);
	buf_addc(b, '\n');
}

static int check_run(struct cli *c)
{
	struct arena a;
	struct config conf;
	struct diag d = { 0 };

	enum err e = load(c->args[0], &a, &conf, &d);
	if (e != OK && conf.n_notes == 0 && !c->json) { /* not one key of it was read */
		(void)cli_fail(c, e, &d);
		arena_wipe(&a);
		return exit_of(e);
	}
	if (c->json)
		check_json(c, &conf, e, &d);
	else
		check_text(c, &conf, e, &d);
	arena_wipe(&a);
	int status = cli_done(c, OK);
	return e == OK ? status : exit_of(e);
}

const struct cmd cmd_config_check = {
	.name = "config check",
	.args = "FILE",
	.brief = "say of each key in FILE how well it is served, and whether the file can be used",
	.more = "exact: as LiteLLM does; approximate: the difference is stated; "
		"manual: somebody has to do something; unsupported: ignored.\n\n"
		"The exit status is 0, 78 when FILE cannot be used, 66 when it is not there.",
	.args_min = 1,
	.args_max = 1,
	.run = check_run,
};

/* ---- explain ---- */

static const char *const strategy_name[ROUTE_COUNT] = {
	[ROUTE_SHUFFLE] = "simple-shuffle", [ROUTE_LEAST_BUSY] = "least-busy",
	[ROUTE_LATENCY] = "latency-based-routing", [ROUTE_USAGE] = "usage-based-routing",
	[ROUTE_COST] = "cost-based-routing",
};

/* "env:NAME", "vault:NAME", "literal in FILE:LINE", "none". */
static void credential(struct buf *b, const struct config *conf, uint16_t number)
{
	if (number == UPSTREAM_NO_SECRET) {
		buf_add(b, S("none"));
		return;
	}
	const struct config_secret *s = &conf->secrets[number];
	if (s->source == SOURCE_LITERAL)
		buf_addf(b, "literal in %.*s:%u", FMT(s->file), s->line);
	else
		buf_addf(b, "%s:%.*s", s->source == SOURCE_ENV ? "env" : "vault", FMT(s->name));
}

static void url(struct buf *b, const struct upstream *u)
{
	bool ipv6 = str_chr(u->host, ':') != SIZE_MAX;

	buf_addf(b, "%s://%s%.*s%s", u->https ? "https" : "http", ipv6 ? "[" : "", FMT(u->host),
		 ipv6 ? "]" : "");
	if (u->port != (u->https ? 443 : 80))
		buf_addf(b, ":%u", u->port);
	buf_add(b, u->path_prefix);
}

/* What '*' in the upstream's model stands for. */
static struct str model_of(struct arena *a, const struct policy_deployment *d, struct str star)
{
	char room[2 * LIMIT_NAME];
	struct str tail, head = str_cut(d->upstream_model, '*', &tail);
	struct buf b;

	if (head.n == d->upstream_model.n)
		return d->upstream_model;
	buf_fixed(&b, room, sizeof room);
	buf_add(&b, head);
	buf_add(&b, star);
	buf_add(&b, tail);
	return b.err == OK ? arena_dup(a, buf_str(&b)) : d->upstream_model;
}

struct route {
	const struct config *conf;
	const struct policy_model *model;
	struct str asked, star;
	uint32_t *sorted;       /* deployments by order */
	struct arena *a;
};

/* Deployments with a lower order are tried first; without one they come last, as LiteLLM has it. */
static uint32_t rank(const struct policy_deployment *d)
{
	return d->order ? d->order : UINT32_MAX;
}

static bool route_sort(struct route *r)
{
	const struct policy_deployment *all = r->conf->policy.deployments;

	r->sorted = NEW_ARRAY(r->a, uint32_t, r->model->n_deployments);
	if (r->sorted == NULL)
		return false;
	for (uint32_t i = 0; i < r->model->n_deployments; i++) {
		uint32_t k = i;
		for (; k > 0 &&
		     rank(&all[r->sorted[k - 1]]) > rank(&all[r->model->deployments[i]]); k--)
			r->sorted[k] = r->sorted[k - 1];
		r->sorted[k] = r->model->deployments[i];
	}
	return true;
}

static const char *const fallback_name[] = {
	[FALLBACK_GENERAL] = "fallbacks", [FALLBACK_CONTEXT] = "context_window_fallbacks",
	[FALLBACK_CONTENT] = "content_policy_fallbacks",
};

/* The model's own list, else the one for every model. */
static const struct policy_fallback *fallback_of(const struct route *r,
						 enum policy_fallback_kind kind)
{
	const struct policy *p = &r->conf->policy;
	const struct policy_fallback *any = NULL;

	for (uint32_t i = 0; i < p->n_fallbacks; i++) {
		const struct policy_fallback *f = &p->fallbacks[i];
		if (f->kind != kind)
			continue;
		if (str_eq(f->model, r->asked) || str_eq(f->model, r->model->name))
			return f;
		if (str_eq(f->model, S("*")))
			any = f;
	}
	return any;
}

static void seconds(struct buf *b, uint32_t ms)
{
	buf_addf(b, "%u", ms / 1000);
	if (ms % 1000)
		buf_addf(b, ".%03u", ms % 1000);
	buf_add(b, S(" s"));
}

static void price_text(struct buf *b, const char *what, int64_t pico)
{
	if (pico < 0)
		return;
	buf_addf(b, "%s%s $", b->n && b->p[b->n - 1] != ' ' ? ", " : "", what);
	jw_number(b, pico, 6);
}

static uint32_t or_else(uint32_t own, uint32_t router, uint32_t unset)
{
	return own == unset ? router : own;
}

static void limits_text(struct buf *b, const struct policy_deployment *d)
{
	const struct {
		const char *name;
		uint64_t value;
	} limits[] = { { "rpm", d->rpm }, { "tpm", d->tpm }, { "parallel", d->max_parallel },
		       { "weight", d->weight }, { "order", d->order } };
	const char *sep = "";

	buf_add(b, S("\n   limits      "));
	if (!d->rpm && !d->tpm && !d->max_parallel) {
		buf_add(b, S("none"));
		sep = ", ";
	}
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		if (limits[i].value == 0)
			continue;
		buf_addf(b, "%s%s %llu", sep, limits[i].name, (unsigned long long)limits[i].value);
		sep = ", ";
	}
}

static void deployment_text(struct cli *c, const struct route *r, uint32_t number)
{
	const struct config *conf = r->conf;
	const struct policy *p = &conf->policy;
	const struct policy_deployment *d = &p->deployments[r->sorted[number]];
	struct str model = model_of(r->a, d, r->star);
	struct policy_price price = policy_price_find(p, d, model);
	struct buf *b = &c->out;

	buf_addf(b, "\n%u. ", number + 1);
	cli_style(c, "1", d->id);
	buf_addf(b, "\n   serves      %.*s, model ", FMT(d->provider));
	cli_safe(c, model);
	if (d->serves != SERVES_ECHO) {
		const struct upstream *u = &conf->upstreams.rows[d->upstream];
		buf_add(b, S("\n   at          "));
		url(b, u);
		buf_addf(b, "%s%s%s", u->http2 ? ", HTTP/2" : "", u->n_pins ? ", pinned" : "",
			 u->allow_private ? ", may be a private address" : "");
		if (u->proxied)
			buf_addf(b, ", through the proxy at %.*s:%u",
				 FMT(conf->upstreams.proxy.host), conf->upstreams.proxy.port);
		buf_add(b, S("\n   credential  "));
		credential(b, conf, u->secret);
		for (unsigned i = 0; i < u->n_headers; i++) {
			buf_addf(b, "\n   header      %.*s from ", FMT(u->headers[i].name));
			credential(b, conf, u->headers[i].secret);
		}
	}
	limits_text(b, d);
	buf_add(b, S("\n   timeouts    "));
	seconds(b, or_else(d->timeout_ms, p->timeout_ms, 0));
	buf_add(b, S(", streams "));
	seconds(b, or_else(d->stream_timeout_ms, or_else(d->timeout_ms, p->stream_timeout_ms, 0),
			   0));
	buf_addf(b, ", %d retries, cooldown ",
		 d->max_retries < 0 ? p->num_retries : d->max_retries);
	seconds(b, or_else(d->cooldown_ms, p->cooldown_ms, UINT32_MAX));
	buf_add(b, S("\n   price       "));
	if (price.input < 0 && price.output < 0)
		buf_add(b, S("unknown"));
	price_text(b, "input", price.input);
	price_text(b, "output", price.output);
	price_text(b, "cache read", price.cache_read);
	price_text(b, "cache write", price.cache_write);
	buf_add(b, price.input < 0 && price.output < 0 ? S("\n") : S(" a million tokens\n"));
}

static void explain_text(struct cli *c, const struct route *r)
{
	const struct policy *p = &r->conf->policy;
	struct buf *b = &c->out;

	cli_style(c, "1", r->asked);
	if (!str_eq(r->asked, r->model->name)) {
		buf_add(b, S(" is served by "));
		cli_safe(c, r->model->name);
	}
	buf_addf(b, ": %u deployment%s, %s\n", r->model->n_deployments,
		 r->model->n_deployments == 1 ? "" : "s", strategy_name[p->strategy]);
	for (uint32_t i = 0; i < r->model->n_deployments; i++)
		deployment_text(c, r, i);
	buf_addc(b, '\n');
	for (int kind = 0; kind <= FALLBACK_CONTENT; kind++) {
		const struct policy_fallback *f = fallback_of(r, (enum policy_fallback_kind)kind);
		buf_addf(b, "%-25s ", fallback_name[kind]);
		for (uint32_t i = 0; f && i < f->n_to; i++) {
			if (i)
				buf_add(b, S(", "));
			cli_safe(c, f->to[i]);
		}
		buf_add(b, f && f->n_to ? S("\n") : S("none\n"));
	}
}

static void kv_credential(struct buf *b, struct str key, const struct config *conf, uint16_t number)
{
	char room[3 * LIMIT_NAME];
	struct buf text;

	buf_fixed(&text, room, sizeof room);
	credential(&text, conf, number);
	jw_kv_str(b, key, buf_str(&text));
}

static void kv_price(struct buf *b, struct str key, int64_t pico)
{
	jw_key(b, key);
	if (pico < 0)
		jw_null(b);
	else
		jw_number(b, pico, 12);
}

static void upstream_json(struct buf *b, const struct config *conf, const struct upstream *u)
{
	char room[LIMIT_URL + 2 * LIMIT_NAME];
	struct buf text;

	buf_fixed(&text, room, sizeof room);
	url(&text, u);
	jw_kv_str(b, S("url"), buf_str(&text));
	jw_kv_bool(b, S("http2"), u->http2);
	jw_kv_bool(b, S("allow_private"), u->allow_private);
	jw_kv_bool(b, S("proxied"), u->proxied);
	jw_kv_int(b, S("pins"), u->n_pins);
	kv_credential(b, S("credential"), conf, u->secret);
	jw_key(b, S("headers"));
	jw_obj(b);
	for (unsigned i = 0; i < u->n_headers; i++)
		kv_credential(b, u->headers[i].name, conf, u->headers[i].secret);
	jw_obj_end(b);
}

static void deployment_json(struct buf *b, const struct route *r, uint32_t number)
{
	const struct policy *p = &r->conf->policy;
	const struct policy_deployment *d = &p->deployments[r->sorted[number]];
	struct str model = model_of(r->a, d, r->star);
	struct policy_price price = policy_price_find(p, d, model);

	jw_obj(b);
	jw_kv_str(b, S("id"), d->id);
	jw_kv_str(b, S("provider"), d->provider);
	jw_kv_str(b, S("model"), model);
	if (d->serves != SERVES_ECHO)
		upstream_json(b, r->conf, &r->conf->upstreams.rows[d->upstream]);
	jw_kv_int(b, S("rpm"), d->rpm);
	jw_kv_int(b, S("tpm"), (int64_t)d->tpm);
	jw_kv_int(b, S("max_parallel_requests"), d->max_parallel);
	jw_kv_int(b, S("weight"), d->weight);
	jw_kv_int(b, S("order"), d->order);
	jw_kv_int(b, S("timeout_ms"), or_else(d->timeout_ms, p->timeout_ms, 0));
	jw_kv_int(b, S("stream_timeout_ms"),
		  or_else(d->stream_timeout_ms, or_else(d->timeout_ms, p->stream_timeout_ms, 0),
			  0));
	jw_kv_int(b, S("retries"), d->max_retries < 0 ? p->num_retries : d->max_retries);
	jw_kv_int(b, S("cooldown_ms"), or_else(d->cooldown_ms, p->cooldown_ms, UINT32_MAX));
	kv_price(b, S("input_cost_per_token"), price.input);
	kv_price(b, S("output_cost_per_token"), price.output);
	kv_price(b, S("cache_read_input_token_cost"), price.cache_read);
	kv_price(b, S("cache_creation_input_token_cost"), price.cache_write);
	jw_obj_end(b);
}

static void explain_json(struct cli *c, const struct route *r)
{
	struct buf *b = &c->out;

	jw_obj(b);
	jw_kv_str(b, S("model"), r->asked);
	jw_kv_str(b, S("served_by"), r->model->name);
	jw_kv_str(b, S("routing_strategy"), str_z(strategy_name[r->conf->policy.strategy]));
	jw_key(b, S("deployments"));
	jw_arr(b);
	for (uint32_t i = 0; i < r->model->n_deployments; i++)
		deployment_json(b, r, i);
	jw_arr_end(b);
	for (int kind = 0; kind <= FALLBACK_CONTENT; kind++) {
		const struct policy_fallback *f = fallback_of(r, (enum policy_fallback_kind)kind);
		jw_key(b, str_z(fallback_name[kind]));
		jw_arr(b);
		for (uint32_t i = 0; f && i < f->n_to; i++)
			jw_str(b, f->to[i]);
		jw_arr_end(b);
	}
	jw_obj_end(b);
	buf_addc(b, '\n');
}

static enum err explain(struct cli *c, struct arena *a, struct diag *d)
{
	struct config conf;
	struct route r = { .conf = &conf, .asked = str_z(c->args[1]), .a = a };

	TRY(load(c->args[0], a, &conf, d));
	r.model = policy_model_find(&conf.policy, r.asked, &r.star);
	if (r.model == NULL)
		return diag_set(d, ERR_NOT_FOUND, "'%s' is no model of this configuration",
				c->args[1]);
	if (!route_sort(&r))
		return ERR_NOMEM;
	if (c->json)
		explain_json(c, &r);
	else
		explain_text(c, &r);
	return OK;
}

static int explain_run(struct cli *c)
{
	struct arena a;
	struct diag d = { 0 };

	enum err e = explain(c, &a, &d);
	arena_wipe(&a);
	if (e == OK)
		return cli_done(c, OK);
	(void)cli_fail(c, e, &d);
	return exit_of(e);
}

const struct cmd cmd_config_explain = {
	.name = "config explain",
	.args = "FILE MODEL",
	.brief = "the route of MODEL: deployments, credentials by name, limits, fallbacks, prices",
	.more = "The value of a credential is never shown, only where it comes from.",
	.args_min = 2,
	.args_max = 2,
	.run = explain_run,
};
