/*
 * llm/gemini_response.c - whole answers of generateContent, read and written.
 * Ring 0. Input: hostile (providers').   Runs in: ingress.   Fuzz: fuzz/gemini_response_fuzz.c
 */
#include "llm/gemini.h"

#include <assert.h>

static const struct str none = { NULL, 0 };

enum { CANDIDATES_MAX = 128 };

/* ---- reading ------------------------------------------------------------------------------- */

const struct llm_field gemini_candidate_rows[] = {
	LLM_FIELD(gemini_candidate, content, "content", FIELD_OBJ),
	LLM_FIELD(gemini_candidate, index, "index", FIELD_INT),
	LLM_FIELD(gemini_candidate, finish, "finishReason", FIELD_ESC),
	LLM_FIELD(gemini_candidate, finish_message, "finishMessage", FIELD_ESC),
	LLM_FIELD(gemini_candidate, logprobs, "logprobsResult", FIELD_OBJ),
	LLM_FIELD(gemini_candidate, citations, "citationMetadata", FIELD_OBJ),
	LLM_FIELD(gemini_candidate, grounding, "groundingMetadata", FIELD_OBJ),
	LLM_FIELD(gemini_candidate, urls, "urlContextMetadata", FIELD_OBJ),
};
const size_t gemini_candidate_row_count =
	sizeof gemini_candidate_rows / sizeof gemini_candidate_rows[0];

const struct llm_field gemini_answer_rows[] = {
	LLM_FIELD(gemini_answer, candidates, "candidates", FIELD_LIST),
	LLM_FIELD(gemini_answer, usage, "usageMetadata", FIELD_OBJ),
	LLM_FIELD(gemini_answer, feedback, "promptFeedback", FIELD_OBJ),
	LLM_FIELD(gemini_answer, id, "responseId", FIELD_ESC),
	LLM_FIELD(gemini_answer, model, "modelVersion", FIELD_ESC),
	LLM_FIELD(gemini_answer, created, "createTime", FIELD_ESC),
	LLM_FIELD(gemini_answer, error, "error", FIELD_OBJ),
};
const size_t gemini_answer_row_count = sizeof gemini_answer_rows / sizeof gemini_answer_rows[0];

struct reader {
	const struct llm_at *at; /* at parts */
	struct llm_response *out;
	struct llm_answer_choice *choice;
	size_t calls;
};

static enum err read_call(struct reader *r, const struct gemini_part *in)
{
	struct gemini_call call;
	bool redacted;
	struct arena *a = r->at->a;
	struct llm_part *p = llm_part_add(a, &r->choice->parts, PART_TOOL_CALL);

	if (p == NULL)
		return ERR_NOMEM;
	TRY(gemini_call_read(r->at, in->call, &call));
	p->origin = DIALECT_GEMINI;
	p->id = call.id.n ? call.id : gemini_call_id(a, r->out->id, ++r->calls);
	p->name = call.name.p ? call.name : S("");
	p->args = call.args ? json_raw(call.args) : S("{}");
	if (in->signature.n)
		p->signature = gemini_unsign(a, in->signature, &p->origin, &redacted);
	return p->id.p ? OK : ERR_NOMEM;
}

static enum err read_text(struct reader *r, const struct gemini_part *in)
{
	bool redacted = false;
	struct arena *a = r->at->a;
	struct llm_part *p;

	if (in->text.n == 0 && in->signature.n == 0)
		return OK; /* what a last event says instead of nothing */
	p = llm_part_add(a, &r->choice->parts, in->thought ? PART_THINKING : PART_TEXT);
	if (p == NULL)
		return ERR_NOMEM;
	p->origin = DIALECT_GEMINI;
	p->text = in->text;
	if (in->signature.n == 0)
		return OK;
	p->signature = gemini_unsign(a, in->signature, &p->origin, &redacted);
	if (redacted) {
		p->kind = PART_REDACTED;
		p->text = p->signature;
		p->signature = none;
	}
	return OK;
}

static enum err read_part(struct reader *r, const struct json *v)
{
	struct gemini_part in;
	struct arena *a = r->at->a;

	TRY(gemini_part_read(r->at, v, &in));
	if (in.call != NULL)
		return read_call(r, &in);
	bool media = in.inline_data != NULL || in.file_data != NULL;
	if (in.text.p != NULL && !media && in.code == NULL && in.code_result == NULL)
		return read_text(r, &in);
	struct llm_part *p = llm_part_add(a, &r->choice->parts, media ? PART_IMAGE : PART_OPAQUE);
	if (p == NULL)
		return ERR_NOMEM;
	p->origin = DIALECT_GEMINI;
	if (media)
		return gemini_media_read(r->at, &in, &p->kind, &p->media);
	p->raw = json_raw(v);
	return OK;
}

/* What stands beside the content has no place in the model; it is kept by name. */
static enum err read_beside(const struct llm_at *at, const struct gemini_candidate *c)
{
	if (c->citations != NULL)
		TRY(llm_unknown(at, S("citationMetadata"), json_raw(c->citations)));
	if (c->urls != NULL)
		TRY(llm_unknown(at, S("urlContextMetadata"), json_raw(c->urls)));
	if (c->grounding != NULL)
		TRY(llm_unknown(at, S("groundingMetadata"), json_raw(c->grounding)));
	return OK;
}

static void read_finish(struct llm_answer_choice *choice, const struct gemini_candidate *c)
{
	bool called = false;

	for (const struct llm_part *p = choice->parts; p != NULL; p = p->next)
		called = called || p->kind == PART_TOOL_CALL;
	choice->finish = c->finish.p ? gemini_finish(c->finish) : FINISH_NONE;
	if (choice->finish != FINISH_STOP && choice->finish != FINISH_LENGTH)
		choice->finish_text = c->finish;
	/* Google says STOP also when the turn ends with calls. */
	if (choice->finish == FINISH_STOP && called)
		choice->finish = FINISH_TOOLS;
}

