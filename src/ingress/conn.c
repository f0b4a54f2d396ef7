/*
 * ingress/conn.c - client connections.
 * Input: hostile.   Runs in: ingress.   Fuzz: fuzz/http1_fuzz.c
 */
#include "ingress/conn.h"

#include "ingress/conn_io.h"
#include "ingress/exchange.h"
#include "ingress/local.h"
#include "ingress/reply.h"
#include "ingress/route.h"
#include "sys/log.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	INBUF_MAX = LIMIT_HEAD + INGRESS_SCRATCH, /* a head, or what a client sends ahead */
	BODY_FIRST = 2 << 20,			  /* reserved at once; more as it comes */
	BODY_LITTLE = 32 << 10,			  /* the same while half of the arena is in use */
	BODY_RATE = 16 << 10,			  /* bytes a second that a body must keep up */
	BODY_STEP = 30 * BODY_RATE,		  /* what C_BODY's time is enough for */
	OUTBUF_MAX = 2 * LIMIT_RESPONSE,
};

static_assert(sizeof(struct conn) <= LIMIT_CONN_SLOT, "as base/limits.h says");
static_assert((int)INBUF_MAX <= 2 * LIMIT_HEAD, "what is counted for a connection");

#define B(state) (1u << (state))

/* What each state may last, and what may follow it. */
static const struct {
	const char *name;
	uint32_t timeout_ms; /* 0: none */
	unsigned next;
} states[C_COUNT] = {
	[C_IDLE] = { "idle", 75000, B(C_HEAD) | B(C_BUSY) | B(C_CLOSE) },
	[C_HEAD] = { "head", 10000, B(C_BODY) | B(C_BUSY) | B(C_IDLE) | B(C_CLOSE) },
	[C_BODY] = { "body", 30000, B(C_BUSY) | B(C_CLOSE) | B(C_IDLE) },
	[C_BUSY] = { "busy", 0, B(C_IDLE) | B(C_CLOSE) },
	[C_CLOSE] = { "close", 3000, 0 },
};

void conn_restart_timer(struct conn *c)
{
	if (states[c->state].timeout_ms)
		timer_set(c->in->loop, &c->timer, states[c->state].timeout_ms);
	else
		timer_cancel(&c->timer);
}

static void set_state(struct conn *c, enum conn_state to)
{
	assert(states[c->state].next & B(to));
	c->state = to;
	conn_restart_timer(c);
}

/* ---- the pool ---------------------------------------------------------------------------------
 */

static void on_reap(struct deferred *d)
{
	struct ingress *in = (struct ingress *)((char *)d - offsetof(struct ingress, reap));

	while (in->dead_conns != NULL) {
		struct conn *c = in->dead_conns;
		in->dead_conns = c->next;
		if (c->x != NULL)
			exchange_gone(c->x);
		buf_free(&c->inbuf);
		buf_free(&c->outbuf);
		body_free(in->bodies, &c->body);
		if (c->watch.fd >= 0)
			(void)close(c->watch.fd);
		*c = (struct conn){ .in = in, .next = in->free_conns };
		in->free_conns = c;
		in->n_conns--;
	}
}

enum err conn_pool(struct ingress *in, unsigned n)
{
	in->conns = calloc(n, sizeof *in->conns);
	if (in->conns == NULL)
		return ERR_NOMEM;
	for (unsigned i = n; i-- > 0;) {
		in->conns[i].in = in;
		in->conns[i].next = in->free_conns;
		in->free_conns = &in->conns[i];
	}
	in->reap.on_run = on_reap;
	return OK;
}

static void undirty(struct conn *c)
{
	struct conn **at = &c->in->dirty;

	if (c->gather == NULL)
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->gather = NULL;
}

void conn_kill(struct conn *c)
{
	if (c->dead)
		return;
	c->dead = true;
	undirty(c);
	timer_cancel(&c->timer);
	loop_unwatch(c->in->loop, &c->watch);
	conn_io_close(c);
	c->next = c->in->dead_conns;
	c->in->dead_conns = c;
	loop_defer(c->in->loop, &c->in->reap);
}

