/*
 * fuzz/gemini_stream_fuzz.c - a streamGenerateContent stream, whatever the bytes; a line is an
 * event's data.
 * Oracle: the events keep the promises of llm.h (llm_collect judges); a call's arguments are an
 * object; what peek says of content, errors and usage agrees with what was decoded; each
 * dialect's encoding of the events is accepted by its own decoder, and Gemini's gives the same
 * answer.
 */
#include "fuzz/fuzz.h"
#include "llm/gemini.h"

static struct arena arena, scratch;
static struct buf sse[DIALECT_COUNT], lines;

struct relay {
	struct llm_sink sink;
	struct llm_collect *collect;
	struct llm_encoder *e[DIALECT_COUNT];
	bool content, memory;
};

static void on_event(struct llm_sink *sink, const struct llm_event *ev)
{
	struct relay *r = (struct relay *)(void *)sink;

	r->content = r->content || ev->kind == EV_PART_START;
	r->collect->sink.on_event(&r->collect->sink, ev);
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		if (dialects[t]->encode_event(r->e[t], ev, &sse[t]) != OK)
			r->memory = true;
}

static bool decode(const struct dialect *with, struct str data, struct llm_sink *sink)
{
	struct llm_decoder *d = with->decoder_new(&arena);
	bool ok = d != NULL;

	CHECK(ok);
	while (data.n > 0) {
		struct str line = str_cut(data, '\n', &data);
		ok = with->decode_event(d, S(""), line, &scratch, sink) == OK && ok;
		arena_reset(&scratch);
	}
	with->decode_end(d, sink);
	return ok;
}

static struct str data_of(struct str events)
{
	buf_reset(&lines);
	while (events.n > 0) {
		struct str line = str_cut(events, '\n', &events);
		if (!str_has_prefix(line, S("data: ")))
			continue;
		buf_add(&lines, str_tail(line, 6));
		buf_addc(&lines, '\n');
	}
	return buf_str(&lines);
}

static void check_same(const struct llm_response *x, const struct llm_response *y)
{
	const struct llm_answer_choice *c = x->choices, *d = y->choices;

	for (; c != NULL && d != NULL; c = c->next, d = d->next) {
		const struct llm_part *p = c->parts, *q = d->parts;
		for (; p != NULL && q != NULL; p = p->next, q = q->next) {
			CHECK(p->kind == q->kind || p->kind == PART_REFUSAL);
			CHECK(p->origin == q->origin && str_eq(p->text, q->text));
			CHECK(str_eq(p->signature, q->signature));
			CHECK(p->args.n == q->args.n && str_eq(p->name, q->name) &&
			      str_eq(p->id, q->id));
		}
		CHECK(p == NULL && q == NULL);
		CHECK(c->finish == d->finish);
	}
	CHECK(c == NULL && d == NULL);
	CHECK(x->usage.input == y->usage.input && x->usage.output == y->usage.output);
}

static void check_again(unsigned t, const struct llm_response *x, bool failed)
{
	struct llm_collect c;
	struct llm_response y;

	llm_collect_init(&c, &arena, &y);
	if (!decode(dialects[t], data_of(buf_str(&sse[t])), &c.sink) || c.err == ERR_NOMEM)
		CHECK(t != DIALECT_GEMINI || c.err == ERR_NOMEM);
	else
		CHECK(c.err == OK && c.done && (c.error.status != 0) == failed);
	if (t == DIALECT_GEMINI && !failed && c.err == OK)
		check_same(x, &y);
}

static void check_args(const struct llm_response *x)
{
	const struct json *root = NULL;

	for (const struct llm_answer_choice *c = x->choices; c != NULL; c = c->next)
		for (const struct llm_part *p = c->parts; p != NULL; p = p->next) {
			if (p->kind != PART_TOOL_CALL)
				continue;
			enum err e = json_read(&arena, p->args, &root, NULL);
			CHECK(e == ERR_NOMEM || (e == OK && json_is(root, JSON_OBJECT)));
			CHECK(str_find(p->args, S("__malformed_arguments")) == SIZE_MAX ||
			      str_find(lines.n ? buf_str(&lines) : S(""),
				       S("__malformed")) != SIZE_MAX);
		}
}

static void check_peek(struct str data, const struct relay *r, const struct llm_collect *c)
{
	struct llm_peek peek = { .content = false };

	while (data.n > 0) {
		struct str line = str_cut(data, '\n', &data);
		dialect_gemini.peek_event(S(""), line, &scratch, &peek);
		arena_reset(&scratch);
	}
	/* A filter's message is content that peek sees by its finish. */
	CHECK(peek.content || !r->content || peek.finish == FINISH_FILTER || peek.error);
	CHECK(c->error.status != 0 || peek.done || peek.finish == FINISH_FILTER);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str data = { (const char *)p, n };
	struct llm_collect c;
	struct llm_response answer;
	struct llm_request client;
	struct relay r = { .sink = { on_event }, .collect = &c };

	if (lines.max == 0) {
		arena_init(&arena, 64 << 20);
		arena_init(&scratch, 16 << 20);
		buf_init(&lines, 16 << 20);
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
		r.e[t] = dialects[t]->encoder_new(&arena, &client);
		CHECK(r.e[t] != NULL);
	}
	bool ok = decode(&dialect_gemini, data, &r.sink);
	if (!ok || r.memory || c.err == ERR_NOMEM)
		return 0;
	CHECK(c.err == OK && c.done);
	check_peek(data, &r, &c);
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		check_again(t, &answer, c.error.status != 0);
	buf_reset(&lines);
	buf_add(&lines, data);
	if (c.error.status == 0)
		check_args(&answer);
	return 0;
}
