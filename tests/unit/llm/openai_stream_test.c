/* tests/unit/llm/openai_stream_test.c - chat completion chunks: what servers send, and what we send. */
#include "llm_util.h"

#define CHUNK(delta) \
	"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\"," \
	"\"choices\":[{\"index\":0,\"delta\":{" delta "},\"finish_reason\":null}]}\n\n"
#define FINISH(reason) \
	"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\"," \
	"\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}]}\n\n"
#define ROLE CHUNK("\"role\":\"assistant\",\"content\":\"\"")
#define DONE "data: [DONE]\n\n"

/* The collected answer in one line: each part, the finish, the usage, or the error. */
static struct str told(struct world *w, const char *text)
{
	static const char *const kinds[PART_KINDS] = {
		[PART_TEXT] = "text", [PART_THINKING] = "thinking", [PART_TOOL_CALL] = "call",
		[PART_REFUSAL] = "refusal", [PART_REDACTED] = "redacted", [PART_OPAQUE] = "opaque",
		[PART_IMAGE] = "image",
	};
	struct llm_response r = { 0 };
	struct llm_error error = { 0 };
	enum err e = collect_stream(w, DIALECT_OPENAI, str_z(text), &r, &error);

	buf_reset(&w->out);
	if (e != OK)
		buf_addf(&w->out, "!%s", err_text(e));
	for (const struct llm_answer_choice *c = r.choices; c != NULL && e == OK; c = c->next) {
		for (const struct llm_part *p = c->parts; p != NULL; p = p->next) {
			buf_addf(&w->out, "%s(", kinds[p->kind]);
			if (p->kind == PART_TOOL_CALL)
				buf_addf(&w->out, "%.*s %.*s %.*s", FMT(p->id), FMT(p->name), FMT(p->args));
			else
				buf_add(&w->out, p->kind == PART_OPAQUE ? p->raw : p->text);
			if (p->signature.p)
				buf_addf(&w->out, " %s:%.*s", llm_dialect_name(p->origin), FMT(p->signature));
			buf_addf(&w->out, ") ");
		}
		buf_addf(&w->out, "%d", c->finish);
		if (c->finish_text.n)
			buf_addf(&w->out, "=%.*s", FMT(c->finish_text));
		buf_addc(&w->out, c->next ? '|' : ' ');
	}
	if (r.usage.known)
		buf_addf(&w->out, "%d+%d", (int)r.usage.input, (int)r.usage.output);
	if (error.status)
		buf_addf(&w->out, "error %u %.*s", error.status, FMT(error.message));
	struct str s = kept(w);
	return str_head(s, s.n && s.p[s.n - 1] == ' ' ? s.n - 1 : s.n);
}

