/*
 * sys/listen.h - TCP listeners. Ring 1.
 */
#ifndef SYS_LISTEN_H
#define SYS_LISTEN_H

#include "base/diag.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { LISTEN_TEXT = 128 };

struct listen_addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un un;
	};
	socklen_t n;
};

/* listen_parse reads "127.0.0.1:4000", "[::1]:4000" or ":4000" and "*:4000" (all addresses), or
 * the path of a Unix socket, which has a '/'. Names are not looked up, "localhost" apart. */
MUST_USE enum err listen_parse(struct str s, struct listen_addr *out, struct diag *d);

/* listen_is_loopback: only this machine can reach it. */
bool listen_is_loopback(const struct listen_addr *a);

/* listen_format writes the address as listen_parse reads it into out (LISTEN_TEXT bytes). */
const char *listen_format(const struct listen_addr *a, char *out);

/* listen_open makes a non-blocking listening socket with SO_REUSEPORT, so that several workers each
 * have one. Port 0 takes a free one; a is then updated. What is accepted inherits sys/sock.h's
 * options. A Unix socket has mode 0600 and replaces one that nobody listens on. */
MUST_USE enum err listen_open(struct listen_addr *a, int backlog, int *out_fd, struct diag *d);

/* listen_probe finds out whether somebody listens there already: SO_REUSEPORT would let two gates
 * share the port without a word. */
MUST_USE enum err listen_probe(const struct listen_addr *a, struct diag *d);

/* listen_accept takes one connection, non-blocking and close-on-exec. ERR_AGAIN: none waits;
 * ERR_LIMIT: no descriptors left; out_peer may be NULL (of a Unix socket it tells nothing). */
MUST_USE enum err listen_accept(int fd, int *out_fd, struct listen_addr *out_peer);

#endif
