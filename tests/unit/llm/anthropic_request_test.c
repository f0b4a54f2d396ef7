/* tests/unit/llm/anthropic_request_test.c - requests of the Messages API, both ways. */
#include "llm/anthropic.h"
#include "tests/unit/check.h"

static struct arena arena;
static struct buf out;
static struct diag diag;
static struct llm_request req;

static enum err decode(struct str text)
{
	const struct json *root = NULL;

	arena_reset(&arena);
	diag = (struct diag){ .err = OK };
	if (json_read(&arena, text, &root, NULL) != OK)
		return ERR_LIMIT;
	return dialect_anthropic.decode_request(root, &req, &arena, &diag);
}

static struct llm_opts opts(const char *model, bool drop)
{
	return (struct llm_opts){ .model = str_z(model), .drop_params = drop, .default_max_tokens = 4096,
				  .arena = &arena, .diag = &diag };
}

static enum err encode_for(const char *model, bool drop)
{
	struct llm_opts o = opts(model, drop);

	buf_reset(&out);
	diag = (struct diag){ .err = OK };
	enum err e = dialect_anthropic.encode_request(&req, &o, &out);
	if (e == OK) {
		const struct json *root = NULL;
		CHECK(json_read(&arena, buf_str(&out), &root, NULL) == OK);
	}
	return e;
}

static struct str encoded(struct str text)
{
	CHECK(decode(text) == OK);
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	return buf_str(&out);
}

static void refuses(struct str text, const char *param)
{
	CHECK(decode(text) == ERR_SYNTAX);
	CHECK_STR(str_z(diag.param), str_z(param));
}

/* A request as an OpenAI client would have it, with one message. */
static void from_openai(void)
{
	arena_reset(&arena);
	llm_request_init(&req, DIALECT_OPENAI);
	req.model = S("gpt");
	struct llm_msg *m = llm_msg_add(&arena, &req.msgs, ROLE_USER);
	llm_part_add(&arena, &m->parts, PART_TEXT)->text = S("hi");
}

static struct llm_part *say(enum llm_role role, enum llm_part_kind kind, struct str text)
{
	struct llm_msg *m = llm_msg_add(&arena, &req.msgs, role);
	struct llm_part *p = llm_part_add(&arena, &m->parts, kind);

	p->text = text;
	return p;
}

static bool has(struct str needle)
{
	return str_find(buf_str(&out), needle) != SIZE_MAX;
}

CASE(plain)
{
	CHECK_STR(encoded(S("{\"model\":\"m\",\"max_tokens\":7,\"system\":\"be \\u00e9\",\"messages\":["
			    "{\"role\":\"user\",\"content\":\"a\\nb\"}],\"temperature\":0.50,\"top_k\":3,"
			    "\"stop_sequences\":[\"x\"],\"metadata\":{\"user_id\":\"u\"},\"stream\":true}")),
		  S("{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":7,\"temperature\":0.50,\"top_k\":3,"
		    "\"stop_sequences\":[\"x\"],\"metadata\":{\"user_id\":\"u\"},\"stream\":true,"
		    "\"system\":\"be \\u00e9\",\"messages\":[{\"role\":\"user\",\"content\":["
		    "{\"type\":\"text\",\"text\":\"a\\nb\"}]}]}"));
	CHECK(req.stream && req.max_tokens == 7);
}

CASE(count_needs_no_max_tokens)
{
	CHECK(decode(S("{\"model\":\"m\",\"messages\":[]}")) == OK);
	CHECK(req.max_tokens == -1);
	CHECK(decode(S("{\"model\":\"m\",\"max_tokens\":null,\"messages\":[]}")) == OK);
}

