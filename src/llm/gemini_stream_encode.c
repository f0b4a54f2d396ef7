/*
 * llm/gemini_stream_encode.c - neutral events become a streamGenerateContent stream.
 * Ring 0, pure. Memory: the call's arena for what must wait (calls, proofs); plain text waits for
 * nothing.
 */
#include "llm/gemini.h"

#include <assert.h>
#include <string.h>

/* A part that is open; of a call everything waits, because a functionCall is sent whole. */
struct open_part {
	struct open_part *next;
	unsigned choice, part;
	enum llm_part_kind kind;
	enum llm_dialect origin;
	struct str id, name;
	struct arena_text text, signature;
};

struct choice {
	struct choice *next;
	unsigned index;
	enum llm_finish finish;
	struct str finish_text;
};

struct llm_encoder {
	struct arena *a;
	struct open_part *open;
	struct choice *choices, *last;
	struct str tail; /* what each event ends with: model and id */
	struct llm_usage usage;
	bool over;
};

struct llm_encoder *gemini_encoder_new(struct arena *a, const struct llm_request *r)
{
	struct llm_encoder *e = NEW(a, struct llm_encoder);

	(void)r;
	if (e != NULL) {
		e->a = a;
		e->tail = S("}\n\n");
	}
	return e;
}

/* ---- one event ----------------------------------------------------------------------------- */

static void head(struct buf *out)
{
	buf_add(out, S("data: {\"candidates\":[{\"content\":{\"parts\":["));
}

/* empty_head begins an event that has something beside its content: a content must have a part. */
static void empty_head(unsigned choice, struct buf *out)
{
	head(out);
	buf_add(out, S("{\"text\":\"\"}],\"role\":\"model\"},\"index\":"));
	buf_addu(out, choice);
}

static void foot(const struct llm_encoder *e, unsigned choice, struct buf *out)
{
	buf_add(out, S("],\"role\":\"model\"},\"index\":"));
	buf_addu(out, choice);
	buf_add(out, S("}]"));
	buf_add(out, e->tail);
}

/* An event is one line, and raw JSON may hold line ends; between its values any white space is
 * the same. */
static void one_line(struct buf *out, size_t from)
{
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
}

static enum err put(const struct llm_encoder *e, unsigned choice, const struct llm_part *p,
		    struct buf *out)
{
	size_t from = out->n;

	head(out);
	TRY(gemini_put_part(e->a, p, out));
	one_line(out, from);
	foot(e, choice, out);
	return out->err;
}

static enum err put_text(const struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	head(out);
	buf_add(out, S("{\"text\":\""));
	buf_add(out, ev->text);
	buf_add(out, ev->part_kind == PART_THINKING ? S("\",\"thought\":true}") : S("\"}"));
	foot(e, ev->choice, out);
	return out->err;
}

/* ---- parts --------------------------------------------------------------------------------- */

static struct open_part **find(struct llm_encoder *e, const struct llm_event *ev)
{
	struct open_part **at = &e->open;

	while (*at != NULL && ((*at)->choice != ev->choice || (*at)->part != ev->part))
		at = &(*at)->next;
	return at;
}

static enum err on_part_start(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct open_part *p = NEW(e->a, struct open_part);

	if (p == NULL)
		return ERR_NOMEM;
	*p = (struct open_part){ .next = e->open, .choice = ev->choice, .part = ev->part,
				 .kind = ev->part_kind, .origin = ev->origin };
	e->open = p;
	TRY(arena_keep(e->a, ev->id, &p->id));
	TRY(arena_keep(e->a, ev->name, &p->name));
	TRY(arena_text_add(e->a, &p->signature, ev->signature));
	if (ev->media == NULL || (ev->media->data.p == NULL && ev->media->url.p == NULL))
		return OK;
	struct llm_part part = { .kind = ev->part_kind, .origin = ev->origin, .media = *ev->media };
	return put(e, ev->choice, &part, out);
}

static enum err on_part_delta(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct open_part *p = *find(e, ev);

	if (p == NULL || ev->text.n == 0)
		return OK;
	if (p->kind == PART_TOOL_CALL || p->kind == PART_REDACTED)
		return arena_text_add(e->a, &p->text, ev->text);
	struct llm_event shown = *ev;
	shown.part_kind = p->kind;
	return put_text(e, &shown, out);
}

static enum err on_signature(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct open_part *p = *find(e, ev);

	(void)out;
	if (p == NULL)
		return OK;
	p->origin = ev->origin;
	return arena_text_add(e->a, &p->signature, ev->text);
}

static enum err on_part_end(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct open_part **at = find(e, ev), *p = *at;
	struct llm_part part = { .kind = PART_TEXT };

	if (p == NULL)
		return OK;
	*at = p->next;
	part.kind = p->kind;
	part.origin = p->origin;
	part.id = p->id;
	part.name = p->name;
	part.signature = arena_text_str(&p->signature);
	part.text = p->kind == PART_REDACTED ? arena_text_str(&p->text) : S("");
	if (p->kind == PART_TOOL_CALL && ev->args.p != NULL)
		part.args = ev->args;
	else if (p->kind == PART_TOOL_CALL)
		TRY(llm_args_any(e->a, arena_text_str(&p->text), &part.args));
	bool waited = p->kind == PART_TOOL_CALL || (p->kind == PART_REDACTED && part.text.n);
	bool proof = part.signature.n && (p->kind == PART_TEXT || p->kind == PART_THINKING);
	return waited || proof ? put(e, ev->choice, &part, out) : OK;
}

