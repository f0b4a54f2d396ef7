/*
 * sink/sink.c - listeners, datagrams, and what is told of what came.
 * Input: hostile.   Runs in: sink.   Fuzz: fuzz/dns_fuzz.c
 */
#include "sink/sink.h"

#include "base/rd.h"
#include "sink/dns.h"
#include "sys/ipc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATAGRAM_MAX = 1 << 16, TELL_MS = 10000, LABEL_MIN = 4, ADDED_MAX = 24 };

void sink_tell(struct sink *s, enum fact_kind kind, uint32_t n, struct str text, struct str more,
	       struct str excerpt)
{
	struct fact f = {
		.kind = (uint8_t)kind, .n = n, .text = text, .more = more, .excerpt = excerpt
	};
	enum err e;

	buf_reset(&s->out);
	fact_write(&s->out, &f);
	while ((e = ipc_send(s->control.fd, DMSG_FACT, 0, buf_str(&s->out), NULL, 0)) ==
	       ERR_AGAIN) {
		struct pollfd p = { s->control.fd, POLLOUT, 0 };
		if (poll(&p, 1, TELL_MS) <= 0)
			break;
	}
	if (e != OK)
		exit(EXIT_FAILURE);
}

/* ---- who is where ---- */

static bool is_v4(const struct place *p, uint32_t *out)
{
	uint32_t ip;

	if (!IN6_IS_ADDR_V4MAPPED(&p->address))
		return false;
	memcpy(&ip, p->address.s6_addr + 12, sizeof ip);
	*out = ntohl(ip);
	return true;
}

struct str name_of(const struct sink *s, const struct place *to)
{
	uint32_t ip;

	if (!is_v4(to, &ip))
		return S("");
	for (unsigned i = 0; i < s->n_names; i++)
		if (s->names[i].ip == ip)
			return str_z(s->names[i].name);
	return S("");
}

struct str place_text(const struct sink *s, const char *protocol, const struct place *to,
		      struct str host, char *out, size_t cap)
{
	char address[INET6_ADDRSTRLEN] = "?";
	uint32_t ip;

	if (IN6_IS_ADDR_UNSPECIFIED(&to->address)) { /* labels of a name */
		struct buf b;
		buf_fixed(&b, out, cap);
		buf_addf(&b, "dns *.%.*s", FMT(host));
		return buf_str(&b);
	}
	if (is_v4(to, &ip)) {
		struct in_addr a = { htonl(ip) };
		(void)inet_ntop(AF_INET, &a, address, sizeof address);
	} else {
		(void)inet_ntop(AF_INET6, &to->address, address, sizeof address);
	}
	struct str name = host.n ? host : name_of(s, to);
	int n = snprintf(out, cap, "%s %.*s%s%s:%u%s", protocol, FMT(str_head(name, 200)),
			 name.n ? " (" : "", address, to->port, name.n ? ")" : "");
	return (struct str){ out, n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1 };
}

bool is_metadata(const struct place *to, struct str host)
{
	const struct str name = S("metadata.google.internal");
	uint32_t ip;

	if (!is_v4(to, &ip))
		return false;
	if (ip == 0xa9fea9fe || ip == 0xa9feaa02 || ip == 0x646464c8)
		return true; /* 169.254.169.254, 169.254.170.2, 100.100.100.200 */
	return str_ieq(host, name) && ip == dns_address(name); /* anybody can say a name */
}

bool is_beacon(const struct place *to)
{
	uint32_t ip;

	return to->port == 7 && is_v4(to, &ip) && ip == 0xcb00714d; /* 203.0.113.77 */
}

/* A key that goes to the one who gave it out was used, not stolen. That the connection was made for
 * this name is told by its address, which no client can choose. */
static bool is_home(const struct place *to, struct str host, unsigned kind)
{
	static const struct {
		unsigned kind;
		struct str suffix;
	} homes[] = {
		{ CANARY_OPENAI, SC("api.openai.com") },
		{ CANARY_ANTHROPIC, SC("api.anthropic.com") },
		{ CANARY_AWS_ID, SC(".amazonaws.com") },
		{ CANARY_IMDS, SC(".amazonaws.com") },
		{ CANARY_GITHUB, SC("api.github.com") },
	};
	uint32_t ip;

	if (!is_v4(to, &ip) || host.n == 0 || ip != dns_address(host))
		return false;
	for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++)
		if (homes[i].kind == kind && str_has_suffix(host, homes[i].suffix))
			return true;
	return false;
}

