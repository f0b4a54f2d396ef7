/*
 * checker/agents.c - files that tell AI agents and editors what to start and what to do.
 * Input: the target's files.   Runs in: checker.
 */
#include "checker/python.h"

#include "codec/json.h"

#include <string.h>

enum { COMMAND_MAX = 64 << 10 };

enum agent_file {
	AGENT_NONE,
	AGENT_SETTINGS,	 /* JSON with commands in it: hooks, servers, tasks */
	AGENT_TEXT,	 /* orders in plain words */
	AGENT_SHELL,	 /* a hook, or what is sourced on entering the directory */
	AGENT_GIT,	 /* programs that git starts */
	AGENT_INSTALLER, /* JavaScript that a package manager loads */
	AGENT_WORKFLOW,	 /* of GitHub */
	AGENT_EXTENSION, /* package.json of an editor's extension */
};

/* By the end of the path; a directory's name first where the file's alone says too little. */
static const struct {
	struct str ending;
	enum agent_file kind;
} agent_files[] = {
	{ SC(".claude/settings.json"), AGENT_SETTINGS },
	{ SC(".claude/settings.local.json"), AGENT_SETTINGS },
	{ SC(".claude.json"), AGENT_SETTINGS },
	{ SC(".mcp.json"), AGENT_SETTINGS },
	{ SC(".cursor/mcp.json"), AGENT_SETTINGS },
	{ SC(".vscode/mcp.json"), AGENT_SETTINGS },
	{ SC(".vscode/tasks.json"), AGENT_SETTINGS },
	{ SC(".vscode/settings.json"), AGENT_SETTINGS },
	{ SC(".gemini/settings.json"), AGENT_SETTINGS },
	{ SC(".codex/hooks.json"), AGENT_SETTINGS },
	{ SC(".cursor/hooks.json"), AGENT_SETTINGS },
	{ SC(".cursor/environment.json"), AGENT_SETTINGS },
	{ SC(".devcontainer/devcontainer.json"), AGENT_SETTINGS },
	{ SC(".devcontainer.json"), AGENT_SETTINGS },
	{ SC(".zed/tasks.json"), AGENT_SETTINGS },
	{ SC("hooks/hooks.json"), AGENT_SETTINGS },
	{ SC(".envrc"), AGENT_SHELL },
	{ SC(".git/config"), AGENT_GIT },
	{ SC(".pnpmfile.cjs"), AGENT_INSTALLER },
	{ SC("claude_desktop_config.json"), AGENT_SETTINGS },
	{ SC("mcp_config.json"), AGENT_SETTINGS },
	{ SC("CLAUDE.md"), AGENT_TEXT },
	{ SC("AGENTS.md"), AGENT_TEXT },
	{ SC("GEMINI.md"), AGENT_TEXT },
	{ SC("SKILL.md"), AGENT_TEXT },
	{ SC(".cursorrules"), AGENT_TEXT },
	{ SC(".mdc"), AGENT_TEXT },
	{ SC("copilot-instructions.md"), AGENT_TEXT },
};

/* By a directory on the way and the end of the name. */
static const struct {
	struct str inside, ending;
	enum agent_file kind;
} agent_directories[] = {
	{ SC(".claude/"), SC(".md"), AGENT_TEXT },
	{ SC(".git/hooks/"), SC(""), AGENT_SHELL },
	{ SC(".husky/"), SC(""), AGENT_SHELL },
	{ SC(".github/workflows/"), SC(".yml"), AGENT_WORKFLOW },
	{ SC(".github/workflows/"), SC(".yaml"), AGENT_WORKFLOW },
};

static enum agent_file agent_file(const struct tree *t, const struct entry *e)
{
	struct str name = entry_name(e);

	for (size_t i = 0; i < sizeof agent_files / sizeof agent_files[0]; i++) {
		struct str end = agent_files[i].ending;
		if (str_has_suffix(e->path, end) &&
		    (e->path.n == end.n || e->path.p[e->path.n - end.n - 1] == '/' ||
		     end.p[0] == '.'))
			return agent_files[i].kind;
	}
	for (size_t i = 0; i < sizeof agent_directories / sizeof agent_directories[0]; i++)
		if (str_find(e->path, agent_directories[i].inside) != SIZE_MAX &&
		    str_has_suffix(name, agent_directories[i].ending))
			return agent_directories[i].kind;
	if (!str_eq(name, S("package.json")) || e->parent == TREE_NONE ||
	    t->items[e->parent].parent == TREE_NONE)
		return AGENT_NONE;
	const struct entry *up = &t->items[t->items[e->parent].parent];
	return str_eq(entry_name(up), S("extensions")) && str_find(up->path, S(".")) != SIZE_MAX
		       ? AGENT_EXTENSION
		       : AGENT_NONE;
}

