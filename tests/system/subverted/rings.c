/* tests/system/subverted/rings.c - lies about the ring itself, and frames that are none. */
#include "subverted.h"

#include "base/le.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static void store(char *at, uint64_t v)
{
	atomic_store((_Atomic uint64_t *)(void *)at, v);
}

static uint64_t load(const char *at)
{
	return atomic_load((const _Atomic uint64_t *)(const void *)at);
}

/* wake makes egress look, whatever the ring's words say. */
static void wake(struct world *w)
{
	const uint64_t one = 1;
	ssize_t n = write(START_TX_WAKE, &one, sizeof one);

	(void)n;
	(void)w;
}

static void outcome(struct world *w)
{
	wake(w);
	said("%s", world_end(w, 1, 3000));
}

/* An honest call first, so that there is something to go back over. */
static void honest(struct world *w)
{
	struct call c = world_call(w);

	c.id = 77;
	world_send(w, &c);
	(void)world_end(w, 77, 3000);
}

static void head_back(struct world *w)
{
	honest(w);
	store(w->tx_raw + RING_HEAD_AT, 0);
	outcome(w);
}

static void head_far(struct world *w)
{
	store(w->tx_raw + RING_HEAD_AT, load(w->tx_raw + RING_HEAD_AT) + 2 * LIMIT_RING);
	outcome(w);
}

static void head_wraps(struct world *w)
{
	store(w->tx_raw + RING_HEAD_AT, UINT64_MAX - 63);
	outcome(w);
}

static void head_odd(struct world *w)
{
	store(w->tx_raw + RING_HEAD_AT, load(w->tx_raw + RING_HEAD_AT) + 3);
	outcome(w);
}

static void raw_frame(struct world *w, uint32_t length, uint64_t shown)
{
	uint64_t head = load(w->tx_raw + RING_HEAD_AT);

	le32_put(w->tx_raw + RING_DATA_AT + head % LIMIT_RING, length);
	store(w->tx_raw + RING_HEAD_AT, head + shown);
	outcome(w);
}

static void frame_4g(struct world *w)
{
	raw_frame(w, UINT32_MAX, 64);
}

static void frame_past_head(struct world *w)
{
	raw_frame(w, 4096, 64);
}

static void frame_empty(struct world *w)
{
	raw_frame(w, 0, 64);
}

/* The reader's index of egress's ring is ours to write. */
static void tail_forward(struct world *w)
{
	store(w->rx_raw + RING_TAIL_AT, UINT64_C(1) << 40);
	honest(w);
	outcome(w);
}

static void tail_odd(struct world *w)
{
	store(w->rx_raw + RING_TAIL_AT, 1);
	for (int i = 0; i < 3; i++)
		honest(w);
	outcome(w);
}

/* What egress writes for us is of no meaning to it any more. */
static void scribble_answers(struct world *w)
{
	struct call c = world_call(w);

	for (uint32_t i = 0; i < 200; i++) {
		c.id = 100 + i;
		world_send(w, &c);
		for (int k = 0; k < 20; k++)
			memset(w->rx_raw + RING_DATA_AT, 0xff, 256 << 10);
	}
	said("scribbled");
}

static void flags_spin(struct world *w)
{
	struct call c = world_call(w);

	for (uint32_t i = 0; i < 200000; i++) {
		atomic_store((_Atomic uint32_t *)(void *)(w->tx_raw + RING_SLEEPING_AT), i & 1);
		atomic_store((_Atomic uint32_t *)(void *)(w->rx_raw + RING_FULL_AT), 1);
	}
	wake(w);
	world_send(w, &c);
	outcome(w);
}

static void wake_overflow(struct world *w)
{
	const uint64_t most = UINT64_MAX - 1;
	ssize_t a = write(START_TX_WAKE, &most, sizeof most), b = write(START_RX_WAKE, &most, sizeof most);
	struct call c = world_call(w);

	(void)a, (void)b;
	world_send(w, &c);
	outcome(w);
}

static void bad_frame(struct world *w, const void *p, uint32_t n)
{
	world_put(w, p, n);
	outcome(w);
}

static void small(struct world *w, enum call_frame type, uint8_t how, uint32_t n)
{
	struct frame f = { .type = type, .how = how, .id = 5, .n = n };
	char p[FRAME_HEADER];

	bad_frame(w, p, frame_encode(&f, p));
}

static void frame_head(struct world *w)
{
	small(w, FRAME_HEAD, 0, 0);
}

static void frame_data(struct world *w)
{
	small(w, FRAME_DATA, 0, 0);
}

static void frame_end(struct world *w)
{
	small(w, FRAME_END, 0, 0);
}

static void frame_unknown(struct world *w)
{
	small(w, (enum call_frame)200, 0, 0);
}

static void frame_long_credit(struct world *w)
{
	char p[64] = { FRAME_CREDIT };

	bad_frame(w, p, sizeof p);
}

/* 1 MB of one frame: egress keeps a copy of each call, so it must not take such ones. */
static void frame_large(struct world *w)
{
	static char p[1 << 20];

	p[0] = FRAME_CALL;
	bad_frame(w, p, sizeof p);
}

const struct act ring_acts[] = {
	{ "head-back", head_back },
	{ "head-far", head_far },
	{ "head-wraps", head_wraps },
	{ "head-odd", head_odd },
	{ "frame-4g", frame_4g },
	{ "frame-past-head", frame_past_head },
	{ "frame-empty", frame_empty },
	{ "frame-head", frame_head },
	{ "frame-data", frame_data },
	{ "frame-end", frame_end },
	{ "frame-unknown", frame_unknown },
	{ "frame-long-credit", frame_long_credit },
	{ "frame-large", frame_large },
	{ "tail-forward", tail_forward },
	{ "tail-odd", tail_odd },
	{ "scribble-answers", scribble_answers },
	{ "flags-spin", flags_spin },
	{ "wake-overflow", wake_overflow },
};
const unsigned ring_acts_n = sizeof ring_acts / sizeof ring_acts[0];