/* ---- looking ---- */

void sink_unread(struct sink *s)
{
	/* A connection that was reset is told behind everything that came by it. */
	if (errno != EAGAIN && errno != EINTR && errno != ECONNRESET && errno != ETIMEDOUT &&
	    errno != ECONNABORTED)
		sink_tell(s, FACT_BROKEN, 0, S("the sink cannot read what comes"), S(""), S(""));
}

void sink_scan(struct sink *s, struct str bytes, const struct place *to, struct str host,
	       bool opaque)
{
	char where[400];

	/* It takes 20 ms to make, and most boxes send nothing. */
	if (s->scanner == NULL && (s->scanner = canary_scanner_new(&s->canaries)) == NULL) {
		sink_tell(s, FACT_BROKEN, 0, S("the sink has no memory"), S(""), S(""));
		return;
	}
	memset(&s->hits, 0, sizeof s->hits);
	canary_scan(s->scanner, bytes, &s->hits);
	struct str text = place_text(s, "to", to, host, where, sizeof where);
	unsigned stolen = 0;
	for (unsigned i = 0; i < CANARY_COUNT; i++) {
		const struct canary_hit *h = &s->hits.of[i];
		if (h->chars == 0 || is_home(to, host, i))
			continue;
		stolen++;
		sink_tell(s, FACT_LEFT, i, text, str_z(h->how), str_z(h->excerpt));
	}
	const char *sealed = stolen == 0 && opaque ? canary_sealed(bytes) : NULL;
	if (sealed != NULL || (stolen == 0 && opaque && canary_opaque(bytes)))
		sink_tell(s, FACT_OPAQUE, (uint32_t)bytes.n, text, str_z(sealed), S(""));
	if (s->hits.truncated)
		sink_tell(s, FACT_CAPPED, 1, S("layers of one message"), S(""), S(""));
}

/* ---- names ---- */

static void note_name(struct sink *s, struct str name)
{
	uint32_t ip = dns_address(name);

	for (unsigned i = 0; i < s->n_names; i++)
		if (s->names[i].ip == ip)
			return;
	if (s->n_names == NAMES_MAX || name.n >= DNS_HOST_MAX)
		return;
	struct known_name *new = &s->names[s->n_names++];
	memcpy(new->name, name.p, name.n);
	new->ip = ip;
	sink_tell(s, FACT_NAME, 0, name, S(""), S(""));
}

static struct domain *domain_of(struct sink *s, struct str base)
{
	for (unsigned i = 0; i < s->n_domains; i++)
		if (str_ieq(str_z(s->domains[i].base), base))
			return &s->domains[i];
	if (s->n_domains == DOMAINS_MAX || base.n >= DNS_HOST_MAX) {
		sink_tell(s, FACT_CAPPED, 1, S("domains"), S(""), S(""));
		return NULL;
	}
	struct domain *new = &s->domains[s->n_domains++];
	memcpy(new->base, base.p, base.n);
	buf_init(&new->labels, LABELS_MAX);
	return new;
}

/* Joins the labels in front; short ones are numbers and the like. */
static void note_labels(struct sink *s, struct str name)
{
	struct str base, labels = dns_parts(name, &base);
	struct domain *d = labels.n ? domain_of(s, base) : NULL;

	while (d != NULL && labels.n) {
		struct str label = str_cut(labels, '.', &labels);
		if (label.n < LABEL_MIN)
			continue;
		if (d->labels.n + label.n > LABELS_MAX)
			sink_tell(s, FACT_CAPPED, 1, S("names of one domain"), S(""), S(""));
		else
			buf_add(&d->labels, label);
	}
}

void domains_flush(struct sink *s)
{
	const struct place nowhere = { .port = 53 };

	for (unsigned i = 0; i < s->n_domains; i++) {
		struct domain *d = &s->domains[i];
		if (d->labels.n == d->scanned)
			continue;
		d->scanned = d->labels.n;
		sink_scan(s, buf_str(&d->labels), &nowhere, str_z(d->base), false);
	}
}

/* ---- datagrams ---- */

static void answer(struct listener *l, struct msghdr *m, struct str text)
{
	union {
		const char *borrowed;
		void *p;
	} at = { text.p };
	struct iovec iov = { at.p, text.n };

	/* The control data that came says where to: it is also from where the answer goes. */
	m->msg_iov = &iov;
	(void)sendmsg(l->watch.fd, m, 0);
}