/* Whether a package brought it, and not the user. */
static bool is_packed(const struct entry *e)
{
	return e->owner != 0 || str_find(e->path, S("node_modules/")) != SIZE_MAX ||
	       str_find(e->path, S("site-packages/")) != SIZE_MAX;
}

/* ---- commands ---- */

static bool is_hostile(uint32_t caps)
{
	return (caps & (CAP_FETCH_RUN | CAP_OBFUSCATED | CAP_CREDENTIALS | CAP_METADATA |
			CAP_RUNTIME)) != 0 ||
	       ((caps & CAP_DECODE) != 0 && (caps & CAP_EVAL) != 0);
}

/* A command among much else: only one that fetches what it runs is told. */
static void judge_among(struct checker *c, struct tree *t, uint32_t i, struct str command)
{
	struct str purl = package_purl(c, &t->items[i]);
	struct caps caps = { 0 };

	arena_reset(&c->scratch);
	source_inspect(c->lexicon, LANG_SHELL, ROLE_SCRIPT, purl, file_path(c, t, i), command,
		       &c->scratch, &c->report.findings, &caps);
	if (caps.bits & CAP_FETCH_RUN)
		file_finding(c, t, i, RULE_AGENT_EXEC, purl, 0, str_head(command, FINDING_EXCERPT),
			     " ");
}

