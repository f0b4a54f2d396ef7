/*
 * ingress/route.c - the table of paths.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/route_fuzz.c
 */
#include "ingress/route.h"

#define POST_CALL .post = true, .call = true

static const struct route routes[] = {
	{ EP_CHAT, "chat", POST_CALL, .dialect = DIALECT_OPENAI,
	  .pattern = SC("/v1/chat/completions") },
	{ EP_CHAT, "chat", POST_CALL, .dialect = DIALECT_OPENAI,
	  .pattern = SC("/chat/completions") },
	{ EP_CHAT, "chat", POST_CALL, .dialect = DIALECT_OPENAI,
	  .pattern = SC("/openai/deployments/{m}/chat/completions") },
	{ EP_CHAT, "chat", POST_CALL, .dialect = DIALECT_OPENAI,
	  .pattern = SC("/engines/{m}/chat/completions") },
	{ EP_MESSAGES, "messages", POST_CALL, .dialect = DIALECT_ANTHROPIC,
	  .pattern = SC("/v1/messages") },
	{ EP_COUNT_TOKENS, "count_tokens", POST_CALL, .dialect = DIALECT_ANTHROPIC,
	  .pattern = SC("/v1/messages/count_tokens") },
	{ EP_GENERATE, "generate", POST_CALL, .dialect = DIALECT_GEMINI,
	  .pattern = SC("/v1beta/models/{m}:generateContent") },
	{ EP_GENERATE, "generate", POST_CALL, .dialect = DIALECT_GEMINI,
	  .pattern = SC("/v1/models/{m}:generateContent") },
	{ EP_GENERATE, "generate", POST_CALL, .dialect = DIALECT_GEMINI,
	  .pattern = SC("/models/{m}:generateContent") },
	{ EP_STREAM_GENERATE, "generate", POST_CALL, .dialect = DIALECT_GEMINI,
	  .pattern = SC("/v1beta/models/{m}:streamGenerateContent") },
	{ EP_STREAM_GENERATE, "generate", POST_CALL, .dialect = DIALECT_GEMINI,
	  .pattern = SC("/v1/models/{m}:streamGenerateContent") },
	{ EP_STREAM_GENERATE, "generate", POST_CALL, .dialect = DIALECT_GEMINI,
	  .pattern = SC("/models/{m}:streamGenerateContent") },
	{ EP_GEMINI_COUNT, "count_tokens", POST_CALL, .dialect = DIALECT_GEMINI,
	  .pattern = SC("/v1beta/models/{m}:countTokens") },
	{ EP_GEMINI_COUNT, "count_tokens", POST_CALL, .dialect = DIALECT_GEMINI,
	  .pattern = SC("/v1/models/{m}:countTokens") },
	{ EP_GEMINI_COUNT, "count_tokens", POST_CALL, .dialect = DIALECT_GEMINI,
	  .pattern = SC("/models/{m}:countTokens") },
	{ EP_MODELS, "models", .dialect = DIALECT_OPENAI, .pattern = SC("/v1/models") },
	{ EP_MODELS, "models", .dialect = DIALECT_OPENAI, .pattern = SC("/models") },
	{ EP_MODELS, "models", .dialect = DIALECT_GEMINI, .pattern = SC("/v1beta/models") },
	{ EP_MODEL, "models", .dialect = DIALECT_OPENAI, .pattern = SC("/v1/models/{m}") },
	{ EP_MODEL, "models", .dialect = DIALECT_OPENAI, .pattern = SC("/models/{m}") },
	{ EP_MODEL, "models", .dialect = DIALECT_GEMINI, .pattern = SC("/v1beta/models/{m}") },
	{ EP_LIVE, "health", .dialect = DIALECT_OPENAI, .pattern = SC("/health/liveliness") },
	{ EP_LIVE, "health", .dialect = DIALECT_OPENAI, .pattern = SC("/health/liveness") },
	{ EP_READY, "health", .dialect = DIALECT_OPENAI, .pattern = SC("/health/readiness") },
	{ EP_METRICS, "metrics", .dialect = DIALECT_OPENAI, .pattern = SC("/metrics") },
	{ EP_ADMIN, "admin", .post = true, .prefix = true, .dialect = DIALECT_OPENAI,
	  .pattern = SC("/key/") },
	{ EP_ADMIN, "admin", .prefix = true, .dialect = DIALECT_OPENAI, .pattern = SC("/key/") },
	{ EP_MODEL_INFO, "models", .dialect = DIALECT_OPENAI, .pattern = SC("/model/info") },
	{ EP_MODEL_INFO, "models", .dialect = DIALECT_OPENAI, .pattern = SC("/v1/model/info") },
	{ EP_ADMIN, "admin", .prefix = true, .dialect = DIALECT_OPENAI, .pattern = SC("/spend/") },
};

enum { ROUTES = sizeof routes / sizeof routes[0] };

static bool match(const struct route *r, struct str path, struct str *out_model)
{
	size_t at = str_find(r->pattern, S("{m}"));

	if (r->prefix)
		return str_has_prefix(path, r->pattern);
	if (at == SIZE_MAX)
		return str_eq(path, r->pattern);
	struct str before = str_head(r->pattern, at), after = str_tail(r->pattern, at + 3);
	if (path.n <= before.n + after.n || !str_has_prefix(path, before) ||
	    !str_has_suffix(path, after))
		return false;
	*out_model = str_head(str_tail(path, before.n), path.n - before.n - after.n);
	return true;
}

enum err route_find(struct str method, struct str path, struct route_match *out)
{
	bool post = str_eq(method, S("POST")),
	     get = str_eq(method, S("GET")) || str_eq(method, S("HEAD"));
	bool other_method = false;

	/* LiteLLM redirects to the path without the slash at its end. */
	if (str_has_suffix(path, S("/")) && path.n > 1)
		path = str_head(path, path.n - 1);
	for (unsigned i = 0; i < ROUTES; i++) {
		struct str model = { NULL, 0 };
		if (!match(&routes[i], path, &model))
			continue;
		if (routes[i].post ? post : get) {
			*out = (struct route_match){ &routes[i], model };
			return OK;
		}
		other_method = true;
	}
	return other_method ? ERR_UNSUPPORTED : ERR_NOT_FOUND;
}

enum llm_dialect route_dialect(struct str path)
{
	if (str_has_prefix(path, S("/v1/messages")))
		return DIALECT_ANTHROPIC;
	if (str_has_prefix(path, S("/v1beta/")))
		return DIALECT_GEMINI;
	return DIALECT_OPENAI;
}
