/*
 * fetcher/wire.h - a connection to one host: plain or TLS, with a time limit on every wait.
 * Runs in: fetcher.
 */
#ifndef FETCHER_WIRE_H
#define FETCHER_WIRE_H

#include "base/diag.h"
#include "codec/url.h"
#include "tls/tls.h"

/* Everything here lasts as long as the process. */
enum { WIRE_CONNECT_MS = 15000, WIRE_IDLE_MS = 60000 };

struct wire {
	int fd;
	struct tls_client *trust;
	struct tls *tls; /* NULL: plain */
};

/* wire_connect finds the host's addresses and connects to the first that answers. It needs names,
 * files and sockets, so it comes before the jail. */
MUST_USE enum err wire_connect(struct wire *w, const struct url *u, struct diag *d);

/* wire_trust sets up TLS with these roots; the handshake is wire_secure, in the jail. */
MUST_USE enum err wire_trust(struct wire *w, const struct url *u, struct str ca_pem,
			     struct diag *d);
MUST_USE enum err wire_secure(struct wire *w, struct diag *d);

/* wire_write sends all of s. wire_read waits for bytes; *out_n 0: the stream ended, *out_clean: as
 * it should. */
MUST_USE enum err wire_write(struct wire *w, struct str s, struct diag *d);
MUST_USE enum err wire_read(struct wire *w, void *p, size_t cap, size_t *out_n, bool *out_clean,
			    struct diag *d);

#endif
