/* tests/unit/ingress/keys_test.c */
#include "ingress/keys.h"

#include "base/le.h"

#include "../check.h"

static struct control_key make(uint32_t slot, uint64_t hash)
{
	struct control_key k = { .id = slot + 100, .slot = slot, .rpm = -1, .tpm = -1, .parallel = -1 };

	memset(k.hash, 7, sizeof k.hash);
	le64_put(k.hash, hash);
	k.alias = S("name");
	k.models[0] = S("gpt");
	k.n_models = 1;
	return k;
}

static const struct key *find(struct keys *k, uint64_t hash)
{
	struct control_key want = make(0, hash);

	return keys_find(k, want.hash);
}

/* Keys whose hashes fall on the same place, removed in every order: nobody else gets lost. */
CASE(collisions_and_removal)
{
	struct keys *k = keys_new();

	for (unsigned gone = 0; gone < 6; gone++) {
		for (uint32_t i = 0; i < 6; i++) {
			struct control_key key = make(i, (uint64_t)(i + 1) << 32 | 0x1fffe);
			CHECK(keys_set(k, &key) == OK);
		}
		keys_drop(k, gone);
		CHECK(keys_count(k) == 5);
		for (uint32_t i = 0; i < 6; i++) {
			const struct key *got = find(k, (uint64_t)(i + 1) << 32 | 0x1fffe);
			CHECK((got == NULL) == (i == gone));
			CHECK(got == NULL || got->slot == i);
		}
	}
	for (uint32_t i = 0; i < 6; i++)
		keys_drop(k, i);
	CHECK(keys_count(k) == 0);
	free(k);
}

CASE(replace_keeps_one)
{
	struct keys *k = keys_new();
	struct control_key a = make(3, 1), b = make(3, 2);

	CHECK(keys_set(k, &a) == OK && keys_set(k, &b) == OK);
	CHECK(keys_count(k) == 1 && find(k, 1) == NULL && find(k, 2) != NULL);
	CHECK_STR(find(k, 2)->models[0], S("gpt"));
	CHECK_STR(find(k, 2)->alias, S("name"));
	struct control_key bad = make(LIMIT_KEYS, 9);
	CHECK(keys_set(k, &bad) == ERR_SYNTAX);
	keys_drop(k, 3);
	keys_drop(k, 3);
	keys_drop(k, LIMIT_KEYS + 5);
	free(k);
}

TESTS(CASE_ROW(collisions_and_removal), CASE_ROW(replace_keeps_one))
