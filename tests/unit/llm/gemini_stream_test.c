/* tests/unit/llm/gemini_stream_test.c */
#include "gemini_try.h"

#include <dirent.h>
#include <sys/stat.h>

static struct arena scratch;

/* Events are pushed to a collector, and through Gemini's encoder to a second one. */
struct both {
	struct llm_sink sink;
	struct llm_collect first;
	struct llm_encoder *encoder;
	enum err err;
};

static void on_both(struct llm_sink *sink, const struct llm_event *ev)
{
	struct both *b = (struct both *)(void *)sink;

	b->first.sink.on_event(&b->first.sink, ev);
	enum err e = dialect_gemini.encode_event(b->encoder, ev, &try_out);
	b->err = b->err == OK ? e : b->err;
}

static void feed(struct str text, struct llm_decoder *d, struct llm_sink *sink)
{
	while (text.n > 0) {
		struct str line = str_cut(text, '\n', &text);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (str_has_prefix(line, S("data: ")))
			line = str_tail(line, 6);
		CHECK(dialect_gemini.decode_event(d, S(""), line, &scratch, sink) == OK);
		arena_reset(&scratch);
	}
	dialect_gemini.decode_end(d, sink);
}

static void run(struct str text, struct llm_response *out, struct llm_error *error,
		struct llm_response *again)
{
	struct both b = { .sink = { on_both } };
	struct llm_collect second;

	arena_init(&scratch, 16 << 20);
	buf_reset(&try_out);
	llm_collect_init(&b.first, &try_arena, out);
	b.encoder = dialect_gemini.encoder_new(&try_arena, NULL);
	feed(text, dialect_gemini.decoder_new(&try_arena), &b.sink);
	CHECK(b.err == OK && b.first.err == OK && b.first.done);
	*error = b.first.error;

	llm_collect_init(&second, &try_arena, again);
	feed(arena_dup(&try_arena, buf_str(&try_out)), dialect_gemini.decoder_new(&try_arena),
	     &second.sink);
	CHECK(second.err == OK && second.done && second.error.status == error->status);
	arena_done(&scratch);
}

static void same_parts(const struct llm_part *a, const struct llm_part *b)
{
	for (; a != NULL && b != NULL; a = a->next, b = b->next) {
		CHECK(a->kind == b->kind && a->origin == b->origin);
		CHECK_STR(b->text, a->text);
		CHECK_STR(b->signature, a->signature);
		CHECK_STR(b->id, a->id);
		CHECK_STR(b->name, a->name);
		CHECK_STR(b->args, a->args);
		CHECK_STR(b->raw, a->raw);
		CHECK_STR(b->media.data, a->media.data);
	}
	CHECK(a == NULL && b == NULL);
}

static void same(const struct llm_response *a, const struct llm_response *b)
{
	const struct llm_answer_choice *x = a->choices, *y = b->choices;

	for (; x != NULL && y != NULL; x = x->next, y = y->next) {
		same_parts(x->parts, y->parts);
		CHECK(x->finish == y->finish);
		CHECK_STR(y->finish_text, x->finish_text);
	}
	CHECK(x == NULL && y == NULL);
	CHECK(memcmp(&a->usage, &b->usage, sizeof a->usage) == 0);
	CHECK_STR(b->id, a->id);
	CHECK_STR(b->model, a->model);
}

#define C(parts) "{'candidates':[{'content':{'parts':[" parts "],'role':'model'},'index':0}]}\n"
#define END(parts) "{'candidates':[{'content':{'parts':[" parts "]},'finishReason':'STOP'}]," \
		   "'usageMetadata':{'promptTokenCount':2,'candidatesTokenCount':3,'totalTokenCount':5}}\n"

static struct llm_response first, second_;
static struct llm_error error;

CASE(text_and_thoughts)
{
	try_reset();
	run(try_json(C("{'text':'a','thought':true}") C("{'text':'b','thought':true}") C("{'text':'c'}")
		     C("{'text':'d'},{'text':'e'}") END("{'text':'','thoughtSignature':'QUJD'}")),
	    &first, &error, &second_);
	struct llm_part *p = first.choices->parts;
	CHECK(p->kind == PART_THINKING && str_eq(p->text, S("ab")));
	CHECK(p->next->kind == PART_TEXT && str_eq(p->next->text, S("cde")));
	CHECK_STR(p->next->signature, S("QUJD"));
	CHECK(p->next->next == NULL && first.choices->finish == FINISH_STOP);
	CHECK(first.usage.input == 2 && first.usage.output == 3);
	same(&first, &second_);
}

CASE(whole_calls)
{
	try_reset();
	run(try_json("{'responseId':'R','candidates':[{'content':{'parts':[{'functionCall':{'name':'f','args':{'a':1}},"
		     "'thoughtSignature':'QQ=='},{'functionCall':{'id':'own','name':'g'}}]}}]}\n" END("{'text':''}")),
	    &first, &error, &second_);
	struct llm_part *p = first.choices->parts;
	CHECK_STR(p->id, S("call_R_1"));
	CHECK_STR(p->signature, S("QQ=="));
	TRY_SAME(p->args, "{'a':1}");
	CHECK_STR(p->next->id, S("own"));
	CHECK_STR(p->next->args, S("{}"));
	CHECK(first.choices->finish == FINISH_TOOLS);
	same(&first, &second_);
}

