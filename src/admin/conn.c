/*
 * admin/conn.c - the admin API's connections.
 * Input: hostile.   Runs in: admin.   Fuzz: fuzz/http1_fuzz.c for heads and chunks
 */
#include "admin/admin.h"

#include "codec/jw.h"
#include "sys/fs.h"
#include "sys/listen.h"
#include "sys/log.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	IN_MAX = LIMIT_HEAD + ADMIN_BODY + (64 << 10),
	READ_STEP = 16 << 10,
	IDLE_MS = 30000,
	ANSWER_MS = 60000,
	END_MS = 1000,
	ACCEPT_PAUSE_MS = 100, /* when descriptors are used up */
	STATUS_FRAMING = 400
};

#define CONN_OF(p, member) ((struct conn *)(void *)((char *)(p)-offsetof(struct conn, member)))

static void conn_drop(struct conn *c)
{
	if (c->watch.fd < 0)
		return;
	loop_unwatch(c->admin->loop, &c->watch);
	fd_closep(&c->watch.fd);
	timer_cancel(&c->timer);
	buf_wipe(&c->in); /* keys were in it */
	buf_wipe(&c->body);
	buf_wipe(&c->out);
	buf_wipe(&c->json);
	buf_wipe(&c->part);
	buf_free(&c->in);
	buf_free(&c->body);
	buf_free(&c->out);
	buf_free(&c->json);
	buf_free(&c->part);
	arena_done(&c->arena);
	c->seq = 0;
	c->admin->n_conns--;
}

static void on_timer(struct timer *t)
{
	conn_drop(CONN_OF(t, timer));
}

/* ---- writing ---- */