CASE(what_servers_send)
{
	static const struct {
		const char *name, *text, *told;
	} rows[] = {
		{ "plain", ROLE CHUNK("\"content\":\"a\"") CHUNK("\"content\":\"b\"") FINISH("stop") DONE,
		  "text(ab) 1" },
		{ "keep-alives", ": x\n\n" ROLE ": y\n\n" CHUNK("\"content\":\"a\"") FINISH("stop") DONE,
		  "text(a) 1" },
		{ "no [DONE]", ROLE CHUNK("\"content\":\"a\"") FINISH("length"), "text(a) 2" },
		{ "cut", ROLE CHUNK("\"content\":\"a\""),
		  "text() 0 error 502 the provider's stream ended before it was complete" },
		{ "empty", DONE, "error 502 the provider's stream has no content" },
		{ "nothing", "", "error 502 the provider's stream ended before it was complete" },
		{ "no finish reason", ROLE CHUNK("\"content\":\"a\"") DONE, "text(a) 1" },
		{ "usage in the last content chunk",
		  ROLE "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"z\"},\"finish_reason\":\"stop\"}],"
		  "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n" DONE, "text(z) 1 3+4" },
		{ "usage alone", ROLE CHUNK("\"content\":\"a\"") FINISH("stop")
		  "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n" DONE,
		  "text(a) 1 3+4" },
		{ "an empty head of Azure's", "data: {\"choices\":[],\"id\":\"\",\"model\":\"\"}\n\n" ROLE
		  CHUNK("\"content\":\"a\"") FINISH("stop") DONE, "text(a) 1" },
		{ "thinking first", CHUNK("\"role\":\"assistant\",\"reasoning_content\":\"t\",\"content\":null")
		  CHUNK("\"reasoning_content\":\"u\"") CHUNK("\"reasoning_content\":null,\"content\":\"a\"")
		  FINISH("stop") DONE, "thinking(tu) text(a) 1" },
		{ "OpenRouter's name", CHUNK("\"reasoning\":\"t\"") CHUNK("\"content\":\"a\"") FINISH("stop"),
		  "thinking(t) text(a) 1" },
		{ "blocks and the same in words",
		  CHUNK("\"reasoning_content\":\"t\",\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"t\"}]")
		  CHUNK("\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"sig\"}]")
		  CHUNK("\"thinking_blocks\":[{\"type\":\"redacted_thinking\",\"data\":\"gemini.x\"}]")
		  CHUNK("\"reasoning_content\":\"v\",\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"v\"}]")
		  FINISH("stop"), "thinking(t anthropic:sig) redacted(x) thinking(v) 1" },
		{ "a text's signature", CHUNK("\"content\":\"a\"")
		  CHUNK("\"provider_specific_fields\":{\"thought_signatures\":[\"gemini.s\"]}") FINISH("stop"),
		  "text(a gemini:s) 1" },
		{ "refusal", ROLE CHUNK("\"refusal\":\"no\"") FINISH("stop"), "refusal(no) 1" },
		{ "a call in fragments", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"type\":\"function\",\"function\":"
			"{\"name\":\"f\",\"arguments\":\"\"}}]")
		  CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\"}}]")
		  CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\":1}\"}}]")
		  FINISH("tool_calls") DONE, "call(x f {\"a\":1}) 3" },
		{ "two calls, interleaved", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}},"
			"{\"index\":1,\"id\":\"y\",\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]")
		  CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\"}}]")
		  CHUNK("\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"{\\\"b\\\":\"}}]")
		  CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"}\"}}]")
		  CHUNK("\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"2}\"}}]")
		  FINISH("tool_calls") DONE, "call(x f {}) call(y g {\"b\":2}) 3" },
		{ "whole calls, all with index 0", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]")
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"y\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]")
		  FINISH("stop") DONE, "call(x f {}) call(y f {}) 3" },
		{ "whole calls without index and id", ROLE
		  CHUNK("\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
			"{\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"k\\\":{}}\"}}]")
		  FINISH("tool_calls") DONE, "call(call_c1_0 f {}) call(call_c1_1 f {\"k\":{}}) 3" },
		{ "a call without index, in fragments", ROLE
		  CHUNK("\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]")
		  CHUNK("\"tool_calls\":[{\"function\":{\"arguments\":\"}\"}}]") FINISH("tool_calls"),
		  "call(x f {}) 3" },
		{ "a name repeated as nothing", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]")
		  CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"\",\"arguments\":\"{}\"}}]")
		  FINISH("tool_calls"), "call(x f {}) 3" },
		{ "a header repeated", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]")
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"}\"}}]")
		  FINISH("tool_calls"), "call(x f {}) 3" },
		{ "text behind a call", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":1,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]")
		  CHUNK("\"content\":\"a\"") FINISH("tool_calls"), "call(x f {}) text(a) 3" },
		{ "a call that was spoiled", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\"}}]")
		  FINISH("length"), "call(x f {\"__malformed_arguments\":\"{\\\"a\"}) 2" },
		{ "more of a call that was whole", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]")
		  CHUNK("\"content\":\"a\"")
		  CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]") FINISH("stop"),
		  "call(x f {}) text() 0 error 502 the provider went on with a tool call that was whole" },
		{ "a call without a name", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]"),
		  "0 error 502 the provider sent a tool call without a name" },
		{ "a call of 2023", ROLE CHUNK("\"function_call\":{\"name\":\"f\",\"arguments\":\"\"}")
		  CHUNK("\"function_call\":{\"arguments\":\"{}\"}") FINISH("function_call"),
		  "call(call_c1_0 f {}) 3" },
		{ "a custom tool's call", ROLE
		  CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"type\":\"custom\",\"custom\":{\"name\":\"f\"}}]")
		  FINISH("stop"),
		  "opaque({\"index\":0,\"id\":\"x\",\"type\":\"custom\",\"custom\":{\"name\":\"f\"}}) 1" },
		{ "two choices", "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}\n\n"
		  "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"},"
		  "{\"index\":1,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n" DONE, "text(a) 1|text(b) 2" },
		{ "vLLM's stop", ROLE "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\","
		  "\"stop_reason\":\"END\"}]}\n\n", "4=END" },
		{ "an unknown finish", ROLE FINISH("eos"), "10=eos" },
		{ "an error inside", ROLE "data: {\"error\":{\"message\":\"m\",\"code\":503}}\n\n",
		  "0 error 503 m" },
		{ "an error event", "event: error\ndata: {\"message\":\"m\"}\n\n", "error 500 m" },
		{ "an error in words", "data: {\"error\":\"m\"}\n\n", "error 500 m" },
		{ "no JSON", ROLE "data: {\n\n", "!malformed input" },
		{ "no object", ROLE "data: []\n\n", "!malformed input" },
		{ "a choice far away", "data: {\"choices\":[{\"index\":128,\"delta\":{}}]}\n\n", "!malformed input" },
		{ "after the end", ROLE FINISH("stop") DONE CHUNK("\"content\":\"a\""), "1" },
		{ "content behind the finish", ROLE FINISH("stop") CHUNK("\"content\":\"a\"") DONE, "text(a) 1" },
	};
	struct world *w = world_new();

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct str got = told(w, rows[i].text);
		if (!str_eq(got, str_z(rows[i].told)))
			fprintf(stderr, "%s:\n", rows[i].name);
		CHECK_STR(got, str_z(rows[i].told));
	}
}

