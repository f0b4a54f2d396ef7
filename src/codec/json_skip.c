/*
 * codec/json_skip.c - the end of an array or object, found without reading it: 64 bytes a step,
 * each byte a bit of a word.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/json_fuzz.c
 */
#include "codec/json_scan.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BLOCK = 64 };

/* Which bytes of a block are a quote, a backslash, an opening or a closing bracket. */
struct marks {
	uint64_t quote, backslash, open, close;
};

#ifdef __SSE2__
static uint64_t equal(const __m128i block[4], char c)
{
	const __m128i want = _mm_set1_epi8(c);
	uint64_t bits = 0;

	for (unsigned i = 0; i < 4; i++)
		bits |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block[i], want))
			<< 16 * i;
	return bits;
}

static struct marks look(const char *p)
{
	const __m128i fold = _mm_set1_epi8(0x20);
	__m128i plain[4], folded[4];

	for (unsigned i = 0; i < 4; i++) {
		plain[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		folded[i] = _mm_or_si128(plain[i], fold); /* makes '{' of '[' and '}' of ']' */
	}
	return (struct marks){ equal(plain, '"'), equal(plain, '\\'), equal(folded, '{'),
			       equal(folded, '}') };
}
#else
static struct marks look(const char *p)
{
	struct marks m = { 0 };

	for (unsigned i = 0; i < BLOCK; i++) {
		m.quote |= (uint64_t)(p[i] == '"') << i;
		m.backslash |= (uint64_t)(p[i] == '\\') << i;
		m.open |= (uint64_t)((p[i] | 0x20) == '{') << i;
		m.close |= (uint64_t)((p[i] | 0x20) == '}') << i;
	}
	return m;
}
#endif

/* escaped marks the bytes behind a backslash that is itself not escaped. *carry is what the last
 * block's last byte does to the first one here. */
static uint64_t escaped(uint64_t backslash, uint64_t *carry)
{
	uint64_t out = *carry;

	*carry = 0;
	backslash &= ~out;
	while (backslash != 0) {
		uint64_t one = backslash & (~backslash + 1), next = one << 1;
		*carry = next == 0;
		out |= next;
		backslash &= ~(one | next);
	}
	return out;
}

/* inside gives the bytes from each opening quote on, up to its closing one. */
static uint64_t inside(uint64_t quotes)
{
	for (unsigned by = 1; by < BLOCK; by *= 2)
		quotes ^= quotes << by;
	return quotes;
}

const char *json_skip(const char *p, const char *end)
{
	uint64_t carry = 0, string = 0;
	size_t depth = 0;
	char tail[BLOCK];

	for (; p < end; p += BLOCK) {
		const char *at = p;
		if (end - p < BLOCK) {
			memset(tail, ' ', BLOCK);
			at = memcpy(tail, p, (size_t)(end - p));
		}
		struct marks m = look(at);
		uint64_t in = inside(m.quote & ~escaped(m.backslash, &carry)) ^ string;
		string = 0 - (in >> 63);
		m.open &= ~in;
		m.close &= ~in;
		size_t opens = (size_t)__builtin_popcountll(m.open);
		size_t closes = (size_t)__builtin_popcountll(m.close);
		if (closes < depth) {
			depth += opens - closes;
			continue;
		}
		for (uint64_t both = m.open | m.close; both != 0; both &= both - 1) {
			if (m.open & both & (~both + 1))
				depth++;
			else if (depth == 0 || --depth == 0)
				return p + __builtin_ctzll(both) + 1;
		}
	}
	return NULL;
}
