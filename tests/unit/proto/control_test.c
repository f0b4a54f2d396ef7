/* tests/unit/proto/control_test.c */
#include "base/rd.h"
#include "proto/control.h"

#include "../check.h"

static struct control_key sample(void)
{
	struct control_key k = {
		.id = 7, .slot = 9, .mask = KEY_ALIAS | KEY_RPM, .name = S("sk-...wxyz"), .alias = S("team a"),
		.metadata = S("{\"a\":1}"), .models = { S("gpt-4o"), S("claude*") }, .n_models = 2,
		.created_ms = 1, .expires_ms = 2, .rpm = 60, .tpm = -1, .parallel = -1, .budget_pico = 5,
		.soft_budget_pico = -1, .budget_period_s = 3600, .budget_reset_ms = 4, .spent_pico = 3,
		.blocked = true,
	};

	memset(k.hash, 0xab, 32);
	return k;
}

CASE(key_round_trip)
{
	struct control_key k = sample(), got;
	struct buf b;

	buf_init(&b, LIMIT_CONTROL);
	control_key_encode(&k, &b);
	struct str in = check_guard(buf_str(&b));
	CHECK(control_key_decode(&got, in) == OK);
	CHECK(got.id == 7 && got.slot == 9 && got.mask == k.mask && got.blocked && got.n_models == 2);
	CHECK_STR(got.models[1], S("claude*"));
	CHECK(memcmp(got.hash, k.hash, 32) == 0 && got.rpm == 60 && got.tpm == -1);
	for (size_t cut = 0; cut < in.n; cut++)
		CHECK(control_key_decode(&got, str_head(in, cut)) != OK);
	buf_addc(&b, 0);
	CHECK(control_key_decode(&got, buf_str(&b)) == ERR_SYNTAX);
	check_unguard(in);
	buf_free(&b);
}

CASE(key_refuses_nonsense)
{
	struct control_key k = sample(), got;
	struct buf b;

	buf_init(&b, LIMIT_CONTROL);
	k.rpm = -2;
	control_key_encode(&k, &b);
	CHECK(control_key_decode(&got, buf_str(&b)) == ERR_SYNTAX);
	k.rpm = 1;
	k.expires_ms = -1;
	buf_reset(&b);
	control_key_encode(&k, &b);
	CHECK(control_key_decode(&got, buf_str(&b)) == ERR_SYNTAX);
	k.expires_ms = 1;
	k.budget_period_s = INT64_C(1) << 61; /* in milliseconds that were nothing, modulo 2^64 */
	buf_reset(&b);
	control_key_encode(&k, &b);
	CHECK(control_key_decode(&got, buf_str(&b)) == ERR_SYNTAX);
	k.budget_period_s = 100 * 366 * INT64_C(86400);
	buf_reset(&b);
	control_key_encode(&k, &b);
	CHECK(control_key_decode(&got, buf_str(&b)) == OK);
	buf_free(&b);
}

CASE(rows_and_replies)
{
	struct buf b;
	struct control_call c = { .number = 5, .model_asked = S("m"), .cost_pico = -1, .status = 200 }, gc;
	struct control_sum s = { .day = 20000, .model = S("m"), .calls = 3 }, gs;
	struct control_spend_query q = { .request_id = S("r"), .before = 9, .count = 10 }, gq;

	buf_init(&b, LIMIT_CONTROL);
	control_call_encode(&c, &b);
	CHECK(control_call_decode(&gc, buf_str(&b)) == OK && gc.cost_pico == -1 && gc.number == 5);
	buf_reset(&b);
	control_sum_encode(&s, &b);
	CHECK(control_sum_decode(&gs, buf_str(&b)) == OK && gs.calls == 3 && gs.day == 20000);
	buf_reset(&b);
	control_spend_query_encode(&q, &b);
	CHECK(control_spend_query_decode(&gq, buf_str(&b)) == OK && gq.before == 9);
	buf_reset(&b);
	control_reply_encode(ERR_EXISTS, S("there is a key"), &b);
	wr_u32(&b, 77);
	struct rd r = rd_from(buf_str(&b));
	enum err e;
	struct str text;
	control_reply_read(&r, &e, &text);
	CHECK(e == ERR_EXISTS && rd_u32(&r) == 77 && rd_end(&r) == OK);
	CHECK_STR(text, S("there is a key"));
	r = rd_from(S("\xff\xff\xff\xff\0\0\0\0"));
	control_reply_read(&r, &e, &text);
	CHECK(e == ERR_SYS && rd_end(&r) == ERR_SYNTAX);
	buf_free(&b);
}

TESTS(CASE_ROW(key_round_trip), CASE_ROW(key_refuses_nonsense), CASE_ROW(rows_and_replies))
