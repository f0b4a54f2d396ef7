/*
 * cli/cli.h - the command `yett`: one row for each sub-command, from which dispatch, options,
 * help and the man page's test come. Ring 2. A new sub-command is one file cmd_NAME.c and one
 * line in CMD_LIST.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/buf.h"
#include "base/diag.h"

/* In the order of `yett help`. */
#define CMD_LIST(X)        \
	X(cmd_serve)       \
	X(cmd_status)      \
	X(cmd_reload)      \
	X(cmd_config_check)\
	X(cmd_config_explain) \
	X(cmd_vault_init)  \
	X(cmd_vault_add)   \
	X(cmd_vault_list)  \
	X(cmd_vault_rotate)\
	X(cmd_vault_remove)\
	X(cmd_vault_import)\
	X(cmd_key_create)  \
	X(cmd_key_list)    \
	X(cmd_key_show)    \
	X(cmd_key_block)   \
	X(cmd_key_unblock) \
	X(cmd_key_rotate)  \
	X(cmd_key_delete)  \
	X(cmd_usage)       \
	X(cmd_audit_verify)\
	X(cmd_audit_export)\
	X(cmd_check)\
	X(cmd_sbom)\
	X(cmd_pip_install)\
	X(cmd_npm_ci)\
	X(cmd_advisories_update)\
	X(cmd_advisories_status)\
	X(cmd_advisories_show)\
	X(cmd_verify)\
	X(cmd_verify_bundle)

enum { CLI_OPTS = 16, CLI_ARGS = 256, CLI_PATH = 1024 };

/* An option "--name"; arg NULL: a switch. A list of them ends with a name of NULL. */
struct cli_opt {
	const char *name, *arg, *brief;
};

struct cli;

struct cmd {
	const char *name;           /* one or two words: "config check" */
	const char *args;           /* for the usage line: "FILE MODEL" */
	const char *brief;          /* one line, lower case */
	const char *more;           /* paragraphs for `yett help NAME`, or NULL */
	const struct cli_opt *opts; /* besides --json, --data and --help; or NULL */
	int args_min, args_max;
	bool passes_on;             /* options not in opts are arguments, for another tool */
	int (*run)(struct cli *c);  /* returns the exit status */
};

#define X(row) extern const struct cmd row;
/* The rows themselves. */
CMD_LIST(X)
#undef X

struct cli {
	const struct cmd *cmd;
	const char *args[CLI_ARGS];
	int n_args;
	const char *values[CLI_OPTS]; /* as in cmd->opts; "": a switch; NULL: not given */
	const char *data;             /* --data, or NULL */
	bool json, colour;
	struct buf out;               /* standard output, written by cli_flush */
};

/* cli_value gives an option's argument, "" for a switch that is on, NULL when it was not given. */
const char *cli_value(const struct cli *c, const char *name);

/* cli_flush writes what is in c->out and empties it. ERR_SYS: standard output is gone. */
MUST_USE enum err cli_flush(struct cli *c);

/* cli_done flushes and gives the exit status of e. */
int cli_done(struct cli *c, enum err e);

/* cli_fail says "yett: SENTENCE" on standard error and gives the exit status of e; with --json
 * also an object {"error": ...} on standard output. */
int cli_fail(struct cli *c, enum err e, const struct diag *d);

/* cli_usage says what is wrong with the arguments and where help is; the exit status is 64. */
int cli_usage(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What is said of a target that is neither a file nor a release, with its name. */
#define CLI_NO_TARGET "there is no file '%s'; a release is NAME==VERSION or npm:NAME@VERSION"

/* cli_style writes s in a terminal's style ("1" bold, "31" red) where colour is wanted. */
void cli_style(struct cli *c, const char *style, struct str s);

/* cli_pad writes spaces so that a column of n bytes is width wide, one at the least. */
void cli_pad(struct cli *c, size_t n, size_t width);

/* cli_safe writes s as reports spell it: no file or peer drives the terminal. */
void cli_safe(struct cli *c, struct str s);

/* cli_data_dir gives --data, else $XDG_STATE_HOME/yett, ~/.local/state/yett, or /var/lib/yett for
 * root. */
MUST_USE enum err cli_data_dir(const struct cli *c, char *out, size_t cap, struct diag *d);

/* cli_ask sends one request to keeper's control socket and waits for its reply. On OK *out_rest
 * is what follows the reply's common beginning and points into store. A refusal is its code and
 * sentence. */
MUST_USE enum err cli_ask(const struct cli *c, uint16_t type, struct str body, struct buf *store,
			  struct str *out_rest, struct diag *d);

/* cli_help writes the list of sub-commands, those that begin with prefix; cli_help_one one of
 * them. */
void cli_help(struct cli *c, struct str prefix);
void cli_help_one(struct cli *c, const struct cmd *cmd);

/* cli_cmds walks the rows; NULL at the end. */
const struct cmd *cli_cmds(size_t i);

struct config_io;

/* cli_config_io makes the io of a survey: the process environment, no vault, files by path. */
void cli_config_io(struct config_io *io);

#endif
