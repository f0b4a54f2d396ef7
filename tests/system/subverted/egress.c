/*
 * tests/system/subverted/egress.c - an egress that somebody else has taken over. It waits for a call of the real
 * ingress, which only wants a stream, and answers it with one act. Its later lives are the real egress.
 */
#include "subverted.h"

#include "base/le.h"
#include "egress/jail.h"
#include "sys/jail.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RING_BYTES = RING_DATA_AT + LIMIT_RING, FILES = 64, PIECE = 60000, EVENTS = 300, LOOKS = 8000 };

static struct ring_tx tx;
static struct ring_rx rx;
static char *raw; /* tx as plain memory */
static uint32_t id;
static uint64_t credit;
static struct buf message;
static int ready; /* an epoll descriptor: the jail has no sleep */

/* put sends any bytes as a frame; where they lie. */
static char *put(const void *p, uint32_t n)
{
	char *at = ring_reserve(&tx, n);

	if (at == NULL)
		return NULL;
	memcpy(at, p, n);
	ring_commit(&tx, n);
	ring_publish(&tx);
	return at;
}

static void small(enum call_frame type, uint32_t of)
{
	struct frame f = { .type = type, .how = END_OK, .id = of };
	char p[FRAME_HEADER];

	(void)put(p, frame_encode(&f, p));
}

static void head(void)
{
	struct call_head h = { .id = id, .status = 200, .content_length = UINT64_MAX };
	char p[256];

	h.replies[REPLY_CONTENT_TYPE] = S("text/event-stream");
	(void)put(p, call_head_encode(&h, p));
}

static char *data(uint32_t of, struct str s)
{
	static char p[FRAME_HEADER + PIECE];
	struct frame f = { .type = FRAME_DATA, .id = of, .n = (uint32_t)s.n };
	uint32_t n = frame_encode(&f, p);

	memcpy(p + n, s.p, s.n);
	return put(p, n + f.n);
}

static void two_heads(void)
{
	head();
	head();
}

static void data_first(void)
{
	(void)data(id, S("data: [DONE]\n\n"));
}

static void data_of_nobody(void)
{
	head();
	(void)data(id + 1, S("data: [DONE]\n\n"));
}

static void end_twice(void)
{
	small(FRAME_END, id);
	small(FRAME_END, id);
}

static void credit_back(void)
{
	small(FRAME_CREDIT, id);
}

static void empty_frame(void)
{
	(void)put("", 0);
}

static void long_head(void)
{
	static char p[PIECE] = { FRAME_HEAD };

	(void)put(p, sizeof p);
}

static void length_lies(void)
{
	char p[FRAME_HEADER + 4] = { FRAME_DATA };

	head();
	le32_put(p + 4, id);
	le32_put(p + 8, UINT32_MAX);
	(void)put(p, sizeof p);
}

static void index_far(void)
{
	le64_put(raw + RING_HEAD_AT, (uint64_t)LIMIT_RING * 2);
	ring_wake(&tx);
}

/* hear_keeper takes what keeper says, and READY is all that it hears; false: keeper is gone. */
static bool hear_keeper(void)
{
	struct ipc_msg m;
	const uint32_t yes = 1;
	enum err e;

	while ((e = ipc_recv(START_CONTROL, &message, &m)) == OK) {
		ipc_close_fds(&m);
		if (m.type == MSG_UPSTREAMS &&
		    ipc_send(START_CONTROL, MSG_READY, 0, (struct str){ (const char *)&yes, 4 }, NULL, 0) != OK)
			return false;
	}
	return e == ERR_AGAIN;
}

/* credit_came takes what ingress says; false: it wants no more. */
static bool credit_came(void)
{
	struct str s;
	struct frame f;
	struct epoll_event ev;

	if (!hear_keeper())
		return false;
	(void)epoll_wait(ready, &ev, 1, 1);
	while (ring_next(&rx, &s) == OK) {
		if (frame_type(s) == FRAME_CALL || frame_decode(&f, s) != OK || f.id != id)
			continue;
		if (f.type == FRAME_CANCEL)
			return false;
		credit += f.n;
	}
	(void)ring_release(&rx);
	return true;
}

static void index_back(void)
{
	head();
	for (unsigned i = 0; i < 5000 && le64(raw + RING_TAIL_AT) == 0; i++)
		(void)credit_came();
	le64_put(raw + RING_HEAD_AT, 0);
	ring_wake(&tx);
}

