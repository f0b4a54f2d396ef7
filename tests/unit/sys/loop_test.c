/* tests/unit/sys/loop_test.c */
#include "sys/loop.h"

#include "sys/clock.h"

#include "../check.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define OUTER(p, type, member) ((type *)(void *)((char *)(p) - offsetof(type, member)))

struct shot {
	struct timer t;
	struct loop *l;
	unsigned id;
	uint64_t after_ms, fired_ms;
	unsigned times;
};

static unsigned order[64], n_order;
static unsigned stop_after;

static void on_shot(struct timer *t)
{
	struct shot *s = OUTER(t, struct shot, t);

	s->fired_ms = loop_now_ms(s->l);
	s->times++;
	order[n_order++] = s->id;
	if (n_order == stop_after)
		loop_stop(s->l);
}

static struct shot shot(struct loop *l, unsigned id)
{
	return (struct shot){ .t = { .on_expire = on_shot }, .l = l, .id = id };
}

static void arm(struct shot *s, uint64_t after_ms)
{
	s->after_ms = loop_now_ms(s->l) + after_ms;
	timer_set(s->l, &s->t, after_ms);
}

CASE(timers_fire_in_order_and_never_early)
{
	struct loop *l = loop_new(8, NULL);
	struct shot a = shot(l, 1), b = shot(l, 2), c = shot(l, 3), e = shot(l, 4);

	n_order = 0;
	stop_after = 4;
	arm(&c, 600); /* beyond the first level */
	arm(&a, 0);
	arm(&b, 40);
	arm(&e, 700);
	loop_run(l);
	CHECK(n_order == 4 && order[0] == 1 && order[1] == 2 && order[2] == 3 && order[3] == 4);
	CHECK(b.fired_ms >= b.after_ms && b.fired_ms < b.after_ms + 100);
	CHECK(c.fired_ms >= c.after_ms && c.fired_ms < c.after_ms + 100);
	loop_free(l);
}

CASE(a_cancelled_timer_is_silent_and_a_rearmed_one_fires_once)
{
	struct loop *l = loop_new(8, NULL);
	struct shot a = shot(l, 1), b = shot(l, 2), c = shot(l, 3);

	n_order = 0;
	stop_after = 2;
	arm(&a, 20);
	arm(&b, 20);
	arm(&c, 120);
	timer_cancel(&a.t);
	timer_cancel(&a.t);
	arm(&b, 60);
	arm(&b, 80);
	loop_run(l);
	CHECK(a.times == 0 && b.times == 1 && c.times == 1);
	CHECK(b.fired_ms >= b.after_ms);
	/* An owner that outlives its loop may still cancel. */
	arm(&a, 100000);
	loop_free(l);
	timer_cancel(&a.t);
}

struct killer {
	struct shot s;
	struct shot *victim;
};

static void on_kill(struct timer *t)
{
	struct killer *k = OUTER(t, struct killer, s.t);

	timer_cancel(&k->victim->t);
	arm(&k->s, 0); /* from inside its own callback */
	k->s.t.on_expire = on_shot;
}

CASE(a_callback_may_cancel_its_neighbour_and_rearm_itself)
{
	struct loop *l = loop_new(8, NULL);
	struct shot v1 = shot(l, 8), v2 = shot(l, 9), end = shot(l, 2);
	struct killer k = { .s = shot(l, 1), .victim = &v1 }, k2 = { .s = shot(l, 1), .victim = &v2 };

	k.s.t.on_expire = on_kill;
	k2.s.t.on_expire = on_kill;
	n_order = 0;
	stop_after = 3;
	/* All in one slot; whichever order the list has, one killer runs before or after its victim. */
	arm(&v1, 30);
	arm(&k.s, 30);
	arm(&end, 90);
	arm(&k2.s, 30);
	arm(&v2, 60);
	loop_run(l);
	CHECK(v1.times == 0 && v2.times == 0 && k.s.times == 1 && k2.s.times == 1);
	loop_free(l);
}

