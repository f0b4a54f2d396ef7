/*
 * fuzz/openai_stream_fuzz.c - chat completion chunks, whatever the bytes; a line is an event's data.
 * Oracle: the events keep the promises of llm.h (llm_collect judges); what peek saw agrees with what was
 * decoded; and every dialect's encoding, read back by its own decoder, says the same text, thoughts and
 * calls.
 */
#include "codec/sse.h"
#include "fuzz/fuzz.h"
#include "llm/llm.h"

static struct arena arena, scratch;
static struct buf data, told[2], sse[DIALECT_COUNT];

struct relay {
	struct llm_sink sink;
	struct llm_collect *collect;
	struct llm_encoder *e[DIALECT_COUNT];
	bool memory;
};

static void on_event(struct llm_sink *sink, const struct llm_event *ev)
{
	struct relay *r = (struct relay *)(void *)sink;

	r->collect->sink.on_event(&r->collect->sink, ev);
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		r->memory = dialects[t]->encode_event(r->e[t], ev, &sse[t]) != OK || r->memory;
}

static enum err decode(const struct dialect *with, struct str lines, struct llm_sink *sink)
{
	struct llm_decoder *d = with->decoder_new(&arena);
	enum err e = OK;

	CHECK(d != NULL);
	while (lines.n > 0 && e == OK) {
		struct str line = str_cut(lines, '\n', &lines);
		e = with->decode_event(d, S(""), line, &scratch, sink);
		arena_reset(&scratch);
	}
	if (e == OK)
		with->decode_end(d, sink);
	return e;
}

/* The data lines of an encoder's output, which are all it may consist of. */
static struct str data_of(struct str events)
{
	buf_reset(&data);
	while (events.n > 0) {
		struct str line = str_cut(events, '\n', &events);
		if (str_has_suffix(line, S("\r"))) /* Google's line ends */
			line.n--;
		bool is_data = str_has_prefix(line, S("data: "));
		CHECK(is_data || line.n == 0 || line.p[0] == ':' || str_has_prefix(line, S("event: ")));
		if (is_data) {
			buf_add(&data, str_tail(line, 6));
			buf_addc(&data, '\n');
		}
	}
	return buf_str(&data);
}

static int cmp_calls(const struct llm_part *a, const struct llm_part *b)
{
	int by_name = str_cmp(a->name, b->name);

	return by_name ? by_name : str_cmp(a->args, b->args);
}

/* The next call behind after (NULL: the first) by name and arguments: a format that sends calls
 * whole sends first what is whole first. */
static const struct llm_part *next_call(const struct llm_part *parts, const struct llm_part *after)
{
	const struct llm_part *least = NULL;

	for (const struct llm_part *p = parts; p != NULL; p = p->next)
		if (p->kind == PART_TOOL_CALL && (after == NULL || cmp_calls(p, after) > 0) &&
		    (least == NULL || cmp_calls(p, least) < 0))
			least = p;
	return least;
}

static struct str tell(struct buf *b, const struct llm_answer_choice *c)
{
	unsigned calls = 0;

	static const enum llm_part_kind prose[] = { PART_THINKING, PART_TEXT };

	buf_reset(b);
	for (size_t i = 0; i < 2; i++) {
		for (const struct llm_part *p = c->parts; p != NULL; p = p->next)
			/* Where there is no refusal, it is text. */
			if (p->kind == prose[i] || (p->kind == PART_REFUSAL && prose[i] == PART_TEXT))
				json_unescape(b, p->text);
		buf_addc(b, '\n');
	}
	for (const struct llm_part *p = c->parts; p != NULL; p = p->next)
		calls += p->kind == PART_TOOL_CALL;
	buf_addf(b, "%u calls\n", calls);
	for (const struct llm_part *p = NULL; (p = next_call(c->parts, p)) != NULL;)
		buf_addf(b, "%.*s(%.*s)\n", FMT(p->name), FMT(p->args));
	return buf_str(b);
}

