/*
 * egress/tunnel.c - the way through an HTTP proxy.
 * Input: hostile (the proxy's answer, a head of HTTP/1.1).   Runs in: egress.
 * Fuzz: fuzz/http1_fuzz.c
 */
#include "egress/tunnel.h"

#include "sys/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void add_target(struct buf *out, const struct upstream *row)
{
	bool literal6 = str_chr(row->host, ':') != SIZE_MAX;

	buf_addf(out, literal6 ? "[%.*s]:%u" : "%.*s:%u", FMT(row->host), row->port);
}

enum err tunnel_ask(int fd, const struct tunnel *t, const struct upstream *row, char *room,
		    size_t cap)
{
	struct buf b;

	buf_fixed(&b, room, cap);
	buf_add(&b, S("CONNECT "));
	add_target(&b, row);
	buf_add(&b, S(" HTTP/1.1\r\nhost: "));
	add_target(&b, row);
	if (t->credential.n) {
		buf_add(&b, S("\r\nproxy-authorization: "));
		buf_add(&b, t->credential);
	}
	buf_add(&b, S("\r\n\r\n"));
	/* A socket that has sent nothing yet takes a few hundred bytes in one piece. */
	ssize_t n = b.err == OK ? send(fd, b.p, b.n, MSG_NOSIGNAL) : -1;
	secret_wipe(room, b.n);
	return n == (ssize_t)b.n ? OK : ERR_UPSTREAM;
}

enum err tunnel_answer(int fd, char *room, size_t cap, struct http1_head *h, struct diag *d)
{
	/* The bytes behind the answer are the provider's, and TLS reads them from the socket. */
	ssize_t n = recv(fd, room, cap, MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return ERR_AGAIN;
	if (n <= 0)
		return diag_set(d, ERR_UPSTREAM, "the proxy has closed the connection");
	enum err e = http1_response(h, (struct str){ room, (size_t)n }, 0, false, NULL);
	if (e == ERR_AGAIN)
		return e;
	if (e != OK)
		return diag_set(d, ERR_UPSTREAM, "the proxy's answer is not HTTP/1.1");
	if (h->status == 407)
		return diag_set(d, ERR_UPSTREAM, "the proxy wants other credentials (407)");
	if (h->status < 200 || h->status >= 300)
		return diag_set(d, ERR_UPSTREAM, "the proxy refused: %u", h->status);
	if (recv(fd, room, h->head_bytes, 0) != (ssize_t)h->head_bytes)
		return diag_set(d, ERR_UPSTREAM, "the proxy's answer could not be read");
	return OK;
}
