/*
 * llm/anthropic_request.c - a Messages API request read into the neutral form.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/anthropic_request_fuzz.c
 */
#include "llm/anthropic.h"

#include <assert.h>

struct top {
	struct str model, temperature, top_p, top_k, service_tier;
	int64_t max_tokens;
	enum llm_tri stream;
	const struct json *messages, *instructions, *tools, *tool_choice, *stop, *metadata,
		*thinking;
	const struct json *output_config, *output_format;
};

#define ROW(member, name, kind) LLM_FIELD(top, member, name, kind)

static const struct llm_field top_rows[] = {
	ROW(model, "model", FIELD_ESC),
	ROW(messages, "messages", FIELD_LIST),
	ROW(instructions, "system", FIELD_ANY),
	ROW(max_tokens, "max_tokens", FIELD_COUNT),
	ROW(stream, "stream", FIELD_TRI),
	ROW(tools, "tools", FIELD_LIST),
	ROW(tool_choice, "tool_choice", FIELD_OBJ),
	ROW(stop, "stop_sequences", FIELD_LIST),
	ROW(temperature, "temperature", FIELD_NUM),
	ROW(top_p, "top_p", FIELD_NUM),
	ROW(top_k, "top_k", FIELD_NUM),
	ROW(metadata, "metadata", FIELD_OBJ),
	ROW(thinking, "thinking", FIELD_OBJ),
	ROW(output_config, "output_config", FIELD_OBJ),
	ROW(output_format, "output_format", FIELD_OBJ),
	ROW(service_tier, "service_tier", FIELD_ESC),
};

/* ---- messages -------------------------------------------------------------------------------- */

static enum err read_instructions(const struct llm_at *at, const struct json *v,
				  struct llm_request *r)
{
	struct llm_at under = llm_under(at, S("system."));

	TRY(anthropic_content(&under, v, &r->instructions));
	for (const struct llm_part *p = r->instructions; p != NULL; p = p->next)
		if (p->kind != PART_TEXT)
			return llm_bad(&under, S("type"), "text");
	return OK;
}

static const struct {
	struct str word;
	enum llm_role role;
} roles[] = {
	{ SC("user"), ROLE_USER },
	{ SC("assistant"), ROLE_ASSISTANT },
	{ SC("system"), ROLE_SYSTEM },
};

struct message {
	const struct json *role, *content;
};

static const struct llm_field message_rows[] = {
	LLM_FIELD(message, role, "role", FIELD_ANY),
	LLM_FIELD(message, content, "content", FIELD_ANY),
};

static enum err read_message(const struct llm_at *at, const struct json *v, struct llm_request *r)
{
	struct llm_at blocks = llm_under(at, S("messages.content."));
	struct llm_at under = llm_under(at, S("messages."));
	struct message m = { 0 };
	size_t i = 0, n = sizeof roles / sizeof roles[0];

	TRY(LLM_READ(&under, v, message_rows, &m));
	while (i < n && !json_str_eq(m.role, roles[i].word))
		i++;
	if (i == n)
		return llm_bad(&under, S("role"), "user, assistant or system");
	if (m.content == NULL)
		return llm_bad(&under, S("content"), "a string or an array of blocks");
	struct llm_msg *msg = llm_msg_add(at->a, &r->msgs, roles[i].role);
	if (msg == NULL)
		return ERR_NOMEM;
	TRY(anthropic_content(&blocks, m.content, &msg->parts));
	for (const struct llm_part *p = msg->parts; p != NULL; p = p->next) {
		if (p->kind == PART_TOOL_CALL && p->name.n == 0)
			return llm_bad(&blocks, S("name"), "a tool's name");
		/* such as tool_addition */
		if (msg->role == ROLE_SYSTEM && p->kind != PART_TEXT && p->kind != PART_OPAQUE)
			return llm_bad(&blocks, S("type"), "text in a system message");
	}
	return OK;
}

/* ---- tools ----------------------------------------------------------------------------------- */

struct tool {
	struct str type, name, description, cache;
	const struct json *schema, *allowed_callers;
	enum llm_tri strict, defer_loading;
};

static const struct llm_field tool_rows[] = {
	LLM_FIELD(tool, type, "type", FIELD_ESC),
	LLM_FIELD(tool, name, "name", FIELD_ESC),
	LLM_FIELD(tool, description, "description", FIELD_ESC),
	LLM_FIELD(tool, schema, "input_schema", FIELD_OBJ),
	LLM_FIELD(tool, strict, "strict", FIELD_TRI),
	LLM_FIELD(tool, cache, "cache_control", FIELD_RAW),
	LLM_FIELD(tool, allowed_callers, "allowed_callers", FIELD_LIST),
	LLM_FIELD(tool, defer_loading, "defer_loading", FIELD_TRI),
};

static bool is_direct(const struct json *callers)
{
	return callers == NULL ||
	       (json_count(callers) == 1 && json_str_eq(callers + 1, S("direct")));
}

static enum err read_custom(const struct llm_at *at, const struct json *v, struct llm_tool *t)
{
	struct tool x = { 0 };

