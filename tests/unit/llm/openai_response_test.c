/* tests/unit/llm/openai_response_test.c - chat completions, their usage, and errors of every sort. */
#include "llm_util.h"

static struct str again(struct world *w, const char *body)
{
	return recode_response(w, DIALECT_OPENAI, DIALECT_OPENAI, str_z(body));
}

#define HEAD "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":7,\"model\":\"m\",\"choices\":["
#define MSG0 "{\"index\":0,\"message\":{\"role\":\"assistant\","
#define STOP "\"logprobs\":null,\"finish_reason\":\"stop\"}"

CASE(everything_comes_back)
{
	static const char *const same[] = {
		HEAD MSG0 "\"content\":\"hi\",\"refusal\":null}," STOP "],"
		"\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7,\"total_tokens\":12,"
		"\"prompt_tokens_details\":{\"cached_tokens\":2},"
		"\"completion_tokens_details\":{\"reasoning_tokens\":3},"
		"\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":2},\"service_tier\":\"default\"}",
		HEAD MSG0 "\"content\":null,\"refusal\":\"no\"}," STOP "]}",
		HEAD MSG0 "\"content\":\"a\",\"refusal\":null,\"reasoning_content\":\"t\",\"thinking_blocks\":["
		"{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"sig\"},"
		"{\"type\":\"redacted_thinking\",\"data\":\"zzz\"}]}," STOP "]}",
		HEAD MSG0 "\"content\":\"a\",\"refusal\":null,\"reasoning_content\":\"t\",\"thinking_blocks\":["
		"{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"gemini.sig\"}]}," STOP "]}",
		HEAD MSG0 "\"content\":\"a\",\"refusal\":null,\"provider_specific_fields\":"
		"{\"thought_signatures\":[\"gemini.sig\"]}}," STOP "]}",
		HEAD MSG0 "\"content\":\"a\",\"refusal\":null,\"annotations\":[{\"type\":\"url_citation\"}]},"
		STOP "]}",
		HEAD MSG0 "\"content\":null,\"refusal\":null,\"images\":[{\"type\":\"image_url\",\"index\":0,"
		"\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]}," STOP "]}",
		HEAD MSG0 "\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
		"\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\": 1}\"}}]},\"logprobs\":null,"
		"\"finish_reason\":\"tool_calls\"}]}",
		HEAD MSG0 "\"content\":\"a\",\"refusal\":null},\"logprobs\":{\"content\":[],\"refusal\":null},"
		"\"finish_reason\":\"length\"},{\"index\":1,\"message\":{\"role\":\"assistant\","
		"\"content\":\"b\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"content_filter\"}]}",
		HEAD MSG0 "\"content\":\"a\",\"refusal\":null}," "\"logprobs\":null,\"finish_reason\":\"stop\","
		"\"stop_reason\":\"END\"}]}",
	};
	struct world *w = world_new();

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		CHECK_STR(again(w, same[i]), str_z(same[i]));
}

CASE(other_habits)
{
	struct world *w = world_new();

	/* choices in the wrong order, "stop" beside calls, arguments as an object, no id */
	CHECK_STR(again(w, "{\"id\":\"c-1\",\"model\":\"m\",\"choices\":[{\"index\":1,\"message\":{\"content\":\"b\"},"
			   "\"finish_reason\":\"stop\"},{\"index\":0,\"message\":{\"content\":\"\",\"tool_calls\":["
			   "{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]},\"finish_reason\":\"stop\"}]}"),
		  S("{\"id\":\"c-1\",\"object\":\"chat.completion\",\"created\":0,\"model\":\"m\",\"choices\":["
		    MSG0 "\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"call_c1_0\","
		    "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
		    "\"logprobs\":null,\"finish_reason\":\"tool_calls\"},{\"index\":1,\"message\":"
		    "{\"role\":\"assistant\",\"content\":\"b\",\"refusal\":null}," STOP "]}"));
	/* Mistral's parts, and OpenRouter's name for thoughts */
	CHECK_STR(again(w, HEAD MSG0 "\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
			   "\"text\":\"hm\"}]},{\"type\":\"text\",\"text\":\"4\"}]}," STOP "]}"),
		  S(HEAD MSG0 "\"content\":\"4\",\"refusal\":null,\"reasoning_content\":\"hm\"}," STOP "]}"));
	CHECK_STR(again(w, HEAD MSG0 "\"content\":\"4\",\"reasoning\":\"hm\"}," STOP "]}"),
		  S(HEAD MSG0 "\"content\":\"4\",\"refusal\":null,\"reasoning_content\":\"hm\"}," STOP "]}"));
	CHECK_STR(again(w, "{\"choices\":[]}"), S("!the provider's answer has no choices"));
	CHECK_STR(again(w, "[]"), S("!the provider's answer has no choices"));
	CHECK_STR(again(w, "{\"choices\":[{}]}"), S("!'choices.message' must be an object"));
}

static struct llm_usage usage_of(struct world *w, const char *usage)
{
	char body[512];
	struct llm_response r = { 0 };

	(void)snprintf(body, sizeof body, HEAD MSG0 "\"content\":\"\"}," STOP "],\"usage\":%s}", usage);
	CHECK(dialect_openai.decode_response(parsed(w, arena_dup(&w->arena, str_z(body))), &r, &w->arena,
					     &w->diag) == OK);
	return r.usage;
}

