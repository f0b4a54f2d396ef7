/*
 * llm/gemini_stream.c - a streamGenerateContent stream becomes neutral events. Each event is a
 * whole answer that holds what is new: pieces of text, whole calls, or calls whose arguments come
 * path by path.
 * Ring 0. Input: hostile (providers'). Runs in: ingress. Fuzz: fuzz/gemini_stream_fuzz.c
 */
#include "llm/gemini.h"

#include <assert.h>
#include <string.h>

static const struct str none = { NULL, 0 };

enum { CANDIDATES_MAX = 128, TOKENS = 128 /* of an event that needs no memory */ };

struct candidate {
	bool started, called;
	bool open;                /* the part numbered parts - 1 */
	enum llm_part_kind kind;  /* of the open part */
	struct gemini_args *args; /* of the open call */
	unsigned parts;
	enum llm_finish finish;
	struct str finish_text;
};

struct llm_decoder {
	struct arena *a;
	struct candidate *candidates[CANDIDATES_MAX];
	unsigned count;
	struct str id, model;
	int64_t created;
	struct llm_usage usage;
	size_t calls;
	bool over; /* an error came, or the end */
};

/* One event at work. */
struct step {
	struct llm_decoder *d;
	struct llm_sink *sink;
	struct arena *scratch;
	struct llm_at at; /* at parts */
	struct candidate *c;
	unsigned index;
};

struct llm_decoder *gemini_decoder_new(struct arena *a)
{
	struct llm_decoder *d = NEW(a, struct llm_decoder);

	if (d != NULL)
		d->a = a;
	return d;
}

/* push_from is for what another dialect's signature makes a part of that dialect. */
static void push_from(const struct step *s, enum llm_dialect origin, struct llm_event e)
{
	e.choice = s->index;
	e.origin = origin;
	s->sink->on_event(s->sink, &e);
}

static void push(const struct step *s, struct llm_event e)
{
	push_from(s, DIALECT_GEMINI, e);
}

static void fail(struct llm_decoder *d, struct llm_sink *sink, const struct llm_error *error)
{
	struct llm_event e = { .kind = EV_ERROR, .origin = DIALECT_GEMINI, .error = *error };

	d->over = true;
	sink->on_event(sink, &e);
}

static enum err broken(struct step *s, struct str why)
{
	struct llm_error error;

	llm_error_set(&error, LLM_UPSTREAM, s->scratch, why);
	fail(s->d, s->sink, &error);
	return OK;
}

static enum err keep(struct llm_decoder *d, struct str s, struct str *out)
{
	if (s.p == NULL || out->p != NULL)
		return OK;
	*out = arena_dup(d->a, s);
	return out->p ? OK : ERR_NOMEM;
}

/* ---- parts that open and close ------------------------------------------------------------- */

/* tell_args sends a piece of the arguments' text as a delta. */
static enum err tell_args(struct step *s, const struct buf *piece)
{
	if (piece->n == 0)
		return OK;
	struct str esc = llm_args_esc(s->scratch, buf_str(piece));
	if (esc.p == NULL)
		return ERR_NOMEM;
	push(s, (struct llm_event){ .kind = EV_PART_DELTA, .part = s->c->parts - 1,
				    .part_kind = PART_TOOL_CALL, .text = esc });
	return OK;
}

static enum err close_part(struct step *s)
{
	struct candidate *c = s->c;
	char room[2 * 128];
	struct buf tail;

	if (!c->open)
		return OK;
	if (c->args != NULL) {
		buf_fixed(&tail, room, sizeof room);
		gemini_args_end(c->args, &tail);
		TRY(tail.err);
		TRY(tell_args(s, &tail));
	}
	push(s, (struct llm_event){ .kind = EV_PART_END, .part = c->parts - 1,
				    .part_kind = c->kind });
	c->open = false;
	c->args = NULL;
	return OK;
}

static enum err open_part(struct step *s, struct llm_event e)
{
	TRY(close_part(s));
	e.kind = EV_PART_START;
	e.part = s->c->parts++;
	push_from(s, e.origin, e);
	s->c->open = true;
	s->c->kind = e.part_kind;
	return OK;
}

/* ---- text and thoughts --------------------------------------------------------------------- */

