/* tests/unit/llm/openai_request_test.c - chat completion requests: decoded, encoded, refused. */
#include "llm_util.h"

/* What goes to an OpenAI upstream for an OpenAI client's body. */
static struct str again(struct world *w, const char *body)
{
	return recode_request(w, DIALECT_OPENAI, DIALECT_OPENAI, str_z(body));
}

#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

CASE(everything_comes_back)
{
	struct world *w = world_new();

	w->model = S("gpt-4o");
	CHECK_STR(again(w, "{\"model\":\"m\"," HI "}"), S("{\"model\":\"gpt-4o\"," HI "}"));
	CHECK_STR(again(w, "{\"temperature\":0.70,\"top_p\":1,\"seed\":7,\"model\":\"m\",\"max_tokens\":5,"
			   "\"n\":2,\"stop\":\"x\\n\",\"logprobs\":true,\"top_logprobs\":3,"
			   "\"logit_bias\":{\"1\":2},\"user\":\"u\",\"frequency_penalty\":null," HI "}"),
		  S("{\"model\":\"gpt-4o\"," HI ",\"max_tokens\":5,\"n\":2,\"temperature\":0.70,\"top_p\":1,"
		    "\"seed\":7,\"logit_bias\":{\"1\":2},\"logprobs\":true,\"top_logprobs\":3,"
		    "\"stop\":[\"x\\n\"],\"user\":\"u\"}"));
	CHECK_STR(again(w, "{\"model\":\"m\"," HI ",\"stream\":true,\"verbosity\":\"low\","
			   "\"reasoning_effort\":\"low\",\"service_tier\":\"flex\"}"),
		  S("{\"model\":\"gpt-4o\"," HI ",\"reasoning_effort\":\"low\",\"stream\":true,"
		    "\"stream_options\":{\"include_usage\":true},\"service_tier\":\"flex\","
		    "\"verbosity\":\"low\"}"));
}

CASE(which_name_the_maximum_has)
{
	static const char body[] = "{\"model\":\"m\",\"max_completion_tokens\":9,\"max_tokens\":8," HI "}";
	static const struct {
		const char *model;
		bool compatible, completion;
	} rows[] = {
		{ "gpt-4o", false, false },    { "o3-mini", false, true },  { "o1", false, true },
		{ "gpt-5.1-codex", false, true }, { "gpt-5", true, false }, { "llama3", true, false },
		{ "ft:gpt-5-mini:x", false, true }, { "omni", false, false }, { "gpt-", false, false },
	};
	struct world *w = world_new();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		w->model = str_z(rows[i].model);
		w->compatible = rows[i].compatible;
		struct str s = again(w, body);
		CHECK(str_find(s, rows[i].completion ? S("\"max_completion_tokens\":9")
						     : S("\"max_tokens\":9")) != SIZE_MAX);
	}
}

CASE(tools_and_choices)
{
	struct world *w = world_new();
	static const char tool[] = "{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\","
				   "\"parameters\":{\"type\":\"object\"},\"strict\":true}}";
	char body[1024], want[1024];
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "\"auto\"", "\"auto\"" },
		{ "\"none\"", "\"none\"" },
		{ "\"required\"", "\"required\"" },
		{ "\"any\"", "\"required\"" },
		{ "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}",
		  "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}" },
		{ "{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\",\"tools\":["
		  "{\"type\":\"function\",\"function\":{\"name\":\"f\"}},"
		  "{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]}}",
		  "{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\",\"tools\":["
		  "{\"type\":\"function\",\"function\":{\"name\":\"f\"}},"
		  "{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]}}" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		(void)snprintf(body, sizeof body, "{\"model\":\"m\"," HI ",\"tools\":[%s],\"tool_choice\":%s,"
			       "\"parallel_tool_calls\":false}", tool, rows[i].in);
		(void)snprintf(want, sizeof want, "{\"model\":\"up\"," HI ",\"tools\":[%s],\"tool_choice\":%s,"
			       "\"parallel_tool_calls\":false}", tool, rows[i].out);
		CHECK_STR(again(w, body), str_z(want));
	}
	/* The form of 2023. */
	CHECK_STR(again(w, "{\"model\":\"m\"," HI ",\"functions\":[{\"name\":\"f\"}],"
			   "\"function_call\":{\"name\":\"f\"}}"),
		  S("{\"model\":\"up\"," HI ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
		    "\"parameters\":{\"type\":\"object\",\"properties\":{}}}}],"
		    "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}}"));
	/* A custom tool is OpenAI's own. */
	CHECK_STR(again(w, "{\"model\":\"m\"," HI ",\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]}"),
		  S("{\"model\":\"up\"," HI ",\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]}"));
}