CASE(what_we_send)
{
	static const char *const same[] = {
		ROLE CHUNK("\"content\":\"a\\n\"") FINISH("stop") DONE,
		ROLE CHUNK("\"refusal\":\"a\"") FINISH("stop") DONE,
		ROLE CHUNK("\"reasoning_content\":\"t\",\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"t\"}]")
		CHUNK("\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"s\"}]")
		CHUNK("\"content\":\"a\"") FINISH("stop") DONE,
		ROLE CHUNK("\"thinking_blocks\":[{\"type\":\"redacted_thinking\",\"data\":\"gemini.x\"}]")
		FINISH("content_filter") DONE,
		ROLE CHUNK("\"content\":\"a\"")
		CHUNK("\"provider_specific_fields\":{\"thought_signatures\":[\"gemini.s\"]}") FINISH("stop") DONE,
		ROLE CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"type\":\"function\",\"function\":"
			   "{\"name\":\"f\",\"arguments\":\"\"}}]")
		CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\":1}\"}}]")
		CHUNK("\"tool_calls\":[{\"index\":1,\"id\":\"y__sig__Z2VtaW5pLnM\",\"type\":\"function\","
		      "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]")
		CHUNK("\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"{}\"}}]")
		FINISH("tool_calls") DONE,
		ROLE CHUNK("\"images\":[{\"type\":\"image_url\",\"index\":0,\"image_url\":{\"url\":\"http://x\"}}]")
		FINISH("stop") DONE,
	};
	struct world *w = world_new();

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		CHECK_STR(recode_stream(w, DIALECT_OPENAI, DIALECT_OPENAI, str_z(same[i]), false),
			  str_z(same[i]));
	CHECK_STR(recode_stream(w, DIALECT_OPENAI, DIALECT_OPENAI, S(ROLE ": x\n\n" FINISH("stop")), false),
		  S(ROLE ": ping\n\n" FINISH("stop") DONE));
	CHECK_STR(recode_stream(w, DIALECT_OPENAI, DIALECT_OPENAI, S(ROLE "data: {\"error\":\"m\"}\n\n"), false),
		  S(ROLE "data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"param\":null,"
		    "\"code\":null}}\n\n"));
}

CASE(usage_for_those_who_ask)
{
	struct world *w = world_new();
	struct str in = S(ROLE FINISH("stop") "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,"
			  "\"completion_tokens\":4}}\n\n" DONE);
	struct str s = recode_stream(w, DIALECT_OPENAI, DIALECT_OPENAI, in, true);

	CHECK(str_find(s, S("\"finish_reason\":null}],\"usage\":null}\n\n")) != SIZE_MAX);
	CHECK(str_has_suffix(s, S("\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,"
				  "\"completion_tokens\":4,\"total_tokens\":7,\"prompt_tokens_details\":"
				  "{\"cached_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0}}}"
				  "\n\n" DONE)));
	CHECK(str_find(recode_stream(w, DIALECT_OPENAI, DIALECT_OPENAI, in, false), S("usage")) == SIZE_MAX);
}

