/*
 * sys/loop.h - the event loop: epoll, edge-triggered, with timers. Ring 1. One per process, one
 * thread. Lifetime rule: nothing is freed inside a callback; loop_defer runs the freeing after the
 * turn.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include "base/diag.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* A watched descriptor; embedded in its owner. ready has EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP,
 * EPOLLERR. */
struct watch {
	int fd;
	uint32_t events; /* armed */
	void (*on_ready)(struct watch *, uint32_t ready);
};

/* A timer; embedded in its owner. Zero it before first use. Setting and cancelling are O(1);
 * precision is about 10 ms up to a minute, coarser after. */
struct timer {
	struct timer *next, **link; /* NULL while idle */
	uint64_t at_ms;
	void (*on_expire)(struct timer *);
};

/* A piece of work put off to the end of the turn. */
struct deferred {
	struct deferred *next;
	bool queued;
	void (*on_run)(struct deferred *);
};

/* loop_new makes a loop for about fds_max descriptors; NULL with d set. Release with loop_free. */
struct loop *loop_new(unsigned fds_max, struct diag *d);
void loop_free(struct loop *l);

/* loop_watch arms w for events (EPOLLET is implied); calling it again changes them. loop_unwatch
 * must come before the descriptor is closed; events of this turn still queued for w are then not
 * delivered. */
MUST_USE enum err loop_watch(struct loop *l, struct watch *w, uint32_t events);
void loop_unwatch(struct loop *l, struct watch *w);

/* timer_set (re)arms t to fire once, after_ms from now. timer_cancel is legal on an idle timer. */
void timer_set(struct loop *l, struct timer *t, uint64_t after_ms);
void timer_cancel(struct timer *t);

/* loop_defer runs d once at the end of this turn, after all events; again queued is queued once. */
void loop_defer(struct loop *l, struct deferred *d);

/* The hook runs before each sleep; true says that work is left, so the loop only polls. */
void loop_on_idle(struct loop *l, bool (*on_idle)(void *), void *arg);

/* loop_now_ms: monotonic, taken once per turn. loop_wall_ms: wall clock, likewise; it may jump. */
uint64_t loop_now_ms(const struct loop *l);
uint64_t loop_wall_ms(const struct loop *l);

/* loop_run turns until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

#endif
