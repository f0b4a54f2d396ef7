/*
 * egress/flight.c - one call in flight: credit, time, and frames to ingress.
 * Input: frames that egress.c decoded.   Runs in: egress.
 */
#include "egress/flight.h"

#include "egress/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	IDS = 1 << 14,                    /* buckets; a power of two */
	RETRY_MS = 10,
	FRAME_KEEP = 16 << 10,            /* a spare parcel keeps this much memory at most */
	DATA_MAX = LIMIT_FRAME - 64,
	HEAD_MAX = 16 + CALL_REPLY_COUNT * (4 + CALL_FIELD_MAX),
	CREDIT_MAX = 1 << 30,
};

#define OWNER(type, member, p) ((type *)(void *)((char *)(p) - offsetof(type, member)))

static void on_retry(struct timer *t)
{
	flights_go_on(OWNER(struct flights, retry, t));
}

enum err flights_init(struct flights *all, struct loop *l)
{
	*all = (struct flights){ .loop = l, .mask = IDS - 1, .retry = { .on_expire = on_retry } };
	all->ids = calloc(IDS, sizeof(struct flight *));
	return all->ids ? OK : ERR_NOMEM;
}

void flights_done(struct flights *all)
{
	flights_drop_all(all);
	timer_cancel(&all->retry);
	while (all->spare) {
		struct flight *f = all->spare;
		all->spare = f->next;
		free(f);
	}
	while (all->spare_parcels) {
		struct parcel *p = all->spare_parcels;
		all->spare_parcels = p->next;
		buf_free(&p->frame);
		free(p);
	}
	free(all->ids);
	all->ids = NULL;
}

struct parcel *parcel_get(struct flights *all)
{
	struct parcel *p = all->spare_parcels;

	if (p) {
		all->spare_parcels = p->next;
		return p;
	}
	p = calloc(1, sizeof *p);
	if (p)
		buf_init(&p->frame, LIMIT_RING);
	return p;
}

void parcel_put(struct flights *all, struct parcel *p)
{
	if (p == NULL)
		return;
	if (p->frame.cap > FRAME_KEEP)
		buf_free(&p->frame);
	buf_reset(&p->frame);
	p->next = all->spare_parcels;
	all->spare_parcels = p;
}

struct flight *flight_find(struct flights *all, uint32_t id)
{
	struct flight *f = all->ids[id & all->mask];

	while (f && f->id != id)
		f = f->same_hash;
	return f;
}

static void on_timeout(struct timer *t)
{
	struct flight *f = OWNER(struct flight, timer, t);
	uint64_t quiet = loop_now_ms(f->all->loop) - f->last_ms;

	/* Reading only notes the time; so the timer need not be moved for every piece. */
	if (f->head_sent && (quiet < f->idle_ms || f->credit == 0 || f->stalled)) {
		timer_set(f->all->loop, t, quiet < f->idle_ms ? f->idle_ms - quiet : f->idle_ms);
		return;
	}
	/* Waiting in vain for a connection while others have them is our own limit. */
	bool crowded = f->queued && f->pool->n_dialing == 0;
	struct carrier *c = f->carrier;
	f->carrier = NULL;
	if (f->queued)
		pool_forget(f);
	if (c)
		c->on_drop(c);
	flight_end(f, crowded ? END_BUSY : END_TIMEOUT);
}

enum err flight_new(struct flights *all, struct parcel *p, struct flight **out)
{
	const struct call *c = &p->call;
	struct flight *f = all->spare;

	if (flight_find(all, c->id))
		return ERR_EXISTS;
	if (all->n == FLIGHTS_MAX)
		return ERR_LIMIT;
	if (f)
		all->spare = f->next;
	else if ((f = malloc(sizeof *f)) == NULL)
		return ERR_NOMEM;
	*f = (struct flight){
		.all = all,
		.parcel = p,
		.id = c->id,
		.idle_ms = c->idle_timeout_ms,
		.credit = c->credit,
		.timer = { .on_expire = on_timeout },
		.last_ms = loop_now_ms(all->loop),
		.same_hash = all->ids[c->id & all->mask],
	};
	all->ids[c->id & all->mask] = f;
	all->n++;
	timer_set(all->loop, &f->timer, c->head_timeout_ms);
	*out = f;
	return OK;
}

