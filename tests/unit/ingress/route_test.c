/* tests/unit/ingress/route_test.c */
#include "ingress/route.h"

#include "../check.h"

static enum endpoint find(const char *method, const char *path, const char *model)
{
	struct route_match m;

	if (route_find(str_z(method), str_z(path), &m) != OK)
		return EP_COUNT;
	if (model)
		CHECK_STR(m.model, str_z(model));
	return m.route->endpoint;
}

CASE(paths)
{
	CHECK(find("POST", "/v1/chat/completions", NULL) == EP_CHAT);
	CHECK(find("POST", "/chat/completions", NULL) == EP_CHAT);
	CHECK(find("POST", "/v1/chat/completions/", NULL) == EP_CHAT);
	CHECK(find("GET", "/v1/models/", NULL) == EP_MODELS);
	CHECK(find("POST", "/engines/gpt-4o/chat/completions", "gpt-4o") == EP_CHAT);
	CHECK(find("POST", "/openai/deployments/a/b/chat/completions", "a/b") == EP_CHAT);
	CHECK(find("POST", "/v1/messages", NULL) == EP_MESSAGES);
	CHECK(find("POST", "/v1/messages/count_tokens", NULL) == EP_COUNT_TOKENS);
	CHECK(find("POST", "/v1beta/models/gemini-2.0:generateContent", "gemini-2.0") == EP_GENERATE);
	CHECK(find("POST", "/v1beta/models/x/y:streamGenerateContent", "x/y") == EP_STREAM_GENERATE);
	CHECK(find("POST", "/v1beta/models/g:countTokens", "g") == EP_GEMINI_COUNT);
	CHECK(find("POST", "/v1/models/g:generateContent", "g") == EP_GENERATE);
	CHECK(find("POST", "/v1/models/x/y:streamGenerateContent", "x/y") == EP_STREAM_GENERATE);
	CHECK(find("POST", "/v1/models/g:countTokens", "g") == EP_GEMINI_COUNT);
	CHECK(find("GET", "/v1/models/openai/gpt", "openai/gpt") == EP_MODEL);
	CHECK(find("HEAD", "/health/liveliness", NULL) == EP_LIVE);
	CHECK(find("POST", "/key/generate", NULL) == EP_ADMIN);
}

CASE(not_paths)
{
	struct route_match m;

	CHECK(route_find(S("POST"), S("/v1/chat/completions//"), &m) == ERR_NOT_FOUND);
	CHECK(route_find(S("GET"), S("/"), &m) == ERR_NOT_FOUND);
	CHECK(route_find(S("POST"), S("/V1/chat/completions"), &m) == ERR_NOT_FOUND);
	CHECK(route_find(S("POST"), S("/v1beta/models/:generateContent"), &m) == ERR_UNSUPPORTED);
	CHECK(route_find(S("GET"), S("/v1/chat/completions"), &m) == ERR_UNSUPPORTED);
	CHECK(route_find(S("DELETE"), S("/v1/models"), &m) == ERR_UNSUPPORTED);
	CHECK(route_find(S("POST"), S(""), &m) == ERR_NOT_FOUND);
}

TESTS(CASE_ROW(paths), CASE_ROW(not_paths))
