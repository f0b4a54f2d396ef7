/*
 * llm/gemini_request.c - a generateContent request becomes a neutral one.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/gemini_request_fuzz.c
 */
#include "llm/gemini.h"

#include <assert.h>

static const struct str none = { NULL, 0 };

/* ---- tools --------------------------------------------------------------------------------- */

struct declaration {
	struct str name, description;
	const struct json *parameters, *schema;
};

/* The response's schema tells the model what to expect and has no counterpart; it changes no
 * call. */
static const struct llm_field declaration_rows[] = {
	LLM_FIELD(declaration, name, "name", FIELD_ESC),
	LLM_FIELD(declaration, description, "description", FIELD_ESC),
	LLM_FIELD(declaration, parameters, "parameters", FIELD_OBJ),
	LLM_FIELD(declaration, schema, "parametersJsonSchema", FIELD_OBJ),
};

static enum err read_declaration(const struct llm_at *at, const struct json *v,
				 struct llm_request *out)
{
	struct declaration d = { none, none, NULL, NULL };

	TRY(LLM_READ(at, v, declaration_rows, &d));
	if (d.name.n == 0)
		return llm_bad(at, S("name"), "a function's name");
	if (d.parameters != NULL && d.schema != NULL)
		return llm_bad(at, S("parameters"), "absent beside parametersJsonSchema");
	struct llm_tool *tool = llm_tool_add(at->a, &out->tools);
	if (tool == NULL)
		return ERR_NOMEM;
	tool->origin = DIALECT_GEMINI;
	tool->name = d.name;
	tool->description = d.description;
	if (d.schema != NULL)
		tool->schema = json_raw(d.schema);
	if (d.parameters == NULL)
		return OK;
	enum err e = gemini_schema(at->a, d.parameters, &tool->schema);
	return e == ERR_SYNTAX ? llm_bad(at, S("parameters"), "spelled in one way only") : e;
}

static enum err read_builtin(const struct llm_at *at, const struct json *key,
			     struct llm_request *out)
{
	struct buf b;
	size_t room = (size_t)key->n + key[1].n + 16;
	struct llm_tool *tool = llm_tool_add(at->a, &out->tools);
	char *p = tool ? arena_alloc(at->a, room, 1) : NULL;

	if (p == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, p, room);
	jw_obj(&b);
	jw_esc(&b, json_esc(key));
	buf_addc(&b, ':');
	jw_raw(&b, json_raw(key + 1));
	jw_obj_end(&b);
	tool->origin = DIALECT_GEMINI;
	tool->name = json_esc(key);
	tool->raw = buf_str(&b);
	return b.err;
}

static enum err read_tool(const struct llm_at *at, const struct json *v, struct llm_request *out)
{
	const struct json *list = NULL;
	static const struct str spellings[] =
		{ SC("functionDeclarations"), SC("function_declarations") };

	if (v->type != JSON_OBJECT)
		return llm_bad(at, S("*"), "an object");
	JSON_EACH_MEMBER(v, key) {
		bool declares = json_str_eq(key, spellings[0]) || json_str_eq(key, spellings[1]);
		if (key[1].type == JSON_NULL)
			continue;
		if (!declares) {
			TRY(read_builtin(at, key, out));
			continue;
		}
		if (list != NULL)
			return llm_bad(at, spellings[0], "spelled in one way only");
		list = key + 1;
		if (list->type != JSON_ARRAY)
			return llm_bad(at, spellings[0], "an array");
		struct llm_at under = llm_under(at, S("tools.functionDeclarations."));
		JSON_EACH_ITEM(list, it)
			TRY(read_declaration(&under, it, out));
	}
	return OK;
}

struct calling {
	struct str mode;
	const struct json *names;
};

static const struct llm_field calling_rows[] = {
	LLM_FIELD(calling, mode, "mode", FIELD_ESC),
	LLM_FIELD(calling, names, "allowedFunctionNames", FIELD_LIST),
};

static const struct llm_field tool_config_rows[] = {
	{ SC("functionCallingConfig"), FIELD_OBJ, 0 },
};

static enum err read_names(const struct llm_at *at, const struct json *list, struct llm_str **out)
{
	JSON_EACH_ITEM(list, it) {
		if (it->type != JSON_STRING)
			return llm_bad(at, S("allowedFunctionNames"), "an array of strings");
		TRY(llm_str_add(at->a, out, json_esc(it)));
	}
	return OK;
}