static void judge_command(struct checker *c, struct tree *t, uint32_t i, struct str command)
{
	struct entry *e = &t->items[i];
	struct str purl = package_purl(c, e);
	struct caps caps = { 0 };

	arena_reset(&c->scratch);
	source_inspect(c->lexicon, LANG_SHELL, ROLE_SCRIPT, purl, file_path(c, t, i), command,
		       &c->scratch, &c->report.findings, &caps);
	if (is_hostile(caps.bits))
		file_finding(c, t, i, RULE_AGENT_EXEC, purl, 0, command, " ");
	else if (is_packed(e))
		file_finding(c, t, i, RULE_AGENT_SMUGGLED, purl, 0, command, " ");
	else
		file_finding(c, t, i, RULE_AGENT_HOOK, purl, 0, command, " ");
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

/* A command, alone or with its arguments: a text, or a list of texts. */
static void judge_line(struct checker *c, struct tree *t, uint32_t i, const struct json *command,
		       const struct json *args)
{
	struct str text = json_str(&c->arena, command);
	const struct json *list = json_is(command, JSON_ARRAY) ? command : args;
	struct buf line;

	if (json_is(command, JSON_STRING) ? text.p == NULL || text.n == 0
					  : !json_is(command, JSON_ARRAY))
		return;
	buf_init(&line, COMMAND_MAX);
	buf_add(&line, text.p != NULL ? str_head(text, COMMAND_MAX) : S(""));
	if (json_is(list, JSON_ARRAY))
		JSON_EACH_ITEM (list, it) {
			struct str arg = json_str(&c->arena, it);
			if (arg.p != NULL)
				add_argument(&line, arg);
		}
	judge_command(c, t, i, str_trim(buf_str(&line)));
	buf_free(&line);
}

/* Settings that are themselves a command line. */
static const struct str command_keys[] = {
	SC("apiKeyHelper"),	    SC("awsAuthRefresh"),    SC("awsCredentialExport"),
	SC("otelHeadersHelper"),    SC("initializeCommand"), SC("onCreateCommand"),
	SC("updateContentCommand"), SC("postCreateCommand"), SC("postStartCommand"),
	SC("postAttachCommand"),    SC("install"),	     SC("start")
};

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

static void judge_settings(struct checker *c, struct tree *t, uint32_t i)
{
	const struct json *root;
	struct str text;

	if (!file_copy(c, t, i, CHECKER_SMALL, &text))
		return;
	char *plain = arena_take(&c->arena, text.n + 1, 1);
	if (json_read(&c->arena, plain != NULL ? without_comments(text, plain) : text, &root,
		      NULL) != OK) {
		if (str_find(text, S("\"command\"")) != SIZE_MAX)
			judge_command(c, t, i, str_head(text, COMMAND_MAX));
		return;
	}
	for (const struct json *v = root; v < root + root->skip; v++)
		if (json_is(v, JSON_OBJECT))
			judge_line(c, t, i, json_get(v, S("command")), json_get(v, S("args")));
	for (size_t k = 0; k < sizeof command_keys / sizeof command_keys[0]; k++)
		judge_line(c, t, i, json_get(root, command_keys[k]), NULL);
}

/* ---- files that are no JSON ---- */

static void judge_shell(struct checker *c, struct tree *t, uint32_t i)
{
	struct str text;

	if (!str_has_suffix(t->items[i].path, S(".sample")) &&
	    file_copy(c, t, i, CHECKER_SMALL, &text) && source_language(S(""), text) != LANG_PYTHON)
		judge_among(c, t, i, text);
}

/* "fsmonitor = x" and its like; an alias that begins with '!' is a command, too. */
static void judge_git(struct checker *c, struct tree *t, uint32_t i)
{
	static const struct str keys[] = { SC("fsmonitor"), SC("sshCommand"), SC("pager"),
					   SC("editor"),    SC("askPass"),    SC("helper"),
					   SC("textconv"),  SC("clean"),      SC("smudge") };
	struct str text, value;

	if (!file_copy(c, t, i, CHECKER_SMALL, &text))
		return;
	while (text.n > 0) {
		struct str key = str_trim(str_cut(str_cut(text, '\n', &text), '=', &value));
		value = str_trim(value);
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = (struct str){ value.p + 1, value.n - 2 };
		bool runs = str_has_prefix(value, S("!"));
		for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
			runs |= str_ieq(key, keys[k]);
		if (runs)
			judge_among(c, t, i, str_tail(value, str_has_prefix(value, S("!"))));
	}
}

/* A command in "!`x`" runs before the agent reads the text. */
static void judge_text(struct checker *c, struct tree *t, uint32_t i)
{
	struct entry *e = &t->items[i];
	const struct subject s = { t, i, package_purl(c, e), LANG_NONE, ROLE_SCRIPT };
	struct str text;
	size_t at;

	if (!e->inspected)
		file_inspect(c, &s);
	e->inspected = true;
	if (!file_copy(c, t, i, CHECKER_SMALL, &text))
		return;
	while ((at = str_find(text, S("!`"))) != SIZE_MAX)
		judge_among(c, t, i, str_cut(str_tail(text, at + 2), '`', &text));
}

static void judge_workflow(struct checker *c, struct tree *t, uint32_t i)
{
	struct str text;

	if (!file_copy(c, t, i, CHECKER_SMALL, &text))
		return;
	size_t at = str_find(text, S("toJSON(secrets)"));
	if (at == SIZE_MAX)
		at = str_find(text, S("toJson(secrets)"));
	if (at != SIZE_MAX &&
	    (str_find(text, S("curl ")) != SIZE_MAX || str_find(text, S("wget ")) != SIZE_MAX))
		file_finding(c, t, i, RULE_WORKFLOW_SECRETS, package_purl(c, &t->items[i]), 0,
			     str_head(str_tail(text, at), FINDING_EXCERPT), " ");
}

static void judge_installer(struct checker *c, struct tree *t, uint32_t i)
{
	const struct subject s = { t, i, package_purl(c, &t->items[i]), LANG_JAVASCRIPT,
				   ROLE_INSTALL };

	t->items[i].inspected = true;
	file_inspect(c, &s);
}

static void judge_extension(struct checker *c, struct tree *t, uint32_t i)
{
	struct package p = { .eco = ECO_OTHER, .origin = ORIGIN_INDEX };
	const struct json *root;
	struct str text, main;
	bool outside;

	if (!file_copy(c, t, i, CHECKER_SMALL, &text) ||
	    json_read(&c->arena, text, &root, NULL) != OK)
		return;
	p.name = json_str(&c->arena, json_get(root, S("name")));
	p.version = json_str(&c->arena, json_get(root, S("version")));
	if (p.name.p == NULL || p.version.p == NULL)
		return;
	p.where = file_path(c, t, i);
	release_add(c, &p);
	main = json_str(&c->arena, json_get(root, S("main")));
	uint32_t file = main.p == NULL ? TREE_NONE
				       : tree_resolve(t, t->items[i].parent, main, &outside);
	if (file == TREE_NONE || !S_ISREG(t->items[file].mode) || t->items[file].inspected)
		return;
	t->items[file].inspected = true;
	const struct subject s = { t, file, S(""), LANG_JAVASCRIPT, ROLE_MODULE };
	file_inspect(c, &s);
}

void agents_check(struct checker *c, struct root *r)
{
	struct tree *t = &r->tree;

	for (uint32_t i = 0; i < t->n; i++) {
		struct entry *e = &t->items[i];
		if (!S_ISREG(e->mode))
			continue;
		switch (agent_file(t, e)) {
		case AGENT_SETTINGS:
			judge_settings(c, t, i);
			break;
		case AGENT_TEXT:
			judge_text(c, t, i);
			break;
		case AGENT_SHELL:
			judge_shell(c, t, i);
			break;
		case AGENT_GIT:
			judge_git(c, t, i);
			break;
		case AGENT_INSTALLER:
			judge_installer(c, t, i);
			break;
		case AGENT_WORKFLOW:
			judge_workflow(c, t, i);
			break;
		case AGENT_EXTENSION:
			judge_extension(c, t, i);
			break;
		case AGENT_NONE:
			break;
		}
	}
}
