/*
 * fetcher/wire.c - a connection to one host.
 * Input: what a server sends, read by the TLS library.   Runs in: fetcher.
 */
#include "fetcher/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- connecting ---- */

static enum err await(int fd, bool to_write, int ms, struct diag *d)
{
	struct pollfd p = { .fd = fd, .events = to_write ? POLLOUT : POLLIN };
	int n;

	do
		n = poll(&p, 1, ms);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return diag_set(d, ERR_TIMEOUT, "the server does not answer");
	return n > 0 ? OK : diag_set(d, ERR_SYS, "cannot wait: %s", strerror(errno));
}

/* try_address connects to one address. -1: it does not answer, and errno says why. */
static int try_address(const struct addrinfo *at)
{
	int error = 0;
	socklen_t n = sizeof error;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
		return fd;
	if (errno == EINPROGRESS && await(fd, true, WIRE_CONNECT_MS, NULL) == OK &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0) {
		if (error == 0)
			return fd;
		errno = error;
	} else if (errno == EINPROGRESS) {
		errno = ETIMEDOUT;
	}
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

enum err wire_connect(struct wire *w, const struct url *u, struct diag *d)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_ADDRCONFIG },
			*list = NULL;
	char host[256], port[8];

	*w = (struct wire){ .fd = -1 };
	if (u->host.n >= sizeof host)
		return diag_set(d, ERR_SYNTAX, "the host's name is too long");
	(void)snprintf(host, sizeof host, "%.*s", FMT(u->host));
	(void)snprintf(port, sizeof port, "%u", u->port);
	int e = getaddrinfo(host, port, &hints, &list);
	if (e != 0)
		return diag_set(d, ERR_UPSTREAM, "cannot find '%s': %s", host, gai_strerror(e));
	errno = EADDRNOTAVAIL;
	for (const struct addrinfo *at = list; at && w->fd < 0; at = at->ai_next)
		w->fd = try_address(at);
	int saved = errno;
	freeaddrinfo(list);
	if (w->fd < 0)
		return diag_set(d, ERR_UPSTREAM, "cannot connect to '%s' port %s: %s", host, port,
				strerror(saved));
	return OK;
}

/* ---- TLS ---- */

enum err wire_trust(struct wire *w, const struct url *u, struct str ca_pem, struct diag *d)
{
	struct tls_client_opts o = { .ca_pem = ca_pem };

	w->trust = tls_client_new(&o, d);
	if (w->trust == NULL)
		return d->err;
	w->tls = tls_connect(w->trust, w->fd, u->host, NULL);
	return w->tls ? OK : diag_set(d, ERR_NOMEM, "out of memory");
}

enum err wire_secure(struct wire *w, struct diag *d)
{
	enum err e;

	while ((e = tls_handshake(w->tls, d)) == ERR_AGAIN)
		TRY(await(w->fd, tls_wants_write(w->tls), WIRE_IDLE_MS, d));
	return e;
}

/* ---- bytes ---- */

enum err wire_write(struct wire *w, struct str s, struct diag *d)
{
	while (s.n) {
		size_t n = 0;
		enum err e;
		if (w->tls) {
			e = tls_write(w->tls, s.p, s.n, &n);
		} else {
			ssize_t got = send(w->fd, s.p, s.n, MSG_NOSIGNAL);
			e = got >= 0				? OK
			    : errno == EAGAIN || errno == EINTR ? ERR_AGAIN
								: ERR_UPSTREAM;
			n = got > 0 ? (size_t)got : 0;
		}
		if (e == ERR_AGAIN)
			TRY(await(w->fd, w->tls == NULL || tls_wants_write(w->tls), WIRE_IDLE_MS,
				  d));
		else if (e != OK)
			return diag_set(d, e, "the connection was lost");
		s = str_tail(s, n);
	}
	return OK;
}

static enum err read_some(struct wire *w, void *p, size_t cap, size_t *out_n)
{
	if (w->tls)
		return tls_read(w->tls, p, cap, out_n);
	ssize_t got = recv(w->fd, p, cap, 0);
	*out_n = got > 0 ? (size_t)got : 0;
	if (got >= 0)
		return OK;
	return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_UPSTREAM;
}

enum err wire_read(struct wire *w, void *p, size_t cap, size_t *out_n, bool *out_clean,
		   struct diag *d)
{
	enum err e;

	*out_n = 0;
	*out_clean = true;
	while ((e = read_some(w, p, cap, out_n)) == ERR_AGAIN)
		TRY(await(w->fd, w->tls && tls_wants_write(w->tls), WIRE_IDLE_MS, d));
	if (e == ERR_NOT_FOUND) { /* it ended, and nobody vouches for where */
		*out_n = 0;
		*out_clean = false;
		return OK;
	}
	return e == OK ? OK : diag_set(d, e, "the connection was lost");
}