static enum err read_calling(const struct llm_at *at, const struct json *v, struct llm_request *out)
{
	struct calling c = { none, NULL };

	TRY(LLM_READ(at, v, calling_rows, &c));
	bool any = str_eq(c.mode, S("ANY"));
	bool validated = str_eq(c.mode, S("VALIDATED"));
	if (any)
		out->choice = CHOICE_REQUIRED;
	else if (str_eq(c.mode, S("NONE")))
		out->choice = CHOICE_NONE;
	else if (validated || c.mode.n == 0 || str_eq(c.mode, S("AUTO")) ||
		 str_eq(c.mode, S("MODE_UNSPECIFIED")))
		out->choice = CHOICE_AUTO;
	else
		return llm_bad(at, S("mode"), "one of AUTO, ANY, NONE, VALIDATED");
	/* VALIDATED promises that arguments keep to the schema: what a strict tool is elsewhere. */
	for (struct llm_tool *t = out->tools; t != NULL && validated; t = t->next)
		t->strict = t->raw.p ? TRI_UNSET : TRI_YES;
	if (c.names == NULL || c.names->skip == 1)
		return OK;
	if (!any)
		return llm_unknown(at, S("allowedFunctionNames"), json_raw(c.names));
	out->choice = CHOICE_NAMED;
	return read_names(at, c.names, &out->choice_names);
}

enum err gemini_decode_tools(const struct llm_at *at, const struct json *tools,
			     const struct json *config, struct llm_request *out)
{
	struct llm_at under = llm_under(at, S("tools."));
	const struct json *calling = NULL;

	if (tools != NULL)
		JSON_EACH_ITEM(tools, it)
			TRY(read_tool(&under, it, out));
	if (config == NULL)
		return OK;
	under = llm_under(at, S("toolConfig."));
	TRY(LLM_READ(&under, config, tool_config_rows, &calling));
	under = llm_under(at, S("toolConfig.functionCallingConfig."));
	return calling ? read_calling(&under, calling, out) : OK;
}

/* ---- generationConfig ---------------------------------------------------------------------- */

struct config {
	struct str temperature, top_p, top_k, seed, presence, frequency, mime;
	const struct json *stop, *thinking, *schema, *json_schema, *modalities;
	int64_t max_tokens, n, top_logprobs;
	enum llm_tri logprobs;
};

static const struct llm_field config_rows[] = {
	LLM_FIELD(config, temperature, "temperature", FIELD_NUM),
	LLM_FIELD(config, top_p, "topP", FIELD_NUM),
	LLM_FIELD(config, top_k, "topK", FIELD_NUM),
	LLM_FIELD(config, seed, "seed", FIELD_NUM),
	LLM_FIELD(config, presence, "presencePenalty", FIELD_NUM),
	LLM_FIELD(config, frequency, "frequencyPenalty", FIELD_NUM),
	LLM_FIELD(config, max_tokens, "maxOutputTokens", FIELD_INT),
	LLM_FIELD(config, n, "candidateCount", FIELD_INT),
	LLM_FIELD(config, stop, "stopSequences", FIELD_LIST),
	LLM_FIELD(config, logprobs, "responseLogprobs", FIELD_TRI),
	LLM_FIELD(config, top_logprobs, "logprobs", FIELD_INT),
	LLM_FIELD(config, mime, "responseMimeType", FIELD_ESC),
	LLM_FIELD(config, schema, "responseSchema", FIELD_OBJ),
	LLM_FIELD(config, json_schema, "responseJsonSchema", FIELD_OBJ),
	LLM_FIELD(config, thinking, "thinkingConfig", FIELD_OBJ),
	LLM_FIELD(config, modalities, "responseModalities", FIELD_LIST),
};

struct thinking {
	int64_t budget;
	struct str level;
	enum llm_tri shown;
};

static const struct llm_field thinking_rows[] = {
	LLM_FIELD(thinking, budget, "thinkingBudget", FIELD_INT),
	LLM_FIELD(thinking, level, "thinkingLevel", FIELD_ESC),
	LLM_FIELD(thinking, shown, "includeThoughts", FIELD_TRI),
};

