/*
 * codec/json_scan_avx2.c - json_scan for x86-64 with AVX2: two vectors, 64 bytes, a step.
 *
 * A step gives two masks of 64 bits: where reading has to stop (quote, backslash, control
 * character) and which bytes are not ASCII. Several escapes in one block cost one load, since the
 * mask is only shifted. The parser knows that it stands in a string, so no carry-less
 * multiplication is needed to find out. Deciding escapes on masks, without a branch for each, was
 * tried and was no faster, not even on a megabyte of prose that the branch predictor had never
 * seen. The rest of this program is built for the baseline processor; this file's functions alone
 * ask for more.
 * Input: hostile.   Runs in: ingress, admin, cli.   Fuzz: fuzz/json_fuzz.c
 */
#ifdef __x86_64__

#include "codec/json_scan.h"

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2,bmi")))

enum {
	BLOCK = 64,
	PLAIN_FOR_LONG = 8, /* so many plain blocks in a row: there will be more */
};

struct masks {
	uint64_t stop, high;
};

AVX2 static inline __m256i stops(__m256i v)
{
	const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\');
	const __m256i control = _mm256_set1_epi8(0x1f);

	/* v <= 0x1f as unsigned bytes, a comparison that AVX2 has not */
	__m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(v, control), v);
	return _mm256_or_si256(
		low, _mm256_or_si256(_mm256_cmpeq_epi8(v, quote), _mm256_cmpeq_epi8(v, slash)));
}

AVX2 static inline uint64_t top_bits(__m256i lo, __m256i hi)
{
	uint32_t low = (uint32_t)_mm256_movemask_epi8(lo), top = (uint32_t)_mm256_movemask_epi8(hi);

	return low | (uint64_t)top << 32;
}

AVX2 static inline struct masks look(const char *p)
{
	__m256i lo = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i hi = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));

	return (struct masks){ top_bits(stops(lo), stops(hi)), top_bits(lo, hi) };
}

/* look for the last bytes of the text. The spaces put behind them stop nothing. */
AVX2 __attribute__((noinline)) static struct masks look_short(const char *p, size_t n)
{
	char block[BLOCK];

	memset(block, ' ', sizeof block);
	memcpy(block, p, n);
	return look(block);
}

/* Passes over blocks in which nothing stops and all is ASCII: long prose and base64, of which most
 * bytes are. As signed bytes, what is not ASCII lies below the space, with the control characters.
 */
AVX2 static inline const char *skip_plain(const char *p, const char *end)
{
	const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\');
	const __m256i space = _mm256_set1_epi8(' ');

	for (; end - p >= 2 * BLOCK; p += 2 * BLOCK) {
		__m256i odd = _mm256_setzero_si256();
		for (unsigned i = 0; i < 2 * BLOCK; i += 32) {
			__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
			odd = _mm256_or_si256(
				odd, _mm256_or_si256(_mm256_cmpgt_epi8(space, v),
						     _mm256_or_si256(_mm256_cmpeq_epi8(v, quote),
								     _mm256_cmpeq_epi8(v, slash))));
		}
		if (!_mm256_testz_si256(odd, odd))
			break;
	}
	return p;
}

/* json_escape_len, with the answer for escapes of one letter at hand: a switch over letters
 * that come in no order is a branch that no processor predicts. */
static inline size_t escape_len(const char *p, const char *end)
{
	static const uint8_t is_letter[256] = {
		['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1,
		['f'] = 1, ['n'] = 1,  ['r'] = 1, ['t'] = 1,
	};

	if (end - p >= 2 && is_letter[(unsigned char)p[1]])
		return 2;
	return json_escape_len(p, end);
}

AVX2 static struct json_scan scan(const char *p, const char *end)
{
	unsigned flags = 0, plain = 0;
	uint64_t high = 0; /* of the blocks so far; a bit at any place counts */

	while (p < end) {
		size_t n = (size_t)(end - p), at = 0;
		struct masks m = n >= BLOCK ? look(p) : look_short(p, n);
		for (uint64_t stop = m.stop; stop != 0; stop = m.stop >> at << at) {
			at = _tzcnt_u64(stop);
			if (p[at] == '"') {
				high |= m.high & ((UINT64_C(1) << at) - 1);
				flags |= high ? JSON_SCAN_HIGH : 0;
				return (struct json_scan){ p + at, flags };
			}
			size_t len = p[at] == '\\' ? escape_len(p + at, end) : 0;
			if (len == 0)
				return (struct json_scan){ p + at, JSON_SCAN_BAD };
			flags |= JSON_SCAN_ESC;
			at += len;
			if (at >= BLOCK)
				break;
		}
		high |= m.high;
		p += at > BLOCK ? at : BLOCK;
		plain = (m.stop | m.high) == 0 ? plain + 1 : 0;
		if (plain == PLAIN_FOR_LONG)
			p = skip_plain(p, end);
	}
	return (struct json_scan){ end, JSON_SCAN_BAD };
}

/* libgcc asks the processor once, before main; this reads its answer. */
json_scan_fn *json_scan_best(void)
{
	bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");

	return has ? scan : json_scan_words;
}

#endif
