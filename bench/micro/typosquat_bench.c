/*
 * bench/micro/typosquat_bench.c - what it costs to compare a name with the much-used ones: the first look-up,
 * which makes the table's forms, and those after it. Prints name, bytes, ns and GB/s as the others do.
 */
#include "inspect/typosquat.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 20 };

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static const struct str names[] = {
	SC("requests"), SC("reqeusts"), SC("typing-extensions"), SC("our-own-internal-package"),
	SC("django-rest-framework-something"), SC("ws"), SC("beautifulsup4"), SC("zzqx"),
};

int main(void)
{
	enum { NAMES = sizeof names / sizeof names[0] };
	double first = 1e18, then = 1e18;
	size_t found = 0;

	for (unsigned r = 0; r < ROUNDS; r++) {
		struct typosquats t;
		struct arena a;
		arena_init(&a, 8 << 20);
		typosquats_init(&t, &a);
		double began = now_ns();
		found += typosquat_slip(&t, ECO_PYPI, names[0]).near != NEAR_NONE;
		double made = now_ns();
		for (size_t i = 0; i < NAMES; i++)
			found += typosquat_slip(&t, ECO_PYPI, names[i]).near != NEAR_NONE;
		double done = now_ns();
		first = made - began < first ? made - began : first;
		then = (done - made) / NAMES < then ? (done - made) / NAMES : then;
		arena_done(&a);
	}
	printf("typosquat/first-name\t0\t%.0f\t0\n", first);
	printf("typosquat/name\t0\t%.0f\t0\n", then);
	return found == 0;
}
