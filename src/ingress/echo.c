/* ingress/echo.c - an answer of llm/echo.c in the form in which egress brings a provider's. Runs
 * in: ingress. */
#include "ingress/echo.h"

#include "ingress/relay.h"
#include "llm/echo.h"

#include <string.h>

enum { PIECE = 32 << 10 };

enum llm_dialect echo_dialect(struct str upstream_model)
{
	for (unsigned d = 0; d < DIALECT_COUNT; d++)
		if (str_has_prefix(upstream_model, str_z(dialects[d]->name)))
			return (enum llm_dialect)d;
	return DIALECT_OPENAI;
}

/* Events of the answer become the dialect's bytes. */
struct writer {
	struct llm_sink sink;
	const struct dialect *d;
	struct llm_encoder *encoder;
	struct exchange *x;
	struct buf out;
	enum err err;
};

static void on_event(struct llm_sink *sink, const struct llm_event *e)
{
	struct writer *w = (struct writer *)((char *)sink - offsetof(struct writer, sink));

	if (w->err != OK)
		return;
	/* llm/echo.c has no clock. */
	struct llm_event filled = *e;
	if (e->kind == EV_START)
		relay_fill(w->x, &filled.created, &filled.model);
	w->err = w->d->encode_event(w->encoder, &filled, &w->out);
}

static struct str body_text(struct exchange *x, const struct call *c)
{
	struct arena *a = &x->in->turn;
	char *room = arena_take(a, c->body_bytes ? c->body_bytes : 1, 1);
	struct buf b;

	if (room == NULL)
		return (struct str){ NULL, 0 };
	buf_fixed(&b, room, c->body_bytes ? c->body_bytes : 1);
	for (unsigned i = 0; i < c->n_segments; i++) {
		const struct call_segment *s = &c->segments[i];
		struct body *lies = s->bytes.p != NULL	? NULL
				    : x->sent.p != NULL ? &x->sent
							: &x->body;
		buf_add(&b, lies == NULL ? s->bytes
					 : (struct str){ lies->p + (s->at - lies->at), s->n });
	}
	return buf_str(&b);
}

static enum err answer(struct exchange *x, struct str body, struct writer *w, struct diag *d)
{
	struct arena *a = &x->in->turn;
	const struct json *root;
	struct llm_request r;
	struct llm_response out;

	TRY(json_read(a, body, &root, NULL));
	TRY(w->d->decode_request(root, &r, a, d));
	if (x->up == DIALECT_GEMINI)
		r.stream = x->stream;
	if (!x->stream) {
		memset(&out, 0, sizeof out);
		TRY(echo_answer(&r, a, &out));
		relay_fill(x, &out.created, &out.model);
		return w->d->encode_response(&out, a, &w->out);
	}
	w->encoder = w->d->encoder_new(a, &r);
	if (w->encoder == NULL)
		return ERR_NOMEM;
	w->sink.on_event = on_event;
	TRY(echo_stream(&r, a, &w->sink));
	return w->err;
}

static void send(struct exchange *x, uint16_t status, struct str type, struct str body)
{
	struct call_head h = { .status = status, .content_length = body.n };
	struct conn *c = x->conn;

	h.replies[REPLY_CONTENT_TYPE] = type;
	exchange_head(x, &h);
	while (body.n && c->x == x && x->in_flight) {
		struct str piece = str_head(body, PIECE);
		body = str_tail(body, piece.n);
		exchange_data(x, piece);
	}
	if (c->x == x && x->in_flight)
		exchange_end(x, END_OK, true);
}

void echo_call(struct exchange *x, const struct call *c)
{
	struct writer w = { .d = dialects[x->up], .x = x };
	struct llm_error e = { 0 };
	struct diag d = { 0 };
	uint16_t status = 200;

	buf_init(&w.out, LIMIT_RESPONSE);
	if (answer(x, body_text(x, c), &w, &d) != OK || w.out.err != OK) {
		llm_error_set(&e, LLM_BAD_REQUEST, &x->in->turn,
			      str_z(d.text[0] ? d.text : "echo cannot answer this"));
		if (d.param[0])
			e.param = arena_dup(&x->in->turn, str_z(d.param));
		buf_reset(&w.out);
		w.d->encode_error(&e, &w.out);
		status = 400;
	}
	struct str body = arena_dup(&x->in->turn, buf_str(&w.out));
	buf_free(&w.out);
	send(x, status, x->stream && status == 200 ? S("text/event-stream") : S("application/json"),
	     body);
}
