/* tests/unit/llm/gemini_response_test.c */
#include "gemini_try.h"

static enum err answer(const char *z, struct llm_response *out)
{
	const struct json *root = try_parse(try_json(z));

	return root ? dialect_gemini.decode_response(root, out, &try_arena, &try_diag) : ERR_SYNTAX;
}

static struct str wire(const struct llm_response *r)
{
	buf_reset(&try_out);
	return dialect_gemini.encode_response(r, &try_arena, &try_out) == OK ? buf_str(&try_out) :
		S("error");
}

CASE(whole)
{
	struct llm_response r;

	try_reset();
	CHECK(answer("{'candidates':[{'content':{'parts':[{'text':'think','thought':true},{'text':'hi',"
		     "'thoughtSignature':'QUJD'},{'functionCall':{'name':'f','args':{'a':1}}},"
		     "{'executableCode':{'code':'x'}},{'inlineData':{'mimeType':'image/png','data':'AA=='}}],"
		     "'role':'model'},'finishReason':'STOP','index':0,'safetyRatings':[],"
		     "'groundingMetadata':{'q':1}}],'usageMetadata':{'promptTokenCount':10,"
		     "'cachedContentTokenCount':4,'candidatesTokenCount':5,'thoughtsTokenCount':7,"
		     "'toolUsePromptTokenCount':3,'totalTokenCount':25},'modelVersion':'gemini-3',"
		     "'responseId':'Abc','createTime':'2026-05-04T20:01:02.264968Z'}", &r) == OK);
	struct llm_part *p = r.choices->parts;
	CHECK(p->kind == PART_THINKING && str_eq(p->text, S("think")));
	CHECK(p->next->kind == PART_TEXT && str_eq(p->next->signature, S("QUJD")));
	p = p->next->next;
	CHECK(p->kind == PART_TOOL_CALL);
	CHECK_STR(p->id, S("call_Abc_1"));
	CHECK(p->next->kind == PART_OPAQUE && p->next->next->kind == PART_IMAGE);
	CHECK(r.choices->finish == FINISH_TOOLS);
	CHECK(r.usage.known && r.usage.input == 13 && r.usage.output == 12 &&
	      r.usage.reasoning == 7 &&
	      r.usage.cache_read == 4 && r.usage.tool_input == 3);
	CHECK(r.created == 1777924862);
	CHECK_STR(r.extras->name, S("candidates.safetyRatings"));
	CHECK_STR(r.extras->next->name, S("candidates.groundingMetadata"));
	TRY_SAME(wire(&r),
		 "{'candidates':[{'content':{'parts':[{'text':'think','thought':true},{'text':'hi',"
		 "'thoughtSignature':'QUJD'},{'functionCall':{'id':'call_Abc_1','name':'f','args':{'a':1}}},"
		 "{'executableCode':{'code':'x'}},{'inlineData':{'mimeType':'image/png','data':'AA=='}}],"
		 "'role':'model'},'finishReason':'STOP','index':0}],'usageMetadata':{'promptTokenCount':10,"
		 "'candidatesTokenCount':5,'totalTokenCount':25,'thoughtsTokenCount':7,"
		 "'cachedContentTokenCount':4,'toolUsePromptTokenCount':3},'modelVersion':'gemini-3',"
		 "'responseId':'Abc'}");
}

CASE(times)
{
	static const struct {
		const char *text;
		int64_t created;
	} all[] = {
		{ "2026-05-04T20:01:02.264968Z", 1777924862 }, { "2026-05-04T20:01:02Z", 1777924862 },
		{ "2026-05-04T22:01:02+02:00", 1777924862 },   { "2026-02-31T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59Z", 0 },		       { "2026-05-04T20:61:02Z", 0 },
		{ "yesterday", 0 },
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		char text[128];
		struct llm_response r;
		(void)snprintf(text, sizeof text, "{'candidates':[{'finishReason':'STOP'}],'createTime':'%s'}",
			       all[i].text);
		try_reset();
		CHECK(answer(text, &r) == OK && r.created == all[i].created);
	}
}

CASE(finishes)
{
	static const struct {
		const char *word, *back;
		enum llm_finish finish;
	} all[] = {
		{ "STOP", "STOP", FINISH_STOP },
		{ "MAX_TOKENS", "MAX_TOKENS", FINISH_LENGTH },
		{ "SAFETY", "SAFETY", FINISH_FILTER },
		{ "RECITATION", "RECITATION", FINISH_FILTER },
		{ "SPII", "SPII", FINISH_FILTER },
		{ "MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL", FINISH_BAD_CALL },
		{ "UNEXPECTED_TOOL_CALL", "UNEXPECTED_TOOL_CALL", FINISH_BAD_CALL },
		{ "LANGUAGE", "LANGUAGE", FINISH_OTHER },
		{ "CONTINUATION", "CONTINUATION", FINISH_PAUSE },
		{ "SOMETHING_NEW", "OTHER", FINISH_OTHER },
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		try_reset();
		CHECK(gemini_finish(str_z(all[i].word)) == all[i].finish);
		CHECK_STR(gemini_finish_word(all[i].finish, str_z(all[i].word)),
			  str_z(all[i].back));
	}
	CHECK_STR(gemini_finish_word(FINISH_TOOLS, S("")), S("STOP"));
	CHECK_STR(gemini_finish_word(FINISH_STOP_SEQUENCE, S("END")), S("STOP"));
	CHECK_STR(gemini_finish_word(FINISH_REFUSAL, S("")), S("SAFETY"));
	CHECK_STR(gemini_finish_word(FINISH_CONTEXT, S("")), S("MAX_TOKENS"));
}

