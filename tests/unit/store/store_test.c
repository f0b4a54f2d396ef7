/* tests/unit/store/store_test.c */
#include "store/store.h"

#include "../check.h"

#include <sys/stat.h>

static char dir[] = "/tmp/yett-store-XXXXXX";
static char path[64];
static struct store *s;
static struct diag d;
static struct arena a;

static void fresh(void)
{
	const char *suffix[] = { "", "-wal", "-shm" };
	char name[80];

	store_close(s);
	s = NULL;
	for (int i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof name, "%s%s", path, suffix[i]);
		(void)unlink(name);
	}
	CHECK(store_open(path, &s, &d) == OK);
}

static void reopen(void)
{
	store_close(s);
	s = NULL;
	CHECK(store_open(path, &s, &d) == OK);
}

static struct usage_record call_of(uint32_t key, int64_t end_ms, const char *model, int64_t cost)
{
	struct usage_record r = { .key = key, .start_ms = end_ms - 5, .end_ms = end_ms, .status = 200, .attempts = 1,
				  .input = 10, .output = 20, .cost_pico = cost, .policy_generation = 3 };

	usage_text(r.model_asked, USAGE_TEXT, str_z(model));
	usage_text(r.deployment, USAGE_TEXT, S("dep"));
	usage_text(r.request_id, USAGE_ID, S("req-000000000000000000ab"));
	return r;
}

static struct control_key key_of(uint8_t hash, const char *alias)
{
	struct control_key k = { .name = S("sk-...abcd"), .alias = str_z(alias), .models = { S("a"), S("b") },
				 .n_models = 2, .rpm = -1, .tpm = 5, .parallel = -1, .budget_pico = 100,
				 .soft_budget_pico = -1, .created_ms = 7, .metadata = S("{}") };

	memset(k.hash, hash, 32);
	return k;
}

static void settle(void)
{
	CHECK(store_begin(s, &d) == OK && store_settle(s, &d) == OK && store_commit(s, &d) == OK);
}

CASE(keys)
{
	struct control_key k = key_of(1, "one"), got;
	uint32_t id = 0, id2 = 0, n = 0;
	uint8_t hash[32];

	fresh();
	arena_init(&a, 1 << 20);
	CHECK(store_begin(s, &d) == OK && store_key_add(s, &k, &id, &d) == OK && store_commit(s, &d) == OK);
	CHECK(store_begin(s, &d) == OK && store_key_add(s, &k, &id2, &d) == ERR_EXISTS);
	store_rollback(s);
	k = key_of(2, "one");
	CHECK(store_begin(s, &d) == OK && store_key_add(s, &k, &id2, &d) == ERR_EXISTS);
	store_rollback(s);
	k = key_of(2, "");
	CHECK(store_begin(s, &d) == OK && store_key_add(s, &k, &id2, &d) == OK && store_commit(s, &d) == OK);
	CHECK(id2 > id && store_key_count(s, &n, &d) == OK && n == 2);
	reopen();
	memset(hash, 1, 32);
	CHECK(store_key_by_hash(s, hash, &a, &got, &d) == OK && got.id == id && got.n_models == 2 && got.tpm == 5);
	CHECK_STR(got.models[1], S("b"));
	CHECK(store_key_by_alias(s, S("one"), &a, &got, &d) == OK && got.id == id);
	CHECK(store_key_by_alias(s, S(""), &a, &got, &d) == ERR_NOT_FOUND);
	CHECK(store_key_after(s, id, &a, &got, &d) == OK && got.id == id2);
	CHECK(store_key_after(s, id2, &a, &got, &d) == ERR_NOT_FOUND);
	got.blocked = true;
	got.n_models = 0;
	CHECK(store_begin(s, &d) == OK && store_key_put(s, &got, &d) == OK && store_commit(s, &d) == OK);
	CHECK(store_key_by_id(s, id2, &a, &got, &d) == OK && got.blocked && got.n_models == 0);
	CHECK(store_begin(s, &d) == OK && store_key_delete(s, id, 99, &d) == OK);
	CHECK(store_key_delete(s, id, 99, &d) == ERR_NOT_FOUND && store_commit(s, &d) == OK);
	CHECK(store_key_by_hash(s, hash, &a, &got, &d) == ERR_NOT_FOUND);
	/* The alias and the hash are free again, the number is not. */
	k = key_of(1, "one");
	CHECK(store_begin(s, &d) == OK && store_key_add(s, &k, &n, &d) == OK && store_commit(s, &d) == OK && n > id2);
	arena_done(&a);
}

