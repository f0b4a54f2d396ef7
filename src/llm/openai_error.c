/*
 * llm/openai_error.c - error bodies of OpenAI and of those who resemble it, and ours in its shape.
 * Ring 0, pure.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_response_fuzz.c
 */
#include "llm/openai.h"

#include <assert.h>

#define COUNT(x) (sizeof(x) / sizeof(x)[0])

/* What a code or type means, before the status is asked. */
static const struct {
	struct str word;
	enum llm_error_kind kind;
} codes[] = {
	{ SC("context_length_exceeded"), LLM_CONTEXT },
	{ SC("exceed_context_size_error"), LLM_CONTEXT }, /* llama.cpp */
	{ SC("content_filter"), LLM_CONTENT },
	{ SC("content_policy_violation"), LLM_CONTENT },
	{ SC("insufficient_quota"), LLM_BILLING },
	{ SC("billing_not_active"), LLM_BILLING },
	{ SC("invalid_api_key"), LLM_AUTH },
	{ SC("authentication_error"), LLM_AUTH },
	{ SC("permission_error"), LLM_PERMISSION },
	{ SC("model_not_found"), LLM_NOT_FOUND },
	{ SC("not_found_error"), LLM_NOT_FOUND },
	{ SC("rate_limit_exceeded"), LLM_RATE },
	{ SC("rate_limit_error"), LLM_RATE },
	{ SC("overloaded_error"), LLM_OVERLOADED },
	{ SC("unavailable_error"), LLM_OVERLOADED },
	{ SC("timeout_error"), LLM_TIMEOUT },
	{ SC("server_error"), LLM_SERVER },
	{ SC("invalid_request_error"), LLM_BAD_REQUEST },
};

/* Servers that have no code for a full context say it in words. */
static const struct str context_words[] = {
	SC("maximum context length"), SC("context window"),
	SC("context size"), SC("context length"),
};

static bool find_code(const struct json *v, enum llm_error_kind *out)
{
	for (size_t i = 0; i < COUNT(codes); i++) {
		if (!json_str_eq(v, codes[i].word))
			continue;
		*out = codes[i].kind;
		return true;
	}
	return false;
}

static enum llm_error_kind classify(unsigned status, const struct json *v, struct str message)
{
	enum llm_error_kind kind = llm_error_kind_of(status), said = kind;

	if (find_code(json_get(v, S("code")), &said))
		return said;
	for (size_t i = 0; i < COUNT(context_words) && status == 400; i++)
		if (str_find(message, context_words[i]) != SIZE_MAX)
			return LLM_CONTEXT;
	/* A type is vaguer than most statuses: it speaks where the status says little, and of 429
	 * it says only whether waiting helps. */
	if ((status < 400 || status == 429) && find_code(json_get(v, S("type")), &said) &&
	    (status < 400 || said == LLM_BILLING))
		return said;
	return kind;
}

#define X(name, openai, anthropic, gemini, http) { SC(openai), http },
static const struct {
	struct str type;
	unsigned http;
} words[LLM_ERROR_KINDS] = { LLM_ERROR_LIST(X) };
#undef X

void oa_error_object(unsigned status, const struct json *root, struct llm_error *out,
		     struct arena *a)
{
	const struct json *v = json_get(root, S("error")), *message, *code;
	int64_t number = 0;

	if (oa_is_null(v))
		v = root; /* vLLM of old and FastAPI put it at the top */
	message = json_is(v, JSON_STRING) ? v : json_get(v, S("message"));
	if (!json_is(message, JSON_STRING))
		message = json_get(v, S("detail"));
	if (json_is(message, JSON_ARRAY) && json_count(message) > 0)
		message = json_get(message + 1, S("msg")); /* FastAPI's own, of the first fault */
	code = json_get(v, S("code"));
	/* OpenRouter and vLLM: inside a stream the status is the code. */
	if (status < 400 && json_is(code, JSON_NUMBER) && json_i64(code, &number) == OK &&
	    number >= 400 && number < 600)
		status = (unsigned)number;
	struct str text = json_esc(message);
	enum llm_error_kind kind = classify(status, v, text);
	llm_error_set(out, kind, a, S("the provider gave no reason"));
	if (text.n)
		out->message = text;
	out->code = oa_esc_or_null(code);
	out->param = oa_esc_or_null(json_get(v, S("param")));
	out->status = status >= 400 ? status : words[kind].http;
}

bool oa_is_error(const struct json *root)
{
	return !oa_is_null(json_get(root, S("error"))) ||
	       json_str_eq(json_get(root, S("object")), S("error")) ||
	       json_str_eq(json_get(root, S("type")), S("error"));
}

void openai_decode_error(unsigned status, const struct json *root, struct llm_error *out,
			 struct arena *a)
{
	oa_error_object(status, root, out, a);
}

/* ---- ours ---------------------------------------------------------------------------------- */

/* The codes that clients test for. */
static struct str default_code(enum llm_error_kind kind)
{
	static const struct str defaults[LLM_ERROR_KINDS] = {
		[LLM_AUTH] = SC("invalid_api_key"),
		[LLM_BUDGET] = SC("budget_exceeded"),
		[LLM_BILLING] = SC("insufficient_quota"),
		[LLM_NOT_FOUND] = SC("model_not_found"),
		[LLM_RATE] = SC("rate_limit_exceeded"),
		[LLM_CONTEXT] = SC("context_length_exceeded"),
		[LLM_CONTENT] = SC("content_policy_violation"),
	};

	return defaults[kind];
}

static void write_or_null(struct buf *b, struct str name, struct str esc)
{
	if (esc.p)
		jw_kv_esc(b, name, esc);
	else
		jw_kv_raw(b, name, S("null"));
}

void openai_encode_error(const struct llm_error *e, struct buf *out)
{
	assert((unsigned)e->kind < LLM_ERROR_KINDS);
	jw_obj(out);
	jw_key(out, S("error"));
	jw_obj(out);
	jw_kv_esc(out, S("message"), e->message);
	jw_kv_str(out, S("type"), words[e->kind].type);
	write_or_null(out, S("param"), e->param);
	write_or_null(out, S("code"), e->code.p ? e->code : default_code(e->kind));
	jw_obj_end(out);
	jw_obj_end(out);
}

void openai_encode_stream_error(const struct llm_error *e, struct buf *out)
{
	buf_add(out, S("data: "));
	openai_encode_error(e, out);
	buf_add(out, S("\n\n"));
}