	TRY(LLM_READ(at, v, tool_rows, &x));
	if (x.name.n == 0)
		return llm_bad(at, S("name"), "a tool's name");
	if (!is_direct(x.allowed_callers))
		TRY(llm_unknown(at, S("allowed_callers"), json_raw(x.allowed_callers)));
	if (x.defer_loading == TRI_YES)
		TRY(llm_unknown(at, S("defer_loading"), S("true")));
	t->name = x.name;
	t->description = x.description;
	t->schema = x.schema ? json_raw(x.schema) : (struct str){ NULL, 0 };
	t->strict = x.strict;
	t->cache = x.cache;
	return OK;
}

static enum err read_tool(const struct llm_at *at, const struct json *v, struct llm_request *r)
{
	struct llm_at under = llm_under(at, S("tools."));
	const struct json *type = json_get(v, S("type"));
	struct llm_tool *t = llm_tool_add(at->a, &r->tools);

	if (t == NULL)
		return ERR_NOMEM;
	if (!json_is(v, JSON_OBJECT))
		return llm_bad(&under, S("*"), "an object");
	t->origin = DIALECT_ANTHROPIC;
	if (type == NULL || type->type == JSON_NULL || json_str_eq(type, S("custom")))
		return read_custom(&under, v, t);
	if (type->type != JSON_STRING)
		return llm_bad(&under, S("type"), "a string");
	t->name = json_esc(type);
	t->raw = json_raw(v);
	return OK;
}

struct choice {
	const struct json *type;
	struct str name;
	enum llm_tri not_parallel;
};

static const struct llm_field choice_rows[] = {
	LLM_FIELD(choice, type, "type", FIELD_ANY),
	LLM_FIELD(choice, name, "name", FIELD_ESC),
	LLM_FIELD(choice, not_parallel, "disable_parallel_tool_use", FIELD_TRI),
};

static const struct {
	struct str word;
	enum llm_choice choice;
} choices[] = {
	{ SC("auto"), CHOICE_AUTO },
	{ SC("any"), CHOICE_REQUIRED },
	{ SC("none"), CHOICE_NONE },
	{ SC("tool"), CHOICE_NAMED },
};

static enum err read_choice(const struct llm_at *at, const struct json *v, struct llm_request *r)
{
	struct llm_at under = llm_under(at, S("tool_choice."));
	struct choice c = { 0 };
	size_t i = 0, n = sizeof choices / sizeof choices[0];

	TRY(LLM_READ(&under, v, choice_rows, &c));
	while (i < n && !json_str_eq(c.type, choices[i].word))
		i++;
	if (i == n)
		return llm_bad(&under, S("type"), "auto, any, tool or none");
	r->choice = choices[i].choice;
	if (c.not_parallel != TRI_UNSET)
		r->parallel = c.not_parallel == TRI_YES ? TRI_NO : TRI_YES;
	if (r->choice != CHOICE_NAMED)
		return OK;
	if (c.name.p == NULL)
		return llm_bad(&under, S("name"), "a string");
	return llm_str_add(at->a, &r->choice_names, c.name);
}

/* ---- thinking and the form of the answer ----------------------------------------------------- */

struct thinking {
	const struct json *type, *display;
	int64_t budget;
};

static const struct llm_field thinking_rows[] = {
	LLM_FIELD(thinking, type, "type", FIELD_ANY),
	LLM_FIELD(thinking, display, "display", FIELD_ANY),
	LLM_FIELD(thinking, budget, "budget_tokens", FIELD_COUNT),
};

static enum err read_thinking(const struct llm_at *at, const struct json *v, struct llm_request *r)
{
	struct llm_at under = llm_under(at, S("thinking."));
	struct thinking t = { .budget = -1 };

	TRY(LLM_READ(&under, v, thinking_rows, &t));
	if (json_str_eq(t.type, S("enabled"))) {
		if (t.budget < 1)
			return llm_bad(&under, S("budget_tokens"), "an integer of 1024 or more");
		r->thinking_budget = t.budget;
		r->thinking_shown = TRI_YES; /* the default where a budget is understood */
	} else if (json_str_eq(t.type, S("disabled"))) {
		r->thinking_budget = 0;
	} else if (json_str_eq(t.type, S("adaptive"))) {
		r->thinking_budget = -2;
	} else if (json_is(t.type, JSON_STRING)) {
		return llm_unknown(&under, S("type"), json_raw(t.type));
	} else {
		return llm_bad(&under, S("type"), "a string");
	}
	if (json_str_eq(t.display, S("omitted")))
		r->thinking_shown = TRI_NO;
	else if (json_str_eq(t.display, S("summarized")))
		r->thinking_shown = TRI_YES;
	else if (t.display != NULL)
		return llm_unknown(&under, S("display"), json_raw(t.display));
	return OK;
}

struct format {
	const struct json *type, *schema;
};

static const struct llm_field format_rows[] = {
	LLM_FIELD(format, type, "type", FIELD_ANY),
	LLM_FIELD(format, schema, "schema", FIELD_OBJ),
};

static enum err read_format(const struct llm_at *at, const struct json *v, struct llm_request *r)
{
	struct format f = { 0 };

