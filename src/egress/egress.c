/*
 * egress/egress.c - frames in from ingress, calls out to providers.
 * Input: hostile (frames of a subverted ingress).   Runs in: egress.   Fuzz: fuzz/call_fuzz.c
 */
#include "egress/egress.h"

#include "egress/request.h"
#include "proto/start.h"
#include "sys/fs.h"
#include "sys/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	FRAMES_A_TURN = 256,
	FRAMES_RING = LIMIT_RING / 64, /* the most a ring holds; see sys/ring.h */
};

/* give_up ends the process: a peer that breaks the protocol may be anybody's now. Keeper ends that,
 * too, and starts both anew. */
_Noreturn static void give_up(const char *why)
{
	log_msg(LOG_ERROR, "ingress broke the protocol: %s", why);
	exit(START_EXIT_BLAMES_PEER);
}

static struct table *table_of(struct egress *e, uint32_t generation)
{
	if (e->table && (uint32_t)e->table->ups.generation == generation)
		return e->table;
	if (e->previous && (uint32_t)e->previous->ups.generation == generation)
		return e->previous;
	return NULL;
}

/* on_call starts a call from a copy of its frame: what ingress changes in the ring after this is
 * not seen. */
static void on_call(struct egress *e, struct str frame)
{
	struct flight *f;

	/* The copy stays until the provider answers, so what one call may take is bounded. */
	if (frame.n > LIMIT_FRAME)
		give_up("a call of a wrong length");
	struct parcel *p = parcel_get(&e->flights);
	if (p == NULL)
		give_up("no memory for a call");
	buf_add(&p->frame, frame);
	if (p->frame.err != OK || call_decode(&p->call, buf_str(&p->frame), e->arena.n) != OK)
		give_up("a malformed call");
	if (flight_new(&e->flights, p, &f) != OK)
		give_up("too many calls, or an id in use");

	struct table *t = table_of(e, p->call.generation);
	if (t == NULL || p->call.upstream >= t->ups.n ||
	    !request_allowed(&t->ups.rows[p->call.upstream], &p->call))
		flight_end(f, END_REFUSED_CALL);
	else
		pool_submit(&t->pools[p->call.upstream], f, false);
}

static void on_small_frame(struct egress *e, struct str bytes)
{
	char copy[FRAME_HEADER];
	struct frame frame;

	if (bytes.n != sizeof copy)
		give_up("a frame of a wrong length");
	memcpy(copy, bytes.p, sizeof copy);
	if (frame_decode(&frame, (struct str){ copy, sizeof copy }) != OK ||
	    (frame.type != FRAME_CREDIT && frame.type != FRAME_CANCEL))
		give_up("a frame that is not its to send");
	/* The call may have ended while this was on its way. */
	struct flight *f = flight_find(&e->flights, frame.id);
	if (f == NULL || f->ended)
		return;
	if (frame.type == FRAME_CREDIT)
		flight_credit(f, frame.n);
	else
		flight_cancel(f);
}

/* take_frames handles what ingress has sent. true: there is more. */
static bool take_frames(struct egress *e)
{
	struct str frame;
	int n = 0;
	enum err err = OK;

	while (n < FRAMES_A_TURN && (err = ring_next(&e->rx, &frame)) == OK) {
		n++;
		if (frame_type(frame) == FRAME_CALL)
			on_call(e, frame);
		else
			on_small_frame(e, frame);
	}
	if (err == ERR_SYNTAX || e->tx.broken)
		give_up("a broken ring");
	if (ring_release(&e->rx))
		ring_wake(&e->tx);
	if (e->flights.stalled)
		flights_go_on(&e->flights);
	return n == FRAMES_A_TURN;
}

/* on_idle runs before each sleep: take what came, show what was written, and announce the sleep. */
static bool on_idle(void *arg)
{
	struct egress *e = arg;

	/* Started anew, it finds calls in the ring before keeper has sent the table: they wait. */
	if (!e->paired || e->table == NULL)
		return false;
	ring_awake(&e->rx);
	bool more = take_frames(e);
	ring_publish(&e->tx);
	return more || ring_sleep(&e->rx);
}

