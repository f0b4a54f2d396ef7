/*
 * llm/anthropic_stream.c - a Messages API stream told as neutral events.
 * Ring 0. Input: hostile.   Runs in: ingress.   Fuzz: fuzz/anthropic_stream_fuzz.c
 *
 * Blocks that only this dialect knows (server tools and their results, compaction, ...) are
 * gathered and handed on whole as EV_OPAQUE; a citation is handed on as its delta,
 * "citations_delta".
 */
#include "llm/anthropic.h"

#include <assert.h>
#include <string.h>

enum {
	OPEN_MAX = 16, /* blocks open at once; the API opens one */
	TOKENS = 48,   /* values of an ordinary event, on the stack */
};

struct block {
	int64_t index;
	unsigned part;
	enum llm_part_kind kind; /* PART_OPAQUE: head is the block, text its deltas */
	bool json_mode;		 /* the input of JSON mode's tool, told as text */
	bool deltas;		 /* part of a tool call's input came as delta */
	struct str head;	 /* raw: the opaque block, or the input a tool call started with */
	struct str field;	 /* plain: what an opaque block's deltas are the value of */
	struct arena_text text;	 /* also a thinking block's signature, told whole at its end */
};

struct llm_decoder {
	struct arena *a;
	struct arena *scratch;
	struct llm_sink *sink;
	struct anthropic_usage usage;
	struct str id;
	struct block open[OPEN_MAX];
	unsigned n_open, parts;
	bool started, finished, over; /* over: EV_DONE or EV_ERROR is out */
	bool calls, unwrapped;
};

struct llm_decoder *anthropic_decoder_new(struct arena *a)
{
	struct llm_decoder *d = NEW(a, struct llm_decoder);

	if (d != NULL)
		d->a = a;
	return d;
}

/* ---- pushing --------------------------------------------------------------------------------- */

static void push(struct llm_decoder *d, struct llm_event e)
{
	e.origin = DIALECT_ANTHROPIC;
	d->sink->on_event(d->sink, &e);
}

static void fail(struct llm_decoder *d, struct llm_error e)
{
	if (d->over)
		return;
	d->over = true;
	push(d, (struct llm_event){ .kind = EV_ERROR, .error = e });
}

static enum err broken(struct llm_decoder *d, struct str why)
{
	fail(d, (struct llm_error){ .kind = LLM_UPSTREAM, .status = 502, .message = why });
	return OK;
}

static void push_delta(struct llm_decoder *d, const struct block *b, struct str text)
{
	if (text.n)
		push(d, (struct llm_event){ .kind = EV_PART_DELTA,
					    .part = b->part,
					    .part_kind = b->kind,
					    .text = text });
}

static void push_signature(struct llm_decoder *d, struct block *b)
{
	struct llm_event e = { .kind = EV_SIGNATURE, .part = b->part, .part_kind = b->kind };

	if (b->kind != PART_THINKING || b->text.n == 0)
		return;
	e.text = llm_untag((struct str){ b->text.p, b->text.n }, DIALECT_ANTHROPIC, &e.origin);
	d->sink->on_event(d->sink, &e);
	b->text.n = 0;
}

/* ---- message_start --------------------------------------------------------------------------- */

static enum err start_block(struct llm_decoder *d, int64_t index, const struct json *v);
static enum err stop_block(struct llm_decoder *d, struct block *b);

static enum err on_message_start(struct llm_decoder *d, const struct json *root)
{
	const struct json *m = json_get(root, S("message"));
	const struct json *content = json_get(m, S("content"));
	struct str id = json_esc(json_get(m, S("id")));
	int64_t index = -1;

