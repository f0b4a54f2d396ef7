/*
 * checker/agent_commands.c - the commands that files of AI agents, editors and tools hold.
 * Input: the target's files, read by codec/json.h and codec/toml.h.   Runs in: checker.
 */
#include "checker/agents.h"
#include "checker/python.h"

#include "codec/json.h"
#include "codec/toml.h"
#include "inspect/shell.h"

#include <string.h>

enum { COMMAND_MAX = 64 << 10, TOML_NODES = 4096 };

static void tell(const struct agent_place *at, enum rule rule, struct str excerpt)
{
	finding_add(at->f, rule, at->package, at->path, 0, str_head(excerpt, FINDING_EXCERPT), " ");
}

/* ---- commands ---- */

static bool is_hostile(uint32_t caps)
{
	return (caps & (CAP_FETCH_RUN | CAP_OBFUSCATED | CAP_CREDENTIALS | CAP_METADATA |
			CAP_RUNTIME)) != 0 ||
	       ((caps & CAP_DECODE) != 0 && (caps & CAP_EVAL) != 0);
}

/* What a command can do. */
static uint32_t look_at(const struct agent_place *at, struct str command)
{
	struct caps caps = { 0 };

	arena_reset(&at->c->scratch);
	source_inspect(at->c->lexicon, LANG_SHELL, ROLE_SCRIPT, at->package, at->path, command,
		       &at->c->scratch, at->f, &caps);
	return caps.bits;
}

/* The directory that a command of this file starts in: a project's, of which the settings lie in a
 * directory of their own. */
static uint32_t project(const struct agent_place *at)
{
	const struct entry *items = at->tree->items;
	uint32_t dir = items[at->entry].parent;

	return dir != TREE_NONE && str_has_prefix(entry_name(&items[dir]), S("."))
		       ? items[dir].parent
		       : dir;
}

/* Inspects the files that a command starts. */
static void follow(const struct agent_place *at, struct str command)
{
	struct shell_look look;

	if (at->tree == NULL)
		return;
	shell_look(command, &at->c->arena, &look);
	for (unsigned i = 0; i < look.n_files; i++) {
		bool outside = false;
		uint32_t to = tree_resolve(at->tree, project(at), look.files[i].text, &outside);
		if (outside || to == TREE_NONE || !S_ISREG(at->tree->items[to].mode) ||
		    at->tree->items[to].inspected)
			continue;
		enum language lang = source_language(at->tree->items[to].path, S(""));
		const struct subject s = { at->tree, to, at->package,
					   lang != LANG_NONE ? lang : look.files[i].lang,
					   ROLE_INSTALL };
		if (s.language == LANG_NONE)
			continue;
		at->tree->items[to].inspected = true;
		file_inspect(at->c, &s);
	}
}

/* A command among much else: only one that fetches what it runs is told. */
static void judge_among(const struct agent_place *at, struct str command)
{
	if (look_at(at, command) & CAP_FETCH_RUN)
		tell(at, RULE_AGENT_EXEC, command);
	follow(at, command);
}

static void judge_command(const struct agent_place *at, struct str command)
{
	if (is_hostile(look_at(at, command)))
		tell(at, RULE_AGENT_EXEC, command);
	else if (!at->kept)
		tell(at, at->packed ? RULE_AGENT_SMUGGLED : RULE_AGENT_HOOK, command);
	follow(at, command);
}

/* One argument as a shell would be given it. */
static void add_argument(struct buf *line, struct str arg)
{
	bool plain = arg.n > 0;

	for (size_t i = 0; i < arg.n; i++)
		plain &= strchr(" \t\n|&;<>()$`\"'", arg.p[i]) == NULL;
	buf_addc(line, ' ');
	if (plain)
		buf_add(line, arg);
	for (size_t i = 0; !plain && i < arg.n; i++) {
		if (strchr(" \t\n|&;<>()$`\"'\\", arg.p[i]) != NULL)
			buf_addc(line, '\\');
		buf_addc(line, arg.p[i]);
	}
}

/* ---- settings ---- */

