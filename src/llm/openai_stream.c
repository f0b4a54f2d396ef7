/*
 * llm/openai_stream.c - chat completion chunks become neutral events.
 * Ring 0, pure. Takes what servers really send: whole calls in one chunk, calls without index or
 * id, all calls with the same index, no [DONE], usage in the last content chunk, an error inside a
 * 200. A choice is finished only when the stream is: some servers send content after the finish
 * reason.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/openai_stream_fuzz.c
 */
#include "llm/openai.h"

#include <string.h>

enum { CHOICES_MAX = 128, CALLS_MAX = 1024 };

struct call {
	struct str id;
	int64_t index; /* as the server counts, -1 unknown */
	unsigned part;
	bool open;
	struct oa_nesting args;
};

struct choice {
	unsigned number;
	bool started, open;      /* open: a part of prose is */
	enum llm_part_kind kind; /* of that part */
	bool signed_;            /* it has its signature: more thinking is a new part */
	unsigned part, next_part;
	struct call *calls;
	size_t n, cap;
	bool finished;
	enum llm_finish finish;
	struct str finish_text;
};

struct llm_decoder {
	struct arena *arena, *scratch;
	struct llm_sink *sink;
	struct choice **choices;
	unsigned n, cap;
	struct str id, model;
	int64_t created;
	struct llm_usage usage;
	bool ended;
};

struct llm_decoder *openai_decoder_new(struct arena *a)
{
	struct llm_decoder *d = NEW(a, struct llm_decoder);

	if (d != NULL)
		d->arena = a;
	return d;
}

static void push(struct llm_decoder *d, const struct choice *c, struct llm_event e)
{
	e.choice = c ? c->number : 0;
	d->sink->on_event(d->sink, &e);
}

static void fail(struct llm_decoder *d, const struct llm_error *error)
{
	d->ended = true;
	push(d, NULL, (struct llm_event){ .kind = EV_ERROR, .error = *error });
}

static void fail_text(struct llm_decoder *d, struct arena *a, struct str text)
{
	struct llm_error error;

	llm_error_set(&error, LLM_UPSTREAM, a, text);
	fail(d, &error);
}

/* ---- prose: text, thinking, refusal -------------------------------------------------------- */

static void end_prose(struct llm_decoder *d, struct choice *c)
{
	if (!c->open)
		return;
	c->open = false;
	push(d, c, (struct llm_event){ .kind = EV_PART_END, .part = c->part,
				       .part_kind = c->kind });
}

/* Calls whose arguments are whole end where the next part begins; others go on beside it. */
static void end_whole_calls(struct llm_decoder *d, struct choice *c, bool all)
{
	for (size_t i = 0; i < c->n; i++) {
		struct call *call = &c->calls[i];
		if (!call->open || !(all || call->args.whole))
			continue;
		call->open = false;
		push(d, c, (struct llm_event){ .kind = EV_PART_END, .part = call->part,
					       .part_kind = PART_TOOL_CALL });
	}
}

static void start_prose(struct llm_decoder *d, struct choice *c, enum llm_part_kind kind)
{
	if (c->open && c->kind == kind && !(kind == PART_THINKING && c->signed_))
		return;
	end_prose(d, c);
	end_whole_calls(d, c, false);
	c->open = true;
	c->signed_ = false;
	c->kind = kind;
	c->part = c->next_part++;
	push(d, c, (struct llm_event){ .kind = EV_PART_START, .part = c->part, .part_kind = kind,
				       .origin = DIALECT_OPENAI });
}

static void add_prose(struct llm_decoder *d, struct choice *c, enum llm_part_kind kind,
		      struct str text)
{
	if (text.n == 0)
		return;
	start_prose(d, c, kind);
	push(d, c, (struct llm_event){ .kind = EV_PART_DELTA, .part = c->part, .part_kind = kind,
				       .text = text });
}

static void add_signature(struct llm_decoder *d, struct choice *c, enum llm_part_kind kind,
			  struct str tagged, enum llm_dialect own)
{
	enum llm_dialect origin;
	struct str sig = llm_untag(tagged, own, &origin);

