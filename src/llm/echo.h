/*
 * llm/echo.h - the built-in provider that needs no network: a neutral request gives a neutral
 * answer, the same one each time. Ring 0, pure. Memory: the call's arena.
 *
 * It says the last user text back. `call NAME` in that text, with a JSON object after it or not,
 * calls the tool of that name; so does a tool choice that asks for a call. The result of a tool
 * is quoted. A JSON format is answered with a minimal instance. A token is what stands between
 * two spaces.
 */
#ifndef LLM_ECHO_H
#define LLM_ECHO_H

#include "llm/llm.h"

/* echo_answer fills out, which points into the arena and the request. ERR_NOMEM only. */
MUST_USE enum err echo_answer(const struct llm_request *r, struct arena *a,
			      struct llm_response *out);

/* echo_stream pushes the same answer as events, a word to each delta. ERR_NOMEM only; nothing is
 * pushed then. */
MUST_USE enum err echo_stream(const struct llm_request *r, struct arena *a, struct llm_sink *sink);

/* echo_instance appends a small value that is valid by a JSON schema: what is required and no
 * more. A schema it does not understand, or one without an end, gives null at that place. raw is
 * the schema. */
MUST_USE enum err echo_instance(struct arena *a, struct str raw, struct buf *out);

#endif
