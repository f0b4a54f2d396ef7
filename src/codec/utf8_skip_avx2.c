/*
 * codec/utf8_skip_avx2.c - 32 bytes of UTF-8 at a time, for the texts that are not English.
 *
 * After J. Keiser and D. Lemire, "Validating UTF-8 in less than one instruction per byte" (2021):
 * every mistake but a missing third or fourth byte shows in two neighbours, in fact in three of
 * their half bytes. Each half byte looks up the mistakes it allows; what all three allow has been
 * made.
 * Input: hostile.   Runs in: ingress, admin, keeper, cli.   Fuzz: fuzz/utf8_fuzz.c
 */
#ifdef __x86_64__

#include "codec/utf8_skip.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define ROW(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

enum { BLOCK = 32 };

enum {
	SHORT = 1,      /* a first byte and no continuation */
	LONG = 2,       /* ASCII and a continuation */
	OVER3 = 4,      /* e0 80..9f */
	LARGE = 8,      /* f4 90.. and all of f5.. 90.. */
	SURROGATE = 16, /* ed a0.. */
	OVER2 = 32,     /* c0, c1 */
	OVER4 = 64,     /* f0 80..8f, and f5.. 80..8f: too large as well */
	TWO = -128,     /* two continuations: right if two places on stands e0.. or three on f0.. */
	ANY = SHORT | LONG | TWO,
	BIG = ANY | LARGE | OVER4,
	CONT = LONG | TWO | OVER2,
};

/* The bytes that stand n places before those of v; before is the block in front of it. */
#define EARLIER(v, before, n)                                                              \
	_mm256_alignr_epi8((v), _mm256_permute2x128_si256((before), (v), 0x21), 16 - (n))

AVX2 static inline __m256i upper_half(__m256i v)
{
	return _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0f));
}

AVX2 static inline __m256i lower_half(__m256i v)
{
	return _mm256_and_si256(v, _mm256_set1_epi8(0x0f));
}

/* Which mistakes each byte of v makes with the one in front of it. */
AVX2 static inline __m256i pairs(__m256i first, __m256i v)
{
	const __m256i upper = ROW(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, TWO, TWO, TWO,
				  TWO,
				  SHORT | OVER2, SHORT, SHORT | OVER3 | SURROGATE,
				  SHORT | LARGE | OVER4);
	const __m256i lower = ROW(ANY | OVER3 | OVER2 | OVER4, ANY | OVER2, ANY, ANY, ANY | LARGE,
				  BIG,
				  BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG | SURROGATE, BIG, BIG);
	const __m256i second = ROW(SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
				   CONT | OVER3 | OVER4, CONT | OVER3 | LARGE,
					   CONT | SURROGATE | LARGE,
				   CONT | SURROGATE | LARGE, SHORT, SHORT, SHORT, SHORT);

	return _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(upper, upper_half(first)),
						 _mm256_shuffle_epi8(lower, lower_half(first))),
				_mm256_shuffle_epi8(second, upper_half(v)));
}

/* Something is wrong in v, or with a sequence that began in the block before. */
AVX2 static inline bool is_bad(__m256i before, __m256i v)
{
	__m256i found = pairs(EARLIER(v, before, 1), v);

	/* Saturating subtraction leaves bit 7 where e0.. or f0.. stands two or three places
	 * before. */
	__m256i third = _mm256_subs_epu8(EARLIER(v, before, 2), _mm256_set1_epi8(0xe0 - 0x80));
	__m256i fourth = _mm256_subs_epu8(EARLIER(v, before, 3), _mm256_set1_epi8(0xf0 - 0x80));
	__m256i due = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(-128));
	__m256i wrong = _mm256_xor_si256(due, found);

	return _mm256_testz_si256(wrong, wrong) == 0;
}

/* Where the character begins that the block at offset at may have cut. */
static size_t back_to_first(const char *p, size_t at)
{
	for (size_t back = 1; back <= 3 && back <= at; back++)
		if (((unsigned char)p[at - back] & 0xc0) == 0xc0)
			return at - back;
	return at;
}

AVX2 static size_t skip(struct str s)
{
	__m256i before = _mm256_setzero_si256();
	size_t at = 0;

	for (; s.n - at >= BLOCK; at += BLOCK) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(s.p + at));
		if (_mm256_movemask_epi8(_mm256_or_si256(v, before)) != 0 && is_bad(before, v))
			break;
		before = v;
	}
	return back_to_first(s.p, at);
}

size_t utf8_skip(struct str s)
{
	return s.n >= BLOCK && __builtin_cpu_supports("avx2") ? skip(s) : 0;
}

#endif
