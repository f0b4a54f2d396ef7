/* tests/unit/sys/sock_test.c - which sockets leave the system's congestion control. */
#include "sys/sock.h"

#include "../check.h"

#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

static void tuned(struct str where, char *out, int *out_nodelay)
{
	struct listen_addr at;
	struct diag d;
	socklen_t n = 16, size = sizeof *out_nodelay;
	int fd;

	CHECK(listen_parse(where, &at, &d) == OK);
	fd = socket(at.sa.sa_family, SOCK_STREAM, 0);
	CHECK(fd >= 0);
	sock_tune(fd, &at);
	CHECK(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, out, &n) == 0);
	CHECK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, out_nodelay, &size) == 0);
	(void)close(fd);
}

CASE(only_a_loopback_address_takes_reno)
{
	char usual[16] = { 0 }, out[16] = { 0 };
	int nodelay = 0;

	tuned(S("192.0.2.1:1"), usual, &nodelay);
	CHECK(nodelay == 1);
	tuned(S("127.0.0.1:1"), out, &nodelay);
	CHECK(nodelay == 1 && strcmp(out, "reno") == 0);
	tuned(S("[::1]:1"), out, &nodelay);
	CHECK(nodelay == 1 && strcmp(out, "reno") == 0);
	tuned(S("[2001:db8::1]:1"), out, &nodelay);
	CHECK(strcmp(out, usual) == 0);
}

/* What a client of a loopback listener talks to has it too. */
CASE(accepted_sockets_inherit)
{
	struct listen_addr at;
	struct diag d;
	char cc[16] = { 0 };
	socklen_t n = sizeof cc, size = sizeof(int);
	int listener, fd = -1, nodelay = 0;

	CHECK(listen_parse(S("127.0.0.1:0"), &at, &d) == OK && listen_open(&at, 8, &listener, &d) == OK);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(client >= 0 && connect(client, &at.sa, at.n) == 0);
	CHECK(listen_accept(listener, &fd, NULL) == OK);
	CHECK(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cc, &n) == 0 && strcmp(cc, "reno") == 0);
	CHECK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &size) == 0 && nodelay == 1);
	(void)close(fd);
	(void)close(client);
	(void)close(listener);
}

TESTS(CASE_ROW(only_a_loopback_address_takes_reno), CASE_ROW(accepted_sockets_inherit))