	if (sig.n == 0)
		return;
	start_prose(d, c, kind);
	c->signed_ = true;
	push(d, c, (struct llm_event){ .kind = EV_SIGNATURE, .part = c->part, .part_kind = kind,
				       .origin = origin, .text = sig });
}

static void add_redacted(struct llm_decoder *d, struct choice *c, struct str tagged)
{
	enum llm_dialect origin;
	struct str data = llm_untag(tagged, DIALECT_ANTHROPIC, &origin);
	struct llm_event e = { .part_kind = PART_REDACTED, .origin = origin };

	end_prose(d, c);
	end_whole_calls(d, c, false);
	e.part = c->next_part++;
	e.kind = EV_PART_START;
	push(d, c, e);
	e.kind = EV_PART_DELTA;
	e.text = data;
	push(d, c, e);
	e.kind = EV_PART_END;
	e.text = (struct str){ NULL, 0 };
	push(d, c, e);
}

static void add_blocks(struct llm_decoder *d, struct choice *c, const struct json *blocks)
{
	JSON_EACH_ITEM(blocks, it) {
		if (json_str_eq(json_get(it, S("type")), S("redacted_thinking"))) {
			add_redacted(d, c, json_esc(json_get(it, S("data"))));
			continue;
		}
		add_prose(d, c, PART_THINKING, json_esc(json_get(it, S("thinking"))));
		add_signature(d, c, PART_THINKING, json_esc(json_get(it, S("signature"))),
			      DIALECT_ANTHROPIC);
	}
}

/* LiteLLM says the same thoughts twice, in blocks and in reasoning_content. */
static void on_thoughts(struct llm_decoder *d, struct choice *c, const struct json *delta)
{
	const struct json *blocks = json_get(delta, S("thinking_blocks"));
	const struct json *text = json_get(delta, S("reasoning_content"));

	if (json_is(blocks, JSON_ARRAY) && json_count(blocks) > 0) {
		add_blocks(d, c, blocks);
		return;
	}
	if (!json_is(text, JSON_STRING))
		text = json_get(delta, S("reasoning"));
	add_prose(d, c, PART_THINKING, json_esc(text));
}

static void on_content(struct llm_decoder *d, struct choice *c, const struct json *content)
{
	if (!json_is(content, JSON_ARRAY)) {
		add_prose(d, c, PART_TEXT, json_esc(content));
		return;
	}
	JSON_EACH_ITEM(content, it) { /* Mistral */
		const struct json *thinking = json_get(it, S("thinking"));
		add_prose(d, c, PART_TEXT, json_esc(json_get(it, S("text"))));
		if (!json_is(thinking, JSON_ARRAY))
			continue;
		JSON_EACH_ITEM(thinking, piece)
			add_prose(d, c, PART_THINKING, json_esc(json_get(piece, S("text"))));
	}
}

static void on_images(struct llm_decoder *d, struct choice *c, const struct json *images)
{
	if (!json_is(images, JSON_ARRAY))
		return;
	JSON_EACH_ITEM(images, it) {
		struct llm_media media = { 0 };
		oa_image(d->scratch, json_get(it, S("image_url")), &media);
		end_prose(d, c);
		end_whole_calls(d, c, false);
		struct llm_event e = { .kind = EV_PART_START, .part = c->next_part++,
				       .part_kind = PART_IMAGE, .media = &media };
		push(d, c, e);
		e.kind = EV_PART_END;
		e.media = NULL;
		push(d, c, e);
	}
}

/* ---- tool calls ---------------------------------------------------------------------------- */

static bool is_blank(struct str esc)
{
	for (size_t i = 0; i < esc.n; i++)
		if (esc.p[i] != ' ')
			return false;
	return true;
}

/* Which call a fragment belongs to. Gemini's OpenAI endpoint gives all its calls index 0: a new id
 * with a name is a new call. Without an index, one without an id goes on with the latest. */
static struct call *find_call(struct choice *c, const struct json *v, bool named)
{
	const struct json *index = json_get(v, S("index"));
	struct str id = json_esc(json_get(v, S("id")));
	int64_t at = -1;

