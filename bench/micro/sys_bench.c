/*
 * bench/micro/sys_bench.c - what crossing from ingress to egress and arming a timer cost.
 * Prints name, bytes, ns and GB/s, separated by tabs. The quickest of several rounds counts.
 */
#include "sys/loop.h"
#include "sys/ring.h"

#include "bench/micro/bench.h"

#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RING = 4 << 20, TIMERS = 10000, TRIPS = 20000 };

static struct ring_tx tx;
static struct ring_rx rx;
static struct loop *loop;
static struct timer timers[TIMERS];
static unsigned turn;

/* cross is a request's share when rings are busy: in, published, out, given back. */
static void cross(struct str frame)
{
	struct str got;
	void *p = ring_reserve(&tx, (uint32_t)frame.n);

	BENCH_CHECK(p != NULL);
	memcpy(p, frame.p, frame.n);
	ring_commit(&tx, (uint32_t)frame.n);
	ring_publish(&tx);
	BENCH_CHECK(ring_next(&rx, &got) == OK && got.n == frame.n);
	(void)ring_release(&rx);
}

static void idle_turn(struct str unused)
{
	(void)unused;
	ring_publish(&tx);
	(void)ring_sleep(&rx);
	ring_awake(&rx);
}

static void on_expire(struct timer *t)
{
	(void)t;
}

/* rearm moves one of ten thousand idle timeouts, as every request does. */
static void rearm(struct str unused)
{
	(void)unused;
	timer_set(loop, &timers[turn++ % TIMERS], 60000);
}

static void wait_for(struct ring_rx *r, int fd, struct str *out)
{
	struct pollfd p = { fd, POLLIN, 0 };
	uint64_t n;

	while (ring_next(r, out) == ERR_AGAIN) {
		if (ring_sleep(r))
			continue;
		(void)poll(&p, 1, 10000);
		ssize_t got = read(fd, &n, sizeof n);
		(void)got;
	}
	ring_awake(r);
}

static void send_one(struct ring_tx *t)
{
	memset(ring_reserve(t, 64), 1, 64);
	ring_commit(t, 64);
	ring_publish(t);
}

/* ping_pong is one round trip between two processes that sleep in between: the low-load case. */
static void ping_pong(void)
{
	int fd[2], wake[2];
	struct ring_tx t;
	struct ring_rx r;
	struct str got;

	for (int i = 0; i < 2; i++)
		BENCH_CHECK(ring_make(RING, &fd[i], &wake[i], NULL) == OK);
	pid_t pid = fork();
	int mine = pid == 0;
	BENCH_CHECK(ring_tx_open(&t, fd[mine], wake[mine], NULL) == OK);
	BENCH_CHECK(ring_rx_open(&r, fd[!mine], wake[!mine], NULL) == OK);
	double from = bench_now_ns();
	for (int i = 0; i < TRIPS; i++) {
		if (!mine)
			send_one(&t);
		wait_for(&r, wake[!mine], &got);
		(void)ring_release(&r);
		if (mine)
			send_one(&t);
	}
	if (mine)
		_exit(0);
	printf("ring round trip, both asleep\t64\t%.0f\t0\n", (bench_now_ns() - from) / TRIPS);
	(void)waitpid(pid, NULL, 0);
}

int main(void)
{
	static char bytes[65536];
	int fd, wake;

	BENCH_CHECK(ring_make(RING, &fd, &wake, NULL) == OK);
	BENCH_CHECK(ring_tx_open(&tx, fd, wake, NULL) == OK && ring_rx_open(&rx, fd, wake, NULL) == OK);
	bench_row("ring frame, busy", (struct str){ bytes, 64 }, cross);
	bench_row("ring frame, busy", (struct str){ bytes, 4096 }, cross);
	bench_row("ring frame, busy", (struct str){ bytes, 65528 }, cross);
	bench_row("ring turn without a frame", S("-"), idle_turn);
	loop = loop_new(8, NULL);
	for (int i = 0; i < TIMERS; i++) {
		timers[i].on_expire = on_expire;
		timer_set(loop, &timers[i], (uint64_t)(60000 + i));
	}
	bench_row("timer armed anew", S("-"), rearm);
	ping_pong();
	return 0;
}
