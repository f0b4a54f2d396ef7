/*
 * egress/conn.c - one HTTP/1.1 connection to a provider.
 * Input: hostile (the provider's answers).   Runs in: egress.   Fuzz: fuzz/conn_fuzz.c
 */
#include "egress/conn.h"

#include "egress/request.h"
#include "egress/table.h"
#include "sys/secret.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	IN_MAX = 2 * LINKER_READ,
	IOVECS = CALL_SEGMENTS + 1,
};

static_assert((int)IN_MAX <= LIMIT_UPSTREAM_READ, "as base/limits.h says");

#define OWNER(type, member, p) ((type *)(void *)((char *)(p) - offsetof(type, member)))

/* What a step of reading came to. */
enum step {
	STEP_MORE,  /* all that was read is used: read on */
	STEP_WAIT,  /* no credit, no room, or nothing to read */
	STEP_OVER,  /* the answer is complete, or the connection closed */
};

static void reap(struct deferred *d)
{
	struct conn *c = OWNER(struct conn, reap, d);

	buf_free(&c->in);
	free(c);
}

void conn_close(struct conn *c)
{
	struct pool *p = c->pool;

	assert(c->flight == NULL);
	if (c->closed)
		return;
	c->closed = true;
	if (c->idle)
		pool_remove(p, c);
	link_close(c->link);
	loop_defer(p->linker->loop, &c->reap);
	pool_link_gone(p);
}

/* lose ends the connection and the call on it. A connection that was kept may have been closed by
 * the provider just before our request came: as long as no byte was answered, that is tried once
 * more. */
static void lose(struct conn *c, enum call_end how)
{
	struct flight *f = c->flight;
	bool stale = c->served > 0 && how == END_RESET;

	c->flight = NULL;
	if (f)
		f->carrier = NULL;
	if (f && stale && !f->got_byte && !f->retried && f->parcel) {
		struct pool *p = c->pool;
		f->retried = true;
		conn_close(c);
		pool_submit(p, f, true);
		return;
	}
	conn_close(c);
	if (f)
		flight_end(f, how);
}

/* finish hands the connection back, or closes it when it cannot serve another request. */
static void finish(struct conn *c, bool clean)
{
	struct flight *f = c->flight;
	bool keep = clean && c->keep_alive && c->sent == c->total && !c->link->hup;

	c->flight = NULL;
	c->served++;
	flight_end(f, END_OK);
	if (!keep) {
		conn_close(c);
		return;
	}
	buf_free(&c->in);
	pool_put(c->pool, c);
}

/* ---- the request ----------------------------------------------------------------------------- */

/* build_head writes the head with its key; the caller wipes it. 0: it does not fit. */
static size_t build_head(struct conn *c, struct buf *out)
{
	request_head(out, c->pool->row, &c->flight->parcel->call, c->pool->table->secrets);
	return out->err == OK ? out->n : 0;
}

/* send_some sends from c->sent on, the head first. The head is built again for each try and wiped
 * after, so that the key is nowhere while a slow provider makes us wait. */
static enum err send_some(struct conn *c, size_t *out_n)
{
	struct linker *linker = c->pool->linker;
	UNSET struct iovec iov[IOVECS];
	struct buf head;
	int n = 0;

	buf_fixed(&head, linker->head, LINKER_HEAD);
	if (c->sent == 0 || c->sent < c->head_bytes) {
		c->head_bytes = build_head(c, &head);
		if (c->head_bytes == 0) {
			secret_wipe(linker->head, LINKER_HEAD);
			return ERR_LIMIT;
		}
		c->total = c->head_bytes + c->flight->parcel->call.body_bytes;
		iov[n++] = (struct iovec){ head.p + c->sent, c->head_bytes - (size_t)c->sent };
	}
	uint64_t body_at = n ? 0 : c->sent - c->head_bytes;
	n += flight_body(c->flight, body_at, iov + n, IOVECS - n);
	enum err e = link_send(c->link, iov, n, head.n, out_n);
	secret_wipe(linker->head, head.n);
	return e;
}

static void receive(struct conn *c);

/* cannot_send: the provider reads no more. It may have answered all the same, such as with a 401
 * before it had read everything. */
static void cannot_send(struct conn *c)
{
	struct flight *f = c->flight;

	receive(c);
	if (c->flight == f && !f->got_byte)
		lose(c, END_RESET);
}

