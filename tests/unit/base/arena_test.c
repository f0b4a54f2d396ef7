/* tests/unit/base/arena_test.c - arrays and texts that grow in an arena. */
#include "../failing.h"
#include "base/arena.c"

#include "tests/unit/check.h"

CASE(room)
{
	struct arena a;
	struct item {
		uint64_t x, y;
	} *items = NULL;
	size_t n = 0, cap = 0;

	arena_init(&a, 1 << 16);
	for (; n < 300; n++) {
		CHECK(ARENA_ROOM(&a, items, n, cap));
		CHECK(cap > n && items[n].x == 0 && items[n].y == 0);
		items[n] = (struct item){ n, ~n };
	}
	for (size_t i = 0; i < n; i++)
		CHECK(items[i].x == i && items[i].y == ~i);
	bool more = true;
	while (more && n < 100000) {
		more = ARENA_ROOM(&a, items, n, cap);
		n += more;
	}
	CHECK(!more && n == cap && items[299].x == 299);
	arena_done(&a);
}

CASE(text)
{
	struct arena a;
	struct arena_text t = { 0 };

	arena_init(&a, 1 << 12);
	CHECK_STR(arena_text_str(&t), S(""));
	CHECK(arena_text_add(&a, &t, (struct str){ NULL, 0 }) == OK);
	for (int i = 0; i < 100; i++)
		CHECK(arena_text_add(&a, &t, S("0123456789")) == OK);
	CHECK(t.n == 1000);
	CHECK_STR(str_head(str_tail(arena_text_str(&t), 985), 10), S("5678901234"));
	enum err e = OK;
	while (e == OK && t.n < 10000)
		e = arena_text_add(&a, &t, S("0123456789"));
	CHECK(e == ERR_NOMEM && t.n < 4096);
	arena_done(&a);
}

CASE(keep)
{
	struct arena a;
	char name[] = "name";
	struct str out = S("before");

	arena_init(&a, 64);
	CHECK(arena_keep(&a, (struct str){ NULL, 0 }, &out) == OK);
	CHECK_STR(out, S("before"));
	CHECK(arena_keep(&a, str_z(name), &out) == OK);
	name[0] = 'g';
	CHECK_STR(out, S("name"));
	CHECK(arena_keep(&a, (struct str){ name, 100 }, &out) == ERR_NOMEM);
	CHECK_STR(out, S("name"));
	arena_done(&a);
}

/* What was left out for want of memory shows in the end, however many arenas' lives later. */
CASE(starved_for_good)
{
	struct arena a;

	arena_init(&a, 64);
	CHECK(arena_alloc(&a, 65, 1) == NULL && !a.starved); /* the budget is no want of memory */
	fail_at = 1;
	CHECK(arena_alloc(&a, 64, 1) == NULL && a.starved);
	CHECK(arena_alloc(&a, 64, 1) != NULL);
	arena_reset(&a);
	arena_done(&a);
	CHECK(a.starved);
}

TESTS(CASE_ROW(starved_for_good), CASE_ROW(room), CASE_ROW(text), CASE_ROW(keep))
