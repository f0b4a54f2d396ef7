/*
 * bench/load/mock.c - a scripted provider: reads a whole request, answers OpenAI's or Anthropic's
 *way. One thread, epoll, level-triggered. GET /set?events=&every_us=&hold= changes how it streams
 *and tells how many answers of each kind it has given, so that connections of the proxies survive a
 *new script.
 *
 *	mock -p PORT [-t TLS_PORT -c CERT.pem -k KEY.pem]
 */
#include "bench/load/answers.h"
#include "codec/http1.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS_MAX = 20000, SCRATCH = 256 << 10, FIRST = 600, LAST = 300 };

enum state { ST_HANDSHAKE, ST_HEAD, ST_BODY };

struct conn {
	int fd;
	enum state state;
	SSL *ssl;	 /* NULL: plain */
	struct buf head; /* bytes of an incomplete head */
	struct http1_chunked chunked;
	bool is_chunked, anthropic, streams, armed, control;
	size_t left, seen; /* of the body */
	size_t tail_n;
	char tail[LAST]; /* the body's last bytes */
	struct str out;	 /* what the socket refused; points into an answer */
	const struct answer *answer;
	unsigned event; /* next one to send */
	uint64_t due_ns;
	struct conn *next; /* in the queue of paced streams */
};

static struct {
	unsigned events, every_us, hold;
	uint64_t n_json, n_streams;
} script = {.events = 100};

static struct answer answers[2][2]; /* anthropic, streams */
static struct conn *conns[FDS_MAX];
static struct conn *queue, **queue_end = &queue;
static char scratch[SCRATCH];
static int epoll_fd;
static SSL_CTX *tls;
static int listen_fd = -1, listen_tls_fd = -1;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- one connection's bytes -------------------------------------------------------------------
 */

static void conn_free(struct conn *c)
{
	for (struct conn **p = &queue; *p != NULL; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			if (*p == NULL)
				queue_end = p;
			break;
		}
	}
	conns[c->fd] = NULL;
	SSL_free(c->ssl);
	close(c->fd);
	buf_free(&c->head);
	free(c);
}

static void conn_arm(struct conn *c, bool write)
{
	struct epoll_event ev = {.events = write ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.fd = c->fd};

	if (c->armed != write)
		epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
	c->armed = write;
}

/* conn_write gives what was taken, 0 when the socket is full, -1 when it is lost. */
static ssize_t conn_write(struct conn *c, struct str s)
{
	ssize_t n;

	if (c->ssl != NULL) {
		n = SSL_write(c->ssl, s.p, (int)s.n);
		if (n > 0)
			return n;
		int why = SSL_get_error(c->ssl, (int)n);
		return why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? 0 : -1;
	}
	n = send(c->fd, s.p, s.n, MSG_NOSIGNAL);
	return n >= 0 ? n : errno == EAGAIN ? 0 : -1;
}

/* conn_send sends s, which stays valid, now or as the socket takes it; false: the connection is
 * lost. */
static bool conn_send(struct conn *c, struct str s)
{
	while (s.n > 0) {
		ssize_t n = conn_write(c, s);
		if (n < 0)
			return false;
		if (n == 0)
			break;
		s = str_tail(s, (size_t)n);
	}
	c->out = s;
	conn_arm(c, s.n > 0);
	return true;
}

