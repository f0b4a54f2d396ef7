/*
 * proto/counters.h - limits shared by all ingress processes: one memfd, atomics, no locks. Ring 0.
 * Slots are given out by keeper; a key's slot never changes while it is in force.
 */
#ifndef PROTO_COUNTERS_H
#define PROTO_COUNTERS_H

#include "base/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A fixed window of one minute: minute << 40 | count. */
struct counter_key {
	_Alignas(64) _Atomic uint64_t requests, tokens;
	_Atomic int64_t spent_pico;    /* in the current budget period */
};

/* What the calls in flight may come to. */
struct counter_pending {
	_Atomic int64_t pico, tokens;
};

struct counter_deployment {
	_Alignas(64) _Atomic uint64_t requests, tokens, fails, calls;
	_Atomic uint64_t cool_until_ms; /* the monotonic clock, common to all processes */
	_Atomic uint32_t latency_ms;    /* moving average of the first byte */
};

enum { COUNTER_CLASSES = 6 };

/* Totals of one worker, for the metrics. */
struct counter_worker {
	_Alignas(64) _Atomic uint64_t calls, input_tokens, output_tokens, cost_pico;
	_Atomic uint64_t status[COUNTER_CLASSES];
};

struct counters {
	uint32_t n_workers;            /* set by keeper before any worker starts */
	struct counter_key keys[LIMIT_KEYS];
	struct counter_deployment deployments[LIMIT_DEPLOYMENTS];
	/* Calls in flight by worker, so that a dead worker's share can be cleared. */
	_Atomic uint32_t key_parallel[LIMIT_WORKERS][LIMIT_KEYS];
	struct counter_pending key_pending[LIMIT_WORKERS][LIMIT_KEYS];
	_Atomic uint32_t deployment_parallel[LIMIT_WORKERS][LIMIT_DEPLOYMENTS];
	_Atomic uint32_t parallel[LIMIT_WORKERS];
	struct counter_worker workers[LIMIT_WORKERS];
};

/* counter_add adds n to a window at minute and returns the sum before. */
uint64_t counter_add(_Atomic uint64_t *window, uint64_t minute, uint64_t n);

/* counter_read gives the window's sum at minute. */
uint64_t counter_read(const _Atomic uint64_t *window, uint64_t minute);

#endif
