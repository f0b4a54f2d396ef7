/*
 * llm/anthropic_events.c - neutral events written as a Messages API stream.
 * Ring 0, pure. Nothing is allocated for a delta. Memory: the call's arena.
 *
 * A part becomes a block when there is something to say of it, and blocks are numbered as they
 * start; several may be open at once. Usage comes last in other dialects, so message_delta waits
 * for EV_DONE.
 */
#include "llm/anthropic.h"

#include <assert.h>
#include <string.h>

struct open {
	unsigned part, index;
	enum llm_part_kind kind;
	bool started; /* content_block_start is out */
	bool deltas;
	struct str id, name;	    /* of a call that is not started yet */
	enum llm_dialect origin;    /* of what is gathered */
	struct arena_text gathered; /* a signature or encrypted thinking: clients take it whole */
};

struct llm_encoder {
	struct arena *a;
	const struct llm_request *r;
	struct open *open;
	size_t n_open, cap;
	unsigned blocks;
	bool started, over, calls, refused;
	enum llm_finish finish;
	struct str finish_text;
	struct llm_usage usage;
};

struct llm_encoder *anthropic_encoder_new(struct arena *a, const struct llm_request *r)
{
	struct llm_encoder *e = NEW(a, struct llm_encoder);

	if (e == NULL)
		return NULL;
	e->a = a;
	e->r = r;
	return e;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static struct open *find(struct llm_encoder *e, unsigned part)
{
	for (size_t i = e->n_open; i-- > 0;)
		if (e->open[i].part == part)
			return &e->open[i];
	return NULL;
}

static enum err add_open(struct llm_encoder *e, struct open **out)
{
	if (!ARENA_ROOM(e->a, e->open, e->n_open, e->cap))
		return ERR_NOMEM;
	*out = &e->open[e->n_open++];
	**out = (struct open){ 0 };
	return OK;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void end_event(struct buf *out)
{
	buf_add(out, S("}\n\n"));
}

static void put_start(unsigned index, struct buf *out)
{
	buf_add(out, S("event: content_block_start\n"
		       "data: {\"type\":\"content_block_start\",\"index\":"));
	buf_addu(out, index);
	buf_add(out, S(",\"content_block\":"));
}

static void put_stop(unsigned index, struct buf *out)
{
	buf_add(out, S("event: content_block_stop\n"
		       "data: {\"type\":\"content_block_stop\",\"index\":"));
	buf_addu(out, index);
	end_event(out);
}

static void put_delta_head(unsigned index, struct buf *out)
{
	buf_add(out, S("event: content_block_delta\n"
		       "data: {\"type\":\"content_block_delta\",\"index\":"));
	buf_addu(out, index);
	buf_add(out, S(",\"delta\":"));
}

static void put_delta(unsigned index, struct str head, struct str esc, struct buf *out)
{
	put_delta_head(index, out);
	buf_add(out, head);
	buf_add(out, esc);
	buf_add(out, S("\"}"));
	end_event(out);
}

/* JSON from a whole answer may be spread over lines, which would end the event's data. */
static void put_one_line(struct str raw, struct buf *out)
{
	char *p = buf_room(out, raw.n);

	if (p == NULL)
		return;
	for (size_t i = 0; i < raw.n; i++)
		p[i] = raw.p[i] == '\n' || raw.p[i] == '\r' ? ' ' : raw.p[i];
	buf_grew(out, raw.n);
}

/* ---- the message ----------------------------------------------------------------------------- */

static void put_message_start(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	if (e->started)
		return;
	e->started = true;
	if (ev->usage.known)
		e->usage = ev->usage;
	buf_add(out, S("event: message_start\ndata: {\"type\":\"message_start\",\"message\":"));
	jw_obj(out);
	jw_kv_esc(out, S("id"), ev->id.n ? ev->id : S("msg_0"));
	jw_kv_str(out, S("type"), S("message"));
	jw_kv_str(out, S("role"), S("assistant"));
	jw_kv_esc(out, S("model"), ev->model.n ? ev->model : e->r->model);
	jw_kv_raw(out, S("content"), S("[]"));
	jw_kv_raw(out, S("stop_reason"), S("null"));
	jw_kv_raw(out, S("stop_sequence"), S("null"));
	anthropic_put_usage(&ev->usage, (struct str){ NULL, 0 }, out);
	jw_obj_end(out);
	end_event(out);
}

static void put_message_end(struct llm_encoder *e, struct buf *out)
{
	enum llm_finish finish = anthropic_finish_of(e->finish, e->calls, e->refused);
	struct anthropic_usage u = anthropic_usage_wire(&e->usage);

	buf_add(out, S("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":"));
	jw_obj(out);
	anthropic_put_stop(finish, e->finish_text, out);
	jw_obj_end(out);
	jw_key(out, S("usage"));
	jw_obj(out);
	jw_kv_int(out, S("input_tokens"), u.input);
	jw_kv_int(out, S("cache_creation_input_tokens"), u.cache_write);
	jw_kv_int(out, S("cache_read_input_tokens"), u.cache_read);
	jw_kv_int(out, S("output_tokens"), u.output);
	if (u.thinking > 0) {
		jw_key(out, S("output_tokens_details"));
		jw_obj(out);
		jw_kv_int(out, S("thinking_tokens"), u.thinking);
		jw_obj_end(out);
	}
	jw_obj_end(out);
	end_event(out);
	buf_add(out, S("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

/* ---- parts ----------------------------------------------------------------------------------- */

static enum err start_call(struct llm_encoder *e, struct open *o, struct buf *out)
{
	struct llm_part p = { .id = o->id,
			      .name = o->name,
			      .origin = o->origin,
			      .signature = { o->gathered.p, o->gathered.n } };

	o->started = true;
	o->index = e->blocks++;
	e->calls = true;
	put_start(o->index, out);
	TRY(anthropic_put_call(e->a, &p, S("{}"), out));
	jw_obj_end(out);
	end_event(out);
	return OK;
}

static void start_prose(struct llm_encoder *e, struct open *o, struct buf *out)
{
	o->started = true;
	o->index = e->blocks++;
	e->refused = e->refused || o->kind == PART_REFUSAL;
	put_start(o->index, out);
	buf_add(out, o->kind == PART_THINKING
			     ? S("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
			     : S("{\"type\":\"text\",\"text\":\"\"}"));
	end_event(out);
}

static enum err on_part_start(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct open *o = NULL;

	TRY(add_open(e, &o));
	o->part = ev->part;
	o->kind = ev->part_kind;
	o->origin = ev->origin;
	if (ev->signature.n)
		TRY(arena_text_add(e->a, &o->gathered, ev->signature));
	if (o->kind == PART_IMAGE && ev->media != NULL) {
		struct llm_part p = { .kind = PART_IMAGE, .media = *ev->media };
		size_t mark = out->n;
		put_start(e->blocks, out);
		if (!anthropic_put_source(&p, out)) {
			out->n = mark;
			return OK;
		}
		jw_obj_end(out);
		end_event(out);
		put_stop(e->blocks++, out);
		return OK;
	}
	if (o->kind != PART_TOOL_CALL)
		return OK;
	/* Google's proof of a call travels in the block's id, which waits until it is known. */
	if (ev->origin != DIALECT_GEMINI || ev->signature.n) {
		o->id = ev->id;
		o->name = ev->name;
		return start_call(e, o, out);
	}
	TRY(arena_keep(e->a, ev->id, &o->id));
	return arena_keep(e->a, ev->name, &o->name);
}

static enum err on_part_delta(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct open *o = find(e, ev->part);

	if (o == NULL || ev->text.n == 0)
		return OK;
	o->deltas = true;
	switch (o->kind) {
	case PART_TEXT:
	case PART_REFUSAL:
	case PART_THINKING:
		if (!o->started)
			start_prose(e, o, out);
		put_delta(o->index,
			  o->kind == PART_THINKING
				  ? S("{\"type\":\"thinking_delta\",\"thinking\":\"")
				  : S("{\"type\":\"text_delta\",\"text\":\""),
			  ev->text, out);
		return OK;
	case PART_TOOL_CALL:
		if (!o->started)
			TRY(start_call(e, o, out));
		put_delta(o->index, S("{\"type\":\"input_json_delta\",\"partial_json\":\""),
			  ev->text, out);
		return OK;
	case PART_REDACTED:
		return arena_text_add(e->a, &o->gathered, ev->text);
	case PART_IMAGE:
	case PART_DOCUMENT:
	case PART_AUDIO:
	case PART_VIDEO:
	case PART_TOOL_RESULT:
	case PART_OPAQUE:
	case PART_KINDS:
		break;
	}
	return OK; /* no block of this dialect carries it */
}

static enum err on_signature(struct llm_encoder *e, const struct llm_event *ev)
{
	struct open *o = find(e, ev->part);

	if (o == NULL)
		return OK;
	o->origin = ev->origin;
	return arena_text_add(e->a, &o->gathered, ev->text);
}

/* The official clients set a block's signature to the delta's: it must come in one piece. */
static enum err end_thinking(struct llm_encoder *e, struct open *o, struct buf *out)
{
	struct str sign = { o->gathered.p, o->gathered.n };

	if (!o->started && sign.n == 0)
		return OK;
	if (!o->started)
		start_prose(e, o, out);
	if (sign.n && o->origin != DIALECT_ANTHROPIC)
		sign = llm_tag(e->a, o->origin, sign);
	if (sign.p == NULL && o->gathered.n)
		return ERR_NOMEM;
	if (sign.n)
		put_delta(o->index, S("{\"type\":\"signature_delta\",\"signature\":\""), sign, out);
	return OK;
}

static enum err end_redacted(struct llm_encoder *e, struct open *o, struct buf *out)
{
	struct str data = { o->gathered.p, o->gathered.n };

	if (data.n && o->origin != DIALECT_ANTHROPIC)
		data = llm_tag(e->a, o->origin, data);
	if (data.n == 0)
		return o->gathered.n ? ERR_NOMEM : OK;
	o->started = true;
	o->index = e->blocks++;
	put_start(o->index, out);
	buf_add(out, S("{\"type\":\"redacted_thinking\",\"data\":\""));
	buf_add(out, data);
	buf_add(out, S("\"}"));
	end_event(out);
	return OK;
}

static enum err end_call(struct llm_encoder *e, struct open *o, struct str args, struct buf *out)
{
	if (!o->started)
		TRY(start_call(e, o, out));
	if (o->deltas || args.n == 0)
		return OK;
	put_delta_head(o->index, out);
	buf_add(out, S("{\"type\":\"input_json_delta\",\"partial_json\":\""));
	jw_str_add(out, args);
	buf_add(out, S("\"}"));
	end_event(out);
	return OK;
}

static enum err on_part_end(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct open *o = find(e, ev->part);

	if (o == NULL)
		return OK;
	if (o->kind == PART_THINKING)
		TRY(end_thinking(e, o, out));
	else if (o->kind == PART_REDACTED)
		TRY(end_redacted(e, o, out));
	else if (o->kind == PART_TOOL_CALL)
		TRY(end_call(e, o, ev->args, out));
	if (o->started)
		put_stop(o->index, out);
	*o = e->open[--e->n_open];
	return OK;
}

/* Our own blocks and citations, which a decoder of this dialect handed on. */
static void on_opaque(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct open *o = find(e, ev->part);

	if (ev->origin != DIALECT_ANTHROPIC || ev->raw.n == 0)
		return;
	if (!anthropic_is_delta(ev->raw)) {
		put_start(e->blocks, out);
		put_one_line(ev->raw, out);
		end_event(out);
		put_stop(e->blocks++, out);
		return;
	}
	if (o == NULL || o->kind != PART_TEXT)
		return;
	if (!o->started)
		start_prose(e, o, out);
	put_delta_head(o->index, out);
	put_one_line(ev->raw, out);
	end_event(out);
}

/* ---- the table of events --------------------------------------------------------------------- */

static enum err first_choice(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	switch (ev->kind) {
	case EV_START:
		put_message_start(e, ev, out);
		return OK;
	case EV_PART_START:
		return on_part_start(e, ev, out);
	case EV_PART_DELTA:
		return on_part_delta(e, ev, out);
	case EV_SIGNATURE:
		return on_signature(e, ev);
	case EV_PART_END:
		return on_part_end(e, ev, out);
	case EV_OPAQUE:
		on_opaque(e, ev, out);
		return OK;
	case EV_FINISH:
		e->finish = ev->finish;
		return arena_keep(e->a, ev->text, &e->finish_text);
	case EV_LOGPROBS: /* no place for them; a client of this dialect cannot ask for any */
	case EV_USAGE:
	case EV_ERROR:
	case EV_PING:
	case EV_DONE:
	case EV_KINDS:
		break;
	}
	return OK;
}

enum err anthropic_encode_event(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	enum err err = OK;

	assert((unsigned)ev->kind < EV_KINDS);
	if (e->over)
		return OK;
	if (ev->kind == EV_PING) {
		if (e->started)
			buf_add(out, S("event: ping\ndata: {\"type\":\"ping\"}\n\n"));
	} else if (ev->kind == EV_USAGE) {
		e->usage = ev->usage;
	} else if (ev->kind == EV_ERROR) {
		e->over = true;
		anthropic_encode_stream_error(&ev->error, out);
	} else if (ev->kind == EV_DONE) {
		e->over = true;
		put_message_end(e, out);
	} else if (ev->choice == 0) {
		err = first_choice(e, ev, out); /* an answer of this dialect is one choice */
	}
	return err != OK ? err : out->err;
}
