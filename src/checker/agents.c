/*
 * checker/agents.c - files that tell AI agents and editors what to start and what to do.
 * Input: the target's files.   Runs in: checker.
 */
#include "checker/agents.h"
#include "checker/python.h"

#include "codec/json.h"

#include <string.h>

/* By the end of the path; a directory's name first where the file's alone says too little. */
static const struct {
	struct str ending;
	enum agent_kind kind;
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
	{ SC(".codex/config.toml"), AGENT_TOML },
	{ SC(".cursor/hooks.json"), AGENT_SETTINGS },
	{ SC(".cursor/environment.json"), AGENT_SETTINGS },
	{ SC(".devcontainer/devcontainer.json"), AGENT_SETTINGS },
	{ SC(".devcontainer.json"), AGENT_SETTINGS },
	{ SC(".zed/tasks.json"), AGENT_SETTINGS },
	{ SC("hooks/hooks.json"), AGENT_SETTINGS },
	{ SC(".envrc"), AGENT_SHELL },
	{ SC(".git/config"), AGENT_KEYS },
	{ SC(".npmrc"), AGENT_KEYS },
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
	enum agent_kind kind;
} agent_directories[] = {
	{ SC(".claude/"), SC(".md"), AGENT_TEXT },
	{ SC(".git/hooks/"), SC(""), AGENT_SHELL },
	{ SC(".husky/"), SC(""), AGENT_SHELL },
	{ SC(".github/workflows/"), SC(".yml"), AGENT_WORKFLOW },
	{ SC(".github/workflows/"), SC(".yaml"), AGENT_WORKFLOW },
};

enum agent_kind agent_kind(struct str path)
{
	for (size_t i = 0; i < sizeof agent_files / sizeof agent_files[0]; i++) {
		struct str end = agent_files[i].ending;
		if (str_has_suffix(path, end) &&
		    (path.n == end.n || path.p[path.n - end.n - 1] == '/' || end.p[0] == '.'))
			return agent_files[i].kind;
	}
	for (size_t i = 0; i < sizeof agent_directories / sizeof agent_directories[0]; i++)
		if (str_has_suffix(path, agent_directories[i].ending) &&
		    str_find(path, agent_directories[i].inside) != SIZE_MAX)
			return agent_directories[i].kind;
	return AGENT_NONE;
}

/* Whether a package.json is that of an editor's extension, by where it lies. */
static bool is_extension(const struct tree *t, const struct entry *e)
{
	if (!str_eq(entry_name(e), S("package.json")) || e->parent == TREE_NONE ||
	    t->items[e->parent].parent == TREE_NONE)
		return false;
	const struct entry *up = &t->items[t->items[e->parent].parent];
	return str_eq(entry_name(up), S("extensions")) && str_find(up->path, S(".")) != SIZE_MAX;
}

/* Whether a package brought it, and not the user. */
static bool is_packed(const struct entry *e)
{
	return e->owner != 0 || str_find(e->path, S("node_modules/")) != SIZE_MAX ||
	       str_find(e->path, S("site-packages/")) != SIZE_MAX;
}

static void inspect_as(struct checker *c, struct tree *t, uint32_t i, enum language language,
		       enum role role)
{
	const struct subject s = { t, i, package_purl(c, &t->items[i]), language, role };

	if (!t->items[i].inspected)
		file_inspect(c, &s);
	t->items[i].inspected = true;
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

static void judge_file(struct checker *c, struct tree *t, uint32_t i, enum agent_kind kind)
{
	struct entry *e = &t->items[i];
	struct findings *f = &c->report.findings;
	const struct agent_place at = { .c = c,
					.f = f,
					.package = package_purl(c, e),
					.path = file_path(c, t, i),
					.tree = t,
					.entry = i,
					.packed = is_packed(e) };
	struct str text;

	if (kind == AGENT_TEXT)
		inspect_as(c, t, i, LANG_NONE, ROLE_SCRIPT);
	if (!file_copy(c, t, i, CHECKER_SMALL, &text))
		return;
	size_t first = f->n;
	agent_judge(&at, kind, text);
	for (size_t k = first; k < f->n; k++) {
		if (!str_eq(f->items[k].path, at.path))
			continue;
		f->items[k].has_sha256 = true;
		memcpy(f->items[k].sha256, e->sha256, sizeof e->sha256);
	}
}

void agents_check(struct checker *c, struct root *r)
{
	struct tree *t = &r->tree;

	for (uint32_t i = 0; i < t->n; i++) {
		struct entry *e = &t->items[i];
		enum agent_kind kind = S_ISREG(e->mode) ? agent_kind(e->path) : AGENT_NONE;
		if (kind == AGENT_INSTALLER)
			inspect_as(c, t, i, LANG_JAVASCRIPT, ROLE_INSTALL);
		else if (kind != AGENT_NONE)
			judge_file(c, t, i, kind);
		else if (S_ISREG(e->mode) && is_extension(t, e))
			judge_extension(c, t, i);
	}
}