CASE(messages_come_back)
{
	static const char *const same[] = {
		"[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"u\"}]",
		"[{\"role\":\"user\",\"name\":\"bob\",\"content\":\"\\u00e9\\\"\"}]",
		"[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\","
		"\"image_url\":{\"url\":\"https://x/y.png\",\"detail\":\"low\"}}]}]",
		"[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
		"{\"url\":\"data:image/png;base64,AAAA\"}}]}]",
		"[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":"
		"{\"data\":\"AAAA\",\"format\":\"mp3\"}}]}]",
		"[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":"
		"{\"file_data\":\"data:application/pdf;base64,AAAA\",\"filename\":\"a.pdf\"}}]}]",
		"[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}]}]",
		"[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"content\":null,\"tool_calls\":"
		"[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
		"\"arguments\":\"{\\\"a\\\": \\\"x\\\\ny\\\"}\"}},{\"id\":\"c2\",\"type\":\"function\","
		"\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"1\"},"
		"{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"2\"}]",
		"[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"content\":null,"
		"\"refusal\":\"no\"},{\"role\":\"system\",\"content\":\"mid\"}]",
		"[{\"role\":\"user\",\"content\":[{\"type\":\"new_thing\",\"x\":1}]}]",
	};
	struct world *w = world_new();
	char body[1024], want[1024];

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		(void)snprintf(body, sizeof body, "{\"model\":\"m\",\"messages\":%s}", same[i]);
		(void)snprintf(want, sizeof want, "{\"model\":\"up\",\"messages\":%s}", same[i]);
		CHECK_STR(again(w, body), str_z(want));
	}
}

CASE(messages_of_other_habits)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		/* an image given as a bare string, with needless escapes */
		{ "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
		  "\"data:image\\/png;base64,AA\\/A\"}]}]",
		  "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
		  "{\"url\":\"data:image/png;base64,AA/A\"}}]}]" },
		/* developer is system by another name */
		{ "[{\"role\":\"developer\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"u\"}]",
		  "[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"u\"}]" },
		/* functions of 2023 */
		{ "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"content\":null,"
		  "\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
		  "{\"role\":\"function\",\"name\":\"f\",\"content\":\"r\"}]",
		  "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"content\":null,"
		  "\"tool_calls\":[{\"id\":\"call_function_0\",\"type\":\"function\",\"function\":"
		  "{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
		  "{\"role\":\"tool\",\"tool_call_id\":\"call_function_0\",\"content\":\"r\"}]" },
		/* arguments that the model spoiled stay visible, and are no call without arguments */
		{ "[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
		  "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\"\"}}]}]",
		  "[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
		  "\"function\":{\"name\":\"f\",\"arguments\":"
		  "\"{\\\"__malformed_arguments\\\":\\\"{\\\\\\\"a\\\\\\\"\\\"}\"}}]}]" },
		/* a custom tool's call stays a call */
		{ "[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"custom\","
		  "\"custom\":{\"name\":\"f\",\"input\":\"x\"}}]}]",
		  "[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"custom\","
		  "\"custom\":{\"name\":\"f\",\"input\":\"x\"}}]}]" },
		/* thoughts are not for OpenAI */
		{ "[{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_content\":\"hm\"}]",
		  "[{\"role\":\"assistant\",\"content\":\"a\"}]" },
	};
	struct world *w = world_new();
	char body[1024], want[1024];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		(void)snprintf(body, sizeof body, "{\"model\":\"m\",\"messages\":%s}", rows[i].in);
		(void)snprintf(want, sizeof want, "{\"model\":\"up\",\"messages\":%s}", rows[i].out);
		CHECK_STR(again(w, body), str_z(want));
	}
	w->compatible = true;
	CHECK_STR(again(w, "{\"model\":\"m\",\"top_k\":4,\"messages\":[{\"role\":\"system\",\"content\":["
			   "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]},"
			   "{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_content\":\"hm\"}]}"),
		  S("{\"model\":\"up\",\"messages\":[{\"role\":\"system\",\"content\":\"a\\n\\nb\"},"
		    "{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_content\":\"hm\"}],\"top_k\":4}"));
}