/* False: this is no question. What stands behind one is more than resolvers add to it. */
static bool question(struct listener *l, struct msghdr *m, struct str message,
		     const struct place *to)
{
	struct sink *s = l->sink;
	struct dns_question q;

	if (dns_read(message, &q) != OK)
		return false;
	if (message.n - q.end > ADDED_MAX)
		sink_scan(s, str_tail(message, q.end), to, S(""), false);
	struct str name = { q.name, q.name_n };
	note_name(s, name);
	note_labels(s, name);
	buf_reset(&s->scratch);
	dns_answer(&s->scratch, message, &q);
	answer(l, m, buf_str(&s->scratch));
	return true;
}

static void datagram(struct listener *l, struct msghdr *m, struct str bytes, struct place *to)
{
	char where[400];

	if (l->port == 53 && question(l, m, bytes, to))
		return;
	struct str text = place_text(l->sink, "udp", to, S(""), where, sizeof where);
	sink_tell(l->sink, FACT_FLOW, (uint32_t)bytes.n, text, S(""), S(""));
	sink_scan(l->sink, bytes, to, S(""), true);
}

void datagrams(struct listener *l)
{
	for (unsigned i = 0; i < 256; i++) {
		char bytes[DATAGRAM_MAX];
		union {
			char room[256];
			struct cmsghdr align;
		} control;
		struct sockaddr_in6 from;
		struct iovec iov = { bytes, sizeof bytes };
		struct msghdr m = { &from, sizeof from, &iov, 1, control.room, sizeof control, 0 };
		struct place to = { .port = l->port };
		ssize_t n = recvmsg(l->watch.fd, &m, 0);
		if (n < 0) {
			sink_unread(l->sink);
			return;
		}
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
			if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
				memcpy(&to.address, CMSG_DATA(c), sizeof to.address);
		}
		m.msg_flags = 0;
		datagram(l, &m, (struct str){ bytes, (size_t)n }, &to);
	}
}

/* ---- listeners ---- */

static void on_datagrams(struct watch *w, uint32_t ready)
{
	(void)ready;
	datagrams((struct listener *)w);
}

static void on_connections(struct watch *w, uint32_t ready)
{
	struct listener *l = (struct listener *)w;
	int fd;

	(void)ready;
	while ((fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		flow_accept(l->sink, fd);
	sink_unread(l->sink);
}

static void listen_on(struct sink *s, uint16_t port, bool udp)
{
	const int on = 1, off = 0;
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int type = (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;

	if (s->n_listeners == LISTENERS_MAX) {
		sink_tell(s, FACT_CAPPED, 1, S("ports"), S(""), S(""));
		return;
	}
	int fd = socket(AF_INET6, type, 0);
	struct listener *l = &s->listeners[s->n_listeners];
	*l = (struct listener){ .watch = { .fd = fd,
					   .on_ready = udp ? on_datagrams : on_connections },
				.sink = s,
				.port = port,
				.udp = udp };
	/* Nobody may take a port of datagrams along with us, and what comes by it. */
	bool heard = fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0 &&
		     setsockopt(fd, udp ? IPPROTO_IPV6 : SOL_SOCKET,
				udp ? IPV6_RECVPKTINFO : SO_REUSEADDR, &on, sizeof on) == 0 &&
		     bind(fd, (struct sockaddr *)&any, sizeof any) == 0 &&
		     (udp || listen(fd, 64) == 0) && loop_watch(s->loop, &l->watch, EPOLLIN) == OK;
	if (heard) {
		s->n_listeners++;
		return;
	}
	sink_tell(s, FACT_BROKEN, 0,
		  errno == EADDRINUSE
			  ? S("the package sends to a port that it has taken itself: what "
			      "it sends there cannot be seen")
			  : S("the sink cannot listen where the package sends to"),
		  S(""), S(""));
	if (fd >= 0)
		(void)close(fd);
}

void sink_listen(struct sink *s, uint16_t port)
{
	for (unsigned i = 0; i < s->n_listeners; i++)
		if (s->listeners[i].port == port)
			return;
	listen_on(s, port, false);
	listen_on(s, port, true);
}

void sink_flush(struct sink *s)
{
	/* What waits in the kernel first: the box is gone, all that it sent is here. */
	for (unsigned i = 0; i < s->n_listeners; i++)
		s->listeners[i].watch.on_ready(&s->listeners[i].watch, EPOLLIN);
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		if (s->flows[i].state != FLOW_FREE)
			flow_end(&s->flows[i]);
	domains_flush(s);
}
