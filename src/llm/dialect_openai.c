/*
 * llm/dialect_openai.c - the row of openai-chat, and what policy and metering see of a splice.
 * Ring 0, pure.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_stream_fuzz.c
 */
#include "llm/openai.h"

#include <string.h>

/* ---- peeks --------------------------------------------------------------------------------- */

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
	JSON_EACH_MEMBER(delta, key) {
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
	JSON_EACH_ITEM(choices, it) {
		enum llm_finish finish = oa_finish(json_get(it, S("finish_reason")));
		io->content = io->content || has_content(it);
		if (finish != FINISH_NONE)
			io->finish = finish;
	}
}

/* A member called name, which is quoted, with a value other than null. Inside a JSON string its
 * quotes would be escaped, so that text of the answer cannot be taken for it. */
static bool says(struct str data, struct str name)
{
	const char *at = memmem(data.p, data.n, name.p, name.n), *end = data.p + data.n;

	if (at == NULL)
		return false;
	at += name.n;
	while (at < end && (*at == ' ' || *at == ':'))
		at++;
	return at == end || *at != 'n';
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
	if (io->content && event.n == 0 && !says(data, S("\"usage\"")) &&
	    !says(data, S("\"error\"")) && !says(data, S("\"finish_reason\"")))
		return;
	if (json_read(scratch, data, &root, NULL) != OK || !json_is(root, JSON_OBJECT)) {
		io->error = true;
		return;
	}
	look(root, io);
	io->error = io->error || str_eq(event, S("error"));
}

/* ---- the row ------------------------------------------------------------------------------- */

static const char *const harmless[] = {
	/* of requests: hints about caching and about the wire */
	"stream_options.include_obfuscation",
	"prompt_cache_key",
	"prompt_cache_options",
	"prompt_cache_retention",
	"safety_identifier",
	"messages.annotations",
	"messages.content.prompt_cache_breakpoint",
	"messages.id",
	/* of answers: about the server and how it counted */
	"obfuscation",
	"system_fingerprint",
	"prompt_filter_results",
	"choices.content_filter_results",
	"usage.cost_in_usd_ticks",
	"usage.num_sources_used",
	NULL,
};

const struct dialect dialect_openai = {
	.name = "openai",
	.decode_request = openai_decode_request,
	.encode_request = openai_encode_request,
	.decode_response = openai_decode_response,
	.encode_response = openai_encode_response,
	.decoder_new = openai_decoder_new,
	.decode_event = openai_decode_event,
	.decode_end = openai_decode_end,
	.encoder_new = openai_encoder_new,
	.encode_event = openai_encode_event,
	.decode_error = openai_decode_error,
	.encode_error = openai_encode_error,
	.encode_stream_error = openai_encode_stream_error,
	.peek_response = openai_peek_response,
	.peek_event = openai_peek_event,
	.harmless = harmless,
};
