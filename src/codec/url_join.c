/*
 * codec/url_join.c - references in a document to absolute URLs.
 * Input: hostile.   Runs in: fetcher, cli.   Fuzz: fuzz/url_join_fuzz.c
 */
#include "codec/url_join.h"

#include "base/ascii.h"
#include "base/limits.h"

#include <string.h>

enum { SEGMENTS = 256 };

struct str url_origin(struct str url)
{
	size_t at = str_find(url, S("://"));
	size_t n = at == SIZE_MAX ? 0 : at + 3;

	while (n < url.n && strchr("/?#", url.p[n]) == NULL)
		n++;
	return at == SIZE_MAX ? S("") : str_head(url, n);
}

static bool is_http(struct str url)
{
	return str_ieq(str_head(url, 7), S("http://")) || str_ieq(str_head(url, 8), S("https://"));
}

/* has_scheme: letters, then a colon before any slash. */
static bool has_scheme(struct str ref)
{
	size_t i = 0;

	while (i < ref.n && ascii_letter(ref.p[i]))
		i++;
	while (i && i < ref.n && (strchr("+-.0123456789", ref.p[i]) && ref.p[i]))
		i++;
	return i > 0 && i < ref.n && ref.p[i] == ':';
}

static bool visible(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

/* add_path appends a path without its "." and ".." segments. */
static enum err add_path(struct buf *out, struct str path)
{
	struct str kept[SEGMENTS];
	size_t n = 0;
	bool dir = true;

	while (path.n) {
		size_t at = str_chr(path, '/');
		struct str segment = str_head(path, at);
		bool last = at == SIZE_MAX;
		path = last ? S("") : str_tail(path, at + 1);
		dir = !last;
		if (str_eq(segment, S("..")) || str_eq(segment, S("."))) {
			n -= segment.n == 2 && n > 0;
			dir = true;
			continue;
		}
		if (n == SEGMENTS)
			return ERR_LIMIT;
		kept[n++] = segment;
	}
	for (size_t i = 0; i < n; i++) {
		buf_addc(out, '/');
		buf_add(out, kept[i]);
	}
	if (dir)
		buf_addc(out, '/');
	return OK;
}

enum err url_join(struct str base, struct str ref, struct buf *out)
{
	struct str origin = url_origin(base), path = str_tail(base, origin.n);

	ref = str_trim(str_head(ref, str_chr(ref, '#')));
	if (!visible(ref) || !visible(base) || !is_http(base) || ref.n > LIMIT_URL)
		return ERR_SYNTAX;
	path = str_head(path, str_chr(path, '#'));
	if (has_scheme(ref)) {
		buf_add(out, ref);
		return is_http(ref) ? out->err : ERR_SYNTAX;
	}
	if (str_has_prefix(ref, S("//"))) {
		buf_add(out, str_head(origin, str_chr(origin, ':') + 1));
		buf_add(out, ref);
		return out->err;
	}
	buf_add(out, origin);
	struct str bare = str_head(path, str_chr(path, '?'));
	struct str query = str_tail(ref, str_head(ref, str_chr(ref, '?')).n);
	ref = str_head(ref, ref.n - query.n);
	if (ref.n == 0) {
		buf_add(out, bare);
		buf_add(out, query.n ? query : str_tail(path, bare.n));
		return out->err;
	}
	char room[2 * LIMIT_URL + 2];
	struct buf whole;
	buf_fixed(&whole, room, sizeof room);
	if (ref.p[0] != '/') {
		while (bare.n && bare.p[bare.n - 1] != '/')
			bare.n--;
		buf_add(&whole, str_tail(bare, 1));
	}
	buf_add(&whole, ref.p[0] == '/' ? str_tail(ref, 1) : ref);
	if (whole.err != OK)
		return ERR_LIMIT;
	TRY(add_path(out, buf_str(&whole)));
	buf_add(out, query);
	return out->err;
}
