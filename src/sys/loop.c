/*
 * sys/loop.c - epoll, edge-triggered, and a hierarchical timer wheel.
 *
 * The wheel: WHEEL_LEVELS levels of 64 slots, a slot of level n being 64 times as long as one of
 * level n - 1. A timer goes into the lowest level that reaches its time; when time comes to a slot
 * of a higher level, that slot's timers are dealt out to the levels below. One 64-bit map per level
 * says which slots may hold something, so the next wake-up is found with a few bit operations
 * however many timers there are. A timer that is armed anew before it fires (an idle timeout,
 * nearly always) costs two list operations.
 */
#include "sys/loop.h"

#include "sys/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	TICK_MS = 8,
	WHEEL_BITS = 6,
	WHEEL_SLOTS = 1 << WHEEL_BITS,
	WHEEL_LEVELS = 5, /* 64^5 ticks: 99 days; later timers are dealt out again */
	BATCH = 256,      /* events taken from the kernel at once */
	SLEEP_MAX_MS = 60000,
};

struct loop {
	int ep;
	bool stop;
	int n_events, at_event; /* of this turn */
	struct epoll_event *events;
	uint64_t now_ms, wall_ms;
	uint64_t tick; /* all timers up to this one have fired */
	uint64_t maps[WHEEL_LEVELS];
	struct timer *slots[WHEEL_LEVELS][WHEEL_SLOTS];
	struct deferred *first, **last;
	bool (*on_idle)(void *);
	void *idle_arg;
};

struct loop *loop_new(unsigned fds_max, struct diag *d)
{
	struct loop *l = calloc(1, sizeof *l);
	unsigned batch = fds_max < BATCH ? fds_max + 1 : BATCH;

	if (l != NULL)
		l->events = calloc(batch, sizeof *l->events);
	if (l == NULL || l->events == NULL) {
		free(l);
		(void)diag_set(d, ERR_NOMEM, "no memory for the event loop");
		return NULL;
	}
	l->n_events = (int)batch;
	l->ep = epoll_create1(EPOLL_CLOEXEC);
	if (l->ep < 0) {
		(void)diag_set(d, ERR_SYS, "cannot make an epoll instance: %s", strerror(errno));
		free(l->events);
		free(l);
		return NULL;
	}
	l->last = &l->first;
	l->now_ms = clock_mono_ns() / 1000000;
	l->wall_ms = clock_wall_ns() / 1000000;
	l->tick = l->now_ms / TICK_MS;
	return l;
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	/* Owners may outlive the loop and cancel later: leave their timers idle. */
	for (unsigned level = 0; level < WHEEL_LEVELS; level++)
		for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++)
			while (l->slots[level][slot] != NULL)
				timer_cancel(l->slots[level][slot]);
	(void)close(l->ep);
	free(l->events);
	free(l);
}

/* ---- descriptors ---- */

enum err loop_watch(struct loop *l, struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events | EPOLLET, .data = { .ptr = w } };
	int op = w->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	assert(w->on_ready != NULL);
	if (epoll_ctl(l->ep, op, w->fd, &ev) != 0)
		return ERR_SYS;
	w->events = ev.events;
	return OK;
}

void loop_unwatch(struct loop *l, struct watch *w)
{
	if (w->events == 0)
		return;
	w->events = 0;
	/* It can only fail when the owner closed the descriptor first, which is against the
	 * contract. */
	int gone = epoll_ctl(l->ep, EPOLL_CTL_DEL, w->fd, NULL);
	assert(gone == 0);
	(void)gone;
	for (int i = l->at_event; i < l->n_events; i++)
		if (l->events[i].data.ptr == w)
			l->events[i].data.ptr = NULL;
}

/* ---- timers ---- */

static void put(struct timer **slot, struct timer *t)
{
	t->next = *slot;
	t->link = slot;
	if (t->next != NULL)
		t->next->link = &t->next;
	*slot = t;
}

/* place puts t where its time lies, tick or later; a timer beyond the wheel's reach goes as far as
 * it can. */
static void place(struct loop *l, struct timer *t)
{
	const uint64_t reach = (uint64_t)1 << (WHEEL_BITS * WHEEL_LEVELS);
	uint64_t due = t->at_ms / TICK_MS + (t->at_ms % TICK_MS != 0);
	unsigned level = 0;

	if (due < l->tick)
		due = l->tick;
	if (due - l->tick >= reach)
		due = l->tick + reach - 1;
	while ((due - l->tick) >> (WHEEL_BITS * (level + 1)))
		level++;
	unsigned slot = (unsigned)(due >> (WHEEL_BITS * level)) & (WHEEL_SLOTS - 1);
	put(&l->slots[level][slot], t);
	l->maps[level] |= (uint64_t)1 << slot;
}