static bool has_refusal(const struct llm_part *p)
{
	for (; p != NULL; p = p->next)
		if (p->kind == PART_REFUSAL)
			return true;
	return false;
}

static void check_again(unsigned t, const struct llm_response *x, bool failed)
{
	struct llm_collect c;
	struct llm_response y;

	llm_collect_init(&c, &arena, &y);
	enum err e = decode(dialects[t], data_of(buf_str(&sse[t])), &c.sink);
	if (e == ERR_NOMEM || c.err == ERR_NOMEM)
		return;
	CHECK(e == OK && c.err == OK && c.done);
	CHECK((c.error.status != 0) == failed);
	/* Refusals stand behind the text in OpenAI's own, between it elsewhere. */
	if (failed || x->choices->next || has_refusal(x->choices->parts))
		return;
	CHECK(str_eq(tell(&told[0], x->choices), tell(&told[1], y.choices)));
	if (t == DIALECT_OPENAI)
		CHECK(x->usage.input == y.usage.input && x->usage.output == y.usage.output &&
		      x->usage.reasoning == y.usage.reasoning && x->usage.cache_read == y.usage.cache_read);
}

static void start(struct relay *r)
{
	static struct llm_request clients[DIALECT_COUNT]; /* an encoder may look into its request */

	if (data.max == 0) {
		arena_init(&arena, 64 << 20);
		arena_init(&scratch, 16 << 20);
		buf_init(&data, 16 << 20);
		buf_init(&told[0], 16 << 20);
		buf_init(&told[1], 16 << 20);
		for (unsigned t = 0; t < DIALECT_COUNT; t++)
			buf_init(&sse[t], 16 << 20);
	}
	arena_reset(&arena);
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		buf_reset(&sse[t]);
		struct llm_request *client = &clients[t];
		llm_request_init(client, (enum llm_dialect)t);
		client->model = S("m");
		client->stream = client->include_usage = true;
		r->e[t] = dialects[t]->encoder_new(&arena, client);
	}
}

static bool has_content(const struct llm_response *r)
{
	for (const struct llm_answer_choice *c = r->choices; c != NULL; c = c->next)
		if (c->parts != NULL)
			return true;
	return false;
}

/* What skim passes over would have told peek nothing. */
static void check_skim(struct str line, const struct llm_peek *before, const struct llm_peek *after)
{
	uint32_t n = 0;

	if (str_chr(line, '\r') != SIZE_MAX) /* it ends a line, and is in none */
		return;
	buf_reset(&data);
	sse_write(&data, S(""), line);
	if (dialect_openai.skim(buf_str(&data), &n) == 0)
		return;
	CHECK(n == 1 && !after->done && !after->only_usage && after->error == before->error);
	CHECK(after->finish == before->finish && after->usage.known == before->usage.known &&
	      after->usage.input == before->usage.input && after->usage.output == before->usage.output);
}

static void check_peek(struct str lines, const struct llm_response *answer)
{
	struct llm_peek peek = { .content = false };

	while (lines.n > 0 && !peek.done) {
		struct str line = str_cut(lines, '\n', &lines);
		struct llm_peek before = peek;
		dialect_openai.peek_event(S(""), line, &scratch, &peek);
		arena_reset(&scratch);
		if (before.content)
			check_skim(line, &before, &peek);
	}
	CHECK(peek.content || !has_content(answer));
	CHECK(peek.usage.known || !answer->usage.known);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct llm_collect c;
	struct llm_response answer;
	struct relay r = { .sink = { on_event }, .collect = &c };

	start(&r);
	llm_collect_init(&c, &arena, &answer);
	enum err e = decode(&dialect_openai, in, &r.sink);
	if (r.memory || c.err == ERR_NOMEM)
		return 0;
	CHECK(c.err == OK);
	if (e != OK)
		return 0;
	CHECK(c.done);
	check_peek(in, &answer);
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		check_again(t, &answer, c.error.status != 0);
	return 0;
}
