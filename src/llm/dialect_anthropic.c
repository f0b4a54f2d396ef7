/*
 * llm/dialect_anthropic.c - Anthropic's Messages API as a row of dialects[].
 * Ring 0, pure.
 */
#include "llm/anthropic.h"

/* Each with the reason why nothing is lost. Names under "answer." are of answers. */
static const char *const harmless[] = {
	/* requests */
	"cache_control",               /* where to cache: a matter of price */
	"tools.eager_input_streaming", /* how finely arguments are cut */
	/* answers: facts about the provider's own run, beside what it said */
	"answer.container",            /* of a server tool, usable with this provider only */
	"answer.context_management",   /* what the provider cut from the prompt */
	"answer.diagnostics",          /* why a cache was missed */
	"answer.stop_details",         /* the explanation is kept, the category is not */
	"answer.content.caller",       /* which server tool made a call */
	"answer.content.toolset_name",
	"answer.usage.cache_creation", /* the split by lifetime; the sum is kept */
	"answer.usage.inference_geo",
	"answer.usage.iterations",     /* counts of the steps; the sum is kept */
	"answer.usage.server_tool_use",
	"answer.usage.fallback_credit",
	"answer.usage.speed",
	NULL,
};

static const struct str peeked[] = { SC("usage"), SC("error"), SC("") };

const struct dialect dialect_anthropic = {
	.name = "anthropic",
	.decode_request = anthropic_decode_request,
	.encode_request = anthropic_encode_request,
	.decode_response = anthropic_decode_response,
	.encode_response = anthropic_encode_response,
	.decoder_new = anthropic_decoder_new,
	.decode_event = anthropic_decode_event,
	.decode_end = anthropic_decode_end,
	.encoder_new = anthropic_encoder_new,
	.encode_event = anthropic_encode_event,
	.decode_error = anthropic_decode_error,
	.encode_error = anthropic_encode_error,
	.encode_stream_error = anthropic_encode_stream_error,
	.peek_response = anthropic_peek_response,
	.peeked = peeked,
	.peek_event = anthropic_peek_event,
	.skim = anthropic_skim,
	.harmless = harmless,
};