int conn_detach(struct conn *c)
{
	int fd = c->watch.fd;

	loop_unwatch(c->in->loop, &c->watch);
	c->watch.fd = -1;
	conn_kill(c);
	return fd;
}

/* ---- input ------------------------------------------------------------------------------------
 */

static void start_body(struct conn *c, const struct http1_head *h)
{
	struct ingress *in = c->in;
	uint64_t want = h->framing == HTTP1_LENGTH ? h->content_length : 0;
	uint64_t max = c->x->gen->policy.max_body_bytes;

	c->chunked_body = h->framing == HTTP1_CHUNKED;
	c->chunked = (struct http1_chunked){ 0 };
	c->body_left = want;
	if (want > max) {
		reply_refuse(c, ERR_LIMIT,
			     "the request body is larger than the limit; send a smaller one");
		return;
	}
	/* Promises are cheap: they must not take the room from those who keep them. */
	size_t first = bodies_used(in->bodies) < LIMIT_ARENA / 2 ? BODY_FIRST : BODY_LITTLE;
	if (body_alloc(in->bodies, &c->body, want > first ? first : (size_t)want) != OK) {
		reply_refuse(c, ERR_BUSY, "no memory for request bodies; try again");
		return;
	}
	set_state(c, C_BODY);
	if (h->expect_continue)
		conn_gather(c, S("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void on_head(struct conn *c, const struct http1_head *h, struct str raw)
{
	struct route_match m;

	c->keep_alive = h->keep_alive && !c->in->draining;
	c->http10 = h->minor == 0;
	c->head_only = str_eq(h->method, S("HEAD"));
	c->close_after = h->framing != HTTP1_NONE; /* until its body has been read */
	enum err e = route_find(h->method, h->path, &m);
	if (e != OK) {
		reply_no_route(c, h->path, e);
		return;
	}
	if (!m.route->call) {
		local_answer(c, &m, h, raw);
		return;
	}
	exchange_begin(c, &m, h);
	if (c->dead || c->x == NULL)
		return;
	if (h->framing == HTTP1_NONE)
		reply_refuse(c, ERR_SYNTAX,
			     "the request has no body; send the JSON request with Content-Length");
	else
		start_body(c, h);
}

static void bad_head(struct conn *c, enum err e, const char *why)
{
	unsigned status = e == ERR_LIMIT ? 431 : e == ERR_UNSUPPORTED ? 501 : 400;

	c->keep_alive = false;
	set_state(c, C_BUSY);
	reply_plain(c, status, why);
}

/* A body earns its time as it comes. */
static void body_came(struct conn *c, size_t n)
{
	size_t before = c->body.n;

	c->body.n += n;
	if (c->body.n / BODY_STEP > before / BODY_STEP)
		conn_restart_timer(c);
}

/* Appends to the body; false: it was refused. */
static bool body_take(struct conn *c, struct str s)
{
	struct ingress *in = c->in;

	/* By the policy that the request began with: another one may be in force by now. */
	if (s.n > c->x->gen->policy.max_body_bytes - c->body.n) {
		reply_refuse(c, ERR_LIMIT,
			     "the request body is larger than the limit; send a smaller one");
		return false;
	}
	size_t need = c->body.n + s.n;
	if (need > c->body.cap) {
		size_t cap = need > c->body.cap * 2 ? need : c->body.cap * 2;
		if (body_grow(in->bodies, &c->body, cap) != OK) {
			reply_refuse(c, ERR_BUSY, "no memory for request bodies; try again");
			return false;
		}
	}
	memcpy(c->body.p + c->body.n, s.p, s.n);
	body_came(c, s.n);
	return true;
}

static void body_done(struct conn *c)
{
	struct body body = c->body;

	c->body = (struct body){ 0 };
	c->close_after = false;
	set_state(c, C_BUSY);
	exchange_body(c->x, &body);
}

static void take_length(struct conn *c, struct str *in)
{
	struct str s = str_head(*in, c->body_left < in->n ? (size_t)c->body_left : in->n);

	*in = str_tail(*in, s.n);
	c->body_left -= s.n;
	if (body_take(c, s) && c->body_left == 0)
		body_done(c);
}

static void take_chunks(struct conn *c, struct str *in)
{
	while (in->n && !c->chunked.done) {
		struct str data;
		if (http1_chunked_next(&c->chunked, in, &data) != OK) {
			reply_refuse(c, ERR_SYNTAX, "the chunked body is malformed");
			return;
		}
		if (data.n && !body_take(c, data))
			return;
	}
	if (c->chunked.done)
		body_done(c);
}

/* Consumes what it can of in and gives what is left. */
static struct str input(struct conn *c, struct str in)
{
	while (!c->dead && (in.n || c->state == C_BODY)) {
		if (c->state == C_IDLE) {
			/* RFC 9112, 2.2: an empty line before a request is ignored. */
			if (in.n >= 2 && in.p[0] == '\r' && in.p[1] == '\n') {
				in = str_tail(in, 2);
				continue;
			}
			/* One answer a turn, and none ahead of those that wait for the client: what
			 * is asked in a row shall hold up nobody, and pile up nowhere. */
			if (c->gather != NULL || c->outbuf.n != 0) {
				c->waits = true;
				return in;
			}
			c->searched = 0;
			set_state(c, C_HEAD);
		}
		if (c->state == C_HEAD) {
			UNSET struct http1_head h;
			const char *why = "malformed request";
			enum err e = http1_request(&h, in, c->searched, &why);
			if (e == ERR_AGAIN) {
				c->searched = in.n;
				return in;
			}
			if (e != OK) {
				bad_head(c, e, why);
				return S("");
			}
			struct str rest = str_tail(in, h.head_bytes);
			on_head(c, &h, in);
			in = rest;
			continue;
		}
		if (c->state != C_BODY)
			return c->state == C_CLOSE ? S("") : in;
		if (c->chunked_body)
			take_chunks(c, &in);
		else
			take_length(c, &in);
		if (c->state == C_BODY)
			return in;
	}
	return c->dead ? S("") : in;
}

/* What is not consumed yet is kept until more comes or the answer under way has ended. */
static void take(struct conn *c, struct str s)
{
	struct str rest = input(c, s);

	if (!c->dead)
		buf_add(&c->inbuf, rest);
}

static void take_kept(struct conn *c)
{
	struct str rest = input(c, buf_str(&c->inbuf));

	if (!c->dead)
		buf_cut(&c->inbuf, c->inbuf.n - rest.n);
	if (!c->dead && c->inbuf.n == 0)
		buf_free(&c->inbuf);
}

/* A large body goes straight from the socket to where it will be sent from. */
static bool reads_into_body(const struct conn *c)
{
	return c->state == C_BODY && !c->chunked_body && c->inbuf.n == 0 && c->body_left > 0 &&
	       c->body.cap > c->body.n;
}

/* With the body's last bytes those behind them are asked for, there being none as a rule: a read
 * that fills less has emptied the socket, and the next one is spared. */
static ssize_t read_body(struct conn *c, size_t *out_asked)
{
	size_t room = c->body.cap - c->body.n;
	size_t want = c->body_left < room ? (size_t)c->body_left : room;
	size_t behind = want == c->body_left ? INGRESS_SCRATCH : 0;
	struct iovec into[] = { { c->body.p + c->body.n, want }, { c->in->scratch, behind } };

	*out_asked = want + behind;
	ssize_t n = conn_io_recv(c, into, behind ? 2 : 1);
	if (n <= 0)
		return n;
	size_t got = (size_t)n < want ? (size_t)n : want;
	body_came(c, got);
	c->body_left -= got;
	if (c->body_left == 0)
		body_done(c);
	if ((size_t)n > got)
		take(c, (struct str){ c->in->scratch, (size_t)n - got });
	return n;
}

static ssize_t read_scratch(struct conn *c, size_t *out_asked)
{
	struct iovec into = { c->in->scratch, INGRESS_SCRATCH };

	if (c->inbuf.n != 0) {
		into.iov_len = INBUF_MAX - c->inbuf.n < 16384 ? INBUF_MAX - c->inbuf.n : 16384;
		into.iov_base = buf_room(&c->inbuf, into.iov_len);
	}
	*out_asked = into.iov_len;
	if (into.iov_base == NULL)
		return -2;
	ssize_t n = conn_io_recv(c, &into, 1);
	if (n <= 0)
		return n;
	if (c->inbuf.n == 0) {
		take(c, (struct str){ c->in->scratch, (size_t)n });
		return n;
	}
	buf_grew(&c->inbuf, (size_t)n);
	take_kept(c);
	return n;
}

static void read_all(struct conn *c)
{
	while (!c->dead) {
		size_t asked;
		if (c->waits || (c->state == C_BUSY && c->inbuf.n >= LIMIT_HEAD))
			return; /* sent ahead enough: the rest stays in the kernel */
		ssize_t n = reads_into_body(c) ? read_body(c, &asked) : read_scratch(c, &asked);
		if (n == 0 || n == -2) {
			conn_kill(c);
			return;
		}
		if (n < 0)
			return;
		if ((size_t)n < asked && c->tls == NULL)
			return; /* edge-triggered: a short read has emptied the socket */
	}
}

/* What was sent ahead is looked at first, then the socket. Meanwhile an answer that ends at once
 * only changes the state: the loop in input goes on with the next request itself. */
static void conn_read(struct conn *c)
{
	c->reading = true;
	if (c->state == C_IDLE && c->inbuf.n != 0)
		take_kept(c);
	read_all(c);
	c->reading = false;
}

void conn_done(struct conn *c)
{
	if (c->dead)
		return;
	if (!c->keep_alive || c->close_after || c->in->draining) {
		set_state(c, C_CLOSE);
		if (c->gather == NULL)
			conn_sent(c);
		return;
	}
	set_state(c, C_IDLE);
	if (!c->reading && c->inbuf.n != 0)
		conn_read(c);
}

static void on_ready(struct watch *w, uint32_t ready)
{
	struct conn *c = (struct conn *)((char *)w - offsetof(struct conn, watch));

	if (!conn_io_ready(c))
		return;
	/* Some large requests at once must not take the memory of who comes after them. */
	if (c->in->turn.used > c->in->turn.budget / 4)
		ingress_flush(c->in);
	if (ready & EPOLLERR) {
		conn_kill(c);
		return;
	}
	if (ready & EPOLLOUT && c->outbuf.n)
		conn_send_more(c);
	if (!c->dead && ready & (EPOLLIN | EPOLLOUT | EPOLLHUP))
		conn_read(c);
	/* A client that has shut its sending side has left: nobody waits for an answer like that.
	 */
	if (!c->dead && ready & (EPOLLRDHUP | EPOLLHUP))
		conn_kill(c);
}

static void on_expire(struct timer *t)
{
	struct conn *c = (struct conn *)((char *)t - offsetof(struct conn, timer));

	if (c->blocked || c->state == C_IDLE || c->state == C_CLOSE) {
		conn_kill(c);
		return;
	}
	c->keep_alive = false;
	if (c->x == NULL) {
		set_state(c, C_BUSY);
		reply_plain(c, 408, "the request head did not arrive in time");
		return;
	}
	reply_refuse(c, ERR_TIMEOUT, "the request body did not arrive in time");
}

void conn_open(struct ingress *in, int fd)
{
	struct conn *c = in->free_conns;

	in->free_conns = c->next;
	in->n_conns++;
	*c = (struct conn){ .in = in };
	c->watch = (struct watch){ .fd = fd, .on_ready = on_ready };
	c->timer.on_expire = on_expire;
	buf_init(&c->inbuf, INBUF_MAX);
	buf_init(&c->outbuf, OUTBUF_MAX);
	if (conn_io_open(c) != OK) {
		conn_kill(c);
		return;
	}
	timer_set(in->loop, &c->timer, states[C_HEAD].timeout_ms);
	if (loop_watch(in->loop, &c->watch, EPOLLIN | EPOLLRDHUP) != OK)
		conn_kill(c);
}

void conn_drain_all(struct ingress *in)
{
	for (unsigned i = 0; i < LIMIT_CONNS; i++) {
		struct conn *c = &in->conns[i];
		if (c->watch.on_ready != NULL && !c->dead &&
		    (c->state == C_IDLE || c->state == C_HEAD))
			conn_kill(c);
	}
}
