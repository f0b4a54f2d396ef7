/* tests/unit/sys/ring_test.c */
#include "sys/ring.h"

#include "../check.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

enum { SIZE = 65536 };

/* What the other side could write: the words as ring.c lays them out. */
struct words {
	_Alignas(64) volatile uint64_t head;
	volatile uint64_t origin;
	_Alignas(64) volatile uint64_t tail;
	_Alignas(64) volatile uint32_t sleeping;
	_Alignas(64) volatile uint32_t full;
};

struct both {
	struct ring_tx t;
	struct ring_rx r;
	struct words *w;
	int memfd, wake;
};

static struct both open_both(void)
{
	struct both b = { 0 };

	CHECK(ring_make(SIZE, &b.memfd, &b.wake, NULL) == OK);
	CHECK(ring_tx_open(&b.t, b.memfd, b.wake, NULL) == OK);
	CHECK(ring_rx_open(&b.r, b.memfd, b.wake, NULL) == OK);
	b.w = (struct words *)(void *)b.t.sh;
	return b;
}

static void close_both(struct both *b)
{
	ring_tx_close(&b->t);
	ring_rx_close(&b->r);
	ring_tx_close(&b->t);
	(void)close(b->memfd);
	(void)close(b->wake);
}

static bool put(struct ring_tx *t, uint32_t seed, uint32_t n)
{
	char *p = ring_reserve(t, n);

	if (p == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		p[i] = (char)(seed + i);
	ring_commit(t, n);
	return true;
}

static bool holds(struct str s, uint32_t seed, uint32_t n)
{
	if (s.n != n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (s.p[i] != (char)(seed + i))
			return false;
	return true;
}

static bool awake(int wake)
{
	struct pollfd p = { wake, POLLIN, 0 };
	uint64_t count;

	return poll(&p, 1, 0) == 1 && read(wake, &count, sizeof count) == (ssize_t)sizeof count;
}

CASE(frames_appear_when_published_and_wrap_around)
{
	struct both b = open_both();
	struct str s;

	for (uint32_t round = 0; round < 2000; round++) {
		uint32_t n = round * 37 % 9000;
		CHECK(put(&b.t, round, n) && put(&b.t, round + 1, n / 2));
		CHECK(ring_next(&b.r, &s) == ERR_AGAIN);
		ring_publish(&b.t);
		CHECK(ring_next(&b.r, &s) == OK && holds(s, round, n));
		CHECK(ring_next(&b.r, &s) == OK && holds(s, round + 1, n / 2));
		CHECK(((uintptr_t)s.p & 7) == 0);
		CHECK(ring_next(&b.r, &s) == ERR_AGAIN);
		CHECK(!ring_release(&b.r));
	}
	CHECK(b.t.head > SIZE);
	close_both(&b);
}

CASE(a_full_ring_takes_no_more_and_the_reader_is_told)
{
	struct both b = open_both();
	struct str s;
	unsigned n = 0;

	CHECK(ring_room(&b.t) == SIZE - 8);
	CHECK(ring_reserve(&b.t, SIZE) == NULL && ring_reserve(&b.t, UINT32_MAX) == NULL);
	CHECK(!b.t.broken);
	while (put(&b.t, n, 1000))
		n++;
	CHECK(n == SIZE / 1024 && ring_room(&b.t) == 0);
	ring_publish(&b.t);
	CHECK(ring_next(&b.r, &s) == OK && holds(s, 0, 1000));
	CHECK(!put(&b.t, n, 1000));            /* read, but not yet released */
	CHECK(ring_release(&b.r));             /* the writer waits */
	CHECK(ring_next(&b.r, &s) == OK && !ring_release(&b.r));
	CHECK(ring_room(&b.t) == 2048 - 8);
	CHECK(put(&b.t, n, 2048 - 8) && !put(&b.t, 0, 0));
	/* A frame that fills all of it. */
	ring_publish(&b.t);
	while (ring_next(&b.r, &s) == OK)
		;
	(void)ring_release(&b.r);
	CHECK(put(&b.t, 5, SIZE - 8));
	ring_publish(&b.t);
	CHECK(ring_next(&b.r, &s) == OK && holds(s, 5, SIZE - 8));
	close_both(&b);
}

/* Who keeps up finds all in the first 64 KB and what one turn wrote; unread frames stay where they are. */
CASE(a_writer_goes_back_when_all_is_read)
{
	struct both b = { 0 };
	struct str s;

	CHECK(ring_make(16 * SIZE, &b.memfd, &b.wake, NULL) == OK);
	CHECK(ring_tx_open(&b.t, b.memfd, b.wake, NULL) == OK && ring_rx_open(&b.r, b.memfd, b.wake, NULL) == OK);
	for (uint32_t i = 0; i < 10000; i++) {
		CHECK(put(&b.t, i, 1000) && put(&b.t, i + 1, 500));
		ring_publish(&b.t);
		CHECK(ring_next(&b.r, &s) == OK && holds(s, i, 1000) && s.p < b.r.data + SIZE + 4096);
		CHECK(ring_next(&b.r, &s) == OK && holds(s, i + 1, 500) && s.p < b.r.data + SIZE + 4096);
		(void)ring_release(&b.r);
	}
	for (uint32_t i = 0; i < 500; i++) { /* one frame is always left */
		CHECK(put(&b.t, i, 1000));
		ring_publish(&b.t);
		if (i == 0)
			continue;
		CHECK(ring_next(&b.r, &s) == OK && holds(s, i - 1, 1000));
		(void)ring_release(&b.r);
	}
	CHECK(ring_next(&b.r, &s) == OK && holds(s, 499, 1000) && ring_next(&b.r, &s) == ERR_AGAIN);
	close_both(&b);
}

CASE(the_eventfd_is_written_only_for_a_sleeper)
{
	struct both b = open_both();
	struct str s;

	CHECK(put(&b.t, 0, 10));
	ring_publish(&b.t);
	ring_publish(&b.t);
	CHECK(!awake(b.wake));
	CHECK(ring_sleep(&b.r)); /* there is one already */
	CHECK(ring_next(&b.r, &s) == OK);
	CHECK(!ring_sleep(&b.r));
	ring_publish(&b.t);
	CHECK(!awake(b.wake));
	CHECK(put(&b.t, 0, 10));
	CHECK(!awake(b.wake));
	ring_publish(&b.t);
	CHECK(awake(b.wake));
	CHECK(put(&b.t, 0, 10));
	ring_publish(&b.t);
	CHECK(!awake(b.wake)); /* once a sleep */
	ring_awake(&b.r);
	ring_wake(&b.t);
	CHECK(awake(b.wake));
	close_both(&b);
}

CASE(a_lying_writer_is_caught)
{
	static const uint64_t heads[] = { 1, 63, SIZE + 64, UINT64_MAX, UINT64_MAX - 63, 1ull << 63, 1ull << 32 };
	static const uint32_t lengths[] = { 57, 120, SIZE - 8, SIZE - 7, SIZE, 1u << 31, UINT32_MAX };
	struct str s;

	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		struct both b = open_both();
		b.w->head = heads[i];
		CHECK(ring_next(&b.r, &s) == ERR_SYNTAX && b.r.broken);
		b.w->head = 64;
		CHECK(ring_next(&b.r, &s) == ERR_SYNTAX);
		close_both(&b);
	}
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct both b = open_both();
		memcpy(b.t.data, &lengths[i], 4);
		b.w->head = 64;
		CHECK(ring_next(&b.r, &s) == ERR_SYNTAX && b.r.broken);
		close_both(&b);
	}
	/* Frames that would lie across the lines. */
	struct both b = open_both();
	b.w->origin = 8;
	b.w->head = 64;
	CHECK(ring_next(&b.r, &s) == ERR_SYNTAX && b.r.broken);
	close_both(&b);
	/* Backwards, after an honest beginning. */
	b = open_both();
	CHECK(put(&b.t, 0, 1) && put(&b.t, 0, 1));
	ring_publish(&b.t);
	CHECK(ring_next(&b.r, &s) == OK && ring_next(&b.r, &s) == OK);
	b.w->head = 64;
	CHECK(ring_next(&b.r, &s) == ERR_SYNTAX);
	close_both(&b);
}

