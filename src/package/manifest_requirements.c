/*
 * package/manifest_requirements.c - requirements and constraints files, as pip reads them.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 *
 * pip joins lines that end in a backslash, cuts comments (a '#' at the start or behind white
 * space), then each line is one option of its own, or a requirement with options behind it. Names
 * in ${BRACES} come from the environment, which we do not have: they are told of.
 */
#include "base/ascii.h"
#include "package/manifest_in.h"

/* Options that stand alone. */
enum option {
	OPT_NONE,
	OPT_REQUIREMENT,
	OPT_CONSTRAINT,
	OPT_EDITABLE,
	OPT_INDEX,
	OPT_EXTRA_INDEX,
	OPT_FIND_LINKS,
	OPT_TRUSTED_HOST,
	OPT_FLAG,  /* takes no value and says nothing of where packages come from */
	OPT_VALUE, /* the same with a value */
};

static const struct {
	struct str name, letter;
	enum option option;
} options[] = {
	{ SC("--requirement"), SC("-r"), OPT_REQUIREMENT },
	{ SC("--constraint"), SC("-c"), OPT_CONSTRAINT },
	{ SC("--editable"), SC("-e"), OPT_EDITABLE },
	{ SC("--index-url"), SC("-i"), OPT_INDEX },
	{ SC("--pypi-url"), SC(""), OPT_INDEX },
	{ SC("--extra-index-url"), SC(""), OPT_EXTRA_INDEX },
	{ SC("--find-links"), SC("-f"), OPT_FIND_LINKS },
	{ SC("--trusted-host"), SC(""), OPT_TRUSTED_HOST },
	{ SC("--no-index"), SC(""), OPT_FLAG },
	{ SC("--pre"), SC(""), OPT_FLAG },
	{ SC("--prefer-binary"), SC(""), OPT_FLAG },
	{ SC("--require-hashes"), SC(""), OPT_FLAG },
	{ SC("--no-binary"), SC(""), OPT_VALUE },
	{ SC("--only-binary"), SC(""), OPT_VALUE },
	{ SC("--use-feature"), SC(""), OPT_VALUE },
	{ SC("--hash"), SC(""), OPT_VALUE },
	{ SC("--global-option"), SC(""), OPT_VALUE },
	{ SC("--config-settings"), SC("-C"), OPT_VALUE },
};

enum { OPTIONS = sizeof options / sizeof options[0] };

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static struct str trim(struct str s)
{
	while (s.n > 0 && is_space(s.p[0]))
		s = str_tail(s, 1);
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Cuts "(^|\s+)#.*$" off, as pip does after it has joined the lines. */
static struct str without_comment(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '#' && (i == 0 || is_space(s.p[i - 1])))
			return trim(str_head(s, i));
	return trim(s);
}

static size_t word_end(struct str s)
{
	size_t n = 0;

	while (n < s.n && !is_space(s.p[n]))
		n++;
	return n;
}

/* The row of a long option. optparse takes every beginning that only one option has. */
static size_t long_option(struct str name)
{
	size_t found = OPTIONS;

	for (size_t i = 0; i < OPTIONS; i++) {
		if (str_eq(options[i].name, name))
			return i;
		if (!str_has_prefix(options[i].name, name))
			continue;
		if (found != OPTIONS)
			return OPTIONS;
		found = i;
	}
	return found;
}

/* The option that a line begins with, and what follows it in *out. */
static enum option option_of(struct str line, struct str *out)
{
	struct str value, word = str_head(line, word_end(line));

	if (str_has_prefix(line, S("--"))) {
		struct str name = str_cut(word, '=', &value);
		size_t row = long_option(name);
		*out = trim(str_tail(line, name.n + (name.n < word.n)));
		return row == OPTIONS || name.n < 3 ? OPT_NONE : options[row].option;
	}
	for (size_t i = 0; i < OPTIONS; i++)
		if (options[i].letter.n > 0 && str_has_prefix(line, options[i].letter)) {
			*out = trim(str_tail(line, options[i].letter.n));
			return options[i].option;
		}
	return OPT_NONE;
}

static struct str unquote(struct str s)
{
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return (struct str){ s.p + 1, s.n - 2 };
	return s;
}

/* Where the options behind a requirement begin: at the first word with a hyphen before it. */
static size_t options_at(struct str line)
{
	for (size_t i = 1; i < line.n; i++)
		if (line.p[i] == '-' && line.p[i - 1] == ' ')
			return i;
	return line.n;
}