/* ---- other events -------------------------------------------------------------------------- */

static enum err on_start(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct choice *c = NEW(e->a, struct choice);
	struct buf tail;
	size_t room = ev->model.n + ev->id.n + 64;
	char *p = arena_alloc(e->a, room, 1);

	(void)out;
	if (c == NULL || p == NULL)
		return ERR_NOMEM;
	c->index = ev->choice;
	if (e->last != NULL)
		e->last->next = c;
	else
		e->choices = c;
	e->last = c;
	if (ev->usage.known)
		e->usage = ev->usage;
	if (e->choices != c)
		return OK;
	buf_fixed(&tail, p, room);
	if (ev->model.p != NULL) {
		buf_add(&tail, S(",\"modelVersion\":\""));
		buf_add(&tail, ev->model);
		buf_addc(&tail, '"');
	}
	if (ev->id.p != NULL) {
		buf_add(&tail, S(",\"responseId\":\""));
		buf_add(&tail, ev->id);
		buf_addc(&tail, '"');
	}
	buf_add(&tail, S("}\n\n"));
	return buf_finish(&tail, &e->tail);
}

/* member gives what is between the braces of an object that gemini_stream.c made of a field
 * beside the content, p == NULL for anything else. */
static struct str member(struct str raw)
{
	static const struct str names[] = {
		SC("{\"citationMetadata\":"),
		SC("{\"urlContextMetadata\":"),
		SC("{\"groundingMetadata\":"),
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_has_prefix(raw, names[i]))
			return str_head(str_tail(raw, 1), raw.n - 2);
	return (struct str){ NULL, 0 };
}

static void put_beside(const struct llm_encoder *e, unsigned choice, struct str members,
		       struct buf *out)
{
	empty_head(choice, out);
	buf_addc(out, ',');
	size_t from = out->n;
	buf_add(out, members);
	one_line(out, from);
	buf_add(out, S("}]"));
	buf_add(out, e->tail);
}

static enum err on_opaque(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	struct llm_part part = { .kind = PART_OPAQUE, .origin = ev->origin, .raw = ev->raw };

	if (ev->origin != DIALECT_GEMINI || ev->raw.n == 0)
		return OK;
	struct str members = member(ev->raw);
	if (members.p == NULL)
		return put(e, ev->choice, &part, out);
	put_beside(e, ev->choice, members, out);
	return out->err;
}

static enum err on_logprobs(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	empty_head(ev->choice, out);
	buf_add(out, S(",\"logprobsResult\":"));
	size_t from = out->n;
	TRY(gemini_put_logprobs(e->a, ev->raw, out));
	one_line(out, from);
	buf_add(out, S("}]"));
	buf_add(out, e->tail);
	return out->err;
}

static enum err on_finish(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	(void)out;
	for (struct choice *c = e->choices; c != NULL; c = c->next) {
		if (c->index != ev->choice)
			continue;
		c->finish = ev->finish;
		return arena_keep(e->a, ev->text, &c->finish_text);
	}
	return OK;
}

static enum err on_usage(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	(void)out;
	e->usage = ev->usage;
	return OK;
}

static enum err on_error(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	e->over = true;
	gemini_encode_stream_error(&ev->error, out);
	return out->err;
}

/* Nothing may stand in this stream but answers: a comment makes google-genai fail. */
static enum err on_ping(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	(void)e;
	(void)ev;
	(void)out;
	return OK;
}

/* The last event has all finish reasons and the usage, which other dialects may tell after the
 * finish. */
static enum err on_done(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	(void)ev;
	e->over = true;
	buf_add(out, S("data: {\"candidates\":["));
	for (const struct choice *c = e->choices; c != NULL; c = c->next) {
		jw_raw(out, S("{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"}"));
		jw_kv_esc(out, S("finishReason"), gemini_finish_word(c->finish, c->finish_text));
		jw_kv_int(out, S("index"), c->index);
		jw_obj_end(out);
	}
	jw_arr_end(out);
	if (e->usage.known) {
		jw_key(out, S("usageMetadata"));
		gemini_put_usage(out, &e->usage);
	}
	buf_add(out, e->tail);
	return out->err;
}

static const struct handler {
	enum err (*on)(struct llm_encoder *, const struct llm_event *, struct buf *);
} handlers[EV_KINDS] = {
	[EV_START] = { on_start },           [EV_PART_START] = { on_part_start },
	[EV_PART_DELTA] = { on_part_delta }, [EV_SIGNATURE] = { on_signature },
	[EV_PART_END] = { on_part_end },     [EV_OPAQUE] = { on_opaque },
	[EV_LOGPROBS] = { on_logprobs },     [EV_FINISH] = { on_finish },
	[EV_USAGE] = { on_usage },           [EV_ERROR] = { on_error },
	[EV_PING] = { on_ping },             [EV_DONE] = { on_done },
};

enum err gemini_encode_event(struct llm_encoder *e, const struct llm_event *ev, struct buf *out)
{
	assert((unsigned)ev->kind < EV_KINDS);
	return e->over ? OK : handlers[ev->kind].on(e, ev, out);
}
