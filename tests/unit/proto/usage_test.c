/* tests/unit/proto/usage_test.c - also the windows of proto/counters.h */
#include "proto/counters.h"
#include "proto/usage.h"

#include "../check.h"

static struct usage_file file;
static struct usage_record out[USAGE_SLOTS];

CASE(in_order_and_bounded)
{
	struct usage_record r = { .key = 1 };

	CHECK(usage_peek(&file, 0, out, 10) == 0);
	for (uint32_t i = 0; i < USAGE_SLOTS; i++) {
		r.key = i;
		CHECK(usage_room(&file) && usage_put(&file, &r) == OK);
	}
	CHECK(!usage_room(&file) && usage_put(&file, &r) == ERR_BUSY);
	CHECK(usage_peek(&file, 0, out, USAGE_SLOTS) == USAGE_SLOTS);
	CHECK(out[0].seq == 1 && out[USAGE_SLOTS - 1].seq == USAGE_SLOTS && out[5].key == 5);
	atomic_store(&file.tail, 2);
	CHECK(usage_put(&file, &r) == OK && usage_put(&file, &r) == OK && usage_put(&file, &r) == ERR_BUSY);
	CHECK(usage_peek(&file, USAGE_SLOTS, out, 10) == 2 && out[1].seq == USAGE_SLOTS + 2);
	/* A head that lies gives nothing. */
	atomic_store(&file.head, UINT64_MAX);
	CHECK(usage_peek(&file, 5, out, 10) == 0);
	atomic_store(&file.head, 3);
	CHECK(usage_peek(&file, 5, out, 10) == 0);
}

CASE(text)
{
	char field[4];

	usage_text(field, 4, S("ab"));
	CHECK(memcmp(field, "ab\0\0", 4) == 0);
	usage_text(field, 4, S("abcdef"));
	CHECK(memcmp(field, "abcd", 4) == 0);
	usage_text(field, 4, S("abc\xc3\xa4"));
	CHECK(memcmp(field, "abc\0", 4) == 0);
	usage_text(field, 4, S("ab\xe2\x82\xac"));
	CHECK(memcmp(field, "ab\0\0", 4) == 0);
}

CASE(windows)
{
	_Atomic uint64_t w = 0;

	CHECK(counter_add(&w, 100, 3) == 0 && counter_add(&w, 100, 4) == 3 && counter_read(&w, 100) == 7);
	CHECK(counter_read(&w, 101) == 0 && counter_add(&w, 101, 1) == 0 && counter_read(&w, 101) == 1);
	CHECK(counter_add(&w, 101, UINT64_MAX) == 1);
	CHECK(counter_add(&w, 101, 5) == (UINT64_C(1) << 40) - 1 && counter_read(&w, 101) == (UINT64_C(1) << 40) - 1);
}

TESTS(CASE_ROW(in_order_and_bounded), CASE_ROW(text), CASE_ROW(windows))
