/* tests/unit/proto/policy_test.c - the policy blob and its look-ups; the table of upstreams and its secrets. */
#include "proto/policy.h"
#include "proto/upstream.h"

#include "../check.h"

static struct policy_deployment deployments[] = {
	{ .id = SC("d0"), .provider = SC("openai"), .upstream_model = SC("gpt-*"), .base_model = SC(""),
	  .serves = SERVES_OPENAI, .max_retries = -1, .cooldown_ms = UINT32_MAX,
	  .price = { -1, -1, -1, -1, -1 } },
	{ .id = SC("d1"), .provider = SC("gemini"), .upstream_model = SC("g"), .base_model = SC("gemini/base"),
	  .serves = SERVES_GEMINI, .max_retries = 3, .tpm = UINT64_MAX, .price = { -1, -1, -1, -1, -1 } },
	{ .id = SC("d2"), .provider = SC("openai"), .upstream_model = SC("gpt-4o"), .base_model = SC(""),
	  .serves = SERVES_OPENAI, .compatible = true, .price = { 5, 6, -1, -1, -1 } },
};
static uint32_t zero[] = { 0 }, one_two[] = { 1, 2 };
static struct str group[] = { SC("beta") }, to[] = { SC("b"), SC("c") };
static struct policy_model models[] = {
	{ .name = SC("a"), .deployments = one_two, .n_deployments = 2, .access_groups = group, .n_access_groups = 1 },
	{ .name = SC("b"), .deployments = zero, .n_deployments = 1, .hidden = true },
	{ .name = SC("gpt-4*"), .deployments = zero, .n_deployments = 1 },
	{ .name = SC("gpt-*"), .deployments = zero, .n_deployments = 1 },
};
static struct policy_alias aliases[] = { { SC("loop"), SC("loop2"), false }, { SC("loop2"), SC("loop"), false },
					 { SC("old"), SC("a"), true } };
static struct policy_fallback fallbacks[] = { { FALLBACK_CONTEXT, SC("a"), to, 2 } };
static struct policy_price_row prices[] = {
	{ SC("gemini/base"), { 1, 2, 3, 4, 5 }, 10, 20 },
	{ SC("gpt-4o"), { 7, 8, 9, 10, -1 }, 0, 0 },
};

static struct policy sample(void)
{
	return (struct policy){
		.generation = 7, .has_master = true, .key_header = S("x-key"), .price_version = S("v"),
		.deployments = deployments, .n_deployments = 3, .models = models, .n_models = 4, .n_exact = 2,
		.aliases = aliases, .n_aliases = 3, .fallbacks = fallbacks, .n_fallbacks = 1,
		.prices = prices, .n_prices = 2, .strategy = ROUTE_COST, .num_retries = -1, .max_body_bytes = 1000,
		.retry_policy = { -1, 1, 2, 3, 4, 5 }, .always_include_usage = true,
	};
}

CASE(round_trip_and_every_cut)
{
	struct policy p = sample(), q;
	struct buf one, two;
	struct arena a;

	arena_init(&a, 1 << 20);
	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	policy_encode(&p, &one);
	CHECK(policy_decode(&q, buf_str(&one), &a) == OK);
	policy_encode(&q, &two);
	CHECK(str_eq(buf_str(&one), buf_str(&two)));
	CHECK(q.deployments[1].tpm == UINT64_MAX && q.deployments[0].max_retries == -1 && q.num_retries == -1);
	CHECK(q.models[0].deployments[1] == 2 && q.retry_policy.internal == 5 && q.always_include_usage);
	for (size_t n = 0; n < one.n; n++) {
		struct str cut = check_guard(str_head(buf_str(&one), n));
		arena_reset(&a);
		CHECK(policy_decode(&q, cut, &a) != OK);
		check_unguard(cut);
	}
	buf_addc(&one, 0);
	CHECK(policy_decode(&q, buf_str(&one), &a) == ERR_SYNTAX);
	buf_free(&one);
	buf_free(&two);
	arena_done(&a);
}

CASE(bad_indexes_and_order)
{
	struct policy p = sample(), q;
	struct buf b;
	struct arena a;

	arena_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	one_two[1] = 3;
	policy_encode(&p, &b);
	CHECK(policy_decode(&q, buf_str(&b), &a) == ERR_SYNTAX);
	one_two[1] = 2;
	buf_reset(&b);
	p.n_exact = 5;
	policy_encode(&p, &b);
	CHECK(policy_decode(&q, buf_str(&b), &a) == ERR_SYNTAX);
	buf_reset(&b);
	p = sample();
	p.n_exact = 4; /* the wildcards are not sorted as exact names are */
	policy_encode(&p, &b);
	CHECK(policy_decode(&q, buf_str(&b), &a) == ERR_SYNTAX);
	buf_free(&b);
	arena_done(&a);
}

CASE(finding_models)
{
	struct policy p = sample();
	struct str star;

	CHECK(policy_model_find(&p, S("a"), &star) == &models[0] && star.n == 0);
	CHECK(policy_model_find(&p, S("old"), &star) == &models[0]);
	CHECK(policy_model_find(&p, S("loop"), &star) == NULL);
	CHECK(policy_model_find(&p, S("gpt-4o"), &star) == &models[2]);
	CHECK_STR(star, S("o"));
	CHECK(policy_model_find(&p, S("gpt-5"), &star) == &models[3]);
	CHECK(policy_model_find(&p, S("gpt-"), &star) == &models[3] && star.n == 0);
	CHECK(policy_model_find(&p, S("gpt"), &star) == NULL);
	CHECK(policy_model_find(&p, S(""), &star) == NULL);
	CHECK(policy_model_find(&p, S("gpt-4*"), &star) == &models[2]);
}

