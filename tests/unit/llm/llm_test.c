/* tests/unit/llm/llm_test.c - what the dialects share: lists, refusals, arguments, signatures, collect. */
#include "llm_util.h"

CASE(lists_keep_their_order)
{
	struct world *w = world_new();
	struct llm_str *list = NULL, *other = NULL;

	CHECK(llm_str_add(&w->arena, &list, S("a")) == OK && llm_str_add(&w->arena, &list, S("b")) == OK);
	CHECK(llm_str_add(&w->arena, &other, S("c")) == OK);
	list->next->next = other; /* linked by hand: last is behind */
	CHECK(llm_str_add(&w->arena, &list, S("d")) == OK);
	buf_reset(&w->out);
	for (const struct llm_str *s = list; s != NULL; s = s->next)
		buf_add(&w->out, s->s);
	CHECK_STR(kept(w), S("abcd"));
}

CASE(what_cannot_be_said_is_named_or_noted)
{
	struct world *w = world_new();
	struct llm_opts o = { .arena = &w->arena, .diag = &w->diag };
	struct llm_request r;
	static const char *const harmless[] = { "b", NULL };

	llm_request_init(&r, DIALECT_OPENAI);
	CHECK(r.max_tokens == -1 && r.n == -1 && r.thinking_budget == -1 && r.top_logprobs == -1);
	CHECK(llm_cannot(&o, "x.y", DIALECT_GEMINI) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(w->diag.param), S("x.y"));
	CHECK_STR(str_z(w->diag.text), S("gemini cannot express 'x.y'"));
	CHECK(llm_extra_add(&w->arena, &r.extras, S("b"), S("1")) == OK);
	CHECK(llm_refuse_extras(&r, &o, harmless, DIALECT_GEMINI) == OK);
	CHECK(llm_extra_add(&w->arena, &r.extras, S("a"), S("1")) == OK);
	CHECK(llm_refuse_extras(&r, &o, harmless, DIALECT_GEMINI) == ERR_UNSUPPORTED);
	CHECK_STR(str_z(w->diag.param), S("a"));
	o.drop_params = true;
	CHECK(llm_refuse_extras(&r, &o, harmless, DIALECT_GEMINI) == OK);
	CHECK(llm_cannot(&o, "a", DIALECT_GEMINI) == OK);
	CHECK(o.dropped && str_eq(o.dropped->s, S("a")) && o.dropped->next == NULL);
}

/* Each is looked for among those that are dropped already, so there is an end to them. */
CASE(names_that_are_dropped_are_not_without_end)
{
	struct world *w = world_new();
	struct llm_opts o = { .arena = &w->arena, .diag = &w->diag, .drop_params = true };
	char name[16];

	for (unsigned i = 0; i < 2 * 128; i++) {
		(void)snprintf(name, sizeof name, "x%u", i % 128);
		CHECK(llm_cannot(&o, name, DIALECT_GEMINI) == OK);
	}
	CHECK(llm_cannot(&o, "one more", DIALECT_GEMINI) == ERR_LIMIT);
	CHECK_STR(str_z(w->diag.param), S("one more"));
}

CASE(arguments)
{
	struct world *w = world_new();
	struct str raw = S("old");

	CHECK(llm_args_parse(&w->arena, S(""), &raw) == OK && str_eq(raw, S("{}")));
	CHECK(llm_args_parse(&w->arena, S(" \\n"), &raw) == OK && str_eq(raw, S("{}")));
	CHECK(llm_args_parse(&w->arena, S("{\\\"a\\\": \\\"x\\\\ny\\\"}"), &raw) == OK);
	CHECK_STR(raw, S("{\"a\": \"x\\ny\"}"));
	CHECK_STR(llm_args_esc(&w->arena, raw), S("{\\\"a\\\": \\\"x\\\\ny\\\"}"));
	CHECK_STR(llm_args_esc(&w->arena, S("{\n\t}\r")), S("{\\n\\t}\\r"));
	CHECK(llm_args_parse(&w->arena, S("[1]"), &raw) == ERR_SYNTAX);
	CHECK(llm_args_parse(&w->arena, S("{\\\"a"), &raw) == ERR_SYNTAX);
	CHECK(llm_args_any(&w->arena, S("{\\\"a"), &raw) == OK);
	CHECK_STR(raw, S("{\"__malformed_arguments\":\"{\\\"a\"}"));
	(void)parsed(w, raw);
}

