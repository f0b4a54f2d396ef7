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
	for (uint32_t i = 0; i < USAGE_MAX; i++) {
		r.key = i;
		CHECK(usage_room(&file, 0) && usage_room(&file, 1) == (i + 1 < USAGE_MAX));
		CHECK(usage_put(&file, &r) == OK);
	}
	CHECK(!usage_room(&file, 0) && usage_put(&file, &r) == ERR_BUSY);
	CHECK(usage_peek(&file, 0, out, USAGE_MAX) == USAGE_MAX);
	CHECK(out[0].seq == 1 && out[USAGE_MAX - 1].seq == USAGE_MAX && out[5].key == 5);
	atomic_store(&file.tail, 2);
	CHECK(usage_put(&file, &r) == OK && usage_put(&file, &r) == OK && usage_put(&file, &r) == ERR_BUSY);
	CHECK(usage_peek(&file, USAGE_MAX, out, 10) == 2 && out[1].seq == USAGE_MAX + 2);
	/* A head that lies gives nothing. */
	atomic_store(&file.head, UINT64_MAX);
	CHECK(usage_peek(&file, 5, out, 10) == 0);
	atomic_store(&file.head, 3);
	CHECK(usage_peek(&file, 5, out, 10) == 0);
}

/* A reader that keeps up sees every record, and the writer touches little of the file. */
CASE(few_places)
{
	struct usage_record r = { 0 };
	uint64_t read = 0;

	memset(&file, 0, sizeof file);
	for (uint64_t i = 0; i < 5 * USAGE_SLOTS; i++) {
		CHECK(usage_put(&file, &r) == OK);
		if (i % 700 != 0)
			continue;
		uint32_t n = usage_peek(&file, read, out, USAGE_SLOTS);
		for (uint32_t k = 0; k < n; k++)
			CHECK(out[k].seq == read + k + 1);
		read += n;
		atomic_store(&file.tail, read);
	}
	for (uint32_t i = 3 * USAGE_CHUNK; i < USAGE_SLOTS; i++)
		CHECK(file.records[i].seq == 0);
	CHECK(file.records[0].seq > 4 * USAGE_SLOTS);
	/* A reader that falls behind finds what it left, wherever it lies. */
	while (usage_put(&file, &r) == OK)
		;
	CHECK(usage_peek(&file, read, out, USAGE_SLOTS) == USAGE_MAX);
	for (uint32_t k = 0; k < USAGE_MAX; k++)
		CHECK(out[k].seq == read + k + 1);
	/* Whatever stands there, no slot lies outside of the file. */
	memset(file.moved, 0xff, sizeof file.moved);
	for (uint64_t i = 0; i < 2 * USAGE_SLOTS; i++)
		CHECK(usage_slot(file.moved, UINT64_MAX - i) < USAGE_SLOTS);
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

TESTS(CASE_ROW(in_order_and_bounded), CASE_ROW(few_places), CASE_ROW(text), CASE_ROW(windows))
