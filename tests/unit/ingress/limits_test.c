/*
 * tests/unit/ingress/limits_test.c - limits and the choice of a deployment, on counters of their own.
 * Proves T-13.
 */
#include "ingress/choose.h"
#include "ingress/limits.h"

#include "../check.h"

static struct ingress in;
static struct generation gen;

static void fresh(void)
{
	struct diag d;

	if (in.loop == NULL)
		in.loop = loop_new(16, &d);
	if (in.counters == NULL)
		in.counters = mmap(NULL, sizeof *in.counters, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	else
		(void)madvise(in.counters, sizeof *in.counters, MADV_DONTNEED);
	in.n_workers = 2;
	in.gen = &gen;
	in.rng = 88172645463325252u;
	gen.policy = (struct policy){ .cooldown_ms = 5000, .allowed_fails = 2 };
}

CASE(requests_per_minute)
{
	struct key key = { .slot = 5, .rpm = 3, .tpm = -1, .parallel = -1, .budget_pico = -1 };
	struct reply_limits lim = { .limit_requests = -1, .limit_tokens = -1 };
	struct diag d = { 0 };
	int ok = 0;

	fresh();
	for (int i = 0; i < 5; i++)
		ok += limits_admit(&in, &key, &lim, &d) == OK;
	/* A minute may turn over in between; then a few more pass. */
	CHECK(ok == 3 || ok == 5);
	CHECK(lim.limit_requests == 3);
	CHECK(ok == 5 || (d.err == ERR_RATE && lim.retry_after_s >= 1 && lim.retry_after_s <= 60));
}

CASE(parallel_counts_all_workers)
{
	struct key key = { .slot = 9, .rpm = -1, .tpm = -1, .parallel = 2, .budget_pico = -1 };
	struct reply_limits lim = { 0 };
	struct diag d = { 0 };

	fresh();
	in.worker = 0;
	CHECK(limits_admit(&in, &key, &lim, &d) == OK);
	in.worker = 1;
	CHECK(limits_admit(&in, &key, &lim, &d) == OK);
	CHECK(limits_admit(&in, &key, &lim, &d) == ERR_RATE);
	limits_release(&in, 9);
	CHECK(limits_admit(&in, &key, &lim, &d) == OK);
	in.worker = 0;
}

CASE(budget_and_tokens)
{
	struct key key = { .slot = 1, .rpm = -1, .tpm = 100, .parallel = -1, .budget_pico = 1000 };
	struct reply_limits lim = { 0 };
	struct diag d = { 0 };

	fresh();
	CHECK(limits_admit(&in, &key, &lim, &d) == OK);
	limits_spend(&in, 1, 100, 10);
	CHECK(limits_admit(&in, &key, &lim, &d) == ERR_RATE);
	limits_spend(&in, 1, 0, 990);
	CHECK(limits_admit(&in, &key, &lim, &d) == ERR_BUDGET);
}

static const struct limits_share none;

CASE(calls_under_way_take_tokens)
{
	struct key key = { .slot = 3, .rpm = -1, .tpm = 100, .parallel = -1, .budget_pico = -1 };
	struct reply_limits lim = { 0 };
	struct diag d = { 0 };

	fresh();
	limits_pend(&in, 3, none, (struct limits_share){ 0, 60 });
	CHECK(limits_admit(&in, &key, &lim, &d) == OK && lim.remaining_tokens == 40);
	in.worker = 1;
	limits_pend(&in, 3, none, (struct limits_share){ 0, 500 });
	in.worker = 0;
	CHECK(limits_admit(&in, &key, &lim, &d) == ERR_RATE && lim.retry_after_s == 1);
	CHECK(str_find(str_z(diag_text(&d)), S("under way")) != SIZE_MAX);
	in.worker = 1;
	limits_pend(&in, 3, (struct limits_share){ 0, 500 }, (struct limits_share){ 0, 10 });
	in.worker = 0;
	limits_spend(&in, 3, 29, 0); /* used, and what may yet be: one is left */
	CHECK(limits_admit(&in, &key, &lim, &d) == OK && lim.remaining_tokens == 1);
	limits_spend(&in, 3, 71, 0);
	CHECK(limits_admit(&in, &key, &lim, &d) == ERR_RATE && lim.retry_after_s > 0);
	CHECK(str_find(str_z(diag_text(&d)), S("under way")) == SIZE_MAX);
}

CASE(calls_under_way_take_budget)
{
	struct key key = { .slot = 2, .rpm = -1, .tpm = -1, .parallel = -1, .budget_pico = 1000 };
	struct reply_limits lim = { 0 };
	struct diag d = { 0 };

	fresh();
	limits_pend(&in, 2, none, (struct limits_share){ 600, 0 });
	CHECK(limits_admit(&in, &key, &lim, &d) == OK && lim.retry_after_s == 0);
	in.worker = 1; /* all workers' count */
	limits_pend(&in, 2, none, (struct limits_share){ 400, 0 });
	CHECK(limits_admit(&in, &key, &lim, &d) == ERR_RATE && lim.retry_after_s == 1);
	in.worker = 0;
	limits_spend(&in, 2, 10, 100); /* it cost less than it might have */
	limits_pend(&in, 2, (struct limits_share){ 600, 0 }, none);
	CHECK(limits_admit(&in, &key, &lim, &d) == OK);
	limits_spend(&in, 2, 10, 900);
	CHECK(limits_admit(&in, &key, &lim, &d) == ERR_BUDGET);
	key.budget_pico = -1;
	CHECK(limits_admit(&in, &key, &lim, &d) == OK);
}

CASE(models_of_a_key)
{
	struct str names[] = { SC("gpt-4o"), SC("claude-*"), SC("group-a") };
	struct str group = SC("group-a");
	struct key key = { .models = names, .n_models = 3 };
	struct policy_model m = { .name = S("x") };

	CHECK(limits_model(&key, &gen.policy, S("gpt-4o"), &m));
	CHECK(limits_model(&key, &gen.policy, S("claude-3"), &m));
	CHECK(!limits_model(&key, &gen.policy, S("gpt-4"), &m));
	m.access_groups = &group;
	m.n_access_groups = 1;
	CHECK(limits_model(&key, &gen.policy, S("gpt-4"), &m));
}

static void deployments(struct policy_deployment *d, unsigned n)
{
	gen.policy.deployments = d;
	gen.policy.n_deployments = n;
	for (unsigned i = 0; i < n; i++)
		d[i].cooldown_ms = UINT32_MAX;
}

CASE(weights_and_order)
{
	struct policy_deployment d[3] = { { .weight = 9 }, { .weight = 1 }, { .weight = 5, .order = 2 } };
	uint32_t index[] = { 0, 1, 2 };
	struct policy_model m = { .deployments = index, .n_deployments = 3 };
	unsigned got[3] = { 0 };
	struct choice c;

	fresh();
	deployments(d, 3);
	d[0].order = d[1].order = 1;
	for (int i = 0; i < 10000; i++) {
		CHECK(choose_deployment(&in, &gen.policy, &m, NULL, 0, false, 0, &c) == OK);
		got[c.index]++;
	}
	CHECK(got[0] > 8700 && got[0] < 9300 && got[2] == 0);
	uint32_t tried[] = { 0, 1 };
	CHECK(choose_deployment(&in, &gen.policy, &m, tried, 2, false, 0, &c) == OK && c.index == 2);
}

CASE(cooldown)
{
	struct policy_deployment d[2] = { 0 };
	uint32_t index[] = { 0, 1 };
	struct policy_model m = { .deployments = index, .n_deployments = 2 };
	struct choice c;

	fresh();
	deployments(d, 2);
	choose_failed(&in, &gen.policy, 0, 500, -1, 0);
	choose_failed(&in, &gen.policy, 0, 500, -1, 0);
	CHECK(atomic_load(&in.counters->deployments[0].cool_until_ms) == 0);
	choose_failed(&in, &gen.policy, 0, 429, -1, 60000);
	for (int i = 0; i < 20; i++)
		CHECK(choose_deployment(&in, &gen.policy, &m, NULL, 0, false, 0, &c) == OK && c.index == 1);
	choose_failed(&in, &gen.policy, 1, 404, -1, 0);
	CHECK(choose_deployment(&in, &gen.policy, &m, NULL, 0, false, 0, &c) == ERR_BUSY);
	CHECK(c.retry_after_s >= 4 && c.retry_after_s <= 6);
	fresh();
	deployments(d, 2);
	choose_failed(&in, &gen.policy, 0, 429, 1, 0); /* allowed_fails_policy: one is none */
	CHECK(atomic_load(&in.counters->deployments[0].cool_until_ms) == 0);
	choose_failed(&in, &gen.policy, 0, 429, 1, 0);
	CHECK(atomic_load(&in.counters->deployments[0].cool_until_ms) != 0);
}

CASE(context_window)
{
	struct policy_deployment d[1] = { { .max_input_tokens = 100 } };
	uint32_t index[] = { 0 };
	struct policy_model m = { .deployments = index, .n_deployments = 1 };
	struct choice c;

	fresh();
	deployments(d, 1);
	CHECK(choose_deployment(&in, &gen.policy, &m, NULL, 0, false, 200, &c) == OK);
	gen.policy.pre_call_checks = true;
	CHECK(choose_deployment(&in, &gen.policy, &m, NULL, 0, false, 200, &c) == ERR_LIMIT);
}

TESTS(CASE_ROW(requests_per_minute), CASE_ROW(parallel_counts_all_workers), CASE_ROW(budget_and_tokens), CASE_ROW(calls_under_way_take_budget), CASE_ROW(calls_under_way_take_tokens),
      CASE_ROW(models_of_a_key), CASE_ROW(weights_and_order), CASE_ROW(cooldown), CASE_ROW(context_window))
