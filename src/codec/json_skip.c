/*
 * codec/json_skip.c - the end of an array or object, found without reading it: 64 bytes a step,
 * each byte a bit of a word.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/json_fuzz.c
 */
#include "codec/json_scan.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { BLOCK = 64 };

/* Which bytes of a block are a quote, a backslash, an opening or a closing bracket. */
struct marks {
	uint64_t quote, backslash, open, close;
};

/* Each way of looking is a function of this kind, put into a copy of the search by the compiler. */
#define LOOK static inline __attribute__((always_inline))

#ifdef __SSE2__
LOOK uint64_t equal(const __m128i block[4], char c)
{
	const __m128i want = _mm_set1_epi8(c);
	uint64_t bits = 0;

	for (unsigned i = 0; i < 4; i++)
		bits |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block[i], want))
			<< 16 * i;
	return bits;
}

LOOK struct marks look(const char *p)
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
LOOK struct marks look(const char *p)
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
LOOK uint64_t escaped(uint64_t backslash, uint64_t *carry)
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
LOOK uint64_t inside(uint64_t quotes)
{
	for (unsigned by = 1; by < BLOCK; by *= 2)
		quotes ^= quotes << by;
	return quotes;
}

LOOK const char *skip(const char *p, const char *end, struct marks (*look_at)(const char *))
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
		struct marks m = look_at(at);
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

#ifdef __x86_64__
/* With AVX2 a block costs a third, and counting bits is an instruction. */
#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

AVX2 static inline uint64_t equal_wide(const __m256i block[2], char c)
{
	const __m256i want = _mm256_set1_epi8(c);
	uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(block[0], want));
	uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(block[1], want));

	return low | (uint64_t)high << 32;
}

AVX2 static inline struct marks look_wide(const char *p)
{
	const __m256i fold = _mm256_set1_epi8(0x20);
	const __m256i plain[2] = { _mm256_loadu_si256((const __m256i *)(const void *)p),
				   _mm256_loadu_si256((const __m256i *)(const void *)(p + 32)) };
	const __m256i folded[2] = { _mm256_or_si256(plain[0], fold),
				    _mm256_or_si256(plain[1], fold) };

	return (struct marks){ equal_wide(plain, '"'), equal_wide(plain, '\\'),
			       equal_wide(folded, '{'), equal_wide(folded, '}') };
}

AVX2 static const char *skip_wide(const char *p, const char *end)
{
	return skip(p, end, look_wide);
}
#endif

const char *json_skip_any(const char *p, const char *end)
{
	return skip(p, end, look);
}

const char *json_skip(const char *p, const char *end)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("popcnt"))
		return skip_wide(p, end);
#endif
	return json_skip_any(p, end);
}
