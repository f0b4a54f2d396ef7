/*
 * bench/load/load.c - a client that sends a fixed number of requests and checks every answer.
 * One thread, epoll, N keep-alive connections, the twelve headers of an OpenAI SDK. Closed loop:
 *each connection sends as soon as it has its answer. Open loop (-r): requests are due at a fixed
 *rate and latency counts from then, so that waiting for a slow proxy is not left out. Prints one
 *line of JSON.
 *
 *	load -p PORT [-c CONNS] [-n REQUESTS] [-r PER_SECOND] [-b half|4k|64k|1m] [-s] [-m MODEL]
 *[-u PATH]
 *	     [-k KEY] [-H 'Name: value']... [-t SECONDS] [-h] [-w START_NS]
 *
 * -s asks for streams. -h holds all streams open after their first bytes, prints, and ends with its
 * standard input. -w sends one request as soon as anybody answers, and prints the ms since START_NS
 * of the wall clock.
 */
#include "bench/load/hist.h"
#include "bench/load/wire.h"
#include "bench/micro/bodies.h"
#include "codec/http1.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNS_MAX = 16000, SCRATCH = 256 << 10, TAIL = 64, OPENING_MAX = 64 };

#define STAMP_MAX_NS UINT64_C(100000000000)

struct conn {
	int fd;
	bool busy, in_body, chunked, first, armed;
	unsigned status;
	struct buf head; /* of an answer, while incomplete */
	struct http1_chunked decoder;
	size_t left, body_n;
	size_t sent;	  /* of the request */
	uint64_t from_ns; /* sent or due */
	size_t tail_n;
	char tail[TAIL]; /* the body's last bytes: has the stream its end? a stamp cut in two */
};

static struct {
	unsigned port, conns, total, rate, seconds;
	bool stream, hold;
	uint64_t started_ns;
	const char *body, *model, *path, *key;
	struct buf headers;
} opt = {.port = 9000,
	 .conns = 64,
	 .total = 1000,
	 .seconds = 120,
	 .body = "half",
	 .model = "gpt-4o-mini",
	 .path = "/v1/chat/completions",
	 .key = "sk-gw-0123456789abcdefghijklmnopqrstuvwxyzABCDEF"};

static struct conn *conns;
static struct conn **idle;
static unsigned n_idle;
static struct buf request;
static char scratch[SCRATCH];
static int epoll_fd;
static unsigned n_started, n_done, n_bad, n_first, n_reconnects, bad_status;
static size_t len_min = SIZE_MAX, len_max;
static struct hist latency, ttfb, events;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the request ------------------------------------------------------------------------------
 */

