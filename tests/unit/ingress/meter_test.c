/* tests/unit/ingress/meter_test.c - what a call costs. Proves T-43. */
#include "ingress/exchange.h"
#include "ingress/meter.h"

#include "../check.h"

static struct generation gen;
static struct policy_deployment dep;
static struct policy_price found;

static int64_t cost(const struct llm_usage *u, bool *known)
{
	struct exchange x = { .gen = &gen, .dep = &dep, .peek.usage = *u };

	return meter_cost(&x, known);
}

static void price(int64_t in, int64_t out, int64_t read, int64_t write, int64_t think)
{
	dep = (struct policy_deployment){ .upstream_model = S("m"),
					  .provider = S("p"),
					  .price = { in, out, read, write, think } };
	found = policy_price_find(&gen.policy, &dep, dep.upstream_model);
	gen.prices = &found;
}

CASE(plain)
{
	bool known;

	price(150, 600, -1, -1, -1);
	CHECK(cost(&(struct llm_usage){ .input = 1000, .output = 10 }, &known) == 156000 && known);
	CHECK(cost(&(struct llm_usage){ 0 }, &known) == 0 && known);
}

CASE(cached_and_reasoning)
{
	struct llm_usage u = {
		.input = 1000, .cache_read = 400, .cache_write = 100, .output = 50, .reasoning = 20
	};
	bool known;

	price(100, 10, 10, 125, 30);
	CHECK(cost(&u, &known) == 500 * 100 + 400 * 10 + 100 * 125 + 30 * 10 + 20 * 30);
	/* Without prices of their own they cost what input and output cost. */
	price(100, 10, -1, -1, -1);
	CHECK(cost(&u, &known) == 1000 * 100 + 50 * 10);
}

CASE(unknown_and_absurd)
{
	bool known;

	price(-1, -1, -1, -1, -1);
	CHECK(cost(&(struct llm_usage){ .input = 5 }, &known) == 0 && !known);
	price(1, 1, 1, 1, 1);
	/* A provider that counts more cached tokens than tokens earns nothing by it. */
	CHECK(cost(&(struct llm_usage){ .input = 1, .cache_read = 10 }, &known) == 10);
	price(INT64_MAX, 1, -1, -1, -1);
	CHECK(cost(&(struct llm_usage){ .input = INT64_MAX, .output = 3 }, &known) >= 0);
	/* Nor do parts that fit by themselves make a sum that does not. */
	price(1000, 1000, -1, -1, -1);
	CHECK(cost(&(struct llm_usage){ .input = INT64_MAX / 1001, .output = INT64_MAX / 1001 }, &known) == 0);
	struct exchange none = { .gen = &gen };
	CHECK(meter_cost(&none, &known) == 0 && !known);
}

static int64_t expect_with(struct exchange x, const char *request)
{
	struct json toks[32];
	size_t n;

	CHECK(json_parse(str_z(request), toks, 32, &n, NULL) == OK);
	x.gen = &gen;
	x.dep = &dep;
	x.budgeted = true;
	return meter_expect(&x, toks).pico;
}

static int64_t expect(enum llm_dialect client, size_t bytes, const char *request)
{
	return expect_with((struct exchange){ .client = client, .asked_bytes = bytes }, request);
}

CASE(expected)
{
	price(100, 10, -1, -1, -1);
	CHECK(expect(DIALECT_OPENAI, 400, "{\"max_tokens\":7}") == 100 * 100 + 7 * 10);
	CHECK(expect(DIALECT_OPENAI, 0, "{\"max_tokens\":7,\"max_completion_tokens\":9,\"n\":2}") ==
	      2 * 9 * 10);
	CHECK(expect(DIALECT_ANTHROPIC, 0, "{\"max_tokens\":7}") == 7 * 10);
	CHECK(expect(DIALECT_GEMINI, 0,
		     "{\"max_tokens\":7,\"generationConfig\":{\"maxOutputTokens\":5,"
		     "\"candidateCount\":3}}") == 3 * 5 * 10);
	/* A provider may go by the larger of two names, by Gemini's other names, or take a text. */
	CHECK(expect(DIALECT_OPENAI, 0, "{\"max_completion_tokens\":1,\"max_tokens\":70}") == 70 * 10);
	CHECK(expect(DIALECT_GEMINI, 0,
		     "{\"generation_config\":{\"max_output_tokens\":9000,\"candidate_count\":2}}") ==
	      2 * 9000 * 10);
	CHECK(expect(DIALECT_GEMINI, 0, "{\"generationConfig\":{\"maxOutputTokens\":\"9000\"}}") ==
	      9000 * 10);
	CHECK(expect(DIALECT_OPENAI, 0, "{\"max_tokens\":9000.4}") == 9000 * 10);
	CHECK(expect(DIALECT_OPENAI, 0, "{}") == 4096 * 10);
	CHECK(expect(DIALECT_OPENAI, 0, "{\"max_tokens\":-1,\"n\":\"x\"}") == 4096 * 10);
	dep.max_output_tokens = 50;
	CHECK(expect(DIALECT_OPENAI, 0, "{}") == 50 * 10);
	/* Nor does a limit count that the client may have dropped on the way. */
	CHECK(expect_with((struct exchange){ .drops = true }, "{\"max_tokens\":1}") == 50 * 10);
	CHECK(expect_with((struct exchange){ .drops = true }, "{\"max_tokens\":60}") == 60 * 10);
	/* Numbers that overflow leave no room for anything else, rather than all. */
	price(1, INT64_MAX / 4, -1, -1, -1);
	CHECK(expect(DIALECT_OPENAI, 0, "{\"max_tokens\":9000000000000000000,\"n\":128}") > INT64_MAX / 1000000);
	price(-1, -1, -1, -1, -1);
	CHECK(expect(DIALECT_OPENAI, 400, "{\"max_tokens\":7}") == 0);
}

static int64_t tokens(int64_t tpm, size_t bytes, const char *request)
{
	struct exchange x = { .gen = &gen, .dep = &dep, .asked_bytes = bytes, .limits.limit_tokens = tpm };
	struct json toks[32];
	size_t n;

	CHECK(json_parse(str_z(request), toks, 32, &n, NULL) == OK);
	struct limits_share share = meter_expect(&x, toks);
	CHECK(share.pico == 0);
	return share.tokens;
}

CASE(share_of_the_tokens_a_minute)
{
	price(100, 10, -1, -1, -1);
	CHECK(tokens(100000, 400, "{\"max_tokens\":7}") == 107);
	CHECK(tokens(100000, 400, "{\"max_tokens\":7000,\"n\":2}") == 14100);
	CHECK(tokens(100000, 400, "{}") == 1124);
	CHECK(tokens(1000, 400, "{}") == 350);
	CHECK(tokens(1000, 0, "{\"max_tokens\":9000000000000000000,\"n\":9000000000000000000}") == INT64_C(1) << 40);
}

TESTS(CASE_ROW(expected), CASE_ROW(share_of_the_tokens_a_minute), CASE_ROW(plain), CASE_ROW(cached_and_reasoning), CASE_ROW(unknown_and_absurd))