CASE(data_urls)
{
	struct str mime, data;

	CHECK(llm_data_url(S("data:image/png;base64,AA=="), &mime, &data));
	CHECK_STR(mime, S("image/png"));
	CHECK_STR(data, S("AA=="));
	CHECK(llm_data_url(S("DATA:text/plain;charset=utf-8;BASE64,"), &mime, &data) && data.n == 0);
	CHECK_STR(mime, S("text/plain"));
	CHECK(llm_data_url(S("data:;base64,AA"), &mime, &data) && mime.p == NULL);
	CHECK(!llm_data_url(S("data:text/plain,hi"), &mime, &data));
	CHECK(!llm_data_url(S("data:image/png;base64"), &mime, &data));
	CHECK(!llm_data_url(S("data:base64,AA"), &mime, &data));
	CHECK(!llm_data_url(S("https://x/;base64,AA"), &mime, &data));
	CHECK(!llm_data_url(S(""), &mime, &data));
}

CASE(signatures)
{
	struct world *w = world_new();
	enum llm_dialect origin;
	struct str sig;

	CHECK_STR(llm_tag(&w->arena, DIALECT_GEMINI, S("abc")), S("gemini.abc"));
	CHECK_STR(llm_untag(S("gemini.a.b"), DIALECT_OPENAI, &origin), S("a.b"));
	CHECK(origin == DIALECT_GEMINI);
	CHECK_STR(llm_untag(S("Eabc=="), DIALECT_ANTHROPIC, &origin), S("Eabc=="));
	CHECK(origin == DIALECT_ANTHROPIC);
	CHECK_STR(llm_untag(S("other.x"), DIALECT_OPENAI, &origin), S("other.x"));
	CHECK(origin == DIALECT_OPENAI);

	struct str id = llm_id_join(&w->arena, S("call_1"), DIALECT_GEMINI, S("a+b\\/c=\\u0041"));
	CHECK(str_has_prefix(id, S("call_1__sig__")));
	CHECK_STR(llm_id_split(&w->arena, id, &origin, &sig), S("call_1"));
	CHECK_STR(sig, S("a+b/c=A"));
	CHECK(origin == DIALECT_GEMINI);
	/* what nobody joined is an id like any other */
	static const char *const whole[] = { "call_1", "", "x__sig__", "x__sig__!!", "x__sig__QQ",
					     "x__sig__Z2VtaW5pLg" };
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
		CHECK_STR(llm_id_split(&w->arena, str_z(whole[i]), &origin, &sig), str_z(whole[i]));
		CHECK(sig.p == NULL);
	}
	/* a client cannot smuggle a quote through it: gemini."," */
	CHECK_STR(llm_id_split(&w->arena, S("x__sig__Z2VtaW5pLiIsIg"), &origin, &sig), S("x"));
	CHECK_STR(sig, S("\\\",\\\""));
}

CASE(efforts_and_usage)
{
	struct llm_usage u = { .known = true, .input = 5, .output = 1 };

	CHECK(llm_effort_budget(S("none")) == 0 && llm_effort_budget(S("low")) == 1024);
	CHECK(llm_effort_budget(S("high")) == 4096 && llm_effort_budget(S("HIGH")) == -1);
	CHECK_STR(llm_budget_effort(2048), S("medium"));
	CHECK_STR(llm_budget_effort(0), S("none"));
	CHECK(llm_budget_effort(-2).p == NULL);
	llm_usage_merge(&u, &(struct llm_usage){ .known = true, .output = 9, .cache_read = 2 });
	CHECK(u.input == 5 && u.output == 9 && u.cache_read == 2);
}

/* ---- collect and replay ----------------------------------------------------------------------- */

#define E(kind_, ...) { .kind = EV_##kind_, __VA_ARGS__ }

static enum err judged(struct world *w, const struct llm_event *e, size_t n)
{
	struct llm_response r;
	struct llm_collect c;

	llm_collect_init(&c, &w->arena, &r);
	for (size_t i = 0; i < n; i++)
		c.sink.on_event(&c.sink, &e[i]);
	return c.err == OK && !c.done ? ERR_AGAIN : c.err;
}

#define JUDGED(...) \
	judged(w, (const struct llm_event[]){ __VA_ARGS__ }, \
	       sizeof((const struct llm_event[]){ __VA_ARGS__ }) / sizeof(struct llm_event))

