/* tests/unit/ingress/overrides_test.c - what the configuration puts into a request, or takes out. */
#include "ingress/overrides.h"

#include "../check.h"

static struct policy_default temperature[] = { { SC("temperature"), SC("0.5") },
					       { SC("max_tokens"), SC("64") } };
static struct policy_default seed[] = { { SC("seed"), SC("1") }, { SC("top_p"), SC("0.9") } };
static struct policy_default extra[] = { { SC("service_tier"), SC("\"flex\"") } };
static struct str dropped[] = { SC("user"), SC("stop") };

static void gives(const struct policy_deployment *dep, enum llm_dialect d, const char *text,
		  const char *want)
{
	const struct json *root = NULL;
	struct arena a;
	struct splice s;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1 << 16);
	CHECK(json_read(&a, str_z(text), &root, NULL) == OK);
	splice_init(&s, str_z(text));
	overrides_splice(dep, d, root, &s, &a);
	CHECK(s.err == OK);
	splice_write(&s, &b);
	CHECK_STR(buf_str(&b), str_z(want));
	CHECK(json_read(&a, buf_str(&b), &root, NULL) == OK);
	buf_free(&b);
	arena_done(&a);
}

CASE(defaults_only_where_nothing_is)
{
	struct policy_deployment dep = { .defaults = temperature, .n_defaults = 2 };

	CHECK(overrides_any(&dep));
	CHECK(!overrides_any(&(struct policy_deployment){ 0 }));
	gives(&dep, DIALECT_OPENAI, "{\"temperature\":1}", "{\"temperature\":1,\"max_tokens\":64}");
	gives(&dep, DIALECT_OPENAI, "{}", "{\"temperature\":0.5,\"max_tokens\":64}");
	gives(&dep, DIALECT_OPENAI, "{\"max_completion_tokens\":9}",
	      "{\"max_completion_tokens\":9,\"temperature\":0.5}");
	gives(&dep, DIALECT_ANTHROPIC, "{\"max_tokens\": 5}",
	      "{\"max_tokens\": 5,\"temperature\":0.5}");
}

CASE(gemini_keeps_them_one_level_down)
{
	struct policy_deployment dep = { .defaults = temperature, .n_defaults = 2 };

	gives(&dep, DIALECT_GEMINI, "{\"contents\":[]}",
	      "{\"contents\":[],"
	      "\"generationConfig\":{\"temperature\":0.5,\"maxOutputTokens\":64}}");
	gives(&dep, DIALECT_GEMINI, "{\"generationConfig\":{\"maxOutputTokens\":7}}",
	      "{\"generationConfig\":{\"maxOutputTokens\":7,\"temperature\":0.5}}");
	gives(&dep, DIALECT_GEMINI, "{\"generationConfig\":{}}",
	      "{\"generationConfig\":{\"temperature\":0.5,\"maxOutputTokens\":64}}");
}

CASE(what_a_dialect_has_not_is_left_out)
{
	struct policy_deployment dep = { .defaults = seed, .n_defaults = 2 };

	gives(&dep, DIALECT_ANTHROPIC, "{\"a\":1}", "{\"a\":1,\"top_p\":0.9}");
	dep.n_defaults = 1;
	gives(&dep, DIALECT_ANTHROPIC, "{\"a\":1}", "{\"a\":1}");
	/* Names and forms of OpenAI's that no table has are no other dialect's. */
	static struct policy_default own[] = { { SC("reasoning_effort"), SC("\"low\"") },
					       { SC("stop"), SC("\"x\"") } };
	dep = (struct policy_deployment){ .defaults = own, .n_defaults = 2 };
	gives(&dep, DIALECT_OPENAI, "{}", "{\"reasoning_effort\":\"low\",\"stop\":\"x\"}");
	gives(&dep, DIALECT_ANTHROPIC, "{}", "{\"stop_sequences\":[\"x\"]}");
	gives(&dep, DIALECT_GEMINI, "{}", "{\"generationConfig\":{\"stopSequences\":[\"x\"]}}");
}

CASE(extra_body_wins)
{
	struct policy_deployment dep = { .extra_body = extra, .n_extra_body = 1 };

	gives(&dep, DIALECT_OPENAI, "{\"service_tier\":\"auto\",\"z\":[1, 2]}",
	      "{\"service_tier\":\"flex\",\"z\":[1, 2]}");
	gives(&dep, DIALECT_GEMINI, "{}", "{\"service_tier\":\"flex\"}");
}

CASE(drops)
{
	struct policy_deployment dep = { .drops = dropped, .n_drops = 2 };

	gives(&dep, DIALECT_OPENAI, "{\"user\":\"u\",\"a\":1,\"stop\":[\"x\"]}", "{\"a\":1}");
	gives(&dep, DIALECT_OPENAI, "{\"\\u0075ser\":\"u\",\"a\":1}", "{\"a\":1}");
	gives(&dep, DIALECT_ANTHROPIC, "{\"stop_sequences\":[],\"a\":1}", "{\"a\":1}");
	gives(&dep, DIALECT_GEMINI, "{\"generationConfig\":{\"topK\":1,\"stopSequences\":[]}}",
	      "{\"generationConfig\":{\"topK\":1}}");
	/* A parameter that the dialect has not is no member without a name. */
	dep.drops = (struct str[]){ SC("seed") };
	dep.n_drops = 1;
	gives(&dep, DIALECT_ANTHROPIC, "{\"\":1,\"a\":1}", "{\"\":1,\"a\":1}");
}

TESTS(CASE_ROW(defaults_only_where_nothing_is), CASE_ROW(gemini_keeps_them_one_level_down),
      CASE_ROW(what_a_dialect_has_not_is_left_out), CASE_ROW(extra_body_wins), CASE_ROW(drops))
