/*
 * llm/anthropic_encode.c - a neutral request written for the Messages API: all but the messages.
 * Ring 0, pure. Memory: the call's arena.
 */
#include "llm/anthropic.h"

#include "base/num.h"

#include <assert.h>

enum {
	BUDGET_MIN = 1024,         /* the API's own bound for budget_tokens */
	ANSWER_ROOM = 4096,        /* left beside a budget where the client gave no maximum */
	TEMPERATURE_MAX = 1000000, /* 1.0, in millionths */
};

/* The names of our fields as a Gemini client spells them; the other dialects' are close enough. */
static const struct {
	const char *openai, *gemini, *anthropic;
} names[] = {
	{ "n", "generationConfig.candidateCount", NULL },
	{ "temperature", "generationConfig.temperature", "temperature" },
	{ "top_p", "generationConfig.topP", "top_p" },
	{ "top_k", "generationConfig.topK", "top_k" },
	{ "frequency_penalty", "generationConfig.frequencyPenalty", NULL },
	{ "presence_penalty", "generationConfig.presencePenalty", NULL },
	{ "seed", "generationConfig.seed", NULL },
	{ "logprobs", "generationConfig.responseLogprobs", NULL },
	{ "response_format", "generationConfig.responseMimeType", "output_config.format" },
	{ "reasoning_effort", "generationConfig.thinkingConfig", "thinking" },
	{ "service_tier", "serviceTier", "service_tier" },
	{ "tool_choice", "toolConfig.functionCallingConfig", "tool_choice" },
	{ "messages.content", "contents.parts", "messages.content" },
	{ "messages.content.input_audio", "contents.parts.inlineData", "messages.content" },
	{ "messages.content.video", "contents.parts.fileData", "messages.content" },
	{ "messages.content.file", "contents.parts.inlineData", "messages.content.source" },
	{ "messages.content.image_url", "contents.parts.fileData", "messages.content.source" },
};

enum err anthropic_cannot(const struct llm_request *r, struct llm_opts *opts, const char *field)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!str_eq(str_z(names[i].openai), str_z(field)))
			continue;
		const char *own = r->origin == DIALECT_GEMINI	 ? names[i].gemini :
				  r->origin == DIALECT_ANTHROPIC ? names[i].anthropic :
								   names[i].openai;
		if (own != NULL)
			field = own;
	}
	return llm_cannot(opts, field, DIALECT_ANTHROPIC);
}

/* ---- models ---------------------------------------------------------------------------------- */

static unsigned number(struct str s, size_t *io)
{
	unsigned v = 0;
	size_t from = *io;

	for (; *io < s.n && ascii_digit(s.p[*io]) && *io - from < 8; (*io)++)
		v = v * 10 + (unsigned)(s.p[*io] - '0');
	return v;
}

unsigned anthropic_generation(struct str model)
{
	size_t at = str_find(model, S("claude-"));

	if (at == SIZE_MAX)
		return 30;
	at += 7;
	if (at < model.n && ascii_digit(model.p[at]))
		return 30; /* the number came before the name until 3.7 */
	while (at < model.n && !ascii_digit(model.p[at]))
		at++;
	unsigned major = number(model, &at), minor = 0;
	if (major == 0 || major > 99)
		return 30;
	if (at + 1 < model.n && (model.p[at] == '-' || model.p[at] == '.')) {
		at++;
		minor = number(model, &at);
	}
	return major * 10 + (minor > 9 ? 0 : minor); /* larger is a date */
}

/* ---- sampling -------------------------------------------------------------------------------- */

static bool is_zero(struct str number_)
{
	int64_t v = 0;

	return num_scaled(number_, 6, &v) == OK && v == 0;
}

static enum err put_number(const struct llm_request *r, struct llm_opts *opts, bool known,
			   const char *name, struct str raw, struct buf *out)
{
	if (raw.p == NULL)
		return OK;
	if (!known)
		return anthropic_cannot(r, opts, name);
	jw_kv_raw(out, str_z(name), raw);
	return OK;
}