CASE(types_are_checked)
{
	refuses(S("{\"messages\":[]}"), "model");
	refuses(S("{\"model\":3,\"messages\":[]}"), "model");
	refuses(S("{\"model\":\"m\",\"messages\":{}}"), "messages");
	refuses(S("{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":\"\"}]}"), "messages.role");
	refuses(S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}"), "messages.content");
	refuses(S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[1]}]}"),
		"messages.content.type");
	refuses(S("{\"model\":\"m\",\"messages\":[],\"max_tokens\":-1}"), "max_tokens");
	refuses(S("{\"model\":\"m\",\"messages\":[],\"max_tokens\":1.5}"), "max_tokens");
	refuses(S("{\"model\":\"m\",\"messages\":[],\"stop_sequences\":[1]}"), "stop_sequences");
	refuses(S("{\"model\":\"m\",\"messages\":[],\"tool_choice\":{\"type\":\"x\"}}"), "tool_choice.type");
	refuses(S("{\"model\":\"m\",\"messages\":[],\"thinking\":{\"type\":\"enabled\"}}"),
		"thinking.budget_tokens");
	refuses(S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\","
		  "\"source\":{\"type\":\"base64\"}}]}]}"),
		"messages.content.source.type");
}

CASE(unknown_fields_are_extras)
{
	CHECK(decode(S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\","
		       "\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"x\"},"
		       "\"context\":\"c\"}]}],\"mcp_servers\":[],\"metadata\":{\"k\":1},\"speed\":null}")) == OK);
	CHECK_STR(req.extras->name, S("mcp_servers"));
	CHECK_STR(req.extras->next->name, S("messages.content.context"));
	CHECK_STR(req.extras->next->next->name, S("metadata.k"));
	CHECK(req.extras->next->next->next == NULL);
	CHECK(encode_for("claude-opus-4-6", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(diag.param), S("mcp_servers"));
	CHECK(encode_for("claude-opus-4-6", true) == OK);
}

/* Too many unknown names are a client's mistake, but never a reason to lose a provider's answer. */
CASE(many_unknown_fields)
{
	struct llm_response r;
	const struct json *root = NULL;
	size_t n = 0;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add(&b, S("{\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"messages\":[],\"content\":[]"));
	for (unsigned i = 0; i < 200; i++)
		buf_addf(&b, ",\"x%u\":1", i);
	buf_addc(&b, '}');
	CHECK(decode(buf_str(&b)) == ERR_LIMIT);
	CHECK(json_read(&arena, buf_str(&b), &root, NULL) == OK);
	CHECK(dialect_anthropic.decode_response(root, &r, &arena, &diag) == OK);
	for (const struct llm_extra *x = r.extras; x != NULL; x = x->next)
		n++;
	CHECK(n == 128);
	buf_free(&b);
}

CASE(keeping_all_thinking_is_no_edit)
{
	CHECK(decode(S("{\"model\":\"m\",\"messages\":[],\"context_management\":{\"edits\":[{\"type\":"
		       "\"clear_thinking_20251015\",\"keep\":\"all\"}]}}")) == OK);
	CHECK(req.extras == NULL);
	CHECK(decode(S("{\"model\":\"m\",\"messages\":[],\"context_management\":{\"edits\":[{\"type\":"
		       "\"clear_thinking_20251015\",\"keep\":1}]}}")) == OK);
	CHECK(req.extras != NULL);
}

CASE(tools_both_ways)
{
	struct str s = encoded(S(
		"{\"model\":\"m\",\"max_tokens\":1,\"messages\":["
		"{\"role\":\"user\",\"content\":\"q\"},"
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"s=\"},"
		"{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"f\",\"input\":{\"a\":1},"
		"\"caller\":{\"type\":\"direct\"}}]},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\",\"content\":["
		"{\"type\":\"text\",\"text\":\"r\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\","
		"\"media_type\":\"image/png\",\"data\":\"AA==\"}}],\"is_error\":true}]}],"
		"\"tools\":[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\"},"
		"\"cache_control\":{\"type\":\"ephemeral\"}},"
		"{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}],"
		"\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\",\"disable_parallel_tool_use\":true}}"));
	CHECK(req.choice == CHOICE_NAMED && req.parallel == TRI_NO);
	CHECK_STR(req.tools->next->name, S("web_search_20250305"));
	CHECK_STR(str_tail(s, str_find(s, S("\"tools\""))),
		  S("\"tools\":[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\"},"
		    "\"cache_control\":{\"type\":\"ephemeral\"}},{\"type\":\"web_search_20250305\","
		    "\"name\":\"web_search\"}],\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\","
		    "\"disable_parallel_tool_use\":true},\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
		    "\"text\",\"text\":\"q\"}]},{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
		    "\"thinking\":\"t\",\"signature\":\"s=\"},{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":"
		    "\"f\",\"input\":{\"a\":1}}]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
		    "\"tool_use_id\":\"toolu_1\",\"content\":[{\"type\":\"text\",\"text\":\"r\"},{\"type\":"
		    "\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AA==\"}}],"
		    "\"is_error\":true}]}]}"));
}

