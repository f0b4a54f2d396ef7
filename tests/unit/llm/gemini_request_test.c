/* tests/unit/llm/gemini_request_test.c */
#include "gemini_try.h"

#define HI "'contents':[{'role':'user','parts':[{'text':'hi'}]}]"
#define WIRE_HI HI

CASE(plain)
{
	struct llm_request r;

	try_reset();
	CHECK(try_request("{'systemInstruction':{'parts':[{'text':'be brief'}]}," HI ",'generationConfig':{"
			  "'temperature':0.5,'topP':0.9,'topK':40,'maxOutputTokens':'100','candidateCount':2,"
			  "'stopSequences':['END'],'seed':7,'presencePenalty':0.1,'frequencyPenalty':0.2,"
			  "'responseLogprobs':true,'logprobs':3}}", &r) == OK);
	CHECK_STR(r.instructions->text, S("be brief"));
	CHECK(r.msgs->role == ROLE_USER && r.msgs->parts->kind == PART_TEXT);
	CHECK_STR(r.msgs->parts->text, S("hi"));
	CHECK_STR(r.temperature, S("0.5"));
	CHECK_STR(r.top_k, S("40"));
	CHECK(r.max_tokens == 100 && r.n == 2 && r.logprobs == TRI_YES && r.top_logprobs == 3);
	CHECK_STR(r.stop->s, S("END"));
	CHECK(r.extras == NULL);
	CHECK(try_encode(&r, "gemini-2.5-flash", false) == OK);
	TRY_SAME(buf_str(&try_out),
		 "{" WIRE_HI ",'systemInstruction':{'parts':[{'text':'be brief'}]},'generationConfig':{"
		 "'maxOutputTokens':100,'candidateCount':2,'temperature':0.5,'topP':0.9,'topK':40,"
		 "'presencePenalty':0.1,'frequencyPenalty':0.2,'seed':7,'stopSequences':['END'],"
		 "'responseLogprobs':true,'logprobs':3}}");
}

CASE(snake_case)
{
	struct llm_request r;

	try_reset();
	CHECK(try_request("{'system_instruction':{'parts':[{'text':'x'}]}," HI ",'generation_config':{"
			  "'max_output_tokens':5,'top_p':1,'thinking_config':{'thinking_budget':-1,"
			  "'include_thoughts':true}},'tool_config':{'function_calling_config':{'mode':'ANY',"
			  "'allowed_function_names':['f']}},'tools':[{'function_declarations':[{'name':'f'}]}]}",
			  &r) == OK);
	CHECK(r.max_tokens == 5 && r.thinking_budget == -2 && r.thinking_shown == TRI_YES);
	CHECK(r.choice == CHOICE_NAMED && str_eq(r.choice_names->s, S("f")));
	CHECK(str_eq(r.tools->name, S("f")) && r.tools->schema.p == NULL);
	CHECK(r.extras == NULL);

	CHECK(try_request("{" HI ",'generationConfig':{'topP':1,'top_p':1}}", &r) == ERR_SYNTAX);
	CHECK_STR(str_z(try_diag.param), S("generationConfig.topP"));
	CHECK(try_request("{" HI ",'generationConfig':{},'generation_config':{}}",
			  &r) == ERR_SYNTAX);
	CHECK_STR(str_z(try_diag.param), S("generationConfig"));
}

