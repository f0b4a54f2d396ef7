/*
 * llm/openai_stream_encode.c - neutral events become chunks, each a complete SSE event.
 * Ring 0, pure. What all chunks begin with is written once; text goes out without an allocation.
 */
#include "llm/openai.h"

#include <assert.h>
#include <string.h>

enum { CHOICES_MAX = 128 };

struct part {
	bool deltas;         /* some of it has been written */
	enum llm_dialect origin;
	struct arena_text late; /* written when the part ends: a signature, or redacted thinking */
	unsigned tool;       /* index among the tool calls */
};

struct choice {
	struct part *parts;
	size_t n, cap;
	unsigned tools, images;
};

struct llm_encoder {
	struct arena *arena;
	bool include_usage, error;
	struct str head; /* data: {"id":...,"choices":[{"index": */
	struct str model;
	struct choice *choices;
	unsigned n;
	struct llm_usage usage;
};

struct llm_encoder *openai_encoder_new(struct arena *a, const struct llm_request *r)
{
	struct llm_encoder *enc = NEW(a, struct llm_encoder);

	if (enc == NULL)
		return NULL;
	enc->arena = a;
	enc->include_usage = r->include_usage;
	enc->model = r->model;
	return enc;
}

/* ---- what surrounds a delta ---------------------------------------------------------------- */

static enum err make_head(struct llm_encoder *enc, const struct llm_event *e)
{
	struct str id = e->id.n ? e->id : S("chatcmpl-0");
	struct str model = e->model.n ? e->model : enc->model;
	size_t room = id.n + model.n + 160;
	char *p = arena_alloc(enc->arena, room, 1);
	struct buf b;

	if (p == NULL)
		return ERR_NOMEM;
	buf_fixed(&b, p, room);
	buf_add(&b, S("data: "));
	jw_obj(&b);
	jw_kv_esc(&b, S("id"), id);
	jw_kv_str(&b, S("object"), S("chat.completion.chunk"));
	jw_kv_int(&b, S("created"), e->created);
	jw_kv_esc(&b, S("model"), model.p ? model : S(""));
	jw_key(&b, S("choices"));
	jw_arr(&b);
	return buf_finish(&b, &enc->head);
}

static void open_delta(struct llm_encoder *enc, unsigned choice, struct buf *b)
{
	buf_add(b, enc->head);
	jw_obj(b);
	jw_kv_int(b, S("index"), (int64_t)choice);
	jw_key(b, S("delta"));
	jw_obj(b);
}

static void close_choice(struct llm_encoder *enc, struct buf *b)
{
	jw_obj_end(b);
	jw_arr_end(b);
	/* As OpenAI does it: for those who will get it, the field is there in every chunk. */
	if (enc->include_usage)
		jw_kv_raw(b, S("usage"), S("null"));
	jw_obj_end(b);
	buf_add(b, S("\n\n"));
}

static void close_delta(struct llm_encoder *enc, struct buf *b)
{
	jw_obj_end(b);
	jw_kv_raw(b, S("finish_reason"), S("null"));
	close_choice(enc, b);
}

/* ---- parts --------------------------------------------------------------------------------- */

static struct part *part_at(struct llm_encoder *enc, const struct llm_event *e)
{
	assert(e->choice < enc->n && e->part < enc->choices[e->choice].n);
	return &enc->choices[e->choice].parts[e->part];
}

static enum err add_part(struct llm_encoder *enc, const struct llm_event *e, struct part **out)
{
	struct choice *c = &enc->choices[e->choice];

	assert(e->part == c->n);
	if (!ARENA_ROOM(enc->arena, c->parts, c->n, c->cap))
		return ERR_NOMEM;
	*out = &c->parts[c->n++];
	**out = (struct part){ .origin = e->origin };
	return OK;
}

static void open_call(struct buf *b, unsigned tool)
{
	jw_key(b, S("tool_calls"));
	jw_arr(b);
	jw_obj(b);
	jw_kv_int(b, S("index"), (int64_t)tool);
}

static void close_call(struct buf *b)
{
	jw_obj_end(b);
	jw_obj_end(b);
	jw_arr_end(b);
}

static enum err start_call(struct llm_encoder *enc, const struct llm_event *e, struct part *p,
			   struct buf *b)
{
	const struct llm_part part = { .id = e->id, .origin = e->origin,
				       .signature = e->signature };
	struct str id = oa_call_id(enc->arena, &part);

