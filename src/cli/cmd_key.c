/*
 * cli/cmd_key.c - `yett key ...`: virtual keys, through keeper's control socket.
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

enum { MONEY_SCALE = 12, LIST_STEP = 200 };

/* ---- output ---- */

static struct str hex_of(const struct control_key *k, char *room, size_t cap)
{
	struct buf b;

	buf_fixed(&b, room, cap);
	buf_addhex(&b, (struct str){ (const char *)k->hash, sizeof k->hash });
	return buf_str(&b);
}

static void json_time(struct buf *b, struct str name, int64_t ms)
{
	char text[CLOCK_TEXT];

	jw_key(b, name);
	if (ms)
		jw_str(b, clock_format_ms(ms, text));
	else
		jw_null(b);
}

static void json_limit(struct buf *b, struct str name, int64_t v, unsigned scale)
{
	jw_key(b, name);
	if (v < 0)
		jw_null(b);
	else
		jw_number(b, v, scale);
}

static void key_json(struct cli *c, const struct control_key *k, struct str secret)
{
	struct buf *b = &c->out;
	char hex[72];

	jw_obj(b);
	if (secret.n)
		jw_kv_str(b, S("key"), secret);
	jw_kv_int(b, S("id"), k->id);
	jw_kv_str(b, S("hash"), hex_of(k, hex, sizeof hex));
	jw_kv_str(b, S("name"), k->name);
	jw_kv_str(b, S("alias"), k->alias);
	jw_kv_str(b, S("user"), k->user);
	jw_kv_str(b, S("team"), k->team);
	jw_key(b, S("models"));
	jw_arr(b);
	for (uint32_t i = 0; i < k->n_models; i++)
		jw_str(b, k->models[i]);
	jw_arr_end(b);
	json_limit(b, S("rpm"), k->rpm, 0);
	json_limit(b, S("tpm"), k->tpm, 0);
	json_limit(b, S("max_parallel"), k->parallel, 0);
	json_limit(b, S("max_budget"), k->budget_pico, MONEY_SCALE);
	json_limit(b, S("spend"), k->spent_pico < 0 ? 0 : k->spent_pico, MONEY_SCALE);
	jw_kv_int(b, S("budget_period_s"), k->budget_period_s);
	json_time(b, S("budget_reset"), k->budget_reset_ms);
	json_time(b, S("created"), k->created_ms);
	json_time(b, S("expires"), k->expires_ms);
	jw_kv_bool(b, S("blocked"), k->blocked);
	jw_obj_end(b);
}

static void line(struct cli *c, const char *label, struct str value)
{
	buf_addf(&c->out, "%-12s ", label);
	cli_safe(c, value);
	buf_addc(&c->out, '\n');
}

static void line_limit(struct cli *c, const char *label, int64_t v, unsigned scale)
{
	char room[40];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	if (v < 0)
		buf_add(&b, S("unlimited"));
	else
		jw_number(&b, v, scale);
	line(c, label, buf_str(&b));
}

static void line_time(struct cli *c, const char *label, int64_t ms)
{
	char text[CLOCK_TEXT];

	line(c, label, ms ? clock_format(ms / 1000, text) : S("never"));
}

static void key_text(struct cli *c, const struct control_key *k)
{
	char hex[72];

	line(c, "name", k->name);
	if (k->alias.n)
		line(c, "alias", k->alias);
	line(c, "hash", hex_of(k, hex, sizeof hex));
	if (k->user.n)
		line(c, "user", k->user);
	if (k->team.n)
		line(c, "team", k->team);
	if (k->n_models == 0)
		line(c, "models", S("all"));
	for (uint32_t i = 0; i < k->n_models; i++)
		line(c, i ? "" : "models", k->models[i]);
	line_limit(c, "rpm", k->rpm, 0);
	line_limit(c, "tpm", k->tpm, 0);
	line_limit(c, "parallel", k->parallel, 0);
	line_limit(c, "budget $", k->budget_pico, MONEY_SCALE);
	line_limit(c, "spent $", k->spent_pico < 0 ? 0 : k->spent_pico, MONEY_SCALE);
	if (k->budget_period_s)
		line_time(c, "budget reset", k->budget_reset_ms);
	line_time(c, "created", k->created_ms);
	line_time(c, "expires", k->expires_ms);
	if (k->blocked)
		line(c, "state", S("blocked"));
}

