/*
 * cli/cli.c - what the sub-commands share: output, help, the data directory, keeper's control
 * socket.
 * Input: keeper's replies.   Runs in: cli.
 */
#include "cli/cli.h"

#include "base/rd.h"
#include "codec/jw.h"
#include "config/config.h"
#include "inspect/report.h"
#include "proto/control.h"
#include "sys/fs.h"
#include "sys/ipc.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HELP_COLUMN = 31, HELP_WIDTH = 80, ASK_MS = 60000 };

/* ---- output ---- */

enum err cli_flush(struct cli *c)
{
	enum err e = c->out.err;

	if (e == OK)
		e = fs_write_all(STDOUT_FILENO, buf_str(&c->out));
	buf_reset(&c->out);
	return e;
}

int cli_done(struct cli *c, enum err e)
{
	enum err out = cli_flush(c);

	buf_free(&c->out);
	if (e == OK && out != OK)
		fprintf(stderr, "yett: the answer cannot be written: %s\n", err_text(out));
	return err_exit(e != OK ? e : out);
}

int cli_fail(struct cli *c, enum err e, const struct diag *d)
{
	const char *text = d && d->text[0] ? d->text : err_text(e);

	char room[4 * sizeof d->text + 8];
	struct buf line;

	buf_fixed(&line, room, sizeof room);
	report_escape(&line, str_z(text));
	fprintf(stderr, "yett: %.*s\n", FMT(buf_str(&line)));
	if (c->json && c->out.n == 0) {
		jw_obj(&c->out);
		jw_kv_str(&c->out, S("error"), str_z(text));
		jw_obj_end(&c->out);
		buf_addc(&c->out, '\n');
	}
	return cli_done(c, e);
}

int cli_usage(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	fputs("yett: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry 'yett help%s%s'.\n", c->cmd ? " " : "", c->cmd ? c->cmd->name : "");
	return err_exit(ERR_USAGE);
}

void cli_style(struct cli *c, const char *style, struct str s)
{
	if (c->colour)
		buf_addf(&c->out, "\033[%sm", style);
	cli_safe(c, s);
	if (c->colour)
		buf_add(&c->out, S("\033[0m"));
}

void cli_pad(struct cli *c, size_t n, size_t width)
{
	do
		buf_addc(&c->out, ' ');
	while (++n < width);
}

void cli_safe(struct cli *c, struct str s)
{
	report_escape(&c->out, s);
}

/* ---- help ---- */

/* Words in lines that begin at the column left; an empty line in text ends a paragraph. */
static void fill(struct cli *c, struct str text, size_t left)
{
	size_t at = left;

	while (text.n > 0) {
		size_t n = 0;
		while (n < text.n && text.p[n] != ' ' && text.p[n] != '\n')
			n++;
		if (n == 0) {
			buf_add(&c->out, S("\n\n"));
			at = left;
		} else if (at > left && at + 1 + n > HELP_WIDTH) {
			buf_addf(&c->out, "\n%*s", (int)left, "");
			at = left;
		} else if (at > left) {
			buf_addc(&c->out, ' ');
			at++;
		}
		buf_add(&c->out, str_head(text, n));
		at += n;
		text = str_tail(text, n < text.n ? n + 1 : n);
	}
	buf_addc(&c->out, '\n');
}

static void help_row(struct cli *c, const char *name, const char *arg, const char *brief)
{
	size_t n = strlen(name) + (arg && arg[0] ? 1 + strlen(arg) : 0);

	buf_add(&c->out, S("  "));
	cli_style(c, "1", str_z(name));
	if (arg && arg[0])
		buf_addf(&c->out, " %s", arg);
	if (n >= HELP_COLUMN) {
		buf_addc(&c->out, '\n');
		n = 0;
		buf_add(&c->out, S("  "));
	}
	cli_pad(c, n, HELP_COLUMN);
	fill(c, str_z(brief), 2 + HELP_COLUMN);
}

void cli_help(struct cli *c, struct str prefix)
{
	const struct cmd *cmd;

	buf_add(&c->out, S("usage: yett COMMAND [OPTIONS] [ARGUMENTS]\n\n"));
	for (size_t i = 0; (cmd = cli_cmds(i)) != NULL; i++)
		if (str_has_prefix(str_z(cmd->name), prefix))
			help_row(c, cmd->name, cmd->args, cmd->brief);
	buf_add(&c->out, S("\n'yett help COMMAND' says more. Every command takes --json.\n"));
}