/* A command, alone or with its arguments: a text, or a list of texts. */
static void judge_line(const struct agent_place *at, const struct json *command,
		       const struct json *args)
{
	struct arena *a = &at->c->arena;
	struct str text = json_str(a, command);
	const struct json *list = json_is(command, JSON_ARRAY) ? command : args;
	struct buf line;

	if (json_is(command, JSON_STRING) ? text.p == NULL || text.n == 0
					  : !json_is(command, JSON_ARRAY))
		return;
	buf_init(&line, COMMAND_MAX);
	buf_add(&line, text.p != NULL ? str_head(text, COMMAND_MAX) : S(""));
	if (json_is(list, JSON_ARRAY))
		JSON_EACH_ITEM (list, it) {
			struct str arg = json_str(a, it);
			if (arg.p != NULL)
				add_argument(&line, arg);
		}
	judge_command(at, str_trim(buf_str(&line)));
	buf_free(&line);
}

/* Settings that are themselves a command line. */
static const struct str command_keys[] = {
	SC("apiKeyHelper"),	    SC("awsAuthRefresh"),    SC("awsCredentialExport"),
	SC("otelHeadersHelper"),    SC("initializeCommand"), SC("onCreateCommand"),
	SC("updateContentCommand"), SC("postCreateCommand"), SC("postStartCommand"),
	SC("postAttachCommand"),    SC("install"),	     SC("start")
};

/* Variables that make other programs run something, or talk to somebody else. */
static const struct str variables[] = {
	SC("NODE_OPTIONS"), SC("LD_PRELOAD"),	      SC("BASH_ENV"),	     SC("PYTHONSTARTUP"),
	SC("PYTHONPATH"),   SC("ANTHROPIC_BASE_URL"), SC("OPENAI_BASE_URL"), SC("HTTPS_PROXY"),
};

static void judge_variables(const struct agent_place *at, const struct json *env)
{
	struct str value;

	for (size_t i = 0; i < sizeof variables / sizeof variables[0] && !at->kept; i++) {
		value = json_str(&at->c->arena, json_get(env, variables[i]));
		if (value.p != NULL)
			finding_add(at->f, at->packed ? RULE_AGENT_SMUGGLED : RULE_AGENT_HOOK,
				    at->package, at->path, 0, value, "%.*s", FMT(variables[i]));
	}
}

/* Editors take comments and commas before a closing bracket in JSON: both become blanks. */
static struct str without_comments(struct str s, char *out)
{
	bool text = false;
	size_t comma = SIZE_MAX;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], d = i + 1 < s.n ? s.p[i + 1] : '\0';
		out[i] = c;
		if (text) {
			text = c != '"';
			if (c == '\\' && i + 1 < s.n)
				out[++i] = d;
		} else if (c == '/' && (d == '/' || d == '*')) {
			struct str end = d == '/' ? S("\n") : S("*/");
			size_t n = str_find(str_tail(s, i + 2), end);
			n = n == SIZE_MAX ? s.n - i : n + 2 + end.n;
			memset(out + i, ' ', n);
			i += n - 1;
		} else if (c == ',') {
			comma = i;
		} else if (strchr(" \t\r\n", c) == NULL) {
			if (comma != SIZE_MAX && (c == '}' || c == ']'))
				out[comma] = ' ';
			comma = SIZE_MAX;
			text = c == '"';
		}
	}
	return (struct str){ out, s.n };
}

static void judge_settings(const struct agent_place *at, struct str text)
{
	const struct json *root;
	char *plain = arena_take(&at->c->arena, text.n + 1, 1);

	if (json_read(&at->c->arena, plain != NULL ? without_comments(text, plain) : text, &root,
		      NULL) != OK) {
		if (str_find(text, S("\"command\"")) != SIZE_MAX)
			judge_command(at, str_head(text, COMMAND_MAX));
		return;
	}
	for (const struct json *v = root; v < root + root->skip; v++)
		if (json_is(v, JSON_OBJECT)) {
			judge_line(at, json_get(v, S("command")), json_get(v, S("args")));
			judge_variables(at, json_get(v, S("env")));
		}
	for (size_t k = 0; k < sizeof command_keys / sizeof command_keys[0]; k++)
		judge_line(at, json_get(root, command_keys[k]), NULL);
}