/* ---- asking ---- */

static enum err not_understood(struct diag *d)
{
	return diag_set(d, ERR_SYNTAX,
			"the gate's answer is not understood: is it of another version?");
}

/* Asks, and shows the key of the reply with its secret where there is one. */
static int ask_and_show(struct cli *c, enum control_msg type, struct str body)
{
	struct control_key k;
	struct diag d = { 0 };
	struct str rest, secret = S("");
	struct buf store;

	buf_init(&store, 2 * LIMIT_CONTROL);
	enum err e = cli_ask(c, (uint16_t)type, body, &store, &rest, &d);
	if (e == OK) {
		struct rd r = rd_from(rest);
		struct str key = rd_str(&r, LIMIT_CONTROL);
		if (type == MSG_KEY_CREATE || type == MSG_KEY_ROTATE)
			secret = rd_str(&r, LIMIT_NAME);
		if (rd_end(&r) != OK || control_key_decode(&k, key) != OK)
			e = not_understood(&d);
	}
	if (e == OK && c->json) {
		key_json(c, &k, secret);
		buf_addc(&c->out, '\n');
	} else if (e == OK) {
		if (secret.n) {
			line(c, "key", secret);
			fputs("yett: this is the only time the key is shown\n", stderr);
		}
		key_text(c, &k);
	}
	buf_wipe(&store);
	buf_free(&store);
	return e == OK ? cli_done(c, OK) : cli_fail(c, e, &d);
}

static int named(struct cli *c, enum control_msg type, int flag)
{
	char room[LIMIT_NAME + 16];
	struct str name = str_z(c->args[0]);
	struct buf b;

	if (name.n > LIMIT_NAME)
		return cli_usage(c, "this is no key");
	buf_fixed(&b, room, sizeof room);
	wr_str(&b, name);
	if (flag >= 0)
		wr_bool(&b, flag);
	if (type == MSG_KEY_ROTATE)
		wr_str(&b, S(""));
	return ask_and_show(c, type, buf_str(&b));
}

static int show_run(struct cli *c) { return named(c, MSG_KEY_GET, -1); }
static int block_run(struct cli *c) { return named(c, MSG_KEY_BLOCK, 1); }
static int unblock_run(struct cli *c) { return named(c, MSG_KEY_BLOCK, 0); }
static int delete_run(struct cli *c) { return named(c, MSG_KEY_DELETE, -1); }
static int rotate_run(struct cli *c) { return named(c, MSG_KEY_ROTATE, 0); }

/* ---- create ---- */

static enum err number(const struct cli *c, const char *name, int64_t *out, struct diag *d)
{
	const char *v = cli_value(c, name);

	if (v && (num_i64(str_z(v), out) != OK || *out < 0))
		return diag_set(d, ERR_USAGE, "--%s takes a whole number", name);
	return OK;
}

static enum err money(const struct cli *c, const char *name, int64_t *out, struct diag *d)
{
	const char *v = cli_value(c, name);

	if (v && (num_scaled(str_z(v), MONEY_SCALE, out) != OK || *out < 0))
		return diag_set(d, ERR_USAGE, "--%s takes an amount in dollars", name);
	return OK;
}

static enum err duration(const struct cli *c, const char *name, int64_t *out_s, struct diag *d)
{
	const char *v = cli_value(c, name);
	uint64_t s;