static unsigned seen;
static struct control_sum sums[8];

static bool on_sum(void *arg, const struct control_sum *row)
{
	(void)arg;
	if (seen < 8)
		sums[seen] = *row;
	seen++;
	return true;
}

static bool on_call(void *arg, const struct control_call *c)
{
	uint64_t *last = arg;

	CHECK(c->number < *last);
	*last = c->number;
	seen++;
	return true;
}

static enum err on_entry(void *arg, uint64_t seq, const struct usage_record *r, struct str event)
{
	uint64_t *next = arg;

	CHECK(seq == ++*next);
	if (seq == 3) {
		CHECK(r == NULL);
		CHECK_STR(event, S("{\"e\":1}"));
	} else
		CHECK(r != NULL && r->input == 10 && strcmp(r->request_id, "req-") > 0);
	return OK;
}

CASE(calls_and_sums)
{
	const int64_t day = 86400000;
	struct control_key k = key_of(1, "one"), got;
	struct usage_record r[4] = { call_of(1, 5 * day, "m1", 100), call_of(1, 5 * day + 1, "m2", 50),
				     call_of(0, 6 * day, "m1", 7), call_of(1, 7 * day, "m1", -1) };
	uint32_t id;
	uint64_t next = 0;

	fresh();
	arena_init(&a, 1 << 20);
	r[3].status = 500;
	CHECK(store_begin(s, &d) == OK && store_key_add(s, &k, &id, &d) == OK && id == 1);
	CHECK(store_calls(s, r, 2, &d) == OK && store_event(s, S("{\"e\":1}"), &d) == OK);
	CHECK(store_calls(s, r + 2, 2, &d) == OK && store_settle(s, &d) == OK && store_commit(s, &d) == OK && store_last(s) == 5);
	reopen();
	CHECK(store_last(s) == 5);
	CHECK(store_key_by_id(s, 1, &a, &got, &d) == OK && got.spent_pico == 150);
	CHECK(store_entries(s, 0, 100, &d, &next, on_entry) == OK && next == 5);

	seen = 0;
	CHECK(store_sums(s, 0, 100, 0, &d, NULL, on_sum) == OK && seen == 1 && sums[0].calls == 4);
	CHECK(sums[0].fails == 1 && sums[0].input == 40);
	seen = 0;
	CHECK(store_sums(s, 0, 100, SUM_DAY | SUM_MODEL, &d, NULL, on_sum) == OK && seen == 4 && sums[0].day == 5);
	seen = 0;
	CHECK(store_sums(s, 6, 6, SUM_KEY, &d, NULL, on_sum) == OK && seen == 1 && sums[0].calls == 1);

	struct control_spend_query q = { .count = 100 };
	uint64_t last = 99, after = 7;
	seen = 0;
	CHECK(store_spend(s, &q, -1, &after, &d, &last, on_call) == OK && seen == 4 && last == 1);
	seen = 0, last = 99;
	CHECK(store_spend(s, &q, 1, &after, &d, &last, on_call) == OK && seen == 3);
	q.from_ms = 6 * day;
	seen = 0, last = 99;
	CHECK(store_spend(s, &q, -1, &after, &d, &last, on_call) == OK && seen == 2 && last == 4);
	q = (struct control_spend_query){ .to_ms = 5 * day + 1, .count = 100 };
	seen = 0, last = 99;
	CHECK(store_spend(s, &q, -1, &after, &d, &last, on_call) == OK && seen == 1 && last == 1);
	q = (struct control_spend_query){ .request_id = S("req-000000000000000000ab"), .count = 5, .before = 4 };
	seen = 0, last = 99;
	CHECK(store_spend(s, &q, -1, &after, &d, &last, on_call) == OK && seen == 1 && last == 2);
	arena_done(&a);
}

