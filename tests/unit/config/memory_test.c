/* tests/unit/config/memory_test.c - the sentence about memory. */
#include "config/memory.h"

#include "base/limits.h"

#include "../check.h"

CASE(calls_are_bounded)
{
	CHECK(memory_worst(1, 0).calls == LIMIT_CONNS);
	CHECK(memory_worst(4, 0).calls == 4 * (uint64_t)LIMIT_CONNS);
	CHECK(memory_worst(4, 100).calls == 100);
	CHECK(memory_worst(1, UINT32_MAX).calls == LIMIT_CONNS);
	CHECK(memory_worst(1, 0).worker_bytes > LIMIT_ARENA);
	CHECK(memory_worst(1, 0).call_bytes > LIMIT_RESPONSE);
}

CASE(one_sentence)
{
	struct memory_worst m = { .worker_bytes = 3 << 20, .call_bytes = 2 << 20, .calls = 7 };
	struct buf b;

	buf_init(&b, 1024);
	memory_tell(&m, 2, &b);
	CHECK_STR(buf_str(&b), S("memory at worst: 6 MB for 2 workers, and 2 MB more for each call with the "
				 "largest answer, 7 calls at once (global_max_parallel_requests)"));
	buf_free(&b);
}

TESTS(CASE_ROW(calls_are_bounded), CASE_ROW(one_sentence))
