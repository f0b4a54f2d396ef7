/*
 * fuzz/count_fuzz.c - replies and requests of the counting endpoints, whatever the bytes.
 * Oracle: a number that is read is written and read again as itself; a body that is unwrapped is an
 * object.
 */
#include "fuzz/fuzz.h"
#include "llm/count.h"

static struct arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct json *root = NULL, *again = NULL;
	char room[128];
	struct buf b;

	if (arena.budget == 0)
		arena_init(&arena, 16 << 20);
	arena_reset(&arena);
	if (json_read(&arena, (struct str){ (const char *)p, n }, &root, NULL) != OK)
		return 0;
	for (unsigned d = 0; d < DIALECT_COUNT; d++) {
		int64_t x = -1, y = -2;
		const struct json *body = llm_count_body((enum llm_dialect)d, root);
		CHECK(body == root || json_is(body, JSON_OBJECT));
		if (llm_count_decode((enum llm_dialect)d, root, &x) != OK)
			continue;
		buf_fixed(&b, room, sizeof room);
		llm_count_encode((enum llm_dialect)d, x, &b);
		CHECK(json_read(&arena, buf_str(&b), &again, NULL) == OK);
		CHECK(llm_count_decode((enum llm_dialect)d, again, &y) == OK && x == y && x >= 0);
	}
	return 0;
}
