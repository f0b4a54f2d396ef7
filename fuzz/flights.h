/*
 * fuzz/flights.h - a provider's bytes on a real connection object, and what ingress sees of them: a loop that
 * turns when it is told to, a ring read by the same process, a pool with one row.
 */
#ifndef FUZZ_FLIGHTS_H
#define FUZZ_FLIGHTS_H

#include "fuzz/fuzz.h"

#include "egress/table.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct linker linker;
static struct flights flights;
static struct ring_tx tx;
static struct ring_rx rx;
static struct table table;
static struct pool pool;
static struct upstream row;
static uint8_t secrets[64];

static bool one_turn(void *arg)
{
	(void)arg;
	loop_stop(loop);
	return true;
}

static void turn(void)
{
	loop_run(loop);
	ring_publish(&tx);
}

static void set_up(void)
{
	static const struct str keys[] = { SC("sk-fuzz") };
	struct diag d;
	int fd, wake;

	if (loop)
		return;
	loop = loop_new(16, &d);
	CHECK(loop && linker_init(&linker, loop, NULL, 16) == OK && flights_init(&flights, loop) == OK);
	CHECK(ring_make(1 << 20, &fd, &wake, &d) == OK);
	CHECK(ring_tx_open(&tx, fd, wake, &d) == OK && ring_rx_open(&rx, fd, wake, &d) == OK);
	loop_on_idle(loop, one_turn, NULL);
	linker.max = 0; /* what is tried again finds no connection */
	flights.tx = &tx;
	CHECK(secrets_size(keys, 1) <= sizeof secrets);
	secrets_put(keys, 1, secrets);
	table.linker = &linker;
	table.secrets = (struct str){ (const char *)secrets, secrets_size(keys, 1) };
	row = (struct upstream){ .id = S("f"), .host = S("localhost"), .port = 80, .path_prefix = S(""),
				 .query = S(""), .auth = AUTH_BEARER, .paths = UINT32_MAX };
	pool_init(&pool, &linker, &table, &row, NULL);
}

/* What ingress saw. */
struct seen {
	struct buf body;
	unsigned status, how, ends;
	uint32_t credit;
};

static void collect(struct seen *s)
{
	struct call_head h;
	struct frame f;
	struct str bytes;

	while (ring_next(&rx, &bytes) == OK) {
		if (frame_type(bytes) == FRAME_HEAD) {
			CHECK(call_head_decode(&h, bytes) == OK && s->status == 0 && s->ends == 0);
			s->status = h.status;
			continue;
		}
		CHECK(frame_decode(&f, bytes) == OK && s->ends == 0);
		if (f.type == FRAME_END) {
			s->how = f.how;
			s->ends++;
			continue;
		}
		CHECK(f.type == FRAME_DATA && s->status && f.n <= s->credit);
		s->credit -= f.n;
		buf_add(&s->body, f.data);
	}
	(void)ring_release(&rx);
}

static struct flight *begin(uint32_t credit)
{
	struct parcel *p = parcel_get(&flights);
	struct flight *f;

	CHECK(p != NULL);
	memset(&p->call, 0, sizeof p->call);
	p->call.id = 1;
	p->call.path = PATH_CHAT;
	p->call.head_timeout_ms = p->call.idle_timeout_ms = 60000;
	p->call.credit = credit;
	CHECK(flight_new(&flights, p, &f) == OK);
	f->pool = &pool;
	return f;
}

/* link_pair makes an open link; *out_peer is the provider's end. */
static struct link *link_pair(int *out_peer)
{
	int fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	struct link *l = link_of_fd(&linker, &row, fds[0]);
	CHECK(l != NULL);
	pool.n_links++;
	*out_peer = fds[1];
	return l;
}

/* grant gives credit as long as some is used up and the call has not ended. */
static void grant(struct seen *s, uint32_t credit)
{
	collect(s);
	while (s->ends == 0 && s->credit == 0) {
		struct flight *f = flight_find(&flights, 1);
		CHECK(f != NULL);
		s->credit += credit;
		flight_credit(f, credit);
		turn();
		collect(s);
	}
}

/* send_all sends in in pieces of step bytes until the call has ended, then closes the provider's end. */
static void send_all(struct str in, size_t step, uint32_t credit, int peer, struct seen *s)
{
	char ignored[4096];

	while (in.n && s->ends == 0) {
		struct str piece = str_head(in, step);
		while (read(peer, ignored, sizeof ignored) > 0)
			;
		if (send(peer, piece.p, piece.n, MSG_NOSIGNAL) != (ssize_t)piece.n)
			break;
		in = str_tail(in, piece.n);
		turn();
		grant(s, credit);
	}
	while (read(peer, ignored, sizeof ignored) > 0)
		;
	(void)close(peer);
	for (int i = 0; i < 3; i++) {
		turn();
		grant(s, credit);
	}
	CHECK(s->ends == 1 && flights.n == 0 && s->body.err == OK);
	turn();
}

#endif
