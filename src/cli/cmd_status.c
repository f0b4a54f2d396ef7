/* cli/cmd_status.c - `yett status`: the gate and its processes. Runs in: cli. */
#include "cli/cli.h"

#include "base/limits.h"
#include "codec/jw.h"
#include "proto/control.h"
#include "proto/status.h"

static void duration(struct cli *c, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s >= 86400)
		buf_addf(&c->out, "%llud %lluh", (unsigned long long)(s / 86400),
			 (unsigned long long)(s / 3600 % 24));
	else if (s >= 3600)
		buf_addf(&c->out, "%lluh %llum", (unsigned long long)(s / 3600),
			 (unsigned long long)(s / 60 % 60));
	else if (s >= 60)
		buf_addf(&c->out, "%llum %llus", (unsigned long long)(s / 60),
			 (unsigned long long)(s % 60));
	else
		buf_addf(&c->out, "%llus", (unsigned long long)s);
}

static struct str hash_text(const struct status *s, char *room, size_t cap)
{
	struct buf b;

	buf_fixed(&b, room, cap);
	buf_addhex(&b, (struct str){ (const char *)s->config_hash, sizeof s->config_hash });
	return buf_str(&b);
}

static void child_json(struct buf *b, const struct status_child *k)
{
	jw_obj(b);
	jw_kv_str(b, S("role"), k->role);
	jw_kv_int(b, S("worker"), k->worker);
	jw_kv_int(b, S("pid"), k->pid);
	jw_kv_str(b, S("phase"), str_z(status_phase_text[k->phase]));
	jw_kv_int(b, S("up_ms"), (int64_t)k->up_ms);
	jw_kv_int(b, S("restarts"), k->restarts);
	jw_kv_bool(b, S("crash_loop"), k->crash_loop);
	jw_kv_str(b, S("last_end"), k->last_end);
	jw_obj_end(b);
}

static void as_json(struct cli *c, const struct status *s)
{
	struct buf *b = &c->out;
	char room[80];

	jw_obj(b);
	jw_kv_str(b, S("version"), s->version);
	jw_kv_int(b, S("up_ms"), (int64_t)s->up_ms);
	jw_kv_int(b, S("generation"), (int64_t)s->generation);
	jw_kv_str(b, S("config_hash"), hash_text(s, room, sizeof room));
	jw_kv_str(b, S("listen"), s->listen);
	jw_kv_str(b, S("admin"), s->admin);
	jw_kv_bool(b, S("draining"), s->draining);
	jw_kv_int(b, S("landlock"), s->landlock);
	jw_kv_str(b, S("warning"), s->warning);
	jw_key(b, S("children"));
	jw_arr(b);
	for (uint32_t i = 0; i < s->n; i++)
		child_json(b, &s->children[i]);
	jw_arr_end(b);
	jw_obj_end(b);
	buf_addc(b, '\n');
}

static void child_text(struct cli *c, const struct status_child *k)
{
	size_t at = c->out.n;

	buf_add(&c->out, S("  "));
	cli_safe(c, k->role);
	buf_addf(&c->out, " %u", k->worker);
	cli_pad(c, c->out.n - at, 16);
	at = c->out.n;
	cli_style(c, k->phase == STATUS_RUNNING ? "32" : "33", str_z(status_phase_text[k->phase]));
	cli_pad(c, c->out.n - at - (c->colour ? 9 : 0), 12);
	at = c->out.n;
	buf_addf(&c->out, "pid %u, up ", k->pid);
	duration(c, k->up_ms);
	cli_pad(c, c->out.n - at, 26);
	if (k->restarts)
		buf_addf(&c->out, "%u restart%s, ", k->restarts, k->restarts == 1 ? "" : "s");
	if (k->crash_loop)
		cli_style(c, "31", S("ends again and again, "));
	cli_safe(c, k->last_end);
	while (c->out.n && c->out.p[c->out.n - 1] == ' ')
		c->out.n--;
	buf_addc(&c->out, '\n');
}

static void as_text(struct cli *c, const struct status *s)
{
	char room[80];

	buf_add(&c->out, S("yett "));
	cli_safe(c, s->version);
	buf_add(&c->out, s->draining ? S(", ending, up ") : S(", up "));
	duration(c, s->up_ms);
	buf_add(&c->out, S("\n  clients        "));
	cli_safe(c, s->listen);
	buf_add(&c->out, S("\n  admin          "));
	cli_safe(c, s->admin);
	buf_addf(&c->out, "\n  configuration  %llu, %.12s\n", (unsigned long long)s->generation,
		 hash_text(s, room, sizeof room).p);
	if (s->landlock)
		buf_addf(&c->out, "  Landlock       version %u\n", s->landlock);
	else
		buf_add(&c->out, S("  Landlock       none in this kernel\n"));
	for (uint32_t i = 0; i < s->n; i++)
		child_text(c, &s->children[i]);
	if (s->warning.n) {
		cli_style(c, "33", S("warning: "));
		cli_safe(c, s->warning);
		buf_addc(&c->out, '\n');
	}
}

static int status_run(struct cli *c)
{
	struct diag d = { 0 };
	struct status s;
	struct buf store;
	struct str rest = S("");

	buf_init(&store, 2 * LIMIT_CONTROL);
	enum err e = cli_ask(c, MSG_STATUS, S(""), &store, &rest, &d);
	if (e == OK && status_decode(&s, rest) != OK)
		e = diag_set(&d, ERR_SYNTAX,
			     "the gate's answer is not understood: is it of another version?");
	if (e != OK) {
		buf_free(&store);
		return cli_fail(c, e, &d);
	}
	if (c->json)
		as_json(c, &s);
	else
		as_text(c, &s);
	buf_free(&store);
	return cli_done(c, OK);
}

const struct cmd cmd_status = {
	.name = "status",
	.args = "",
	.brief = "the gate, its processes and its configuration",
	.run = status_run,
};
