/*
 * llm/anthropic_error.c - errors of the Messages API, classified and written.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/anthropic_stream_fuzz.c
 */
#include "llm/anthropic.h"

#include <assert.h>

static const struct {
	struct str type;
	enum llm_error_kind kind;
} types[] = {
	{ SC("invalid_request_error"), LLM_BAD_REQUEST },
	{ SC("authentication_error"), LLM_AUTH },
	{ SC("billing_error"), LLM_BILLING },
	{ SC("permission_error"), LLM_PERMISSION },
	{ SC("not_found_error"), LLM_NOT_FOUND },
	{ SC("request_too_large"), LLM_TOO_LARGE },
	{ SC("rate_limit_error"), LLM_RATE },
	{ SC("timeout_error"), LLM_TIMEOUT },
	{ SC("api_error"), LLM_SERVER },
	{ SC("overloaded_error"), LLM_OVERLOADED },
};

/* What this provider answers with: overload has a status of its own. */
static const unsigned status_of[LLM_ERROR_KINDS] = {
	[LLM_BAD_REQUEST] = 400, [LLM_AUTH] = 401,      [LLM_BUDGET] = 429,   [LLM_BILLING] = 402,
	[LLM_PERMISSION] = 403,  [LLM_NOT_FOUND] = 404, [LLM_TOO_LARGE] = 413, [LLM_RATE] = 429,
	[LLM_CONTEXT] = 400,     [LLM_CONTENT] = 400,   [LLM_SERVER] = 500,   [LLM_UPSTREAM] = 502,
	[LLM_OVERLOADED] = 529,  [LLM_TIMEOUT] = 504,
};

static const struct {
	struct str words;
	enum llm_error_kind kind;
	struct str code;
} hints[] = {
	{ SC("prompt is too long"), LLM_CONTEXT, SC("context_length_exceeded") },
	{ SC("exceed context limit"), LLM_CONTEXT, SC("context_length_exceeded") },
	{ SC("exceeds the context"), LLM_CONTEXT, SC("context_length_exceeded") },
	{ SC("credit balance is too low"), LLM_BILLING, SC("insufficient_quota") },
	{ SC("content filtering policy"), LLM_CONTENT, SC("content_filter") },
};

void anthropic_decode_error(unsigned status, const struct json *root, struct llm_error *out,
			    struct arena *a)
{
	const struct json *e = json_get(root, S("error"));
	const struct json *message = json_get(e, S("message"));
	const struct json *type = json_get(e, S("type"));
	const struct json *id = json_get(root, S("request_id"));

	(void)a;
	*out = (struct llm_error){ .kind = llm_error_kind_of(status),
				   .message = S("the provider failed") };
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		/* Imitations say api_error beside any status. */
		bool vague = types[i].kind == LLM_SERVER && status >= 400 && status < 500;
		if (!vague && json_str_eq(type, types[i].type))
			out->kind = types[i].kind;
	}
	if (json_is(message, JSON_STRING))
		out->message = json_esc(message);
	else if (json_is(e, JSON_STRING))
		out->message = json_esc(e);
	else if (json_is(json_get(root, S("message")), JSON_STRING))
		out->message = json_esc(json_get(root, S("message")));
	if (json_is(id, JSON_STRING))
		out->request_id = json_esc(id);
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
		bool said = str_find(out->message, hints[i].words) != SIZE_MAX;
		if (out->kind != LLM_BAD_REQUEST || !said)
			continue;
		out->kind = hints[i].kind;
		out->code = hints[i].code;
	}
	out->status = status ? status : status_of[out->kind];
}

#define X(name, openai, anthropic, gemini, http) [name] = SC(anthropic),
static const struct str words[LLM_ERROR_KINDS] = { LLM_ERROR_LIST(X) };
#undef X

void anthropic_encode_error(const struct llm_error *e, struct buf *out)
{
	assert((unsigned)e->kind < LLM_ERROR_KINDS);
	jw_obj(out);
	jw_kv_str(out, S("type"), S("error"));
	jw_key(out, S("error"));
	jw_obj(out);
	jw_kv_str(out, S("type"), words[e->kind]);
	jw_kv_esc(out, S("message"), e->message);
	jw_obj_end(out);
	jw_key(out, S("request_id"));
	if (e->request_id.n)
		jw_esc(out, e->request_id);
	else
		jw_null(out);
	jw_obj_end(out);
}

void anthropic_encode_stream_error(const struct llm_error *e, struct buf *out)
{
	buf_add(out, S("event: error\ndata: "));
	anthropic_encode_error(e, out);
	buf_add(out, S("\n\n"));
}
