/*
 * llm/openai_request.c - a chat completion request becomes the neutral one: a table of its fields.
 * Ring 0, pure. Strict about types, null means absent, what has no place becomes an extra.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_request_fuzz.c
 */
#include "llm/openai.h"

#include <stddef.h>
#include <string.h>

#define COUNT(x) (sizeof(x) / sizeof(x)[0])

/* ---- reading values ------------------------------------------------------------------------ */

enum err oa_bad(const struct oa_reader *rd, const char *field, const char *what)
{
	return diag_param(rd->diag, ERR_SYNTAX, str_z(field), "'%s' must be %s", field, what);
}

bool oa_is_null(const struct json *v)
{
	return v == NULL || json_is(v, JSON_NULL);
}

struct str oa_esc_or_null(const struct json *v)
{
	return json_is(v, JSON_STRING) ? json_esc(v) : (struct str){ NULL, 0 };
}

struct str oa_plain_esc(struct arena *a, const struct json *v)
{
	return llm_plain_esc(a, oa_esc_or_null(v));
}

int oa_word(const struct json *v, const struct str *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (json_str_eq(v, words[i]))
			return (int)i;
	return -1;
}

static struct str join(struct arena *a, struct str head, struct str tail)
{
	char *p = arena_alloc(a, head.n + tail.n + 1, 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	if (head.n)
		memcpy(p, head.p, head.n);
	if (tail.n)
		memcpy(p + head.n, tail.p, tail.n);
	return (struct str){ p, head.n + tail.n };
}

enum err oa_extra(struct oa_reader *rd, const char *prefix, const struct json *key)
{
	if (oa_is_null(key + 1))
		return OK;
	struct str name = json_str(rd->arena, key);
	if (name.p != NULL)
		name = join(rd->arena, str_z(prefix), name);
	if (name.p == NULL)
		return ERR_NOMEM;
	return llm_extra_add(rd->arena, rd->extras, name, json_raw(key + 1));
}

/* ---- setters: one for each type of field --------------------------------------------------- */

struct field {
	const char *name;
	enum err (*set)(struct oa_reader *, const struct field *, const struct json *);
	size_t at; /* of the member of struct llm_request */
};

static void *member(struct oa_reader *rd, const struct field *f)
{
	return (char *)rd->req + f->at;
}

static enum err set_esc(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	if (!json_is(v, JSON_STRING))
		return oa_bad(rd, f->name, "a string");
	*(struct str *)member(rd, f) = json_esc(v);
	return OK;
}

static enum err set_number(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	if (!json_is(v, JSON_NUMBER))
		return oa_bad(rd, f->name, "a number");
	*(struct str *)member(rd, f) = json_raw(v);
	return OK;
}

static enum err set_count(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	int64_t n = 0;

	if (!json_is(v, JSON_NUMBER) || json_i64(v, &n) != OK || n < 0)
		return oa_bad(rd, f->name, "a whole number that is not negative");
	*(int64_t *)member(rd, f) = n;
	return OK;
}

static enum err set_tri(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	if (!json_is(v, JSON_TRUE) && !json_is(v, JSON_FALSE))
		return oa_bad(rd, f->name, "true or false");
	*(enum llm_tri *)member(rd, f) = json_bool(v) ? TRI_YES : TRI_NO;
	return OK;
}

static enum err set_bool(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	if (!json_is(v, JSON_TRUE) && !json_is(v, JSON_FALSE))
		return oa_bad(rd, f->name, "true or false");
	*(bool *)member(rd, f) = json_bool(v);
	return OK;
}

static enum err set_object(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	if (!json_is(v, JSON_OBJECT))
		return oa_bad(rd, f->name, "an object");
	if (json_count(v) > 0)
		*(struct str *)member(rd, f) = json_raw(v);
	return OK;
}

static enum err set_effort(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	TRY(set_esc(rd, f, v));
	if (!json_str_eq(v, S("none")))
		rd->req->thinking_shown = TRI_YES;
	return OK;
}

static enum err set_stop(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	if (json_is(v, JSON_STRING))
		return llm_str_add(rd->arena, &rd->req->stop, json_esc(v));
	if (!json_is(v, JSON_ARRAY))
		return oa_bad(rd, f->name, "a string or an array of strings");
	JSON_EACH_ITEM (v, it) {
		if (!json_is(it, JSON_STRING))
			return oa_bad(rd, f->name, "a string or an array of strings");
		TRY(llm_str_add(rd->arena, &rd->req->stop, json_esc(it)));
	}
	return OK;
}

static enum err set_stream_options(struct oa_reader *rd, const struct field *f,
				   const struct json *v)
{
	if (!json_is(v, JSON_OBJECT))
		return oa_bad(rd, f->name, "an object");
	JSON_EACH_MEMBER (v, key) {
		if (json_str_eq(key, S("include_usage")))
			rd->req->include_usage = json_bool(key + 1);
		else
			TRY(oa_extra(rd, "stream_options.", key));
	}
	return OK;
}

/* LiteLLM's field: Anthropic's thinking, said in an OpenAI request. */
static enum err set_thinking(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	static const struct str words[] = { SC("disabled"), SC("enabled"), SC("adaptive") };
	static const struct str displays[] = { SC("omitted"), SC("summarized") };
	int kind = oa_word(json_get(v, S("type")), words, COUNT(words));
	const struct json *budget = json_get(v, S("budget_tokens"));

	(void)f;
	if (kind < 0)
		return oa_bad(rd, "thinking.type", "enabled, disabled or adaptive");
	rd->req->thinking_budget = kind ? -2 : 0;
	rd->req->thinking_shown = kind ? TRI_YES : TRI_NO;
	if (kind == 1 && !oa_is_null(budget) &&
	    (json_i64(budget, &rd->req->thinking_budget) != OK || rd->req->thinking_budget < 0))
		return oa_bad(rd, "thinking.budget_tokens", "a whole number that is not negative");
	JSON_EACH_MEMBER (v, key) {
		int shown = json_str_eq(key, S("display"))
				    ? oa_word(key + 1, displays, COUNT(displays)) : -1;
		if (shown >= 0)
			rd->req->thinking_shown = shown ? TRI_YES : TRI_NO;
		else if (!json_str_eq(key, S("type")) && !json_str_eq(key, S("budget_tokens")))
			TRY(oa_extra(rd, "thinking.", key));
	}
	return OK;
}

static enum err set_schema(struct oa_reader *rd, const struct json *v)
{
	struct llm_request *r = rd->req;

