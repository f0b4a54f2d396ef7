/* base/str.c - borrowed strings. */
#include "base/str.h"

#include "base/ascii.h"

#include <string.h>

struct str str_z(const char *z)
{
	return z ? (struct str){ z, strlen(z) } : (struct str){ "", 0 };
}

bool str_ieq(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_has_prefix(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_head(s, prefix.n), prefix);
}

bool str_has_suffix(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_tail(s, s.n - suffix.n), suffix);
}

size_t str_find(struct str s, struct str needle)
{
	if (needle.n > s.n)
		return SIZE_MAX;
	if (needle.n == 0)
		return 0;
	const char *at = memmem(s.p, s.n, needle.p, needle.n);
	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

size_t str_chr(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

size_t str_ascii(struct str s)
{
	const uint64_t high = 0x8080808080808080;
	uint64_t w[8] = { 0 };
	size_t at = 0;

	for (; s.n - at >= sizeof w; at += sizeof w) {
		memcpy(w, s.p + at, sizeof w);
		if ((w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) & high)
			break;
	}
	for (; s.n - at >= sizeof *w; at += sizeof *w) {
		memcpy(w, s.p + at, sizeof *w);
		if (*w & high)
			break;
	}
	while (at < s.n && !(s.p[at] & 0x80))
		at++;
	return at;
}

struct str str_cut(struct str s, char c, struct str *out_rest)
{
	size_t at = str_chr(s, c);

	if (at == SIZE_MAX) {
		*out_rest = str_tail(s, s.n);
		return s;
	}
	*out_rest = str_tail(s, at + 1);
	return str_head(s, at);
}

struct str str_last(struct str s, char c)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != c)
		at--;
	return str_tail(s, at);
}

struct str str_trim(struct str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_tail(s, 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

uint64_t str_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return h;
}