CASE(usage_is_normalised)
{
	struct world *w = world_new();
	struct llm_usage u = usage_of(w, "{\"prompt_tokens\":12,\"completion_tokens\":2,\"total_tokens\":354,"
					 "\"completion_tokens_details\":{\"reasoning_tokens\":340}}");

	CHECK(u.known && u.input == 12 && u.output == 342 && u.reasoning == 340);
	u = usage_of(w, "{\"prompt_tokens\":12,\"completion_tokens\":9,\"total_tokens\":21,"
			"\"completion_tokens_details\":{\"reasoning_tokens\":4},\"prompt_cache_hit_tokens\":3}");
	CHECK(u.output == 9 && u.reasoning == 4 && u.cache_read == 3);
	u = usage_of(w, "{\"prompt_tokens\":-1,\"completion_tokens\":1e99,\"total_tokens\":\"x\"}");
	CHECK(u.known && u.input == 0 && u.output >= 0);
	CHECK(!usage_of(w, "null").known);
}

static struct str names_of(struct world *w, const struct llm_extra *x)
{
	buf_reset(&w->out);
	for (; x != NULL; x = x->next)
		buf_addf(&w->out, "%.*s ", FMT(x->name));
	return kept(w);
}

CASE(what_has_no_place_is_named)
{
	struct world *w = world_new();
	struct llm_response r = { 0 };
	struct str body = S(HEAD MSG0 "\"content\":\"\",\"audio\":{\"id\":\"a\"},\"x\":null},\"y\":1," STOP "],"
			    "\"usage\":{\"prompt_tokens\":1,\"cost\":2},\"system_fingerprint\":\"f\",\"z\":[]}");

	CHECK(dialect_openai.decode_response(parsed(w, body), &r, &w->arena, &w->diag) == OK);
	CHECK_STR(names_of(w, r.extras), S("choices.message.audio choices.y usage.cost system_fingerprint "));
}

CASE(errors_are_classified)
{
	static const struct {
		unsigned status;
		const char *body;
		enum llm_error_kind kind;
		const char *message;
		unsigned out;
	} rows[] = {
		{ 400, "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\",\"param\":\"p\","
		       "\"code\":\"context_length_exceeded\"}}", LLM_CONTEXT, "m", 400 },
		{ 400, "{\"object\":\"error\",\"message\":\"This model's maximum context length is 10\","
		       "\"code\":400}", LLM_CONTEXT, "This model's maximum context length is 10", 400 },
		{ 401, "{\"error\":\"no\"}", LLM_AUTH, "no", 401 },
		{ 429, "{\"error\":{\"message\":\"m\",\"code\":\"insufficient_quota\"}}", LLM_BILLING, "m", 429 },
		{ 429, "{\"error\":{\"message\":\"m\",\"type\":\"insufficient_quota\",\"code\":null}}",
		  LLM_BILLING, "m", 429 },
		{ 429, "{\"error\":{\"message\":\"m\",\"type\":\"server_error\"}}", LLM_RATE, "m", 429 },
		{ 429, "{}", LLM_RATE, "the provider gave no reason", 429 },
		{ 422, "{\"detail\":\"bad\"}", LLM_BAD_REQUEST, "bad", 422 },
		{ 500, "null", LLM_SERVER, "the provider gave no reason", 500 },
		{ 503, "{\"error\":{\"message\":7}}", LLM_OVERLOADED, "the provider gave no reason", 503 },
		{ 200, "{\"error\":{\"message\":\"m\",\"code\":502}}", LLM_UPSTREAM, "m", 502 },
		{ 200, "{\"error\":{\"message\":\"m\",\"type\":\"overloaded_error\"}}", LLM_OVERLOADED, "m", 503 },
	};
	struct world *w = world_new();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct llm_error e = { 0 };
		dialect_openai.decode_error(rows[i].status, parsed(w, str_z(rows[i].body)), &e, &w->arena);
		CHECK(e.kind == rows[i].kind && e.status == rows[i].out);
		CHECK_STR(e.message, str_z(rows[i].message));
	}
	struct llm_error e = { 0 };
	dialect_openai.decode_error(502, NULL, &e, &w->arena);
	CHECK(e.kind == LLM_UPSTREAM && e.status == 502);
}

CASE(errors_are_written)
{
	struct world *w = world_new();
	struct llm_error e;

	llm_error_set(&e, LLM_RATE, &w->arena, S("slow \"down\"\n"));
	dialect_openai.encode_error(&e, &w->out);
	CHECK_STR(kept(w), S("{\"error\":{\"message\":\"slow \\\"down\\\"\\n\",\"type\":\"rate_limit_error\","
			     "\"param\":null,\"code\":\"rate_limit_exceeded\"}}"));
	e.param = S("top_k");
	e.code = S("c");
	dialect_openai.encode_stream_error(&e, &w->out);
	CHECK_STR(kept(w), S("data: {\"error\":{\"message\":\"slow \\\"down\\\"\\n\",\"type\":\"rate_limit_error\","
			     "\"param\":\"top_k\",\"code\":\"c\"}}\n\n"));
}

CASE(peeked)
{
	struct world *w = world_new();
	struct llm_peek p = { 0 };

	dialect_openai.peek_response(parsed(w, S(HEAD MSG0 "\"content\":\"a\"}," STOP "],\"usage\":"
						 "{\"prompt_tokens\":3,\"completion_tokens\":4}}")), &p);
	CHECK(p.content && p.finish == FINISH_STOP && p.usage.known && p.usage.input == 3);
}

TESTS(CASE_ROW(everything_comes_back), CASE_ROW(other_habits), CASE_ROW(usage_is_normalised),
      CASE_ROW(what_has_no_place_is_named), CASE_ROW(errors_are_classified), CASE_ROW(errors_are_written),
      CASE_ROW(peeked))
