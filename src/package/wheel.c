/*
 * package/wheel.c - names of release files as the binary distribution format and packaging.utils
 * have them, and entry_points.txt.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/wheel_fuzz.c
 */
#include "package/wheel.h"

#include "base/ascii.h"
#include "base/limits.h"

static bool is_separator(char c)
{
	return c == '-' || c == '_' || c == '.';
}

/* ---- file names ---------------------------------------------------------------------------- */

/* Of a project name with its dashes made underscores. packaging also takes letters beyond ASCII,
 * which no index does. */
static bool is_project(struct str s)
{
	bool underscore = false;

	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '.')
			return false;
		if (underscore && s.p[i] == '_')
			return false;
		underscore = s.p[i] == '_';
	}
	return s.n != 0;
}

/* Tags joined by dots: none is empty. That of an interpreter is an identifier. */
static bool is_tags(struct str s, bool interpreter)
{
	struct str rest = s;

	if (s.n == 0 || s.p[s.n - 1] == '.')
		return false;
	while (rest.n != 0) {
		struct str tag = str_cut(rest, '.', &rest);
		if (tag.n == 0 || (interpreter && ascii_digit(tag.p[0])))
			return false;
		for (size_t i = 0; i < tag.n; i++)
			if (!ascii_alnum(tag.p[i]) && tag.p[i] != '_')
				return false;
	}
	return true;
}

static bool is_version(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alnum(s.p[i]) && s.p[i] != '.' && s.p[i] != '_' && s.p[i] != '+' &&
		    s.p[i] != '!')
			return false;
	return s.n != 0;
}

bool wheel_name_parse(struct str file, struct wheel_name *out)
{
	struct str parts[6], rest = file;
	size_t n = 0;

	if (!str_has_suffix(file, S(".whl")))
		return false;
	rest.n -= 4;
	for (bool more = true; more; n++) {
		if (n == 6)
			return false;
		more = str_chr(rest, '-') != SIZE_MAX;
		parts[n] = str_cut(rest, '-', &rest);
	}
	if (n < 5)
		return false;
	*out = (struct wheel_name){
		.name = parts[0], .version = parts[1], .build = n == 6 ? parts[2] : S(""),
		.python = parts[n - 3], .abi = parts[n - 2], .platform = parts[n - 1],
	};
	return is_project(out->name) && is_version(out->version) &&
	       (n == 5 || (is_version(out->build) && ascii_digit(out->build.p[0]))) &&
	       is_tags(out->python, true) && is_tags(out->abi, false) &&
	       is_tags(out->platform, false);
}

static bool split_last(struct str s, struct str *out_name, struct str *out_version)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != '-')
		at--;
	if (at <= 1 || at == s.n)
		return false;
	*out_name = str_head(s, at - 1);
	*out_version = str_tail(s, at);
	return true;
}

bool sdist_name_parse(struct str file, struct str *out_name, struct str *out_version)
{
	static const struct str suffixes[] = { SC(".tar.gz"), SC(".zip") };

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
		if (str_has_suffix(file, suffixes[i]))
			return split_last(str_head(file, file.n - suffixes[i].n), out_name,
					  out_version);
	return false;
}

bool wheel_dir_parse(struct str dir, struct str suffix, struct str *out_name,
		     struct str *out_version)
{
	return str_has_suffix(dir, suffix) &&
	       split_last(str_head(dir, dir.n - suffix.n), out_name, out_version);
}

/* Past a run of separators, which is '-' then; else one character. */
static char step(struct str *s)
{
	char c = s->p[0];

	*s = str_tail(*s, 1);
	if (!is_separator(c))
		return ascii_lower(c);
	while (s->n != 0 && is_separator(s->p[0]))
		*s = str_tail(*s, 1);
	return '-';
}

bool wheel_name_same(struct str a, struct str b)
{
	while (a.n != 0 && b.n != 0)
		if (step(&a) != step(&b))
			return false;
	return a.n == b.n;
}

/* ---- entry_points.txt ---------------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

static struct str strip(struct str s)
{
	while (s.n != 0 && is_space(s.p[0]))
		s = str_tail(s, 1);
	while (s.n != 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The next line; Python's splitlines ends one at more than LF and CR. */
static struct str cut_line(struct str *rest)
{
	size_t n = 0;

	while (n < rest->n && !(rest->p[n] >= '\n' && rest->p[n] <= '\r') &&
	       !(rest->p[n] >= 0x1c && rest->p[n] <= 0x1e))
		n++;
	struct str line = str_head(*rest, n);
	*rest = str_tail(*rest, str_has_prefix(str_tail(*rest, n), S("\r\n")) ? n + 2 : n + 1);
	return line;
}

enum err entry_points_read(struct str text, struct arena *a, struct entry_point **out,
			   size_t *out_n)
{
	struct entry_point *items = NULL;
	struct str rest = text, group = S("");
	size_t n = 0, cap = 0;
	uint32_t at = 0;

	while (rest.n != 0) {
		struct str value, line = strip(cut_line(&rest));
		at++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (line.p[0] == '[' && line.p[line.n - 1] == ']') {
			group = str_tail(str_head(line, line.n - 1), 1);
			continue;
		}
		if (str_chr(line, '=') == SIZE_MAX)
			continue;
		struct str name = strip(str_cut(line, '=', &value));
		if (n == LIMIT_METADATA_FIELDS)
			return ERR_LIMIT;
		if (!ARENA_ROOM(a, items, n, cap))
			return ERR_NOMEM;
		items[n++] = (struct entry_point){ group, name, strip(value), at };
	}
	*out = items;
	*out_n = n;
	return OK;
}

/* ---- what runs ----------------------------------------------------------------------------- */

bool wheel_runs(struct str path, unsigned mode)
{
	static const struct str suffixes[] = {
		SC(".py"),    SC(".pyc"), SC(".pyo"),  SC(".pyw"), SC(".pyx"),	SC(".pth"),
		SC(".start"), SC(".so"),  SC(".pyd"),  SC(".dll"), SC(".dylib"), SC(".exe"),
		SC(".sh"),    SC(".bat"), SC(".cmd"),  SC(".ps1"), SC(".js"),	SC(".mjs"),
		SC(".cjs"),   SC(".node"), SC(".wasm"), SC(".jar"), SC(".pyz"),	SC(".egg"),
		SC("/entry_points.txt"),
	};

	if ((mode & 0111) != 0 || str_find(path, S(".so.")) != SIZE_MAX ||
	    str_find(path, S(".data/scripts/")) != SIZE_MAX)
		return true;
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
		if (path.n >= suffixes[i].n &&
		    str_ieq(str_tail(path, path.n - suffixes[i].n), suffixes[i]))
			return true;
	return false;
}
