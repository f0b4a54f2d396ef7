/*
 * llm/openai_peek.c - what policy and metering see of an openai-chat answer that is spliced.
 * Ring 0, pure.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_stream_fuzz.c
 */
#include "llm/openai.h"

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

static void see_usage(const struct json *root, struct llm_peek *io)
{
	struct llm_usage usage;

	if (oa_usage(json_get(root, S("usage")), &usage))
		llm_usage_merge(&io->usage, &usage);
}

void openai_peek_response(const struct json *root, struct llm_peek *out)
{
	const struct json *choices = json_get(root, S("choices"));

	see_usage(root, out);
	out->error = oa_is_error(root);
	if (!json_is(choices, JSON_ARRAY) || json_count(choices) == 0)
		return;
	out->content = true;
	out->finish = oa_finish(json_get(choices + 1, S("finish_reason")));
}

/* Anything in the delta but the role and empty values is part of the answer. */
static bool has_content(const struct json *choice)
{
	const struct json *delta = json_get(choice, S("delta"));

	if (!json_is(delta, JSON_OBJECT))
		return false;
	JSON_EACH_MEMBER (delta, key) {
		const struct json *v = key + 1;
		bool list = json_is(v, JSON_ARRAY) || json_is(v, JSON_OBJECT);
		bool filled = (json_is(v, JSON_STRING) && v->n > 0) || (list && json_count(v) > 0);
		if (filled && !json_str_eq(key, S("role")))
			return true;
	}
	return false;
}

static void look(const struct json *root, struct llm_peek *io)
{
	const struct json *choices = json_get(root, S("choices"));

	see_usage(root, io);
	io->error = io->error || oa_is_error(root);
	io->only_usage = json_is(choices, JSON_ARRAY) && json_count(choices) == 0 &&
			 json_is(json_get(root, S("usage")), JSON_OBJECT);
	if (!json_is(choices, JSON_ARRAY))
		return;
	JSON_EACH_ITEM (choices, it) {
		enum llm_finish finish = oa_finish(json_get(it, S("finish_reason")));
		io->content = io->content || has_content(it);
		if (finish != FINISH_NONE)
			io->finish = finish;
	}
}

/*
 * tells: at stands on the quote of a name that makes a chunk more than a piece of text, and its
 * value is not null. Inside a JSON string quotes are escaped, so that text of the answer cannot be
 * taken for such a name; a value that is just such a word costs a parse and nothing else.
 */
static bool tells(const char *at, const char *end)
{
	size_t left = (size_t)(end - at);

	if (left >= 7 && memcmp(at, "\"usage\"", 7) == 0)
		at += 7;
	else if (left >= 7 && memcmp(at, "\"error\"", 7) == 0)
		at += 7;
	else if (left >= 15 && memcmp(at, "\"finish_reason\"", 15) == 0)
		at += 15;
	else
		return false;
	while (at < end && (*at == ' ' || *at == ':'))
		at++;
	return at == end || *at != 'n';
}

/*
 * Places worth a look among the first 16 or 32: line ends, and quotes with the first letter of such
 * a name behind them. One byte more is read. This runs over every byte of every stream.
 */
#ifdef __SSE2__
enum { SSE = 16, AVX = 32 };

static inline unsigned hits_sse(const char *p)
{
	const __m128i quote = _mm_set1_epi8('"'), u = _mm_set1_epi8('u'), f = _mm_set1_epi8('f'),
		      e = _mm_set1_epi8('e'), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
	__m128i here = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
	__m128i letter =
		_mm_or_si128(_mm_cmpeq_epi8(next, u),
			     _mm_or_si128(_mm_cmpeq_epi8(next, f), _mm_cmpeq_epi8(next, e)));
	__m128i line = _mm_or_si128(_mm_cmpeq_epi8(here, lf), _mm_cmpeq_epi8(here, cr));

	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(line, _mm_and_si128(_mm_cmpeq_epi8(here, quote), letter)));
}

