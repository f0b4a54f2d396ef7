/*
 * cli/main.c - `yett`: finds the sub-command's row, reads its options, runs it.
 * Input: the user's arguments.   Runs in: cli.
 */
#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct cmd *const cmds[] = {
#define X(row) &row,
	CMD_LIST(X)
#undef X
};
enum { N_CMDS = sizeof cmds / sizeof cmds[0] };

const struct cmd *cli_cmds(size_t i)
{
	return i < N_CMDS ? cmds[i] : NULL;
}

/* ---- finding the row ---- */

/* "config check" is two arguments. *out_used says how many. */
static const struct cmd *find(int argc, char **argv, int *out_used)
{
	for (size_t i = 0; i < N_CMDS; i++) {
		struct str second, first = str_cut(str_z(cmds[i]->name), ' ', &second);
		if (argc < 1 || !str_eq(first, str_z(argv[0])))
			continue;
		if (second.n == 0) {
			*out_used = 1;
			return cmds[i];
		}
		if (argc < 2 || !str_eq(second, str_z(argv[1])))
			continue;
		*out_used = 2;
		return cmds[i];
	}
	return NULL;
}

static bool is_group(struct str word)
{
	for (size_t i = 0; i < N_CMDS; i++) {
		struct str second, first = str_cut(str_z(cmds[i]->name), ' ', &second);
		if (second.n && str_eq(first, word))
			return true;
	}
	return false;
}

enum { WORD_MAX = 40 };

/* Levenshtein: how many letters must be put in, taken out or changed. */
static size_t distance(struct str a, struct str b)
{
	size_t row[WORD_MAX + 1];

	if (a.n > WORD_MAX || b.n > WORD_MAX)
		return WORD_MAX;
	for (size_t k = 0; k <= b.n; k++)
		row[k] = k;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t k = 1; k <= b.n; k++) {
			size_t change = diagonal + (a.p[i - 1] != b.p[k - 1]);
			size_t least = row[k] < row[k - 1] ? row[k] + 1 : row[k - 1] + 1;
			diagonal = row[k];
			row[k] = change < least ? change : least;
		}
	}
	return row[b.n];
}

static int unknown(int argc, char **argv)
{
	char words[2 * WORD_MAX + 2];
	const char *best = NULL, *said = argv[0];
	size_t least = 4, first = strlen(argv[0]);

	(void)snprintf(words, sizeof words, "%s%s%s", argv[0], argc > 1 ? " " : "",
		       argc > 1 ? argv[1] : "");
	for (size_t i = 0; i < N_CMDS; i++) {
		bool two = strchr(cmds[i]->name, ' ') != NULL;
		size_t n = distance(str_z(cmds[i]->name), two ? str_z(words) : str_z(argv[0]));
		if (strncmp(cmds[i]->name, argv[0], first) == 0 && cmds[i]->name[first] == ' ')
			said = words; /* the first word is right */
		/* Two letters that changed places are two slips: "chekc" is still "check". */
		if (n >= least || 3 * n > strlen(cmds[i]->name) + !two)
			continue;
		least = n;
		best = cmds[i]->name;
	}
	if (argv[0][0] == '-') {
		fprintf(stderr, "yett: '%.80s' has to stand behind a command\nTry 'yett help'.\n",
			argv[0]);
		return err_exit(ERR_USAGE);
	}
	fprintf(stderr, "yett: no command '%.80s'", said);
	if (best)
		fprintf(stderr, "; did you mean 'yett %s'?", best);
	fprintf(stderr, "\nTry 'yett help'.\n");
	return err_exit(ERR_USAGE);
}

/* ---- options ---- */

static int opt_index(const struct cmd *cmd, struct str name)
{
	for (int i = 0; cmd->opts && cmd->opts[i].name; i++)
		if (str_eq(str_z(cmd->opts[i].name), name))
			return i;
	return -1;
}

const char *cli_value(const struct cli *c, const char *name)
{
	int i = opt_index(c->cmd, str_z(name));

	return i < 0 ? NULL : c->values[i];
}

