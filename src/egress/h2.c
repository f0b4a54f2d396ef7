/*
 * egress/h2.c - one HTTP/2 session with a provider, on nghttp2.
 * Input: hostile (frames are read by nghttp2; heads go through codec/http1 as any other).
 * Runs in: egress.   Fuzz: fuzz/h2_fuzz.c
 *
 * Flow control is ours: a stream's window opens again by what ingress took, the connection's by
 * what was read, so one slow client stops its own stream and no other.
 */
#include "egress/h2.h"

#include "egress/h2_memory.h"
#include "egress/h2_request.h"
#include "sys/secret.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	STREAMS_MAX = 100,
	STREAM_WINDOW = LIMIT_STREAM_CREDIT,
	SESSION_WINDOW = 16 << 20,
	OUT_MAX = 1 << 20,
	OUT_BATCH = 16 << 10,
	READ = 16 << 10,
	TURN_READS = 16,           /* then it is other connections' turn */
	IDLE_TALK = 2 * SESSION_WINDOW, /* more than cancelled answers can still bring */
	PROBE_MS = 10000,
};

#define OWNER(type, member, p) ((type *)(void *)((char *)(p) - offsetof(type, member)))

struct h2_stream {
	struct carrier carrier;
	struct h2 *s;
	struct h2_stream *next, **link;
	struct flight *flight;     /* NULL: ended or dropped; the stream itself is still closing */
	int32_t id;
	uint64_t sent;             /* of the request's body */
	struct buf text;           /* the answer's head, as HTTP/1.1 text */
	struct buf data;           /* waits for credit; never more than the stream's window */
	unsigned interim;          /* heads with a status of 1xx */
	bool whole_head, in_body, remote_end;
	bool gone;                 /* closed at nghttp2; kept until ingress has taken the data */
};

static void die(struct h2 *s, enum call_end how);

/* ---- streams --------------------------------------------------------------------------------- */

static void schedule(struct h2 *s)
{
	if (!s->closed)
		loop_defer(s->linker->loop, &s->flush);
}

static void stream_free(struct h2_stream *st)
{
	struct h2 *s = st->s;

	*st->link = st->next;
	if (st->next)
		st->next->link = st->link;
	buf_free(&st->text);
	buf_free(&st->data);
	free(st);
	s->n_streams--;
	if (s->closed && s->n_streams == 0)
		loop_defer(s->linker->loop, &s->reap);
}

/* end_stream ends the call; the stream is closed at the provider if it is not by itself. */
static void end_stream(struct h2_stream *st, enum call_end how, uint32_t code)
{
	struct flight *f = st->flight;

	st->flight = NULL;
	schedule(st->s);
	if (st->gone)
		stream_free(st);
	else if (code != NGHTTP2_NO_ERROR || !st->remote_end || st->sent != UINT64_MAX)
		(void)nghttp2_submit_rst_stream(st->s->session, NGHTTP2_FLAG_NONE, st->id, code);
	if (f)
		flight_end(f, how);
}

/* again_or_end: the provider did not begin with this request; another connection may. */
static void again_or_end(struct h2_stream *st, enum call_end how)
{
	struct flight *f = st->flight;

	st->flight = NULL;
	if (f == NULL)
		return;
	f->carrier = NULL;
	if (f->got_byte || f->retried || f->parcel == NULL) {
		flight_end(f, how);
		return;
	}
	f->retried = true;
	pool_submit(f->pool, f, true);
}

/* pass_on gives waiting data to ingress as far as credit goes, and ends what is complete. */
static void pass_on(struct h2_stream *st)
{
	while (st->data.n) {
		size_t n = st->data.n;
		char *at = flight_data(st->flight, &n);
		if (at == NULL)
			return;
		memcpy(at, st->data.p, n);
		flight_data_done(st->flight, at, n);
		buf_cut(&st->data, n);
		(void)nghttp2_session_consume_stream(st->s->session, st->id, n);
		schedule(st->s);
	}
	buf_free(&st->data);
	if (flight_too_large(st->flight, 0))
		end_stream(st, END_TOO_LARGE, NGHTTP2_CANCEL);
	else if (st->remote_end)
		end_stream(st, END_OK, NGHTTP2_NO_ERROR);
}

