/* tests/unit/llm/anthropic_stream_test.c - answers, streams and errors of the Messages API, both ways. */
#include "llm/anthropic.h"
#include "tests/unit/check.h"

static struct arena arena, scratch;
static struct buf out;
static struct llm_response answer;
static struct llm_collect got;

/* feed gives each line of text, an event's data, to a new decoder. */
static void feed(struct str text)
{
	struct llm_decoder *d = anthropic_decoder_new(&arena);

	llm_collect_init(&got, &arena, &answer);
	while (text.n > 0) {
		struct str line = str_cut(text, '\n', &text);
		if (line.n == 0)
			continue;
		CHECK(anthropic_decode_event(d, S(""), line, &scratch, &got.sink) == OK);
		arena_reset(&scratch);
	}
	anthropic_decode_end(d, &got.sink);
	CHECK(got.err == OK && got.done);
}

/* The data lines of an encoder's output. */
static struct str data_of(struct str sse)
{
	struct buf b;
	char *room = arena_alloc(&arena, sse.n + 1, 1);

	buf_fixed(&b, room, sse.n + 1);
	while (sse.n > 0) {
		struct str line = str_cut(sse, '\n', &sse);
		if (!str_has_prefix(line, S("data: ")))
			continue;
		buf_add(&b, str_tail(line, 6));
		buf_addc(&b, '\n');
	}
	return buf_str(&b);
}

struct forward {
	struct llm_sink sink;
	struct llm_encoder *e;
};

static void forward(struct llm_sink *sink, const struct llm_event *ev)
{
	struct forward *f = (struct forward *)(void *)sink;

	CHECK(anthropic_encode_event(f->e, ev, &out) == OK);
}

static struct llm_request client;

static struct forward forward_new(void)
{
	buf_reset(&out);
	llm_request_init(&client, DIALECT_ANTHROPIC);
	client.model = S("public");
	return (struct forward){ { forward }, anthropic_encoder_new(&arena, &client) };
}

/* A stream decoded and encoded again. */
static struct str relay(struct str text)
{
	struct forward f = forward_new();
	struct llm_decoder *d = anthropic_decoder_new(&arena);

	while (text.n > 0) {
		struct str line = str_cut(text, '\n', &text);
		if (line.n)
			CHECK(anthropic_decode_event(d, S(""), line, &scratch, &f.sink) == OK);
		arena_reset(&scratch);
	}
	anthropic_decode_end(d, &f.sink);
	return buf_str(&out);
}

static void setup(void)
{
	arena_init(&arena, 256 << 20);
	arena_init(&scratch, 16 << 20);
	buf_init(&out, 64 << 20);
}

#define START "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"c\",\"content\":[]," \
	      "\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":2,\"output_tokens\":1}}}\n"
#define STOP(why, n) "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" why "\"},\"usage\":" \
		     "{\"output_tokens\":" n "}}\n{\"type\":\"message_stop\"}\n"
#define BLOCK(i, block) "{\"type\":\"content_block_start\",\"index\":" i ",\"content_block\":" block "}\n"
#define DELTA(i, delta) "{\"type\":\"content_block_delta\",\"index\":" i ",\"delta\":" delta "}\n"
#define END(i) "{\"type\":\"content_block_stop\",\"index\":" i "}\n"
#define TEXT "{\"type\":\"text\",\"text\":\"\"}"
#define SAY(t) "{\"type\":\"text_delta\",\"text\":\"" t "\"}"
#define THINK(t) "{\"type\":\"thinking_delta\",\"thinking\":\"" t "\"}"
#define ARGS(t) "{\"type\":\"input_json_delta\",\"partial_json\":\"" t "\"}"

CASE(text_and_usage)
{
	feed(S(START BLOCK("0", TEXT) "{\"type\":\"ping\"}\n" DELTA("0", SAY("He")) DELTA("0", SAY("y\\n")) END("0")
	       STOP("end_turn", "30")));
	const struct llm_answer_choice *c = answer.choices;
	CHECK(c->finish == FINISH_STOP && c->next == NULL);
	CHECK_STR(c->parts->text, S("Hey\\n"));
	CHECK_STR(answer.id, S("msg_1"));
	CHECK(answer.usage.input == 7 && answer.usage.cache_read == 2 && answer.usage.output == 30);
}