static int body_kind(const char *name)
{
	static const char *const names[BODY_COUNT] = {"half", "4k", "64k", "1m"};

	for (int i = 0; i < BODY_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	fprintf(stderr, "load: body '%s' is unknown\n", name);
	exit(2);
}

static void request_build(void)
{
	struct buf made, body;
	struct str name = S("\"gpt-4o-mini\"");

	buf_init(&made, 4 << 20);
	buf_init(&body, 4 << 20);
	buf_init(&request, 4 << 20);
	body_make(&made, body_kind(opt.body));
	size_t at = str_find(buf_str(&made), name);
	assert(at != SIZE_MAX);
	buf_add(&body, str_head(buf_str(&made), at));
	buf_addf(&body, "\"%s\"", opt.model);
	buf_add(&body, str_tail(buf_str(&made), at + name.n));
	if (opt.stream) {
		body.n--;
		buf_add(&body, S(",\"stream\":true}"));
	}
	buf_addf(&request,
		 "POST %s HTTP/1.1\r\n"
		 "Host: 127.0.0.1:%u\r\n"
		 "Accept: application/json\r\n"
		 "Content-Type: application/json\r\n"
		 "User-Agent: OpenAI/Python 2.7.1\r\n"
		 "X-Stainless-Lang: python\r\n"
		 "X-Stainless-Package-Version: 2.7.1\r\n"
		 "X-Stainless-OS: Linux\r\n"
		 "X-Stainless-Arch: x64\r\n"
		 "X-Stainless-Runtime: CPython\r\n"
		 "X-Stainless-Runtime-Version: 3.11.7\r\n"
		 "Authorization: Bearer %s\r\n"
		 "%.*sContent-Length: %zu\r\n\r\n",
		 opt.path, opt.port, opt.key, FMT(buf_str(&opt.headers)), body.n);
	buf_add(&request, buf_str(&body));
	buf_free(&made);
	buf_free(&body);
	assert(request.err == OK);
}

/* ---- connections ------------------------------------------------------------------------------
 */

static int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		die("load: socket");
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void conn_arm(struct conn *c, bool write, int how)
{
	struct epoll_event ev = {.events = write ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};

	if (how == EPOLL_CTL_ADD || c->armed != write)
		epoll_ctl(epoll_fd, how, c->fd, &ev);
	c->armed = write;
}

static void conn_open(struct conn *c)
{
	c->fd = dial();
	if (c->fd < 0)
		die("load: connect");
	buf_init(&c->head, 64 << 10);
	conn_arm(c, false, EPOLL_CTL_ADD);
	c->busy = false;
	idle[n_idle++] = c;
}

/* conn_push sends what is left of the request. */
static void conn_push(struct conn *c)
{
	while (c->sent < request.n) {
		ssize_t n = send(c->fd, request.p + c->sent, request.n - c->sent, MSG_NOSIGNAL);
		if (n < 0)
			break; /* full, or lost: then reading says so */
		c->sent += (size_t)n;
	}
	conn_arm(c, c->sent < request.n, EPOLL_CTL_MOD);
}

static void conn_start(struct conn *c, uint64_t from_ns)
{
	c->busy = true;
	c->in_body = c->first = false;
	c->head.n = c->tail_n = c->body_n = c->sent = 0;
	c->from_ns = from_ns;
	n_started++;
	conn_push(c);
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static void answer_done(struct conn *c)
{
	bool bad = c->status != 200 || c->body_n == 0;

	if (opt.stream)
		bad |= str_find((struct str){c->tail, c->tail_n}, S("[DONE]")) == SIZE_MAX;
	if (bad) {
		n_bad++;
		bad_status = c->status;
	}
	if (c->body_n < len_min)
		len_min = c->body_n;
	if (c->body_n > len_max)
		len_max = c->body_n;
	hist_add(&latency, wire_now_ns() - c->from_ns);
	n_done++;
	c->busy = false;
	idle[n_idle++] = c;
}

/* body_stamps finds the stamps of the events in s. One that was cut by the end of a read is not
 * counted, nor the numbers that stand in their place where nothing was stamped. */
static void body_stamps(struct str s)
{
	uint64_t now = wire_now_ns();
	const char *p = s.p, *end = s.p + s.n;

	while ((p = memchr(p, 'T', (size_t)(end - p))) != NULL && end - p >= WIRE_STAMP) {
		uint64_t at = wire_stamp_read(p++);
		if (at < now && now - at < STAMP_MAX_NS)
			hist_add(&events, now - at);
	}
}

static void body_span(struct conn *c, struct str s)
{
	if (s.n == 0)
		return;
	c->body_n += s.n;
	if (!opt.stream)
		return;
	body_stamps(s);
	if (s.n >= TAIL) {
		memcpy(c->tail, s.p + s.n - TAIL, TAIL);
		c->tail_n = TAIL;
		return;
	}
	size_t keep = c->tail_n < TAIL - s.n ? c->tail_n : TAIL - s.n;
	memmove(c->tail, c->tail + c->tail_n - keep, keep);
	memcpy(c->tail + keep, s.p, s.n);
	c->tail_n = keep + s.n;
}

/* head_feed takes the head from in; false: it is incomplete. */
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
		return false;
	}
	*in = str_tail(*in, in->n - (all.n - h.bytes));
	c->head.n = 0;
	c->status = h.status;
	c->chunked = h.chunked;
	c->decoder = (struct http1_chunked){0};
	c->left = h.length;
	c->in_body = true;
	return true;
}

/* answer_feed: false when the answer cannot be read. */
static bool answer_feed(struct conn *c, struct str in)
{
	if (!c->in_body && !head_feed(c, &in))
		return c->head.err == OK;
	if (!c->first && in.n > 0) {
		c->first = true;
		n_first++;
		hist_add(&ttfb, wire_now_ns() - c->from_ns);
	}
	if (!c->chunked) {
		struct str s = str_head(in, c->left);
		body_span(c, s);
		c->left -= s.n;
		if (c->left == 0)
			answer_done(c);
		return s.n == in.n;
	}
	while (in.n > 0 && !c->decoder.done) {
		struct str s;
		if (http1_chunked_next(&c->decoder, &in, &s) != OK)
			return false;
		body_span(c, s);
	}
	if (c->decoder.done)
		answer_done(c);
	return in.n == 0;
}

static void conn_lost(struct conn *c)
{
	close(c->fd);
	if (c->busy) {
		n_bad++;
		n_done++;
		bad_status = c->in_body ? c->status : 0;
	} else {
		for (unsigned i = 0; i < n_idle; i++)
			if (idle[i] == c)
				idle[i--] = idle[--n_idle];
	}
	buf_free(&c->head);
	n_reconnects++;
	if (n_done < opt.total && n_reconnects < opt.total + opt.conns)
		conn_open(c);
}

static void conn_ready(struct conn *c, uint32_t ready)
{
	if ((ready & EPOLLOUT) != 0)
		conn_push(c);
	if ((ready & ~(uint32_t)EPOLLOUT) == 0)
		return;
	for (;;) {
		ssize_t n = recv(c->fd, scratch, sizeof scratch, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || !c->busy || !answer_feed(c, (struct str){scratch, (size_t)n})) {
			conn_lost(c);
			return;
		}
		if ((size_t)n < sizeof scratch)
			return;
	}
}

