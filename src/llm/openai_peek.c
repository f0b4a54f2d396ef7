/*
 * llm/openai_peek.c - what policy and metering see of an openai-chat answer that is spliced.
 * Ring 0, pure.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_stream_fuzz.c
 */
#include "llm/openai.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
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
 * The names that make a chunk more than a piece of text, when their value is not null. Inside a
 * JSON string its quotes would be escaped, so that text of the answer cannot be taken for one; a
 * value that is just such a word costs a parse and nothing else.
 */
static const struct str telling[] = { SC("\"usage\""), SC("\"finish_reason\""), SC("\"error\"") };

static bool tells(const char *at, const char *end)
{
	for (unsigned i = 0; i < sizeof telling / sizeof telling[0]; i++) {
		struct str name = telling[i];
		if ((size_t)(end - at) < name.n || memcmp(at, name.p, name.n) != 0)
			continue;
		for (at += name.n; at < end && (*at == ' ' || *at == ':'); at++)
			;
		return at == end || *at != 'n';
	}
	return false;
}

/*
 * plain: nothing in data tells anything. This runs for every event of every stream, so with SSE2,
 * which all of x86-64 has, it looks at 16 places at a time for a quote with the right letter behind
 * it.
 */
static bool plain(struct str data)
{
	const char *p = data.p, *end = data.p + data.n;

#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), u = _mm_set1_epi8('u'), f = _mm_set1_epi8('f'),
		      e = _mm_set1_epi8('e');
	for (; end - p > 16; p += 16) {
		__m128i here = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
		__m128i letter = _mm_or_si128(
			_mm_cmpeq_epi8(next, u),
			_mm_or_si128(_mm_cmpeq_epi8(next, f), _mm_cmpeq_epi8(next, e)));
		unsigned hits = (unsigned)_mm_movemask_epi8(
			_mm_and_si128(_mm_cmpeq_epi8(here, quote), letter));
		for (; hits != 0; hits &= hits - 1)
			if (tells(p + __builtin_ctz(hits), end))
				return false;
	}
#endif
	while (p < end && (p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		if (tells(p, end))
			return false;
		p++;
	}
	return true;
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
