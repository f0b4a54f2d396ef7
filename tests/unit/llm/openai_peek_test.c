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

/* The length of what skim passes over at the front of text, at the end of readable memory. */
static size_t skim(size_t (*with)(struct str, uint32_t *), struct str text, uint32_t *out_events)
{
	struct str guarded = check_guard(text);
	size_t n;

	*out_events = 0;
	n = with(guarded, out_events);
	check_unguard(guarded);
	return n;
}

CASE(skims_plain_events_only)
{
#define PLAIN "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\n\n"
	static const struct str looked_at[] = {
		SC("data: [DONE]\n\n"),
		SC("data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"),
		SC("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n"),
		SC("data: {\"error\":{}}\n\n"),
		SC("data: {}\r\n\r\n"),
		SC("data: {}\nevent: error\n\n"),
		SC("data: {}\ndata: {}\n\n"),
		SC("event: error\ndata: {}\n\n"),
		SC("data:{}\n\n"),
		SC(": ping\n\n"),
		SC("\n"),
	};
	const struct str two = S(PLAIN PLAIN);
	const size_t one = two.n / 2;
	char text[512];
	uint32_t n;

	CHECK(skim(openai_skim, two, &n) == two.n && n == 2);
	for (size_t cut = 0; cut < one; cut++)
		CHECK(skim(openai_skim, str_head(two, one + cut), &n) == one && n == 1);
	for (size_t i = 0; i < sizeof looked_at / sizeof looked_at[0]; i++) {
		int len = snprintf(text, sizeof text, "%s%.*s", PLAIN, FMT(looked_at[i]));
		CHECK(skim(openai_skim, (struct str){ text, (size_t)len }, &n) == one && n == 1);
	}
}

CASE(skims_the_other_dialect)
{
	static const char delta[] = "event: content_block_delta\ndata: {\"delta\":{\"text\":\"x\"}}\n\n";
	const struct str all = S("event: content_block_delta\ndata: {\"delta\":{\"text\":\"x\"}}\n\n"
				 "event: message_delta\ndata: {}\n\n");
	uint32_t n;

	for (size_t cut = sizeof delta - 1; cut <= all.n; cut++)
		CHECK(skim(dialect_anthropic.skim, str_head(all, cut), &n) == sizeof delta - 1 && n == 1);
	/* A delta has more than one token. */
	const struct str words = S("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
				   "\"delta\":{\"type\":\"text_delta\",\"text\":\"All work and no play makes Jack\"}}\n\n");
	CHECK(skim(dialect_anthropic.skim, words, &n) == words.n && n >= 6 && n <= 8);
	CHECK(skim(dialect_anthropic.skim, S("event: content_block_delta\ndata: {}\r\n\n"), &n) == 0);
	CHECK(skim(dialect_anthropic.skim, S("event: content_block_stop\ndata: {}\n\n"), &n) == 0);
}

TESTS(CASE_ROW(found_wherever_it_stands), CASE_ROW(plain_content_needs_no_parser),
      CASE_ROW(skims_plain_events_only), CASE_ROW(skims_the_other_dialect))