	if (v == NULL)
		return OK;
	if (num_duration(str_z(v), &s) != OK || s == 0)
		return diag_set(d, ERR_USAGE, "--%s takes a duration such as 12h or 30d", name);
	*out_s = (int64_t)s;
	return OK;
}

static enum err text(const struct cli *c, const char *name, struct str *out, struct diag *d)
{
	*out = str_z(cli_value(c, name));
	return out->n <= LIMIT_NAME ? OK : diag_set(d, ERR_USAGE, "--%s is too long", name);
}

static enum err read_key(const struct cli *c, struct control_key *k, struct diag *d)
{
	struct str models = str_z(cli_value(c, "models"));
	int64_t lives_s = 0;

	*k = (struct control_key){
		.rpm = -1, .tpm = -1, .parallel = -1, .budget_pico = -1, .soft_budget_pico = -1
	};
	while (models.n) {
		struct str rest, one = str_trim(str_cut(models, ',', &rest));
		if (k->n_models == LIMIT_KEY_MODELS || one.n == 0 || one.n > LIMIT_NAME)
			return diag_set(d, ERR_USAGE,
					"--models takes up to %d names with commas between",
					(int)LIMIT_KEY_MODELS);
		k->models[k->n_models++] = one;
		models = rest;
	}
	TRY(text(c, "alias", &k->alias, d));
	TRY(text(c, "user", &k->user, d));
	TRY(text(c, "team", &k->team, d));
	TRY(number(c, "rpm", &k->rpm, d));
	TRY(number(c, "tpm", &k->tpm, d));
	TRY(number(c, "max-parallel", &k->parallel, d));
	TRY(money(c, "max-budget", &k->budget_pico, d));
	TRY(duration(c, "budget-duration", &k->budget_period_s, d));
	TRY(duration(c, "duration", &lives_s, d));
	if (lives_s)
		k->expires_ms = (int64_t)(clock_wall_ns() / 1000000) + lives_s * 1000;
	return OK;
}

static int create_run(struct cli *c)
{
	struct control_key k;
	struct diag d = { 0 };
	struct buf key, b;

	if (read_key(c, &k, &d) != OK)
		return cli_usage(c, "%s", diag_text(&d));
	buf_init(&key, LIMIT_CONTROL);
	buf_init(&b, LIMIT_CONTROL);
	control_key_encode(&k, &key);
	wr_str(&b, buf_str(&key));
	wr_bool(&b, false);
	wr_str(&b, S(""));
	int status = ask_and_show(c, MSG_KEY_CREATE, buf_str(&b));
	buf_free(&key);
	buf_free(&b);
	return status;
}

/* ---- list ---- */

static void list_line(struct cli *c, const struct control_key *k)
{
	size_t at = c->out.n;

	buf_add(&c->out, k->name);
	cli_pad(c, c->out.n - at, 14);
	at = c->out.n;
	cli_safe(c, k->alias.n ? k->alias : S("-"));
	cli_pad(c, c->out.n - at, 24);
	at = c->out.n;
	jw_number(&c->out, k->spent_pico < 0 ? 0 : k->spent_pico, MONEY_SCALE);
	buf_add(&c->out, S(" $"));
	if (k->budget_pico >= 0) {
		buf_add(&c->out, S(" of "));
		/* After a space: the writer of numbers puts no comma there. */
		jw_number(&c->out, k->budget_pico, MONEY_SCALE);
	}
	cli_pad(c, c->out.n - at, 28);
	if (k->blocked)
		cli_style(c, "31", S("blocked"));
	else if (k->expires_ms && k->expires_ms <= (int64_t)(clock_wall_ns() / 1000000))
		cli_style(c, "33", S("expired"));
	else
		cli_style(c, "32", S("in force"));
	buf_addc(&c->out, '\n');
}

