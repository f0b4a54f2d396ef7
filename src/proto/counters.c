/*
 * proto/counters.c - windows of one minute in shared memory.
 * Runs in: ingress, keeper.
 */
#include "proto/counters.h"

#include <assert.h>

enum { COUNT_BITS = 40 };
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)
#define MINUTE_MASK ((UINT64_C(1) << (64 - COUNT_BITS)) - 1)

uint64_t counter_add(_Atomic uint64_t *window, uint64_t minute, uint64_t n)
{
	uint64_t was = atomic_load_explicit(window, memory_order_relaxed), next, sum;

	minute &= MINUTE_MASK;
	do {
		sum = was >> COUNT_BITS == minute ? was & COUNT_MASK : 0;
		/* It stops at its maximum: a wrapped count would open the limit. */
		next = n > COUNT_MASK - sum ? COUNT_MASK : sum + n;
		next |= minute << COUNT_BITS;
	} while (!atomic_compare_exchange_weak_explicit(window, &was, next, memory_order_relaxed,
							memory_order_relaxed));
	return sum;
}

uint64_t counter_read(const _Atomic uint64_t *window, uint64_t minute)
{
	uint64_t v = atomic_load_explicit(window, memory_order_relaxed);

	return v >> COUNT_BITS == (minute & MINUTE_MASK) ? v & COUNT_MASK : 0;
}
