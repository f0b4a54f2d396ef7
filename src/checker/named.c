/*
 * checker/named.c - what a package.json makes run.
 * Input: the target's package.json, read by codec/json.h.   Runs in: checker.
 */
#include "checker/named.h"

#include "checker/profile.h"
#include "inspect/shell.h"
#include "inspect/token.h"
#include "package/package_json.h"

enum { COMMAND_MAX = 16 << 10 };

void named_file(struct named_list *l, struct str path, enum language language, enum role role)
{
	while (str_has_prefix(path, S("./")))
		path = str_tail(path, 2);
	if (l->n < NAMED_MAX && path.n > 0)
		l->items[l->n++] = (struct named){ S(""), path, language, role, false };
}

/* What npm sets $npm_package_config_x to: the text of package.json's "config", "x". */
static struct str package_value(struct arena *a, const struct json *root, struct str *io_path)
{
	struct str rest = *io_path;
	const struct json *at = root;

	while (json_is(at, JSON_OBJECT)) {
		size_t n = 0;
		while (n < rest.n && name_byte(rest.p[n]) && rest.p[n] != '_')
			n++;
		at = json_get(at, str_head(rest, n));
		rest = str_tail(rest, n);
		if (json_is(at, JSON_OBJECT) && str_has_prefix(rest, S("_")))
			rest = str_tail(rest, 1);
	}
	*io_path = rest;
	return json_str(a, at);
}

/* A command with what it takes out of package.json put in. */
static struct str with_values(struct arena *a, const struct json *root, struct str command)
{
	struct str begin = S("$npm_package_"), left = command, value;
	struct buf out;
	char *room;

	if (str_find(command, begin) == SIZE_MAX || (room = arena_take(a, COMMAND_MAX, 1)) == NULL)
		return command;
	buf_fixed(&out, room, COMMAND_MAX);
	for (size_t at; (at = str_find(left, begin)) != SIZE_MAX;) {
		struct str rest = str_tail(left, at + begin.n);
		value = package_value(a, root, &rest);
		buf_add(&out, str_head(left, value.p ? at : at + begin.n));
		buf_add(&out, value.p ? value : S(""));
		left = value.p ? rest : str_tail(left, at + begin.n);
	}
	buf_add(&out, left);
	return out.err == OK ? buf_str(&out) : command;
}

static void add_script(struct arena *a, struct named_list *l, const struct json *root,
		       struct str name, struct str command, bool direct)
{
	if (command.p == NULL)
		command = json_str(a, json_get(json_get(root, S("scripts")), name));
	for (unsigned i = 0; i < l->n; i++)
		if (str_eq(l->items[i].script, name))
			return;
	if (command.p != NULL && l->n < NAMED_MAX)
		l->items[l->n++] = (struct named){ name, with_values(a, root, command), LANG_SHELL,
						   ROLE_INSTALL, direct };
}

/* What the commands start; the list grows meanwhile. */
static void follow(struct arena *a, struct named_list *l, const struct json *root)
{
	for (unsigned i = 0; i < l->n; i++) {
		struct shell_look look;
		if (l->items[i].script.n == 0)
			continue;
		shell_look(l->items[i].text, a, &look);
		for (unsigned k = 0; k < look.n_scripts; k++)
			add_script(a, l, root, look.scripts[k], (struct str){ NULL, 0 }, false);
		for (unsigned k = 0; k < look.n_files; k++)
			named_file(l, look.files[k].text, look.files[k].lang, ROLE_INSTALL);
	}
}

/* Files that nobody loads as a program. */
static bool is_data(struct str path)
{
	static const struct str endings[] = { SC(".json"), SC(".css"),	SC(".node"),
					      SC(".wasm"), SC(".html"), SC(".d.ts") };

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (str_has_suffix(path, endings[i]))
			return true;
	return false;
}

/* Every text below v that names a file of the package by its path; others are passed over. */
static void add_entries(struct arena *a, struct named_list *l, const struct json *v,
			enum language language)
{
	for (const struct json *it = v; v != NULL && it < v + v->skip; it++) {
		struct str path = json_is(it, JSON_STRING) ? json_str(a, it) : S("");
		bool path_like = it == v || str_has_prefix(path, S("./")) || language == LANG_NONE;
		if (path.p != NULL && path_like && (it == v || !is_data(path)) &&
		    source_language(path, S("")) == LANG_NONE)
			named_file(l, path, language, ROLE_MODULE);
	}
}

void named_read(struct arena *a, const struct json *root, bool gyp, bool prepare,
		struct named_list *out)
{
	static const struct str prepares[] = { SC("preprepare"), SC("prepare"), SC("postprepare"),
					       SC("dependencies") };
	static const struct str entries[] = { SC("main"), SC("module"), SC("browser"),
					      SC("exports"), SC("imports") };
	struct str name, command;

	out->n = 0;
	for (unsigned k = 0; k < NPM_SCRIPTS; k++)
		if (npm_script(a, root, gyp, k, &name, &command))
			add_script(a, out, root, name, command, true);
	for (size_t k = 0; prepare && k < sizeof prepares / sizeof prepares[0]; k++)
		add_script(a, out, root, prepares[k], (struct str){ NULL, 0 }, true);
	follow(a, out, root);
	for (size_t k = 0; k < sizeof entries / sizeof entries[0]; k++)
		add_entries(a, out, json_get(root, entries[k]), LANG_JAVASCRIPT);
	add_entries(a, out, json_get(root, S("bin")), LANG_NONE);
}

/* Native programs, of Linux and of macOS: bash runs no file with a NUL in its first line. */
static bool is_program(struct str text)
{
	static const struct str magic[] = { SC("\x7f"
					       "ELF"),
					    SC("\xcf\xfa\xed\xfe"), SC("\xce\xfa\xed\xfe"),
					    SC("\xca\xfe\xba\xbe") };

	for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++)
		if (str_has_prefix(text, magic[i]))
			return str_chr(str_head(text, str_chr(text, '\n')), '\0') != SIZE_MAX;
	return false;
}

enum language named_language(const struct named *n, struct str path, struct str text)
{
	enum language known = source_language(path, text);

	if (known != LANG_NONE || is_program(text))
		return known;
	return n->language != LANG_NONE ? n->language : LANG_SHELL;
}