#define CALL(rest) C("{'functionCall':{" rest "}}")
#define PIECE(path, value) "'partialArgs':[{'jsonPath':'" path "'," value "}]"

CASE(partial_arguments)
{
	try_reset();
	run(try_json(CALL("'name':'f','willContinue':true")
		     CALL(PIECE("$.a",
				"'stringValue':'x','willContinue':true") ",'willContinue':true")
		     CALL(PIECE("$.a",
				"'stringValue':'y\\n','willContinue':true") ",'willContinue':true")
		     CALL(PIECE("$.a", "'stringValue':''") ",'willContinue':true")
		     CALL(PIECE("$.l[0].n", "'numberValue':0.5") ",'willContinue':true")
		     CALL(PIECE("$.l[0][\1a b\1]", "'boolValue':true") ",'willContinue':true")
		     CALL(PIECE("$.l[1].n", "'nullValue':'NULL_VALUE'") ",'willContinue':true")
		     CALL(PIECE("$.z", "'stringValue':'e'") ",'willContinue':true")
		     CALL("") CALL("'name':'none','willContinue':true") CALL("") END("{'text':''}")),
	    &first, &error, &second_);
	CHECK(error.status == 0);
	TRY_SAME(first.choices->parts->args,
		 "{'a':'xy\\n','l':[{'n':0.5,'a b':true},{'n':null}],'z':'e'}");
	CHECK_STR(first.choices->parts->next->args, S("{}"));
	same(&first, &second_);
}

static unsigned fails(const char *z)
{
	try_reset();
	run(try_json(z), &first, &error, &second_);
	return error.status;
}

#define OPEN CALL("'name':'f','willContinue':true")
#define MORE(path, value) CALL(PIECE(path, value) ",'willContinue':true")