static void on_wake(struct watch *w, uint32_t ready)
{
	/* Being awake is all that was asked: on_idle does the work. */
	(void)w, (void)ready;
}

enum err egress_init(struct egress *e, unsigned links_max, struct diag *d)
{
	*e = (struct egress){ .wake = { .fd = -1, .on_ready = on_wake } };
	e->loop = loop_new(links_max + 64, d);
	if (e->loop == NULL)
		return ERR_SYS;
	e->resolver = resolver_new(e->loop, S(""), d);
	if (e->resolver == NULL)
		return ERR_SYS;
	if (linker_init(&e->linker, e->loop, e->resolver, links_max) != OK ||
	    flights_init(&e->flights, e->loop) != OK)
		return diag_set(d, ERR_NOMEM, "no memory to start");
	loop_on_idle(e->loop, on_idle, e);
	return OK;
}

static void unpair(struct egress *e)
{
	if (!e->paired)
		return;
	e->paired = false;
	flights_drop_all(&e->flights);
	loop_unwatch(e->loop, &e->wake);
	(void)close(e->rx.wake_fd);
	(void)close(e->tx.wake_fd);
	ring_rx_close(&e->rx);
	ring_tx_close(&e->tx);
	(void)munmap((void *)(uintptr_t)e->arena.p, e->arena.n);
	e->arena = (struct str){ NULL, 0 };
}

/* map_arena maps the bodies' memory. Unless it is sealed, whoever shares it could take it away
 * under us. */
static enum err map_arena(int fd, struct str *out, struct diag *d)
{
	int64_t n = fd_size(fd);
	int seals = fcntl(fd, F_GET_SEALS);

	if (n <= 0 || n > LIMIT_ARENA || seals < 0 || (seals & F_SEAL_SHRINK) == 0)
		return diag_set(d, ERR_SYNTAX, "not an arena");
	void *p = mmap(NULL, (size_t)n, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return diag_set(d, ERR_SYS, "cannot map the arena: %s", strerror(errno));
	*out = (struct str){ p, (size_t)n };
	return OK;
}

enum err egress_pair(struct egress *e, const int fds[EGRESS_FDS], struct diag *d)
{
	unpair(e);
	enum err err = ring_tx_open(&e->tx, fds[0], fds[1], d);
	if (err == OK)
		err = ring_rx_open(&e->rx, fds[2], fds[3], d);
	if (err == OK)
		err = map_arena(fds[4], &e->arena, d);
	(void)close(fds[0]);
	(void)close(fds[2]);
	(void)close(fds[4]);
	if (err != OK)
		return err;
	e->wake.fd = e->rx.wake_fd;
	if (loop_watch(e->loop, &e->wake, EPOLLIN) != OK)
		return diag_set(d, ERR_SYS, "cannot watch the ring");
	e->flights.tx = &e->tx;
	e->flights.arena = e->arena;
	e->paired = true;
	return OK;
}

void egress_use(struct egress *e, struct table *t)
{
	struct diag d = { .err = OK };

	table_retire(e->previous);
	e->previous = e->table;
	e->table = t;
	resolver_hosts(e->resolver, t->ups.hosts); /* which lie in the newest table */
	if (resolver_conf(e->resolver, t->ups.resolv, &d) != OK)
		log_msg(LOG_WARN, "%s", diag_text(&d));
}

void egress_settle(struct egress *e, uint64_t generation)
{
	if (e->previous == NULL || e->table->ups.generation != generation)
		return;
	/* What ingress had sent before it took its new policy lies in the ring and is still good.
	 */
	for (unsigned i = 0; e->paired && i < FRAMES_RING / FRAMES_A_TURN; i++)
		if (!take_frames(e))
			break;
	table_retire(e->previous);
	e->previous = NULL;
}
