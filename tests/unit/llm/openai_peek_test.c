/* tests/unit/llm/openai_peek_test.c - the peek that parses nothing agrees with the one that does. */
#include "llm/openai.h"

#include "../check.h"

static struct llm_peek peek(struct str data, bool seen)
{
	struct llm_peek p = { .content = seen };
	struct arena scratch;

	arena_init(&scratch, 1 << 20);
	struct str guarded = check_guard(data);
	openai_peek_event(S(""), guarded, &scratch, &p);
	check_unguard(guarded);
	arena_done(&scratch);
	return p;
}

/* What tells something stands at every place of a 16-byte step, behind text that looks like it. */
CASE(found_wherever_it_stands)
{
	char text[512];

	for (int pad = 0; pad < 40; pad++) {
		int n = snprintf(text, sizeof text,
				 "{\"id\":\"%.*s\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\\"usage\\\": {\"},"
				 "\"finish_reason\":null},{\"index\":1,\"delta\":{},\"finish_reason\" : \"stop\"}],"
				 "\"usage\":null}",
				 pad, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		CHECK(peek((struct str){ text, (size_t)n }, true).finish == FINISH_STOP);
		n = snprintf(text, sizeof text, "{\"e\":\"%.*s\",\"choices\":[],\"usage\":{\"prompt_tokens\":%d}}", pad,
			     "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", pad + 1);
		struct llm_peek p = peek((struct str){ text, (size_t)n }, true);
		CHECK(p.only_usage && p.usage.known && p.usage.input == pad + 1);
		n = snprintf(text, sizeof text, "{\"f\":\"%.*s\",\"error\":{\"message\":\"m\"}}", pad,
			     "ffffffffffffffffffffffffffffffffffffffffff");
		CHECK(peek((struct str){ text, (size_t)n }, true).error);
	}
}

CASE(plain_content_needs_no_parser)
{
	/* Not even valid JSON is noticed once content has been seen: it goes through as it is. */
	struct llm_peek p = peek(S("{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":null}"), true);

	CHECK(!p.error && p.content && p.finish == FINISH_NONE);
	p = peek(S("{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":null}"), false);
	CHECK(p.error);
	p = peek(S("{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}"), false);
	CHECK(!p.content && !p.error);
	CHECK(peek(S("[DONE]"), true).done);
}

TESTS(CASE_ROW(found_wherever_it_stands), CASE_ROW(plain_content_needs_no_parser))