CASE(a_lying_reader_is_caught)
{
	static const uint64_t tails[] = { 64 * 1024 + 64, 1, UINT64_MAX, UINT64_MAX - 63, 1ull << 63, 32 };

	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		struct both b = open_both();
		while (put(&b.t, 0, 1000))
			;
		ring_publish(&b.t);
		b.w->tail = tails[i];
		CHECK(ring_room(&b.t) == 0);
		CHECK(ring_reserve(&b.t, 1) == NULL && b.t.broken);
		b.w->tail = 64;
		CHECK(ring_reserve(&b.t, 1) == NULL && ring_room(&b.t) == 0);
		close_both(&b);
	}
	/* Past what was published, though not past what was committed. */
	struct both b = open_both();
	while (put(&b.t, 0, 1000))
		;
	b.w->tail = 1024;
	CHECK(ring_reserve(&b.t, 1) == NULL && b.t.broken);
	close_both(&b);
}

CASE(a_file_that_could_shrink_is_no_ring)
{
	struct ring_rx r;
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CHECK(ftruncate(fd, 2 * SIZE) == 0);
	CHECK(ring_rx_open(&r, fd, -1, NULL) == ERR_SYNTAX);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	CHECK(ring_rx_open(&r, fd, -1, NULL) == OK);
	ring_rx_close(&r);
	CHECK(ftruncate(fd, 3 * SIZE + 64) == 0); /* not a power of two */
	CHECK(ring_rx_open(&r, fd, -1, NULL) == ERR_SYNTAX);
	(void)close(fd);
}

