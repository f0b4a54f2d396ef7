/* ingress/conn_io.c - a client's socket, plain or through TLS. Runs in: ingress. */
#include "ingress/conn_io.h"

#include "tls/tls.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum err conn_io_open(struct conn *c)
{
	if (c->in->tls == NULL)
		return OK;
	c->tls = tls_accept(c->in->tls, c->watch.fd);
	return c->tls != NULL ? OK : ERR_NOMEM;
}

void conn_io_close(struct conn *c)
{
	if (c->tls == NULL)
		return;
	if (c->tls_open && !c->ended)
		tls_close_notify(c->tls);
	tls_free(c->tls);
	c->tls = NULL;
}

void conn_io_end(struct conn *c)
{
	if (c->ended)
		return;
	c->ended = true;
	/* Without it the client could not tell an answer's end from a cut connection. */
	if (c->tls_open)
		tls_close_notify(c->tls);
	(void)shutdown(c->watch.fd, SHUT_WR);
}

bool conn_io_ready(struct conn *c)
{
	if (c->tls == NULL || c->tls_open)
		return true;
	enum err e = tls_handshake(c->tls, NULL);
	c->tls_open = e == OK;
	if (e == ERR_AGAIN) {
		uint32_t want = EPOLLIN | EPOLLRDHUP |
				(tls_wants_write(c->tls) ? (uint32_t)EPOLLOUT : 0u);
		if (loop_watch(c->in->loop, &c->watch, want) == OK)
			return false;
	}
	if (!c->tls_open)
		conn_kill(c);
	return c->tls_open;
}

static ssize_t tls_recv(struct conn *c, const struct iovec *iov)
{
	size_t n = 0;
	enum err e = tls_read(c->tls, iov->iov_base, iov->iov_len, &n);

	return e == OK ? (ssize_t)n : e == ERR_AGAIN ? -1 : -2;
}

ssize_t conn_io_recv(struct conn *c, struct iovec *iov, unsigned n)
{
	if (c->tls != NULL)
		return tls_recv(c, iov);
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t got = n == 1 ? recv(c->watch.fd, iov->iov_base, iov->iov_len, 0)
			     : recvmsg(c->watch.fd, &m, 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : -2;
	return got;
}

static ssize_t tls_send(struct conn *c, const struct iovec *iov, unsigned n)
{
	size_t total = 0;

	for (unsigned i = 0; i < n; i++) {
		size_t at = 0;
		while (at < iov[i].iov_len) {
			size_t sent;
			enum err e = tls_write(c->tls, (const char *)iov[i].iov_base + at,
					       iov[i].iov_len - at, &sent);
			if (e == ERR_AGAIN)
				return (ssize_t)(total + at);
			if (e != OK)
				return -1;
			at += sent;
		}
		total += at;
	}
	return (ssize_t)total;
}

ssize_t conn_io_send(struct conn *c, struct iovec *iov, unsigned n)
{
	if (c->tls != NULL)
		return tls_send(c, iov, n);
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t sent = n == 1 ? send(c->watch.fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL)
			      : sendmsg(c->watch.fd, &m, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
		return 0;
	return sent;
}