static void go_on_sending(struct conn *c)
{
	while (c->flight && c->flight->parcel && c->sent < c->total) {
		size_t n = 0;
		enum err e = send_some(c, &n);
		if (e == ERR_AGAIN)
			return;
		if (e == ERR_LIMIT)
			lose(c, END_REFUSED_CALL);
		else if (e != OK)
			cannot_send(c);
		if (e != OK)
			return;
		c->sent += n;
	}
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* take_head looks for a whole head in *in, passes over interim ones, and gives the final one on. */
static enum step take_head(struct conn *c, struct str *in)
{
	struct http1_head *h = c->pool->linker->parsed;

	for (;;) {
		enum err e = http1_response(h, *in, c->searched, false, NULL);
		c->searched = e == ERR_AGAIN ? in->n : 0;
		if (e == ERR_AGAIN)
			return STEP_MORE;
		if (e != OK || h->status == 101 ||
		    (h->status < 200 && ++c->interim > INTERIM_MAX)) {
			lose(c, END_PROTOCOL);
			return STEP_OVER;
		}
		if (h->status >= 200)
			break;
		*in = str_tail(*in, h->head_bytes);
	}
	struct str coding = h->known[H_CONTENT_ENCODING];
	if (h->status >= 300 && h->status < 400) {
		lose(c, END_REDIRECT);
		return STEP_OVER;
	}
	if (coding.p && !str_ieq(coding, S("identity"))) {
		lose(c, END_PROTOCOL);
		return STEP_OVER;
	}
	if (flight_head(c->flight, h) != OK)
		return STEP_WAIT;
	if (c->flight->stream)
		link_streams(c->link);
	*in = str_tail(*in, h->head_bytes);
	c->in_body = true;
	c->framing = h->framing;
	c->left = h->content_length;
	c->keep_alive = h->keep_alive;
	c->chunked = (struct http1_chunked){ 0 };
	if (h->framing == HTTP1_LENGTH && flight_too_large(c->flight, h->content_length)) {
		lose(c, END_TOO_LARGE);
		return STEP_OVER;
	}
	return STEP_MORE;
}

static bool body_complete(const struct conn *c)
{
	switch (c->framing) {
	case HTTP1_NONE:
		return true;
	case HTTP1_LENGTH:
		return c->left == 0;
	case HTTP1_CHUNKED:
		return c->chunked.done;
	case HTTP1_CLOSE:
	default:
		return false;
	}
}

/* chunks passes on the data in *in, to be put together at at, which may be where *in itself begins.
 * It fits there, being less than what it came in. */
static enum step chunks(struct conn *c, char *at, struct str *in)
{
	enum err e = OK;
	struct str span;
	size_t used = 0;

	while (in->n && !c->chunked.done) {
		e = http1_chunked_next(&c->chunked, in, &span);
		if (e != OK)
			break;
		memmove(at + used, span.p, span.n);
		used += span.n;
	}
	flight_data_done(c->flight, at, used);
	if (e == OK)
		return STEP_MORE;
	lose(c, END_PROTOCOL);
	return STEP_OVER;
}

static enum step unchunk(struct conn *c, struct str *in)
{
	enum step s = STEP_MORE;

	while (s == STEP_MORE && in->n && !c->chunked.done) {
		size_t room = in->n;
		char *at = flight_data(c->flight, &room);
		if (at == NULL)
			return STEP_WAIT;
		struct str part = str_head(*in, room);
		s = chunks(c, at, &part);
		*in = str_tail(*in, room - part.n);
	}
	return s;
}

static enum step pass_on(struct conn *c, struct str *in)
{
	while (in->n && !body_complete(c)) {
		size_t n = in->n;
		if (c->framing == HTTP1_LENGTH && c->left < n)
			n = (size_t)c->left;
		char *at = flight_data(c->flight, &n);
		if (at == NULL)
			return STEP_WAIT;
		memcpy(at, in->p, n);
		flight_data_done(c->flight, at, n);
		*in = str_tail(*in, n);
		c->left -= c->framing == HTTP1_LENGTH ? n : 0;
	}
	return STEP_MORE;
}

/* digest uses what was read. */
static enum step digest(struct conn *c, struct str *in)
{
	enum step s = STEP_MORE;

	if (!c->in_body) {
		if (in->n)
			s = take_head(c, in);
		if (s != STEP_MORE || !c->in_body)
			return s;
	}
	s = c->framing == HTTP1_CHUNKED ? unchunk(c, in) : pass_on(c, in);
	if (s != STEP_MORE)
		return s;
	if (body_complete(c)) {
		/* Bytes behind the answer belong to no request: such a connection is not used
		 * again. */
		finish(c, in->n == 0);
		return STEP_OVER;
	}
	if (flight_too_large(c->flight, 0)) {
		lose(c, END_TOO_LARGE);
		return STEP_OVER;
	}
	return STEP_MORE;
}

/* at_end: the provider has closed the connection. orderly: as the transport means it to be
 * closed. */
static void at_end(struct conn *c, enum err e)
{
	struct flight *f = c->flight;
	bool orderly = e == OK;

	if (!f->got_byte)
		lose(c, END_RESET);
	else if (c->in_body && c->framing == HTTP1_CLOSE && orderly)
		finish(c, false);
	else
		lose(c, e == ERR_UPSTREAM ? END_RESET : END_TRUNCATED);
}

/* read_direct reads body bytes to where ingress will read them, and takes the chunks' lines out
 * there: before the frame is published nobody else looks. */
static enum step read_direct(struct conn *c, bool *out_drained)
{
	size_t n = LINKER_READ, got = 0;

	if (c->framing == HTTP1_LENGTH && c->left < n)
		n = (size_t)c->left;
	char *at = flight_data(c->flight, &n);
	if (at == NULL)
		return STEP_WAIT;
	enum err e = link_read(c->link, at, n, &got);
	struct str rest = { at, e == OK ? got : 0 };
	enum step s = STEP_MORE;
	if (c->framing == HTTP1_CHUNKED) {
		s = chunks(c, at, &rest);
	} else {
		flight_data_done(c->flight, at, rest.n);
		rest.n = 0;
	}
	if (s != STEP_MORE)
		return s;
	if (e == ERR_AGAIN)
		return STEP_WAIT;
	if (e != OK || got == 0) {
		at_end(c, e);
		return STEP_OVER;
	}
	c->left -= c->framing == HTTP1_LENGTH ? got : 0;
	*out_drained = link_drained(c->link, got, n);
	return digest(c, &rest);
}

/* keep puts what was read and not used away until there is room, or more of it. */
static enum step keep(struct conn *c, struct str rest, enum step s)
{
	if (c->in.n) {
		buf_cut(&c->in, c->in.n - rest.n);
	} else if (rest.n) {
		buf_reset(&c->in);
		buf_add(&c->in, rest);
	}
	if (c->in.n == 0 && c->in.cap)
		buf_free(&c->in);
	if (c->in.err == OK)
		return s;
	lose(c, END_PROTOCOL);
	return STEP_OVER;
}

/* read_in reads into working memory, or behind what is kept already, and uses it. */
static enum step read_in(struct conn *c, bool *out_drained)
{
	size_t got = 0, cap = LINKER_READ;
	char *at = c->pool->linker->read;

	if (c->in.n) {
		cap = 4096;
		at = buf_room(&c->in, cap);
	}
	enum err e = at ? link_read(c->link, at, cap, &got) : ERR_UPSTREAM;
	if (e == ERR_AGAIN)
		return STEP_WAIT;
	if (e != OK || got == 0) {
		at_end(c, e);
		return STEP_OVER;
	}
	flight_answered(c->flight);
	*out_drained = link_drained(c->link, got, cap);
	if (c->in.n)
		buf_grew(&c->in, got);
	struct str in = c->in.n ? buf_str(&c->in) : (struct str){ at, got };
	enum step s = digest(c, &in);
	return s == STEP_OVER ? s : keep(c, in, s);
}

/* use_kept uses what an earlier turn had to put away. */
static enum step use_kept(struct conn *c)
{
	struct str in = buf_str(&c->in);

	if (in.n == 0)
		return STEP_MORE;
	enum step s = digest(c, &in);
	return s == STEP_OVER ? s : keep(c, in, s);
}

/* receive reads and passes on until there is nothing to read, no room, or the answer is
 * complete. */
static void receive(struct conn *c)
{
	enum step s = use_kept(c);
	bool drained = false;

	while (s == STEP_MORE && !drained) {
		if (c->in_body && c->in.n == 0)
			s = read_direct(c, &drained);
		else
			s = read_in(c, &drained);
	}
}

/* ---- events ---------------------------------------------------------------------------------- */

static void on_ready(struct link *l, uint32_t ready)
{
	struct conn *c = l->owner;

	if (c->flight == NULL) {
		/* A kept connection has nothing to say but goodbye. */
		conn_close(c);
		return;
	}
	if (ready & EPOLLOUT)
		go_on_sending(c);
	if (c->flight && (ready & ~(uint32_t)EPOLLOUT))
		receive(c);
}

static void on_room(struct carrier *carrier)
{
	struct conn *c = OWNER(struct conn, carrier, carrier);

	if (c->flight)
		receive(c);
}

static void on_drop(struct carrier *carrier)
{
	struct conn *c = OWNER(struct conn, carrier, carrier);

	c->flight = NULL;
	conn_close(c);
}

struct conn *conn_new(struct pool *p, struct link *l)
{
	struct conn *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->carrier = (struct carrier){ .on_room = on_room, .on_drop = on_drop };
	c->pool = p;
	c->link = l;
	c->reap.on_run = reap;
	buf_init(&c->in, IN_MAX);
	l->owner = c;
	l->on_ready = on_ready;
	return c;
}

void conn_start(struct conn *c, struct flight *f)
{
	assert(c->flight == NULL && !c->closed);
	c->flight = f;
	f->carrier = &c->carrier;
	c->sent = 0;
	c->total = UINT64_MAX; /* not known before the head is built */
	c->head_bytes = 0;
	c->searched = 0;
	c->interim = 0;
	c->in_body = false;
	c->left = 0;
	go_on_sending(c);
}