/* flush sends what is left. False: the connection is gone, or waits for room. */
static bool flush(struct conn *c)
{
	while (c->sent < c->out.n) {
		ssize_t n = send(c->watch.fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (n < 0) {
			conn_drop(c);
			return false;
		}
		c->sent += (size_t)n;
	}
	buf_reset(&c->out);
	c->sent = 0;
	if (c->close && !c->ending) {
		/* The peer's end is awaited: closing with bytes unread would reset what it has not
		 * read yet. */
		c->ending = true;
		(void)shutdown(c->watch.fd, SHUT_WR);
		timer_set(c->admin->loop, &c->timer, END_MS);
	}
	return true;
}

static void finish(struct conn *c, unsigned status, struct str type, struct str content)
{
	struct buf *b = &c->out;

	c->close = c->close || c->handed || !c->head.keep_alive || c->admin->draining;
	buf_addf(b,
		 "HTTP/1.1 %u %s\r\ncontent-type: %.*s\r\ncontent-length: %zu\r\ncache-control: "
		 "no-store\r\n",
		 status, http1_reason(status), FMT(type), content.n);
	if (status == 401)
		buf_add(b, S("www-authenticate: Bearer\r\n"));
	if (c->ignored.n && status == 200)
		buf_addf(b, "x-yett-ignored: %.*s\r\n", FMT(c->ignored));
	if (c->next && status == 200)
		buf_addf(b, "x-yett-next: %llu\r\n", (unsigned long long)c->next);
	buf_add(b, c->close ? S("connection: close\r\n\r\n") : S("\r\n"));
	if (!str_eq(c->head.method, S("HEAD")))
		buf_add(b, content);
	if (b->err != OK) {
		conn_drop(c);
		return;
	}
	/* The request is over: what it took goes, and its memory with it. */
	c->seq = 0;
	c->ignored = S("");
	c->next = 0;
	buf_cut(&c->in, c->used);
	c->used = c->searched = c->decoded = 0;
	c->chunked = (struct http1_chunked){ 0 };
	buf_wipe(&c->json);
	buf_wipe(&c->body);
	buf_wipe(&c->part);
	arena_reset(&c->arena);
	timer_set(c->admin->loop, &c->timer, IDLE_MS);
	(void)flush(c);
}

void conn_text(struct conn *c, unsigned status, struct str type, struct str text)
{
	finish(c, status, type, text);
}

void conn_send(struct conn *c, unsigned status)
{
	if (c->json.err != OK) {
		buf_reset(&c->json);
		conn_error(c, 500, S("the answer is too large"), S(""));
		return;
	}
	finish(c, status, S("application/json"), buf_str(&c->json));
}

static struct str type_of(unsigned status)
{
	return status == 401 || status == 403 ? S("auth_error")
	       : status == 404		      ? S("not_found_error")
	       : status == 429		      ? S("rate_limit_error")
	       : status < 500		      ? S("bad_request_error")
					      : S("internal_server_error");
}

void conn_error(struct conn *c, unsigned status, struct str message, struct str param)
{
	struct buf *b = &c->json;
	char code[16];

	buf_reset(b);
	jw_obj(b);
	jw_key(b, S("error"));
	jw_obj(b);
	jw_kv_str(b, S("message"), message);
	jw_kv_str(b, S("type"), type_of(status));
	jw_kv_str(b, S("param"), param.n ? param : S("None")); /* LiteLLM's word for nothing */
	(void)snprintf(code, sizeof code, "%u", status);
	jw_kv_str(b, S("code"), str_z(code));
	jw_obj_end(b);
	jw_obj_end(b);
	conn_send(c, status);
}

void conn_fail(struct conn *c, const struct diag *d)
{
	conn_error(c, (unsigned)err_http(d->err), str_z(diag_text(d)), str_z(d->param));
}

void conn_refused(struct conn *c, const struct answer *a)
{
	conn_error(c, (unsigned)err_http(a->err), a->text.n ? a->text : str_z(err_text(a->err)),
		   S(""));
}

/* ---- keeper ---- */

void conn_ask(struct conn *c, uint16_t type, struct str body,
	      void (*on_answer)(struct conn *, struct answer *))
{
	struct admin *a = c->admin;

	if (++a->seq == 0)
		a->seq = 1;
	c->seq = a->seq;
	c->on_answer = on_answer;
	timer_set(a->loop, &c->timer, ANSWER_MS);
	if (ipc_send(a->control.fd, type, c->seq, body, NULL, 0) != OK)
		conn_error(c, 503, S("the gate is busy, try again"), S(""));
}

/* ---- reading ---- */

/* The body of the request whose head is in c->head. ERR_AGAIN: more must come. */
static enum err read_body(struct conn *c)
{
	struct str rest = str_tail(buf_str(&c->in), c->head.head_bytes), span;

	if (c->head.framing == HTTP1_NONE) {
		c->content = S("");
		c->used = c->head.head_bytes;
		return OK;
	}
	if (c->head.framing == HTTP1_LENGTH) {
		if (c->head.content_length > ADMIN_BODY)
			return ERR_LIMIT;
		if (rest.n < c->head.content_length)
			return ERR_AGAIN;
		c->content = str_head(rest, (size_t)c->head.content_length);
		c->used = c->head.head_bytes + c->content.n;
		return OK;
	}
	rest = str_tail(rest, c->decoded);
	while (rest.n && !c->chunked.done) {
		TRY(http1_chunked_next(&c->chunked, &rest, &span));
		buf_add(&c->body, span);
	}
	c->decoded = c->in.n - rest.n - c->head.head_bytes;
	if (c->body.err != OK)
		return c->body.err;
	if (!c->chunked.done)
		return c->in.n < IN_MAX ? ERR_AGAIN : ERR_LIMIT;
	c->content = buf_str(&c->body);
	c->used = c->in.n - rest.n;
	return OK;
}

/* A request that cannot be read ends the connection: where the next one begins is not known. */
static void broken(struct conn *c, enum err e, bool head, const char *why)
{
	unsigned status = e == ERR_LIMIT	 ? (head ? 431u : 413u)
			  : e == ERR_UNSUPPORTED ? 501u
						 : STATUS_FRAMING;

	c->close = true;
	c->used = c->in.n;
	c->head.method = S("GET");
	conn_error(c, status, str_z(why ? why : err_text(e)), S(""));
}

static void expect_continue(struct conn *c)
{
	if (c->head.expect_continue && c->in.n == c->head.head_bytes && c->out.n == 0) {
		buf_add(&c->out, S("HTTP/1.1 100 Continue\r\n\r\n"));
		(void)flush(c);
	}
}

/* run handles requests that are complete, one after the other. */
static void run(struct conn *c)
{
	while (c->watch.fd >= 0 && c->seq == 0 && c->in.n > 0 && c->out.n == 0 && !c->close) {
		const char *why = NULL;
		enum err e = http1_request(&c->head, buf_str(&c->in), c->searched, &why);
		if (e == ERR_AGAIN) {
			c->searched = c->in.n;
			return;
		}
		if (e != OK) {
			broken(c, e, true, why);
			return;
		}
		c->searched = 0;
		e = read_body(c);
		if (e == ERR_AGAIN) {
			expect_continue(c);
			return;
		}
		if (e != OK) {
			broken(c, e, false, NULL);
			return;
		}
		c->admin->requests++;
		struct str coding = c->head.known[H_CONTENT_ENCODING];
		if (coding.p != NULL && !str_ieq(coding, S("identity")))
			conn_error(c, 415, S("a compressed body is not read here; send it plain"),
				   S(""));
		else
			route_run(c);
	}
}

/* fill reads what has come. False: the peer has ended. */
static bool fill(struct conn *c)
{
	for (;;) {
		if (c->in.n >= IN_MAX)
			return true; /* run judges it */
		char *at = buf_room(&c->in, READ_STEP);
		if (at == NULL)
			return false;
		ssize_t n = recv(c->watch.fd, at, READ_STEP, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		if (n == 0)
			return false;
		buf_grew(&c->in, (size_t)n);
	}
}

/* go_on reads what has come and handles it. Not while keeper is asked: what the request in hand
 * points to lies in c->in, which moves when it grows. */
static void go_on(struct conn *c)
{
	if (c->watch.fd < 0 || c->seq != 0)
		return;
	if (c->ending)
		buf_reset(&c->in);
	if (!fill(c))
		conn_drop(c);
	else if (!c->ending)
		run(c);
}

void conn_answered(struct admin *a, uint32_t seq, struct str body)
{
	for (unsigned i = 0; i < ADMIN_CONNS; i++) {
		struct conn *c = &a->conns[i];
		if (c->watch.fd < 0 || c->seq != seq || seq == 0)
			continue;
		struct answer ans = { .rest = rd_from(body) };
		control_reply_read(&ans.rest, &ans.err, &ans.text);
		c->seq = 0;
		c->on_answer(c, &ans);
		go_on(c);
		return;
	}
}

static void on_ready(struct watch *w, uint32_t ready)
{
	struct conn *c = CONN_OF(w, watch);

	if ((ready & (EPOLLERR | EPOLLHUP)) != 0) {
		conn_drop(c);
		return;
	}
	if ((ready & EPOLLOUT) && c->out.n && !flush(c))
		return;
	go_on(c);
}

/* ---- arriving ---- */

static struct conn *conn_new(struct admin *a, int fd)
{
	struct conn *c = NULL;

	for (unsigned i = 0; i < ADMIN_CONNS && c == NULL; i++)
		if (a->conns[i].watch.fd < 0)
			c = &a->conns[i];
	if (c == NULL) {
		(void)close(fd);
		return NULL;
	}
	memset(c, 0, sizeof *c);
	c->admin = a;
	c->watch = (struct watch){ .fd = fd, .on_ready = on_ready };
	c->timer.on_expire = on_timer;
	buf_init(&c->in, IN_MAX + READ_STEP);
	buf_init(&c->body, ADMIN_BODY);
	buf_init(&c->out, ADMIN_ANSWER + 4096);
	buf_init(&c->json, ADMIN_ANSWER);
	buf_init(&c->part, LIMIT_CONTROL);
	arena_init(&c->arena, ADMIN_ARENA);
	a->n_conns++;
	timer_set(a->loop, &c->timer, IDLE_MS);
	if (loop_watch(a->loop, &c->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP) != OK) {
		conn_drop(c);
		return NULL;
	}
	return c;
}

static void on_accept_again(struct timer *t)
{
	struct admin *a = (struct admin *)(void *)((char *)t -
						   offsetof(struct admin, accept_again));

	if (!a->draining)
		conn_accept(&a->listener, EPOLLIN);
}

void conn_accept(struct watch *w, uint32_t ready)
{
	struct admin *a = (struct admin *)(void *)((char *)w - offsetof(struct admin, listener));
	enum err e;
	int fd;

	(void)ready;
	while ((e = listen_accept(w->fd, &fd, NULL)) == OK) {
		struct conn *c = conn_new(a, fd);
		if (c)
			c->local = a->listener_local;
	}
	if (e == ERR_LIMIT) { /* nobody tells when there is a descriptor again */
		a->accept_again.on_expire = on_accept_again;
		timer_set(a->loop, &a->accept_again, ACCEPT_PAUSE_MS);
	}
}

/* handed_over counts the connections that ingress gave us. */
static unsigned handed_over(const struct admin *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ADMIN_CONNS; i++)
		n += a->conns[i].watch.fd >= 0 && a->conns[i].handed;
	return n;
}

void conn_adopt(struct admin *a, int fd, struct str read_already)
{
	/* The other places are for those who come to this listener, whatever ingress sends. */
	if (handed_over(a) >= ADMIN_CONNS / 2) {
		(void)close(fd);
		return;
	}
	struct conn *c = conn_new(a, fd);
	if (c == NULL)
		return;
	c->handed = true;
	buf_add(&c->in, read_already);
	run(c);
}
