/*
 * ingress/relay_stream.c - events in, events out, in the turn in which they arrive.
 * Until the first content everything is held back, so that another deployment can still take over
 * or, with none left, the client gets the status of the error; from then on what is sent is sent.
 * What came is copied once, because egress could change it in the ring while it is judged here; a
 * spliced event is forwarded from where it lies in that copy.
 * Input: hostile (the provider's).   Runs in: ingress.   Fuzz: fuzz/sse_fuzz.c
 */
#include "ingress/relay_stream.h"

#include "codec/sse.h"
#include "ingress/attempt.h"
#include "ingress/meter.h"
#include "ingress/relay.h"
#include "llm/gemini.h"
#include "llm/scrub.h"

#include <assert.h>
#include <string.h>

enum {
	SPANS = 32,
	HEAD_MAX = 8 << 10,
	PIECE_FIRST = 512,
	JOIN_MAX = 2 << 10,
	FRAME_MAX = 20, /* a chunk's length in hex, and its two line ends */
	HOLD_MS = 5000, /* for a status alone; later a sign of life is worth more to the client */
};

/* What one call of relay_stream_data sends: one HTTP chunk of several spans. */
struct chunk {
	struct str spans[SPANS];
	unsigned n;
	size_t bytes;
};

/* ---- output -----------------------------------------------------------------------------------
 */

static void send_head(struct exchange *x)
{
	struct ingress *in = x->in;
	char *room = arena_take(&in->turn, HEAD_MAX, 1);
	struct buf b;

	if (room == NULL) {
		conn_kill(x->conn);
		return;
	}
	buf_fixed(&b, room, HEAD_MAX);
	reply_head(&b, 200,
		   x->array_stream ? S("application/json") : S("text/event-stream; charset=utf-8"));
	relay_head_lines(x, &b);
	if (x->conn->http10) {
		x->conn->keep_alive = false;
		buf_add(&b, S("cache-control: no-cache\r\nconnection: close\r\n\r\n"));
	} else {
		buf_add(&b, S("cache-control: no-cache\r\ntransfer-encoding: chunked\r\n"));
		buf_add(&b, x->conn->keep_alive ? S("\r\n") : S("connection: close\r\n\r\n"));
	}
	if (b.err != OK) {
		conn_kill(x->conn);
		return;
	}
	x->head_sent = true;
	x->status = 200;
	meter_status(in, 200);
	conn_gather(x->conn, buf_str(&b));
}