static void forget(struct flight *f)
{
	struct flights *all = f->all;
	struct flight **at = &all->ids[f->id & all->mask];

	while (*at != f)
		at = &(*at)->same_hash;
	*at = f->same_hash;
	timer_cancel(&f->timer);
	parcel_put(all, f->parcel);
	f->next = all->spare;
	all->spare = f;
	all->n--;
	if (all->n == 0 && all->on_idle)
		all->on_idle(all);
}

/* stall puts f on the list of those that wait for room in the ring. */
static void stall(struct flight *f)
{
	struct flights *all = f->all;

	if (f->stalled)
		return;
	f->stalled = true;
	f->next_stalled = all->stalled;
	all->stalled = f;
	if (all->retry.link == NULL)
		timer_set(all->loop, &all->retry, RETRY_MS);
}

static bool put_end(struct flight *f)
{
	struct frame end = { .type = FRAME_END, .how = f->how, .id = f->id, .n = f->got_byte };
	void *p = ring_reserve(f->all->tx, FRAME_HEADER);

	if (p == NULL)
		return false;
	ring_commit(f->all->tx, frame_encode(&end, p));
	return true;
}

void flight_end(struct flight *f, enum call_end how)
{
	assert(!f->ended && !f->queued);
	f->ended = true;
	f->how = (uint8_t)how;
	f->carrier = NULL;
	timer_cancel(&f->timer);
	if (f->stalled || !put_end(f))
		stall(f);
	else
		forget(f);
}

void flights_go_on(struct flights *all)
{
	struct flight *f = all->stalled;

	timer_cancel(&all->retry);
	all->stalled = NULL;
	while (f) {
		struct flight *next = f->next_stalled;
		f->stalled = false;
		if (f->ended) {
			if (put_end(f))
				forget(f);
			else
				stall(f);
		} else if (f->carrier) {
			f->carrier->on_room(f->carrier);
		}
		f = next;
	}
}

void flight_credit(struct flight *f, uint32_t n)
{
	bool was_empty = f->credit == 0;

	f->credit = n > CREDIT_MAX - f->credit ? CREDIT_MAX : f->credit + n;
	if (!was_empty)
		return;
	f->last_ms = loop_now_ms(f->all->loop);
	if (f->carrier && !f->stalled)
		f->carrier->on_room(f->carrier);
}

void flight_cancel(struct flight *f)
{
	struct carrier *c = f->carrier;

	if (f->ended)
		return;
	f->carrier = NULL;
	if (f->queued)
		pool_forget(f);
	if (c)
		c->on_drop(c);
	flight_end(f, END_CANCELLED);
}

void flight_answered(struct flight *f)
{
	f->got_byte = true;
	f->last_ms = loop_now_ms(f->all->loop);
}

/* Where the parser has noted each field of the closed list. */
static const uint8_t reply_known[CALL_REPLY_COUNT] = {
	[REPLY_CONTENT_TYPE] = H_CONTENT_TYPE,
	[REPLY_RETRY_AFTER] = H_RETRY_AFTER,
	[REPLY_RETRY_AFTER_MS] = H_RETRY_AFTER_MS,
	[REPLY_REQUEST_ID] = H_REQUEST_ID,
	[REPLY_X_REQUEST_ID] = H_X_REQUEST_ID,
	[REPLY_RATE_LIMIT_REQUESTS] = H_RATE_LIMIT_REQUESTS,
	[REPLY_RATE_LIMIT_TOKENS] = H_RATE_LIMIT_TOKENS,
	[REPLY_RATE_LEFT_REQUESTS] = H_RATE_LEFT_REQUESTS,
	[REPLY_RATE_LEFT_TOKENS] = H_RATE_LEFT_TOKENS,
	[REPLY_RATE_RESET_REQUESTS] = H_RATE_RESET_REQUESTS,
	[REPLY_RATE_RESET_TOKENS] = H_RATE_RESET_TOKENS,
	[REPLY_OPENAI_PROCESSING_MS] = H_OPENAI_PROCESSING_MS,
	[REPLY_OPENAI_VERSION] = H_OPENAI_VERSION,
	[REPLY_OPENAI_ORGANIZATION] = H_OPENAI_ORGANIZATION,
	[REPLY_ANTHROPIC_ORGANIZATION] = H_ANTHROPIC_ORGANIZATION,
};

