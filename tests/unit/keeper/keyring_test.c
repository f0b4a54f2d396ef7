/* tests/unit/keeper/keyring_test.c - keys, their slots and budgets, and the lines of the audit log about them */
#include "keeper/keyring.h"

#include "base/rd.h"
#include "codec/json.h"
#include "crypto/sha256.h"
#include "keeper/leaf.h"

#include "../check.h"

#include <sqlite3.h>

static char dir[] = "/tmp/yett-keyring-XXXXXX";
static char path[64];
static struct store *store;
static struct counters *counters;
static struct keyring *ring;
static struct diag d;
static struct buf out;

/* What ingress would have been told. */
static unsigned sets, drops;
static uint32_t last_slot;
static uint8_t last_hash[32];

static void on_change(void *ctx, uint16_t type, struct str body)
{
	struct control_key k;

	(void)ctx;
	if (type == MSG_KEY_SET) {
		sets++;
		CHECK(control_key_decode(&k, body) == OK);
		last_slot = k.slot;
		memcpy(last_hash, k.hash, 32);
	} else {
		struct rd r = rd_from(body);
		drops++;
		last_slot = rd_u32(&r);
		CHECK(type == MSG_KEY_DROP && rd_end(&r) == OK);
	}
}

static void start(void)
{
	CHECK(store_open(path, &store, &d) == OK);
	memset(counters, 0, sizeof *counters);
	CHECK(keyring_open(ring, store, counters, &d) == OK);
	ring->on_change = on_change;
}

static void stop(void)
{
	keyring_close(ring);
	store_close(store);
}

CASE(begin)
{
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof path, "%s/yett.db", dir);
	counters = calloc(1, sizeof *counters);
	ring = calloc(1, sizeof *ring);
	buf_init(&out, LIMIT_CONTROL);
	start();
}

static enum err request(uint16_t type, struct str body, int64_t now)
{
	d = (struct diag){ 0 };
	buf_reset(&out);
	return keyring_request(ring, type, body, S("test"), now, &out, &d);
}

static enum err create(struct control_key *k, const char *secret, int64_t now, char *out_secret)
{
	struct buf key, b;

	buf_init(&key, LIMIT_CONTROL);
	buf_init(&b, LIMIT_CONTROL);
	control_key_encode(k, &key);
	wr_str(&b, buf_str(&key));
	wr_bool(&b, secret != NULL);
	wr_str(&b, str_z(secret));
	enum err e = request(MSG_KEY_CREATE, buf_str(&b), now);
	if (e == OK) {
		struct rd r = rd_from(buf_str(&out));
		CHECK(control_key_decode(k, rd_str(&r, LIMIT_CONTROL)) == OK);
		struct str s = rd_str(&r, 256);
		CHECK(rd_end(&r) == OK);
		if (out_secret)
			(void)snprintf(out_secret, 80, "%.*s", FMT(s));
	}
	buf_free(&key);
	buf_free(&b);
	return e;
}

static enum err named(uint16_t type, const char *name, int flag, struct control_key *k)
{
	char room[512];
	struct buf b;

	buf_fixed(&b, room, sizeof room);
	wr_str(&b, str_z(name));
	if (flag >= 0)
		wr_bool(&b, flag);
	if (type == MSG_KEY_ROTATE)
		wr_str(&b, S(""));
	enum err e = request(type, buf_str(&b), 2000);
	struct rd r = rd_from(buf_str(&out));
	if (e == OK)
		CHECK(control_key_decode(k, rd_str(&r, LIMIT_CONTROL)) == OK);
	return e;
}

static struct control_key blank(void)
{
	return (struct control_key){ .rpm = -1, .tpm = -1, .parallel = -1, .budget_pico = -1, .soft_budget_pico = -1 };
}

