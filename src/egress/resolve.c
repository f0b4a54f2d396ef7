/*
 * egress/resolve.c - names to addresses with c-ares, and a cache.
 * Input: answers of name servers, read by c-ares and judged by address.c.   Runs in: egress.
 */
#include "egress/resolve.h"

#include <ares.h>
#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
	NAMES = 16384, /* slots of the cache, a power of two; more than LIMIT_DEPLOYMENTS */
	SOCKETS = 16,  /* of c-ares */
	TTL_MIN_MS = 5000,
	TTL_MAX_MS = 300000,
	TTL_FAILED_MS = 2000,
	SERVERS_TEXT = 512,
	STALE_MS = 600000, /* a known address is better than none while name servers are down */
};

struct name {
	struct resolver *r;
	struct str host;
	struct addresses known;
	uint64_t fresh_until_ms, known_at_ms;
	struct lookup *waiting;
	bool asking;
};

struct resolver {
	struct loop *loop;
	ares_channel channel;
	struct str hosts;
	char servers[SERVERS_TEXT]; /* of the resolv.conf in force */
	bool changing;		    /* what is cancelled will be asked again */
	struct timer timer;
	struct sock {
		struct watch watch;
		struct resolver *r;
		bool used;
	} socks[SOCKETS];
	unsigned n_names;
	struct name *names[NAMES];
};

#define OWNER(type, member, p) ((type *)(void *)((char *)(p)-offsetof(type, member)))