/* Writes the line before a chunk of n bytes and gives what is behind it. */
static char *chunk_line(char *at, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	unsigned shift = 0;

	while (shift < 60 && n >> shift >= 16)
		shift += 4;
	for (; shift > 0; shift -= 4)
		*at++ = digits[n >> shift & 15];
	*at++ = digits[n & 15];
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

/* A small chunk goes into one piece, which is cheaper to send than three. */
static void chunk_join(struct exchange *x, const struct chunk *k)
{
	char *room = arena_take(&x->in->turn, k->bytes + FRAME_MAX, 1), *at = room;

	if (room == NULL) {
		conn_kill(x->conn);
		return;
	}
	if (!x->conn->http10)
		at = chunk_line(at, k->bytes);
	for (unsigned i = 0; i < k->n; i++) {
		memcpy(at, k->spans[i].p, k->spans[i].n);
		at += k->spans[i].n;
	}
	if (!x->conn->http10) {
		*at++ = '\r';
		*at++ = '\n';
	}
	conn_gather(x->conn, (struct str){ room, (size_t)(at - room) });
}

static void chunk_put(struct exchange *x, struct chunk *k)
{
	struct conn *c = x->conn;
	char line[FRAME_MAX];

	if (k->bytes > 0 && k->bytes <= JOIN_MAX) {
		chunk_join(x, k);
	} else if (k->bytes > 0) {
		size_t n = (size_t)(chunk_line(line, k->bytes) - line);
		if (!c->http10)
			conn_gather_copy(c, (struct str){ line, n });
		for (unsigned i = 0; i < k->n; i++)
			conn_gather(c, k->spans[i]);
		if (!c->http10)
			conn_gather(c, S("\r\n"));
	}
	k->n = 0;
	k->bytes = 0;
}

/* Gemini without alt=sse: the same events as items of a JSON array. */
static void to_array(struct exchange *x, struct chunk *k, bool last)
{
	struct buf array;

	buf_init(&array, 2 * (size_t)LIMIT_SSE_EVENT);
	for (unsigned i = 0; i < k->n; i++)
		gemini_array_add(&x->array_open, k->spans[i], &array);
	if (last)
		gemini_array_end(&x->array_open, &array);
	struct str s = arena_dup(&x->in->turn, buf_str(&array));
	buf_free(&array);
	if (array.err != OK || s.p == NULL)
		conn_kill(x->conn);
	k->spans[0] = s;
	k->n = 1;
	k->bytes = s.n;
}

static void chunk_send(struct exchange *x, struct chunk *k)
{
	if (x->array_stream && k->bytes != 0)
		to_array(x, k, false);
	chunk_put(x, k);
}

static void chunk_add(struct exchange *x, struct chunk *k, struct str s)
{
	if (s.n == 0)
		return;
	if (k->n == SPANS)
		chunk_send(x, k);
	if (k->n && k->spans[k->n - 1].p + k->spans[k->n - 1].n == s.p)
		k->spans[k->n - 1].n += s.n;
	else
		k->spans[k->n++] = s;
	k->bytes += s.n;
}

/* Held bytes stay in the exchange until there is content; then they go first. */
static void commit(struct exchange *x, struct chunk *k)
{
	if (x->head_sent)
		return;
	send_head(x);
	if (x->held.n) {
		struct str held = arena_dup(&x->in->turn, buf_str(&x->held));
		if (held.p == NULL)
			conn_kill(x->conn);
		else
			chunk_add(x, k, held);
	}
	buf_free(&x->held);
	body_free(x->in->bodies, &x->body); /* no further attempt */
	x->answer = A_STREAM;
}

static void out(struct exchange *x, struct chunk *k, struct str s)
{
	if (x->head_sent)
		chunk_add(x, k, s);
	else
		buf_add(&x->held, s);
}

/* ---- input ------------------------------------------------------------------------------------
 */

/* The sink of a translated stream: neutral events become the client's bytes in in->encoded. */
static void on_event(struct llm_sink *sink, const struct llm_event *e)
{
	struct exchange *x = (struct exchange *)((char *)sink - offsetof(struct exchange, sink));
	struct llm_event filled;

	switch ((int)e->kind) {
	case EV_ERROR:
		x->stream_error = true;
		x->error = e->error;
		return;
	case EV_START:
		filled = *e;
		relay_fill(x, &filled.created, &filled.model);
		e = &filled;
		if (e->usage.known)
			llm_usage_merge(&x->peek.usage, &e->usage);
		break;
	case EV_USAGE:
		if (e->usage.known)
			llm_usage_merge(&x->peek.usage, &e->usage);
		break;
	case EV_PART_DELTA:
		x->peek.content = true;
		x->guess += llm_guess(e->text.n + e->args.n);
		break;
	case EV_PART_START:
		x->peek.content = x->peek.content || e->part_kind == PART_TOOL_CALL;
		filled = *e;
		filled.name = llm_name_home(x->names, e->name);
		e = &filled;
		break;
	case EV_FINISH:
		x->peek.finish = e->finish;
		break;
	case EV_DONE:
		x->peek.done = true;
		break;
	default:
		break;
	}
	if (dialects[x->client]->encode_event(x->encoder, e, &x->in->encoded) != OK)
		x->stream_error = true;
}

/* What the sink wrote leaves in->encoded for the turn's memory. */
static void out_encoded(struct exchange *x, struct chunk *k)
{
	struct ingress *in = x->in;

	if (in->encoded.n == 0)
		return;
	if (x->head_sent) {
		struct str s = arena_dup(&in->turn, buf_str(&in->encoded));
		if (s.p == NULL)
			conn_kill(x->conn);
		else
			chunk_add(x, k, s);
	} else {
		buf_add(&x->held, buf_str(&in->encoded));
	}
	buf_reset(&in->encoded);
}

/* The data of an event, put together where it came in several lines; p is NULL without memory. */
static struct str whole_data(struct exchange *x, const struct sse_event *e)
{
	struct buf joined;

	if (e->lines <= 1)
		return e->data;
	buf_init(&joined, LIMIT_SSE_EVENT);
	sse_data(e, &joined);
	struct str data = joined.err == OK ? arena_dup(&x->in->turn, buf_str(&joined))
					   : (struct str){ NULL, 0 };
	buf_free(&joined);
	return data;
}

static void translate_event(struct exchange *x, const struct sse_event *e)
{
	struct arena *a = &x->in->turn;
	struct str data = whole_data(x, e);

	if (data.p == NULL ||
	    dialects[x->up]->decode_event(x->decoder, e->event, data, a, &x->sink) != OK)
		x->stream_error = true;
}

/* Usage that the client did not ask for was asked for by us: it is for metering only. */
static bool hidden(const struct exchange *x)
{
	return x->client == DIALECT_OPENAI && !x->wants_usage && x->peek.only_usage;
}

/* What the provider says of its error, for stream_broke. */
static void read_error(struct exchange *x, struct str data)
{
	const struct json *root = NULL;

	if (json_read(&x->in->turn, data, &root, NULL) == OK)
		dialects[x->up]->decode_error(0, root, &x->error, &x->in->turn);
}

static void splice_event(struct exchange *x, const struct sse_event *e, struct chunk *k)
{
	struct llm_peek *p = &x->peek;

	p->only_usage = false;
	struct str data = whole_data(x, e);
	if (e->lines && data.p != NULL)
		dialects[x->up]->peek_event(e->event, data, &x->in->turn, p);
	if (p->error && data.p != NULL)
		read_error(x, data);
	if (p->error || data.p == NULL) {
		x->stream_error = true;
		return;
	}
	if (p->content) {
		x->guess++;
		commit(x, k);
	}
	if (hidden(x))
		return;
	/* What is no event is relayed too, but who writes an error without "data:" may tell a key.
	 */
	out(x, k, e->lines ? e->span : llm_scrub(e->span, &x->in->turn));
}

static bool one_event(struct exchange *x, const struct sse_event *e, struct chunk *k)
{
	if (x->same) {
		splice_event(x, e, k);
	} else {
		if (e->lines)
			translate_event(x, e);
		if (x->peek.content && !x->stream_error)
			commit(x, k);
		if (!x->stream_error)
			out_encoded(x, k);
	}
	return !x->stream_error && !x->conn->dead;
}

/* An error inside the stream: before content it is like any failed attempt, after it the client is
 * told. */
static bool stream_broke(struct exchange *x, struct chunk *k)
{
	struct llm_error e = x->error;

	buf_reset(&x->in->encoded);
	if (e.status == 0)
		llm_error_set(&e, LLM_UPSTREAM, &x->in->turn,
			      S("the provider's stream reports an error or is malformed"));
	e.request_id = str_z(x->id);
	relay_scrub(x, &e);
	chunk_send(x, k);
	exchange_cancel(x);
	if (x->head_sent) {
		relay_hide_auth(x, &e);
		relay_stream_end(x, &e);
	} else {
		attempt_failed(x, &e,
				e.kind != LLM_BAD_REQUEST && e.kind != LLM_CONTEXT &&
					e.kind != LLM_CONTENT,
				0);
	}
	return false;
}

void relay_stream_begin(struct exchange *x)
{
	x->answer = A_HELD;
	x->sink.on_event = on_event;
	x->held_until_ms = attempt_has_alternative(x) ? UINT64_MAX
						      : loop_now_ms(x->in->loop) + HOLD_MS;
}

/* The next whole event of in; what was searched in vain before is not searched again. */
static bool next_event(struct exchange *x, struct str *in, struct sse_event *e)
{
	size_t n;

	if (x->searched == 0 && sse_next(in, e) == OK)
		return true;
	n = x->searched ? sse_scan(*in, x->searched) : 0;
	if (n == 0) {
		x->searched = in->n;
		return false;
	}
	x->searched = 0;
	sse_parse(str_head(*in, n), e);
	*in = str_tail(*in, n);
	return true;
}

/* take_event relays one event; false: the exchange has ended. */
static bool take_event(struct exchange *x, const struct sse_event *e, struct chunk *k)
{
	if (!one_event(x, e, k))
		return x->conn != NULL && x->conn->dead ? false : stream_broke(x, k);
	if (loop_now_ms(x->in->loop) >= x->held_until_ms)
		commit(x, k);
	return true;
}

/* What nobody needs to look at is relayed as it lies. */
static size_t skim(struct exchange *x, struct str in)
{
	bool may = x->same && x->head_sent && x->peek.content && x->searched == 0;

	return may && dialects[x->up]->skim != NULL ? dialects[x->up]->skim(in, &x->guess) : 0;
}

/* Events in in; gives what is left of an unfinished one. *out_alive false: the exchange has ended.
 */
static struct str events(struct exchange *x, struct str in, struct chunk *k, bool *out_alive)
{
	struct sse_event e;

	*out_alive = true;
	while (in.n) {
		size_t n = skim(x, in);
		chunk_add(x, k, str_head(in, n));
		in = str_tail(in, n);
		if (!next_event(x, &in, &e))
			return in;
		*out_alive = take_event(x, &e, k);
		if (!*out_alive)
			return S("");
	}
	return in;
}

/*
 * complete_event takes from the front of *data what ends the event begun in x->got; false: all of
 * *data belongs to it and it goes on. The pieces grow, so that little is copied of what can be
 * relayed from where it lies.
 */
static bool complete_event(struct exchange *x, struct str *data)
{
	size_t before = x->got.n, n = 0;
	struct str in = *data;

	for (size_t piece = PIECE_FIRST; n == 0 && in.n && x->got.err == OK; piece *= 2) {
		struct str s = str_head(in, piece);
		buf_add(&x->got, s);
		in = str_tail(in, s.n);
		n = sse_scan(buf_str(&x->got), x->searched);
		x->searched = n ? 0 : x->got.n;
	}
	if (n == 0)
		return false;
	*data = str_tail(*data, n - before);
	x->got.n = n;
	return true;
}

/* Relays the event that complete_event has completed; false: the exchange has ended. */
static bool take_completed(struct exchange *x, struct chunk *k)
{
	struct sse_event e;
	/* The spans must outlive the buffer. */
	struct str whole = arena_dup(&x->in->turn, buf_str(&x->got));

	buf_reset(&x->got);
	if (whole.p == NULL) {
		x->stream_error = true;
		return stream_broke(x, k);
	}
	sse_parse(whole, &e);
	return take_event(x, &e, k);
}

bool relay_stream_data(struct exchange *x, struct str data)
{
	struct chunk k = { .n = 0 };
	bool alive;
	struct conn *c = x->conn;

	buf_reset(&x->in->encoded);
	data = arena_dup(&x->in->turn, data);
	if (data.p == NULL) {
		x->stream_error = true;
		return stream_broke(x, &k);
	}
	if (x->got.n == 0 || complete_event(x, &data)) {
		if (x->got.n && !take_completed(x, &k))
			return false;
		struct str rest = events(x, data, &k, &alive);
		if (!alive)
			return false;
		buf_add(&x->got, rest);
	}
	if (x->got.n == 0)
		buf_free(&x->got);
	if (x->got.n > LIMIT_SSE_EVENT || x->got.err != OK || x->held.err != OK) {
		llm_error_set(&x->error, LLM_UPSTREAM, &x->in->turn,
			      S("an event of the provider's stream is too large"));
		return stream_broke(x, &k);
	}
	if (x->head_sent)
		chunk_send(x, &k);
	return !c->dead;
}

/* ---- ends -------------------------------------------------------------------------------------
 */

void relay_stream_end(struct exchange *x, const struct llm_error *e)
{
	struct ingress *in = x->in;
	struct conn *c = x->conn;
	struct chunk k = { .n = 0 };

	if (e != NULL) {
		buf_reset(&in->encoded);
		dialects[x->client]->encode_stream_error(e, &in->encoded);
		out_encoded(x, &k);
		chunk_send(x, &k);
		if (x->status == 200)
			x->status = e->status;
	}
	if (x->array_stream) {
		to_array(x, &k, true);
		chunk_put(x, &k);
	}
	x->conn = NULL;
	c->x = NULL;
	exchange_finish(x); /* the record comes first, then the client's last byte */
	if (!c->http10)
		conn_gather(c, S("0\r\n\r\n"));
	conn_done(c);
}

/* Which ends are proper: the dialect's own last event, or at least a finish reason. */
static bool complete(const struct exchange *x)
{
	return x->peek.done || x->peek.finish != FINISH_NONE;
}

void relay_stream_finish(struct exchange *x, bool whole, const struct llm_error *e)
{
	struct chunk k = { .n = 0 };

	buf_reset(&x->in->encoded);
	if (whole && !x->same) {
		dialects[x->up]->decode_end(x->decoder, &x->sink);
		if (x->stream_error) {
			(void)stream_broke(x, &k);
			return;
		}
	}
	if (!whole || !complete(x)) {
		x->error = *e;
		(void)stream_broke(x, &k);
		return;
	}
	commit(x, &k);
	out_encoded(x, &k);
	chunk_send(x, &k);
	if (x->conn->dead)
		return;
	relay_stream_end(x, NULL);
}

bool relay_stream_whole(struct exchange *x, const struct json *root)
{
	struct ingress *in = x->in;
	struct llm_response r;
	struct llm_request asked;
	struct diag d = { 0 };
	struct chunk k = { .n = 0 };

	memset(&r, 0, sizeof r);
	if (dialects[x->up]->decode_response(root, &r, &in->turn, &d) != OK)
		return false;
	if (x->encoder == NULL) { /* the same dialect: no translation was set up */
		llm_request_init(&asked, x->client);
		asked.include_usage = x->wants_usage;
		x->encoder = dialects[x->client]->encoder_new(&x->arena, &asked);
	}
	if (x->encoder == NULL)
		return false;
	x->sink.on_event = on_event;
	buf_reset(&in->encoded);
	llm_replay(&r, &x->sink);
	if (x->stream_error || !complete(x))
		return false;
	commit(x, &k);
	out_encoded(x, &k);
	chunk_send(x, &k);
	relay_stream_end(x, NULL);
	return true;
}