/* What call_head_decode would refuse is not passed on. */
static void pick_replies(struct call_head *out, const struct http1_head *h)
{
	for (unsigned k = 0; k < CALL_REPLY_COUNT; k++) {
		struct str v = h->known[reply_known[k]];
		if (v.p != NULL && call_value_ok(v))
			out->replies[k] = v;
	}
}

enum err flight_head(struct flight *f, const struct http1_head *h)
{
	struct call_head out = { .id = f->id,
				 .status = (uint16_t)h->status,
				 .content_length = UINT64_MAX };

	assert(!f->head_sent && h->status >= 200);
	if (f->stalled || ring_room(f->all->tx) < HEAD_MAX) {
		stall(f);
		return ERR_AGAIN;
	}
	pick_replies(&out, h);
	if (h->framing == HTTP1_LENGTH || h->framing == HTTP1_NONE)
		out.content_length = h->framing == HTTP1_LENGTH ? h->content_length : 0;
	void *p = ring_reserve(f->all->tx, call_head_size(&out));
	if (p == NULL) {
		stall(f);
		return ERR_AGAIN;
	}
	ring_commit(f->all->tx, call_head_encode(&out, p));
	f->head_sent = true;
	f->stream = str_has_prefix(h->known[H_CONTENT_TYPE], S("text/event-stream"));
	/* After HEAD the body belongs to ingress again. */
	parcel_put(f->all, f->parcel);
	f->parcel = NULL;
	timer_cancel(&f->timer);
	timer_set(f->all->loop, &f->timer, f->idle_ms);
	return OK;
}

char *flight_data(struct flight *f, size_t *n)
{
	size_t room;
	char *p;

	assert(f->head_sent && !f->ended);
	if (f->stalled || f->credit == 0)
		return NULL;
	room = ring_room(f->all->tx);
	room = room > FRAME_HEADER ? room - FRAME_HEADER : 0;
	room = room < DATA_MAX ? room : DATA_MAX;
	room = room < f->credit ? room : f->credit;
	*n = room < *n ? room : *n;
	p = *n ? ring_reserve(f->all->tx, (uint32_t)(FRAME_HEADER + *n)) : NULL;
	if (p == NULL) {
		stall(f);
		return NULL;
	}
	return p + FRAME_HEADER;
}

void flight_data_done(struct flight *f, char *at, size_t n)
{
	struct frame data = { .type = FRAME_DATA, .id = f->id, .n = (uint32_t)n };

	f->last_ms = loop_now_ms(f->all->loop);
	if (n == 0)
		return;
	assert(n <= f->credit);
	ring_commit(f->all->tx, frame_encode(&data, at - FRAME_HEADER) + (uint32_t)n);
	f->credit -= (uint32_t)n;
	f->received += n;
}

bool flight_too_large(const struct flight *f, uint64_t more)
{
	return !f->stream && (more > LIMIT_RESPONSE || f->received + more > LIMIT_RESPONSE);
}

int flight_body(const struct flight *f, uint64_t from, struct iovec *iov, int max)
{
	const struct call *c = &f->parcel->call;
	int n = 0;

	for (unsigned i = 0; i < c->n_segments && n < max; i++) {
		const struct call_segment *s = &c->segments[i];
		const char *p = s->bytes.p ? s->bytes.p : f->all->arena.p + s->at;
		if (from >= s->n) {
			from -= s->n;
			continue;
		}
		iov[n].iov_base = (void *)(uintptr_t)(p + from);
		iov[n].iov_len = s->n - (size_t)from;
		from = 0;
		n++;
	}
	return n;
}

void flights_drop_all(struct flights *all)
{
	all->stalled = NULL;
	for (uint32_t i = 0; all->ids && i <= all->mask; i++)
		while (all->ids[i]) {
			struct flight *f = all->ids[i];
			struct carrier *c = f->carrier;
			f->carrier = NULL;
			if (f->queued)
				pool_forget(f);
			if (c)
				c->on_drop(c);
			forget(f);
		}
}