static enum err on_redacted(struct step *s, enum llm_dialect origin, struct str data)
{
	TRY(open_part(s, (struct llm_event){ .part_kind = PART_REDACTED, .origin = origin }));
	push_from(s, origin, (struct llm_event){ .kind = EV_PART_DELTA, .part = s->c->parts - 1,
						 .part_kind = PART_REDACTED, .text = data });
	return close_part(s);
}

static enum err on_text(struct step *s, const struct gemini_part *in)
{
	enum llm_part_kind kind = in->thought ? PART_THINKING : PART_TEXT;
	enum llm_dialect origin = DIALECT_GEMINI;
	struct str signature = none;
	bool redacted = false;

	if (in->text.n == 0 && in->signature.n == 0)
		return OK;
	if (in->signature.n)
		signature = gemini_unsign(s->scratch, in->signature, &origin, &redacted);
	if (redacted)
		return on_redacted(s, origin, signature);
	if (!s->c->open || s->c->kind != kind)
		TRY(open_part(s, (struct llm_event){ .part_kind = kind, .origin = origin }));
	if (in->text.n)
		push(s, (struct llm_event){ .kind = EV_PART_DELTA, .part = s->c->parts - 1,
					    .part_kind = kind, .text = in->text });
	if (signature.n == 0)
		return OK;
	push_from(s, origin, (struct llm_event){ .kind = EV_SIGNATURE, .part = s->c->parts - 1,
						 .part_kind = kind, .text = signature });
	return close_part(s); /* the proof covers what came before it */
}

/* ---- calls --------------------------------------------------------------------------------- */

static enum err on_partial(struct step *s, const struct json *partial)
{
	struct buf piece;
	/* A path may ask for 64 names and as many brackets, and the escapes of its names grow
	 * sixfold. */
	size_t room = json_raw(partial).n * 6 + (size_t)partial->skip * 140 + 16;
	char *p = arena_alloc(s->scratch, room, 1);

	if (p == NULL)
		return ERR_NOMEM;
	buf_fixed(&piece, p, room);
	enum err e = gemini_args_add(s->c->args, partial, s->scratch, &piece);
	if (e == ERR_NOMEM)
		return e;
	if (e != OK)
		return broken(s, S("the provider's partial arguments do not follow each other"));
	return tell_args(s, &piece);
}

static enum err start_call(struct step *s, const struct gemini_part *in,
			   const struct gemini_call *call)
{
	struct llm_event e = { .part_kind = PART_TOOL_CALL, .origin = DIALECT_GEMINI,
			       .name = call->name, .id = call->id };
	struct str signature = none;
	bool redacted;

	if (call->id.n == 0)
		e.id = gemini_call_id(s->scratch, s->d->id, ++s->d->calls);
	if (e.id.p == NULL)
		return ERR_NOMEM;
	if (in->signature.n)
		signature = gemini_unsign(s->scratch, in->signature, &e.origin, &redacted);
	/* Known before the first delta, so that a dialect may put it into the id. */
	e.signature = signature;
	s->c->called = true;
	return open_part(s, e);
}

static enum err on_call(struct step *s, const struct gemini_part *in)
{
	struct gemini_call call;
	struct candidate *c = s->c;
	bool going = c->open && c->args != NULL;

	TRY(gemini_call_read(&s->at, in->call, &call));
	if (call.name.n == 0 && !going)
		return call.partial || call.args ?
			broken(s, S("the provider sent a call without a name")) : OK;
	if (call.name.n != 0) {
		TRY(start_call(s, in, &call));
		if (call.args != NULL || (!call.more && call.partial == NULL)) {
			struct str args = call.args ? json_raw(call.args) : S("{}");
			push(s, (struct llm_event){ .kind = EV_PART_END, .part = c->parts - 1,
						    .part_kind = PART_TOOL_CALL,
						    .args = args });
			c->open = false;
			return OK;
		}
		c->args = gemini_args_new(s->d->a);
		if (c->args == NULL)
			return ERR_NOMEM;
	}
	if (call.partial != NULL)
		TRY(on_partial(s, call.partial));
	return call.more || s->d->over ? OK : close_part(s);
}

/* ---- other parts --------------------------------------------------------------------------- */

static enum err on_media(struct step *s, const struct gemini_part *in)
{
	struct llm_at at = s->at;
	enum llm_part_kind kind;
	struct llm_media media;

