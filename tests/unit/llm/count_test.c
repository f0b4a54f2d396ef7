/* tests/unit/llm/count_test.c - counting tokens. */
#include "llm/count.h"
#include "tests/unit/check.h"

static struct arena arena;

static const struct json *read_json(struct str text)
{
	const struct json *root = NULL;

	CHECK(json_read(&arena, text, &root, NULL) == OK);
	return root;
}

CASE(replies)
{
	char room[128];
	struct buf b;

	arena_init(&arena, 8 << 20);
	for (unsigned d = 0; d < DIALECT_COUNT; d++) {
		int64_t n = 0;
		buf_fixed(&b, room, sizeof room);
		llm_count_encode((enum llm_dialect)d, 1234, &b);
		CHECK(llm_count_decode((enum llm_dialect)d, read_json(buf_str(&b)), &n) == OK && n == 1234);
	}
	int64_t n = 0;
	CHECK(llm_count_decode(DIALECT_GEMINI, read_json(S("{\"totalTokens\":\"x\"}")), &n) == ERR_SYNTAX);
	CHECK(llm_count_decode(DIALECT_ANTHROPIC, read_json(S("{\"input_tokens\":-1}")), &n) == ERR_SYNTAX);
	CHECK(llm_count_decode(DIALECT_ANTHROPIC, NULL, &n) == ERR_SYNTAX);
}

CASE(gemini_wraps)
{
	const struct json *v = read_json(S("{\"generateContentRequest\":{\"contents\":[]}}"));

	CHECK(json_get(llm_count_body(DIALECT_GEMINI, v), S("contents")) != NULL);
	CHECK(llm_count_body(DIALECT_ANTHROPIC, v) == v);
	v = read_json(S("{\"contents\":[]}"));
	CHECK(llm_count_body(DIALECT_GEMINI, v) == v);
}

CASE(a_count_request_has_no_more_than_is_taken)
{
	struct llm_request r;
	struct diag d = { .err = OK };
	struct llm_opts o = { .model = S("claude-sonnet-4-5"), .arena = &arena, .diag = &d,
			      .default_max_tokens = 4096 };
	struct buf b;

	buf_init(&b, 1 << 16);
	CHECK(dialects[DIALECT_ANTHROPIC]->decode_request(
		      read_json(S("{\"model\":\"m\",\"max_tokens\":5,\"temperature\":1,\"stream\":true,\"system\":\"s\","
				  "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}")), &r, &arena, &d) == OK);
	CHECK(llm_count_encode_request(DIALECT_ANTHROPIC, &r, &o, &b) == OK);
	CHECK_STR(buf_str(&b), S("{\"model\":\"claude-sonnet-4-5\",\"system\":\"s\",\"messages\":[{\"role\":\"user\","
				 "\"content\":[{\"type\":\"text\",\"text\":\"hello\"}]}]}"));
	CHECK(llm_count_encode_request(DIALECT_OPENAI, &r, &o, &b) == ERR_UNSUPPORTED);
	buf_reset(&b);
	CHECK(llm_count_encode_request(DIALECT_GEMINI, &r, &o, &b) == OK);
	CHECK(str_has_prefix(buf_str(&b), S("{\"generateContentRequest\":{\"model\":\"models/claude-sonnet-4-5\","
					    "\"contents\":[{\"role\":\"user\"")));
	const struct json *body = llm_count_body(DIALECT_GEMINI, read_json(buf_str(&b)));
	CHECK(dialects[DIALECT_GEMINI]->decode_request(body, &r, &arena, &d) == OK);
	for (const struct llm_extra *x = r.extras; x != NULL; x = x->next)
		CHECK_STR(x->name, S("nothing"));
	buf_free(&b);
}

CASE(estimates)
{
	struct llm_request r;

	llm_request_init(&r, DIALECT_OPENAI);
	CHECK(llm_count_estimate(&r) == 0);
	struct llm_msg *m = llm_msg_add(&arena, &r.msgs, ROLE_USER);
	llm_part_add(&arena, &m->parts, PART_TEXT)->text = S("12345678");
	CHECK(llm_count_estimate(&r) == 4 + 2);
	llm_part_add(&arena, &m->parts, PART_TEXT)->text = S("\xe4\xbd\xa0\xe5\xa5\xbd");
	CHECK(llm_count_estimate(&r) == 4 + 2 + 2);
	struct llm_part *p = llm_part_add(&arena, &m->parts, PART_TOOL_RESULT);
	llm_part_add(&arena, &p->content, PART_IMAGE)->media.data = S("AAAA");
	CHECK(llm_count_estimate(&r) == 4 + 2 + 2 + 1600);
}

TESTS(CASE_ROW(replies), CASE_ROW(gemini_wraps), CASE_ROW(a_count_request_has_no_more_than_is_taken),
      CASE_ROW(estimates))