static ssize_t conn_read(struct conn *c)
{
	if (c->ssl == NULL) {
		ssize_t n = recv(c->fd, scratch, sizeof scratch, 0);
		return n > 0 ? n : n < 0 && errno == EAGAIN ? 0 : -1;
	}
	int n = SSL_read(c->ssl, scratch, sizeof scratch);
	if (n > 0)
		return n;
	int why = SSL_get_error(c->ssl, n);
	return why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static struct str events_of(const struct answer *a, unsigned from, unsigned to)
{
	size_t at = from == 0 ? 0 : a->at[from];

	return (struct str){a->all.p + at, a->at[to] - at};
}

static void stream_queue(struct conn *c, uint64_t now)
{
	c->due_ns = now + (uint64_t)script.every_us * 1000;
	c->next = NULL;
	*queue_end = c;
	queue_end = &c->next;
}

/* The templates are shared, so a stamp is written just before its event is sent. */
static void stamp(const struct answer *a, unsigned event, uint64_t now)
{
	if (a->stamp[event] != 0)
		wire_stamp(a->all.p + a->stamp[event], now);
}

static bool stream_start(struct conn *c, const struct answer *a)
{
	uint64_t now = wire_now_ns();

	script.n_streams++;
	if (script.hold > 0)
		return conn_send(
			c, events_of(a, 0, script.hold < a->n_events ? script.hold : a->n_events));
	if (script.every_us == 0)
		return conn_send(c, buf_str(&a->all));
	c->answer = a;
	c->event = 1;
	stream_queue(c, now);
	return conn_send(c, events_of(a, 0, 1));
}

/* stream_next sends the next event of a paced stream whose time has come. */
static bool stream_next(struct conn *c, uint64_t now)
{
	const struct answer *a = c->answer;

	if (c->out.n > 0) {
		stream_queue(c, now);
		return true;
	}
	stamp(a, c->event, now);
	struct str s = events_of(a, c->event, c->event + 1);
	c->event++;
	if (c->event < a->n_events)
		stream_queue(c, now);
	return conn_send(c, s);
}

static unsigned setting(struct str head, struct str name, unsigned value)
{
	size_t at = str_find(head, name);

	return at == SIZE_MAX ? value : (unsigned)strtoul(head.p + at + name.n, NULL, 10);
}

static bool control(struct conn *c, struct str head)
{
	static char reply[256], body[128];

	script.every_us = setting(head, S("every_us="), script.every_us);
	script.hold = setting(head, S("hold="), script.hold);
	unsigned events = setting(head, S("events="), script.events);
	if (events != script.events && events >= 8 && events <= ANSWER_EVENTS_MAX) {
		script.events = events;
		for (int k = 0; k < 2; k++)
			buf_free(&answers[k][1].all);
		answer_openai_stream(&answers[0][1], events);
		answer_anthropic_stream(&answers[1][1], events);
	}
	int n = snprintf(body, sizeof body, "{\"json\":%lu,\"streams\":%lu}\n",
			 (unsigned long)script.n_json, (unsigned long)script.n_streams);
	n = snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n,
		     body);
	return conn_send(c, (struct str){reply, (size_t)n});
}

static bool respond(struct conn *c)
{
	struct str tail = {c->tail, c->tail_n};

	c->state = ST_HEAD;
	if (c->control)
		return true;
	if (str_find(tail, S("\"stream\":true")) != SIZE_MAX ||
	    str_find(tail, S("\"stream\": true")) != SIZE_MAX)
		c->streams = true;
	const struct answer *a = &answers[c->anthropic][c->streams];
	if (c->streams)
		return stream_start(c, a);
	script.n_json++;
	return conn_send(c, buf_str(&a->all));
}

/* ---- requests ---------------------------------------------------------------------------------
 */

/* body_look searches what it may of a span and keeps the last bytes, so that large bodies stay
 * cheap. */
static void body_look(struct conn *c, struct str s)
{
	if (c->seen < FIRST) {
		struct str first = str_head(s, FIRST);
		c->streams |= str_find(first, S("\"stream\":true")) != SIZE_MAX ||
			      str_find(first, S("\"stream\": true")) != SIZE_MAX;
	}
	c->seen += s.n;
	if (s.n >= LAST) {
		memcpy(c->tail, s.p + s.n - LAST, LAST);
		c->tail_n = LAST;
		return;
	}
	size_t keep = c->tail_n < LAST - s.n ? c->tail_n : LAST - s.n;
	memmove(c->tail, c->tail + c->tail_n - keep, keep);
	memcpy(c->tail + keep, s.p, s.n);
	c->tail_n = keep + s.n;
}

static bool body_feed(struct conn *c, struct str *in)
{
	if (!c->is_chunked) {
		struct str s = str_head(*in, c->left);
		body_look(c, s);
		c->left -= s.n;
		*in = str_tail(*in, s.n);
		return c->left > 0 || respond(c);
	}
	while (in->n > 0 && !c->chunked.done) {
		struct str s;
		if (http1_chunked_next(&c->chunked, in, &s) != OK)
			return false;
		body_look(c, s);
	}
	return !c->chunked.done || respond(c);
}

static bool head_feed(struct conn *c, struct str *in)
{
	struct wire_head h;
	struct str all = *in;

	if (c->head.n > 0) {
		buf_add(&c->head, *in);
		all = buf_str(&c->head);
	}
	if (!wire_head(all, &h)) {
		if (c->head.n == 0)
			buf_add(&c->head, *in);
		*in = str_tail(*in, in->n);
		return c->head.err == OK;
	}
	struct str head = str_head(all, h.bytes);
	c->control = str_has_prefix(head, S("GET /set"));
	c->anthropic = str_find(str_head(head, 40), S("/messages")) != SIZE_MAX;
	c->streams = false;
	c->is_chunked = h.chunked;
	c->chunked = (struct http1_chunked){0};
	c->left = h.length;
	c->seen = c->tail_n = 0;
	c->state = ST_BODY;
	*in = str_tail(*in, in->n - (all.n - h.bytes));
	c->head.n = 0;
	if (h.expect && conn_write(c, S("HTTP/1.1 100 Continue\r\n\r\n")) < 0)
		return false;
	if (c->control && !control(c, head))
		return false;
	return c->left > 0 || c->is_chunked || respond(c);
}