CASE(wrong_types_are_named)
{
	static const struct {
		const char *body, *param;
	} rows[] = {
		{ "{" HI "}", "!model" },
		{ "{\"model\":\"m\"}", "!messages" },
		{ "{\"model\":\"m\",\"messages\":{}}", "!messages" },
		{ "{\"model\":1," HI "}", "!model" },
		{ "{\"model\":\"m\"," HI ",\"temperature\":\"1\"}", "!temperature" },
		{ "{\"model\":\"m\"," HI ",\"max_tokens\":1.5}", "!max_tokens" },
		{ "{\"model\":\"m\"," HI ",\"max_tokens\":-1}", "!max_tokens" },
		{ "{\"model\":\"m\"," HI ",\"stop\":[1]}", "!stop" },
		{ "{\"model\":\"m\"," HI ",\"stream\":\"yes\"}", "!stream" },
		{ "{\"model\":\"m\"," HI ",\"tools\":[{\"type\":\"function\"}]}", "!tools.function.name" },
		{ "{\"model\":\"m\"," HI ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"\"}}]}",
		  "!tools.function.name" },
		{ "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\","
		  "\"function\":{\"name\":\"\"}}]}]}",
		  "!messages[0].tool_calls.function.name" },
		{ "{\"model\":\"m\"," HI ",\"tool_choice\":\"maybe\"}", "!tool_choice" },
		{ "{\"model\":\"m\"," HI ",\"response_format\":{\"type\":\"xml\"}}", "!response_format.type" },
		{ "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"cat\"}]}",
		  "!messages[1].role" },
		{ "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}", "!messages[0].content" },
		{ "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
		  "!messages[0].tool_call_id" },
		{ "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
		  "\"image_url\":{\"url\":\"data:text/plain,x\"}}]}]}",
		  "!messages[0].content.image_url.url" },
		{ "{\"model\":\"m\",\"messages\":[{\"role\":\"function\",\"name\":\"f\",\"content\":\"x\"}]}",
		  "!messages[0].role" },
		{ "[]", "!" },
	};
	struct world *w = world_new();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK_STR(again(w, rows[i].body), str_z(rows[i].param));
}

CASE(what_cannot_be_said)
{
	struct world *w = world_new();

	CHECK_STR(again(w, "{\"model\":\"m\"," HI ",\"top_k\":3}"), S("<top_k>"));
	CHECK_STR(again(w, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":["
			   "{\"type\":\"video_url\",\"video_url\":{\"url\":\"http://x\"}}]}]}"),
		  S("<messages.content.video_url>"));
	w->drop = true;
	CHECK_STR(again(w, "{\"model\":\"m\"," HI ",\"top_k\":3}"), S("{\"model\":\"up\"," HI "}"));
	CHECK(w->dropped && str_eq(w->dropped->s, S("top_k")) && w->dropped->next == NULL);
	/* to another dialect extras are refused by name, but not those that change nothing */
	w->drop = false;
	CHECK_STR(recode_request(w, DIALECT_OPENAI, DIALECT_ANTHROPIC,
				 S("{\"model\":\"m\"," HI ",\"verbosity\":\"low\"}")), S("<verbosity>"));
	CHECK_STR(recode_request(w, DIALECT_OPENAI, DIALECT_ANTHROPIC,
				 S("{\"model\":\"m\"," HI ",\"web_search_options\":{}}")),
		  S("<web_search_options>"));
	CHECK(recode_request(w, DIALECT_OPENAI, DIALECT_ANTHROPIC,
			     S("{\"model\":\"m\"," HI ",\"prompt_cache_key\":\"k\",\"store\":false,"
			       "\"modalities\":[\"text\"]}")).p[0] == '{');
}