CASE(documents_and_opaque_blocks)
{
	CHECK(decode(S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":["
		       "{\"type\":\"document\",\"title\":\"T\",\"source\":{\"type\":\"url\",\"url\":\"https://x\"}},"
		       "{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":\"abc\"}},"
		       "{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"text\","
		       "\"text\":\"in\"}]}},"
		       "{\"type\":\"image\",\"source\":{\"type\":\"file\",\"file_id\":\"file_1\"}},"
		       "{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"t\",\"content\":[]}]}]}")) == OK);
	const struct llm_part *p = req.msgs->parts;
	CHECK(p->kind == PART_DOCUMENT && str_eq(p->media.name, S("T")) && str_eq(p->media.url, S("https://x")));
	p = p->next;
	CHECK(p->kind == PART_DOCUMENT && p->media.is_text && str_eq(p->media.data, S("abc")));
	p = p->next;
	CHECK(p->kind == PART_TEXT && str_eq(p->text, S("in")));
	p = p->next;
	CHECK(p->kind == PART_IMAGE && str_eq(p->media.file_id, S("file_1")));
	p = p->next;
	CHECK(p->kind == PART_OPAQUE && str_has_prefix(p->raw, S("{\"type\":\"search_result\"")));
}

CASE(nothing_nests_deeper_than_a_result)
{
	CHECK(decode(S("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
		       "\"tool_use_id\":\"a\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"b\","
		       "\"content\":[]}]}]}]}")) == OK);
	CHECK(req.msgs->parts->content->kind == PART_OPAQUE);
}

CASE(thinking_is_said_as_the_model_takes_it)
{
	from_openai();
	req.effort = S("medium");
	CHECK(encode_for("claude-sonnet-4-5-20250929", false) == OK);
	CHECK(has(S("\"max_tokens\":6144,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048}")));
	CHECK(!has(S("output_config")));
	CHECK(encode_for("claude-opus-4-6", false) == OK);
	CHECK(has(S("\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"},\"output_config\":{\"effort\":"
		    "\"medium\"}")));
	req.effort = S("none");
	CHECK(encode_for("claude-sonnet-5", false) == OK);
	CHECK(has(S("\"thinking\":{\"type\":\"disabled\"}")));
	req.effort = (struct str){ NULL, 0 };
	req.thinking_budget = 5000;
	CHECK(encode_for("claude-opus-5", false) == OK);
	CHECK(has(S("\"type\":\"adaptive\"")) && has(S("\"effort\":\"high\"")));
	CHECK(encode_for("claude-3-7-sonnet-latest", false) == OK);
	CHECK(has(S("\"budget_tokens\":5000")));
}

