/*
 * sink/flow.c - one connection: TLS or not, HTTP or anything, read to its end and looked at.
 * Input: hostile.   Runs in: sink.   Fuzz: fuzz/http1_fuzz.c
 */
#include "sink/sink.h"

#include "sink/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_MAX = 1 << 14, READS_MAX = 512, FIRST_MAX = 120 };

/* ---- bytes in and out ---- */

static void say(struct flow *f, struct str text)
{
	/* Answers are small and the peer is on this machine: what does not fit is lost. */
	if (f->ssl != NULL)
		(void)SSL_write(f->ssl, text.p, (int)text.n);
	else
		(void)send(f->watch.fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	ERR_clear_error();
}

/* > 0: bytes; 0: the stream has ended; < 0: nothing now. */
static int take(struct flow *f, char *out, size_t cap)
{
	if (f->ssl == NULL) {
		ssize_t n = recv(f->watch.fd, out, cap, MSG_DONTWAIT);
		bool later = n < 0 && (errno == EAGAIN || errno == EINTR);
		if (n < 0)
			sink_unread(f->sink);
		return n >= 0 ? (int)n : later ? -1 : 0;
	}
	int n = SSL_read(f->ssl, out, (int)cap);
	int why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(f->ssl, n);
	ERR_clear_error();
	return n > 0 ? n : why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

/* The first line, or what comes first of what has no lines. */
static void note_first(struct flow *f, struct str bytes)
{
	if (f->first[0] != '\0')
		return;
	for (size_t n = 0; n < bytes.n && n < FIRST_MAX; n++) {
		unsigned char c = (unsigned char)bytes.p[n];
		if (c == '\r' || c == '\n')
			break;
		f->first[n] = (char)(c >= 0x20 && c < 0x7f ? c : '.');
	}
}

static void look(struct flow *f, struct str bytes)
{
	struct str host = str_z(f->host);

	/* Asking the metadata service with what it gave is no theft. */
	if (bytes.n && !is_metadata(&f->to, host))
		sink_scan(f->sink, bytes, &f->to, host.n ? host : name_of(f->sink, &f->to), true);
}

/* ---- HTTP ---- */

static void set_host(struct flow *f, struct str host)
{
	struct str name = str_cut(host, ':', &(struct str){ 0 });

	if (f->host[0] != '\0' || name.n >= sizeof f->host || !dns_host(name))
		return;
	memcpy(f->host, name.p, name.n);
	f->host[name.n] = '\0';
}

/* A request is complete: look at it, answer, make room for the next. */
static void request_done(struct flow *f)
{
	struct buf *out = &f->sink->scratch;
	char where[400];

	look(f, buf_str(&f->body));
	struct str host = str_z(f->host);
	if (is_metadata(&f->to, host))
		sink_tell(f->sink, FACT_METADATA, 0,
			  place_text(f->sink, "http", &f->to, host, where, sizeof where),
			  str_z(f->first), S(""));
	buf_reset(out);
	http_answer(f->sink, f, out);
	say(f, buf_str(out));
	buf_reset(&f->body);
	f->in_body = f->told_continue = false;
}

/* Takes body bytes from in. True: it is complete. */
static bool body_bytes(struct flow *f, struct str *in)
{
	if (f->head.framing == HTTP1_CHUNKED) {
		while (in->n && !f->chunked.done) {
			struct str out = { NULL, 0 };
			if (http1_chunked_next(&f->chunked, in, &out) != OK) {
				buf_add(&f->body, *in);
				*in = S("");
				return true;
			}
			buf_add(&f->body, out);
		}
		return f->chunked.done;
	}
	struct str some = str_head(*in, f->left > SIZE_MAX ? SIZE_MAX : (size_t)f->left);
	buf_add(&f->body, some);
	f->left -= some.n;
	*in = str_tail(*in, some.n);
	return f->left == 0;
}

/* The head of the next request, or ERR_AGAIN. */
static enum err next_head(struct flow *f, struct str *in)
{
	TRY(http1_request(&f->head, *in, 0, NULL));
	note_first(f, *in);
	set_host(f, f->head.known[H_HOST]);
	buf_add(&f->body, str_head(*in, f->head.head_bytes)); /* targets and fields tell, too */
	f->in_body = true;
	f->left = f->head.framing == HTTP1_LENGTH ? f->head.content_length : 0;
	f->chunked = (struct http1_chunked){ 0 };
	bool wait = f->head.expect_continue;
	*in = str_tail(*in, f->head.head_bytes);
	/* What points into the buffer is gone with the next read; only these are used later. */
	if (wait)
		say(f, S("HTTP/1.1 100 Continue\r\n\r\n"));
	return OK;
}

static void http_bytes(struct flow *f)
{
	struct str in = buf_str(&f->in);

	for (;;) {
		enum err e = f->in_body ? OK : next_head(f, &in);
		if (e == ERR_AGAIN)
			break;
		if (e != OK) {
			f->state = FLOW_RAW;
			break;
		}
		if (!body_bytes(f, &in))
			break;
		request_done(f);
		if (in.n == 0)
			break;
	}
	buf_cut(&f->in, f->in.n - in.n);
}

/* ---- the connection ---- */

static bool looks_http(struct str in)
{
	static const struct str methods[] = { SC("GET "),    SC("POST "),   SC("PUT "),
					      SC("HEAD "),   SC("DELETE "), SC("PATCH "),
					      SC("OPTIONS ") };

	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (str_has_prefix(in, methods[i]))
			return true;
	return false;
}

static void bytes_came(struct flow *f, struct str bytes)
{
	if (f->in.n + bytes.n > CAPTURE_MAX || f->body.n > CAPTURE_MAX) {
		flow_flush(f); /* a long stream is looked at piece by piece */
		sink_tell(f->sink, FACT_CAPPED, 0, S("one connection's bytes"), S(""), S(""));
	}
	f->bytes += bytes.n;
	buf_add(&f->in, bytes);
	if (f->state == FLOW_NEW)
		f->state = looks_http(buf_str(&f->in)) ? FLOW_HTTP : FLOW_RAW;
	note_first(f, buf_str(&f->in));
	if (f->state == FLOW_HTTP)
		http_bytes(f);
}

static void tls_begin(struct flow *f)
{
	char address[INET6_ADDRSTRLEN] = "192.0.2.1";

	if (IN6_IS_ADDR_V4MAPPED(&f->to.address))
		(void)inet_ntop(AF_INET, f->to.address.s6_addr + 12, address, sizeof address);
	else
		(void)inet_ntop(AF_INET6, &f->to.address, address, sizeof address);
	f->ssl = mint_accept(f->sink->mint, f->watch.fd, address);
	f->state = f->ssl != NULL ? FLOW_HANDSHAKE : FLOW_RAW;
}

static void tls_go_on(struct flow *f)
{
	char where[400];
	int r = SSL_do_handshake(f->ssl);
	int why = r == 1 ? SSL_ERROR_NONE : SSL_get_error(f->ssl, r);
	const char *name = SSL_get_servername(f->ssl, TLSEXT_NAMETYPE_host_name);

	ERR_clear_error();
	if (name != NULL)
		set_host(f, str_z(name));
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return;
	if (r == 1) {
		f->state = FLOW_NEW;
		return;
	}
	sink_tell(f->sink, FACT_TLS_REFUSED, 0,
		  place_text(f->sink, "tls", &f->to, str_z(f->host), where, sizeof where), S(""),
		  S(""));
	f->ended = true;
}

/* Two bytes tell TLS from the rest, so the first is not read alone: not before the second is here,
 * or the end. */
static void wake_at(const struct flow *f, int bytes)
{
	(void)setsockopt(f->watch.fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

static void read_all(struct flow *f)
{
	char piece[READ_MAX];

	for (unsigned i = 0; i < READS_MAX && !f->ended; i++) {
		if (f->state == FLOW_NEW && f->ssl == NULL && f->bytes == 0) {
			ssize_t n = recv(f->watch.fd, piece, 2, MSG_PEEK | MSG_DONTWAIT);
			if (n == 2 && piece[0] == 0x16 && piece[1] == 3)
				tls_begin(f);
			wake_at(f, 1);
		}
		if (f->state == FLOW_HANDSHAKE)
			tls_go_on(f);
		if (f->state == FLOW_HANDSHAKE || f->ended)
			return;
		int n = take(f, piece, sizeof piece);
		if (n < 0)
			return;
		f->ended = n == 0;
		if (n > 0)
			bytes_came(f, (struct str){ piece, (size_t)n });
	}
}

static void on_flow(struct watch *w, uint32_t ready)
{
	struct flow *f = (struct flow *)w;

	(void)ready;
	read_all(f);
	if (f->ended)
		flow_end(f);
}

void flow_flush(struct flow *f)
{
	look(f, buf_str(&f->body));
	look(f, buf_str(&f->in));
	buf_reset(&f->body);
	buf_reset(&f->in);
}

void flow_end(struct flow *f)
{
	char where[400];

	if (!f->ended)
		read_all(f);
	if (f->state == FLOW_HANDSHAKE && f->ssl != NULL &&
	    SSL_get_servername(f->ssl, TLSEXT_NAMETYPE_host_name) != NULL)
		set_host(f, str_z(SSL_get_servername(f->ssl, TLSEXT_NAMETYPE_host_name)));
	flow_flush(f);
	const char *protocol = f->ssl != NULL ? "tls" : "tcp";
	sink_tell(f->sink, FACT_FLOW, f->bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)f->bytes,
		  place_text(f->sink, protocol, &f->to, str_z(f->host), where, sizeof where),
		  str_z(f->first), S(""));
	loop_unwatch(f->sink->loop, &f->watch);
	SSL_free(f->ssl);
	(void)close(f->watch.fd);
	f->ssl = NULL;
	f->state = FLOW_FREE;
}

/* Protocols in which the server speaks first. */
static void greet(struct flow *f)
{
	static const struct {
		uint16_t port;
		struct str text;
	} banners[] = {
		{ 21, SC("220 ready\r\n") },	  { 22, SC("SSH-2.0-OpenSSH_9.2p1\r\n") },
		{ 25, SC("220 mail ESMTP\r\n") }, { 587, SC("220 mail ESMTP\r\n") },
		{ 110, SC("+OK ready\r\n") },	  { 143, SC("* OK ready\r\n") },
	};

	for (size_t i = 0; i < sizeof banners / sizeof banners[0]; i++)
		if (banners[i].port == f->to.port)
			say(f, banners[i].text);
}

static struct flow *free_flow(struct sink *s)
{
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		if (s->flows[i].state == FLOW_FREE)
			return &s->flows[i];
	return NULL;
}

void flow_accept(struct sink *s, int fd)
{
	struct sockaddr_in6 a = { 0 };
	socklen_t n = sizeof a;
	struct flow *f = free_flow(s);
	char where[400];

	if (f == NULL || getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
		sink_tell(s, FACT_CAPPED, 1, S("connections"), S(""), S(""));
		(void)close(fd);
		return;
	}
	/* The buffers stay with the slot. */
	struct buf in = f->in, body = f->body;
	memset(f, 0, sizeof *f);
	f->in = in;
	f->body = body;
	buf_reset(&f->in);
	buf_reset(&f->body);
	f->in.max = f->body.max = 2 * CAPTURE_MAX;
	f->sink = s;
	f->state = FLOW_NEW;
	f->to = (struct place){ a.sin6_addr, ntohs(a.sin6_port) };
	f->watch = (struct watch){ .fd = fd, .on_ready = on_flow };
	if (is_beacon(&f->to))
		sink_tell(s, FACT_STAGE_TWO, 0,
			  place_text(s, "tcp", &f->to, S(""), where, sizeof where), S(""), S(""));
	wake_at(f, 2);
	greet(f);
	if (loop_watch(s->loop, &f->watch, EPOLLIN | EPOLLRDHUP) != OK)
		flow_end(f);
}
