/*
 * tests/unit/check.h - the whole test framework: CHECK, CASE, and a main that runs the cases.
 *
 *	CASE(empty_object) { CHECK(json_ok(S("{}"))); }
 *	TESTS(empty_object, ...)
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int check_failed;

#define CHECK(cond)                                                                       \
	do {                                                                              \
		if (!(cond)) {                                                            \
			fprintf(stderr, "%s:%d: CHECK(%s) failed\n", __FILE__, __LINE__, #cond); \
			check_failed++;                                                   \
		}                                                                         \
	} while (0)

#define CHECK_STR(got, want)                                                              \
	do {                                                                              \
		struct str got_ = (got), want_ = (want);                                  \
		if (!str_eq(got_, want_)) {                                               \
			fprintf(stderr, "%s:%d: got  '%.*s'\n%*swant '%.*s'\n", __FILE__, __LINE__, \
				FMT(got_), 0, "", FMT(want_));                            \
			check_failed++;                                                   \
		}                                                                         \
	} while (0)

struct check_case {
	const char *name;
	void (*run)(void);
};

#define CASE(name) static void name(void)

/* check_guard copies s so that it ends at an unmapped page: one byte too far crashes. */
__attribute__((unused)) static struct str check_guard(struct str s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (s.n + page - 1) / page * page;
	char *at = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at + room, page, PROT_NONE) != 0)
		abort();
	if (s.n)
		memcpy(at + room - s.n, s.p, s.n);
	return (struct str){ at + room - s.n, s.n };
}

__attribute__((unused)) static void check_unguard(struct str s)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (s.n + page - 1) / page * page;

	/* The pointer was made from the mapping's end, so the base is found from there. */
	(void)munmap((void *)(uintptr_t)(s.p + s.n - room), room + page);
}

__attribute__((unused)) static int check_main(const struct check_case *cases, size_t n)
{
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		int before = check_failed;
		cases[i].run();
		if (check_failed != before) {
			fprintf(stderr, "FAIL %s\n", cases[i].name);
			bad++;
		}
	}
	printf("%zu passed, %d failed\n", n - (size_t)bad, bad);
	return bad ? 1 : 0;
}

#define CASE_ROW(name) { #name, name }
#define TESTS(...)                                                                        \
	int main(void)                                                                    \
	{                                                                                 \
		static const struct check_case cases[] = { __VA_ARGS__ };                 \
		return check_main(cases, sizeof cases / sizeof cases[0]);                 \
	}

#endif
