/*
 * egress/link.h - a connection's transport: resolve, connect, TLS, then bytes; a proxy between the
 * two is tunnel.h's business. It knows no HTTP.
 * Runs in: egress. Lifetime: connection; freed after the turn in which it was closed.
 */
#ifndef EGRESS_LINK_H
#define EGRESS_LINK_H

#include "codec/http1.h"
#include "egress/resolve.h"
#include "egress/tunnel.h"
#include "proto/call.h"
#include "proto/upstream.h"
#include "tls/tls.h"

#include <sys/uio.h>

/* What links of one process share. */
struct linker {
	struct loop *loop;
	struct resolver *resolver;
	unsigned n, max;  /* links alive */
	/* Working memory, in use during one call only. */
	char *record;     /* LINKER_RECORD bytes: a TLS record being gathered */
	char *head;       /* LINKER_HEAD bytes: a request's head with its key; wiped after use */
	char *read;       /* LINKER_READ bytes: what was read last */
	struct http1_head *parsed;
};
enum { LINKER_RECORD = 16 << 10, LINKER_HEAD = 64 << 10, LINKER_READ = 64 << 10 };

/* linker_init allocates the working memory. */
MUST_USE enum err linker_init(struct linker *linker, struct loop *l, struct resolver *r,
			      unsigned max);
void linker_done(struct linker *linker);

enum link_state { LINK_RESOLVE, LINK_CONNECT, LINK_PROXY, LINK_TLS, LINK_OPEN, LINK_CLOSED };

struct link {
	struct linker *linker;
	const struct upstream *row;
	const struct tunnel *via;   /* the proxy; NULL: directly */
	struct tls_client *trust;   /* NULL: plain */
	struct tls_session *session;
	struct watch watch;
	struct tls *tls;
	struct lookup lookup;
	struct timer timer;         /* of one connection attempt */
	struct deferred reap;
	struct addresses *todo;     /* while connecting */
	unsigned next;
	enum link_state state;
	bool hup;                   /* the peer has ended its side */
	bool blocked;               /* a write waits for room */
	bool tls_end;               /* close_notify came */
	enum err late;              /* of a read that had bytes to give first */
	void *owner;
	void (*on_open)(struct link *, enum call_end,
			const char *why); /* END_OK: open; else closed already */
	void (*on_ready)(struct link *, uint32_t ready);
};

/* link_dial begins a connection to row, through a proxy where via names one; on_open
 * comes later, also for what fails at once. NULL: no memory. */
struct link *link_dial(struct linker *linker, const struct upstream *row, const struct tunnel *via,
		       struct tls_client *trust, struct tls_session *session, void *owner,
		       void (*on_open)(struct link *, enum call_end, const char *why));

/* link_of_fd makes an open, plain link of a connected socket, which it takes over: for tests. */
struct link *link_of_fd(struct linker *linker, const struct upstream *row, int fd);

/* link_close ends it now; the memory goes after the turn. No callback comes any more. */
void link_close(struct link *l);

/* link_read: OK with *out_n 0 is an orderly end. ERR_AGAIN: nothing now. ERR_NOT_FOUND: an end
 * without TLS' close_notify. ERR_UPSTREAM: reset. */
MUST_USE enum err link_read(struct link *l, void *p, size_t cap, size_t *out_n);

/* link_drained: a read of n out of cap bytes has emptied the socket, so readiness will be told anew
 * and another read can be spared. */
bool link_drained(const struct link *l, size_t n, size_t cap);

/* link_streams: from now on small pieces come one after another. To acknowledge each at once would
 * be a fifth of what it costs; so every other one is. The kernel forgets this when the connection
 * is made and when it has been quiet, so it is said for each stream. */
void link_streams(const struct link *l);

/* link_send sends from iov as much as the socket takes. ERR_AGAIN: nothing was taken; on_ready
 * comes with EPOLLOUT. The first secret bytes of what is sent leave no copy behind. */
MUST_USE enum err link_send(struct link *l, const struct iovec *iov, int n_iov, size_t secret,
			    size_t *out_n);

#endif