static const struct level {
	struct str google, effort;
} levels[] = {
	{ SC("MINIMAL"), SC("minimal") }, { SC("LOW"), SC("low") }, { SC("MEDIUM"), SC("medium") },
	{ SC("HIGH"), SC("high") }, { SC("XHIGH"), SC("xhigh") },
	{ SC("THINKING_LEVEL_UNSPECIFIED"), SC("") },
};

static enum err read_thinking(const struct llm_at *at, const struct json *v,
			      struct llm_request *out)
{
	struct thinking t = { -2, none, TRI_UNSET };
	int64_t unset = t.budget;

	TRY(LLM_READ(at, v, thinking_rows, &t));
	out->thinking_shown = t.shown;
	if (t.budget != unset && t.budget < -1)
		return llm_bad(at, S("thinkingBudget"), "-1 or a number of tokens");
	if (t.budget != unset)
		out->thinking_budget = t.budget == -1 ? -2 : t.budget;
	if (t.level.p == NULL)
		return OK;
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		if (!str_ieq(levels[i].google, t.level))
			continue;
		if (levels[i].effort.n)
			out->effort = levels[i].effort;
		return OK;
	}
	return llm_bad(at, S("thinkingLevel"), "one of MINIMAL, LOW, MEDIUM, HIGH, XHIGH");
}

static enum err read_format(const struct llm_at *at, const struct config *c,
			    struct llm_request *out)
{
	const struct json *schema = c->json_schema ? c->json_schema : c->schema;
	bool json = str_ieq(c->mime, S("application/json"));

	if (c->json_schema != NULL && c->schema != NULL)
		return llm_bad(at, S("responseSchema"), "absent beside responseJsonSchema");
	if (c->mime.n && !json && !str_ieq(c->mime, S("text/plain"))) {
		/* text/x.enum answers with a bare word: no other dialect can promise that. */
		struct str raw = { c->mime.p - 1, c->mime.n + 2 };
		TRY(llm_unknown(at, S("responseMimeType"), raw));
	}
	if (schema != NULL) {
		out->format = FORMAT_SCHEMA;
		if (c->json_schema != NULL) {
			out->format_schema = json_raw(schema);
			return OK;
		}
		enum err e = gemini_schema(at->a, schema, &out->format_schema);
		return e == ERR_SYNTAX ? llm_bad(at, S("responseSchema"), "spelled in one way only")
				       : e;
	}
	if (c->mime.n)
		out->format = json ? FORMAT_JSON : FORMAT_TEXT;
	return OK;
}

/* Text is what every provider answers with. */
static bool text_only(const struct json *modalities)
{
	JSON_EACH_ITEM(modalities, it)
		if (!json_str_eq(it, S("TEXT")))
			return false;
	return true;
}

static enum err read_stop(const struct llm_at *at, const struct json *list, struct llm_request *out)
{
	JSON_EACH_ITEM(list, it) {
		if (it->type != JSON_STRING)
			return llm_bad(at, S("stopSequences"), "an array of strings");
		TRY(llm_str_add(at->a, &out->stop, json_esc(it)));
	}
	return OK;
}

static enum err read_config(const struct llm_at *at, const struct json *v, struct llm_request *out)
{
	struct config c = { .max_tokens = -1, .n = -1, .top_logprobs = -1 };

	TRY(LLM_READ(at, v, config_rows, &c));
	struct str field = c.n < -1 ? S("candidateCount") : S("logprobs");
	if (c.max_tokens < -1)
		field = S("maxOutputTokens");
	if (c.max_tokens < -1 || c.n < -1 || c.top_logprobs < -1)
		return llm_bad(at, field, "a positive number");
	out->temperature = c.temperature;
	out->top_p = c.top_p;
	out->top_k = c.top_k;
	out->seed = c.seed;
	out->presence_penalty = c.presence;
	out->frequency_penalty = c.frequency;
	out->max_tokens = c.max_tokens;
	out->n = c.n;
	out->logprobs = c.logprobs;
	out->top_logprobs = c.top_logprobs;
	if (c.stop != NULL)
		TRY(read_stop(at, c.stop, out));
	if (c.modalities != NULL && !text_only(c.modalities))
		TRY(llm_unknown(at, S("responseModalities"), json_raw(c.modalities)));
	TRY(read_format(at, &c, out));
	struct llm_at under = llm_under(at, S("generationConfig.thinkingConfig."));
	return c.thinking ? read_thinking(&under, c.thinking, out) : OK;
}