CASE(thinking_then_text_then_tool)
{
	feed(S(START BLOCK("0", "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
	       DELTA("0", THINK("hm")) DELTA("0", "{\"type\":\"signature_delta\",\"signature\":\"si=\"}") END("0")
	       BLOCK("1", TEXT) DELTA("1", SAY("first")) END("1")
	       BLOCK("2", "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{}}")
	       DELTA("2", ARGS("")) DELTA("2", ARGS("{\\\"a\\\":")) DELTA("2", ARGS("1}")) END("2")
	       BLOCK("3", "{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"g\",\"input\":{}}")
	       DELTA("3", ARGS("")) END("3") STOP("tool_use", "3")));
	const struct llm_part *p = answer.choices->parts;
	CHECK(p->kind == PART_THINKING && p->origin == DIALECT_ANTHROPIC);
	CHECK_STR(p->signature, S("si="));
	p = p->next;
	CHECK_STR(p->text, S("first"));
	p = p->next;
	CHECK_STR(p->args, S("{\"a\":1}"));
	CHECK_STR(p->id, S("t1"));
	p = p->next;
	CHECK_STR(p->args, S("{}"));
	CHECK(answer.choices->finish == FINISH_TOOLS);
}

CASE(server_tools_are_gathered)
{
	feed(S(START BLOCK("0", "{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":{}}")
	       DELTA("0", ARGS("{\\\"q\\\":\\\"a")) DELTA("0", ARGS("\\\"}")) END("0")
	       BLOCK("1", "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[]}") END("1")
	       BLOCK("2", "{\"type\":\"compaction\",\"content\":null}")
	       DELTA("2", "{\"type\":\"compaction_delta\",\"content\":\"sum\"}") END("2")
	       BLOCK("3", TEXT) DELTA("3", SAY("x"))
	       DELTA("3", "{\"type\":\"citations_delta\",\"citation\":{\"url\":\"u\"}}") END("3")
	       STOP("end_turn", "3")));
	const struct llm_part *p = answer.choices->parts;
	CHECK_STR(p->raw, S("{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\","
			    "\"input\":{\"q\":\"a\"}}"));
	CHECK(p->kind == PART_OPAQUE && p->origin == DIALECT_ANTHROPIC);
	CHECK_STR(p->next->raw, S("{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[]}"));
	CHECK_STR(p->next->next->raw, S("{\"type\":\"compaction\",\"content\":\"sum\"}"));
}

CASE(json_mode_comes_back_as_text)
{
	feed(S(START BLOCK("0", "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"yett_json_answer\",\"input\":{}}")
	       DELTA("0", ARGS("{\\\"a\\\":1}")) END("0") STOP("tool_use", "3")));
	CHECK(answer.choices->parts->kind == PART_TEXT && answer.choices->finish == FINISH_STOP);
	CHECK_STR(answer.choices->parts->text, S("{\\\"a\\\":1}"));
}

CASE(started_over)
{
	feed(S(START START BLOCK("0", TEXT) DELTA("0", SAY("x")) END("0") STOP("end_turn", "2")));
	CHECK(got.error.status == 0 && answer.choices->finish == FINISH_STOP);
	feed(S(START BLOCK("0", TEXT) DELTA("0", SAY("x"))
	       "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\",\"usage\":{}}}\n" STOP("end_turn", "2")));
	CHECK(got.error.kind == LLM_UPSTREAM && got.error.status == 502);
}

CASE(broken_streams_end_in_an_error)
{
	static const char *const bad[] = {
		"", "{}", "{\"type\":\"message_stop\"}", "no json", START, START BLOCK("0", TEXT) "oops",
		START BLOCK("0", TEXT) BLOCK("0", TEXT), START DELTA("0", SAY("x")),
		START BLOCK("0", TEXT) DELTA("0", ARGS("{")), START BLOCK("0", "{}"), START BLOCK("0", "3"),
		START "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}",
		START "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n" BLOCK("0", TEXT),
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		feed(str_z(bad[i]));
		CHECK(got.error.status >= 400);
	}
	feed(str_z(bad[11]));
	CHECK(got.error.kind == LLM_OVERLOADED && got.error.status == 529);
	CHECK_STR(got.error.message, S("busy"));
}

CASE(thinking_inside_text_becomes_a_part)
{
	feed(S(START BLOCK("0", TEXT) DELTA("0", THINK("t")) DELTA("0", SAY("x")) END("0") STOP("end_turn", "2")));
	const struct llm_part *p = answer.choices->parts;
	CHECK(p->kind == PART_TEXT && p->next->kind == PART_THINKING && p->next->next->kind == PART_TEXT);
	CHECK_STR(p->next->next->text, S("x"));
}

CASE(truncated_everywhere)
{
	struct str all = S(START BLOCK("0", TEXT) DELTA("0", SAY("He")) END("0")
			   BLOCK("1", "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"f\",\"input\":{\"b\":2}}") END("1")
			   STOP("tool_use", "30"));
	for (size_t cut = 0; cut <= all.n; cut++) {
		struct str part = check_guard(str_head(all, cut));
		feed(part);
		/* Whole with message_stop, and without it once the reason is known; the line feed does not count. */
		bool whole = cut + 1 >= all.n || cut + 24 == all.n || cut + 25 == all.n;
		CHECK((got.error.status == 0) == whole);
		check_unguard(part);
		arena_reset(&arena);
	}
}

CASE(relayed_bytes)
{
	CHECK_STR(relay(S(START BLOCK("0", TEXT) DELTA("0", SAY("He")) END("0") STOP("end_turn", "30"))),
		  S("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":"
		    "\"message\",\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"stop_reason\":null,"
		    "\"stop_sequence\":null,\"usage\":{\"input_tokens\":5,\"cache_creation_input_tokens\":0,"
		    "\"cache_read_input_tokens\":2,\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,"
		    "\"ephemeral_1h_input_tokens\":0},\"output_tokens\":1,\"service_tier\":\"standard\"}}}\n\n"
		    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
		    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
		    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
		    "{\"type\":\"text_delta\",\"text\":\"He\"}}\n\n"
		    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
		    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
		    "\"end_turn\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":5,"
		    "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":2,\"output_tokens\":30}}\n\n"
		    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

/* ---- encoding what other dialects' decoders say ---------------------------------------------- */

static void tell(struct forward *f, struct llm_event e)
{
	f->sink.on_event(&f->sink, &e);
}

CASE(parallel_calls_keep_their_indexes)
{
	struct forward f = forward_new();

	tell(&f, (struct llm_event){ .kind = EV_START, .id = S("x"), .model = S("gpt") });
	for (unsigned i = 0; i < 12; i++)
		tell(&f, (struct llm_event){ .kind = EV_PART_START, .part = i, .part_kind = PART_TOOL_CALL,
					     .id = S("c"), .name = S("f") });
	for (unsigned i = 12; i-- > 0;)
		tell(&f, (struct llm_event){ .kind = EV_PART_DELTA, .part = i, .text = S("{}") });
	for (unsigned i = 0; i < 12; i++)
		tell(&f, (struct llm_event){ .kind = EV_PART_END, .part = i, .args = S("{}") });
	tell(&f, (struct llm_event){ .kind = EV_FINISH, .finish = FINISH_STOP });
	tell(&f, (struct llm_event){ .kind = EV_USAGE, .usage = { .known = true, .input = 9, .cache_read = 4,
								   .output = 3, .reasoning = 1 } });
	tell(&f, (struct llm_event){ .kind = EV_DONE });
	tell(&f, (struct llm_event){ .kind = EV_DONE });
	feed(data_of(buf_str(&out)));
	unsigned n = 0;
	for (const struct llm_part *p = answer.choices->parts; p != NULL; p = p->next, n++)
		CHECK_STR(p->args, S("{}"));
	CHECK(n == 12 && answer.choices->finish == FINISH_TOOLS);
	CHECK(answer.usage.input == 9 && answer.usage.cache_read == 4 && answer.usage.reasoning == 1);
}

CASE(signatures_come_in_one_piece)
{
	struct forward f = forward_new();

	tell(&f, (struct llm_event){ .kind = EV_START, .id = S("x"), .origin = DIALECT_GEMINI });
	tell(&f, (struct llm_event){ .kind = EV_PART_START, .part = 0, .part_kind = PART_THINKING,
				     .origin = DIALECT_GEMINI });
	tell(&f, (struct llm_event){ .kind = EV_PART_DELTA, .part = 0, .text = S("hm") });
	tell(&f, (struct llm_event){ .kind = EV_SIGNATURE, .part = 0, .origin = DIALECT_GEMINI, .text = S("AB") });
	tell(&f, (struct llm_event){ .kind = EV_SIGNATURE, .part = 0, .origin = DIALECT_GEMINI, .text = S("CD") });
	tell(&f, (struct llm_event){ .kind = EV_PART_END, .part = 0 });
	tell(&f, (struct llm_event){ .kind = EV_PART_START, .part = 1, .part_kind = PART_TOOL_CALL, .id = S("c1"),
				     .name = S("f"), .origin = DIALECT_GEMINI });
	tell(&f, (struct llm_event){ .kind = EV_SIGNATURE, .part = 1, .origin = DIALECT_GEMINI, .text = S("SIG") });
	tell(&f, (struct llm_event){ .kind = EV_PART_END, .part = 1, .args = S("{\n\"a\":\"b\"}") });
	tell(&f, (struct llm_event){ .kind = EV_FINISH, .finish = FINISH_TOOLS });
	tell(&f, (struct llm_event){ .kind = EV_DONE });
	CHECK(str_find(buf_str(&out), S("\"signature\":\"gemini.ABCD\"")) != SIZE_MAX);
	feed(data_of(buf_str(&out)));
	const struct llm_part *p = answer.choices->parts;
	CHECK(p->origin == DIALECT_GEMINI);
	CHECK_STR(p->signature, S("ABCD"));
	CHECK_STR(p->next->signature, S("SIG"));
	CHECK_STR(p->next->id, S("c1"));
	CHECK_STR(p->next->args, S("{\n\"a\":\"b\"}"));
}

CASE(refusals_and_errors)
{
	struct forward f = forward_new();
	struct llm_error e;

	tell(&f, (struct llm_event){ .kind = EV_START, .id = S("x") });
	tell(&f, (struct llm_event){ .kind = EV_PART_START, .part = 0, .part_kind = PART_REFUSAL });
	tell(&f, (struct llm_event){ .kind = EV_PART_DELTA, .part = 0, .text = S("no") });
	tell(&f, (struct llm_event){ .kind = EV_PART_END, .part = 0 });
	tell(&f, (struct llm_event){ .kind = EV_FINISH, .finish = FINISH_STOP });
	tell(&f, (struct llm_event){ .kind = EV_DONE });
	CHECK(str_find(buf_str(&out), S("\"stop_reason\":\"refusal\"")) != SIZE_MAX);

	f = forward_new();
	llm_error_set(&e, LLM_OVERLOADED, &arena, S("too \"busy\""));
	tell(&f, (struct llm_event){ .kind = EV_ERROR, .error = e });
	CHECK_STR(buf_str(&out), S("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
				   "\"message\":\"too \\\"busy\\\"\"},\"request_id\":null}\n\n"));
}

CASE(errors_are_classified)
{
	static const struct {
		unsigned status;
		const char *body;
		enum llm_error_kind kind;
		unsigned want;
	} rows[] = {
		{ 400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too "
		       "long: 9 tokens\"}}", LLM_CONTEXT, 400 },
		{ 529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"o\"}}",
		  LLM_OVERLOADED, 529 },
		{ 429, "{\"error\":\"slow down\"}", LLM_RATE, 429 },
		{ 429, "{\"error\":{\"type\":\"api_error\",\"message\":\"m\"}}", LLM_RATE, 429 },
		{ 502, NULL, LLM_UPSTREAM, 502 },
		{ 401, "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"k\"}}", LLM_AUTH,
		  401 },
		{ 418, "[]", LLM_BAD_REQUEST, 418 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct json *root = NULL;
		struct llm_error e;
		if (rows[i].body != NULL)
			CHECK(json_read(&arena, str_z(rows[i].body), &root, NULL) == OK);
		anthropic_decode_error(rows[i].status, root, &e, &arena);
		CHECK(e.kind == rows[i].kind && e.status == rows[i].want && e.message.n > 0);
	}
}

static struct llm_peek peek_all(struct str text, bool names)
{
	struct llm_peek p = { 0 };

	while (text.n > 0) {
		const struct json *root = NULL;
		struct str line = str_cut(text, '\n', &text);
		if (json_read(&scratch, line, &root, NULL) == OK)
			anthropic_peek_event(names ? json_esc(json_get(root, S("type"))) : S(""), line, &scratch, &p);
		arena_reset(&scratch);
	}
	return p;
}

CASE(peeks)
{
	struct str all = S(START BLOCK("0", TEXT) DELTA("0", SAY("\\\"type\\\":\\\"error\\\"")) END("0")
			   STOP("max_tokens", "30"));
	for (int names = 0; names < 2; names++) {
		struct llm_peek p = peek_all(all, names);
		CHECK(p.content && p.done && !p.error && p.finish == FINISH_LENGTH);
		CHECK(p.usage.known && p.usage.input == 7 && p.usage.cache_read == 2 && p.usage.output == 30);
		CHECK(!peek_all(S(START "{\"type\":\"ping\"}"), names).content);
		CHECK(peek_all(S("{\"type\":\"error\",\"error\":{}}"), names).error);
		CHECK(peek_all(S("{\"index\":0,\"type\":\"content_block_stop\"}"), names).content);
	}
}

CASE(whole_answers)
{
	const struct json *root = NULL;
	struct diag d = { .err = OK };

	CHECK(json_read(&arena, S("{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"c\",\"content\":["
				  "{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"s\"},"
				  "{\"type\":\"text\",\"text\":\"a\",\"citations\":[1]},"
				  "{\"type\":\"tool_use\",\"id\":\"i\",\"name\":\"f\",\"input\":{\"x\":1}}],"
				  "\"stop_reason\":\"tool_use\",\"stop_sequence\":null,\"container\":{\"id\":\"c\"},"
				  "\"usage\":{\"input_tokens\":3,\"output_tokens\":4,\"service_tier\":\"standard\"}}"),
			&root, NULL) == OK);
	CHECK(anthropic_decode_response(root, &answer, &arena, &d) == OK);
	CHECK_STR(answer.extras->name, S("answer.container"));
	CHECK_STR(answer.service_tier, S("default"));
	buf_reset(&out);
	CHECK(anthropic_encode_response(&answer, &arena, &out) == OK);
	CHECK_STR(buf_str(&out),
		  S("{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"c\",\"content\":["
		    "{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":\"s\"},{\"type\":\"text\",\"text\":\"a\","
		    "\"citations\":[1]},{\"type\":\"tool_use\",\"id\":\"i\",\"name\":\"f\",\"input\":{\"x\":1}}],"
		    "\"stop_reason\":\"tool_use\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,"
		    "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"cache_creation\":"
		    "{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":0},\"output_tokens\":4,"
		    "\"service_tier\":\"standard\"}}"));
}

TESTS({ "setup", setup }, CASE_ROW(text_and_usage), CASE_ROW(thinking_then_text_then_tool),
      CASE_ROW(server_tools_are_gathered), CASE_ROW(json_mode_comes_back_as_text), CASE_ROW(started_over),
      CASE_ROW(broken_streams_end_in_an_error), CASE_ROW(thinking_inside_text_becomes_a_part),
      CASE_ROW(truncated_everywhere), CASE_ROW(relayed_bytes), CASE_ROW(parallel_calls_keep_their_indexes),
      CASE_ROW(signatures_come_in_one_piece), CASE_ROW(refusals_and_errors), CASE_ROW(errors_are_classified),
      CASE_ROW(peeks), CASE_ROW(whole_answers))