static enum err put_sampling(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	bool knows = anthropic_generation(opts->model) < ANTHROPIC_GEN_NO_SAMPLING;
	int64_t t = 0;
	bool number = r->temperature.p && num_scaled(r->temperature, 6, &t) == OK;

	/* OpenAI's and Google's scales end at 2. Cutting at 1 would change what was asked for; 1
	 * itself is what the models that know no temperature have. */
	if (knows || !number || t != TEMPERATURE_MAX)
		TRY(put_number(r, opts, knows && number && t <= TEMPERATURE_MAX, "temperature",
			       r->temperature, out));
	TRY(put_number(r, opts, knows, "top_p", r->top_p, out));
	return put_number(r, opts, knows, "top_k", r->top_k, out);
}

/* What the API has no word for. A value that changes nothing is no reason to refuse. */
static enum err refuse(const struct llm_request *r, struct llm_opts *opts)
{
	const struct {
		bool asked;
		const char *field;
	} rows[] = {
		{ r->n > 1, "n" },
		{ r->frequency_penalty.p && !is_zero(r->frequency_penalty), "frequency_penalty" },
		{ r->presence_penalty.p && !is_zero(r->presence_penalty), "presence_penalty" },
		{ r->seed.p != NULL, "seed" },
		{ r->logprobs == TRI_YES || r->top_logprobs > 0, "logprobs" },
		{ r->logit_bias.n > 2, "logit_bias" }, /* {} is none */
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].asked)
			TRY(anthropic_cannot(r, opts, rows[i].field));
	return llm_refuse_extras(r, opts, dialects[r->origin]->harmless, DIALECT_ANTHROPIC);
}

static enum err put_misc(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	if (r->stop != NULL) {
		jw_key(out, S("stop_sequences"));
		jw_arr(out);
		for (const struct llm_str *s = r->stop; s != NULL; s = s->next)
			jw_esc(out, s->s);
		jw_arr_end(out);
	}
	if (r->user.n) {
		jw_key(out, S("metadata"));
		jw_obj(out);
		jw_kv_esc(out, S("user_id"), r->user);
		jw_obj_end(out);
	}
	if (str_eq(r->service_tier, S("auto")))
		jw_kv_str(out, S("service_tier"), S("auto"));
	else if (str_eq(r->service_tier, S("default")))
		jw_kv_str(out, S("service_tier"), S("standard_only"));
	else if (r->service_tier.n)
		TRY(anthropic_cannot(r, opts, "service_tier"));
	if (r->stream)
		jw_kv_bool(out, S("stream"), true);
	return OK;
}

/* ---- thinking and structured output ---------------------------------------------------------- */

struct think {
	enum { THINK_UNSET, THINK_OFF, THINK_BUDGET, THINK_ADAPTIVE } how;
	int64_t budget;
	struct str effort;
};

static struct str effort_word(struct str effort)
{
	return str_eq(effort, S("minimal")) ? S("low") : effort;
}

/*
 * Up to 4.5 a model takes a budget, from 4.6 on it decides by itself how long to think, guided by
 * effort, and from 4.7 on a budget is refused. Words and numbers are converted where the model
 * knows one only.
 */
static struct think plan(const struct llm_request *r, unsigned gen)
{
	struct think t = { .budget = r->thinking_budget };
	bool off = r->thinking_budget == 0 || str_eq(r->effort, S("none"));
	bool adapts = gen >= ANTHROPIC_GEN_ADAPTIVE;

	if (off) {
		t.how = THINK_OFF;
		return t;
	}
	t.effort = effort_word(r->effort);
	if (t.budget > 0)
		t.how = gen >= ANTHROPIC_GEN_NO_BUDGET ? THINK_ADAPTIVE : THINK_BUDGET;
	else if (t.budget == -2)
		t.how = adapts || r->origin == DIALECT_ANTHROPIC ? THINK_ADAPTIVE : THINK_BUDGET;
	else if (t.effort.n && r->origin != DIALECT_ANTHROPIC)
		t.how = adapts ? THINK_ADAPTIVE : THINK_BUDGET;
	if (t.how == THINK_BUDGET && t.budget < 0)
		t.budget = llm_effort_budget(t.effort.n ? t.effort : S("medium"));
	if (t.how == THINK_BUDGET && r->origin != DIALECT_ANTHROPIC && !adapts)
		t.effort = S(""); /* the budget says it, and older models know no effort */
	if (t.how == THINK_ADAPTIVE && t.budget > 0 && t.effort.n == 0)
		t.effort = llm_budget_effort(t.budget);
	if (t.how == THINK_BUDGET && t.budget < BUDGET_MIN)
		t.budget = BUDGET_MIN;
	return t;
}