/* Results with pictures: the text goes in the tool's message, the picture follows in a user's. */
CASE(from_anthropic)
{
	struct world *w = world_new();

	CHECK_STR(recode_request(w, DIALECT_ANTHROPIC, DIALECT_OPENAI,
		S("{\"model\":\"m\",\"max_tokens\":9,\"system\":\"s\",\"messages\":["
		  "{\"role\":\"user\",\"content\":\"u\"},"
		  "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"t\","
		  "\"signature\":\"sig\"},{\"type\":\"text\",\"text\":\"a\"},"
		  "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{\"a\":1}},"
		  "{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"f\",\"input\":{}}]},"
		  "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
		  "\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\","
		  "\"media_type\":\"image/png\",\"data\":\"AAAA\"}}]},"
		  "{\"type\":\"tool_result\",\"tool_use_id\":\"t2\",\"is_error\":true,\"content\":\"bad\"},"
		  "{\"type\":\"text\",\"text\":\"go on\"}]}]}")),
		S("{\"model\":\"up\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
		  "{\"role\":\"user\",\"content\":\"u\"},"
		  "{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":["
		  "{\"id\":\"t1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}},"
		  "{\"id\":\"t2\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
		  "{\"role\":\"tool\",\"tool_call_id\":\"t1\",\"content\":"
		  "\"The result is attached to the next message.\"},"
		  "{\"role\":\"tool\",\"tool_call_id\":\"t2\",\"content\":\"Error: bad\"},"
		  "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Result of tool call t1:\"},"
		  "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}},"
		  "{\"type\":\"text\",\"text\":\"go on\"}]}],\"max_tokens\":9}"));
}

/* The signature that a client brings back reaches its own provider, whatever the client speaks. */
CASE(signatures_come_home)
{
	struct world *w = world_new();

	struct str s = recode_request(w, DIALECT_OPENAI, DIALECT_ANTHROPIC,
		S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"u\"},"
		  "{\"role\":\"assistant\",\"content\":\"a\",\"thinking_blocks\":["
		  "{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"abc\"},"
		  "{\"type\":\"redacted_thinking\",\"data\":\"xyz\"}]},{\"role\":\"user\",\"content\":\"v\"}]}"));
	CHECK(str_find(s, S("{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"abc\"}")) != SIZE_MAX);
	CHECK(str_find(s, S("{\"type\":\"redacted_thinking\",\"data\":\"xyz\"}")) != SIZE_MAX);
	/* Gemini's is nothing to Anthropic, and thinking without a signature is refused there. */
	s = recode_request(w, DIALECT_OPENAI, DIALECT_ANTHROPIC,
		S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"u\"},"
		  "{\"role\":\"assistant\",\"content\":\"a\",\"thinking_blocks\":["
		  "{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"gemini.abc\"}]},"
		  "{\"role\":\"user\",\"content\":\"v\"}]}"));
	CHECK(str_find(s, S("\"thinking\"")) == SIZE_MAX);
}

CASE(formats)
{
	struct world *w = world_new();

	CHECK_STR(again(w, "{\"model\":\"m\"," HI ",\"response_format\":{\"type\":\"json_schema\","
			   "\"json_schema\":{\"name\":\"n\",\"strict\":true,\"schema\":{\"a\":1}}}}"),
		  S("{\"model\":\"up\"," HI ",\"response_format\":{\"type\":\"json_schema\","
		    "\"json_schema\":{\"name\":\"n\",\"schema\":{\"a\":1},\"strict\":true}}}"));
	CHECK_STR(again(w, "{\"model\":\"m\"," HI ",\"response_format\":{\"type\":\"json_object\"}}"),
		  S("{\"model\":\"up\"," HI ",\"response_format\":{\"type\":\"json_object\"}}"));
}

/* Each value ends at an unmapped page: nothing is read behind the text. */
CASE(guarded)
{
	struct world *w = world_new();
	struct str g = check_guard(S("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"model\":\"m\"}"));

	CHECK(recode_request(w, DIALECT_OPENAI, DIALECT_OPENAI, g).p[0] == '{');
	check_unguard(g);
}

TESTS(CASE_ROW(everything_comes_back), CASE_ROW(which_name_the_maximum_has), CASE_ROW(tools_and_choices),
      CASE_ROW(messages_come_back), CASE_ROW(messages_of_other_habits), CASE_ROW(wrong_types_are_named),
      CASE_ROW(what_cannot_be_said), CASE_ROW(from_anthropic), CASE_ROW(signatures_come_home),
      CASE_ROW(formats), CASE_ROW(guarded))