__attribute__((target("avx2"))) static inline unsigned hits_avx(const char *p)
{
	const __m256i quote = _mm256_set1_epi8('"'), u = _mm256_set1_epi8('u'),
		      f = _mm256_set1_epi8('f'), e = _mm256_set1_epi8('e'),
		      lf = _mm256_set1_epi8('\n'), cr = _mm256_set1_epi8('\r');
	__m256i here = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i next = _mm256_loadu_si256((const __m256i *)(const void *)(p + 1));
	__m256i letter = _mm256_or_si256(
		_mm256_cmpeq_epi8(next, u),
		_mm256_or_si256(_mm256_cmpeq_epi8(next, f), _mm256_cmpeq_epi8(next, e)));
	__m256i line = _mm256_or_si256(_mm256_cmpeq_epi8(here, lf), _mm256_cmpeq_epi8(here, cr));

	return (unsigned)_mm256_movemask_epi8(
		_mm256_or_si256(line, _mm256_and_si256(_mm256_cmpeq_epi8(here, quote), letter)));
}

/* pass goes on by steps of n places as long as nothing tells; false when something does. *io is
 * then or afterwards where reading goes on: a line end, or less than a step before end. */
static inline __attribute__((always_inline)) bool pass(const char **io, const char *end, int n,
						       unsigned (*hits_at)(const char *))
{
	const char *p = *io;

	for (; end - p > n; p += n) {
		for (unsigned hits = hits_at(p); hits != 0; hits &= hits - 1) {
			const char *at = p + __builtin_ctz(hits);
			*io = at;
			if (*at != '"')
				return true;
			if (tells(at, end))
				return false;
		}
	}
	*io = p;
	return true;
}

__attribute__((target("avx2"))) static bool pass_avx(const char **io, const char *end)
{
	return pass(io, end, AVX, hits_avx);
}

static bool pass_wide(const char **io, const char *end)
{
	if (__builtin_cpu_supports("avx2"))
		return pass_avx(io, end);
	return pass(io, end, SSE, hits_sse);
}
#else
static bool pass_wide(const char **io, const char *end)
{
	(void)io, (void)end;
	return true;
}
#endif

/* plain_end passes over text that tells nothing and gives the line end behind it, or end; NULL when
 * something tells. */
static const char *plain_end(const char *p, const char *end)
{
	if (!pass_wide(&p, end))
		return NULL;
	for (; p < end; p++) {
		if (*p == '\n' || *p == '\r')
			return p;
		if (*p == '"' && tells(p, end))
			return NULL;
	}
	return end;
}

/* plain: nothing in data, which may have several lines, tells anything. */
static bool plain(struct str data)
{
	const char *end = data.p + data.n;

	for (const char *p = data.p; p < end; p++)
		if ((p = plain_end(p, end)) == NULL)
			return false;
	return true;
}

size_t openai_skim(struct str in, uint32_t *io_events)
{
	static const struct str begin = SC("data: {");
	const char *p = in.p, *end = in.p + in.n;

	while (end - p > (ptrdiff_t)begin.n && memcmp(p, begin.p, 7) == 0) {
		const char *line = plain_end(p + begin.n, end);
		if (line == NULL || end - line < 2 || line[0] != '\n' || line[1] != '\n')
			break;
		p = line + 2;
		++*io_events;
	}
	return (size_t)(p - in.p);
}

void openai_peek_event(struct str event, struct str data, struct arena *scratch,
		       struct llm_peek *io)
{
	const struct json *root = NULL;

	io->only_usage = false;
	data = str_trim(data);
	if (data.n == 0)
		return;
	if (str_eq(data, S("[DONE]"))) {
		io->done = true;
		return;
	}
	/* Once content has been seen, a chunk that only goes on with it needs no parser. */
	if (io->content && event.n == 0 && plain(data))
		return;
	if (json_read(scratch, data, &root, NULL) != OK || !json_is(root, JSON_OBJECT)) {
		io->error = true;
		return;
	}
	look(root, io);
	io->error = io->error || str_eq(event, S("error"));
}
