/* tests/unit/llm/echo_test.c */
#include "gemini_try.h"
#include "llm/echo.h"

static struct llm_request req;
static struct llm_response ans;

/* ask reads a request as a Gemini client writes it and lets echo answer. */
static const struct llm_part *ask(const char *z)
{
	try_reset();
	if (try_request(z, &req) != OK || echo_answer(&req, &try_arena, &ans) != OK) {
		fprintf(stderr, "not answered: %s %s\n", z, try_diag.text);
		check_failed++;
		ans = (struct llm_response){ .choices = NULL };
		return NULL;
	}
	return ans.choices->parts;
}

#define USER(text) "'contents':[{'parts':[{'text':'" text "'}]}]"
#define TOOLS "'tools':[{'functionDeclarations':[{'name':'look','parametersJsonSchema':{'type':'object'," \
	      "'properties':{'q':{'type':'string'},'n':{'type':'integer','minimum':3},'o':{}},'required':['q','n']}}," \
	      "{'name':'stop.it'}]}]"

static void says(const struct llm_part *p, const char *text, enum llm_finish finish)
{
	CHECK(p != NULL && p->kind == PART_TEXT && p->next == NULL);
	if (p != NULL)
		CHECK_STR(p->text, str_z(text));
	CHECK(ans.choices->finish == finish);
}

CASE(text)
{
	says(ask("{" USER("hello there") "}"), "echo: hello there", FINISH_STOP);
	CHECK(ans.usage.known && ans.usage.input == 2 && ans.usage.output == 3);
	struct str id = ans.id;
	CHECK(str_has_prefix(id, S("echo-")));
	says(ask("{'contents':[]}"), "echo:", FINISH_STOP);
	says(ask("{'contents':[{'parts':[{'text':'a'}]},{'role':'model','parts':[{'text':'b'}]},"
		 "{'parts':[{'text':'c \\n\\u00e9'},{'inlineData':{'mimeType':'image/png','data':'AA=='}}]}]}"),
	     "echo: c \\n\xc3\xa9 [image]", FINISH_STOP);
	says(ask("{" USER("one two three four") ",'generationConfig':{'maxOutputTokens':3}}"),
	     "echo: one two",
	     FINISH_LENGTH);
	says(ask("{" USER("one two three") ",'generationConfig':{'maxOutputTokens':4}}"),
	     "echo: one two three",
	     FINISH_STOP);
	says(ask("{" USER("one END two STOP") ",'generationConfig':{'stopSequences':['STOP','END','']}}"), "echo: one ",
	     FINISH_STOP_SEQUENCE);
	CHECK_STR(ans.choices->finish_text, S("END"));
	CHECK(ask("{" USER("x") ",'generationConfig':{'maxOutputTokens':0}}") == NULL);
	CHECK(ans.choices->finish == FINISH_LENGTH);
	ask("{" USER("x") ",'generationConfig':{'candidateCount':3}}");
	CHECK(ans.choices->next->next != NULL && ans.choices->next->next->next == NULL &&
	      ans.usage.output == 6);
}

CASE(calls)
{
	const struct llm_part *p =
		ask("{" USER("please call look {\\\"q\\\": \\\"}\\\"} and call stop.it. recall look") "," TOOLS "}");

	CHECK(p != NULL && p->kind == PART_TOOL_CALL && str_eq(p->name, S("look")));
	CHECK_STR(p->args, S("{\"q\": \"}\"}"));
	CHECK_STR(p->id, S("call_echo_1"));
	CHECK(p->next == NULL || str_eq(p->next->name, S("stop.it")));
	CHECK(ans.choices->finish == FINISH_TOOLS);

	p = ask("{" USER("call look now") "," TOOLS "}");
	TRY_SAME(p->args, "{'q':'','n':3}");
	says(ask("{" USER("call nobody") "," TOOLS "}"), "echo: call nobody", FINISH_STOP);
	says(ask("{" USER("call look") "," TOOLS ",'toolConfig':{'functionCallingConfig':{'mode':'NONE'}}}"),
	     "echo: call look", FINISH_STOP);
	p = ask("{" USER("hi") "," TOOLS ",'toolConfig':{'functionCallingConfig':{'mode':'ANY'}}}");
	CHECK(p->kind == PART_TOOL_CALL && str_eq(p->name, S("look")));
	p = ask("{" USER("hi") "," TOOLS ",'toolConfig':{'functionCallingConfig':{'mode':'ANY',"
		"'allowedFunctionNames':['stop.it']}}}");
	CHECK(p->kind == PART_TOOL_CALL && str_eq(p->name, S("stop.it")) &&
	      str_eq(p->args, S("{}")));
	p = ask("{" USER("call look call stop.it") "," TOOLS "}");
	CHECK(p->next != NULL && str_eq(p->next->id, S("call_echo_2")));
	try_reset();
	CHECK(try_request("{" USER("call look call stop.it") "," TOOLS "}", &req) == OK);
	req.parallel = TRI_NO;
	CHECK(echo_answer(&req, &try_arena, &ans) == OK && ans.choices->parts->next == NULL);
}

CASE(results)
{
	says(ask("{'contents':[{'parts':[{'text':'call look'}]},{'role':'model','parts':[{'functionCall':{'name':'look'}}]},"
		 "{'parts':[{'functionResponse':{'name':'look','response':{'output':'42 \\\"x\\\"'}}}]}]," TOOLS "}"),
	     "echo: result of look: 42 \\\"x\\\"", FINISH_STOP);
}

