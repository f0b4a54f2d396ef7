/*
 * inspect/startup.c - lines of .pth and .start files as CPython's site.py sees them.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/startup_fuzz.c
 */
#include "inspect/startup.h"

#include "base/ascii.h"
#include "base/num.h"
#include "inspect/caps.h"

#include <assert.h>
#include <string.h>

/* The ways in which versions of site.py cut a file into lines. */
enum {
	BY_NEWLINES = 1, /* a text file: LF, CR and CRLF (up to 3.12.1) */
	BY_SPLIT = 2,	 /* utf-8-sig, then str.splitlines(): eight more ends of lines (3.13) */
	BY_STRIP = 4,	 /* the same, and white space before the line falls off (3.15) */
	BY_ALL = BY_NEWLINES | BY_SPLIT | BY_STRIP,
};

/* ---- versions ---- */

static int digits(struct str s, size_t *at)
{
	size_t from = *at;
	uint64_t v;

	while (*at < s.n && ascii_digit(s.p[*at]))
		(*at)++;
	if (num_u64((struct str){ s.p + from, *at - from }, 999, &v) != OK)
		return -1;
	return (int)v;
}

struct python_version python_version_read(struct str s)
{
	struct python_version v = PYTHON_UNKNOWN;
	size_t at = 0;

	if (str_has_prefix(s, S("python")) || str_has_prefix(s, S("Python")))
		s = str_trim(str_tail(s, 6));
	if (digits(s, &at) != 3 || at == s.n || s.p[at] != '.')
		return v;
	at++;
	v.minor = digits(s, &at);
	if (v.minor >= 0 && at < s.n && s.p[at] == '.') {
		at++;
		v.micro = digits(s, &at);
	}
	return v;
}

/* Whether v is certainly before, or certainly from on, 3.minor.micro. */
static bool before(struct python_version v, int minor, int micro)
{
	return v.minor >= 0 &&
	       (v.minor < minor || (v.minor == minor && v.micro >= 0 && v.micro < micro));
}

static bool since(struct python_version v, int minor, int micro)
{
	return v.minor > minor || (v.minor == minor && (micro == 0 || v.micro >= micro));
}

static unsigned modes_of(struct python_version v)
{
	unsigned m = BY_ALL;

	if (before(v, 12, 2))
		m = BY_NEWLINES;
	else if (v.minor == 12)
		m = BY_NEWLINES | BY_SPLIT; /* changed within 3.12 */
	else if (v.minor == 13 || v.minor == 14)
		m = BY_SPLIT;
	else if (v.minor >= 15)
		m = BY_SPLIT | BY_STRIP;
	return m;
}

enum startup_kind startup_kind(struct str name, struct python_version v)
{
	/* Names with a dot in front are passed over since 3.13, 3.12.2 and 3.11.8. */
	bool skips_dots = since(v, 12, 2) || (v.minor == 11 && v.micro >= 8);

	if (name.n > 0 && name.p[0] == '.' && skips_dots)
		return STARTUP_NONE;
	if (str_has_suffix(name, S(".pth")))
		return STARTUP_PTH;
	if (str_has_suffix(name, S(".start")) && name.p[0] != '.' && !before(v, 15, 0))
		return STARTUP_START;
	return STARTUP_NONE;
}

/* ---- lines ---- */

static bool is(struct str s, size_t at, size_t n, const char *bytes)
{
	return s.n - at >= n && memcmp(s.p + at, bytes, n) == 0;
}

/* Bytes of the end of a line at offset at in this mode, 0 when there is none. */
static size_t line_end(struct str s, size_t at, unsigned mode)
{
	unsigned char c = (unsigned char)s.p[at];

	if (c == '\n')
		return 1;
	if (c == '\r')
		return is(s, at, 2, "\r\n") ? 2 : 1;
	if (mode == BY_NEWLINES)
		return 0;
	if ((c >= 0x0b && c <= 0x0c) || (c >= 0x1c && c <= 0x1e))
		return 1;
	if (is(s, at, 2, "\xc2\x85"))
		return 2;
	if (is(s, at, 3, "\xe2\x80\xa8") || is(s, at, 3, "\xe2\x80\xa9"))
		return 3;
	return 0;
}

/* Bytes of white space at the front of s, as str.strip() counts it. */
static size_t space(struct str s)
{
	unsigned char c = s.n ? (unsigned char)s.p[0] : 0;

	if (c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f))
		return 1;
	if (is(s, 0, 2, "\xc2\x85") || is(s, 0, 2, "\xc2\xa0"))
		return 2;
	if (s.n < 3)
		return 0;
	if (is(s, 0, 3, "\xe1\x9a\x80") || is(s, 0, 3, "\xe3\x80\x80") ||
	    is(s, 0, 3, "\xe2\x81\x9f") || is(s, 0, 3, "\xe2\x80\xaf") ||
	    is(s, 0, 3, "\xe2\x80\xa8") || is(s, 0, 3, "\xe2\x80\xa9"))
		return 3;
	return is(s, 0, 2, "\xe2\x80") && (unsigned char)s.p[2] >= 0x80 &&
			       (unsigned char)s.p[2] <= 0x8a
		       ? 3
		       : 0;
}