/* Escapes that come and go, and now and then are none, while ingress reads the string. */
static void scribble(char *text, uint32_t n)
{
	for (unsigned look = 0; look < LOOKS; look++)
		for (uint32_t k = 0; k + 1 < n; k += 97) {
			*(volatile char *)(text + k) = look % 2 ? '\\' : 'n';
			*(volatile char *)(text + k + 1) = look % 400 == 399 ? 'q' : 'n';
		}
}

static void changes(void)
{
	static const char begin[] = "data: {\"choices\":[{\"delta\":{\"content\":\"", end[] = "\"}}]}\n\n";
	static char p[4000];
	unsigned events = 0;
	bool wanted = true;

	memset(p, 'n', sizeof p);
	memcpy(p, begin, sizeof begin - 1);
	memcpy(p + sizeof p - sizeof end + 1, end, sizeof end - 1);
	head();
	while (wanted && events < EVENTS) {
		char *at = credit < sizeof p ? NULL : data(id, (struct str){ p, sizeof p });
		if (at != NULL) {
			credit -= sizeof p;
			events++;
			scribble(at + FRAME_HEADER + sizeof begin, sizeof p - 2 * sizeof begin);
		}
		wanted = credit_came();
	}
	said("%u events", events);
	_exit(0);
}

static void arena_write(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, START_ARENA, 0);
	void *r = mmap(NULL, 4096, PROT_READ, MAP_SHARED, START_ARENA, 0);

	said("mmap %s, mprotect %s, write %s", p == MAP_FAILED ? "refused" : "granted",
	     mprotect(r, 4096, PROT_READ | PROT_WRITE) != 0 ? "refused" : "granted",
	     write(START_ARENA, "evil", 4) < 0 ? "refused" : "granted");
	_exit(0);
}

const struct egress_act egress_acts[] = {
	{ "two-heads", two_heads }, { "data-first", data_first }, { "data-of-nobody", data_of_nobody },
	{ "end-twice", end_twice }, { "credit-back", credit_back }, { "empty-frame", empty_frame },
	{ "long-head", long_head }, { "length-lies", length_lies }, { "index-far", index_far }, { "index-back", index_back },
	{ "changes", changes }, { "arena-write", arena_write },
};
const unsigned egress_acts_n = sizeof egress_acts / sizeof egress_acts[0];

/* await_call is over when a call has come. */
static bool await_call(void)
{
	static char copy[LIMIT_FRAME];
	static struct call c;
	struct epoll_event ev;
	struct str s;

	for (;;) {
		if (!hear_keeper())
			return false;
		while (ring_next(&rx, &s) == OK) {
			if (s.n > sizeof copy || frame_type(s) != FRAME_CALL)
				continue;
			memcpy(copy, s.p, s.n);
			if (call_decode(&c, (struct str){ copy, s.n }, LIMIT_ARENA) != OK)
				return false;
			id = c.id;
			credit = c.credit;
			return true;
		}
		(void)ring_release(&rx);
		(void)epoll_wait(ready, &ev, 1, 10);
	}
}

_Noreturn void egress_subverted(const struct egress_act *act)
{
	static const int keep[] = { START_CONTROL, START_TX, START_TX_WAKE, START_RX, START_RX_WAKE, START_ARENA };
	struct jail jail = { .role = "egress", .rules = egress_jail_rules, .n_rules = egress_jail_n,
			     .tcp_connect = true, .files_max = FILES };
	struct epoll_event ev = { .events = EPOLLIN };
	struct diag d = { 0 };
	int landlock;

	buf_init(&message, LIMIT_CONTROL + IPC_HEAD);
	if (jail_begin(&jail, keep, sizeof keep / sizeof keep[0], &d) != OK)
		_exit(1);
	ready = epoll_create1(EPOLL_CLOEXEC);
	raw = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, START_TX, 0);
	if (ready < 0 || raw == MAP_FAILED || epoll_ctl(ready, EPOLL_CTL_ADD, START_CONTROL, &ev) != 0 ||
	    ring_tx_open(&tx, START_TX, START_TX_WAKE, &d) != OK ||
	    ring_rx_open(&rx, START_RX, START_RX_WAKE, &d) != OK || jail_lock(&jail, &landlock, &d) != OK)
		_exit(1);
	if (!await_call())
		_exit(1);
	act->run();
	for (unsigned i = 0; i < 500 && hear_keeper(); i++)
		(void)epoll_wait(ready, &ev, 1, 10);
	said("over");
	_exit(0);
}
