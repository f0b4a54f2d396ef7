/*
 * ingress/link.c - frames out, frames in.
 * Input: hostile (a subverted egress).   Runs in: ingress.   Fuzz: fuzz/call_fuzz.c
 */
#include "ingress/link.h"

#include "ingress/bodies.h"
#include "ingress/exchange.h"
#include "sys/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { CALLS = LIMIT_CONNS, COPY_MAX = 32 << 10, STUCK_MS = 10000 };

/* An id is a place in the table and a number that changes with each use of it, so that a late frame
 * of an earlier call never reaches a later one. */
struct slot {
	struct exchange *x; /* NULL: free, or cancelled and waiting for its END */
	uint32_t id;
	uint32_t next_free;
	bool in_flight;
	bool owes;	/* in the list of slots of which something has to be told */
	uint32_t room;	/* bytes of data that egress may still send */
	uint32_t grant; /* the credit to be told; of a cancelled call its cancelling is */
	struct slot *next_owed;
	struct body kept[2]; /* of a cancelled call: the client's body, the translated one */
};

struct link {
	struct ingress *in;
	struct ring_tx tx;
	struct ring_rx rx;
	struct watch wake;
	struct slot slots[CALLS];
	uint32_t free;
	struct slot *owed;	/* told when the ring has room again */
	uint64_t owed_since_ms; /* 0: it had */
	struct slot *late; /* whose data, all of an answer as it seems, waits for the next frame */
	struct str late_data;
	char head[COPY_MAX];
};

static void on_wake(struct watch *w, uint32_t ready);

static enum err open_rings(struct link *l, const struct link_opts *o, struct diag *d)
{
	TRY(ring_tx_open(&l->tx, o->tx_fd, o->tx_wake_fd, d));
	TRY(ring_rx_open(&l->rx, o->rx_fd, o->rx_wake_fd, d));
	l->wake = (struct watch){ .fd = o->rx_wake_fd, .on_ready = on_wake };
	return loop_watch(l->in->loop, &l->wake, EPOLLIN);
}

static void drop_kept(struct link *l, struct slot *s)
{
	for (unsigned i = 0; i < sizeof s->kept / sizeof s->kept[0]; i++)
		body_free(l->in->bodies, &s->kept[i]);
}

static void free_all(struct link *l)
{
	for (uint32_t i = 0; i < CALLS; i++) {
		drop_kept(l, &l->slots[i]);
		l->slots[i] = (struct slot){ .id = l->slots[i].id, .next_free = i + 1 };
		if (l->slots[i].id == 0)
			l->slots[i].id = i;
	}
	l->free = 0;
	l->owed = NULL;
	l->owed_since_ms = 0;
}

struct link *link_new(struct ingress *in, const struct link_opts *o, struct diag *d)
{
	struct link *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	l->in = in;
	free_all(l);
	if (open_rings(l, o, d) != OK) {
		free(l);
		return NULL;
	}
	return l;
}

enum err link_replace(struct link *l, const struct link_opts *o, struct diag *d)
{
	struct ring_tx old_tx = l->tx;
	struct ring_rx old_rx = l->rx;
	struct watch old_wake = l->wake;

	loop_unwatch(l->in->loop, &old_wake);
	TRY(open_rings(l, o, d));
	ring_tx_close(&old_tx);
	ring_rx_close(&old_rx);
	(void)close(old_wake.fd);
	(void)close(old_tx.wake_fd);
	/* All slots are free before the first exchange is told: it may call again at once. */
	struct exchange *gone = NULL;
	for (uint32_t i = 0; i < CALLS; i++) {
		struct exchange *x = l->slots[i].x;
		if (x == NULL)
			continue;
		x->next_free = gone;
		gone = x;
	}
	free_all(l);
	while (gone != NULL) {
		struct exchange *x = gone;
		gone = x->next_free;
		exchange_end(x, END_GONE, false);
	}
	return OK;
}

/* Clients can fill the ring within one turn, and what ends or feeds their calls must not be lost
 * then: it waits, and no call is sent before it. false: something still waits. */
static bool pay(struct link *l)
{
	for (struct slot *s; (s = l->owed) != NULL; l->owed = s->next_owed, s->owes = false) {
		if (!s->in_flight)
			continue;
		struct frame f = { .type = s->x ? FRAME_CREDIT : FRAME_CANCEL,
				   .id = s->id,
				   .n = s->x ? s->grant : 0 };
		void *at = ring_reserve(&l->tx, FRAME_HEADER);
		uint64_t now = loop_now_ms(l->in->loop);
		if (at == NULL && l->owed_since_ms == 0)
			l->owed_since_ms = now;
		/* Egress drains its ring before it sleeps: it hangs. */
		if (at == NULL && now - l->owed_since_ms > STUCK_MS)
			ingress_fatal("the ring to egress is stuck");
		if (at == NULL)
			return false;
		ring_commit(&l->tx, frame_encode(&f, at));
		s->grant = 0;
	}
	l->owed_since_ms = 0;
	return true;
}

static void owe(struct link *l, struct slot *s)
{
	if (!s->owes) {
		s->owes = true;
		s->next_owed = l->owed;
		l->owed = s;
	}
	(void)pay(l);
}