static struct str strip_front(struct str s)
{
	for (size_t n = space(s); n > 0; n = space(s))
		s = str_tail(s, n);
	return s;
}

static bool has_bom(struct str s)
{
	return str_has_prefix(s, S("\xef\xbb\xbf"));
}

static struct str strip_back(struct str s)
{
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || (s.p[s.n - 1] >= 0x09 && s.p[s.n - 1] <= 0x0d)))
		s.n--;
	return s;
}

/* What the line at hand does; false: nothing. */
static bool act_of(enum startup_kind kind, struct str line, struct startup_line *out)
{
	if (strip_front(line).n == 0 || line.p[0] == '#')
		return false;
	out->text = strip_back(line);
	if (kind == STARTUP_START)
		out->act = STARTUP_CALL;
	else if (str_has_prefix(line, S("import ")) || str_has_prefix(line, S("import\t")))
		out->act = STARTUP_EXEC;
	else
		out->act = STARTUP_PATH;
	return true;
}

struct startup_scan startup_begin(enum startup_kind kind, struct python_version v, struct str text)
{
	struct startup_scan s = { .text = text, .kind = kind, .modes = modes_of(v), .line = 1 };

	assert(kind != STARTUP_NONE);
	if (kind == STARTUP_START)
		s.modes = BY_STRIP;
	return s;
}

/* The mode that is being gone through: the lowest that is left. */
static unsigned mode_of(const struct startup_scan *s)
{
	return s->modes & (0u - s->modes);
}

/* The whole of the next line in this mode, its front stripped where the mode does. */
static struct str cut_line(struct startup_scan *s, unsigned mode)
{
	size_t at = s->at, end = 0;

	if (at == 0 && mode != BY_NEWLINES && has_bom(s->text))
		at = 3;
	size_t from = at;
	while (at < s->text.n && (end = line_end(s->text, at, mode)) == 0)
		at++;
	s->at = at + end;
	struct str line = { s->text.p + from, at - from };
	return mode == BY_STRIP ? strip_front(line) : line;
}

/* Whether a mode gone through before gave the very same line. A line of an earlier mode begins
 * where one of its ends of lines is, and that is seen from the bytes in front. */
static bool seen_before(const struct startup_scan *s, struct str line, size_t line_from)
{
	size_t at = (size_t)(line.p - s->text.p), end = at + line.n;

	for (unsigned m = BY_NEWLINES; m <= BY_STRIP; m <<= 1) {
		if ((s->gone & m) == 0 || at != line_from)
			continue;
		bool starts = at == 0 || (m != BY_NEWLINES && at == 3 && has_bom(s->text));
		for (size_t k = 1; k <= 3 && k <= at && !starts; k++)
			starts = line_end(s->text, at - k, m) == k;
		if (starts && (end == s->text.n || line_end(s->text, end, m) > 0))
			return true;
	}
	return false;
}

static void count_to(struct startup_scan *s, size_t at)
{
	for (; s->counted < at; s->counted++)
		if (line_end(s->text, s->counted, BY_NEWLINES) == 1)
			s->line++;
}

bool startup_next(struct startup_scan *s, struct startup_line *out)
{
	struct startup_line l;

	while (s->modes != 0) {
		unsigned mode = mode_of(s);
		if (s->at >= s->text.n) {
			s->modes &= ~mode;
			s->gone |= mode;
			s->at = s->counted = 0;
			s->line = 1;
			continue;
		}
		size_t from = s->at == 0 && mode != BY_NEWLINES && has_bom(s->text) ? 3 : s->at;
		struct str line = cut_line(s, mode);
		if (!act_of(s->kind, line, &l) || seen_before(s, line, from))
			continue;
		count_to(s, (size_t)(line.p - s->text.p));
		l.line = s->line;
		*out = l;
		return true;
	}
	return false;
}

/* ---- hooks that are known ---- */

/*
 * '#' stands for one identifier (the same one each time), '@' for one or more characters that can
 * name packages and nothing else: identifiers, dots, quotes, commas and spaces.
 */
