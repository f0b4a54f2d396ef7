/*
 * llm/gemini_encode.c - a neutral request becomes a generateContent request.
 * Ring 0, pure. Memory: the call's arena.
 */
#include "llm/gemini.h"

#include <stdio.h>

enum { LEAST_BUDGET = 128 }; /* of 2.5 Pro, which cannot be kept from thinking */

enum err gemini_cannot(const struct llm_request *r, struct llm_opts *opts, const char *field)
{
	static const char *const names[][2] = {
		{ "reasoning_effort", "output_config.effort" },
		{ "parallel_tool_calls", "tool_choice.disable_parallel_tool_use" },
		{ "messages.tool_call_id", "messages.content.tool_use_id" },
		{ "messages.content.file.file_id", "messages.content.source.file_id" },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (r->origin == DIALECT_ANTHROPIC && str_eq(str_z(names[i][0]), str_z(field)))
			return llm_cannot(opts, names[i][1], DIALECT_GEMINI);
	return llm_cannot(opts, field, DIALECT_GEMINI);
}

/* ---- instructions -------------------------------------------------------------------------- */

static enum err put_texts(const struct llm_request *r, struct llm_opts *opts,
			  const struct llm_part *p, struct buf *out)
{
	for (; p != NULL; p = p->next) {
		if (p->kind != PART_TEXT) {
			TRY(gemini_cannot(r, opts, "messages.content"));
		} else if (p->text.n) {
			jw_obj(out);
			jw_kv_esc(out, S("text"), p->text);
			jw_obj_end(out);
		}
	}
	return OK;
}

/* Instructions in mid-conversation have no place of their own here. They keep their authority
 * rather than their position: as the user's words they would be weaker than the client meant
 * them. */
static enum err put_instructions(const struct llm_request *r, struct llm_opts *opts,
				 struct buf *out)
{
	size_t before = out->n;

	jw_key(out, S("systemInstruction"));
	jw_obj(out);
	jw_key(out, S("parts"));
	jw_arr(out);
	size_t empty = out->n;
	TRY(put_texts(r, opts, r->instructions, out));
	for (const struct llm_msg *m = r->msgs; m != NULL; m = m->next)
		if (m->role == ROLE_SYSTEM)
			TRY(put_texts(r, opts, m->parts, out));
	if (out->n == empty) {
		out->n = before;
		return OK;
	}
	jw_arr_end(out);
	jw_obj_end(out);
	return OK;
}

/* ---- tools --------------------------------------------------------------------------------- */

static void put_declaration(const struct llm_tool *t, struct buf *out)
{
	jw_obj(out);
	jw_kv_esc(out, S("name"), t->name);
	if (t->description.p)
		jw_kv_esc(out, S("description"), t->description);
	if (t->schema.n)
		jw_kv_raw(out, S("parametersJsonSchema"), t->schema);
	jw_obj_end(out);
}

static enum err check_tools(const struct llm_request *r, struct llm_opts *opts, bool *out_any,
			    bool *out_declared)
{
	char name[96];

	for (const struct llm_tool *t = r->tools; t != NULL; t = t->next) {
		if (t->raw.p != NULL && t->origin != DIALECT_GEMINI) {
			(void)snprintf(name, sizeof name, "tools.%.*s", FMT(t->name));
			TRY(gemini_cannot(r, opts, name));
			continue;
		}
		*out_any = true;
		*out_declared = *out_declared || t->raw.p == NULL;
	}
	return OK;
}

static enum err put_tools(const struct llm_request *r, struct llm_opts *opts, bool *out_declared,
			  struct buf *out)
{
	bool any = false;

	TRY(check_tools(r, opts, &any, out_declared));
	if (!any)
		return OK;
	jw_key(out, S("tools"));
	jw_arr(out);
	if (*out_declared) {
		jw_obj(out);
		jw_key(out, S("functionDeclarations"));
		jw_arr(out);
		for (const struct llm_tool *t = r->tools; t != NULL; t = t->next)
			if (t->raw.p == NULL)
				put_declaration(t, out);
		jw_arr_end(out);
		jw_obj_end(out);
	}
	for (const struct llm_tool *t = r->tools; t != NULL; t = t->next)
		if (t->raw.p != NULL && t->origin == DIALECT_GEMINI)
			jw_raw(out, t->raw);
	jw_arr_end(out);
	return OK;
}

/* A strict tool's calls keep to its schema. Google says that of all calls at once: VALIDATED, and
 * ANY. */
static struct str mode(const struct llm_request *r)
{
	bool strict = false;