/* One message of the list. *out_n keys came, *after is the last one's number. */
static enum err list_step(struct cli *c, struct buf *store, uint32_t *after, uint32_t *out_n,
			  struct diag *d)
{
	char room[8];
	struct str rest;
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	wr_u32(&b, *after);
	wr_u32(&b, LIST_STEP);
	TRY(cli_ask(c, MSG_KEY_LIST, buf_str(&b), store, &rest, d));
	struct rd r = rd_from(rest);
	(void)rd_u32(&r);
	*out_n = rd_count(&r, LIMIT_KEYS, 4);
	for (uint32_t i = 0; i < *out_n; i++) {
		struct control_key k;
		if (control_key_decode(&k, rd_str(&r, LIMIT_CONTROL)) != OK)
			return not_understood(d);
		*after = k.id;
		if (c->json)
			key_json(c, &k, S(""));
		else
			list_line(c, &k);
	}
	return rd_end(&r) == OK ? OK : not_understood(d);
}

static int list_run(struct cli *c)
{
	uint32_t after = 0, n = 1;
	struct diag d = { 0 };
	struct buf store;
	enum err e = OK;

	buf_init(&store, 2 * LIMIT_CONTROL);
	if (c->json)
		jw_arr(&c->out);
	while (e == OK && n > 0)
		e = list_step(c, &store, &after, &n, &d);
	if (c->json) {
		jw_arr_end(&c->out);
		buf_addc(&c->out, '\n');
	}
	buf_free(&store);
	if (e != OK) {
		buf_reset(&c->out);
		return cli_fail(c, e, &d);
	}
	return cli_done(c, OK);
}

static const struct cli_opt create_opts[] = {
	{ "alias", "NAME", "a name to find the key by" },
	{ "models", "A,B", "models that it may use; default all" },
	{ "duration", "TIME", "how long it lives: 12h, 30d" },
	{ "max-budget", "DOLLARS", "what it may spend" },
	{ "budget-duration", "TIME", "after which the budget begins anew" },
	{ "rpm", "N", "requests a minute" },
	{ "tpm", "N", "tokens a minute" },
	{ "max-parallel", "N", "calls at the same time" },
	{ "user", "ID", "whom it belongs to" },
	{ "team", "ID", "which team" },
	{ NULL, NULL, NULL },
};

#define WHICH                                                                                      \
	"KEY is the key itself, its alias, its hash or its number. A key among the arguments can " \
	"be seen by\n"                                                                             \
	"others on this machine while the command runs: prefer the alias or the hash."

const struct cmd cmd_key_create = {
	.name = "key create",
	.args = "",
	.brief = "make a virtual key; it is shown once",
	.opts = create_opts,
	.run = create_run,
};

const struct cmd cmd_key_list = {
	.name = "key list", .args = "", .brief = "all virtual keys", .run = list_run,
};

const struct cmd cmd_key_show = {
	.name = "key show",
	.args = "KEY",
	.brief = "one key: models, limits, spending",
	.more = WHICH,
	.args_min = 1,
	.args_max = 1,
	.run = show_run,
};

const struct cmd cmd_key_block = {
	.name = "key block",
	.args = "KEY",
	.brief = "refuse a key from now on",
	.more = WHICH,
	.args_min = 1,
	.args_max = 1,
	.run = block_run,
};

const struct cmd cmd_key_unblock = {
	.name = "key unblock",
	.args = "KEY",
	.brief = "take a blocked key again",
	.more = WHICH,
	.args_min = 1,
	.args_max = 1,
	.run = unblock_run,
};

const struct cmd cmd_key_rotate = {
	.name = "key rotate",
	.args = "KEY",
	.brief = "give a key a new secret; the old one ends",
	.more = WHICH,
	.args_min = 1,
	.args_max = 1,
	.run = rotate_run,
};

const struct cmd cmd_key_delete = {
	.name = "key delete",
	.args = "KEY",
	.brief = "end a key for good",
	.more = WHICH,
	.args_min = 1,
	.args_max = 1,
	.run = delete_run,
};
