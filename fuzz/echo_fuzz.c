/*
 * fuzz/echo_fuzz.c - echo's answer to a request that a client of any dialect may send; the first
 * byte says of which.
 * Oracle: the answer is the same each time, told as a stream too; arguments and structured
 * answers are JSON; the maximum of tokens is kept.
 */
#include "fuzz/fuzz.h"
#include "llm/echo.h"

static struct arena arena;

static void check_parts(const struct llm_part *p, const struct llm_part *q)
{
	const struct json *root = NULL;

	for (; p != NULL && q != NULL; p = p->next, q = q->next) {
		CHECK(p->kind == q->kind && str_eq(p->text, q->text) && str_eq(p->args, q->args));
		if (p->kind == PART_TOOL_CALL)
			CHECK(json_read(&arena, p->args, &root, NULL) == OK &&
			      json_is(root, JSON_OBJECT));
	}
	CHECK(p == NULL && q == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *root = NULL;
	struct llm_request r;
	struct llm_response once, twice;
	struct llm_collect c;

	if (n == 0)
		return 0;
	if (arena.budget == 0)
		arena_init(&arena, 64 << 20);
	arena_reset(&arena);
	if (json_read(&arena, (struct str){ (const char *)p + 1, n - 1 }, &root, NULL) != OK)
		return 0;
	if (dialects[p[0] % DIALECT_COUNT]->decode_request(root, &r, &arena, NULL) != OK)
		return 0;
	enum err e = echo_answer(&r, &arena, &once);
	CHECK(e == OK || e == ERR_NOMEM);
	if (e != OK)
		return 0;
	llm_collect_init(&c, &arena, &twice);
	if (echo_stream(&r, &arena, &c.sink) != OK || c.err == ERR_NOMEM)
		return 0;
	CHECK(c.err == OK && c.done);
	const struct llm_answer_choice *y = twice.choices;
	for (const struct llm_answer_choice *x = once.choices; x != NULL; x = x->next, y = y->next) {
		CHECK(y != NULL && x->finish == y->finish);
		check_parts(x->parts, y->parts);
		if (r.max_tokens >= 0 && x->finish != FINISH_TOOLS && r.n <= 1)
			CHECK(once.usage.output - once.usage.reasoning <= r.max_tokens);
	}
	return 0;
}