	if (json_is(index, JSON_NUMBER) && json_i64(index, &at) != OK)
		at = -1;
	for (size_t i = c->n; i-- > 0;) {
		struct call *call = &c->calls[i];
		bool same_id = id.n && str_eq(id, call->id);
		if (at >= 0 ? call->index != at : id.n && !same_id)
			continue;
		if (!named || same_id)
			return call;
		return at >= 0 && id.n == 0 && call->open && !call->args.whole ? call : NULL;
	}
	return NULL;
}

static enum err add_call(struct llm_decoder *d, struct choice *c, struct call **out)
{
	if (c->n == CALLS_MAX)
		return ERR_LIMIT;
	if (!ARENA_ROOM(d->arena, c->calls, c->n, c->cap))
		return ERR_NOMEM;
	*out = &c->calls[c->n++];
	return OK;
}

static enum err start_call(struct llm_decoder *d, struct choice *c, const struct json *v,
			   struct str name, struct call **out)
{
	const struct json *index = json_get(v, S("index"));
	struct str id = json_esc(json_get(v, S("id"))), signature;
	enum llm_dialect origin;
	struct call *call = NULL;

	end_prose(d, c);
	end_whole_calls(d, c, false);
	TRY(add_call(d, c, &call));
	call->index = -1;
	if (json_is(index, JSON_NUMBER) && json_i64(index, &call->index) != OK)
		call->index = -1;
	call->id = id.n ? arena_dup(d->arena, id) : oa_made_id(d->arena, d->id, c->next_part);
	if (call->id.p == NULL)
		return ERR_NOMEM;
	call->open = true;
	call->part = c->next_part++;
	struct str bare = llm_id_split(d->scratch, call->id, &origin, &signature);
	push(d, c, (struct llm_event){ .kind = EV_PART_START, .part = call->part,
				       .part_kind = PART_TOOL_CALL, .id = bare, .name = name,
				       .origin = origin, .signature = signature });
	*out = call;
	return OK;
}

static enum err on_call(struct llm_decoder *d, struct choice *c, const struct json *v)
{
	const struct json *fn = json_get(v, S("function"));
	const struct json *args = json_get(fn ? fn : v, S("arguments"));
	struct str name = json_esc(json_get(fn ? fn : v, S("name"))), text = json_esc(args);
	struct call *call = find_call(c, v, name.n > 0);

	if (json_is(json_get(v, S("custom")), JSON_OBJECT)) { /* of OpenAI alone */
		push(d, c, (struct llm_event){ .kind = EV_OPAQUE, .origin = DIALECT_OPENAI,
					       .name = S("custom"), .raw = json_raw(v) });
		return OK;
	}
	if (call == NULL && name.n == 0 && is_blank(text) && !json_is(args, JSON_OBJECT))
		return OK;
	if (call == NULL && name.n == 0) {
		fail_text(d, d->scratch, S("the provider sent a tool call without a name"));
		return OK;
	}
	if (call == NULL)
		TRY(start_call(d, c, v, name, &call));
	if (json_is(args, JSON_OBJECT))
		text = llm_args_esc(d->scratch, json_raw(args));
	if (text.n == 0)
		return OK;
	if (!call->open) {
		if (!is_blank(text))
			fail_text(d, d->scratch,
				  S("the provider went on with a tool call that was whole"));
		return OK;
	}
	oa_follow(&call->args, text);
	push(d, c, (struct llm_event){ .kind = EV_PART_DELTA, .part = call->part,
				       .part_kind = PART_TOOL_CALL, .text = text });
	return OK;
}

static enum err on_calls(struct llm_decoder *d, struct choice *c, const struct json *delta)
{
	const struct json *calls = json_get(delta, S("tool_calls"));
	const struct json *call = json_get(delta, S("function_call"));

	if (json_is(calls, JSON_ARRAY)) {
		JSON_EACH_ITEM(calls, it)
			if (!d->ended)
				TRY(on_call(d, c, it));
	}
	return json_is(call, JSON_OBJECT) && !d->ended ? on_call(d, c, call) : OK;
}

