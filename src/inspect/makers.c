/*
 * inspect/makers.c - who made a release, by its own words, in a form that can be compared.
 * Input: hostile (addresses and URLs).   Runs in: checker.   Fuzz: fuzz/change_fuzz.c
 */
#include "base/ascii.h"
#include "inspect/change.h"

#include <string.h>

enum { MAKER_TEXT = 256 };

static void add(struct profile *p, enum maker what, struct str name)
{
	const struct profile_item item = { name, S(""), S(""), 0 };

	if (!profile_has(&p->makers[what], &item))
		profile_add(p, &p->makers[what], &item);
}

static bool address_byte(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_digit(c) ||
	       (c != 0 && memchr("@.+-_%", c, 6) != NULL);
}

/* "Ann <ann@example.org>, bob@example.org": each address. */
static void emails(struct profile *p, enum maker what, struct str s)
{
	while (s.n > 0) {
		size_t n = 0;
		while (n < s.n && address_byte(s.p[n]))
			n++;
		struct str word = str_head(s, n);
		if (str_chr(word, '@') != SIZE_MAX)
			add(p, what, word);
		s = str_tail(s, n + 1);
	}
}

/* Behind the scheme and the user of a URL; "git@host:path" has neither. */
static struct str behind_scheme(struct str s)
{
	size_t at = str_find(s, S("://"));

	if (at != SIZE_MAX)
		s = str_tail(s, at + 3);
	at = str_chr(str_head(s, str_chr(s, '/')), '@');
	if (at != SIZE_MAX)
		s = str_tail(s, at + 1);
	return str_has_prefix(s, S("www.")) ? str_tail(s, 4) : s;
}

/* What follows the host of a forge, "" when the URL is of no forge, which says nothing. */
static struct str on_forge(struct str s, struct str *out_host)
{
	static const struct {
		struct str host, abbreviation;
	} forges[] = {
		{ SC("github.com"), SC("github:") },
		{ SC("gitlab.com"), SC("gitlab:") },
		{ SC("bitbucket.org"), SC("bitbucket:") },
		{ SC("codeberg.org"), SC("codeberg:") },
	};
	struct str path = behind_scheme(s);

	for (size_t i = 0; i < sizeof forges / sizeof forges[0]; i++) {
		struct str host = forges[i].host;
		*out_host = host;
		if (str_has_prefix(s, forges[i].abbreviation))
			return str_tail(s, forges[i].abbreviation.n);
		if (str_has_prefix(path, host) && path.n > host.n &&
		    (path.p[host.n] == '/' || path.p[host.n] == ':'))
			return str_tail(path, host.n + 1);
	}
	*out_host = forges[0].host; /* npm: "owner/name" */
	return str_chr(s, ':') == SIZE_MAX && str_chr(s, '.') == SIZE_MAX ? s : S("");
}

/* "git+https://github.com/owner/name.git#main" and "github:owner/name" are "github.com/owner/name".
 */
static void repository(struct profile *p, struct str s)
{
	struct str host, rest = on_forge(s, &host);
	struct str owner = str_cut(rest, '/', &rest), name = str_cut(rest, '/', &rest);
	char text[2 * MAKER_TEXT];
	struct buf b;

	name = str_head(name, str_chr(name, '#'));
	name = str_head(name, str_chr(name, '?'));
	while (str_has_suffix(name, S(".git")))
		name.n -= 4;
	buf_fixed(&b, text, sizeof text);
	buf_addf(&b, "%.*s/%.*s/%.*s", FMT(host), FMT(owner), FMT(name));
	if (owner.n > 0 && name.n > 0 && b.err == OK)
		add(p, MAKER_REPOSITORY, buf_str(&b));
}

void profile_maker(struct profile *p, enum maker what, struct str value)
{
	char text[4 * MAKER_TEXT];

	value = str_head(str_trim(value), sizeof text);
	for (size_t i = 0; i < value.n; i++)
		text[i] = ascii_lower(value.p[i]);
	const struct str s = { text, value.n };
	switch (what) {
	case MAKER_UPLOADER: /* "ann <ann@example.org>" */
		emails(p, MAKER_ADDRESS, s);
		if (str_trim(str_head(s, str_chr(s, '<'))).n > 0)
			add(p, what, str_trim(str_head(s, str_chr(s, '<'))));
		break;
	case MAKER_EMAIL:
	case MAKER_ADDRESS:
		emails(p, what, s);
		break;
	case MAKER_REPOSITORY:
		repository(p, s);
		break;
	case MAKER_SIGNER:
	case MAKER_REGISTRY:
		if (s.n > 0)
			add(p, what, s);
		break;
	case MAKER_COUNT:
		break;
	}
}
