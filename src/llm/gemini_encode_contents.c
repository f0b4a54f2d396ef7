/*
 * llm/gemini_encode_contents.c - messages become contents: two roles that alternate, results by
 * name.
 * Ring 0, pure. Memory: the call's arena.
 */
#include "llm/gemini.h"

#include <assert.h>

/* Results are matched with the calls before them, the latest first; further back none is looked
 * for. */
enum { CALLS_KEPT = 1024 };

struct writer {
	const struct llm_request *r;
	struct llm_opts *opts;
	struct buf *out;
	const struct llm_part *calls[CALLS_KEPT]; /* the latest ones, a ring */
	size_t call_count;
	struct str role;      /* of the content that is open, p == NULL: none is */
	bool first_call;      /* no call is in it yet */
	bool is_3;
};

static enum err cannot(struct writer *w, const char *field)
{
	return gemini_cannot(w->r, w->opts, field);
}

/* Contents open with their first part, because one without parts is refused. */
static void want(struct writer *w, struct str role)
{
	if (w->role.p != NULL && str_eq(w->role, role))
		return;
	if (w->role.p != NULL) {
		jw_arr_end(w->out);
		jw_obj_end(w->out);
	}
	jw_obj(w->out);
	jw_kv_str(w->out, S("role"), role);
	jw_key(w->out, S("parts"));
	jw_arr(w->out);
	w->role = role;
	w->first_call = true;
}

/* ---- calls and results --------------------------------------------------------------------- */

/* The third generation refuses the first call of a step without its proof. For calls that another
 * model made, or that the client wrote, Google documents this word in its place. */
static const struct str no_proof = SC("skip_thought_signature_validator");

static enum err put_call(struct writer *w, const struct llm_part *p, struct str role)
{
	struct llm_part call = *p;
	bool own = p->origin == DIALECT_GEMINI && p->signature.n;

	want(w, role);
	if (!own) {
		call.signature = w->is_3 && w->first_call ? no_proof : (struct str){ NULL, 0 };
		call.origin = DIALECT_GEMINI;
	}
	w->first_call = false;
	w->calls[w->call_count++ % CALLS_KEPT] = p;
	return gemini_put_part(w->opts->arena, &call, w->out);
}

static struct str name_of(const struct writer *w, const struct llm_part *result)
{
	size_t kept = w->call_count < CALLS_KEPT ? w->call_count : CALLS_KEPT;

	for (size_t i = 1; i <= kept; i++) {
		const struct llm_part *call = w->calls[(w->call_count - i) % CALLS_KEPT];
		if (str_eq(call->id, result->id))
			return call->name;
	}
	return result->name;
}

static bool is_media(const struct llm_part *p)
{
	return p->kind >= PART_IMAGE && p->kind <= PART_VIDEO;
}

static enum err put_response(struct writer *w, const struct llm_part *p)
{
	struct str raw = { NULL, 0 };
	size_t texts = 0;
	const struct llm_part *text = NULL;

	for (const struct llm_part *c = p->content; c != NULL; c = c->next) {
		texts += c->kind == PART_TEXT;
		text = c->kind == PART_TEXT ? c : text;
	}
	jw_key(w->out, S("response"));
	/* What is an object already is the value; anything else goes where Google looks for one. */
	if (texts == 1 && !p->is_error && text->text.n && text->text.p[0] == '{' &&
	    llm_args_parse(w->opts->arena, text->text, &raw) == OK) {
		jw_raw(w->out, raw);
		return OK;
	}
	jw_obj(w->out);
	jw_key(w->out, p->is_error ? S("error") : S("output"));
	jw_quote_open(w->out);
	for (const struct llm_part *c = p->content; c != NULL; c = c->next)
		if (c->kind == PART_TEXT)
			jw_esc_add(w->out, c->text);
	jw_quote_close(w->out);
	jw_obj_end(w->out);
	return OK;
}

static enum err put_media_part(struct writer *w, const struct llm_part *p);

static enum err put_result_media(struct writer *w, const struct llm_part *p)
{
	bool any = false;

	for (const struct llm_part *c = p->content; c != NULL; c = c->next) {
		if (c->kind != PART_TEXT && !is_media(c))
			TRY(cannot(w, "messages.content.content"));
		any = any || is_media(c);
	}
	if (!any || !w->is_3)
		return OK;
	jw_key(w->out, S("parts"));
	jw_arr(w->out);
	for (const struct llm_part *c = p->content; c != NULL; c = c->next)
		if (is_media(c))
			TRY(put_media_part(w, c));
	jw_arr_end(w->out);
	return OK;
}

