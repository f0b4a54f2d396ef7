/*
 * fuzz/anthropic_stream_fuzz.c - a stream of the Messages API, whatever the bytes; a line is an
 * event's data. Oracle: the events keep the promises of llm.h (llm_collect judges); what peek saw
 * agrees with what was decoded; encoded in this dialect and decoded again they give the same
 * answer, and every other dialect's encoding is accepted by its own decoder.
 */
#include "fuzz/fuzz.h"
#include "llm/anthropic.h"

static struct arena arena, scratch;
static struct buf out;

struct relay {
	struct llm_sink sink;
	struct llm_collect *collect;
	struct llm_encoder *e[DIALECT_COUNT];
	struct buf *to[DIALECT_COUNT];
	bool content, memory;
	unsigned open;
	bool overlap; /* several parts were open at once: a block starts with its first delta */
};

static struct buf sse[DIALECT_COUNT];

static void on_event(struct llm_sink *sink, const struct llm_event *ev)
{
	struct relay *r = (struct relay *)(void *)sink;

	r->content = r->content || ev->kind == EV_PART_START || ev->kind == EV_OPAQUE;
	r->open += ev->kind == EV_PART_START;
	r->open -= ev->kind == EV_PART_END;
	r->overlap = r->overlap || r->open > 1 || (r->open > 0 && ev->kind == EV_OPAQUE);
	r->collect->sink.on_event(&r->collect->sink, ev);
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		if (r->e[t] != NULL && dialects[t]->encode_event(r->e[t], ev, &sse[t]) != OK)
			r->memory = true;
}

static void decode(const struct dialect *with, struct str data, struct llm_sink *sink)
{
	struct llm_decoder *d = with->decoder_new(&arena);

	CHECK(d != NULL);
	while (data.n > 0) {
		struct str line = str_cut(data, '\n', &data);
		(void)with->decode_event(d, S(""), line, &scratch, sink);
		arena_reset(&scratch);
	}
	with->decode_end(d, sink);
}

/* data_of gives the data lines of an encoder's output, which are all it may consist of. */
static struct str data_of(struct str events)
{
	buf_reset(&out);
	while (events.n > 0) {
		struct str line = str_cut(events, '\n', &events);
		if (str_has_suffix(line, S("\r"))) /* Google's line ends */
			line.n--;
		bool data = str_has_prefix(line, S("data: "));
		CHECK(data || line.n == 0 || line.p[0] == ':' ||
		      str_has_prefix(line, S("event: ")));
		CHECK(str_chr(line, '\r') == SIZE_MAX);
		if (data) {
			buf_add(&out, str_tail(line, 6));
			buf_addc(&out, '\n');
		}
	}
	return buf_str(&out);
}

static const struct llm_part *said(const struct llm_part *p)
{
	/* No block is opened for nothing, and a citation needs its text. */
	while (p != NULL && (p->kind == PART_OPAQUE ||
			     (p->kind != PART_TOOL_CALL && p->text.n == 0 && p->signature.n == 0)))
		p = p->next;
	return p;
}

static void check_same(const struct llm_response *x, const struct llm_response *y)
{
	const struct llm_answer_choice *cx = x->choices, *cy = y->choices;
	const struct llm_part *p = said(cx->parts), *q = said(cy->parts);

	for (; p != NULL && q != NULL; p = said(p->next), q = said(q->next)) {
		CHECK(p->kind == q->kind && p->origin == q->origin);
		CHECK(str_eq(p->text, q->text) && str_eq(p->args, q->args) &&
		      str_eq(p->name, q->name));
		CHECK(str_eq(p->signature, q->signature));
	}
	CHECK(p == NULL && q == NULL);
	CHECK(str_eq(anthropic_stop_reason(anthropic_finish_of(cx->finish, false, false),
					   cx->finish_text),
		     anthropic_stop_reason(cy->finish, cy->finish_text)) ||
			     cy->finish == FINISH_TOOLS);
	CHECK(x->usage.input == y->usage.input && x->usage.output == y->usage.output &&
	      x->usage.cache_read == y->usage.cache_read &&
		      x->usage.reasoning == y->usage.reasoning);
}

static void check_again(unsigned t, const struct llm_response *x, bool failed, bool same)
{
	struct llm_collect c;
	struct llm_response y;

	llm_collect_init(&c, &arena, &y);
	decode(dialects[t], data_of(buf_str(&sse[t])), &c.sink);
	if (c.err == ERR_NOMEM)
		return;
	CHECK(c.err == OK && c.done);
	CHECK((c.error.status != 0) == failed);
	if (t == DIALECT_ANTHROPIC && same)
		check_same(x, &y);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str data = { (const char *)p, n };
	struct llm_collect c;
	struct llm_response answer;
	struct llm_request client;
	struct llm_peek peek = { 0 };
	struct relay r = { .sink = { on_event }, .collect = &c };

	if (out.max == 0) {
		arena_init(&arena, 64 << 20);
		arena_init(&scratch, 16 << 20);
		buf_init(&out, 16 << 20);
		for (unsigned t = 0; t < DIALECT_COUNT; t++)
			buf_init(&sse[t], 16 << 20);
	}
	arena_reset(&arena);
	llm_collect_init(&c, &arena, &answer);
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		buf_reset(&sse[t]);
		llm_request_init(&client, (enum llm_dialect)t);
		client.model = S("m");
		client.stream = client.include_usage = true;
		r.e[t] = dialects[t]->encoder_new ? dialects[t]->encoder_new(&arena, &client) :
			NULL;
	}
	decode(&dialect_anthropic, data, &r.sink);
	if (r.memory || c.err == ERR_NOMEM)
		return 0;
	CHECK(c.err == OK && c.done);
	for (struct str rest = data; rest.n > 0;) {
		struct str line = str_cut(rest, '\n', &rest);
		anthropic_peek_event(S(""), line, &scratch, &peek);
		arena_reset(&scratch);
	}
	CHECK(peek.content || !r.content);
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		if (r.e[t] != NULL)
			check_again(t, &answer, c.error.status != 0, c.error.status == 0 &&
				    !r.overlap);
	return 0;
}