/* Many timers at random times against the list of what was asked. Times beyond the test are cancelled. */
CASE(a_thousand_timers)
{
	enum { N = 1000 };
	static struct shot all[N];
	struct loop *l = loop_new(8, NULL);
	struct shot end = shot(l, 0);
	uint32_t x = 12345;

	n_order = 0;
	stop_after = 1;
	for (unsigned i = 0; i < N; i++) {
		all[i] = shot(l, i);
		all[i].t.on_expire = on_shot;
		x = x * 1664525u + 1013904223u;
		arm(&all[i], x % 3 == 0 ? 1000 + x % 100000000u : x % 1000);
	}
	for (unsigned i = 0; i < N; i += 2) { /* half of them again */
		x = x * 1664525u + 1013904223u;
		arm(&all[i], x % 1100);
	}
	stop_after = 0;
	n_order = 0;
	arm(&end, 1200);
	unsigned due = 0;
	for (unsigned i = 0; i < N; i++)
		due += all[i].after_ms < end.after_ms - 100;
	CHECK(due > 600);
	order[0] = 0;
	/* on_shot counts into a short table: count by times instead. */
	while (end.times == 0) {
		n_order = 0;
		stop_after = 1;
		loop_run(l);
	}
	unsigned fired = 0;
	for (unsigned i = 0; i < N; i++) {
		if (all[i].times) {
			fired++;
			CHECK(all[i].times == 1 && all[i].fired_ms >= all[i].after_ms);
			CHECK(all[i].fired_ms <= all[i].after_ms + 100);
		} else {
			CHECK(all[i].after_ms > end.after_ms - 100);
		}
		timer_cancel(&all[i].t);
	}
	CHECK(fired >= due);
	loop_free(l);
}

struct end {
	struct watch w;
	struct loop *l;
	struct end *other;
	struct deferred d;
	unsigned times, deferred;
};

static void on_end(struct watch *w, uint32_t ready)
{
	struct end *e = OUTER(w, struct end, w);

	CHECK(ready & EPOLLIN);
	e->times++;
	loop_unwatch(e->l, &e->other->w); /* its event is in this turn's batch, too */
	loop_defer(e->l, &e->d);
	loop_defer(e->l, &e->d);
}

static void on_deferred(struct deferred *d)
{
	struct end *e = OUTER(d, struct end, d);

	e->deferred++;
	loop_stop(e->l);
}

CASE(a_watch_removed_by_another_gets_no_event_of_this_turn)
{
	struct loop *l = loop_new(8, NULL);
	struct end a, b;

	a = (struct end){ { eventfd(1, EFD_NONBLOCK), 0, on_end }, l, &b, { .on_run = on_deferred }, 0, 0 };
	b = (struct end){ { eventfd(1, EFD_NONBLOCK), 0, on_end }, l, &a, { .on_run = on_deferred }, 0, 0 };
	CHECK(loop_watch(l, &a.w, EPOLLIN) == OK);
	CHECK(loop_watch(l, &b.w, EPOLLIN) == OK);
	loop_run(l);
	CHECK(a.times + b.times == 1 && a.deferred + b.deferred == 1);
	loop_unwatch(l, &a.w);
	loop_unwatch(l, &b.w);
	loop_unwatch(l, &b.w);
	(void)close(a.w.fd);
	(void)close(b.w.fd);
	loop_free(l);
}

static unsigned idle_calls;

static bool on_idle(void *arg)
{
	if (++idle_calls == 5)
		loop_stop(arg);
	return true;
}

CASE(the_idle_hook_that_says_busy_does_not_sleep)
{
	struct loop *l = loop_new(8, NULL);
	uint64_t before = clock_mono_ns();

	idle_calls = 0;
	loop_on_idle(l, on_idle, l);
	loop_run(l);
	CHECK(idle_calls == 5 && clock_mono_ns() - before < 1000000000);
	CHECK(loop_wall_ms(l) > 1700000000000);
	loop_free(l);
}

TESTS(CASE_ROW(timers_fire_in_order_and_never_early),
      CASE_ROW(a_cancelled_timer_is_silent_and_a_rearmed_one_fires_once),
      CASE_ROW(a_callback_may_cancel_its_neighbour_and_rearm_itself), CASE_ROW(a_thousand_timers),
      CASE_ROW(a_watch_removed_by_another_gets_no_event_of_this_turn),
      CASE_ROW(the_idle_hook_that_says_busy_does_not_sleep))