CASE(blocked)
{
	struct llm_response r;

	try_reset();
	CHECK(answer("{'promptFeedback':{'blockReason':'PROHIBITED_CONTENT','blockReasonMessage':'no'},"
		     "'usageMetadata':{'promptTokenCount':3,'totalTokenCount':3}}", &r) == OK);
	CHECK(r.choices->finish == FINISH_FILTER && r.choices->parts->kind == PART_REFUSAL);
	CHECK_STR(r.choices->finish_text, S("PROHIBITED_CONTENT"));
	CHECK(r.usage.known && r.usage.input == 3 && r.usage.output == 0);
	TRY_SAME(wire(&r), "{'candidates':[{'content':{'parts':[{'text':'no'}],'role':'model'},"
			   "'finishReason':'PROHIBITED_CONTENT','index':0}],'usageMetadata':{'promptTokenCount':3,"
			   "'candidatesTokenCount':0,'totalTokenCount':3}}");
	CHECK(answer("{'usageMetadata':{'trafficType':'ON_DEMAND'}}", &r) == OK);
	CHECK(!r.usage.known && r.choices != NULL && r.choices->finish == FINISH_OTHER);
	CHECK(answer("{'error':{'code':500}}", &r) == ERR_UPSTREAM);
	CHECK(answer("[]", &r) == ERR_UPSTREAM);
	CHECK(answer("{'candidates':[{'content':{'parts':[{'text':7}]},'finishReason':3,'index':'x'}],"
		     "'usageMetadata':{'promptTokenCount':-5,'candidatesTokenCount':99999999999999999}}", &r) == OK);
	CHECK(r.usage.input == 0 && r.usage.output == 0);
}

CASE(logprobs)
{
	struct llm_response r;

	try_reset();
	CHECK(answer("{'candidates':[{'content':{'parts':[{'text':'a'}]},'finishReason':'STOP','logprobsResult':{"
		     "'topCandidates':[{'candidates':[{'token':'a','logProbability':-0.5},"
		     "{'token':'b','logProbability':-1}]}],"
		     "'chosenCandidates':[{'token':'a','tokenId':9,'logProbability':-0.5}]}}]}",
			     &r) == OK);
	TRY_SAME(r.choices->logprobs,
		 "{'content':[{'token':'a','logprob':-0.5,'bytes':null,'top_logprobs':["
		 "{'token':'a','logprob':-0.5,'bytes':null},{'token':'b','logprob':-1,'bytes':null}]}]}");
	CHECK(str_find(wire(&r),
		       try_json("'logprobsResult':{'topCandidates':[{'candidates':[{'token':'a',"
					  "'logProbability':-0.5},{'token':'b','logProbability':-1}]}],"
					  "'chosenCandidates':[{'token':'a','logProbability':-0.5}]}")) != SIZE_MAX);
}

CASE(foreign_answer)
{
	struct llm_response r = { .origin = DIALECT_ANTHROPIC, .id = S("msg_1"), .model =
				  S("claude") };
	struct llm_response back;

	try_reset();
	struct llm_answer_choice *c = llm_choice_add(&try_arena, &r.choices);
	struct llm_part *p = llm_part_add(&try_arena, &c->parts, PART_THINKING);
	p->origin = DIALECT_ANTHROPIC;
	p->text = S("hm");
	p->signature = S("Eq==");
	p = llm_part_add(&try_arena, &c->parts, PART_REDACTED);
	p->origin = DIALECT_ANTHROPIC;
	p->text = S("blob");
	c->finish = FINISH_STOP_SEQUENCE;
	r.usage = (struct llm_usage){ .known = true, .input = 9, .output = 5, .reasoning = 2 };
	const struct json *root = try_parse(wire(&r));
	CHECK(dialect_gemini.decode_response(root, &back, &try_arena, &try_diag) == OK);
	p = back.choices->parts;
	CHECK(p->kind == PART_THINKING && p->origin == DIALECT_ANTHROPIC &&
	      str_eq(p->signature, S("Eq==")));
	CHECK(p->next->kind == PART_REDACTED && str_eq(p->next->text, S("blob")));
	CHECK(p->next->origin == DIALECT_ANTHROPIC && back.choices->finish == FINISH_STOP);
	CHECK(back.usage.input == 9 && back.usage.output == 5 && back.usage.reasoning == 2);
}