	at.a = s->scratch;
	TRY(gemini_media_read(&at, in, &kind, &media));
	TRY(open_part(s, (struct llm_event){ .part_kind = kind, .origin = DIALECT_GEMINI,
					     .media = &media }));
	return close_part(s);
}

static enum err on_part(struct step *s, const struct json *v)
{
	struct gemini_part in;

	TRY(gemini_part_read(&s->at, v, &in));
	if (in.call != NULL)
		return on_call(s, &in);
	if (in.inline_data != NULL || in.file_data != NULL)
		return on_media(s, &in);
	if (in.text.p != NULL && in.code == NULL && in.code_result == NULL)
		return on_text(s, &in);
	TRY(close_part(s));
	push(s, (struct llm_event){ .kind = EV_OPAQUE, .raw = json_raw(v) });
	return OK;
}

/* ---- candidates ---------------------------------------------------------------------------- */

static enum err begin(struct step *s, unsigned index)
{
	struct llm_decoder *d = s->d;

	for (; d->count <= index; d->count++) {
		d->candidates[d->count] = NEW(d->a, struct candidate);
		if (d->candidates[d->count] == NULL)
			return ERR_NOMEM;
	}
	s->c = d->candidates[index];
	s->index = index;
	if (s->c->started)
		return OK;
	s->c->started = true;
	push(s, (struct llm_event){ .kind = EV_START, .id = d->id, .model = d->model,
				    .created = d->created, .usage = d->usage });
	return OK;
}

/* What stands beside the content is told as an object of one member: citations, grounding, read
 * URLs. */
static enum err beside(struct step *s, struct str name, const struct json *v)
{
	struct buf b;

	if (v == NULL)
		return OK;
	struct str raw = json_raw(v);
	char *p = arena_alloc(s->scratch, raw.n + name.n + 8, 1);
	if (p == NULL)
		return ERR_NOMEM;
	TRY(close_part(s));
	buf_fixed(&b, p, raw.n + name.n + 8);
	jw_obj(&b);
	jw_kv_raw(&b, name, raw);
	jw_obj_end(&b);
	push(s, (struct llm_event){ .kind = EV_OPAQUE, .name = name, .raw = buf_str(&b) });
	return OK;
}

static enum err on_candidate(struct step *s, const struct json *v)
{
	struct gemini_candidate c = { .index = 0 };

	TRY(llm_read(&s->at, v, gemini_candidate_rows, gemini_candidate_row_count, &c));
	if (c.index < 0 || c.index >= CANDIDATES_MAX)
		return broken(s, S("the provider's candidates are numbered too high"));
	TRY(begin(s, (unsigned)c.index));
	const struct json *parts = json_get(c.content, S("parts"));
	if (json_is(parts, JSON_ARRAY))
		JSON_EACH_ITEM(parts, it) {
			TRY(on_part(s, it));
			if (s->d->over)
				return OK;
		}
	TRY(beside(s, S("citationMetadata"), c.citations));
	TRY(beside(s, S("urlContextMetadata"), c.urls));
	TRY(beside(s, S("groundingMetadata"), c.grounding));
	struct str logprobs = c.logprobs ? gemini_logprobs(s->scratch, c.logprobs) : none;
	if (logprobs.p != NULL)
		push(s, (struct llm_event){ .kind = EV_LOGPROBS, .raw = logprobs });
	if (c.finish.p == NULL)
		return OK;
	s->c->finish = gemini_finish(c.finish);
	s->c->finish_text = none;
	if (s->c->finish == FINISH_STOP || s->c->finish == FINISH_LENGTH)
		return OK;
	return keep(s->d, c.finish, &s->c->finish_text);
}

static enum err on_blocked(struct step *s, struct str reason, struct str message)
{
	TRY(begin(s, 0));
	if (message.n && s->c->parts == 0) {
		TRY(open_part(s, (struct llm_event){ .part_kind = PART_REFUSAL,
						     .origin = DIALECT_GEMINI }));
		push(s, (struct llm_event){ .kind = EV_PART_DELTA, .part = 0,
					    .part_kind = PART_REFUSAL, .text = message });
		TRY(close_part(s));
	}
	s->c->finish = FINISH_FILTER;
	return keep(s->d, reason, &s->c->finish_text);
}

