/* tests/unit/admin/body_test.c - a body that comes byte by byte is decoded once, not anew for each byte. */
#include "admin/admin.h"

static unsigned calls;

static enum err counted_next(struct http1_chunked *c, struct str *in, struct str *out)
{
	calls++;
	return http1_chunked_next(c, in, out);
}

#define http1_chunked_next counted_next
#include "admin/conn.c"

#include "../check.h"

enum { CHUNKS = 1000 };
static const struct str head = SC("GET /health/liveliness HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
static const struct str chunk = SC("1\r\nx\r\n");

static struct admin a;
static struct conn *c;
static int peer;

static void say(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		CHECK(send(peer, s.p + i, 1, 0) == 1);
		go_on(c);
	}
}

CASE(chunks_byte_by_byte)
{
	char answer[4096];
	int fds[2];
	struct diag d;

	for (unsigned i = 0; i < ADMIN_CONNS; i++)
		a.conns[i].watch.fd = -1;
	a.loop = loop_new(16, &d);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	peer = fds[1];
	c = conn_new(&a, fds[0]);
	CHECK(c != NULL);
	for (int turn = 0; turn < 2; turn++) { /* the next request's body begins anew */
		calls = 0;
		say(head);
		for (unsigned i = 0; i < CHUNKS; i++)
			say(chunk);
		CHECK(c->body.n == CHUNKS);
		say(S("0\r\n\r\n"));
		CHECK(calls <= CHUNKS * chunk.n + 5);
		ssize_t n = recv(peer, answer, sizeof answer, 0);
		CHECK(n > 0 && str_has_prefix((struct str){ answer, (size_t)n }, S("HTTP/1.1 200 ")));
		CHECK(c->in.n == 0 && c->body.n == 0);
	}
	conn_drop(c);
	(void)close(peer);
}

TESTS(CASE_ROW(chunks_byte_by_byte))
