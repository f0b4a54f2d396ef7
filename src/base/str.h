/*
 * base/str.h - a borrowed string: pointer and length, no NUL, passed by value.
 * Ring 0. Nothing here allocates; every result points into its argument. The smallest stand in the
 * header: they are called some hundred times for each request.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define S(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
#define SC(lit) { "" lit, sizeof(lit) - 1 }   /* the same, for static initialisers */
#define FMT(s) (int)(s).n, (s).p              /* printf("%.*s", FMT(name)) */

/* str_z borrows a NUL-terminated string; NULL gives the empty string. */
struct str str_z(const char *z);

/* str_eq compares bytes. Not for secrets: see sys/secret.h. */
static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* str_ieq compares, folding ASCII letters only. */
bool str_ieq(struct str a, struct str b);

/* str_cmp orders by bytes, then by length: <0, 0 or >0. */
int str_cmp(struct str a, struct str b);

/* str_has_prefix and str_has_suffix compare bytes; every string begins and ends with "". */
bool str_has_prefix(struct str s, struct str prefix);
bool str_has_suffix(struct str s, struct str suffix);

/* str_head gives the first n bytes (or all), str_tail what follows them. */
static inline struct str str_head(struct str s, size_t n)
{
	return (struct str){ s.p, n < s.n ? n : s.n };
}

static inline struct str str_tail(struct str s, size_t n)
{
	if (n >= s.n)
		return (struct str){ s.n ? s.p + s.n : s.p, 0 };
	return (struct str){ s.p + n, s.n - n };
}

/* str_find gives the offset of the first needle in s, or SIZE_MAX. */
size_t str_find(struct str s, struct str needle);

/* str_chr gives the offset of the first c in s, or SIZE_MAX. */
size_t str_chr(struct str s, char c);

/* str_ascii gives how many bytes s begins with that are ASCII: s.n for all of them. */
size_t str_ascii(struct str s);

/* str_cut splits s at the first c: head before it, *out_rest after it. Without c the rest is
 * empty. */
struct str str_cut(struct str s, char c, struct str *out_rest);

/* str_last gives what follows the last c: all of s without one. */
struct str str_last(struct str s, char c);

/* str_trim removes spaces and tabs at both ends. */
struct str str_trim(struct str s);

/* str_hash is FNV-1a, 64 bits: for tables of trusted names only. */
uint64_t str_hash(struct str s);

#endif