static bool same_usage(const struct llm_usage *a, const struct llm_usage *b)
{
	return a->input == b->input && a->cache_read == b->cache_read && a->output == b->output &&
	       a->reasoning == b->reasoning && a->tool_input == b->tool_input;
}

static enum err on_answer(struct step *s, const struct gemini_answer *v)
{
	struct llm_decoder *d = s->d;
	struct llm_usage usage = gemini_usage(v->usage);
	struct str message, reason = gemini_blocked(v->feedback, &message);
	bool changed = usage.known && !(d->usage.known && same_usage(&usage, &d->usage));
	bool begun = d->count > 0;

	TRY(keep(d, v->id, &d->id));
	TRY(keep(d, v->model, &d->model));
	if (v->created.p != NULL && d->created == 0)
		d->created = gemini_created(v->created);
	if (usage.known)
		d->usage = usage;
	if (v->candidates != NULL)
		JSON_EACH_ITEM(v->candidates, it) {
			TRY(on_candidate(s, it));
			if (d->over)
				return OK;
		}
	if (reason.p != NULL)
		TRY(on_blocked(s, reason, message));
	s->index = 0;
	if (changed && begun) /* the first one stands in EV_START */
		push(s, (struct llm_event){ .kind = EV_USAGE, .usage = d->usage });
	return OK;
}

enum err gemini_decode_event(struct llm_decoder *d, struct str event, struct str data,
			     struct arena *scratch, struct llm_sink *sink)
{
	struct step s = { .d = d, .sink = sink, .scratch = scratch };
	struct gemini_answer v = { .id = none };
	const struct json *root = NULL;

	(void)event;
	s.at = (struct llm_at){ .a = scratch, .prefix = S(""), .camel = true, .lenient = true };
	if (d->over || str_trim(data).n == 0)
		return OK;
	struct json tokens[TOKENS];
	size_t n = 0;
	enum err e = json_parse(data, tokens, TOKENS, &n, NULL);
	root = tokens;
	if (e == ERR_LIMIT)
		e = json_read(scratch, data, &root, NULL);
	if (e == ERR_NOMEM)
		return e;
	if (e == OK)
		e = llm_read(&s.at, root, gemini_answer_rows, gemini_answer_row_count, &v);
	if (e != OK)
		return broken(&s, S("the provider sent an event that is no answer"));
	if (v.error != NULL || root->type == JSON_ARRAY) {
		struct llm_error error;
		gemini_decode_error(0, root, &error, scratch);
		fail(d, sink, &error);
		return OK;
	}
	return on_answer(&s, &v);
}

/* ---- the end ------------------------------------------------------------------------------- */

static bool complete(const struct llm_decoder *d)
{
	for (unsigned i = 0; i < d->count; i++)
		if (!d->candidates[i]->started || d->candidates[i]->finish == FINISH_NONE)
			return false;
	return d->count > 0;
}

static enum err finish(struct step *s, unsigned index)
{
	struct candidate *c = s->d->candidates[index];
	enum llm_finish reason = c->finish;

	s->c = c;
	s->index = index;
	TRY(close_part(s));
	/* Google says STOP also when the turn ends with calls. */
	if (reason == FINISH_STOP && c->called)
		reason = FINISH_TOOLS;
	push(s, (struct llm_event){ .kind = EV_FINISH, .finish = reason, .text = c->finish_text });
	return OK;
}

/* Only the end of the body says that a stream is over: the last event looks like those before
 * it. */
void gemini_decode_end(struct llm_decoder *d, struct llm_sink *sink)
{
	struct step s = { .d = d, .sink = sink, .scratch = d->a };

	if (d->over)
		return;
	if (!complete(d)) {
		(void)broken(&s, S("the provider's stream ended before its answer was complete"));
		return;
	}
	for (unsigned i = 0; i < d->count; i++)
		if (finish(&s, i) != OK) {
			(void)broken(&s, S("out of memory"));
			return;
		}
	s.index = 0;
	if (d->usage.known)
		push(&s, (struct llm_event){ .kind = EV_USAGE, .usage = d->usage });
	push(&s, (struct llm_event){ .kind = EV_DONE });
	d->over = true;
}
