/*
 * llm/count.h - counting a prompt's tokens: the small endpoints beside each dialect, and our own
 * estimate. Ring 0, pure. Anthropic: POST /v1/messages/count_tokens. Gemini: :countTokens. OpenAI:
 * /responses/input_tokens.
 */
#ifndef LLM_COUNT_H
#define LLM_COUNT_H

#include "llm/llm.h"

/* llm_count_body gives what decode_request of the dialect reads of a count request: Gemini may wrap
 * it as generateContentRequest. */
const struct json *llm_count_body(enum llm_dialect d, const struct json *root);

/* llm_count_encode_request appends the target's count request for r; ERR_UNSUPPORTED for a target
 * that has none (OpenAI's chat format): use llm_count_estimate. Memory: opts->arena. */
MUST_USE enum err llm_count_encode_request(enum llm_dialect target, const struct llm_request *r,
					   struct llm_opts *opts, struct buf *out);

/* llm_count_decode reads the number from a count reply. ERR_SYNTAX when it is not there. */
MUST_USE enum err llm_count_decode(enum llm_dialect d, const struct json *root,
				   int64_t *out_tokens);

/* llm_count_encode appends a count reply. */
void llm_count_encode(enum llm_dialect d, int64_t tokens, struct buf *out);

/*
 * llm_count_estimate is for upstreams that cannot count. A token is taken as 4 bytes of ASCII or 3
 * of other UTF-8 text; a message costs 4 and a tool 12 more; an image 1600; a PDF one for 40 bytes
 * of its base64, an audio or video one for 500. Within some 20 % for prose and code; never a basis
 * for billing.
 */
int64_t llm_count_estimate(const struct llm_request *r);

#endif
