/*
 * egress/link.c - a connection's transport: resolve, connect, TLS, then bytes.
 * Input: bytes pass through unread.   Runs in: egress.
 */
#include "egress/link.h"

#include "sys/secret.h"
#include "sys/sock.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	JOIN_MAX = 2 << 10,
	CONNECT_MS = 10000, /* where the row says nothing */
	CONNECT_NEXT_MS =
		2500, /* when another address waits: a dead route must not cost the whole time */
};

#define OWNER(type, member, p) ((type *)(void *)((char *)(p)-offsetof(type, member)))

static void connect_next(struct link *l, enum call_end last, const char *why);

enum err linker_init(struct linker *linker, struct loop *l, struct resolver *r, unsigned max)
{
	*linker = (struct linker){
		.loop = l,
		.resolver = r,
		.max = max,
		.record = malloc(LINKER_RECORD),
		.head = malloc(LINKER_HEAD),
		.read = malloc(LINKER_READ),
		.parsed = malloc(sizeof *linker->parsed),
	};
	if (linker->record && linker->head && linker->read && linker->parsed)
		return OK;
	linker_done(linker);
	return ERR_NOMEM;
}

void linker_done(struct linker *linker)
{
	free(linker->record);
	free(linker->head);
	free(linker->read);
	free(linker->parsed);
	*linker = (struct linker){ .n = 0 };
}

static void reap(struct deferred *d)
{
	struct link *l = OWNER(struct link, reap, d);

	free(l->todo);
	free(l);
}

static uint32_t patience_ms(const struct link *l)
{
	return l->row->connect_timeout_ms ? l->row->connect_timeout_ms : CONNECT_MS;
}

/* shut closes the socket and what hangs on it, for another attempt or for good. */
static void shut(struct link *l)
{
	timer_cancel(&l->timer);
	tls_free(l->tls);
	l->tls = NULL;
	if (l->watch.fd >= 0) {
		loop_unwatch(l->linker->loop, &l->watch);
		(void)close(l->watch.fd);
	}
	l->watch.fd = -1;
}

void link_close(struct link *l)
{
	if (l->state == LINK_CLOSED)
		return;
	if (l->state == LINK_OPEN && l->tls)
		tls_close_notify(l->tls);
	l->state = LINK_CLOSED;
	resolve_cancel(&l->lookup);
	shut(l);
	l->linker->n--;
	loop_defer(l->linker->loop, &l->reap);
}

static void fail(struct link *l, enum call_end how, const char *why)
{
	link_close(l);
	l->on_open(l, how, why);
}

static void opened(struct link *l)
{
	timer_cancel(&l->timer);
	free(l->todo);
	l->todo = NULL;
	l->state = LINK_OPEN;
	if (loop_watch(l->linker->loop, &l->watch, EPOLLIN | EPOLLRDHUP) != OK) {
		fail(l, END_CONNECT, "cannot watch the socket");
		return;
	}
	l->on_open(l, END_OK, "");
}

static void shake(struct link *l)
{
	struct diag d = { .err = OK };
	enum err e = tls_handshake(l->tls, &d);

	if (e == OK)
		opened(l);
	else if (e == ERR_DENIED)
		fail(l, END_TLS_VERIFY, diag_text(&d));
	else if (e != ERR_AGAIN)
		fail(l, END_TLS, diag_text(&d));
}

/* end_to_end: the bytes go to the provider and come from it from here on. */
static void end_to_end(struct link *l)
{
	if (l->trust == NULL) {
		opened(l);
		return;
	}
	l->state = LINK_TLS;
	l->tls = tls_connect(l->trust, l->watch.fd, l->row->host, l->session);
	if (l->tls == NULL)
		fail(l, END_TLS, "no memory for TLS");
	else
		shake(l);
}

static void hear_proxy(struct link *l)
{
	struct linker *linker = l->linker;
	struct diag d = { .err = OK };
	enum err e = tunnel_answer(l->watch.fd, linker->read, LINKER_READ, linker->parsed, &d);

	if (e == OK)
		end_to_end(l);
	else if (e != ERR_AGAIN)
		fail(l, END_CONNECT, diag_text(&d));
}

static void ask_proxy(struct link *l)
{
	struct linker *linker = l->linker;

	l->state = LINK_PROXY;
	timer_set(linker->loop, &l->timer, patience_ms(l));
	if (tunnel_ask(l->watch.fd, l->via, l->row, linker->head, LINKER_HEAD) != OK)
		fail(l, END_CONNECT, "the proxy does not listen");
}

