/*
 * fuzz/gemini_response_fuzz.c - an answer or an error of generateContent, whatever the bytes.
 * Oracle: each dialect writes JSON of the answer that its own decoder accepts; through Gemini's
 * own the usage, the calls and the finish survive; replayed as events the answer is the same;
 * errors go through unchanged.
 */
#include "fuzz/fuzz.h"
#include "llm/gemini.h"

static struct arena arena;
static struct buf out;

static void check_gemini(const struct llm_response *x, const struct llm_response *y)
{
	CHECK(x->usage.input == y->usage.input && x->usage.output == y->usage.output);
	CHECK(x->usage.reasoning == y->usage.reasoning &&
	      x->usage.cache_read == y->usage.cache_read);
	const struct llm_answer_choice *c = x->choices, *d = y->choices;
	for (; c != NULL && d != NULL; c = c->next, d = d->next) {
		/* A candidate that is not finished cannot be told from one without a reason. */
		CHECK(c->finish == d->finish || c->finish == FINISH_NONE);
		const struct llm_part *p = c->parts, *q = d->parts;
		for (; p != NULL && q != NULL; p = p->next, q = q->next) {
			CHECK(p->kind == q->kind || p->kind == PART_REFUSAL);
			CHECK(str_eq(p->text, q->text) && str_eq(p->args, q->args) &&
			      str_eq(p->name, q->name));
			CHECK(str_eq(p->signature, q->signature) && str_eq(p->id, q->id));
		}
		CHECK(p == NULL && q == NULL);
	}
	CHECK(c == NULL && d == NULL);
}

static void check_dialects(const struct llm_response *r)
{
	struct llm_response back;
	struct diag d = { .err = OK };
	const struct json *v = NULL;

	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		buf_reset(&out);
		if (dialects[t]->encode_response(r, &arena, &out) != OK)
			continue;
		enum err e = json_read(&arena, buf_str(&out), &v, NULL);
		if (e == ERR_NOMEM || e == ERR_LIMIT)
			continue;
		CHECK(e == OK);
		e = dialects[t]->decode_response(v, &back, &arena, &d);
		CHECK(e == OK || e == ERR_NOMEM);
		if (e == OK && t == DIALECT_GEMINI)
			check_gemini(r, &back);
	}
}

static void check_replay(const struct llm_response *r)
{
	struct llm_collect c;
	struct llm_response got;

	llm_collect_init(&c, &arena, &got);
	llm_replay(r, &c.sink);
	CHECK(c.err == ERR_NOMEM || (c.err == OK && c.done));
	if (c.err == OK)
		CHECK(got.usage.input == r->usage.input &&
		      got.choices->finish == r->choices->finish);
}

static void check_error(const struct json *root)
{
	struct llm_error e, back;
	const struct json *v = NULL;

	dialect_gemini.decode_error(400, root, &e, &arena);
	CHECK((unsigned)e.kind < LLM_ERROR_KINDS && e.status == 400 && e.message.p != NULL);
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		buf_reset(&out);
		dialects[t]->encode_error(&e, &out);
		CHECK(json_read(&arena, buf_str(&out), &v, NULL) == OK);
		dialects[t]->decode_error(e.status, v, &back, &arena);
		if (t == DIALECT_GEMINI)
			CHECK(str_eq(back.message, e.message) && str_eq(back.code, e.code));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *root = NULL;
	struct llm_response r;
	struct llm_peek peek = { .content = false };
	struct diag d = { .err = OK };

	if (out.max == 0) {
		arena_init(&arena, 64 << 20);
		buf_init(&out, 16 << 20);
	}
	arena_reset(&arena);
	if (json_read(&arena, (struct str){ (const char *)p, n }, &root, NULL) != OK)
		return 0;
	check_error(root);
	dialect_gemini.peek_response(root, &peek);
	enum err e = dialect_gemini.decode_response(root, &r, &arena, &d);
	CHECK(e == OK || e == ERR_NOMEM || d.err == e);
	if (e != OK)
		return 0;
	CHECK(r.usage.known == peek.usage.known && r.usage.input == peek.usage.input);
	CHECK(r.choices != NULL);
	check_dialects(&r);
	check_replay(&r);
	return 0;
}