static enum err read_candidate(const struct llm_at *at, const struct json *v,
			       struct llm_response *out)
{
	struct gemini_candidate c = { .index = 0 };
	struct llm_at under = llm_under(at, S("candidates."));
	struct llm_at parts_at = llm_under(at, S("candidates.content.parts."));
	struct reader r = { .at = &parts_at, .out = out };

	TRY(llm_read(&under, v, gemini_candidate_rows, gemini_candidate_row_count, &c));
	r.choice = llm_choice_add(at->a, &out->choices);
	if (r.choice == NULL)
		return ERR_NOMEM;
	const struct json *parts = json_get(c.content, S("parts"));
	if (json_is(parts, JSON_ARRAY))
		JSON_EACH_ITEM(parts, it)
			TRY(read_part(&r, it));
	read_finish(r.choice, &c);
	if (c.logprobs != NULL)
		r.choice->logprobs = gemini_logprobs(at->a, c.logprobs);
	return read_beside(&under, &c);
}

/* A prompt that was refused has no candidates; neutrally it is an answer that the filter
 * emptied. */
static enum err read_blocked(const struct llm_at *at, const struct json *feedback,
			     struct llm_response *out)
{
	struct str message, reason = gemini_blocked(feedback, &message);

	if (reason.p == NULL && out->choices != NULL)
		return OK;
	struct llm_answer_choice *c = out->choices;
	if (c == NULL)
		c = llm_choice_add(at->a, &out->choices);
	if (c == NULL)
		return ERR_NOMEM;
	c->finish = reason.p ? FINISH_FILTER : FINISH_OTHER;
	c->finish_text = reason;
	if (message.n == 0 || c->parts != NULL)
		return OK;
	struct llm_part *p = llm_part_add(at->a, &c->parts, PART_REFUSAL);
	if (p == NULL)
		return ERR_NOMEM;
	p->origin = DIALECT_GEMINI;
	p->text = message;
	return OK;
}

enum err gemini_decode_response(const struct json *root, struct llm_response *out, struct arena *a,
				struct diag *d)
{
	struct llm_at at = { .a = a,
			     .d = d,
			     .prefix = S(""),
			     .camel = true,
			     .extras = &out->extras,
			     .lenient = true };
	struct gemini_answer v = { .id = none };
	size_t n = 0;

	*out = (struct llm_response){ .origin = DIALECT_GEMINI };
	if (!json_is(root, JSON_OBJECT))
		return diag_set(d, ERR_UPSTREAM, "the answer is no JSON object");
	TRY(llm_read(&at, root, gemini_answer_rows, gemini_answer_row_count, &v));
	if (v.error != NULL)
		return diag_set(d, ERR_UPSTREAM, "the answer is an error");
	out->id = v.id;
	out->model = v.model;
	out->created = v.created.p ? gemini_created(v.created) : 0;
	out->usage = gemini_usage(v.usage);
	if (v.candidates != NULL)
		JSON_EACH_ITEM(v.candidates, it)
			if (n++ < CANDIDATES_MAX)
				TRY(read_candidate(&at, it, out));
	return read_blocked(&at, v.feedback, out);
}

/* ---- writing ------------------------------------------------------------------------------- */

static enum err put_parts(const struct llm_part *parts, struct arena *a, struct buf *out)
{
	bool any = false;

	jw_key(out, S("content"));
	jw_obj(out);
	jw_key(out, S("parts"));
	jw_arr(out);
	for (const struct llm_part *p = parts; p != NULL; p = p->next) {
		bool foreign = p->kind == PART_OPAQUE &&
			(p->origin != DIALECT_GEMINI || p->raw.n == 0);
		if (foreign || p->kind == PART_TOOL_RESULT)
			continue;
		TRY(gemini_put_part(a, p, out));
		any = true;
	}
	if (!any) /* google-genai takes a content without parts for an invalid answer */
		jw_raw(out, S("{\"text\":\"\"}"));
	jw_arr_end(out);
	jw_kv_str(out, S("role"), S("model"));
	jw_obj_end(out);
	return OK;
}

static enum err put_candidate(const struct llm_answer_choice *c, struct arena *a, int64_t index,
			      struct buf *out)
{
	jw_obj(out);
	TRY(put_parts(c->parts, a, out));
	if (c->finish != FINISH_NONE)
		jw_kv_esc(out, S("finishReason"), gemini_finish_word(c->finish, c->finish_text));
	jw_kv_int(out, S("index"), index);
	if (c->logprobs.p) {
		jw_key(out, S("logprobsResult"));
		TRY(gemini_put_logprobs(a, c->logprobs, out));
	}
	jw_obj_end(out);
	return OK;
}

enum err gemini_encode_response(const struct llm_response *r, struct arena *a, struct buf *out)
{
	int64_t index = 0;

	jw_obj(out);
	jw_key(out, S("candidates"));
	jw_arr(out);
	for (const struct llm_answer_choice *c = r->choices; c != NULL; c = c->next)
		TRY(put_candidate(c, a, index++, out));
	jw_arr_end(out);
	if (r->usage.known) {
		jw_key(out, S("usageMetadata"));
		gemini_put_usage(out, &r->usage);
	}
	if (r->model.p)
		jw_kv_esc(out, S("modelVersion"), r->model);
	if (r->id.p)
		jw_kv_esc(out, S("responseId"), r->id);
	jw_obj_end(out);
	return out->err;
}
