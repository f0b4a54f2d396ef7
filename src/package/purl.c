/*
 * package/purl.c - package URLs, read and written.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/purl_fuzz.c
 */
#include "package/purl.h"

#include "base/ascii.h"
#include "codec/url.h"
#include "codec/utf8.h"
#include "package/digits.h"
#include "package/version.h"

#include <assert.h>
#include <string.h>

/* ---- rules that hold for both ways ---- */

static bool type_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) && s.p[i] != '.' && s.p[i] != '-')
			return false;
	return s.n && ascii_letter(s.p[0]);
}

static bool key_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) &&
		    (s.p[i] == '\0' || !strchr(".-_", s.p[i])))
			return false;
	return s.n && ascii_letter(s.p[0]);
}

static bool dots(struct str s)
{
	return str_eq(s, S(".")) || str_eq(s, S(".."));
}

/* lowered copies s in lower case. */
static enum err lowered(struct arena *a, struct str s, struct str *out)
{
	char *p = arena_take(a, s.n + 1, 1);

	if (p == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	*out = (struct str){ p, s.n };
	return OK;
}

/* by_type brings name and namespace to the form that the type demands. */
static enum err by_type(struct arena *a, struct purl *p, struct diag *d)
{
	if (str_eq(p->type, S("npm"))) {
		size_t slash = str_chr(p->space, '/');
		if (p->space.n && slash != SIZE_MAX)
			return diag_set(d, ERR_SYNTAX, "an npm scope is one name");
		return lowered(a, p->space, &p->space);
	}
	if (!str_eq(p->type, S("pypi")))
		return OK;
	if (p->space.n)
		return diag_set(d, ERR_SYNTAX, "a package of PyPI has no namespace");
	char *room = arena_take(a, p->name.n + 1, 1);
	struct buf b;
	if (room == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, room, p->name.n + 1);
	package_name_normalise(ECO_PYPI, p->name, &b);
	TRY(buf_finish(&b, &p->name));
	return lowered(a, p->version, &p->version);
}

/* ---- reading ---- */

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

/* decoded copies s with its escapes resolved. Control characters have no place in any part. */
static enum err decoded(struct arena *a, struct str s, struct str *out)
{
	char *room = arena_take(a, s.n + 1, 1);
	struct buf b;

	if (room == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, room, s.n + 1);
	url_decode(&b, s);
	TRY(buf_finish(&b, out));
	return utf8_valid(*out) == out->n && !has_control(*out) ? OK : ERR_SYNTAX;
}

/* decoded_path joins the decoded segments of s with slashes; empty ones go, and where drop_dots is
 * said "." and ".." too. */
static enum err decoded_path(struct arena *a, struct str s, bool drop_dots, struct str *out)
{
	char *room = arena_take(a, s.n + 1, 1);
	struct buf b;

	if (room == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, room, s.n + 1);
	while (s.n) {
		struct str segment = str_cut(s, '/', &s);
		TRY(decoded(a, segment, &segment));
		if (segment.n == 0 || (drop_dots && dots(segment)))
			continue;
		if (str_chr(segment, '/') != SIZE_MAX)
			return ERR_SYNTAX;
		if (b.n)
			buf_addc(&b, '/');
		buf_add(&b, segment);
	}
	return buf_finish(&b, out);
}

static enum err read_qualifiers(struct arena *a, struct str s, struct purl *p)
{
	while (s.n) {
		struct str value, key = str_cut(str_cut(s, '&', &s), '=', &value);
		if (!key_ok(key))
			return ERR_SYNTAX;
		TRY(lowered(a, key, &key));
		TRY(decoded(a, value, &value));
		if (value.n == 0)
			continue; /* as if it were not there */
		unsigned at = 0;
		while (at < p->n_qualifiers && str_cmp(p->qualifiers[at].key, key) < 0)
			at++;
		if (at < p->n_qualifiers && str_eq(p->qualifiers[at].key, key))
			return ERR_SYNTAX;
		if (p->n_qualifiers == PURL_QUALIFIERS)
			return ERR_LIMIT;
		memmove(&p->qualifiers[at + 1], &p->qualifiers[at],
			(p->n_qualifiers - at) * sizeof p->qualifiers[0]);
		p->qualifiers[at].key = key;
		p->qualifiers[at].value = value;
		p->n_qualifiers++;
	}
	return OK;
}

/* cut_last cuts s at the last c: *out_tail is what follows, s what precedes. Without c the tail is
 * empty. */
static bool cut_last(struct str *s, char c, struct str *out_tail)
{
	for (size_t i = s->n; i; i--)
		if (s->p[i - 1] == c) {
			*out_tail = str_tail(*s, i);
			*s = str_head(*s, i - 1);
			return true;
		}
	*out_tail = S("");
	return false;
}

static struct str trim_slashes(struct str s)
{
	while (s.n && s.p[0] == '/')
		s = str_tail(s, 1);
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

/* take_version takes "@VERSION" off the end. An '@' that begins a segment is that of an npm scope;
 * of the last segment it would leave no name. */
static enum err take_version(struct str *s, struct str *out)
{
	struct str version, before = *s;

	*out = S("");
	if (!cut_last(&before, '@', &version))
		return OK;
	if (before.n == 0 || before.p[before.n - 1] == '/')
		return str_chr(version, '/') == SIZE_MAX ? ERR_SYNTAX : OK;
	*out = version;
	*s = before;
	return OK;
}

enum err purl_parse(struct arena *a, struct str s, struct purl *out, struct diag *d)
{
	struct purl p = { .n_qualifiers = 0 };
	struct str part, rest;