	p->tool = enc->choices[e->choice].tools++;
	open_delta(enc, e->choice, b);
	open_call(b, p->tool);
	jw_kv_esc(b, S("id"), id);
	jw_kv_str(b, S("type"), S("function"));
	jw_key(b, S("function"));
	jw_obj(b);
	jw_kv_esc(b, S("name"), e->name);
	jw_kv_str(b, S("arguments"), S(""));
	close_call(b);
	close_delta(enc, b);
	return OK;
}

static void call_args(struct llm_encoder *enc, const struct llm_event *e, const struct part *p,
		      struct str esc, struct buf *b)
{
	open_delta(enc, e->choice, b);
	open_call(b, p->tool);
	jw_key(b, S("function"));
	jw_obj(b);
	jw_kv_esc(b, S("arguments"), esc);
	close_call(b);
	close_delta(enc, b);
}

static void image(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	open_delta(enc, e->choice, b);
	jw_key(b, S("images"));
	jw_arr(b);
	jw_obj(b);
	jw_kv_str(b, S("type"), S("image_url"));
	jw_kv_int(b, S("index"), (int64_t)enc->choices[e->choice].images++);
	jw_key(b, S("image_url"));
	jw_obj(b);
	jw_key(b, S("url"));
	oa_media_url(b, e->media);
	jw_obj_end(b);
	jw_obj_end(b);
	jw_arr_end(b);
	close_delta(enc, b);
}

/* One of LiteLLM's thinking_blocks: a piece of thinking, its signature, or redacted thinking. */
static void block(const struct llm_event *e, const struct part *p, struct str thinking,
		  struct buf *b)
{
	jw_key(b, S("thinking_blocks"));
	jw_arr(b);
	jw_obj(b);
	if (e->part_kind == PART_REDACTED) {
		jw_kv_str(b, S("type"), S("redacted_thinking"));
		jw_key(b, S("data"));
		oa_sig_write(b, p->origin, arena_text_str(&p->late));
	} else {
		jw_kv_str(b, S("type"), S("thinking"));
		jw_kv_esc(b, S("thinking"), thinking);
		if (p->late.n) {
			jw_key(b, S("signature"));
			oa_sig_write(b, p->origin, arena_text_str(&p->late));
		}
	}
	jw_obj_end(b);
	jw_arr_end(b);
}

static void text_signature(const struct part *p, struct buf *b)
{
	jw_key(b, S("provider_specific_fields"));
	jw_obj(b);
	jw_key(b, S("thought_signatures"));
	jw_arr(b);
	oa_sig_write(b, p->origin, arena_text_str(&p->late));
	jw_arr_end(b);
	jw_obj_end(b);
}

/* ---- one function for each event ----------------------------------------------------------- */

static enum err on_start(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	if (enc->head.p == NULL)
		TRY(make_head(enc, e));
	open_delta(enc, e->choice, b);
	jw_kv_str(b, S("role"), S("assistant"));
	jw_kv_str(b, S("content"), S(""));
	close_delta(enc, b);
	return OK;
}

static enum err on_part_start(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	struct part *p = NULL;

	TRY(add_part(enc, e, &p));
	if (e->part_kind == PART_TOOL_CALL)
		return start_call(enc, e, p, b);
	if (e->part_kind == PART_IMAGE && e->media)
		image(enc, e, b);
	return e->signature.n ? arena_text_add(enc->arena, &p->late, e->signature) : OK;
}

static enum err on_part_delta(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	struct part *p = part_at(enc, e);

	p->deltas = p->deltas || e->text.n;
	if (e->part_kind == PART_REDACTED)
		return arena_text_add(enc->arena, &p->late, e->text);
	if (e->part_kind == PART_TOOL_CALL) {
		call_args(enc, e, p, e->text, b);
		return OK;
	}
	if (e->part_kind != PART_TEXT && e->part_kind != PART_THINKING &&
	    e->part_kind != PART_REFUSAL)
		return OK;
	open_delta(enc, e->choice, b);
	if (e->part_kind == PART_TEXT) {
		jw_kv_esc(b, S("content"), e->text);
	} else if (e->part_kind == PART_REFUSAL) {
		jw_kv_esc(b, S("refusal"), e->text);
	} else {
		const struct part unsigned_ = { 0 };
		jw_kv_esc(b, S("reasoning_content"), e->text);
		block(e, &unsigned_, e->text, b);
	}
	close_delta(enc, b);
	return OK;
}