static struct llm_error error_of(unsigned http, const char *z)
{
	struct llm_error e;

	dialect_gemini.decode_error(http, z ? try_parse(try_json(z)) : NULL, &e, &try_arena);
	return e;
}

CASE(errors)
{
	struct llm_error e;

	try_reset();
	e = error_of(429, "{'error':{'code':429,'message':'slow','status':'RESOURCE_EXHAUSTED'}}");
	CHECK(e.kind == LLM_RATE && e.status == 429 && str_eq(e.message, S("slow")));
	e = error_of(429, "{'error':{'code':429,'message':'slow','status':'INTERNAL'}}");
	CHECK(e.kind == LLM_RATE && e.status == 429);
	e = error_of(400, "[{'error':{'code':400,'message':'bad key','status':'INVALID_ARGUMENT',"
			  "'details':[{'reason':'API_KEY_INVALID'}]}}]");
	CHECK(e.kind == LLM_AUTH && e.status == 400);
	e =
		error_of(400,
			 "{'error':{'message':'input exceeds the maximum number of tokens','status':'INVALID_ARGUMENT'}}");
	CHECK(e.kind == LLM_CONTEXT && str_eq(e.code, S("context_length_exceeded")));
	e = error_of(503, NULL);
	CHECK(e.kind == LLM_OVERLOADED && e.status == 503 && e.message.n > 0);
	e = error_of(502, "{'error':'plain'}");
	CHECK(e.kind == LLM_UPSTREAM && str_eq(e.message, S("plain")));
	e = error_of(0, "{'error':{'code':503,'message':'m','status':'UNAVAILABLE'}}");
	CHECK(e.kind == LLM_OVERLOADED && e.status == 503);

	e = (struct llm_error){ .kind = LLM_BAD_REQUEST, .status = 400, .message =
				S("no \\\"x\\\""),
				.param = S("tools"), .code = S("bad"), .request_id = S("r1") };
	buf_reset(&try_out);
	dialect_gemini.encode_stream_error(&e, &try_out);
	struct str text = buf_str(&try_out);
	CHECK(str_has_prefix(text, S("data: {")) && str_has_suffix(text, S("}\n\n")));
	struct llm_error back;
	dialect_gemini.decode_error(400, try_parse(str_head(str_tail(text, 6), text.n - 8)), &back,
				    &try_arena);
	CHECK(back.kind == e.kind && str_eq(back.message, e.message) &&
	      str_eq(back.param, e.param));
	CHECK(str_eq(back.code, e.code) && str_eq(back.request_id, e.request_id));
}

CASE(peek)
{
	struct llm_peek p = { .content = false };

	try_reset();
	dialect_gemini.peek_response(try_parse(try_json("{'candidates':[{'finishReason':'MAX_TOKENS'}],"
							"'usageMetadata':{'promptTokenCount':3,'candidatesTokenCount':4}}")), &p);
	CHECK(p.usage.known && p.usage.input == 3 && p.usage.output == 4 &&
	      p.finish == FINISH_LENGTH);

	p = (struct llm_peek){ .content = false };
	dialect_gemini.peek_event(S(""),
				  try_json("{'candidates':[{'content':{'parts':[{'text':'a'}]}}]}"),
					  &try_arena, &p);
	CHECK(p.content && !p.usage.known && !p.done && !p.error);
	dialect_gemini.peek_event(S(""),
				  try_json("{'candidates':[{'content':{},'finishReason':'STOP'}],"
						  "'usageMetadata':{'promptTokenCount':1,'totalTokenCount':2}}"), &try_arena, &p);
	CHECK(p.done && p.finish == FINISH_STOP && p.usage.known && p.usage.input == 1 &&
	      !p.only_usage);
	dialect_gemini.peek_event(S(""),
				  try_json("{'usageMetadata':{'promptTokenCount':1,'candidatesTokenCount':8}}"),
				  &try_arena, &p);
	CHECK(p.only_usage && p.usage.output == 8);
	p = (struct llm_peek){ .content = false };
	dialect_gemini.peek_event(S(""), try_json("{'error':{'code':500}}"), &try_arena, &p);
	CHECK(p.error && !p.content);
	p = (struct llm_peek){ .content = false };
	dialect_gemini.peek_event(S(""),
				  S("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"the \\\"error\\\": "
					   "\\\"usageMetadata\\\"\"}]}}]}"), &try_arena, &p);
	CHECK(p.content && !p.error);
}

TESTS(CASE_ROW(whole), CASE_ROW(times), CASE_ROW(finishes), CASE_ROW(blocked), CASE_ROW(logprobs),
      CASE_ROW(foreign_answer),
      CASE_ROW(errors), CASE_ROW(peek))