CASE(thinking_and_formats)
{
	const struct llm_part *p =
		ask("{" USER("hi") ",'generationConfig':{'thinkingConfig':{'thinkingBudget':100}}}");

	CHECK(p->kind == PART_THINKING && p->signature.n > 0 && p->origin == DIALECT_GEMINI);
	CHECK_STR(p->next->text, S("echo: hi"));
	CHECK(ans.usage.reasoning == 5 && ans.usage.output == 7);
	says(ask("{" USER("hi") ",'generationConfig':{'responseMimeType':'application/json'}}"),
	     "{\\\"echo\\\":\\\"hi\\\"}", FINISH_STOP);
	says(ask("{" USER("hi") ",'generationConfig':{'responseMimeType':'application/json',"
		 "'responseSchema':{'type':'OBJECT','properties':{'a':{'type':'STRING'},'b':{'type':'BOOLEAN'}},"
		 "'required':['a','b']}}}"), "{\\\"a\\\":\\\"\\\",\\\"b\\\":false}", FINISH_STOP);
}

static struct str instance(const char *z)
{
	try_reset();
	struct str schema = try_json(z);
	return echo_instance(&try_arena, schema, &try_out) == OK ? buf_str(&try_out) : S("error");
}

CASE(instances)
{
	TRY_SAME(instance("{'type':'object','properties':{'a':{'enum':['x','y']},'b':{'const':[1]},'c':{'type':"
			  "['null','string']},'d':{'type':'array','minItems':2,'items':{'type':'string','minLength':2}},"
			  "'e':{'anyOf':[{'type':'integer'}]}},'required':['a','b','c','d','e','a','zz']}"),
		 "{'a':'x','b':[1],'c':null,'d':['xx','xx'],'e':0,'zz':null}");
	TRY_SAME(instance("{'$ref':'#/$defs/P','$defs':{'P':{'type':'object','properties':{'s':{'type':'string',"
			  "'format':'date'}},'required':['s']}}}"), "{'s':'2000-01-01'}");
	TRY_SAME(instance("true"), "null");
	TRY_SAME(instance(""), "{}");
	TRY_SAME(instance("{'$ref':'#'}"), "null");
	/* Without an end: it stops by itself. */
	CHECK(json_is(try_parse(instance("{'type':'object','properties':{'me':{'$ref':'#'}},'required':['me']}")), JSON_OBJECT));
	CHECK(json_is(try_parse(instance("{'type':'array','minItems':999999999,'items':{'type':'string'}}")), JSON_ARRAY));
}

CASE(streams)
{
	static const char *const asked[] = {
		"{" USER("say this back please") ",'generationConfig':{'thinkingConfig':{'thinkingLevel':'low'}}}",
		"{" USER("call look {\\\"q\\\":\\\"a b c\\\",\\\"n\\\":[1, 2]}") "," TOOLS "}",
		"{" USER("x") ",'generationConfig':{'candidateCount':2}}",
	};

	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		struct llm_collect c;
		struct llm_response got;
		const struct llm_part *p = ask(asked[i]);
		llm_collect_init(&c, &try_arena, &got);
		CHECK(echo_stream(&req, &try_arena, &c.sink) == OK);
		CHECK(c.err == OK && c.done && got.choices->finish == ans.choices->finish);
		const struct llm_part *q = got.choices->parts;
		for (; p != NULL && q != NULL; p = p->next, q = q->next) {
			CHECK(p->kind == q->kind);
			CHECK_STR(q->text, p->text);
			CHECK_STR(q->args, p->args);
			CHECK_STR(q->signature, p->signature);
		}
		CHECK(p == NULL && q == NULL && got.usage.output == ans.usage.output);
	}
}

/* Its answers can be said in each dialect, whole and as a stream. */
CASE(every_dialect)
{
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		ask("{" USER("call look") "," TOOLS ",'generationConfig':{'thinkingConfig':{'thinkingBudget':10}}}");
		CHECK(dialects[t]->encode_response(&ans, &try_arena, &try_out) == OK);
		struct llm_response back;
		CHECK(dialects[t]->decode_response(try_parse(buf_str(&try_out)), &back, &try_arena,
						   &try_diag) == OK);
		const struct llm_part *p = back.choices->parts;
		while (p != NULL && p->kind != PART_TOOL_CALL)
			p = p->next;
		CHECK(p != NULL && str_eq(p->name, S("look")));
		CHECK(back.choices->finish == FINISH_TOOLS && back.usage.input == ans.usage.input);
	}
}

/* Each name is looked for among all tools: somebody who writes a million of both must not be served for minutes. */
CASE(names_without_end)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add(&b, S("{'contents':[{'parts':[{'text':'"));
	for (unsigned i = 0; i < 1000; i++)
		buf_add(&b, S("call nobody "));
	size_t few = b.n;
	buf_add(&b, S("call look'}]}]," TOOLS "}"));
	buf_addc(&b, '\0');
	const struct llm_part *p = ask(b.p);
	CHECK(p != NULL && p->kind == PART_TOOL_CALL);
	b.n = few;
	for (unsigned i = 0; i < 1000; i++)
		buf_add(&b, S("call nobody "));
	buf_add(&b, S("call look'}]}]," TOOLS "}"));
	buf_addc(&b, '\0');
	p = ask(b.p);
	CHECK(p != NULL && p->kind == PART_TEXT);
	buf_free(&b);
}

TESTS(CASE_ROW(names_without_end), CASE_ROW(text), CASE_ROW(calls), CASE_ROW(results), CASE_ROW(thinking_and_formats),
      CASE_ROW(instances),
      CASE_ROW(streams), CASE_ROW(every_dialect))