/* produce sends frames 0..n-1 of changing sizes, sleeping for room on the second eventfd. */
static void produce(struct ring_tx *t, int room, uint32_t n)
{
	for (uint32_t i = 0; i < n;) {
		if (put(t, i, i * 131 % 5000)) {
			i++;
			if (i % 5 == 0)
				ring_publish(t);
			continue;
		}
		ring_publish(t);
		struct pollfd p = { room, POLLIN, 0 };
		uint64_t count;
		if (poll(&p, 1, 10000) != 1 || read(room, &count, sizeof count) < 0)
			_exit(3);
	}
	ring_publish(t);
	_exit(t->broken ? 2 : 0);
}

CASE(two_processes)
{
	enum { N = 50000 };
	int memfd, wake, unused, room, status = -1;
	struct ring_rx r;
	struct ring_tx back = { 0 };
	struct str s;

	CHECK(ring_make(SIZE, &memfd, &wake, NULL) == OK);
	CHECK(ring_make(SIZE, &unused, &room, NULL) == OK); /* the other direction, for its eventfd */
	pid_t pid = fork();
	if (pid == 0) {
		struct ring_tx t;
		if (ring_tx_open(&t, memfd, wake, NULL) != OK)
			_exit(1);
		produce(&t, room, N);
	}
	back.wake_fd = room;
	CHECK(ring_rx_open(&r, memfd, wake, NULL) == OK);
	uint32_t i = 0, bad = 0;
	while (i < N && bad == 0) {
		enum err e = ring_next(&r, &s);
		if (e == OK) {
			bad += !holds(s, i, i * 131 % 5000);
			i++;
			continue;
		}
		bad += e != ERR_AGAIN;
		if (ring_release(&r))
			ring_wake(&back);
		if (ring_sleep(&r))
			continue;
		struct pollfd p = { wake, POLLIN, 0 };
		uint64_t count;
		bad += poll(&p, 1, 10000) != 1 || read(wake, &count, sizeof count) < 0;
		ring_awake(&r);
	}
	CHECK(i == N && bad == 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	ring_rx_close(&r);
	(void)close(memfd);
	(void)close(wake);
	(void)close(unused);
	(void)close(room);
}

TESTS(CASE_ROW(frames_appear_when_published_and_wrap_around),
      CASE_ROW(a_full_ring_takes_no_more_and_the_reader_is_told),
      CASE_ROW(a_writer_goes_back_when_all_is_read),
      CASE_ROW(the_eventfd_is_written_only_for_a_sleeper), CASE_ROW(a_lying_writer_is_caught),
      CASE_ROW(a_lying_reader_is_caught), CASE_ROW(a_file_that_could_shrink_is_no_ring),
      CASE_ROW(two_processes))