static bool conn_feed(struct conn *c, struct str in)
{
	while (in.n > 0)
		if (!(c->state == ST_HEAD ? head_feed(c, &in) : body_feed(c, &in)))
			return false;
	return true;
}

static bool conn_handshake(struct conn *c)
{
	int n = SSL_accept(c->ssl);

	if (n == 1) {
		c->state = ST_HEAD;
		return true;
	}
	int why = SSL_get_error(c->ssl, n);
	conn_arm(c, why == SSL_ERROR_WANT_WRITE);
	return why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ;
}

static bool conn_ready(struct conn *c, uint32_t events)
{
	if (c->state == ST_HANDSHAKE && !conn_handshake(c))
		return false;
	if (c->state == ST_HANDSHAKE)
		return true;
	if ((events & EPOLLOUT) != 0 && c->out.n > 0 && !conn_send(c, c->out))
		return false;
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
		return true;
	do {
		ssize_t n = conn_read(c);
		if (n <= 0)
			return n == 0;
		if (!conn_feed(c, (struct str){scratch, (size_t)n}))
			return false;
	} while (c->ssl != NULL && SSL_has_pending(c->ssl));
	return true;
}

/* ---- start and loop ---------------------------------------------------------------------------
 */

static void accept_all(int from)
{
	for (;;) {
		int fd = accept4(from, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
		if (fd < 0)
			return;
		struct conn *c = fd < FDS_MAX ? calloc(1, sizeof *c) : NULL;
		if (c == NULL) {
			close(fd);
			return;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		c->fd = fd;
		c->state = from == listen_tls_fd ? ST_HANDSHAKE : ST_HEAD;
		buf_init(&c->head, 64 << 10);
		if (from == listen_tls_fd) {
			c->ssl = SSL_new(tls);
			SSL_set_fd(c->ssl, fd);
			SSL_set_accept_state(c->ssl);
		}
		conns[fd] = c;
		struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
	}
}

static int listener(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 4096) != 0)
		die("mock: listen");
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
	return fd;
}

static void tls_init(const char *cert, const char *key)
{
	tls = SSL_CTX_new(TLS_server_method());
	if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
		die("mock: certificate");
	SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(tls, 1);
}

/* run_due sends what is due and tells how long epoll may sleep. */
static struct timespec *run_due(struct timespec *wait)
{
	while (queue != NULL) {
		uint64_t now = wire_now_ns();
		struct conn *c = queue;
		if (c->due_ns > now) {
			*wait = (struct timespec){(time_t)((c->due_ns - now) / 1000000000u),
						  (long)((c->due_ns - now) % 1000000000u)};
			return wait;
		}
		queue = c->next;
		if (queue == NULL)
			queue_end = &queue;
		if (!stream_next(c, now))
			conn_free(c);
	}
	return NULL;
}

static void run(void)
{
	struct epoll_event ev[256];
	struct timespec wait;

	for (;;) {
		int n = epoll_pwait2(epoll_fd, ev, 256, run_due(&wait), NULL);
		for (int i = 0; i < n; i++) {
			int fd = ev[i].data.fd;
			if (fd == listen_fd || fd == listen_tls_fd)
				accept_all(fd);
			else if (conns[fd] != NULL && !conn_ready(conns[fd], ev[i].events))
				conn_free(conns[fd]);
		}
	}
}

int main(int argc, char **argv)
{
	unsigned port = 9000, tls_port = 0;
	const char *cert = NULL, *key = NULL;
	int o;

	while ((o = getopt(argc, argv, "p:t:c:k:")) != -1) {
		switch (o) {
		case 'p': port = (unsigned)atoi(optarg); break;
		case 't': tls_port = (unsigned)atoi(optarg); break;
		case 'c': cert = optarg; break;
		case 'k': key = optarg; break;
		default: return 2;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	for (int k = 0; k < 2; k++)
		answer_json(&answers[k][0], k == 1);
	answer_openai_stream(&answers[0][1], script.events);
	answer_anthropic_stream(&answers[1][1], script.events);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	listen_fd = listener(port);
	if (tls_port != 0) {
		tls_init(cert, key);
		listen_tls_fd = listener(tls_port);
	}
	run();
}
