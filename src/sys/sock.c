/*
 * sys/sock.c - options of TCP sockets.
 */
#include "sys/sock.h"

#include <netinet/tcp.h>

void sock_tune(int fd, const struct listen_addr *a)
{
	static const char reno[] =
		"reno"; /* the one that every kernel has and everybody may ask for */
	const int one = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	/*
	 * Between two programs of one machine there is no path to learn about. Where the system's
	 * choice is BBR, its model and its pacing are 4 % of what a request costs us.
	 */
	if (a->sa.sa_family != AF_UNIX && listen_is_loopback(a))
		(void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, reno, sizeof reno - 1);
}
