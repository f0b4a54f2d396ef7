/* config/memory.c - the bounds of base/limits.h, multiplied and added. Ring 0. */
#include "config/memory.h"

#include "base/limits.h"

struct memory_worst memory_worst(uint32_t workers, uint32_t max_parallel)
{
	uint64_t conn = LIMIT_CONN_SLOT + LIMIT_CALL_SLOT + 2 * LIMIT_HEAD;
	uint64_t upstream = LIMIT_UPSTREAM_READ;
	struct memory_worst m = {
		.worker_bytes = LIMIT_ARENA + 2 * (uint64_t)LIMIT_RING + LIMIT_TURN +
				2 * (uint64_t)LIMIT_RESPONSE + LIMIT_CONNS * conn +
				LIMIT_UPSTREAM_CONNS * upstream,
		/* The answer as it came, what is held back of it, and twice that on its way out. */
		.call_bytes = LIMIT_CALL_ARENA + 4 * (uint64_t)LIMIT_RESPONSE + LIMIT_FRAME +
			      LIMIT_STREAM_CREDIT,
		.calls = (uint64_t)workers * LIMIT_CONNS,
	};

	if (max_parallel && max_parallel < m.calls)
		m.calls = max_parallel;
	return m;
}

void memory_tell(const struct memory_worst *m, uint32_t workers, struct buf *out)
{
	buf_addf(
		out,
		"memory at worst: %llu MB for %u worker%s, and %llu MB more for each call with the "
		"largest answer, %llu calls at once (global_max_parallel_requests)",
		(unsigned long long)(m->worker_bytes * workers >> 20), workers,
		workers == 1 ? "" : "s", (unsigned long long)(m->call_bytes >> 20),
		(unsigned long long)m->calls);
}
