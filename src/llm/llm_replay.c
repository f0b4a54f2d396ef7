/*
 * llm/llm_replay.c - a whole answer told as a stream's events, by the promises of llm.h.
 * Ring 0, pure. Nothing is allocated: every string points into the answer.
 */
#include "llm/llm.h"

#include <assert.h>

struct replay {
	const struct llm_response *r;
	struct llm_sink *sink;
	unsigned choice, part;
};

static void push(struct replay *x, struct llm_event e)
{
	e.choice = x->choice;
	x->sink->on_event(x->sink, &e);
}

static void replay_part(struct replay *x, const struct llm_part *p)
{
	if (p->kind == PART_OPAQUE) {
		push(x, (struct llm_event){ .kind = EV_OPAQUE, .origin = p->origin,
					    .raw = p->raw });
		return;
	}
	push(x, (struct llm_event){
		.kind = EV_PART_START, .part = x->part, .part_kind = p->kind, .origin = p->origin,
		.id = p->id, .name = p->name,
		.signature = p->kind == PART_TOOL_CALL ? p->signature : (struct str){ NULL, 0 },
		.media = p->kind <= PART_VIDEO && p->kind ? &p->media : NULL });
	if (p->text.n)
		push(x, (struct llm_event){ .kind = EV_PART_DELTA, .part = x->part,
					    .part_kind = p->kind, .text = p->text });
	if (p->signature.n && p->kind != PART_TOOL_CALL)
		push(x, (struct llm_event){ .kind = EV_SIGNATURE, .part = x->part,
					    .origin = p->origin, .part_kind = p->kind,
					    .text = p->signature });
	push(x, (struct llm_event){ .kind = EV_PART_END, .part = x->part, .part_kind = p->kind,
				    .args = p->args });
	x->part++;
}

static void replay_choice(struct replay *x, const struct llm_answer_choice *c)
{
	x->part = 0;
	push(x, (struct llm_event){ .kind = EV_START, .origin = x->r->origin, .id = x->r->id,
				    .model = x->r->model, .created = x->r->created,
				    .usage = x->r->usage });
	for (const struct llm_part *p = c->parts; p != NULL; p = p->next)
		replay_part(x, p);
	if (c->logprobs.p)
		push(x, (struct llm_event){ .kind = EV_LOGPROBS, .raw = c->logprobs });
	push(x, (struct llm_event){ .kind = EV_FINISH, .finish = c->finish,
				    .text = c->finish_text });
	x->choice++;
}

void llm_replay(const struct llm_response *r, struct llm_sink *sink)
{
	struct replay x = { .r = r, .sink = sink };

	assert(sink->on_event != NULL);
	for (const struct llm_answer_choice *c = r->choices; c != NULL; c = c->next)
		replay_choice(&x, c);
	x.choice = 0;
	if (r->usage.known)
		push(&x, (struct llm_event){ .kind = EV_USAGE, .usage = r->usage });
	push(&x, (struct llm_event){ .kind = EV_DONE });
}
