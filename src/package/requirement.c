/*
 * package/requirement.c - dependency specifiers of Python, and what people type for a release.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/requirement_fuzz.c
 */
#include "package/requirement.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "package/digits.h"
#include "package/pep440.h"
#include "package/purl.h"
#include "package/version.h"

#include <string.h>

enum { MARKER_DEPTH = 64 };

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_name(char c)
{
	return ascii_alnum(c) || c == '-' || c == '_' || c == '.';
}

static struct str skip(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_tail(s, 1);
	return s;
}

/* take_name takes an identifier, which neither begins nor ends with a dot or hyphen. */
static enum err take_name(struct str *s, struct str *out)
{
	size_t n = 0;

	while (n < s->n && is_name(s->p[n]))
		n++;
	if (n == 0 || strchr("-_.", s->p[0]) || strchr("-.", s->p[n - 1]))
		return ERR_SYNTAX;
	*out = str_head(*s, n);
	*s = str_tail(*s, n);
	return OK;
}

static enum err take_extras(struct str *s, struct requirement *r, struct diag *d)
{
	if (s->n == 0 || s->p[0] != '[')
		return OK;
	for (struct str at = skip(str_tail(*s, 1)); at.n;) {
		if (at.p[0] == ']' && r->n_extras == 0) {
			*s = str_tail(at, 1);
			return OK;
		}
		if (r->n_extras == REQUIREMENT_EXTRAS)
			return diag_set(d, ERR_LIMIT, "more than %d extras", REQUIREMENT_EXTRAS);
		if (take_name(&at, &r->extras[r->n_extras]) != OK)
			break;
		r->n_extras++;
		at = skip(at);
		if (at.n && at.p[0] == ']') {
			*s = str_tail(at, 1);
			return OK;
		}
		if (at.n == 0 || at.p[0] != ',')
			break;
		at = skip(str_tail(at, 1));
	}
	return diag_set(d, ERR_SYNTAX, "the list of extras is not closed or no list");
}

/* take_url takes what follows '@': all up to white space. */
static enum err take_url(struct str *s, struct requirement *r, struct diag *d)
{
	struct str at = skip(str_tail(*s, 1));
	size_t n = 0;

	while (n < at.n && !is_space(at.p[n])) {
		if ((unsigned char)at.p[n] < ' ' || at.p[n] == 0x7f)
			return diag_set(d, ERR_SYNTAX, "control byte in a URL");
		n++;
	}
	r->url = str_head(at, n);
	*s = skip(str_tail(at, n));
	return n ? OK : diag_set(d, ERR_SYNTAX, "no URL follows '@'");
}

/* take_specifier takes versions, in parentheses or not. */
static enum err take_specifier(struct str *s, struct requirement *r, struct diag *d)
{
	bool round = s->n && s->p[0] == '(';
	struct str at = round ? str_tail(*s, 1) : *s;
	size_t n = str_chr(at, round ? ')' : ';');

	if (round && n == SIZE_MAX)
		return diag_set(d, ERR_SYNTAX, "a parenthesis is not closed");
	r->specifier = str_trim(str_head(at, n));
	*s = skip(str_tail(at, n == SIZE_MAX ? at.n : n + round));
	if (!pep440_set_valid(r->specifier))
		return diag_set(d, ERR_SYNTAX, "the versions wanted are not understood");
	if (!pep440_pinned(r->specifier, &r->pinned))
		r->pinned = S("");
	return OK;
}

/* marker_ok: quotes and parentheses are balanced and nothing is a control byte. */
static bool marker_ok(struct str s)
{
	unsigned depth = 0;
	char quote = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if ((unsigned char)c < ' ' && c != '\t')
			return false;
		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '(') {
			if (++depth > MARKER_DEPTH)
				return false;
		} else if (c == ')') {
			if (depth-- == 0)
				return false;
		}
	}
	return s.n && quote == 0 && depth == 0;
}

enum err requirement_parse(struct str s, struct requirement *out, struct diag *d)
{
	static const struct str none = SC("");
	struct requirement r = { .specifier = none, .url = none, .marker = none, .pinned = none };