/* head_done judges a whole head the way HTTP/1.1's are judged. */
static void head_done(struct h2_stream *st)
{
	struct http1_head *h = st->s->linker->parsed;
	enum err e = http1_response(h, buf_str(&st->text), 0, false, NULL);
	struct str coding = h->known[H_CONTENT_ENCODING];

	if (e != OK || st->text.err != OK)
		end_stream(st, END_PROTOCOL, NGHTTP2_PROTOCOL_ERROR);
	else if (h->status >= 300 && h->status < 400)
		end_stream(st, END_REDIRECT, NGHTTP2_CANCEL);
	else if (coding.p && !str_ieq(coding, S("identity")))
		end_stream(st, END_PROTOCOL, NGHTTP2_CANCEL);
	else if (flight_head(st->flight, h) == OK) {
		st->s->talk = 0;
		st->in_body = true;
		buf_free(&st->text);
		if (h->framing == HTTP1_LENGTH && flight_too_large(st->flight, h->content_length))
			end_stream(st, END_TOO_LARGE, NGHTTP2_CANCEL);
		else
			pass_on(st);
	}
}

static void on_room(struct carrier *carrier)
{
	struct h2_stream *st = OWNER(struct h2_stream, carrier, carrier);

	if (st->flight == NULL)
		return;
	if (st->whole_head && !st->in_body)
		head_done(st);
	else if (st->in_body)
		pass_on(st);
}

/* probe asks the provider for a sign of life: who did not answer one call may answer none. */
static void probe(struct h2 *s)
{
	if (s->closed || s->probe.link)
		return;
	(void)nghttp2_submit_ping(s->session, NGHTTP2_FLAG_NONE, NULL);
	timer_set(s->linker->loop, &s->probe, PROBE_MS);
}

static void on_drop(struct carrier *carrier)
{
	struct h2_stream *st = OWNER(struct h2_stream, carrier, carrier);
	struct h2 *s = st->s;

	st->flight = NULL;
	end_stream(st, END_CANCELLED, NGHTTP2_CANCEL);
	probe(s);
}

/* on_probe: the provider does not read, or the way to it is cut. */
static void on_probe(struct timer *t)
{
	die(OWNER(struct h2, probe, t), END_RESET);
}

/* ---- nghttp2's callbacks --------------------------------------------------------------------- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	(void)arg;
	if (st && !st->whole_head)
		buf_reset(&st->text);
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	struct str n = { (const char *)name, name_n }, v = { (const char *)value, value_n };

	(void)flags, (void)arg;
	if (st == NULL || st->flight == NULL || st->whole_head)
		return 0;
	flight_answered(st->flight);
	if (str_eq(n, S(":status"))) {
		buf_add(&st->text, S("HTTP/1.1 "));
		buf_add(&st->text, v);
	} else {
		buf_add(&st->text, n);
		buf_add(&st->text, S(": "));
		buf_add(&st->text, v);
	}
	buf_add(&st->text, S("\r\n"));
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2 *s = arg;
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);

	if (frame->hd.type == NGHTTP2_GOAWAY)
		s->draining = true;
	if (frame->hd.type == NGHTTP2_PING && frame->hd.flags & NGHTTP2_FLAG_ACK)
		timer_cancel(&s->probe);
	if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
		pool_streams_free(s->pool);
	if (st == NULL || st->flight == NULL)
		return 0;
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM &&
	    (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS))
		st->remote_end = true;
	if (frame->hd.type == NGHTTP2_HEADERS && !st->whole_head &&
	    str_has_prefix(buf_str(&st->text), S("HTTP/1.1 1"))) {
		if (++st->interim > INTERIM_MAX)
			end_stream(st, END_PROTOCOL, NGHTTP2_ENHANCE_YOUR_CALM);
	} else if (frame->hd.type == NGHTTP2_HEADERS && !st->whole_head) {
		buf_add(&st->text, S("\r\n"));
		st->whole_head = true;
		head_done(st);
	} else if (st->in_body && st->remote_end) {
		pass_on(st);
	}
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
		   void *arg)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, id);
	struct h2 *s = arg;

	(void)flags;
	(void)nghttp2_session_consume_connection(session, n);
	if (st == NULL || st->flight == NULL)
		return 0;
	flight_answered(st->flight);
	s->talk = 0;
	buf_add(&st->data, (struct str){ (const char *)p, n });
	if (st->data.err != OK)
		end_stream(st, END_PROTOCOL, NGHTTP2_FLOW_CONTROL_ERROR);
	else if (st->in_body)
		pass_on(st);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, id);
	struct h2 *s = arg;

	if (st == NULL)
		return 0;
	st->gone = true;
	if (st->flight && st->remote_end && code == NGHTTP2_NO_ERROR)
		return 0;
	if (code == NGHTTP2_REFUSED_STREAM)
		again_or_end(st, END_RESET);
	else if (st->flight) {
		struct flight *f = st->flight;
		st->flight = NULL;
		f->carrier = NULL;
		flight_end(f, code == NGHTTP2_PROTOCOL_ERROR ? END_PROTOCOL :
			      f->head_sent && code == NGHTTP2_NO_ERROR ? END_TRUNCATED : END_RESET);
	}
	stream_free(st);
	pool_streams_free(s->pool);
	return 0;
}

static ssize_t on_body(nghttp2_session *session, int32_t id, uint8_t *p, size_t cap,
		       uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct h2_stream *st = source->ptr;
	size_t n = 0;

	(void)session, (void)id, (void)arg;
	/* After HEAD the body is not ours any more; the answer is read to its end and the stream
	 * reset. */
	if (st->flight == NULL || st->flight->parcel == NULL)
		return NGHTTP2_ERR_DEFERRED;
	struct iovec iov[CALL_SEGMENTS];
	int count = flight_body(st->flight, st->sent, iov, CALL_SEGMENTS);
	for (int i = 0; i < count && n < cap; i++) {
		size_t part = iov[i].iov_len < cap - n ? iov[i].iov_len : cap - n;
		memcpy(p + n, iov[i].iov_base, part);
		n += part;
	}
	st->sent += n;
	if (st->sent == st->flight->parcel->call.body_bytes) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		st->sent = UINT64_MAX;
	}
	return (ssize_t)n;
}