	if (d->started) {
		/* Gateways have been seen to send it twice, which is harmless, and to splice a
		 * second attempt into a stream that had begun, whose parts would be taken for one
		 * answer. */
		if (!str_eq(id, d->id) || d->finished)
			return broken(d, S("the provider's stream started over"));
		anthropic_usage_read(json_get(m, S("usage")), &d->usage);
		return OK;
	}
	if (!json_is(m, JSON_OBJECT))
		return broken(d, S("message_start without a message"));
	d->started = true;
	d->id = arena_dup(d->a, id);
	if (d->id.p == NULL)
		return ERR_NOMEM;
	anthropic_usage_read(json_get(m, S("usage")), &d->usage);
	push(d, (struct llm_event){ .kind = EV_START,
				    .id = id,
				    .model = json_esc(json_get(m, S("model"))),
				    .usage = anthropic_usage_norm(&d->usage) });
	if (!json_is(content, JSON_ARRAY))
		return OK;
	/* A turn that continues a server tool's may start with blocks. */
	JSON_EACH_ITEM (content, it) {
		TRY(start_block(d, index, it));
		if (d->over)
			return OK;
		TRY(stop_block(d, &d->open[d->n_open - 1]));
	}
	return OK;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static struct block *find(struct llm_decoder *d, int64_t index)
{
	for (unsigned i = d->n_open; i-- > 0;)
		if (d->open[i].index == index)
			return &d->open[i];
	return NULL;
}

static enum err index_of(const struct json *root, int64_t *out)
{
	*out = -1;
	return json_i64(json_get(root, S("index")), out);
}

static void start_part(struct llm_decoder *d, struct block *b, enum llm_part_kind kind,
		       struct llm_event e)
{
	b->kind = kind;
	b->part = d->parts++;
	e.kind = EV_PART_START;
	e.part = b->part;
	e.part_kind = kind;
	push(d, e);
}

static enum err start_call(struct llm_decoder *d, struct block *b, const struct json *v)
{
	const struct json *input = json_get(v, S("input"));
	struct llm_event e = { .name = json_esc(json_get(v, S("name"))) };
	struct llm_event sign = { .kind = EV_SIGNATURE, .part_kind = PART_TOOL_CALL };

	if (json_esc(json_get(v, S("id"))).n == 0 || e.name.n == 0)
		return broken(d, S("a tool call without an id or a name"));
	bool whole = json_is(input, JSON_OBJECT) && json_count(input) > 0;
	b->head = whole ? arena_dup(d->a, json_raw(input)) : S("{}");
	if (b->head.p == NULL)
		return ERR_NOMEM;
	if (json_str_eq(json_get(v, S("name")), ANTHROPIC_JSON_TOOL)) {
		b->json_mode = d->unwrapped = true;
		start_part(d, b, PART_TEXT, (struct llm_event){ 0 });
		return OK;
	}
	d->calls = true;
	e.id = llm_id_split(d->scratch, json_esc(json_get(v, S("id"))), &sign.origin, &sign.text);
	start_part(d, b, PART_TOOL_CALL, e);
	sign.part = b->part;
	if (sign.text.n)
		d->sink->on_event(d->sink, &sign);
	return OK;
}

static enum err start_opaque(struct llm_decoder *d, struct block *b, const struct json *v)
{
	b->kind = PART_OPAQUE;
	b->head = arena_dup(d->a, json_raw(v));
	return b->head.p ? OK : ERR_NOMEM;
}

static enum err start_known(struct llm_decoder *d, struct block *b, const struct json *v)
{
	const struct json *type = json_get(v, S("type"));
	struct llm_event none = { .kind = EV_PART_START };

	if (json_str_eq(type, S("text"))) {
		start_part(d, b, PART_TEXT, none);
		push_delta(d, b, json_esc(json_get(v, S("text"))));
	} else if (json_str_eq(type, S("thinking"))) {
		start_part(d, b, PART_THINKING, none);
		push_delta(d, b, json_esc(json_get(v, S("thinking"))));
		return arena_text_add(d->a, &b->text, json_esc(json_get(v, S("signature"))));
	} else if (json_str_eq(type, S("redacted_thinking"))) {
		start_part(d, b, PART_REDACTED, none);
		push_delta(d, b, json_esc(json_get(v, S("data"))));
	} else if (json_str_eq(type, S("tool_use"))) {
		return start_call(d, b, v);
	} else {
		return start_opaque(d, b, v);
	}
	return OK;
}

static enum err start_block(struct llm_decoder *d, int64_t index, const struct json *v)
{
	if (!json_is(v, JSON_OBJECT) || !json_is(json_get(v, S("type")), JSON_STRING))
		return broken(d, S("a content block without a type"));
	if (d->n_open == OPEN_MAX || find(d, index) != NULL)
		return broken(d, S("content blocks overlap"));
	struct block *b = &d->open[d->n_open++];
	*b = (struct block){ .index = index };
	return start_known(d, b, v);
}

static enum err on_block_start(struct llm_decoder *d, const struct json *root)
{
	int64_t index = -1;

	if (index_of(root, &index) != OK)
		return broken(d, S("content_block_start without an index"));
	return start_block(d, index, json_get(root, S("content_block")));
}

/* An opaque block's raw form is its head with one member set to what the deltas gave. */
static enum err opaque_raw(struct llm_decoder *d, const struct block *b, struct str *out)
{
	const struct json *head = NULL;
	struct str value = { b->text.p, b->text.n }, input;
	struct buf w;
	bool is_input = str_eq(b->field, S("input"));

