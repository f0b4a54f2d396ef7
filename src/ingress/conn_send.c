/*
 * ingress/conn_send.c - a connection's output: gathered during a turn, sent at its end with one
 * system call. Runs in: ingress.
 */
#include "ingress/conn.h"

#include "ingress/conn_io.h"
#include "ingress/exchange.h"

#include <string.h>
#include <sys/epoll.h>

enum { GATHER_FIRST = 8, SEND_IOV = 64, STUCK_READER_MS = 60000 };

struct gather {
	struct iovec *iov;
	unsigned n, cap;
};

void conn_gather(struct conn *c, struct str s)
{
	struct ingress *in = c->in;
	struct gather *g = c->gather;

	if (c->dead || s.n == 0)
		return;
	if (g == NULL) {
		g = NEW(&in->turn, struct gather);
		if (g == NULL) {
			conn_kill(c);
			return;
		}
		c->gather = g;
		c->next = in->dirty;
		in->dirty = c;
	}
	if (g->n == g->cap) {
		unsigned cap = g->cap ? g->cap * 2 : GATHER_FIRST;
		struct iovec *iov = NEW_ARRAY(&in->turn, struct iovec, cap);
		if (iov == NULL) {
			conn_kill(c);
			return;
		}
		if (g->n)
			memcpy(iov, g->iov, g->n * sizeof *iov);
		g->iov = iov;
		g->cap = cap;
	}
	g->iov[g->n++] = (struct iovec){ .iov_base = (char *)(uintptr_t)s.p, .iov_len = s.n };
}

void conn_gather_copy(struct conn *c, struct str s)
{
	struct str copy = arena_dup(&c->in->turn, s);

	if (copy.p == NULL)
		conn_kill(c);
	else
		conn_gather(c, copy);
}

static void keep_rest(struct conn *c, struct iovec *iov, unsigned n, size_t sent)
{
	for (unsigned i = 0; i < n; i++) {
		struct str s = { iov[i].iov_base, iov[i].iov_len };
		size_t skip = sent < s.n ? sent : s.n;
		sent -= skip;
		buf_add(&c->outbuf, str_tail(s, skip));
	}
	if (c->outbuf.err != OK)
		conn_kill(c);
}

static void arm(struct conn *c, bool blocked)
{
	if (c->blocked == blocked)
		return;
	c->blocked = blocked;
	if (loop_watch(c->in->loop, &c->watch,
		       EPOLLIN | EPOLLRDHUP | (blocked ? (uint32_t)EPOLLOUT : 0u)) != OK)
		conn_kill(c);
	else if (blocked)
		timer_set(c->in->loop, &c->timer, STUCK_READER_MS);
	else
		conn_restart_timer(c);
}

/* The next turn begins with the request that waits: its socket takes output, and says so. */
static void go_on(struct conn *c)
{
	c->waits = false;
	if (loop_watch(c->in->loop, &c->watch, EPOLLIN | EPOLLRDHUP | EPOLLOUT) != OK)
		conn_kill(c);
}

void conn_sent(struct conn *c)
{
	if (c->outbuf.n != 0 || c->gather != NULL)
		return;
	if (c->state == C_CLOSE)
		conn_io_end(c);
	else if (c->x != NULL)
		exchange_writable(c->x);
	else if (c->waits)
		go_on(c);
}

void conn_flush(struct conn *c)
{
	struct gather *g = c->gather;
	unsigned at = 0;

	c->gather = NULL;
	while (!c->dead && c->outbuf.n == 0 && at < g->n) {
		unsigned n = g->n - at < SEND_IOV ? g->n - at : SEND_IOV;
		size_t total = 0;
		for (unsigned i = 0; i < n; i++)
			total += g->iov[at + i].iov_len;
		ssize_t sent = conn_io_send(c, g->iov + at, n);
		if (sent < 0) {
			conn_kill(c);
			return;
		}
		if ((size_t)sent < total)
			keep_rest(c, g->iov + at, n, (size_t)sent);
		at += n;
	}
	if (!c->dead && at < g->n)
		keep_rest(c, g->iov + at, g->n - at, 0);
	if (c->dead)
		return;
	arm(c, c->outbuf.n != 0);
	if (!c->dead)
		conn_sent(c);
}

void conn_send_more(struct conn *c)
{
	size_t at = 0;

	while (at < c->outbuf.n) {
		struct iovec iov = { .iov_base = c->outbuf.p + at, .iov_len = c->outbuf.n - at };
		ssize_t sent = conn_io_send(c, &iov, 1);
		if (sent < 0) {
			conn_kill(c);
			return;
		}
		if (sent == 0)
			break;
		at += (size_t)sent;
	}
	buf_cut(&c->outbuf, at);
	if (at != 0 && c->outbuf.n != 0)
		timer_set(c->in->loop, &c->timer, STUCK_READER_MS);
	if (c->outbuf.n != 0)
		return;
	buf_free(&c->outbuf);
	arm(c, false);
	if (!c->dead)
		conn_sent(c);
}

bool conn_blocked(const struct conn *c)
{
	return c->outbuf.n != 0;
}

size_t conn_pending(const struct conn *c)
{
	return c->outbuf.n;
}