CASE(rollback_leaves_nothing)
{
	struct usage_record r = call_of(1, 1000, "m", 5);
	int64_t v;

	fresh();
	CHECK(store_begin(s, &d) == OK && store_calls(s, &r, 1, &d) == OK && store_meta_set(s, S("x"), 9, &d) == OK);
	store_rollback(s);
	CHECK(store_last(s) == 0 && store_meta(s, S("x"), -1, &v, &d) == OK && v == -1);
	store_floor(s, 41);
	CHECK(store_begin(s, &d) == OK && store_calls(s, &r, 1, &d) == OK && store_meta_set(s, S("x"), 9, &d) == OK);
	CHECK(store_commit(s, &d) == OK && store_last(s) == 42 && store_sync(s, &d) == OK);
	CHECK(store_meta(s, S("x"), -1, &v, &d) == OK && v == 9);
}

CASE(many_groups_and_money_without_end)
{
	struct usage_record r = call_of(1, 1000, "m", 0);
	struct control_key k = key_of(1, ""), got;
	uint32_t id;

	fresh();
	arena_init(&a, 1 << 20);
	CHECK(store_begin(s, &d) == OK && store_key_add(s, &k, &id, &d) == OK);
	for (int i = 0; i < 6000; i++) {
		char model[32];
		(void)snprintf(model, sizeof model, "model-%d", i);
		usage_text(r.model_asked, USAGE_TEXT, str_z(model));
		CHECK(store_calls(s, &r, 1, &d) == OK);
	}
	CHECK(store_commit(s, &d) == OK);
	settle();
	seen = 0;
	CHECK(store_sums(s, 0, 100, SUM_MODEL, &d, NULL, on_sum) == OK && seen == 6000);
	r.cost_pico = INT64_C(900000000000000000);
	for (int i = 0; i < 20; i++)
		CHECK(store_begin(s, &d) == OK && store_calls(s, &r, 1, &d) == OK && store_commit(s, &d) == OK);
	settle();
	CHECK(store_key_by_id(s, 1, &a, &got, &d) == OK && got.spent_pico == INT64_C(9000000000000000000));
	arena_done(&a);
}

/* Sums are written now and then; what is missing after a kill or a rollback is counted again, once. */
CASE(sums_catch_up)
{
	struct usage_record r[3] = { call_of(1, 1000, "a", 1), call_of(1, 1000, "b", 10), call_of(2, 1000, "a", 100) };
	struct control_key k = key_of(1, ""), got;
	uint32_t id;

	fresh();
	arena_init(&a, 1 << 20);
	CHECK(store_begin(s, &d) == OK && store_key_add(s, &k, &id, &d) == OK && store_commit(s, &d) == OK);
	for (int i = 0; i < 700; i++)
		CHECK(store_begin(s, &d) == OK && store_calls(s, r, 3, &d) == OK && store_commit(s, &d) == OK);
	CHECK(store_begin(s, &d) == OK && store_calls(s, r, 3, &d) == OK);
	store_rollback(s);
	CHECK(store_begin(s, &d) == OK && store_calls(s, r, 1, &d) == OK && store_commit(s, &d) == OK);
	reopen(); /* nothing was settled since the rollback */
	seen = 0;
	CHECK(store_sums(s, 0, 1, SUM_KEY, &d, NULL, on_sum) == OK && seen == 2);
	CHECK(sums[0].calls == 1401 && sums[0].cost_pico == 7000 && sums[1].calls == 700);
	CHECK(store_key_by_id(s, 1, &a, &got, &d) == OK && got.spent_pico == 700 * 11 + 1);
	reopen();
	CHECK(store_key_by_id(s, 1, &a, &got, &d) == OK && got.spent_pico == 700 * 11 + 1);
	arena_done(&a);
}

