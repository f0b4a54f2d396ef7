/*
 * package/manifest_check.c - whether a lock file's URL fetches what its entry names. A reviewer
 * reads the name, the tool takes the URL: entries in which they differ are how lock files are
 * poisoned, and no tool writes them.
 * Input: hostile.   Runs in: checker, cli.   Fuzz: fuzz/manifest_fuzz.c
 */
#include "package/manifest_in.h"

#include "base/limits.h"
#include "codec/url.h"
#include "package/version.h"

enum { NAME_MAX_BYTES = 512 };

/* A path with "." and ".." ends up elsewhere than it says. */
static bool has_dots(struct str path)
{
	while (path.n) {
		struct str part = str_cut(path, '/', &path);
		if (str_eq(part, S(".")) || str_eq(part, S("..")))
			return true;
	}
	return false;
}

/* The path of a URL, percent escapes resolved, in room. False for what no tool writes and readers
 * take for another address than it looks like: WHATWG URL, which npm and uv go by, drops white
 * space, takes '\\' for '/', needs no "//", and resolves dots. */
static bool path_of(struct str url, struct buf *room, struct str *out)
{
	struct str rest, plain = str_cut(str_cut(url, '#', &rest), '?', &rest);
	size_t at = str_find(plain, S("://"));

	for (size_t i = 0; i < plain.n; i++)
		if ((unsigned char)plain.p[i] <= ' ' || plain.p[i] == 0x7f || plain.p[i] == '\\')
			return false;
	if (at == SIZE_MAX || at != str_chr(plain, ':'))
		return false;
	(void)str_cut(str_tail(plain, at + 3), '/', &rest);
	url_decode(room, rest);
	*out = buf_str(room);
	return room->err == OK && !has_dots(*out);
}

static void mismatch(struct manifest_in *m, const struct package *p, struct str file)
{
	manifest_find(m, RULE_LOCK_MISMATCH, p, p->line, file, "the file is of another release");
}

/* Nothing of the address is shown: a user name and password may stand in it. */
static void unclear(struct manifest_in *m, const struct package *p)
{
	manifest_find(m, RULE_LOCK_MISMATCH, p, p->line, S(""),
		      "the address leads elsewhere than it seems to, or is no address");
}

/* ---- PyPI ----------------------------------------------------------------------------------- */

/* Whether name, as a file has it, is p's. */
static bool same_name(const struct package *p, struct str name)
{
	char room[NAME_MAX_BYTES];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	package_name_normalise(ECO_PYPI, name, &b);
	return b.err == OK && str_eq(buf_str(&b), p->name);
}

/* In file names '_' stands for the characters a version may have and a file name may not. */
static bool same_version(const struct package *p, struct str version)
{
	char room[NAME_MAX_BYTES];
	struct buf b;
	bool valid;

	buf_fixed(&b, room, sizeof room);
	for (size_t i = 0; i < version.n; i++)
		buf_addc(&b, version.p[i] == '_' ? '-' : version.p[i]);
	if (b.err != OK)
		return false;
	if (version_cmp(ECO_PYPI, p->version, version, &valid) == 0)
		return true;
	return !valid || version_cmp(ECO_PYPI, p->version, buf_str(&b), &valid) == 0;
}

static bool wheel_matches(const struct package *p, struct str stem)
{
	struct str rest, name = str_cut(stem, '-', &rest);
	struct str version = str_cut(rest, '-', &rest);

	return same_name(p, name) && same_version(p, version);
}

/* A source archive's name may hold hyphens: any place where it can be cut counts. */
static bool sdist_matches(const struct package *p, struct str stem)
{
	for (size_t i = 1; i < stem.n; i++)
		if (stem.p[i] == '-' && same_name(p, str_head(stem, i)) &&
		    same_version(p, str_tail(stem, i + 1)))
			return true;
	return false;
}

void manifest_file_check(struct manifest_in *m, const struct package *p, struct str url)
{
	static const struct str ends[] = { SC(".tar.gz"), SC(".zip"), SC(".tar.bz2"), SC(".tgz") };
	char room[LIMIT_URL];
	struct str path = url;
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	if (str_find(url, S("://")) != SIZE_MAX && !path_of(url, &b, &path)) {
		unclear(m, p);
		return;
	}
	struct str file = str_last(path, '/');
	if (p->version.n == 0 || file.n == 0)
		return;
	if (file.n > NAME_MAX_BYTES) {
		mismatch(m, p, file);
		return;
	}
	if (str_has_suffix(file, S(".whl"))) {
		if (!wheel_matches(p, str_head(file, file.n - 4)))
			mismatch(m, p, file);
		return;
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (str_has_suffix(file, ends[i])) {
			if (!sdist_matches(p, str_head(file, file.n - ends[i].n)))
				mismatch(m, p, file);
			return;
		}
}

/* ---- npm ------------------------------------------------------------------------------------ */

/* "name-1.2.3.tgz"; build metadata is no part of it. */
static bool tarball_is(struct str file, struct str name, struct str version)
{
	struct str build, plain = str_cut(version, '+', &build);

	if (!str_has_prefix(file, name))
		return false;
	file = str_tail(file, name.n);
	if (!str_has_prefix(file, S("-")) || !str_has_suffix(file, S(".tgz")) || file.n < 5)
		return false;
	file = (struct str){ file.p + 1, file.n - 5 };
	return str_eq(file, version) || str_eq(file, plain);
}

/* "a" is not what "@evil/a" ends in, however many slashes stand between the two. */
static bool names_package(struct str path, struct str name)
{
	if (!str_has_suffix(path, name))
		return false;
	path.n -= name.n;
	if (path.n == 0)
		return true;
	if (path.p[path.n - 1] != '/')
		return false;
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	return str_has_prefix(name, S("@")) || !str_has_prefix(str_last(path, '/'), S("@"));
}

static void npm_check(struct manifest_in *m, const struct package *p, struct str url)
{
	char room[LIMIT_URL];
	struct str path, base = str_last(p->name, '/');
	size_t at = SIZE_MAX;
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	if (!path_of(url, &b, &path)) {
		unclear(m, p);
		return;
	}
	for (size_t i = 0; i + 3 <= path.n; i++)
		if (str_has_prefix(str_tail(path, i), S("/-/")))
			at = i;
	if (at == SIZE_MAX)
		return;
	struct str file = str_tail(path, at + 3);
	bool fits = p->version.n == 0 || tarball_is(file, base, p->version) ||
		    tarball_is(file, p->name, p->version);
	if (!names_package(str_head(path, at), p->name) || !fits)
		mismatch(m, p, file);
}

void manifest_npm_source(struct manifest_in *m, struct package *p, struct str url)
{
	/* Registries serve archives below "/-/", all but GitHub's. */
	bool registry = str_find(url, S("/-/")) != SIZE_MAX ||
			str_has_prefix(url, S("https://npm.pkg.github.com/"));

	manifest_url(m, p, url, registry);
	if (p->origin == ORIGIN_INDEX || p->origin == ORIGIN_URL)
		npm_check(m, p, url);
	if (p->origin == ORIGIN_INDEX)
		manifest_index(m, url, p->line, false, false);
}