enum err link_call(struct link *l, struct call *c, struct exchange *x)
{
	if (l->free == CALLS || !pay(l))
		return ERR_BUSY;
	uint32_t size = call_size(c);
	void *at = ring_reserve(&l->tx, size);
	if (at == NULL)
		return ERR_BUSY;
	struct slot *s = &l->slots[l->free];
	l->free = s->next_free;
	s->id += CALLS; /* wraps after 2^18 uses of one place */
	s->x = x;
	s->room = c->credit;
	s->grant = 0; /* what an earlier call was owed when it ended */
	s->in_flight = true;
	c->id = s->id;
	ring_commit(&l->tx, call_encode(c, at));
	return OK;
}

static struct slot *slot_of(struct link *l, uint32_t id)
{
	struct slot *s = &l->slots[id % CALLS];

	return s->in_flight && s->id == id ? s : NULL;
}

void link_cancel(struct link *l, uint32_t id)
{
	struct slot *s = slot_of(l, id);

	assert(s != NULL);
	s->x = NULL;
	owe(l, s);
}

void link_keep(struct link *l, uint32_t id, struct body *body)
{
	struct slot *s = body->shared ? slot_of(l, id) : NULL;

	for (unsigned i = 0; s != NULL && i < sizeof s->kept / sizeof s->kept[0]; i++) {
		if (s->kept[i].p != NULL)
			continue;
		s->kept[i] = *body;
		*body = (struct body){ 0 };
	}
	body_free(l->in->bodies, body);
}

void link_credit(struct link *l, uint32_t id, uint32_t n)
{
	struct slot *s = slot_of(l, id);

	assert(s != NULL);
	s->room += n;
	s->grant += n;
	owe(l, s);
}

static void on_end(struct link *l, struct slot *s, const struct frame *f)
{
	struct exchange *x = s->x;

	if (l->late == s) {
		x->whole = l->late_data;
		l->late = NULL;
	}
	s->x = NULL;
	s->in_flight = false;
	drop_kept(l, s);
	s->next_free = l->free;
	l->free = (uint32_t)(s - l->slots);
	if (x != NULL)
		exchange_end(x, (enum call_end)f->how, f->n != 0);
}

/* settle hands on what waited: it was not all. */
static void settle(struct link *l)
{
	struct slot *s = l->late;

	l->late = NULL;
	if (s != NULL)
		exchange_data(s->x, l->late_data);
}

/* An answer that comes in one piece needs no buffer: its END is the next frame, nearly always. */
static enum err on_data(struct link *l, struct slot *s, struct str data)
{
	if (data.n > s->room)
		return ERR_LIMIT;
	s->room -= (uint32_t)data.n;
	if (s->x == NULL)
		return OK;
	if (s->x->answer != A_WHOLE || s->x->got.n != 0) {
		exchange_data(s->x, data);
		return OK;
	}
	l->late = s;
	l->late_data = data;
	return OK;
}

/* A head is copied before it is judged, and so is data, by relay.c and relay_stream.c: egress could
 * change both while we look. */
static enum err on_frame(struct link *l, struct str bytes)
{
	struct frame f;
	uint8_t type = frame_type(bytes);

	if (type == FRAME_HEAD) {
		settle(l);
		UNSET struct call_head h;
		if (bytes.n > sizeof l->head)
			return ERR_LIMIT;
		memcpy(l->head, bytes.p, bytes.n);
		TRY(call_head_decode(&h, (struct str){ l->head, bytes.n }));
		struct slot *s = slot_of(l, h.id);
		if (s == NULL)
			return ERR_SYNTAX;
		if (s->x != NULL)
			exchange_head(s->x, &h);
		return OK;
	}
	TRY(frame_decode(&f, bytes)); /* reads each field of the head once, into f */
	struct slot *s = slot_of(l, f.id);
	if (s == NULL || (f.type != FRAME_DATA && f.type != FRAME_END))
		return ERR_SYNTAX;
	if (f.type != FRAME_END || l->late != s)
		settle(l);
	if (f.type == FRAME_DATA)
		return on_data(l, s, f.data);
	on_end(l, s, &f);
	return OK;
}

bool link_drain(struct link *l)
{
	struct str bytes;
	enum err e;
	bool any = false;

	while ((e = ring_next(&l->rx, &bytes)) == OK) {
		any = true;
		if (on_frame(l, bytes) != OK)
			ingress_blame("egress broke the protocol");
	}
	if (e != ERR_AGAIN)
		ingress_blame("egress broke the ring");
	settle(l);
	return any;
}

static void on_wake(struct watch *w, uint32_t ready)
{
	struct link *l = (struct link *)((char *)w - offsetof(struct link, wake));

	(void)ready;
	ring_awake(&l->rx);
	(void)link_drain(l);
}

void link_publish(struct link *l)
{
	(void)pay(l);
	ring_publish(&l->tx);
	if (ring_release(&l->rx))
		ring_wake(&l->tx);
}

bool link_sleep(struct link *l)
{
	return ring_sleep(&l->rx);
}
