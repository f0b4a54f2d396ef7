/*
 * tests/system/subverted/subverted.h - an ingress that somebody else has taken over, or an egress (egress.c). It
 * is put in the place of libexec/yett/ingress, so that a real keeper starts it with what a real ingress is born with, and behind the
 * real jail it tries one act. What came of it is one line of the log, "act NAME: WORDS"; test_subverted.py knows
 * what must have come of it.
 */
#ifndef SUBVERTED_H
#define SUBVERTED_H

#include "base/diag.h"
#include "proto/call.h"
#include "proto/control.h"
#include "proto/start.h"
#include "sys/ipc.h"
#include "sys/ring.h"

/* What a place in the ring's first page means to who writes it without asking (sys/ring.c). */
enum { RING_HEAD_AT = 0, RING_TAIL_AT = 64, RING_SLEEPING_AT = 128, RING_FULL_AT = 192, RING_DATA_AT = 65536 };

struct world {
	struct ring_tx tx;
	struct ring_rx rx;
	char *tx_raw, *rx_raw; /* the rings as plain memory, data included */
	char *arena;
	struct usage_file *usage;
	struct counters *counters;
	char *policy;          /* as keeper sent it */
	size_t policy_bytes;
	int policy_fd;
	uint32_t generation;
	uint16_t upstream;     /* one that speaks OpenAI */
	uint16_t upstreams;    /* rows of egress's table that the policy names, so about as many as there are */
	struct buf message;
	bool keeper_gone, new_pair;
	unsigned tried;
};

struct act {
	const char *name;
	void (*run)(struct world *w);
};

/* said writes what came of the act of this process. */
void said(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* world_call makes a call that is allowed, with the body at the arena's beginning. */
struct call world_call(const struct world *w);

/* world_send encodes, commits and publishes. */
void world_send(struct world *w, const struct call *c);

/* world_put puts any bytes as a frame. */
void world_put(struct world *w, const void *p, uint32_t n);

/* world_end waits for the END of call id for ms at most: its words, or "nothing", or "new pair" when egress was
 * started again meanwhile, or "keeper gone". */
const char *world_end(struct world *w, uint32_t id, unsigned ms);

/* world_listen reads what keeper says, for ms at most or until a reply came, which is true. */
bool world_listen(struct world *w, unsigned ms);

/* What must be found nowhere, each byte XORed with NEEDLE_MASK. */
enum { NEEDLE_MAX = 64, NEEDLE_MASK = 0x5a };
extern unsigned char hidden_needle[NEEDLE_MAX];
extern unsigned hidden_needle_n;

extern const struct act ring_acts[], call_acts[], keeper_acts[], jail_acts[];
extern const unsigned ring_acts_n, call_acts_n, keeper_acts_n, jail_acts_n;

/* What an egress does when a call has come. */
struct egress_act {
	const char *name;
	void (*run)(void);
};
extern const struct egress_act egress_acts[];
extern const unsigned egress_acts_n;

/* egress_subverted is that process from its birth to its end. */
_Noreturn void egress_subverted(const struct egress_act *act);

#endif
