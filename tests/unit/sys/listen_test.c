/* tests/unit/sys/listen_test.c - taking clients from a listener when something is in the way. */
#include "../failing.h"
#include "sys/listen.c"

#include "../check.h"

static int listener, client;

static void somebody_waits(void)
{
	struct listen_addr at;
	struct diag d;

	CHECK(listen_parse(S("127.0.0.1:0"), &at, &d) == OK && listen_open(&at, 8, &listener, &d) == OK);
	client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(client >= 0 && connect(client, &at.sa, at.n) == 0);
}

static void nobody_waits(void)
{
	(void)close(client);
	(void)close(listener);
}

/* One that left early once hid those behind it: the loop tells of a waiting client once. */
CASE(who_left_early_hides_nobody)
{
	int fd = -1;

	somebody_waits();
	fail_errno = ECONNABORTED;
	fail_at = 1;
	CHECK(listen_accept(listener, &fd, NULL) == OK && fd >= 0);
	(void)close(fd);
	CHECK(listen_accept(listener, &fd, NULL) == ERR_AGAIN);
	nobody_waits();
}

CASE(no_descriptor_is_not_nobody)
{
	int fd = -1;

	somebody_waits();
	fail_errno = EMFILE;
	fail_at = 1;
	CHECK(listen_accept(listener, &fd, NULL) == ERR_LIMIT);
	CHECK(listen_accept(listener, &fd, NULL) == OK);
	(void)close(fd);
	nobody_waits();
}

TESTS(CASE_ROW(who_left_early_hides_nobody), CASE_ROW(no_descriptor_is_not_nobody))
