/*
 * llm/gemini_contents.c - the conversation of a request: contents and parts become messages.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/gemini_request_fuzz.c
 */
#include "llm/gemini.h"

#include <assert.h>
#include <string.h>

/* Open calls are searched one by one; no model asks for so many at once. */
enum { OPEN_CALLS_MAX = 1024 };

static const struct str none = { NULL, 0 };

/* A call that has no answer yet: results without an id answer the oldest open call
 * of their name. */
struct open_call {
	struct open_call *next;
	struct str id, name;
};

struct reader {
	const struct llm_at *at; /* of the request */
	struct llm_msg **msgs;
	struct llm_msg *msg;        /* the one being filled */
	struct llm_part *last;      /* the part added to it last */
	char *own;                  /* its text, where a copy of ours goes on */
	size_t room;                /* bytes at own, 0: the text is the source's */
	struct open_call *open, **open_end;
	size_t calls, unanswered;
};

static struct llm_part *add(struct reader *r, enum llm_part_kind kind)
{
	struct llm_part *p = llm_part_add(r->at->a, &r->msg->parts, kind);

	if (p != NULL) {
		p->origin = DIALECT_GEMINI;
		r->last = p;
		r->room = 0;
	}
	return p;
}

/* ---- text and thoughts --------------------------------------------------------------------- */

/* A client sends the pieces of a stream back as they came, so a thought stands in many parts, its
 * proof in the last. They are one thought, and the proof is of the whole. */
static enum err join(struct reader *r, struct str text)
{
	struct llm_part *p = r->last;

	if (r->room < p->text.n + text.n) {
		size_t room = (p->text.n + text.n) * 2;
		char *to = arena_alloc(r->at->a, room, 1);
		if (to == NULL)
			return ERR_NOMEM;
		memcpy(to, p->text.p, p->text.n);
		p->text.p = to;
		r->room = room;
		r->own = to;
	}
	if (text.n)
		memcpy(r->own + p->text.n, text.p, text.n);
	p->text.n += text.n;
	return OK;
}

static enum err read_text(struct reader *r, const struct gemini_part *in)
{
	enum llm_dialect origin = DIALECT_GEMINI;
	bool redacted = false;
	struct str signature = none;

	if (in->signature.n)
		signature = gemini_unsign(r->at->a, in->signature, &origin, &redacted);
	enum llm_part_kind kind = in->thought ? PART_THINKING : PART_TEXT;
	kind = redacted ? PART_REDACTED : kind;
	bool goes_on = kind == PART_THINKING && r->last != NULL && r->last->kind == kind &&
		       r->last->signature.p == NULL;
	if (goes_on)
		TRY(join(r, in->text));
	else if (add(r, kind) == NULL)
		return ERR_NOMEM;
	else
		r->last->text = redacted ? signature : in->text;
	if (signature.p != NULL && !redacted)
		r->last->signature = signature;
	r->last->origin = origin;
	return OK;
}

/* ---- calls and their results --------------------------------------------------------------- */

static enum err read_call(struct reader *r, const struct gemini_part *in)
{
	struct llm_at at = llm_under(r->at, S("contents.parts.functionCall."));
	struct gemini_call call;
	bool redacted;

	TRY(gemini_call_read(&at, in->call, &call));
	if (call.name.n == 0)
		return llm_bad(&at, S("name"), "a function's name");
	if (call.partial != NULL || call.more)
		return llm_bad(&at, S("partialArgs"), "absent from a request");
	if (++r->unanswered > OPEN_CALLS_MAX)
		return llm_bad(&at, S("name"), "answered: too many calls without a response");
	struct llm_part *p = add(r, PART_TOOL_CALL);
	struct open_call *open = p ? NEW(r->at->a, struct open_call) : NULL;
	if (open == NULL)
		return ERR_NOMEM;
	p->id = call.id.n ? call.id : gemini_call_id(r->at->a, none, ++r->calls);
	p->name = call.name;
	p->args = call.args ? json_raw(call.args) : S("{}");
	if (in->signature.n)
		p->signature = gemini_unsign(r->at->a, in->signature, &p->origin, &redacted);
	*open = (struct open_call){ .id = p->id, .name = p->name };
	*r->open_end = open;
	r->open_end = &open->next;
	return p->id.p ? OK : ERR_NOMEM;
}

/* answered takes the oldest open call with this id, or with this name when there is none, off the
 * list. */
static struct open_call *answered(struct reader *r, struct str id, struct str name)
{
	struct open_call **at = &r->open;

	while (*at != NULL && !str_eq(id.n ? (*at)->id : (*at)->name, id.n ? id : name))
		at = &(*at)->next;
	struct open_call *found = *at;
	if (found == NULL)
		return NULL;
	*at = found->next;
	r->unanswered--;
	if (r->open_end == &found->next)
		r->open_end = at;
	return found;
}

struct result {
	struct str id, name;
	const struct json *response, *parts;
};

static const struct llm_field result_rows[] = {
	LLM_FIELD(result, id, "id", FIELD_ESC),
	LLM_FIELD(result, name, "name", FIELD_ESC),
	LLM_FIELD(result, response, "response", FIELD_OBJ),
	LLM_FIELD(result, parts, "parts", FIELD_LIST),
};