CASE(strict_types)
{
	static const struct {
		const char *json, *param;
	} bad[] = {
		{ "{}", "contents" },
		{ "{'contents':{}}", "contents" },
		{ "{'contents':[1]}", "contents.*" },
		{ "{'contents':[{'role':'system','parts':[]}]}", "contents.role" },
		{ "{'contents':[{'parts':[{'text':1}]}]}", "contents.parts.text" },
		{ "{'contents':[{'parts':[{'text':'a','functionCall':{'name':'f'}}]}]}",
		  "contents.parts.text" },
		{ "{'contents':[{'parts':[{'functionCall':{}}]}]}",
		  "contents.parts.functionCall.name" },
		{ "{'contents':[{'parts':[{'functionCall':{'name':'f','args':[]}}]}]}",
		  "contents.parts.functionCall.args" },
		{ "{'contents':[{'parts':[{'functionResponse':{'name':'f','response':{}}}]}]}",
		  "contents.parts.functionResponse.name" },
		{ "{'contents':[{'parts':[{'inlineData':{'mimeType':'image/png'}}]}]}",
		  "contents.parts.inlineData" },
		{ "{" HI ",'generationConfig':{'temperature':'1'}}",
		  "generationConfig.temperature" },
		{ "{" HI ",'generationConfig':{'maxOutputTokens':1.5}}",
		  "generationConfig.maxOutputTokens" },
		{ "{" HI ",'generationConfig':{'maxOutputTokens':-5}}",
		  "generationConfig.maxOutputTokens" },
		{ "{" HI ",'generationConfig':{'stopSequences':[1]}}",
		  "generationConfig.stopSequences" },
		{ "{" HI ",'toolConfig':{'functionCallingConfig':{'mode':'MAYBE'}}}",
		  "toolConfig.functionCallingConfig.mode" },
		{ "{" HI ",'tools':[{'functionDeclarations':[{'name':'f','parameters':{'anyOf':[],'any_of':[]}}]}]}",
		  "tools.functionDeclarations.parameters" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct llm_request r;
		try_reset();
		CHECK(try_request(bad[i].json, &r) == ERR_SYNTAX);
		CHECK_STR(str_z(try_diag.param), str_z(bad[i].param));
	}
}

CASE(extras)
{
	struct llm_request r;

	try_reset();
	CHECK(try_request("{" HI ",'cachedContent':'c/1','labels':{'a':'b'},'generationConfig':{"
			  "'responseModalities':['TEXT','IMAGE'],'mediaResolution':null}}", &r) == OK);
	CHECK_STR(r.extras->name, S("cachedContent"));
	CHECK_STR(r.extras->next->name, S("labels"));
	CHECK_STR(r.extras->next->next->name, S("generationConfig.responseModalities"));
	CHECK(r.extras->next->next->next == NULL);
	CHECK(try_encode(&r, "gemini-2.5-flash", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(try_diag.param), S("cachedContent"));
	CHECK(try_encode(&r, "gemini-2.5-flash", true) == OK);

	/* As google-genai spells it; both spellings are one name, which changes no call. */
	CHECK(try_request("{" HI ",'tools':[{'functionDeclarations':[{'name':'f',"
			  "'response_json_schema':{'type':'string'}}]}]}", &r) == OK);
	CHECK_STR(r.extras->name, S("tools.functionDeclarations.responseJsonSchema"));
	CHECK(try_encode(&r, "gemini-2.5-flash", false) == OK);

	CHECK(try_request("{" HI ",'safetySettings':[{'category':'X','threshold':'BLOCK_NONE'}]}",
			  &r) == OK);
	CHECK(r.extras == NULL);
	CHECK(try_request("{" HI ",'safetySettings':[{'category':'X','threshold':'BLOCK_LOW_AND_ABOVE'}]}", &r) == OK);
	CHECK_STR(r.extras->name, S("safetySettings"));
}

CASE(tools)
{
	struct llm_request r;

	try_reset();
	CHECK(try_request("{" HI ",'tools':[{'functionDeclarations':[{'name':'f','description':'d','parameters':{"
			  "'type':'OBJECT','properties':{'type':{'type':'STRING','nullable':true,'enum':['a']},"
			  "'n':{'type':'ARRAY','items':{'type':'INTEGER'},'minItems':'2'}},'propertyOrdering':['n'],"
			  "'required':['n']}},{'name':'g','parametersJsonSchema':{'type':'object'}}]},"
			  "{'googleSearch':{}}],'toolConfig':{'functionCallingConfig':{'mode':'VALIDATED'}}}",
			  &r) == OK);
	TRY_SAME(r.tools->schema,
		 "{'type':'object','properties':{'type':{'type':['string','null'],'enum':['a',null]},"
				  "'n':{'type':'array','items':{'type':'integer'},'minItems':2}},'required':['n']}");
	TRY_SAME(r.tools->next->schema, "{'type':'object'}");
	TRY_SAME(r.tools->next->next->raw, "{'googleSearch':{}}");
	CHECK(r.tools->strict == TRI_YES && r.choice == CHOICE_AUTO);
	CHECK(try_encode(&r, "gemini-2.5-flash", false) == OK);
	TRY_SAME(buf_str(&try_out),
		 "{" WIRE_HI ",'tools':[{'functionDeclarations':[{'name':'f','description':'d',"
		 "'parametersJsonSchema':{'type':'object','properties':{'type':{'type':['string','null'],"
		 "'enum':['a',null]},'n':{'type':'array','items':{'type':'integer'},'minItems':2}},"
		 "'required':['n']}},{'name':'g','parametersJsonSchema':{'type':'object'}}]},{'googleSearch':{}}],"
		 "'toolConfig':{'functionCallingConfig':{'mode':'VALIDATED'}},'generationConfig':{}}");
}

CASE(calls_and_results)
{
	struct llm_request r;

	try_reset();
	CHECK(try_request("{'contents':[{'role':'user','parts':[{'text':'?'}]},{'role':'model','parts':["
			  "{'text':'let me','thought':true},{'text':' see','thought':true,'thoughtSignature':'U0lH'},"
			  "{'functionCall':{'name':'f','args':{'a':1}},'thoughtSignature':'QUJD'},"
			  "{'functionCall':{'name':'f','args':{'a':2}}},{'functionCall':{'id':'x','name':'g'}}]},"
			  "{'role':'user','parts':[{'functionResponse':{'name':'f','response':{'output':'one'}}},"
			  "{'functionResponse':{'name':'f','response':{'t':[1]}}},"
			  "{'functionResponse':{'id':'x','name':'g','response':{'error':'no'},"
			  "'parts':[{'inlineData':{'mimeType':'image/png','data':'_-8='}}]}}]}]}",
				  &r) == OK);
	struct llm_part *p = r.msgs->next->parts;
	CHECK(p->kind == PART_THINKING);
	CHECK_STR(p->text, S("let me see"));
	CHECK_STR(p->signature, S("U0lH"));
	p = p->next;
	CHECK(p->kind == PART_TOOL_CALL && p->origin == DIALECT_GEMINI);
	CHECK_STR(p->id, S("call_1"));
	CHECK_STR(p->signature, S("QUJD"));
	CHECK_STR(p->next->id, S("call_2"));
	CHECK_STR(p->next->next->id, S("x"));
	TRY_SAME(p->next->next->args, "{}");
	p = r.msgs->next->next->parts;
	CHECK_STR(p->id, S("call_1"));
	CHECK_STR(p->content->text, S("one"));
	CHECK_STR(p->next->id, S("call_2"));
	CHECK_STR(p->next->content->text, S("{\\\"t\\\":[1]}"));
	p = p->next->next;
	CHECK(p->is_error && str_eq(p->id, S("x")) && str_eq(p->content->text, S("no")));
	CHECK(p->content->next->kind == PART_IMAGE);
	CHECK_STR(p->content->next->media.data, S("/+8="));

	CHECK(try_encode(&r, "gemini-3-pro", false) == OK);
	TRY_SAME(buf_str(&try_out),
		 "{'contents':[{'role':'user','parts':[{'text':'?'}]},{'role':'model','parts':["
		 "{'text':'let me see','thought':true,'thoughtSignature':'U0lH'},"
		 "{'functionCall':{'id':'call_1','name':'f','args':{'a':1}},'thoughtSignature':'QUJD'},"
		 "{'functionCall':{'id':'call_2','name':'f','args':{'a':2}}},"
		 "{'functionCall':{'id':'x','name':'g','args':{}}}]},"
		 "{'role':'user','parts':[{'functionResponse':{'id':'call_1','name':'f','response':{'output':'one'}}},"
		 "{'functionResponse':{'id':'call_2','name':'f','response':{'t':[1]}}},"
		 "{'functionResponse':{'id':'x','name':'g','response':{'error':'no'},"
		 "'parts':[{'inlineData':{'mimeType':'image/png','data':'/+8='}}]}}]}],'generationConfig':{}}");
}

/* A request as an OpenAI or Anthropic client's decoder would leave it. */
static void foreign(struct llm_request *r)
{
	struct llm_part *p;
	struct llm_msg *m;

	llm_request_init(r, DIALECT_OPENAI);
	m = llm_msg_add(&try_arena, &r->msgs, ROLE_ASSISTANT);
	p = llm_part_add(&try_arena, &m->parts, PART_THINKING);
	p->origin = DIALECT_ANTHROPIC;
	p->text = S("secret");
	p->signature = S("abc");
	p = llm_part_add(&try_arena, &m->parts, PART_TOOL_CALL);
	p->id = S("c1");
	p->name = S("look");
	p->args = S("{\"q\":1}");
	m = llm_msg_add(&try_arena, &r->msgs, ROLE_USER);
	p = llm_part_add(&try_arena, &m->parts, PART_TOOL_RESULT);
	p->id = S("c1");
	llm_part_add(&try_arena, &p->content, PART_TEXT)->text = S("found");
	p = llm_part_add(&try_arena, &p->content, PART_IMAGE);
	p->media.mime = S("image/png");
	p->media.data = S("AA==");
	m = llm_msg_add(&try_arena, &r->msgs, ROLE_SYSTEM);
	llm_part_add(&try_arena, &m->parts, PART_TEXT)->text = S("stop soon");
	m = llm_msg_add(&try_arena, &r->msgs, ROLE_USER);
	p = llm_part_add(&try_arena, &m->parts, PART_IMAGE);
	p->media.url = S("https://x/a.JPG?q");
	p->media.detail = S("high");
	r->thinking_budget = 2048;
}

CASE(from_elsewhere)
{
	struct llm_request r;

	try_reset();
	foreign(&r);
	CHECK(try_encode(&r, "gemini-3-flash", false) == OK);
	TRY_SAME(buf_str(&try_out),
		 "{'contents':[{'role':'model','parts':[{'functionCall':{'id':'c1','name':'look','args':{'q':1}},"
		 "'thoughtSignature':'skip_thought_signature_validator'}]},{'role':'user','parts':["
		 "{'functionResponse':{'id':'c1','name':'look','response':{'output':'found'},"
		 "'parts':[{'inlineData':{'mimeType':'image/png','data':'AA=='}}]}},"
		 "{'fileData':{'mimeType':'image/jpeg','fileUri':'https://x/a.JPG?q'},"
		 "'mediaResolution':{'level':'MEDIA_RESOLUTION_HIGH'}}]}],"
		 "'systemInstruction':{'parts':[{'text':'stop soon'}]},"
		 "'generationConfig':{'thinkingConfig':{'thinkingBudget':2048,'includeThoughts':true}}}");
	CHECK(try_encode(&r, "gemini-2.5-pro", false) == OK);
	TRY_SAME(buf_str(&try_out),
		 "{'contents':[{'role':'model','parts':[{'functionCall':{'id':'c1','name':'look','args':{'q':1}}}]},"
		 "{'role':'user','parts':[{'functionResponse':{'id':'c1','name':'look','response':{'output':'found'}}},"
		 "{'inlineData':{'mimeType':'image/png','data':'AA=='}},"
		 "{'fileData':{'mimeType':'image/jpeg','fileUri':'https://x/a.JPG?q'}}]}],"
		 "'systemInstruction':{'parts':[{'text':'stop soon'}]},"
		 "'generationConfig':{'mediaResolution':'MEDIA_RESOLUTION_HIGH',"
		 "'thinkingConfig':{'thinkingBudget':2048,'includeThoughts':true}}}");
	llm_request_init(&r, DIALECT_OPENAI);
	struct llm_msg *m = llm_msg_add(&try_arena, &r.msgs, ROLE_USER);
	struct llm_part *p = llm_part_add(&try_arena, &m->parts, PART_IMAGE);
	p->media.url = S("https://x/a.jpg");
	p->media.detail = S("original");
	CHECK(try_encode(&r, "gemini-2.5-pro", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(try_diag.param), S("messages.content.image_url.detail"));
	p->media.detail = S("low");
	CHECK(try_encode(&r, "gemini-2.5-pro", false) == OK);
	CHECK(str_find(buf_str(&try_out), S("MEDIA_RESOLUTION_LOW")) != SIZE_MAX);
	llm_part_add(&try_arena, &m->parts, PART_IMAGE)->media.url = S("https://x/b.jpg");
	CHECK(try_encode(&r, "gemini-2.5-pro", false) == OK);
	CHECK(str_find(buf_str(&try_out), S("mediaResolution")) == SIZE_MAX);
}

CASE(refusals)
{
	struct llm_request r;
	struct llm_part *p;

	try_reset();
	llm_request_init(&r, DIALECT_OPENAI);
	r.parallel = TRI_NO;
	llm_tool_add(&try_arena, &r.tools)->name = S("f");
	CHECK(try_encode(&r, "g", false) == OK);
	llm_tool_add(&try_arena, &r.tools)->name = S("g");
	CHECK(try_encode(&r, "g", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(try_diag.param), S("parallel_tool_calls"));
	r.parallel = TRI_UNSET;
	r.logit_bias = S("{}");
	CHECK(try_encode(&r, "g", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(try_diag.param), S("logit_bias"));
	r.logit_bias.p = NULL;
	struct llm_msg *m = llm_msg_add(&try_arena, &r.msgs, ROLE_USER);
	p = llm_part_add(&try_arena, &m->parts, PART_DOCUMENT);
	p->media.file_id = S("file-1");
	CHECK(try_encode(&r, "g", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(try_diag.param), S("messages.content.file.file_id"));
	p->kind = PART_TOOL_RESULT;
	p->id = S("nobody");
	CHECK(try_encode(&r, "g", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(try_diag.param), S("messages.tool_call_id"));
	p->kind = PART_TEXT;
	p->text = S("hi");
	r.effort = S("furious");
	CHECK(try_encode(&r, "g", false) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(try_diag.param), S("reasoning_effort"));
}

static struct str thinking(const char *effort, int64_t budget, const char *model)
{
	struct llm_request r;

	llm_request_init(&r, DIALECT_OPENAI);
	if (effort[0])
		r.effort = str_z(effort);
	r.thinking_budget = budget;
	if (try_encode(&r, model, false) != OK)
		return S("error");
	struct str s = buf_str(&try_out);
	return str_tail(s, str_find(s, S("\"generationConfig\"")) + 19);
}

CASE(thinking_levels)
{
	try_reset();
	TRY_SAME(thinking("", -1, "gemini-3-pro"), "{}}");
	TRY_SAME(thinking("high", -1, "gemini-3-pro"),
		 "{'thinkingConfig':{'thinkingLevel':'HIGH','includeThoughts':true}}}");
	TRY_SAME(thinking("minimal", -1, "gemini-3-flash"),
		 "{'thinkingConfig':{'thinkingLevel':'MINIMAL','includeThoughts':true}}}");
	TRY_SAME(thinking("medium", -1, "gemini-2.5-pro"),
		 "{'thinkingConfig':{'thinkingBudget':2048,'includeThoughts':true}}}");
	TRY_SAME(thinking("none", -1, "gemini-2.5-flash"),
		 "{'thinkingConfig':{'thinkingBudget':0}}}");
	TRY_SAME(thinking("none", -1, "gemini-2.5-pro"),
		 "{'thinkingConfig':{'thinkingBudget':128}}}");
	TRY_SAME(thinking("", 0, "gemini-3-flash"), "{'thinkingConfig':{'thinkingLevel':'MINIMAL'}}}");
	TRY_SAME(thinking("", -2, "gemini-2.5-pro"),
		 "{'thinkingConfig':{'thinkingBudget':-1,'includeThoughts':true}}}");
}

CASE(formats)
{
	struct llm_request r;

	try_reset();
	CHECK(try_request("{" HI ",'generationConfig':{'responseMimeType':'application/json'}}",
			  &r) == OK);
	CHECK(r.format == FORMAT_JSON);
	CHECK(try_request("{" HI ",'generationConfig':{'responseMimeType':'application/json',"
			  "'responseSchema':{'type':'OBJECT','properties':{'a':{'type':'STRING'}}}}}", &r) == OK);
	CHECK(r.format == FORMAT_SCHEMA);
	TRY_SAME(r.format_schema, "{'type':'object','properties':{'a':{'type':'string'}}}");
	CHECK(try_request("{" HI ",'generationConfig':{'responseMimeType':'text/x.enum',"
			  "'responseSchema':{'type':'STRING','enum':['a']}}}", &r) == OK);
	CHECK_STR(r.extras->name, S("generationConfig.responseMimeType"));
	TRY_SAME(r.extras->value, "'text/x.enum'");
	TRY_SAME(try_again("{" HI ",'generationConfig':{'responseMimeType':'application/json',"
			   "'responseJsonSchema':{'type':'object'}}}", "g"),
		 "{" WIRE_HI ",'generationConfig':{'responseMimeType':'application/json',"
		 "'responseJsonSchema':{'type':'object'}}}");
}

CASE(media)
{
	struct llm_request r;

	try_reset();
	CHECK(try_request("{'contents':[{'parts':[{'inlineData':{'mimeType':'text/plain','data':'aGki'}},"
			  "{'fileData':{'fileUri':'https://www.youtube.com/watch?v=1'}},"
			  "{'inline_data':{'mime_type':'audio/wav','data':'AAA'}},"
			  "{'fileData':{'fileUri':'gs://b/a.pdf','mimeType':'application/pdf'}}]}]}", &r) == OK);
	struct llm_part *p = r.msgs->parts;
	CHECK(p->kind == PART_DOCUMENT && p->media.is_text);
	CHECK_STR(p->media.data, S("hi\\\""));
	CHECK(p->next->kind == PART_VIDEO &&
	      str_has_prefix(p->next->media.url, S("https://www.youtube")));
	CHECK(p->next->next->kind == PART_AUDIO);
	CHECK_STR(p->next->next->media.data, S("AAA="));
	CHECK(p->next->next->next->kind == PART_DOCUMENT);
	CHECK(try_encode(&r, "g", false) == OK);
	TRY_SAME(buf_str(&try_out),
		 "{'contents':[{'role':'user','parts':[{'inlineData':{'mimeType':'text/plain','data':'aGki'}},"
		 "{'fileData':{'fileUri':'https://www.youtube.com/watch?v=1'}},"
		 "{'inlineData':{'mimeType':'audio/wav','data':'AAA='}},"
		 "{'fileData':{'mimeType':'application/pdf','fileUri':'gs://b/a.pdf'}}]}],'generationConfig':{}}");
}

CASE(signatures)
{
	enum llm_dialect origin;
	bool redacted;

	try_reset();
	struct str in = gemini_sign(&try_arena, DIALECT_ANTHROPIC, S("Eq+/\\u003d"), false);
	CHECK(str_find(in, S(".")) == SIZE_MAX);
	CHECK_STR(gemini_unsign(&try_arena, in, &origin, &redacted), S("Eq+/="));
	CHECK(origin == DIALECT_ANTHROPIC && !redacted);
	in = gemini_sign(&try_arena, DIALECT_ANTHROPIC, S("data"), true);
	CHECK_STR(gemini_unsign(&try_arena, in, &origin, &redacted), S("data"));
	CHECK(origin == DIALECT_ANTHROPIC && redacted);
	CHECK_STR(gemini_sign(&try_arena, DIALECT_GEMINI, S("AbC="), false), S("AbC="));
	CHECK_STR(gemini_unsign(&try_arena, S("AbC="), &origin, &redacted), S("AbC="));
	CHECK(origin == DIALECT_GEMINI && !redacted);
}

TESTS(CASE_ROW(plain), CASE_ROW(snake_case), CASE_ROW(strict_types), CASE_ROW(extras),
      CASE_ROW(tools),
      CASE_ROW(calls_and_results), CASE_ROW(from_elsewhere), CASE_ROW(refusals),
	      CASE_ROW(thinking_levels),
      CASE_ROW(formats), CASE_ROW(media), CASE_ROW(signatures))