static enum err put_result(struct writer *w, const struct llm_part *p)
{
	struct str name = name_of(w, p);

	if (name.n == 0) /* the result of a call that is not before it */
		return cannot(w, "messages.tool_call_id");
	want(w, S("user"));
	jw_obj(w->out);
	jw_key(w->out, S("functionResponse"));
	jw_obj(w->out);
	if (p->id.n)
		jw_kv_esc(w->out, S("id"), p->id);
	jw_kv_esc(w->out, S("name"), name);
	TRY(put_response(w, p));
	TRY(put_result_media(w, p));
	jw_obj_end(w->out);
	jw_obj_end(w->out);
	if (w->is_3)
		return OK;
	/* Older models take media beside the response only. */
	for (const struct llm_part *c = p->content; c != NULL; c = c->next)
		if (is_media(c))
			TRY(put_media_part(w, c));
	return OK;
}

/* ---- media --------------------------------------------------------------------------------- */

static enum err put_media_part(struct writer *w, const struct llm_part *p)
{
	struct str detail = p->media.detail;
	bool low = str_eq(detail, S("low")), high = str_eq(detail, S("high"));

	if (detail.n && !str_eq(detail, S("auto")) && !low && !high)
		TRY(cannot(w, "messages.content.image_url.detail"));
	jw_obj(w->out);
	TRY(gemini_put_media(w->opts->arena, &p->media, w->out));
	if (w->is_3 && (low || high)) {
		jw_key(w->out, S("mediaResolution"));
		jw_obj(w->out);
		jw_kv_str(w->out, S("level"),
			  low ? S("MEDIA_RESOLUTION_LOW") : S("MEDIA_RESOLUTION_HIGH"));
		jw_obj_end(w->out);
	}
	jw_obj_end(w->out);
	return OK;
}

static enum err put_media(struct writer *w, const struct llm_part *p, struct str role)
{
	if (p->media.data.p == NULL && p->media.url.p == NULL)
		return cannot(w, "messages.content.file.file_id");
	want(w, role);
	return put_media_part(w, p);
}

/* ---- messages ------------------------------------------------------------------------------ */

/* Thoughts of another provider prove nothing here, and unproven ones only cost tokens. */
static enum err put_own(struct writer *w, const struct llm_part *p, struct str role)
{
	struct llm_part copy = *p;

	if (p->origin != DIALECT_GEMINI) {
		if (p->kind == PART_THINKING || p->kind == PART_REDACTED)
			return OK;
		copy.signature = (struct str){ NULL, 0 };
	}
	if (copy.text.n == 0 && copy.signature.n == 0)
		return OK;
	want(w, role);
	return gemini_put_part(w->opts->arena, &copy, w->out);
}

static enum err put_part(struct writer *w, const struct llm_part *p, struct str role)
{
	switch (p->kind) {
	case PART_TEXT:
	case PART_THINKING:
	case PART_REFUSAL:
	case PART_REDACTED:
		return put_own(w, p, role);
	case PART_IMAGE:
	case PART_DOCUMENT:
	case PART_AUDIO:
	case PART_VIDEO:
		return put_media(w, p, role);
	case PART_TOOL_CALL:
		return put_call(w, p, role);
	case PART_TOOL_RESULT:
		return put_result(w, p);
	case PART_OPAQUE:
		if (p->origin != DIALECT_GEMINI)
			return cannot(w, "messages.content.type");
		want(w, role);
		return gemini_put_part(w->opts->arena, p, w->out);
	case PART_KINDS:
		break;
	}
	return OK;
}

enum err gemini_encode_contents(const struct llm_request *r, struct llm_opts *opts, struct buf *out)
{
	struct writer *w = NEW(opts->arena, struct writer);

	if (w == NULL)
		return ERR_NOMEM;
	*w = (struct writer){ .r = r, .opts = opts, .out = out, .is_3 = gemini_is_3(opts->model) };
	jw_key(out, S("contents"));
	jw_arr(out);
	for (const struct llm_msg *m = r->msgs; m != NULL; m = m->next) {
		if (m->role == ROLE_SYSTEM)
			continue;
		struct str role = m->role == ROLE_ASSISTANT ? S("model") : S("user");
		for (const struct llm_part *p = m->parts; p != NULL; p = p->next)
			TRY(put_part(w, p, role));
	}
	if (w->role.p != NULL) {
		jw_arr_end(out);
		jw_obj_end(out);
	} else if (r->origin == DIALECT_OPENAI) {
		/* Instructions alone: Gemini wants something to answer, and LiteLLM says this. */
		jw_raw(out, S("{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]}"));
	}
	jw_arr_end(out);
	return out->err;
}
