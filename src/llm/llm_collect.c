/*
 * llm/llm_collect.c - a stream's events gathered into a whole answer, and the judge of their order.
 * Ring 0, pure. Every string is copied into the request's arena: events point into scratch.
 */
#include "llm/llm.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum { CHOICES_MAX = 128 }; /* OpenAI's bound for n */

struct collect_part {
	struct llm_part *part;
	struct arena_text text, signature;
	bool open;
};

struct llm_collect_choice {
	struct llm_answer_choice *answer;
	struct collect_part *parts;
	size_t n, cap;
	unsigned open;
	bool started, finished;
	struct arena_text content, refusal; /* items of the log probabilities */
	bool logprobs;
};

/* ---- choices and parts --------------------------------------------------------------------- */

static enum err choice_at(struct llm_collect *c, unsigned i, struct llm_collect_choice **out)
{
	if (i >= CHOICES_MAX)
		return ERR_SYNTAX;
	if (c->state == NULL)
		c->state = NEW_ARRAY(c->arena, struct llm_collect_choice *, CHOICES_MAX);
	if (c->state == NULL)
		return ERR_NOMEM;
	for (; c->choices <= i; c->choices++) {
		struct llm_collect_choice *s = NEW(c->arena, struct llm_collect_choice);
		if (s == NULL)
			return ERR_NOMEM;
		s->answer = llm_choice_add(c->arena, &c->out->choices);
		if (s->answer == NULL)
			return ERR_NOMEM;
		c->state[c->choices] = s;
	}
	*out = c->state[i];
	return OK;
}

static enum err begun(struct llm_collect *c, unsigned i, struct llm_collect_choice **out)
{
	TRY(choice_at(c, i, out));
	return (*out)->started && !(*out)->finished ? OK : ERR_SYNTAX;
}

static enum err open_part(struct llm_collect *c, const struct llm_event *e,
			  struct collect_part **out)
{
	struct llm_collect_choice *s = NULL;

	TRY(begun(c, e->choice, &s));
	if (e->part >= s->n || !s->parts[e->part].open)
		return ERR_SYNTAX;
	*out = &s->parts[e->part];
	return OK;
}

/* ---- one function for each event ----------------------------------------------------------- */

static enum err on_start(struct llm_collect *c, const struct llm_event *e)
{
	struct llm_collect_choice *s = NULL;
	struct llm_response *r = c->out;

	TRY(choice_at(c, e->choice, &s));
	if (s->started)
		return ERR_SYNTAX;
	s->started = true;
	r->origin = e->origin;
	if (r->id.p == NULL)
		TRY(arena_keep(c->arena, e->id, &r->id));
	if (r->model.p == NULL)
		TRY(arena_keep(c->arena, e->model, &r->model));
	if (r->created == 0)
		r->created = e->created;
	if (e->usage.known && !r->usage.known)
		r->usage = e->usage;
	return OK;
}

static enum err keep_media(struct arena *a, const struct llm_media *from, struct llm_media *to)
{
	TRY(arena_keep(a, from->mime, &to->mime));
	TRY(arena_keep(a, from->data, &to->data));
	TRY(arena_keep(a, from->url, &to->url));
	TRY(arena_keep(a, from->file_id, &to->file_id));
	TRY(arena_keep(a, from->name, &to->name));
	TRY(arena_keep(a, from->detail, &to->detail));
	to->is_text = from->is_text;
	return OK;
}

static enum err on_part_start(struct llm_collect *c, const struct llm_event *e)
{
	struct llm_collect_choice *s = NULL;

	TRY(begun(c, e->choice, &s));
	if (e->part != s->n || (unsigned)e->part_kind >= PART_KINDS)
		return ERR_SYNTAX;
	if (!ARENA_ROOM(c->arena, s->parts, s->n, s->cap))
		return ERR_NOMEM;
	struct llm_part *p = llm_part_add(c->arena, &s->answer->parts, e->part_kind);
	if (p == NULL)
		return ERR_NOMEM;
	struct collect_part *cp = &s->parts[s->n++];
	cp->part = p;
	cp->open = true;
	s->open++;
	p->origin = e->origin;
	TRY(arena_keep(c->arena, e->id, &p->id));
	TRY(arena_keep(c->arena, e->name, &p->name));
	if (e->media != NULL)
		TRY(keep_media(c->arena, e->media, &p->media));
	return e->signature.p ? arena_text_add(c->arena, &cp->signature, e->signature) : OK;
}

static enum err on_part_delta(struct llm_collect *c, const struct llm_event *e)
{
	struct collect_part *cp = NULL;

	TRY(open_part(c, e, &cp));
	return arena_text_add(c->arena, &cp->text, e->text);
}

static enum err on_signature(struct llm_collect *c, const struct llm_event *e)
{
	struct collect_part *cp = NULL;

	TRY(open_part(c, e, &cp));
	cp->part->origin = e->origin;
	return arena_text_add(c->arena, &cp->signature, e->text);
}

static enum err on_part_end(struct llm_collect *c, const struct llm_event *e)
{
	struct collect_part *cp = NULL;