static enum err on_signature(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	struct part *p = part_at(enc, e);

	(void)b;
	p->origin = e->origin;
	return arena_text_add(enc->arena, &p->late, e->text);
}

static enum err on_part_end(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	const struct part *p = part_at(enc, e);

	if (e->part_kind == PART_TOOL_CALL) {
		if (!p->deltas && e->args.p)
			call_args(enc, e, p, llm_args_esc(enc->arena, e->args), b);
		return OK;
	}
	if (p->late.n == 0)
		return OK;
	open_delta(enc, e->choice, b);
	if (e->part_kind == PART_TEXT)
		text_signature(p, b);
	else
		block(e, p, S(""), b);
	close_delta(enc, b);
	return OK;
}

/* A block of another dialect has no form here, and one of OpenAI's own comes only from a splice. */
static enum err on_nothing(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	(void)enc;
	(void)e;
	(void)b;
	return OK;
}

static enum err on_logprobs(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	open_delta(enc, e->choice, b);
	jw_obj_end(b);
	jw_kv_raw(b, S("logprobs"), e->raw);
	jw_kv_raw(b, S("finish_reason"), S("null"));
	close_choice(enc, b);
	return OK;
}

static enum err on_finish(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	open_delta(enc, e->choice, b);
	jw_obj_end(b);
	jw_kv_str(b, S("finish_reason"), oa_finish_word(e->finish));
	if (e->finish == FINISH_STOP_SEQUENCE && e->text.p)
		jw_kv_esc(b, S("stop_reason"), e->text);
	close_choice(enc, b);
	return OK;
}

static enum err on_usage(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	(void)b;
	enc->usage = e->usage;
	return OK;
}

static enum err on_error(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	(void)enc;
	openai_encode_stream_error(&e->error, b);
	return OK;
}

static enum err on_ping(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	(void)enc;
	(void)e;
	buf_add(b, S(": ping\n\n"));
	return OK;
}

static enum err on_done(struct llm_encoder *enc, const struct llm_event *e, struct buf *b)
{
	(void)e;
	if (enc->include_usage && enc->usage.known && enc->head.p) {
		buf_add(b, enc->head);
		jw_arr_end(b);
		jw_key(b, S("usage"));
		oa_usage_write(b, &enc->usage);
		jw_obj_end(b);
		buf_add(b, S("\n\n"));
	}
	buf_add(b, S("data: [DONE]\n\n"));
	return OK;
}

static const struct {
	enum err (*on)(struct llm_encoder *, const struct llm_event *, struct buf *);
} handlers[EV_KINDS] = {
	[EV_START] = { on_start },           [EV_PART_START] = { on_part_start },
	[EV_PART_DELTA] = { on_part_delta }, [EV_SIGNATURE] = { on_signature },
	[EV_PART_END] = { on_part_end },     [EV_OPAQUE] = { on_nothing },
	[EV_LOGPROBS] = { on_logprobs },     [EV_FINISH] = { on_finish },
	[EV_USAGE] = { on_usage },           [EV_ERROR] = { on_error },
	[EV_PING] = { on_ping },             [EV_DONE] = { on_done },
};

/* Nearly every stream has one choice, and thousands of streams may wait at once. */
static enum err grow_choices(struct llm_encoder *enc, unsigned n)
{
	struct choice *choices = NEW_ARRAY(enc->arena, struct choice, n);

	if (choices == NULL)
		return ERR_NOMEM;
	if (enc->n)
		memcpy(choices, enc->choices, enc->n * sizeof *choices);
	enc->choices = choices;
	enc->n = n;
	return OK;
}

enum err openai_encode_event(struct llm_encoder *enc, const struct llm_event *e, struct buf *out)
{
	assert((unsigned)e->kind < EV_KINDS);
	if (e->choice >= CHOICES_MAX)
		return ERR_LIMIT;
	if (e->choice >= enc->n)
		TRY(grow_choices(enc, e->choice + 1));
	TRY(handlers[e->kind].on(enc, e, out));
	return out->err;
}