/* "--hash=sha256:abc --hash sha256:def". Other options of a line say nothing of what is fetched. */
static void read_hashes(struct manifest_in *m, struct package *p, struct str rest)
{
	bool next = false;

	while (rest.n > 0) {
		size_t n = word_end(rest);
		struct str word = str_head(rest, n);
		rest = trim(str_tail(rest, n));
		if (next || str_has_prefix(word, S("--hash=")))
			manifest_hash_pair(m, p, unquote(str_tail(word, next ? 0 : 7)));
		next = str_eq(word, S("--hash"));
	}
}

/* "https:", "git+ssh:", "file:": nothing but letters, digits and '+' before the first colon. */
static bool is_url(struct str s)
{
	size_t n = str_chr(s, ':');

	if (n == SIZE_MAX || n < 2)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!ascii_letter(s.p[i]) && s.p[i] != '+' && !ascii_digit(s.p[i]))
			return false;
	return true;
}

/* A line without a name before it: a URL, a directory or an archive. */
static bool is_bare(struct str s)
{
	static const struct str ends[] = { SC(".whl"), SC(".tar.gz"), SC(".zip"),    SC(".tar.bz2"),
					   SC(".tgz"), SC(".tar"),    SC(".tar.xz"), SC(".tbz") };
	struct str rest, name = str_cut(s, ';', &rest);

	if (is_url(s) || s.p[0] == '.' || s.p[0] == '~')
		return true;
	name = trim(name);
	if (str_chr(name, '@') != SIZE_MAX)
		return str_chr(str_cut(name, '@', &rest), '/') != SIZE_MAX;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (str_has_suffix(name, ends[i]))
			return true;
	return str_chr(name, '/') != SIZE_MAX;
}

/* The name that "#egg=name" gives a repository, or the stem of a wheel. */
static struct str url_name(struct str url)
{
	struct str rest, egg = S(""), value;

	for ((void)str_cut(url, '#', &rest); rest.n > 0;) {
		struct str key = str_cut(str_cut(rest, '&', &rest), '=', &value);
		if (str_eq(key, S("egg")))
			egg = str_cut(value, '[', &value);
	}
	if (egg.n > 0)
		return egg;
	struct str file = str_last(str_cut(url, '#', &rest), '/');
	return str_has_suffix(file, S(".whl")) ? str_cut(file, '-', &rest) : S("");
}

/* Adds what a URL or path names; editable: it is used in place. */
static enum err add_url(struct manifest_in *m, struct package *p, struct str url, bool editable)
{
	size_t marker = str_find(url, is_url(url) ? S("; ") : S(";"));

	url = marker == SIZE_MAX ? url : trim(str_head(url, marker));
	TRY(manifest_name_set(m, p, url_name(url)));
	manifest_url(m, p, url, false);
	if (editable && p->origin == ORIGIN_PATH)
		p->origin = ORIGIN_EDITABLE;
	return manifest_add(m, p);
}

static enum err on_option(struct manifest_in *m, enum option option, struct str value,
			  uint32_t line)
{
	struct package p = manifest_new(m, ECO_PYPI, line);

	value = unquote(value);
	p.direct = true;
	switch (option) {
	case OPT_REQUIREMENT:
	case OPT_CONSTRAINT:
		manifest_find(m, RULE_MANIFEST_INCLUDE, NULL, line, value, "");
		return OK;
	case OPT_EDITABLE: {
		size_t at = options_at(value);
		struct str what = trim(str_head(value, at));
		return add_url(m, &p, what, true);
	}
	case OPT_INDEX:
		manifest_index(m, value, line, false, false);
		return OK;
	case OPT_EXTRA_INDEX:
		manifest_index(m, value, line, true, false);
		return OK;
	case OPT_FIND_LINKS:
		manifest_index(m, value, line, str_find(value, S("://")) != SIZE_MAX, false);
		return OK;
	case OPT_TRUSTED_HOST:
		manifest_find(m, RULE_INDEX_PLAIN, NULL, line, value,
			      "certificates are not checked");
		return OK;
	case OPT_NONE:
	case OPT_FLAG:
	case OPT_VALUE:
	default:
		return OK;
	}
}

/* Several options may stand on a line of their own: "--pre --index-url X". */
static enum err option_line(struct manifest_in *m, struct str line, uint32_t at)
{
	while (line.n > 0) {
		struct str value, rest;
		enum option option = option_of(line, &value);
		if (option == OPT_NONE) {
			manifest_find(m, RULE_MANIFEST_UNREAD, NULL, at, line, "unknown option");
			return OK;
		}
		size_t end = option == OPT_FLAG ? 0 : 1;
		while (end > 0 && end < value.n && !is_space(value.p[end]))
			end++;
		rest = trim(str_tail(value, end));
		TRY(on_option(m, option, str_head(value, end), at));
		line = rest;
	}
	return OK;
}