CASE(promises_are_judged)
{
	struct world *w = world_new();

	CHECK(JUDGED(E(START, .choice = 0), E(PART_START, .part = 0), E(PART_DELTA, .part = 0),
		     E(PART_END, .part = 0), E(FINISH, .finish = FINISH_STOP), E(USAGE, .part = 0),
		     E(DONE, .part = 0)) == OK);
	CHECK(JUDGED(E(START, .choice = 0), E(ERROR, .part = 0)) == OK);
	CHECK(JUDGED(E(START, .choice = 0), E(PING, .part = 0)) == ERR_AGAIN);
	/* no start, a second one, a wrong number, a delta of what is closed, an open part at the finish */
	CHECK(JUDGED(E(PART_START, .part = 0)) == ERR_SYNTAX);
	CHECK(JUDGED(E(START, .choice = 0), E(START, .choice = 0)) == ERR_SYNTAX);
	CHECK(JUDGED(E(START, .choice = 0), E(PART_START, .part = 1)) == ERR_SYNTAX);
	CHECK(JUDGED(E(START, .choice = 0), E(PART_DELTA, .part = 0)) == ERR_SYNTAX);
	CHECK(JUDGED(E(START, .choice = 0), E(PART_START, .part = 0), E(PART_END, .part = 0),
		     E(PART_DELTA, .part = 0)) == ERR_SYNTAX);
	CHECK(JUDGED(E(START, .choice = 0), E(PART_START, .part = 0), E(FINISH, .part = 0)) == ERR_SYNTAX);
	/* done without a finish, anything after done, a choice out of bounds, one that never started */
	CHECK(JUDGED(E(START, .choice = 0), E(DONE, .part = 0)) == ERR_SYNTAX);
	CHECK(JUDGED(E(START, .choice = 0), E(FINISH, .part = 0), E(DONE, .part = 0), E(PING, .part = 0)) ==
	      ERR_SYNTAX);
	CHECK(JUDGED(E(START, .choice = 128)) == ERR_SYNTAX);
	CHECK(JUDGED(E(START, .choice = 1), E(FINISH, .choice = 1), E(DONE, .part = 0)) == ERR_SYNTAX);
}

CASE(a_replay_collects_to_the_same)
{
	struct world *w = world_new();
	struct llm_response in = { .origin = DIALECT_GEMINI, .id = S("i"), .model = S("m"), .created = 9 }, out;
	struct llm_collect c;

	for (int i = 0; i < 2; i++) {
		struct llm_answer_choice *ch = llm_choice_add(&w->arena, &in.choices);
		struct llm_part *p = llm_part_add(&w->arena, &ch->parts, PART_THINKING);
		p->text = S("t");
		p->signature = S("s");
		p->origin = DIALECT_GEMINI;
		p = llm_part_add(&w->arena, &ch->parts, PART_TOOL_CALL);
		p->id = S("x");
		p->name = S("f");
		p->args = S("{\"a\":1}");
		p->signature = S("u");
		p->origin = DIALECT_GEMINI;
		p = llm_part_add(&w->arena, &ch->parts, PART_IMAGE);
		p->media.data = S("AAAA");
		p->media.mime = S("image/png");
		ch->finish = FINISH_TOOLS;
		ch->logprobs = S("{\"content\":[1,2],\"refusal\":null}");
	}
	in.usage = (struct llm_usage){ .known = true, .input = 3 };
	llm_collect_init(&c, &w->arena, &out);
	llm_replay(&in, &c.sink);
	CHECK(c.err == OK && c.done && out.created == 9 && out.usage.input == 3);
	CHECK_STR(out.model, S("m"));
	const struct llm_answer_choice *ch = out.choices->next;
	CHECK(ch->next == NULL && ch->finish == FINISH_TOOLS);
	CHECK_STR(ch->logprobs, S("{\"content\":[1,2],\"refusal\":null}"));
	const struct llm_part *p = ch->parts;
	CHECK_STR(p->text, S("t"));
	CHECK_STR(p->signature, S("s"));
	CHECK(p->origin == DIALECT_GEMINI);
	CHECK_STR(p->next->args, S("{\"a\":1}"));
	CHECK_STR(p->next->signature, S("u"));
	CHECK_STR(p->next->next->media.data, S("AAAA"));
}

CASE(out_of_memory_is_said)
{
	struct world *w = world_new();
	struct arena small;
	struct llm_str *list = NULL;
	struct str raw;

	arena_init(&small, 8);
	CHECK(llm_str_add(&small, &list, S("a")) == ERR_NOMEM);
	CHECK(llm_args_any(&small, S("{\\\"a\\\":1111}"), &raw) == ERR_NOMEM);
	CHECK(llm_id_join(&small, S("x"), DIALECT_GEMINI, S("sss")).p == NULL);
	arena_done(&small);
	(void)w;
}

TESTS(CASE_ROW(lists_keep_their_order), CASE_ROW(what_cannot_be_said_is_named_or_noted),
      CASE_ROW(names_that_are_dropped_are_not_without_end), CASE_ROW(arguments), CASE_ROW(data_urls),
      CASE_ROW(signatures), CASE_ROW(efforts_and_usage), CASE_ROW(promises_are_judged),
      CASE_ROW(a_replay_collects_to_the_same), CASE_ROW(out_of_memory_is_said))