/* ---- chunks -------------------------------------------------------------------------------- */

static enum err grow_choices(struct llm_decoder *d, unsigned n)
{
	if (n > d->cap) {
		unsigned cap = n > 1 ? CHOICES_MAX : 1;
		struct choice **choices = NEW_ARRAY(d->arena, struct choice *, cap);
		if (choices == NULL)
			return ERR_NOMEM;
		if (d->n)
			memcpy(choices, d->choices, d->n * sizeof(struct choice *));
		d->choices = choices;
		d->cap = cap;
	}
	for (; d->n < n; d->n++) {
		d->choices[d->n] = NEW(d->arena, struct choice);
		if (d->choices[d->n] == NULL)
			return ERR_NOMEM;
		d->choices[d->n]->number = d->n;
	}
	return OK;
}

static enum err choice_at(struct llm_decoder *d, const struct json *v, struct choice **out)
{
	const struct json *index = json_get(v, S("index"));
	int64_t i = 0;

	if (index != NULL && (!json_is(index, JSON_NUMBER) || json_i64(index, &i) != OK))
		return ERR_SYNTAX;
	if (i < 0 || i >= CHOICES_MAX)
		return ERR_SYNTAX;
	TRY(grow_choices(d, (unsigned)i + 1));
	*out = d->choices[i];
	return OK;
}

static void start_choice(struct llm_decoder *d, struct choice *c)
{
	if (c->started)
		return;
	c->started = true;
	push(d, c, (struct llm_event){ .kind = EV_START, .origin = DIALECT_OPENAI, .id = d->id,
				       .model = d->model, .created = d->created });
}

static void on_opaque(struct llm_decoder *d, struct choice *c, const struct json *delta,
		      struct str name)
{
	const struct json *v = json_get(delta, name);

	if ((json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY)) && json_count(v) > 0)
		push(d, c, (struct llm_event){ .kind = EV_OPAQUE, .origin = DIALECT_OPENAI,
					       .name = name, .raw = json_raw(v) });
}

static void on_text_signatures(struct llm_decoder *d, struct choice *c, const struct json *delta)
{
	const struct json *sigs = json_get(json_get(delta, S("provider_specific_fields")),
					   S("thought_signatures"));

	if (!json_is(sigs, JSON_ARRAY))
		return;
	JSON_EACH_ITEM(sigs, it)
		add_signature(d, c, PART_TEXT, json_esc(it), DIALECT_GEMINI);
}

static enum err on_finish(struct llm_decoder *d, struct choice *c, const struct json *v)
{
	const struct json *reason = json_get(v, S("finish_reason"));
	const struct json *stop = json_get(v, S("stop_reason"));
	enum llm_finish finish = oa_finish(reason);
	struct str text = { NULL, 0 };

	if (finish == FINISH_NONE)
		return OK;
	if (finish == FINISH_OTHER)
		text = json_esc(reason);
	if (finish == FINISH_STOP && json_is(stop, JSON_STRING)) {
		finish = FINISH_STOP_SEQUENCE;
		text = json_esc(stop);
	}
	c->finished = true;
	c->finish = finish;
	if (text.p)
		c->finish_text = arena_dup(d->arena, text);
	return text.p && c->finish_text.p == NULL ? ERR_NOMEM : OK;
}

static enum err on_choice(struct llm_decoder *d, const struct json *v)
{
	const struct json *delta = json_get(v, S("delta")), *logprobs = json_get(v, S("logprobs"));
	struct choice *c = NULL;

	TRY(choice_at(d, v, &c));
	start_choice(d, c);
	on_thoughts(d, c, delta);
	on_content(d, c, json_get(delta, S("content")));
	on_text_signatures(d, c, delta);
	add_prose(d, c, PART_REFUSAL, json_esc(json_get(delta, S("refusal"))));
	on_images(d, c, json_get(delta, S("images")));
	TRY(on_calls(d, c, delta));
	if (d->ended)
		return OK;
	on_opaque(d, c, delta, S("annotations"));
	on_opaque(d, c, delta, S("audio"));
	if (json_is(logprobs, JSON_OBJECT))
		push(d, c, (struct llm_event){ .kind = EV_LOGPROBS, .raw = json_raw(logprobs) });
	return on_finish(d, c, v);
}

