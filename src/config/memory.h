/*
 * config/memory.h - how much memory the gate may take at worst, from base/limits.h and the
 * configuration. Ring 0.
 */
#ifndef CONFIG_MEMORY_H
#define CONFIG_MEMORY_H

#include "base/buf.h"

#include <stdint.h>

struct memory_worst {
	uint64_t worker_bytes; /* of one pair: pools, rings, bodies, what is read of connections */
	uint64_t call_bytes;   /* more for each call whose answer is as large as answers may be */
	uint64_t calls;	       /* at once, all workers together */
};

/* memory_worst computes it for so many workers; max_parallel is global_max_parallel_requests, 0 for
 * none. What the libraries take for TLS and the database is not in it. */
struct memory_worst memory_worst(uint32_t workers, uint32_t max_parallel);

/* memory_tell appends it as one sentence. */
void memory_tell(const struct memory_worst *m, uint32_t workers, struct buf *out);

#endif