static void connected(struct link *l)
{
	int error = 0;
	socklen_t n = sizeof error;

	if (getsockopt(l->watch.fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error) {
		connect_next(l, END_CONNECT, strerror(error));
		return;
	}
	if (l->via)
		ask_proxy(l);
	else
		end_to_end(l);
}

static void on_watch(struct watch *w, uint32_t ready)
{
	struct link *l = OWNER(struct link, watch, w);

	if (ready & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		l->hup = true;
	if (l->tls)
		tls_ready(l->tls, l->hup);
	if (l->state == LINK_CONNECT && (ready & (EPOLLOUT | EPOLLHUP | EPOLLERR)))
		connected(l);
	else if (l->state == LINK_PROXY)
		hear_proxy(l);
	else if (l->state == LINK_TLS)
		shake(l);
	else if (l->state == LINK_OPEN)
		l->on_ready(l, ready);
}

static struct listen_addr sockaddr_of(const struct address *a, uint16_t port)
{
	struct listen_addr out = { .n = a->v6 ? sizeof out.v6 : sizeof out.v4 };

	if (a->v6) {
		out.v6.sin6_family = AF_INET6;
		out.v6.sin6_port = htons(port);
		memcpy(&out.v6.sin6_addr, a->bytes, 16);
	} else {
		out.v4.sin_family = AF_INET;
		out.v4.sin_port = htons(port);
		memcpy(&out.v4.sin_addr, a->bytes, 4);
	}
	return out;
}

void link_streams(const struct link *l)
{
	int off = 0;

	(void)setsockopt(l->watch.fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
}

static uint32_t attempt_ms(const struct link *l)
{
	uint32_t ms = patience_ms(l);

	return l->next < l->todo->n && ms > CONNECT_NEXT_MS ? CONNECT_NEXT_MS : ms;
}

/* connect_one begins one attempt. false: it failed at once, errno says why. */
static bool connect_one(struct link *l, const struct address *a)
{
	struct listen_addr to = sockaddr_of(a, l->via ? l->via->port : l->row->port);
	const int on = 1;

	l->hup = false;
	l->state = LINK_CONNECT;
	l->watch.fd = socket(to.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->watch.fd < 0)
		return false;
	sock_tune(l->watch.fd, &to);
	(void)setsockopt(l->watch.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	if (connect(l->watch.fd, &to.sa, to.n) != 0 && errno != EINPROGRESS) {
		int why = errno;
		(void)close(l->watch.fd);
		l->watch.fd = -1;
		errno = why;
		return false;
	}
	timer_set(l->linker->loop, &l->timer, attempt_ms(l));
	return loop_watch(l->linker->loop, &l->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP) == OK;
}

/* connect_next tries the addresses that are left; last and why tell how the one before failed.
 * Refused addresses are passed over: a name may have good and bad ones. A proxy is the operator's
 * and may be in the house. */
static void connect_next(struct link *l, enum call_end last, const char *why)
{
	shut(l);
	while (l->next < l->todo->n) {
		const struct address *a = &l->todo->list[l->next++];
		if (!address_allowed(a, l->via || l->row->allow_private)) {
			last = END_ADDRESS;
			why = "the name's address is one that no provider can have";
			continue;
		}
		if (connect_one(l, a))
			return;
		last = END_CONNECT;
		why = strerror(errno);
		shut(l);
	}
	fail(l, last, why);
}

static void on_resolved(struct lookup *lookup, enum err e, const struct addresses *list)
{
	struct link *l = OWNER(struct link, lookup, lookup);

	if (e != OK) {
		fail(l, END_DNS, "the name has no address");
		return;
	}
	*l->todo = *list;
	connect_next(l, END_DNS, "the name has no address");
}

/* on_timer: an attempt took too long. */
static void on_timer(struct timer *t)
{
	struct link *l = OWNER(struct link, timer, t);

	assert(l->state != LINK_RESOLVE && l->state != LINK_OPEN && l->state != LINK_CLOSED);
	if (l->state == LINK_TLS)
		fail(l, END_TIMEOUT, "TLS handshake timed out");
	else if (l->state == LINK_PROXY)
		fail(l, END_TIMEOUT, "the proxy did not answer in time");
	else
		connect_next(l, END_CONNECT, "connection timed out");
}

static void begin(struct deferred *d)
{
	struct link *l = OWNER(struct link, reap, d);

	if (l->state == LINK_CLOSED) {
		reap(d);
		return;
	}
	l->reap.on_run = reap;
	struct address literal;
	/* A name is for the proxy to resolve; an address can be judged here. */
	if (l->via && address_parse(l->row->host, &literal) == OK &&
	    !address_allowed(&literal, l->row->allow_private)) {
		fail(l, END_ADDRESS, "the address is one that no provider can have");
		return;
	}
	enum err e = resolve(l->linker->resolver, l->via ? l->via->host : l->row->host, &l->lookup,
			     l->todo);
	if (e == OK)
		connect_next(l, END_DNS, "the name has no address");
	else if (e != ERR_AGAIN)
		fail(l, END_DNS, "the name has no address");
}

static struct link *link_new(struct linker *linker, const struct upstream *row)
{
	struct link *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	l->linker = linker;
	l->row = row;
	l->watch.fd = -1;
	l->watch.on_ready = on_watch;
	l->timer.on_expire = on_timer;
	l->lookup.on_resolved = on_resolved;
	linker->n++;
	return l;
}

struct link *link_dial(struct linker *linker, const struct upstream *row, const struct tunnel *via,
		       struct tls_client *trust, struct tls_session *session, void *owner,
		       void (*on_open)(struct link *, enum call_end, const char *why))
{
	struct addresses *todo = calloc(1, sizeof *todo);
	struct link *l = todo ? link_new(linker, row) : NULL;

	if (l == NULL) {
		free(todo);
		return NULL;
	}
	l->todo = todo;
	l->via = via;
	l->trust = trust;
	l->session = session;
	l->owner = owner;
	l->on_open = on_open;
	l->reap.on_run = begin;
	loop_defer(linker->loop, &l->reap);
	return l;
}

struct link *link_of_fd(struct linker *linker, const struct upstream *row, int fd)
{
	struct link *l = link_new(linker, row);

	if (l == NULL)
		return NULL;
	l->state = LINK_OPEN;
	l->reap.on_run = reap;
	l->watch.fd = fd;
	if (loop_watch(linker->loop, &l->watch, EPOLLIN | EPOLLRDHUP) == OK)
		return l;
	l->watch.fd = -1;
	link_close(l);
	return NULL;
}

/* read_tls takes all records that are there: a frame for each would cost ingress more than the
 * copy. How the last read failed is told when its turn comes. */
static enum err read_tls(struct link *l, char *p, size_t cap, size_t *out_n)
{
	size_t all = 0, n = 0;
	enum err e = l->late;

	while (e == OK && all < cap) {
		e = tls_read(l->tls, p + all, cap - all, &n);
		if (e != OK)
			break;
		if (n == 0) {
			l->tls_end = true;
			break;
		}
		all += n;
	}
	if (all && e != ERR_AGAIN)
		l->late = e;
	*out_n = all;
	return all ? OK : e;
}

enum err link_read(struct link *l, void *p, size_t cap, size_t *out_n)
{
	assert(l->state == LINK_OPEN);
	if (l->tls)
		return read_tls(l, p, cap, out_n);
	ssize_t n = recv(l->watch.fd, p, cap, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_UPSTREAM;
	*out_n = (size_t)n;
	return OK;
}

bool link_drained(const struct link *l, size_t n, size_t cap)
{
	return n < cap && !l->hup && !l->tls_end && l->late == OK;
}

/* gather puts the beginning of iov, at most max bytes, together in the record, and gives its
 * length. */
static size_t gather(const struct linker *linker, const struct iovec *iov, int n_iov, size_t max)
{
	size_t n = 0;

	for (int i = 0; i < n_iov && n < max; i++) {
		size_t part = iov[i].iov_len < max - n ? iov[i].iov_len : max - n;
		if (part)
			memcpy(linker->record + n, iov[i].iov_base, part);
		n += part;
	}
	return n;
}

/* send_tls sends one record, so that head and body leave together. */
static enum err send_tls(struct link *l, const struct iovec *iov, int n_iov, size_t secret,
			 size_t *out_n)
{
	size_t n = gather(l->linker, iov, n_iov, LINKER_RECORD);
	enum err e = tls_write(l->tls, l->linker->record, n, out_n);

	secret_wipe(l->linker->record, secret < n ? secret : n);
	return e;
}

/* send_plain sends what is small in one piece: the kernel takes longer to look at three than we to
 * copy them. */
static enum err send_plain(struct link *l, const struct iovec *iov, int n_iov, size_t secret,
			   size_t *out_n)
{
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov,
			    .msg_iovlen = (size_t)n_iov };
	size_t all = 0;
	ssize_t n;

	for (int i = 0; i < n_iov; i++)
		all += iov[i].iov_len;
	if (all <= JOIN_MAX) {
		all = gather(l->linker, iov, n_iov, all);
		n = send(l->watch.fd, l->linker->record, all, MSG_NOSIGNAL);
		secret_wipe(l->linker->record, secret < all ? secret : all);
	} else {
		n = sendmsg(l->watch.fd, &m, MSG_NOSIGNAL);
	}
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_UPSTREAM;
	*out_n = (size_t)n;
	return OK;
}

/* want_write arms EPOLLOUT while a write waits, and only then. */
static enum err want_write(struct link *l, bool want)
{
	if (l->blocked == want)
		return OK;
	l->blocked = want;
	return loop_watch(l->linker->loop, &l->watch,
			  EPOLLIN | EPOLLRDHUP | (want ? (uint32_t)EPOLLOUT : 0));
}

enum err link_send(struct link *l, const struct iovec *iov, int n_iov, size_t secret, size_t *out_n)
{
	assert(l->state == LINK_OPEN && n_iov > 0);
	enum err e = l->tls ? send_tls(l, iov, n_iov, secret, out_n)
			    : send_plain(l, iov, n_iov, secret, out_n);

	if (e != OK && e != ERR_AGAIN)
		return e;
	TRY(want_write(l, e == ERR_AGAIN));
	return e;
}
