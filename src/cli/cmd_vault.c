/*
 * cli/cmd_vault.c - `yett vault ...`: runs `keeper vault ...`, which alone opens vault files.
 * Input: the user's arguments.   Runs in: cli.
 */
#include "cli/cli.h"

#include "base/limits.h"
#include "proto/control.h"
#include "sys/spawn.h"
#include "sys/tool.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A gate that runs takes the change at once; without one there is nothing to do. */
static int reload_gate(struct cli *c, const char *dir)
{
	char path[CLI_PATH + 16];
	struct diag d = { 0 };
	struct buf store;
	struct str rest;

	(void)snprintf(path, sizeof path, "%s/control.sock", dir);
	if (access(path, F_OK) != 0)
		return 0;
	buf_init(&store, 2 * LIMIT_CONTROL);
	enum err e = cli_ask(c, MSG_RELOAD, S(""), &store, &rest, &d);
	buf_free(&store);
	if (e == OK || e == ERR_NOT_FOUND)
		return 0;
	fprintf(stderr, "yett: the vault was changed, but the gate did not take it: %s\n",
		diag_text(&d));
	return err_exit(e);
}

static int vault_run(struct cli *c)
{
	char keeper[CLI_PATH], dir[CLI_PATH];
	const char *argv[16] = { keeper, "vault", "--data", dir };
	struct diag d = { 0 };
	size_t n = 4;
	int status = 0;

	enum err e = cli_data_dir(c, dir, sizeof dir, &d);
	if (e == OK)
		e = spawn_sibling("keeper", keeper, sizeof keeper, &d);
	if (e != OK)
		return cli_fail(c, e, &d);
	if (c->json)
		argv[n++] = "--json";
	if (c->cmd->opts && cli_value(c, "key-file")) {
		argv[n++] = "--key-file";
		argv[n++] = cli_value(c, "key-file");
	}
	if (c->cmd->opts && c->cmd->opts[1].name && cli_value(c, "credential")) {
		argv[n++] = "--credential";
		argv[n++] = cli_value(c, "credential");
	}
	argv[n++] = strchr(c->cmd->name, ' ') + 1;
	if (c->n_args)
		argv[n++] = c->args[0];
	const struct tool t = { .argv = argv, .out_fd = -1, .keep_fd = -1, .outlives = true };
	e = tool_run(&t, &status, &d);
	if (e != OK)
		return cli_fail(c, e, &d);
	buf_free(&c->out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : err_exit(ERR_SYS);
}

static int vault_change_run(struct cli *c)
{
	char dir[CLI_PATH];
	struct diag d = { 0 };
	int status = vault_run(c);

	if (status != 0 || cli_data_dir(c, dir, sizeof dir, &d) != OK)
		return status;
	return reload_gate(c, dir);
}

static const struct cli_opt lock_opts[] = {
	{ "key-file", "FILE", "lock with this file, made if missing, not with a passphrase" },
	{ "credential", "NAME", "lock with a credential of systemd (LoadCredential=NAME:...)" },
	{ NULL, NULL, NULL },
};

static const struct cli_opt open_opts[] = {
	{ "key-file", "FILE", "where the key file is now" },
	{ NULL, NULL, NULL },
};

#define UNLOCKING                                                                                  \
	"The passphrase is asked for on the terminal, or taken from YETT_VAULT_PASSPHRASE."
#define VALUES                                                                                     \
	"The credential is asked for on the terminal, or read from standard input; never from "    \
	"the arguments.\n"

const struct cmd cmd_vault_init = {
	.name = "vault init",
	.args = "",
	.brief = "make an empty vault for credentials",
	.more = UNLOCKING,
	.opts = lock_opts,
	.run = vault_run,
};

const struct cmd cmd_vault_add = {
	.name = "vault add",
	.args = "NAME",
	.brief = "put a credential into the vault",
	.more = VALUES UNLOCKING,
	.opts = open_opts,
	.args_min = 1,
	.args_max = 1,
	.run = vault_change_run,
};

const struct cmd cmd_vault_list = {
	.name = "vault list",
	.args = "",
	.brief = "names of the credentials, never their values",
	.more = UNLOCKING,
	.opts = open_opts,
	.run = vault_run,
};

const struct cmd cmd_vault_rotate = {
	.name = "vault rotate",
	.args = "[NAME]",
	.brief = "replace a credential, or the vault's own lock",
	.more = VALUES
	"Without NAME the vault gets a new passphrase, or the key the options say.\n" UNLOCKING
	"\nA new passphrase may also stand in YETT_VAULT_NEW_PASSPHRASE.",
	.opts = lock_opts,
	.args_max = 1,
	.run = vault_change_run,
};

const struct cmd cmd_vault_remove = {
	.name = "vault remove",
	.args = "NAME",
	.brief = "take a credential out of the vault",
	.more = UNLOCKING,
	.opts = open_opts,
	.args_min = 1,
	.args_max = 1,
	.run = vault_change_run,
};

const struct cmd cmd_vault_import = {
	.name = "vault import",
	.args = "[FILE]",
	.brief = "put many credentials into the vault",
	.more = "FILE (default standard input) holds lines NAME=VALUE. A FILE.yaml is a "
		"configuration: its literal\n"
		"keys go into the vault, and what to write in their places is printed.\n" UNLOCKING,
	.opts = open_opts,
	.args_max = 1,
	.run = vault_change_run,
};