CASE(full_disk)
{
	struct usage_record r = call_of(1, 1000, "m", 5);
	enum err e = OK;
	uint64_t n = 0;

	fresh();
	CHECK(store_limit_pages(s, 30, &d) == OK);
	while (e == OK && n < 100000) {
		e = store_begin(s, &d);
		for (int i = 0; i < 10 && e == OK; i++)
			e = store_calls(s, &r, 1, &d);
		if (e == OK)
			e = store_commit(s, &d);
		if (e == OK)
			n += 10;
	}
	CHECK(e == ERR_BUSY);
	store_rollback(s);
	CHECK(store_last(s) == n);
	CHECK(store_limit_pages(s, 0, &d) == OK);
	CHECK(store_begin(s, &d) == OK && store_calls(s, &r, 1, &d) == OK && store_commit(s, &d) == OK);
	CHECK(store_last(s) == n + 1);
	reopen();
	CHECK(store_last(s) == n + 1);
}

CASE(refuses)
{
	struct store *other = NULL;
	char bad[64];

	(void)snprintf(bad, sizeof bad, "%s/no/such.db", dir);
	CHECK(store_open(bad, &other, &d) == ERR_BUSY && other == NULL);
	(void)snprintf(bad, sizeof bad, "%s/junk.db", dir);
	FILE *f = fopen(bad, "w");
	for (int i = 0; f && i < 5000; i++)
		(void)fputc('x', f);
	if (f)
		(void)fclose(f);
	CHECK(store_open(bad, &other, &d) == ERR_SYS && other == NULL);
	(void)unlink(bad);
}

CASE(begin)
{
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof path, "%s/yett.db", dir);
}

CASE(end)
{
	fresh();
	store_close(s);
	(void)unlink(path);
	(void)rmdir(dir);
}

static bool full(void *arg, const struct control_call *c)
{
	(void)c;
	return --*(int *)arg >= 0;
}

/* One of many thousands, the oldest, is found in steps, of which none is told to be the end. */
CASE(a_needle_in_bounded_steps)
{
	struct control_spend_query q = { .count = 5 };
	struct usage_record r = call_of(1, 86400000, "m", 1);
	uint64_t last = UINT64_MAX, after;
	unsigned steps = 0;
	uint32_t id;
	int room = 2;

	fresh();
	struct control_key k = key_of(1, "one");
	CHECK(store_begin(s, &d) == OK && store_key_add(s, &k, &id, &d) == OK && store_calls(s, &r, 1, &d) == OK);
	r.key = 0;
	for (unsigned i = 0; i < 45000; i++)
		CHECK(store_calls(s, &r, 1, &d) == OK);
	CHECK(store_settle(s, &d) == OK && store_commit(s, &d) == OK);
	seen = 0;
	do {
		CHECK(store_spend(s, &q, 1, &after, &d, &last, on_call) == OK);
		CHECK((seen == 1) == (after == 0) && after < (q.before ? q.before : UINT64_MAX));
		q.before = after;
		steps++;
	} while (after && steps < 10);
	CHECK(seen == 1 && last == 1 && steps == 3);
	/* As many as were asked for; and a row that found no room comes again. */
	q.before = 0, last = UINT64_MAX, seen = 0;
	CHECK(store_spend(s, &q, -1, &after, &d, &last, on_call) == OK && seen == 5 && after == last);
	q.before = 0;
	CHECK(store_spend(s, &q, -1, &after, &d, &room, full) == OK && after == store_last(s) - 1);
}

TESTS(CASE_ROW(begin), CASE_ROW(keys), CASE_ROW(calls_and_sums), CASE_ROW(a_needle_in_bounded_steps), CASE_ROW(rollback_leaves_nothing),
      CASE_ROW(many_groups_and_money_without_end), CASE_ROW(sums_catch_up), CASE_ROW(full_disk), CASE_ROW(refuses), CASE_ROW(end))
