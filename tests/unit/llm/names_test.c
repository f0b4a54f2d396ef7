/* tests/unit/llm/names_test.c - names of tools that a target would refuse. */
#include "llm_util.h"

/* sent_as tells what target is sent for a tool called esc, and that it comes home. */
static struct str sent_as(struct world *w, enum llm_dialect target, struct str esc)
{
	struct llm_request r;
	struct llm_names *names;

	llm_request_init(&r, target == DIALECT_OPENAI ? DIALECT_GEMINI : DIALECT_OPENAI);
	llm_tool_add(&w->arena, &r.tools)->name = esc;
	CHECK(llm_str_add(&w->arena, &r.choice_names, esc) == OK);
	llm_part_add(&w->arena, &llm_msg_add(&w->arena, &r.msgs, ROLE_ASSISTANT)->parts, PART_TOOL_CALL)->name = esc;
	CHECK(llm_names_fit(&r, target, &w->arena, &w->arena, &names) == OK);
	CHECK_STR(r.choice_names->s, r.tools->name);
	CHECK_STR(r.msgs->parts->name, r.tools->name);
	CHECK_STR(llm_name_home(names, r.tools->name), esc);
	CHECK((names == NULL) == str_eq(r.tools->name, esc));
	CHECK_STR(llm_name_home(names, S("unheard_of")), S("unheard_of"));
	return r.tools->name;
}

CASE(what_each_target_takes)
{
	static const char long64[] = "n234567890123456789012345678901234567890123456789012345678901234";
	struct str s64 = str_z(long64), s63 = str_head(s64, 63);
	static const struct {
		struct str name, sent[DIALECT_COUNT];
	} cases[] = {
		{ SC("get-it_2"), { SC("get-it_2"), SC("get-it_2"), SC("get-it_2") } },
		{ SC("a.b"), { SC("a_b_2e7336dc"), SC("a_b_2e7336dc"), SC("a.b") } },
		{ SC("a:b"), { SC("a_b_6783a31e"), SC("a_b_6783a31e"), SC("a_b_6783a31e") } },
		{ SC("7up"), { SC("7up"), SC("7up"), SC("_7up_be39b1e7") } },
		{ SC("\\u0061\\/b"), { SC("a_b_c14cddc0"), SC("a_b_c14cddc0"), SC("a_b_c14cddc0") } },
		{ SC("\\u0061b"), { SC("ab"), SC("ab"), SC("ab") } },
		{ SC(""), { SC(""), SC(""), SC("") } },
	};
	struct world *w = world_new();

	CHECK(s64.n == 64);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (unsigned t = 0; t < DIALECT_COUNT; t++)
			CHECK_STR(sent_as(w, (enum llm_dialect)t, cases[i].name), cases[i].sent[t]);
	for (unsigned t = 0; t < DIALECT_COUNT; t++) {
		CHECK_STR(sent_as(w, (enum llm_dialect)t, s64), s64);
		char more[130];
		(void)snprintf(more, sizeof more, "%s%s%s", long64, long64, "x");
		bool twice = t == DIALECT_ANTHROPIC;
		struct str sent = sent_as(w, (enum llm_dialect)t, twice ? str_z(more) : str_head(str_z(more), 65));
		CHECK(sent.n == (twice ? 128 : 64) && str_has_prefix(sent, str_head(s63, 55)));
		CHECK(!str_eq(sent, str_head(str_z(more), sent.n)));
	}
	(void)world_new();
}

CASE(a_giant_is_left_to_the_provider)
{
	struct world *w = world_new();
	static char giant[5000];

	memset(giant, 'g', sizeof giant);
	CHECK(sent_as(w, DIALECT_OPENAI, (struct str){ giant, sizeof giant }).n == sizeof giant);
	(void)world_new();
}

TESTS(CASE_ROW(what_each_target_takes), CASE_ROW(a_giant_is_left_to_the_provider))
