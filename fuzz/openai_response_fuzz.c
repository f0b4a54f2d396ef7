/*
 * fuzz/openai_response_fuzz.c - a chat completion or an error body, whatever the bytes.
 * Oracle: what is accepted is JSON in every dialect, accepted by its decoder; in this one it comes back with
 * the same finish reasons and usage and is encoded the same again; a replay of it keeps the promises of
 * llm.h. An error has a status and a message in every dialect.
 */
#include "fuzz/fuzz.h"
#include "llm/llm.h"

static struct arena arena;
static struct buf out, twice;

static void check_replay(const struct llm_response *r)
{
	struct llm_collect c;
	struct llm_response y;

	llm_collect_init(&c, &arena, &y);
	llm_replay(r, &c.sink);
	CHECK(c.err == ERR_NOMEM || (c.err == OK && c.done));
}

static void check_dialect(const struct llm_response *r, unsigned t)
{
	const struct json *root = NULL;
	struct llm_response again;
	struct diag d = { .err = OK };

	buf_reset(&out);
	if (dialects[t]->encode_response(r, &arena, &out) != OK)
		return;
	CHECK(json_read(&arena, buf_str(&out), &root, NULL) == OK);
	enum err e = dialects[t]->decode_response(root, &again, &arena, &d);
	CHECK(e == OK || e == ERR_NOMEM);
	if (t != DIALECT_OPENAI || e != OK)
		return;
	CHECK(again.usage.input == r->usage.input && again.usage.output == r->usage.output);
	buf_reset(&twice);
	if (dialects[t]->encode_response(&again, &arena, &twice) == OK)
		CHECK(str_eq(buf_str(&out), buf_str(&twice)));
}

static void check_error(const struct json *root)
{
	struct llm_error e = { .status = 0 };
	const struct json *v = NULL;

	dialect_openai.decode_error(429, root, &e, &arena);
	CHECK(e.status == 429 && e.message.n > 0);
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		buf_reset(&out);
		dialects[t]->encode_error(&e, &out);
		if (out.err == OK)
			CHECK(json_read(&arena, buf_str(&out), &v, NULL) == OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *root = NULL;
	struct llm_response r;
	struct diag d = { .err = OK };
	struct llm_peek peek = { .content = false };

	if (out.max == 0) {
		arena_init(&arena, 64 << 20);
		buf_init(&out, 16 << 20);
		buf_init(&twice, 16 << 20);
	}
	arena_reset(&arena);
	if (json_read(&arena, (struct str){ (const char *)p, n }, &root, NULL) != OK)
		return 0;
	check_error(root);
	dialect_openai.peek_response(root, &peek);
	if (dialect_openai.decode_response(root, &r, &arena, &d) != OK)
		return 0;
	CHECK(peek.content && peek.usage.known == r.usage.known);
	check_replay(&r);
	for (unsigned t = 0; t < DIALECT_COUNT; t++)
		check_dialect(&r, t);
	return 0;
}
