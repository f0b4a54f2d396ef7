/* sys/clock.c - the clocks. Runs in: every process. */
#include "sys/clock.h"

#include <assert.h>
#include <time.h>

static uint64_t now_ns(clockid_t id)
{
	struct timespec ts = { 0 };
	int r = clock_gettime(id, &ts);

	assert(r == 0);
	(void)r;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

uint64_t clock_wall_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}
