#include "llm/llm.h"
const struct dialect dialect_openai = { .name = "openai" };
const struct dialect dialect_gemini = { .name = "gemini" };
