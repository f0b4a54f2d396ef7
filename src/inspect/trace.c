/*
 * inspect/trace.c - releases named in the logs of installations.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/trace_fuzz.c
 */
#include "inspect/trace.h"

#include "base/ascii.h"

#include <string.h>

enum { WORD_MAX = 1024, LINE_SHOWN = 4096 };

static bool is_name(char c)
{
	return ascii_alnum(c) || c == '.' || c == '-' || c == '_';
}

static bool all_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_name(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_version(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_name(s.p[i]) && s.p[i] != '+' && s.p[i] != '!')
			return false;
	return s.n > 0 && ascii_digit(s.p[0]);
}

static bool set(struct trace *out, enum ecosystem eco, struct str name, struct str version)
{
	if (name.n == 0 || !is_version(version))
		return false;
	out->eco = eco;
	out->name = name;
	out->version = version;
	return true;
}

/* "a-b-1.2.3": the version begins behind the last dash that a digit follows. */
static bool cut_dash(struct str s, struct str *out_name, struct str *out_version)
{
	for (size_t i = s.n; i-- > 1;) {
		if (s.p[i] != '-' || i + 1 == s.n || !ascii_digit(s.p[i + 1]))
			continue;
		*out_name = str_head(s, i);
		*out_version = str_tail(s, i + 1);
		return true;
	}
	return false;
}

bool trace_file(struct str f, struct trace *out)
{
	struct str name, version, rest;

	if (str_has_suffix(f, S(".whl"))) {
		name = str_cut(f, '-', &rest);
		version = str_cut(rest, '-', &rest);
		return all_name(name) && set(out, ECO_PYPI, name, version);
	}
	enum ecosystem eco = str_has_suffix(f, S(".tgz")) ? ECO_NPM : ECO_PYPI;
	size_t ends = str_has_suffix(f, S(".tar.gz"))				     ? 7
		      : str_has_suffix(f, S(".tgz")) || str_has_suffix(f, S(".zip")) ? 4
										     : 0;
	if (ends == 0 || !cut_dash(str_head(f, f.n - ends), &name, &version))
		return false;
	return all_name(name) && set(out, eco, name, version);
}

/* "https://registry.npmjs.org/@scope/name/-/name-1.2.3.tgz": the scope is in front of "/-/". */
bool trace_url(struct str url, struct trace *out)
{
	url = str_head(url, str_chr(url, '?'));
	url = str_head(url, str_chr(url, '#'));
	struct str file = str_last(url, '/');
	if (!trace_file(file, out))
		return false;
	struct str before = str_head(url, url.n - file.n);
	if (out->eco != ECO_NPM || !str_has_suffix(before, S("/-/")))
		return true;
	before.n -= 3;
	struct str name = str_last(before, '/'), above = str_head(before, before.n - name.n);
	above.n -= above.n > 0;
	struct str scope = str_last(above, '/');
	out->name = str_has_prefix(scope, S("@")) ? str_tail(before, above.n - scope.n) : name;
	return out->name.n > 0;
}