/* What the response says: "output" and "result" hold a function's return value and "error" its
 * failure by convention; anything else is the value itself. */
static struct str result_text(struct arena *a, const struct json *response, bool *out_error)
{
	static const struct str wraps[] = { SC("output"), SC("result"), SC("error") };
	const struct json *value = response;

	*out_error = false;
	if (response == NULL)
		return S("");
	for (size_t i = 0; i < sizeof wraps / sizeof wraps[0] && json_count(response) == 1; i++) {
		if (json_get(response, wraps[i]) == NULL)
			continue;
		value = json_get(response, wraps[i]);
		*out_error = i == 2;
	}
	return value->type == JSON_STRING ? json_esc(value) : llm_args_esc(a, json_raw(value));
}

static enum err read_result_media(struct reader *r, struct llm_part *result,
				  const struct json *parts)
{
	struct llm_at at = llm_under(r->at, S("contents.parts.functionResponse.parts."));

	if (parts == NULL)
		return OK;
	JSON_EACH_ITEM(parts, it) {
		struct gemini_part in;
		TRY(gemini_part_read(&at, it, &in));
		if (in.inline_data == NULL && in.file_data == NULL)
			return llm_bad(&at, S("inlineData"), "there");
		struct llm_part *p = llm_part_add(at.a, &result->content, PART_IMAGE);
		if (p == NULL)
			return ERR_NOMEM;
		p->origin = DIALECT_GEMINI;
		TRY(gemini_media_read(&at, &in, &p->kind, &p->media));
	}
	return OK;
}

static enum err read_result(struct reader *r, const struct gemini_part *in)
{
	struct llm_at at = llm_under(r->at, S("contents.parts.functionResponse."));
	struct result res = { none, none, NULL, NULL };

	TRY(LLM_READ(&at, in->response, result_rows, &res));
	if (res.name.n == 0 && res.id.n == 0)
		return llm_bad(&at, S("name"), "a function's name");
	struct open_call *call = answered(r, res.id, res.name);
	if (call == NULL && res.id.n == 0)
		return llm_bad(&at, S("name"), "the name of a call before it");
	struct llm_part *p = add(r, PART_TOOL_RESULT);
	struct llm_part *text = p ? llm_part_add(at.a, &p->content, PART_TEXT) : NULL;
	if (text == NULL)
		return ERR_NOMEM;
	p->id = res.id.n ? res.id : call->id;
	p->name = res.name.n ? res.name : call ? call->name : none;
	text->text = result_text(at.a, res.response, &p->is_error);
	text->origin = DIALECT_GEMINI;
	return text->text.p ? read_result_media(r, p, res.parts) : ERR_NOMEM;
}

/* ---- parts, contents ----------------------------------------------------------------------- */

static enum err read_part(struct reader *r, const struct json *v)
{
	struct llm_at at = llm_under(r->at, S("contents.parts."));
	struct gemini_part in;

	TRY(gemini_part_read(&at, v, &in));
	if (in.call != NULL)
		return read_call(r, &in);
	if (in.response != NULL)
		return read_result(r, &in);
	if (in.text.p != NULL)
		return read_text(r, &in);
	if (in.inline_data != NULL || in.file_data != NULL) {
		struct llm_part *p = add(r, PART_IMAGE);
		return p ? gemini_media_read(&at, &in, &p->kind, &p->media) : ERR_NOMEM;
	}
	if (in.code != NULL || in.code_result != NULL) {
		struct llm_part *p = add(r, PART_OPAQUE);
		if (p == NULL)
			return ERR_NOMEM;
		p->raw = json_raw(v);
	}
	return OK; /* what it holds is among the extras */
}

struct content {
	struct str role;
	const struct json *parts;
};

static const struct llm_field content_rows[] = {
	LLM_FIELD(content, role, "role", FIELD_ESC),
	LLM_FIELD(content, parts, "parts", FIELD_LIST),
};

static enum err read_content(struct reader *r, const struct json *v)
{
	struct llm_at at = llm_under(r->at, S("contents."));
	struct content c = { none, NULL };

	TRY(LLM_READ(&at, v, content_rows, &c));
	bool model = str_eq(c.role, S("model"));
	if (c.role.n && !model && !str_eq(c.role, S("user")) && !str_eq(c.role, S("function")))
		return llm_bad(&at, S("role"), "'user' or 'model'");
	r->msg = llm_msg_add(at.a, r->msgs, model ? ROLE_ASSISTANT : ROLE_USER);
	r->last = NULL;
	if (r->msg == NULL)
		return ERR_NOMEM;
	if (c.parts != NULL)
		JSON_EACH_ITEM(c.parts, it)
			TRY(read_part(r, it));
	return OK;
}

enum err gemini_decode_contents(const struct llm_at *at, const struct json *list,
				struct llm_msg **out)
{
	struct reader r = { .at = at, .msgs = out };

	r.open_end = &r.open;
	JSON_EACH_ITEM(list, it)
		TRY(read_content(&r, it));
	return OK;
}