CASE(life_of_a_key)
{
	struct control_key k = blank(), got;
	char secret[80], other[80];
	uint8_t hash[32];
	uint32_t cursor = 0, slot;

	k.alias = S("bot");
	CHECK(create(&k, NULL, 1000, secret) == OK && sets == 1 && k.id == 1 && strlen(secret) == 46);
	slot = k.slot;
	sha256(str_z(secret), hash);
	CHECK(memcmp(hash, k.hash, 32) == 0 && memcmp(hash, last_hash, 32) == 0 && k.created_ms == 1000);
	struct control_key same = blank();
	CHECK(create(&same, secret, 1000, NULL) == ERR_EXISTS && strcmp(d.param, "key_alias") == 0 && sets == 1);
	same = blank();
	CHECK(create(&same, NULL, 1000, other) == OK && strcmp(other, secret) != 0 && same.slot != slot);

	CHECK(named(MSG_KEY_GET, secret, -1, &got) == OK && got.id == 1);
	CHECK(named(MSG_KEY_GET, "bot", -1, &got) == OK && got.id == 1);
	CHECK(named(MSG_KEY_GET, "1", -1, &got) == OK && got.id == 1);
	CHECK(named(MSG_KEY_GET, "nobody", -1, &got) == ERR_NOT_FOUND && d.text[0]);
	CHECK(named(MSG_KEY_BLOCK, "bot", 1, &got) == OK && got.blocked && last_slot == slot);

	CHECK(named(MSG_KEY_ROTATE, "bot", 0, &got) == OK && got.id == 1 && got.slot == slot && drops == 1);
	CHECK(memcmp(got.hash, hash, 32) != 0 && memcmp(got.hash, last_hash, 32) == 0);
	CHECK(named(MSG_KEY_GET, secret, -1, &got) == ERR_NOT_FOUND);

	stop();
	start();
	buf_reset(&out);
	CHECK(keyring_next(ring, &cursor, &out) == OK && cursor == 1 && control_key_decode(&got, buf_str(&out)) == OK);
	CHECK(got.slot == slot && got.blocked);
	CHECK(named(MSG_KEY_DELETE, "bot", -1, &got) == OK && drops == 2 && last_slot == slot);
	CHECK(named(MSG_KEY_GET, "bot", -1, &got) == ERR_NOT_FOUND);
	buf_reset(&out);
	CHECK(keyring_next(ring, &cursor, &out) == OK && cursor == 2);
	buf_reset(&out);
	CHECK(keyring_next(ring, &cursor, &out) == ERR_NOT_FOUND);
}

CASE(malformed_is_told_from_refused)
{
	struct control_key k = blank();

	CHECK(request(MSG_KEY_GET, S("x"), 1) == ERR_SYNTAX && d.text[0] == '\0');
	CHECK(request(MSG_KEY_CREATE, S(""), 1) == ERR_SYNTAX && d.text[0] == '\0');
	CHECK(request(MSG_KEY_UPDATE, S("zzzz"), 1) == ERR_SYNTAX && d.text[0] == '\0');
	k.alias = S("a\nb");
	CHECK(create(&k, NULL, 1, NULL) == ERR_SYNTAX && d.text[0] != '\0');
	k = blank();
	CHECK(create(&k, "sk-15-long-0000", 1, NULL) == ERR_SYNTAX);
	k = blank();
	CHECK(create(&k, "sk-has space 1234", 1, NULL) == ERR_SYNTAX && d.text[0] != '\0');
}

static struct usage_record paid(uint32_t key, int64_t cost)
{
	struct usage_record r = { .key = key, .start_ms = 1, .end_ms = 2, .status = 200, .attempts = 1, .cost_pico = cost };

	usage_text(r.deployment, USAGE_TEXT, S("d"));
	return r;
}

CASE(budgets_begin_anew)
{
	struct control_key k = blank(), got;
	char name[16];

	k.budget_pico = 1000;
	k.budget_period_s = 10;
	CHECK(create(&k, NULL, 100000, NULL) == OK && k.budget_reset_ms == 110000);
	(void)snprintf(name, sizeof name, "%u", k.id);
	struct usage_record r = paid(k.id, 700);
	CHECK(store_begin(store, &d) == OK && store_calls(store, &r, 1, &d) == OK && store_commit(store, &d) == OK);
	atomic_store(&counters->keys[k.slot].spent_pico, 700); /* ingress counts at once */

	/* A change in between loses nothing of what was spent. */
	CHECK(named(MSG_KEY_BLOCK, name, 0, &got) == OK && got.spent_pico == 700);
	stop();
	start();
	CHECK(named(MSG_KEY_GET, name, -1, &got) == OK && got.spent_pico == 700);
	CHECK(named(MSG_KEY_ROTATE, name, 0, &got) == OK && got.spent_pico == 700);

	unsigned before = sets;
	keyring_tick(ring, 109999);
	CHECK(sets == before);
	keyring_tick(ring, 110000);
	/* Whatever an ingress left there, what is recorded counts once it has ended. */
	atomic_store(&counters->keys[got.slot].spent_pico, INT64_MAX);
	keyring_recount(ring);
	CHECK(atomic_load(&counters->keys[got.slot].spent_pico) == 0);
	CHECK(sets == before + 1 && atomic_load(&counters->keys[got.slot].spent_pico) == 0);
	CHECK(named(MSG_KEY_GET, name, -1, &got) == OK && got.spent_pico == 0 && got.budget_reset_ms == 120000);
	/* A database that cannot be read now can be later. */
	sqlite3 *beside;
	CHECK(sqlite3_open(path, &beside) == SQLITE_OK);
	CHECK(sqlite3_exec(beside, "ALTER TABLE key RENAME TO away", NULL, NULL, NULL) == SQLITE_OK);
	keyring_tick(ring, 120000);
	CHECK(sqlite3_exec(beside, "ALTER TABLE away RENAME TO key", NULL, NULL, NULL) == SQLITE_OK);
	CHECK(sqlite3_close(beside) == SQLITE_OK);
	keyring_tick(ring, 121000);
	CHECK(named(MSG_KEY_GET, name, -1, &got) == OK && got.budget_reset_ms == 130000);
	/* Down for long: the next period is the one that now is in. */
	keyring_tick(ring, 555555);
	CHECK(named(MSG_KEY_GET, name, -1, &got) == OK && got.budget_reset_ms == 560000);
	stop();
	start();
	CHECK(named(MSG_KEY_GET, name, -1, &got) == OK && got.spent_pico == 0 && got.budget_reset_ms == 560000);
}

