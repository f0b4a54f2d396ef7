/*
 * bench/micro/bodies.h - chat requests of four sizes, the same on every machine and in every run.
 */
#ifndef BENCH_BODIES_H
#define BENCH_BODIES_H

#include "base/buf.h"
#include "codec/jw.h"

#include <assert.h>

enum { BODY_HALF_K, BODY_4K, BODY_64K, BODY_1M, BODY_COUNT };

static inline unsigned body_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33);
}

/* English-like text with the escapes that prose and code bring with them. */
static inline void body_text(struct buf *b, size_t bytes, uint64_t *seed)
{
	static const struct str words[] = {
		SC("the "), SC("gateway "), SC("of "), SC("a "), SC("request "), SC("answers "),
		SC("when "), SC("provider "), SC("and "), SC("stream "), SC("is "), SC("in "),
		SC("which "), SC("model "), SC("tokens "), SC("because "), SC("function "),
		SC("return "), SC("sentence. "), SC("however, "),
		SC("measured "), SC("to "), SC("it "), SC("be "),
	};
	static const struct str marks[] = {
		SC("\\n"), SC("\\n\\n"), SC("\\\""), SC("\\u2019"), SC("\\t"),
	};
	size_t from = b->n;

	while (b->n - from < bytes) {
		unsigned r = body_random(seed);
		if (r % 12 == 0)
			buf_add(b, marks[r / 12 % (sizeof marks / sizeof marks[0])]);
		else
			buf_add(b, words[r / 12 % (sizeof words / sizeof words[0])]);
	}
}

static inline void body_image(struct buf *b, size_t bytes, uint64_t *seed)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	jw_obj(b);
	jw_kv_str(b, S("role"), S("user"));
	jw_key(b, S("content"));
	jw_arr(b);
	jw_obj(b);
	jw_kv_str(b, S("type"), S("image_url"));
	jw_key(b, S("image_url"));
	jw_obj(b);
	jw_key(b, S("url"));
	buf_add(b, S("\"data:image/png;base64,"));
	for (size_t i = 0; i < bytes; i++)
		buf_addc(b, digits[body_random(seed) % 64]);
	buf_addc(b, '"');
	jw_obj_end(b);
	jw_obj_end(b);
	jw_arr_end(b);
	jw_obj_end(b);
}

static inline void body_message(struct buf *b, struct str role, size_t bytes, uint64_t *seed)
{
	jw_obj(b);
	jw_kv_str(b, S("role"), role);
	jw_key(b, S("content"));
	jw_quote_open(b);
	body_text(b, bytes, seed);
	jw_quote_close(b);
	jw_obj_end(b);
}

/* body_make writes the body of one kind; turns are the messages after the system prompt. */
static inline void body_make(struct buf *b, int kind)
{
	static const struct {
		size_t turns, bytes;
	} rows[BODY_COUNT] = { { 1, 170 }, { 6, 540 }, { 30, 2080 }, { 0, 0 } };
	uint64_t seed = 1;

	assert(kind >= 0 && kind < BODY_COUNT);
	jw_obj(b);
	jw_kv_str(b, S("model"), S("gpt-4o-mini"));
	jw_key(b, S("messages"));
	jw_arr(b);
	body_message(b, S("system"), kind == BODY_HALF_K ? 150 : 350, &seed);
	for (size_t i = 0; i < rows[kind].turns; i++)
		body_message(b, i % 2 ? S("assistant") : S("user"), rows[kind].bytes, &seed);
	if (kind == BODY_1M)
		body_image(b, 1 << 20, &seed);
	jw_arr_end(b);
	jw_key(b, S("temperature"));
	jw_number(b, 7, 1);
	jw_kv_int(b, S("max_tokens"), 512);
	jw_obj_end(b);
}

#endif