	if (!json_is(v, JSON_OBJECT))
		return oa_bad(rd, "response_format.json_schema", "an object");
	r->format = FORMAT_SCHEMA;
	JSON_EACH_MEMBER (v, key) {
		const struct json *it = key + 1;
		if (json_str_eq(key, S("name")))
			r->format_name = oa_esc_or_null(it);
		else if (json_str_eq(key, S("description")))
			r->format_description = oa_esc_or_null(it);
		else if (json_str_eq(key, S("schema")) && json_is(it, JSON_OBJECT))
			r->format_schema = json_raw(it);
		else if (json_str_eq(key, S("strict")) && !oa_is_null(it))
			r->format_strict = json_bool(it) ? TRI_YES : TRI_NO;
		else
			TRY(oa_extra(rd, "response_format.json_schema.", key));
	}
	return OK;
}

/* LiteLLM's clients put a schema beside json_object, too. */
static enum err set_object_format(struct oa_reader *rd, const struct json *v)
{
	rd->req->format = FORMAT_JSON;
	JSON_EACH_MEMBER (v, key) {
		if (json_str_eq(key, S("response_schema")) && json_is(key + 1, JSON_OBJECT)) {
			rd->req->format = FORMAT_SCHEMA;
			rd->req->format_schema = json_raw(key + 1);
		} else if (!json_str_eq(key, S("type"))) {
			TRY(oa_extra(rd, "response_format.", key));
		}
	}
	return OK;
}

static enum err set_format(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	static const struct str words[] = { SC("text"), SC("json_object"), SC("json_schema") };

	(void)f;
	switch (oa_word(json_get(v, S("type")), words, COUNT(words))) {
	case 0:
		rd->req->format = FORMAT_TEXT;
		return OK;
	case 1:
		return set_object_format(rd, v);
	case 2:
		return set_schema(rd, json_get(v, S("json_schema")));
	default:
		return oa_bad(rd, "response_format.type", "text, json_object or json_schema");
	}
}

/* ---- tools --------------------------------------------------------------------------------- */

static enum err read_function(struct oa_reader *rd, const struct json *fn, struct llm_tool *t)
{
	if (json_esc(json_get(fn, S("name"))).n == 0)
		return oa_bad(rd, "tools.function.name", "a function's name");
	JSON_EACH_MEMBER (fn, key) {
		const struct json *v = key + 1;
		if (json_str_eq(key, S("name")))
			t->name = json_esc(v);
		else if (json_str_eq(key, S("description")))
			t->description = oa_esc_or_null(v);
		else if (json_str_eq(key, S("parameters")) && json_is(v, JSON_OBJECT))
			t->schema = json_raw(v);
		else if (json_str_eq(key, S("strict")) && !oa_is_null(v))
			t->strict = json_bool(v) ? TRI_YES : TRI_NO;
		else if (json_str_eq(key, S("cache_control")) && json_is(v, JSON_OBJECT))
			t->cache = json_raw(v);
		else
			TRY(oa_extra(rd, "tools.function.", key));
	}
	return OK;
}

static enum err read_tool(struct oa_reader *rd, const struct json *v)
{
	const struct json *type = json_get(v, S("type"));
	struct llm_tool *t = llm_tool_add(rd->arena, &rd->req->tools);

