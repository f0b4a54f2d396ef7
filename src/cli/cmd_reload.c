/* cli/cmd_reload.c - `yett reload`: the new configuration in all processes, or in none. Runs in:
 * cli. */
#include "cli/cli.h"

#include "base/limits.h"
#include "base/rd.h"
#include "codec/jw.h"
#include "proto/control.h"

static int reload_run(struct cli *c)
{
	struct diag d = { 0 };
	struct buf store;
	struct str rest = S("");

	buf_init(&store, 2 * LIMIT_CONTROL);
	enum err e = cli_ask(c, MSG_RELOAD, S(""), &store, &rest, &d);
	if (e != OK) {
		buf_free(&store);
		return cli_fail(c, e, &d);
	}
	struct rd r = rd_from(rest);
	struct str warning = rest.n ? rd_str(&r, LIMIT_CONTROL) : S("");
	if (c->json) {
		jw_obj(&c->out);
		jw_kv_bool(&c->out, S("reloaded"), true);
		jw_kv_str(&c->out, S("warning"), warning);
		jw_obj_end(&c->out);
		buf_addc(&c->out, '\n');
	} else {
		buf_add(&c->out, S("the configuration is in force\n"));
		if (warning.n) {
			cli_style(c, "33", S("warning: "));
			cli_safe(c, warning);
			buf_addc(&c->out, '\n');
		}
	}
	buf_free(&store);
	return cli_done(c, OK);
}

const struct cmd cmd_reload = {
	.name = "reload",
	.args = "",
	.brief = "read the configuration again: all of it counts, or nothing changes",
	.run = reload_run,
};
