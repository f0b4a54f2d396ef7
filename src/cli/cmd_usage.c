/*
 * cli/cmd_usage.c - `yett usage`: calls, tokens and cost by key, model and day.
 * Input: the user's arguments; keeper's replies.   Runs in: cli.
 */
#include "cli/cli.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/rd.h"
#include "codec/jw.h"
#include "proto/control.h"
#include "sys/clock.h"

#include <string.h>

enum { MONEY_SCALE = 12, DAY_S = 86400, MODEL_WIDTH = 29 }; /* lines of 80 */

static enum err read_since(const char *z, int64_t *out_ms, struct diag *d)
{
	int64_t at;
	uint64_t s;

	*out_ms = 0;
	if (z == NULL)
		return OK;
	if (num_duration(str_z(z), &s) == OK) {
		uint64_t now = clock_wall_ns() / 1000000000;
		*out_ms = s < now ? (int64_t)(now - s) * 1000 : 0;
		return OK;
	}
	if (clock_parse(str_z(z), &at) != OK || at < 0)
		return diag_set(
			d, ERR_USAGE,
			"'%s' is neither a duration such as 7d nor a date such as 2026-11-01", z);
	*out_ms = at * 1000;
	return OK;
}

static enum err read_group(const char *z, unsigned *out, struct diag *d)
{
	struct str list = str_z(z ? z : "model");

	*out = 0;
	while (list.n) {
		struct str rest, one = str_cut(list, ',', &rest);
		unsigned bit = str_eq(one, S("key"))	 ? SUM_KEY
			       : str_eq(one, S("model")) ? SUM_MODEL
			       : str_eq(one, S("day"))	 ? SUM_DAY
							 : 0;
		if (bit == 0)
			return diag_set(d, ERR_USAGE,
					"--by takes key, model and day, with commas between");
		*out |= bit;
		list = rest;
	}
	return OK;
}

static struct str key_label(const struct control_sum *s)
{
	return s->key_alias.n ? s->key_alias : s->key_name.n ? s->key_name : S("master");
}

static void row_json(struct cli *c, const struct control_sum *s, unsigned group)
{
	struct buf *b = &c->out;
	char text[CLOCK_TEXT];

	jw_obj(b);
	if (group & SUM_DAY)
		jw_kv_str(b, S("day"), str_head(clock_format(s->day * DAY_S, text), 10));
	if (group & SUM_KEY) {
		jw_kv_str(b, S("key"), s->key_name);
		jw_kv_str(b, S("alias"), s->key_alias);
		jw_key(b, S("hash"));
		jw_quote_open(b);
		buf_addhex(b, (struct str){ (const char *)s->key_hash, sizeof s->key_hash });
		jw_quote_close(b);
	}
	if (group & SUM_MODEL)
		jw_kv_str(b, S("model"), s->model);
	jw_kv_int(b, S("calls"), s->calls);
	jw_kv_int(b, S("fails"), s->fails);
	jw_kv_int(b, S("input"), s->input);
	jw_kv_int(b, S("cache_read"), s->cache_read);
	jw_kv_int(b, S("cache_write"), s->cache_write);
	jw_kv_int(b, S("output"), s->output);
	jw_kv_int(b, S("reasoning"), s->reasoning);
	jw_key(b, S("cost"));
	jw_number(b, s->cost_pico, MONEY_SCALE);
	jw_obj_end(b);
}

static void cell(struct cli *c, struct str s, size_t width)
{
	size_t at = c->out.n;

	cli_safe(c, s);
	cli_pad(c, c->out.n - at, width);
}

static void row_text(struct cli *c, const struct control_sum *s, unsigned group)
{
	char text[CLOCK_TEXT];
	int64_t cents_100 = s->cost_pico / 100000000; /* hundredths of a cent */

	if (group & SUM_DAY)
		cell(c, str_head(clock_format(s->day * DAY_S, text), 10), 12);
	if (group & SUM_KEY)
		cell(c, key_label(s), 24);
	if (group & SUM_MODEL)
		cell(c, s->model.n ? s->model : S("(refused)"), MODEL_WIDTH);
	buf_addf(&c->out, "%8lld %7lld %11lld %11lld %6lld.%04lld\n", (long long)s->calls,
		 (long long)s->fails, (long long)s->input, (long long)s->output,
		 (long long)(cents_100 / 10000), (long long)(cents_100 % 10000));
}

static void heading(struct cli *c, unsigned group)
{
	if (group & SUM_DAY)
		cell(c, S("day"), 12);
	if (group & SUM_KEY)
		cell(c, S("key"), 24);
	if (group & SUM_MODEL)
		cell(c, S("model"), MODEL_WIDTH);
	buf_addf(&c->out, "%8s %7s %11s %11s %11s\n", "calls", "failed", "input", "output",
		 "dollars");
}

static enum err rows(struct cli *c, struct str rest, unsigned group, bool *out_more)
{
	struct rd r = rd_from(rest);
	struct control_sum s;

	*out_more = rd_bool(&r);
	uint32_t n = rd_count(&r, UINT32_MAX, 4);
	for (uint32_t i = 0; i < n; i++) {
		TRY(control_sum_decode(&s, rd_str(&r, LIMIT_CONTROL)));
		if (c->json)
			row_json(c, &s, group);
		else
			row_text(c, &s, group);
	}
	return rd_end(&r);
}

static int usage_run(struct cli *c)
{
	char room[32];
	int64_t from = 0;
	unsigned group = 0;
	bool more = false;
	struct diag d = { 0 };
	struct str rest = S("");
	struct buf b, store;

	if (read_since(cli_value(c, "since"), &from, &d) != OK ||
	    read_group(cli_value(c, "by"), &group, &d) != OK)
		return cli_usage(c, "%s", diag_text(&d));
	buf_fixed(&b, room, sizeof room);
	wr_i64(&b, from);
	wr_i64(&b, 0);
	wr_u8(&b, (uint8_t)group);
	buf_init(&store, 2 * LIMIT_CONTROL);
	enum err e = cli_ask(c, MSG_USAGE_SUMMARY, buf_str(&b), &store, &rest, &d);
	if (e == OK) {
		if (c->json)
			jw_arr(&c->out);
		else
			heading(c, group);
		if (rows(c, rest, group, &more) != OK)
			e = diag_set(
				&d, ERR_SYNTAX,
				"the gate's answer is not understood: is it of another version?");
		if (c->json) {
			jw_arr_end(&c->out);
			buf_addc(&c->out, '\n');
		}
	}
	buf_free(&store);
	if (e != OK) {
		buf_reset(&c->out);
		return cli_fail(c, e, &d);
	}
	if (more)
		fputs("yett: there is more: choose a later --since, or fewer columns with --by\n",
		      stderr);
	return cli_done(c, OK);
}

static const struct cli_opt usage_opts[] = {
	{ "since", "WHEN", "a duration back from now, 7d, or a date; default everything" },
	{ "by", "COLUMNS", "key, model, day, with commas between; default model" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_usage = {
	.name = "usage",
	.args = "",
	.brief = "calls, tokens and cost by key, model or day",
	.more = "Days are days of UTC. A day counts whole when --since falls into it.",
	.opts = usage_opts,
	.run = usage_run,
};
