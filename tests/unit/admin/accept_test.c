/* tests/unit/admin/accept_test.c - who waits is accepted although descriptors were used up for a moment. */
#include "../failing.h"
#include "sys/listen.c"

#include "admin/admin.h"

#include "../check.h"

#include <sys/epoll.h>

static struct admin a;

static void until_accepted(struct timer *t)
{
	static unsigned turns;

	if (a.n_conns > 0 || ++turns == 300)
		loop_stop(a.loop);
	else
		timer_set(a.loop, t, 100);
}

CASE(who_waits_is_accepted_later)
{
	struct timer t = { .on_expire = until_accepted };
	struct listen_addr at;
	struct diag d;

	for (unsigned i = 0; i < ADMIN_CONNS; i++)
		a.conns[i].watch.fd = -1;
	a.loop = loop_new(16, &d);
	CHECK(listen_parse(S("127.0.0.1:0"), &at, &d) == OK);
	CHECK(listen_open(&at, 8, &a.listener.fd, &d) == OK);
	a.listener.on_ready = conn_accept;
	CHECK(loop_watch(a.loop, &a.listener, EPOLLIN) == OK);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(client >= 0 && connect(client, &at.sa, at.n) == 0);
	fail_errno = EMFILE;
	fail_at = 1;
	timer_set(a.loop, &t, 1);
	loop_run(a.loop);
	CHECK(fail_at == 0 && a.n_conns == 1);
	(void)close(client);
}

TESTS(CASE_ROW(who_waits_is_accepted_later))
