/*
 * llm/anthropic_peek.c - what policy and metering need of answers that pass through untouched.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/anthropic_stream_fuzz.c
 */
#include "llm/anthropic.h"

#include <string.h>

void anthropic_peek_response(const struct json *root, struct llm_peek *out)
{
	struct anthropic_usage u = { 0 };

	anthropic_usage_read(json_get(root, S("usage")), &u);
	out->content = json_is(json_get(root, S("content")), JSON_ARRAY);
	out->error = json_str_eq(json_get(root, S("type")), S("error"));
	out->done = true;
	out->usage = anthropic_usage_norm(&u);
	out->finish = anthropic_finish(json_get(root, S("stop_reason")));
}

/* The counts are cumulative and come in two events, so the earlier ones are taken back to the
 * wire's form. */
static void merge(struct llm_peek *io, const struct json *usage)
{
	struct anthropic_usage u = anthropic_usage_wire(&io->usage);

	anthropic_usage_read(usage, &u);
	io->usage = anthropic_usage_norm(&u);
}

static bool says(struct str event, struct str data, struct str name)
{
	/* The provider writes "type" first. Another order is caught by the name, or parsed. */
	static const struct str head = SC("{\"type\":\"");

	if (event.n)
		return str_eq(event, name);
	return str_has_prefix(data, head) && str_has_prefix(str_tail(data, head.n), name);
}

/* What is around the text in the data of a delta, about. */
enum { DELTA_FRAME = 80 };

size_t anthropic_skim(struct str in, uint32_t *io_guess)
{
	static const struct str begin = SC("event: content_block_delta\ndata: {");
	const char *p = in.p, *end = in.p + in.n;

	while (end - p > (ptrdiff_t)begin.n && memcmp(p, begin.p, begin.n) == 0) {
		const char *from = p + begin.n, *lf = memchr(from, '\n', (size_t)(end - from));
		if (lf == NULL || end - lf < 2 || lf[1] != '\n' ||
		    memchr(from, '\r', (size_t)(lf - from)) != NULL)
			break;
		p = lf + 2;
		size_t n = (size_t)(lf - from);
		*io_guess += llm_guess(n < DELTA_FRAME ? 0 : n - DELTA_FRAME);
	}
	return (size_t)(p - in.p);
}

void anthropic_peek_event(struct str event, struct str data, struct arena *scratch,
			  struct llm_peek *io)
{
	const struct json *root = NULL, *type, *content;

	if (says(event, data, S("content_block_"))) {
		io->content = true;
		return;
	}
	if (str_has_prefix(event, S("content_block_"))) {
		io->content = true;
		return;
	}
	if (str_eq(event, S("error")))
		io->error = true;
	if (says(event, data, S("ping")) || data.n == 0)
		return;
	if (json_read(scratch, data, &root, NULL) != OK)
		return;
	type = json_get(root, S("type"));
	if (json_str_eq(type, S("message_start"))) {
		merge(io, json_get(json_get(root, S("message")), S("usage")));
		content = json_get(json_get(root, S("message")), S("content"));
		if (json_is(content, JSON_ARRAY) && json_count(content) > 0)
			io->content = true;
	} else if (json_str_eq(type, S("message_delta"))) {
		enum llm_finish why = anthropic_finish(json_get(json_get(root, S("delta")),
								S("stop_reason")));
		merge(io, json_get(root, S("usage")));
		if (why != FINISH_NONE)
			io->finish = why;
	} else if (json_str_eq(type, S("message_stop"))) {
		io->done = true;
	} else if (json_str_eq(type, S("error")) ||
		   json_is(json_get(root, S("error")), JSON_OBJECT)) {
		io->error = true;
	} else if (str_has_prefix(json_esc(type), S("content_block_"))) {
		io->content = true;
	}
}