	*out = b->head;
	if (b->field.p == NULL || b->text.n == 0)
		return OK;
	TRY(json_read(d->scratch, b->head, &head, NULL));
	if (is_input) {
		TRY(llm_args_any(d->scratch, value, &input));
		value = input;
	}
	size_t room = b->head.n + value.n * 2 + 64;
	char *p = arena_alloc(d->scratch, room, 1);
	if (p == NULL)
		return ERR_NOMEM;
	buf_fixed(&w, p, room);
	jw_obj(&w);
	JSON_EACH_MEMBER (head, key) {
		struct str name = json_str(d->scratch, key);
		if (str_eq(name, b->field))
			continue;
		jw_key(&w, json_esc(key));
		jw_raw(&w, json_raw(key + 1));
	}
	jw_key(&w, b->field);
	if (is_input)
		jw_raw(&w, value);
	else
		jw_esc(&w, value);
	jw_obj_end(&w);
	return buf_finish(&w, out);
}

static enum err stop_block(struct llm_decoder *d, struct block *b)
{
	struct llm_event e = { .kind = EV_PART_END, .part = b->part, .part_kind = b->kind };

	push_signature(d, b);
	if (b->kind == PART_OPAQUE) {
		e = (struct llm_event){ .kind = EV_OPAQUE };
		TRY(opaque_raw(d, b, &e.raw));
	} else if (b->kind == PART_TOOL_CALL && !b->deltas) {
		e.args = b->head;
	} else if (b->json_mode && !b->deltas) {
		struct str text = llm_args_esc(d->scratch, b->head);
		if (text.p == NULL)
			return ERR_NOMEM;
		push_delta(d, b, text);
	}
	push(d, e);
	*b = d->open[--d->n_open];
	return OK;
}

static enum err on_block_stop(struct llm_decoder *d, const struct json *root)
{
	int64_t index = -1;

	if (index_of(root, &index) != OK)
		return broken(d, S("content_block_stop without an index"));
	struct block *b = find(d, index);
	/* Twice is harmless. */
	return b ? stop_block(d, b) : OK;
}

/* ---- deltas ---------------------------------------------------------------------------------- */

/* Text inside a thinking block and the reverse: other gateways do that. It starts a new part. */
static void become(struct llm_decoder *d, struct block *b, enum llm_part_kind kind)
{
	if (b->kind == kind)
		return;
	push_signature(d, b);
	push(d, (struct llm_event){ .kind = EV_PART_END, .part = b->part, .part_kind = b->kind });
	start_part(d, b, kind, (struct llm_event){ .kind = EV_PART_START });
}

static bool is_prose(const struct block *b)
{
	return (b->kind == PART_TEXT && !b->json_mode) || b->kind == PART_THINKING;
}

static enum err on_input(struct llm_decoder *d, struct block *b, struct str esc)
{
	if (b->kind == PART_OPAQUE) {
		b->field = S("input");
		return arena_text_add(d->a, &b->text, esc);
	}
	if (b->kind != PART_TOOL_CALL && !b->json_mode)
		return broken(d, S("input_json_delta outside a tool call"));
	b->deltas = b->deltas || esc.n > 0;
	push_delta(d, b, esc);
	return OK;
}

static enum err on_other_delta(struct llm_decoder *d, struct block *b, const struct json *delta)
{
	const struct json *type = json_get(delta, S("type"));

	if (b->kind == PART_OPAQUE && json_str_eq(type, S("compaction_delta"))) {
		b->field = S("content");
		return arena_text_add(d->a, &b->text, json_esc(json_get(delta, S("content"))));
	}
	push(d, (struct llm_event){ .kind = EV_OPAQUE, .part = b->part, .raw = json_raw(delta) });
	return OK;
}

static enum err on_delta(struct llm_decoder *d, const struct json *root)
{
	const struct json *delta = json_get(root, S("delta"));
	const struct json *type = json_get(delta, S("type"));
	int64_t index = -1;