	if (t == NULL)
		return ERR_NOMEM;
	if (!json_is(v, JSON_OBJECT))
		return oa_bad(rd, "tools", "an array of objects");
	t->origin = DIALECT_OPENAI;
	/* LiteLLM's clients ask for Google's tools as Google does: {"googleSearch":{}}. */
	if (type == NULL && json_count(v) == 1 && json_get(v, S("function")) == NULL)
		type = v + 1;
	if (type != NULL && !json_str_eq(type, S("function"))) {
		if (!json_is(type, JSON_STRING))
			return oa_bad(rd, "tools.type", "a string");
		t->name = json_esc(type);
		t->raw = json_raw(v);
		return OK;
	}
	TRY(read_function(rd, json_get(v, S("function")), t));
	JSON_EACH_MEMBER (v, key) {
		if (json_str_eq(key, S("cache_control")) && json_is(key + 1, JSON_OBJECT))
			t->cache = json_raw(key + 1);
		else if (!json_str_eq(key, S("type")) && !json_str_eq(key, S("function")))
			TRY(oa_extra(rd, "tools.", key));
	}
	return OK;
}

static enum err set_tools(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	if (!json_is(v, JSON_ARRAY))
		return oa_bad(rd, f->name, "an array");
	JSON_EACH_ITEM (v, it)
		TRY(read_tool(rd, it));
	return OK;
}

/* The form of 2023: functions instead of tools. */
static enum err set_functions(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	if (!json_is(v, JSON_ARRAY))
		return oa_bad(rd, f->name, "an array");
	JSON_EACH_ITEM (v, it) {
		struct llm_tool *t = llm_tool_add(rd->arena, &rd->req->tools);
		if (t == NULL)
			return ERR_NOMEM;
		t->origin = DIALECT_OPENAI;
		TRY(read_function(rd, it, t));
	}
	return OK;
}

static enum err choose_named(struct oa_reader *rd, const struct json *name)
{
	if (!json_is(name, JSON_STRING))
		return oa_bad(rd, "tool_choice.function.name", "a string");
	rd->req->choice = CHOICE_NAMED;
	return llm_str_add(rd->arena, &rd->req->choice_names, json_esc(name));
}

/* A choice that is free within a subset has no word in the neutral model: it stays an extra. */
static enum err choose_allowed(struct oa_reader *rd, const struct json *allowed)
{
	const struct json *tools = json_get(allowed, S("tools"));

	if (!json_is(tools, JSON_ARRAY) || json_count(tools) == 0)
		return oa_bad(rd, "tool_choice.allowed_tools.tools", "an array that is not empty");
	if (!json_str_eq(json_get(allowed, S("mode")), S("required"))) {
		rd->req->choice = CHOICE_AUTO;
		return llm_extra_add(rd->arena, rd->extras, S("tool_choice.allowed_tools"),
				     json_raw(allowed));
	}
	JSON_EACH_ITEM (tools, it)
		TRY(choose_named(rd, json_get(json_get(it, S("function")), S("name"))));
	return OK;
}

static enum err set_choice(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	static const struct str words[] = { SC("none"), SC("auto"), SC("required"), SC("any") };
	static const enum llm_choice means[] = { CHOICE_NONE, CHOICE_AUTO, CHOICE_REQUIRED,
						 CHOICE_REQUIRED };
	static const struct str kinds[] = { SC("function"), SC("allowed_tools") };
	/* Some clients wrap a word as they wrap a function: {"type":"auto"}. */
	int word = oa_word(json_is(v, JSON_OBJECT) ? json_get(v, S("type")) : v, words,
			   COUNT(words));

	(void)f;
	if (word >= 0) {
		rd->req->choice = means[word];
		return OK;
	}
	if (!json_is(v, JSON_OBJECT))
		return oa_bad(rd, "tool_choice", "none, auto, required or an object");
	switch (oa_word(json_get(v, S("type")), kinds, COUNT(kinds))) {
	case 0:
		return choose_named(rd, json_get(json_get(v, S("function")), S("name")));
	case 1:
		return choose_allowed(rd, json_get(v, S("allowed_tools")));
	default:
		return llm_extra_add(rd->arena, rd->extras, S("tool_choice"), json_raw(v));
	}
}

static enum err set_function_call(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	if (json_is(v, JSON_OBJECT))
		return choose_named(rd, json_get(v, S("name")));
	return set_choice(rd, f, v);
}

/* ---- the table ----------------------------------------------------------------------------- */

static enum err set_messages(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	(void)f;
	return oa_messages(rd, v);
}

/* max_completion_tokens is the name of today and wins: the older one never replaces a value. */
static enum err set_max(struct oa_reader *rd, const struct field *f, const struct json *v)
{
	int64_t before = rd->req->max_tokens;