	TRY(open_part(c, e, &cp));
	struct llm_part *p = cp->part;
	cp->open = false;
	c->state[e->choice]->open--;
	if (cp->signature.n)
		p->signature = arena_text_str(&cp->signature);
	if (p->kind != PART_TOOL_CALL) {
		p->text = arena_text_str(&cp->text);
		return OK;
	}
	if (e->args.p)
		return arena_keep(c->arena, e->args, &p->args);
	return llm_args_any(c->arena, arena_text_str(&cp->text), &p->args);
}

static enum err on_opaque(struct llm_collect *c, const struct llm_event *e)
{
	struct llm_collect_choice *s = NULL;

	TRY(begun(c, e->choice, &s));
	struct llm_part *p = llm_part_add(c->arena, &s->answer->parts, PART_OPAQUE);
	if (p == NULL)
		return ERR_NOMEM;
	p->origin = e->origin;
	return arena_keep(c->arena, e->raw, &p->raw);
}

static enum err add_items(struct arena *a, struct arena_text *t, const struct json *list)
{
	if (!json_is(list, JSON_ARRAY))
		return OK;
	JSON_EACH_ITEM(list, it) {
		if (t->n)
			TRY(arena_text_add(a, t, S(",")));
		TRY(arena_text_add(a, t, json_raw(it)));
	}
	return OK;
}

static enum err on_logprobs(struct llm_collect *c, const struct llm_event *e)
{
	struct llm_collect_choice *s = NULL;
	const struct json *root = NULL;
	struct str raw = { NULL, 0 };

	TRY(begun(c, e->choice, &s));
	TRY(arena_keep(c->arena, e->raw, &raw));
	TRY(json_read(c->arena, raw, &root, NULL));
	s->logprobs = true;
	TRY(add_items(c->arena, &s->content, json_get(root, S("content"))));
	return add_items(c->arena, &s->refusal, json_get(root, S("refusal")));
}

static enum err write_list(struct arena *a, struct arena_text *to, struct str name,
			   const struct arena_text *items)
{
	TRY(arena_text_add(a, to, name));
	if (items->n == 0)
		return arena_text_add(a, to, S("null"));
	TRY(arena_text_add(a, to, S("[")));
	TRY(arena_text_add(a, to, arena_text_str(items)));
	return arena_text_add(a, to, S("]"));
}

static enum err on_finish(struct llm_collect *c, const struct llm_event *e)
{
	struct llm_collect_choice *s = NULL;
	struct arena_text all = { 0 };

	TRY(begun(c, e->choice, &s));
	if (s->open > 0)
		return ERR_SYNTAX;
	s->finished = true;
	s->answer->finish = e->finish;
	TRY(arena_keep(c->arena, e->text, &s->answer->finish_text));
	if (!s->logprobs)
		return OK;
	TRY(write_list(c->arena, &all, S("{\"content\":"), &s->content));
	TRY(write_list(c->arena, &all, S(",\"refusal\":"), &s->refusal));
	TRY(arena_text_add(c->arena, &all, S("}")));
	s->answer->logprobs = arena_text_str(&all);
	return OK;
}

static enum err on_usage(struct llm_collect *c, const struct llm_event *e)
{
	c->out->usage = e->usage;
	return OK;
}

static enum err on_error(struct llm_collect *c, const struct llm_event *e)
{
	c->error = e->error;
	c->done = true;
	TRY(arena_keep(c->arena, e->error.message, &c->error.message));
	TRY(arena_keep(c->arena, e->error.code, &c->error.code));
	TRY(arena_keep(c->arena, e->error.param, &c->error.param));
	return arena_keep(c->arena, e->error.request_id, &c->error.request_id);
}

static enum err on_ping(struct llm_collect *c, const struct llm_event *e)
{
	(void)c;
	(void)e;
	return OK;
}

static enum err on_done(struct llm_collect *c, const struct llm_event *e)
{
	(void)e;
	for (unsigned i = 0; i < c->choices; i++)
		if (!c->state[i]->started || !c->state[i]->finished)
			return ERR_SYNTAX;
	c->done = true;
	return OK;
}

static const struct {
	enum err (*on)(struct llm_collect *, const struct llm_event *);
} handlers[EV_KINDS] = {
	[EV_START] = { on_start },           [EV_PART_START] = { on_part_start },
	[EV_PART_DELTA] = { on_part_delta }, [EV_SIGNATURE] = { on_signature },
	[EV_PART_END] = { on_part_end },     [EV_OPAQUE] = { on_opaque },
	[EV_LOGPROBS] = { on_logprobs },     [EV_FINISH] = { on_finish },
	[EV_USAGE] = { on_usage },           [EV_ERROR] = { on_error },
	[EV_PING] = { on_ping },             [EV_DONE] = { on_done },
};

static void collect(struct llm_sink *sink, const struct llm_event *e)
{
	struct llm_collect *c = (struct llm_collect *)(void *)((char *)sink -
							       offsetof(struct llm_collect, sink));

	assert((unsigned)e->kind < EV_KINDS);
	if (c->err != OK)
		return;
	c->err = c->done ? ERR_SYNTAX : handlers[e->kind].on(c, e);
}

void llm_collect_init(struct llm_collect *c, struct arena *a, struct llm_response *out)
{
	*c = (struct llm_collect){ .sink = { collect }, .arena = a, .out = out };
	*out = (struct llm_response){ 0 };
}