	if (s.n > REQUIREMENT_MAX)
		return diag_set(d, ERR_LIMIT, "a requirement of more than %d bytes",
				REQUIREMENT_MAX);
	s = str_trim(s);
	if (take_name(&s, &r.name) != OK)
		return diag_set(d, ERR_SYNTAX, "a requirement begins with a name");
	s = skip(s);
	TRY(take_extras(&s, &r, d));
	s = skip(s);
	if (s.n && s.p[0] == '@')
		TRY(take_url(&s, &r, d));
	else if (s.n)
		TRY(take_specifier(&s, &r, d));
	if (s.n) {
		r.marker = str_trim(str_tail(s, 1));
		if (s.p[0] != ';' || !marker_ok(r.marker))
			return diag_set(d, ERR_SYNTAX, "what follows the versions is no marker");
	}
	*out = r;
	return OK;
}

/* normalised copies a name into a, as names are compared. */
static enum err normalised(struct arena *a, enum ecosystem eco, struct str name, struct str *out)
{
	char *room = arena_take(a, name.n + 1, 1);
	struct buf b;

	if (room == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, room, name.n + 1);
	package_name_normalise(eco, name, &b);
	return buf_finish(&b, out);
}

static enum origin url_origin(struct str url)
{
	static const struct str git[] = { SC("git+"), SC("git:"), SC("hg+"), SC("bzr+"),
					  SC("svn+") };

	for (size_t i = 0; i < sizeof git / sizeof git[0]; i++)
		if (str_has_prefix(url, git[i]))
			return ORIGIN_GIT;
	return str_has_prefix(url, S("file:")) ? ORIGIN_PATH : ORIGIN_URL;
}

enum err requirement_package(struct arena *a, const struct requirement *r, struct package *out)
{
	TRY(normalised(a, ECO_PYPI, r->name, &out->name));
	out->eco = ECO_PYPI;
	out->version = r->pinned;
	out->wanted = r->pinned.n ? S("") : r->specifier;
	out->url = r->url;
	out->origin = r->url.n ? url_origin(r->url) : ORIGIN_INDEX;
	return OK;
}

/* ---- what people type ---- */

/* npm_release reads "name", "name@version" and "@scope/name@version". */
static enum err npm_release(struct arena *a, struct str s, struct package *out, struct diag *d)
{
	size_t at = str_chr(str_tail(s, 1), '@');
	struct str name = at == SIZE_MAX ? s : str_head(s, at + 1);

	if (!package_name_valid(ECO_NPM, name))
		return diag_set(d, ERR_SYNTAX, "no name of an npm package");
	struct str version = at == SIZE_MAX ? S("") : str_tail(s, at + 2);
	if (at != SIZE_MAX && !version_valid(ECO_NPM, version))
		return diag_set(d, ERR_SYNTAX, "no exact npm version follows '@'");
	out->eco = ECO_NPM;
	out->origin = ORIGIN_INDEX;
	out->version = arena_dup(a, version);
	out->name = arena_dup(a, name);
	return out->name.p && out->version.p ? OK : ERR_NOMEM;
}

static enum err pypi_release(struct arena *a, struct str s, struct package *out, struct diag *d)
{
	struct requirement r;
	struct str copy = arena_dup(a, s);

	if (copy.p == NULL)
		return ERR_NOMEM;
	TRY(requirement_parse(copy, &r, d));
	if (r.url.n)
		return diag_set(d, ERR_SYNTAX, "a URL is no release of an index");
	return requirement_package(a, &r, out);
}

static enum err purl_release_of(struct arena *a, struct str s, struct package *out, struct diag *d)
{
	struct purl p;

	TRY(purl_parse(a, s, &p, d));
	out->origin = ORIGIN_INDEX;
	return purl_package(a, &p, out);
}

enum err release_parse(struct arena *a, struct str s, struct package *out, struct diag *d)
{
	struct package p = { .eco = ECO_OTHER };
	size_t at;
	enum err e;

	s = str_trim(s);
	if (s.n == 0)
		return diag_set(d, ERR_SYNTAX, "no release is named");
	at = str_chr(str_tail(s, 1), '@');
	if (str_ieq(str_head(s, 4), S("pkg:")))
		e = purl_release_of(a, s, &p, d);
	else if (str_has_prefix(s, S("npm:")))
		e = npm_release(a, str_tail(s, 4), &p, d);
	else if (str_has_prefix(s, S("pypi:")))
		e = pypi_release(a, str_tail(s, 5), &p, d);
	else if (s.p[0] == '@' || (at != SIZE_MAX && version_valid(ECO_NPM, str_tail(s, at + 2))))
		e = npm_release(a, s, &p, d);
	else
		e = pypi_release(a, s, &p, d);
	if (e == OK)
		*out = p;
	return e;
}