	TRY(LLM_READ(at, v, format_rows, &f));
	if (!json_str_eq(f.type, S("json_schema")))
		return llm_bad(at, S("type"), "json_schema");
	if (f.schema == NULL)
		return llm_bad(at, S("schema"), "an object");
	r->format = FORMAT_SCHEMA;
	r->format_schema = json_raw(f.schema);
	r->format_strict = TRI_YES;
	return OK;
}

struct output {
	struct str effort;
	const struct json *format;
};

static const struct llm_field output_rows[] = {
	LLM_FIELD(output, effort, "effort", FIELD_ESC),
	LLM_FIELD(output, format, "format", FIELD_OBJ),
};

static enum err read_output(const struct llm_at *at, const struct json *v, struct llm_request *r)
{
	struct llm_at under = llm_under(at, S("output_config."));
	struct llm_at format = llm_under(at, S("output_config.format."));
	struct output o = { 0 };

	TRY(LLM_READ(&under, v, output_rows, &o));
	r->effort = o.effort;
	return o.format ? read_format(&format, o.format, r) : OK;
}

/* ---- the rest -------------------------------------------------------------------------------- */

struct metadata {
	struct str user_id;
};

static const struct llm_field metadata_rows[] = {
	LLM_FIELD(metadata, user_id, "user_id", FIELD_ESC),
};

static enum err read_stop(const struct llm_at *at, const struct json *v, struct llm_request *r)
{
	JSON_EACH_ITEM (v, it) {
		if (it->type != JSON_STRING)
			return llm_bad(at, S("stop_sequences"), "an array of strings");
		TRY(llm_str_add(at->a, &r->stop, json_esc(it)));
	}
	return OK;
}

/*
 * Claude Code asks for all of its earlier thinking to be kept, which is what happens where nobody
 * edits the context. That is no loss, so it is no reason to refuse.
 */
static bool keeps_everything(const struct json *v)
{
	const struct json *edits = json_get(v, S("edits"));

	if (!json_is(edits, JSON_ARRAY) || json_count(v) != 1)
		return false;
	JSON_EACH_ITEM (edits, it)
		if (!json_str_eq(json_get(it, S("type")), S("clear_thinking_20251015")) ||
		    !json_str_eq(json_get(it, S("keep")), S("all")) || json_count(it) != 2)
			return false;
	return true;
}

static enum err drop_noops(struct llm_request *r, struct arena *a)
{
	struct llm_extra *kept = NULL;
	const struct json *v = NULL;

	for (const struct llm_extra *x = r->extras; x != NULL; x = x->next) {
		if (str_eq(x->name, S("context_management"))) {
			TRY(json_read(a, x->value, &v, NULL));
			if (keeps_everything(v))
				continue;
		}
		TRY(llm_extra_add(a, &kept, x->name, x->value));
	}
	r->extras = kept;
	return OK;
}

static enum err read_lists(const struct llm_at *at, const struct top *t, struct llm_request *r)
{
	if (t->instructions != NULL)
		TRY(read_instructions(at, t->instructions, r));
	JSON_EACH_ITEM (t->messages, it)
		TRY(read_message(at, it, r));
	if (t->tools != NULL)
		JSON_EACH_ITEM (t->tools, it)
			TRY(read_tool(at, it, r));
	if (t->tool_choice != NULL)
		TRY(read_choice(at, t->tool_choice, r));
	return t->stop ? read_stop(at, t->stop, r) : OK;
}

enum err anthropic_decode_request(const struct json *root, struct llm_request *out, struct arena *a,
				  struct diag *d)
{
	struct llm_at at = { .a = a, .d = d, .prefix = S(""), .extras = &out->extras };
	struct llm_at format = llm_under(&at, S("output_format."));
	struct llm_at meta = llm_under(&at, S("metadata."));
	struct metadata metadata = { { NULL, 0 } };
	struct top t = { .max_tokens = -1 };

	llm_request_init(out, DIALECT_ANTHROPIC);
	TRY(LLM_READ(&at, root, top_rows, &t));
	if (t.model.p == NULL)
		return llm_bad(&at, S("model"), "a string");
	if (t.messages == NULL)
		return llm_bad(&at, S("messages"), "an array");
	out->model = t.model;
	out->max_tokens = t.max_tokens;
	out->stream = t.stream == TRI_YES;
	out->include_usage = true; /* every stream of this dialect carries it */
	out->temperature = t.temperature;
	out->top_p = t.top_p;
	out->top_k = t.top_k;
	/* The neutral words are OpenAI's. */
	out->service_tier = t.service_tier;
	if (str_eq(t.service_tier, S("standard_only")))
		out->service_tier = S("default");
	TRY(read_lists(&at, &t, out));
	if (t.metadata != NULL)
		TRY(LLM_READ(&meta, t.metadata, metadata_rows, &metadata));
	out->user = metadata.user_id;
	if (t.thinking != NULL)
		TRY(read_thinking(&at, t.thinking, out));
	if (t.output_format != NULL)
		TRY(read_format(&format, t.output_format, out));
	if (t.output_config != NULL)
		TRY(read_output(&at, t.output_config, out));
	return drop_noops(out, a);
}