CASE(a_small_maximum_leaves_no_room_to_think)
{
	from_openai();
	req.effort = S("high");
	req.max_tokens = 2000;
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(has(S("\"budget_tokens\":1999")));
	req.max_tokens = 100;
	CHECK(encode_for("claude-sonnet-4-5", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(diag.param), S("reasoning_effort"));
	CHECK(encode_for("claude-sonnet-4-5", true) == OK);
	CHECK(!has(S("thinking")));
}

/* The default is what the model can say at the most, thinking included. */
CASE(a_budget_fits_under_a_large_default)
{
	struct llm_opts o = opts("claude-sonnet-4-5", false);

	from_openai();
	req.effort = S("high");
	o.default_max_tokens = 64000;
	buf_reset(&out);
	CHECK(dialect_anthropic.encode_request(&req, &o, &out) == OK);
	CHECK(has(S("\"max_tokens\":64000,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":4096}")));
	req.effort = S("");
	req.thinking_budget = 62000;
	buf_reset(&out);
	CHECK(dialect_anthropic.encode_request(&req, &o, &out) == OK);
	CHECK(has(S("\"max_tokens\":66096,")));
}

CASE(generations)
{
	CHECK(anthropic_generation(S("claude-3-5-sonnet-20241022")) == 30);
	CHECK(anthropic_generation(S("claude-opus-4-20250514")) == 40);
	CHECK(anthropic_generation(S("claude-opus-4-1-20250805")) == 41);
	CHECK(anthropic_generation(S("claude-sonnet-4-5")) == 45);
	CHECK(anthropic_generation(S("anthropic/claude-opus-4.6")) == 46);
	CHECK(anthropic_generation(S("claude-fable-5")) == 50);
	CHECK(anthropic_generation(S("deepseek-chat")) == 30);
	CHECK(anthropic_generation(S("claude-")) == 30);
}

CASE(what_cannot_be_said_is_named)
{
	static const struct {
		const char *param;
		size_t at;
		const char *value;
	} rows[] = {
		{ "temperature", offsetof(struct llm_request, temperature), "1.5" },
		{ "seed", offsetof(struct llm_request, seed), "1" },
		{ "frequency_penalty", offsetof(struct llm_request, frequency_penalty), "0.1" },
		{ "presence_penalty", offsetof(struct llm_request, presence_penalty), "-1" },
		{ "logit_bias", offsetof(struct llm_request, logit_bias), "{\"1\":2}" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		from_openai();
		struct str v = str_z(rows[i].value);
		memcpy((char *)&req + rows[i].at, &v, sizeof v);
		CHECK(encode_for("claude-sonnet-4-5", false) == ERR_UNSUPPORTED);
		CHECK_STR(str_z(diag.param), str_z(rows[i].param));
		CHECK(encode_for("claude-sonnet-4-5", true) == OK);
		CHECK(!has(str_z(rows[i].param)));
	}
	from_openai();
	req.frequency_penalty = S("0.0");
	req.n = 1;
	req.logprobs = TRI_NO;
	req.temperature = S("1");
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	req.n = 2;
	req.origin = DIALECT_GEMINI;
	CHECK(encode_for("claude-sonnet-4-5", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(diag.param), S("generationConfig.candidateCount"));
}

CASE(media_of_other_dialects)
{
	from_openai();
	struct llm_part *p = say(ROLE_USER, PART_DOCUMENT, (struct str){ NULL, 0 });
	p->media = (struct llm_media){ .mime = S("text/plain"), .data = S("YSJi"), .name = S("n.txt") };
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(has(S("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":"
		    "\"a\\\"b\"},\"title\":\"n.txt\"}")));
	p->media = (struct llm_media){ .file_id = S("file-1") };
	CHECK(encode_for("claude-sonnet-4-5", false) == ERR_UNSUPPORTED);
	p->media = (struct llm_media){ .url = S("gs://b/o") };
	CHECK(encode_for("claude-sonnet-4-5", false) == ERR_UNSUPPORTED);
	p->kind = PART_AUDIO;
	CHECK(encode_for("claude-sonnet-4-5", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(diag.param), S("messages.content.input_audio"));
	CHECK(encode_for("claude-sonnet-4-5", true) == OK);
}

CASE(turns_are_put_in_order)
{
	from_openai();
	struct llm_part *call = say(ROLE_ASSISTANT, PART_TOOL_CALL, (struct str){ NULL, 0 });
	call->id = S("functions.f:0");
	call->name = S("f");
	struct llm_part *think = llm_part_add(&arena, &req.msgs->next->parts, PART_THINKING);
	think->origin = DIALECT_ANTHROPIC;
	think->text = S("t");
	think->signature = S("s");
	llm_part_add(&arena, &req.msgs->next->parts, PART_THINKING)->text = S("unsigned");
	llm_part_add(&arena, &req.msgs->next->parts, PART_TEXT)->text = S("\\n");
	say(ROLE_USER, PART_TEXT, S("also"));
	struct llm_part *result = say(ROLE_USER, PART_TOOL_RESULT, (struct str){ NULL, 0 });
	result->id = S("functions.f:0");
	llm_part_add(&arena, &result->content, PART_TEXT)->text = S("42");
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK_STR(str_tail(buf_str(&out), str_find(buf_str(&out), S("{\"role\":\"assistant\""))),
		  S("{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":"
		    "\"s\"},{\"type\":\"tool_use\",\"id\":\"functions_f_0\",\"name\":\"f\",\"input\":{}}]},"
		    "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"functions_f_0\","
		    "\"content\":\"42\"},{\"type\":\"text\",\"text\":\"also\"}]}]}"));
}

CASE(system_in_mid_conversation)
{
	from_openai();
	say(ROLE_ASSISTANT, PART_TEXT, S("a"));
	say(ROLE_SYSTEM, PART_TEXT, S("rule"));
	say(ROLE_USER, PART_TEXT, S("b"));
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(has(S("\"system\":[{\"type\":\"text\",\"text\":\"rule\"}]")) && !has(S("\"role\":\"system\"")));
	CHECK(encode_for("claude-opus-4-8", false) == OK);
	CHECK(has(S("{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"rule\"}]}")));
	CHECK(!has(S("\"system\":[")));
}

CASE(json_mode_is_a_forced_tool)
{
	from_openai();
	req.format = FORMAT_JSON;
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(has(S("\"tool_choice\":{\"type\":\"tool\",\"name\":\"yett_json_answer\"}")));
	req.effort = S("low");
	CHECK(encode_for("claude-sonnet-4-5", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(diag.param), S("response_format"));
	req.effort = (struct str){ NULL, 0 };
	req.format = FORMAT_SCHEMA;
	req.format_schema = S("{\"type\":\"string\"}");
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(has(S("\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"string\"}}}")));
	req.format_schema = S("{\"type\":\"object\"}"); /* anything goes: no grammar says that */
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(has(S("\"input_schema\":{\"type\":\"object\"}")) && !has(S("output_config")));
	CHECK(encode_for("claude-opus-4-1", false) == OK);
	CHECK(has(S("\"input_schema\":{\"type\":\"object\"}")) && !has(S("output_config")));
	req.format_schema = S("{\"type\":\"array\"}");
	CHECK(encode_for("claude-opus-4-1", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(diag.param), S("response_format"));
}

CASE(schemas_are_closed)
{
	static const struct {
		struct str from, to; /* to.p == NULL: it cannot be said */
	} rows[] = {
		{ SC("{\"type\":\"string\"}"), SC("{\"type\":\"string\"}") },
		{ SC("{\"type\":\"object\",\"properties\":{\"a\":{\"properties\":{},\"type\":[\"object\",\"null\"]}}}"),
		  SC("{\"additionalProperties\":false,\"type\":\"object\",\"properties\":{\"a\":"
		     "{\"additionalProperties\":false,\"properties\":{},\"type\":[\"object\",\"null\"]}}}") },
		{ SC("{\"type\":\"object\",\"properties\":{\"not\":{\"type\":\"string\"},\"type\":{\"type\":\"object\","
		     "\"properties\":{},\"additionalProperties\":false}},\"additionalProperties\":false}"),
		  SC("{\"type\":\"object\",\"properties\":{\"not\":{\"type\":\"string\"},\"type\":{\"type\":\"object\","
		     "\"properties\":{},\"additionalProperties\":false}},\"additionalProperties\":false}") },
		{ SC("{\"type\":\"array\",\"minItems\":1,\"items\":{\"enum\":[1,2]}}"),
		  SC("{\"type\":\"array\",\"minItems\":1,\"items\":{\"enum\":[1,2]}}") },
		{ SC("{\"type\":\"array\",\"minItems\":2}"), { NULL, 0 } },
		{ SC("{\"type\":\"integer\",\"minimum\":1}"), { NULL, 0 } },
		{ SC("{\"oneOf\":[{\"type\":\"string\"}]}"), { NULL, 0 } },
		{ SC("{\"not\":{}}"), { NULL, 0 } },
		{ SC("{\"type\":\"object\"}"), { NULL, 0 } },
		{ SC("{\"type\":\"object\",\"properties\":{},\"additionalProperties\":{\"type\":\"string\"}}"), { NULL, 0 } },
		{ SC("{"), { NULL, 0 } },
		{ { NULL, 0 }, { NULL, 0 } },
	};

	arena_reset(&arena);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str got = anthropic_closed(rows[i].from, &arena);
		CHECK((got.p == NULL) == (rows[i].to.p == NULL));
		if (got.p != NULL)
			CHECK_STR(got, rows[i].to);
	}
}

CASE(schemas_get_a_type)
{
	from_openai();
	struct llm_tool *t = llm_tool_add(&arena, &req.tools);
	t->name = S("f");
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(has(S("\"input_schema\":{\"type\":\"object\",\"properties\":{}}")));
	t->schema = S("{ \"properties\" : {\"a\":{}} }");
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(has(S("\"input_schema\":{\"type\":\"object\",\"properties\":{\"a\":{}}}")));
	req.choice = CHOICE_NAMED;
	CHECK(llm_str_add(&arena, &req.choice_names, S("f")) == OK);
	CHECK(llm_str_add(&arena, &req.choice_names, S("g")) == OK);
	llm_tool_add(&arena, &req.tools)->name = S("h");
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(!has(S("\"name\":\"h\"")) && has(S("\"tool_choice\":{\"type\":\"any\"}")));
}

CASE(a_foreign_signature_comes_back)
{
	struct str id = llm_id_join(&arena, S("c1"), DIALECT_GEMINI, S("SIG"));
	char text[512];
	int n = snprintf(text, sizeof text,
			 "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
			 "\"thinking\":\"t\",\"signature\":\"gemini.S\"},{\"type\":\"tool_use\",\"id\":\"%.*s\","
			 "\"name\":\"f\",\"input\":{}}]}]}", FMT(id));
	CHECK(decode((struct str){ text, (size_t)n }) == OK);
	const struct llm_part *p = req.msgs->parts;
	CHECK(p->origin == DIALECT_GEMINI);
	CHECK_STR(p->signature, S("S"));
	CHECK_STR(p->next->id, S("c1"));
	CHECK_STR(p->next->signature, S("SIG"));
	CHECK(p->next->origin == DIALECT_GEMINI);
	CHECK(encode_for("claude-sonnet-4-5", false) == OK);
	CHECK(!has(S("thinking")) && has(S("\"id\":\"c1\"")));
}

static void setup(void)
{
	arena_init(&arena, 64 << 20);
	buf_init(&out, 1 << 20);
}

TESTS({ "setup", setup }, CASE_ROW(plain), CASE_ROW(count_needs_no_max_tokens), CASE_ROW(types_are_checked),
      CASE_ROW(unknown_fields_are_extras), CASE_ROW(many_unknown_fields), CASE_ROW(keeping_all_thinking_is_no_edit), CASE_ROW(tools_both_ways),
      CASE_ROW(documents_and_opaque_blocks), CASE_ROW(nothing_nests_deeper_than_a_result),
      CASE_ROW(thinking_is_said_as_the_model_takes_it), CASE_ROW(a_small_maximum_leaves_no_room_to_think),
      CASE_ROW(a_budget_fits_under_a_large_default), CASE_ROW(generations), CASE_ROW(what_cannot_be_said_is_named),
      CASE_ROW(media_of_other_dialects),
      CASE_ROW(turns_are_put_in_order), CASE_ROW(system_in_mid_conversation),
      CASE_ROW(json_mode_is_a_forced_tool), CASE_ROW(schemas_are_closed), CASE_ROW(schemas_get_a_type),
      CASE_ROW(a_foreign_signature_comes_back))
