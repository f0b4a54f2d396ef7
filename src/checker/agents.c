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

/* "command": "x", "args": ["y", "z"] is one command line. */
static void judge_object(struct checker *c, struct tree *t, uint32_t i, const struct json *obj)
{
	const struct json *args = json_get(obj, S("args"));
	struct str command = json_str(&c->arena, json_get(obj, S("command")));
	struct buf line;

	if (command.p == NULL || command.n == 0)
		return;
	buf_init(&line, COMMAND_MAX);
	buf_add(&line, str_head(command, COMMAND_MAX));
	if (json_is(args, JSON_ARRAY))
		JSON_EACH_ITEM (args, it) {
			struct str arg = json_str(&c->arena, it);
			buf_addc(&line, ' ');
			buf_add(&line, arg.p != NULL ? arg : S(""));
		}
	judge_command(c, t, i, buf_str(&line));
	buf_free(&line);
}

/* Settings that are themselves a command line. */
static const struct str command_keys[] = { SC("apiKeyHelper"), SC("awsAuthRefresh"),
					   SC("awsCredentialExport"), SC("otelHeadersHelper") };

static void judge_settings(struct checker *c, struct tree *t, uint32_t i)
{
	const struct json *root;
	struct str text;

	if (!file_copy(c, t, i, CHECKER_SMALL, &text))
		return;
	if (json_read(&c->arena, text, &root, NULL) != OK) {
		/* Editors take comments in JSON: then all of it is looked at as one text. */
		if (str_find(text, S("\"command\"")) != SIZE_MAX)
			judge_command(c, t, i, str_head(text, COMMAND_MAX));
		return;
	}
	for (const struct json *v = root; v < root + root->skip; v++)
		if (json_is(v, JSON_OBJECT))
			judge_object(c, t, i, v);
	for (size_t k = 0; k < sizeof command_keys / sizeof command_keys[0]; k++) {
		struct str command = json_str(&c->arena, json_get(root, command_keys[k]));
		if (command.p != NULL && command.n > 0)
			judge_command(c, t, i, command);
	}
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
			if (!e->inspected) {
				const struct subject s = { t, i, package_purl(c, e), LANG_NONE,
							   ROLE_SCRIPT };
				e->inspected = true;
				file_inspect(c, &s);
			}
			break;
		case AGENT_EXTENSION:
			judge_extension(c, t, i);
			break;
		case AGENT_NONE:
			break;
		}
	}
}