static const struct {
	const char *tool;
	struct str shape;
} known[] = {
	{ "setuptools", SC("import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = "
			   "os.environ.get(var, 'local') == 'local'; enabled and "
			   "__import__('_distutils_hack').add_shim();") },
	{ "setuptools", SC("import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = "
			   "os.environ.get(var, 'stdlib') == 'local'; enabled and "
			   "__import__('_distutils_hack').add_shim();") },
	{ "setuptools",
	  SC("import os; enabled = os.environ.get('SETUPTOOLS_USE_DISTUTILS', 'local') "
	     "== 'local'; enabled and __import__('_distutils_hack').add_shim();") },
	{ "setuptools editable",
	  SC("import __editable___#_finder; __editable___#_finder.install()") },
	{ "setuptools namespace",
	  SC("import sys, types, os;has_mfs = sys.version_info > (3, 5);p = "
	     "os.path.join(sys._getframe(1).f_locals['sitedir'], *(@));importlib = has_mfs and "
	     "__import__('importlib.util');has_mfs and __import__('importlib.machinery');m = "
	     "has_mfs "
	     "and sys.modules.setdefault(@, importlib.util.module_from_spec("
	     "importlib.machinery.PathFinder.find_spec(@, [os.path.dirname(p)])));m = m or "
	     "sys.modules.setdefault(@, types.ModuleType(@));mp = (m or []) and "
	     "m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)") },
	{ "virtualenv", SC("import _virtualenv") },
	{ "setuptools", SC("import sys; sys.__plen = len(sys.path)") },
	{ "setuptools", SC("import sys; new=sys.path[sys.__plen:]; del sys.path[sys.__plen:]; "
			   "p=getattr(sys,'__egginsert',0); sys.path[p:p]=new; "
			   "sys.__egginsert = p+len(new)") },
	{ "coverage", SC("import coverage; coverage.process_startup()") },
};

static bool is_ident(char c)
{
	return ascii_alnum(c) || c == '_';
}

static bool is_naming(char c)
{
	return is_ident(c) || c == '.' || c == '\'' || c == '"' || c == ',' || c == ' ';
}

/* What a wild card takes: all up to the text that stands behind it in the shape. */
static size_t wild(struct str shape, struct str text)
{
	size_t fixed = 1;

	while (fixed < shape.n && shape.p[fixed] != '@' && shape.p[fixed] != '#')
		fixed++;
	return str_find(text, (struct str){ shape.p + 1, fixed - 1 });
}

static bool has_shape(struct str shape, struct str text)
{
	struct str ident = { NULL, 0 };

	while (shape.n > 0 && text.n > 0) {
		if (shape.p[0] != '@' && shape.p[0] != '#') {
			if (shape.p[0] != text.p[0])
				return false;
			shape = str_tail(shape, 1);
			text = str_tail(text, 1);
			continue;
		}
		size_t n = wild(shape, text);
		struct str found = str_head(text, n);
		if (n == SIZE_MAX || n == 0)
			return false;
		for (size_t i = 0; i < n; i++)
			if (!(shape.p[0] == '#' ? is_ident(found.p[i]) : is_naming(found.p[i])))
				return false;
		if (shape.p[0] == '#' && ident.p != NULL && !str_eq(ident, found))
			return false;
		if (shape.p[0] == '#')
			ident = found;
		shape = str_tail(shape, 1);
		text = str_tail(text, n);
	}
	return shape.n == 0 && text.n == 0;
}

const char *startup_known(struct str exec_text)
{
	struct str text = strip_back(exec_text);

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (has_shape(known[i].shape, text))
			return known[i].tool;
	return NULL;
}

static bool hides(uint32_t caps)
{
	return (caps & CAP_OBFUSCATED) != 0 || ((caps & CAP_DECODE) != 0 && (caps & CAP_EVAL) != 0);
}

/* What a line calls is judged by source_inspect; that it imports a module which can open the
 * network is no reason: such a module is judged itself. */
bool startup_hostile(uint32_t caps)
{
	const uint32_t alone = CAP_FETCH_RUN | CAP_RUNTIME | CAP_METADATA | CAP_PERSIST;

	return (caps & alone) != 0 || hides(caps);
}

bool startup_module_hostile(uint32_t caps)
{
	return (caps & CAP_FETCH_RUN) != 0 || hides(caps);
}

bool startup_module_doubtful(uint32_t caps)
{
	return (caps & (CAP_NET | CAP_EXEC | CAP_RUNTIME | CAP_DNS | CAP_CREDENTIALS |
			CAP_METADATA | CAP_PERSIST | CAP_UNPICKLE)) != 0;
}

struct str startup_module(struct str text)
{
	size_t n = 0;

	if (str_has_prefix(text, S("import ")) || str_has_prefix(text, S("import\t")))
		text = str_trim(str_tail(text, 7));
	while (n < text.n && (is_ident(text.p[n]) || text.p[n] == '.'))
		n++;
	return str_head(text, n);
}
