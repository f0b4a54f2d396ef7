/*
 * fuzz/conn_fuzz.c - an HTTP/1.1 answer on a real connection object: what ingress gets does not depend on
 * how the bytes were cut or on how small the credit was.
 * Input: the first two bytes choose the cut and the credit, the rest is what the provider sends.
 */
#include "fuzz/fuzz.h"

#include "egress/conn.h"
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

static struct conn *connect_pair(int *out_peer)
{
	int fds[2];
	struct link *l;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	l = link_of_fd(&linker, &row, fds[0]);
	CHECK(l != NULL);
	pool.n_links++;
	*out_peer = fds[1];
	return conn_new(&pool, l);
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

static void run(struct str in, size_t step, uint32_t credit, struct seen *s)
{
	char request[1024];
	int peer;
	struct conn *c = connect_pair(&peer);

	*s = (struct seen){ .credit = credit };
	buf_init(&s->body, 1 << 20);
	CHECK(c != NULL);
	conn_start(c, begin(credit));
	turn();
	CHECK(read(peer, request, sizeof request) > 0);
	while (in.n && s->ends == 0) {
		struct str piece = str_head(in, step);
		CHECK(send(peer, piece.p, piece.n, MSG_NOSIGNAL) == (ssize_t)piece.n);
		in = str_tail(in, piece.n);
		turn();
		grant(s, credit);
	}
	(void)close(peer);
	for (int i = 0; i < 3; i++) {
		turn();
		grant(s, credit);
	}
	CHECK(s->ends == 1 && flights.n == 0 && s->body.err == OK);
	turn();
	CHECK(pool.n_links == 0 && pool.idle == NULL && linker.n == 0);
}

static bool is_bad(unsigned how)
{
	return how == END_PROTOCOL || how == END_TRUNCATED;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct seen whole, split;

	if (n < 2 || n > 8192)
		return 0;
	set_up();
	struct str in = { (const char *)p + 2, n - 2 };
	run(in, in.n ? in.n : 1, 1 << 20, &whole);
	run(in, 1u + p[0] + in.n / 64, 1u + p[1], &split);
	/* Whether a head is found bad or found to end early may depend on how it came; its refusal may not. */
	bool bad_head = whole.status == 0 && is_bad(whole.how) && is_bad(split.how);
	CHECK(whole.status == split.status && (whole.how == split.how || bad_head));
	CHECK(str_eq(buf_str(&whole.body), buf_str(&split.body)));
	CHECK(whole.body.n <= in.n && (whole.how != END_OK || whole.status));
	buf_free(&whole.body);
	buf_free(&split.body);
	return 0;
}
