/*
 * sys/listen.c - addresses and TCP listeners.
 */
#include "sys/listen.h"

#include "base/num.h"
#include "sys/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* split divides "host:port"; brackets around an IPv6 address are removed. */
static bool split(struct str s, struct str *host, struct str *port, bool *v6)
{
	size_t at = SIZE_MAX;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ':')
			at = i;
	if (at == SIZE_MAX)
		return false;
	*host = str_head(s, at);
	*port = str_tail(s, at + 1);
	*v6 = host->n >= 2 && host->p[0] == '[' && host->p[host->n - 1] == ']';
	if (*v6)
		*host = (struct str){ host->p + 1, host->n - 2 };
	return *v6 || str_chr(*host, ':') == SIZE_MAX;
}

static enum err parse_path(struct str s, struct listen_addr *out, struct diag *d)
{
	struct listen_addr a = { .un = { .sun_family = AF_UNIX }, .n = sizeof a.un };

	if (s.n >= sizeof a.un.sun_path || str_chr(s, '\0') != SIZE_MAX)
		return diag_set(d, ERR_USAGE, "'%.*s' is too long for a socket's path",
				FMT(str_head(s, 80)));
	memcpy(a.un.sun_path, s.p, s.n);
	*out = a;
	return OK;
}

enum err listen_parse(struct str s, struct listen_addr *out, struct diag *d)
{
	struct listen_addr a = { 0 };
	struct str host, port;
	char text[INET6_ADDRSTRLEN] = "";
	uint64_t number;
	bool v6;

	if (str_chr(s, '/') != SIZE_MAX)
		return parse_path(s, out, d);
	if (!split(s, &host, &port, &v6) || host.n >= sizeof text ||
	    num_u64(port, 65535, &number) != OK)
		return diag_set(d, ERR_USAGE, "'%.*s' is not ADDRESS:PORT, such as 127.0.0.1:4000",
				FMT(str_head(s, 80)));
	if (host.n == 0 || str_eq(host, S("*")))
		host = S("0.0.0.0");
	else if (str_eq(host, S("localhost")))
		host = S("127.0.0.1");
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (v6) {
		a.v6.sin6_family = AF_INET6;
		a.v6.sin6_port = htons((uint16_t)number);
		a.n = sizeof a.v6;
	} else {
		a.v4.sin_family = AF_INET;
		a.v4.sin_port = htons((uint16_t)number);
		a.n = sizeof a.v4;
	}
	void *to = v6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, to) != 1)
		return diag_set(d, ERR_USAGE, "'%s' is not an IP address", text);
	*out = a;
	return OK;
}

bool listen_is_loopback(const struct listen_addr *a)
{
	if (a->sa.sa_family == AF_UNIX)
		return true;
	if (a->sa.sa_family == AF_INET)
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
	/* ::ffff:127.0.0.1 would be reachable as IPv4 loopback only, too. */
	const uint8_t *b = a->v6.sin6_addr.s6_addr;
	return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr) && b[12] == 127);
}

const char *listen_format(const struct listen_addr *a, char *out)
{
	char text[INET6_ADDRSTRLEN] = "?";
	bool v6 = a->sa.sa_family == AF_INET6;

	if (a->sa.sa_family == AF_UNIX) {
		(void)snprintf(out, LISTEN_TEXT, "%s", a->un.sun_path);
		return out;
	}
	const void *from = v6 ? (const void *)&a->v6.sin6_addr : (const void *)&a->v4.sin_addr;
	(void)inet_ntop(a->sa.sa_family, from, text, sizeof text);
	(void)snprintf(out, LISTEN_TEXT, v6 ? "[%s]:%u" : "%s:%u", text,
		       (unsigned)ntohs(v6 ? a->v6.sin6_port : a->v4.sin_port));
	return out;
}

static bool set(int fd, int option)
{
	const int one = 1;

	return setsockopt(fd, SOL_SOCKET, option, &one, sizeof one) == 0;
}

/* path_is_free: nothing there, or a socket of ours, which is removed: a gate that ended has left
 * it. Whether one still listens could only be found out by connecting, which this code must not be
 * able to do. */
static bool path_is_free(const struct listen_addr *a)
{
	struct stat st;

	if (lstat(a->un.sun_path, &st) != 0)
		return errno == ENOENT;
	errno = EADDRINUSE;
	return S_ISSOCK(st.st_mode) && st.st_uid == geteuid() && unlink(a->un.sun_path) == 0;
}

static enum err open_path(const struct listen_addr *a, int backlog, int *out_fd, struct diag *d)
{
	int fd = -1;

	/* The mode of the unbound socket becomes the file's: it is never open to others, not for a
	 * moment. */
	if (path_is_free(a) &&
	    (fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) >= 0 &&
	    fchmod(fd, 0600) == 0 && bind(fd, &a->sa, a->n) == 0 && listen(fd, backlog) == 0) {
		*out_fd = fd;
		return OK;
	}
	int saved = errno;
	if (fd >= 0)
		(void)close(fd);
	return diag_set(d, ERR_SYS, "cannot listen on '%s': %s", a->un.sun_path, strerror(saved));
}

enum err listen_open(struct listen_addr *a, int backlog, int *out_fd, struct diag *d)
{
	char text[LISTEN_TEXT];

	if (a->sa.sa_family == AF_UNIX)
		return open_path(a, backlog, out_fd, d);
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && set(fd, SO_REUSEADDR) && set(fd, SO_REUSEPORT) &&
	    bind(fd, &a->sa, a->n) == 0 && listen(fd, backlog) == 0 &&
	    getsockname(fd, &a->sa, &a->n) == 0) {
		sock_tune(fd, a);
		*out_fd = fd;
		return OK;
	}
	int saved = errno;
	if (fd >= 0)
		(void)close(fd);
	return diag_set(d, ERR_SYS, "cannot listen on %s: %s", listen_format(a, text),
			strerror(saved));
}

enum err listen_probe(const struct listen_addr *a, struct diag *d)
{
	char text[LISTEN_TEXT];

	if (a->sa.sa_family == AF_UNIX)
		return OK; /* listen_open finds out: there is no sharing of paths */
	int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && set(fd, SO_REUSEADDR) && bind(fd, &a->sa, a->n) == 0;
	int saved = errno;

	if (fd >= 0)
		(void)close(fd);
	if (!ok)
		return diag_set(d, ERR_SYS, "cannot listen on %s: %s", listen_format(a, text),
				strerror(saved));
	return OK;
}

enum err listen_accept(int fd, int *out_fd, struct listen_addr *out_peer)
{
	struct listen_addr peer = { .n = sizeof peer.un };
	int got;

	do /* who is gone again is passed over: another may wait behind */
		got = accept4(fd, out_peer ? &peer.sa : NULL, out_peer ? &peer.n : NULL,
			      SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (got < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (got < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			return ERR_LIMIT;
		return ERR_AGAIN;
	}
	if (out_peer != NULL)
		*out_peer = peer;
	*out_fd = got;
	return OK;
}
