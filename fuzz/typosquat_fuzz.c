/*
 * fuzz/typosquat_fuzz.c - oracle: what is called one letter from a known name is that by the table of
 * distances, written out in full; a known name, and the known name that something is near to, is near to none.
 */
#include "fuzz/fuzz.h"

#include "inspect/typosquat.h"

enum { NAME = 214 };

static size_t letters(struct str s, char out[NAME])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (memchr("-_.@/", s.p[i], 5) == NULL)
			out[n++] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 32) : s.p[i];
	return n;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters put in, left out, changed, or swapped with the next. */
static unsigned distance(struct str x, struct str y)
{
	static unsigned d[NAME + 1][NAME + 1];
	char a[NAME], b[NAME];
	size_t n = letters(x, a), m = letters(y, b);

	for (size_t i = 0; i <= n; i++)
		for (size_t j = 0; j <= m; j++) {
			d[i][j] = i == 0 ? (unsigned)j : j == 0 ? (unsigned)i : NAME;
			if (i == 0 || j == 0)
				continue;
			d[i][j] = least(least(d[i - 1][j] + 1, d[i][j - 1] + 1),
					d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[n][m];
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct arena arena;
	static struct typosquats squats;
	static const unsigned wanted[] = {
		[NEAR_SEPARATOR] = 0, [NEAR_SWAP] = 1, [NEAR_DOUBLE] = 1,
		[NEAR_LETTER] = 1,    [NEAR_END] = 1,  [NEAR_SCOPE] = 0,
	};

	if (squats.arena == NULL) {
		arena_init(&arena, 8 << 20);
		typosquats_init(&squats, &arena);
	}
	enum ecosystem eco = n > 0 && p[0] == '@' ? ECO_NPM : ECO_PYPI;
	struct str name = { (const char *)p, n };
	struct slip s = typosquat_slip(&squats, eco, name);

	CHECK(typosquat_slip(&squats, eco, s.known).near == NEAR_NONE);
	CHECK(s.near != NEAR_NONE || (s.known.n == 0 && !s.held));
	if (s.near != NEAR_NONE && s.near != NEAR_GLYPH)
		CHECK(distance(name, s.known) == wanted[s.near]);
	return 0;
}
