/*
 * llm/anthropic_usage.c - counts, stop reasons and service tiers, Anthropic's words and ours.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/anthropic_stream_fuzz.c
 */
#include "llm/anthropic.h"

static void count(const struct json *v, struct str name, int64_t *io, bool *known)
{
	int64_t n = 0;

	/* Bounded, so that no sum of them can overflow. */
	if (json_i64(json_get(v, name), &n) != OK || n < 0 || n > INT64_MAX / 8)
		return;
	*io = n;
	*known = true;
}

void anthropic_usage_read(const struct json *v, struct anthropic_usage *io)
{
	if (!json_is(v, JSON_OBJECT))
		return;
	count(v, S("input_tokens"), &io->input, &io->known);
	count(v, S("cache_read_input_tokens"), &io->cache_read, &io->known);
	count(v, S("cache_creation_input_tokens"), &io->cache_write, &io->known);
	count(v, S("output_tokens"), &io->output, &io->known);
	count(json_get(v, S("output_tokens_details")), S("thinking_tokens"), &io->thinking,
	      &io->known);
}

struct llm_usage anthropic_usage_norm(const struct anthropic_usage *u)
{
	return (struct llm_usage){
		.known = u->known,
		.input = u->input + u->cache_read + u->cache_write,
		.cache_read = u->cache_read,
		.cache_write = u->cache_write,
		.output = u->output,
		.reasoning = u->thinking,
	};
}

struct anthropic_usage anthropic_usage_wire(const struct llm_usage *u)
{
	int64_t fresh = u->input - u->cache_read - u->cache_write;

	return (struct anthropic_usage){
		.known = u->known,
		.input = fresh > 0 ? fresh : 0,
		.cache_read = u->cache_read,
		.cache_write = u->cache_write,
		.output = u->output,
		.thinking = u->reasoning,
	};
}

/* ---- why it stopped -------------------------------------------------------------------------- */

static const struct {
	struct str word;
	enum llm_finish finish;
} reasons[] = {
	{ SC("end_turn"), FINISH_STOP },
	{ SC("max_tokens"), FINISH_LENGTH },
	{ SC("tool_use"), FINISH_TOOLS },
	{ SC("stop_sequence"), FINISH_STOP_SEQUENCE },
	{ SC("refusal"), FINISH_REFUSAL },
	{ SC("pause_turn"), FINISH_PAUSE },
	{ SC("model_context_window_exceeded"), FINISH_CONTEXT },
	/* From here on only towards a client. */
	{ SC("refusal"), FINISH_FILTER },
	{ SC("end_turn"), FINISH_BAD_CALL },
	{ SC("end_turn"), FINISH_NONE },
};

enum llm_finish anthropic_finish(const struct json *stop_reason)
{
	if (!json_is(stop_reason, JSON_STRING))
		return FINISH_NONE;
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (json_str_eq(stop_reason, reasons[i].word))
			return reasons[i].finish;
	return FINISH_OTHER;
}

struct str anthropic_stop_reason(enum llm_finish finish, struct str text)
{
	/* The only word of the provider's own that is no neutral reason. */
	if (finish == FINISH_OTHER && str_eq(text, S("compaction")))
		return text;
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].finish == finish)
			return reasons[i].word;
	return S("end_turn");
}

struct str anthropic_finish_text(const struct json *delta, enum llm_finish finish)
{
	const struct json *v = NULL;

	if (finish == FINISH_STOP_SEQUENCE)
		v = json_get(delta, S("stop_sequence"));
	else if (finish == FINISH_REFUSAL)
		v = json_get(json_get(delta, S("stop_details")), S("explanation"));
	else if (finish == FINISH_OTHER)
		v = json_get(delta, S("stop_reason"));
	return json_is(v, JSON_STRING) ? json_esc(v) : (struct str){ NULL, 0 };
}

void anthropic_put_stop(enum llm_finish finish, struct str text, struct buf *out)
{
	bool refused = finish == FINISH_REFUSAL || finish == FINISH_FILTER;

	jw_kv_esc(out, S("stop_reason"), anthropic_stop_reason(finish, text));
	jw_key(out, S("stop_sequence"));
	if (finish == FINISH_STOP_SEQUENCE && text.p)
		jw_esc(out, text);
	else
		jw_null(out);
	if (!refused || text.n == 0)
		return;
	jw_key(out, S("stop_details"));
	jw_obj(out);
	jw_kv_str(out, S("type"), S("refusal"));
	jw_kv_raw(out, S("category"), S("null"));
	jw_kv_esc(out, S("explanation"), text);
	jw_obj_end(out);
}

/* ---- service tiers: the neutral words are OpenAI's ------------------------------------------- */

struct str anthropic_tier(struct str esc)
{
	return str_eq(esc, S("standard")) ? S("default") : esc;
}

struct str anthropic_tier_wire(struct str esc)
{
	if (str_eq(esc, S("default")))
		return S("standard");
	if (str_eq(esc, S("standard")) || str_eq(esc, S("priority")) || str_eq(esc, S("batch")))
		return esc;
	return (struct str){ NULL, 0 };
}
