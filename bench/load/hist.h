/*
 * bench/load/hist.h - a histogram of nanoseconds with 512 buckets for each power of two: 0.2 %
 * wide.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>
#include <stdio.h>

enum { HIST_SUB = 1024, HIST_POWERS = 48 };

struct hist {
	uint64_t n, sum;
	uint32_t at[HIST_POWERS * HIST_SUB];
};

static inline void hist_add(struct hist *h, uint64_t ns)
{
	unsigned power = ns < HIST_SUB ? 0 : 63u - (unsigned)__builtin_clzll(ns) - 9;
	uint64_t sub = ns >> power;

	h->n++;
	h->sum += ns;
	if (power < HIST_POWERS)
		h->at[power * HIST_SUB + (sub < HIST_SUB ? sub : HIST_SUB - 1)]++;
}

/* hist_us gives the quantile q, in microseconds. */
static inline double hist_us(const struct hist *h, double q)
{
	uint64_t want = (uint64_t)((double)h->n * q), seen = 0;

	for (unsigned i = 0; i < HIST_POWERS * HIST_SUB; i++) {
		seen += h->at[i];
		if (seen > want)
			return (double)((uint64_t)(i % HIST_SUB) << (i / HIST_SUB)) / 1000;
	}
	return 0;
}

/* hist_print writes "name":{...} in JSON. */
static inline void hist_print(const char *name, const struct hist *h)
{
	printf("\"%s\":{\"n\":%lu,\"mean\":%.2f,\"p50\":%.2f,\"p99\":%.2f,\"p999\":%.2f}", name,
	       (unsigned long)h->n, h->n ? (double)h->sum / (double)h->n / 1000 : 0,
	       hist_us(h, 0.5), hist_us(h, 0.99), hist_us(h, 0.999));
}

#endif