CASE(partial_arguments_that_go_back)
{
	CHECK(fails(OPEN MORE("$.a", "'numberValue':1") MORE("$.a",
							     "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$.a.b", "'numberValue':1") MORE("$.a",
							       "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$.a", "'numberValue':1") MORE("$.a.b",
							     "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$.a.b", "'numberValue':1") MORE("$.c", "'numberValue':1")
		    MORE("$.a.d", "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$.a[1]", "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$.a[0]", "'numberValue':1") MORE("$.a.x",
								"'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$[0]", "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$", "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("a", "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$.a[", "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$.a[\1x", "'numberValue':1") END("")) == 502);
	CHECK(fails(OPEN MORE("$..a", "'numberValue':1") END("")) == 502);
}

CASE(broken_streams)
{
	CHECK(fails("") == 502);
	CHECK(fails(C("{'text':'a'}")) == 502);
	CHECK(fails(C("{'text':'a'}") "{'candidates'\n") == 502);
	CHECK(fails(C("{'text':'a'}") "{'error':{'code':429,'message':'m','status':'RESOURCE_EXHAUSTED'}}\n") == 429);
	CHECK(fails("{'candidates':[{'index':4000000000}]}\n") == 502);
	CHECK(fails("{'candidates':[{'index':1,'finishReason':'STOP'}]}\n") == 502);
	CHECK(fails(END("{'text':'a'}")) == 0);
}

CASE(blocked)
{
	CHECK(fails("{'promptFeedback':{'blockReason':'SAFETY','blockReasonMessage':'no'}}\n") == 0);
	CHECK(first.choices->finish == FINISH_FILTER && first.choices->parts->kind == PART_REFUSAL);
}

CASE(two_candidates_and_what_stands_beside)
{
	try_reset();
	run(try_json("{'candidates':[{'index':1,'content':{'parts':[{'text':'b'}]}},"
		     "{'index':0,'content':{'parts':[{'text':'a'},{'executableCode':{'code':'1'}}]},"
		     "'groundingMetadata':{'x':1}}]}\n"
		     "{'candidates':[{'index':0,'finishReason':'STOP'},{'index':1,'finishReason':'MAX_TOKENS'}]}\n"),
	    &first, &error, &second_);
	CHECK(error.status == 0 && first.choices->next->finish == FINISH_LENGTH);
	CHECK_STR(first.choices->parts->text, S("a"));
	CHECK_STR(first.choices->next->parts->text, S("b"));
	TRY_SAME(first.choices->parts->next->next->raw, "{'groundingMetadata':{'x':1}}");
	same(&first, &second_);
}

CASE(as_an_array)
{
	bool open = false;

	try_reset();
	gemini_array_add(&open, S("data: {\"a\":1}\r\n\r\n"), &try_out);
	gemini_array_add(&open, S("data: {}\r\n\r\ndata: {\"b\":2}\n\n"), &try_out);
	gemini_array_end(&open, &try_out);
	CHECK_STR(buf_str(&try_out), S("[{\"a\":1},\r\n{},\r\n{\"b\":2}]"));
	buf_reset(&try_out);
	gemini_array_end(&open, &try_out);
	CHECK_STR(buf_str(&try_out), S("[]"));
}

/* ---- what Google really sent --------------------------------------------------------------- */

static const char *recorded_dir(void)
{
	static const char *const tries[] = { "../shared/recorded/ai-sdk/google",
					     "../../shared/recorded/ai-sdk/google" };
	static char room[512];
	const char *shared = getenv("YETT_SHARED");
	struct stat st;

	if (shared != NULL) {
		(void)snprintf(room, sizeof room, "%s/recorded/ai-sdk/google", shared);
		return stat(room, &st) == 0 ? room : NULL;
	}
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++)
		if (stat(tries[i], &st) == 0)
			return tries[i];
	return NULL;
}

static struct str load(const char *dir, const char *name)
{
	char path[1024];
	struct buf b;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "rb");
	buf_init(&b, 1 << 20);
	char *at = buf_room(&b, 1 << 20);
	size_t n = f && at ? fread(at, 1, 1 << 20, f) : 0;
	struct str text = arena_dup(&try_arena, (struct str){ at, n });
	if (f)
		fclose(f);
	buf_free(&b);
	return text;
}

static void recorded_stream(const char *dir, const char *name)
{
	int before = check_failed;

	try_reset();
	run(load(dir, name), &first, &error, &second_);
	CHECK(error.status == 0 && first.choices != NULL);
	same(&first, &second_);
	for (const struct llm_part *p = first.choices->parts; p != NULL; p = p->next)
		if (p->kind == PART_TOOL_CALL)
			CHECK(json_is(try_parse(p->args), JSON_OBJECT) && p->name.n);
	if (check_failed != before)
		fprintf(stderr, "  in %s\n", name);
}

CASE(recorded)
{
	const char *dir = recorded_dir();
	DIR *d = dir ? opendir(dir) : NULL;
	struct dirent *e;

	if (d == NULL) {
		printf("skipped: no recordings of Google in ../shared\n");
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (str_has_suffix(str_z(e->d_name), S(".chunks.txt")))
			recorded_stream(dir, e->d_name);
	closedir(d);

	try_reset();
	run(load(dir,
		 "google-stream-tool-call-array-arguments-missing-terminal-function-call.chunks.txt"),
	    &first, &error, &second_);
	TRY_SAME(first.choices->parts->args,
		 "{'operations':[{'action':'add','description':'Fresh red apple','itemid':'apple_001','price':0.5},"
		 "{'action':'add','description':'Ripe yellow banana','itemid':'banana_001','price':0.3}]}");
	CHECK(first.choices->parts->next == NULL && first.choices->finish == FINISH_TOOLS);
	try_reset();
	run(load(dir, "google-stream-no-args-tool-call.chunks.txt"), &first, &error, &second_);
	const struct llm_part *p = first.choices->parts;
	CHECK(p->kind == PART_THINKING);
	p = p->next;
	CHECK_STR(p->args, S("{}"));
	TRY_SAME(p->next->args, "{'id':'A'}");
	TRY_SAME(p->next->next->next->args, "{'id':'C'}");
}

/* The end of a call's arguments that there is no memory for is not passed over. */
static unsigned seen[EV_KINDS];

static void on_seen(struct llm_sink *sink, const struct llm_event *ev)
{
	(void)sink;
	seen[ev->kind]++;
}

CASE(no_memory_at_the_end)
{
	struct llm_sink sink = { on_seen };
	struct arena tight;
	const char *const events[] = {
		"{'candidates':[{'content':{'parts':[{'functionCall':{'name':'f','willContinue':true}}]}}]}",
		"{'candidates':[{'content':{'parts':[{'functionCall':{'partialArgs':[{'jsonPath':'$.a',"
		"'stringValue':'x','willContinue':true}],'willContinue':true}}]}}]}",
		"{'candidates':[{'finishReason':'STOP'}]}",
	};

	try_reset();
	arena_init(&scratch, 1 << 20);
	arena_init(&tight, 64 << 10);
	struct llm_decoder *d = dialect_gemini.decoder_new(&tight);
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		CHECK(dialect_gemini.decode_event(d, S(""), try_json(events[i]), &scratch, &sink) == OK);
	while (arena_alloc(&tight, 1, 1) != NULL)
		;
	CHECK(seen[EV_PART_DELTA] > 0 && seen[EV_PART_END] == 0);
	dialect_gemini.decode_end(d, &sink);
	CHECK(seen[EV_ERROR] == 1 && seen[EV_DONE] == 0 && seen[EV_FINISH] == 0);
	dialect_gemini.decode_end(d, &sink);
	CHECK(seen[EV_ERROR] == 1 && seen[EV_DONE] == 0);
	arena_done(&tight);
	arena_done(&scratch);
}

TESTS(CASE_ROW(no_memory_at_the_end), CASE_ROW(text_and_thoughts), CASE_ROW(whole_calls), CASE_ROW(partial_arguments),
      CASE_ROW(partial_arguments_that_go_back), CASE_ROW(broken_streams), CASE_ROW(blocked),
      CASE_ROW(two_candidates_and_what_stands_beside), CASE_ROW(as_an_array), CASE_ROW(recorded))