/* Whether an argument is one of our options, where others belong to the tool that we run. */
static bool is_ours(const struct cli *c, const char *arg)
{
	struct str value, name = str_cut(str_z(arg), '=', &value);

	return !c->cmd->passes_on || opt_index(c->cmd, str_tail(name, 2)) >= 0 ||
	       str_eq(name, S("--data"));
}

/* One "--name", "--name=value" or "--name value". Returns the arguments used, 0 after an error. */
static int read_opt(struct cli *c, int argc, char **argv)
{
	const char *equals = strchr(argv[0], '=');
	struct str name = str_z(argv[0] + 2);
	const char **value;
	bool takes = true;

	if (equals)
		name = str_head(name, (size_t)(equals - argv[0]) - 2);
	int i = opt_index(c->cmd, name);
	if (i >= 0) {
		value = &c->values[i];
		takes = c->cmd->opts[i].arg != NULL;
	} else if (str_eq(name, S("data"))) {
		value = &c->data;
	} else {
		(void)cli_usage(c, "'%s' takes no option '--%.*s'", c->cmd->name, FMT(name));
		return 0;
	}
	if (takes == (equals != NULL)) {
		*value = takes ? equals + 1 : "";
		return 1;
	}
	if (!takes) {
		(void)cli_usage(c, "'--%.*s' takes no value", FMT(name));
		return 0;
	}
	if (argc < 2) {
		(void)cli_usage(c, "'--%.*s' needs a value", FMT(name));
		return 0;
	}
	*value = argv[1];
	return 2;
}

static bool is_word(const char *arg, const char *a, const char *b)
{
	return strcmp(arg, a) == 0 || strcmp(arg, b) == 0;
}

static int run(struct cli *c, int argc, char **argv)
{
	bool only_args = false;

	for (int i = 0; i < argc;) {
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
			i++;
		} else if (!only_args && is_word(argv[i], "--help", "-h")) {
			cli_help_one(c, c->cmd);
			return cli_done(c, OK);
		} else if (!only_args && strcmp(argv[i], "--json") == 0) {
			c->json = true;
			i++;
		} else if (!only_args && strncmp(argv[i], "--", 2) == 0 && is_ours(c, argv[i])) {
			int used = read_opt(c, argc - i, argv + i);
			if (used == 0)
				return err_exit(ERR_USAGE);
			i += used;
		} else if (c->n_args == CLI_ARGS) {
			return cli_usage(c, "too many arguments");
		} else {
			c->args[c->n_args++] = argv[i++];
		}
	}
	if (c->n_args < c->cmd->args_min || c->n_args > c->cmd->args_max)
		return cli_usage(c, "'%s' takes %s", c->cmd->name,
				 c->cmd->args[0] ? c->cmd->args : "no arguments");
	return c->cmd->run(c);
}

static int help(struct cli *c, int argc, char **argv)
{
	int used;
	const struct cmd *cmd = find(argc, argv, &used);

	if (cmd)
		cli_help_one(c, cmd);
	else if (argc == 0 || is_group(str_z(argv[0])))
		cli_help(c, argc ? str_z(argv[0]) : S(""));
	else
		return unknown(argc, argv);
	return cli_done(c, OK);
}

int main(int argc, char **argv)
{
	struct cli c = { .colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL };
	int used;

	/* One that we inherit ignored would hide how the programs end that we start. */
	(void)signal(SIGCHLD, SIG_DFL);
	buf_init(&c.out, 64 << 20);
	argc--;
	argv++;
	if (argc > 0 && is_word(argv[0], "--version", "version")) {
		buf_add(&c.out, S("yett " YETT_VERSION "\n"));
		return cli_done(&c, OK);
	}
	if (argc == 0 || is_word(argv[0], "help", "--help") || is_word(argv[0], "-h", "--help"))
		return help(&c, argc ? argc - 1 : 0, argc ? argv + 1 : argv);
	c.cmd = find(argc, argv, &used);
	if (c.cmd == NULL && is_group(str_z(argv[0])) && (argc == 1 || argv[1][0] == '-'))
		return help(&c, 1, argv);
	if (c.cmd == NULL)
		return unknown(argc, argv);
	return run(&c, argc - used, argv + used);
}