static void put_display(const struct llm_request *r, unsigned gen, struct buf *out)
{
	bool newer = gen >= ANTHROPIC_GEN_ADAPTIVE;

	/* Newer models omit their thinking unless asked. An OpenAI client that sets an effort
	 * through LiteLLM is used to reading it. */
	if (r->thinking_shown == TRI_NO)
		jw_kv_str(out, S("display"), S("omitted"));
	else if (newer && (r->thinking_shown == TRI_YES || r->origin == DIALECT_OPENAI))
		jw_kv_str(out, S("display"), S("summarized"));
}

static enum err put_limits(const struct llm_request *r, struct llm_opts *opts, struct think *t,
			   struct buf *out)
{
	int64_t max = r->max_tokens, room = opts->default_max_tokens;

	/* The default may be all that the model can say: a sum with the budget would be refused. */
	if (max < 0) {
		max = room;
		if (room > ANSWER_ROOM)
			room = ANSWER_ROOM;
		if (t->how == THINK_BUDGET && max < t->budget + room)
			max = t->budget + room;
	}
	if (t->how == THINK_BUDGET && t->budget >= max && r->thinking_budget <= 0) {
		/* The budget is ours, made from a word, and must leave room for the answer. */
		t->budget = max - 1;
		if (t->budget < BUDGET_MIN) {
			TRY(anthropic_cannot(r, opts, "reasoning_effort"));
			t->how = THINK_UNSET;
		}
	}
	jw_kv_int(out, S("max_tokens"), max);
	return OK;
}

enum err anthropic_put_thinking(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	unsigned gen = anthropic_generation(opts->model);
	struct think t = plan(r, gen);
	bool schema = r->format == FORMAT_SCHEMA && !anthropic_answers_by_tool(r, opts);
	bool own = r->origin == DIALECT_ANTHROPIC;

	TRY(put_limits(r, opts, &t, out));
	if (t.how != THINK_UNSET) {
		jw_key(out, S("thinking"));
		jw_obj(out);
		jw_kv_str(out, S("type"), t.how == THINK_OFF	  ? S("disabled") :
					  t.how == THINK_ADAPTIVE ? S("adaptive") :
								    S("enabled"));
		if (t.how == THINK_BUDGET)
			jw_kv_int(out, S("budget_tokens"), t.budget);
		if (t.how != THINK_OFF)
			put_display(r, gen, out);
		jw_obj_end(out);
	}
	if (t.effort.n == 0 && !schema)
		return OK;
	jw_key(out, S("output_config"));
	jw_obj(out);
	if (t.effort.n)
		jw_kv_esc(out, S("effort"), t.effort);
	if (schema) {
		jw_key(out, S("format"));
		jw_obj(out);
		jw_kv_str(out, S("type"), S("json_schema"));
		jw_kv_raw(out, S("schema"), own ? r->format_schema :
					    anthropic_closed(r->format_schema, opts->arena));
		jw_obj_end(out);
	}
	jw_obj_end(out);
	return OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

enum err anthropic_encode_request(const struct llm_request *r, struct llm_opts *opts,
				  struct buf *out)
{
	assert(opts->model.p != NULL && opts->default_max_tokens > 0);
	jw_obj(out);
	jw_kv_str(out, S("model"), opts->model);
	TRY(refuse(r, opts));
	TRY(anthropic_put_thinking(r, opts, out));
	TRY(put_sampling(r, opts, out));
	TRY(put_misc(r, opts, out));
	TRY(anthropic_put_tools(r, opts, out));
	TRY(anthropic_put_messages(r, opts, out));
	jw_obj_end(out);
	return out->err;
}
