/*
 * llm/dialect_openai.c - the row of openai-chat. Ring 0, pure.   Runs in: ingress.
 */
#include "llm/openai.h"

static const char *const harmless[] = {
	/* of requests: hints about caching and about the wire */
	"stream_options.include_obfuscation",
	"prompt_cache_key",
	"prompt_cache_options",
	"prompt_cache_retention",
	"safety_identifier",
	"safety_settings", /* Gemini's filters; its encoder takes them */
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

static const struct str peeked[] = { SC("usage"), SC("error"), SC("") };

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
	.peeked = peeked,
	.peek_event = openai_peek_event,
	.skim = openai_skim,
	.harmless = harmless,
};