CASE(slots_are_used_again)
{
	struct control_key k, got;
	char name[16];
	uint32_t count = ring->count;

	for (unsigned i = 0; i < 300; i++) {
		k = blank();
		CHECK(create(&k, NULL, 1, NULL) == OK);
		(void)snprintf(name, sizeof name, "%u", k.id);
		CHECK(named(MSG_KEY_DELETE, name, -1, &got) == OK && got.slot == k.slot);
	}
	CHECK(ring->count == count);
}

CASE(lines_are_json)
{
	char line[LEAF_MAX];
	struct usage_record r = paid(7, 5);
	const struct json *v;
	struct arena a;
	struct buf b;
	struct control_key k = blank();

	arena_init(&a, 1 << 20);
	memset(r.model_asked, '"', USAGE_TEXT);
	memset(r.end_user, '\\', USAGE_TEXT);
	memset(r.request_id, 1, USAGE_ID);
	memset(r.model_served, 0x1f, USAGE_TEXT);
	r.input = r.output = r.cache_read = r.cache_write = r.reasoning = r.cost_pico = INT64_MAX;
	r.end_ms = INT64_MAX;
	r.start_ms = 0;
	r.policy_generation = UINT64_MAX;
	size_t n = leaf_call(UINT64_MAX, &r, line);
	CHECK(n <= LEAF_MAX && json_read(&a, (struct str){ line, n }, &v, NULL) == OK);
	CHECK(json_get(v, S("type")) != NULL && json_get(v, S("cost_pico")) != NULL);
	buf_init(&b, LEAF_MAX);
	k.name = S("sk-...\"x");
	k.models[0] = S("m\"");
	k.n_models = 1;
	leaf_key(&b, S("key.create"), S("test"), 5, &k, UINT32_MAX);
	CHECK(b.err == OK && json_read(&a, buf_str(&b), &v, NULL) == OK && json_get(v, S("models")) != NULL);
	buf_free(&b);
	arena_done(&a);
}

/* Keys of the largest size: fewer in one answer, and none is lost between two. */
CASE(large_keys_are_listed_in_parts)
{
	enum { LARGE = 12 };
	char text[KEY_JSON_MAX];
	uint32_t listed = 0, after = 0, n = 1;
	struct control_key k;

	memset(text, ' ', sizeof text);
	text[0] = '{';
	text[sizeof text - 1] = '}';
	for (unsigned i = 0; i < LARGE; i++) {
		k = blank();
		k.metadata = k.aliases = k.tags = (struct str){ text, sizeof text };
		CHECK(create(&k, NULL, 1000, NULL) == OK);
	}
	while (n > 0) {
		char room[8];
		struct buf b;
		buf_fixed(&b, room, sizeof room);
		wr_u32(&b, after);
		wr_u32(&b, 200);
		CHECK(request(MSG_KEY_LIST, buf_str(&b), 1) == OK && out.n < LIMIT_CONTROL - 2048);
		struct rd r = rd_from(buf_str(&out));
		CHECK(rd_u32(&r) == ring->count);
		n = rd_u32(&r);
		for (uint32_t i = 0; i < n; i++, after = k.id)
			CHECK(control_key_decode(&k, rd_str(&r, LIMIT_CONTROL)) == OK && k.id > after);
		CHECK(rd_end(&r) == OK);
		listed += n;
	}
	CHECK(listed == ring->count && listed >= LARGE);
}

CASE(end)
{
	stop();
	(void)unlink(path);
	(void)rmdir(dir);
	free(counters);
	free(ring);
	buf_free(&out);
}

TESTS(CASE_ROW(begin), CASE_ROW(life_of_a_key), CASE_ROW(malformed_is_told_from_refused), CASE_ROW(budgets_begin_anew),
      CASE_ROW(slots_are_used_again), CASE_ROW(lines_are_json), CASE_ROW(large_keys_are_listed_in_parts),
      CASE_ROW(end))
