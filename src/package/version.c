/*
 * package/version.c - versions and names by ecosystem.
 * Input: hostile.   Runs in: checker, cli, indexer.   Fuzz: fuzz/pep440_fuzz.c
 */
#include "package/version.h"

#include "base/ascii.h"
#include "package/digits.h"
#include "package/version_key.h"

#include <assert.h>
#include <string.h>

struct version_key version_key(enum ecosystem eco, struct str text)
{
	struct version_key k;

	k.text = text;
	k.eco = eco;
	if (eco == ECO_PYPI)
		k.valid = pep440_parse(text, &k.pypi) == OK;
	else if (eco == ECO_NPM)
		k.valid = semver_parse(text, &k.npm) == OK;
	else
		k.valid = text.n > 0 && text.n <= VERSION_MAX;
	return k;
}

int version_key_cmp(const struct version_key *a, const struct version_key *b)
{
	assert(a->eco == b->eco);
	if (a->valid != b->valid)
		return a->valid ? -1 : 1;
	if (a->valid && a->eco == ECO_PYPI)
		return pep440_cmp(&a->pypi, &b->pypi);
	if (a->valid && a->eco == ECO_NPM)
		return semver_cmp(&a->npm, &b->npm);
	return str_cmp(a->text, b->text);
}

bool version_key_pre(const struct version_key *k)
{
	if (!k->valid)
		return false;
	return k->eco == ECO_PYPI ? pep440_is_pre(&k->pypi) : k->eco == ECO_NPM && k->npm.pre.n > 0;
}

bool version_valid(enum ecosystem eco, struct str s)
{
	return version_key(eco, s).valid;
}

int version_cmp(enum ecosystem eco, struct str a, struct str b, bool *out_valid)
{
	struct version_key x = version_key(eco, a), y = version_key(eco, b);

	if (out_valid)
		*out_valid = x.valid && y.valid;
	return version_key_cmp(&x, &y);
}

bool version_is_pre(enum ecosystem eco, struct str s)
{
	struct version_key k = version_key(eco, s);

	return version_key_pre(&k);
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

static bool is_pypi_mark(char c)
{
	return c == '-' || c == '_' || c == '.';
}

static bool pypi_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) && !is_pypi_mark(s.p[i]))
			return false;
	return !is_pypi_mark(s.p[0]) && !is_pypi_mark(s.p[s.n - 1]);
}

/* npm_part: what may stand in a URL's path unchanged, which is all that old names had to be. */
static bool npm_part(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) &&
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
		buf_addc(out, ascii_lower(c));
	}
}