static bool has_variable(struct str s)
{
	size_t at = str_find(s, S("${"));

	return at != SIZE_MAX && str_chr(str_tail(s, at), '}') != SIZE_MAX;
}

static enum err logical_line(struct manifest_in *m, struct str line, uint32_t at)
{
	struct package p = manifest_new(m, ECO_PYPI, at);

	line = without_comment(line);
	if (line.n == 0)
		return OK;
	if (has_variable(line))
		manifest_find(m, RULE_MANIFEST_UNREAD, NULL, at, S(""),
			      "the line depends on a variable of the environment");
	if (line.p[0] == '-')
		return option_line(m, line, at);
	size_t cut = options_at(line);
	struct str spec = trim(str_head(line, cut));
	read_hashes(m, &p, str_tail(line, cut));
	p.direct = true;
	if (is_bare(spec))
		return add_url(m, &p, spec, false);
	return manifest_requirement(m, spec, &p);
}

/* How many bytes of a line end stand here, by str.splitlines, which pip calls. Those past CR and LF
 * are shown as ends of a line by hardly any editor: what follows one looks like a comment's rest.
 */
static size_t line_end(struct str s, bool *out_odd)
{
	static const struct str odd[] = {
		SC("\v"),   SC("\f"),	    SC("\x1c"),		SC("\x1d"),
		SC("\x1e"), SC("\xc2\x85"), SC("\xe2\x80\xa8"), SC("\xe2\x80\xa9"),
	};

	*out_odd = false;
	if (str_has_prefix(s, S("\r\n")))
		return 2;
	if (s.p[0] == '\n' || s.p[0] == '\r')
		return 1;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		if (str_has_prefix(s, odd[i])) {
			*out_odd = true;
			return odd[i].n;
		}
	return 0;
}

/* The next line of the file without its end. */
static struct str physical_line(struct str *rest, bool *out_odd)
{
	size_t n = 0, end = 0;

	*out_odd = false;
	while (n < rest->n && (end = line_end(str_tail(*rest, n), out_odd)) == 0)
		n++;
	struct str line = str_head(*rest, n);
	*rest = str_tail(*rest, n + end);
	return line;
}

/* pip: a line that is a comment as a whole ends a continuation, even with a backslash behind. */
static bool is_comment(struct str line)
{
	line = trim(line);
	return line.n > 0 && line.p[0] == '#';
}

static bool goes_on(struct str line)
{
	return str_has_suffix(line, S("\\")) && !is_comment(line);
}

static struct str without_backslashes(struct str s)
{
	while (s.n > 0 && s.p[0] == '\\')
		s = str_tail(s, 1);
	while (s.n > 0 && s.p[s.n - 1] == '\\')
		s.n--;
	return s;
}

/* What a logical line takes at most that begins with one and goes on in rest. */
static size_t joined_size(struct str one, struct str rest)
{
	size_t n = one.n + 1;
	bool odd;

	while (goes_on(one) && rest.n > 0) {
		one = physical_line(&rest, &odd);
		n += one.n + 1;
	}
	return n;
}

struct lines {
	struct manifest_in *m;
	struct str rest;
	uint32_t line;
};

static struct str next_line(struct lines *l)
{
	bool odd;
	struct str one = physical_line(&l->rest, &odd);

	l->line++;
	if (odd)
		manifest_find(l->m, RULE_MANIFEST_UNREAD, NULL, l->line, one,
			      "the line ends in a character that editors do not show as an end");
	return one;
}

/* Joins one with the lines behind it. */
static enum err join_lines(struct lines *l, struct str one, struct str *out)
{
	size_t size = joined_size(one, l->rest);
	char *room = arena_take(l->m->out->arena, size, 1);
	struct buf b;

	if (room == NULL)
		return diag_set(l->m->d, ERR_NOMEM, "out of memory");
	buf_fixed(&b, room, size);
	while (goes_on(one)) {
		buf_add(&b, without_backslashes(one));
		if (l->rest.n == 0)
			return buf_finish(&b, out);
		one = next_line(l);
	}
	if (is_comment(one))
		buf_addc(&b, ' ');
	buf_add(&b, one);
	return buf_finish(&b, out);
}

enum err manifest_requirements(struct manifest_in *m)
{
	struct lines l = { .m = m, .rest = m->text };

	if (str_chr(m->text, 0) != SIZE_MAX)
		return diag_set(m->d, ERR_SYNTAX, "not a text file");
	if (str_has_prefix(l.rest, S("\xef\xbb\xbf")))
		l.rest = str_tail(l.rest, 3);
	while (l.rest.n > 0) {
		struct str one = next_line(&l);
		uint32_t first = l.line;
		if (goes_on(one))
			TRY(join_lines(&l, one, &one));
		TRY(logical_line(m, one, first));
	}
	return OK;
}