/* [mcp_servers.x] command = "sh", args = [...]; notify = ["sh", ...] */
static void judge_list(const struct agent_place *at, struct str program, const struct toml *list)
{
	struct buf line;

	if (program.n == 0 && !toml_is(list, TOML_ARRAY))
		return;
	buf_init(&line, COMMAND_MAX);
	buf_add(&line, program);
	TOML_EACH(list, it)
	add_argument(&line, toml_str(it));
	judge_command(at, str_trim(buf_str(&line)));
	buf_free(&line);
}

static void judge_toml(const struct agent_place *at, struct str text)
{
	const struct toml *root;
	struct diag d = { 0 };

	if (toml_parse(text, &at->c->arena, TOML_NODES, &root, &d) != OK)
		return; /* nobody else can read it, either */
	judge_list(at, S(""), toml_get(root, S("notify")));
	TOML_EACH(toml_get(root, S("mcp_servers")), server)
	judge_list(at, toml_str(toml_get(server, S("command"))), toml_get(server, S("args")));
}

/* ---- files of other forms ---- */

static void judge_shell(const struct agent_place *at, struct str text)
{
	if (!str_has_suffix(at->path, S(".sample")) && source_language(S(""), text) != LANG_PYTHON)
		judge_among(at, text);
}

/* What a key's value is a part of: "node" of node's options, nothing of a program. */
static const struct {
	struct str key, before;
} program_keys[] = {
	{ SC("fsmonitor"), SC("") },	{ SC("sshCommand"), SC("") },
	{ SC("pager"), SC("") },	{ SC("editor"), SC("") },
	{ SC("askPass"), SC("") },	{ SC("helper"), SC("") },
	{ SC("textconv"), SC("") },	{ SC("clean"), SC("") },
	{ SC("smudge"), SC("") },	{ SC("hooksPath"), SC("") },
	{ SC("script-shell"), SC("") }, { SC("node-options"), SC("node ") },
};

/* "fsmonitor = x" and its like; an alias that begins with '!' is a command, too. */
static void judge_keys(const struct agent_place *at, struct str text)
{
	struct str value;

	while (text.n > 0) {
		struct str key = str_trim(str_cut(str_cut(text, '\n', &text), '=', &value));
		char line[1024];
		struct buf b;

		value = str_trim(value);
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = (struct str){ value.p + 1, value.n - 2 };
		if (str_has_prefix(value, S("!")))
			judge_among(at, str_tail(value, 1));
		for (size_t k = 0; k < sizeof program_keys / sizeof program_keys[0]; k++) {
			if (!str_ieq(key, program_keys[k].key) || str_has_prefix(value, S("!")))
				continue;
			buf_fixed(&b, line, sizeof line);
			buf_add(&b, program_keys[k].before);
			buf_add(&b, str_head(value, sizeof line - program_keys[k].before.n));
			judge_among(at, buf_str(&b));
		}
	}
}

/* A command in "!`x`" runs before the agent reads the text. */
static void judge_text(const struct agent_place *at, struct str text)
{
	size_t n;

	while ((n = str_find(text, S("!`"))) != SIZE_MAX)
		judge_among(at, str_cut(str_tail(text, n + 2), '`', &text));
}

static void judge_workflow(const struct agent_place *at, struct str text)
{
	size_t n = str_find(text, S("toJSON(secrets)"));

	if (n == SIZE_MAX)
		n = str_find(text, S("toJson(secrets)"));
	if (n != SIZE_MAX &&
	    (str_find(text, S("curl ")) != SIZE_MAX || str_find(text, S("wget ")) != SIZE_MAX))
		tell(at, RULE_WORKFLOW_SECRETS, str_tail(text, n));
}

void agent_judge(const struct agent_place *at, enum agent_kind kind, struct str text)
{
	static void (*const judges[])(const struct agent_place *, struct str) = {
		[AGENT_SETTINGS] = judge_settings, [AGENT_TOML] = judge_toml,
		[AGENT_TEXT] = judge_text,	   [AGENT_SHELL] = judge_shell,
		[AGENT_KEYS] = judge_keys,	   [AGENT_WORKFLOW] = judge_workflow,
	};

	if ((size_t)kind < sizeof judges / sizeof judges[0] && judges[kind] != NULL)
		judges[kind](at, text);
}