/* Log probabilities come in pieces and stay with their choice. */
CASE(logprobs)
{
	struct world *w = world_new();
	struct llm_response r;
	struct llm_error error;
	struct str in = S("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"logprobs\":"
			  "{\"content\":[{\"token\":\"a\"}],\"refusal\":null}}]}\n\n"
			  "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},\"logprobs\":"
			  "{\"content\":[{\"token\":\"b\"}]},\"finish_reason\":\"stop\"}]}\n\n");
	struct str out = recode_stream(w, DIALECT_OPENAI, DIALECT_OPENAI, in, false);

	CHECK(collect_stream(w, DIALECT_OPENAI, out, &r, &error) == OK);
	CHECK_STR(r.choices->logprobs, S("{\"content\":[{\"token\":\"a\"},{\"token\":\"b\"}],\"refusal\":null}"));
}

static void peek(struct world *w, struct str data, struct llm_peek *p)
{
	struct str g = check_guard(data);

	dialect_openai.peek_event(S(""), g, &w->scratch, p);
	arena_reset(&w->scratch);
	check_unguard(g);
}

CASE(peeked)
{
	struct world *w = world_new();
	struct llm_peek p = { 0 };

	peek(w, S(""), &p);
	peek(w, S("{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}"), &p);
	CHECK(!p.content && !p.error && !p.done);
	peek(w, S("{\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":null}],\"usage\":null}"), &p);
	CHECK(p.content && !p.usage.known);
	/* the answer may speak about such words; only a member counts */
	peek(w, S("{\"choices\":[{\"delta\":{\"content\":\"\\\"error\\\": {}, \\\"usage\\\": {\"},\"finish_reason\":null}]}"), &p);
	CHECK(!p.error && !p.usage.known);
	peek(w, S("{\"choices\":[{\"delta\":{},\"finish_reason\": \"length\"}]}"), &p);
	CHECK(p.finish == FINISH_LENGTH);
	peek(w, S("{\"choices\":[],\"usage\": {\"prompt_tokens\":3,\"completion_tokens\":4}}"), &p);
	CHECK(p.only_usage && p.usage.known && p.usage.input == 3 && p.usage.output == 4);
	peek(w, S("[DONE]"), &p);
	CHECK(p.done && !p.only_usage && !p.error);
	peek(w, S("{\"error\":{\"message\":\"m\"}}"), &p);
	CHECK(p.error);
	p = (struct llm_peek){ 0 };
	peek(w, S("{"), &p);
	CHECK(p.error);
}

/* A signature in many pieces takes the memory of one. */
CASE(signature_in_pieces)
{
	const struct llm_request req = { .model = S("m") };
	struct arena small;
	struct buf out;

	arena_init(&small, 1 << 20);
	buf_init(&out, 1 << 20);
	struct llm_encoder *enc = dialect_openai.encoder_new(&small, &req);
	struct llm_event e = { .kind = EV_START, .origin = DIALECT_GEMINI, .part_kind = PART_TEXT };
	CHECK(dialect_openai.encode_event(enc, &e, &out) == OK);
	e.kind = EV_PART_START;
	CHECK(dialect_openai.encode_event(enc, &e, &out) == OK);
	e.kind = EV_SIGNATURE;
	e.text = S("ab");
	for (unsigned i = 0; i < 10000; i++)
		CHECK(dialect_openai.encode_event(enc, &e, &out) == OK);
	e.kind = EV_PART_END;
	buf_reset(&out);
	CHECK(dialect_openai.encode_event(enc, &e, &out) == OK && out.n > 20000);
	buf_free(&out);
	arena_done(&small);
}

TESTS(CASE_ROW(signature_in_pieces), CASE_ROW(what_servers_send), CASE_ROW(what_we_send), CASE_ROW(usage_for_those_who_ask), CASE_ROW(logprobs),
      CASE_ROW(peeked))