	for (const struct llm_tool *t = r->tools; t != NULL; t = t->next)
		strict = strict || t->strict == TRI_YES;
	switch (r->choice) {
	case CHOICE_UNSET:
		return strict ? S("VALIDATED") : (struct str){ NULL, 0 };
	case CHOICE_AUTO:
		return strict ? S("VALIDATED") : S("AUTO");
	case CHOICE_NONE:
		return S("NONE");
	case CHOICE_REQUIRED:
	case CHOICE_NAMED:
		break;
	}
	return S("ANY");
}

static void put_tool_config(const struct llm_request *r, struct buf *out)
{
	struct str word = mode(r);

	if (word.p == NULL)
		return;
	jw_key(out, S("toolConfig"));
	jw_obj(out);
	jw_key(out, S("functionCallingConfig"));
	jw_obj(out);
	jw_kv_str(out, S("mode"), word);
	if (r->choice == CHOICE_NAMED) {
		jw_key(out, S("allowedFunctionNames"));
		jw_arr(out);
		for (const struct llm_str *s = r->choice_names; s != NULL; s = s->next)
			jw_esc(out, s->s);
		jw_arr_end(out);
	}
	jw_obj_end(out);
	jw_obj_end(out);
}

/* ---- generationConfig ---------------------------------------------------------------------- */

static void put_number(struct buf *out, struct str name, struct str raw)
{
	if (raw.n)
		jw_kv_raw(out, name, raw);
}

static void put_count(struct buf *out, struct str name, int64_t n)
{
	if (n >= 0)
		jw_kv_int(out, name, n);
}

static void put_format(const struct llm_request *r, struct buf *out)
{
	if (r->format == FORMAT_UNSET)
		return;
	jw_kv_str(out, S("responseMimeType"),
		  r->format == FORMAT_TEXT ? S("text/plain") : S("application/json"));
	if (r->format == FORMAT_SCHEMA && r->format_schema.n)
		jw_kv_raw(out, S("responseJsonSchema"), r->format_schema);
}

struct details {
	size_t all, low, high;
};

static void count_details(const struct llm_part *p, struct details *d)
{
	for (; p != NULL; p = p->next) {
		if (p->kind != PART_IMAGE)
			continue;
		d->all++;
		d->low += str_eq(p->media.detail, S("low"));
		d->high += str_eq(p->media.detail, S("high"));
	}
}

/* Before the third generation one resolution holds for all pictures: the highest asked for. */
static void put_resolution(const struct llm_request *r, struct buf *out)
{
	struct details d = { 0 };

	for (const struct llm_msg *m = r->msgs; m != NULL; m = m->next) {
		count_details(m->parts, &d);
		for (const struct llm_part *p = m->parts; p != NULL; p = p->next)
			count_details(p->content, &d);
	}
	if (d.high)
		jw_kv_str(out, S("mediaResolution"), S("MEDIA_RESOLUTION_HIGH"));
	else if (d.low && d.low == d.all)
		jw_kv_str(out, S("mediaResolution"), S("MEDIA_RESOLUTION_LOW"));
}

static bool wants_thinking(const struct llm_request *r)
{
	if (r->effort.n)
		return !str_eq(r->effort, S("none"));
	return r->thinking_budget > 0 || r->thinking_budget == -2;
}

/* The third generation's levels; it cannot be kept from thinking, and only its small models know
 * MINIMAL. */
static struct str level(struct str effort, struct str model)
{
	static const struct str words[][2] = {
		{ SC("none"), SC("LOW") },      { SC("minimal"), SC("LOW") },
		{ SC("low"), SC("LOW") },       { SC("medium"), SC("MEDIUM") },
		{ SC("high"), SC("HIGH") },     { SC("xhigh"), SC("HIGH") },
		{ SC("max"), SC("HIGH") },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!str_eq(words[i][0], effort))
			continue;
		bool small = str_find(model, S("flash")) != SIZE_MAX;
		return i < 2 && small ? S("MINIMAL") : words[i][1];
	}
	return (struct str){ NULL, 0 };
}