	if (s.n > PURL_MAX)
		return diag_set(d, ERR_LIMIT, "a package URL of more than %d bytes", PURL_MAX);
	if (!str_ieq(str_cut(s, ':', &rest), S("pkg")))
		return diag_set(d, ERR_SYNTAX, "a package URL begins with 'pkg:'");
	(void)cut_last(&rest, '#', &part);
	if (decoded_path(a, part, true, &p.subpath) != OK)
		return diag_set(d, ERR_SYNTAX, "the subpath is malformed");
	(void)cut_last(&rest, '?', &part);
	enum err e = read_qualifiers(a, part, &p);
	if (e != OK)
		return diag_set(d, e, "the qualifiers are malformed");
	rest = trim_slashes(rest);
	part = str_cut(rest, '/', &rest);
	if (!type_ok(part))
		return diag_set(d, ERR_SYNTAX, "the type is malformed");
	TRY(lowered(a, part, &p.type));
	if (take_version(&rest, &part) != OK || decoded(a, part, &p.version) != OK)
		return diag_set(d, ERR_SYNTAX, "the version is malformed");
	rest = trim_slashes(rest);
	if (!cut_last(&rest, '/', &part)) {
		part = rest;
		rest = S("");
	}
	if (decoded(a, part, &p.name) != OK || p.name.n == 0)
		return diag_set(d, ERR_SYNTAX, "there is no name");
	if (decoded_path(a, rest, false, &p.space) != OK)
		return diag_set(d, ERR_SYNTAX, "the namespace is malformed");
	TRY(by_type(a, &p, d));
	*out = p;
	return OK;
}

/* ---- writing ---- */

/* add_path adds segments, each encoded, between slashes. */
static void add_path(struct buf *out, struct str s)
{
	bool first = true;

	while (s.n) {
		struct str segment = str_cut(s, '/', &s);
		if (segment.n == 0)
			continue;
		if (!first)
			buf_addc(out, '/');
		url_encode(out, segment, S(":"));
		first = false;
	}
}

/* add_package_name adds the name as its type spells it. */
static void add_package_name(const struct purl *p, struct buf *out)
{
	char room[PURL_MAX];
	struct buf normal;

	buf_fixed(&normal, room, sizeof room);
	package_name_normalise(str_ieq(p->type, S("pypi")) ? ECO_PYPI : ECO_OTHER, p->name,
			       &normal);
	url_encode(out, buf_str(&normal), S(":"));
}

enum err purl_build(const struct purl *p, struct buf *out)
{
	if (!type_ok(p->type) || p->name.n == 0 || p->name.n > PURL_MAX)
		return ERR_SYNTAX;
	for (unsigned i = 0; i < p->n_qualifiers; i++)
		if (!key_ok(p->qualifiers[i].key))
			return ERR_SYNTAX;
	buf_add(out, S("pkg:"));
	for (size_t i = 0; i < p->type.n; i++)
		buf_addc(out, ascii_lower(p->type.p[i]));
	buf_addc(out, '/');
	if (p->space.n) {
		add_path(out, p->space);
		buf_addc(out, '/');
	}
	add_package_name(p, out);
	if (p->version.n) {
		buf_addc(out, '@');
		url_encode(out, p->version, S(":"));
	}
	char before = '?';
	for (unsigned i = 0; i < p->n_qualifiers; i++) {
		if (p->qualifiers[i].value.n == 0)
			continue;
		buf_addc(out, before);
		before = '&';
		for (size_t k = 0; k < p->qualifiers[i].key.n; k++)
			buf_addc(out, ascii_lower(p->qualifiers[i].key.p[k]));
		buf_addc(out, '=');
		url_encode(out, p->qualifiers[i].value, S(":"));
	}
	if (p->subpath.n) {
		buf_addc(out, '#');
		add_path(out, p->subpath);
	}
	return out->err;
}

/* ---- releases ---- */

void purl_release(enum ecosystem eco, struct str name, struct str version, struct buf *out)
{
	struct purl p = { .type = ecosystem_purl(eco), .name = name, .version = version };
	size_t slash = str_chr(name, '/');

	if (eco == ECO_OTHER || eco == ECO_COUNT || name.n == 0)
		return;
	if (eco == ECO_NPM && name.p[0] == '@' && slash < name.n - 1) {
		p.space = str_head(name, slash);
		p.name = str_tail(name, slash + 1);
	}
	enum err e = purl_build(&p, out);
	assert(e == OK || out->err != OK);
}

void purl_write(const struct package *p, struct buf *out)
{
	purl_release(p->eco, p->name, p->version, out);
}

enum err purl_package(struct arena *a, const struct purl *p, struct package *out)
{
	struct str parts[] = { p->type, p->space, p->name };
	size_t first = 1, n = p->type.n + p->space.n + p->name.n + 3;
	struct buf b;

	out->eco = ECO_OTHER;
	for (enum ecosystem eco = ECO_PYPI; eco < ECO_OTHER; eco++)
		if (str_eq(ecosystem_purl(eco), p->type))
			out->eco = eco;
	if (out->eco == ECO_OTHER)
		first = 0;
	char *room = arena_take(a, n, 1);
	if (room == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, room, n);
	for (size_t i = first; i < 3; i++) {
		if (parts[i].n == 0)
			continue;
		if (b.n)
			buf_addc(&b, '/');
		buf_add(&b, parts[i]);
	}
	TRY(buf_finish(&b, &out->name));
	out->version = p->version;
	return OK;
}
