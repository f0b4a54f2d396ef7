/*
 * codec/json_scan.h - the part of the JSON parser that sees most bytes: the inside of strings.
 * Ring 0. Three implementations with one result; json.c takes the best that the processor has, the
 * tests take each.
 */
#ifndef CODEC_JSON_SCAN_H
#define CODEC_JSON_SCAN_H

#include "base/str.h"
#include "codec/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
	JSON_SCAN_BAD = 1,  /* at is the offending byte, or the end of the text */
	JSON_SCAN_ESC = 2,  /* there are backslashes, each a correct escape */
	JSON_SCAN_HIGH = 4, /* there are bytes past 0x7f: UTF-8 is still to be checked */
};

struct json_scan {
	const char *at; /* the closing quote */
	unsigned flags;
};

/* A json_scan_fn reads string content from p, behind the opening quote, up to its closing quote. */
typedef struct json_scan json_scan_fn(const char *p, const char *end);

/* json_scan_bytes takes one byte at a time: it is what the others are compared with. */
struct json_scan json_scan_bytes(const char *p, const char *end);

/* json_scan_words takes 8 bytes at a time, on any processor. */
struct json_scan json_scan_words(const char *p, const char *end);

/* json_scan_best gives the fastest for this processor: with AVX2 one that takes 64 bytes at a
 * time. */
json_scan_fn *json_scan_best(void);

/* json_scan_short gives the closing quote of string content at p where that is plain ASCII without
 * escapes and ends within 32 bytes, as nearly every name and value does; NULL: ask a json_scan_fn.
 * Put into the parser, it saves a call for each. */
static inline const char *json_scan_short(const char *p, const char *end)
{
#ifdef __SSE2__
	for (unsigned i = 0; i < 2 && end - p >= 16; i++, p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i special = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
					       _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		/* As signed bytes, what is not ASCII lies below the space, with the control
		 * characters. */
		__m128i odd = _mm_or_si128(special, _mm_cmplt_epi8(v, _mm_set1_epi8(' ')));
		unsigned stop = (unsigned)_mm_movemask_epi8(odd);
		if (stop == 0)
			continue;
		p += __builtin_ctz(stop);
		return *p == '"' ? p : NULL;
	}
#else
	(void)p, (void)end;
#endif
	return NULL;
}

/* json_skip finds the end of the array or object that begins at p: one byte past its closing
 * bracket, or NULL. It counts brackets outside of strings and judges nothing else. json_skip_any is
 * the one for any processor. */
const char *json_skip(const char *p, const char *end);
const char *json_skip_any(const char *p, const char *end);

/* json_parse_with is json_parse with a chosen scanner. */
MUST_USE enum err json_parse_with(json_scan_fn *scan, struct str src, struct json *toks, size_t cap,
				  size_t *out_n, size_t *out_at);

/* json_escape_len gives the length of the escape at p (a backslash), a surrogate pair being one
 * of 12 bytes, or 0 when there is none. */
size_t json_escape_len(const char *p, const char *end);

/* json_escape_char gives the code point of an escape that json_escape_len has accepted. */
uint32_t json_escape_char(const char *p);

#endif
