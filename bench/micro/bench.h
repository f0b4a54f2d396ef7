/*
 * bench/micro/bench.h - one measured row: name, bytes, nanoseconds for one call, GB/s, tabs
 * between. The quickest of several rounds is kept: on a shared machine the others measure the
 * neighbours.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_CHECK(cond)                                                                  \
	do {                                                                               \
		if (!(cond)) {                                                             \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #cond); \
			exit(1);                                                           \
		}                                                                          \
	} while (0)

/* A bench that is alone in its process may count the CPU's time. */
#ifndef BENCH_CLOCK
#define BENCH_CLOCK CLOCK_MONOTONIC
#endif

static inline double bench_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(BENCH_CLOCK, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* bench_row calls run(text) often enough, 15 rounds of about 4 ms, and prints the row. */
static inline void bench_row(const char *name, struct str text, void (*run)(struct str text))
{
	double best = 1e18;
	size_t calls = 1;

	for (double took = 0; took < 4e6; calls *= 2) {
		double from = bench_now_ns();
		for (size_t i = 0; i < calls; i++)
			run(text);
		took = bench_now_ns() - from;
	}
	calls = calls > 1 ? calls / 2 : 1;
	for (int round = 0; round < 15; round++) {
		double from = bench_now_ns();
		for (size_t i = 0; i < calls; i++)
			run(text);
		double ns = (bench_now_ns() - from) / (double)calls;
		best = ns < best ? ns : best;
	}
	printf("%s\t%zu\t%.0f\t%.2f\n", name, text.n, best, (double)text.n / best);
	(void)fflush(stdout);
}

#endif
