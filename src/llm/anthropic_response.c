/*
 * llm/anthropic_response.c - whole answers of the Messages API, read and written.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/anthropic_request_fuzz.c
 */
#include "llm/anthropic.h"

#include <assert.h>

struct message {
	struct str id, model;
	const struct json *content, *stop_reason, *usage;
};

#define ROW(member, name, kind) LLM_FIELD(message, member, name, kind)

static const struct llm_field message_rows[] = {
	ROW(id, "id", FIELD_ESC),
	ROW(model, "model", FIELD_ESC),
	ROW(content, "content", FIELD_LIST),
	ROW(stop_reason, "stop_reason", FIELD_ANY),
	ROW(usage, "usage", FIELD_OBJ),
	{ SC("type"), FIELD_SKIP, 0 },
	{ SC("role"), FIELD_SKIP, 0 },
	{ SC("stop_sequence"), FIELD_SKIP, 0 },
};

struct usage {
	struct str service_tier;
};

static const struct llm_field usage_rows[] = {
	{ SC("input_tokens"), FIELD_SKIP, 0 },
	{ SC("output_tokens"), FIELD_SKIP, 0 },
	{ SC("cache_read_input_tokens"), FIELD_SKIP, 0 },
	{ SC("cache_creation_input_tokens"), FIELD_SKIP, 0 },
	{ SC("output_tokens_details"), FIELD_SKIP, 0 },
	LLM_FIELD(usage, service_tier, "service_tier", FIELD_ESC),
};

/* A call of JSON mode's own tool is the answer itself. */
static enum err unwrap_json(struct arena *a, struct llm_answer_choice *c)
{
	bool calls = false, unwrapped = false;

	for (struct llm_part *p = c->parts; p != NULL; p = p->next) {
		if (p->kind != PART_TOOL_CALL)
			continue;
		if (!str_eq(p->name, ANTHROPIC_JSON_TOOL)) {
			calls = true;
			continue;
		}
		struct str text = llm_args_esc(a, p->args);
		if (text.p == NULL)
			return ERR_NOMEM;
		p->kind = PART_TEXT;
		p->text = text;
		p->id = p->name = p->args = (struct str){ NULL, 0 };
		unwrapped = true;
	}
	if (unwrapped && !calls && c->finish == FINISH_TOOLS)
		c->finish = FINISH_STOP;
	return OK;
}

enum err anthropic_decode_response(const struct json *root, struct llm_response *out,
				   struct arena *a,
				   struct diag *d)
{
	struct llm_at at = {
		.a = a, .d = d, .prefix = S("answer."), .extras = &out->extras, .lenient = true
	};
	struct llm_at usage = llm_under(&at, S("answer.usage."));
	struct llm_at content = llm_under(&at, S("answer.content."));
	struct anthropic_usage counts = { 0 };
	struct usage u = { { NULL, 0 } };
	struct message m = { .content = NULL };

	*out = (struct llm_response){ .origin = DIALECT_ANTHROPIC };
	if (!json_is(root, JSON_OBJECT))
		return llm_bad(&at, S("*"), "an object");
	TRY(LLM_READ(&at, root, message_rows, &m));
	if (m.content == NULL)
		return llm_bad(&at, S("content"), "an array");
	struct llm_answer_choice *c = llm_choice_add(a, &out->choices);
	if (c == NULL)
		return ERR_NOMEM;
	TRY(anthropic_content(&content, m.content, &c->parts));
	c->finish = anthropic_finish(m.stop_reason);
	c->finish_text = anthropic_finish_text(root, c->finish);
	TRY(unwrap_json(a, c));
	if (m.usage != NULL)
		TRY(LLM_READ(&usage, m.usage, usage_rows, &u));
	anthropic_usage_read(m.usage, &counts);
	out->id = m.id;
	out->model = m.model;
	out->usage = anthropic_usage_norm(&counts);
	out->service_tier = u.service_tier.p ? anthropic_tier(u.service_tier) : u.service_tier;
	return OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Every member is there whatever the provider was: clients have been seen to fail on a missing
 * one. */
void anthropic_put_usage(const struct llm_usage *u, struct str tier, struct buf *out)
{
	struct anthropic_usage w = anthropic_usage_wire(u);

	jw_key(out, S("usage"));
	jw_obj(out);
	jw_kv_int(out, S("input_tokens"), w.input);
	jw_kv_int(out, S("cache_creation_input_tokens"), w.cache_write);
	jw_kv_int(out, S("cache_read_input_tokens"), w.cache_read);
	jw_key(out, S("cache_creation"));
	jw_obj(out);
	jw_kv_int(out, S("ephemeral_5m_input_tokens"), w.cache_write);
	jw_kv_int(out, S("ephemeral_1h_input_tokens"), 0);
	jw_obj_end(out);
	jw_kv_int(out, S("output_tokens"), w.output);
	if (w.thinking > 0) {
		jw_key(out, S("output_tokens_details"));
		jw_obj(out);
		jw_kv_int(out, S("thinking_tokens"), w.thinking);
		jw_obj_end(out);
	}
	jw_kv_str(out, S("service_tier"), tier.p ? tier : S("standard"));
	jw_obj_end(out);
}

/* Some servers end a turn of tool calls with "stop"; OpenAI's refusal is a part of its own. */
enum llm_finish anthropic_finish_of(enum llm_finish finish, bool calls, bool refused)
{
	if (refused && finish == FINISH_STOP)
		return FINISH_REFUSAL;
	if (calls && (finish == FINISH_STOP || finish == FINISH_NONE))
		return FINISH_TOOLS;
	return finish;
}

enum err anthropic_encode_response(const struct llm_response *r, struct arena *a, struct buf *out)
{
	static const struct llm_answer_choice none = { .finish = FINISH_STOP };
	const struct llm_answer_choice *c = r->choices ? r->choices : &none;
	bool calls = false, refused = false;

	jw_obj(out);
	jw_kv_esc(out, S("id"), r->id.n ? r->id : S("msg_0"));
	jw_kv_str(out, S("type"), S("message"));
	jw_kv_str(out, S("role"), S("assistant"));
	jw_kv_esc(out, S("model"), r->model);
	jw_key(out, S("content"));
	jw_arr(out);
	for (const struct llm_part *p = c->parts; p != NULL; p = p->next) {
		calls = calls || p->kind == PART_TOOL_CALL;
		refused = refused || p->kind == PART_REFUSAL;
		TRY(anthropic_put_block(a, p, out));
	}
	jw_arr_end(out);
	anthropic_put_stop(anthropic_finish_of(c->finish, calls, refused), c->finish_text, out);
	anthropic_put_usage(&r->usage, anthropic_tier_wire(r->service_tier), out);
	jw_obj_end(out);
	return out->err;
}
