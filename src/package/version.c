/*
 * package/version.c - versions and names by ecosystem.
 * Input: hostile.   Runs in: checker, cli, indexer.   Fuzz: fuzz/pep440_fuzz.c
 */
#include "package/version.h"

#include "package/digits.h"
#include "package/pep440.h"
#include "package/semver.h"

#include <string.h>

bool version_valid(enum ecosystem eco, struct str s)
{
	struct pep440 p;
	struct semver v;

	if (eco == ECO_PYPI)
		return pep440_parse(s, &p) == OK;
	if (eco == ECO_NPM)
		return semver_parse(s, &v) == OK;
	return s.n > 0 && s.n <= VERSION_MAX;
}

static int by_validity(bool a, bool b, struct str x, struct str y)
{
	return a != b ? (int)b - (int)a : str_cmp(x, y);
}

int version_cmp(enum ecosystem eco, struct str a, struct str b, bool *out_valid)
{
	bool va, vb;
	int c;

	if (eco == ECO_PYPI) {
		struct pep440 x, y;
		va = pep440_parse(a, &x) == OK;
		vb = pep440_parse(b, &y) == OK;
		c = va && vb ? pep440_cmp(&x, &y) : by_validity(va, vb, a, b);
	} else if (eco == ECO_NPM) {
		struct semver x, y;
		va = semver_parse(a, &x) == OK;
		vb = semver_parse(b, &y) == OK;
		c = va && vb ? semver_cmp(&x, &y) : by_validity(va, vb, a, b);
	} else {
		va = version_valid(eco, a);
		vb = version_valid(eco, b);
		c = by_validity(va, vb, a, b);
	}
	if (out_valid)
		*out_valid = va && vb;
	return c;
}

bool version_is_pre(enum ecosystem eco, struct str s)
{
	struct pep440 p;
	struct semver v;

	if (eco == ECO_PYPI)
		return pep440_parse(s, &p) == OK && pep440_is_pre(&p);
	return eco == ECO_NPM && semver_parse(s, &v) == OK && v.pre.n > 0;
}

void version_canonical(enum ecosystem eco, struct str s, struct buf *out)
{
	struct pep440 p;
	struct semver v;

	if (eco == ECO_PYPI && pep440_parse(s, &p) == OK)
		pep440_write(&p, true, out);
	else if (eco == ECO_NPM && semver_parse(s, &v) == OK)
		semver_write(&v, out);
	else
		buf_add(out, s);
}

enum err version_in_range(enum ecosystem eco, struct str range, struct str version,
			  enum version_pre pre, bool *out_in)
{
	struct pep440 p;
	struct semver v;

	if (eco == ECO_PYPI) {
		TRY(pep440_parse(version, &p));
		return pep440_in_set(range, &p, pre, out_in);
	}
	if (eco == ECO_NPM) {
		TRY(semver_parse(version, &v));
		return semver_in_range(range, &v, pre, out_in);
	}
	*out_in = str_eq(range, version);
	return OK;
}

bool version_exact(enum ecosystem eco, struct str range, struct str *out)
{
	struct semver v;

	if (eco == ECO_PYPI)
		return pep440_pinned(range, out);
	if (eco != ECO_NPM)
		return false;
	range = str_trim(range);
	if (str_has_prefix(range, S("=")))
		range = str_trim(str_tail(range, 1));
	if (semver_parse(range, &v) != OK)
		return false;
	*out = range;
	return true;
}

/* ---- names ---- */

enum { NAME_MAX_BYTES = 256 };

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_pypi_mark(char c)
{
	return c == '-' || c == '_' || c == '.';
}

static bool pypi_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_letter(s.p[i]) && !digits_is(s.p[i]) && !is_pypi_mark(s.p[i]))
			return false;
	return !is_pypi_mark(s.p[0]) && !is_pypi_mark(s.p[s.n - 1]);
}

/* npm_part: what may stand in a URL's path unchanged, which is all that old names had to be. */
static bool npm_part(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_letter(s.p[i]) && !digits_is(s.p[i]) &&
		    (s.p[i] == '\0' || strchr("-_.~!'()*", s.p[i]) == NULL))
			return false;
	return s.n > 0 && !str_eq(s, S(".")) && !str_eq(s, S(".."));
}

bool package_name_valid(enum ecosystem eco, struct str name)
{
	struct str rest, scope;

	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return false;
	if (eco == ECO_PYPI)
		return pypi_name(name);
	if (eco != ECO_NPM)
		return true;
	if (name.p[0] != '@')
		return npm_part(name);
	scope = str_cut(str_tail(name, 1), '/', &rest);
	return npm_part(scope) && npm_part(rest);
}

void package_name_normalise(enum ecosystem eco, struct str name, struct buf *out)
{
	if (eco != ECO_PYPI) {
		buf_add(out, name);
		return;
	}
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (is_pypi_mark(c)) {
			while (i + 1 < name.n && is_pypi_mark(name.p[i + 1]))
				i++;
			c = '-';
		}
		buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
	}
}
