/*
 * inspect/typosquat.c - names one slip away from known ones. Memory: none.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/typosquat.h"

#include <string.h>

__asm__(".section .rodata.popular,\"a\"\n"
	".global popular_begin, popular_end\n"
	"popular_begin:\n"
	".incbin \"data/popular-names.tsv\"\n"
	"popular_end:\n"
	".byte 0\n"
	".previous\n");
extern const char popular_begin[], popular_end[];

enum {
	NAME_MAX_BYTES = 214, /* npm's bound, the longer one */
	SHORTEST = 5,	      /* shorter names have too many neighbours */
	FIRST = 400,	      /* of these a slip is held */
};

/* The name without what people mix up: separators, case, the scope's sign. */
static size_t bare(struct str s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && i < NAME_MAX_BYTES; i++) {
		char c = s.p[i];
		if (c == '-' || c == '_' || c == '.' || c == '@' || c == '/')
			continue;
		out[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	return n;
}

/* The bare name with letters that look alike made the same. */
static size_t shape(const char *in, size_t n, char *out)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		char c = in[i], d = i + 1 < n ? in[i + 1] : '\0';
		if (c == 'r' && d == 'n') {
			out[k++] = 'm';
			i++;
		} else if (c == 'v' && d == 'v') {
			out[k++] = 'w';
			i++;
		} else {
			out[k++] = c == '0' ? 'o' : c == '1' || c == 'i' ? 'l' : c == '5' ? 's' : c;
		}
	}
	return k;
}

/* How a differs from b by one edit; NEAR_NONE when by none or by more. */
static enum near edit(struct str a, struct str b)
{
	size_t i = 0, j = 0;

	while (i < a.n && i < b.n && a.p[i] == b.p[i])
		i++;
	while (j < a.n - i && j < b.n - i && a.p[a.n - 1 - j] == b.p[b.n - 1 - j])
		j++;
	size_t x = a.n - i - j, y = b.n - i - j;
	if (x == 2 && y == 2 && a.p[i] == b.p[i + 1] && a.p[i + 1] == b.p[i])
		return NEAR_SWAP;
	if (x == 1 && y == 1)
		return NEAR_EDIT;
	if (x + y != 1)
		return NEAR_NONE;
	struct str longer = x ? a : b;
	bool doubled = i > 0 && longer.p[i - 1] == longer.p[i];
	return doubled ? NEAR_DOUBLE : NEAR_EDIT;
}

static bool scoped(struct str s)
{
	return s.n > 0 && s.p[0] == '@';
}

/* A digit more or another one is a version of the name, not a slip. */
static bool digits_only(struct str a, struct str b)
{
	struct str longer = a.n >= b.n ? a : b, other = a.n >= b.n ? b : a;
	size_t i = 0;

	while (i < other.n && longer.p[i] == other.p[i])
		i++;
	return i < longer.n && longer.p[i] >= '0' && longer.p[i] <= '9';
}

static enum near compare(struct str name, struct str known)
{
	char a[NAME_MAX_BYTES], b[NAME_MAX_BYTES], c[NAME_MAX_BYTES], d[NAME_MAX_BYTES];
	size_t n = bare(name, a), m = bare(known, b);

	if (n + 1 < m || m + 1 < n || m < SHORTEST)
		return NEAR_NONE;
	if (n == m && memcmp(a, b, n) == 0)
		return scoped(name) != scoped(known) ? NEAR_SCOPE : NEAR_SEPARATOR;
	if (scoped(name) != scoped(known))
		return NEAR_NONE;
	size_t k = shape(a, n, c), l = shape(b, m, d);
	if (k == l && memcmp(c, d, k) == 0)
		return NEAR_GLYPH;
	if (digits_only((struct str){ a, n }, (struct str){ b, m }))
		return NEAR_NONE;
	return edit((struct str){ a, n }, (struct str){ b, m });
}

enum near typosquat_near(enum ecosystem eco, struct str name, struct str *out_known,
			 size_t *out_rank)
{
	struct str text = { popular_begin, (size_t)(popular_end - popular_begin) }, line;
	struct str want = ecosystem_purl(eco);
	enum near best = NEAR_NONE;
	size_t rank = 0;

	if (name.n > NAME_MAX_BYTES || want.n == 0)
		return NEAR_NONE;
	while (text.n > 0) {
		line = str_cut(text, '\n', &text);
		struct str known, type = str_cut(line, '\t', &known);
		if (!str_eq(type, want))
			continue;
		if (str_eq(known, name))
			return NEAR_NONE;
		enum near n = best == NEAR_NONE ? compare(name, known) : NEAR_NONE;
		if (n != NEAR_NONE) {
			best = n;
			*out_known = known;
			*out_rank = rank;
		}
		rank++;
	}
	return best;
}

void typosquat_check(enum ecosystem eco, struct str name, struct str package, struct str path,
		     uint32_t line, struct findings *f)
{
	static const char *const how[] = {
		[NEAR_SEPARATOR] = "differs in separators only from",
		[NEAR_GLYPH] = "looks like",
		[NEAR_SWAP] = "swaps two letters of",
		[NEAR_DOUBLE] = "doubles or halves a letter of",
		[NEAR_EDIT] = "is one letter away from",
		[NEAR_SCOPE] = "has the letters, but not the scope, of",
	};
	struct str known = S("");
	size_t rank = 0;
	enum near near = typosquat_near(eco, name, &known, &rank);
	bool slip = near == NEAR_GLYPH || near == NEAR_SWAP || near == NEAR_DOUBLE;

	if (near != NEAR_NONE)
		finding_add(f, slip && rank < FIRST ? RULE_TYPOSQUAT : RULE_NAME_NEAR, package,
			    path, line, name, "%s '%.*s'", how[near], FMT(known));
}
