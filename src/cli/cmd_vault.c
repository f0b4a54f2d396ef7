/*
 * cli/cmd_vault.c - `yett vault ...`: becomes `keeper vault ...`, which alone opens vault files.
 * Input: the user's arguments.   Runs in: cli.
 */
#include "cli/cli.h"

#include "sys/spawn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int vault_run(struct cli *c)
{
	char keeper[CLI_PATH], dir[CLI_PATH];
	const char *argv[16] = { "keeper", "vault", "--data", dir };
	struct diag d = { 0 };
	size_t n = 4;

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
	buf_free(&c->out);
	(void)execv(keeper, (char *const *)(uintptr_t)argv);
	return cli_fail(c, diag_set(&d, ERR_SYS, "cannot run '%s': %s", keeper, strerror(errno)), &d);
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

#define UNLOCKING "The passphrase is asked for on the terminal, or taken from YETT_VAULT_PASSPHRASE."
#define VALUES "The credential is asked for on the terminal, or read from standard input; never from the arguments.\n"

const struct cmd cmd_vault_init = {
	.name = "vault init", .args = "", .brief = "make an empty vault for credentials", .more = UNLOCKING,
	.opts = lock_opts, .run = vault_run,
};

const struct cmd cmd_vault_add = {
	.name = "vault add", .args = "NAME", .brief = "put a credential into the vault", .more = VALUES UNLOCKING,
	.opts = open_opts, .args_min = 1, .args_max = 1, .run = vault_run,
};

const struct cmd cmd_vault_list = {
	.name = "vault list", .args = "", .brief = "names of the credentials, never their values", .more = UNLOCKING,
	.opts = open_opts, .run = vault_run,
};

const struct cmd cmd_vault_rotate = {
	.name = "vault rotate", .args = "[NAME]", .brief = "replace a credential, or the vault's own lock",
	.more = VALUES "Without NAME the vault gets a new passphrase, or the key the options say.\n" UNLOCKING
		"\nA new passphrase may also stand in YETT_VAULT_NEW_PASSPHRASE.",
	.opts = lock_opts, .args_max = 1, .run = vault_run,
};

const struct cmd cmd_vault_remove = {
	.name = "vault remove", .args = "NAME", .brief = "take a credential out of the vault", .more = UNLOCKING,
	.opts = open_opts, .args_min = 1, .args_max = 1, .run = vault_run,
};

const struct cmd cmd_vault_import = {
	.name = "vault import", .args = "[FILE]", .brief = "put many credentials into the vault",
	.more = "FILE (default standard input) holds lines NAME=VALUE. A FILE.yaml is a configuration: its literal\n"
		"keys go into the vault, and what to write in their places is printed.\n" UNLOCKING,
	.opts = open_opts, .args_max = 1, .run = vault_run,
};