static enum err put_thinking(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	bool is_3 = gemini_is_3(opts->model);
	int64_t budget = r->thinking_budget;
	struct str effort = r->effort.n == 0 && is_3 && budget == 0 ? S("none") : r->effort;
	bool by_level = effort.n && (is_3 || budget < 0);
	bool shown = r->thinking_shown == TRI_YES ||
		     (r->thinking_shown == TRI_UNSET && r->origin != DIALECT_GEMINI &&
		      wants_thinking(r));
	struct str word = by_level ? level(effort, opts->model) : (struct str){ NULL, 0 };

	if (by_level && word.p == NULL)
		TRY(gemini_cannot(r, opts, "reasoning_effort"));
	if (by_level && !is_3) {
		budget = llm_effort_budget(effort);
		word.p = NULL;
	}
	if (budget == 0 && str_find(opts->model, S("2.5-pro")) != SIZE_MAX)
		budget = LEAST_BUDGET;
	if (word.p == NULL && budget == -1 && !shown && r->thinking_shown == TRI_UNSET)
		return OK;
	jw_key(out, S("thinkingConfig"));
	jw_obj(out);
	if (word.p != NULL)
		jw_kv_str(out, S("thinkingLevel"), word);
	else if (budget != -1)
		jw_kv_int(out, S("thinkingBudget"), budget == -2 ? -1 : budget);
	if (shown || r->thinking_shown == TRI_NO)
		jw_kv_bool(out, S("includeThoughts"), shown);
	jw_obj_end(out);
	return OK;
}

static enum err put_config(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	jw_key(out, S("generationConfig"));
	jw_obj(out);
	put_count(out, S("maxOutputTokens"), r->max_tokens);
	put_count(out, S("candidateCount"), r->n);
	put_number(out, S("temperature"), r->temperature);
	put_number(out, S("topP"), r->top_p);
	put_number(out, S("topK"), r->top_k);
	put_number(out, S("presencePenalty"), r->presence_penalty);
	put_number(out, S("frequencyPenalty"), r->frequency_penalty);
	put_number(out, S("seed"), r->seed);
	if (r->stop != NULL) {
		jw_key(out, S("stopSequences"));
		jw_arr(out);
		for (const struct llm_str *s = r->stop; s != NULL; s = s->next)
			jw_esc(out, s->s);
		jw_arr_end(out);
	}
	if (r->logprobs != TRI_UNSET)
		jw_kv_bool(out, S("responseLogprobs"), r->logprobs == TRI_YES);
	put_count(out, S("logprobs"), r->top_logprobs);
	put_format(r, out);
	if (!gemini_is_3(opts->model))
		put_resolution(r, out);
	TRY(put_thinking(r, opts, out));
	jw_obj_end(out);
	return OK;
}

/* ---- the request --------------------------------------------------------------------------- */

static enum err put_tier(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	static const struct str tiers[][2] = {
		{ SC("default"), SC("standard") }, { SC("standard_only"), SC("standard") },
		{ SC("flex"), SC("flex") },        { SC("priority"), SC("priority") },
	};

	if (r->service_tier.p == NULL || str_eq(r->service_tier, S("auto")))
		return OK;
	for (size_t i = 0; i < sizeof tiers / sizeof tiers[0]; i++) {
		if (!str_ieq(tiers[i][0], r->service_tier))
			continue;
		jw_kv_str(out, S("serviceTier"), tiers[i][1]);
		return OK;
	}
	return gemini_cannot(r, opts, "service_tier");
}

/* LiteLLM's clients set Gemini's filters under this name. */
static enum err put_safety(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	for (const struct llm_extra *x = r->extras; x != NULL; x = x->next) {
		if (r->origin != DIALECT_OPENAI || !str_eq(x->name, S("safety_settings")))
			continue;
		if (!str_has_prefix(x->value, S("[")))
			return gemini_cannot(r, opts, "safety_settings");
		jw_kv_raw(out, S("safetySettings"), x->value);
	}
	return OK;
}

static enum err refuse(const struct llm_request *r, struct llm_opts *opts)
{
	/* Frameworks send it by habit; with one tool there is little to call beside it. */
	if (r->parallel == TRI_NO && r->tools != NULL && r->tools->next != NULL)
		TRY(gemini_cannot(r, opts, "parallel_tool_calls"));
	if (r->logit_bias.p != NULL)
		TRY(gemini_cannot(r, opts, "logit_bias"));
	return llm_refuse_extras(r, opts, dialects[r->origin]->harmless, DIALECT_GEMINI);
}

enum err gemini_encode_request(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	bool declared = false;

	TRY(refuse(r, opts));
	jw_obj(out);
	TRY(gemini_encode_contents(r, opts, out));
	TRY(put_instructions(r, opts, out));
	TRY(put_tools(r, opts, &declared, out));
	if (declared)
		put_tool_config(r, out);
	TRY(put_config(r, opts, out));
	TRY(put_tier(r, opts, out));
	TRY(put_safety(r, opts, out));
	jw_obj_end(out);
	return out->err;
}
