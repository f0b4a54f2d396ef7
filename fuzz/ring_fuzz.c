/*
 * fuzz/ring_fuzz.c - sys/ring against a peer that rewrites the shared words and bytes between any two steps.
 * Oracle: no frame and no reservation ever lies outside the ring, and a broken end stays broken.
 */
#include "sys/ring.h"

#include "fuzz/fuzz.h"

#include <string.h>
#include <unistd.h>

enum { SIZE = 65536, WORD = 64 };

static void check_inside(const char *data, uint32_t size, struct str s)
{
	CHECK(s.p >= data && s.n <= size && s.p + s.n <= data + 2 * (size_t)size);
	if (s.n > 0) { /* touch both ends */
		volatile char c = s.p[0];
		c = s.p[s.n - 1];
		(void)c;
	}
}

/* lie lets the peer write a value, made of four bytes of the input and a shift, at one of its places. */
static void lie(char *shared, char *data, const uint8_t *op)
{
	uint32_t v;
	uint64_t word;

	memcpy(&v, op + 2, sizeof v);
	word = (uint64_t)v << (op[1] & 31);
	if (op[1] & 64)
		word = ~word;
	if (op[1] & 32)
		memcpy(data + (word % SIZE & ~(uint64_t)63), &v, sizeof v);
	else
		memcpy(shared + (op[1] >> 7 ? WORD : op[0] & 8), &word, sizeof word); /* tail, origin, head */
}

static void step(struct ring_tx *t, struct ring_rx *r, const uint8_t *op)
{
	struct str s;
	uint32_t n;

	memcpy(&n, op + 2, sizeof n);
	n >>= op[1] & 31;
	bool was_broken = t->broken;
	switch (op[0] % 8) {
	case 0:
	case 1: {
		char *p = ring_reserve(t, n);
		CHECK(p == NULL || !was_broken);
		if (p != NULL) {
			check_inside(t->data, t->size, (struct str){ p, n });
			memset(p, 0x5a, n);
			ring_commit(t, n / 2);
		}
		break;
	}
	case 2:
		ring_publish(t);
		break;
	case 3:
	case 4: {
		bool dead = r->broken;
		enum err e = ring_next(r, &s);
		CHECK(e == OK || e == ERR_AGAIN || e == ERR_SYNTAX);
		CHECK(!dead || e == ERR_SYNTAX);
		if (e == OK)
			check_inside(r->data, r->size, s);
		break;
	}
	case 5:
		(void)ring_release(r);
		break;
	case 6:
		if (!ring_sleep(r))
			ring_awake(r);
		CHECK(ring_room(t) <= SIZE - 8);
		break;
	default:
		lie((char *)(void *)t->sh, t->data, op);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ring_tx t;
	struct ring_rx r;
	int memfd, wake;

	CHECK(ring_make(SIZE, &memfd, &wake, NULL) == OK);
	CHECK(ring_tx_open(&t, memfd, wake, NULL) == OK && ring_rx_open(&r, memfd, wake, NULL) == OK);
	for (size_t at = 0; at + 6 <= n; at += 6)
		step(&t, &r, p + at);
	ring_tx_close(&t);
	ring_rx_close(&r);
	(void)close(memfd);
	(void)close(wake);
	return 0;
}