/* ---- the loop ---------------------------------------------------------------------------------
 */

/* start_some begins what is due, and gives how many ns epoll may sleep. */
static uint64_t start_some(uint64_t began)
{
	uint64_t now = wire_now_ns();

	while (n_idle > 0 && n_started < opt.total) {
		uint64_t due = now;
		if (opt.hold && n_started - n_first >= OPENING_MAX)
			break;
		if (opt.rate > 0)
			due = began + (uint64_t)n_started * 1000000000u / opt.rate;
		if (due > now)
			return due - now;
		conn_start(idle[--n_idle], due);
	}
	return 100000000;
}

static void run(void)
{
	struct epoll_event ev[256];
	uint64_t began = wire_now_ns(), end = began + (uint64_t)opt.seconds * 1000000000u;

	while (n_done < opt.total && wire_now_ns() < end &&
	       !(opt.hold && n_first + n_bad >= opt.total)) {
		uint64_t wait = start_some(began);
		struct timespec t = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
		int n = epoll_pwait2(epoll_fd, ev, 256, &t, NULL);
		for (int i = 0; i < n; i++)
			conn_ready(ev[i].data.ptr, ev[i].events);
	}
	printf("{\"ok\":%u,\"bad\":%u,\"bad_status\":%u,\"unfinished\":%u,\"reconnects\":%u,"
	       "\"seconds\":%.6f,"
	       "\"len_min\":%zu,\"len_max\":%zu,\"held\":%u,",
	       n_done - n_bad, n_bad, bad_status, opt.total - n_done, n_reconnects,
	       (double)(wire_now_ns() - began) / 1e9, len_min == SIZE_MAX ? 0 : len_min, len_max,
	       n_first);
	hist_print("latency_us", &latency);
	printf(",");
	hist_print("ttfb_us", &ttfb);
	printf(",");
	hist_print("event_us", &events);
	printf("}\n");
	fflush(stdout);
}

/* wait_first polls until one request is answered with 200, and prints how long that took. */
static int wait_first(void)
{
	uint64_t end = wire_now_ns() + (uint64_t)opt.seconds * 1000000000u;
	struct timespec now;

	while (wire_now_ns() < end) {
		int fd = dial();
		if (fd < 0) {
			usleep(200);
			continue;
		}
		fcntl(fd, F_SETFL, 0);
		struct timeval tv = {.tv_sec = 2};
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
		ssize_t n = send(fd, request.p, request.n, MSG_NOSIGNAL);
		if (n == (ssize_t)request.n)
			n = recv(fd, scratch, sizeof scratch, 0);
		close(fd);
		if (n > 12 && memcmp(scratch + 8, " 200", 4) == 0) {
			clock_gettime(CLOCK_REALTIME, &now);
			uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
			printf("{\"first_ms\":%.2f}\n", (double)(ns - opt.started_ns) / 1e6);
			return 0;
		}
		usleep(200);
	}
	return 1;
}

static void options(int argc, char **argv)
{
	int o;

	buf_init(&opt.headers, 8 << 10);
	while ((o = getopt(argc, argv, "p:c:n:r:b:sm:u:k:H:t:hw:")) != -1) {
		switch (o) {
		case 'p': opt.port = (unsigned)atoi(optarg); break;
		case 'c': opt.conns = (unsigned)atoi(optarg); break;
		case 'n': opt.total = (unsigned)atoi(optarg); break;
		case 'r': opt.rate = (unsigned)atoi(optarg); break;
		case 'b': opt.body = optarg; break;
		case 's': opt.stream = true; break;
		case 'm': opt.model = optarg; break;
		case 'u': opt.path = optarg; break;
		case 'k': opt.key = optarg; break;
		case 'H': buf_addf(&opt.headers, "%s\r\n", optarg); break;
		case 't': opt.seconds = (unsigned)atoi(optarg); break;
		case 'h': opt.hold = true; break;
		case 'w': opt.started_ns = strtoull(optarg, NULL, 10); break;
		default: exit(2);
		}
	}
	if (opt.conns == 0 || opt.conns > CONNS_MAX) {
		fprintf(stderr, "load: -c takes 1 to %d\n", CONNS_MAX);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	request_build();
	if (opt.started_ns != 0)
		return wait_first();
	conns = calloc(opt.conns, sizeof *conns);
	idle = calloc(opt.conns, sizeof *idle);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (conns == NULL || idle == NULL || epoll_fd < 0)
		die("load");
	for (unsigned i = 0; i < opt.conns; i++)
		conn_open(&conns[i]);
	run();
	if (opt.hold) {
		char end;
		while (read(0, &end, 1) > 0)
			continue;
	}
	return n_done - n_bad == opt.total || (opt.hold && n_first == opt.total) ? 0 : 1;
}
