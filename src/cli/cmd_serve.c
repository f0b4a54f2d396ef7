/*
 * cli/cmd_serve.c - `yett serve`: checks the arguments and becomes keeper.
 * Input: the user's arguments.   Runs in: cli.
 */
#include "cli/cli.h"

#include "base/limits.h"
#include "base/num.h"
#include "sys/listen.h"
#include "sys/spawn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static enum err check(const struct cli *c, struct diag *d)
{
	const char *config = cli_value(c, "config"), *workers = cli_value(c, "workers");
	struct listen_addr parsed;
	uint64_t n;

	if (config && access(config, R_OK) != 0)
		return diag_set(d, ERR_NOT_FOUND, "cannot read '%s': %s", config, strerror(errno));
	if (workers && (num_u64(str_z(workers), LIMIT_WORKERS, &n) != OK || n == 0))
		return diag_set(d, ERR_USAGE, "'%s' is no number of workers: 1 to %d", workers,
				LIMIT_WORKERS);
	for (size_t i = 0; i < 2; i++) {
		const char *at = cli_value(c, i ? "admin" : "listen");
		if (at)
			TRY(listen_parse(str_z(at), &parsed, d));
	}
	return OK;
}

static int serve_run(struct cli *c)
{
	static const char *const pass[] = { "config", "listen", "admin", "workers" };
	char keeper[CLI_PATH], dir[CLI_PATH];
	char names[4][16];
	const char *argv[16] = { "keeper", "--data", dir };
	struct diag d = { 0 };
	size_t n = 3;

	enum err e = check(c, &d);
	if (e == OK)
		e = cli_data_dir(c, dir, sizeof dir, &d);
	if (e == OK)
		e = spawn_sibling("keeper", keeper, sizeof keeper, &d);
	if (e != OK)
		return cli_fail(c, e, &d);
	for (size_t i = 0; i < sizeof pass / sizeof pass[0]; i++) {
		if (cli_value(c, pass[i]) == NULL)
			continue;
		(void)snprintf(names[i], sizeof names[i], "--%s", pass[i]);
		argv[n++] = names[i];
		argv[n++] = cli_value(c, pass[i]);
	}
	buf_free(&c->out);
	(void)execv(keeper, (char *const *)(uintptr_t)argv);
	return cli_fail(c, diag_set(&d, ERR_SYS, "cannot run '%s': %s", keeper, strerror(errno)),
			&d);
}

static const struct cli_opt serve_opts[] = {
	{ "config", "FILE", "LiteLLM's config.yaml; without it the usual variables are read" },
	{ "listen", "ADDR:PORT", "for clients; default 127.0.0.1:4000" },
	{ "admin", "ADDR:PORT", "for the admin API; default 127.0.0.1:4001" },
	{ "workers", "N", "pairs of processes; default one a core" },
	{ NULL, NULL, NULL },
};

const struct cmd cmd_serve = {
	.name = "serve",
	.args = "",
	.brief = "run the gate until it is told to stop",
	.more = "SIGTERM finishes what runs and ends; SIGHUP reads the configuration again.\n"
		"What FILE means for yett: 'yett config check FILE'.",
	.opts = serve_opts,
	.run = serve_run,
};