void cli_help_one(struct cli *c, const struct cmd *cmd)
{
	buf_addf(&c->out, "usage: yett %s [OPTIONS]%s%s\n\n%s\n", cmd->name,
		 cmd->args[0] ? " " : "", cmd->args, cmd->brief);
	if (cmd->more) {
		buf_addc(&c->out, '\n');
		fill(c, str_z(cmd->more), 0);
	}
	buf_addc(&c->out, '\n');
	for (const struct cli_opt *o = cmd->opts; o && o->name; o++) {
		char name[64];
		(void)snprintf(name, sizeof name, "--%s", o->name);
		help_row(c, name, o->arg, o->brief);
	}
	help_row(c, "--json", NULL, "answer as JSON");
	help_row(c, "--data", "DIR", "data directory");
	help_row(c, "--help", NULL, "this text");
}

/* ---- where the data is ---- */

enum err cli_data_dir(const struct cli *c, char *out, size_t cap, struct diag *d)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (c->data)
		n = snprintf(out, cap, "%s", c->data);
	else if (state && state[0] == '/')
		n = snprintf(out, cap, "%s/yett", state);
	else if (geteuid() == 0)
		n = snprintf(out, cap, "/var/lib/yett");
	else if (home && home[0] == '/')
		n = snprintf(out, cap, "%s/.local/state/yett", home);
	else
		return diag_set(d, ERR_USAGE, "there is no home directory: name one with --data");
	if (n <= 0 || (size_t)n >= cap)
		return diag_set(d, ERR_USAGE,
				"the name of the data directory is empty or too long");
	return OK;
}

/* ---- asking keeper ---- */

static enum err receive(int fd, struct buf *store, struct ipc_msg *m, struct diag *d)
{
	for (;;) {
		enum err e = ipc_recv(fd, store, m);
		if (e == OK)
			return OK;
		if (e != ERR_AGAIN)
			return diag_set(d, ERR_UPSTREAM, "the gate ended the conversation");
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, ASK_MS) <= 0)
			return diag_set(d, ERR_TIMEOUT, "the gate does not answer");
	}
}

static enum err reply_read(const struct ipc_msg *m, struct str *out_rest, struct diag *d)
{
	struct rd r = rd_from(m->body);
	uint32_t code = rd_u32(&r);
	struct str text = rd_str(&r, LIMIT_CONTROL);

	if (m->type != MSG_REPLY || r.err != OK || code >= ERR_COUNT)
		return diag_set(d, ERR_SYNTAX,
				"the gate's answer is not understood: is it of another version?");
	if (code != OK)
		return diag_set(d, (enum err)code, "%.*s", FMT(text));
	*out_rest = (struct str){ (const char *)r.p, (size_t)(r.end - r.p) };
	return OK;
}

enum err cli_ask(const struct cli *c, uint16_t type, struct str body, struct buf *store,
		 struct str *out_rest, struct diag *d)
{
	char dir[CLI_PATH], path[CLI_PATH + 16];
	struct ipc_msg m = { .n_fds = 0 };
	AUTO(fd_closep) int fd = -1;

	TRY(cli_data_dir(c, dir, sizeof dir, d));
	(void)snprintf(path, sizeof path, "%s/control.sock", dir);
	if (ipc_connect(path, &fd, d) != OK)
		return diag_set(d, ERR_UPSTREAM,
				"no gate answers at '%s'; is it running, and is --data right?",
				path);
	if (ipc_send(fd, type, 1, body, NULL, 0) != OK)
		return diag_set(d, ERR_UPSTREAM, "cannot send to '%s'", path);
	TRY(receive(fd, store, &m, d));
	ipc_close_fds(&m);
	return reply_read(&m, out_rest, d);
}

/* ---- the configuration's outside ---- */

static struct str io_env(void *ctx, struct str name)
{
	char z[LIMIT_NAME + 1];

	(void)ctx;
	if (name.n >= sizeof z || memchr(name.p, 0, name.n) || memchr(name.p, '=', name.n))
		return (struct str){ NULL, 0 };
	memcpy(z, name.p, name.n);
	z[name.n] = 0;
	const char *value = getenv(z);
	return value ? str_z(value) : (struct str){ NULL, 0 };
}

static enum err io_read(void *ctx, const char *path, struct buf *out, struct diag *d)
{
	(void)ctx;
	return fs_read(path, 0, out, d);
}

void cli_config_io(struct config_io *io)
{
	*io = (struct config_io){ .env = io_env, .read = io_read, .survey = true };
}
