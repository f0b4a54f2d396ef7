/*
 * llm/gemini_error.c - Google's errors: {"error":{"code","message","status","details"}}.
 * Ring 0. Input: hostile (providers').   Runs in: ingress.   Fuzz: fuzz/gemini_response_fuzz.c
 */
#include "llm/gemini.h"

#include <assert.h>

static const struct {
	struct str status;
	enum llm_error_kind kind;
} statuses[] = {
	{ SC("INVALID_ARGUMENT"), LLM_BAD_REQUEST },
	{ SC("FAILED_PRECONDITION"), LLM_BAD_REQUEST },
	{ SC("OUT_OF_RANGE"), LLM_BAD_REQUEST },       { SC("ALREADY_EXISTS"), LLM_BAD_REQUEST },
	{ SC("UNAUTHENTICATED"), LLM_AUTH },           { SC("PERMISSION_DENIED"), LLM_PERMISSION },
	{ SC("NOT_FOUND"), LLM_NOT_FOUND },            { SC("RESOURCE_EXHAUSTED"), LLM_RATE },
	{ SC("UNAVAILABLE"), LLM_OVERLOADED },         { SC("DEADLINE_EXCEEDED"), LLM_TIMEOUT },
	{ SC("CANCELLED"), LLM_SERVER },               { SC("ABORTED"), LLM_SERVER },
	{ SC("INTERNAL"), LLM_SERVER },                { SC("UNKNOWN"), LLM_SERVER },
	{ SC("UNIMPLEMENTED"), LLM_BAD_REQUEST },      { SC("DATA_LOSS"), LLM_SERVER },
};

static enum llm_error_kind kind_of(unsigned http, const struct json *status)
{
	/* The HTTP status is finer where Google has one word for several. */
	if (http == 402 || http == 413)
		return llm_error_kind_of(http);
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		bool vague = statuses[i].kind == LLM_SERVER && http >= 400 && http < 500;
		if (!vague && json_str_eq(status, statuses[i].status))
			return statuses[i].kind;
	}
	return llm_error_kind_of(http);
}

/* details are typed objects; of two the gate has a use: the reason's code and the field that is
 * wrong. */
static void read_details(const struct json *details, struct llm_error *out)
{
	if (!json_is(details, JSON_ARRAY))
		return;
	JSON_EACH_ITEM(details, it) {
		const struct json *reason = json_get(it, S("reason"));
		const struct json *list = json_get(it, S("fieldViolations"));
		bool any = json_is(list, JSON_ARRAY) && list->skip > 1;
		const struct json *first = any ? list + 1 : NULL;
		const struct json *field = json_get(first, S("field"));
		if (json_is(reason, JSON_STRING) && out->code.p == NULL)
			out->code = json_esc(reason);
		if (json_is(field, JSON_STRING) && out->param.p == NULL)
			out->param = json_esc(field);
		if (json_is(json_get(it, S("requestId")), JSON_STRING))
			out->request_id = json_esc(json_get(it, S("requestId")));
	}
}

static void refine(struct llm_error *e)
{
	bool bad = e->kind == LLM_BAD_REQUEST;

	if (bad && str_eq(e->code, S("API_KEY_INVALID")))
		e->kind = LLM_AUTH;
	if (bad && (str_find(e->message, S("exceeds the maximum number of tokens")) != SIZE_MAX ||
		    str_eq(e->code, S("context_length_exceeded")))) {
		e->kind = LLM_CONTEXT;
		e->code = S("context_length_exceeded");
	}
}

void gemini_decode_error(unsigned status, const struct json *root, struct llm_error *out,
			 struct arena *a)
{
	/* A stream without alt=sse begins as an array, an error in it too. */
	if (json_is(root, JSON_ARRAY) && root->skip > 1)
		root = root + 1;
	const struct json *error = json_get(root, S("error"));
	const struct json *message = json_get(error, S("message"));
	int64_t code = 0;

	/* An event of a stream has no status of its own. */
	if (status < 400 && json_is(json_get(error, S("code")), JSON_NUMBER) &&
	    json_i64(json_get(error, S("code")), &code) == OK && code >= 400 && code < 600)
		status = (unsigned)code;
	llm_error_set(out, kind_of(status, json_get(error, S("status"))), a,
		      S("the provider gave no message"));
	if (status >= 400)
		out->status = status;
	if (json_is(message, JSON_STRING))
		out->message = json_esc(message);
	else if (json_is(error, JSON_STRING))
		out->message = json_esc(error);
	read_details(json_get(error, S("details")), out);
	refine(out);
}

/* ---- writing ------------------------------------------------------------------------------- */

#define X(name, openai, anthropic, gemini, http) [name] = SC(gemini),
static const struct str words[LLM_ERROR_KINDS] = { LLM_ERROR_LIST(X) };
#undef X

static void open_detail(struct buf *out, struct str type)
{
	jw_obj(out);
	jw_kv_str(out, S("@type"), type);
}

static void put_details(const struct llm_error *e, struct buf *out)
{
	if (e->code.p == NULL && e->param.p == NULL && e->request_id.p == NULL)
		return;
	jw_key(out, S("details"));
	jw_arr(out);
	if (e->code.p != NULL) {
		open_detail(out, S("type.googleapis.com/google.rpc.ErrorInfo"));
		jw_kv_esc(out, S("reason"), e->code);
		jw_kv_str(out, S("domain"), S("yett"));
		jw_obj_end(out);
	}
	if (e->param.p != NULL) {
		open_detail(out, S("type.googleapis.com/google.rpc.BadRequest"));
		jw_key(out, S("fieldViolations"));
		jw_arr(out);
		jw_obj(out);
		jw_kv_esc(out, S("field"), e->param);
		jw_kv_esc(out, S("description"), e->message.p ? e->message : S(""));
		jw_obj_end(out);
		jw_arr_end(out);
		jw_obj_end(out);
	}
	if (e->request_id.p != NULL) {
		open_detail(out, S("type.googleapis.com/google.rpc.RequestInfo"));
		jw_kv_esc(out, S("requestId"), e->request_id);
		jw_obj_end(out);
	}
	jw_arr_end(out);
}

void gemini_encode_error(const struct llm_error *e, struct buf *out)
{
	assert((unsigned)e->kind < LLM_ERROR_KINDS);
	jw_obj(out);
	jw_key(out, S("error"));
	jw_obj(out);
	jw_kv_int(out, S("code"), (int64_t)e->status);
	jw_kv_esc(out, S("message"), e->message.p ? e->message : S(""));
	jw_kv_str(out, S("status"), words[e->kind]);
	put_details(e, out);
	jw_obj_end(out);
	jw_obj_end(out);
}

void gemini_encode_stream_error(const struct llm_error *e, struct buf *out)
{
	buf_add(out, S("data: "));
	gemini_encode_error(e, out);
	buf_add(out, S("\n\n"));
}
