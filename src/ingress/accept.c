/*
 * ingress/accept.c - takes new clients from the listener, a few a turn, and pauses when there is no
 * room. Runs in: ingress.
 */
#include "ingress/conn.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
	ACCEPT_TURN = 64,      /* connections taken in one turn */
	ACCEPT_PAUSE_MS = 100, /* when descriptors or slots are used up */
};

static void on_accept_timer(struct timer *t)
{
	struct ingress *in = (struct ingress *)((char *)t - offsetof(struct ingress, accept_timer));

	in->accept_paused = false;
	conn_accept_ready(&in->listener, EPOLLIN);
}

static void pause_accept(struct ingress *in, uint32_t ms)
{
	in->accept_paused = true;
	in->accept_timer.on_expire = on_accept_timer;
	timer_set(in->loop, &in->accept_timer, ms);
}

void conn_accept_ready(struct watch *w, uint32_t ready)
{
	struct ingress *in = (struct ingress *)((char *)w - offsetof(struct ingress, listener));

	(void)ready;
	for (unsigned i = 0; !in->accept_paused && !in->draining; i++) {
		if (i == ACCEPT_TURN || in->free_conns == NULL) {
			pause_accept(in, i == ACCEPT_TURN ? 0 : ACCEPT_PAUSE_MS);
			return;
		}
		int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			conn_open(in, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_accept(in, ACCEPT_PAUSE_MS);
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}
