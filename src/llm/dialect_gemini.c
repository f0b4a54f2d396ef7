/*
 * llm/dialect_gemini.c - Google's generateContent as a row of the table, and what splices want to
 * know.
 * Ring 0. Input: hostile. Runs in: ingress. Fuzz: fuzz/gemini_stream_fuzz.c
 */
#include "llm/gemini.h"

#include <assert.h>
#include <string.h>

/* Fields of requests and answers that change nothing in the answer another provider gives. */
static const char *const harmless[] = {
	"labels",                              /* billing labels */
	"store",                               /* whether Google logs the call */
	"tools.functionDeclarations.behavior", /* of the live API */
	/* describes what comes back, to the model's reader */
	"tools.functionDeclarations.response",
	"tools.functionDeclarations.responseJsonSchema",
	"contents.parts.partMetadata",
	"contents.parts.functionResponse.scheduling",
	"contents.parts.functionResponse.willContinue",
	"generationConfig.audioTimestamp",
	"promptFeedback.safetyRatings",
	"candidates.safetyRatings",
	"candidates.avgLogprobs",
	"candidates.tokenCount",
	"modelStatus",
	NULL,
};

static bool has(struct str data, struct str what)
{
	return memmem(data.p, data.n, what.p, what.n) != NULL;
}

static void peek_answer(const struct gemini_answer *v, struct llm_peek *out)
{
	struct llm_usage usage = gemini_usage(v->usage);
	struct str ignored;

	if (usage.known)
		llm_usage_merge(&out->usage, &usage);
	out->error = out->error || v->error != NULL;
	if (gemini_blocked(v->feedback, &ignored).p != NULL)
		out->finish = FINISH_FILTER;
	if (v->candidates == NULL)
		return;
	JSON_EACH_ITEM(v->candidates, it) {
		const struct json *word = json_get(it, S("finishReason"));
		if (!json_is(word, JSON_STRING))
			continue;
		out->finish = gemini_finish(json_esc(word));
		out->done = true;
	}
}

static bool peek_root(const struct json *root, struct llm_peek *out, bool *out_candidates)
{
	struct llm_at at = { .prefix = { "", 0 }, .camel = true, .lenient = true };
	struct gemini_answer v = { .candidates = NULL };

	if (root->type == JSON_ARRAY && root->skip > 1)
		root = root + 1;
	if (llm_read(&at, root, gemini_answer_rows, gemini_answer_row_count, &v) != OK)
		return false;
	peek_answer(&v, out);
	*out_candidates = v.candidates != NULL;
	return true;
}

static void peek_response(const struct json *root, struct llm_peek *out)
{
	bool candidates = false;

	if (peek_root(root, out, &candidates))
		out->content = out->content || candidates;
}

/* In JSON a quote inside a string is escaped, so these are found only where a member or a string
 * begins. A name that turns up in arguments costs a parse and changes nothing. */
static void peek_event(struct str event, struct str data, struct arena *scratch,
		       struct llm_peek *io)
{
	const struct json *root = NULL;
	bool candidates = has(data, S("\"candidates\""));

	io->error = io->error || str_eq(event, S("error"));
	io->only_usage = false;
	if (candidates && (has(data, S("\"text\"")) || has(data, S("\"functionCall\"")) ||
			   has(data, S("\"inlineData\"")) || has(data, S("\"executableCode\""))))
		io->content = true;
	bool plain = candidates && !has(data, S("\"finishReason\"")) &&
		     !has(data, S("\"error\"")) && !has(data, S("\"promptFeedback\""));
	/* Each event reports the usage so far; the first and the last are enough. */
	if (plain && (io->usage.known || !has(data, S("\"usageMetadata\""))))
		return;
	if (data.n == 0 || json_read(scratch, data, &root, NULL) != OK) {
		io->error = io->error || data.n > 0;
		return;
	}
	bool had = io->usage.known;
	io->usage.known = false;
	if (!peek_root(root, io, &candidates) || json_str_eq(json_get(root, S("type")), S("error")))
		io->error = true;
	io->only_usage = io->usage.known && !candidates && !io->error;
	io->usage.known = io->usage.known || had;
}

const struct dialect dialect_gemini = {
	.name = "gemini",
	.decode_request = gemini_decode_request,
	.encode_request = gemini_encode_request,
	.decode_response = gemini_decode_response,
	.encode_response = gemini_encode_response,
	.decoder_new = gemini_decoder_new,
	.decode_event = gemini_decode_event,
	.decode_end = gemini_decode_end,
	.encoder_new = gemini_encoder_new,
	.encode_event = gemini_encode_event,
	.decode_error = gemini_decode_error,
	.encode_error = gemini_encode_error,
	.encode_stream_error = gemini_encode_stream_error,
	.peek_response = peek_response,
	.peek_event = peek_event,
	.harmless = harmless,
};