/* The first chunk that has choices says who speaks; Azure sends an empty one before it. */
static enum err read_head(struct llm_decoder *d, const struct json *root)
{
	struct str id = json_esc(json_get(root, S("id")));
	struct str model = json_esc(json_get(root, S("model")));

	if (d->id.p == NULL && id.n) {
		d->id = arena_dup(d->arena, id);
		if (d->id.p == NULL)
			return ERR_NOMEM;
	}
	if (d->model.p == NULL && model.n) {
		d->model = arena_dup(d->arena, model);
		if (d->model.p == NULL)
			return ERR_NOMEM;
	}
	const struct json *created = json_get(root, S("created"));
	if (d->created == 0 &&
	    (!json_is(created, JSON_NUMBER) || json_i64(created, &d->created) != OK))
		d->created = 0;
	return OK;
}

static void finish_choice(struct llm_decoder *d, struct choice *c)
{
	bool calls = c->n > 0;

	start_choice(d, c);
	end_prose(d, c);
	end_whole_calls(d, c, true);
	if (!c->finished || (c->finish == FINISH_STOP && calls))
		c->finish = calls ? FINISH_TOOLS : FINISH_STOP;
	push(d, c, (struct llm_event){ .kind = EV_FINISH, .finish = c->finish,
				       .text = c->finish_text });
}

static void finish_all(struct llm_decoder *d)
{
	for (unsigned i = 0; i < d->n; i++)
		finish_choice(d, d->choices[i]);
	if (d->usage.known)
		push(d, NULL, (struct llm_event){ .kind = EV_USAGE, .usage = d->usage });
	d->ended = true;
	push(d, NULL, (struct llm_event){ .kind = EV_DONE });
}

static enum err on_chunk(struct llm_decoder *d, const struct json *root)
{
	const struct json *choices = json_get(root, S("choices"));
	struct llm_usage usage;

	TRY(read_head(d, root));
	if (json_is(choices, JSON_ARRAY)) {
		JSON_EACH_ITEM(choices, it) {
			TRY(on_choice(d, it));
			if (d->ended)
				return OK;
		}
	}
	if (oa_usage(json_get(root, S("usage")), &usage))
		d->usage = usage;
	return OK;
}

static void on_error(struct llm_decoder *d, const struct json *root)
{
	struct llm_error error;

	oa_error_object(200, root, &error, d->scratch);
	fail(d, &error);
}

enum err openai_decode_event(struct llm_decoder *d, struct str event, struct str data,
			     struct arena *scratch, struct llm_sink *sink)
{
	const struct json *root = NULL;

	d->scratch = scratch;
	d->sink = sink;
	if (d->ended)
		return OK;
	data = str_trim(data);
	if (data.n == 0) {
		push(d, NULL, (struct llm_event){ .kind = EV_PING });
		return OK;
	}
	if (str_eq(data, S("[DONE]"))) {
		if (d->n == 0)
			fail_text(d, scratch, S("the provider's stream has no content"));
		else
			finish_all(d);
		return OK;
	}
	TRY(json_read(scratch, data, &root, NULL));
	if (!json_is(root, JSON_OBJECT))
		return ERR_SYNTAX;
	if (oa_is_error(root) || str_eq(event, S("error"))) {
		on_error(d, root);
		return OK;
	}
	return on_chunk(d, root);
}

/* Without [DONE] a stream is complete when every choice has said why it ended. */
void openai_decode_end(struct llm_decoder *d, struct llm_sink *sink)
{
	bool complete = d->n > 0;

	d->sink = sink;
	if (d->ended)
		return;
	for (unsigned i = 0; i < d->n; i++)
		complete = complete && d->choices[i]->finished;
	if (complete)
		finish_all(d);
	else
		fail_text(d, d->arena, S("the provider's stream ended before it was complete"));
}