/* ---- the request ----------------------------------------------------------------------------- */

/* streams_max: how many the provider lets us have at once, and we want. */
static uint32_t streams_max(const struct h2 *s)
{
	uint32_t remote =
		nghttp2_session_get_remote_settings(s->session,
						    NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	return remote < STREAMS_MAX ? remote : STREAMS_MAX;
}

bool h2_has_room(const struct h2 *s)
{
	return !s->closed && !s->draining && s->n_streams < streams_max(s) &&
	       nghttp2_session_check_request_allowed(s->session);
}

void h2_start(struct h2 *s, struct flight *f)
{
	struct h2_stream *st = calloc(1, sizeof *st);

	assert(h2_has_room(s));
	if (st == NULL) {
		flight_end(f, END_BUSY);
		return;
	}
	st->carrier = (struct carrier){ .on_room = on_room, .on_drop = on_drop };
	st->s = s;
	buf_init(&st->text, 2 * LIMIT_HEAD);
	buf_init(&st->data, 2 * STREAM_WINDOW);
	st->next = s->streams;
	st->link = &s->streams;
	if (st->next)
		st->next->link = &st->next;
	s->streams = st;
	s->n_streams++;
	timer_cancel(&s->idle);
	nghttp2_data_provider body = { .source.ptr = st, .read_callback = on_body };
	st->id = h2_submit(s, &f->parcel->call, &body, st);
	if (st->id < 0) {
		stream_free(st);
		flight_end(f, END_REFUSED_CALL);
		return;
	}
	st->flight = f;
	f->carrier = &st->carrier;
	schedule(s);
}

/* ---- the session ----------------------------------------------------------------------------- */

static void reap(struct deferred *d)
{
	struct h2 *s = OWNER(struct h2, reap, d);

	assert(s->n_streams == 0);
	nghttp2_session_del(s->session);
	buf_wipe(&s->out);
	buf_free(&s->out);
	free(s);
}

static void leave_pool(struct h2 *s)
{
	struct h2 **at = &s->pool->sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
}

/* die ends the session. Answers that are complete stay until ingress has taken them. */
static void die(struct h2 *s, enum call_end how)
{
	struct h2_stream *next;

	if (s->closed)
		return;
	s->closed = true;
	leave_pool(s);
	timer_cancel(&s->idle);
	timer_cancel(&s->probe);
	link_close(s->link);
	if (s->n_streams == 0)
		loop_defer(s->linker->loop, &s->reap);
	for (struct h2_stream *st = s->streams; st; st = next) {
		next = st->next;
		if (st->gone && st->flight)
			continue;
		again_or_end(st, how);
		stream_free(st);
	}
	pool_link_gone(s->pool);
}

/* fill takes from nghttp2 what it has to send, up to a batch. */
static enum err fill(struct h2 *s)
{
	while (s->out.n < OUT_BATCH) {
		const uint8_t *p;
		ssize_t n = nghttp2_session_mem_send(s->session, &p);
		if (n < 0)
			return ERR_UPSTREAM;
		if (n == 0)
			break;
		buf_add(&s->out, (struct str){ (const char *)p, (size_t)n });
	}
	return s->out.err;
}

/* rest is called when nothing is left to send: the session goes on, is idle, or is at its end. */
static void rest(struct h2 *s)
{
	bool over = !nghttp2_session_want_read(s->session) &&
		    !nghttp2_session_want_write(s->session);
	bool unanswered = false;

	for (const struct h2_stream *st = s->streams; st; st = st->next)
		unanswered |= !st->gone;
	/* nghttp2 has said goodbye to a peer that broke the protocol. */
	if (over && unanswered)
		die(s, END_PROTOCOL);
	else if (s->n_streams == 0 && (s->draining || over || streams_max(s) == 0))
		die(s, END_RESET);
	else if (s->n_streams == 0 && s->idle.link == NULL)
		timer_set(s->linker->loop, &s->idle, POOL_IDLE_MS);
}

static void write_out(struct h2 *s)
{
	while (!s->closed) {
		size_t n = 0;
		enum err e = fill(s);
		if (e == OK && s->out.n == 0)
			break;
		struct iovec iov = { s->out.p, s->out.n };
		if (e == OK)
			e = link_send(s->link, &iov, 1, s->out.n, &n);
		if (e == ERR_AGAIN)
			return;
		if (e != OK) {
			die(s, END_RESET);
			return;
		}
		size_t left = s->out.n - n;
		buf_cut(&s->out, n);
		secret_wipe(s->out.p + left, n);
	}
	if (!s->closed)
		rest(s);
}

/* read_in reads what is there, but not for ever: a faster sender goes on in the next turn. */
static void read_in(struct h2 *s)
{
	s->more = false;
	for (int i = 0; !s->closed && !s->more; i++) {
		uint8_t p[READ];
		size_t n = 0;
		enum err e = link_read(s->link, p, sizeof p, &n);
		if (e == ERR_AGAIN)
			break;
		if (e != OK || n == 0) {
			die(s, END_RESET);
			return;
		}
		s->talk += n;
		if (nghttp2_session_mem_recv(s->session, p, n) < 0 || s->talk > IDLE_TALK) {
			die(s, END_PROTOCOL);
			return;
		}
		s->more = i + 1 == TURN_READS;
	}
	schedule(s);
}

static void on_ready(struct link *l, uint32_t ready)
{
	struct h2 *s = l->owner;

	if (ready & EPOLLOUT)
		write_out(s);
	if (!s->closed && (ready & ~(uint32_t)EPOLLOUT))
		read_in(s);
}

static void on_flush(struct deferred *d)
{
	struct h2 *s = OWNER(struct h2, flush, d);

	if (!s->closed)
		write_out(s);
	if (!s->closed && s->more)
		read_in(s);
}

static void on_idle(struct timer *t)
{
	struct h2 *s = OWNER(struct h2, idle, t);

	h2_retire(s);
}

void h2_retire(struct h2 *s)
{
	s->draining = true;
	schedule(s);
}

static int session_new(struct h2 *s)
{
	static const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_HEAD },
	};
	nghttp2_mem mem = h2_memory;
	nghttp2_session_callbacks *cb = NULL;
	nghttp2_option *opt = NULL;
	int r = nghttp2_session_callbacks_new(&cb);

	if (r == 0)
		r = nghttp2_option_new(&opt);
	if (r == 0) {
		nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
		nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
		nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
		nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
		nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
		nghttp2_option_set_no_auto_window_update(opt, 1);
		r = nghttp2_session_client_new3(&s->session, cb, s, opt, &mem);
	}
	nghttp2_option_del(opt);
	nghttp2_session_callbacks_del(cb);
	if (r == 0)
		r = nghttp2_submit_settings(s->session, NGHTTP2_FLAG_NONE, settings,
					    sizeof settings / sizeof settings[0]);
	if (r == 0)
		r = nghttp2_session_set_local_window_size(s->session, NGHTTP2_FLAG_NONE, 0,
							  SESSION_WINDOW);
	return r;
}

bool h2_new(struct pool *p, struct link *l)
{
	struct h2 *s = calloc(1, sizeof *s);

	if (s == NULL)
		return false;
	s->pool = p;
	s->linker = p->linker;
	s->link = l;
	s->reap.on_run = reap;
	s->flush.on_run = on_flush;
	s->idle.on_expire = on_idle;
	s->probe.on_expire = on_probe;
	buf_init(&s->out, OUT_MAX);
	if (session_new(s) != 0) {
		nghttp2_session_del(s->session);
		free(s);
		return false;
	}
	l->owner = s;
	l->on_ready = on_ready;
	s->next = p->sessions;
	p->sessions = s;
	/* The provider's settings may have come with the handshake. */
	read_in(s);
	return true;
}