	TRY(set_count(rd, f, v));
	if (before >= 0 && strcmp(f->name, "max_tokens") == 0)
		rd->req->max_tokens = before;
	return OK;
}

#define AT(m) offsetof(struct llm_request, m)
static const struct field fields[] = {
	{ "model", set_esc, AT(model) },
	{ "messages", set_messages, 0 },
	{ "tools", set_tools, 0 },
	{ "tool_choice", set_choice, 0 },
	{ "parallel_tool_calls", set_tri, AT(parallel) },
	{ "functions", set_functions, 0 },
	{ "function_call", set_function_call, 0 },
	{ "max_completion_tokens", set_max, AT(max_tokens) },
	{ "max_tokens", set_max, AT(max_tokens) },
	{ "n", set_count, AT(n) },
	{ "temperature", set_number, AT(temperature) },
	{ "top_p", set_number, AT(top_p) },
	{ "top_k", set_number, AT(top_k) },
	{ "frequency_penalty", set_number, AT(frequency_penalty) },
	{ "presence_penalty", set_number, AT(presence_penalty) },
	{ "seed", set_number, AT(seed) },
	{ "stop", set_stop, 0 },
	{ "logprobs", set_tri, AT(logprobs) },
	{ "top_logprobs", set_count, AT(top_logprobs) },
	{ "logit_bias", set_object, AT(logit_bias) },
	{ "response_format", set_format, 0 },
	{ "reasoning_effort", set_effort, AT(effort) },
	{ "thinking", set_thinking, 0 },
	{ "stream", set_bool, AT(stream) },
	{ "stream_options", set_stream_options, 0 },
	{ "user", set_esc, AT(user) },
	{ "service_tier", set_esc, AT(service_tier) },
	{ "metadata", set_object, AT(metadata) },
};

/* Extras that say what holds anyway. */
static bool is_default(const struct json *key)
{
	const struct json *v = key + 1;

	if (json_str_eq(key, S("store")))
		return json_is(v, JSON_FALSE);
	return json_str_eq(key, S("modalities")) && json_is(v, JSON_ARRAY) && json_count(v) == 1 &&
	       json_str_eq(v + 1, S("text"));
}

static enum err read_member(struct oa_reader *rd, const struct json *key)
{
	if (oa_is_null(key + 1))
		return OK;
	for (size_t i = 0; i < COUNT(fields); i++)
		if (json_str_eq(key, str_z(fields[i].name)))
			return fields[i].set(rd, &fields[i], key + 1);
	return is_default(key) ? OK : oa_extra(rd, "", key);
}

enum err openai_decode_request(const struct json *root, struct llm_request *out, struct arena *a,
			       struct diag *d)
{
	struct oa_reader rd = { .arena = a, .diag = d, .req = out, .extras = &out->extras };

	llm_request_init(out, DIALECT_OPENAI);
	if (!json_is(root, JSON_OBJECT))
		return diag_set(d, ERR_SYNTAX, "the body must be an object");
	JSON_EACH_MEMBER (root, key)
		TRY(read_member(&rd, key));
	if (out->model.n == 0)
		return oa_bad(&rd, "model", "a string that is not empty");
	if (!json_is(json_get(root, S("messages")), JSON_ARRAY))
		return oa_bad(&rd, "messages", "an array");
	return OK;
}