	struct block *b = index_of(root, &index) == OK ? find(d, index) : NULL;
	if (b == NULL)
		return broken(d, S("a delta of no open content block"));
	if (!json_is(type, JSON_STRING))
		return broken(d, S("a delta without a type"));
	if (json_str_eq(type, S("input_json_delta")))
		return on_input(d, b, json_esc(json_get(delta, S("partial_json"))));
	bool text = json_str_eq(type, S("text_delta"));
	bool thinking = json_str_eq(type, S("thinking_delta"));
	if (text || thinking) {
		if (!is_prose(b))
			return broken(d, S("a text delta outside a text block"));
		become(d, b, text ? PART_TEXT : PART_THINKING);
		push_delta(d, b, json_esc(json_get(delta, text ? S("text") : S("thinking"))));
		return OK;
	}
	if (json_str_eq(type, S("signature_delta"))) {
		if (b->kind != PART_THINKING)
			return broken(d, S("a signature outside a thinking block"));
		return arena_text_add(d->a, &b->text, json_esc(json_get(delta, S("signature"))));
	}
	return on_other_delta(d, b, delta);
}

/* ---- the end --------------------------------------------------------------------------------- */

static enum err finish(struct llm_decoder *d, enum llm_finish why, struct str text)
{
	while (d->n_open > 0)
		TRY(stop_block(d, &d->open[0]));
	if (why == FINISH_TOOLS && d->unwrapped && !d->calls)
		why = FINISH_STOP;
	d->finished = true;
	push(d, (struct llm_event){ .kind = EV_FINISH, .finish = why, .text = text });
	return OK;
}

static enum err on_message_delta(struct llm_decoder *d, const struct json *root)
{
	const struct json *delta = json_get(root, S("delta"));
	enum llm_finish why = anthropic_finish(json_get(delta, S("stop_reason")));

	anthropic_usage_read(json_get(root, S("usage")), &d->usage);
	if (why != FINISH_NONE && !d->finished)
		TRY(finish(d, why, anthropic_finish_text(delta, why)));
	if (d->usage.known)
		push(d, (struct llm_event){ .kind = EV_USAGE,
					    .usage = anthropic_usage_norm(&d->usage) });
	return OK;
}

static enum err on_message_stop(struct llm_decoder *d, const struct json *root)
{
	(void)root;
	if (!d->finished)
		TRY(finish(d, d->calls ? FINISH_TOOLS : FINISH_STOP, (struct str){ NULL, 0 }));
	d->over = true;
	push(d, (struct llm_event){ .kind = EV_DONE });
	return OK;
}

static enum err on_error(struct llm_decoder *d, const struct json *root)
{
	struct llm_error e;

	anthropic_decode_error(0, root, &e, d->scratch);
	fail(d, e);
	return OK;
}

static enum err on_ping(struct llm_decoder *d, const struct json *root)
{
	(void)root;
	push(d, (struct llm_event){ .kind = EV_PING });
	return OK;
}

static const struct {
	struct str type;
	bool within; /* between message_start and the stop reason */
	bool after;  /* after message_start */
	enum err (*handle)(struct llm_decoder *, const struct json *);
} handlers[] = {
	{ SC("content_block_delta"), true, true, on_delta },
	{ SC("content_block_start"), true, true, on_block_start },
	{ SC("content_block_stop"), false, true, on_block_stop },
	{ SC("message_start"), false, false, on_message_start },
	{ SC("message_delta"), false, true, on_message_delta },
	{ SC("message_stop"), false, true, on_message_stop },
	{ SC("ping"), false, false, on_ping },
	{ SC("error"), false, false, on_error },
};

static enum err dispatch(struct llm_decoder *d, const struct json *root)
{
	const struct json *type = json_get(root, S("type"));

	for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
		if (!json_str_eq(type, handlers[i].type))
			continue;
		if (handlers[i].after && !d->started)
			return broken(d, S("an event before message_start"));
		if (handlers[i].within && d->finished)
			return broken(d, S("content after the stop reason"));
		return handlers[i].handle(d, root);
	}
	/* "New event types may be added": the API's documentation asks to ignore them. */
	return OK;
}

enum err anthropic_decode_event(struct llm_decoder *d, struct str event, struct str data,
				struct arena *scratch, struct llm_sink *sink)
{
	struct json tokens[TOKENS];
	const struct json *root = tokens;
	size_t n = 0;

	(void)event; /* the type stands in the data too */
	assert(d != NULL && sink != NULL);
	if (d->over || data.n == 0 || str_eq(data, S("[DONE]")))
		return OK;
	d->scratch = scratch;
	d->sink = sink;
	enum err e = json_parse(data, tokens, TOKENS, &n, NULL);
	if (e == ERR_LIMIT)
		e = json_read(scratch, data, &root, NULL);
	if (e == ERR_NOMEM)
		return e;
	if (e != OK)
		return broken(d, S("an event of the provider's stream is no JSON"));
	return dispatch(d, root);
}

void anthropic_decode_end(struct llm_decoder *d, struct llm_sink *sink)
{
	d->sink = sink;
	if (d->over)
		return;
	if (!d->finished) {
		(void)broken(d, S("the provider's stream ended early"));
		return;
	}
	/* The answer is whole; only the farewell is missing. */
	d->over = true;
	push(d, (struct llm_event){ .kind = EV_DONE });
}