void timer_set(struct loop *l, struct timer *t, uint64_t after_ms)
{
	assert(t->on_expire != NULL);
	timer_cancel(t);
	t->at_ms = after_ms > UINT64_MAX / 2 ? UINT64_MAX / 2 : l->now_ms + after_ms;
	/* The slot of the current tick has been served: what is due at once waits for the next. */
	if (t->at_ms <= l->tick * TICK_MS)
		t->at_ms = l->tick * TICK_MS + 1;
	place(l, t);
}

void timer_cancel(struct timer *t)
{
	if (t->link == NULL)
		return;
	/* The slot's bit in the map stays set; it is cleared when time gets there. */
	*t->link = t->next;
	if (t->next != NULL)
		t->next->link = t->link;
	t->next = NULL;
	t->link = NULL;
}

/* next_tick gives the first tick at which a slot may have something to do, UINT64_MAX when there is
 * none. */
static uint64_t next_tick(const struct loop *l)
{
	uint64_t best = UINT64_MAX;

	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		uint64_t map = l->maps[level];
		if (map == 0)
			continue;
		uint64_t at = l->tick >> (WHEEL_BITS * level);
		unsigned slot = (unsigned)at & (WHEEL_SLOTS - 1);
		unsigned by = (slot + 1) &
			      (WHEEL_SLOTS - 1); /* the slot after this one comes first */
		uint64_t turned = by ? map >> by | map << (WHEEL_SLOTS - by) : map;
		uint64_t then = at + 1 + (uint64_t)__builtin_ctzll(turned);
		if (then << (WHEEL_BITS * level) < best)
			best = then << (WHEEL_BITS * level);
	}
	return best;
}

/* detach empties a slot into *list and returns whether there was anything. */
static void detach(struct loop *l, unsigned level, unsigned slot, struct timer **list)
{
	l->maps[level] &= ~((uint64_t)1 << slot);
	*list = l->slots[level][slot];
	l->slots[level][slot] = NULL;
	if (*list != NULL)
		(*list)->link = list;
}

static void serve_tick(struct loop *l)
{
	struct timer *list, *t;

	for (unsigned level = WHEEL_LEVELS - 1; level > 0; level--) {
		if (l->tick & (((uint64_t)1 << (WHEEL_BITS * level)) - 1))
			continue;
		detach(l, level, (unsigned)(l->tick >> (WHEEL_BITS * level)) & (WHEEL_SLOTS - 1),
		       &list);
		while ((t = list) != NULL) {
			timer_cancel(t);
			place(l, t);
		}
	}
	detach(l, 0, (unsigned)l->tick & (WHEEL_SLOTS - 1), &list);
	while ((t = list) != NULL) {
		timer_cancel(t);
		t->on_expire(t);
	}
}

static void run_timers(struct loop *l)
{
	uint64_t now = l->now_ms / TICK_MS;

	while (l->tick < now) {
		uint64_t next = next_tick(l);
		l->tick = next < now ? next : now;
		if (next <= now)
			serve_tick(l);
	}
}

/* ---- the turn ---- */

void loop_defer(struct loop *l, struct deferred *d)
{
	if (d->queued)
		return;
	d->queued = true;
	d->next = NULL;
	*l->last = d;
	l->last = &d->next;
}

static void run_deferred(struct loop *l)
{
	struct deferred *d = l->first;

	l->first = NULL;
	l->last = &l->first;
	while (d != NULL) {
		struct deferred *next = d->next; /* running d may free it */
		d->queued = false;
		d->on_run(d);
		d = next;
	}
}

void loop_on_idle(struct loop *l, bool (*on_idle)(void *), void *arg)
{
	l->on_idle = on_idle;
	l->idle_arg = arg;
}

uint64_t loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

uint64_t loop_wall_ms(const struct loop *l)
{
	return l->wall_ms;
}

static int sleep_ms(const struct loop *l)
{
	uint64_t next = next_tick(l);

	if (l->first != NULL || l->stop)
		return 0;
	if (next > (l->now_ms + SLEEP_MAX_MS) / TICK_MS)
		return SLEEP_MAX_MS;
	uint64_t at = next * TICK_MS;
	return at > l->now_ms ? (int)(at - l->now_ms) : 0;
}

static void turn(struct loop *l, int batch)
{
	bool busy = l->on_idle != NULL && l->on_idle(l->idle_arg);
	int n = epoll_wait(l->ep, l->events, batch, busy ? 0 : sleep_ms(l));

	assert(n >= 0 || errno == EINTR);
	l->now_ms = clock_mono_ns() / 1000000;
	l->wall_ms = clock_wall_ns() / 1000000;
	l->n_events = n > 0 ? n : 0;
	for (l->at_event = 0; l->at_event < l->n_events; l->at_event++) {
		struct watch *w = l->events[l->at_event].data.ptr;
		if (w != NULL)
			w->on_ready(w, l->events[l->at_event].events);
	}
	run_timers(l);
	run_deferred(l);
	l->n_events = 0;
	l->at_event = 0;
}

void loop_run(struct loop *l)
{
	int batch = l->n_events;

	l->n_events = 0;
	while (!l->stop)
		turn(l, batch);
	l->stop = false;
	l->n_events = batch;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