CASE(finding_prices)
{
	struct policy p = sample();

	CHECK(policy_price_find(&p, &deployments[0], S("gpt-4o")).input == 7);
	CHECK(policy_price_find(&p, &deployments[0], S("gpt-9")).input == -1);
	CHECK(policy_price_find(&p, &deployments[1], S("g")).cache_write == 4);
	struct policy_price own = policy_price_find(&p, &deployments[2], S("gpt-4o"));
	CHECK(own.input == 5 && own.output == 6 && own.cache_read == -1);
	/* A server that only speaks OpenAI's format has not OpenAI's prices. */
	struct policy_deployment like = deployments[2];
	like.price = (struct policy_price){ -1, -1, -1, -1, -1 };
	CHECK(policy_price_find(&p, &like, S("gpt-4o")).input == -1);
}

CASE(upstreams_round_trip_and_every_cut)
{
	static const char pin[32] = "0123456789abcdef0123456789abcde";
	struct upstream rows[] = {
		{ .id = S("d0"), .https = true, .host = S("api.openai.com"), .port = 443, .path_prefix = S("/v1"),
		  .query = S(""), .auth = AUTH_BEARER, .secret = 0, .n_headers = 1, .paths = 1,
		  .headers = { { S("x-team"), 1 } }, .proxied = true, .ca_pem = S(""), .n_pins = 1, .pins = { { pin, 32 } } },
		{ .id = S("d1"), .host = S("::1"), .port = 80, .path_prefix = S(""), .query = S(""),
		  .secret = UPSTREAM_NO_SECRET, .allow_private = true, .ca_pem = S("") },
	};
	struct upstreams t = { .generation = 3, .rows = rows, .n = 2, .n_secrets = 2,
			       .proxy = { S("proxy.example"), 3128, 1 } }, u;
	struct buf one, two;
	struct arena a;

	arena_init(&a, 1 << 20);
	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	upstreams_encode(&t, &one);
	CHECK(upstreams_decode(&u, buf_str(&one), &a) == OK && u.n == 2 && u.rows[1].allow_private);
	CHECK(u.rows[0].proxied && !u.rows[1].proxied && u.proxy.port == 3128 && u.proxy.secret == 1);
	upstreams_encode(&u, &two);
	CHECK(str_eq(buf_str(&one), buf_str(&two)));
	for (size_t n = 0; n < one.n; n++) {
		struct str cut = check_guard(str_head(buf_str(&one), n));
		arena_reset(&a);
		CHECK(upstreams_decode(&u, cut, &a) != OK);
		check_unguard(cut);
	}
	t.proxy.secret = 2; /* past n_secrets */
	buf_reset(&one);
	upstreams_encode(&t, &one);
	CHECK(upstreams_decode(&u, buf_str(&one), &a) == ERR_SYNTAX);
	t.proxy = (struct upstream_proxy){ S(""), 0, 0 }; /* a row that would go through it */
	buf_reset(&one);
	upstreams_encode(&t, &one);
	CHECK(upstreams_decode(&u, buf_str(&one), &a) == ERR_SYNTAX);
	rows[0].proxied = false;
	rows[0].headers[0].secret = 2; /* past n_secrets */
	buf_reset(&one);
	upstreams_encode(&t, &one);
	CHECK(upstreams_decode(&u, buf_str(&one), &a) == ERR_SYNTAX);
	rows[0].headers[0].secret = 1;
	rows[1].secret = 0; /* a secret that nothing sends */
	buf_reset(&one);
	upstreams_encode(&t, &one);
	CHECK(upstreams_decode(&u, buf_str(&one), &a) == ERR_SYNTAX);
	buf_free(&one);
	buf_free(&two);
	arena_done(&a);
}

CASE(secret_memory)
{
	struct str in[] = { S("sk-one"), S(""), S("three") }, got;
	uint8_t map[128];
	size_t n = secrets_size(in, 3);

	CHECK(n <= sizeof map);
	secrets_put(in, 3, map);
	struct str whole = { (const char *)map, n };
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(secrets_get(whole, i, &got) == OK);
		CHECK_STR(got, in[i]);
	}
	CHECK(secrets_get(whole, 3, &got) == ERR_SYNTAX);
	for (size_t cut = 0; cut < n; cut++) {
		struct str part = check_guard(str_head(whole, cut));
		CHECK(secrets_get(part, 2, &got) == ERR_SYNTAX);
		check_unguard(part);
	}
	map[8] = 0; /* the first offset points into the index */
	CHECK(secrets_get(whole, 0, &got) == ERR_SYNTAX);
}

TESTS(CASE_ROW(round_trip_and_every_cut), CASE_ROW(bad_indexes_and_order), CASE_ROW(finding_models),
      CASE_ROW(finding_prices), CASE_ROW(upstreams_round_trip_and_every_cut), CASE_ROW(secret_memory))
