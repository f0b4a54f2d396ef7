/*
 * tests/unit/ingress/bodies_test.c - memory of request bodies: classes, reuse, exhaustion.
 * Proves T-12, T-14.
 */
#include "ingress/bodies.h"

#include "base/limits.h"

#include "../check.h"

/* A process has one for its whole life, so there is no way to free them; kept here they are not lost. */
static struct bodies *kept[8];

static struct bodies *fresh(void)
{
	static unsigned n;

	struct diag d = { 0 };
	int fd = memfd_create("arena", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, LIMIT_ARENA) != 0)
		abort();
	struct bodies *b = bodies_new(fd, &d);
	(void)close(fd);
	CHECK(b != NULL && n < 8);
	kept[n++ % 8] = b;
	return b;
}

CASE(small_is_private_large_is_shared)
{
	struct bodies *b = fresh();
	struct body small, large;

	CHECK(body_alloc(b, &small, 0) == OK && !small.shared && small.p != NULL);
	CHECK(body_alloc(b, &large, 20000) == OK && large.shared && large.cap >= 20000);
	CHECK(bodies_used(b) == large.cap);
	memset(large.p, 'x', large.cap);
	body_free(b, &small);
	body_free(b, &large);
	CHECK(bodies_used(b) == 0);
}

CASE(free_twice_is_free_once)
{
	struct bodies *b = fresh();
	struct body one, two, three;

	CHECK(body_alloc(b, &one, 100000) == OK);
	body_free(b, &one);
	CHECK(one.p == NULL && one.cap == 0);
	body_free(b, &one);
	CHECK(bodies_used(b) == 0);
	CHECK(body_alloc(b, &two, 100000) == OK && body_alloc(b, &three, 100000) == OK);
	CHECK(two.at != three.at);
	body_free(b, &two);
	body_free(b, &three);
}

CASE(last_in_first_out)
{
	struct bodies *b = fresh();
	struct body one, two;

	CHECK(body_alloc(b, &one, 40000) == OK);
	uint64_t at = one.at;
	body_free(b, &one);
	CHECK(body_alloc(b, &two, 50000) == OK && two.at == at);
	body_free(b, &two);
}

CASE(grow_keeps_what_is_there)
{
	struct bodies *b = fresh();
	struct body body;

	CHECK(body_alloc(b, &body, 10) == OK);
	memcpy(body.p, "0123456789", 10);
	body.n = 10;
	CHECK(body_grow(b, &body, 5) == OK && !body.shared);
	CHECK(body_grow(b, &body, 1 << 20) == OK && body.shared && body.n == 10);
	CHECK(memcmp(body.p, "0123456789", 10) == 0);
	char *p = body.p;
	CHECK(body_grow(b, &body, 1 << 20) == OK && body.p == p);
	body_free(b, &body);
	CHECK(bodies_used(b) == 0);
}

CASE(a_full_arena_refuses_and_recovers)
{
	enum { MOST = 16 };
	struct bodies *b = fresh();
	struct body list[MOST], one;
	unsigned n = 0;

	while (n < MOST && body_alloc(b, &list[n], LIMIT_BODY) == OK)
		n++;
	CHECK(n == LIMIT_ARENA / LIMIT_BODY);
	CHECK(bodies_used(b) == LIMIT_ARENA);
	CHECK(body_alloc(b, &one, LIMIT_BODY) == ERR_BUSY);
	CHECK(body_alloc(b, &one, 30000) == ERR_BUSY);
	CHECK(body_grow(b, &list[0], 2 * LIMIT_BODY) == ERR_BUSY && list[0].cap == LIMIT_BODY);
	body_free(b, &list[3]);
	CHECK(body_alloc(b, &list[3], LIMIT_BODY) == OK);
	CHECK(body_alloc(b, &one, (size_t)LIMIT_BODY * 4) == ERR_LIMIT);
	while (n-- > 0)
		body_free(b, &list[n]);
	CHECK(bodies_used(b) == 0);
}

/* A burst of bodies of one size must not leave the arena unfit for all others. */
CASE(small_blocks_become_large_ones_again)
{
	enum { MOST = LIMIT_ARENA / (32 << 10) };
	static struct body list[MOST];
	struct bodies *b = fresh();
	struct body large;

	for (unsigned i = 0; i < MOST; i++) {
		CHECK(body_alloc(b, &list[i], 20000) == OK);
		CHECK(i == 0 || list[i].at != list[i - 1].at);
	}
	CHECK(body_alloc(b, &large, 20000) == ERR_BUSY);
	for (unsigned i = 0; i < MOST; i += 2)
		body_free(b, &list[i]);
	CHECK(body_alloc(b, &large, 40000) == ERR_BUSY); /* no two that lie side by side */
	for (unsigned i = 1; i < MOST; i += 2)
		body_free(b, &list[i]);
	CHECK(bodies_used(b) == 0);
	for (unsigned i = 0; i < LIMIT_ARENA / (2 * LIMIT_BODY); i++)
		CHECK(body_alloc(b, &list[i], (size_t)2 * LIMIT_BODY) == OK);
	CHECK(bodies_used(b) == LIMIT_ARENA);
	for (unsigned i = 0; i < LIMIT_ARENA / (2 * LIMIT_BODY); i++)
		body_free(b, &list[i]);
}

TESTS(CASE_ROW(small_is_private_large_is_shared), CASE_ROW(free_twice_is_free_once),
      CASE_ROW(last_in_first_out), CASE_ROW(grow_keeps_what_is_there),
      CASE_ROW(a_full_arena_refuses_and_recovers), CASE_ROW(small_blocks_become_large_ones_again))