/* "name==1.2", "name@1.2", "@scope/name@1.2". */
static bool from_pin(struct str w, struct trace *out)
{
	size_t at = str_find(w, S("=="));

	if (at != SIZE_MAX) {
		struct str name = str_head(w, at);
		name = str_head(name, str_chr(name, '['));
		struct str version = str_tail(w, at + 2);
		version = str_head(version, str_chr(version, ';'));
		return all_name(name) && set(out, ECO_PYPI, name, version);
	}
	for (at = w.n; at-- > 1;)
		if (w.p[at] == '@')
			break;
	if (at == SIZE_MAX || at == 0 || !is_version(str_tail(w, at + 1)))
		return false;
	struct str rest, name = str_head(w, at);
	struct str scope = name.p[0] == '@' ? str_cut(str_tail(name, 1), '/', &rest) : name;
	bool good = name.p[0] == '@' ? all_name(scope) && all_name(rest) : all_name(name);
	return good && set(out, ECO_NPM, name, str_tail(w, at + 1));
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_edge(char c)
{
	return strchr("\"'`,;()[]<>", c) != NULL && c != 0;
}

/* The next word of the line, what may stand around it taken off. */
static struct str word(struct trace_scan *s)
{
	size_t from = 0, n;

	while (from < s->left.n && is_space(s->left.p[from]))
		from++;
	for (n = from; n < s->left.n && !is_space(s->left.p[n]);)
		n++;
	struct str w = { s->left.p + from, n - from };
	s->left = str_tail(s->left, n);
	while (w.n > 0 && is_edge(w.p[0]) && w.p[0] != '[')
		w = str_tail(w, 1);
	while (w.n > 0 && (is_edge(w.p[w.n - 1]) || w.p[w.n - 1] == ':'))
		w.n--;
	return w;
}

/* A time in front of a line: as RFC 3339 or nearly so, perhaps in brackets. */
static struct str time_of(struct str line)
{
	size_t n = 0;

	if (line.n > 0 && line.p[0] == '[')
		line = str_tail(line, 1);
	if (line.n < 19 || line.p[4] != '-' || line.p[7] != '-' || line.p[13] != ':' ||
	    (line.p[10] != 'T' && line.p[10] != ' '))
		return (struct str){ line.p, 0 };
	for (n = 0; n < 10; n++)
		if (n != 4 && n != 7 && !ascii_digit(line.p[n]))
			return (struct str){ line.p, 0 };
	for (n = 11;
	     n < line.n && n < 40 && (ascii_digit(line.p[n]) || strchr(":.,+-Z", line.p[n]));)
		n++;
	return str_head(line, n);
}

static bool next_line(struct trace_scan *s)
{
	if (s->rest.n == 0)
		return false;
	s->line = str_cut(s->rest, '\n', &s->rest);
	if (s->line.n > 0 && s->line.p[s->line.n - 1] == '\r')
		s->line.n--;
	s->left = s->line;
	s->number++;
	s->time = time_of(s->line);
	s->listing = false;
	return true;
}

/* What stands in two words: "name 1.2" behind "+", "name (1.2)" behind "Installing". */
static bool from_pair(struct trace_scan *s, struct str first, struct trace *out)
{
	bool plus = str_eq(first, S("+")),
	     installing = str_eq(first, S("Installing")) || str_eq(first, S("Updating"));
	struct trace_scan ahead = *s;

	if (!plus && !installing)
		return false;
	struct str name = word(&ahead), version = word(&ahead);
	if (!is_version(version) || name.n == 0 || name.n > WORD_MAX)
		return false;
	*s = ahead;
	return set(out, installing ? ECO_PYPI : ECO_NPM, name, version);
}

static bool from_word(struct trace_scan *s, struct str w, struct trace *out)
{
	struct str name, version;

	if (str_eq(w, S("installed"))) {
		s->listing = true;
		return false;
	}
	if (from_pair(s, w, out) || trace_url(w, out) || from_pin(w, out))
		return true;
	return s->listing && cut_dash(w, &name, &version) && all_name(name) &&
	       set(out, ECO_PYPI, name, version);
}

struct trace_scan trace_begin(struct str text)
{
	return (struct trace_scan){ .rest = text, .line = S(""), .left = S(""), .time = S("") };
}

bool trace_next(struct trace_scan *s, struct trace *out)
{
	struct trace t = { .eco = ECO_OTHER };

	for (;;) {
		struct str w = word(s);
		if (w.n == 0 && s->left.n == 0) {
			if (!next_line(s))
				return false;
			continue;
		}
		if (w.n == 0 || w.n > WORD_MAX || !from_word(s, w, &t))
			continue;
		t.time = s->time;
		t.line = s->number;
		t.text = str_head(s->line, LINE_SHOWN);
		*out = t;
		return true;
	}
}

bool trace_likely(struct str file_name, struct str head)
{
	static const struct str marks[] = {
		SC("Successfully installed "),
		SC("Collecting "),
		SC("Downloading "),
		SC("npm http fetch "),
		SC("npm warn "),
		SC("added "),
		SC("Resolved "),
		SC("Using cached "),
		SC("registry.npmjs.org"),
		SC("pypi.org"),
		SC("files.pythonhosted.org"),
	};

	if (!str_has_suffix(file_name, S(".log")) && !str_has_suffix(file_name, S(".txt")) &&
	    str_find(file_name, S("log")) == SIZE_MAX)
		return false;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (str_find(head, marks[i]) != SIZE_MAX)
			return true;
	return false;
}