/* ---- the request --------------------------------------------------------------------------- */

struct request {
	const struct json *contents, *instruction, *tools, *tool_config, *config, *safety;
	struct str tier;
};

static const struct llm_field request_rows[] = {
	LLM_FIELD(request, contents, "contents", FIELD_LIST),
	LLM_FIELD(request, instruction, "systemInstruction", FIELD_ANY),
	LLM_FIELD(request, tools, "tools", FIELD_LIST),
	LLM_FIELD(request, tool_config, "toolConfig", FIELD_OBJ),
	LLM_FIELD(request, config, "generationConfig", FIELD_OBJ),
	LLM_FIELD(request, safety, "safetySettings", FIELD_LIST),
	LLM_FIELD(request, tier, "serviceTier", FIELD_ESC),
	{ SC("model"), FIELD_SKIP, 0 }, /* the path's model counts, the caller sets it */
};

static const struct llm_field instruction_rows[] = {
	{ SC("parts"), FIELD_LIST, 0 }, { SC("role"), FIELD_SKIP, 0 }, /* any: Google ignores it */
};

static enum err add_instruction(const struct llm_at *at, struct str text, struct llm_request *out)
{
	struct llm_part *p = llm_part_add(at->a, &out->instructions, PART_TEXT);

	if (p == NULL)
		return ERR_NOMEM;
	p->origin = DIALECT_GEMINI;
	p->text = text;
	return OK;
}

static enum err read_instruction(const struct llm_at *at, const struct json *v,
				 struct llm_request *out)
{
	const struct json *parts = NULL;

	if (v->type == JSON_STRING)
		return add_instruction(at, json_esc(v), out);
	TRY(LLM_READ(at, v, instruction_rows, &parts));
	if (parts == NULL)
		return OK;
	struct llm_at under = llm_under(at, S("systemInstruction.parts."));
	JSON_EACH_ITEM(parts, it) {
		struct gemini_part in;
		TRY(gemini_part_read(&under, it, &in));
		if (in.text.p == NULL)
			return llm_bad(&under, S("text"), "a string: instructions are text");
		TRY(add_instruction(&under, in.text, out));
	}
	return OK;
}

/* Settings that switch Google's filters off ask for what every other provider does. */
static bool filters_off(const struct json *safety)
{
	JSON_EACH_ITEM(safety, it) {
		const struct json *threshold = json_get(it, S("threshold"));
		if (!json_str_eq(threshold, S("BLOCK_NONE")) && !json_str_eq(threshold, S("OFF")))
			return false;
	}
	return true;
}

static enum err read_request(const struct llm_at *at, const struct json *root,
			     struct llm_request *out)
{
	struct request q = { .tier = none };

	TRY(LLM_READ(at, root, request_rows, &q));
	if (q.contents == NULL)
		return llm_bad(at, S("contents"), "an array of contents");
	TRY(gemini_decode_contents(at, q.contents, &out->msgs));
	struct llm_at under = llm_under(at, S("systemInstruction."));
	if (q.instruction != NULL)
		TRY(read_instruction(&under, q.instruction, out));
	TRY(gemini_decode_tools(at, q.tools, q.tool_config, out));
	under = llm_under(at, S("generationConfig."));
	if (q.config != NULL)
		TRY(read_config(&under, q.config, out));
	if (q.safety != NULL && !filters_off(q.safety))
		TRY(llm_unknown(at, S("safetySettings"), json_raw(q.safety)));
	if (q.tier.n && !str_ieq(q.tier, S("unspecified")))
		out->service_tier = str_ieq(q.tier, S("standard")) ? S("default") : q.tier;
	return OK;
}

enum err gemini_decode_request(const struct json *root, struct llm_request *out, struct arena *a,
			       struct diag *d)
{
	struct llm_at at = {
		.a = a, .d = d, .prefix = S(""), .extras = &out->extras, .camel = true
	};

	llm_request_init(out, DIALECT_GEMINI);
	if (!json_is(root, JSON_OBJECT))
		return diag_set(d, ERR_SYNTAX, "the request must be a JSON object");
	return read_request(&at, root, out);
}
