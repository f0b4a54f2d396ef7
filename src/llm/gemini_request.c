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
static const struct gemini_field declaration_rows[] = {
	GEMINI_FIELD(declaration, name, "name", GF_ESC),
	GEMINI_FIELD(declaration, description, "description", GF_ESC),
	GEMINI_FIELD(declaration, parameters, "parameters", GF_OBJ),
	GEMINI_FIELD(declaration, schema, "parametersJsonSchema", GF_OBJ),
};

static enum err read_declaration(const struct gemini_at *at, const struct json *v,
				 struct llm_request *out)
{
	struct declaration d = { none, none, NULL, NULL };

	TRY(GEMINI_READ(at, v, declaration_rows, &d));
	if (d.name.n == 0)
		return gemini_bad(at, S("name"), "a function's name");
	if (d.parameters != NULL && d.schema != NULL)
		return gemini_bad(at, S("parameters"), "absent beside parametersJsonSchema");
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
	return e == ERR_SYNTAX ? gemini_bad(at, S("parameters"), "spelled in one way only") : e;
}

static enum err read_builtin(const struct gemini_at *at, const struct json *key,
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

static enum err read_tool(const struct gemini_at *at, const struct json *v, struct llm_request *out)
{
	const struct json *list = NULL;
	static const struct str spellings[] =
		{ SC("functionDeclarations"), SC("function_declarations") };

	if (v->type != JSON_OBJECT)
		return gemini_bad(at, S("*"), "an object");
	JSON_EACH_MEMBER(v, key) {
		bool declares = json_str_eq(key, spellings[0]) || json_str_eq(key, spellings[1]);
		if (key[1].type == JSON_NULL)
			continue;
		if (!declares) {
			TRY(read_builtin(at, key, out));
			continue;
		}
		if (list != NULL)
			return gemini_bad(at, spellings[0], "spelled in one way only");
		list = key + 1;
		if (list->type != JSON_ARRAY)
			return gemini_bad(at, spellings[0], "an array");
		struct gemini_at under = gemini_under(at, S("tools.functionDeclarations."));
		JSON_EACH_ITEM(list, it)
			TRY(read_declaration(&under, it, out));
	}
	return OK;
}

struct calling {
	struct str mode;
	const struct json *names;
};

static const struct gemini_field calling_rows[] = {
	GEMINI_FIELD(calling, mode, "mode", GF_ESC),
	GEMINI_FIELD(calling, names, "allowedFunctionNames", GF_LIST),
};

static const struct gemini_field tool_config_rows[] = {
	{ SC("functionCallingConfig"), GF_OBJ, 0 },
};

static enum err read_names(const struct gemini_at *at, const struct json *list,
			   struct llm_str **out)
{
	JSON_EACH_ITEM(list, it) {
		if (it->type != JSON_STRING)
			return gemini_bad(at, S("allowedFunctionNames"), "an array of strings");
		TRY(llm_str_add(at->a, out, json_esc(it)));
	}
	return OK;
}

static enum err read_calling(const struct gemini_at *at, const struct json *v,
			     struct llm_request *out)
{
	struct calling c = { none, NULL };

	TRY(GEMINI_READ(at, v, calling_rows, &c));
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
		return gemini_bad(at, S("mode"), "one of AUTO, ANY, NONE, VALIDATED");
	/* VALIDATED promises that arguments keep to the schema: what a strict tool is elsewhere. */
	for (struct llm_tool *t = out->tools; t != NULL && validated; t = t->next)
		t->strict = t->raw.p ? TRI_UNSET : TRI_YES;
	if (c.names == NULL || c.names->skip == 1)
		return OK;
	if (!any)
		return gemini_extra(at, S("allowedFunctionNames"), json_raw(c.names));
	out->choice = CHOICE_NAMED;
	return read_names(at, c.names, &out->choice_names);
}

enum err gemini_decode_tools(const struct gemini_at *at, const struct json *tools,
			     const struct json *config,
			     struct llm_request *out)
{
	struct gemini_at under = gemini_under(at, S("tools."));
	const struct json *calling = NULL;

	if (tools != NULL)
		JSON_EACH_ITEM(tools, it)
			TRY(read_tool(&under, it, out));
	if (config == NULL)
		return OK;
	under = gemini_under(at, S("toolConfig."));
	TRY(GEMINI_READ(&under, config, tool_config_rows, &calling));
	under = gemini_under(at, S("toolConfig.functionCallingConfig."));
	return calling ? read_calling(&under, calling, out) : OK;
}

/* ---- generationConfig ---------------------------------------------------------------------- */

struct config {
	struct str temperature, top_p, top_k, seed, presence, frequency, mime;
	const struct json *stop, *thinking, *schema, *json_schema, *modalities;
	int64_t max_tokens, n, top_logprobs;
	enum llm_tri logprobs;
};

static const struct gemini_field config_rows[] = {
	GEMINI_FIELD(config, temperature, "temperature", GF_NUM),
	GEMINI_FIELD(config, top_p, "topP", GF_NUM),
	GEMINI_FIELD(config, top_k, "topK", GF_NUM),
	GEMINI_FIELD(config, seed, "seed", GF_NUM),
	GEMINI_FIELD(config, presence, "presencePenalty", GF_NUM),
	GEMINI_FIELD(config, frequency, "frequencyPenalty", GF_NUM),
	GEMINI_FIELD(config, max_tokens, "maxOutputTokens", GF_INT),
	GEMINI_FIELD(config, n, "candidateCount", GF_INT),
	GEMINI_FIELD(config, stop, "stopSequences", GF_LIST),
	GEMINI_FIELD(config, logprobs, "responseLogprobs", GF_TRI),
	GEMINI_FIELD(config, top_logprobs, "logprobs", GF_INT),
	GEMINI_FIELD(config, mime, "responseMimeType", GF_ESC),
	GEMINI_FIELD(config, schema, "responseSchema", GF_OBJ),
	GEMINI_FIELD(config, json_schema, "responseJsonSchema", GF_OBJ),
	GEMINI_FIELD(config, thinking, "thinkingConfig", GF_OBJ),
	GEMINI_FIELD(config, modalities, "responseModalities", GF_LIST),
};

struct thinking {
	int64_t budget;
	struct str level;
	enum llm_tri shown;
};

static const struct gemini_field thinking_rows[] = {
	GEMINI_FIELD(thinking, budget, "thinkingBudget", GF_INT),
	GEMINI_FIELD(thinking, level, "thinkingLevel", GF_ESC),
	GEMINI_FIELD(thinking, shown, "includeThoughts", GF_TRI),
};

static const struct level {
	struct str google, effort;
} levels[] = {
	{ SC("MINIMAL"), SC("minimal") }, { SC("LOW"), SC("low") }, { SC("MEDIUM"), SC("medium") },
	{ SC("HIGH"), SC("high") }, { SC("XHIGH"), SC("xhigh") },
	{ SC("THINKING_LEVEL_UNSPECIFIED"), SC("") },
};

static enum err read_thinking(const struct gemini_at *at, const struct json *v,
			      struct llm_request *out)
{
	struct thinking t = { -2, none, TRI_UNSET };
	int64_t unset = t.budget;

	TRY(GEMINI_READ(at, v, thinking_rows, &t));
	out->thinking_shown = t.shown;
	if (t.budget != unset && t.budget < -1)
		return gemini_bad(at, S("thinkingBudget"), "-1 or a number of tokens");
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
	return gemini_bad(at, S("thinkingLevel"), "one of MINIMAL, LOW, MEDIUM, HIGH, XHIGH");
}

static enum err read_format(const struct gemini_at *at, const struct config *c,
			    struct llm_request *out)
{
	const struct json *schema = c->json_schema ? c->json_schema : c->schema;
	bool json = str_ieq(c->mime, S("application/json"));

	if (c->json_schema != NULL && c->schema != NULL)
		return gemini_bad(at, S("responseSchema"), "absent beside responseJsonSchema");
	if (c->mime.n && !json && !str_ieq(c->mime, S("text/plain"))) {
		/* text/x.enum answers with a bare word: no other dialect can promise that. */
		struct str raw = { c->mime.p - 1, c->mime.n + 2 };
		TRY(gemini_extra(at, S("responseMimeType"), raw));
	}
	if (schema != NULL) {
		out->format = FORMAT_SCHEMA;
		if (c->json_schema != NULL) {
			out->format_schema = json_raw(schema);
			return OK;
		}
		enum err e = gemini_schema(at->a, schema, &out->format_schema);
		return e == ERR_SYNTAX ?
			gemini_bad(at, S("responseSchema"), "spelled in one way only") : e;
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

static enum err read_stop(const struct gemini_at *at, const struct json *list,
			  struct llm_request *out)
{
	JSON_EACH_ITEM(list, it) {
		if (it->type != JSON_STRING)
			return gemini_bad(at, S("stopSequences"), "an array of strings");
		TRY(llm_str_add(at->a, &out->stop, json_esc(it)));
	}
	return OK;
}

static enum err read_config(const struct gemini_at *at, const struct json *v,
			    struct llm_request *out)
{
	struct config c = { .max_tokens = -1, .n = -1, .top_logprobs = -1 };

	TRY(GEMINI_READ(at, v, config_rows, &c));
	struct str field = c.n < -1 ? S("candidateCount") : S("logprobs");
	if (c.max_tokens < -1)
		field = S("maxOutputTokens");
	if (c.max_tokens < -1 || c.n < -1 || c.top_logprobs < -1)
		return gemini_bad(at, field, "a positive number");
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
		TRY(gemini_extra(at, S("responseModalities"), json_raw(c.modalities)));
	TRY(read_format(at, &c, out));
	struct gemini_at under = gemini_under(at, S("generationConfig.thinkingConfig."));
	return c.thinking ? read_thinking(&under, c.thinking, out) : OK;
}

/* ---- the request --------------------------------------------------------------------------- */

struct request {
	const struct json *contents, *instruction, *tools, *tool_config, *config, *safety;
	struct str tier;
};

static const struct gemini_field request_rows[] = {
	GEMINI_FIELD(request, contents, "contents", GF_LIST),
	GEMINI_FIELD(request, instruction, "systemInstruction", GF_ANY),
	GEMINI_FIELD(request, tools, "tools", GF_LIST),
	GEMINI_FIELD(request, tool_config, "toolConfig", GF_OBJ),
	GEMINI_FIELD(request, config, "generationConfig", GF_OBJ),
	GEMINI_FIELD(request, safety, "safetySettings", GF_LIST),
	GEMINI_FIELD(request, tier, "serviceTier", GF_ESC),
	{ SC("model"), GF_SKIP, 0 }, /* the path's model counts, the caller sets it */
};

static const struct gemini_field instruction_rows[] = {
	{ SC("parts"), GF_LIST, 0 },
	{ SC("role"), GF_SKIP, 0 }, /* any: Google ignores it */
};

static enum err add_instruction(const struct gemini_at *at, struct str text,
				struct llm_request *out)
{
	struct llm_part *p = llm_part_add(at->a, &out->instructions, PART_TEXT);

	if (p == NULL)
		return ERR_NOMEM;
	p->origin = DIALECT_GEMINI;
	p->text = text;
	return OK;
}

static enum err read_instruction(const struct gemini_at *at, const struct json *v,
				 struct llm_request *out)
{
	const struct json *parts = NULL;

	if (v->type == JSON_STRING)
		return add_instruction(at, json_esc(v), out);
	TRY(GEMINI_READ(at, v, instruction_rows, &parts));
	if (parts == NULL)
		return OK;
	struct gemini_at under = gemini_under(at, S("systemInstruction.parts."));
	JSON_EACH_ITEM(parts, it) {
		struct gemini_part in;
		TRY(gemini_part_read(&under, it, &in));
		if (in.text.p == NULL)
			return gemini_bad(&under, S("text"), "a string: instructions are text");
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

static enum err read_request(const struct gemini_at *at, const struct json *root,
			     struct llm_request *out)
{
	struct request q = { .tier = none };

	TRY(GEMINI_READ(at, root, request_rows, &q));
	if (q.contents == NULL)
		return gemini_bad(at, S("contents"), "an array of contents");
	TRY(gemini_decode_contents(at, q.contents, &out->msgs));
	struct gemini_at under = gemini_under(at, S("systemInstruction."));
	if (q.instruction != NULL)
		TRY(read_instruction(&under, q.instruction, out));
	TRY(gemini_decode_tools(at, q.tools, q.tool_config, out));
	under = gemini_under(at, S("generationConfig."));
	if (q.config != NULL)
		TRY(read_config(&under, q.config, out));
	if (q.safety != NULL && !filters_off(q.safety))
		TRY(gemini_extra(at, S("safetySettings"), json_raw(q.safety)));
	if (q.tier.n && !str_ieq(q.tier, S("unspecified")))
		out->service_tier = str_ieq(q.tier, S("standard")) ? S("default") : q.tier;
	return OK;
}

enum err gemini_decode_request(const struct json *root, struct llm_request *out, struct arena *a,
			       struct diag *d)
{
	struct gemini_at at = { .a = a, .d = d, .prefix = S(""), .extras = &out->extras };

	llm_request_init(out, DIALECT_GEMINI);
	if (!json_is(root, JSON_OBJECT))
		return diag_set(d, ERR_SYNTAX, "the request must be a JSON object");
	return read_request(&at, root, out);
}
