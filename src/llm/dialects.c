/*
 * llm/dialects.c - the wire formats that are translated into each other: one row each.
 * Ring 0, pure.
 */
#include "llm/llm.h"

const struct dialect *const dialects[DIALECT_COUNT] = {
	[DIALECT_OPENAI] = &dialect_openai,
	[DIALECT_ANTHROPIC] = &dialect_anthropic,
	[DIALECT_GEMINI] = &dialect_gemini,
};