/* arm_timer asks c-ares when it wants to be called without an event. */
static void arm_timer(struct resolver *r)
{
	struct timeval tv, *t = ares_timeout(r->channel, NULL, &tv);

	timer_cancel(&r->timer);
	if (t)
		timer_set(r->loop, &r->timer,
			  (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_usec / 1000 + 1);
}

static void on_timer(struct timer *t)
{
	struct resolver *r = OWNER(struct resolver, timer, t);

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm_timer(r);
}

/* on_socket lets c-ares work until the socket has nothing left: readiness is told once. */
static void on_socket(struct watch *w, uint32_t ready)
{
	struct sock *s = OWNER(struct sock, watch, w);
	struct resolver *r = s->r;
	bool readable = (ready & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0;
	int fd = w->fd;
	char byte;

	for (int i = 0; i < 64 && s->used && w->fd == fd; i++) {
		ares_process_fd(r->channel, readable ? fd : ARES_SOCKET_BAD,
				ready & EPOLLOUT ? fd : ARES_SOCKET_BAD);
		if (!s->used || w->fd != fd || recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
			break;
		readable = true;
		ready = 0;
	}
	arm_timer(r);
}

static struct sock *sock_for(struct resolver *r, int fd)
{
	struct sock *spare = NULL;

	for (size_t i = 0; i < SOCKETS; i++) {
		if (r->socks[i].used && r->socks[i].watch.fd == fd)
			return &r->socks[i];
		if (!r->socks[i].used)
			spare = &r->socks[i];
	}
	return spare;
}

/* on_interest is called by c-ares when it opens, closes or waits on a socket. */
static void on_interest(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = arg;
	struct sock *s = sock_for(r, fd);

	if (s == NULL)
		return; /* more servers than SOCKETS: the query times out and another server is
			   asked */
	if (!readable && !writable) {
		if (s->used)
			loop_unwatch(r->loop, &s->watch);
		s->used = false;
		return;
	}
	s->watch.fd = fd;
	s->watch.on_ready = on_socket;
	s->r = r;
	uint32_t events = (readable ? (uint32_t)EPOLLIN : 0) | (writable ? (uint32_t)EPOLLOUT : 0);
	s->used = loop_watch(r->loop, &s->watch, events) == OK;
}

static enum err ares_error(struct diag *d, int status)
{
	return diag_set(d, ERR_SYS, "cannot set up the resolver: %s", ares_strerror(status));
}

struct resolver *resolver_new(struct loop *l, struct str hosts, struct diag *d)
{
	struct resolver *r = calloc(1, sizeof *r);
	char dns_only[] = "b";
	struct ares_options o = {
		.timeout = 2000,
		.tries = 3,
		.lookups = dns_only,
		.sock_state_cb = on_interest,
		.sock_state_cb_data = r,
	};

	if (r == NULL) {
		(void)diag_set(d, ERR_NOMEM, "no memory for the resolver");
		return NULL;
	}
	r->loop = l;
	r->hosts = hosts;
	r->timer.on_expire = on_timer;
	int status = ares_library_init(ARES_LIB_INIT_ALL);
	if (status == ARES_SUCCESS)
		status = ares_init_options(&r->channel, &o,
					   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
						   ARES_OPT_SOCK_STATE_CB);
	if (status != ARES_SUCCESS) {
		(void)ares_error(d, status);
		free(r);
		return NULL;
	}
	return r;
}

void resolver_hosts(struct resolver *r, struct str hosts)
{
	r->hosts = hosts;
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	ares_destroy(r->channel);
	timer_cancel(&r->timer);
	for (size_t i = 0; i < NAMES; i++) {
		if (r->names[i])
			free((void *)(uintptr_t)r->names[i]->host.p);
		free(r->names[i]);
	}
	free(r);
}

static struct name *name_for(struct resolver *r, struct str host)
{
	size_t at = str_hash(host) % NAMES;

	while (r->names[at]) {
		if (str_eq(r->names[at]->host, host))
			return r->names[at];
		at = (at + 1) % NAMES;
	}
	struct name *n = r->n_names < NAMES / 2 ? calloc(1, sizeof *n) : NULL;
	char *copy = n ? malloc(host.n + 1) : NULL;
	if (copy == NULL) {
		free(n);
		return NULL;
	}
	memcpy(copy, host.p, host.n);
	copy[host.n] = '\0';
	n->r = r;
	n->host = (struct str){ copy, host.n };
	r->names[at] = n;
	r->n_names++;
	return n;
}

/* take_answer copies the addresses of an answer; the result is how long it may be kept. */
static uint64_t take_answer(struct addresses *list, const struct ares_addrinfo *ai)
{
	int ttl = TTL_MAX_MS / 1000;

	list->n = 0;
	for (const struct ares_addrinfo_node *at = ai->nodes; at; at = at->ai_next) {
		struct address a = { .v6 = at->ai_family == AF_INET6 };
		if (a.v6)
			memcpy(a.bytes,
			       &((const struct sockaddr_in6 *)(const void *)at->ai_addr)->sin6_addr,
			       16);
		else
			memcpy(a.bytes,
			       &((const struct sockaddr_in *)(const void *)at->ai_addr)->sin_addr,
			       4);
		addresses_add(list, &a);
		ttl = at->ai_ttl < ttl ? at->ai_ttl : ttl;
	}
	uint64_t ms = ttl > 0 ? (uint64_t)ttl * 1000 : 0;
	return ms < TTL_MIN_MS ? TTL_MIN_MS : ms;
}

/* usable: the name has addresses that are fresh, or old ones while nothing better can be had. */
static enum err usable(const struct name *n)
{
	uint64_t now = loop_now_ms(n->r->loop);

	return n->known.n && now < n->known_at_ms + STALE_MS ? OK : ERR_NOT_FOUND;
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *ai)
{
	struct name *n = arg;
	uint64_t now = loop_now_ms(n->r->loop);

	(void)timeouts;
	if (n->r->changing && status != ARES_SUCCESS)
		return;
	n->asking = false;
	if (status == ARES_SUCCESS && ai->nodes) {
		n->fresh_until_ms = now + take_answer(&n->known, ai);
		n->known_at_ms = now;
	} else {
		n->fresh_until_ms = now + TTL_FAILED_MS;
	}
	if (ai)
		ares_freeaddrinfo(ai);
	while (n->waiting) {
		struct lookup *l = n->waiting;
		struct addresses copy = n->known;
		enum err e = usable(n);
		resolve_cancel(l);
		l->on_resolved(l, e, &copy);
	}
}

static void ask(struct name *n)
{
	static const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
							  .ai_socktype = SOCK_STREAM };

	n->asking = true;
	ares_getaddrinfo(n->r->channel, n->host.p, NULL, &hints, on_answer, n);
	arm_timer(n->r);
}

/* use_servers: c-ares takes others only while it asks nobody. */
static enum err use_servers(struct resolver *r, const char *servers, struct diag *d)
{
	r->changing = true;
	ares_cancel(r->channel);
	r->changing = false;
	int status = ares_set_servers_ports_csv(r->channel, servers);
	for (size_t i = 0; i < NAMES; i++) {
		struct name *n = r->names[i];
		if (n == NULL)
			continue;
		n->fresh_until_ms = 0;
		if (n->asking)
			ask(n);
	}
	return status == ARES_SUCCESS ? OK : ares_error(d, status);
}

enum err resolver_conf(struct resolver *r, struct str text, struct diag *d)
{
	char servers[SERVERS_TEXT];
	struct buf b;

	buf_fixed(&b, servers, sizeof servers);
	resolv_servers(text, &b);
	buf_addc(&b, '\0');
	if (b.err != OK || b.n == 1 || strcmp(servers, r->servers) == 0)
		return OK;
	TRY(use_servers(r, servers, d));
	memcpy(r->servers, servers, b.n);
	return OK;
}

/* immediate answers what needs no name server. */
static bool immediate(struct resolver *r, struct str host, struct addresses *out)
{
	struct address a;

	if (address_parse(host, &a) == OK) {
		out->n = 0;
		addresses_add(out, &a);
		return true;
	}
	if (hosts_find(r->hosts, host, out))
		return true;
	if (!str_ieq(host, S("localhost")) && !str_has_suffix(host, S(".localhost")))
		return false;
	out->n = 0;
	addresses_add(out, &(struct address){ .bytes = { 127, 0, 0, 1 } });
	addresses_add(out, &(struct address){ .v6 = true, .bytes = { [15] = 1 } });
	return true;
}

enum err resolve(struct resolver *r, struct str host, struct lookup *l, struct addresses *out)
{
	assert(l->link == NULL);
	if (immediate(r, host, out))
		return OK;
	struct name *n = name_for(r, host);
	if (n == NULL)
		return ERR_LIMIT;
	if (!n->asking && loop_now_ms(r->loop) >= n->fresh_until_ms)
		ask(n);
	if (!n->asking) {
		*out = n->known;
		return usable(n);
	}
	l->next = n->waiting;
	l->link = &n->waiting;
	if (l->next)
		l->next->link = &l->next;
	n->waiting = l;
	return ERR_AGAIN;
}

void resolve_cancel(struct lookup *l)
{
	if (l->link == NULL)
		return;
	*l->link = l->next;
	if (l->next)
		l->next->link = l->link;
	l->next = NULL;
	l->link = NULL;
}
